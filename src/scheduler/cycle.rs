//! The scheduling cycle: filter, score, choose, or see whether others can make room.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::clauses;
use super::decision::{Decision, FilterColumn, Outcome, Scope, ScoreColumn};
use super::filters::{Filters, Rejection};
use super::framework::{Code, Cycle, MAX_NODE_SCORE, Point, PreFilter, PreScore, Refusal};
use super::node_info::{NodeInfo, PodInfo};
use super::preemption::Unfit;
use super::profile::Profile;
use super::snapshot::Snapshot;
use crate::api::Pod;
use crate::sim::Random;

/// Below so many feasible nodes the search never stops. Source: `minFeasibleNodesToFind`.
const MIN_FEASIBLE_NODES: usize = 100;

/// What PostFilter comes to when PreFilter was left early: DynamicResources, which is asked before
/// DefaultPreemption and is on since 1.34, misses the state that its own PreFilter would have left.
const NO_STATE: &str = "not found";

/// Decides where the pod goes.
///
/// A pure function: the same arguments give the same decision. `start` is where in the round of
/// nodes the search begins; [`Decision::next_start`] says where the next one does. `random` breaks
/// ties between best nodes and is drawn from at most twice.
///
/// Unlike Kubernetes: a single feasible node is scored too, so that its scores can be shown.
///
/// Source: `schedulePod` of `pkg/scheduler/schedule_one.go`.
#[must_use]
pub fn schedule(
    pod: &Pod,
    snapshot: &Snapshot,
    profile: &Profile,
    random: &mut Random,
    start: usize,
) -> Decision {
    let pod = PodInfo::new(pod.clone());
    let cycle = Cycle {
        pod: &pod,
        snapshot,
    };
    let mut round = Round::new(profile, cycle);
    if snapshot.node_count() == 0 {
        let message = "no nodes available to schedule pods".to_owned();
        return round.decide(Outcome::Unschedulable {
            message,
            preemption: None,
        });
    }
    let prepared = prepare(&cycle, profile);
    let Prepared {
        filters,
        skipped,
        narrowed,
        refused,
    } = prepared;
    round.filters = columns_of(profile, &skipped);
    match refused {
        Some(refused) if refused.refusal.code == Code::Error => {
            let message = format!(
                "running PreFilter plugin \"{}\": {}",
                refused.plugin,
                refused.refusal.message()
            );
            return round.decide(Outcome::Failed { message });
        }
        Some(refused) => {
            round.scope = Scope::Refused;
            round.before = Some(refused);
        }
        None => {
            let found =
                round.try_nominated(&filters) || round.try_all(&filters, narrowed.as_ref(), start);
            if found && round.error.is_none() {
                return round.choose(random);
            }
        }
    }
    if let Some(message) = round.error.take() {
        return round.decide(Outcome::Failed { message });
    }
    round.give_up(&filters, random)
}

/// Asks about one node what [`schedule`] asks about all: does the pod fit there?
///
/// # Errors
/// The first no.
pub fn check(
    pod: &Pod,
    snapshot: &Snapshot,
    profile: &Profile,
    node: &Arc<NodeInfo>,
) -> Result<(), Rejection> {
    let pod = PodInfo::new(pod.clone());
    let cycle = Cycle {
        pod: &pod,
        snapshot,
    };
    let prepared = prepare(&cycle, profile);
    if let Some(refused) = prepared.refused {
        return Err(refused);
    }
    if let Some(narrowed) = &prepared.narrowed
        && !narrowed.nodes.contains(&node.name)
    {
        return Err(narrowed.rejection(Code::PreFilterResult));
    }
    prepared.filters.run_with_nominated(&cycle, node)
}

/// What PreFilter plugins have said.
struct Prepared<'a> {
    filters: Filters<'a>,
    /// The PreFilter plugins that have nothing to check for the pod.
    skipped: BTreeSet<&'static str>,
    narrowed: Option<Narrowed>,
    refused: Option<Rejection>,
}

/// The nodes that PreFilter plugins leave, and which plugins have narrowed them.
struct Narrowed {
    nodes: BTreeSet<Arc<str>>,
    plugins: BTreeSet<&'static str>,
}

impl Narrowed {
    /// The rejection of the nodes that are left out.
    fn rejection(&self, code: Code) -> Rejection {
        let names: Vec<&str> = self.plugins.iter().copied().collect();
        let names = names.join(" ");
        let plugin = self.plugins.first().copied().unwrap_or_default();
        let reason = match (self.nodes.is_empty(), self.plugins.len()) {
            (true, 1) => format!("node(s) didn't satisfy plugin {names}"),
            (true, _) => format!("node(s) didn't satisfy plugin(s) [{names}] simultaneously"),
            (false, _) => format!("node(s) didn't satisfy plugin(s) [{names}]"),
        };
        let reasons = vec![reason.into()];
        Rejection {
            plugin,
            refusal: Refusal { code, reasons },
        }
    }
}

