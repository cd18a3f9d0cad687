//! Worlds that settle without a step: what was due last changed nothing and left no record.

use std::time::Duration;

use glassplane::cluster::breakpoint::{BreakOrder, Breakpoints, Condition};
use glassplane::cluster::driver::{Driver, Order, Until};
use glassplane::cluster::{Cluster, SessionFile, Verdict};
use glassplane::sim::RecordId;

use crate::sessions::{Made, random};

/// How many sessions are looked through for one that settles in this way.
const SESSIONS_MOST: u64 = 200;

/// A run that settled without a step: right after its last step before that, settled, and at its end.
struct Rest {
    before: Cluster,
    settled: Cluster,
    made: Made,
}

fn rest() -> Rest {
    for seed in 0..SESSIONS_MOST {
        let mut last: Option<Cluster> = None;
        let mut found = None;
        let made = random(seed, 500, |world| {
            let last = last.replace(world.clone());
            let is_same_step = |last: &Cluster| {
                last.steps() == world.steps() && last.now() < world.now() && world.is_settled()
            };
            if let Some(last) = last.filter(is_same_step) {
                found.get_or_insert((last, world.clone()));
            }
        });
        if let Some((before, settled)) = found {
            return Rest {
                before,
                settled,
                made,
            };
        }
    }
    panic!("none of {SESSIONS_MOST} sessions settles without a step");
}

#[test]
fn a_session_saved_where_the_world_settled_without_a_step_opens_settled() {
    let Rest { settled, .. } = rest();
    let text = SessionFile::of(&settled, &[], &Breakpoints::default()).to_yaml();
    let read = SessionFile::parse(&text.expect("a session is YAML")).expect("just written");
    let replayed = read.replay("again");
    assert_eq!(replayed.problems, Vec::<String>::new());
    assert!(matches!(replayed.verdict, Verdict::Same { .. }));
    assert!(replayed.cluster.is_settled());
    assert_eq!(replayed.cluster.now(), settled.now());
    assert_eq!(replayed.cluster.fingerprint(), settled.fingerprint());
}

#[test]
fn a_moment_after_the_world_settled_without_a_step_belongs_to_the_step_before() {
    let Rest {
        before,
        settled,
        made,
    } = rest();
    let next = made.history.at(settled.steps() + 1, &made.cluster);
    assert!(next.now() > settled.now());
    let between = settled.now() + Duration::from_nanos(1);
    for moment in [before.now(), settled.now(), between] {
        let world = made.history.at_time(moment, &made.cluster);
        assert_eq!(world.steps(), settled.steps(), "{moment}");
        assert_eq!(world.fingerprint(), before.fingerprint(), "{moment}");
    }
    let then = made.history.at_time(next.now(), &made.cluster);
    assert!(then.steps() > settled.steps() && then.now() == next.now());
    // Of the step itself the state is shown that its last record left.
    let at = made.history.at(settled.steps(), &made.cluster);
    assert_eq!(at.fingerprint(), before.fingerprint());
    let last = RecordId(settled.trace().next_id().0 - 1);
    let at = made.history.at_record(last, &made.cluster);
    assert_eq!(at.fingerprint(), before.fingerprint());
}

#[test]
fn a_breakpoint_for_a_world_that_settled_without_a_record_stops_at_the_last_one() {
    let Rest {
        before, settled, ..
    } = rest();
    let last = settled.trace().last().expect("something happened").id;
    let mut driver = Driver::new(before);
    let condition = Condition::parse("when settled()").expect("an expression");
    driver.obey(Order::Break(BreakOrder::Add(condition)));
    driver.obey(Order::Advance(Until::Step));
    let snapshot = driver.snapshot();
    assert_eq!(snapshot.head.steps(), settled.steps());
    assert_eq!(snapshot.stop.map(|stop| stop.record), Some(last));
}
