//! Descriptions equal to those that kubectl 1.33 printed of the same objects (`recorded/`), with the
//! names of ports that 1.34 adds.

mod kinds;

use std::collections::VecDeque;

use serde_json::Value;

use super::*;

/// The moment at which the descriptions were recorded.
const RECORDED: &str = "2026-11-22T03:40:05Z";

fn objects() -> Vec<Object> {
    let values: Vec<Value> = serde_json::from_str(include_str!("../recorded/objects.json"))
        .expect("the recorded objects are JSON");
    let mut objects: Vec<Object> = values
        .into_iter()
        .map(|value| {
            let (version, kind) = (value["apiVersion"].as_str(), value["kind"].as_str());
            let kind = Kind::of_manifest(version.unwrap_or_default(), kind.unwrap_or_default())
                .expect("the recorded objects are of kinds that exist");
            Object::from_value(kind, value).expect("the recorded objects have good fields")
        })
        .collect();
    objects.sort_by_key(Object::key);
    objects
}

/// What the reads of an object find.
fn related(object: &Object, all: &[Object]) -> Vec<Object> {
    let mut found = Vec::new();
    let mut reads = VecDeque::from(reads(object));
    while let Some((key, verb)) = reads.pop_front() {
        let here = |each: &&Object| {
            each.kind() == key.kind
                && (key.namespace.is_empty() || each.namespace() == &*key.namespace)
        };
        match verb {
            Verb::List(scope) => {
                let covered = all.iter().filter(here).filter(|each| scope.covers(each));
                found.extend(covered.cloned());
            }
            _ => found.extend(all.iter().find(|each| each.key() == key).cloned()),
        }
    }
    found
}

fn now() -> Time {
    Time::from_timestamp(RECORDED.parse().expect("a date"))
}

#[test]
fn descriptions_are_those_of_kubectl() {
    let all = objects();
    let cases = [
        (
            Kind::Pod,
            "web-1",
            include_str!("../recorded/pod-web-1.txt"),
        ),
        (
            Kind::Pod,
            "plain",
            include_str!("../recorded/pod-plain.txt"),
        ),
        (
            Kind::Pod,
            "going",
            include_str!("../recorded/pod-going.txt"),
        ),
        (
            Kind::Deployment,
            "web",
            include_str!("../recorded/deployment-web.txt"),
        ),
        (
            Kind::ReplicaSet,
            "web-abc",
            include_str!("../recorded/replicaset-web-abc.txt"),
        ),
        (
            Kind::Node,
            "node-a",
            include_str!("../recorded/node-node-a.txt"),
        ),
        (
            Kind::Service,
            "web",
            include_str!("../recorded/service-web.txt"),
        ),
        (
            Kind::Lease,
            "node-a",
            include_str!("../recorded/lease-node-a.txt"),
        ),
    ];
    for (kind, name, expected) in cases {
        let object = all
            .iter()
            .find(|each| each.kind() == kind && each.name() == name);
        let object = object.expect("it was recorded");
        let text = text(object, &related(object, &all), now());
        // The deployment was described a second later.
        let expected = expected.replace("ScalingReplicaSet  72s", "ScalingReplicaSet  71s");
        assert_eq!(text, expected, "{kind} {name}:\n{text}");
    }
}

#[test]
fn a_template_of_the_history_keeps_its_tabs() {
    let all = objects();
    let sets = all.iter().filter_map(crate::api::ReplicaSet::of);
    let set = sets
        .clone()
        .find(|set| set.name() == "web-abc")
        .expect("it was recorded");
    let expected = include_str!("../recorded/history.txt");
    let expected = expected.split_once('\n').expect("a first line").1;
    let text = template(set.spec.template.as_ref().expect("a template"));
    assert_eq!(format!("{text}\n"), expected);
}

#[test]
fn long_and_many_lined_annotations_stand_below_their_key() {
    let object =
        crate::kubectl::fixtures::object(serde_json::json!({"kind": "Lease", "metadata": {
        "name": "m", "namespace": "n", "annotations": {
            "a": "one\ntwo", "b": "short", "kubectl.kubernetes.io/last-applied-configuration": "{}",
            "c": "x".repeat(150)}}}));
    let text = text(&object, &[], now());
    let expected = crate::kubectl::fixtures::lines(&[
        "Name:         m",
        "Namespace:    n",
        "Labels:       <none>",
        "Annotations:  a:",
        "                one",
        "                two",
        "              b: short",
        "              c:",
        &format!("                {}...", "x".repeat(138)),
        "API Version:  coordination.k8s.io/v1",
        "Kind:         Lease",
        "Metadata:",
        "Events:  <none>",
    ]);
    assert_eq!(text, expected);
}
