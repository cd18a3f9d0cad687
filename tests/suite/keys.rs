//! What keys do: the first minute, time, the selection, the editor, the command line.

use glassplane::api::{Key, Kind, Object};
use glassplane::cluster::{Cluster, ClusterConfig};
use glassplane::sim::RecordKind;
use glassplane::ui::action::Action;
use glassplane::ui::model::{Mode, Overlay, Pane};
use glassplane::ui::way::Way;

use crate::frames;
use crate::screen::Person;
use crate::worlds::command;

#[test]
fn three_keys_after_the_start_a_pod_runs_and_each_hop_was_seen() {
    let mut person = Person::on_first_visit(80, 24);
    assert!(person.text().contains("Press a to send this manifest"));
    person.press("a");
    assert!(person.text().contains("Space plays it hop by hop"));
    person.press("space");
    let seen = |person: &Person| {
        let world = person.snapshot().world;
        person.model.events.until(world.trace()).len()
    };
    let mut hops = vec![seen(&person)];
    while person.snapshot().running {
        person.wait(1);
        hops.push(seen(&person));
    }
    // At its pace no second brings more hops than an eye can follow.
    assert!(
        hops.windows(2).all(|pair| pair[1] - pair[0] < 12),
        "{hops:?}"
    );
    assert!(hops.len() < 150, "the first minute takes {} s", hops.len());
    assert!(person.text().contains("Running"));
    person.press("w");
    let text = person.text();
    assert!(text.contains("back to kubectl apply -f -"), "{text}");
}

#[test]
fn heartbeats_are_not_shown_before_somebody_asks() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F 7");
    assert!(!person.text().contains("kube-node-lease"));
    for _ in 0..3 {
        person.press("n");
    }
    assert!(
        !person.text().contains("kube-node-lease"),
        "{}",
        person.text()
    );
    person.press("b");
    assert!(
        person.text().contains("kube-node-lease"),
        "{}",
        person.text()
    );
}

#[test]
fn p_goes_back_and_n_comes_again_to_the_same_frame() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a n n n n n n n n n n");
    let there = person.snapshot().world.steps();
    let frame = person.text();
    person.press("p p p");
    assert_eq!(person.snapshot().world.steps(), there - 3);
    assert!(person.text().contains("the past"));
    person.press("end");
    assert_eq!(person.text(), frame);
    person.press("home");
    assert!(person.snapshot().world.steps() < there - 3);
}

#[test]
fn the_past_cannot_be_changed() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F home : ");
    person.type_text("scale deployment/web --replicas=5\n");
    assert!(person.text().contains("This is the past"));
    let commands = person.snapshot().head.journal().count();
    assert_eq!(commands, 1);
}

#[test]
fn questions_are_answered_at_once_and_leave_no_trace() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F :");
    let before = person.snapshot().head.trace().len();
    person.type_text("get pods\n");
    assert!(
        person.text().contains("READY   STATUS"),
        "{}",
        person.text()
    );
    assert_eq!(person.snapshot().head.trace().len(), before);
    person.press("esc :");
    person.type_text("get pod nobody\n");
    assert!(person.text().contains("pods \"nobody\" not found"));
}

#[test]
fn a_command_is_sent_and_its_answer_told() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F :");
    person.type_text("scale deployment/web --replicas=3\n");
    assert!(person.text().contains("kubectl is about to send it"));
    person.press("F");
    assert!(
        person.text().contains("deployment.apps/web scaled"),
        "{}",
        person.text()
    );
    let pods = person.text().matches("Running").count();
    assert!(pods >= 3, "{}", person.text());
}

#[test]
fn a_line_that_is_no_command_is_answered_in_kubectls_words() {
    let mut person = Person::on_first_visit(120, 36);
    person.press(":");
    person.type_text("gte pods\n");
    assert!(
        person.text().contains("unknown command \"gte\""),
        "{}",
        person.text()
    );
    person.press("esc :");
    person.type_text("fault nodedown\n");
    assert!(person.text().contains("node-down"), "{}", person.text());
}

#[test]
fn earlier_lines_come_back_with_the_arrows() {
    let mut person = Person::on_first_visit(120, 36);
    for line in ["get nodes\n", "get pods\n"] {
        person.press(":");
        person.type_text(line);
        person.press("esc");
    }
    person.press(": up up");
    assert!(person.text().contains(": get nodes"));
    person.press("down");
    assert!(person.text().contains(": get pods"));
}

#[test]
fn what_is_wrong_stands_below_its_line_while_one_types() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("i down down down down down end");
    person.type_text("x");
    let text = person.text();
    assert!(text.contains("spec.replicas"), "{text}");
    person.press("ctrl+s");
    assert!(person.text().contains("Not sent"), "{}", person.text());
    assert_eq!(person.snapshot().head.journal().count(), 0);
    person.press("i ctrl+z ctrl+s");
    assert_eq!(person.snapshot().head.journal().count(), 1);
}

