//! What `kubectl describe` prints of an object, and what it reads for that.
//!
//! Source: `kubectl/pkg/describe/describe.go`; the tests hold texts recorded at kubectl 1.33.

mod containers;
mod generic;
mod jobs;
mod limits;
mod nodes;
mod pods;
mod quotas;
mod scaler;
mod services;
mod sets;
mod settings;
mod slices;
mod storage;
mod volumes;
mod workloads;
mod writer;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, Time as ObjectTime};
use k8s_openapi::jiff::Timestamp;

use self::writer::Writer;
use super::printers::{NONE, age, human_duration};
use crate::api::field_selector::{FieldRequirement, FieldSelector};
use crate::api::selector;
use crate::api::{Event, Key, Kind, LabelSelector, Object, Typed, core, meta};
use crate::apiserver::{Scope, Verb};
use crate::sim::Time;

/// What kubectl reads beside the object itself to describe it, in order.
#[must_use]
pub fn reads(object: &Object) -> Vec<(Key, Verb)> {
    let namespace = object.namespace();
    let list = |kind: Kind, namespace: &str, labels: Option<LabelSelector>, fields| {
        let scope = Scope { labels, fields };
        (Key::new(kind, namespace, ""), Verb::List(scope))
    };
    let everything = FieldSelector::everything;
    let pods_and_events = |selector: &LabelSelector| {
        vec![
            list(Kind::Pod, namespace, Some(selector.clone()), everything()),
            events_of(object, true, object.uid()),
        ]
    };
    match object {
        Object::Pod(_) => vec![events_of(object, false, object.uid())],
        Object::Deployment(deployment) => {
            let selector = Some(deployment.spec.selector.clone());
            vec![
                events_of(object, true, object.uid()),
                list(Kind::ReplicaSet, namespace, selector, everything()),
            ]
        }
        Object::ReplicaSet(set) => pods_and_events(&set.spec.selector),
        Object::StatefulSet(set) => pods_and_events(&set.spec.selector),
        Object::DaemonSet(set) => pods_and_events(&set.spec.selector),
        Object::PersistentVolumeClaim(_) => vec![
            list(Kind::Pod, namespace, None, everything()),
            events_of(object, true, object.uid()),
        ],
        Object::Namespace(it) => vec![
            list(Kind::ResourceQuota, it.name(), None, everything()),
            list(Kind::LimitRange, it.name(), None, everything()),
        ],
        Object::ResourceQuota(_) | Object::LimitRange(_) | Object::Secret(_) => Vec::new(),
        Object::Node(node) => {
            let on_node = requirements(&[
                ("spec.nodeName", node.name(), true),
                ("status.phase", "Succeeded", false),
                ("status.phase", "Failed", false),
            ]);
            let lease = Key::new(Kind::Lease, "kube-node-lease", node.name());
            vec![
                list(Kind::Pod, "", None, on_node),
                events_of(object, true, node.uid()),
                events_of(object, true, node.name()),
                (lease, Verb::Get),
            ]
        }
        Object::Service(service) => {
            let label = format!("kubernetes.io/service-name={}", service.name());
            // A name is letters, digits and dashes, so the selector can be read.
            let selector = selector::parse_labels(&label).ok();
            vec![
                list(Kind::EndpointSlice, namespace, selector, everything()),
                events_of(object, true, object.uid()),
            ]
        }
        _ => vec![events_of(object, true, object.uid())],
    }
}

fn requirements(of: &[(&str, &str, bool)]) -> FieldSelector {
    let each = of.iter().map(|(path, value, equal)| FieldRequirement {
        path: (*path).to_owned(),
        value: (*value).to_owned(),
        equal: *equal,
    });
    FieldSelector(each.collect())
}

/// The list of the events of an object; nodes are known to some by their name in the place of the uid.
fn events_of(object: &Object, with_kind: bool, uid: &str) -> (Key, Verb) {
    let mut asked = vec![("involvedObject.name", object.name(), true)];
    asked.push(("involvedObject.namespace", object.namespace(), true));
    if with_kind {
        asked.push(("involvedObject.kind", object.kind().info().name, true));
    }
    if !uid.is_empty() {
        asked.push(("involvedObject.uid", uid, true));
    }
    let scope = Scope {
        labels: None,
        fields: requirements(&asked),
    };
    let namespace = object.namespace();
    (Key::new(Kind::Event, namespace, ""), Verb::List(scope))
}

