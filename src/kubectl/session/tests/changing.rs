//! Commands that change one thing of an object.

use serde_json::json;

use super::*;

#[test]
fn a11_scale_reads_and_patches_the_subresource() {
    let mut desk = Desk::new();
    let key = desk.web();
    desk.check(
        "scale deploy/web --replicas=5",
        &[
            "GET A…/deployments/web",
            "PATCH A…/deployments/web/scale {\"spec\":{\"replicas\":5}}",
        ],
        "deployment.apps/web scaled\n",
        "",
    );
    let web = desk.get(&key).expect("it is there");
    assert_eq!(web.to_value()["spec"]["replicas"], 5);
    desk.check(
        "scale deploy/web --replicas=2 --current-replicas=9",
        &["GET A…/deployments/web"],
        "",
        "error: Expected replicas to be 9, was 5\n",
    );
    desk.check(
        "scale deploy/zz --replicas=2",
        &["GET A…/deployments/zz"],
        "",
        "error: no objects passed to scale deployments.apps \"zz\" not found\n",
    );
}

#[test]
fn a11_what_has_no_scale_cannot_be_scaled() {
    let mut desk = Desk::new();
    desk.node("n");
    desk.check(
        "scale node/n --replicas=2",
        &["GET /api/v1/nodes/n"],
        "",
        "Error from server (NotFound): the server could not find the requested resource\n",
    );
}

#[test]
fn set_image_sends_the_changed_container_only() {
    let mut desk = Desk::new();
    desk.web();
    desk.check(
        "set image deploy/web c=nginx:2",
        &[
            "GET A…/deployments/web",
            "PATCH A…/deployments/web {\"spec\":{\"template\":{\"spec\":{\"$setElementOrder/containers\":[{\"name\":\"c\"},{\"name\":\"d\"}],\"containers\":[{\"image\":\"nginx:2\",\"name\":\"c\"}]}}}}",
        ],
        "deployment.apps/web image updated\n",
        "",
    );
    desk.check(
        "set image deploy/web c=nginx:2",
        &["GET A…/deployments/web"],
        "",
        "",
    );
    desk.check(
        "set image deploy/web zz=nginx:2",
        &["GET A…/deployments/web"],
        "",
        "error: unable to find container named \"zz\"\n",
    );
}

/// A line, the patch that it sends, stdout and stderr.
type Case = (
    &'static str,
    Option<&'static str>,
    &'static str,
    &'static str,
);

const LABELS: [Case; 9] = [
    (
        "label node n a=b",
        Some("{\"metadata\":{\"labels\":{\"a\":\"b\"}}}"),
        "node/n labeled\n",
        "",
    ),
    ("label node n a=b", Some("{}"), "node/n not labeled\n", ""),
    (
        "label node n a=c",
        None,
        "",
        "error: 'a' already has a value (b), and --overwrite is false\n",
    ),
    (
        "label node n a=c --overwrite",
        Some("{\"metadata\":{\"labels\":{\"a\":\"c\"}}}"),
        "node/n labeled\n",
        "",
    ),
    (
        "label node n a-",
        Some("{\"metadata\":{\"labels\":{\"a\":null}}}"),
        "node/n unlabeled\n",
        "",
    ),
    (
        "label node n zz-",
        Some("{}"),
        "label \"zz\" not found.\nnode/n not labeled\n",
        "",
    ),
    (
        "annotate node n a=b",
        Some("{\"metadata\":{\"annotations\":{\"a\":\"b\"}}}"),
        "node/n annotated\n",
        "",
    ),
    (
        "annotate node n a=c",
        None,
        "",
        "error: --overwrite is false but found the following declared annotation(s): 'a' already has a value (b)\n",
    ),
    (
        "annotate node n a-",
        Some("{\"metadata\":{\"annotations\":{\"a\":null}}}"),
        "node/n annotated\n",
        "",
    ),
];

