//! Time at the screen: the walk from a binding to another run, breakpoints, bookmarks, sessions.

use glassplane::api::{Kind, Object};
use glassplane::sim::RecordKind;
use glassplane::ui::model::{Mode, Overlay};

use crate::frames::check;
use crate::screen::Person;
use crate::worlds::pods;

/// Types a line behind the colon and takes it.
fn command(person: &mut Person, line: &str) {
    person.press(":");
    person.type_text(&format!("{line}\n"));
}

/// Submit, run, back to the binding, taint the chosen node, fork, run, compare. A typed line counts as
/// one key. Returns how many keys it took.
fn walk(person: &mut Person, mut look: impl FnMut(&str, &Person)) -> usize {
    person.press("a F");
    look("settled", person);
    person.press("3 g");
    look("binding", person);
    let snapshot = person.snapshot();
    let binds = |kind| kind == RecordKind::SchedBind;
    assert!(
        snapshot
            .world
            .last_records()
            .any(|record| binds(record.kind()))
    );
    let record = person
        .model
        .record
        .and_then(|id| snapshot.world.trace().get(id));
    let chosen = record.expect("the cursor is on it").sentence();
    let node = chosen.rsplit(' ').next().expect("binds pod … to NODE");
    command(
        person,
        &format!("taint nodes {node} maintenance=yes:NoExecute"),
    );
    look("question", person);
    person.press("enter F");
    look("forked", person);
    person.press("c");
    look("compared", person);
    8
}

#[test]
fn from_the_binding_to_another_run_beside_the_first_it_takes_eight_keys() {
    for (width, height) in [(80, 24), (120, 36)] {
        let mut person = Person::on_first_visit(width, height);
        let keys = walk(&mut person, |name, person| {
            if name != "settled" {
                check(&format!("walk-{name}-{width}x{height}"), person);
            }
        });
        assert!(keys <= 9);
        let text = person.text();
        for words in ["first", "fork-1", "≠", "spec.taints", "is only in"] {
            assert!(text.contains(words), "{words} is missing in\n{text}");
        }
        person.press("c o");
        assert_eq!(person.snapshot().run, 0);
        person.press("o");
        assert_eq!(person.snapshot().run, 1);
    }
}

#[test]
fn both_runs_move_together_while_they_are_compared() {
    let mut person = Person::on_first_visit(120, 36);
    walk(&mut person, |_, _| ());
    let fork = person.snapshot().runs[1].branching.clone().expect("a fork");
    command(&mut person, &format!("goto {}", fork.step));
    for _ in 0..20 {
        person.press("n");
        let snapshot = person.snapshot();
        let beside = snapshot.beside.expect("still beside").world;
        assert!(beside.now() <= snapshot.world.now());
    }
    assert!(person.text().contains("Two runs, the same up to record"));
    person.press("esc");
    assert!(person.snapshot().beside.is_none());
}

#[test]
fn no_leaves_the_past_as_it_is() {
    let mut person = Person::on_first_visit(80, 24);
    person.press("a F p");
    command(&mut person, "scale deployment/web --replicas=5");
    assert!(matches!(
        person.model.mode,
        Mode::Reading(Overlay::Fork { .. })
    ));
    person.press("esc");
    let snapshot = person.snapshot();
    assert_eq!(
        (snapshot.runs.len(), snapshot.head.journal().count()),
        (1, 1)
    );
    assert!(person.model.asked.is_none());
}

#[test]
fn a_breakpoint_is_typed_hit_listed_switched_and_removed() {
    let mut person = Person::on_first_visit(80, 24);
    command(&mut person, "break sched.bind");
    assert!(person.text().contains("Breakpoint 1 stops at sched.bind."));
    person.press("a F");
    let text = person.text();
    assert!(text.contains("Breakpoint 1 (sched.bind) at #"), "{text}");
    let stop = person.snapshot().stop.expect("it stopped").record;
    assert_eq!(person.model.record, Some(stop));
    person.press("B");
    check("breakpoints-80x24", &person);
    person.press("s");
    assert!(person.text().contains("○ off"), "{}", person.text());
    person.press("s d");
    assert!(person.text().contains("None yet."));
    person.press("esc F");
    assert!(person.snapshot().world.is_settled());
    command(&mut person, "break when ready(");
    assert!(
        person.text().contains("this is no CEL expression"),
        "{}",
        person.text()
    );
}

