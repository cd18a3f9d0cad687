//! The extension points of a scheduling cycle, and what a plugin may answer at each.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::event::{ClusterEvent, Hint};
use super::node_info::{NodeInfo, PodInfo};
use super::preemption::{Preemption, Unfit};
use super::snapshot::Snapshot;
use crate::api::Pod;

/// The best normalised score, as `MaxNodeScore`; the worst is 0.
pub const MAX_NODE_SCORE: i64 = 100;

/// The stations of a pod's way to its node at which plugins are asked.
/// Source: the scheduling framework page of the Kubernetes documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// May the pod enter the active queue?
    PreEnqueue,
    /// Which pod comes first?
    QueueSort,
    /// Is there anything to check for this pod?
    PreFilter,
    /// Does the pod fit this node?
    Filter,
    /// It fits nowhere: what can be done?
    PostFilter,
    /// Is there anything to score for this pod?
    PreScore,
    /// How good is this node?
    Score,
    /// The pod has a node: take what it needs there.
    Reserve,
    /// Before the binding is written.
    PreBind,
    /// Write the binding.
    Bind,
}

impl Point {
    /// Every point, with its name in a KubeSchedulerConfiguration.
    pub const ALL: [(Self, &'static str); 10] = [
        (Self::PreEnqueue, "preEnqueue"),
        (Self::QueueSort, "queueSort"),
        (Self::PreFilter, "preFilter"),
        (Self::Filter, "filter"),
        (Self::PostFilter, "postFilter"),
        (Self::PreScore, "preScore"),
        (Self::Score, "score"),
        (Self::Reserve, "reserve"),
        (Self::PreBind, "preBind"),
        (Self::Bind, "bind"),
    ];
}

/// How firm a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The pod does not fit now; if other pods left, it might.
    Unschedulable,
    /// The pod does not fit, and pods that leave would not change that.
    UnschedulableAndUnresolvable,
    /// A PreFilter plugin left the node out of those that are looked at.
    PreFilterResult,
    /// The plugin could not tell.
    Error,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unschedulable => "Unschedulable",
            Self::UnschedulableAndUnresolvable => "UnschedulableAndUnresolvable",
            Self::PreFilterResult => "PreFilterResult",
            Self::Error => "Error",
        })
    }
}

/// A plugin's no, with its reasons in Kubernetes' own words.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// How firm it is.
    pub code: Code,
    /// The reasons, in the plugin's order.
    pub reasons: Vec<Cow<'static, str>>,
}

impl Refusal {
    /// The pod does not fit now.
    #[must_use]
    pub fn unschedulable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Unschedulable, reason)
    }

    /// The pod does not fit, whoever leaves.
    #[must_use]
    pub fn unresolvable(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::UnschedulableAndUnresolvable, reason)
    }

    /// The plugin could not tell.
    #[must_use]
    pub fn error(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::Error, reason)
    }

    fn new(code: Code, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            reasons: vec![reason.into()],
        }
    }

    /// The reasons as one text.
    #[must_use]
    pub fn message(&self) -> String {
        self.reasons.join(", ")
    }
}

/// What plugins look at: the pod and the cluster as it is in this cycle.
#[derive(Clone, Copy, Debug)]
pub struct Cycle<'a> {
    /// The pod that is looking for a node.
    pub pod: &'a PodInfo,
    /// The cluster.
    pub snapshot: &'a Snapshot,
}

/// What a plugin answers before the nodes are filtered.
pub enum PreFilter<'a> {
    /// It has nothing to check for this pod.
    Skip,
    /// The pod fits nowhere.
    Refuse(Refusal),
    /// Ask this for each node.
    Check(Box<dyn Filter<'a> + 'a>),
    /// Only these nodes come into question; ask this for each of them.
    Narrow(BTreeSet<Arc<str>>, Box<dyn Filter<'a> + 'a>),
}

