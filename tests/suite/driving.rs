//! Stepping by meaning, breakpoints, paces, runs: what the driver does when the screen asks.

use std::time::Duration;

use glassplane::api::{Key, Kind, Object};
use glassplane::cluster::Expression;
use glassplane::cluster::breakpoint::{BreakOrder, Condition};
use glassplane::cluster::compare::{Difference, differences, first_difference};
use glassplane::cluster::driver::{Driver, Order, Pace, Snapshot, Until, When};
use glassplane::cluster::{Cluster, Fingerprint};
use glassplane::sim::{RecordId, RecordKind, Time};

use crate::worlds::{command, pods, ready, settle, web, with_web};

fn stop_at(driver: &mut Driver, text: &str) {
    let condition = Condition::parse(text).expect(text);
    driver.obey(Order::Break(BreakOrder::Add(condition)));
}

/// Lets seconds of the wall pass, a tenth at a time.
fn wait(driver: &mut Driver, seconds: u32) {
    for _ in 0..seconds * 10 {
        driver.pass(Duration::from_millis(100), || false);
    }
}

fn kinds(snapshot: &Snapshot) -> Vec<RecordKind> {
    snapshot
        .world
        .last_records()
        .map(|record| record.kind())
        .collect()
}

/// What stands for the trace up to the moment when everything has settled.
fn trace_of(mut drive: impl FnMut(&mut Driver)) -> Fingerprint {
    let mut cluster = with_web(7, 3, 3);
    let at = Time::from_secs(20);
    cluster.submit_at(at, command("scale deployment/web --replicas=5", ""));
    cluster.submit_at(Time::from_secs(40), command("fault node-down node-b", ""));
    let mut driver = Driver::new(cluster);
    drive(&mut driver);
    // Each went on for as long as it liked; all are compared up to the same step.
    let end = 900;
    driver.obey(Order::Advance(Until::Settled));
    let head = driver.snapshot().head;
    assert!(head.steps() >= end, "{} steps", head.steps());
    driver.obey(Order::Show(When::Step(end)));
    driver.snapshot().world.trace().fingerprint()
}

#[test]
fn the_trace_is_the_same_stepped_paused_at_any_pace_and_headless() {
    let mut headless = with_web(7, 3, 3);
    headless.submit_at(
        Time::from_secs(20),
        command("scale deployment/web --replicas=5", ""),
    );
    headless.submit_at(Time::from_secs(40), command("fault node-down node-b", ""));
    settle(&mut headless, 600);
    let wanted = headless.at_step(900).trace().fingerprint();
    let run = |driver: &mut Driver, pace: Pace, seconds: u32| {
        driver.obey(Order::Pace(pace));
        driver.obey(Order::Run(true));
        wait(driver, seconds);
    };
    let clock = |hundredths| Pace::Clock { hundredths };
    let stepped = trace_of(|driver| {
        for _ in 0..300 {
            driver.obey(Order::Advance(Until::Step));
        }
    });
    assert_eq!(stepped, wanted, "stepped");
    assert_eq!(trace_of(|driver| run(driver, clock(100), 45)), wanted, "×1");
    assert_eq!(
        trace_of(|driver| run(driver, clock(10), 20)),
        wanted,
        "×0.1"
    );
    assert_eq!(
        trace_of(|driver| run(driver, clock(100_000), 1)),
        wanted,
        "×1000"
    );
    let steps = Pace::Steps {
        in_ten_seconds: 500,
    };
    assert_eq!(
        trace_of(|driver| run(driver, steps, 3)),
        wanted,
        "50 steps/s"
    );
    let paused = trace_of(|driver| {
        run(driver, clock(1000), 1);
        driver.obey(Order::Run(false));
        wait(driver, 5);
        driver.obey(Order::Advance(Until::Write));
        run(driver, clock(6000), 1);
    });
    assert_eq!(paused, wanted, "paused");
    let watched = trace_of(|driver| {
        stop_at(driver, "sched.bind");
        run(driver, clock(1000), 4);
        assert!(driver.snapshot().stop.is_some());
        driver.obey(Order::Show(When::Step(3)));
        run(driver, clock(1000), 4);
        driver.obey(Order::Break(BreakOrder::Remove(1)));
    });
    assert_eq!(watched, wanted, "stopped and shown again");
}

