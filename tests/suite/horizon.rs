//! Memory is bounded: a trace forgets its oldest records, and whoever comes to where it begins is told.

use glassplane::api::{Key, Kind};
use glassplane::cluster::breakpoint::Breakpoints;
use glassplane::cluster::compare::first_difference;
use glassplane::cluster::driver::{Driver, Order, Pace, When};
use glassplane::cluster::{Cluster, ClusterConfig, History, SessionFile, Verdict};
use glassplane::sim::{RecordId, Time};

use crate::screen::Person;
use crate::worlds::{command, settle, web};

/// How many records the worlds of these tests keep.
const MOST: usize = 2000;

/// A Deployment that settled and was scaled long ago, then heartbeats.
fn world(records_most: usize, steps: u64) -> (Cluster, History) {
    let config = ClusterConfig::with_nodes(7, 3);
    let mut cluster = Cluster::new(ClusterConfig {
        records_most,
        ..config
    });
    cluster.submit(command("apply -f file.yaml", &web(3)));
    let mut history = History::starting_at(&cluster);
    for step in 0..steps {
        if step == 500 {
            cluster.submit(command("scale deployment/web --replicas=4", ""));
        }
        cluster.step();
        history.keep(&cluster);
    }
    (cluster, history)
}

fn quiet(records_most: usize) -> (Cluster, History) {
    world(records_most, 5000)
}

#[test]
fn equal_worlds_stay_equal_whatever_they_remember() {
    let (whole, _) = quiet(usize::MAX);
    let (short, _) = quiet(MOST);
    assert_eq!(short.fingerprint(), whole.fingerprint());
    let (all, some) = (whole.trace(), short.trace());
    assert_eq!(some.fingerprint(), all.fingerprint());
    assert_eq!(some.next_id(), all.next_id());
    assert_eq!(
        (all.horizon(), all.len() as u64),
        (RecordId(0), all.next_id().0)
    );
    assert_eq!(some.len(), MOST);
    assert_eq!(some.horizon().0, all.next_id().0 - MOST as u64);
    let horizon = some.horizon();
    assert!(some.get(RecordId(horizon.0 - 1)).is_none());
    assert!(some.has_forgotten(RecordId(horizon.0 - 1)) && !some.has_forgotten(horizon));
    for record in all.since(horizon) {
        let kept = some.get(record.id).expect("it is kept");
        assert_eq!(kept.to_value(), record.to_value());
    }
    let numbers = |from: u64| some.since(RecordId(from)).map(|record| record.id.0);
    assert!(numbers(0).eq(horizon.0..some.next_id().0));
    assert!(numbers(horizon.0 + 7).eq(horizon.0 + 7..some.next_id().0));
    assert_eq!(first_difference(all, some, RecordId(0)), None);
}

#[test]
fn a_way_back_that_comes_to_the_horizon_says_so_and_pretends_no_origin() {
    let (cluster, _) = quiet(MOST);
    let trace = cluster.trace();
    let words = format!("what came before record {} is forgotten", trace.horizon());
    let mut broken_off = 0;
    for record in trace.iter() {
        let last = trace.why(record.id).last().expect("the record itself");
        match (last.cause, trace.breaks_off(last)) {
            (None, None) => {}
            (Some(cause), Some(said)) => {
                broken_off += 1;
                assert!(trace.has_forgotten(cause));
                assert_eq!(said, words);
                assert_eq!(trace.latency(last), None);
            }
            other => panic!("{}: {other:?}", last.sentence()),
        }
    }
    assert!(broken_off > 0, "heartbeats began long before the horizon");
    // What begins after the horizon has its origin as ever.
    let mut cluster = cluster;
    cluster.submit(command("scale deployment/web --replicas=2", ""));
    assert!(settle(&mut cluster, 60));
    let trace = cluster.trace();
    let web = Key::new(Kind::Deployment, "default", "web");
    let write = trace.last_write(&web).expect("just written");
    let origin = trace.why(write.id).last().expect("an origin");
    assert!(
        origin.sentence().contains("replicas=2"),
        "{}",
        origin.sentence()
    );
    assert_eq!(trace.breaks_off(origin), None);
}

#[test]
fn a_question_about_what_is_forgotten_says_that_it_is() {
    let (cluster, _) = quiet(MOST);
    let horizon = cluster.trace().horizon();
    let oldest = cluster.trace().get(horizon).expect("kept").revision;
    let forgotten = format!("what came before record {horizon} is forgotten");
    for (words, wanted) in [
        ("#12", "record #12 is no longer known: "),
        ("r30", "the write of revision 30 is no longer known: "),
        (
            "deployment/web",
            "no write is known that has set deployment default/web; ",
        ),
        (
            "deployment/web:spec.replicas",
            "no write is known that has set spec.replicas of ",
        ),
    ] {
        let error = cluster.record_meant(words).expect_err(words);
        assert!(
            error.contains(wanted) && error.ends_with(&forgotten),
            "{error}"
        );
    }
    let newest = cluster.store().revision();
    assert!(newest > oldest);
    for (words, wanted) in [
        (format!("r{}", newest + 1), "the store is at revision"),
        ("deployment/wep".to_owned(), "did you mean \"web\"?"),
    ] {
        let error = cluster.record_meant(&words).expect_err(&words);
        assert!(error.contains(wanted), "{error}");
    }
    // All revisions after the horizon are found.
    for revision in oldest + 1..=newest {
        let record = cluster
            .record_meant(&format!("r{revision}"))
            .expect("written");
        let change = cluster
            .trace()
            .get(record)
            .and_then(|record| record.change());
        assert_eq!(change.map(|change| change.revision), Some(revision));
    }
}

