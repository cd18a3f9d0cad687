//! What is made from flags and files, and what `-o` shows of it.

use serde_json::json;

use super::*;

/// What a line prints to stdout.
fn printed(desk: &mut Desk, line: &str) -> String {
    let run = desk.run(line);
    assert_eq!(run.session.error_text(), "", "{line}");
    run.session.output().to_owned()
}

#[test]
fn a_draft_has_the_empty_fields_that_go_writes() {
    let template = "    spec:\n      containers:\n      - image: nginx:1\n        name: nginx\n        \
        resources: {}\n";
    let deployment = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  labels:\n    app: web\n  name: \
         web\nspec:\n  replicas: 1\n  selector:\n    matchLabels:\n      app: web\n  strategy: {{}}\n  \
         template:\n    metadata:\n      labels:\n        app: web\n{template}status: {{}}\n"
    );
    let cases = [
        ("create deployment web --image=nginx:1", deployment.as_str()),
        (
            "run web --image=nginx:1",
            "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    run: web\n  name: web\nspec:\n  \
             containers:\n  - image: nginx:1\n    name: web\n    resources: {}\n  dnsPolicy: \
             ClusterFirst\n  restartPolicy: Always\nstatus: {}\n",
        ),
        (
            "create job j --image=busybox -- ls",
            "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: j\nspec:\n  template:\n    metadata: \
             {}\n    spec:\n      containers:\n      - command:\n        - ls\n        image: busybox\n        \
             name: j\n        resources: {}\n      restartPolicy: Never\nstatus: {}\n",
        ),
        (
            "create namespace lab",
            "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: lab\nspec: {}\nstatus: {}\n",
        ),
        (
            "create service clusterip s --tcp=80",
            "apiVersion: v1\nkind: Service\nmetadata:\n  labels:\n    app: s\n  name: s\nspec:\n  ports:\n  \
             - name: \"80\"\n    port: 80\n    protocol: TCP\n    targetPort: 80\n  selector:\n    app: \
             s\n  type: ClusterIP\nstatus:\n  loadBalancer: {}\n",
        ),
        (
            "create secret generic s --from-literal=user=admin",
            "apiVersion: v1\ndata:\n  user: YWRtaW4=\nkind: Secret\nmetadata:\n  name: s\n",
        ),
        (
            "create quota q -n shop --hard=pods=1",
            "apiVersion: v1\nkind: ResourceQuota\nmetadata:\n  name: q\n  namespace: shop\nspec:\n  \
             hard:\n    pods: \"1\"\nstatus: {}\n",
        ),
    ];
    let mut desk = Desk::new();
    for (line, yaml) in cases {
        let line = format!("{} --dry-run=client -o yaml", line.replace(" -- ls", ""))
            + if line.ends_with(" -- ls") {
                " -- ls"
            } else {
                ""
            };
        assert_eq!(printed(&mut desk, &line), yaml, "{line}");
    }
}

