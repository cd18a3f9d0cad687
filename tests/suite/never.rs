//! What other simulators get wrong, and this one never does: one test for each line of that list.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use glassplane::api::{Actor, Deployment, Kind, Object, Pod, ReplicaSet};
use glassplane::apiserver::Note as ApiNote;
use glassplane::cluster::{Cluster, ClusterConfig, Detail, Record};
use glassplane::scheduler::Note as SchedulerNote;
use glassplane::sim::{RecordKind, Time};
use glassplane::store::Change;

use crate::worlds::{command, get, pods, ready, settle, web, with_web};

/// The changes that were committed, with who wrote them.
fn commits(cluster: &Cluster) -> impl Iterator<Item = (&Record, &Change, &Actor)> {
    cluster
        .trace()
        .iter()
        .filter_map(|record| match &record.detail {
            Detail::Api(ApiNote::Committed { change, by }) => Some((&**record, &**change, by)),
            _ => None,
        })
}

fn pass(cluster: &mut Cluster, seconds: u64) {
    cluster.run_until(Duration::from_secs(seconds), |_| false);
}

/// A world in which pods start, crash, move and go.
fn eventful() -> Cluster {
    let mut cluster = with_web(7, 3, 4);
    for (second, line) in [
        (20, "fault crash web"),
        (40, "scale deployment/web --replicas=6"),
        (60, "fault node-down node-b"),
        (500, "fault node-up node-b"),
        (560, "set image deployment/web web=nginx:1.28"),
    ] {
        cluster.submit_at(Time::from_secs(second), command(line, ""));
    }
    pass(&mut cluster, 700);
    cluster
}

#[test]
fn only_kubelets_and_the_node_lifecycle_write_phases_and_never_the_scheduler() {
    let cluster = eventful();
    let mut writers = BTreeSet::new();
    for (_, change, by) in commits(&cluster) {
        let (Object::Pod(after), Some(Object::Pod(before))) = (&change.object, &change.previous)
        else {
            continue;
        };
        if after.status.phase != before.status.phase {
            writers.insert(by.to_string());
        }
    }
    assert!(!writers.is_empty());
    for writer in writers {
        assert!(
            writer.starts_with("kubelet/") || writer == "node-lifecycle-controller",
            "{writer} wrote a phase"
        );
    }
}

#[test]
fn taints_keep_pods_away_that_have_no_toleration_at_all() {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 2));
    cluster.submit(command("taint nodes node-a only=them:NoSchedule", ""));
    cluster.submit(command("apply -f file.yaml", &web(4)));
    assert!(settle(&mut cluster, 120));
    let nodes: BTreeSet<String> = pods(&cluster)
        .iter()
        .filter_map(|pod| pod.spec.node_name.as_deref().map(str::to_owned))
        .collect();
    assert_eq!(nodes, BTreeSet::from(["node-b".to_owned()]));
    cluster.submit(command("taint nodes node-b only=them:NoSchedule", ""));
    cluster.submit(command("scale deployment/web --replicas=5", ""));
    assert!(settle(&mut cluster, 120));
    assert_eq!(ready(&cluster, "web"), 4, "the fifth has no place");
}

#[test]
fn no_loop_makes_both_replica_sets_and_pods() {
    let cluster = eventful();
    let mut made: BTreeMap<String, BTreeSet<Kind>> = BTreeMap::new();
    for (_, change, by) in commits(&cluster) {
        let kind = change.key.kind;
        if change.previous.is_none() && matches!(kind, Kind::Pod | Kind::ReplicaSet) {
            made.entry(by.to_string()).or_default().insert(kind);
        }
    }
    assert_eq!(
        made,
        BTreeMap::from([
            (
                "deployment-controller".to_owned(),
                BTreeSet::from([Kind::ReplicaSet])
            ),
            (
                "replicaset-controller".to_owned(),
                BTreeSet::from([Kind::Pod])
            ),
        ])
    );
}

#[test]
fn another_template_makes_a_second_replica_set_and_leaves_the_first() {
    let mut cluster = with_web(7, 3, 2);
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("set image deployment/web web=nginx:1.28", ""));
    assert!(settle(&mut cluster, 120));
    let mut sizes: Vec<Option<i32>> = cluster
        .store()
        .list(Kind::ReplicaSet, None)
        .filter_map(|object| match object {
            Object::ReplicaSet(set) => Some(set),
            _ => None,
        })
        .map(|set: &ReplicaSet| set.spec.replicas)
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [Some(0), Some(2)]);
}

#[test]
fn nothing_restarts_by_chance() {
    for seed in 0..10 {
        let mut cluster = with_web(seed, 3, 3);
        pass(&mut cluster, 1800);
        let restarts = |cluster: &Cluster| -> i32 {
            let statuses = pods(cluster).into_iter().flat_map(|pod: Pod| {
                let statuses = pod.status.container_statuses.clone();
                statuses.unwrap_or_default()
            });
            statuses.map(|status| status.restart_count).sum()
        };
        assert_eq!(restarts(&cluster), 0, "seed {seed}");
        cluster.submit(command("fault crash web", ""));
        pass(&mut cluster, 600);
        assert_eq!(restarts(&cluster), 1, "seed {seed}: one crash, one restart");
    }
}

