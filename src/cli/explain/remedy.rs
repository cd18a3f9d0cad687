//! What would have to change for a pod to fit a node, tried out step by step with the scheduler's
//! own filters until the pod fits or nothing more can be said.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use crate::api::requests::{RequestOptions, pod_requests};
use crate::api::{Node, Pod, Quantity, Typed, core, node_affinity, taint};
use crate::scheduler::{Amounts, Code, NodeInfo, PodInfo, Profile, Rejection, Snapshot, check};

/// So many steps are tried; no pod is refused by more plugins.
const STEPS_MOST: usize = 16;

/// Among so many pods it is tried out which would have to leave.
const LEAVERS_MOST: usize = 64;

/// So many pods are named.
const NAMED_MOST: usize = 4;

/// The steps to a node.
pub(super) struct Way {
    steps: Vec<String>,
    /// Whether the pod fits after them.
    is_whole: bool,
}

impl Way {
    /// The steps in one sentence.
    pub(super) fn words(&self) -> String {
        let mut words = self.steps.join("; and ");
        if !self.is_whole {
            words.push_str(" (what else stands in the way shows only then)");
        }
        words
    }
}

/// A step, and the cluster's part of it.
struct Step {
    words: String,
    change: Change,
}

enum Change {
    /// The node is like this.
    Node(Node),
    /// These pods are gone.
    Leave(Vec<Arc<PodInfo>>),
    /// It cannot be tried out.
    Untried,
}

/// Looks for the way of the pod to this node.
pub(super) fn way(pod: &Pod, world: &Snapshot, profile: &Profile, node: &str) -> Way {
    let mut world = world.clone();
    let mut steps = Vec::new();
    for _ in 0..STEPS_MOST {
        let Some(info) = world.node(node).cloned() else {
            break;
        };
        let Err(rejection) = check(pod, &world, profile, &info) else {
            return Way {
                steps,
                is_whole: true,
            };
        };
        let attempt = Attempt {
            pod,
            world: &world,
            profile,
            info: &info,
        };
        let step = attempt.step(&rejection);
        steps.push(step.words);
        match step.change {
            Change::Node(node) => {
                let (old, new) = (info.node.clone().into_object(), node.into_object());
                world.apply(Some(&old), Some(&new));
            }
            Change::Leave(pods) => pods.iter().for_each(|pod| remove(&mut world, pod)),
            Change::Untried => break,
        }
    }
    Way {
        steps,
        is_whole: false,
    }
}

fn remove(world: &mut Snapshot, pod: &PodInfo) {
    let object = pod.pod.clone().into_object();
    world.apply(Some(&object), None);
}

/// A pod before a node that refuses it.
struct Attempt<'a> {
    pod: &'a Pod,
    world: &'a Snapshot,
    profile: &'a Profile,
    info: &'a NodeInfo,
}

