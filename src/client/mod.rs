//! What every component is given: a way to ask, caches fed by watches, a work queue, a recorder of events.

mod cache;
mod census;
mod context;
mod correlator;
mod labelled;
mod note;
mod recorder;
mod work_queue;

pub use cache::{Cache, Cached, Delivery, Informers, Seen, Subscription};
pub use census::Standing;
pub use context::{Alarm, Component, Context, Input, Line, Noted, Output, Sending};
pub use note::{Note, Reconcile};
pub use recorder::{About, EventType, Recorder};
pub use work_queue::{Added, Queued, WorkQueue};
