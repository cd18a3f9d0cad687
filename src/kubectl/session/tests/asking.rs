//! Templates, columns, orders, waits, events, drafts and settings.

use serde_json::json;

use super::*;

fn pod(desk: &mut Desk, name: &str, image: &str, restarts: i32) -> Key {
    let key = desk
        .put(json!({
            "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "c", "image": image}]},
        }))
        .key();
    desk.set_status(&key, |status| {
        *status = json!({"phase": "Running", "podIP": format!("10.244.0.{restarts}"),
            "containerStatuses": [{"name": "c", "image": image, "imageID": "x", "ready": true, "restartCount": restarts}],
            "conditions": [{"type": "Ready", "status": "True"}]});
    });
    key
}

/// stdout and stderr of lines at one desk.
fn answers(desk: &mut Desk, cases: &[(&str, &str, &str)]) {
    for (line, output, errors) in cases {
        let run = desk.run(line);
        assert_eq!(run.session.output(), *output, "{line}: stdout");
        assert_eq!(run.session.error_text(), *errors, "{line}: stderr");
    }
}

#[test]
fn get_shows_templates_and_columns_of_ones_own() {
    let mut desk = Desk::new();
    pod(&mut desk, "web-1", "nginx:1.27", 4);
    pod(&mut desk, "web-2", "nginx:1.28", 2);
    answers(
        &mut desk,
        &[
            (
                "get pods -o jsonpath='{.items[*].metadata.name}'",
                "web-1 web-2",
                "",
            ),
            (
                "get pod web-1 -o jsonpath='{.status.podIP}'",
                "10.244.0.4",
                "",
            ),
            (
                "get pods -o jsonpath='{range .items[*]}{.metadata.name}={.spec.containers[0].image}{\"\\n\"}{end}'",
                "web-1=nginx:1.27\nweb-2=nginx:1.28\n",
                "",
            ),
            (
                "get pod web-1 -o jsonpath='{.status.conditions[?(@.type==\"Ready\")].status}'",
                "True",
                "",
            ),
            (
                "get pod web-1 -o jsonpath='{.metadata.labels}'",
                "{\"app\":\"web\"}",
                "",
            ),
            (
                "get pods -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image,NODE:.spec.nodeName",
                "NAME    IMAGE        NODE\nweb-1   nginx:1.27   <none>\nweb-2   nginx:1.28   <none>\n",
                "",
            ),
            (
                "get pods --no-headers -o custom-columns=:.metadata.name",
                "web-1\nweb-2\n",
                "",
            ),
            (
                "get pods --sort-by=.status.containerStatuses[0].restartCount -o name",
                "pod/web-2\npod/web-1\n",
                "",
            ),
            (
                "get pods --sort-by={.metadata.name} -o name",
                "pod/web-1\npod/web-2\n",
                "",
            ),
            (
                "get pods --sort-by=.spec.nothing",
                "",
                "error: couldn't find any field with path \"{.spec.nothing}\" in the list of objects\n",
            ),
            (
                "get pods -o jsonpath='{.items[7].metadata.name}'",
                "",
                "error: error executing jsonpath \"{.items[7].metadata.name}\": Error executing template: array index out of bounds: index 7, length 2. Printing more information for debugging the template:\n\ttemplate was:\n\t\t{.items[7].metadata.name}\n",
            ),
        ],
    );
}

