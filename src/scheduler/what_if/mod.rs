//! What if: the same decision with something imagined to be different; nothing real is changed.

mod difference;
mod premise;
mod words;

use std::sync::Arc;

pub use difference::{Pairing, Points, Standing};
pub use premise::{Premise, PremiseError, Strategy};

use super::cycle;
use super::decision::{Decision, Outcome};
use super::profile::Profile;
use super::snapshot::Snapshot;
use crate::api::{Object, Pod, Typed};
use crate::sim::Random;

/// What is asked about: a pod that looks for a node, and what its scheduler sees.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The pod, without a node.
    pub pod: &'a Pod,
    /// The cluster, without the pod.
    pub snapshot: &'a Snapshot,
    /// The plugins that decide.
    pub profile: &'a Profile,
    /// Where in the round of nodes the search begins.
    pub start: usize,
}

/// A real decision and an imagined one, to lay beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// What is imagined.
    pub premises: Vec<Premise>,
    /// The decision as it is.
    pub real: Arc<Decision>,
    /// The decision as it would be.
    pub imagined: Arc<Decision>,
}

impl Question<'_> {
    /// The decision as it is. Chance takes the same of equally good nodes each time.
    #[must_use]
    pub fn decide(&self) -> Decision {
        let mut random = Random::stream(0, "what-if");
        let Self {
            pod,
            snapshot,
            profile,
            start,
        } = *self;
        cycle::schedule(pod, snapshot, profile, &mut random, start)
    }

    /// The decision with these premises, beside the real one.
    ///
    /// Where the node that really won is still among the best it wins again: chance is no reason
    /// for a difference.
    ///
    /// # Errors
    /// When a premise names what does not exist, or what cannot be.
    pub fn what_if(
        &self,
        real: Arc<Decision>,
        premises: &[Premise],
    ) -> Result<WhatIf, PremiseError> {
        let mut world = premise::Imagined {
            pod: self.pod.clone(),
            snapshot: self.snapshot.clone(),
            profile: self.profile.clone(),
        };
        for premise in premises {
            premise.apply(&mut world)?;
        }
        world.check()?;
        let question = Question {
            pod: &world.pod,
            snapshot: &world.snapshot,
            profile: &world.profile,
            start: self.start,
        };
        let mut imagined = question.decide();
        keep_winner(&mut imagined, &real);
        Ok(WhatIf {
            premises: premises.to_vec(),
            real,
            imagined: Arc::new(imagined),
        })
    }
}

/// Lets the node win that won before, if it is one of the best.
fn keep_winner(imagined: &mut Decision, real: &Decision) {
    let Some(before) = real.winner() else {
        return;
    };
    let place = imagined.feasible().position(|node| node == before);
    if let (Some(place), Outcome::Fits { winner, best }) = (place, &mut imagined.outcome)
        && best.contains(&place)
    {
        *winner = place;
    }
}

/// The pod and the cluster as they were before it had a place: it is taken off its node, and what
/// runs of it is forgotten.
#[must_use]
pub fn unplaced(pod: &Pod, snapshot: &Snapshot) -> (Pod, Snapshot) {
    let mut world = snapshot.clone();
    let there: Object = pod.clone().into_object();
    world.forget(&there.key());
    if pod.spec.node_name.is_some() {
        world.apply(Some(&there), None);
    }
    let mut pod = pod.clone();
    if pod.spec_mut().node_name.take().is_some() {
        *pod.status_mut() = crate::api::core::PodStatus::default();
    }
    (pod, world)
}
