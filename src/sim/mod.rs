//! What is not Kubernetes: virtual time, seeded chance, the queue of what happens next, constants.

mod count;
mod duration;
mod memo;
mod profile;
mod queue;
mod random;
mod record;
mod time;

pub use count::counted;
pub use duration::{go_duration, span_words};
pub use memo::Memo;
pub use profile::{Metrics as MetricsTimes, Profile, Range, parse_duration};
pub use queue::{EventQueue, Urgency};
pub use random::Random;
pub use record::{RecordId, RecordKind};
pub use time::Time;
