//! The scheduler against recorded decisions of kube-scheduler.

use glassplane::api::{Kind, Object, Pod, Typed};
use glassplane::scheduler::{Configuration, Snapshot, schedule};
use glassplane::sim::Random;
use serde_json::Value;

const CASES: &str = include_str!("../../conformance/scheduler/cases.jsonl");
const EXPECTED: &str = include_str!("../../conformance/scheduler/expected.jsonl");

/// The lists of a case and the kinds of their objects.
const LISTS: [(&str, Kind); 6] = [
    ("nodes", Kind::Node),
    ("pods", Kind::Pod),
    ("namespaces", Kind::Namespace),
    ("services", Kind::Service),
    ("replicaSets", Kind::ReplicaSet),
    ("podDisruptionBudgets", Kind::PodDisruptionBudget),
];

fn lines(text: &str) -> impl Iterator<Item = Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).expect("a recorded line"))
}

fn decide(case: &mut Value) -> Value {
    let name = case["name"].take();
    let objects = LISTS.iter().flat_map(|(list, kind)| {
        let items = case[*list].as_array().cloned().unwrap_or_default();
        items
            .into_iter()
            .map(|item| Object::from_value(*kind, item).expect("a recorded object"))
    });
    let snapshot = Snapshot::from_objects(objects);
    let configuration = match case.get("schedulerConfig") {
        Some(given) => Configuration::read(given).expect("a recorded configuration"),
        None => Configuration::default(),
    };
    let pod = Object::from_value(Kind::Pod, case["pod"].take()).expect("a recorded pod");
    let pod = Pod::of(&pod).expect("a pod");
    let profile = configuration.profile_of(pod).expect("a recorded profile");
    let mut random = Random::stream(1, "conformance");
    let decision = schedule(pod, &snapshot, profile, &mut random, 0);
    let mut value = decision.to_expected_value();
    value["name"] = name;
    value
}

#[test]
fn s1_360_of_360_recorded_decisions_are_equal() {
    let mut different = Vec::new();
    let mut count = 0;
    for (mut case, expected) in lines(CASES).zip(lines(EXPECTED)) {
        let found = decide(&mut case);
        if found != expected {
            different.push(format!("expected {expected}\n   found {found}"));
        }
        count += 1;
    }
    assert_eq!(
        (count, different.len()),
        (360, 0),
        "{}",
        different.join("\n")
    );
}
