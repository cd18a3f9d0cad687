//! What `kubectl describe` prints of an object.

mod writer;

use crate::api::selector::FieldSelector;
use crate::api::{Key, Kind, Object, core, meta};
use crate::apiserver::{Scope, Verb};
use crate::sim::Time;
use writer::Writer;

/// What kubectl reads beside the object itself to describe it, in order.
#[must_use]
pub fn reads(object: &Object) -> Vec<(Key, Verb)> {
    let fields = FieldSelector::equal("involvedObject.name", object.name());
    let scope = Scope {
        labels: None,
        fields,
    };
    vec![(
        Key::new(Kind::Event, object.namespace(), ""),
        Verb::List(scope),
    )]
}

/// The description, with what was read beside the object.
#[must_use]
pub fn text(object: &Object, _related: &[Object], _now: Time) -> String {
    let mut writer = Writer::default();
    writer.field(0, "Name", object.name());
    writer.labels(0, "Labels", Some(meta::labels(object.metadata())));
    writer.finish()
}

/// A pod template, as `rollout history --revision` prints it.
#[must_use]
pub fn template(_template: &core::PodTemplateSpec) -> String {
    let mut writer = Writer::default();
    writer.line(0, "Pod Template:");
    writer.finish()
}
