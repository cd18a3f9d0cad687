//! `kubectl edit`: what the editor is opened with, and what is sent when it is saved.

use serde_json::json;

use super::*;
use crate::kubectl::edit::{EDITED, EMPTY, ORIGINAL, Saved, UNCHANGED, reopened, saved};

/// The text that the editor is opened with.
fn draft(desk: &mut Desk, line: &str) -> String {
    let run = desk.run(line);
    assert_eq!(
        run.session.error_text(),
        "error: Unlike Kubernetes: a run without a screen has no editor to open. Write kubectl \
         patch, kubectl set or kubectl apply -f, or type this line on the screen\n",
        "{line}"
    );
    run.session.draft().expect("it was read").to_owned()
}

/// A config map with one entry.
fn map(desk: &mut Desk, name: &str) {
    desk.put(
        json!({"kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"},
        "data": {"k": "one"}}),
    );
}

/// Saves another text than the one that the editor was opened with.
fn save(desk: &mut Desk, original: &str, edited: &str) {
    desk.file(ORIGINAL, original);
    desk.file(EDITED, edited);
}

#[test]
fn edit_opens_with_the_live_object_below_kubectls_comment() {
    let mut desk = Desk::new();
    desk.web();
    let text = draft(&mut desk, "edit deploy/web");
    let begins = lines(&[
        "# Please edit the object below. Lines beginning with a '#' will be ignored,",
        "# and an empty file will abort the edit. If an error occurs while saving this file will be",
        "# reopened with the relevant failures.",
        "#",
        "apiVersion: apps/v1",
        "kind: Deployment",
    ]);
    assert!(text.starts_with(&begins), "{text}");
    assert!(text.contains("\n  resourceVersion: "), "{text}");
    assert!(!text.contains("managedFields"), "{text}");
    let json = draft(&mut desk, "edit deploy/web -o json");
    assert!(json.starts_with("{\n    \"apiVersion\""), "{json}");
}

#[test]
fn edit_of_several_objects_opens_a_list() {
    let mut desk = Desk::new();
    for name in ["a", "b"] {
        map(&mut desk, name);
    }
    let text = draft(&mut desk, "edit cm");
    assert!(
        text.contains("#\napiVersion: v1\nitems:\n- apiVersion: v1\n"),
        "{text}"
    );
    assert!(text.ends_with("kind: List\nmetadata: {}\n"), "{text}");
}

#[test]
fn edit_sends_the_difference_to_what_the_editor_was_opened_with() {
    let mut desk = Desk::new();
    desk.web();
    let original = draft(&mut desk, "edit deploy/web");
    // Meanwhile somebody else writes: the patch carries no version, so both changes stay.
    desk.run("label deploy/web tier=front");
    let edited = original.replace("replicas: 3", "replicas: 5");
    save(&mut desk, &original, &edited);
    let patch = "PATCH A…/deployments/web {\"spec\":{\"replicas\":5}}";
    let said = "deployment.apps/web edited\n";
    desk.check("edit deploy/web", &[patch], said, "");
    let web = desk.get(&Key::new(Kind::Deployment, "default", "web"));
    let web = web.expect("it is there").to_value();
    assert_eq!(web["metadata"]["labels"]["tier"], "front");
    assert_eq!(web["spec"]["replicas"], 5);
}

#[test]
fn edit_shows_its_patch_and_the_object_when_asked() {
    let mut desk = Desk::new();
    map(&mut desk, "m");
    let original = draft(&mut desk, "edit cm m");
    save(&mut desk, &original, &original.replace("one", "two"));
    desk.check(
        "edit cm m --output-patch",
        &["PATCH …/configmaps/m {\"data\":{\"k\":\"two\"}}"],
        "Patch: {\"data\":{\"k\":\"two\"}}\nconfigmap/m edited\n",
        "",
    );
    desk.check(
        "edit cm m -o name",
        &["PATCH …/configmaps/m {\"data\":{\"k\":\"two\"}}"],
        "configmap/m\n",
        "",
    );
}