impl Attempt<'_> {
    /// What has to change for this no to become a yes.
    fn step(&self, rejection: &Rejection) -> Step {
        let known = match (rejection.plugin, rejection.refusal.code) {
            (_, Code::PreFilterResult | Code::Error) => None,
            ("NodeUnschedulable", _) => Some(self.uncordon()),
            ("TaintToleration", _) => self.taint(),
            ("NodeAffinity", _) => self.labels(),
            ("NodeResourcesFit", _) => self.resources(rejection),
            (_, Code::Unschedulable) => self.leavers(rejection.plugin),
            (_, Code::UnschedulableAndUnresolvable) => None,
        };
        known.unwrap_or_else(|| Step {
            words: format!(
                "{} no longer says: {}",
                rejection.plugin,
                rejection.refusal.message()
            ),
            change: Change::Untried,
        })
    }

    fn uncordon(&self) -> Step {
        let mut node = self.info.node.clone();
        let spec = node.spec_mut();
        spec.unschedulable = None;
        if let Some(taints) = &mut spec.taints {
            // Its controller takes the taint away as soon as the node is schedulable.
            taints.retain(|taint| taint.key != "node.kubernetes.io/unschedulable");
        }
        Step {
            words: format!("kubectl uncordon {}", self.info.name),
            change: Change::Node(node),
        }
    }

    fn taint(&self) -> Option<Step> {
        let tolerations = self.pod.spec.tolerations.as_deref().unwrap_or_default();
        let firm = ["NoSchedule", "NoExecute"];
        let found = taint::first_untolerated(self.info.taints(), tolerations, &firm)?;
        let value = found.value.as_deref().unwrap_or_default();
        let equals = if value.is_empty() { "" } else { "=" };
        let text = format!("{}{equals}{value}:{}", found.key, found.effect);
        let words = match found.key.as_str() {
            "node.kubernetes.io/not-ready" | "node.kubernetes.io/unreachable" => {
                format!("the node is Ready again (taint {text})")
            }
            _ => format!("the pod tolerates the taint {text}, or the taint goes"),
        };
        let found = found.clone();
        let mut node = self.info.node.clone();
        if let Some(taints) = &mut node.spec_mut().taints {
            taints.retain(|taint| *taint != found);
        }
        Some(Step {
            words,
            change: Change::Node(node),
        })
    }

    /// The labels that the pod's node selector and the nearest term of its affinity want.
    fn labels(&self) -> Option<Step> {
        let spec = &self.pod.spec;
        let mut node = self.info.node.clone();
        let mut words = Vec::new();
        for (key, value) in spec.node_selector.iter().flatten() {
            if self.info.label(key) != Some(value) {
                words.push(format!("label {key}={value} on it{}", self.has(key)));
                set_label(&mut node, key, Some(value.clone()));
            }
        }
        if let Some(required) = node_affinity::required(spec)
            && !node_affinity::matches(required, &node)
        {
            let terms = required.node_selector_terms.iter();
            let terms = terms.filter(|term| term.match_fields.as_ref().is_none_or(Vec::is_empty));
            let failing = terms.map(|term| failing(term, &node));
            let nearest = failing
                .filter(|failing| !failing.is_empty())
                .min_by_key(Vec::len)?;
            for requirement in nearest {
                words.push(self.meet(&requirement, &mut node)?);
            }
        }
        (!words.is_empty()).then(|| Step {
            words: words.join(", "),
            change: Change::Node(node),
        })
    }

    fn has(&self, key: &str) -> String {
        match self.info.label(key) {
            Some(value) => format!(" (it has {key}={value})"),
            None => String::new(),
        }
    }

    /// Gives the node a label that meets the requirement, and says which.
    fn meet(&self, requirement: &core::NodeSelectorRequirement, node: &mut Node) -> Option<String> {
        let key = requirement.key.as_str();
        let values = requirement.values.as_deref().unwrap_or_default();
        let has = self.has(key);
        let (words, value) = match requirement.operator.as_str() {
            "In" => {
                let words = match values {
                    [only] => format!("label {key}={only} on it{has}"),
                    _ => format!("label {key} in ({}) on it{has}", values.join(", ")),
                };
                (words, Some(values.first()?.clone()))
            }
            "Exists" => (format!("label {key} on it"), Some(String::new())),
            "NotIn" => (format!("not label {key}={}", values.join(" or ")), None),
            "DoesNotExist" => (format!("no label {key} on it"), None),
            operator @ ("Gt" | "Lt") => {
                let bound: i64 = values.first()?.parse().ok()?;
                let (sign, value) = match operator {
                    "Gt" => (">", bound.checked_add(1)?),
                    _ => ("<", bound.checked_sub(1)?),
                };
                let words = format!("label {key} {sign} {bound} on it{has}");
                (words, Some(value.to_string()))
            }
            _ => return None,
        };
        set_label(node, key, value);
        Some(words)
    }

    fn resources(&self, rejection: &Rejection) -> Option<Step> {
        let wanted = Amounts::of(&pod_requests(self.pod, &RequestOptions::of_spec()));
        let mut node = self.info.node.clone();
        let mut words = Vec::new();
        for reason in &rejection.refusal.reasons {
            let (name, amount) = if reason == "Too many pods" {
                let there = i64::try_from(self.info.pods.len()).unwrap_or(i64::MAX);
                let most = self.info.allowed_pods;
                words.push(format!("room for one more pod ({there} of {most} taken)"));
                ("pods", there.saturating_add(1))
            } else {
                let name = reason.strip_prefix("Insufficient ")?;
                let (wanted, capacity) = (wanted.get(name), self.info.allocatable.get(name));
                let left = capacity.saturating_sub(self.info.requested.get(name));
                let short = wanted.saturating_sub(left);
                let print = |amount: i64| quantity(name, amount);
                let mut text = format!(
                    "{} more {name} free ({} wanted, {} of {} free",
                    print(short),
                    print(wanted),
                    print(left),
                    print(capacity)
                );
                if wanted > capacity {
                    text.push_str("; even empty it is too small");
                }
                text.push(')');
                words.push(text);
                (name, capacity.saturating_add(short))
            };
            let amount = quantity(name, amount).to_string();
            let allocatable = node.status_mut().allocatable.get_or_insert_default();
            allocatable.insert(name.to_owned(), OfficialQuantity(amount));
        }
        Some(Step {
            words: words.join(", "),
            change: Change::Node(node),
        })
    }

    /// The least important pods without which this plugin has nothing against the node.
    fn leavers(&self, plugin: &str) -> Option<Step> {
        let mut near = self.near(plugin);
        if near.is_empty() || near.len() > LEAVERS_MOST {
            return None;
        }
        let mut world = self.world.clone();
        for pod in &near {
            remove(&mut world, pod);
        }
        if !self.is_silent(&world, plugin) {
            return None;
        }
        near.sort_by_key(|pod| std::cmp::Reverse(pod.priority()));
        let mut leavers = Vec::new();
        for pod in near {
            let mut with = world.clone();
            with.apply(None, Some(&pod.pod.clone().into_object()));
            if self.is_silent(&with, plugin) {
                world = with;
            } else {
                leavers.push(pod);
            }
        }
        Some(Step {
            words: format!("{} ({plugin})", leave(&leavers)),
            change: Change::Leave(leavers),
        })
    }

    fn is_silent(&self, world: &Snapshot, plugin: &str) -> bool {
        let Some(info) = world.node(&self.info.name) else {
            return false;
        };
        match check(self.pod, world, self.profile, info) {
            Ok(()) => true,
            Err(rejection) => rejection.plugin != plugin,
        }
    }

    /// The pods that the plugin may mean: on the node, or on nodes of the same topology.
    fn near(&self, plugin: &str) -> Vec<Arc<PodInfo>> {
        let is_topological = matches!(plugin, "InterPodAffinity" | "PodTopologySpread");
        if !is_topological {
            return self.info.pods.clone();
        }
        let own = PodInfo::new(self.pod.clone());
        let own_keys = own.required_anti_affinity().iter();
        let mut keys: BTreeSet<&str> = own_keys.map(|term| term.topology_key.as_str()).collect();
        let constraints = self.pod.spec.topology_spread_constraints.iter().flatten();
        keys.extend(constraints.map(|constraint| constraint.topology_key.as_str()));
        for (pod, _) in self.world.placed_pods() {
            let terms = pod.required_anti_affinity().iter();
            keys.extend(terms.map(|term| term.topology_key.as_str()));
        }
        let is_near = |node: &NodeInfo| {
            let same = |key: &&str| {
                let value = node.label(key);
                value.is_some() && value == self.info.label(key)
            };
            node.name == self.info.name || keys.iter().any(same)
        };
        let nodes = self.world.nodes().filter(|node| is_near(node));
        nodes.flat_map(|node| node.pods.iter().cloned()).collect()
    }
}

