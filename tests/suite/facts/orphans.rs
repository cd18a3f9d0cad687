//! C3, C4, C5: what a set leaves behind when it is deleted without it, and the set that finds it.

use std::collections::BTreeMap;

use glassplane::api::{DaemonSet, Kind, Object, Pod, StatefulSet, Typed, meta};
use glassplane::cluster::Cluster;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{command, get, settle};

fn set(kind: &str, image: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: set}}\nspec:\n  \
         selector: {{matchLabels: {{app: set}}}}\n  template:\n    \
         metadata: {{labels: {{app: set}}}}\n    \
         spec: {{containers: [{{name: set, image: '{image}'}}]}}\n"
    )
}

/// The names of the living objects of a kind, with the uids of those that are responsible for them.
fn owners(cluster: &Cluster, kind: Kind) -> BTreeMap<String, Option<String>> {
    let objects = cluster.store().list(kind, Some("default"));
    let owner =
        |object: &Object| meta::controller_of(object.metadata()).map(|each| each.uid.clone());
    let named = objects.map(|object| (object.name().to_owned(), owner(object)));
    named.collect()
}

/// What happened to revisions and pods from a moment on: the kind and the name, in order.
fn adopted_since(cluster: &Cluster, second: u64) -> Vec<Kind> {
    let mut all: Vec<_> = [Kind::ControllerRevision, Kind::Pod]
        .into_iter()
        .flat_map(|kind| writes(cluster, kind))
        .filter(|(at, _)| at.as_secs() >= second)
        .filter(|(_, change)| {
            let owner = |object: &Object| meta::controller_of(object.metadata()).is_some();
            let was = change.previous.as_ref().is_some_and(owner);
            !was && owner(&change.object)
        })
        .map(|(_, change)| (change.revision, change.key.kind))
        .collect();
    all.sort_unstable();
    all.into_iter().map(|(_, kind)| kind).collect()
}

#[test]
fn c4_c5_a_set_that_is_made_anew_takes_the_revisions_and_then_the_pods_that_were_left_behind() {
    for (kind, pods) in [("StatefulSet", 1), ("DaemonSet", 3)] {
        let manifest = set(kind, "set:1");
        let mut cluster = world(3, &manifest);
        assert!(settle(&mut cluster, 120));
        let before = owners(&cluster, Kind::Pod);
        kubectl(&mut cluster, &format!("delete {kind}/set --cascade=orphan"));
        assert!(settle(&mut cluster, 60));
        for left in [Kind::Pod, Kind::ControllerRevision] {
            let owners = owners(&cluster, left);
            assert!(owners.values().all(Option::is_none), "{kind}: {owners:?}");
        }
        let second = cluster.now().as_secs();
        cluster.submit(command("apply -f file.yaml", &manifest));
        assert!(settle(&mut cluster, 60), "{kind} comes to rest");
        let order = adopted_since(&cluster, second);
        let wanted = std::iter::once(Kind::ControllerRevision);
        let wanted: Vec<Kind> = wanted.chain(vec![Kind::Pod; pods]).collect();
        assert_eq!(order, wanted, "{kind}: revisions first");
        let after = owners(&cluster, Kind::Pod);
        assert!(before.keys().eq(after.keys()), "{kind}: no pod is new");
        let revisions = owners(&cluster, Kind::ControllerRevision);
        assert_eq!(revisions.len(), 1, "{kind}: and no revision");
        let uids: Vec<_> = after.values().chain(revisions.values()).collect();
        assert!(uids[0].is_some() && uids.iter().all(|uid| *uid == uids[0]));
    }
}

#[test]
fn c4_a_pod_that_went_while_no_set_was_there_comes_again() {
    let manifest = set("StatefulSet", "set:1");
    let mut cluster = world(3, &manifest);
    assert!(settle(&mut cluster, 120));
    kubectl(&mut cluster, "delete statefulset/set --cascade=orphan");
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "delete pod set-0");
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("apply -f file.yaml", &manifest));
    assert!(settle(&mut cluster, 60));
    let set: StatefulSet = get(&cluster, "set").expect("it is there");
    assert_eq!(set.status.ready_replicas, Some(1));
}

#[test]
fn c5_daemon_pods_carry_the_count_of_their_template() {
    let mut cluster = world(2, &set("DaemonSet", "set:1"));
    assert!(settle(&mut cluster, 120));
    let told = |cluster: &Cluster| {
        let set: DaemonSet = get(cluster, "set").expect("it is there");
        let pods = cluster.store().list(Kind::Pod, Some("default"));
        let pods = pods.filter_map(Pod::of);
        let label = |pod: &Pod| {
            let labels = meta::labels(&pod.metadata);
            labels.get("pod-template-generation").cloned()
        };
        let mut labels: Vec<_> = pods.map(label).collect();
        labels.dedup();
        let counted = meta::annotation(&set.metadata, meta::TEMPLATE_GENERATION);
        (counted.map(str::to_owned), labels)
    };
    let of = |count: &str| (Some(count.to_owned()), vec![Some(count.to_owned())]);
    assert_eq!(told(&cluster), of("1"));
    kubectl(&mut cluster, "set image daemonset/set set=set:2");
    assert!(settle(&mut cluster, 120));
    assert_eq!(told(&cluster), of("2"), "another template");
    kubectl(&mut cluster, "label daemonset/set tier=low");
    let other = "patch daemonset/set -p '{\"spec\":{\"minReadySeconds\":1}}'";
    kubectl(&mut cluster, other);
    assert!(settle(&mut cluster, 120));
    assert_eq!(told(&cluster), of("2"), "other changes do not count");
}

#[test]
fn c12_a_budget_over_pods_of_nobody_says_that_it_cannot_count_them() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: one, labels: {app: one}}\n\
               spec: {containers: [{name: one, image: 'nginx:1.27'}]}\n";
    let mut cluster = world(1, pod);
    assert!(settle(&mut cluster, 60));
    kubectl(
        &mut cluster,
        "create pdb sure --selector=app=one --min-available=1",
    );
    wait(&mut cluster, 5);
    assert_eq!(events(&cluster, Kind::PodDisruptionBudget), []);
    kubectl(
        &mut cluster,
        "create pdb unsure --selector=app=one --max-unavailable=1",
    );
    kubectl(
        &mut cluster,
        "create pdb empty --selector=app=none --min-available=1",
    );
    wait(&mut cluster, 5);
    let told = events(&cluster, Kind::PodDisruptionBudget);
    let told: Vec<(&str, &str)> = told
        .iter()
        .map(|(_, reason, message)| (reason.as_str(), message.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (
                "UnmanagedPods",
                "Pods selected by this PodDisruptionBudget (selector: \
                 &LabelSelector{MatchLabels:map[string]string{app: one,},\
                 MatchExpressions:[]LabelSelectorRequirement{},}) were found to be unmanaged. As \
                 a result, the status of the PDB cannot be calculated correctly, which may result \
                 in undefined behavior. To account for these pods please set \
                 \".spec.minAvailable\" field of the PDB to an integer value."
            ),
            ("NoPods", "No matching pods found"),
        ]
    );
}
