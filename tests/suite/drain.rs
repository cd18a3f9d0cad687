//! Draining nodes against disruption budgets, in whole worlds and exact virtual time.

use std::time::Duration;

use glassplane::api::{Node, PodDisruptionBudget};
use glassplane::cluster::Cluster;
use glassplane::kubectl::Session;
use glassplane::sim::RecordKind;

use crate::worlds::{command, get, pods, ready, settle, with_web};

fn budget(spec: &str) -> String {
    format!(
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata:\n  name: web\nspec:\n  {spec}\n  \
         selector:\n    matchLabels:\n      app: web\n"
    )
}

/// Three pods on two nodes, behind a budget.
fn guarded(spec: &str) -> Cluster {
    let mut cluster = with_web(7, 2, 3);
    cluster.submit(command("apply -f file.yaml", &budget(spec)));
    assert!(settle(&mut cluster, 60));
    assert_eq!(ready(&cluster, "web"), 3);
    cluster
}

/// The node with two of the three pods.
fn fuller(cluster: &Cluster) -> &'static str {
    let on_a = pods(cluster)
        .iter()
        .filter(|pod| pod.spec.is_on("node-a"))
        .count();
    if on_a == 2 { "node-a" } else { "node-b" }
}

/// When evictions were answered, in whole seconds after the first, with the verdicts.
fn verdicts(cluster: &Cluster) -> Vec<(u64, String)> {
    let records = cluster.trace().iter();
    let verdicts: Vec<_> = records
        .filter(|record| record.kind() == RecordKind::EvictVerdict)
        .collect();
    let first = verdicts.first().expect("one was asked").time;
    let told = verdicts.iter().map(|record| {
        let sentence = record.sentence();
        let word = sentence.split(' ').next().unwrap_or_default().to_owned();
        (record.time.since(first).as_secs(), word)
    });
    told.collect()
}

fn last_run(cluster: &Cluster) -> &Session {
    let (_, session) = cluster.sessions().last().expect("kubectl ran");
    session
}

#[test]
fn c12_a_drain_that_the_budget_refuses_asks_again_each_5_seconds_until_its_timeout() {
    let mut cluster = guarded("minAvailable: 3");
    let node = fuller(&cluster);
    let line = format!("drain {node} --timeout=20s");
    cluster.submit(command(&line, ""));
    assert!(settle(&mut cluster, 60));
    // Two pods: each is asked about at 0, 5, 10 and 15 s; at 20 s the time is over.
    let times: Vec<u64> = verdicts(&cluster).iter().map(|(time, _)| *time).collect();
    assert_eq!(times, [0, 0, 5, 5, 10, 10, 15, 15]);
    assert!(
        verdicts(&cluster)
            .iter()
            .all(|(_, word)| word == "refuses:")
    );
    let session = last_run(&cluster);
    assert_eq!(session.exit_code(), Some(1));
    let names: Vec<String> = pods(&cluster)
        .iter()
        .filter(|pod| pod.spec.is_on(node))
        .map(|pod| pod.name().to_owned())
        .collect();
    let errors = session.error_text();
    let first = format!(
        "error when evicting pods/\"{}\" -n \"default\" (will retry after 5s): Cannot evict pod as \
         it would violate the pod's disruption budget.\n",
        names[0]
    );
    assert_eq!(errors.matches(&first).count(), 4, "{errors}");
    let late = |name: &str| {
        format!("error when evicting pods/\"{name}\" -n \"default\": global timeout reached: 20s")
    };
    let (one, two) = (late(&names[0]), late(&names[1]));
    let end = format!(
        "There are pending pods in node \"{node}\" when an error occurred: [{one}, {two}]\npod/{}\n\
         pod/{}\nerror: unable to drain node \"{node}\" due to error: [{one}, {two}], continuing \
         command...\nThere are pending nodes to be drained:\n {node}\n{one}\n{two}\n",
        names[0], names[1]
    );
    assert!(errors.ends_with(&end), "{errors}");
    assert_eq!(ready(&cluster, "web"), 3, "nobody had to go");
    let closed: Node = get(&cluster, node).expect("it is there");
    assert_eq!(closed.spec.unschedulable, Some(true));
}

#[test]
fn c12_a_drain_waits_for_the_replacement_and_never_goes_below_the_budget() {
    let mut cluster = guarded("minAvailable: 2");
    let node = fuller(&cluster);
    cluster.submit(command(&format!("drain {node}"), ""));
    let mut fewest = 3;
    let done = cluster.run_until(Duration::from_mins(2), |cluster| {
        fewest = fewest.min(pods(cluster).iter().filter(|pod| pod.is_ready()).count());
        last_run(cluster).invocation().line.contains("drain")
            && last_run(cluster).exit_code().is_some()
    });
    assert!(done, "the drain ends");
    assert_eq!(fewest, 2);
    let told = verdicts(&cluster);
    let words: Vec<(u64, &str)> = told
        .iter()
        .map(|(time, word)| (*time, word.as_str()))
        .collect();
    assert_eq!(words, [(0, "lets"), (0, "refuses:"), (5, "lets")]);
    let session = last_run(&cluster);
    assert_eq!(session.exit_code(), Some(0), "{}", session.error_text());
    assert!(
        session
            .output()
            .ends_with(&format!("node/{node} drained\n"))
    );
    assert!(pods(&cluster).iter().all(|pod| !pod.spec.is_on(node)));
}

#[test]
fn c12_a_drain_that_may_be_refused_for_ever_does_not_keep_the_world_from_being_idle() {
    let mut cluster = guarded("minAvailable: 3");
    let node = fuller(&cluster);
    cluster.submit(command(&format!("drain {node}"), ""));
    assert!(settle(&mut cluster, 120));
    assert_eq!(last_run(&cluster).exit_code(), None, "it still asks");
    let asked = verdicts(&cluster).len();
    // Once the budget allows it, the drain goes on by itself.
    cluster.submit(command(
        "patch pdb web -p '{\"spec\":{\"minAvailable\":1}}'",
        "",
    ));
    let number = cluster.sessions().count() - 1;
    let done = cluster.run_until(Duration::from_mins(2), |cluster| {
        let mut sessions = cluster.sessions();
        sessions
            .nth(number)
            .is_some_and(|(_, session)| session.exit_code().is_some())
    });
    assert!(done, "the drain ends");
    assert!(verdicts(&cluster).len() > asked);
    let budget: PodDisruptionBudget = get(&cluster, "web").expect("it is there");
    assert_eq!(budget.status.desired_healthy, 1);
}