/// The requirements of a term that the node does not meet.
fn failing(term: &core::NodeSelectorTerm, node: &Node) -> Vec<core::NodeSelectorRequirement> {
    let requirements = term.match_expressions.iter().flatten();
    let fails = |requirement: &&core::NodeSelectorRequirement| {
        let alone = core::NodeSelectorTerm {
            match_expressions: Some(vec![(*requirement).clone()]),
            match_fields: None,
        };
        !node_affinity::term_matches(&alone, node)
    };
    requirements.filter(fails).cloned().collect()
}

fn set_label(node: &mut Node, key: &str, value: Option<String>) {
    let labels = node.metadata_mut().labels.get_or_insert_default();
    match value {
        Some(value) => labels.insert(key.to_owned(), value),
        None => labels.remove(key),
    };
}

/// An amount in the unit that the scheduler counts the resource in.
fn quantity(name: &str, amount: i64) -> Quantity {
    match name {
        "cpu" => Quantity::millis(amount),
        "memory" | "ephemeral-storage" => Quantity::bytes(amount),
        pages if pages.starts_with("hugepages-") => Quantity::bytes(amount),
        _ => Quantity::units(amount),
    }
}

/// `default/a and default/b leave`
fn leave(pods: &[Arc<PodInfo>]) -> String {
    let mut words = String::new();
    for (place, pod) in pods.iter().take(NAMED_MOST).enumerate() {
        let is_last = place + 1 == pods.len();
        let between = match (place, is_last) {
            (0, _) => "",
            (_, true) => " and ",
            _ => ", ",
        };
        let (namespace, name) = (&pod.key.namespace, &pod.key.name);
        write!(words, "{between}{namespace}/{name}").expect("writing to memory does not fail");
    }
    match pods.len() {
        0 | 1 => format!("{words} leaves"),
        count if count > NAMED_MOST => format!("{words} and {} more leave", count - NAMED_MOST),
        _ => format!("{words} leave"),
    }
}
