//! The scheduler in the world: preemption from the first no to the binding, and who wakes whom.

use std::time::Duration;

use glassplane::api::{Event, Key, Kind, Object, Pod};
use glassplane::cluster::{Cluster, ClusterConfig};
use glassplane::sim::{RecordKind, Time};

use crate::worlds::{broken_promises, command, get, settle};

/// How long a pod of these tests takes to end: its hook sleeps as long.
const LEAVING: Duration = Duration::from_secs(15);

/// Three classes: `low` 100, `middle` 500, `high` 1000.
fn classes() -> String {
    [("low", 100), ("middle", 500), ("high", 1000)]
        .map(|(name, value)| {
            format!(
                "---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {{name: {name}}}\nvalue: {value}\n"
            )
        })
        .concat()
}

/// A pod of a class that asks for so many cpus and needs its time to end.
fn pod(name: &str, class: &str, cpu: &str) -> String {
    format!(
        "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  priorityClassName: {class}\n  \
         terminationGracePeriodSeconds: 20\n  containers:\n  - name: c\n    image: nginx:1.27\n    \
         lifecycle: {{preStop: {{sleep: {{seconds: {}}}}}}}\n    resources: {{requests: {{cpu: '{cpu}'}}}}\n",
        LEAVING.as_secs()
    )
}

/// A world of so many nodes with eight cpus each, with the classes and these pods, at rest.
fn world(nodes: usize, pods: &[String]) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(3, nodes));
    cluster.submit(command("apply -f file.yaml", &classes()));
    assert!(settle(&mut cluster, 60));
    apply(&mut cluster, &pods.concat());
    assert!(settle(&mut cluster, 120), "the first pods run");
    cluster
}

fn apply(cluster: &mut Cluster, manifest: &str) {
    cluster.submit(command("apply -f file.yaml", manifest));
}

fn find(cluster: &Cluster, name: &str) -> Option<Pod> {
    get(cluster, name)
}

fn node_of(cluster: &Cluster, name: &str) -> Option<String> {
    find(cluster, name)?
        .spec
        .node_name
        .as_deref()
        .map(str::to_owned)
}

fn nominated(cluster: &Cluster, name: &str) -> Option<String> {
    find(cluster, name)?.status.nominated_node_name.clone()
}

fn events(cluster: &Cluster, reason: &str) -> Vec<Event> {
    let events = cluster.store().list(Kind::Event, None);
    let events = events.filter_map(|object| match object {
        Object::Event(event) => Some(event.clone()),
        _ => None,
    });
    events
        .filter(|event| event.spec.reason.as_deref() == Some(reason))
        .collect()
}

/// When the scheduler took this pod from its queue.
fn tries(cluster: &Cluster, name: &str) -> Vec<Time> {
    let key = Key::new(Kind::Pod, "default", name);
    let pops = cluster
        .trace()
        .iter()
        .filter(|record| record.kind() == RecordKind::SchedPop);
    pops.filter(|record| record.object().as_ref() == Some(&key))
        .map(|record| record.time)
        .collect()
}

#[test]
fn s7_victims_get_their_grace_and_then_the_preemptor_is_bound() {
    let mut cluster = world(
        1,
        &[pod("victim", "low", "6"), pod("bystander", "low", "1")],
    );
    apply(&mut cluster, &pod("important", "high", "6"));
    let is_leaving =
        |cluster: &Cluster| find(cluster, "victim").is_some_and(|pod| pod.is_terminating());
    assert!(cluster.run_until(Duration::from_secs(30), is_leaving));
    let told = cluster.now();
    let victim = find(&cluster, "victim").expect("it is still there");
    assert_eq!(victim.metadata.deletion_grace_period_seconds, Some(20));

    let is_gone = |cluster: &Cluster| {
        assert_eq!(broken_promises(cluster), Vec::<String>::new());
        let is_gone = find(cluster, "victim").is_none();
        assert!(
            is_gone || node_of(cluster, "important").is_none(),
            "bound before there is room"
        );
        is_gone
    };
    assert!(cluster.run_until(Duration::from_secs(10), |cluster| {
        nominated(cluster, "important").is_some()
    }));
    assert_eq!(nominated(&cluster, "important").as_deref(), Some("node-a"));
    assert!(cluster.run_until(Duration::from_mins(1), is_gone));
    let took = cluster.now().since(told);
    assert!(
        took >= LEAVING && took <= LEAVING + Duration::from_secs(5),
        "{took:?}"
    );

    assert!(settle(&mut cluster, 120));
    assert_eq!(node_of(&cluster, "important").as_deref(), Some("node-a"));
    let bystander = find(&cluster, "bystander").expect("nobody asked it to go");
    assert!(!bystander.is_terminating());
}

