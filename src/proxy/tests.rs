//! Which endpoints a node's table has.

use serde_json::{Value, json};

use super::table;
use crate::api::{Key, Kind, Object};
use crate::apiserver::WatchEvent;
use crate::client::{Delivery, Informers, Seen};
use crate::sim::{RecordId, Time};

fn caches(objects: &[(Kind, Value)]) -> Informers {
    let mut caches = Informers::new(&super::KINDS);
    for (kind, value) in objects {
        let object = Object::from_value(*kind, value.clone()).expect("the test writes objects");
        let delivery = Delivery {
            kind: *kind,
            revision: 1,
            seen: Seen::Event(WatchEvent::Added(object)),
        };
        caches.apply(&delivery, Time::START, RecordId(0));
    }
    caches
}

fn service(spec: &Value) -> (Kind, Value) {
    let metadata = json!({"name": "web", "namespace": "default"});
    (Kind::Service, json!({"metadata": metadata, "spec": spec}))
}

/// A slice of a Service with endpoints: address, node, ready, serving, terminating.
fn slice(of: &str, endpoints: &[(&str, &str, [bool; 3])]) -> (Kind, Value) {
    let endpoints: Vec<Value> = endpoints
        .iter()
        .map(|(address, node, [ready, serving, terminating])| {
            json!({
                "addresses": [address],
                "nodeName": node,
                "conditions": {"ready": ready, "serving": serving, "terminating": terminating},
            })
        })
        .collect();
    let labels = json!({"kubernetes.io/service-name": of});
    let slice = json!({
        "metadata": {"name": format!("{of}-abc"), "namespace": "default", "labels": labels},
        "addressType": "IPv4",
        "ports": [{"name": "metrics", "port": 9090}, {"name": "", "port": 8080}],
        "endpoints": endpoints,
    });
    (Kind::EndpointSlice, slice)
}

const READY: [bool; 3] = [true, true, false];
const LEAVING: [bool; 3] = [false, true, true];
const UNREADY: [bool; 3] = [false, false, false];

/// The addresses with ports in the table of node-a.
fn routed(objects: &[(Kind, Value)]) -> Option<Vec<String>> {
    let key = Key::new(Kind::Service, "default", "web");
    let table = table::of(&caches(objects), &key, "node-a")?;
    let endpoints = table.endpoints.iter();
    Some(
        endpoints
            .map(|each| format!("{}:{}", each.address, each.port))
            .collect(),
    )
}

#[test]
fn c7_a_table_has_the_ready_endpoints_and_only_without_them_those_that_leave_and_still_serve() {
    let spec = json!({"clusterIP": "10.96.0.7", "ports": [{"port": 80}]});
    let of = |endpoints: &[(&str, &str, [bool; 3])]| {
        routed(&[
            service(&spec),
            slice("web", endpoints),
            slice("other", &[("10.9.9.9", "x", READY)]),
        ])
    };
    let all = [
        ("10.0.0.3", "node-b", READY),
        ("10.0.0.2", "node-a", READY),
        ("10.0.0.4", "node-a", LEAVING),
        ("10.0.0.5", "node-a", UNREADY),
    ];
    let expected = |addresses: &[&str]| {
        Some(
            addresses
                .iter()
                .map(|each| format!("{each}:8080"))
                .collect(),
        )
    };
    assert_eq!(of(&all), expected(&["10.0.0.2", "10.0.0.3"]));
    assert_eq!(of(&all[2..]), expected(&["10.0.0.4"]));
    assert_eq!(of(&all[3..]), expected(&[]));
}

#[test]
fn c7_a_service_without_an_address_is_not_routed_and_a_local_one_stays_on_its_node() {
    let endpoints = [("10.0.0.2", "node-a", READY), ("10.0.0.3", "node-b", READY)];
    let headless = json!({"clusterIP": "None", "ports": [{"port": 80}]});
    assert_eq!(
        routed(&[service(&headless), slice("web", &endpoints)]),
        None
    );
    assert_eq!(routed(&[slice("web", &endpoints)]), None);
    let local = json!({
        "clusterIP": "10.96.0.7",
        "internalTrafficPolicy": "Local",
        "ports": [{"port": 80, "name": "metrics"}],
    });
    let found = routed(&[service(&local), slice("web", &endpoints)]);
    assert_eq!(found, Some(vec!["10.0.0.2:9090".to_owned()]));
}
