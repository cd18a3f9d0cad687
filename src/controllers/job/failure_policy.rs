//! What a failed pod means by the Job's `podFailurePolicy`. Source: `pod_failure_policy.go`.

use crate::api::{Job, Pod, batch, core};

/// What follows from the failure of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It counts against the limit; so does what no rule speaks of.
    Count,
    /// It does not count.
    Ignore,
    /// Its index has failed.
    FailIndex,
    /// The Job has failed, for this reason.
    FailJob(String),
}

/// The ruling of the first rule that matches a failed pod.
pub(super) fn rule_on(job: &Job, pod: &Pod) -> Ruling {
    let policy = job.spec.pod_failure_policy.iter();
    let mut rules = policy.flat_map(|policy| policy.rules.iter().enumerate());
    let ruling = rules.find_map(|(place, rule)| {
        let fault = fault(rule, pod)?;
        match rule.action.as_str() {
            "Count" => Some(Ruling::Count),
            "Ignore" => Some(Ruling::Ignore),
            "FailIndex" => Some(Ruling::FailIndex),
            "FailJob" => Some(Ruling::FailJob(format!(
                "{fault} matching FailJob rule at index {place}"
            ))),
            _ => None,
        }
    });
    ruling.unwrap_or(Ruling::Count)
}

/// What of the pod matches a rule, in words.
fn fault(rule: &batch::PodFailurePolicyRule, pod: &Pod) -> Option<String> {
    let (namespace, name) = (pod.namespace(), pod.name());
    if let Some(requirement) = &rule.on_exit_codes {
        let all = [
            &pod.status.container_statuses,
            &pod.status.init_container_statuses,
        ];
        let mut statuses = all.into_iter().flatten().flatten();
        return statuses.find_map(|status| {
            let code = matching_exit_code(requirement, status)?;
            let container = &status.name;
            Some(format!(
                "Container {container} for pod {namespace}/{name} failed with exit code {code}"
            ))
        });
    }
    let patterns = rule.on_pod_conditions.as_ref()?;
    let mut conditions = pod.status.conditions.iter().flatten();
    let condition = conditions.find(|condition| {
        let mut patterns = patterns.iter();
        patterns.any(|each| each.type_ == condition.type_ && each.status == condition.status)
    })?;
    let condition = &condition.type_;
    Some(format!("Pod {namespace}/{name} has condition {condition}"))
}

fn matching_exit_code(
    requirement: &batch::PodFailurePolicyOnExitCodesRequirement,
    status: &core::ContainerStatus,
) -> Option<i32> {
    let wanted = requirement.container_name.as_ref();
    if wanted.is_some_and(|wanted| *wanted != status.name) {
        return None;
    }
    let code = status.state.as_ref()?.terminated.as_ref()?.exit_code;
    let is_listed = requirement.values.contains(&code);
    let matches = match requirement.operator.as_str() {
        "In" => is_listed,
        "NotIn" => !is_listed,
        _ => false,
    };
    (code != 0 && matches).then_some(code)
}
