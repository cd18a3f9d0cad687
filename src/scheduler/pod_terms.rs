//! Affinity terms of pods: which pods they mean.

use std::collections::BTreeSet;

use super::node_info::PodInfo;
use super::snapshot::Snapshot;
use crate::api::core::PodAffinityTerm;
use crate::api::meta::{self, Labels};
use crate::api::{LabelSelector, Namespace, selector};

/// A term of the pod that is looking for a node, with its namespaces looked up.
#[derive(Clone, Debug)]
pub(super) struct Term<'a> {
    pub(super) topology_key: &'a str,
    selector: Option<&'a LabelSelector>,
    namespaces: BTreeSet<&'a str>,
    is_everywhere: bool,
}

impl<'a> Term<'a> {
    /// Reads a term of `owner`. A namespace selector stands for the namespaces that it picks now; an
    /// empty one for all.
    pub(super) fn new(
        term: &'a PodAffinityTerm,
        owner: &'a PodInfo,
        snapshot: &'a Snapshot,
    ) -> Self {
        let mut namespaces = own_namespaces(term, owner);
        let picks = term.namespace_selector.as_ref();
        let is_everywhere = picks.is_some_and(selector::is_empty);
        if let Some(picks) = picks.filter(|_| !is_everywhere) {
            let all = snapshot.list_all::<Namespace>();
            let picked = all.filter(|each| selector::matches(picks, meta::labels(&each.metadata)));
            namespaces.extend(picked.map(Namespace::name));
        }
        Self {
            topology_key: &term.topology_key,
            selector: term.label_selector.as_ref(),
            namespaces,
            is_everywhere,
        }
    }

    /// Whether the term means this pod.
    pub(super) fn means(&self, pod: &PodInfo) -> bool {
        (self.is_everywhere || self.namespaces.contains(pod.namespace()))
            && self
                .selector
                .is_some_and(|selector| selector::matches(selector, pod.labels()))
    }

    /// The namespaces whose pods the term can mean; nothing for all of them.
    pub(super) fn namespaces(&self) -> Option<&BTreeSet<&'a str>> {
        (!self.is_everywhere).then_some(&self.namespaces)
    }

    /// Which pods it means, as a selector is written.
    pub(super) fn words(&self) -> String {
        self.selector
            .map_or_else(|| "no pod".to_owned(), selector::print)
    }

    /// The labels that the term asks for; nothing when it means no pod.
    pub(super) fn selector(&self) -> Option<&'a LabelSelector> {
        self.selector
    }
}

/// Whether a term of the placed pod `owner` means the pod that is looking for a node, whose
/// namespace has these labels.
pub(super) fn means_incoming(
    term: &PodAffinityTerm,
    owner: &PodInfo,
    incoming: &PodInfo,
    namespace_labels: &Labels,
) -> bool {
    let by_selector = || {
        let picks = term.namespace_selector.as_ref();
        picks.is_some_and(|picks| selector::matches(picks, namespace_labels))
    };
    let selector = term.label_selector.as_ref();
    let fits = |selector: &LabelSelector| selector::matches(selector, incoming.labels());
    selector.is_some_and(fits)
        && (own_namespaces(term, owner).contains(incoming.namespace()) || by_selector())
}

/// The namespaces that the term names; that of its owner when it says nothing of namespaces.
fn own_namespaces<'a>(term: &'a PodAffinityTerm, owner: &'a PodInfo) -> BTreeSet<&'a str> {
    let named = term.namespaces.iter().flatten().map(String::as_str);
    let mut namespaces: BTreeSet<&str> = named.collect();
    if namespaces.is_empty() && term.namespace_selector.is_none() {
        namespaces.insert(owner.namespace());
    }
    namespaces
}

/// What is wrong with a term, if anything.
pub(super) fn problem(term: &PodAffinityTerm) -> Option<String> {
    let selectors = [&term.label_selector, &term.namespace_selector];
    selectors.into_iter().flatten().find_map(selector::problem)
}