/// The description, with what was read beside the object; ends with a newline.
#[must_use]
pub fn text(object: &Object, related: &[Object], now: Time) -> String {
    let mut events: Vec<&Event> = related.iter().filter_map(Event::of).collect();
    events.sort_by_key(|event| event.spec.last_timestamp.as_ref().map(meta::moment));
    let mut writer = Writer::default();
    match object {
        Object::Pod(pod) => pods::describe(&mut writer, pod, &events, now),
        Object::Deployment(deployment) => {
            workloads::deployment(&mut writer, deployment, related, &events, now);
        }
        Object::ReplicaSet(set) => {
            workloads::replica_set(&mut writer, set, related, &events, now);
        }
        Object::Node(node) => nodes::describe(&mut writer, node, related, &events, now),
        Object::Service(service) => {
            services::describe(&mut writer, service, related, &events, now);
        }
        other => further(&mut writer, (other, related), &events, now),
    }
    writer.finish()
}

/// The kinds of which one object says all by itself, or nearly so.
fn further(
    writer: &mut Writer,
    (object, related): (&Object, &[Object]),
    events: &[&Event],
    now: Time,
) {
    match object {
        Object::StatefulSet(set) => sets::stateful_set(writer, set, related, events, now),
        Object::DaemonSet(set) => sets::daemon_set(writer, set, related, events, now),
        Object::Job(job) => jobs::job(writer, job, events, now),
        Object::CronJob(job) => jobs::cron_job(writer, job, events, now),
        Object::EndpointSlice(slice) => slices::describe(writer, slice, events, now),
        Object::ConfigMap(map) => settings::config_map(writer, map, events, now),
        Object::Secret(secret) => settings::secret(writer, secret),
        Object::ServiceAccount(account) => settings::account(writer, account, events, now),
        Object::HorizontalPodAutoscaler(it) => scaler::describe(writer, it, events, now),
        Object::PodDisruptionBudget(budget) => limits::budget(writer, budget, events, now),
        Object::PriorityClass(class) => limits::priority(writer, class, events, now),
        Object::Namespace(namespace) => limits::namespace(writer, namespace, related),
        Object::ResourceQuota(quota) => quotas::describe(writer, quota),
        Object::LimitRange(range) => limits::limit_range(writer, range),
        Object::PersistentVolume(volume) => storage::volume(writer, volume, events, now),
        Object::PersistentVolumeClaim(it) => storage::claim(writer, it, related, events, now),
        Object::StorageClass(class) => storage::class(writer, class, events, now),
        other => generic::describe(writer, other, events, now),
    }
}

/// A pod template as `rollout history --revision` prints it: with its tabs.
#[must_use]
pub fn template(template: &core::PodTemplateSpec) -> String {
    let mut writer = Writer::default();
    containers::template(&mut writer, Some(template));
    writer.raw()
}

/// The events at the end of a description.
fn events(writer: &mut Writer, events: &[&Event], now: Time) {
    if events.is_empty() {
        writer.field(0, "Events", NONE);
        return;
    }
    writer.line(0, "Events:\n  Type\tReason\tAge\tFrom\tMessage");
    writer.line(1, "----\t------\t----\t----\t-------");
    for event in events {
        let spec = &*event.spec;
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let first = match (&spec.first_timestamp, &spec.event_time) {
            (None, Some(time)) => human_duration(now.since(Time::from_timestamp(time.0))),
            (first, _) => age(first.as_ref(), now),
        };
        let count = spec.count.unwrap_or(1);
        let interval = if count > 1 {
            let last = age(spec.last_timestamp.as_ref(), now);
            format!("{last} (x{count} over {first})")
        } else {
            first
        };
        let component = spec.source.as_ref().and_then(|each| each.component.clone());
        let component = component.or_else(|| spec.reporting_component.clone());
        writer.line(
            1,
            format_args!(
                "{}\t{}\t{interval}\t{}\t{}",
                text(&spec.type_),
                text(&spec.reason),
                component.unwrap_or_default(),
                text(&spec.message).trim()
            ),
        );
    }
}

fn size(number: Option<i32>) -> i32 {
    number.unwrap_or(0)
}

fn or_none(text: &str) -> &str {
    if text.is_empty() { NONE } else { text }
}

/// A date as descriptions write it: `Thu, 01 Jan 2026 00:00:12 +0000`.
fn date(time: Option<&ObjectTime>) -> String {
    time.map_or_else(
        || "Mon, 01 Jan 0001 00:00:00 +0000".to_owned(),
        |time| long_date(time.0),
    )
}

fn micro_date(time: &MicroTime) -> String {
    long_date(time.0)
}

fn long_date(timestamp: Timestamp) -> String {
    timestamp
        .strftime("%a, %d %b %Y %H:%M:%S +0000")
        .to_string()
}

#[cfg(test)]
mod tests;
