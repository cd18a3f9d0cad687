//! Evictions against budgets.

use super::*;

fn pod_key() -> Key {
    Key::new(Kind::Pod, "default", "web")
}

fn budget_key() -> Key {
    Key::new(Kind::PodDisruptionBudget, "default", "web")
}

/// A pod in this state behind a budget with this spec and status.
fn world(pod: &Value, spec: &Value, status: &Value) -> Door {
    let mut door = Door::new();
    let metadata = json!({"name": "web", "namespace": "default", "labels": {"app": "web"}});
    let containers = json!([{"name": "web", "image": "nginx:1"}]);
    let bare = json!({"metadata": metadata, "spec": {"containers": containers, "nodeName": "a"}});
    door.put(Kind::Pod, bare);
    door.set_status(&pod_key(), pod.clone());
    let mut spec = spec.clone();
    if spec.get("selector").is_none() {
        spec["selector"] = json!({"matchLabels": {"app": "web"}});
    }
    let metadata = json!({"name": "web", "namespace": "default"});
    door.put(
        Kind::PodDisruptionBudget,
        json!({"metadata": metadata, "spec": spec}),
    );
    let mut status = status.clone();
    status["observedGeneration"] = 1.into();
    door.set_status(&budget_key(), status);
    door
}

fn ready() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]})
}

