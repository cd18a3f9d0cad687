//! Evictions: a pod is asked to go, and its disruption budget says whether it may.
//! Source: `pkg/registry/core/pod/storage/eviction.go`.
//!
//! Unlike Kubernetes: what the API server writes into the budget and into the pod before it deletes
//! is one step here, so nobody can come in between.

use std::sync::Arc;

use super::{ApiServer, Caller, DeleteOptions, Refusal, Signed, Written};
use crate::api::owners::Writer;
use crate::api::{Key, Kind, Object, Pod, PodDisruptionBudget, core, meta, selector};
use crate::store::Change;

/// So many evictions may be granted without the budget's controller having seen them.
const UNSEEN_MOST: usize = 2000;

/// After how many seconds to ask again about a budget that its controller has not looked at.
const UNSEEN_BUDGET_SECONDS: u32 = 10;

/// What a budget has to say about a pod that is asked to go.
enum Verdict {
    /// Nothing: the pod may go.
    Free,
    /// It may, and is one disruption less.
    Granted(PodDisruptionBudget),
}

impl ApiServer {
    pub(super) fn evict(
        &mut self,
        options: &DeleteOptions,
        key: &Key,
        caller: Caller<'_>,
    ) -> Result<Written, Refusal> {
        let current = self.get(key)?.clone();
        let Object::Pod(pod) = current else {
            let message = format!("a {} cannot be evicted", key.kind);
            return Err(Refusal::bad_request(message));
        };
        let mut changes = Vec::new();
        if !is_free(&pod)
            && let Verdict::Granted(budget) = self.ask_budget(&pod)?
        {
            changes.extend(self.charge(budget, &pod, caller)?);
        }
        changes.extend(self.mark_target(&pod, caller)?);
        let deleted = self.delete(options, key, caller)?;
        changes.extend(deleted.changes);
        Ok(Written {
            changes,
            object: deleted.object,
        })
    }

    /// Asks the one budget that covers the pod.
    fn ask_budget(&self, pod: &Pod) -> Result<Verdict, Refusal> {
        let budgets = self
            .store()
            .list(Kind::PodDisruptionBudget, Some(pod.namespace()));
        let mut covering = budgets.filter_map(|object| match object {
            Object::PodDisruptionBudget(budget) if covers(budget, pod) => Some(budget),
            _ => None,
        });
        let Some(budget) = covering.next() else {
            return Ok(Verdict::Free);
        };
        if covering.next().is_some() {
            let message = "This pod has more than one PodDisruptionBudget, which the eviction \
                           subresource does not support.";
            return Err(Refusal::unknown(message.to_owned()));
        }
        let status = &budget.status;
        if !pod.is_ready() {
            let always = budget.spec.unhealthy_pod_eviction_policy.as_deref();
            let enough = status.current_healthy >= status.desired_healthy;
            if always == Some("AlwaysAllow") || enough && status.desired_healthy > 0 {
                return Ok(Verdict::Free);
            }
        }
        check(budget)?;
        Ok(Verdict::Granted(budget.clone()))
    }

    /// Takes one disruption off a budget and notes for whom, so that its controller counts the pod
    /// as gone before it is.
    fn charge(
        &mut self,
        budget: PodDisruptionBudget,
        pod: &Pod,
        caller: Caller<'_>,
    ) -> Result<Vec<Arc<Change>>, Refusal> {
        let current = Object::PodDisruptionBudget(budget.clone());
        let mut budget = budget;
        let generation = budget.metadata.generation;
        let now = meta::object_time(caller.now);
        let status = budget.status_mut();
        status.disruptions_allowed -= 1;
        let granted = status.disrupted_pods.get_or_insert_default();
        granted.insert(pod.name().to_owned(), now.clone());
        if status.disruptions_allowed == 0 {
            let conditions = status.conditions.iter_mut().flatten();
            for condition in conditions.filter(|each| each.type_ == "DisruptionAllowed") {
                if condition.status != "False" {
                    "False".clone_into(&mut condition.status);
                    condition.last_transition_time = now.clone();
                }
                "InsufficientPods".clone_into(&mut condition.reason);
                condition.observed_generation = generation;
            }
        }
        let budget = Object::PodDisruptionBudget(budget);
        let by = Signed::By(Writer::server(caller.now));
        let written = self.replace(budget, &current, by, &mut Vec::new())?;
        Ok(written.changes)
    }

