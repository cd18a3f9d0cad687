//! Where pods wait, and what moves them.

use std::collections::BTreeSet;
use std::time::Duration;

use glassplane::api::{Key, Kind, Object};
use glassplane::scheduler::{
    Change, ClusterEvent, Configuration, Place, Queue, QueueTimes, changes,
};
use glassplane::sim::Time;
use serde_json::{Value, json};

use super::{as_pod, node, placed, pod};

fn key(name: &str) -> Key {
    Key::new(Kind::Pod, "default", name)
}

fn refused(by: &'static str) -> BTreeSet<&'static str> {
    [by].into()
}

/// A queue with one pod that the plugin refused at second 100.
fn waiting(pod: &Object, by: &'static str) -> (Queue, Configuration) {
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    queue.add(as_pod(pod), &configuration, Time::from_secs(100));
    let popped = queue.pop().expect("the only pod");
    let place = queue.put_back(
        &popped.key,
        refused(by),
        &configuration,
        Time::from_secs(100),
    );
    assert_eq!(place, Some(Place::Unschedulable));
    (queue, configuration)
}

/// Tells the queue of each way in which the object changed; how many pods moved.
fn tell(queue: &mut Queue, old: Option<&Object>, new: Option<&Object>, at: u64) -> usize {
    let configuration = Configuration::default();
    let all = changes(old, new).into_iter().map(|change| {
        let event = ClusterEvent { change, old, new };
        queue
            .notice(&event, &configuration, Time::from_secs(at))
            .len()
    });
    all.sum()
}

#[test]
fn s4_higher_priority_comes_first_and_then_who_has_waited_longer() {
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    for (name, priority, second) in [("a", 0, 3), ("b", 0, 2), ("c", 9, 4), ("d", -1, 1)] {
        let pod = pod(name, "1", json!({"spec": {"priority": priority}}));
        queue.add(as_pod(&pod), &configuration, Time::from_secs(second));
    }
    let waiting: Vec<String> = queue.active().map(|pod| pod.key.name.to_string()).collect();
    let order = order(&mut queue);
    assert_eq!(order, ["c", "b", "a", "d"]);
    assert_eq!(order, waiting);
    assert_eq!(queue.in_flight().count(), 4);
}

#[test]
fn s4_back_off_doubles_from_one_second_to_ten() {
    let pod = pod("web", "1", json!({}));
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    queue.add(as_pod(&pod), &configuration, Time::START);
    let mut waits = Vec::new();
    let mut now = Time::START;
    for _ in 0..6 {
        let popped = queue.pop().expect("the pod is ready");
        queue.put_back(
            &popped.key,
            refused("NodeResourcesFit"),
            &configuration,
            now,
        );
        assert_eq!(queue.pop().map(|pod| pod.key), None);
        let node = node("node-a", json!({}));
        let event = ClusterEvent {
            change: Change::NodeAdded,
            old: None,
            new: Some(&node),
        };
        let moves = queue.notice(&event, &configuration, now);
        let Place::BackOff(until) = moves[0].to else {
            panic!("{moves:?}");
        };
        assert_eq!(queue.next_due(), Some(until));
        assert!(
            queue
                .advance(&configuration, until - Duration::from_nanos(1))
                .is_empty()
        );
        assert_eq!(queue.advance(&configuration, until)[0].to, Place::Active);
        waits.push(until.since(now).as_secs());
        now = until;
    }
    assert_eq!(waits, [1, 2, 4, 8, 10, 10]);
}

#[test]
fn s4_a_pod_that_has_waited_its_back_off_is_ready_at_once() {
    let (mut queue, _) = waiting(&pod("web", "1", json!({})), "NodeResourcesFit");
    assert_eq!(
        tell(&mut queue, None, Some(&node("node-a", json!({}))), 150),
        1
    );
    assert_eq!(queue.active().count(), 1);
}

/// Pods of these names and priorities, the first refused at second 100 and the others each 400 ms
/// later; a node that comes then sends them all into back-off.
fn backing_off(pods: &[(&str, i32)]) -> (Queue, Configuration) {
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    let mut now = Time::from_secs(100);
    for (name, priority) in pods {
        let pod = pod(name, "1", json!({"spec": {"priority": priority}}));
        queue.add(as_pod(&pod), &configuration, now);
        let popped = queue.pop().expect("it is ready");
        let by = refused("NodeResourcesFit");
        queue.put_back(&popped.key, by, &configuration, now);
        now = now + Duration::from_millis(400);
    }
    assert_eq!(
        tell(&mut queue, None, Some(&node("node-a", json!({}))), 100),
        pods.len()
    );
    assert_eq!(queue.backing_off().count(), pods.len());
    (queue, configuration)
}

fn order(queue: &mut Queue) -> Vec<String> {
    let popped = std::iter::from_fn(|| queue.pop());
    popped.map(|pod| pod.key.name.to_string()).collect()
}

#[test]
fn s4_when_nobody_is_ready_who_backs_off_is_taken_early() {
    let (mut queue, configuration) = backing_off(&[("a", 0), ("b", 0)]);
    let ready = pod("ready", "1", json!({"spec": {"priority": -1}}));
    queue.add(as_pod(&ready), &configuration, Time::from_secs(100));
    assert_eq!(order(&mut queue), ["ready", "a", "b"]);
}

#[test]
fn s4_back_offs_that_end_in_one_second_are_ordered_by_priority() {
    // They end at 101.0, 101.4, 101.8 and 102.2 s.
    let (mut queue, _) = backing_off(&[("a", 0), ("b", 5), ("c", 0), ("d", 9)]);
    assert_eq!(order(&mut queue), ["b", "a", "c", "d"]);
}

#[test]
fn s4_who_failed_by_an_error_waits_its_whole_back_off() {
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    let pod = pod("web", "1", json!({}));
    queue.add(as_pod(&pod), &configuration, Time::START);
    queue.pop();
    let place = queue.put_back(&key("web"), BTreeSet::new(), &configuration, Time::START);
    assert_eq!(place, Some(Place::BackOff(Time::from_secs(1))));
    assert!(queue.pop().is_none());
    queue.advance(&configuration, Time::from_secs(1));
    assert!(queue.pop().is_some());
}

#[test]
fn s4_an_unschedulable_pod_is_tried_again_after_five_minutes() {
    let (mut queue, configuration) = waiting(&pod("web", "1", json!({})), "NodeResourcesFit");
    assert_eq!(queue.next_due(), Some(Time::from_secs(400)));
    assert!(
        queue
            .advance(&configuration, Time::from_secs(399))
            .is_empty()
    );
    let moves = queue.advance(&configuration, Time::from_secs(400));
    assert_eq!(
        (moves[0].to, moves[0].change),
        (Place::Active, Change::Flush)
    );
}

#[test]
fn s4_a_gated_pod_waits_until_its_last_gate_is_gone() {
    let gates =
        |names: &[&str]| -> Value { names.iter().map(|name| json!({"name": name})).collect() };
    let with = |names: &[&str]| {
        pod(
            "web",
            "1",
            json!({"spec": {"schedulingGates": gates(names)}}),
        )
    };
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    let (two, one, none) = (with(&["a", "b"]), with(&["b"]), with(&[]));
    queue.add(as_pod(&two), &configuration, Time::START);
    assert!(queue.pop().is_none());
    let gate = queue
        .gated()
        .next()
        .and_then(|pod| pod.gate.clone())
        .expect("a gate");
    assert_eq!(
        gate.refusal.message(),
        "waiting for scheduling gates: [a b]"
    );
    let update = |queue: &mut Queue, old: &Object, new: &Object| {
        queue.update(as_pod(old), as_pod(new), &configuration, Time::START)
    };
    assert_eq!(update(&mut queue, &two, &one), None);
    let moved = update(&mut queue, &one, &none).expect("the gate is open");
    assert_eq!(
        (moved.to, moved.plugin),
        (Place::Active, Some("SchedulingGates"))
    );
}

#[test]
fn s4_what_happens_while_a_pod_is_tried_is_not_missed() {
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    let pod = pod("web", "1", json!({}));
    queue.add(as_pod(&pod), &configuration, Time::START);
    queue.pop();
    tell(&mut queue, None, Some(&node("node-a", json!({}))), 0);
    let place = queue.put_back(
        &key("web"),
        refused("NodeResourcesFit"),
        &configuration,
        Time::START,
    );
    assert_eq!(place, Some(Place::BackOff(Time::from_secs(1))));
}

#[test]
fn a_pod_that_goes_while_it_is_tried_does_not_come_back() {
    let configuration = Configuration::default();
    let mut queue = Queue::new(QueueTimes::default());
    queue.add(
        as_pod(&pod("web", "1", json!({}))),
        &configuration,
        Time::START,
    );
    queue.pop();
    queue.remove(&key("web"));
    let place = queue.put_back(
        &key("web"),
        refused("NodeName"),
        &configuration,
        Time::START,
    );
    assert_eq!((place, queue.len()), (None, 0));
}

#[test]
fn a_clone_of_the_queues_goes_its_own_way() {
    let (mut queue, _) = waiting(&pod("web", "1", json!({})), "NodeResourcesFit");
    let before = queue.clone();
    let leaver = placed("old", "1", "node-a", json!({}));
    assert_eq!(tell(&mut queue, Some(&leaver), None, 200), 1);
    assert_eq!(
        (before.active().count(), before.unschedulable().count()),
        (0, 1)
    );
    assert_eq!(
        (queue.active().count(), queue.unschedulable().count()),
        (1, 0)
    );
}
