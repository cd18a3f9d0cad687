//! `rollout` in all its forms.

use serde_json::json;

use super::*;
use crate::api::Typed;

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

/// A workload of a kind whose history is kept in revisions, with two templates that it has had.
fn with_revisions(desk: &mut Desk, kind: &str) -> Key {
    let labels = json!({"app": "db"});
    let template = |image: &str| {
        json!({"metadata": {"labels": labels},
            "spec": {"containers": [{"name": "c", "image": image}]}})
    };
    let mut spec = json!({"selector": {"matchLabels": labels}, "template": template("db:2")});
    if kind == "StatefulSet" {
        spec["serviceName"] = "db".into();
    }
    let owner = desk.put(json!({"kind": kind, "spec": spec,
        "metadata": {"name": "db", "namespace": "default"}}));
    // What is kept is the template as the API server has it, defaults and all.
    let whole = owner.to_value()["spec"]["template"].clone();
    for (number, image) in [(1, "db:1"), (2, "db:2")] {
        let mut kept = whole.clone();
        kept["spec"]["containers"][0]["image"] = image.into();
        kept["$patch"] = "replace".into();
        desk.put(json!({"kind": "ControllerRevision", "revision": number,
            "metadata": {"name": format!("db-{number}"), "namespace": "default", "labels": labels,
                "annotations": {"kubernetes.io/change-cause": format!("to {image}")},
                "ownerReferences": [{"apiVersion": "apps/v1", "kind": kind, "name": "db",
                    "uid": owner.uid(), "controller": true}]},
            "data": {"spec": {"template": kept}}}));
    }
    owner.key()
}

#[test]
fn c4_c5_history_of_sets_is_read_from_their_revisions() {
    for (kind, word, table) in [
        (
            "DaemonSet",
            "daemonset",
            [
                "REVISION  CHANGE-CAUSE",
                "1         to db:1",
                "2         to db:2",
            ],
        ),
        ("StatefulSet", "statefulset", ["REVISION", "1", "2"]),
    ] {
        let mut desk = Desk::new();
        with_revisions(&mut desk, kind);
        let get = format!("GET A…/{word}s/db");
        let reads = [&get, &get, "GET A…/controllerrevisions?app=db"];
        let path = format!("{word}.apps/db");
        let [head, first, second] = table;
        desk.check(
            &format!("rollout history {word} db"),
            &reads,
            &lines(&[&format!("{path} "), head, first, second, ""]),
            "",
        );
        desk.check(
            &format!("rollout history {word} db --revision=1"),
            &reads,
            &lines(&[
                &format!("{path} with revision #1"),
                "Pod Template:",
                "  Labels:\tapp=db",
                "  Containers:",
                "   c:",
                "    Image:\tdb:1",
                "    Port:\t<none>",
                "    Host Port:\t<none>",
                "    Environment:\t<none>",
                "    Mounts:\t<none>",
                "  Volumes:\t<none>",
                "  Node-Selectors:\t<none>",
                "  Tolerations:\t<none>",
                "",
            ]),
            "",
        );
        desk.check(
            &format!("rollout history {word} db --revision=7"),
            &reads,
            "",
            "error: unable to find the specified revision\n",
        );
    }
}

#[test]
fn c4_c5_undo_of_sets_sends_what_the_revision_keeps() {
    for (kind, word) in [("DaemonSet", "daemonset"), ("StatefulSet", "statefulset")] {
        let mut desk = Desk::new();
        let key = with_revisions(&mut desk, kind);
        let get = format!("GET A…/{word}s/db");
        let reads = [&get, &get, "GET A…/controllerrevisions?app=db"];
        let path = format!("{word}.apps/db");
        desk.check(
            &format!("rollout undo {word} db --to-revision=2"),
            &reads,
            &format!("{path} skipped rollback (current template already matches revision 2)\n"),
            "",
        );
        desk.check(
            &format!("rollout undo {word} db --to-revision=7"),
            &reads,
            "",
            "error: unable to find specified revision 7 in history\n",
        );
        let run = desk.run(&format!("rollout undo {word} db"));
        assert_eq!(run.session.output(), format!("{path} rolled back\n"));
        let sent = run.requests.last().expect("it asks");
        assert!(sent.starts_with(&format!("PATCH A…/{word}s/db {{\"spec\":{{\"template\":{{")));
        assert!(sent.contains("\"$patch\":\"replace\""), "{sent}");
        let value = desk.get(&key).expect("it is there").to_value();
        let image = value.pointer("/spec/template/spec/containers/0/image");
        assert_eq!(image, Some(&"db:1".into()));
        desk.run("delete controllerrevision db-1 --wait=false");
        desk.check(
            &format!("rollout undo {word} db"),
            &reads,
            "",
            "error: no last revision to roll back to\n",
        );
        for (verb, doing) in [("pause", "pausing"), ("resume", "resuming")] {
            desk.check(
                &format!("rollout {verb} {word} db"),
                &[&get],
                "",
                &format!("error: {word}s.apps \"db\" {doing} is not supported\n"),
            );
        }
    }
}

#[test]
fn what_has_no_history_says_so_by_its_kind() {
    let mut desk = Desk::new();
    desk.put(json!({"kind": "ReplicaSet", "metadata": {"name": "r", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {
            "metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}));
    let get = "GET A…/replicasets/r";
    for (action, what) in [
        (
            "history",
            "no history viewer has been implemented for \"ReplicaSet.apps\"",
        ),
        (
            "undo",
            "no rollbacker has been implemented for \"ReplicaSet.apps\"",
        ),
        (
            "status",
            "no status viewer has been implemented for ReplicaSet.apps",
        ),
    ] {
        let line = format!("rollout {action} rs r");
        desk.check(&line, &[get, get], "", &format!("error: {what}\n"));
    }
}
