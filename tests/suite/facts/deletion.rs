//! C10 and C13: what goes with its owner and in which order, and how long events stay.

use glassplane::api::{Event, Kind, Object, Typed, meta};
use glassplane::cluster::Cluster;

use super::{kubectl, wait, world, writes};
use crate::worlds::{command, pods, settle, web};

/// What was marked for deletion, set free and removed since a revision, in order.
fn steps(cluster: &Cluster, since: u64) -> Vec<String> {
    let kinds = [Kind::Deployment, Kind::ReplicaSet, Kind::Pod].into_iter();
    let mut steps: Vec<(u64, String)> = kinds
        .flat_map(|kind| writes(cluster, kind))
        .filter(|(_, change)| change.revision > since)
        .filter_map(|(_, change)| {
            let kind = change.key.kind.info().name;
            let became = |is: fn(&Object) -> bool| {
                is(&change.object) && !change.previous.as_ref().is_some_and(is)
            };
            let word = if change.change_type.to_string() == "DELETED" {
                "removes"
            } else if became(Object::is_terminating) {
                "marks"
            } else if became(|object| meta::controller_of(object.metadata()).is_none()) {
                "frees"
            } else {
                return None;
            };
            Some((change.revision, format!("{word} {kind}")))
        })
        .collect();
    steps.sort();
    steps.into_iter().map(|(_, step)| step).collect()
}

fn deleted(how: &str) -> (Cluster, Vec<String>) {
    let mut cluster = world(3, &web(2));
    assert!(settle(&mut cluster, 60));
    let before = cluster.store().revision();
    kubectl(&mut cluster, &format!("delete deployment web {how}"));
    assert!(settle(&mut cluster, 120));
    let steps = steps(&cluster, before);
    (cluster, steps)
}

#[test]
fn c10_in_the_background_the_owner_goes_first() {
    let (cluster, steps) = deleted("--cascade=background");
    let order = [
        "removes Deployment",
        "removes ReplicaSet",
        "marks Pod",
        "marks Pod",
        "removes Pod",
        "removes Pod",
    ];
    assert_eq!(steps, order);
    assert!(pods(&cluster).is_empty());
}

#[test]
fn c10_in_the_foreground_the_owner_waits_for_what_it_owns() {
    let (cluster, steps) = deleted("--cascade=foreground");
    let order = [
        "marks Deployment",
        "marks ReplicaSet",
        "marks Pod",
        "marks Pod",
        "removes Pod",
        "removes Pod",
        "removes ReplicaSet",
        "removes Deployment",
    ];
    assert_eq!(steps, order);
    let held = writes(&cluster, Kind::Deployment).any(|(_, change)| {
        let finalizers = change
            .object
            .metadata()
            .finalizers
            .as_deref()
            .unwrap_or_default();
        change.object.is_terminating() && finalizers == ["foregroundDeletion"]
    });
    assert!(held, "a finalizer held it meanwhile");
}

#[test]
fn c10_orphans_stay_and_are_nobodys() {
    let (cluster, steps) = deleted("--cascade=orphan");
    let order = ["marks Deployment", "frees ReplicaSet", "removes Deployment"];
    assert_eq!(steps, order);
    assert_eq!(cluster.store().list(Kind::ReplicaSet, None).count(), 1);
    assert_eq!(pods(&cluster).len(), 2);
    assert!(
        pods(&cluster)
            .iter()
            .all(|pod| meta::controller_of(&pod.metadata).is_some())
    );
}

#[test]
fn c10_an_owner_of_another_namespace_counts_as_absent() {
    let settings = |namespace: &str, more: &str| {
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {namespace}, namespace: {namespace}{more}}}\n"
        )
    };
    let mut cluster = world(
        3,
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
    );
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("apply -f file.yaml", &settings("shop", "")));
    assert!(settle(&mut cluster, 60));
    let owner = cluster
        .store()
        .list(Kind::ConfigMap, Some("shop"))
        .find(|object| object.name() == "shop");
    let uid = owner.expect("it is there").uid().to_owned();
    let reference =
        format!(", ownerReferences: [{{apiVersion: v1, kind: ConfigMap, name: shop, uid: {uid}}}]");
    cluster.submit(command(
        "apply -f file.yaml",
        &settings("default", &reference),
    ));
    wait(&mut cluster, 60);
    let left = cluster.store().list(Kind::ConfigMap, Some("default"));
    assert_eq!(left.filter(|object| object.name() == "default").count(), 0);
    let said = writes(&cluster, Kind::Event).any(|(_, change)| {
        Event::of(&change.object)
            .is_some_and(|event| event.spec.reason.as_deref() == Some("OwnerRefInvalidNamespace"))
    });
    assert!(said);
}