#[test]
fn a_refusal_of_the_server_stands_at_its_line() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("i down down down down down end backspace");
    person.type_text("-1");
    person.press("ctrl+s");
    person.press("F");
    let text = person.text();
    assert!(text.contains("is invalid: spec.replicas"), "{text}");
    person.press("9");
    let text = person.text();
    let line = text.lines().position(|line| line.contains("replicas: -1"));
    let below = text.lines().nth(line.expect("the line is there") + 1);
    assert!(
        below.is_some_and(|line| line.contains("└ spec.replicas")),
        "{text}"
    );
}

/// A settled Deployment under `kubectl edit`, with the cursor behind its number of replicas.
fn editing(width: u16, height: u16) -> Person {
    let mut person = Person::on_first_visit(width, height);
    person.press("a F :");
    person.type_text("edit deployment web\n");
    let lines = person.model.editor.lines();
    let line = lines
        .iter()
        .position(|line| line.starts_with("  replicas: 2"));
    for _ in 0..line.expect("the live object is there") {
        person.press("down");
    }
    person.press("end");
    person
}

#[test]
fn kubectl_edit_opens_the_live_object_and_sends_what_was_changed() {
    let mut person = editing(120, 36);
    let text = person.text();
    assert!(text.contains("  replicas: 2"), "{text}");
    frames::check("edit-120x36", &person);
    person.press("backspace");
    person.type_text("5");
    person.press("ctrl+s F");
    let text = person.text();
    assert!(
        text.contains("kubectl: deployment.apps/web edited"),
        "{text}"
    );
    let web = Key::new(Kind::Deployment, "default", "web");
    let value = person
        .snapshot()
        .head
        .store()
        .get(&web)
        .map(Object::to_value);
    assert_eq!(value.expect("it is there")["spec"]["replicas"], 5);
    // The manifest is back, and is a manifest again.
    assert!(person.model.edit.is_none());
    assert!(person.model.editor.text().contains("replicas: 2"));
}

#[test]
fn kubectl_edit_without_a_change_is_cancelled() {
    for keys in ["ctrl+s", "ctrl+t", "esc a"] {
        let mut person = editing(80, 24);
        let journal = person.snapshot().head.journal().count();
        person.press(keys);
        let text = person.text();
        assert!(text.contains("Edit cancelled, no changes made."), "{text}");
        assert!(person.model.edit.is_none());
        assert_eq!(person.snapshot().head.journal().count(), journal);
    }
}

#[test]
fn kubectl_edit_that_is_refused_opens_again_with_the_reason() {
    let mut person = editing(80, 24);
    person.press("backspace");
    person.type_text("-3");
    person.press("ctrl+s F");
    let text = person.model.editor.text();
    let reason = "#\n# deployments.apps \"web\" was not valid:\n# * spec.replicas: Invalid";
    assert!(text.contains(reason), "{text}");
    frames::check("edit-refused-80x24", &person);
    person.press("a");
    let text = person.text();
    assert!(text.contains("no valid changes were saved"), "{text}");
}

#[test]
fn what_is_typed_into_an_object_is_kept_beside_the_manifest() {
    let mut person = editing(80, 24);
    let manifest = person.model.draft();
    assert!(manifest.starts_with("apiVersion"), "{manifest}");
    person.press("backspace");
    let kept = person.model.draft();
    assert!(
        kept.starts_with(&manifest) && kept.contains("---\n# Please edit"),
        "{kept}"
    );
}

#[test]
fn pasted_text_is_typed_and_not_pressed() {
    let mut person = Person::on_first_visit(80, 24);
    person.press("1");
    person.act(Action::Paste("q: quit\r\nn: step\r\n".into()));
    assert!(!person.model.is_over);
    assert!(person.model.editor.text().starts_with("q: quit\nn: step\n"));
}

#[test]
fn the_arrows_move_the_selection_and_escape_goes_back() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F 1");
    let first = person.model.selection.clone();
    person.press("down down enter");
    assert_ne!(person.model.selection, first);
    assert_eq!(person.model.view, Pane::Lifecycle);
    person.press("esc");
    assert_eq!(person.model.view, Pane::Desired);
}

#[test]
fn why_walks_from_a_record_to_the_command() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F 7 up up up w");
    let Mode::Reading(Overlay::Way(Way { record, .. })) = person.model.mode else {
        panic!("the way is shown");
    };
    let snapshot = person.snapshot();
    let way: Vec<_> = snapshot.world.trace().why(record).collect();
    assert_eq!(
        way.last().map(|last| last.kind()),
        Some(RecordKind::Command)
    );
    person.press("end enter");
    assert_eq!(person.model.record, way.last().map(|last| last.id));
}

#[test]
fn why_answers_for_what_has_the_cursor_and_not_for_a_cursor_left_behind() {
    let mut person = Person::on_first_visit(120, 36);
    let asked = |person: &mut Person| {
        person.press("w");
        let Mode::Reading(Overlay::Way(Way { record, .. })) = person.model.mode else {
            panic!("the way is shown");
        };
        person.press("esc");
        let snapshot = person.snapshot();
        snapshot
            .world
            .trace()
            .get(record)
            .expect("it happened")
            .sentence()
    };
    person.press("a F 7 up up up up up up up up 1 down down");
    let sentence = asked(&mut person);
    let selection = person.model.selection.clone().expect("a pod");
    assert!(sentence.contains(&*selection.name), "{sentence}");
    // In the object, the field under the cursor: the limit of the history came with the request.
    person.press("1 up up up 8");
    for _ in 0..200 {
        if asked(&mut person).contains("created for kubectl") {
            return;
        }
        person.press("down");
    }
    panic!("no field of the Deployment came with kubectl's request");
}

