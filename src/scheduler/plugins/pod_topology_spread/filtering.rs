//! Hard constraints: a node on which the skew would become too great is refused.

use std::collections::BTreeMap;
use std::sync::Arc;

use imbl::OrdMap;

use super::constraint::{Constraint, has_all_topologies, own_or_default};
use super::{HARD, PodTopologySpread};
use crate::scheduler::framework::{Cycle, Filter, PreFilter, Refusal};
use crate::scheduler::node_info::{NodeInfo, PodInfo};

/// Counts the group in each topology. Source: `framework/plugins/podtopologyspread/filtering.go`.
pub(super) fn pre_filter<'a>(plugin: &PodTopologySpread, cycle: &Cycle<'a>) -> PreFilter<'a> {
    let Cycle { pod, snapshot } = *cycle;
    let constraints = match own_or_default(plugin, &pod.pod, HARD, Some(snapshot)) {
        Ok(constraints) => constraints,
        Err(problem) => {
            let reason = format!("obtaining pod's hard topology spread constraints: {problem}");
            return PreFilter::Refuse(Refusal::error(reason));
        }
    };
    if constraints.is_empty() {
        return PreFilter::Skip;
    }
    let mut domains = vec![Domains::default(); constraints.len()];
    for node in snapshot.nodes() {
        if !has_all_topologies(node.labels(), &constraints) {
            continue;
        }
        for (constraint, domains) in constraints.iter().zip(&mut domains) {
            if let Some(value) = node.label(&constraint.topology_key)
                && constraint.counts_on(pod, node)
            {
                domains.add(value, 0);
            }
        }
    }
    let mut check = Spread {
        pod,
        constraints,
        domains,
    };
    for place in 0..check.constraints.len() {
        let selector = check.constraints[place].selector.clone();
        for group in snapshot.groups_picked(pod.namespace(), selector.as_ref()) {
            if !check.constraints[place].counts(pod, &group.sample) {
                continue;
            }
            for (slot, count) in group.nodes() {
                if let Some(node) = snapshot.node_at(slot) {
                    check.count_on(place, node, count);
                }
            }
        }
    }
    PreFilter::Check(Box::new(check))
}

#[derive(Clone)]
struct Spread<'a> {
    pod: &'a PodInfo,
    constraints: Vec<Constraint>,
    /// What each constraint has counted.
    domains: Vec<Domains>,
}

/// How many pods of the group each topology has, and how many topologies have so many pods.
#[derive(Clone, Debug, Default)]
struct Domains {
    pods: OrdMap<Arc<str>, i64>,
    sizes: BTreeMap<i64, usize>,
}

impl Domains {
    fn add(&mut self, value: &str, pods: i64) {
        let before = self.pods.get(value).copied();
        if before.is_some() && pods == 0 {
            return;
        }
        if let Some(before) = before
            && let Some(domains) = self.sizes.get_mut(&before)
        {
            *domains -= 1;
            if *domains == 0 {
                self.sizes.remove(&before);
            }
        }
        let now = before.unwrap_or(0) + pods;
        self.pods.insert(value.into(), now);
        *self.sizes.entry(now).or_insert(0) += 1;
    }

    fn get(&self, value: &str) -> i64 {
        self.pods.get(value).copied().unwrap_or(0)
    }

    /// The fewest pods in any topology; without any, more than any skew allows.
    fn least(&self) -> i64 {
        let least = self.sizes.keys().next();
        least.copied().unwrap_or(i64::from(i32::MAX))
    }
}

impl Spread<'_> {
    fn count_on(&mut self, place: usize, node: &NodeInfo, times: i64) {
        let constraint = &self.constraints[place];
        let counts = has_all_topologies(node.labels(), &self.constraints)
            && constraint.counts_on(self.pod, node);
        if let Some(value) = node.label(&constraint.topology_key).filter(|_| counts) {
            self.domains[place].add(value, times);
        }
    }

    fn count(&mut self, other: &PodInfo, node: &NodeInfo, times: i64) {
        for place in 0..self.constraints.len() {
            if self.constraints[place].counts(self.pod, other) {
                self.count_on(place, node, times);
            }
        }
    }

    /// The fewest pods in any topology; none while there are fewer topologies than asked for.
    fn least(&self, place: usize) -> i64 {
        let domains = &self.domains[place];
        if domains.pods.len() < self.constraints[place].min_domains {
            0
        } else {
            domains.least()
        }
    }
}

impl<'a> Filter<'a> for Spread<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        for (place, constraint) in self.constraints.iter().enumerate() {
            let Some(value) = node.label(&constraint.topology_key) else {
                return Err(Refusal::unresolvable(
                    "node(s) didn't match pod topology spread constraints (missing required label)",
                ));
            };
            let here = self.domains[place].get(value);
            let itself = i64::from(constraint.picks(self.pod.labels()));
            if here + itself - self.least(place) > constraint.max_skew {
                return Err(Refusal::unschedulable(
                    "node(s) didn't match pod topology spread constraints",
                ));
            }
        }
        Ok(())
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let constraints = self.constraints.iter().enumerate().map(|(place, constraint)| {
            let key = &constraint.topology_key;
            let (Some(value), Some(topology)) = (node.label(key), node.topology_words(key)) else {
                return format!("the node has no {key}");
            };
            let here = self.domains[place].get(value);
            let with = here + i64::from(constraint.picks(self.pod.labels()));
            let least = self.least(place);
            format!(
                "{topology} has {here} of the group, {with} with the pod; the fewest anywhere are {least}: skew {}, at most {}",
                with - least,
                constraint.max_skew
            )
        });
        constraints.collect::<Vec<_>>().join("; ")
    }

    fn pod_added(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.count(pod, node, 1);
    }

    fn pod_removed(&mut self, pod: &PodInfo, node: &NodeInfo) {
        self.count(pod, node, -1);
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}
