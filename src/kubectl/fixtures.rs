//! Objects and dates for the tests of this room.

use serde_json::Value;

use crate::api::{Kind, Object, Pod, Typed};
use crate::sim::Time;

/// The object that this JSON says; `apiVersion` may be left out.
pub(super) fn object(value: Value) -> Object {
    let name = value["kind"].as_str().expect("fixtures name their kind");
    let kind = Kind::of_word(name).expect("fixtures are of kinds that exist");
    Object::from_value(kind, value).expect("fixtures have the fields of their kind")
}

/// The pod that this JSON says; `kind` may be left out.
pub(super) fn pod(mut value: Value) -> Pod {
    value["kind"] = "Pod".into();
    Pod::of(&object(value)).expect("it is a pod").clone()
}

/// Five minutes after the start, the present of most tests.
pub(super) const NOW: Time = Time::from_secs(300);

/// The date of so many seconds after the start.
pub(super) fn date(seconds: u64) -> String {
    Time::from_secs(seconds).to_timestamp().to_string()
}

/// The lines as one text, each with its newline.
pub(super) fn lines(lines: &[&str]) -> String {
    let mut text = lines.join("\n");
    text.push('\n');
    text
}
