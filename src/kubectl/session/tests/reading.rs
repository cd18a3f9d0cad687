//! `get`, `describe` and `delete`.

use serde_json::json;

use super::*;

#[test]
fn get_reads_and_prints_what_is_there() {
    let mut desk = Desk::new();
    desk.check(
        "get pods",
        &["GET …/pods"],
        "",
        "No resources found in default namespace.\n",
    );
    desk.check(
        "get pods -A",
        &["GET /api/v1/pods"],
        "",
        "No resources found\n",
    );
    desk.check(
        "get nodes",
        &["GET /api/v1/nodes"],
        "",
        "No resources found\n",
    );
    desk.check(
        "get pods zz",
        &["GET …/pods/zz"],
        "",
        "Error from server (NotFound): pods \"zz\" not found\n",
    );
    desk.check("get pods zz --ignore-not-found", &["GET …/pods/zz"], "", "");
    desk.web();
    desk.now = Time::from_secs(105);
    desk.check(
        "get deploy web zz",
        &["GET A…/deployments/web", "GET A…/deployments/zz"],
        &lines(&[
            "NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
            "web    0/3     0            0           5s",
        ]),
        "Error from server (NotFound): deployments.apps \"zz\" not found\n",
    );
    desk.check(
        "get deploy web -o name",
        &["GET A…/deployments/web"],
        "deployment.apps/web\n",
        "",
    );
    desk.check(
        "get deploy,ns -n default --no-headers",
        &["GET A…/deployments", "GET /api/v1/namespaces"],
        &lines(&[
            "deployment.apps/web   0/3   0     0     5s",
            "",
            "namespace/default   Active   5s",
            "namespace/shop      Active   5s",
        ]),
        "",
    );
}

#[test]
fn get_prints_objects_as_they_are() {
    let mut desk = Desk::new();
    desk.web();
    let run = desk.run("get deploy web -o yaml");
    assert!(
        run.session
            .output()
            .starts_with("apiVersion: apps/v1\nkind: Deployment\nmetadata:\n")
    );
    let run = desk.run("get deploy -o json");
    assert!(
        run.session
            .output()
            .starts_with("{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n")
    );
    assert!(run.session.output().ends_with("    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"));
    let run = desk.run("get deploy -l 'app in (web)' --field-selector metadata.name=web");
    assert_eq!(
        run.requests,
        ["GET A…/deployments?app in (web)&metadata.name=web"]
    );
}

#[test]
fn a9_delete_prints_the_namespace_and_stays_until_the_object_is_gone() {
    let mut desk = Desk::new();
    desk.web();
    desk.node("node-a");
    desk.check(
        "delete deploy web",
        &["DELETE A…/deployments/web", "GET A…/deployments/web"],
        "deployment.apps \"web\" deleted from default namespace\n",
        "",
    );
    desk.check(
        "delete deploy/web",
        &["DELETE A…/deployments/web"],
        "",
        "Error from server (NotFound): deployments.apps \"web\" not found\n",
    );
    desk.check(
        "delete node node-a",
        &["DELETE /api/v1/nodes/node-a", "GET /api/v1/nodes/node-a"],
        "node \"node-a\" deleted\n",
        "",
    );
    desk.check(
        "delete cm --all",
        &["GET …/configmaps"],
        "No resources found\n",
        "",
    );
    desk.check(
        "delete cm m --ignore-not-found",
        &["DELETE …/configmaps/m"],
        "",
        "",
    );
    desk.file("web.yaml", WEB);
    desk.run("create -f web.yaml");
    desk.run("delete deploy web");
    desk.check(
        "delete -f web.yaml",
        &["DELETE A…/deployments/web", "DELETE …/configmaps/m", "GET …/configmaps/m"],
        "configmap \"m\" deleted from default namespace\n",
        "Error from server (NotFound): error when deleting \"web.yaml\": deployments.apps \"web\" not found\n",
    );
}

#[test]
fn a9_a_pod_that_ends_slowly_is_watched_until_it_is_gone() {
    let mut desk = Desk::new();
    let pod = json!({"kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
        "spec": {"nodeName": "node-a", "containers": [{"name": "c", "image": "x"}]}});
    desk.put(pod.clone());
    let key = Key::new(Kind::Pod, "default", "p");
    let run = desk.run_with("delete pod p", |desk| {
        let now = DeleteOptions {
            grace_period_seconds: Some(0),
            ..DeleteOptions::default()
        };
        desk.ask(key.clone(), Verb::Delete(now))
            .expect("the kubelet confirms");
    });
    assert_eq!(
        run.requests,
        [
            "DELETE …/pods/p",
            "GET …/pods/p",
            "WATCH pods?metadata.name=p,metadata.namespace=default"
        ]
    );
    assert_eq!(
        run.session.output(),
        "pod \"p\" deleted from default namespace\n"
    );
    desk.put(pod);
    let run = desk.run("delete pod p --force");
    assert_eq!(run.requests, ["DELETE …/pods/p grace=0"]);
    assert_eq!(
        run.session.output(),
        "pod \"p\" force deleted from default namespace\n"
    );
    assert!(
        run.session
            .error_text()
            .starts_with("Warning: Immediate deletion does not wait")
    );
}

#[test]
fn describe_reads_an_object_twice_and_then_what_belongs_to_it() {
    let mut desk = Desk::new();
    desk.web();
    desk.node("n");
    let run = desk.run("describe deploy web");
    assert_eq!(
        run.requests,
        [
            "GET A…/deployments/web",
            "GET A…/deployments/web",
            &format!(
                "GET …/events?involvedObject.name=web,involvedObject.namespace=default,involvedObject.kind=Deployment,involvedObject.uid={}",
                desk.uid(Kind::Deployment, "web")
            ),
            "GET A…/replicasets?app=web",
        ]
    );
    assert!(
        run.session
            .output()
            .starts_with("Name:                   web\nNamespace:              default\n")
    );
    let last = run.session.output().lines().next_back();
    let last = last.map(|line| line.split_whitespace().collect::<Vec<_>>());
    assert_eq!(last, Some(vec!["Events:", "<none>"]));
    let run = desk.run("describe node n");
    let paths: Vec<&str> = run
        .requests
        .iter()
        .map(|request| request.split('?').next().unwrap_or_default())
        .collect();
    assert_eq!(
        paths,
        [
            "GET /api/v1/nodes/n",
            "GET /api/v1/nodes/n",
            "GET /api/v1/pods",
            "GET /api/v1/events",
            "GET /api/v1/events",
            "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n",
        ]
    );
}

#[test]
fn describe_takes_the_beginning_of_a_name() {
    let mut desk = Desk::new();
    desk.web();
    let run = desk.run("describe deploy we");
    assert_eq!(
        run.requests[..3],
        [
            "GET A…/deployments/we",
            "GET A…/deployments",
            "GET A…/deployments/web"
        ]
    );
    assert_eq!(run.session.exit_code(), Some(0));
    desk.check(
        "describe deploy zz",
        &["GET A…/deployments/zz", "GET A…/deployments"],
        "",
        "Error from server (NotFound): deployments.apps \"zz\" not found\n",
    );
    desk.check(
        "describe pods",
        &["GET …/pods"],
        "",
        "No resources found in default namespace.\n",
    );
    let run = desk.run("describe deploy,ns -n default");
    assert_eq!(
        run.session.output().matches("\n\n\nName:").count(),
        2,
        "two empty lines between objects"
    );
}
