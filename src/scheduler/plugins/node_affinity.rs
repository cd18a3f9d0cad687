//! NodeAffinity: the nodes that a pod's node selector and node affinity allow, and those they prefer.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::api::core::{NodeAffinity as Affinity, NodeSelector, PreferredSchedulingTerm};
use crate::api::{Node, Pod, node_affinity};
use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::event::{Change, ClusterEvent, Hint};
use crate::scheduler::framework::{
    Cycle, Filter, Plugin, PreFilter, PreScore, Refusal, Score, normalize_to_highest,
};
use crate::scheduler::node_info::NodeInfo;

/// The plugin, with the affinity that the profile adds to each pod's own.
/// Source: `framework/plugins/nodeaffinity`.
#[derive(Debug)]
pub(super) struct NodeAffinity {
    added: Affinity,
}

/// Makes the plugin from `NodeAffinityArgs`.
pub(super) fn build(arguments: &Field<'_>) -> Result<Arc<dyn Plugin>, ConfigError> {
    arguments.only(&["apiVersion", "kind", "addedAffinity"])?;
    let field = arguments.at("addedAffinity");
    let added: Affinity = field.decode()?;
    let required = added
        .required_during_scheduling_ignored_during_execution
        .iter()
        .flat_map(|selector| &selector.node_selector_terms);
    let preferred = added
        .preferred_during_scheduling_ignored_during_execution
        .iter()
        .flatten()
        .map(|preferred| &preferred.preference);
    match required
        .chain(preferred)
        .find_map(node_affinity::term_problem)
    {
        Some(problem) => Err(field.error(problem)),
        None => Ok(Arc::new(NodeAffinity { added })),
    }
}

impl NodeAffinity {
    fn added_selector(&self) -> Option<&NodeSelector> {
        self.added
            .required_during_scheduling_ignored_during_execution
            .as_ref()
    }

    fn fits(&self, pod: &Pod, node: &Node) -> bool {
        self.added_selector()
            .is_none_or(|selector| node_affinity::matches(selector, node))
            && node_affinity::meets_required(&pod.spec, node)
    }
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn pre_filter<'a>(&'a self, cycle: &Cycle<'a>) -> PreFilter<'a> {
        let pod = &cycle.pod.pod;
        let required = node_affinity::required(&pod.spec);
        let has_selector = pod
            .spec
            .node_selector
            .as_ref()
            .is_some_and(|labels| !labels.is_empty());
        if required.is_none() && !has_selector && self.added_selector().is_none() {
            return PreFilter::Skip;
        }
        let check = Box::new(Required { plugin: self, pod });
        match required.and_then(named_nodes) {
            None => PreFilter::Check(check),
            Some(names) if names.is_empty() => {
                PreFilter::Refuse(Refusal::unresolvable("pod affinity terms conflict"))
            }
            Some(names) => PreFilter::Narrow(names, check),
        }
    }

    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, _: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        let own = cycle.pod.pod.spec.affinity.as_ref();
        let own = own.and_then(|affinity| affinity.node_affinity.as_ref());
        let terms: Vec<&PreferredSchedulingTerm> = [Some(&self.added), own]
            .into_iter()
            .flatten()
            .filter_map(|affinity| {
                affinity
                    .preferred_during_scheduling_ignored_during_execution
                    .as_ref()
            })
            .flatten()
            .collect();
        if terms.is_empty() {
            return PreScore::Skip;
        }
        let is_counted = |term: &&&PreferredSchedulingTerm| {
            term.weight != 0 && !node_affinity::is_empty(&term.preference)
        };
        let counted: Vec<_> = terms.iter().filter(is_counted).copied().collect();
        let problem = counted
            .iter()
            .find_map(|term| node_affinity::term_problem(&term.preference));
        match problem {
            Some(problem) => PreScore::Fail(problem),
            None => PreScore::Rate(Box::new(Preferred(counted))),
        }
    }

    fn nothing_to_check(&self) -> &'static str {
        "the pod has neither a node selector nor a required node affinity"
    }

    fn helped_by(&self) -> &'static str {
        "a node comes or gets other labels"
    }

    fn hint(&self, pod: &Pod, event: &ClusterEvent<'_>) -> Hint {
        if !matches!(event.change, Change::NodeAdded | Change::NodeLabels) {
            return Hint::Skip;
        }
        let (old, new) = event.nodes();
        let fits = |node: &Node| self.fits(pod, node);
        Hint::from(new.is_some_and(fits) && !old.is_some_and(fits))
    }
}