#[test]
fn wait_says_what_was_met_or_that_time_is_out() {
    let mut desk = Desk::new();
    pod(&mut desk, "web-1", "nginx", 0);
    answers(
        &mut desk,
        &[
            (
                "wait --for=condition=Ready pod/web-1",
                "pod/web-1 condition met\n",
                "",
            ),
            (
                "wait --for=condition=ready=TRUE pods -l app=web",
                "pod/web-1 condition met\n",
                "",
            ),
            (
                "wait --for=jsonpath='{.status.phase}'=Running pod/web-1",
                "pod/web-1 condition met\n",
                "",
            ),
            (
                "wait --for=jsonpath='{.status.podIP}' pod/web-1",
                "pod/web-1 condition met\n",
                "",
            ),
            (
                "wait --for=create pod/web-1",
                "pod/web-1 condition met\n",
                "",
            ),
            ("wait --for=delete pod/gone", "", ""),
            (
                "wait --for=condition=Ready=false pod/web-1 --timeout=5s",
                "",
                "error: timed out waiting for the condition on pods/web-1\n",
            ),
            (
                "wait --for=delete pod/web-1 --timeout=0",
                "",
                "error: condition not met for pods/web-1\n",
            ),
            (
                "wait --for=condition=Ready pod/gone",
                "",
                "Error from server (NotFound): pods \"gone\" not found\n",
            ),
            (
                "wait --for=condition=Ready pods -l app=none",
                "",
                "error: no matching resources found\n",
            ),
        ],
    );
    let begun = desk.now;
    desk.run("wait --for=condition=Nothing pod/web-1");
    assert_eq!(
        desk.now.since(begun),
        Duration::from_secs(30),
        "the default"
    );
}

#[test]
fn wait_ends_when_the_object_goes_or_comes_or_is_another_one() {
    let mut desk = Desk::new();
    let key = pod(&mut desk, "web-1", "nginx", 0);
    let run = desk.run_with("wait --for=delete pod/web-1", |desk| {
        desk.ask(
            key.clone(),
            Verb::Delete(DeleteOptions {
                grace_period_seconds: Some(0),
                ..DeleteOptions::default()
            }),
        )
        .expect("it is there");
    });
    assert_eq!(run.session.output(), "pod/web-1 condition met\n");
    let run = desk.run_with("wait --for=create pod/web-1", |desk| {
        pod(desk, "web-1", "nginx", 0);
    });
    assert_eq!(run.session.output(), "pod/web-1 condition met\n");
}

#[test]
fn events_are_shown_by_time_with_how_often_and_for_how_long() {
    let mut desk = Desk::new();
    let event = |name: &str, kind: &str, last: &str, count: i32, message: &str| {
        json!({"kind": "Event", "metadata": {"name": name, "namespace": "default"},
            "type": kind, "reason": "Tested", "message": message, "count": count,
            "firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": last,
            "involvedObject": {"kind": "Pod", "name": "web-1", "namespace": "default"}})
    };
    desk.put(event(
        "b",
        "Warning",
        "2026-01-01T00:01:30Z",
        4,
        "again and again",
    ));
    desk.put(event(
        "a",
        "Normal",
        "2026-01-01T00:00:00Z",
        1,
        "once\nmore",
    ));
    let all = desk.run("events").session.output().to_owned();
    let lines: Vec<Vec<&str>> = all
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|part| !part.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(
        lines,
        [
            vec!["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"],
            vec!["100s", "Normal", "Tested", "Pod/web-1", "once..."],
            vec![
                "10s (x4 over 100s)",
                "Warning",
                "Tested",
                "Pod/web-1",
                "again and again"
            ],
        ]
    );
    assert_eq!(
        desk.run("events --types=Warning")
            .session
            .output()
            .lines()
            .count(),
        2
    );
    assert_eq!(
        desk.run("events --for pod/web-1 --no-headers")
            .session
            .output()
            .lines()
            .count(),
        2
    );
    answers(
        &mut desk,
        &[
            (
                "events --for pod/web-2",
                "",
                "No events found in default namespace.\n",
            ),
            ("events -n shop", "", "No events found in shop namespace.\n"),
        ],
    );
}