#[test]
fn s7_a_victim_is_told_why_by_a_condition_and_an_event() {
    let mut cluster = world(1, &[pod("victim", "low", "6")]);
    apply(&mut cluster, &pod("important", "high", "6"));
    let is_told = |cluster: &Cluster| {
        !events(cluster, "Preempted").is_empty() && !events(cluster, "FailedScheduling").is_empty()
    };
    assert!(cluster.run_until(Duration::from_secs(30), is_told));
    let important = find(&cluster, "important").expect("it waits");
    let told = events(&cluster, "Preempted");
    let expected = format!("Preempted by pod {} on node node-a", important.uid());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].spec.message.as_deref(), Some(expected.as_str()));
    let victim = find(&cluster, "victim").expect("it still ends");
    let condition = victim
        .condition("DisruptionTarget")
        .expect("it says why it ends");
    assert_eq!(condition.reason.as_deref(), Some("PreemptionByScheduler"));
    assert_eq!(
        condition.message.as_deref(),
        Some("default-scheduler: preempting to accommodate a higher priority pod")
    );
    let failed = events(&cluster, "FailedScheduling");
    let message = failed[0].spec.message.as_deref().unwrap_or_default();
    assert!(
        message.starts_with("0/1 nodes are available: 1 Insufficient cpu."),
        "{message}"
    );
}

#[test]
fn s7_lower_priorities_cannot_steal_the_place_and_what_fits_beside_it_may_come() {
    let mut cluster = world(1, &[pod("victim", "low", "6")]);
    apply(&mut cluster, &pod("important", "high", "6"));
    let has_place = |cluster: &Cluster| nominated(cluster, "important").is_some();
    assert!(cluster.run_until(Duration::from_secs(30), has_place));
    let late = [
        pod("thief", "middle", "6"),
        pod("poor", "low", "6"),
        pod("small", "low", "1"),
    ];
    apply(&mut cluster, &late.concat());
    let is_bound = |cluster: &Cluster| node_of(cluster, "important").is_some();
    let bound = cluster.run_until(Duration::from_secs(90), |cluster| {
        for thief in ["thief", "poor"] {
            assert_eq!(node_of(cluster, thief), None, "{thief} took the place");
        }
        is_bound(cluster)
    });
    assert!(bound, "the place is kept and taken");
    assert!(settle(&mut cluster, 120));
    assert_eq!(node_of(&cluster, "small").as_deref(), Some("node-a"));
    assert_eq!(node_of(&cluster, "thief"), None);
    let preempted = events(&cluster, "Preempted");
    assert_eq!(preempted.len(), 1, "nobody else had to go");
    assert!(
        tries(&cluster, "thief").len() >= 2,
        "it was tried again when the victim had gone"
    );
}

