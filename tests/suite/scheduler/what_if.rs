//! What if: decisions with something imagined, beside the real ones.

use std::sync::Arc;

use glassplane::api::{Kind, Object, Quantity, core};
use glassplane::scheduler::{
    Configuration, DEFAULT_SCHEDULER, Points, Premise, PremiseError, Question, Snapshot, Standing,
    Strategy, WhatIf,
};
use glassplane::sim::Random;
use serde_json::json;

use super::{as_pod, node, placed, pod};

/// Two nodes of which one has a disk that the pod prefers and the other is emptier.
fn world() -> Vec<Object> {
    vec![
        node("node-a", json!({})),
        node("node-b", json!({"metadata": {"labels": {"disk": "ssd"}}})),
        placed("there", "2", "node-b", json!({})),
    ]
}

/// A pod that prefers the disk a little.
fn picky() -> Object {
    let wants = json!({"matchExpressions": [{"key": "disk", "operator": "In", "values": ["ssd"]}]});
    let preferred = json!([{"weight": 1, "preference": wants}]);
    let affinity =
        json!({"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}});
    pod("picky", "1", json!({"spec": {"affinity": affinity}}))
}

fn ask(objects: Vec<Object>, pod: &Object, premises: &[Premise]) -> Result<WhatIf, PremiseError> {
    let snapshot = Snapshot::from_objects(objects);
    let configuration = Configuration::default();
    let question = Question {
        pod: as_pod(pod),
        snapshot: &snapshot,
        profile: configuration.profile(DEFAULT_SCHEDULER).expect("there"),
        start: 0,
    };
    let real = Arc::new(question.decide());
    let answer = question.what_if(Arc::clone(&real), premises);
    assert_eq!(*real, question.decide(), "nothing real may change");
    answer
}

fn weight(plugin: &str, weight: i64) -> Premise {
    let plugin = plugin.to_owned();
    Premise::Weight { plugin, weight }
}

fn disable(plugin: &str) -> Premise {
    let plugin = plugin.to_owned();
    Premise::Disable { plugin }
}

fn label(node: &str, key: &str, value: Option<&str>) -> Premise {
    Premise::Label {
        node: node.to_owned(),
        key: key.to_owned(),
        value: value.map(str::to_owned),
    }
}

fn taint(node: &str, key: &str) -> Premise {
    let taint = core::Taint {
        key: key.to_owned(),
        value: None,
        effect: "NoSchedule".to_owned(),
        time_added: None,
    };
    let node = node.to_owned();
    Premise::Taint { node, taint }
}

fn untaint(node: &str, key: &str) -> Premise {
    Premise::Untaint {
        node: node.to_owned(),
        key: key.to_owned(),
        effect: None,
    }
}

fn request(resource: &str, amount: &str) -> Premise {
    Premise::Request {
        container: None,
        resource: resource.to_owned(),
        amount: amount.parse::<Quantity>().expect("an amount"),
    }
}

#[test]
fn one_sentence_says_where_the_pod_would_go_and_why() {
    let cases: [(Vec<Premise>, &str); 12] = [
        (
            vec![weight("NodeAffinity", 2)],
            "Still node-b: no verdict and no score would be different.",
        ),
        (
            vec![weight("NodeAffinity", 10)],
            "Still node-b: 949 points ahead of node-a, where the lead was 149.",
        ),
        (
            vec![disable("NodeAffinity")],
            "node-a instead of node-b: it would have 473 points and node-b 422 (its lead moves by NodeAffinity +200).",
        ),
        (
            vec![label("node-b", "disk", None)],
            "node-a instead of node-b: it would have 473 points and node-b 422 (its lead moves by NodeAffinity +200).",
        ),
        (
            vec![taint("node-b", "k")],
            "node-a instead of node-b: TaintToleration would refuse node-b (node(s) had untolerated taint {k: }).",
        ),
        (
            vec![taint("node-b", "k"), taint("node-a", "k")],
            "No node instead of node-b: 0/2 nodes are available: 2 node(s) had untolerated taint {k: }. preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.",
        ),
        (
            vec![taint("node-a", "k")],
            "Still node-b: it would be the only node that fits.",
        ),
        (
            vec![request("cpu", "3")],
            "node-a instead of node-b: NodeResourcesFit would refuse node-b (Insufficient cpu).",
        ),
        (
            vec![label("node-a", "disk", Some("ssd"))],
            "node-a instead of node-b: it would have 673 points and node-b 622 (its lead moves by NodeAffinity +200).",
        ),
        (
            vec![Premise::Strategy(Strategy::MostAllocated)],
            "Still node-b: 201 points ahead of node-a, where the lead was 149.",
        ),
        (
            vec![Premise::Strategy(Strategy::RequestedToCapacityRatio)],
            "Still node-b: 201 points ahead of node-a, where the lead was 149.",
        ),
        (
            vec![taint("node-b", "k"), untaint("node-b", "k")],
            "Still node-b: no verdict and no score would be different.",
        ),
    ];
    for (premises, expected) in cases {
        let answer = ask(world(), &picky(), &premises).expect("it can be imagined");
        assert_eq!(answer.sentence(), expected, "{premises:?}");
    }
}

#[test]
fn a_pod_that_fits_nowhere_finds_its_node_when_what_stands_in_its_way_is_imagined_away() {
    let tainted = json!({"spec": {"taints": [{"key": "gpu", "effect": "NoSchedule"}]}});
    let objects = || {
        vec![
            node("node-a", tainted.clone()),
            node("node-b", tainted.clone()),
        ]
    };
    let answer = ask(objects(), &picky(), &[untaint("node-b", "gpu")]).expect("it can be");
    assert_eq!(
        answer.sentence(),
        "node-b instead of no node: TaintToleration would no longer refuse it (node(s) had untolerated taint {gpu: })."
    );
    let marked: Vec<(&str, bool)> = answer
        .pairings()
        .iter()
        .map(|pairing| (&**pairing.node, pairing.differs()))
        .collect();
    assert_eq!(marked, [("node-b", true), ("node-a", false)]);
    let both = [untaint("node-b", "gpu"), untaint("node-a", "gpu")];
    let answer = ask(objects(), &picky(), &both).expect("it can be");
    let sentence = answer.sentence();
    let chance = "instead of no node, by chance (one more is as good): TaintToleration would";
    assert!(sentence.contains(chance), "{sentence}");
}

#[test]
fn cells_that_differ_are_known_with_both_values() {
    let answer = ask(world(), &picky(), &[weight("NodeAffinity", 10)]).expect("it can be");
    let plugins = answer.plugins();
    let pairings = answer.pairings();
    let mut changed = Vec::new();
    for pairing in &pairings {
        for (plugin, [real, imagined]) in plugins.iter().zip(&pairing.points) {
            let (real, imagined) = (real.expect("scored"), imagined.expect("scored"));
            if real != imagined {
                let values = (real.weighted(), imagined.weighted());
                changed.push((&**pairing.node, *plugin, values));
            }
        }
    }
    assert_eq!(
        changed,
        [
            ("node-b", "NodeAffinity", (200, 1000)),
            ("node-a", "NodeAffinity", (0, 0)),
        ]
    );
    let sums = pairings.iter().all(|pairing| {
        [0, 1].into_iter().all(|side| {
            let cells = pairing
                .points
                .iter()
                .map(|points| points[side].map_or(0, Points::weighted));
            pairing.standings[side].total() == Some(cells.sum())
        })
    });
    assert!(sums, "each total is the sum of its cells");
}

#[test]
fn s6_chance_is_no_difference_the_real_winner_wins_again_among_equals() {
    let objects: Vec<Object> = (0..9).map(|n| node(&format!("n{n}"), json!({}))).collect();
    let snapshot = Snapshot::from_objects(objects);
    let configuration = Configuration::default();
    let pod = pod("p", "1", json!({}));
    let question = Question {
        pod: as_pod(&pod),
        snapshot: &snapshot,
        profile: configuration.profile(DEFAULT_SCHEDULER).expect("there"),
        start: 0,
    };
    for seed in 0..20 {
        let mut random = Random::stream(seed, "real");
        let real = glassplane::scheduler::schedule(
            question.pod,
            &snapshot,
            question.profile,
            &mut random,
            0,
        );
        let answer = question.what_if(Arc::new(real), &[weight("ImageLocality", 5)]);
        let answer = answer.expect("it can be");
        assert_eq!(answer.real.winner(), answer.imagined.winner());
        assert!(
            answer.sentence().starts_with("Still n"),
            "{}",
            answer.sentence()
        );
        let wins = |standing: &Standing<'_>| matches!(standing, Standing::Fits { wins: true, .. });
        let winners = answer.pairings();
        assert!(winners[0].standings.iter().all(wins));
    }
}

#[test]
fn what_cannot_be_imagined_is_refused_with_what_would_be_right() {
    let limited = pod(
        "limited",
        "1",
        json!({"spec": {"containers": [{"name": "c", "resources": {"limits": {"cpu": "2"}}}]}}),
    );
    let two = pod(
        "two",
        "1",
        json!({"spec": {"containers": [{"name": "app"}, {"name": "log"}]}}),
    );
    let of_app = Premise::Request {
        container: Some("ap".to_owned()),
        resource: "cpu".to_owned(),
        amount: Quantity::units(1),
    };
    let cases = [
        (
            picky(),
            weight("NodeAfinity", 3),
            "weight NodeAfinity=3: plugin \"NodeAfinity\" does not exist; the nearest name is \"NodeAffinity\"",
        ),
        (
            picky(),
            weight("NodeName", 3),
            "weight NodeName=3: plugin \"NodeName\" does not score, so it has no weight; these do: TaintToleration, ",
        ),
        (
            picky(),
            weight("NodeAffinity", 0),
            "weight NodeAffinity=0: Invalid value: 0: not in valid range [1, 100]; `disable NodeAffinity` takes the plugin out",
        ),
        (
            picky(),
            weight("NodeAffinity", 101),
            "weight NodeAffinity=101: Invalid value: 101: not in valid range [1, 100]",
        ),
        (
            picky(),
            disable("DefaultBinder"),
            "disable DefaultBinder: at least one bind plugin is needed",
        ),
        (
            picky(),
            label("node-x", "a", Some("b")),
            "label node-x a=b: node \"node-x\" not found; the nearest of 2 is \"node-a\"",
        ),
        (
            picky(),
            label("node-a", "disk", None),
            "label node-a disk-: label \"disk\" not found",
        ),
        (
            picky(),
            untaint("node-a", "k"),
            "taint node-a k-: taint \"k\" not found; the node has no taints",
        ),
        (
            picky(),
            request("cpus", "1"),
            "request cpus=1: \"cpus\" is no resource: must be cpu, memory, ",
        ),
        (
            picky(),
            request("cpu", "9E"),
            "pod picky: spec.containers[0].resources.requests[cpu]: Invalid value: ",
        ),
        (
            limited,
            request("cpu", "3"),
            "request cpu=3: must be less than or equal to cpu limit of 2",
        ),
        (
            two.clone(),
            request("cpu", "1"),
            "request cpu=1: the pod has several containers: say which, as in `request app cpu=1`; there are app, log",
        ),
        (
            two,
            of_app,
            "request ap cpu=1: container \"ap\" not found; there are app, log",
        ),
    ];
    for (pod, premise, expected) in cases {
        assert_eq!(pod.kind(), Kind::Pod);
        let error = ask(world(), &pod, std::slice::from_ref(&premise)).expect_err(expected);
        assert!(error.to_string().starts_with(expected), "{error}");
    }
}
