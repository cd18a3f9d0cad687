//! Who has to leave for a more important pod, and where.

use glassplane::api::{Key, Kind, Object};
use glassplane::scheduler::{Criterion, Snapshot};
use serde_json::{Value, json};

use super::{as_pod, decide, node, object, placed, pod};

/// A pod of some priority that has run since a second of the first minute.
fn victim(name: &str, cpu: &str, node: &str, priority: i32, second: u32) -> Object {
    let start = format!("2026-01-01T00:00:{second:02}Z");
    let fields = json!({
        "metadata": {"labels": {"app": name}},
        "spec": {"priority": priority},
        "status": {"startTime": start},
    });
    placed(name, cpu, node, fields)
}

fn incoming(cpu: &str, more: &Value) -> Object {
    let mut fields = json!({"spec": {"priority": 100}});
    json_patch::merge(&mut fields, more);
    pod("incoming", cpu, fields)
}

fn cluster(pods: Vec<Object>, more: Vec<Object>) -> Snapshot {
    let nodes = [node("a", json!({})), node("b", json!({}))];
    Snapshot::from_objects(nodes.into_iter().chain(pods).chain(more))
}

#[test]
fn s7_the_node_is_chosen_by_each_criterion_in_turn() {
    let budget = |allowed: i32| {
        let fields = json!({
            "spec": {"selector": {"matchLabels": {"app": "a1"}}},
            "status": {"disruptionsAllowed": allowed, "currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1},
        });
        object(Kind::PodDisruptionBudget, "guard", fields)
    };
    let cases = [
        (
            vec![victim("a1", "4", "a", 1, 0), victim("b1", "4", "b", 9, 0)],
            vec![budget(0)],
            ("b", Criterion::FewestBudgetViolations),
        ),
        (
            vec![victim("a1", "4", "a", 1, 0), victim("b1", "4", "b", 9, 0)],
            vec![budget(1)],
            ("a", Criterion::LowestHighestPriority),
        ),
        (
            vec![
                victim("a1", "2", "a", 9, 0),
                victim("a2", "2", "a", 2, 0),
                victim("b1", "2", "b", 9, 0),
                victim("b2", "2", "b", 1, 0),
            ],
            vec![],
            ("b", Criterion::LowestSumOfPriorities),
        ),
        (
            vec![victim("a1", "4", "a", 1, 10), victim("b1", "4", "b", 1, 20)],
            vec![],
            ("b", Criterion::LatestStart),
        ),
    ];
    for (pods, more, (node, criterion)) in cases {
        let decision = decide(&incoming("4", &json!({})), &cluster(pods, more));
        let preemption = decision.preemption().expect("the pod fits nowhere");
        assert_eq!(
            decision.nominated_node().map(|name| &**name),
            Some(node),
            "{criterion:?}"
        );
        let (chosen, by) = preemption.chosen.expect("one is chosen");
        assert_eq!(by, criterion);
        // With two candidates the other one fell behind by what decided.
        let fell = preemption.fell_by();
        assert_eq!((fell[chosen], fell[1 - chosen]), (None, Some(criterion)));
        assert_eq!(preemption.message, "");
    }
}

#[test]
fn s7_only_as_many_leave_as_must_and_the_least_important_first() {
    let pods = vec![
        victim("high", "2", "a", 9, 0),
        victim("old", "1", "a", 1, 10),
        victim("young", "1", "a", 1, 20),
        victim("equal", "4", "b", 100, 0),
    ];
    let decision = decide(&incoming("1", &json!({})), &cluster(pods, vec![]));
    let value = decision.to_expected_value();
    assert_eq!(value["nominatedNode"], "a");
    assert_eq!(value["victims"], json!(["default/young"]));
}

#[test]
fn s7_who_may_not_preempt_waits() {
    let pods = || vec![victim("a1", "4", "a", 1, 0), victim("b1", "4", "b", 1, 0)];
    let never = incoming("4", &json!({"spec": {"preemptionPolicy": "Never"}}));
    let decision = decide(&never, &cluster(pods(), vec![]));
    assert_eq!(
        decision.message(),
        Some(
            "0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to preemptionPolicy=Never."
        )
    );
    let leaving = json!({
        "metadata": {"deletionTimestamp": "2026-01-01T00:01:00Z"},
        "status": {"conditions": [{
            "type": "DisruptionTarget", "status": "True", "reason": "PreemptionByScheduler",
        }]},
    });
    let mut leaver = victim("a1", "4", "a", 1, 0).to_value();
    json_patch::merge(&mut leaver, &leaving);
    let leaver = Object::from_value(Kind::Pod, leaver).expect("a pod");
    let again = incoming("4", &json!({"status": {"nominatedNodeName": "a"}}));
    let snapshot = cluster(vec![leaver, victim("b1", "4", "b", 1, 0)], vec![]);
    let decision = decide(&again, &snapshot);
    assert_eq!(
        decision.message(),
        Some(
            "0/2 nodes are available: 2 Insufficient cpu. preemption: not eligible due to a terminating pod on the nominated node."
        )
    );
}

#[test]
fn s7_a_nominated_place_is_kept_from_lower_priorities() {
    let mut snapshot = cluster(vec![placed("b1", "4", "b", json!({}))], vec![]);
    let nominated = incoming("4", &json!({"status": {"nominatedNodeName": "a"}}));
    snapshot.apply(None, Some(&nominated));
    let key = Key::new(Kind::Pod, "default", "incoming");
    assert_eq!(snapshot.nomination(&key).map(|node| &**node), Some("a"));
    let thief = pod("thief", "1", json!({"spec": {"priority": 1}}));
    assert_eq!(decide(&thief, &snapshot).winner(), None);
    let better = pod("better", "1", json!({"spec": {"priority": 101}}));
    assert_eq!(
        decide(&better, &snapshot).winner().map(|node| &**node),
        Some("a")
    );
    assert_eq!(
        decide(&nominated, &snapshot).winner().map(|node| &**node),
        Some("a")
    );
    snapshot.assume(as_pod(&nominated), "a");
    assert_eq!(snapshot.nomination(&key), None);
    assert!(snapshot.is_assumed(&key));
    assert_eq!(decide(&better, &snapshot).winner(), None);
    assert!(snapshot.forget(&key));
    assert_eq!(
        decide(&better, &snapshot).winner().map(|node| &**node),
        Some("a")
    );
}