/// Asks PreFilter plugins in order; the first firm no ends it.
/// Source: `RunPreFilterPlugins` of `framework/runtime/framework.go`.
fn prepare<'a>(cycle: &Cycle<'a>, profile: &'a Profile) -> Prepared<'a> {
    let mut checks = BTreeMap::new();
    let mut skipped = BTreeSet::new();
    let mut narrowed: Option<Narrowed> = None;
    let mut refused = None;
    for plugin in profile.before_filters() {
        let name = plugin.name();
        let check = match plugin.pre_filter(cycle) {
            PreFilter::Skip => {
                skipped.insert(name);
                continue;
            }
            PreFilter::Refuse(refusal) => {
                let is_firm = refusal.code != Code::Unschedulable;
                refused = Some(Rejection {
                    plugin: name,
                    refusal,
                });
                if is_firm {
                    break;
                }
                continue;
            }
            PreFilter::Check(check) => check,
            PreFilter::Narrow(nodes, check) => {
                let (left, mut plugins) = match narrowed.take() {
                    Some(before) => (&before.nodes & &nodes, before.plugins),
                    None => (nodes, BTreeSet::new()),
                };
                plugins.insert(name);
                let now = Narrowed {
                    nodes: left,
                    plugins,
                };
                if now.nodes.is_empty() {
                    refused = Some(now.rejection(Code::UnschedulableAndUnresolvable));
                    break;
                }
                narrowed = Some(now);
                check
            }
        };
        checks.insert(name, check);
    }
    let in_order = profile.at(Point::Filter).iter();
    let checks = in_order.filter_map(|plugin| checks.remove_entry(plugin.name()));
    Prepared {
        filters: Filters {
            checks: checks.collect(),
        },
        skipped,
        narrowed,
        refused,
    }
}

/// The filters of a profile. A plugin without PreFilter is asked for each node in kube-scheduler,
/// even where it is clear beforehand that it has nothing against any.
fn columns_of(profile: &Profile, skipped: &BTreeSet<&'static str>) -> Vec<FilterColumn> {
    let prepares = |name| {
        let mut plugins = profile.at(Point::PreFilter).iter();
        plugins.any(|plugin| plugin.name() == name)
    };
    let filters = profile.at(Point::Filter).iter();
    let columns = filters.map(|plugin| {
        let plugin = plugin.name();
        FilterColumn {
            plugin,
            checks: !skipped.contains(plugin) || !prepares(plugin),
        }
    });
    columns.collect()
}

/// One round over the nodes, as far as it has come.
struct Round<'a> {
    profile: &'a Profile,
    cycle: Cycle<'a>,
    filters: Vec<FilterColumn>,
    enough: usize,
    candidates: Arc<[Arc<str>]>,
    scope: Scope,
    start: usize,
    verdicts: Vec<u16>,
    numbers: BTreeMap<Rejection, u16>,
    rejections: Vec<Rejection>,
    before: Option<Rejection>,
    columns: Vec<ScoreColumn>,
    feasible: Vec<&'a Arc<NodeInfo>>,
    error: Option<String>,
}

impl<'a> Round<'a> {
    fn new(profile: &'a Profile, cycle: Cycle<'a>) -> Self {
        Self {
            profile,
            cycle,
            filters: columns_of(profile, &BTreeSet::new()),
            enough: 0,
            candidates: Arc::from([]),
            scope: Scope::All,
            start: 0,
            verdicts: Vec::new(),
            numbers: BTreeMap::new(),
            rejections: Vec::new(),
            before: None,
            columns: Vec::new(),
            feasible: Vec::new(),
            error: None,
        }
    }

    /// Looks at the node that room was made on first. If the pod fits there, it goes there.
    fn try_nominated(&mut self, filters: &Filters<'a>) -> bool {
        let Cycle { pod, snapshot } = self.cycle;
        let written = pod.pod.status.nominated_node_name.as_deref();
        let known = snapshot.nomination(&pod.key).map(|name| &**name);
        let node = written.filter(|name| !name.is_empty()).or(known);
        let Some(node) = node.and_then(|name| snapshot.node(name)) else {
            return false;
        };
        if filters.run_with_nominated(&self.cycle, node).is_err() {
            return false;
        }
        self.scope = Scope::Nominated;
        self.candidates = Arc::from([Arc::clone(&node.name)]);
        self.verdicts.push(0);
        self.feasible.push(node);
        true
    }