#[test]
fn c10_a_namespace_is_emptied_before_it_goes_and_takes_nothing_new() {
    let manifests = format!(
        "apiVersion: v1\nkind: Namespace\nmetadata: {{name: shop}}\n---\n{}",
        web(2).replace("  name: web\nspec", "  name: web\n  namespace: shop\nspec")
    );
    let mut cluster = world(3, &manifests);
    assert!(settle(&mut cluster, 60));
    let before = cluster.store().revision();
    kubectl(&mut cluster, "delete namespace shop --wait=false");
    assert!(settle(&mut cluster, 200));
    let gone = writes(&cluster, Kind::Namespace)
        .find(|(_, change)| change.change_type.to_string() == "DELETED")
        .map(|(_, change)| change.revision);
    let gone = gone.expect("it went");
    let last = cluster
        .trace()
        .iter()
        .rev()
        .find_map(|record| match &record.detail {
            glassplane::cluster::Detail::Api(glassplane::apiserver::Note::Committed {
                change,
                ..
            }) if &*change.key.namespace == "shop" => Some(change.revision),
            _ => None,
        });
    assert!(
        last.is_some_and(|last| before < last && last < gone),
        "{last:?} {gone}"
    );
    let refused = cluster
        .trace()
        .iter()
        .filter_map(|record| match &record.detail {
            glassplane::cluster::Detail::Api(glassplane::apiserver::Note::Refused {
                refusal,
                ..
            }) => Some(refusal.message.clone()),
            _ => None,
        });
    for message in refused.filter(|message| message.contains("unable to create")) {
        assert!(
            message.contains("in namespace shop because it is being terminated"),
            "{message}"
        );
    }
}

#[test]
fn c13_an_event_that_repeats_is_counted_and_an_hour_after_the_last_time_it_is_gone() {
    let crashing = "apiVersion: v1
kind: Pod
metadata: {name: crash, annotations: {glassplane.io/exits-after: 1s, glassplane.io/exit-code: '1'}}
spec: {containers: [{name: app, image: 'app:1'}]}
";
    let mut cluster = world(3, crashing);
    wait(&mut cluster, 200);
    let back_off = |cluster: &Cluster| -> Option<i32> {
        let mut events = cluster
            .store()
            .list(Kind::Event, Some("default"))
            .filter_map(Event::of);
        let event = events.find(|event| event.spec.reason.as_deref() == Some("BackOff"))?;
        event.spec.count
    };
    assert!(back_off(&cluster).is_some_and(|count| count > 3));
    let written = writes(&cluster, Kind::Event).filter(|(_, change)| {
        Event::of(&change.object)
            .is_some_and(|event| event.spec.reason.as_deref() == Some("Scheduled"))
    });
    let scheduled = written.last().expect("it was scheduled").0.as_secs();
    kubectl(&mut cluster, "delete pod crash --now");
    wait(&mut cluster, 3_900);
    let gone = writes(&cluster, Kind::Event)
        .find(|(_, change)| {
            change.change_type.to_string() == "DELETED"
                && Event::of(&change.object)
                    .is_some_and(|event| event.spec.reason.as_deref() == Some("Scheduled"))
        })
        .map(|(at, _)| at.as_secs())
        .expect("it expired");
    assert!(
        (scheduled + 3_600..scheduled + 3_661).contains(&gone),
        "{scheduled} {gone}"
    );
    assert_eq!(back_off(&cluster), None);
}

#[test]
fn c13_ten_events_that_differ_only_in_words_are_told_apart_no_more() {
    let set = "apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web}
spec:
  replicas: 12
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'nginx:1.27'}]}
";
    let mut cluster = world(3, set);
    assert!(settle(&mut cluster, 60));
    let events = cluster.store().list(Kind::Event, Some("default"));
    let created = events
        .filter_map(Event::of)
        .filter(|event| event.spec.reason.as_deref() == Some("SuccessfulCreate"));
    let mut told: Vec<(Option<i32>, bool)> = created
        .map(|event| {
            let message = event.spec.message.as_deref().unwrap_or_default();
            let beginning = "(combined from similar events): Created pod: web-";
            (event.spec.count, message.starts_with(beginning))
        })
        .collect();
    told.sort();
    let mut wanted = vec![(Some(1), false); 9];
    wanted.push((Some(3), true));
    assert_eq!(told, wanted);
}

#[test]
fn c13_no_controller_reads_an_event() {
    for part in world(1, &web(1)).controllers() {
        let watches = part.component.subscriptions();
        let about_events = watches
            .filter(|subscription| subscription.kind == Kind::Event)
            .count();
        let name = part.component.controller().name;
        // The collector and the namespace controller remove them; they look at owners, not at what is said.
        let removes = matches!(name, "garbage-collector" | "namespace-controller");
        assert!(about_events == 0 || removes, "{name} watches events");
    }
}