#[test]
fn label_and_annotate_say_what_they_did() {
    let mut desk = Desk::new();
    desk.node("n");
    let get = "GET /api/v1/nodes/n";
    let patch = |body: &str| format!("PATCH /api/v1/nodes/n {body}");
    for (line, body, output, errors) in LABELS {
        let patch = body.map(patch);
        let requests: Vec<&str> = [Some(get), patch.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        desk.check(line, &requests, output, errors);
    }
    desk.node("m");
    let run = desk.run("label node n m x=y");
    let order: Vec<&str> = run
        .requests
        .iter()
        .map(|request| request.split(' ').next().unwrap_or_default())
        .collect();
    assert_eq!(
        order,
        ["GET", "PATCH", "GET", "PATCH"],
        "each is changed before the next is read"
    );
}

#[test]
fn taints_are_added_replaced_and_removed() {
    let mut desk = Desk::new();
    desk.node("n");
    let cases = [
        (
            "taint node n k=v:NoSchedule",
            Some("[{\"effect\":\"NoSchedule\",\"key\":\"k\",\"value\":\"v\"}]"),
            "node/n tainted\n",
            "",
        ),
        (
            "taint node n k=w:NoSchedule",
            None,
            "",
            "error: node n already has k taint(s) with same effect(s) and --overwrite is false\n",
        ),
        (
            "taint node n k=w:NoSchedule --overwrite",
            Some("[{\"effect\":\"NoSchedule\",\"key\":\"k\",\"value\":\"w\"}]"),
            "node/n modified\n",
            "",
        ),
        (
            "taint node n k:NoSchedule-",
            Some("null"),
            "node/n untainted\n",
            "",
        ),
        (
            "taint node n k-",
            None,
            "",
            "error: taint \"k\" not found\n",
        ),
        (
            "taint node zz k=v:NoSchedule",
            None,
            "",
            "Error from server (NotFound): nodes \"zz\" not found\n",
        ),
    ];
    for (line, taints, output, errors) in cases {
        let name = line.split(' ').nth(2).unwrap_or_default();
        let get = format!("GET /api/v1/nodes/{name}");
        let patch = taints
            .map(|taints| format!("PATCH /api/v1/nodes/n {{\"spec\":{{\"taints\":{taints}}}}}"));
        let requests: Vec<&str> = [Some(get.as_str()), patch.as_deref()]
            .into_iter()
            .flatten()
            .collect();
        desk.check(line, &requests, output, errors);
    }
}

#[test]
fn cordon_reads_all_nodes_before_it_closes_the_first() {
    let mut desk = Desk::new();
    desk.node("a");
    desk.node("b");
    desk.check(
        "cordon a b",
        &[
            "GET /api/v1/nodes/a",
            "GET /api/v1/nodes/b",
            "PATCH /api/v1/nodes/a {\"spec\":{\"unschedulable\":true}}",
            "PATCH /api/v1/nodes/b {\"spec\":{\"unschedulable\":true}}",
        ],
        "node/a cordoned\nnode/b cordoned\n",
        "",
    );
    desk.check(
        "cordon a",
        &["GET /api/v1/nodes/a"],
        "node/a already cordoned\n",
        "",
    );
    desk.check(
        "uncordon a",
        &[
            "GET /api/v1/nodes/a",
            "PATCH /api/v1/nodes/a {\"spec\":{\"unschedulable\":null}}",
        ],
        "node/a uncordoned\n",
        "",
    );
    desk.check(
        "cordon a zz",
        &["GET /api/v1/nodes/a", "GET /api/v1/nodes/zz"],
        "",
        "Error from server (NotFound): nodes \"zz\" not found\n",
    );
}

#[test]
fn patch_says_whether_anything_changed() {
    let mut desk = Desk::new();
    desk.web();
    let requests = [
        "GET A…/deployments/web",
        "PATCH A…/deployments/web {\"spec\":{\"replicas\":4}}",
    ];
    let line = "patch deploy web -p '{\"spec\":{\"replicas\":4}}'";
    desk.check(line, &requests, "deployment.apps/web patched\n", "");
    desk.check(
        line,
        &requests,
        "deployment.apps/web patched (no change)\n",
        "",
    );
}

#[test]
fn expose_and_autoscale_make_an_object_for_a_workload() {
    let mut desk = Desk::new();
    desk.web();
    let get = "GET A…/deployments/web";
    desk.check(
        "expose deploy web",
        &[get],
        "",
        "error: couldn't find port via --port flag or introspection\n",
    );
    desk.check(
        "expose deploy web --port=80 --target-port=8080",
        &[get, "POST …/services"],
        "service/web exposed\n",
        "",
    );
    let service = desk
        .get(&Key::new(Kind::Service, "default", "web"))
        .expect("made")
        .to_value();
    assert_eq!(service["spec"]["selector"], json!({"app": "web"}));
    assert_eq!(service["spec"]["ports"][0]["targetPort"], 8080);
    desk.check(
        "expose deploy web --port=80",
        &[get, "POST …/services"],
        "",
        "Error from server (AlreadyExists): services \"web\" already exists\n",
    );
    desk.check(
        "autoscale deploy web --min=2 --max=5 --cpu=50%",
        &[
            get,
            "POST /apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers",
        ],
        "horizontalpodautoscaler.autoscaling/web autoscaled\n",
        "",
    );
    desk.node("n");
    desk.check(
        "expose node n --port=1",
        &["GET /api/v1/nodes/n"],
        "",
        "error: cannot expose a nodes\n",
    );
}