#[test]
fn each_advance_stops_at_what_it_waits_for() {
    let mut driver = Driver::new(with_web(7, 3, 2));
    driver.obey(Order::Advance(Until::Write));
    assert!(kinds(&driver.snapshot()).contains(&RecordKind::StoreCommit));
    driver.obey(Order::Advance(Until::Reconciled));
    assert!(kinds(&driver.snapshot()).contains(&RecordKind::ReconcileEnd));
    let web = Key::new(Kind::Deployment, "default", "web");
    driver.obey(Order::Advance(Until::About(web.clone())));
    let snapshot = driver.snapshot();
    let mut about = snapshot.world.last_records().map(|record| record.object());
    assert!(about.any(|key| key.as_ref() == Some(&web)));
    let expression = Expression::parse("ready(\"web\") == 1").expect("it is one");
    driver.obey(Order::Advance(Until::True(expression.clone())));
    assert_eq!(ready(&driver.snapshot().world, "web"), 1);
    assert_eq!(
        driver.snapshot().message.as_deref(),
        Some("ready(\"web\") == 1 came true.")
    );
    driver.obey(Order::Advance(Until::True(expression)));
    assert_eq!(
        driver.snapshot().message.as_deref(),
        Some("ready(\"web\") == 1 is true already.")
    );
    driver.obey(Order::Advance(Until::Settled));
    assert!(driver.snapshot().world.is_settled());
    // The same in the past, over what is recorded.
    driver.obey(Order::Show(When::Step(0)));
    driver.obey(Order::Advance(Until::Reconciled));
    let snapshot = driver.snapshot();
    assert!(!snapshot.is_newest() && kinds(&snapshot).contains(&RecordKind::ReconcileEnd));
}

#[test]
fn waiting_in_vain_costs_no_time() {
    let mut driver = Driver::new(with_web(7, 3, 2));
    driver.obey(Order::Advance(Until::Settled));
    let before = driver.snapshot();
    let nobody = Key::new(Kind::Pod, "default", "nobody");
    let never = Expression::parse("ready(\"nobody\") == 5").expect("an expression");
    for until in [Until::About(nobody), Until::True(never)] {
        driver.obey(Order::Advance(until));
        let after = driver.snapshot();
        let told = after.message.as_deref().unwrap_or_default();
        assert!(told.contains("still here"), "{told}");
        assert_eq!(after.world.steps(), before.world.steps());
        assert_eq!(after.world.now(), before.world.now());
        assert_eq!(after.world.fingerprint(), before.world.fingerprint());
    }
}

#[test]
fn a_breakpoint_stops_a_running_world_at_the_step_of_its_record() {
    for (text, wanted) in [
        ("sched.bind", "kube-scheduler binds pod default/web-"),
        ("sched", "kube-scheduler takes pod default/web-"),
        (
            "by replicaset-controller about replicaset",
            "replicaset-controller",
        ),
        ("store.commit about pod/web-*", "etcd pod default/web-"),
        (
            "reconcile.act by deployment-controller",
            "deployment-controller",
        ),
        ("by kubelet about pod", "kubelet/node-"),
        ("when ready(\"web\") == 2", "came true"),
        ("store.commit when revision() > 45", "etcd"),
    ] {
        for pace in [
            Pace::Clock {
                hundredths: 100_000,
            },
            Pace::Clock { hundredths: 100 },
            Pace::Steps {
                in_ten_seconds: 10_000,
            },
        ] {
            let mut driver = Driver::new(with_web(7, 3, 3));
            stop_at(&mut driver, text);
            driver.obey(Order::Pace(pace));
            driver.obey(Order::Run(true));
            wait(&mut driver, 20);
            let snapshot = driver.snapshot();
            assert!(!snapshot.running, "{text}");
            let stop = snapshot.stop.as_ref().expect(text);
            assert_eq!(snapshot.message.as_ref(), Some(&stop.words));
            assert!(stop.words.contains(wanted), "{text}: {}", stop.words);
            let mut last = snapshot.world.last_records();
            assert!(last.any(|record| record.id == stop.record), "{text}");
            // No earlier record would have been one to stop at.
            let again = Condition::parse(text).expect(text);
            let mut second = Driver::new(with_web(7, 3, 3));
            second.obey(Order::Break(BreakOrder::Add(again)));
            second.obey(Order::Advance(Until::Settled));
            assert_eq!(second.snapshot().stop.as_ref(), Some(stop), "{text}");
        }
    }
}

