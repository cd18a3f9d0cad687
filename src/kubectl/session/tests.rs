//! Runs of kubectl against a real API server: which requests in which order, and what is printed.

use serde_json::{Value, json};

use super::*;
use crate::api::{Actor, Typed};
use crate::apiserver::{ApiServer, Moment, Request, Verb};
use crate::client::Line;
use crate::kubectl::fixtures::{lines, object};
use crate::sim::{Profile, Random, RecordId, Time, Urgency};

/// A terminal, an API server, and nobody else.
struct Desk {
    api: ApiServer,
    profile: Profile,
    random: Random,
    now: Time,
    files: Files,
}

/// What a run did.
struct Run {
    session: Session,
    requests: Vec<String>,
    kinds: Vec<&'static str>,
}

impl Desk {
    fn new() -> Self {
        let mut desk = Self {
            api: ApiServer::new(1),
            profile: Profile::kubernetes_1_34(),
            random: Random::stream(1, "test"),
            now: Time::from_secs(100),
            files: Files::new(),
        };
        for name in ["default", "shop"] {
            desk.put(json!({"kind": "Namespace", "metadata": {"name": name}}));
        }
        desk.put(json!({"kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "default"}}));
        desk
    }

    fn file(&mut self, name: &str, text: &str) {
        self.files.insert(name.to_owned(), text.as_bytes().into());
    }

    fn ask(&mut self, key: Key, verb: Verb) -> Outcome {
        let request = Request {
            id: RequestId(0),
            actor: Actor::Outside,
            key,
            verb,
            answer: crate::apiserver::Answering::Awaited,
            urgency: Urgency::Work,
        };
        let moment = Moment {
            now: self.now,
            profile: &self.profile,
        };
        self.api.handle(&request, moment).outcome
    }

    fn put(&mut self, value: Value) -> Object {
        let object = object(value);
        let outcome = self.ask(object.key(), Verb::Create(object));
        let answer = outcome.expect("fixtures are valid");
        answer
            .object()
            .expect("a create answers with the object")
            .clone()
    }

    fn set_status(&mut self, key: &Key, change: impl FnOnce(&mut Value)) {
        let object = self.get(key).expect("it is there");
        let mut value = object.to_value();
        change(&mut value["status"]);
        let object = Object::from_value(key.kind, value).expect("still an object");
        self.ask(key.clone(), Verb::UpdateStatus(object))
            .expect("a good status");
    }

    fn get(&self, key: &Key) -> Option<Object> {
        self.api.store().get(key).cloned()
    }

    /// A deployment with two containers.
    fn web(&mut self) -> Key {
        let labels = json!({"app": "web"});
        self.put(json!({"kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
            "spec": {"replicas": 3, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}, {"name": "d", "image": "busybox"}]}}}}))
            .key()
    }

    fn node(&mut self, name: &str) -> Key {
        self.put(json!({"kind": "Node", "metadata": {"name": name}}))
            .key()
    }

    fn run(&mut self, line: &str) -> Run {
        self.run_with(line, |_| {})
    }

    /// Runs a line to its end; each time that it looks again, something may have happened.
    fn run_with(&mut self, line: &str, mut meanwhile: impl FnMut(&mut Self)) -> Run {
        let invocation = crate::kubectl::parse(line).expect(line);
        let mut session = Session::new(Arc::new(invocation), Arc::new(self.files.clone()));
        let (actor, mut asked) = (Actor::kubectl(), Line::default());
        let mut run_kinds = Vec::new();
        let mut requests = Vec::new();
        let mut inputs = VecDeque::from([Input::Start]);
        let mut record = RecordId(1);
        while let Some(input) = inputs.pop_front() {
            let moment = (self.now, RecordId(0), record);
            let mut hands =
                Context::new(&actor, moment, &self.profile, &mut self.random, &mut asked);
            session.handle(input, &mut hands);
            let output = hands.finish();
            for noted in output.notes {
                assert!(noted.cause < noted.id, "a cause is earlier");
                record = noted.id.next();
                run_kinds.push(noted.note.kind().name());
            }
            for sending in output.requests {
                requests.push(written(&sending.request));
                let moment = Moment {
                    now: self.now,
                    profile: &self.profile,
                };
                let outcome = self.api.handle(&sending.request, moment).outcome;
                inputs.push_back(Input::Answer(sending.request.id, Arc::new(outcome)));
            }
            for alarm in output.alarms {
                self.now = alarm.at;
                meanwhile(self);
                inputs.push_back(Input::Alarm(alarm.alarm));
            }
            assert!(requests.len() < 100, "{line} does not end");
        }
        Run {
            session,
            requests,
            kinds: run_kinds,
        }
    }

    /// Runs a line and compares requests, stdout and stderr.
    fn check(&mut self, line: &str, requests: &[&str], output: &str, errors: &str) {
        let run = self.run(line);
        assert_eq!(run.session.output(), output, "{line}: stdout");
        assert_eq!(run.session.error_text(), errors, "{line}: stderr");
        assert_eq!(run.requests, requests, "{line}: requests");
        let failed = errors
            .lines()
            .any(|line| !line.starts_with("Warning") && !line.starts_with("No resources"));
        assert_eq!(
            run.session.exit_code(),
            Some(i32::from(failed)),
            "{line}: exit code"
        );
        assert_eq!(run.kinds.last(), Some(&"reconcile.end"), "{line}");
    }
}