    /// Looks at one node after the other until there are enough that fit.
    fn try_all(
        &mut self,
        filters: &Filters<'a>,
        narrowed: Option<&Narrowed>,
        start: usize,
    ) -> bool {
        let snapshot = self.cycle.snapshot;
        self.candidates = match narrowed {
            None => Arc::clone(snapshot.node_names()),
            Some(narrowed) => {
                self.scope = Scope::Narrowed;
                self.before = Some(narrowed.rejection(Code::PreFilterResult));
                let there = |name: &&Arc<str>| snapshot.node(name).is_some();
                narrowed.nodes.iter().filter(there).cloned().collect()
            }
        };
        let candidates = Arc::clone(&self.candidates);
        let count = candidates.len();
        self.start = if count == 0 { 0 } else { start % count };
        self.enough = self.wanted(count);
        // All nodes are found by their slots; only a few that are named are looked up.
        let slots = narrowed.is_none().then(|| snapshot.node_slots());
        for place in 0..count {
            let at = (self.start + place) % count;
            let node = match slots {
                Some(slots) => snapshot.node_at(slots[at]),
                None => snapshot.node(&candidates[at]),
            };
            let Some(node) = node else {
                continue;
            };
            match filters.run_with_nominated(&self.cycle, node) {
                Ok(()) => {
                    self.verdicts.push(0);
                    self.feasible.push(node);
                }
                Err(rejection) => self.reject(rejection),
            }
            if self.feasible.len() >= self.enough || self.error.is_some() {
                break;
            }
        }
        !self.feasible.is_empty()
    }

    fn reject(&mut self, rejection: Rejection) {
        if rejection.refusal.code == Code::Error {
            self.error = Some(rejection.refusal.message());
        }
        let next = u16::try_from(self.rejections.len() + 1).unwrap_or(u16::MAX);
        let number = *self.numbers.entry(rejection.clone()).or_insert(next);
        if number == next {
            self.rejections.push(rejection);
        }
        self.verdicts.push(number);
    }

    /// How many feasible nodes are enough.
    fn wanted(&self, nodes: usize) -> usize {
        if self.profile.at(Point::Score).is_empty() {
            return 1;
        }
        feasible_nodes_to_find(nodes, self.profile.percentage_of_nodes_to_score())
    }

    /// Scores the feasible nodes and takes one of the best.
    fn choose(mut self, random: &mut Random) -> Decision {
        for plugin in self.profile.at(Point::Score) {
            let rater = match plugin.pre_score(&self.cycle, &self.feasible) {
                PreScore::Skip => continue,
                PreScore::Fail(reason) => {
                    let name = plugin.name();
                    let message = format!("running PreScore plugin \"{name}\": {reason}");
                    return self.decide(Outcome::Failed { message });
                }
                PreScore::Rate(rater) => rater,
            };
            let raw: Vec<i64> = self.feasible.iter().map(|node| rater.score(node)).collect();
            let mut normalized = raw.clone();
            rater.normalize(&mut normalized, &self.feasible);
            self.columns.push(ScoreColumn {
                plugin: plugin.name(),
                weight: self.profile.weight(plugin.name()),
                raw: raw.into_iter().map(narrow).collect(),
                normalized: normalized.into_iter().map(hundredth).collect(),
            });
        }
        let totals: Vec<i64> = (0..self.feasible.len())
            .map(|place| {
                self.columns
                    .iter()
                    .map(|column| column.weighted(place))
                    .sum()
            })
            .collect();
        let most = totals.iter().max().copied().unwrap_or(0);
        let places = totals.iter().enumerate();
        let best: Box<[usize]> = places
            .filter(|(_, total)| **total == most)
            .map(|(place, _)| place)
            .collect();
        let drawn = if best.len() > 1 {
            usize::try_from(random.below(best.len() as u64)).unwrap_or(0)
        } else {
            0
        };
        let winner = best[drawn];
        self.decide(Outcome::Fits { winner, best })
    }

    /// No node fits: asks PostFilter plugins, and says why.
    fn give_up(self, filters: &Filters<'a>, random: &mut Random) -> Decision {
        if self.is_refused_firmly() {
            let message = format!("{} {NO_STATE}", self.why());
            return self.decide(Outcome::Unschedulable {
                message,
                preemption: None,
            });
        }
        let nominated = self.cycle.pod.pod.status.nominated_node_name.as_deref();
        let mut unfit = Unfit {
            cycle: self.cycle,
            filters,
            might_fit: self.might_fit(),
            nominated_code: nominated.map(|name| self.code_of(name)),
            random,
        };
        let mut plugins = self.profile.at(Point::PostFilter).iter();
        let preemption = plugins.find_map(|plugin| plugin.post_filter(&mut unfit));
        let mut message = self.why();
        if let Some(preemption) = &preemption
            && !preemption.message.is_empty()
        {
            message = format!("{message} {}", preemption.message);
        }
        self.decide(Outcome::Unschedulable {
            message,
            preemption: preemption.map(Box::new),
        })
    }

