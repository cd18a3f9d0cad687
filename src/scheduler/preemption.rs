//! Preemption: which pods of lower priority would have to leave, and on which node it hurts least.

use std::cmp::Reverse;
use std::sync::Arc;

use jiff::Timestamp;

use super::clauses;
use super::filters::{Filters, Rejection};
use super::framework::{Code, Cycle, Refusal};
use super::node_info::{NodeInfo, PodInfo};
use crate::api::{Key, PodDisruptionBudget, selector};
use crate::sim::Random;

const NEVER: &str = "not eligible due to preemptionPolicy=Never.";
const VICTIM_LEAVES: &str = "not eligible due to a terminating pod on the nominated node.";
const NO_VICTIMS: &str = "No preemption victims found for incoming pod";

/// A pod that fits nowhere, and what is known of it.
pub struct Unfit<'u, 'a> {
    /// The pod and the cluster.
    pub cycle: Cycle<'a>,
    /// What filters check for it.
    pub filters: &'u Filters<'a>,
    /// The nodes on which it might fit if others left.
    pub might_fit: Vec<Arc<NodeInfo>>,
    /// How firmly its nominated node was refused, if it has one that was looked at.
    pub nominated_code: Option<Code>,
    /// Where the search begins is left to chance.
    pub random: &'u mut Random,
}

/// How many nodes are tried before the best of the candidates is taken.
/// Source: `DefaultPreemptionArgs` of the scheduler configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CandidateLimits {
    /// Hundredths of the nodes that might fit.
    pub percentage: usize,
    /// At least so many.
    pub absolute: usize,
}

impl Default for CandidateLimits {
    fn default() -> Self {
        Self {
            percentage: 10,
            absolute: 100,
        }
    }
}

/// What was considered to make room, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preemption {
    /// Nodes on which the pod would fit if some pods left, in the order in which they were tried.
    pub candidates: Vec<Candidate>,
    /// Nodes that were tried in vain: there, even all that may leave are not enough.
    pub hopeless: Vec<(Arc<str>, Rejection)>,
    /// How many nodes that might do were not tried, as enough candidates had been found.
    pub untried: usize,
    /// The place of the best candidate among the candidates, and by what it is the best.
    pub chosen: Option<(usize, Criterion)>,
    /// What the message of the pod says of it; empty when room will be made.
    pub message: String,
}

impl Preemption {
    /// The candidate whose victims will leave.
    #[must_use]
    pub fn choice(&self) -> Option<&Candidate> {
        self.candidates.get(self.chosen?.0)
    }

    /// For each candidate, by what it fell behind; nothing for those that came to the end, of which
    /// the first is chosen.
    #[must_use]
    pub fn fell_by(&self) -> Vec<Option<Criterion>> {
        let mut fell = vec![None; self.candidates.len()];
        let mut left: Vec<usize> = (0..self.candidates.len()).collect();
        for criterion in Criterion::ASKED {
            for place in keep_best(&self.candidates, &mut left, criterion) {
                fell[place] = Some(criterion);
            }
        }
        fell
    }

    fn refused(message: &str) -> Self {
        Self {
            candidates: Vec::new(),
            hopeless: Vec::new(),
            untried: 0,
            chosen: None,
            message: format!("preemption: {message}"),
        }
    }
}

/// A node and the pods that would have to leave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The node.
    pub node: Arc<str>,
    /// The pods that would have to leave, the most important first. Never empty.
    pub victims: Vec<Victim>,
    /// How many of them no budget lets go.
    pub budget_violations: usize,
}

/// A pod that would have to leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Victim {
    /// Which pod.
    pub key: Key,
    /// Its priority.
    pub priority: i32,
    /// When it started; nothing if it has not.
    pub started: Option<Timestamp>,
}

/// By what one candidate is better than the rest, in the order in which they are asked.
/// Source: `pickOneNodeForPreemption` of `pkg/scheduler/framework/preemption`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Criterion {
    /// It is the only one.
    Only,
    /// Fewest budgets are violated.
    FewestBudgetViolations,
    /// The most important victim is the least important.
    LowestHighestPriority,
    /// The priorities of the victims have the lowest sum.
    LowestSumOfPriorities,
    /// Fewest victims.
    FewestVictims,
    /// The most important victims have run for the shortest time.
    LatestStart,
    /// They are all the same: the first.
    First,
}

impl Criterion {
    /// Those that can tell candidates apart, in the order in which they are asked.
    pub const ASKED: [Self; 5] = [
        Self::FewestBudgetViolations,
        Self::LowestHighestPriority,
        Self::LowestSumOfPriorities,
        Self::FewestVictims,
        Self::LatestStart,
    ];