#[test]
fn a_stopped_world_goes_on_to_the_next_hit_and_a_breakpoint_can_be_switched_and_removed() {
    let mut driver = Driver::new(with_web(7, 3, 3));
    stop_at(&mut driver, "sched.score");
    let mut stops = Vec::new();
    for _ in 0..4 {
        driver.obey(Order::Advance(Until::Settled));
        stops.extend(driver.snapshot().stop.map(|stop| stop.record));
    }
    assert_eq!(stops.len(), 3, "each of the three pods is scored once");
    assert!(stops.windows(2).all(|pair| pair[0] < pair[1]));
    driver.obey(Order::Show(When::Step(0)));
    driver.obey(Order::Break(BreakOrder::Switch(1, false)));
    driver.obey(Order::Advance(Until::Settled));
    assert_eq!(driver.snapshot().stop, None);
    driver.obey(Order::Show(When::Step(0)));
    driver.obey(Order::Break(BreakOrder::Switch(1, true)));
    driver.obey(Order::Advance(Until::Settled));
    assert_eq!(
        driver.snapshot().stop.map(|stop| stop.record),
        Some(stops[0]),
        "also in the past"
    );
    driver.obey(Order::Break(BreakOrder::Remove(1)));
    assert!(driver.snapshot().breakpoints.is_empty());
    driver.obey(Order::Break(BreakOrder::Remove(1)));
    assert_eq!(
        driver.snapshot().message.as_deref(),
        Some("There is no breakpoint 1.")
    );
}

#[test]
fn a_breakpoint_that_cannot_be_read_says_what_would_be_right() {
    for (text, wanted) in [
        ("", "break at what? break sched.bind"),
        ("shced.bind", "did you mean \"sched.bind\"?"),
        ("by kube-schedule", "did you mean \"kube-scheduler\"?"),
        ("by", "there is no actor \"\""),
        (
            "about gizmo/web",
            "the server doesn't have a resource type \"gizmo\"",
        ),
        ("about a/b/c/d", "names no object"),
        ("when ready(", "this is no CEL expression"),
        ("when pods == 3", "there is no variable \"pods\""),
        ("when reday(\"web\") == 3", "there is no function \"reday\""),
    ] {
        let error = Condition::parse(text).expect_err(text);
        assert!(error.contains(wanted), "{text}: {error}");
    }
}

#[test]
fn an_expression_without_an_answer_stops_the_world_and_switches_its_breakpoint_off() {
    let mut driver = Driver::new(with_web(7, 3, 1));
    stop_at(
        &mut driver,
        "when obj(\"Deployment\", \"web\").spec.replicas == 1",
    );
    driver.obey(Order::Advance(Until::Settled));
    let snapshot = driver.snapshot();
    let words = snapshot.stop.expect("it stopped").words;
    assert!(
        words.starts_with("Breakpoint 1 is off, \"when obj("),
        "{words}"
    );
    let breakpoint = snapshot.breakpoints.iter().next().expect("it is kept");
    assert!(!breakpoint.is_on && breakpoint.trouble.is_some());
    let expression = Expression::parse("pods(\"!!\").size() == 1").expect("it reads");
    driver.obey(Order::Advance(Until::True(expression)));
    let message = driver.snapshot().message.expect("it says so");
    assert!(message.contains("pods(\"!!\")"), "{message}");
}