    /// `0/3 nodes are available: …`
    fn why(&self) -> String {
        let all = self.cycle.snapshot.node_count();
        let before = self.before.as_ref();
        if self.scope == Scope::Refused {
            return clauses::refused_outright(all, before);
        }
        let verdicts = self.verdicts.iter().copied();
        clauses::of_filters(all, verdicts, &self.rejections, before).sentence(all)
    }

    /// Whether a PreFilter plugin refused the pod so firmly that the plugins after it were not asked.
    fn is_refused_firmly(&self) -> bool {
        let before = self
            .before
            .as_ref()
            .filter(|_| self.scope == Scope::Refused);
        before.is_some_and(|before| before.refusal.code != Code::Unschedulable)
    }

    /// The nodes on which the pod might fit if other pods left.
    fn might_fit(&self) -> Vec<Arc<NodeInfo>> {
        let snapshot = self.cycle.snapshot;
        if self.scope == Scope::Refused {
            let code = self.before.as_ref().map(|rejection| rejection.refusal.code);
            return match code {
                Some(Code::Unschedulable) => snapshot.nodes().cloned().collect(),
                _ => Vec::new(),
            };
        }
        let looked_at = self.verdicts.iter().enumerate();
        looked_at
            .filter(|(_, verdict)| self.code_of_verdict(**verdict) == Code::Unschedulable)
            .filter_map(|(place, _)| {
                let place = (self.start + place) % self.candidates.len();
                snapshot.node(&self.candidates[place]).cloned()
            })
            .collect()
    }

    fn code_of_verdict(&self, verdict: u16) -> Code {
        let place = usize::from(verdict).checked_sub(1);
        let rejection = place.and_then(|place| self.rejections.get(place));
        rejection.map_or(Code::UnschedulableAndUnresolvable, |rejection| {
            rejection.refusal.code
        })
    }

    /// How firmly the node of this name was refused; what was not looked at counts as firmly.
    fn code_of(&self, name: &str) -> Code {
        let count = self.candidates.len();
        let mut looked_at = self.verdicts.iter().enumerate();
        let found =
            looked_at.find(|(place, _)| *self.candidates[(self.start + place) % count] == *name);
        match found {
            Some((_, verdict)) => self.code_of_verdict(*verdict),
            None => self
                .before
                .as_ref()
                .map_or(Code::UnschedulableAndUnresolvable, |before| {
                    before.refusal.code
                }),
        }
    }

    fn decide(self, outcome: Outcome) -> Decision {
        Decision {
            pod: self.cycle.pod.key.clone(),
            profile: Arc::clone(self.profile.name()),
            all_nodes: Arc::clone(self.cycle.snapshot.node_names()),
            filters: self.filters.into(),
            enough: self.enough,
            candidates: self.candidates,
            scope: self.scope,
            start: self.start,
            verdicts: self.verdicts.into(),
            rejections: self.rejections.into(),
            before: self.before,
            columns: self.columns.into(),
            outcome,
        }
    }
}

/// What a plugin said, as far as it is kept.
fn narrow(score: i64) -> i32 {
    let most = if score > 0 { i32::MAX } else { i32::MIN };
    i32::try_from(score).unwrap_or(most)
}

/// A normalised score; plugins keep to 0…100, and what they may not say is cut off.
fn hundredth(score: i64) -> u8 {
    u8::try_from(score.clamp(0, MAX_NODE_SCORE)).unwrap_or(0)
}

/// How many feasible nodes are enough among so many, if `percentage` of them shall be scored; 0
/// means that the number of nodes decides.
/// Source: `numFeasibleNodesToFind` of `pkg/scheduler/schedule_one.go`.
fn feasible_nodes_to_find(nodes: usize, percentage: usize) -> usize {
    if nodes < MIN_FEASIBLE_NODES {
        return nodes;
    }
    let percentage = match percentage {
        0 => 50_usize.saturating_sub(nodes / 125).max(5),
        given => given,
    };
    (nodes * percentage / 100).max(MIN_FEASIBLE_NODES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s5_the_more_nodes_the_smaller_the_part_that_is_scored() {
        let cases = [
            (99, 0, 99),
            (100, 0, 100),
            (1000, 0, 420),
            (5000, 0, 500),
            (10_000, 0, 500),
            (1000, 80, 800),
            (1000, 1, 100),
        ];
        for (nodes, percentage, expected) in cases {
            let found = feasible_nodes_to_find(nodes, percentage);
            assert_eq!(found, expected, "{nodes} nodes, {percentage} per cent");
        }
    }
}