/// `PATCH …/deployments/web {"spec":{"replicas":2}}`
fn written(request: &Request) -> String {
    let body = match &request.verb {
        Verb::Patch(patch) => format!(" {}", patch.body),
        Verb::Delete(options) => match options.grace_period_seconds {
            Some(grace) => format!(" grace={grace}"),
            None => String::new(),
        },
        Verb::List(scope) => {
            let labels = scope.labels.as_ref().map(crate::api::selector::print);
            let fields = scope.fields.to_string();
            let parts = [labels.unwrap_or_default(), fields];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            if parts.is_empty() {
                String::new()
            } else {
                format!("?{}", parts.join("&"))
            }
        }
        _ => String::new(),
    };
    let path = request.path();
    let path = path
        .replace("/api/v1/namespaces/default/", "…/")
        .replace("/apis/apps/v1/namespaces/default/", "A…/");
    format!("{} {path}{body}", request.verb.method())
}

const WEB: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: nginx}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: m}
data: {a: b}
";

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
fn a5_nothing_is_sent_when_a_file_is_wrong() {
    let mut desk = Desk::new();
    desk.file("bad.yaml", &WEB.replace("replicas:", "replicass:"));
    let run = desk.run("apply -f bad.yaml");
    assert!(run.requests.is_empty());
    assert!(
        run.session.error_text().starts_with("error: bad.yaml:5:3:"),
        "{}",
        run.session.error_text()
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
fn a9_a_pod_that_ends_slowly_is_asked_for_once_a_second() {
    let mut desk = Desk::new();
    let pod = json!({"kind": "Pod", "metadata": {"name": "p", "namespace": "default"},
        "spec": {"nodeName": "node-a", "containers": [{"name": "c", "image": "x"}]}});
    desk.put(pod.clone());
    let key = Key::new(Kind::Pod, "default", "p");
    let mut looks = 0;
    let run = desk.run_with("delete pod p", |desk| {
        looks += 1;
        if looks == 3 {
            let now = DeleteOptions {
                grace_period_seconds: Some(0),
                ..DeleteOptions::default()
            };
            desk.ask(key.clone(), Verb::Delete(now))
                .expect("the kubelet confirms");
        }
    });
    assert_eq!(
        run.requests,
        [
            "DELETE …/pods/p",
            "GET …/pods/p",
            "GET …/pods/p",
            "GET …/pods/p",
            "GET …/pods/p"
        ]
    );
    assert_eq!(
        run.session.output(),
        "pod \"p\" deleted from default namespace\n"
    );
    assert_eq!(desk.now, Time::from_secs(103));
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

#[test]
fn label_and_annotate_say_what_they_did() {
    let mut desk = Desk::new();
    desk.node("n");
    let get = "GET /api/v1/nodes/n";
    let patch = |body: &str| format!("PATCH /api/v1/nodes/n {body}");
    let cases = [
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
    for (line, body, output, errors) in cases {
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
fn c2_rollout_status_prints_each_change_until_it_is_done() {
    let mut desk = Desk::new();
    let key = desk.web();
    let steps = [
        json!({"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1}),
        json!({"observedGeneration": 1, "replicas": 4, "updatedReplicas": 3, "availableReplicas": 1}),
        json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 2}),
        json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 2}),
        json!({"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3}),
    ];
    let mut coming = steps.into_iter();
    let run = desk.run_with("rollout status deploy/web", |desk| {
        let status = coming.next().expect("it is done by now");
        desk.set_status(&key, |old| *old = status);
    });
    assert_eq!(
        run.session.output(),
        lines(&[
            "Waiting for deployment spec update to be observed...",
            "Waiting for deployment \"web\" rollout to finish: 1 out of 3 new replicas have been updated...",
            "Waiting for deployment \"web\" rollout to finish: 1 old replicas are pending termination...",
            "Waiting for deployment \"web\" rollout to finish: 2 of 3 updated replicas are available...",
            "deployment \"web\" successfully rolled out",
        ])
    );
    assert_eq!(run.requests.len(), 7);
    assert_eq!(run.session.exit_code(), Some(0));
    let run = desk.run("rollout status deploy/web --watch=false");
    assert_eq!(run.requests.len(), 2);
    desk.set_status(&key, |status| {
        *status = json!({"observedGeneration": 1, "conditions": [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]});
    });
    let run = desk.run("rollout status deploy/web");
    assert_eq!(
        run.session.error_text(),
        "error: deployment \"web\" exceeded its progress deadline\n"
    );
    assert_eq!(run.session.exit_code(), Some(1));
}

/// The replica sets that two templates of a deployment leave.
fn with_history(desk: &mut Desk) -> Key {
    let key = desk.web();
    desk.run("annotate deploy web deployment.kubernetes.io/revision=2");
    let owner = desk.get(&key).expect("it is there");
    for (revision, image) in [("1", "nginx:0"), ("2", "nginx:1")] {
        let labels = json!({"app": "web", "pod-template-hash": revision});
        desk.put(json!({"kind": "ReplicaSet",
            "metadata": {"name": format!("web-{revision}"), "namespace": "default", "labels": labels,
                "annotations": {"deployment.kubernetes.io/revision": revision},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": owner.uid(), "controller": true}]},
            "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels},
                "spec": {"containers": [{"name": "c", "image": image}, {"name": "d", "image": "busybox"}]}}}}));
    }
    key
}

#[test]
fn c1_undo_goes_back_to_an_earlier_template() {
    let mut desk = Desk::new();
    desk.web();
    let reads = [
        "GET A…/deployments/web",
        "GET A…/deployments/web",
        "GET A…/replicasets?app=web",
    ];
    desk.check(
        "rollout undo deploy/web",
        &reads,
        "",
        "error: no rollout history found for deployment \"web\"\n",
    );
    desk.check(
        "rollout history deploy/web",
        &reads,
        "deployment.apps/web \nNo rollout history found.\n",
        "",
    );
    let mut desk = Desk::new();
    let key = with_history(&mut desk);
    desk.check(
        "rollout undo deploy/web --to-revision=7",
        &reads,
        "",
        "error: unable to find specified revision 7 in history\n",
    );
    desk.check(
        "rollout undo deploy/web --to-revision=2",
        &reads,
        "deployment.apps/web skipped rollback (current template already matches revision 2)\n",
        "",
    );
    desk.check(
        "rollout history deploy/web",
        &reads,
        &lines(&[
            "deployment.apps/web ",
            "REVISION  CHANGE-CAUSE",
            "1         <none>",
            "2         <none>",
            "",
        ]),
        "",
    );
    let run = desk.run("rollout undo deploy/web");
    assert_eq!(run.session.output(), "deployment.apps/web rolled back\n");
    assert_eq!(run.requests.len(), 4);
    let web = crate::api::Deployment::of(&desk.get(&key).expect("it is there"))
        .expect("a deployment")
        .clone();
    let template = &web.spec.template;
    assert_eq!(
        template.spec.as_ref().expect("a spec").containers[0]
            .image
            .as_deref(),
        Some("nginx:0")
    );
    let labels = template
        .metadata
        .as_ref()
        .and_then(|metadata| metadata.labels.clone());
    assert_eq!(labels, Some([("app".to_owned(), "web".to_owned())].into()));
}

#[test]
fn c1_restart_pause_and_resume_change_the_deployment() {
    let mut desk = Desk::new();
    desk.web();
    let get = "GET A…/deployments/web";
    desk.check(
        "rollout restart deploy/web",
        &[get, "PATCH A…/deployments/web {\"spec\":{\"template\":{\"metadata\":{\"annotations\":{\"kubectl.kubernetes.io/restartedAt\":\"2026-01-01T00:01:40Z\"}}}}}"],
        "deployment.apps/web restarted\n",
        "",
    );
    desk.check(
        "rollout pause deploy/web",
        &[get, "PATCH A…/deployments/web {\"spec\":{\"paused\":true}}"],
        "deployment.apps/web paused\n",
        "",
    );
    desk.check(
        "rollout pause deploy/web",
        &[get],
        "",
        "error: deployments.apps \"web\" is already paused\n",
    );
    desk.check("rollout restart deploy/web", &[get], "", "error: deployments.apps \"web\" can't restart paused deployment (run rollout resume first)\n");
    desk.check(
        "rollout resume deploy/web",
        &[get, "PATCH A…/deployments/web {\"spec\":{\"paused\":null}}"],
        "deployment.apps/web resumed\n",
        "",
    );
    desk.check(
        "rollout resume deploy/web",
        &[get],
        "",
        "error: deployments.apps \"web\" is not paused\n",
    );
    desk.node("n");
    desk.check(
        "rollout restart node/n",
        &["GET /api/v1/nodes/n"],
        "",
        "error: nodes \"n\" restarting is not supported\n",
    );
    desk.check(
        "rollout status node/n",
        &["GET /api/v1/nodes/n", "GET /api/v1/nodes/n"],
        "",
        "error: no status viewer has been implemented for Node\n",
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