#[test]
fn s7_the_least_important_pod_leaves_and_one_that_may_not_preempt_waits() {
    let pods = [pod("low-one", "low", "6"), pod("middle-one", "middle", "6")];
    let mut cluster = world(2, &pods);
    apply(&mut cluster, &pod("important", "high", "6"));
    assert!(settle(&mut cluster, 120));
    assert!(
        find(&cluster, "low-one").is_none(),
        "the least important goes"
    );
    assert!(find(&cluster, "middle-one").is_some_and(|pod| !pod.is_terminating()));

    let class = "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: {name: polite}\n\
                 value: 2000\npreemptionPolicy: Never\n";
    apply(&mut cluster, class);
    assert!(settle(&mut cluster, 30));
    apply(&mut cluster, &pod("polite-one", "polite", "6"));
    cluster.run_until(Duration::from_mins(1), |_| false);
    assert_eq!(node_of(&cluster, "polite-one"), None);
    assert_eq!(events(&cluster, "Preempted").len(), 1);
    let polite = find(&cluster, "polite-one").expect("it waits");
    let condition = polite.condition("PodScheduled").expect("it was tried");
    let message = condition.message.as_deref().unwrap_or_default();
    assert!(
        message.ends_with("preemption: not eligible due to preemptionPolicy=Never."),
        "{message}"
    );
}

#[test]
fn s4_heartbeats_wake_no_pending_pod() {
    let mut cluster = world(3, &[]);
    apply(&mut cluster, &pod("giant", "low", "64"));
    cluster.run_until(Duration::from_secs(30), |_| false);
    let before = tries(&cluster, "giant");
    assert_eq!(before.len(), 1, "it was tried once");
    let heartbeats = |cluster: &Cluster| {
        let renewals = cluster.trace().iter();
        renewals
            .filter(|record| record.kind() == RecordKind::LeaseRenew)
            .count()
    };
    let (first, revision) = (heartbeats(&cluster), cluster.store().revision());
    // The queue itself tries again what has waited for five minutes.
    cluster.run_until(Duration::from_mins(4), |_| false);
    assert!(
        heartbeats(&cluster) >= first + 3 * 20,
        "the nodes gave signs of life"
    );
    assert!(cluster.store().revision() > revision);
    assert_eq!(
        tries(&cluster, "giant"),
        before,
        "and nobody tried the pod again"
    );
    cluster.run_until(Duration::from_mins(1), |_| false);
    assert_eq!(
        tries(&cluster, "giant").len(),
        2,
        "after five minutes it is tried again"
    );
}

#[test]
fn s4_a_pod_that_fits_nowhere_is_tried_when_a_node_is_uncordoned() {
    let mut cluster = world(1, &[]);
    cluster.submit(command("cordon node-a", ""));
    assert!(settle(&mut cluster, 30));
    apply(&mut cluster, &pod("waits", "low", "1"));
    cluster.run_until(Duration::from_mins(1), |_| false);
    assert_eq!(node_of(&cluster, "waits"), None);
    assert_eq!(tries(&cluster, "waits").len(), 1);
    let asked = cluster.now();
    cluster.submit(command("uncordon node-a", ""));
    let is_bound = |cluster: &Cluster| node_of(cluster, "waits").is_some();
    assert!(cluster.run_until(Duration::from_secs(15), is_bound));
    let took = cluster.now().since(asked);
    assert!(
        took < Duration::from_secs(12),
        "no more than a back-off: {took:?}"
    );
}

#[test]
fn s4_a_pod_that_fits_nowhere_is_tried_when_another_leaves_and_not_before() {
    let mut cluster = world(1, &[pod("there", "low", "7"), pod("other", "low", "500m")]);
    apply(&mut cluster, &pod("waits", "low", "7"));
    cluster.run_until(Duration::from_mins(1), |_| false);
    assert_eq!(tries(&cluster, "waits").len(), 1);
    // A label on a node says nothing about its cpus.
    cluster.submit(command("label node node-a colour=blue", ""));
    cluster.run_until(Duration::from_secs(30), |_| false);
    assert_eq!(tries(&cluster, "waits").len(), 1, "a label does not help");
    cluster.submit(command("delete pod there", ""));
    assert!(cluster.run_until(Duration::from_mins(1), |cluster| {
        node_of(cluster, "waits").is_some()
    }));
    assert!(find(&cluster, "there").is_none(), "not before it has left");
    assert_eq!(tries(&cluster, "waits").len(), 2);
}