#[test]
fn an_expression_without_an_answer_says_what_would_have_one() {
    let mut world = with_web(7, 3, 1);
    for (is_settled, source, wanted) in [
        (
            false,
            "obj(\"Deployment\", \"web\").spec.replicas == 1",
            "obj(…) is null while there is no such object; begin with obj(…) != null &&",
        ),
        (
            true,
            "obj(\"Deployment\", \"web\").status.foo == 1",
            "there is no field \"foo\" at this moment; has(….foo) tells whether there is",
        ),
        (
            true,
            "nonsense(\"web\")",
            "there is no function \"nonsense\"; there are settled()",
        ),
        (
            true,
            "obj(\"Gizmo\", \"web\") == null",
            "obj(): there is no kind \"Gizmo\"",
        ),
        (
            true,
            "seconds()",
            "the expression is int where true or false is needed",
        ),
    ] {
        if is_settled {
            settle(&mut world, 60);
        }
        let expression = Expression::parse(source).expect(source);
        let error = expression.holds(&world).expect_err(source);
        assert!(
            error.message.contains(wanted),
            "{source}: {}",
            error.message
        );
    }
}

#[test]
fn nothing_moves_without_a_key_while_somebody_presents() {
    let mut driver = Driver::new(with_web(7, 3, 1));
    driver.obey(Order::Run(true));
    driver.obey(Order::Pace(Pace::Keys));
    wait(&mut driver, 60);
    assert_eq!(driver.snapshot().head.steps(), 0);
    driver.obey(Order::Run(true));
    wait(&mut driver, 60);
    assert_eq!(
        driver.snapshot().head.steps(),
        1,
        "a key makes one happening"
    );
    assert!(!driver.snapshot().running);
}

/// A Deployment that has settled, and a fork at its first binding where the chosen node is tainted.
fn forked() -> (Driver, Cluster) {
    let mut driver = Driver::new(with_web(7, 3, 1));
    driver.obey(Order::Advance(Until::Settled));
    let first = (*driver.snapshot().head).clone();
    let bound = first.record_meant("pod/web-:spec.nodeName").expect("bound");
    driver.obey(Order::Show(When::Record(bound)));
    let node = pods(&first)[0].spec.node_name.clone().expect("bound");
    let line = format!("taint nodes {node} maintenance=yes:NoExecute");
    driver.obey(Order::Fork(Some(command(&line, ""))));
    driver.obey(Order::Advance(Until::Settled));
    (driver, first)
}

#[test]
fn a_fork_is_another_run_that_can_be_left_and_visited_and_the_first_one_stays_as_it_was() {
    let (mut driver, first) = forked();
    let snapshot = driver.snapshot();
    assert_eq!((snapshot.runs.len(), snapshot.run), (2, 1));
    let fork = &snapshot.runs[1];
    assert_eq!(&*fork.name, "fork-1");
    assert!(
        fork.command
            .as_deref()
            .is_some_and(|line| line.starts_with("kubectl taint nodes"))
    );
    let moved = pods(&snapshot.head);
    assert_eq!(moved.len(), 1);
    assert_ne!(moved[0].spec.node_name, pods(&first)[0].spec.node_name);
    driver.obey(Order::VisitFirst);
    let snapshot = driver.snapshot();
    assert_eq!(snapshot.run, 0);
    assert_eq!(snapshot.head.fingerprint(), first.fingerprint());
    assert_eq!(
        snapshot.head.trace().fingerprint(),
        first.trace().fingerprint()
    );
    driver.obey(Order::VisitFirst);
    assert_eq!(driver.snapshot().run, 1, "the same key goes back");
}