    /// How good a candidate is by it: the higher, the better.
    fn rate(self, candidate: &Candidate) -> i128 {
        let less = |count: usize| -i128::try_from(count).unwrap_or(i128::MAX);
        match self {
            Self::Only | Self::First => 0,
            Self::FewestBudgetViolations => less(candidate.budget_violations),
            Self::LowestHighestPriority => -i128::from(candidate.highest_priority()),
            Self::LowestSumOfPriorities => -i128::from(candidate.sum_of_priorities()),
            Self::FewestVictims => less(candidate.victims.len()),
            Self::LatestStart => candidate.earliest_start().as_nanosecond(),
        }
    }
}

impl Candidate {
    /// The priority of its most important victim.
    #[must_use]
    pub fn highest_priority(&self) -> i32 {
        self.victims
            .first()
            .map_or(i32::MIN, |victim| victim.priority)
    }

    /// The sum of its victims' priorities. Each counts from the least there is (−2³¹), so that more
    /// victims are never a lower sum.
    #[must_use]
    pub fn sum_of_priorities(&self) -> i64 {
        let each = self.victims.iter().map(|victim| i64::from(victim.priority));
        each.map(|priority| priority + i64::from(i32::MAX) + 1)
            .sum()
    }

    /// The earliest start among its most important victims; one that has not started does so now.
    #[must_use]
    pub fn earliest_start(&self) -> Timestamp {
        let highest = self.highest_priority();
        let most_important = self
            .victims
            .iter()
            .filter(|victim| victim.priority == highest);
        let starts = most_important.map(|victim| victim.started.unwrap_or(Timestamp::MAX));
        starts.min().unwrap_or(Timestamp::MAX)
    }
}

/// Looks for room on the nodes that might fit.
/// Source: `Evaluator.Preempt` of `pkg/scheduler/framework/preemption/preemption.go`.
pub(super) fn preempt(unfit: &mut Unfit<'_, '_>, limits: CandidateLimits) -> Preemption {
    if let Some(reason) = why_not_eligible(unfit) {
        return Preemption::refused(reason);
    }
    let (candidates, hopeless) = find_candidates(unfit, limits);
    let chosen = best(&candidates);
    let message = if candidates.is_empty() {
        let all = unfit.cycle.snapshot.node_count();
        format!(
            "preemption: {}",
            clauses::of_preemption(all, &hopeless).sentence(all)
        )
    } else {
        String::new()
    };
    Preemption {
        untried: unfit.might_fit.len() - candidates.len() - hopeless.len(),
        candidates,
        hopeless,
        chosen,
        message,
    }
}

/// A pod that may not preempt, or whose room is just being made, waits.
fn why_not_eligible(unfit: &Unfit<'_, '_>) -> Option<&'static str> {
    let Cycle { pod, snapshot } = unfit.cycle;
    if pod.pod.spec.preemption_policy.as_deref() == Some("Never") {
        return Some(NEVER);
    }
    let nominated = pod.pod.status.nominated_node_name.as_deref()?;
    let is_beyond_help = |code: Code| code != Code::Unschedulable;
    if unfit.nominated_code.is_some_and(is_beyond_help) {
        return None;
    }
    let is_leaving = |other: &Arc<PodInfo>| {
        let condition = other.pod.condition("DisruptionTarget");
        let is_preempted = condition.is_some_and(|condition| {
            condition.status == "True"
                && condition.reason.as_deref() == Some("PreemptionByScheduler")
        });
        other.priority() < pod.priority() && other.pod.is_terminating() && is_preempted
    };
    let node = snapshot.node(nominated)?;
    node.pods.iter().any(is_leaving).then_some(VICTIM_LEAVES)
}

type Found = (Vec<Candidate>, Vec<(Arc<str>, Rejection)>);

/// Tries the nodes in turn, from a random one on, until there are candidates enough.
fn find_candidates(unfit: &mut Unfit<'_, '_>, limits: CandidateLimits) -> Found {
    let count = unfit.might_fit.len();
    let offset = unfit.random.below(count as u64);
    let offset = usize::try_from(offset).unwrap_or(0);
    let wanted = (count * limits.percentage / 100)
        .max(limits.absolute)
        .min(count);
    let budgets: Vec<_> = unfit
        .cycle
        .snapshot
        .list_all::<PodDisruptionBudget>()
        .collect();
    let (mut candidates, mut hopeless) = (Vec::new(), Vec::new());
    let mut is_one_without_violation = false;
    for place in 0..count {
        let node = &unfit.might_fit[(offset + place) % count];
        match try_node(unfit, node, &budgets) {
            Ok(candidate) => {
                is_one_without_violation |= candidate.budget_violations == 0;
                candidates.push(candidate);
            }
            Err(rejection) => hopeless.push((Arc::clone(&node.name), rejection)),
        }
        if is_one_without_violation && candidates.len() >= wanted {
            break;
        }
    }
    // Candidates that break no budget stand first, as kube-scheduler lists them.
    candidates.sort_by_key(|candidate| candidate.budget_violations > 0);
    (candidates, hopeless)
}

