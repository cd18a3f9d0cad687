//! Writes Event objects about what a component did, counting repeats instead of writing them again.

use std::time::Duration;

use imbl::OrdMap;

use super::Context;
use super::correlator::Correlator;
use crate::api::owners::Provenance;
use crate::api::{Event, Key, Kind, Object, ObjectMeta, Typed, core, meta};
use crate::apiserver::Verb;
use crate::sim::{RecordId, Time};

/// How long the API server keeps an event. Source: `--event-ttl`.
const TIME_TO_LIVE: Duration = Duration::from_hours(1);

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

/// What is remembered of an event, enough to write it again with a higher count.
#[derive(Clone, Copy, Debug)]
struct Written {
    /// The nanosecond in its name.
    stamp: Time,
    /// The revision of the object that it was about.
    revision: u64,
    /// When it happened first.
    first: Time,
    /// When it happened last.
    last: Time,
    /// How often.
    count: i32,
}

/// Remembers what it has written, to count it when it comes again.
#[derive(Clone, Debug)]
pub struct Recorder {
    component: &'static str,
    host: String,
    written: OrdMap<Similar, Written>,
    /// None for components that report in series, as the scheduler does.
    correlator: Option<Correlator>,
    last_stamp: Time,
}

impl Recorder {
    /// The recorder of a component, on a host (empty for components without one).
    #[must_use]
    pub fn new(component: &'static str, host: &str) -> Self {
        Self {
            component,
            host: host.to_owned(),
            written: OrdMap::new(),
            correlator: Some(Correlator::default()),
            last_stamp: Time::START,
        }
    }

    /// The same, for a component that writes down everything it says, as the scheduler does with
    /// the newer API of events. Source: `k8s.io/client-go/tools/events`.
    #[must_use]
    pub fn in_full(mut self) -> Self {
        self.correlator = None;
        self
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
        let subject = (about.object.key(), about.object.uid().to_owned());
        let mut similar = Similar {
            about: subject.0.clone(),
            uid: subject.1.clone(),
            field_path: about.field_path.clone(),
            reason,
            message: message.clone(),
        };
        let mut message = message;
        let mut is_dropped = false;
        if let Some(correlator) = &mut self.correlator {
            let kind = (event_type, reason);
            let verdict = correlator.judge(&subject, kind, &message, now);
            if verdict.is_combined {
                message = format!("(combined from similar events): {message}");
                similar.field_path = None;
                similar.message = String::new();
            }
            is_dropped = verdict.is_dropped;
        }
        if let Some(written) = self.written.get_mut(&similar)
            && now.since(written.last) < TIME_TO_LIVE
        {
            written.count = written.count.saturating_add(1);
            written.last = now;
            let written = *written;
            if !is_dropped {
                let event = self.event_of(&about, (event_type, reason, &message), written);
                let object = event.into_object();
                context.tell(cause, object.key(), Verb::Update(object));
            }
            return;
        }
        // Real names carry the nanosecond; two events of one step must differ.
        self.last_stamp = now.max(self.last_stamp + Duration::from_nanos(1));
        let written = Written {
            stamp: self.last_stamp,
            revision: about.object.revision(),
            first: now,
            last: now,
            count: 1,
        };
        if is_dropped {
            return;
        }
        let event = self.event_of(&about, (event_type, reason, &message), written);
        self.written.insert(similar, written);
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
        if let Some(correlator) = &mut self.correlator {
            correlator.forget(about);
        }
    }

    fn event_of(
        &self,
        about: &About<'_>,
        what: (EventType, &'static str, &str),
        written: Written,
    ) -> Event {
        let (event_type, reason, message) = what;
        let object = about.object;
        let namespace = if object.namespace().is_empty() {
            "default"
        } else {
            object.namespace()
        };
        let stamp = written.stamp.to_timestamp().as_nanosecond();
        let metadata = ObjectMeta {
            name: Some(format!("{}.{stamp:x}", object.name())),
            namespace: Some(namespace.to_owned()),
            ..ObjectMeta::default()
        };
        let spec = core::Event {
            involved_object: reference(about, written.revision),
            reason: Some(reason.to_owned()),
            message: Some(message.to_owned()),
            type_: Some(event_type.name().to_owned()),
            source: Some(core::EventSource {
                component: Some(self.component.to_owned()),
                host: (!self.host.is_empty()).then(|| self.host.clone()),
            }),
            first_timestamp: Some(meta::object_time(written.first)),
            last_timestamp: Some(meta::object_time(written.last)),
            count: Some(written.count),
            reporting_component: Some(self.component.to_owned()),
            reporting_instance: Some(self.host.clone()),
            ..core::Event::default()
        };
        Event {
            provenance: Provenance::default(),
            metadata: metadata.into(),
            spec: spec.into(),
            status: ().into(),
        }
    }
}

fn reference(about: &About<'_>, revision: u64) -> core::ObjectReference {
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
        resource_version: (revision > 0).then(|| revision.to_string()),
        field_path: field_path.clone(),
    }
}
