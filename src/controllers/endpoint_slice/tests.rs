//! C7: which pods are in the slices of a Service, and how.

use serde_json::{Value, json};

use super::ENDPOINT_SLICE;
use crate::api::{Key, Kind, Object};
use crate::controllers::bench::{Bench, changed, object, outlines, written};
use crate::controllers::controller::{Change, Plan};

fn service(change: impl FnOnce(&mut Value)) -> Object {
    let service = object(
        Kind::Service,
        json!({
            "metadata": {"name": "web", "namespace": "default", "uid": "service",
                "labels": {"team": "shop"}},
            "spec": {"selector": {"app": "web"}, "clusterIP": "10.96.0.7",
                "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}]},
        }),
    );
    changed(&service, change)
}

fn pod(name: &str, change: impl FnOnce(&mut Value)) -> Object {
    let pod = object(
        Kind::Pod,
        json!({
            "metadata": {"name": name, "namespace": "default", "uid": name,
                "labels": {"app": "web"}},
            "spec": {"nodeName": "node-a", "containers": [{"name": "app",
                "ports": [{"name": "http", "containerPort": 9000, "protocol": "TCP"}]}]},
            "status": {"phase": "Running", "podIP": "10.244.0.1",
                "conditions": [{"type": "Ready", "status": "True"}]},
        }),
    );
    changed(&pod, change)
}

fn node() -> Object {
    object(
        Kind::Node,
        json!({"metadata": {"name": "node-a", "labels": {"topology.kubernetes.io/zone": "a"}}}),
    )
}

fn key() -> Key {
    Key::new(Kind::Service, "default", "web")
}

fn plan(objects: &[Object]) -> Plan {
    Bench::new(&ENDPOINT_SLICE, objects).plan(&key())
}

/// The slice that a plan creates, as it stands in the store afterwards.
fn stored(plan: &Plan, place: usize, name: &str) -> Object {
    let mut slice = written(&plan.actions[place]);
    slice["metadata"]["name"] = json!(name);
    object(Kind::EndpointSlice, slice)
}

#[test]
fn c7_ready_pods_are_endpoints_with_node_zone_and_reference() {
    let plan = plan(&[service(|_| {}), node(), pod("a", |_| {})]);
    assert_eq!(outlines(&plan), ["create endpointslice"]);
    assert_eq!(plan.difference, "1 too few");
    let slice = written(&plan.actions[0]);
    assert_eq!(slice["metadata"]["generateName"], "web-");
    let labels = json!({"kubernetes.io/service-name": "web", "team": "shop",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"});
    assert_eq!(slice["metadata"]["labels"], labels);
    assert_eq!(slice["metadata"]["ownerReferences"][0]["kind"], "Service");
    assert_eq!(slice["addressType"], "IPv4");
    assert_eq!(
        slice["ports"],
        json!([{"name": "", "port": 8080, "protocol": "TCP"}])
    );
    let expected = json!([{
        "addresses": ["10.244.0.1"],
        "conditions": {"ready": true, "serving": true, "terminating": false},
        "nodeName": "node-a", "zone": "a",
        "targetRef": {"kind": "Pod", "namespace": "default", "name": "a", "uid": "a"},
    }]);
    assert_eq!(slice["endpoints"], expected);
}

#[test]
fn c7_conditions_tell_ready_serving_and_terminating_apart() {
    type Spoil = fn(&mut Value);
    let unready = |pod: &mut Value| pod["status"]["conditions"] = json!([]);
    let going = |pod: &mut Value| {
        pod["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:00Z");
    };
    let both = |value: &mut Value| {
        value["status"]["conditions"] = json!([]);
        value["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:00Z");
    };
    let cases: [(Spoil, bool, [bool; 3]); 5] = [
        (|_| {}, false, [true, true, false]),
        (unready, false, [false, false, false]),
        (going, false, [false, true, true]),
        (both, false, [false, false, true]),
        (both, true, [true, false, true]),
    ];
    for (spoil, publish, [ready, serving, terminating]) in cases {
        let service = service(|service| {
            service["spec"]["publishNotReadyAddresses"] = json!(publish);
        });
        let plan = plan(&[service, pod("a", spoil)]);
        let expected = json!({"ready": ready, "serving": serving, "terminating": terminating});
        let endpoint = &written(&plan.actions[0])["endpoints"][0];
        assert_eq!(endpoint["conditions"], expected);
    }
}

#[test]
fn c7_pods_without_address_or_that_ended_are_no_endpoints() {
    let plan = plan(&[
        service(|_| {}),
        pod("new", |pod| pod["status"]["podIP"] = Value::Null),
        pod("done", |pod| pod["status"]["phase"] = json!("Succeeded")),
        pod("other", |pod| {
            pod["metadata"]["labels"] = json!({"app": "db"});
        }),
    ]);
    let slice = written(&plan.actions[0]);
    assert_eq!(
        slice["endpoints"],
        json!([]),
        "one empty slice holds the place"
    );
    assert_eq!(slice.get("ports"), None);
}

#[test]
fn c7_a_named_target_port_is_looked_up_in_each_pod() {
    let service = service(|service| service["spec"]["ports"][0]["targetPort"] = json!("http"));
    let other = pod("b", |pod| {
        pod["spec"]["containers"][0]["ports"][0]["containerPort"] = json!(9001);
    });
    let plan = plan(&[service, pod("a", |_| {}), other]);
    let ports: Vec<Value> = plan
        .actions
        .iter()
        .map(|action| written(action)["ports"][0]["port"].clone())
        .collect();
    assert_eq!(
        ports,
        [9000, 9001],
        "pods with different ports stand in different slices"
    );
}

#[test]
fn c7_a_slice_holds_a_hundred_and_a_settled_service_is_idle() {
    let mut objects = vec![service(|_| {})];
    objects.extend((0..250).map(|number| pod(&format!("p{number}"), |_| {})));
    let first = plan(&objects);
    let sizes: Vec<usize> = first
        .actions
        .iter()
        .map(|action| written(action)["endpoints"].as_array().map_or(0, Vec::len))
        .collect();
    assert_eq!(sizes, [100, 100, 50]);
    let slices = ["web-a", "web-b", "web-c"].iter().enumerate();
    objects.extend(slices.map(|(place, name)| stored(&first, place, name)));
    let again = plan(&objects);
    assert!(again.is_empty(), "{:?}", outlines(&again));
    // One more goes where there is room, and nothing else is touched.
    objects.push(pod("one-more", |_| {}));
    assert_eq!(outlines(&plan(&objects)), ["update endpointslice web-c"]);
}

#[test]
fn c7_the_empty_slice_is_reused_and_surplus_slices_go() {
    let empty = plan(&[service(|_| {})]);
    let placeholder = stored(&empty, 0, "web-a");
    let filled = plan(&[service(|_| {}), placeholder.clone(), pod("a", |_| {})]);
    assert_eq!(outlines(&filled), ["update endpointslice web-a"]);
    let second = changed(&placeholder, |slice| {
        slice["metadata"]["name"] = json!("web-b");
    });
    let surplus = plan(&[service(|_| {}), placeholder, second]);
    assert_eq!(outlines(&surplus), ["delete endpointslice web-b"]);
}

#[test]
fn c7_a_service_without_selector_is_left_alone() {
    let bare = service(|service| service["spec"]["selector"] = Value::Null);
    let external = service(|service| service["spec"]["type"] = json!("ExternalName"));
    for service in [bare, external] {
        assert!(plan(&[service, pod("a", |_| {})]).is_empty());
    }
}

#[test]
fn c7_only_what_an_endpoint_shows_concerns_its_service() {
    let bench = Bench::new(&ENDPOINT_SLICE, &[service(|_| {})]);
    let concerned = |before: &Object, after: &Object| {
        let change = Change {
            before: Some(before),
            after: Some(after),
        };
        (ENDPOINT_SLICE.concerns)(&bench.caches, &change)
    };
    let well = pod("a", |_| {});
    let noted = pod("a", |pod| {
        pod["metadata"]["annotations"] = json!({"note": "x"});
    });
    let unready = pod("a", |pod| pod["status"]["conditions"] = json!([]));
    let moved = pod("a", |pod| pod["metadata"]["labels"] = json!({"app": "db"}));
    assert_eq!(concerned(&well, &noted), []);
    assert_eq!(concerned(&well, &unready), [key()]);
    assert_eq!(concerned(&well, &moved), [key()]);
}
