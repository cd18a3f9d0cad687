//! Writes that only try, apply on the server, replace, and compare.

use super::*;

const CONFLICT: &str = "error: Apply failed with 1 conflict: conflict with \
    \"kubectl-patch\" using apps/v1: .spec.replicas
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the `--force-conflicts` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
";

fn with_files() -> Desk {
    let mut desk = Desk::new();
    let deployment = WEB.split("---").next().expect("the first document");
    desk.file("web.yaml", deployment);
    desk.file(
        "two.yaml",
        &deployment.replace("replicas: 1", "replicas: 2"),
    );
    desk
}

fn patched(file: &str) -> String {
    let mut value: Value = serde_yaml::from_str(file).expect("YAML");
    value["metadata"]["namespace"] = "default".into();
    format!("PATCH A…/deployments/web {value}")
}

/// Who owns fields of the Deployment, and how each came to.
fn owners_of(desk: &mut Desk) -> Vec<String> {
    let run = desk.run("get deploy web -o yaml --show-managed-fields");
    let shown: Value = serde_yaml::from_str(run.session.output()).expect("YAML");
    let owners = shown["metadata"]["managedFields"].as_array();
    let owners = owners.expect("owners").iter().map(|owner| {
        let text = |field: &str| owner[field].as_str().expect("a text").to_owned();
        format!("{} {}", text("manager"), text("operation"))
    });
    owners.collect()
}