#[test]
fn two_runs_beside_each_other_show_the_first_record_and_the_fields_that_differ() {
    let (mut driver, first) = forked();
    driver.obey(Order::Beside(Some(0)));
    let snapshot = driver.snapshot();
    let beside = snapshot.beside.as_ref().expect("the first run");
    // Both have settled, so what came of both is compared; on the way, the same moment is.
    assert_eq!(beside.world.fingerprint(), first.fingerprint());
    let halfway = snapshot.runs[1].branching.as_ref().expect("a fork").step + 20;
    driver.obey(Order::Show(When::Step(halfway)));
    let past = driver.snapshot();
    let other = past.beside.expect("still there").world;
    assert!(other.now() <= past.world.now() && other.steps() < first.steps());
    assert!(other.next_at().is_some_and(|(at, _)| at > past.world.now()));
    let from = snapshot.runs[1].branching.as_ref().expect("a fork").record;
    let (left, right) = (beside.world.trace(), snapshot.world.trace());
    let differs = first_difference(left, right, RecordId(0)).expect("they differ");
    assert!(differs >= from);
    let command = right.get(differs).expect("the fork's own command");
    assert_eq!(command.kind(), RecordKind::Command);
    assert_eq!(first_difference(left, left, RecordId(0)), None);
    let found = differences(&beside.world, &snapshot.world);
    let of = |kind: Kind| found.iter().filter(move |each| each.key().kind == kind);
    assert!(of(Kind::Pod).any(|each| matches!(each, Difference::OnlyLeft(_))));
    assert!(of(Kind::Pod).any(|each| matches!(each, Difference::OnlyRight(_))));
    let taints = of(Kind::Node).find_map(|each| match each {
        Difference::Fields(_, fields) => fields.iter().find(|field| field.path == "spec.taints"),
        _ => None,
    });
    let taints = taints.expect("the taint differs");
    assert_eq!(taints.before, None);
    let after = taints.after.as_ref().expect("a taint");
    assert_eq!(after[0]["key"], "maintenance");
    assert_eq!(differences(&first, &first), Vec::new());
}

#[test]
fn a_command_that_would_hit_nothing_starts_no_fork() {
    let mut driver = Driver::new(with_web(7, 3, 1));
    driver.obey(Order::Advance(Until::Settled));
    driver.obey(Order::Show(When::Step(20)));
    driver.obey(Order::Fork(Some(command("fault node-down node-z", ""))));
    let snapshot = driver.snapshot();
    assert_eq!(snapshot.runs.len(), 1);
    assert!(
        snapshot
            .message
            .is_some_and(|message| message.contains("node-z"))
    );
    driver.obey(Order::Submit(command("get pods", "")));
    assert!(
        driver
            .snapshot()
            .message
            .is_some_and(|message| message.contains("the past"))
    );
}

#[test]
fn moments_are_found_by_step_record_and_time() {
    let mut driver = Driver::new(with_web(7, 3, 2));
    driver.obey(Order::Advance(Until::Settled));
    let head = driver.snapshot().head;
    for record in head.trace().iter().skip(40).step_by(97) {
        driver.obey(Order::Show(When::Record(record.id)));
        let world = driver.snapshot().world;
        assert!(world.last_records().any(|each| each.id == record.id) || world.steps() == 0);
    }
    let moment = Time::START + Duration::from_millis(500);
    driver.obey(Order::Show(When::Time(moment)));
    let world = driver.snapshot().world;
    assert!(world.now() <= moment && world.next_at().is_some_and(|(at, _)| at > moment));
    driver.obey(Order::Mark("half".to_owned()));
    let marks = driver.snapshot().bookmarks;
    assert_eq!((marks[0].step, &*marks[0].name), (world.steps(), "half"));
    driver.obey(Order::Show(When::Newest));
    assert!(driver.snapshot().is_newest());
    let objects = head.store().list(Kind::Pod, None).map(Object::key).count();
    assert_eq!(objects, 2);
    assert!(web(2).contains("replicas: 2"));
}
