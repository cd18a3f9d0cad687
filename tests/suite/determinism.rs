//! The same seed and commands give the same trace; what a trace promises holds for every record.

use std::collections::BTreeMap;

use glassplane::api::{Actor, Object};
use glassplane::apiserver;
use glassplane::cluster::{Cluster, Detail, History, Record};
use glassplane::sim::RecordKind;

use crate::worlds::{command, ready, settle, with_web};

fn busy_world(seed: u64) -> Cluster {
    let mut cluster = with_web(seed, 3, 3);
    settle(&mut cluster, 120);
    cluster.submit(command("scale deployment/web --replicas=5", ""));
    settle(&mut cluster, 120);
    cluster.submit(command("fault node-down node-b", ""));
    cluster.run_until(std::time::Duration::from_secs(500), |_| false);
    cluster.submit(command("fault node-up node-b", ""));
    settle(&mut cluster, 300);
    cluster
}

fn lines(cluster: &Cluster) -> Vec<String> {
    cluster
        .trace()
        .iter()
        .map(|record| record.to_value().to_string())
        .collect()
}

#[test]
fn the_same_seed_gives_the_same_trace_and_another_seed_another_one() {
    let (one, two, other) = (busy_world(7), busy_world(7), busy_world(8));
    assert_eq!(lines(&one), lines(&two));
    assert_ne!(lines(&one), lines(&other));
    assert_eq!(ready(&one, "web"), 5);
    assert_eq!(ready(&other, "web"), 5);
}

#[test]
fn every_record_but_commands_has_an_earlier_cause_and_revisions_only_grow() {
    let cluster = busy_world(3);
    let mut revision = 0;
    for record in cluster.trace().iter() {
        match record.cause {
            None => assert_eq!(record.kind(), RecordKind::Command, "{}", record.sentence()),
            Some(cause) => assert!(cause < record.id, "{}", record.sentence()),
        }
        assert!(record.revision >= revision, "{}", record.sentence());
        revision = record.revision;
    }
}

#[test]
fn components_meet_only_at_the_api_server() {
    let cluster = busy_world(4);
    let is_component = |actor: &Actor| {
        matches!(
            actor,
            Actor::Controller(_) | Actor::Scheduler | Actor::Kubelet(_) | Actor::Kubectl(_)
        )
    };
    for record in cluster.trace().iter() {
        let Some(cause) = record.cause.and_then(|cause| cluster.trace().get(cause)) else {
            continue;
        };
        let crosses = is_component(&record.actor) && is_component(&cause.actor);
        assert!(
            !crosses || record.actor == cause.actor,
            "{} reacts to {} directly: {} / {}",
            record.actor,
            cause.actor,
            cause.sentence(),
            record.sentence()
        );
    }
}

fn commits(
    cluster: &Cluster,
) -> impl Iterator<Item = (&Record, &glassplane::store::Change, &Actor)> {
    cluster
        .trace()
        .iter()
        .filter_map(|record| match &record.detail {
            Detail::Api(apiserver::Note::Committed { change, by }) => {
                Some((&**record, &**change, by))
            }
            _ => None,
        })
}

#[test]
fn only_the_scheduler_binds_and_only_kubelets_and_node_lifecycle_write_phases() {
    let cluster = busy_world(5);
    let mut phases: BTreeMap<String, String> = BTreeMap::new();
    for (record, change, by) in commits(&cluster) {
        let Object::Pod(pod) = &change.object else {
            continue;
        };
        let before = match &change.previous {
            Some(Object::Pod(before)) => before.spec.node_name.clone(),
            _ => None,
        };
        if pod.spec.node_name != before {
            assert_eq!(*by, Actor::Scheduler, "{}", record.sentence());
        }
        let phase = pod.phase().to_owned();
        let last = phases.insert(pod.uid().to_owned(), phase.clone());
        if last.is_some_and(|last| last != phase) {
            let allowed = matches!(
                by,
                Actor::Kubelet(_) | Actor::Controller("node-lifecycle-controller")
            );
            assert!(allowed, "{by} wrote a phase: {}", record.sentence());
        }
    }
    assert!(!phases.is_empty());
}

#[test]
fn any_past_step_is_made_again_exactly() {
    let mut cluster = with_web(11, 3, 3);
    let mut history = History::starting_at(&cluster);
    let mut lengths = vec![cluster.trace().len()];
    for _ in 0..700 {
        if cluster.steps() == 300 {
            cluster.submit(command("scale deployment/web --replicas=6", ""));
        }
        if !cluster.step() {
            break;
        }
        history.keep(&cluster);
        lengths.push(cluster.trace().len());
    }
    let whole = lines(&cluster);
    for step in [0, 1, 17, 255, 256, 257, 299, 300, 301, 512, 650] {
        let past = history.at(step, &cluster);
        let length = lengths[usize::try_from(step).expect("a small number")];
        assert_eq!(past.steps(), step);
        assert_eq!(lines(&past), whole[..length], "step {step}");
    }
}