#[test]
fn a10_server_side_apply_sends_the_file_and_says_what_to_do_about_a_conflict() {
    let mut desk = with_files();
    desk.run("create -f web.yaml");
    desk.run(r#"patch deploy web -p '{"spec":{"replicas":5}}'"#);
    let two = String::from_utf8_lossy(&desk.files["two.yaml"]).into_owned();
    let request = patched(&two);
    desk.check("apply --server-side -f two.yaml", &[&request], "", CONFLICT);
    desk.check(
        "apply --server-side --force-conflicts -f two.yaml",
        &[&request],
        "deployment.apps/web serverside-applied\n",
        "",
    );
    assert_eq!(
        owners_of(&mut desk),
        ["kubectl Apply", "kubectl-create Update"]
    );
    let hidden = desk.run("get deploy web -o yaml");
    assert!(!hidden.session.output().contains("managedFields"));
}

#[test]
fn a10_what_was_applied_from_the_clients_side_changes_hands_with_the_first_server_side_apply() {
    let mut desk = with_files();
    desk.run("apply -f web.yaml");
    assert_eq!(owners_of(&mut desk), ["kubectl-client-side-apply Update"]);
    let two = String::from_utf8_lossy(&desk.files["two.yaml"]).into_owned();
    let run = desk.run("apply --server-side -f two.yaml");
    let said = run.session.output();
    assert_eq!(said, "deployment.apps/web serverside-applied\n");
    assert_eq!(run.session.error_text(), "");
    let methods: Vec<&str> = run
        .requests
        .iter()
        .filter_map(|request| request.split(' ').next())
        .collect();
    assert_eq!(methods, ["PATCH"; 4], "{:?}", run.requests);
    assert_eq!(run.requests[0], patched(&two));
    assert!(run.requests[1].contains("last-applied-configuration"));
    assert!(run.requests[2].contains("/metadata/managedFields"));
    assert_eq!(
        run.requests[3], run.requests[0],
        "the file is applied again"
    );
    assert_eq!(
        owners_of(&mut desk),
        ["kubectl Apply", "kubectl-last-applied Apply"]
    );
    let live = desk.run("get deploy web -o yaml");
    let live: Value = serde_yaml::from_str(live.session.output()).expect("YAML");
    assert_eq!(live["spec"]["replicas"], 2, "no conflict with itself");
    let annotation = "kubectl.kubernetes.io/last-applied-configuration";
    let kept = live["metadata"]["annotations"][annotation].as_str();
    let kept: Value = serde_json::from_str(kept.expect("it stays")).expect("JSON");
    assert_eq!(kept["spec"]["replicas"], 2, "and is kept up to date");
    let again = desk.run("apply --server-side -f two.yaml");
    assert_eq!(again.requests.len(), 1, "once is enough");
}

#[test]
fn a10_each_command_owns_under_its_own_name_or_the_one_that_it_is_given() {
    let lines = [
        ("label deploy web a=b", "kubectl-label"),
        ("annotate deploy web a=b", "kubectl-annotate"),
        ("set image deploy web c=nginx:2", "kubectl-set"),
        ("scale deploy web --replicas=2", "kubectl"),
        ("rollout restart deploy/web", "kubectl-rollout"),
        (
            "patch deploy web -p '{\"spec\":{\"paused\":true}}'",
            "kubectl-patch",
        ),
        (
            "patch deploy web -p '{\"spec\":{\"paused\":true}}' --field-manager=me",
            "me",
        ),
    ];
    for (line, manager) in lines {
        let mut desk = Desk::new();
        let key = desk.web();
        desk.run(line);
        let object = desk.get(&key).expect("it is there");
        let owners = crate::api::owners::of(&object);
        assert!(
            owners.iter().any(|owner| owner.writer.manager == manager),
            "{line}: {owners:?}"
        );
    }
}

#[test]
fn dry_runs_say_so_and_change_nothing() {
    let lines = [
        (
            "scale deploy web --replicas=2 --dry-run=client",
            "deployment.apps/web scaled (dry run)\n",
        ),
        (
            "scale deploy web --replicas=2 --dry-run=server",
            "deployment.apps/web scaled (server dry run)\n",
        ),
        (
            "delete deploy web --dry-run=client",
            "deployment.apps \"web\" deleted (dry run) from default namespace\n",
        ),
        (
            "delete deploy web --dry-run=server",
            "deployment.apps \"web\" deleted (server dry run) from default namespace\n",
        ),
        (
            "create configmap m --from-literal=a=b --dry-run=client",
            "configmap/m created (dry run)\n",
        ),
        (
            "create configmap m --from-literal=a=b --dry-run=server",
            "configmap/m created (server dry run)\n",
        ),
        (
            "apply -f two.yaml --dry-run=server",
            "deployment.apps/web configured (server dry run)\n",
        ),
    ];
    let mut desk = with_files();
    desk.run("apply -f web.yaml");
    let before = desk.api.store().revision();
    for (line, output) in lines {
        let run = desk.run(line);
        assert_eq!(run.session.output(), output, "{line}");
        assert_eq!(run.session.exit_code(), Some(0), "{line}");
        assert_eq!(desk.api.store().revision(), before, "{line}");
    }
    let refused = desk.run("create deployment web --image=nginx --dry-run=server");
    assert_eq!(
        refused.session.error_text(),
        "error: failed to create deployment: deployments.apps \"web\" already exists\n"
    );
}

#[test]
fn replace_puts_the_file_in_the_place_of_what_is_there() {
    let mut desk = with_files();
    let get = "GET A…/deployments/web";
    let put = "PUT A…/deployments/web";
    desk.check(
        "replace -f two.yaml",
        &[get, put],
        "",
        "Error from server (NotFound): error when replacing \"two.yaml\": deployments.apps \"web\" \
         not found\n",
    );
    desk.run("create -f web.yaml");
    desk.check(
        "replace -f two.yaml",
        &[get, put],
        "deployment.apps/web replaced\n",
        "",
    );
    desk.check(
        "replace --force -f web.yaml",
        &["DELETE A…/deployments/web", get, "POST A…/deployments"],
        "deployment.apps \"web\" deleted from default namespace\ndeployment.apps/web replaced\n",
        "",
    );
}

#[test]
fn diff_shows_what_an_apply_would_change_and_ends_with_1() {
    let mut desk = with_files();
    desk.run("apply -f web.yaml");
    let before = desk.api.store().revision();
    let same = desk.run("diff -f web.yaml");
    assert_eq!(same.session.output(), "");
    assert_eq!(same.session.exit_code(), Some(0));
    let run = desk.run("diff -f two.yaml");
    assert_eq!(run.session.exit_code(), Some(1));
    let output = run.session.output();
    assert!(
        output.starts_with(
            "diff -u -N /tmp/LIVE/apps.v1.Deployment.default.web \
             /tmp/MERGED/apps.v1.Deployment.default.web\n--- /tmp/LIVE/"
        ),
        "{output}"
    );
    assert!(
        output.contains("\n-  replicas: 1\n+  replicas: 2\n"),
        "{output}"
    );
    assert_eq!(desk.api.store().revision(), before);
    // A client-side apply writes its annotation too.
    assert!(
        output.contains("\n-  generation: 1\n+  generation: 2\n"),
        "{output}"
    );
}

#[test]
fn flags_that_contradict_each_other_are_refused_in_the_words_of_kubectl() {
    let cases = [
        (
            "apply -f a --force-conflicts",
            "error: --force-conflicts only works with --server-side",
        ),
        (
            "apply -f a --server-side --dry-run=client",
            "error: --dry-run=client doesn't work with --server-side (did you mean \
             --dry-run=server instead?)",
        ),
        (
            "scale deploy web --replicas=1 --dry-run=maybe",
            "error: Invalid dry-run value (maybe). Must be \"none\", \"server\", or \"client\".",
        ),
    ];
    for (line, problem) in cases {
        let error = crate::kubectl::parse(line).expect_err(line);
        assert_eq!(error.to_string(), problem, "{line}");
    }
}

/// One good document, one that the API server cannot decode, one of no kind, one more good one.
const MIXED: &str = "apiVersion: v1
kind: ConfigMap
metadata: {name: good}
---
apiVersion: v1
kind: Pod
metadata: {name: bad}
spec: {containerz: [], containers: [{name: c, image: nginx}], foo: 1}
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: odd, namespace: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {generateName: gen-}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: good2}
";

