//! What is looked up of a moment is the same whichever moment was looked at before.

use std::sync::Arc;

use super::{FORGOTTEN_AT_ONCE, Records, before};
use crate::cluster::{Cluster, ClusterConfig, Command, Files, History};
use crate::sim::RecordId;

const WEB: &str = include_str!("../../../../../assets/manifests/web.yaml");

fn submit(cluster: &mut Cluster, line: &str) {
    let files = Arc::new(Files::from([(
        "web.yaml".to_owned(),
        WEB.as_bytes().into(),
    )]));
    cluster.submit(Command::parse(line, &files).expect("a command"));
}

fn steps(cluster: &mut Cluster, history: &mut History, count: usize) {
    for _ in 0..count {
        cluster.step();
        history.keep(cluster);
    }
}

/// Everything that can be asked about a moment, answered.
fn answers(records: &Records, world: &Cluster) -> Vec<String> {
    let objects = world.store().iter();
    let mut answers: Vec<String> = objects
        .map(|object| {
            let key = object.key();
            let told = (
                records.about(&key),
                records.story(&key),
                records.owner_of(&key),
            );
            format!("{key} {told:?}")
        })
        .collect();
    answers.push(format!("{:?} {:?}", records.subject(), records.decisions()));
    answers
}

fn check(records: &mut Records, world: &Cluster) {
    records.follow(world.trace());
    let mut fresh = Records::default();
    fresh.follow(world.trace());
    assert_eq!(
        answers(records, world),
        answers(&fresh, world),
        "step {}",
        world.steps()
    );
    assert!(records.is_at(world.trace()));
}

#[test]
fn records_follow_jumps_back_and_forth_and_into_a_fork() {
    let mut head = Cluster::new(ClusterConfig::default());
    submit(&mut head, "apply -f web.yaml");
    let mut history = History::starting_at(&head);
    steps(&mut head, &mut history, 700);
    let mut records = Records::default();
    check(&mut records, &head);
    for step in [600, 90, 91, 300, 5, 699] {
        check(&mut records, &history.at(head.steps() - 700 + step, &head));
    }
    let whole = records.trace.len();
    check(&mut records, &head);
    assert_eq!(
        records.trace.len(),
        whole,
        "jumps into the past forget nothing"
    );

    let mut fork = history.at(head.steps() - 500, &head);
    let common = fork.trace().next_id();
    submit(&mut fork, "delete deployment web");
    for _ in 0..300 {
        fork.step();
        check(&mut records, &fork);
    }
    assert!(records.shared_with(head.trace()) >= common);
    check(&mut records, &head);
    assert_eq!(records.end, RecordId(head.trace().len() as u64));
}

#[test]
fn what_the_trace_has_forgotten_is_forgotten_here_too() {
    let mut head = Cluster::new(ClusterConfig {
        records_most: 3000,
        ..ClusterConfig::default()
    });
    submit(&mut head, "apply -f web.yaml");
    let mut history = History::starting_at(&head);
    let mut records = Records::default();
    for _ in 0..24 {
        steps(&mut head, &mut history, 500);
        records.follow(head.trace());
        let mut fresh = Records::default();
        fresh.follow(head.trace());
        let horizon = head.trace().horizon();
        for (key, about) in &fresh.about {
            let known = before(records.about(key), horizon, |id| *id).len();
            assert_eq!(records.about(key)[known..], *about, "{key}");
        }
        let oldest = records.about.values().filter_map(|about| about.first());
        let oldest = oldest.min().expect("something is known");
        assert!(oldest.0 + FORGOTTEN_AT_ONCE + 2000 > horizon.0, "{oldest}");
    }
    assert!(head.trace().horizon().0 > 2 * FORGOTTEN_AT_ONCE);
    // Back to the oldest moment and forward again.
    let oldest = history.at(0, &head);
    records.follow(oldest.trace());
    assert!(records.is_at(oldest.trace()));
    records.follow(head.trace());
    assert!(records.is_at(head.trace()));
}
