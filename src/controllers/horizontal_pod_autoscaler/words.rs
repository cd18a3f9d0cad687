//! An autoscaler in words: what it should keep to, what it measured, and why it does not do more.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::super::wording;
use super::rate::Normalized;
use super::replicas::Proposal;
use crate::api::{HorizontalPodAutoscaler, Quantity, autoscaling};
use crate::apiserver::Scale;
use crate::sim::counted;

/// The words of a plan in the making.
#[derive(Default)]
pub(super) struct Words {
    /// What is there.
    pub(super) observed: String,
    /// What follows.
    pub(super) difference: String,
    measures: Vec<String>,
}

/// `1 to 10 replicas, cpu: 50%`
pub(super) fn desired(scaler: &HorizontalPodAutoscaler) -> String {
    let spec = &scaler.spec;
    let goals: Vec<String> = spec.metrics.iter().flatten().filter_map(goal).collect();
    let (least, most) = (spec.min_replicas.unwrap_or(1), spec.max_replicas);
    format!("{least} to {most} replicas, {}", goals.join(", "))
}

fn goal(metric: &autoscaling::MetricSpec) -> Option<String> {
    let (name, container, target) = super::metric::resource(metric)?;
    let goal = match (&target.average_value, target.average_utilization) {
        (Some(Text(amount)), _) => amount.clone(),
        (None, Some(share)) => format!("{share}%"),
        (None, None) => return None,
    };
    Some(match container {
        Some(container) => format!("{name} of {container}: {goal}"),
        None => format!("{name}: {goal}"),
    })
}

impl Words {
    /// A metric has been measured.
    pub(super) fn measured(&mut self, name: &str, proposal: &Proposal) {
        let resource = name.split(' ').next().unwrap_or(name);
        let used = match proposal.utilization {
            Some(share) => format!("{share}%"),
            None => Quantity::millis(proposal.average).to_string(),
        };
        self.measures
            .push(format!("{resource}: {used}, {}", proposal.sum));
    }

    /// The advice has been held back or limited, or not.
    pub(super) fn normalized(&mut self, advised: i32, normalized: &Normalized) {
        let replicas = normalized.replicas;
        if replicas == advised {
            return;
        }
        let (is_limited, _, limit) = normalized.limited;
        let why = if is_limited { limit } else { normalized.able.1 };
        self.measures
            .push(format!("{advised} became {replicas}: {why}"));
    }

    /// The numbers are known.
    pub(super) fn counted(&mut self, seen: &HorizontalPodAutoscaler, scale: &Scale, desired: i32) {
        let replicas = counted(wording::size(scale.replicas), "replica");
        let mut parts = vec![replicas];
        parts.append(&mut self.measures);
        self.observed = parts.join("; ");
        let before = seen.status.conditions.is_none();
        self.difference =
            wording::difference(wording::size(desired), wording::size(scale.replicas));
        if self.difference.is_empty() && before {
            "the status is behind".clone_into(&mut self.difference);
        }
    }
}