    /// Notes in a pod why it goes.
    fn mark_target(&mut self, pod: &Pod, caller: Caller<'_>) -> Result<Vec<Arc<Change>>, Refusal> {
        if pod.is_terminating() {
            return Ok(Vec::new());
        }
        let current = Object::Pod(pod.clone());
        let mut pod = pod.clone();
        let reason = core::PodCondition {
            type_: "DisruptionTarget".to_owned(),
            status: "True".to_owned(),
            reason: Some("EvictionByEvictionAPI".to_owned()),
            message: Some("Eviction API: evicting".to_owned()),
            last_transition_time: Some(meta::object_time(caller.now)),
            ..core::PodCondition::default()
        };
        let conditions = pod.status_mut().conditions.get_or_insert_default();
        conditions.retain(|each| each.type_ != reason.type_);
        conditions.push(reason);
        Ok(self
            .replace(Object::Pod(pod), &current, Signed::Nobody, &mut Vec::new())?
            .changes)
    }
}

/// A pod that does not serve any more, or not yet, is nobody's loss.
fn is_free(pod: &Pod) -> bool {
    pod.is_finished() || pod.phase() == "Pending" || pod.is_terminating()
}

/// A budget without a selector covers nothing, one with an empty selector every pod.
/// Source: `getPodDisruptionBudgets`.
fn covers(budget: &PodDisruptionBudget, pod: &Pod) -> bool {
    let wanted = budget.spec.selector.as_ref();
    wanted.is_some_and(|wanted| selector::matches(wanted, meta::labels(&pod.metadata)))
}

/// Whether a budget has a disruption left.
fn check(budget: &PodDisruptionBudget) -> Result<(), Refusal> {
    let (name, status) = (budget.name(), &budget.status);
    if status.observed_generation < budget.metadata.generation {
        let why = format!("The disruption budget {name} is still being processed by the server.");
        return Err(Refusal::over_budget(why, UNSEEN_BUDGET_SECONDS));
    }
    let key = Object::PodDisruptionBudget(budget.clone()).key();
    if status.disruptions_allowed < 0 {
        return Err(Refusal::forbidden(
            &key,
            "pdb disruptions allowed is negative",
        ));
    }
    let unseen = status.disrupted_pods.iter().flatten().count();
    if unseen > UNSEEN_MOST {
        let why = "DisruptedPods map too big - too many evictions not confirmed by PDB controller";
        return Err(Refusal::forbidden(&key, why));
    }
    if status.disruptions_allowed == 0 {
        return Err(Refusal::over_budget(exhausted(budget), 0));
    }
    Ok(())
}

/// Why a budget has no disruption left. Source: `checkAndDecrement`.
fn exhausted(budget: &PodDisruptionBudget) -> String {
    let (name, status) = (budget.name(), &budget.status);
    let none = format!("The disruption budget {name} does not allow evicting pods currently");
    let mut conditions = status.conditions.iter().flatten();
    let told = conditions.find(|each| {
        each.type_ == "DisruptionAllowed" && each.status == "False" && !each.message.is_empty()
    });
    let (needed, has) = (status.desired_healthy, status.current_healthy);
    match told {
        Some(told) if told.reason == "SyncFailed" => {
            format!("{none} because it failed sync: {}", told.message)
        }
        _ if has <= needed => format!(
            "The disruption budget {name} needs {needed} healthy pods and has {has} currently"
        ),
        Some(told) => format!("{none} ({}): {}", told.reason, told.message),
        None => none,
    }
}