/// What a plugin has worked out of the pod, to ask for each node.
pub trait Filter<'a> {
    /// Whether the pod fits the node.
    ///
    /// # Errors
    /// Why it does not.
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal>;

    /// What it compares on this node, in a sentence with the figures.
    fn sentence(&self, node: &NodeInfo) -> String;

    /// Takes note of a pod that is put on the node for a trial.
    fn pod_added(&mut self, _pod: &PodInfo, _node: &NodeInfo) {}

    /// Takes note of a pod that is taken from the node for a trial.
    fn pod_removed(&mut self, _pod: &PodInfo, _node: &NodeInfo) {}

    /// The same, to try things out on.
    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a>;
}

/// What a plugin answers before the nodes are scored.
pub enum PreScore<'a> {
    /// It has no preference for this pod.
    Skip,
    /// It could not tell; the cycle fails.
    Fail(String),
    /// Ask this for each node.
    Rate(Box<dyn Score<'a> + 'a>),
}

/// What a plugin has worked out of the pod and the feasible nodes, to score each of them.
pub trait Score<'a> {
    /// How good the node is: the higher, the better, unless [`Score::normalize`] turns it around.
    fn score(&self, node: &NodeInfo) -> i64;

    /// How the score of this node comes about, in a sentence with the figures.
    fn sentence(&self, node: &NodeInfo) -> String;

    /// How [`Score::normalize`] reckons, in words.
    fn scale(&self) -> &'static str {
        "is between 0 and 100 as it is"
    }

    /// Brings the scores of all feasible nodes between 0 and [`MAX_NODE_SCORE`].
    fn normalize(&self, _scores: &mut [i64], _nodes: &[&Arc<NodeInfo>]) {}
}

/// What a plugin does. Each method belongs to one extension point; a plugin is only asked at the
/// points that its line of the registry names and its profile enables.
pub trait Plugin: fmt::Debug + Send + Sync {
    /// The name, as in the configuration and in messages.
    fn name(&self) -> &'static str;

    /// PreEnqueue: why the pod may not enter the active queue yet.
    fn pre_enqueue(&self, _pod: &Pod) -> Option<Refusal> {
        None
    }

    /// PreFilter and Filter: what to check for this pod.
    fn pre_filter<'a>(&'a self, _cycle: &Cycle<'a>) -> PreFilter<'a> {
        PreFilter::Skip
    }

    /// Why there is nothing to check for a pod, where that can be.
    fn nothing_to_check(&self) -> &'static str {
        "there is nothing to check for this pod"
    }

    /// PostFilter: what could be done for a pod that fits nowhere.
    fn post_filter(&self, _unfit: &mut Unfit<'_, '_>) -> Option<Preemption> {
        None
    }

    /// PreScore and Score: what to prefer for this pod, among these nodes.
    fn pre_score<'a>(
        &'a self,
        _cycle: &Cycle<'a>,
        _feasible: &[&'a Arc<NodeInfo>],
    ) -> PreScore<'a> {
        PreScore::Skip
    }

    /// What may help a pod that this plugin refused, in words: what [`Plugin::hint`] looks for.
    fn helped_by(&self) -> &'static str {
        ""
    }

    /// Whether what happened in the cluster may help a pod that this plugin refused.
    /// Sources: `EventsToRegister` and the `QueueingHintFn`s of the plugin.
    fn hint(&self, _pod: &Pod, _event: &ClusterEvent<'_>) -> Hint {
        Hint::Skip
    }
}

/// Scales scores so that the highest becomes [`MAX_NODE_SCORE`]; reversed, the lowest raw score is
/// the best. Source: `DefaultNormalizeScore` of `framework/plugins/helper`.
pub(super) fn normalize_to_highest(scores: &mut [i64], reverse: bool) {
    let highest = scores.iter().copied().max().unwrap_or(0).max(0);
    for score in scores {
        let scaled = if highest == 0 {
            0
        } else {
            MAX_NODE_SCORE * *score / highest
        };
        *score = if reverse {
            MAX_NODE_SCORE - scaled
        } else {
            scaled
        };
    }
}
