//! The scheduler against recorded decisions of kube-scheduler.

use glassplane::api::{Kind, Object, Pod, Typed};
use glassplane::scheduler::{Configuration, Decision, Grounds, Half, Phrase, Snapshot, schedule};
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

fn decide(case: &mut Value) -> Decision {
    decide_on_grounds(case).0
}

/// The decision, and what it was made from.
fn decide_on_grounds(case: &mut Value) -> (Decision, Grounds) {
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
    let grounds = Grounds::new(pod, &snapshot, profile);
    let decision = schedule(pod, &snapshot, profile, &mut random, 0);
    (decision, grounds)
}

#[test]
fn s1_360_of_360_recorded_decisions_are_equal() {
    let mut different = Vec::new();
    let mut count = 0;
    for (mut case, expected) in lines(CASES).zip(lines(EXPECTED)) {
        let mut found = decide(&mut case).to_expected_value();
        found["name"] = case["name"].take();
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

#[test]
fn the_clauses_of_each_message_are_the_message_and_count_the_nodes_of_their_reason() {
    let mut clauses = 0;
    for mut case in lines(CASES) {
        let decision = decide(&mut case);
        let phrases = decision.phrases();
        let text: String = phrases
            .iter()
            .map(|phrase| match phrase {
                Phrase::Words(words) => words.clone(),
                Phrase::Clause(clause) => clause.text(),
            })
            .collect();
        assert_eq!(
            text,
            decision.message().unwrap_or_default(),
            "{}",
            case["name"]
        );
        for phrase in phrases {
            let Phrase::Clause(clause) = phrase else {
                continue;
            };
            let Some(nodes) = clause.nodes else { continue };
            let refused = decision
                .verdicts()
                .filter_map(|(node, rejection)| Some((node, rejection?)))
                .chain(decision.left_out());
            let counted = refused.filter(|(node, rejection)| match clause.half {
                Half::Filter => rejection
                    .refusal
                    .reasons
                    .contains(&clause.reason.clone().into()),
                Half::Preemption => decision.preemption_reasons(node).contains(&&*clause.reason),
            });
            assert_eq!(
                counted.count(),
                nodes,
                "{}: {}",
                case["name"],
                clause.text()
            );
            clauses += 1;
        }
    }
    assert!(clauses > 100, "{clauses}");
}

#[test]
fn every_verdict_and_every_score_has_a_sentence_with_its_figures() {
    let (mut verdicts, mut scores) = (0, 0);
    for mut case in lines(CASES) {
        let (decision, grounds) = decide_on_grounds(&mut case);
        for (node, _) in decision.verdicts() {
            for column in decision.filters() {
                let said = grounds.filter_sentence(column.plugin, node);
                let said = said.expect("the node and the plugin are there");
                assert!(!said.is_empty(), "{} {}", case["name"], column.plugin);
                verdicts += 1;
            }
        }
        for (node, column) in decision
            .feasible()
            .flat_map(|node| decision.columns().iter().map(move |column| (node, column)))
        {
            let said = grounds.score_sentence(&decision, column.plugin, node);
            assert!(
                said.is_some_and(|said| !said.is_empty()),
                "{}",
                case["name"]
            );
            assert!(grounds.scale(&decision, column.plugin).is_some());
            scores += 1;
        }
    }
    assert!(verdicts > 10_000 && scores > 3_000, "{verdicts} {scores}");
}