#[test]
fn why_in_the_past_asks_about_the_moment_that_is_shown() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F : ");
    person.type_text("goto 0.5s\n");
    person.press(":");
    person.type_text("why deployment/web\n");
    let Mode::Reading(Overlay::Way(Way { record, .. })) = person.model.mode else {
        panic!("the way is shown");
    };
    let snapshot = person.snapshot();
    assert!(snapshot.world.trace().get(record).is_some());
    assert!(snapshot.head.trace().len() > snapshot.world.trace().len());
    person.press("esc :");
    person.type_text(&format!("why #{}\n", snapshot.head.trace().len() - 1));
    let told = person.frame().to_text();
    assert!(told.contains("still to come"), "{told}");
}

#[test]
fn a_question_is_answered_itself_while_the_line_before_still_waits() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F :");
    person.type_text("scale deployment/web --replicas=5\n");
    person.press(":");
    person.type_text("rollout status deployment/web\n");
    person.press(":");
    person.type_text("get deployments\n");
    let Mode::Reading(Overlay::Answer { title, text, .. }) = &person.model.mode else {
        panic!("the answer is shown");
    };
    assert_eq!(title, "kubectl get deployments");
    assert!(text.starts_with("NAME"), "{text}");
}

#[test]
fn a_way_turned_into_lanes_and_back_keeps_its_cursor_and_goes_on_from_it() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F w down down down");
    let here = |person: &Person| {
        let Mode::Reading(Overlay::Way(way)) = &person.model.mode else {
            panic!("a way is shown");
        };
        way.under_cursor(person.snapshot().world.trace())
            .expect("a record")
    };
    let listed = here(&person);
    person.press("tab");
    assert_eq!(here(&person), listed);
    person.press("left");
    let earlier = here(&person);
    assert!(earlier < listed);
    person.press("tab");
    assert_eq!(here(&person), earlier);
    person.press("tab home");
    let snapshot = person.snapshot();
    let first = snapshot
        .world
        .trace()
        .get(here(&person))
        .expect("it is there");
    assert_eq!(first.kind(), RecordKind::Command);
    person.press("W end");
    let followed = here(&person);
    person.press("w home");
    assert_eq!(
        here(&person),
        first.id,
        "{followed} goes back to the command"
    );
    person.press("g");
    assert_eq!(person.model.record, Some(first.id));
}

#[test]
fn the_filter_keeps_what_contains_its_text() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F 7 /");
    person.type_text("kube-scheduler\n");
    let snapshot = person.snapshot();
    let trace = snapshot.world.trace();
    let shown = person.model.events.until(trace);
    assert!(!shown.is_empty());
    for id in shown {
        let record = trace.get(*id).expect("it is in the trace");
        let words = format!("{} {}", record.actor, record.sentence());
        assert!(words.contains("kube-scheduler"), "{words}");
    }
}

#[test]
fn tab_goes_through_the_panes_on_the_screen() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("1");
    let mut seen = vec![person.model.focus];
    for _ in 0..3 {
        person.press("tab");
        seen.push(person.model.focus);
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 4);
    person.press("tab");
    assert_eq!(person.model.focus, Pane::Desired);
    person.press("z");
    assert!(person.model.is_zoomed);
    person.press("esc");
    assert!(!person.model.is_zoomed);
}

#[test]
fn a_log_that_is_followed_shows_what_comes_while_it_is_read() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a space :");
    person.type_text("logs -f deployment/web\n");
    let shown = |person: &Person| {
        let Mode::Reading(Overlay::Answer { title, text, .. }) = &person.model.mode else {
            panic!("the log is shown");
        };
        assert_eq!(title, "kubectl logs -f deployment/web");
        text.to_string()
    };
    let before = shown(&person);
    assert!(!before.contains("started"), "{before}");
    for _ in 0..150 {
        person.wait(1);
    }
    let after = shown(&person);
    assert!(after.contains("started"), "{after}");
    person.press("esc");
    person.wait(1);
    assert!(person.model.followed.is_none());
}

#[test]
fn a_screen_opened_with_a_bad_document_says_what_is_wrong_with_it_and_where() {
    let file = "apiVersion: v1
kind: ConfigMap
metadata: {name: good}
---
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec: {containerz: []}
";
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 1));
    cluster.submit(command("apply -f file.yaml", file));
    let mut person = Person::before(cluster, 120, 36);
    person.press("F");
    let Mode::Reading(Overlay::Answer { text, .. }) = &person.model.mode else {
        panic!("the answer is shown");
    };
    for part in [
        "configmap/good created",
        "unknown field \"spec.containerz\"",
        "file.yaml:8:8: ",
        "did you mean \"containers\"?",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}