/// Lets all pods of lower priority leave for a trial, then lets back as many as possible.
/// Source: `SelectVictimsOnNode` of `framework/plugins/defaultpreemption`.
fn try_node(
    unfit: &Unfit<'_, '_>,
    node: &Arc<NodeInfo>,
    budgets: &[&PodDisruptionBudget],
) -> Result<Candidate, Rejection> {
    let cycle = &unfit.cycle;
    let mut lower: Vec<Arc<PodInfo>> = node
        .pods
        .iter()
        .filter(|pod| pod.priority() < cycle.pod.priority())
        .cloned()
        .collect();
    if lower.is_empty() {
        return Err(Rejection {
            plugin: "DefaultPreemption",
            refusal: Refusal::unresolvable(NO_VICTIMS),
        });
    }
    let mut trial = unfit.filters.on(Arc::clone(node));
    for pod in &lower {
        trial.remove(&pod.key);
    }
    trial.filters.run_with_nominated(cycle, &trial.node)?;
    lower.sort_by_key(|pod| importance(pod));
    let (violating, others) = split_by_budget(lower, budgets);
    let mut victims = Vec::new();
    let mut budget_violations = 0;
    let violating = violating.into_iter().map(|pod| (pod, 1));
    for (pod, violation) in violating.chain(others.into_iter().map(|pod| (pod, 0))) {
        trial.add(&pod);
        if trial
            .filters
            .run_with_nominated(cycle, &trial.node)
            .is_err()
        {
            trial.remove(&pod.key);
            victims.push(pod);
            budget_violations += violation;
        }
    }
    if victims.is_empty() {
        let node = &node.name;
        let reason = format!("expected at least one victim pod on node \"{node}\"");
        return Err(Rejection {
            plugin: "DefaultPreemption",
            refusal: Refusal::error(reason),
        });
    }
    victims.sort_by_key(|pod| importance(pod));
    Ok(Candidate {
        node: Arc::clone(&node.name),
        victims: victims.iter().map(|pod| victim(pod)).collect(),
        budget_violations,
    })
}

/// The most important pod is the least: higher priority, then longer running.
/// Source: `MoreImportantPod` of `pkg/scheduler/util`.
fn importance(pod: &PodInfo) -> (Reverse<i32>, Timestamp) {
    let start = started(pod).unwrap_or(Timestamp::MAX);
    (Reverse(pod.priority()), start)
}

fn started(pod: &PodInfo) -> Option<Timestamp> {
    pod.pod.status.start_time.as_ref().map(|time| time.0)
}

fn victim(pod: &PodInfo) -> Victim {
    Victim {
        key: pod.key.clone(),
        priority: pod.priority(),
        started: started(pod),
    }
}

type Pods = Vec<Arc<PodInfo>>;

/// Parts the pods into those that some budget does not let go and the others. Budgets are used up
/// from the most important pod on.
fn split_by_budget(pods: Pods, budgets: &[&PodDisruptionBudget]) -> (Pods, Pods) {
    let mut allowed: Vec<i32> = budgets
        .iter()
        .map(|budget| budget.status.disruptions_allowed)
        .collect();
    pods.into_iter().partition(|pod| {
        let mut is_violated = false;
        for (budget, allowed) in budgets.iter().zip(&mut allowed) {
            if !covers(budget, pod) {
                continue;
            }
            *allowed -= 1;
            is_violated |= *allowed < 0;
        }
        is_violated
    })
}

fn covers(budget: &PodDisruptionBudget, pod: &PodInfo) -> bool {
    let is_picked =
        budget.spec.selector.as_ref().is_some_and(|picks| {
            !selector::is_empty(picks) && selector::matches(picks, pod.labels())
        });
    let gone = budget.status.disrupted_pods.as_ref();
    budget.namespace() == pod.namespace()
        && !pod.labels().is_empty()
        && is_picked
        && !gone.is_some_and(|gone| gone.contains_key(pod.pod.name()))
}

/// Keeps the places of those that are best by a criterion, and gives the others.
fn keep_best(candidates: &[Candidate], left: &mut Vec<usize>, criterion: Criterion) -> Vec<usize> {
    let rate = |place: &usize| criterion.rate(&candidates[*place]);
    let most = left.iter().map(rate).max();
    let (best, others) = left.iter().partition(|place| Some(rate(place)) == most);
    *left = best;
    others
}

/// The candidate that hurts least, and what decided it.
fn best(candidates: &[Candidate]) -> Option<(usize, Criterion)> {
    let mut left: Vec<usize> = (0..candidates.len()).collect();
    if left.len() == 1 {
        return Some((0, Criterion::Only));
    }
    for criterion in Criterion::ASKED {
        keep_best(candidates, &mut left, criterion);
        if let [only] = left[..] {
            return Some((only, criterion));
        }
    }
    left.first().map(|place| (*place, Criterion::First))
}
