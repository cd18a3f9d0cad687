//! The table of `kubectl events`: by time, with how often and for how long.
//!
//! Source: `kubectl/pkg/cmd/events/event_printer.go`, Kubernetes 1.34.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;

use super::{Table, age, human_duration, render};
use crate::api::{Event, Object, meta};
use crate::sim::Time;

/// The events in the order of their last time, oldest first.
#[must_use]
pub fn events(objects: &[Object], now: Time, namespaces: bool, headers: bool) -> String {
    let mut events: Vec<&Event> = objects.iter().filter_map(of).collect();
    events.sort_by_key(|event| last_time(event));
    let mut head = vec!["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"];
    if namespaces {
        head.insert(0, "NAMESPACE");
    }
    let rows = events.iter().map(|event| row(event, now, namespaces));
    render(&Table {
        headers: if headers {
            head.into_iter().map(str::to_owned).collect()
        } else {
            Vec::new()
        },
        rows: rows.collect(),
    })
}

fn of(object: &Object) -> Option<&Event> {
    match object {
        Object::Event(event) => Some(event),
        _ => None,
    }
}

fn row(event: &Event, now: Time, namespaces: bool) -> Vec<String> {
    let about = &event.spec.involved_object;
    let mut row = vec![
        interval(event, now),
        event.spec.type_.clone().unwrap_or_default(),
        event.spec.reason.clone().unwrap_or_default(),
        format!(
            "{}/{}",
            about.kind.as_deref().unwrap_or_default(),
            about.name.as_deref().unwrap_or_default()
        ),
        event
            .spec
            .message
            .as_deref()
            .unwrap_or_default()
            .trim()
            .to_owned(),
    ];
    if namespaces {
        row.insert(0, event.namespace().to_owned());
    }
    row
}

/// `12s`, or `12s (x4 over 2m)`.
fn interval(event: &Event, now: Time) -> String {
    let first = match &event.spec.event_time {
        Some(time) => micro_age(time, now),
        None => age(event.spec.first_timestamp.as_ref(), now),
    };
    let many = |last: String, count: i32| format!("{last} (x{count} over {first})");
    match (&event.spec.series, event.spec.count) {
        (Some(series), _) => {
            let last = series.last_observed_time.as_ref();
            let last = last.map_or_else(|| "<unknown>".to_owned(), |time| micro_age(time, now));
            many(last, series.count.unwrap_or(0))
        }
        (None, Some(count)) if count > 1 => {
            many(age(event.spec.last_timestamp.as_ref(), now), count)
        }
        (None, _) => first,
    }
}

fn micro_age(time: &MicroTime, now: Time) -> String {
    human_duration(now.since(Time::from_timestamp(time.0)))
}

fn last_time(event: &Event) -> Option<Time> {
    let series = event.spec.series.as_ref();
    series
        .and_then(|series| series.last_observed_time.as_ref())
        .or(event
            .spec
            .event_time
            .as_ref()
            .filter(|_| event.spec.last_timestamp.is_none()))
        .map(|time| Time::from_timestamp(time.0))
        .or_else(|| event.spec.last_timestamp.as_ref().map(meta::moment))
}