#[test]
fn what_is_written_is_shown_as_it_has_become() {
    let mut desk = Desk::new();
    desk.web();
    let cases = [
        (
            "scale deploy web --replicas=2 -o name",
            "deployment.apps/web\n",
        ),
        ("label deploy web a=b -o jsonpath={.metadata.labels.a}", "b"),
        (
            "label deploy web a=c --overwrite --dry-run=client -o jsonpath={.metadata.labels.a}",
            "c",
        ),
        (
            "set image deploy web c=nginx:9 --dry-run=server -o \
             jsonpath={.spec.template.spec.containers[0].image}",
            "nginx:9",
        ),
        (
            "get deploy web -o jsonpath={.spec.template.spec.containers[0].image}",
            "nginx:1",
        ),
        ("get deploy web -o jsonpath={.metadata.labels.a}", "b"),
        ("label deploy web --list", "a=b\n"),
        (
            "label deploy --list",
            "Listing labels for Deployment.apps/web:\n a=b\n",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(printed(&mut desk, line), expected, "{line}");
    }
    let yaml = printed(&mut desk, "scale deploy web --replicas=4 -o yaml");
    assert!(
        yaml.starts_with("apiVersion: apps/v1\nkind: Deployment\n"),
        "{yaml}"
    );
    desk.file("web.yaml", WEB);
    let all = printed(&mut desk, "apply -n shop -f web.yaml -o yaml");
    assert!(
        all.starts_with("apiVersion: v1\nitems:\n- apiVersion: apps/v1\n"),
        "{all}"
    );
    let last = printed(&mut desk, "apply view-last-applied -n shop cm/m");
    assert_eq!(
        last,
        "apiVersion: v1\ndata:\n  a: b\nkind: ConfigMap\nmetadata:\n  annotations: {}\n  name: m\n  \
         namespace: shop\n"
    );
}

#[test]
fn entries_come_from_literals_files_and_files_of_variables() {
    let mut desk = Desk::new();
    desk.file("conf/app.ini", "a=1\n");
    desk.file("some.env", "# words\nA=1\n\n  B=two=2\n");
    desk.files
        .insert("raw".to_owned(), [0xff, 0x00].as_slice().into());
    let cases = [
        (
            "create cm m1 --from-file=conf/app.ini",
            json!({"app.ini": "a=1\n"}),
        ),
        (
            "create cm m2 --from-file=k=conf/app.ini --from-literal=x=y",
            json!({"k": "a=1\n", "x": "y"}),
        ),
        (
            "create cm m3 --from-env-file=some.env",
            json!({"A": "1", "B": "two=2"}),
        ),
        (
            "create secret generic s --from-env-file=some.env",
            json!({"A": "MQ==", "B": "dHdvPTI="}),
        ),
        (
            "create secret tls t --cert=conf/app.ini --key=some.env",
            json!({"tls.crt": "YT0xCg==", "tls.key": "IyB3b3JkcwpBPTEKCiAgQj10d289Mgo="}),
        ),
    ];
    for (line, data) in cases {
        let line = format!("{line} --dry-run=client -o json");
        let shown: Value = serde_json::from_str(&printed(&mut desk, &line)).expect("JSON");
        assert_eq!(shown["data"], data, "{line}");
    }
    let shown = printed(
        &mut desk,
        "create cm m --from-file=raw --dry-run=client -o json",
    );
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(shown["binaryData"], json!({"raw": "/wA="}));
    let shown = printed(
        &mut desk,
        "create secret docker-registry r --docker-username=u --docker-password=p --dry-run=client -o \
         jsonpath={.type}{.data}",
    );
    assert!(
        shown.starts_with("kubernetes.io/dockerconfigjson{\".dockerconfigjson\":\"eyJhdXRocyI6"),
        "{shown}"
    );
    for (line, error) in [
        (
            "create cm m --from-file=none",
            "error: error reading none: no such file or directory\n",
        ),
        (
            "create cm m --from-file=a=conf/app.ini --from-literal=a=1",
            "error: cannot add key \"a\", another key by that name already exists in Data for \
             ConfigMap \"m\"\n",
        ),
    ] {
        assert_eq!(desk.run(line).session.error_text(), error, "{line}");
    }
}

#[test]
fn c6_a_job_is_made_by_hand_from_a_cron_job() {
    let mut desk = Desk::new();
    desk.put(
        json!({"kind": "CronJob", "metadata": {"name": "tick", "namespace": "default"},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {
            "metadata": {"labels": {"app": "tick"}, "annotations": {"a": "b"}},
            "spec": {"backoffLimit": 2, "template": {"spec": {"restartPolicy": "Never",
                "containers": [{"name": "c", "image": "busybox"}]}}}}}}),
    );
    let get = "GET /apis/batch/v1/namespaces/default/cronjobs/tick";
    let post = "POST /apis/batch/v1/namespaces/default/jobs";
    let line = "create job now --from=cronjob/tick";
    desk.check(line, &[get, post], "job.batch/now created\n", "");
    let job = desk.get(&Key::new(Kind::Job, "default", "now"));
    let job = job.expect("it was made").to_value();
    let annotations = json!({"a": "b", "cronjob.kubernetes.io/instantiate": "manual"});
    assert_eq!(job["metadata"]["annotations"], annotations);
    assert_eq!(job["metadata"]["labels"]["app"], "tick");
    assert_eq!(job["metadata"]["ownerReferences"][0]["kind"], "CronJob");
    assert_eq!(job["spec"]["backoffLimit"], 2);
    let error = "error: failed to create job: jobs.batch \"now\" already exists\n";
    desk.check(line, &[get, post], "", error);
}

#[test]
fn a_pod_is_run_and_exposed_at_once() {
    let mut desk = Desk::new();
    desk.check(
        "run web --image=nginx --port=80 --expose",
        &["POST …/services", "POST …/pods"],
        "service/web created\npod/web created\n",
        "",
    );
    let service = desk.get(&Key::new(Kind::Service, "default", "web"));
    let spec = service.expect("it was made").to_value()["spec"].clone();
    assert_eq!(spec["selector"], json!({"run": "web"}));
    desk.put(
        json!({"kind": "Pod", "metadata": {"name": "bare", "namespace": "default"},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]}}),
    );
    for (line, error) in [
        (
            "expose pod bare --port=80",
            "error: couldn't retrieve selectors via --selector flag or introspection: the pod has no \
             labels and cannot be exposed\n",
        ),
        (
            "autoscale pod bare --max=3",
            "error: cannot autoscale a Pod\n",
        ),
        (
            "logs bare -c nope",
            "error: container nope is not valid for pod bare out of: c\n",
        ),
    ] {
        assert_eq!(desk.run(line).session.error_text(), error, "{line}");
    }
    assert_eq!(
        desk.run("expose pod bare --port=80 --selector=a=b")
            .session
            .output(),
        "service/bare exposed\n"
    );
}

#[test]
fn fields_that_are_unknown_are_left_out_where_the_line_says_so() {
    let mut desk = Desk::new();
    desk.file(
        "m.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: m}, date: {a: b}}",
    );
    let run = desk.run("apply -f m.yaml --validate=warn");
    assert_eq!(run.session.output(), "configmap/m created\n");
    assert_eq!(
        run.session.error_text(),
        "Warning: unknown field \"date\"\n"
    );
    desk.file(
        "m.yaml",
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: mm}, date: {a: b}}",
    );
    let run = desk.run("apply -f m.yaml --validate=false");
    assert_eq!(run.session.error_text(), "");
}
