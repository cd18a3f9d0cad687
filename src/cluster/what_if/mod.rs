//! What if, and how many more: questions to the world about nodes for pods, answered from copies;
//! nothing is written.

mod fill;
mod line;

use std::fmt;
use std::sync::Arc;

pub use fill::{Filled, fill};
pub use line::{GRAMMAR, Line, parse, read};

use super::{Cluster, Detail};
use crate::api::{Key, Pod, Typed};
use crate::scheduler::{Decision, Note, Premise, Question, WhatIf, unplaced};
use crate::sim::{RecordId, Time};

/// Further back than so many records a moment is not made again: that would keep the asker waiting.
const REPLAY_MOST: u64 = 200_000;

/// The moment for which a question is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// The moment that is shown, as if the pod had no node yet.
    Now(Time),
    /// When its scheduler decided about it.
    Decided(Time),
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now(time) => write!(f, "asked at {time}, as if the pod had no node yet"),
            Self::Decided(time) => {
                write!(f, "asked for {time}, when kube-scheduler decided about it")
            }
        }
    }
}

/// An answer and the moment it is for.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// The moment.
    pub when: When,
    /// The two decisions.
    pub answer: WhatIf,
}

/// A pod as it looked for a node, and the decision about it.
struct Sought {
    world: Cluster,
    when: When,
    decision: Option<Arc<Decision>>,
}

/// Where the pod would go if this were so. A pod that has a node is asked about as of the moment when
/// that was decided, where the trace still leads there; any other as of now.
///
/// # Errors
/// When there is no such pod or no profile for it, or a premise cannot be.
pub fn ask(world: &Cluster, pod: &Key, premises: &[Premise]) -> Result<Asked, String> {
    let is_placed = known(world, pod)?.spec.node_name.is_some();
    let then = is_placed.then(|| decided(world, pod)).flatten();
    let sought = then.unwrap_or_else(|| Sought {
        world: world.clone(),
        when: When::Now(world.now()),
        decision: None,
    });
    let scheduler = &sought.world.scheduler().component;
    let (pod, snapshot) = unplaced(known(&sought.world, pod)?, scheduler.snapshot());
    let configuration = scheduler.configuration();
    let profile = configuration.profile_of(&pod);
    let question = Question {
        pod: &pod,
        snapshot: &snapshot,
        profile: profile.ok_or_else(|| configuration.missing_profile(&pod))?,
        start: sought.decision.as_ref().map_or(0, |real| real.start()),
    };
    let real = sought.decision;
    let real = real.unwrap_or_else(|| Arc::new(question.decide()));
    let answer = question.what_if(real, premises);
    Ok(Asked {
        when: sought.when,
        answer: answer.map_err(|error| error.to_string())?,
    })
}

/// The pod as the scheduler knows it, or else as the store has it.
fn known<'a>(world: &'a Cluster, key: &Key) -> Result<&'a Pod, String> {
    let informers = world.scheduler().component.informers();
    let object = informers.object(key).or_else(|| world.store().get(key));
    object.and_then(Pod::of).ok_or_else(|| {
        format!(
            "Error from server (NotFound): pods \"{}\" not found",
            key.name
        )
    })
}

/// The world in which the newest decision about the pod was made.
fn decided(world: &Cluster, pod: &Key) -> Option<Sought> {
    let mut records = world.trace().iter().rev();
    let (taken, time, decision) = records.find_map(|record| match &record.detail {
        Detail::Scheduler(Note::Filtered(decision)) if decision.pod == *pod => {
            Some((record.cause?, record.time, Arc::clone(decision)))
        }
        _ => None,
    })?;
    let is_near = taken <= RecordId(REPLAY_MOST);
    is_near.then(|| Sought {
        world: world.at_record(taken),
        when: When::Decided(time),
        decision: Some(decision),
    })
}