fn broken() -> Value {
    json!({"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]})
}

fn status(allowed: i32, healthy: i32, desired: i32) -> Value {
    json!({"disruptionsAllowed": allowed, "currentHealthy": healthy, "desiredHealthy": desired,
        "expectedPods": 3, "conditions": [{"type": "DisruptionAllowed", "status": "True",
            "reason": "SufficientPods", "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z"}]})
}

fn evict() -> Verb {
    Verb::Evict(DeleteOptions::default())
}

#[test]
fn a11_an_eviction_that_a_budget_refuses_is_429_and_writes_nothing() {
    let mut door = world(&ready(), &json!({"minAvailable": 3}), &status(0, 3, 3));
    let before = door.api.store().revision();
    let refusal = door
        .ask(&pod_key(), evict())
        .expect_err("no disruption is left");
    assert_eq!(
        refusal.to_value(),
        json!({"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
            "message": "Cannot evict pod as it would violate the pod's disruption budget.",
            "reason": "TooManyRequests", "code": 429, "details": {"causes": [{
                "reason": "DisruptionBudget",
                "message": "The disruption budget web needs 3 healthy pods and has 3 currently"}]}})
    );
    assert_eq!(door.api.store().revision(), before);
}

#[test]
fn a11_an_eviction_takes_one_disruption_and_marks_the_pod() {
    let mut door = world(&ready(), &json!({"minAvailable": 2}), &status(1, 3, 2));
    let handled = door.handle(&pod_key(), evict(), WriteOptions::default());
    handled.outcome.expect("one may go");
    let written: Vec<String> = handled
        .changes
        .iter()
        .map(|change| change.key.to_string())
        .collect();
    assert_eq!(
        written,
        [
            "poddisruptionbudget default/web",
            "pod default/web",
            "pod default/web"
        ]
    );
    let budget = &door.stored(&budget_key())["status"];
    assert_eq!(budget["disruptionsAllowed"], 0);
    assert_eq!(budget["disruptedPods"]["web"], "2026-01-01T00:01:40Z");
    assert_eq!(budget["conditions"][0]["status"], "False");
    assert_eq!(budget["conditions"][0]["reason"], "InsufficientPods");
    let pod = door.stored(&pod_key());
    assert!(pod["metadata"]["deletionTimestamp"].is_string());
    let target = &pod["status"]["conditions"][1];
    assert_eq!(target["type"], "DisruptionTarget");
    assert_eq!(target["reason"], "EvictionByEvictionAPI");
    assert_eq!(target["message"], "Eviction API: evicting");
}

#[test]
fn c12_a_budget_with_an_empty_selector_covers_every_pod_and_one_without_covers_none() {
    for (selector, goes) in [(json!({}), false), (Value::Null, true)] {
        let spec = json!({"minAvailable": 3, "selector": selector});
        let mut door = world(&ready(), &spec, &status(0, 3, 3));
        assert_eq!(door.ask(&pod_key(), evict()).is_ok(), goes, "{selector}");
    }
}

#[test]
fn a11_a_budget_with_nothing_left_says_why() {
    let condition = |reason: &str, message: &str| {
        json!([{"type": "DisruptionAllowed", "status": "False", "reason": reason,
            "message": message, "lastTransitionTime": "2026-01-01T00:00:00Z"}])
    };
    let currently = "The disruption budget web does not allow evicting pods currently";
    let cases = [
        (
            condition("SyncFailed", "no controller"),
            (3, 3),
            format!("{currently} because it failed sync: no controller"),
        ),
        (
            condition("InsufficientPods", ""),
            (2, 3),
            "The disruption budget web needs 3 healthy pods and has 2 currently".to_owned(),
        ),
        (
            condition("InsufficientPods", ""),
            (4, 3),
            currently.to_owned(),
        ),
        (
            condition("Held", "not today"),
            (4, 3),
            format!("{currently} (Held): not today"),
        ),
    ];
    for (conditions, (now, desired), expected) in cases {
        let mut told = status(0, now, desired);
        told["conditions"] = conditions;
        let mut door = world(&ready(), &json!({"minAvailable": 3}), &told);
        let refusal = door.ask(&pod_key(), evict()).expect_err("nothing is left");
        assert_eq!(refusal.reason, Reason::TooManyRequests);
        assert_eq!(refusal.causes, [Cause::Budget(expected)]);
    }
}

#[test]
fn c12_a_pod_that_is_not_ready_goes_by_the_unhealthy_pod_eviction_policy() {
    let always = json!({"minAvailable": 3, "unhealthyPodEvictionPolicy": "AlwaysAllow"});
    let healthy = json!({"minAvailable": 3, "unhealthyPodEvictionPolicy": "IfHealthyBudget"});
    let silent = json!({"minAvailable": 3});
    // Whether it goes, by the pod's state, the policy, and the healthy and desired pods.
    let cases = [
        (broken(), &silent, (2, 3), false),
        (broken(), &silent, (3, 3), true),
        (broken(), &silent, (0, 0), false),
        (broken(), &healthy, (2, 3), false),
        (broken(), &healthy, (3, 3), true),
        (broken(), &always, (2, 3), true),
        (ready(), &always, (3, 3), false),
        (json!({"phase": "Pending"}), &silent, (2, 3), true),
        (json!({"phase": "Succeeded"}), &silent, (2, 3), true),
    ];
    for (pod, spec, (now, desired), goes) in cases {
        let mut door = world(&pod, spec, &status(0, now, desired));
        let outcome = door.ask(&pod_key(), evict());
        assert_eq!(outcome.is_ok(), goes, "{pod} {spec} {now}/{desired}");
        let allowed = &door.stored(&budget_key())["status"]["disruptionsAllowed"];
        assert_eq!(allowed, 0, "no disruption is taken");
    }
}

#[test]
fn c12_a_budget_that_nobody_has_looked_at_says_ask_again_in_ten_seconds() {
    let mut door = world(&ready(), &json!({"minAvailable": 1}), &status(2, 3, 1));
    let mut budget = door.stored(&budget_key());
    budget["spec"]["minAvailable"] = 2.into();
    let budget = Object::from_value(Kind::PodDisruptionBudget, budget).expect("well-formed");
    door.ask(&budget_key(), Verb::Update(budget))
        .expect("valid");
    let refusal = door
        .ask(&pod_key(), evict())
        .expect_err("the status is old");
    assert_eq!(refusal.retry_after_seconds, 10);
    assert_eq!(
        refusal.causes,
        [Cause::Budget(
            "The disruption budget web is still being processed by the server.".to_owned()
        )]
    );
}

#[test]
fn c12_two_budgets_for_one_pod_are_more_than_an_eviction_can_ask() {
    let mut door = world(&ready(), &json!({"minAvailable": 1}), &status(2, 3, 1));
    let metadata = json!({"name": "other", "namespace": "default"});
    let spec = json!({"maxUnavailable": 1, "selector": {"matchLabels": {"app": "web"}}});
    door.put(
        Kind::PodDisruptionBudget,
        json!({"metadata": metadata, "spec": spec}),
    );
    let refusal = door.ask(&pod_key(), evict()).expect_err("two budgets");
    assert_eq!(refusal.reason.code(), 500);
    assert_eq!(
        refusal.message,
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not \
         support."
    );
}

#[test]
fn a11_a_dry_run_of_an_eviction_asks_the_budget_and_changes_nothing() {
    let mut door = world(&ready(), &json!({"minAvailable": 2}), &status(1, 3, 2));
    let before = door.api.store().revision();
    let options = WriteOptions {
        run: Run::Dry,
        ..WriteOptions::default()
    };
    let handled = door.handle(&pod_key(), evict(), options);
    assert!(handled.outcome.is_ok());
    assert!(handled.changes.is_empty());
    assert_eq!(door.api.store().revision(), before);
}