/// The nodes that the terms name, if each of them names some; terms are alternatives.
fn named_nodes(selector: &NodeSelector) -> Option<BTreeSet<Arc<str>>> {
    if selector.node_selector_terms.is_empty() {
        return None;
    }
    let mut all = BTreeSet::new();
    for term in &selector.node_selector_terms {
        let fields = term.match_fields.iter().flatten();
        let named =
            fields.filter(|field| field.key == node_affinity::NAME_FIELD && field.operator == "In");
        let sets = named.map(|field| -> BTreeSet<Arc<str>> {
            let values = field.values.iter().flatten();
            values.map(|name| Arc::from(name.as_str())).collect()
        });
        all.extend(sets.reduce(|one, two| &one & &two)?);
    }
    Some(all)
}

#[derive(Clone)]
struct Required<'a> {
    plugin: &'a NodeAffinity,
    pod: &'a Pod,
}

impl<'a> Filter<'a> for Required<'a> {
    fn filter(&self, node: &NodeInfo) -> Result<(), Refusal> {
        let node = &node.node;
        let added = self.plugin.added_selector();
        if added.is_some_and(|selector| !node_affinity::matches(selector, node)) {
            return Err(Refusal::unresolvable(
                "node(s) didn't match scheduler-enforced node affinity",
            ));
        }
        if !node_affinity::meets_required(&self.pod.spec, node) {
            return Err(Refusal::unresolvable(
                "node(s) didn't match Pod's node affinity/selector",
            ));
        }
        Ok(())
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let labels = self.pod.spec.node_selector.iter().flatten();
        let labels: Vec<String> = labels
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        let own = node_affinity::required(&self.pod.spec);
        let terms = own.into_iter().chain(self.plugin.added_selector());
        let terms = terms.map(|selector| {
            let terms = selector.node_selector_terms.iter();
            let words: Vec<String> = terms.map(node_affinity::term_words).collect();
            words.join(" or ")
        });
        let wanted: Vec<String> = labels.into_iter().chain(terms).collect();
        format!("wanted: {}; {}", wanted.join(" and "), self.labels_of(node))
    }

    fn duplicate(&self) -> Box<dyn Filter<'a> + 'a> {
        Box::new(self.clone())
    }
}

impl Required<'_> {
    /// What the node has of the labels that are asked for.
    fn labels_of(&self, node: &NodeInfo) -> String {
        let selected = self.pod.spec.node_selector.iter().flatten();
        let selected = selected.map(|(key, _)| key.as_str());
        let own = node_affinity::required(&self.pod.spec);
        let selectors = own.into_iter().chain(self.plugin.added_selector());
        let terms = selectors.flat_map(|selector| &selector.node_selector_terms);
        let asked = terms.flat_map(|term| term.match_expressions.iter().flatten());
        let keys: BTreeSet<&str> = selected
            .chain(asked.map(|each| each.key.as_str()))
            .collect();
        let words = keys.into_iter().map(|key| match node.label(key) {
            Some(value) => format!("{key}={value}"),
            None => format!("no {key}"),
        });
        let words: Vec<String> = words.collect();
        match words[..] {
            [] => format!("the node is {}", node.name),
            _ => format!("the node has {}", words.join(", ")),
        }
    }
}

struct Preferred<'a>(Vec<&'a PreferredSchedulingTerm>);

impl<'a> Score<'a> for Preferred<'a> {
    /// The sum of the weights of the terms that pick the node.
    fn score(&self, node: &NodeInfo) -> i64 {
        let terms = self.0.iter();
        let picked = terms.filter(|term| node_affinity::term_matches(&term.preference, &node.node));
        picked.map(|term| i64::from(term.weight)).sum()
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let terms = self.0.iter().map(|term| {
            let words = node_affinity::term_words(&term.preference);
            if node_affinity::term_matches(&term.preference, &node.node) {
                format!("{} for {words}", term.weight)
            } else {
                format!("0 of {} for {words}", term.weight)
            }
        });
        let terms: Vec<String> = terms.collect();
        match terms[..] {
            [] => "no preference counts".to_owned(),
            _ => terms.join(" + "),
        }
    }

    fn scale(&self) -> &'static str {
        "100 × sum of weights / highest sum"
    }

    fn normalize(&self, scores: &mut [i64], _: &[&Arc<NodeInfo>]) {
        normalize_to_highest(scores, false);
    }
}