#[test]
fn settings_change_the_part_that_they_name() {
    let mut desk = Desk::new();
    let web = desk.web();
    desk.put(
        json!({"kind": "Service", "metadata": {"name": "web", "namespace": "default"},
        "spec": {"ports": [{"port": 80}], "selector": {"app": "web"}}}),
    );
    answers(
        &mut desk,
        &[
            (
                "set env deployment/web COLOUR=red SIZE=2",
                "deployment.apps/web env updated\n",
                "",
            ),
            (
                "set env deployment/web SIZE-",
                "deployment.apps/web env updated\n",
                "",
            ),
            (
                "set resources deployment web -c c --limits=cpu=200m,memory=512Mi --requests=cpu=100m",
                "deployment.apps/web resource requirements updated\n",
                "",
            ),
            (
                "set serviceaccount deployment web builder",
                "deployment.apps/web serviceaccount updated\n",
                "",
            ),
            (
                "set selector service web app=shop",
                "service/web selector updated\n",
                "",
            ),
            ("set env deployment/web COLOUR=red", "", ""),
            (
                "set resources deployment web -c nobody --limits=cpu=1",
                "",
                "error: unable to find container named nobody\n",
            ),
        ],
    );
    let value = desk.get(&web).expect("it is there").to_value();
    let spec = &value["spec"]["template"]["spec"];
    for container in spec["containers"].as_array().expect("two of them") {
        assert_eq!(
            container["env"],
            json!([{"name": "COLOUR", "value": "red"}])
        );
    }
    assert_eq!(
        spec["containers"][0]["resources"],
        json!({"limits": {"cpu": "200m", "memory": "512Mi"}, "requests": {"cpu": "100m"}})
    );
    assert_eq!(spec["serviceAccountName"], "builder");
}

#[test]
fn objects_from_flags_are_made_as_kubectl_makes_them() {
    let mut desk = Desk::new();
    answers(
        &mut desk,
        &[
            (
                "create secret generic s --from-literal=a=b",
                "secret/s created\n",
                "",
            ),
            (
                "create service clusterip web --tcp=80:8080",
                "service/web created\n",
                "",
            ),
            (
                "create service nodeport door --tcp=80 --node-port=30080",
                "service/door created\n",
                "",
            ),
            (
                "create quota q --hard=cpu=1,pods=2",
                "resourcequota/q created\n",
                "",
            ),
            (
                "create pdb p --selector=app=web --min-available=50%",
                "poddisruptionbudget.policy/p created\n",
                "",
            ),
            (
                "create priorityclass high --value=1000",
                "priorityclass.scheduling.k8s.io/high created\n",
                "",
            ),
        ],
    );
    let read = |kind, namespace, name: &str| {
        let object = desk.get(&Key::new(kind, namespace, name));
        object.expect("it was made").to_value()
    };
    assert_eq!(
        read(Kind::Secret, "default", "s")["data"],
        json!({"a": "Yg=="})
    );
    assert_eq!(
        read(Kind::Service, "default", "web")["spec"]["ports"],
        json!([{"name": "80-8080", "port": 80, "protocol": "TCP", "targetPort": 8080}])
    );
    assert_eq!(
        read(Kind::Service, "default", "door")["spec"]["ports"][0]["nodePort"],
        30080
    );
    let budget = read(Kind::PodDisruptionBudget, "default", "p");
    assert_eq!(
        budget["spec"],
        json!({"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}})
    );
    assert_eq!(read(Kind::PriorityClass, "", "high")["value"], 1000);
}

#[test]
fn a_draft_asks_nobody_and_shows_what_would_be_sent() {
    let mut desk = Desk::new();
    desk.check(
        "create configmap m --from-literal=a=b --dry-run=client -o yaml",
        &[],
        "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  name: m\n",
        "",
    );
    desk.check(
        "create deployment web --image=nginx --dry-run=client",
        &[],
        "deployment.apps/web created (dry run)\n",
        "",
    );
    desk.check(
        "run web --image=nginx --dry-run=client -o name",
        &[],
        "pod/web\n",
        "",
    );
}

#[test]
fn what_needs_nobody_asks_nobody() {
    let mut desk = Desk::new();
    for (line, expected) in [
        (
            "explain deployment.spec.strategy",
            "FIELD: strategy <DeploymentStrategy>",
        ),
        (
            "api-resources",
            "deployments                deploy       apps/v1",
        ),
        ("version", "Server Version: v1.34.1"),
    ] {
        let run = desk.run(line);
        assert!(run.requests.is_empty(), "{line}");
        assert!(
            run.session.output().contains(expected),
            "{line}: {}",
            run.session.output()
        );
    }
}
