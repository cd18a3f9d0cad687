//! Time is a place: any record can be shown again exactly, a fork leaves its parent alone, a session
//! replays to the same trace, at whatever pace it was made.

use std::collections::BTreeMap;

use glassplane::cluster::breakpoint::Breakpoints;
use glassplane::cluster::runs::Runs;
use glassplane::cluster::{Cluster, Fingerprint, History, SessionFile, Verdict};
use glassplane::sim::{Random, RecordId};
use glassplane::ui::frame::{self, Wanted};

use crate::sessions::random;
use crate::worlds::command;

/// What the screen shows of a world that stands still.
fn frame_of(world: &Cluster) -> String {
    let wanted = Wanted::default();
    frame::draw(world.clone(), &wanted)
        .expect("view 1 exists")
        .to_text()
}

/// Makes sessions, goes back to random records of each and forward again, and compares with the
/// first pass.
fn rewinds(sessions: u64, steps: u64, records: u64) {
    for seed in 0..sessions {
        let mut chance = Random::stream(seed, "rewinds");
        let sampled: Vec<u64> = (0..records).map(|_| chance.below(steps)).collect();
        let mut first: BTreeMap<u64, (Fingerprint, String, usize)> = BTreeMap::new();
        let made = random(seed, steps, |world| {
            if sampled.contains(&world.steps()) {
                let print = world.fingerprint();
                // What changes nothing is passed over without a step when the world settles by that; the
                // state before it is the one that is made again.
                let moment = (print, frame_of(world), world.trace().len());
                first.entry(world.steps()).or_insert(moment);
            }
        });
        let check = |world: &Cluster| {
            let Some((print, frame, records)) = first.get(&world.steps()) else {
                return;
            };
            let step = world.steps();
            assert_eq!(world.trace().len(), *records, "seed {seed}, step {step}");
            assert_eq!(world.fingerprint(), *print, "seed {seed}, step {step}");
            assert_eq!(frame_of(world), *frame, "seed {seed}, step {step}");
        };
        for (_, _, records) in first.values() {
            let record = RecordId(*records as u64 - 1);
            check(&made.history.at_record(record, &made.cluster));
        }
        // Forward again from the first of them, through all others.
        let start = *first.keys().next().expect("something was sampled");
        let mut world = made.history.at(start, &made.cluster);
        while world.steps() < made.cluster.steps() {
            check(&world);
            let next = first.range(world.steps() + 1..).next();
            let next = next.map_or(made.cluster.steps(), |(step, _)| *step);
            world = History::starting_at(&world).at(next, &made.cluster);
        }
    }
}

#[test]
fn back_to_any_record_and_forward_gives_the_same_worlds_and_frames() {
    rewinds(4, 300, 10);
}

#[test]
#[ignore = "200 sessions, 50 records each: some minutes"]
fn back_to_any_record_of_200_sessions_at_50_records_each() {
    rewinds(200, 800, 50);
}

/// Saves sessions, replays them, and compares the traces; forks each and looks at the parent.
fn replays(sessions: u64, steps: u64) {
    for seed in 0..sessions {
        let made = random(seed, steps, |_| ());
        let (trace, world) = (
            made.cluster.trace().fingerprint(),
            made.cluster.fingerprint(),
        );
        let file = SessionFile::of(&made.cluster, &[], &Breakpoints::default());
        let text = file.to_yaml().expect("a session is YAML");
        let read = SessionFile::parse(&text).expect("it was just written");
        let replayed = read.replay("again");
        assert_eq!(replayed.problems, Vec::<String>::new(), "seed {seed}");
        assert!(
            matches!(replayed.verdict, Verdict::Same { .. }),
            "{}",
            replayed.verdict
        );
        assert_eq!(replayed.cluster.trace().fingerprint(), trace, "seed {seed}");
        assert_eq!(replayed.cluster.fingerprint(), world, "seed {seed}");

        let mut runs = Runs::starting_at(made.cluster);
        let moment = made.history.at(steps / 2, &runs.shown().head);
        runs.fork(
            &moment,
            Some(command("taint nodes node-a x=y:NoExecute", "")),
        );
        for _ in 0..steps {
            runs.shown_mut().step();
        }
        let parent = &runs.get(0).expect("the first run").head;
        assert_eq!(parent.trace().fingerprint(), trace, "seed {seed}");
        assert_eq!(parent.fingerprint(), world, "seed {seed}");
        assert_ne!(
            runs.shown().head.trace().fingerprint(),
            trace,
            "seed {seed}"
        );
    }
}

#[test]
fn a_saved_session_replays_to_the_same_trace_and_a_fork_leaves_its_parent_alone() {
    replays(4, 300);
}

#[test]
#[ignore = "200 sessions: some minutes"]
fn two_hundred_saved_sessions_replay_to_the_same_trace() {
    replays(200, 800);
}

/// The memory that this process has in use, in KiB.
fn resident_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[test]
#[expect(clippy::print_stderr, reason = "the figure is what it is run for")]
#[ignore = "a figure: what 100,000 steps of the default scenario take in memory"]
fn a_thousand_steps_of_the_default_scenario_take_less_than_two_mebibytes() {
    let mut run = Runs::starting_at(crate::worlds::with_web(7, 3, 3));
    let mut last = resident_kib();
    for _ in 0..4 {
        for _ in 0..25_000 {
            run.shown_mut().step();
        }
        let now = resident_kib();
        let Some(grown) = now.zip(last).map(|(now, last)| now - last) else {
            return;
        };
        eprintln!("{} KiB for 1,000 steps", grown / 25);
        assert!(grown / 25 < 2048);
        last = now;
    }
}