#[test]
fn an_autoscaler_scales_down_again() {
    let manifest = web(2)
        .replace(
            "      labels:\n        app: web\n",
            "      labels:\n        app: web\n      annotations:\n        glassplane.io/cpu: 0s 400m, 120s 400m, 120s 1m\n",
        );
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    cluster.submit(command("apply -f file.yaml", &manifest));
    cluster.submit(command("autoscale deployment/web --max=8 --cpu=50%", ""));
    let mut most = 0;
    cluster.run_until(Duration::from_mins(20), |cluster| {
        let web: Option<Deployment> = get(cluster, "web");
        most = most.max(web.and_then(|web| web.spec.replicas).unwrap_or(0));
        false
    });
    let web: Deployment = get(&cluster, "web").expect("it is there");
    assert!(most > 2, "it never scaled up");
    assert_eq!(web.spec.replicas, Some(1));
}

#[test]
fn every_pod_goes_to_a_node_with_the_highest_total() {
    let cluster = eventful();
    let decisions: Vec<_> = cluster
        .trace()
        .iter()
        .filter_map(|record| match &record.detail {
            Detail::Scheduler(SchedulerNote::Scored(decision)) => Some(decision),
            _ => None,
        })
        .collect();
    assert!(decisions.len() >= 10, "{}", decisions.len());
    for decision in decisions {
        let totals: Vec<(&str, i64)> = decision
            .feasible()
            .enumerate()
            .map(|(place, node)| (&**node, decision.total(place)))
            .collect();
        let winner = decision.winner().expect("somebody was feasible");
        let best = totals.iter().map(|(_, total)| *total).max();
        let own = totals.iter().find(|(node, _)| *node == &**winner);
        assert_eq!(own.map(|(_, total)| *total), best, "{}", decision.pod);
    }
}

#[test]
fn versions_are_compared_and_an_old_copy_is_refused() {
    let mut cluster = with_web(7, 3, 1);
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("fault two-writers deployment/web", ""));
    assert!(settle(&mut cluster, 60));
    let refused = cluster
        .trace()
        .iter()
        .filter(|record| record.kind() == RecordKind::ApiConflict);
    assert_eq!(refused.count(), 1);
}

#[test]
fn the_trace_tells_every_write_of_the_store_and_no_other() {
    let cluster = eventful();
    let told: Vec<u64> = commits(&cluster)
        .map(|(_, change, _)| change.revision)
        .collect();
    let newest = cluster.store().revision();
    // The namespaces and nodes of the beginning are told as well: no revision is missing or doubled.
    let first = told.first().copied().expect("there were writes");
    assert_eq!(told, (first..=newest).collect::<Vec<u64>>());
    for (record, change, _) in commits(&cluster) {
        assert_eq!(record.revision, change.revision, "{}", record.sentence());
    }
}

#[test]
fn what_can_never_come_right_does_not_keep_the_world_busy() {
    let cases: [(&str, &[&str]); 5] = [
        (
            "an image that nobody has",
            &["fault missing-image nginx:1.27", "apply -f file.yaml"],
        ),
        (
            "a request that fits nowhere",
            &[
                "apply -f file.yaml",
                "set resources deployment/web --requests=cpu=500",
            ],
        ),
        (
            "a machine that stays down",
            &["apply -f file.yaml", "fault node-down node-a"],
        ),
        (
            "a machine that stays cut off",
            &["apply -f file.yaml", "fault partition node-a"],
        ),
        (
            "a namespace that refuses more",
            &["create quota none --hard=pods=1", "apply -f file.yaml"],
        ),
    ];
    for (what, lines) in cases {
        let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
        for line in lines {
            cluster.submit(command(line, &web(3)));
        }
        assert!(
            settle(&mut cluster, 3600),
            "{what}: {:?}",
            cluster.next_work_in_words()
        );
    }
}

#[test]
fn no_write_of_a_node_wakes_a_pod_that_it_cannot_help() {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    pass(&mut cluster, 100);
    let huge = web(2).replace("cpu: 250m", "cpu: 500");
    cluster.submit(command("apply -f file.yaml", &huge));
    pass(&mut cluster, 20);
    let of = |cluster: &Cluster, kind: RecordKind| {
        let all = cluster.trace().iter();
        all.filter(|record| record.kind() == kind).count()
    };
    let by_kubelets = |cluster: &Cluster| {
        let all = commits(cluster).filter(|(_, change, _)| change.key.kind == Kind::Node);
        all.filter(|(.., by)| by.to_string().starts_with("kubelet/"))
            .count()
    };
    let (tries, beats) = (RecordKind::SchedPop, RecordKind::LeaseRenew);
    let before = (of(&cluster, tries), of(&cluster, beats));
    let written = by_kubelets(&cluster);
    for line in [
        "label node node-a tier=low",
        "annotate node node-b owner=me",
    ] {
        cluster.submit(command(line, ""));
    }
    // Short of the five minutes after which every pod is tried again.
    pass(&mut cluster, 270);
    assert!(of(&cluster, beats) > before.1 + 30, "leases were renewed");
    assert!(by_kubelets(&cluster) >= written + 3, "and statuses written");
    assert_eq!(of(&cluster, tries), before.0, "and nobody tried again");
}