#[test]
fn moments_have_names_and_the_bar_knows_the_way_to_them() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a n n n n n n n n n n n n");
    let here = person.snapshot().world.steps();
    command(&mut person, "mark here");
    person.press("F M");
    person.type_text("end\n");
    command(&mut person, "goto here");
    assert_eq!(person.snapshot().world.steps(), here);
    assert!(person.text().contains('◆'));
    person.press("home ]");
    assert_eq!(person.snapshot().world.steps(), here);
    person.press("] [");
    assert_eq!(person.snapshot().world.steps(), here);
    for (words, wanted) in [
        ("goto nowhere", "is no moment; write a step 120"),
        ("goto 99999", "step 99999 is beyond the last one"),
        ("goto pod/none", "pods \"none\" not found"),
        ("pace fast", "is no pace; write 2/s"),
        ("runs other", "there is no run \"other\"; there are first"),
        ("mark two words", "one name is needed"),
        ("break off x", "is no number of a breakpoint"),
        ("until ready(", "this is no CEL expression"),
        ("why gizmo/x", "doesn't have a resource type"),
    ] {
        command(&mut person, words);
        let text = person.text();
        assert!(text.contains(wanted), "{words}: {text}");
        person.press("esc");
    }
    command(&mut person, "goto 0.5s");
    assert!(person.snapshot().world.now().as_millis() <= 500);
    command(&mut person, "pace x10");
    assert!(person.text().contains("time ×10"));
    person.press("t");
    assert!(person.text().contains("key by key"));
}

#[test]
fn goto_with_a_sign_goes_on_from_the_moment_that_is_shown() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F");
    for _ in 0..2 {
        let before = person.snapshot().world.now();
        command(&mut person, "goto +5m");
        let after = person.snapshot().world.now();
        assert_eq!(after.since(before).as_secs(), 300);
    }
}

#[test]
fn quiet_time_that_was_skipped_is_said_with_its_length() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F");
    command(&mut person, "fault node-down node-b");
    let is_skipped = |person: &Person| person.text().contains("of quiet skipped");
    let mut seen = false;
    for _ in 0..300 {
        person.press("n");
        seen |= is_skipped(&person);
    }
    assert!(seen, "fifty seconds pass before the node is given up");
}

#[test]
fn what_followed_from_the_command_is_a_tree_with_latencies() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F");
    command(&mut person, "effects #0");
    assert!(person.text().contains("What followed? "));
    person.press("esc");
    let snapshot = person.snapshot();
    let mut commands = snapshot
        .head
        .trace()
        .iter()
        .filter(|each| each.cause.is_none());
    let apply = commands.nth(1).expect("the apply").id;
    command(&mut person, &format!("effects {apply}"));
    check("effects-120x36", &person);
    person.press("down down enter");
    assert!(person.model.record.is_some_and(|record| record > apply));
    command(&mut person, "why deployment/web:status.readyReplicas");
    assert!(
        person.text().contains("back to kubectl apply -f -"),
        "{}",
        person.text()
    );
}

#[test]
fn a_session_is_saved_and_opened_beside_the_first_run() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F");
    command(&mut person, "break sched.bind about pod/web-*");
    command(&mut person, "mark settled");
    command(&mut person, "save kept.yaml");
    assert!(
        person.text().contains("Saved kept.yaml"),
        "{}",
        person.text()
    );
    let first = person.snapshot();
    command(&mut person, "open kept.yaml");
    let opened = person.snapshot();
    assert!(
        person.text().contains("The same run: "),
        "{}",
        person.text()
    );
    assert_eq!((opened.runs.len(), opened.run), (2, 1));
    assert_eq!(opened.head.fingerprint(), first.head.fingerprint());
    assert_eq!(opened.bookmarks, first.bookmarks);
    assert_eq!(
        opened.breakpoints.len(),
        2,
        "that of the file stands beside ours"
    );
    assert_eq!(pods(&opened.head).len(), pods(&first.head).len());
    // What cannot be read is told, and what was there stays.
    let text = person.kept.borrow().replace("apply -f -", "appyl -f -");
    *person.kept.borrow_mut() = text;
    command(&mut person, "open kept.yaml");
    let text = person.text();
    assert!(
        text.contains("Opened as far as it can be read: journal entry 1"),
        "{text}"
    );
    command(&mut person, "open nothing.yaml");
    assert!(person.text().contains("does not exist"));
    assert_eq!(person.snapshot().runs.len(), 3);
    person.press("O");
    check("runs-120x36", &person);
    person.press("home enter");
    assert_eq!(person.snapshot().run, 0);
    let web = person
        .snapshot()
        .head
        .store()
        .list(Kind::Deployment, None)
        .map(Object::key)
        .count();
    assert_eq!(web, 1);
}

#[test]
fn the_trace_is_the_same_with_the_screen_attached() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a space");
    while person.snapshot().running {
        person.wait(1);
        person.frame();
    }
    let watched = person.snapshot().head.trace().fingerprint();
    let mut other = Person::on_first_visit(80, 24);
    other.press("a");
    let mut headless = (*other.snapshot().head).clone();
    headless.run_until(std::time::Duration::from_mins(1), |cluster| {
        cluster.is_settled()
    });
    assert_eq!(watched, headless.trace().fingerprint());
}
