//! Of many nodes only a part is scored, and the next cycle goes on where this one stopped.

use glassplane::scheduler::{Configuration, DEFAULT_SCHEDULER, Snapshot, schedule};
use glassplane::sim::Random;
use serde_json::json;

use super::{as_pod, decide, node, placed, pod};

#[test]
fn s5_the_search_stops_when_enough_nodes_fit_and_goes_on_there() {
    let nodes = (0..250).map(|number| node(&format!("node-{number:03}"), json!({})));
    let snapshot = Snapshot::from_objects(nodes);
    let configuration = Configuration::default();
    let profile = configuration.profile(DEFAULT_SCHEDULER).expect("a profile");
    let pod = pod("web", "1", json!({}));
    let mut random = Random::stream(1, "test");
    let mut start = 0;
    let mut seen = Vec::new();
    for _ in 0..3 {
        let decision = schedule(as_pod(&pod), &snapshot, profile, &mut random, start);
        assert_eq!(decision.feasible_count(), 120);
        assert_eq!(decision.sampled_out(), 130);
        assert_eq!(decision.sampled_out_nodes().count(), 130);
        seen.extend(decision.feasible().map(ToString::to_string));
        start = decision.next_start(start);
    }
    assert_eq!(start, 110);
    assert_eq!(
        (&*seen[119], &*seen[120], &*seen[250]),
        ("node-119", "node-120", "node-000")
    );
}

#[test]
fn s6_equal_best_nodes_are_all_named_and_the_seed_takes_one_of_them() {
    let nodes = (0..9).map(|number| node(&format!("node-{number}"), json!({})));
    let snapshot = Snapshot::from_objects(nodes);
    let configuration = Configuration::default();
    let profile = configuration.profile(DEFAULT_SCHEDULER).expect("a profile");
    let pod = pod("web", "1", json!({}));
    let mut winners = std::collections::BTreeSet::new();
    for seed in 0..50 {
        let mut random = Random::stream(seed, "test");
        let decision = schedule(as_pod(&pod), &snapshot, profile, &mut random, 0);
        assert_eq!(decision.best_names().len(), 9);
        let again = &mut Random::stream(seed, "test");
        assert_eq!(
            decision,
            schedule(as_pod(&pod), &snapshot, profile, again, 0)
        );
        winners.extend(decision.winner().map(ToString::to_string));
    }
    assert_eq!(winners.len(), 9);
}

#[test]
fn absurd_amounts_are_decided_without_an_accident() {
    let most = "9223372036854775807";
    let containers: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|name| {
            let requests = json!({"cpu": most, "memory": most, "example.com/card": most});
            json!({"name": name, "image": "huge", "resources": {"requests": requests}})
        })
        .collect();
    let allocatable = json!({"cpu": most, "memory": "-1", "pods": most, "example.com/card": "-5"});
    let image = json!({"names": ["huge:latest"], "sizeBytes": i64::MAX});
    let status = json!({"status": {"allocatable": allocatable, "images": [image]}});
    let huge = json!({"spec": {"containers": containers}});
    let snapshot = Snapshot::from_objects([
        node("node-a", status),
        placed("one", "1", "node-a", huge.clone()),
        placed("two", "1", "node-a", huge.clone()),
    ]);
    assert_eq!(
        decide(&pod("web", "-5", json!({})), &snapshot).feasible_count(),
        1
    );
    assert_eq!(
        decide(&pod("web", "1", huge), &snapshot).feasible_count(),
        0
    );
}
