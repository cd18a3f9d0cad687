//! `apply`, `create` and `run`.

use serde_json::json;

use super::*;

#[test]
fn a10_apply_gets_then_creates_or_patches_each_object_in_turn() {
    let mut desk = Desk::new();
    desk.file("web.yaml", WEB);
    desk.check(
        "apply -f web.yaml",
        &[
            "GET A…/deployments/web",
            "POST A…/deployments",
            "GET …/configmaps/m",
            "POST …/configmaps",
        ],
        &lines(&["deployment.apps/web created", "configmap/m created"]),
        "",
    );
    desk.check(
        "apply -f web.yaml",
        &["GET A…/deployments/web", "GET …/configmaps/m"],
        &lines(&["deployment.apps/web unchanged", "configmap/m unchanged"]),
        "",
    );
    desk.file(
        "web.yaml",
        &WEB.replace("replicas: 1", "replicas: 2")
            .replace("a: b", "a: b, c: d"),
    );
    let run = desk.run("apply -f web.yaml");
    assert_eq!(
        run.session.output(),
        lines(&["deployment.apps/web configured", "configmap/m configured"])
    );
    assert_eq!(run.requests.len(), 4);
    assert!(run.requests[1].starts_with("PATCH A…/deployments/web {\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/last-applied-configuration\""), "{}", run.requests[1]);
    assert!(
        run.requests[1].ends_with("\"spec\":{\"replicas\":2}}"),
        "{}",
        run.requests[1]
    );
    assert!(run.kinds.contains(&"reconcile.diff"));
    let web = desk
        .get(&Key::new(Kind::Deployment, "default", "web"))
        .expect("applied");
    assert_eq!(web.to_value()["spec"]["replicas"], 2);
}

#[test]
fn a10_apply_warns_of_an_object_that_it_did_not_make_and_removes_nothing_of_it() {
    let mut desk = Desk::new();
    desk.put(json!({"kind": "ConfigMap", "metadata": {"name": "m", "namespace": "default"}, "data": {"x": "y"}}));
    desk.file(
        "m.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, data: {a: b}}",
    );
    let run = desk.run("apply -f m.yaml");
    assert_eq!(run.session.output(), "configmap/m configured\n");
    assert!(run.session.error_text().starts_with("Warning: resource configmaps/m is missing the kubectl.kubernetes.io/last-applied-configuration annotation"));
    let map = desk
        .get(&Key::new(Kind::ConfigMap, "default", "m"))
        .expect("it is there");
    assert_eq!(map.to_value()["data"], json!({"a": "b", "x": "y"}));
}

#[test]
fn a_file_goes_into_the_namespace_of_the_line() {
    let mut desk = Desk::new();
    desk.file(
        "m.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}}",
    );
    desk.file(
        "n.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m, namespace: shop}}",
    );
    let run = desk.run("apply -n shop -f m.yaml");
    assert_eq!(run.requests[0], "GET /api/v1/namespaces/shop/configmaps/m");
    desk.check(
        "apply -n default -f n.yaml",
        &[],
        "",
        "error: the namespace from the provided object \"shop\" does not match the namespace \"default\". You must pass '--namespace=shop' to perform this operation.\n",
    );
}

#[test]
fn a5_what_cannot_be_decoded_is_looked_for_and_then_refused() {
    let mut desk = Desk::new();
    desk.file("bad.yaml", &WEB.replace("replicas:", "replicass:"));
    desk.check(
        "apply -f bad.yaml",
        &[
            "GET A…/deployments/web",
            "GET …/configmaps/m",
            "POST …/configmaps",
        ],
        "configmap/m created\n",
        "Error from server (BadRequest): error when creating \"bad.yaml\": Deployment in version \
         \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \
         \"spec.replicass\"\n",
    );
    desk.check(
        "create -f none.yaml",
        &[],
        "",
        "error: the path \"none.yaml\" does not exist\n",
    );
    desk.file(
        "dir/a.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}",
    );
    desk.file(
        "dir/b.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}",
    );
    desk.check(
        "create -f dir/",
        &["POST …/configmaps", "POST …/configmaps"],
        "configmap/a created\nconfigmap/b created\n",
        "",
    );
}

#[test]
fn a4_a_name_that_is_taken_is_refused_in_the_words_of_the_command() {
    let mut desk = Desk::new();
    desk.file("web.yaml", WEB);
    desk.run("create -f web.yaml");
    desk.check(
        "create -f web.yaml",
        &["POST A…/deployments", "POST …/configmaps"],
        "",
        &lines(&[
            "Error from server (AlreadyExists): error when creating \"web.yaml\": deployments.apps \"web\" already exists",
            "Error from server (AlreadyExists): error when creating \"web.yaml\": configmaps \"m\" already exists",
        ]),
    );
    desk.check(
        "create deploy web --image=a",
        &["POST A…/deployments"],
        "",
        "error: failed to create deployment: deployments.apps \"web\" already exists\n",
    );
    desk.check(
        "create ns shop",
        &["POST /api/v1/namespaces"],
        "",
        "Error from server (AlreadyExists): namespaces \"shop\" already exists\n",
    );
    desk.check(
        "create ns new",
        &["POST /api/v1/namespaces"],
        "namespace/new created\n",
        "",
    );
    desk.check(
        "run p --image=nginx",
        &["POST …/pods"],
        "pod/p created\n",
        "",
    );
    desk.check(
        "create cm x --from-literal=a=b -n nowhere",
        &["POST /api/v1/namespaces/nowhere/configmaps"],
        "",
        "error: failed to create configmap: namespaces \"nowhere\" not found\n",
    );
}

#[test]
fn a5_an_invalid_object_is_told_field_by_field() {
    let mut desk = Desk::new();
    let wrong = WEB
        .split("---")
        .next()
        .expect("a document")
        .replace("labels: {app: web}", "labels: {app: other}");
    desk.file("one.yaml", &wrong);
    let detail = "spec.template.metadata.labels: Invalid value: {\"app\":\"other\"}: `selector` does not match template `labels`";
    desk.check(
        "create -f one.yaml",
        &["POST A…/deployments"],
        "",
        &format!("The Deployment \"web\" is invalid: {detail}\n"),
    );
    desk.file("two.yaml", &wrong.replace("replicas: 1", "replicas: -1"));
    let run = desk.run("create -f two.yaml");
    let text = run.session.error_text();
    assert!(
        text.starts_with("The Deployment \"web\" is invalid: \n* spec."),
        "{text}"
    );
    assert_eq!(text.lines().count(), 3, "{text}");
    let run = desk.run("create -f one.yaml -f one.yaml");
    let line = format!(
        "Error from server (Invalid): error when creating \"one.yaml\": Deployment.apps \"web\" is invalid: {detail}"
    );
    assert_eq!(run.session.error_text(), lines(&[&line, &line]));
}
