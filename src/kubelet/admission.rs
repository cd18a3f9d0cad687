//! The node's own look at a pod before it takes it in.

use super::pressure::{self, Scarce};
use super::sysctl;
use crate::api::requests::{RequestOptions, ResourceList, pod_requests};
use crate::api::{Node, Pod, Quantity, host_ports, node_affinity, taint};

/// Why a node does not take a pod. Source: `pkg/kubelet/lifecycle/predicate.go`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rejection {
    /// `OutOfcpu` and so on: the reason in the status.
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// The resources that are looked at, with the reason when one is short.
const RESOURCES: [(&str, &str); 4] = [
    ("pods", "OutOfpods"),
    ("cpu", "OutOfcpu"),
    ("memory", "OutOfmemory"),
    ("ephemeral-storage", "OutOfephemeral-storage"),
];

/// Whether the node takes the pod beside those that it has taken in already.
///
/// # Errors
/// The first thing that does not fit, with the message of the kubelet.
pub(super) fn check<'a>(
    pod: &Pod,
    ((node, allocatable), told): ((Option<&Node>, &ResourceList), &[Scarce]),
    others: impl Iterator<Item = &'a Pod> + Clone,
) -> Result<(), Rejection> {
    if let Some(message) = pressure::refuses(pod, told) {
        return Err(Rejection {
            reason: "Evicted",
            message,
        });
    }
    sysctl::check(pod)?;
    fits(pod, others.clone(), allocatable)?;
    let Some(node) = node else {
        return Ok(());
    };
    let rejected = |reason: &'static str, why: &str| {
        Err(Rejection {
            reason,
            message: format!("Predicate {reason} failed: {why}"),
        })
    };
    if !node_affinity::meets_required(&pod.spec, node) {
        let why = "node(s) didn't match Pod's node affinity/selector";
        return rejected("NodeAffinity", why);
    }
    let taken: Vec<_> = others.flat_map(host_ports).collect();
    let mut wanted = host_ports(pod).into_iter();
    if wanted.any(|port| taken.iter().any(|taken| taken.conflicts_with(&port))) {
        let why = "node(s) didn't have free ports for the requested pod ports";
        return rejected("NodePorts", why);
    }
    let taints = node.spec.taints.as_deref().unwrap_or_default();
    let tolerations = pod.spec.tolerations.as_deref().unwrap_or_default();
    if taint::first_untolerated(taints, tolerations, &["NoExecute"]).is_some() {
        let why = "node(s) had taints that the pod didn't tolerate";
        return rejected("TaintToleration", why);
    }
    Ok(())
}

/// Whether the pod fits beside those that the node has taken in already.
///
/// # Errors
/// The first resource that is short, with the message of the kubelet.
fn fits<'a>(
    pod: &Pod,
    others: impl Iterator<Item = &'a Pod>,
    allocatable: &ResourceList,
) -> Result<(), Rejection> {
    let asked = demand(pod);
    let mut used = ResourceList::new();
    for other in others {
        for (name, amount) in demand(other) {
            *used.entry(name).or_insert(Quantity::ZERO) += amount;
        }
    }
    for (name, reason) in RESOURCES {
        let amount = |list: &ResourceList| list.get(name).copied().unwrap_or(Quantity::ZERO);
        let (asked, used, most) = (amount(&asked), amount(&used), amount(allocatable));
        if asked.is_zero() || used + asked <= most {
            continue;
        }
        // Processors are counted in thousandths, the rest in whole units.
        let count = |amount: Quantity| match name {
            "cpu" => amount.milli_value(),
            _ => amount.value(),
        };
        let message = format!(
            "Node didn't have enough resource: {name}, requested: {}, used: {}, capacity: {}",
            count(asked),
            count(used),
            count(most)
        );
        return Err(Rejection { reason, message });
    }
    Ok(())
}

fn demand(pod: &Pod) -> ResourceList {
    let mut demand = pod_requests(pod, &RequestOptions::of_placed());
    demand.insert("pods".to_owned(), Quantity::units(1));
    demand
}