#[test]
fn edit_of_one_of_several_skips_the_others() {
    let mut desk = Desk::new();
    for name in ["a", "b"] {
        map(&mut desk, name);
    }
    let original = draft(&mut desk, "edit cm");
    let edited = original.replacen("one", "two", 1);
    save(&mut desk, &original, &edited);
    desk.check(
        "edit cm",
        &["PATCH …/configmaps/a {\"data\":{\"k\":\"two\"}}"],
        "configmap/b skipped\nconfigmap/a edited\n",
        "",
    );
}

#[test]
fn edit_that_changes_nothing_is_cancelled() {
    let text = "# one\nkind: Node\napiVersion: v1\nmetadata: {name: node-a}\n";
    let same = "apiVersion: v1\nkind: Node\nmetadata:\n  name: node-a # another\n";
    assert_eq!(saved(text, same), Saved::Cancelled(UNCHANGED));
    assert_eq!(saved(text, "# nothing\n\n"), Saved::Cancelled(EMPTY));
    assert_eq!(
        saved(text, &text.replace("{name: node-a}", "{name: node-b}")),
        Saved::Changed
    );
    let broken = saved(text, "kind: [Node\n");
    assert!(matches!(broken, Saved::Unreadable(_)), "{broken:?}");
}

#[test]
fn edit_refuses_what_kubectl_refuses_before_it_asks() {
    let mut desk = Desk::new();
    desk.web();
    let original = draft(&mut desk, "edit deploy/web");
    let uid = desk.uid(Kind::Deployment, "web");
    let cases = [
        (
            original.replace("\n  name: web\n", "\n  name: shop\n"),
            "error: At least one of apiVersion, kind and name was changed\n",
        ),
        (
            original.replace("namespace: default", "namespace: shop"),
            "error: the namespace from the provided object \"shop\" does not match the namespace \
             \"default\". You must pass '--namespace=shop' to perform this operation.\n",
        ),
        (
            original.replace(&uid, "another"),
            "error: no original object found for deployments.apps \"web\"\n",
        ),
    ];
    for (edited, error) in cases {
        save(&mut desk, &original, &edited);
        desk.check("edit deploy/web", &[], "", error);
    }
}

#[test]
fn edit_that_is_refused_is_opened_again_with_the_reason() {
    let mut desk = Desk::new();
    desk.web();
    let original = draft(&mut desk, "edit deploy/web");
    let edited = original.replace("replicas: 3", "replicas: -3");
    save(&mut desk, &original, &edited);
    let run = desk.run("edit deploy/web");
    let error = "error: deployments.apps \"web\" is invalid\n";
    assert_eq!(run.session.error_text(), error);
    let again = reopened(&edited, run.session.refusals());
    let reason = lines(&[
        "# reopened with the relevant failures.",
        "#",
        "# deployments.apps \"web\" was not valid:",
        "# * spec.replicas: Invalid value: -3: must be greater than or equal to 0",
        "#",
        "apiVersion: apps/v1",
    ]);
    assert!(again.contains(&reason), "{again}");
    assert_eq!(saved(&edited, &again), Saved::Cancelled(UNCHANGED));
}

#[test]
fn edit_of_what_is_gone_or_has_changed_says_how_to_go_on() {
    let mut desk = Desk::new();
    map(&mut desk, "m");
    let original = draft(&mut desk, "edit cm m");
    let label = |text: &str| text.replace("  name: m\n", "  labels: {a: b}\n  name: m\n");
    let version = desk.get(&Key::new(Kind::ConfigMap, "default", "m"));
    let version = version.expect("it is there").revision().to_string();
    let version = format!("resourceVersion: \"{version}\"");
    let stale = original.replace(&version, "resourceVersion: \"1\"");
    save(&mut desk, &original, &label(&stale));
    let run = desk.run("edit cm m");
    assert_eq!(
        run.session.error_text(),
        lines(&[
            "error: configmaps \"m\" could not be patched: Operation cannot be fulfilled on \
             configmaps \"m\": the object has been modified; please apply your changes to the \
             latest version and try again",
            "You can run `kubectl replace -f -` to try this update again.",
        ])
    );
    save(&mut desk, &original, &label(&original));
    desk.run("delete cm m");
    let run = desk.run("edit cm m");
    assert_eq!(
        run.session.error_text(),
        lines(&[
            "error: configmaps \"m\" could not be found on the server",
            "The edits you made on deleted resources have been saved to \"-\"",
        ])
    );
}
