//! Lines of one terminal run one after the other; what has a moment of its own does not wait.

use std::time::Duration;

use glassplane::cluster::{Cluster, Command, Entry, Scenario, scenario};
use glassplane::sim::{RecordKind, Time};

use crate::worlds::{command, pods, settle, web, with_web};

fn submit(cluster: &mut Cluster, lines: &[&str]) {
    for line in lines {
        cluster.submit(command(line, &web(2)));
    }
}

/// The commands and the ends of runs in the order in which they happened.
fn order(cluster: &Cluster, from: Time) -> Vec<String> {
    let records = cluster.trace().iter().filter(|record| record.time >= from);
    records
        .filter(|record| {
            let is_end =
                record.kind() == RecordKind::ReconcileEnd && record.actor.to_string() == "kubectl";
            is_end || record.kind() == RecordKind::Command && record.cause.is_none()
        })
        .map(|record| record.sentence())
        .filter(|sentence| !sentence.starts_with("starts a cluster"))
        .collect()
}

#[test]
fn lines_typed_together_run_one_after_the_other() {
    let mut cluster = Cluster::new(glassplane::cluster::ClusterConfig::with_nodes(7, 2));
    submit(
        &mut cluster,
        &[
            "create deployment web --image=nginx",
            "scale deployment/web --replicas=3",
            "fault stop kube-scheduler",
            "delete deployment web",
        ],
    );
    assert!(settle(&mut cluster, 120));
    assert_eq!(
        order(&cluster, Time::START),
        [
            "runs: kubectl create deployment web --image=nginx",
            "is done: deployment.apps/web created",
            "runs: kubectl scale deployment/web --replicas=3",
            "is done: deployment.apps/web scaled",
            "runs: fault stop kube-scheduler",
            "runs: kubectl delete deployment web",
            "is done: deployment.apps \"web\" deleted from default namespace",
        ]
    );
}

#[test]
fn a_line_typed_together_with_a_delete_waits_until_the_pod_is_gone() {
    let mut cluster = with_web(7, 2, 1);
    assert!(settle(&mut cluster, 60));
    let name = pods(&cluster)[0].name().to_owned();
    let begun = cluster.now();
    submit(
        &mut cluster,
        &[&format!("delete pod {name}"), "get pods -o name"],
    );
    assert!(settle(&mut cluster, 60));
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    assert!(!session.output().contains(&name), "{}", session.output());
    assert!(cluster.now().since(begun) > Duration::from_secs(1));
}

#[test]
fn a_line_typed_while_another_only_waits_runs_beside_it() {
    let mut cluster = with_web(7, 2, 1);
    assert!(settle(&mut cluster, 60));
    submit(
        &mut cluster,
        &[
            "fault stop kube-scheduler",
            "scale deployment/web --replicas=3",
        ],
    );
    cluster.run_until(Duration::from_secs(5), |_| false);
    submit(&mut cluster, &["rollout status deployment/web"]);
    cluster.run_until(Duration::from_secs(5), |_| false);
    submit(&mut cluster, &["fault start kube-scheduler"]);
    assert!(settle(&mut cluster, 60));
    assert_eq!(cluster.waiting_lines().count(), 0);
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    assert_eq!(session.exit_code(), Some(0));
}

#[test]
fn a_command_with_a_moment_waits_for_nobody() {
    let mut cluster = with_web(7, 2, 1);
    assert!(settle(&mut cluster, 60));
    let begun = cluster.now();
    submit(
        &mut cluster,
        &[
            "fault stop kube-scheduler",
            "scale deployment/web --replicas=3",
            "rollout status deployment/web",
        ],
    );
    let at = begun + Duration::from_secs(9);
    cluster.submit_at(at, command("fault start kube-scheduler", ""));
    assert!(settle(&mut cluster, 60));
    let struck = cluster
        .trace()
        .iter()
        .find(|record| record.sentence() == "runs: fault start kube-scheduler");
    assert_eq!(struck.map(|record| record.time), Some(at));
    let entries: Vec<Entry> = cluster.journal().map(|entry| entry.entry).collect();
    assert_eq!(entries.last(), Some(&Entry::Timed));
}

#[test]
fn what_a_script_never_came_to_is_told() {
    let load: scenario::Loader<'_> = &|_: &str| Ok(glassplane::cluster::Files::new());
    let text = "seed: 7\ndo:\n- fault stop kube-scheduler\n- create deployment web --image=nginx\n\
                - rollout status deployment/web\n- get pods\nfor: 60s\n";
    let finished = Scenario::parse(text, load)
        .and_then(Scenario::run)
        .expect("it runs");
    assert_eq!(
        finished.failures,
        ["error: never came to: kubectl get pods"]
    );
}

#[test]
fn a_run_made_again_takes_the_lines_at_the_same_places() {
    let mut cluster = with_web(7, 2, 2);
    submit(
        &mut cluster,
        &[
            "scale deployment/web --replicas=4",
            "fault restart kube-scheduler",
        ],
    );
    assert!(settle(&mut cluster, 60));
    let again = cluster.at_step(cluster.steps());
    let trace = |cluster: &Cluster| -> Vec<String> {
        let records = cluster.trace().iter();
        records
            .map(|record| record.to_value().to_string())
            .collect()
    };
    assert_eq!(trace(&again), trace(&cluster));
    let typed = cluster
        .journal()
        .filter(|entry| matches!(entry.command, Command::Kubectl { .. }));
    assert_eq!(typed.count(), 2);
}

#[test]
fn get_that_watches_shows_a_line_for_every_change_until_the_end() {
    let mut cluster = with_web(7, 2, 1);
    assert!(settle(&mut cluster, 60));
    submit(&mut cluster, &["get pods -w"]);
    cluster.run_until(Duration::from_secs(1), |_| false);
    submit(&mut cluster, &["scale deployment/web --replicas=2"]);
    assert!(settle(&mut cluster, 60));
    let (_, session) = cluster.sessions().nth(1).expect("the watching one");
    assert_eq!(session.exit_code(), None);
    let mut statuses: Vec<&str> = session
        .output()
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .collect();
    statuses.dedup();
    assert_eq!(
        statuses,
        [
            "STATUS",
            "Running",
            "Pending",
            "ContainerCreating",
            "Running"
        ],
        "{}",
        session.output()
    );
}