#[test]
fn a5_one_bad_document_stops_no_other_and_all_that_is_wrong_is_told() {
    let no_kind = "resource mapping not found for name: \"odd\" namespace: \"shop\" from \
        \"f.yaml\": no matches for kind \"Widget\" in version \"example.com/v1\"";
    let strict = "Pod in version \"v1\" cannot be handled as a Pod: strict decoding error: unknown \
        field \"spec.containerz\", unknown field \"spec.foo\"";
    let mut desk = Desk::new();
    desk.file("f.yaml", MIXED);
    desk.check(
        "apply -f f.yaml",
        &[
            "GET …/configmaps/good",
            "POST …/configmaps",
            "GET …/pods/bad",
            "GET …/configmaps/good2",
            "POST …/configmaps",
        ],
        &lines(&["configmap/good created", "configmap/good2 created"]),
        &lines(&[
            no_kind,
            "ensure CRDs are installed first",
            "from gen-: cannot use generate name with apply",
            &format!("Error from server (BadRequest): error when creating \"f.yaml\": {strict}"),
        ]),
    );
    desk.file(
        "f.yaml",
        &MIXED
            .replace("good", "new")
            .replace("{generateName: gen-}", "{}"),
    );
    let run = desk.run("create -f f.yaml");
    assert_eq!(
        run.session.output(),
        lines(&["configmap/new created", "configmap/new2 created"])
    );
    let errors = run.session.error_text();
    assert!(errors.contains(no_kind), "{errors}");
    assert!(errors.contains(strict), "{errors}");
    assert!(
        errors.contains("metadata.name: Required value: name or generateName is required"),
        "{errors}"
    );
    let mut desk = Desk::new();
    let bad = MIXED.split("---\n").nth(2).expect("the third document");
    desk.file("f.yaml", bad);
    desk.check(
        "apply -f f.yaml",
        &[],
        "",
        &lines(&[
            &format!("error: {no_kind}"),
            "ensure CRDs are installed first",
        ]),
    );
}

#[test]
fn what_is_no_yaml_ends_its_file_and_what_names_no_kind_does_too() {
    let good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\n";
    let cases = [
        (
            "a: [b\n",
            "error: error parsing f.yaml: error converting YAML to JSON: yaml: line ",
        ),
        (
            "metadata: {name: x}\n",
            "error: error validating \"f.yaml\": error validating data: [apiVersion not set, kind \
             not set]; if you choose to ignore these errors, turn validation off with \
             --validate=false\n",
        ),
    ];
    for (bad, error) in cases {
        let mut desk = Desk::new();
        let after = good.replace("name: a", "name: b");
        desk.file("f.yaml", &format!("{good}{bad}---\n{after}"));
        let run = desk.run("apply -f f.yaml");
        assert_eq!(run.session.output(), "configmap/a created\n", "{bad}");
        let errors = run.session.error_text();
        assert!(errors.starts_with(error), "{errors}");
    }
}

#[test]
fn what_is_applied_over_an_object_and_cannot_be_decoded_is_refused_as_a_patch() {
    let mut desk = Desk::new();
    desk.file(
        "f.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    );
    desk.run("apply -f f.yaml");
    desk.file(
        "f.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndate: {a: b}\n",
    );
    let run = desk.run("apply -f f.yaml");
    assert_eq!(run.session.output(), "");
    let errors = run.session.error_text();
    let beginning = "The request is invalid: patch: Invalid value: \"map[date:map[a:b]";
    assert!(errors.starts_with(beginning), "{errors}");
    assert!(errors.contains("unknown field \"date\""), "{errors}");
}

#[test]
fn a_patch_with_an_unknown_field_is_warned_of_and_changes_nothing() {
    let mut desk = with_files();
    desk.run("create -f web.yaml");
    for kind in ["strategic", "merge"] {
        let line = format!("patch deploy web --type={kind} -p '{{\"spec\":{{\"replicaz\":2}}}}'");
        let run = desk.run(&line);
        assert_eq!(
            run.session.output(),
            "deployment.apps/web patched (no change)\n"
        );
        let warning = "Warning: unknown field \"spec.replicaz\"\n";
        assert_eq!(run.session.error_text(), warning, "{kind}");
        assert_eq!(run.session.exit_code(), Some(0));
    }
}
