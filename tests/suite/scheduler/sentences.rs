//! What a plugin says of a node: what it compared, with the figures.

use glassplane::api::{Kind, Object};
use glassplane::scheduler::{Configuration, DEFAULT_SCHEDULER, Grounds, Snapshot};
use serde_json::json;

use super::{as_pod, decide, node, object, placed, pod};

fn cluster() -> Snapshot {
    let zone = |zone: &str| json!({"metadata": {"labels": {"topology.kubernetes.io/zone": zone}}});
    let mut slow = zone("b");
    slow["spec"] = json!({
        "unschedulable": true,
        "taints": [{"key": "disk", "value": "slow", "effect": "NoSchedule"}],
    });
    let labels = json!({"metadata": {"labels": {"app": "web"}}, "spec": {}});
    let service = json!({"spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}});
    Snapshot::from_objects([
        node("a", zone("a")),
        node("b", slow),
        placed("one", "3500m", "a", labels.clone()),
        placed("two", "500m", "b", labels),
        object(Kind::Service, "web", service),
    ])
}

fn web(more: &serde_json::Value) -> Object {
    let mut fields = json!({"metadata": {"labels": {"app": "web"}}});
    json_patch::merge(&mut fields, more);
    pod("web", "400m", fields)
}

#[test]
fn a_filter_says_what_it_compared() {
    let affinity = json!({"spec": {"nodeSelector": {"topology.kubernetes.io/zone": "b"}}});
    let port = json!({"spec": {"containers": [
        {"name": "c", "ports": [{"containerPort": 80, "hostPort": 80}]},
    ]}});
    let spread = json!({"spec": {"topologySpreadConstraints": [{
        "maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule",
        "labelSelector": {"matchLabels": {"app": "web"}},
    }]}});
    let apart = json!({"spec": {"affinity": {"podAntiAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": [{
            "topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "web"}},
        }],
    }}}});
    let cases = [
        (
            "NodeUnschedulable",
            "a",
            json!({}),
            "the node is not cordoned",
        ),
        (
            "NodeUnschedulable",
            "b",
            json!({}),
            "the node is cordoned (spec.unschedulable) and the pod does not tolerate that",
        ),
        (
            "TaintToleration",
            "b",
            json!({}),
            "the pod does not tolerate the taint disk=slow:NoSchedule",
        ),
        (
            "NodeResourcesFit",
            "a",
            json!({}),
            "cpu 400m wanted, 500m of 4 left; 1 of 10 pods here",
        ),
        (
            "NodeAffinity",
            "a",
            affinity,
            "wanted: topology.kubernetes.io/zone=b; the node has topology.kubernetes.io/zone=a",
        ),
        ("NodePorts", "a", port, "wanted: 80/TCP; none is taken here"),
        (
            "PodTopologySpread",
            "a",
            spread,
            "zone=a has 1 of the group, 2 with the pod; the fewest anywhere are 1: skew 1, at most 1",
        ),
        (
            "InterPodAffinity",
            "a",
            apart,
            "far from app=web: 1 in hostname=a",
        ),
        (
            "NodeName",
            "a",
            json!({}),
            "the pod names no node (spec.nodeName)",
        ),
        ("VolumeBinding", "a", json!({}), "the pod claims no volume"),
    ];
    let configuration = Configuration::default();
    let profile = configuration.profile(DEFAULT_SCHEDULER).expect("a profile");
    for (plugin, node, fields, expected) in cases {
        let pod = web(&fields);
        let grounds = Grounds::new(as_pod(&pod), &cluster(), profile);
        let said = grounds.filter_sentence(plugin, node);
        assert_eq!(said.as_deref(), Some(expected), "{plugin}");
    }
}

#[test]
fn a_score_says_how_it_came_about() {
    let pod = web(&json!({}));
    let snapshot = cluster();
    let configuration = Configuration::default();
    let profile = configuration.profile(DEFAULT_SCHEDULER).expect("a profile");
    let grounds = Grounds::new(as_pod(&pod), &snapshot, profile);
    let decision = decide(&pod, &snapshot);
    let cases = [
        (
            "NodeResourcesFit",
            "requested with the pod (no request counts as 100m, 200Mi): cpu 3900m of 4 → 2, memory 400Mi of 8Gi → 95; LeastAllocated: the mean of what is left, in hundredths",
        ),
        (
            "NodeResourcesBalancedAllocation",
            "requested with the pod: cpu 3900m of 4 = 97.5 %, memory 0 of 8Gi = 0.0 %; 100 less half of their distance",
        ),
        (
            "PodTopologySpread",
            "1 of the group in hostname=a × 1.10 + 2 + 1 of the group in zone=a × 1.10 + 4, rounded (× ln(domains + 2), + maxSkew − 1); the fewer, the better",
        ),
        (
            "TaintToleration",
            "no taint PreferNoSchedule that the pod does not tolerate",
        ),
    ];
    for (plugin, expected) in cases {
        let said = grounds.score_sentence(&decision, plugin, "a");
        assert_eq!(said.as_deref(), Some(expected), "{plugin}");
    }
    let nobody = grounds.score_sentence(&decision, "InterPodAffinity", "a");
    assert_eq!(nobody, None, "a plugin without a preference has not scored");
}
