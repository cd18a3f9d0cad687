//! `kubectl top`: what was measured, and what is said while nothing was.

use std::time::Duration;

use serde_json::json;

use super::Desk;
use crate::api::{Key, Kind, Metrics, Quantity, Usage};
use crate::apiserver::ResourceMetrics;
use crate::sim::RecordId;

fn measured(kind: Kind, name: &str, parts: &[(&str, i64, i64)], desk: &Desk) -> Metrics {
    let usage = |millis: i64, mebibytes: i64| Usage {
        cpu: Quantity::millis(millis),
        memory: Quantity::bytes(mebibytes << 20),
    };
    let parts = parts.iter();
    Metrics {
        key: Key::new(kind, "default", name),
        timestamp: desk.now,
        record: RecordId(0),
        window: Duration::from_secs(15),
        parts: parts
            .map(|(name, millis, mebibytes)| ((*name).into(), usage(*millis, *mebibytes)))
            .collect(),
    }
}

/// Two pods and two nodes, one of which is silent.
fn desk() -> Desk {
    let mut desk = Desk::new();
    for name in ["web-a", "web-b"] {
        let key = desk
            .put(json!({"kind": "Pod",
                "metadata": {"name": name, "namespace": "default", "labels": {"app": name}},
                "spec": {"containers": [{"name": "c", "image": "nginx:1"}]}}))
            .key();
        desk.set_status(&key, |status| status["phase"] = "Running".into());
    }
    for name in ["node-a", "node-b"] {
        let key = desk.node(name);
        desk.set_status(&key, |status| {
            *status = json!({"allocatable": {"cpu": "8", "memory": "16Gi"}});
        });
    }
    desk
}

fn scrape(desk: &mut Desk) {
    let all = [
        measured(Kind::Pod, "web-a", &[("c", 5, 20)], desk),
        measured(Kind::Pod, "web-b", &[("c", 240, 60), ("d", 10, 200)], desk),
        measured(Kind::Node, "node-a", &[("", 1_200, 4_096)], desk),
    ];
    desk.api
        .serve_metrics(Some(ResourceMetrics::from_iter(all)));
}

const PODS: &str = "GET /apis/metrics.k8s.io/v1beta1/namespaces/default/pods";
const NODES: &str = "GET /apis/metrics.k8s.io/v1beta1/nodes";

#[test]
fn top_is_not_available_before_the_first_scrape() {
    let mut desk = desk();
    let error = "error: Metrics API not available\n";
    desk.check("top pods", &[PODS], "", error);
    desk.check("top node", &[NODES], "", error);
}

#[test]
fn top_pod_prints_processors_and_mebibytes() {
    let mut desk = desk();
    scrape(&mut desk);
    let table = "NAME    CPU(cores)   MEMORY(bytes)   \n\
                 web-a   5m           20Mi            \n\
                 web-b   250m         260Mi           \n";
    desk.check("top pods", &[PODS], table, "");
    let table = "NAME    CPU(cores)   MEMORY(bytes)   \n\
                 web-b   250m         260Mi           \n\
                 web-a   5m           20Mi            \n        \
                 ________     ________        \n        \
                 255m         280Mi           \n";
    desk.check("top po --sort-by=cpu --sum", &[PODS], table, "");
    let table = "POD     NAME   CPU(cores)   MEMORY(bytes)   \n\
                 web-b   c      240m         60Mi            \n\
                 web-b   d      10m          200Mi           \n";
    desk.check("top pod -l app=web-b --containers", &[PODS], table, "");
    let one = "GET /apis/metrics.k8s.io/v1beta1/namespaces/default/pods/web-c";
    let error =
        "Error from server (NotFound): podmetrics.metrics.k8s.io \"default/web-c\" not found\n";
    desk.check("top pod web-c", &[one], "", error);
}

#[test]
fn top_node_prints_shares_of_what_is_allocatable_and_nodes_that_are_silent() {
    let mut desk = desk();
    scrape(&mut desk);
    let table = "NAME     CPU(cores)   CPU(%)      MEMORY(bytes)   MEMORY(%)   \n\
                 node-a   1200m        15%         4096Mi          25%         \n\
                 node-b   <unknown>    <unknown>   <unknown>       <unknown>   \n";
    desk.check("top nodes", &[NODES, "GET /api/v1/nodes"], table, "");
}

#[test]
fn top_of_pods_that_are_too_young_says_so_and_of_old_ones_names_them() {
    let mut desk = desk();
    desk.api.serve_metrics(Some(ResourceMetrics::default()));
    let list = "GET …/pods";
    let error = "error: metrics not available yet\n";
    desk.check("top pods", &[PODS, list], "", error);
    desk.now = desk.now + Duration::from_secs(135);
    let error = "error: Metrics not available for pod default/web-a, age: 2m15s\n";
    desk.check("top pods", &[PODS, list], "", error);
    let shop = PODS.replace("default", "shop");
    let nothing = "No resources found in shop namespace.\n";
    desk.check(
        "top pods -n shop",
        &[&shop, "GET /api/v1/namespaces/shop/pods"],
        "",
        nothing,
    );
}

#[test]
fn top_refuses_what_kubectl_refuses() {
    for (line, error) in [
        (
            "top pods --sort-by=disk",
            "error: --sort-by accepts only cpu or memory",
        ),
        (
            "top pod a -l app=a",
            "error: only one of NAME or selector can be provided",
        ),
        (
            "top node a -l app=a",
            "error: only one of NAME or --selector can be provided",
        ),
        ("top", "error: kubectl top needs one of: node, pod"),
    ] {
        let refused = crate::kubectl::parse(line).expect_err(line);
        assert_eq!(refused.to_string(), error, "{line}");
    }
}
