//! C12: how many pods a budget lets go, and what it says of them.

use serde_json::{Value, json};

use super::{DISRUPTION, Duration};
use crate::api::Kind;
use crate::api::Object;
use crate::controllers::bench::{Bench, object, written};

fn world(spec: &Value, ready: usize, total: usize) -> Vec<Object> {
    let mut spec = spec.clone();
    spec["selector"] = json!({"matchLabels": {"app": "web"}});
    let budget = json!({"metadata": {"name": "web", "namespace": "default"}, "spec": spec});
    let deployment = json!({"metadata": {"name": "web", "namespace": "default", "uid": "d"},
        "spec": {"replicas": total, "selector": {}, "template": {}}});
    let owned = |kind: &str, uid: &str| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": "web", "uid": uid,
            "controller": true}])
    };
    let set = json!({"metadata": {"name": "web", "namespace": "default", "uid": "rs",
        "ownerReferences": owned("Deployment", "d")}, "spec": {"selector": {}}});
    let mut objects = vec![
        object(Kind::PodDisruptionBudget, budget),
        object(Kind::Deployment, deployment),
        object(Kind::ReplicaSet, set),
    ];
    objects.extend((0..total).map(|number| {
        let status = if number < ready { "True" } else { "False" };
        object(
            Kind::Pod,
            json!({"metadata": {"name": format!("p{number}"), "namespace": "default",
                    "labels": {"app": "web"}, "ownerReferences": owned("ReplicaSet", "rs")},
                "status": {"phase": "Running",
                    "conditions": [{"type": "Ready", "status": status}]}}),
        )
    }));
    objects
}

#[test]
fn c12_a_budget_says_how_many_pods_may_go() {
    let cases = [
        (json!({"minAvailable": 2}), 3, 3, (2, 1)),
        (json!({"minAvailable": "50%"}), 5, 5, (3, 2)),
        (json!({"maxUnavailable": 1}), 3, 3, (2, 1)),
        (json!({"maxUnavailable": 1}), 2, 3, (2, 0)),
        (json!({"maxUnavailable": "30%"}), 10, 10, (7, 3)),
    ];
    for (spec, ready, total, (desired, allowed)) in cases {
        let objects = world(&spec, ready, total);
        let plan = Bench::new(&DISRUPTION, &objects).plan(&objects[0].key());
        let status = written(&plan.actions[0])["status"].clone();
        assert_eq!(status["desiredHealthy"], desired, "{spec}");
        assert_eq!(status["disruptionsAllowed"], allowed, "{spec}");
        assert_eq!(status["currentHealthy"], ready, "{spec}");
        let reason = if allowed > 0 {
            "SufficientPods"
        } else {
            "InsufficientPods"
        };
        assert_eq!(status["conditions"][0]["reason"], reason, "{spec}");
    }
}

#[test]
fn c12_an_eviction_that_was_granted_counts_as_gone_until_it_is_seen() {
    let mut objects = world(&json!({"maxUnavailable": 1}), 3, 3);
    objects[0] = crate::controllers::bench::changed(&objects[0], |budget| {
        budget["status"] = json!({"disruptionsAllowed": 0, "currentHealthy": 3,
            "desiredHealthy": 2, "expectedPods": 3,
            "disruptedPods": {"p0": "2026-01-01T00:09:00Z"}});
    });
    let mut bench = Bench::new(&DISRUPTION, &objects);
    let plan = bench.plan(&objects[0].key());
    assert_eq!(written(&plan.actions[0])["status"]["currentHealthy"], 2);
    let look = plan.look_again.expect("it expires");
    assert_eq!(look.after, Duration::from_mins(1));
    bench.wait(look.after);
    let plan = bench.plan(&objects[0].key());
    assert_eq!(written(&plan.actions[0])["status"]["disruptionsAllowed"], 1);
}

#[test]
fn c12_over_pods_of_a_job_or_a_daemon_set_nobody_knows_how_many_there_should_be() {
    for (kind, resource) in [("Job", "jobs.batch"), ("DaemonSet", "daemonsets.apps")] {
        let mut objects = world(&json!({"maxUnavailable": 1}), 1, 1);
        let last = objects.len() - 1;
        objects[last] = crate::controllers::bench::changed(&objects[last], |pod| {
            pod["metadata"]["ownerReferences"][0]["kind"] = json!(kind);
        });
        let plan = Bench::new(&DISRUPTION, &objects).plan(&objects[0].key());
        let status = written(&plan.actions[0])["status"].clone();
        assert_eq!(status["disruptionsAllowed"], 0);
        let condition = &status["conditions"][0];
        assert_eq!(condition["reason"], "SyncFailed");
        let why = format!("{resource} does not implement the scale subresource");
        assert_eq!(condition["message"], why);
        let said = &plan.events[0];
        assert_eq!(said.reason, "CalculateExpectedPodCountFailed");
        let whole = format!("Failed to calculate the number of expected pods: {why}");
        assert_eq!(said.message, whole);
    }
}