#[test]
fn every_moment_back_to_the_horizon_is_shown_and_earlier_ones_are_told_to_be_forgotten() {
    let (whole, all) = quiet(usize::MAX);
    let (short, some) = quiet(MOST);
    assert_eq!(all.horizon().step, 0);
    let horizon = some.horizon();
    // Checkpoints stand 256 steps apart; the oldest is the first one whose last record is known.
    assert!(horizon.step.is_multiple_of(256), "{horizon:?}");
    assert!(horizon.record < short.trace().next_id());
    let oldest = some.at(0, &short);
    assert_eq!(oldest.steps(), horizon.step);
    assert!(oldest.trace().next_id() > short.trace().horizon());
    for step in (horizon.step..short.steps()).step_by(97) {
        let (there, here) = (all.at(step, &whole), some.at(step, &short));
        assert_eq!(here.steps(), step);
        assert_eq!(here.fingerprint(), there.fingerprint(), "step {step}");
        assert_eq!(here.trace().fingerprint(), there.trace().fingerprint());
        assert_eq!(
            here.trace().len(),
            MOST,
            "the past knows as much as the present"
        );
    }
}

#[test]
fn whoever_asks_for_what_lies_before_the_horizon_comes_to_the_horizon_and_is_told() {
    let mut driver = Driver::new(world(MOST, 0).0);
    driver.obey(Order::Pace(Pace::Clock {
        hundredths: 100_000,
    }));
    driver.obey(Order::Run(true));
    driver.pass(std::time::Duration::from_secs(4), || false);
    let snapshot = driver.snapshot();
    let horizon = snapshot.horizon;
    assert!(horizon.step > 0, "{horizon:?}");
    let words = format!(
        "Step {} is as far back as this run is remembered: the newest {MOST} records are kept.",
        horizon.step
    );
    for when in [
        When::Step(0),
        When::Step(horizon.step - 1),
        When::Record(RecordId(3)),
        When::Time(Time::START),
    ] {
        driver.obey(Order::Show(when));
        let snapshot = driver.snapshot();
        assert_eq!(snapshot.world.steps(), horizon.step, "{when:?}");
        assert_eq!(snapshot.message.as_ref(), Some(&words), "{when:?}");
    }
    for when in [
        When::Step(horizon.step),
        When::Record(horizon.record),
        When::Time(horizon.time),
        When::Newest,
    ] {
        driver.obey(Order::Show(when));
        assert_eq!(driver.snapshot().message, None, "{when:?}");
    }
}

#[test]
fn a_session_replays_to_the_same_trace_whatever_was_remembered_when_it_was_saved() {
    for (saving, opening) in [(MOST, usize::MAX), (usize::MAX, MOST), (MOST, MOST)] {
        let (saved, _) = quiet(saving);
        let text = SessionFile::of(&saved, &[], &Breakpoints::default()).to_yaml();
        let text = text.expect("a session is YAML");
        let mut read = SessionFile::parse(&text).expect("just written");
        read.keep_records(opening);
        let replayed = read.replay("again");
        assert_eq!(replayed.problems, Vec::<String>::new());
        let same = Verdict::Same {
            records: usize::try_from(saved.trace().next_id().0).expect("few"),
            hash: saved.trace().fingerprint().to_string(),
        };
        assert_eq!(replayed.verdict, same);
    }
}

#[test]
fn an_edited_session_differs_at_the_same_record_whatever_is_remembered() {
    let (saved, _) = quiet(usize::MAX);
    let text = SessionFile::of(&saved, &[], &Breakpoints::default()).to_yaml();
    let text = text.expect("a session is YAML");
    let text = text.replace("--replicas=4", "--replicas=5");
    let scaled = |record: &&std::sync::Arc<glassplane::cluster::Record>| {
        record.sentence().contains("--replicas=4")
    };
    let scaled = saved
        .trace()
        .iter()
        .find(scaled)
        .expect("it was typed")
        .id
        .0;
    for opening in [usize::MAX, MOST] {
        let mut read = SessionFile::parse(&text).expect("well-formed");
        read.keep_records(opening);
        let verdict = read.replay("again").verdict;
        let Verdict::Differs { first, now, .. } = &verdict else {
            panic!("{verdict}");
        };
        // Of a trace of so many records, each second has a sign, of six bits.
        assert!((scaled..scaled + 8).contains(&first.0), "{first} {scaled}");
        if opening == MOST {
            assert_eq!(now, "what it is now is forgotten");
        }
    }
}

#[test]
fn the_screen_shows_the_horizon_on_the_time_bar_and_at_the_end_of_a_way_back() {
    let mut person = Person::before(world(MOST, 0).0, 120, 36);
    person.type_line("pace ×1000");
    person.press("space");
    person.wait(4);
    person.press("space");
    let text = person.text();
    assert!(text.contains("··╎━"), "{text}");
    assert!(text.contains("kept from"), "{text}");
    person.press("home");
    let text = person.text();
    assert!(
        text.contains("is as far back as this run is remembered"),
        "{text}"
    );
    person.press("p");
    let text = person.text();
    assert!(
        text.contains("is as far back as this run is remembered"),
        "{text}"
    );
    person.press("end 7 b up w");
    let text = person.text();
    assert!(
        text.contains("Why? What came before is forgotten"),
        "{text}"
    );
    person.press("end");
    let text = person.text();
    assert!(text.contains("╎ what came before record #"), "{text}");
}
