//! A node that runs out of memory, in virtual time.

use serde_json::{Value, json};

use super::driver::World;
use crate::api::{Key, Kind, Node, Object, Quantity, Typed, core};
use crate::apiserver::Verb;
use crate::kubelet::{Happening, Machine};

/// A machine with 2Gi of memory, of which the system uses 400Mi.
fn small() -> World {
    let mut machine = Machine::new("node-a", 0);
    machine.memory = Quantity::bytes(2 << 30);
    let mut world = World::with(machine);
    let class = json!({"metadata": {"name": "low"}, "value": -10, "description": ""});
    let class = Object::from_value(Kind::PriorityClass, class).expect("it is well-formed");
    world.ask(class.key(), Verb::Create(class));
    world
}

/// A pod that uses memory as declared and asks for some.
fn pod(world: &mut World, name: &str, memory: &str, spec: &Value) -> Key {
    let mut spec = spec.clone();
    spec["nodeName"] = "node-a".into();
    let resources = spec["resources"].take();
    spec["containers"] = json!([{"name": "web", "image": "nginx:1.29", "resources": resources}]);
    if let Some(fields) = spec.as_object_mut() {
        fields.remove("resources");
    }
    let annotations = json!({"glassplane.io/memory": memory});
    let metadata = json!({"name": name, "namespace": "default", "annotations": annotations});
    world.create(json!({"metadata": metadata, "spec": spec}))
}

fn requests(memory: &str) -> Value {
    json!({"resources": {"requests": {"memory": memory}}})
}

fn evicted(world: &World) -> Vec<(u64, String)> {
    let notes = world.notes.iter();
    let evicted = notes.filter_map(|(at, note)| match note {
        crate::kubelet::Note::Pod(note) if matches!(note.what, Happening::Evicted(_)) => {
            Some((at.as_secs(), note.pod.name.to_string()))
        }
        _ => None,
    });
    evicted.collect()
}

fn memory_pressure(world: &World) -> core::NodeCondition {
    let key = Key::new(Kind::Node, "", "node-a");
    let node = world.server.store().get(&key).and_then(Node::of);
    let conditions = node.and_then(|node| node.status.conditions.clone());
    let mut conditions = conditions.unwrap_or_default().into_iter();
    let found = conditions.find(|condition| condition.type_ == "MemoryPressure");
    found.expect("the kubelet writes it")
}

#[test]
fn k7_memory_pressure_evicts_by_usage_over_request_then_priority_then_amount() {
    let mut world = small();
    let within =
        json!({"resources": {"requests": {"memory": "500Mi"}, "limits": {"memory": "500Mi"}}});
    pod(&mut world, "within", "300Mi", &within);
    pod(
        &mut world,
        "grows",
        "0s 100Mi, 60s 100Mi, 120s 1100Mi",
        &requests("200Mi"),
    );
    pod(&mut world, "best-effort", "200Mi", &json!({}));
    let mut low = requests("100Mi");
    low["priorityClassName"] = "low".into();
    pod(&mut world, "low", "300Mi", &low);
    world.pass_seconds(200);
    let (times, names): (Vec<u64>, Vec<String>) = evicted(&world).into_iter().unzip();
    assert_eq!(names, ["low", "grows"]);
    // The growing one may use 748Mi before less than 100Mi are left, and 1048Mi when the one of
    // low priority is gone; the kubelet looks every ten seconds.
    assert!((98..=110).contains(&times[0]), "{times:?}");
    assert!((116..=129).contains(&times[1]), "{times:?}");
    let events = world.events();
    let said = |start: &str| events.iter().any(|event| event.starts_with(start));
    assert!(
        said("EvictionThresholdMet: Attempting to reclaim memory"),
        "{events:#?}"
    );
    assert!(said(
        "NodeHasInsufficientMemory: Node node-a status is now: NodeHasInsufficientMemory"
    ));
}

#[test]
fn k7_an_evicted_pod_is_failed_and_says_why_as_kubernetes_says_it() {
    let mut world = small();
    let key = pod(&mut world, "web", "1600Mi", &requests("100Mi"));
    world.pass_seconds(30);
    let pod = world.pod(&key).expect("it stays");
    assert_eq!(pod.phase(), "Failed");
    assert_eq!(pod.status.reason.as_deref(), Some("Evicted"));
    let message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: \
                   48Mi. Container web was using 1600Mi, request is 100Mi, has larger consumption \
                   of memory. ";
    assert_eq!(pod.status.message.as_deref(), Some(message));
    let target = pod.condition("DisruptionTarget").expect("it is marked");
    assert_eq!(target.reason.as_deref(), Some("TerminationByKubelet"));
    assert_eq!(target.message.as_deref(), Some(message));
    let said = format!("Evicted: {message}");
    assert!(world.events().contains(&said), "{:#?}", world.events());
    let graces: Vec<u64> = world
        .happenings()
        .filter_map(|(_, what)| match what {
            Happening::Sigterm(grace) => Some(grace.as_secs()),
            _ => None,
        })
        .collect();
    assert_eq!(graces, [2], "one second, and a process always gets two");
}

#[test]
fn k7_the_condition_stays_five_minutes_and_keeps_pods_without_requests_away() {
    let mut world = small();
    pod(&mut world, "web", "1600Mi", &requests("100Mi"));
    world.pass_seconds(30);
    let condition = memory_pressure(&world);
    assert_eq!(condition.status, "True");
    assert_eq!(
        condition.reason.as_deref(),
        Some("KubeletHasInsufficientMemory")
    );
    let message = "kubelet has insufficient memory available";
    assert_eq!(condition.message.as_deref(), Some(message));
    let best_effort = pod(&mut world, "best-effort", "1Mi", &json!({}));
    let burstable = pod(&mut world, "burstable", "1Mi", &requests("1Mi"));
    world.pass_seconds(10);
    let refused = world.pod(&best_effort).expect("it stays");
    assert_eq!(refused.phase(), "Failed");
    assert_eq!(refused.status.reason.as_deref(), Some("Evicted"));
    let message = "Pod was rejected: The node had condition: [MemoryPressure]. ";
    assert_eq!(refused.status.message.as_deref(), Some(message));
    assert_eq!(world.phase(&burstable), "Running");
    world.pass_seconds(240);
    assert_eq!(memory_pressure(&world).status, "True");
    world.pass_seconds(60);
    assert_eq!(memory_pressure(&world).status, "False");
    let said = "NodeHasSufficientMemory: Node node-a status is now: NodeHasSufficientMemory";
    assert_eq!(world.times_said(said), 2, "at the start and now");
}

#[test]
fn k7_a_node_with_enough_memory_evicts_nobody() {
    let mut world = small();
    pod(&mut world, "web", "1500Mi", &json!({}));
    world.pass_seconds(120);
    assert_eq!(evicted(&world), Vec::new());
    assert_eq!(memory_pressure(&world).status, "False");
}
