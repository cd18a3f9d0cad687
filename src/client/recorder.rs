//! Writes Event objects about what a component did, counting repeats instead of writing them again.

use std::time::Duration;

use imbl::OrdMap;

use super::Context;
use crate::api::{Event, Key, Kind, Object, ObjectMeta, Typed, core, meta};
use crate::apiserver::Verb;
use crate::sim::{RecordId, Time};

/// How long the API server keeps an event. Source: `--event-ttl`.
const TIME_TO_LIVE: Duration = Duration::from_secs(3600);

/// Whether an event is news or bad news.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    /// As it should be.
    Normal,
    /// Somebody should look.
    Warning,
}

impl EventType {
    const fn name(self) -> &'static str {
        match self {
            Self::Normal => "Normal",
            Self::Warning => "Warning",
        }
    }
}

/// What an event is about: an object, or a part of it.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The object.
    pub object: &'a Object,
    /// The part, as in `spec.containers{web}`; none for the whole.
    pub field_path: Option<String>,
}

impl<'a> From<&'a Object> for About<'a> {
    fn from(object: &'a Object) -> Self {
        Self {
            object,
            field_path: None,
        }
    }
}

/// What makes two events one: about whom, what, and in which words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Similar {
    about: Key,
    uid: String,
    field_path: Option<String>,
    reason: &'static str,
    message: String,
}

/// Remembers what it has written, to count it when it comes again.
#[derive(Clone, Debug)]
pub struct Recorder {
    component: &'static str,
    host: String,
    written: OrdMap<Similar, (Event, Time)>,
    last_name_nanos: u64,
}

impl Recorder {
    /// The recorder of a component, on a host (empty for components without one).
    #[must_use]
    pub fn new(component: &'static str, host: &str) -> Self {
        Self {
            component,
            host: host.to_owned(),
            written: OrdMap::new(),
            last_name_nanos: 0,
        }
    }

    /// Writes that `reason` happened to an object.
    pub fn event<'a, N, A>(
        &mut self,
        context: &mut Context<'_, N, A>,
        cause: RecordId,
        about: impl Into<About<'a>>,
        what: (EventType, &'static str, String),
    ) {
        let (event_type, reason, message) = what;
        let about = about.into();
        let now = context.now;
        let similar = Similar {
            about: about.object.key(),
            uid: about.object.uid().to_owned(),
            field_path: about.field_path.clone(),
            reason,
            message,
        };
        if let Some((event, last)) = self.written.get_mut(&similar)
            && now.since(*last) < TIME_TO_LIVE
        {
            let spec = event.spec_mut();
            spec.count = Some(spec.count.unwrap_or(1) + 1);
            spec.last_timestamp = Some(meta::object_time(now));
            *last = now;
            let object = event.clone().into_object();
            context.tell(cause, object.key(), Verb::Update(object));
            return;
        }
        let event = self.first(&about, (event_type, reason, &similar.message), now);
        self.written.insert(similar, (event.clone(), now));
        let object = event.into_object();
        context.tell(cause, object.key(), Verb::Create(object));
    }

    /// Forgets what was written about an object that is gone.
    pub fn forget(&mut self, about: &Key) {
        let first = Similar {
            about: about.clone(),
            uid: String::new(),
            field_path: None,
            reason: "",
            message: String::new(),
        };
        let of_it: Vec<Similar> = self
            .written
            .range(first..)
            .map(|(similar, _)| similar)
            .take_while(|similar| similar.about == *about)
            .cloned()
            .collect();
        for similar in of_it {
            self.written.remove(&similar);
        }
    }

    fn first(
        &mut self,
        about: &About<'_>,
        what: (EventType, &'static str, &str),
        now: Time,
    ) -> Event {
        let (event_type, reason, message) = what;
        let object = about.object;
        let namespace = if object.namespace().is_empty() {
            "default"
        } else {
            object.namespace()
        };
        // Real names carry the nanosecond; two events of one step must differ.
        self.last_name_nanos = now.as_nanos().max(self.last_name_nanos + 1);
        let stamp = Time::from_nanos(self.last_name_nanos)
            .to_timestamp()
            .as_nanosecond();
        let metadata = ObjectMeta {
            name: Some(format!("{}.{stamp:x}", object.name())),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        };
        let spec = core::Event {
            involved_object: reference(about),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            type_: Some(event_type.name().to_owned()),
            source: Some(core::EventSource {
                component: Some(self.component.to_owned()),
                host: (!self.host.is_empty()).then(|| self.host.clone()),
            }),
            first_timestamp: Some(meta::object_time(now)),
            last_timestamp: Some(meta::object_time(now)),
            count: Some(1),
            reporting_component: Some(self.component.to_owned()),
            reporting_instance: Some(self.host.clone()),
            ..core::Event::default()
        };
        Event {
            metadata: metadata.into(),
            spec: spec.into(),
            status: ().into(),
        }
    }
}

fn reference(about: &About<'_>) -> core::ObjectReference {
    let About { object, field_path } = about;
    let info = object.kind().info();
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    core::ObjectReference {
        api_version: Some(info.api_version()),
        kind: Some(info.name.to_owned()),
        name: text(object.name()),
        namespace: text(object.namespace()),
        // Source: kubelets and controllers refer to nodes by name in the place of the uid.
        uid: if object.kind() == Kind::Node {
            text(object.name())
        } else {
            text(object.uid())
        },
        resource_version: object.metadata().resource_version.clone(),
        field_path: field_path.clone(),
    }
}
