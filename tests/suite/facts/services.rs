//! C7: what an EndpointSlice says of a pod through its life, and where each node sends requests.

use std::collections::{BTreeMap, BTreeSet};

use glassplane::api::{EndpointSlice, Kind, Typed};
use glassplane::cluster::Cluster;

use super::{kubectl, wait, world, writes};
use crate::worlds::settle;

/// A Deployment behind a Service; its pods take five seconds to be ready and two to end.
const SHOP: &str = "apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {app: shop}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: shop}}
  template:
    metadata:
      labels: {app: shop}
      annotations: {glassplane.io/starts-in: 5s, glassplane.io/on-sigterm: drain, glassplane.io/stops-in: 2s}
    spec:
      containers:
      - name: shop
        image: 'shop:1'
        ports: [{containerPort: 80}]
        readinessProbe: {httpGet: {port: 80}, periodSeconds: 1}
";

/// Behind the Service `kubernetes` is the API server, and no pod.
fn is_of_pods(slice: &EndpointSlice) -> bool {
    slice.name() != "kubernetes"
}

/// What the slices said of each pod, one state after the other.
fn lives(cluster: &Cluster) -> BTreeMap<String, Vec<String>> {
    let mut lives: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, change) in writes(cluster, Kind::EndpointSlice) {
        let Some(slice) = EndpointSlice::of(&change.object).filter(|slice| is_of_pods(slice))
        else {
            continue;
        };
        let mut there = BTreeSet::new();
        for endpoint in &slice.spec.endpoints {
            let name = endpoint
                .target_ref
                .as_ref()
                .and_then(|pod| pod.name.clone());
            let name = name.expect("each endpoint is a pod");
            let conditions = endpoint.conditions.clone().unwrap_or_default();
            let words = [
                ("ready", conditions.ready),
                ("serving", conditions.serving),
                ("terminating", conditions.terminating),
            ];
            let words = words.into_iter().filter(|(_, value)| *value == Some(true));
            let words: Vec<&str> = words.map(|(word, _)| word).collect();
            lives.entry(name.clone()).or_default().push(words.join(" "));
            there.insert(name);
        }
        for (_, life) in lives.iter_mut().filter(|(name, _)| !there.contains(*name)) {
            life.push("gone".to_owned());
        }
    }
    for life in lives.values_mut() {
        life.dedup();
    }
    lives
}

#[test]
fn c7_an_endpoint_is_not_ready_then_ready_then_serving_while_it_terminates_and_then_gone() {
    let mut cluster = world(3, SHOP);
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "scale deployment/shop --replicas=1");
    assert!(settle(&mut cluster, 60));
    let lives: Vec<Vec<String>> = lives(&cluster).into_values().collect();
    let came = ["", "ready serving"];
    let went = ["", "ready serving", "serving terminating", "gone"];
    assert_eq!(lives.len(), 2);
    assert!(lives.iter().any(|life| *life == came), "{lives:?}");
    assert!(lives.iter().any(|life| *life == went), "{lives:?}");
}

#[test]
fn c7_a_pod_that_is_not_ready_stays_in_the_slice_and_gets_no_requests() {
    let failing = "glassplane.io/fails-readiness: '20s..40s', glassplane.io/starts-in";
    let mut cluster = world(3, &SHOP.replace("glassplane.io/starts-in", failing));
    wait(&mut cluster, 90);
    for (name, life) in lives(&cluster) {
        assert_eq!(life, ["", "ready serving", "", "ready serving"], "{name}");
    }
}

#[test]
fn c7_a_headless_service_that_publishes_what_is_not_ready_calls_it_ready() {
    let headless = "spec: {clusterIP: None, publishNotReadyAddresses: true, selector";
    let mut cluster = world(3, &SHOP.replacen("spec: {selector", headless, 1));
    wait(&mut cluster, 4);
    for (name, life) in lives(&cluster) {
        assert_eq!(life, ["ready"], "{name}: ready, and not serving");
    }
}

#[test]
fn c7_a_slice_holds_a_hundred_endpoints_and_the_rest_go_to_the_next() {
    let many = SHOP.replace("replicas: 2", "replicas: 130");
    let mut cluster = world(3, &many);
    assert!(settle(&mut cluster, 300));
    let slices = cluster.store().list(Kind::EndpointSlice, None);
    let mut sizes: Vec<usize> = slices
        .filter_map(EndpointSlice::of)
        .filter(|slice| is_of_pods(slice))
        .map(|slice| slice.spec.endpoints.len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes.iter().sum::<usize>(), 130);
    assert_eq!(sizes.last(), Some(&100));
}
