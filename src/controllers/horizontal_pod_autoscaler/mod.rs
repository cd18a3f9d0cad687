//! horizontal-pod-autoscaler-controller: as many replicas as it takes to use what should be used.
//! Source: `pkg/controller/podautoscaler/horizontal.go`.

mod metric;
mod rate;
mod replicas;
mod words;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::memory::Memory;
use crate::api::{
    HorizontalPodAutoscaler, Key, Kind, Object, Pod, Typed, autoscaling, meta, selector,
};
use crate::apiserver::{Answer, Outcome, Refusal, Scale, Scope, Verb};
use crate::client::Informers;
use metric::{Failed, Measured, Situation};
use rate::Bounds;

pub use rate::Recommendations;

pub(super) static HORIZONTAL_POD_AUTOSCALER: Controller = Controller {
    name: "horizontal-pod-autoscaler-controller",
    event_source: "horizontal-pod-autoscaler",
    watches: &[Kind::HorizontalPodAutoscaler, Kind::Pod],
    concerns,
    plan,
    periodic: None,
    pace: Some(|profile| profile.autoscaler.sync),
    gathers: None,
};

/// Only autoscalers themselves: pods are looked up when it is time, not waited for.
fn concerns(_: &Informers, change: &Change<'_>) -> Vec<Key> {
    let latest = change.latest();
    let scalers = latest.filter(|object| object.kind() == Kind::HorizontalPodAutoscaler);
    scalers.map(Object::key).into_iter().collect()
}

/// First the number of replicas is read, from the workload's scale.
fn plan(planned: &Planned<'_>) -> Plan {
    let Some(scaler) = planned.subject::<HorizontalPodAutoscaler>() else {
        return Plan::nothing("the HorizontalPodAutoscaler is gone");
    };
    let target = &scaler.spec.scale_target_ref;
    let Some(key) = target_key(scaler) else {
        let version = target.api_version.as_deref().unwrap_or_default();
        let group = version.split_once('/').map_or("", |(group, _)| group);
        let kind = &target.kind;
        let why = format!("no matches for kind \"{kind}\" in group \"{group}\"");
        return Draft::new(planned, scaler).without_scale(&why);
    };
    let about = format!("how many replicas {key} has");
    Plan::asking(&about, vec![(key, Verb::GetScale)], plan_with_scale)
}

/// The workload, if its kind is known. Any version of the group will do.
fn target_key(scaler: &HorizontalPodAutoscaler) -> Option<Key> {
    let target = &scaler.spec.scale_target_ref;
    let version = target.api_version.as_deref().unwrap_or_default();
    let group = version.split_once('/').map_or("", |(group, _)| group);
    let kind = Kind::ALL.iter().copied().find(|kind| {
        let info = kind.info();
        info.name == target.kind && info.group == group
    })?;
    Some(Key::new(kind, scaler.namespace(), &target.name))
}

/// Then what the pods use, unless the numbers alone decide.
fn plan_with_scale(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(scaler) = planned.subject::<HorizontalPodAutoscaler>() else {
        return Plan::nothing("the HorizontalPodAutoscaler is gone");
    };
    let draft = Draft::new(planned, scaler);
    let scale = match answers.first() {
        Some(Ok(Answer::Scale(scale))) => scale,
        Some(Err(refusal)) => return draft.without_scale(&refusal.message),
        _ => return draft.without_scale("unrecognized resource"),
    };
    let selected = Scope {
        labels: Some(scale.selector.clone()),
        ..Scope::default()
    };
    let pods = Key::new(Kind::Pod, scaler.namespace(), "");
    let metrics = scaler.spec.metrics.iter().flatten();
    let questions: Vec<(Key, Verb)> = metrics
        .filter(|metric| metric::resource(metric).is_some())
        .map(|_| (pods.clone(), Verb::Metrics(selected.clone())))
        .collect();
    if questions.is_empty()
        || draft.by_numbers(scale).is_some()
        || draft.rivals().next().is_some()
        || selector::is_empty(&scale.selector)
    {
        return draft.conclude(scale, &[]);
    }
    Plan::asking("what its pods use", questions, plan_with_metrics)
}

fn plan_with_metrics(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(scaler) = planned.subject::<HorizontalPodAutoscaler>() else {
        return Plan::nothing("the HorizontalPodAutoscaler is gone");
    };
    match answers {
        [Ok(Answer::Scale(scale)), metrics @ ..] => {
            Draft::new(planned, scaler).conclude(scale, metrics)
        }
        _ => Plan::nothing("the number of replicas is not known"),
    }
}

/// What is decided without a look at any metric.
enum Decision {
    /// Somebody has scaled to zero: the autoscaler keeps out.
    Off,
    /// To so many, for this reason.
    To(i32, &'static str),
}

/// The plan in the making.
struct Draft<'a> {
    planned: &'a Planned<'a>,
    seen: &'a HorizontalPodAutoscaler,
    wanted: HorizontalPodAutoscaler,
    events: Vec<Said>,
    actions: Vec<Action>,
    remember: Option<Recommendations>,
    words: words::Words,
}

/// What all metrics together ask for.
struct Advice {
    replicas: i32,
    name: String,
}

impl<'a> Draft<'a> {
    fn new(planned: &'a Planned<'a>, seen: &'a HorizontalPodAutoscaler) -> Self {
        Self {
            planned,
            seen,
            wanted: seen.clone(),
            events: Vec::new(),
            actions: Vec::new(),
            remember: None,
            words: words::Words::default(),
        }
    }

    fn bounds(&self, current: i32) -> Bounds {
        Bounds {
            least: self.seen.spec.min_replicas.unwrap_or(1),
            most: self.seen.spec.max_replicas,
            current,
        }
    }

    fn by_numbers(&self, scale: &Scale) -> Option<Decision> {
        let Bounds {
            least,
            most,
            current,
        } = self.bounds(scale.replicas);
        if current == 0 && least != 0 {
            Some(Decision::Off)
        } else if current > most {
            let why = "Current number of replicas above Spec.MaxReplicas";
            Some(Decision::To(most, why))
        } else if current < least {
            let why = "Current number of replicas below Spec.MinReplicas";
            Some(Decision::To(least, why))
        } else {
            None
        }
    }

    /// Other autoscalers that would scale the same workload.
    ///
    /// Unlike Kubernetes: autoscalers of different workloads whose selectors pick the same pods are
    /// not found out.
    fn rivals(&self) -> impl Iterator<Item = &'a HorizontalPodAutoscaler> {
        let target = target_key(self.seen);
        let (caches, name) = (self.planned.caches, self.seen.name());
        let all = caches.list::<HorizontalPodAutoscaler>(Some(self.seen.namespace()));
        all.filter(move |other| other.name() != name && target_key(other) == target)
    }

    /// The workload cannot be scaled.
    fn without_scale(mut self, why: &str) -> Plan {
        self.warn("FailedGetScale", why.to_owned());
        let message =
            format!("the HPA controller was unable to get the target's current scale: {why}");
        self.set("AbleToScale", false, "FailedGetScale", &message);
        self.words.difference = format!("no scale: {why}");
        self.into_plan()
    }

    /// Source: `reconcileAutoscaler`.
    fn conclude(mut self, scale: &Scale, answers: &[Outcome]) -> Plan {
        let message = "the HPA controller was able to get the target's current scale";
        self.set("AbleToScale", true, "SucceededGetScale", message);
        let (current, now) = (scale.replicas, self.planned.now);
        let mut remember =
            Recommendations::beginning_with(self.planned.recommendations(), current, now);
        let mut statuses = None;
        let (replicas, why) = match self.by_numbers(scale) {
            Some(Decision::Off) => {
                let message = "scaling is disabled since the replica count of the target is zero";
                self.set("ScalingActive", false, "ScalingDisabled", message);
                (current, String::new())
            }
            Some(Decision::To(replicas, why)) => (replicas, why.to_owned()),
            None => {
                let (advice, measured) = self.advise(scale, answers);
                statuses = Some(measured);
                match advice {
                    Ok(advice) => self.moderate(&advice, current, &mut remember),
                    Err(error) => {
                        self.warn("FailedComputeMetricsReplicas", error);
                        self.remember = Some(remember);
                        self.count(scale, self.seen.status.desired_replicas, statuses, false);
                        // What it said before is no wish of this look.
                        "nothing is measured: it stays as it is"
                            .clone_into(&mut self.words.difference);
                        return self.into_plan();
                    }
                }
            }
        };
        if replicas != current {
            self.rescale(scale, replicas, &why);
            if self.seen.spec.behavior.is_some() {
                remember.scaled(current, replicas, now);
            }
        }
        self.remember = Some(remember);
        self.count(scale, replicas, statuses, replicas != current);
        self.into_plan()
    }

    /// What the metrics ask for: the most of all that have an answer. Without any answer, or with
    /// one missing on the way down, nothing is done.
    /// Source: `computeReplicasForMetrics`.
    fn advise(
        &mut self,
        scale: &Scale,
        answers: &[Outcome],
    ) -> (Result<Advice, String>, Vec<autoscaling::MetricStatus>) {
        if let Err(error) = self.check_selector(scale) {
            return (Err(error), Vec::new());
        }
        let all = self.planned.caches.list::<Pod>(Some(self.seen.namespace()));
        let pods: Vec<&Pod> = all
            .filter(|pod| selector::matches(&scale.selector, meta::labels(&pod.metadata)))
            .collect();
        let situation = Situation {
            namespace: self.seen.namespace(),
            replicas: scale.replicas,
            pods: &pods,
            now: self.planned.now,
            profile: self.planned.profile,
        };
        let mut answers = answers.iter();
        let specs: Vec<&autoscaling::MetricSpec> =
            self.seen.spec.metrics.iter().flatten().collect();
        let mut best: Option<Advice> = None;
        let mut failures: Vec<Failed> = Vec::new();
        let mut statuses = Vec::new();
        for spec in &specs {
            let answer = metric::resource(spec).and_then(|_| answers.next());
            match metric::evaluate(spec, answer, situation) {
                Ok(Measured {
                    proposal,
                    name,
                    status,
                }) => {
                    self.words.measured(&name, &proposal);
                    statuses.push(status);
                    if best
                        .as_ref()
                        .is_none_or(|best| proposal.replicas > best.replicas)
                    {
                        let replicas = proposal.replicas;
                        best = Some(Advice { replicas, name });
                    }
                }
                Err(failed) => {
                    self.warn(failed.reason, failed.message.clone());
                    statuses.push(autoscaling::MetricStatus::default());
                    failures.push(failed);
                }
            }
        }
        (self.judge(best, &failures, specs.len(), scale), statuses)
    }

    fn judge(
        &mut self,
        best: Option<Advice>,
        failures: &[Failed],
        metrics: usize,
        scale: &Scale,
    ) -> Result<Advice, String> {
        let error = failures.first().map(|first| {
            let (count, error) = (failures.len(), &first.error);
            format!("invalid metrics ({count} invalid out of {metrics}), first error is: {error}")
        });
        let falls = best
            .as_ref()
            .is_some_and(|best| best.replicas < scale.replicas);
        match (best, failures.first()) {
            (Some(advice), first) if first.is_none() || !falls => {
                let name = &advice.name;
                let message = format!(
                    "the HPA was able to successfully calculate a replica count from {name}"
                );
                self.set("ScalingActive", true, "ValidMetricFound", &message);
                Ok(advice)
            }
            (_, first) => {
                if let Some(Failed {
                    reason, message, ..
                }) = first
                {
                    let message =
                        format!("the HPA was unable to compute the replica count: {message}");
                    self.set("ScalingActive", false, reason, &message);
                }
                Err(error.unwrap_or_default())
            }
        }
    }

    /// Source: `validateAndParseSelector`.
    fn check_selector(&mut self, scale: &Scale) -> Result<(), String> {
        if selector::is_empty(&scale.selector) {
            let error = "selector is required".to_owned();
            self.warn("SelectorRequired", error.clone());
            let message = "the HPA target's scale is missing a selector";
            self.set("ScalingActive", false, "InvalidSelector", message);
            return Err(error);
        }
        let Some(rival) = self.rivals().next() else {
            return Ok(());
        };
        let entry = |scaler: &HorizontalPodAutoscaler| {
            format!("{{{} {}}}", scaler.name(), scaler.namespace())
        };
        let mut names = [entry(self.seen), entry(rival)];
        names.sort();
        let error = format!(
            "pods by selector {} are controlled by more than one HPA (e.g. [{}])",
            selector::print(&scale.selector),
            names.join(" ")
        );
        self.warn("AmbiguousSelector", error.clone());
        self.set("ScalingActive", false, "AmbiguousSelector", &error);
        Err(error)
    }

    /// Holds the advice back and limits it; returns the number and the reason for it.
    fn moderate(
        &mut self,
        advice: &Advice,
        current: i32,
        remember: &mut Recommendations,
    ) -> (i32, String) {
        let why = if advice.replicas > current {
            format!("{} above target", advice.name)
        } else {
            "All metrics below target".to_owned()
        };
        let normalized = rate::normalize(
            self.seen.spec.behavior.as_ref(),
            remember,
            self.bounds(current),
            advice.replicas,
            (self.planned.now, self.planned.profile),
        );
        let (reason, message) = normalized.able;
        self.set("AbleToScale", true, reason, message);
        let (is_limited, reason, message) = normalized.limited;
        self.set("ScalingLimited", is_limited, reason, message);
        self.words.normalized(advice.replicas, &normalized);
        (normalized.replicas, why)
    }

    fn rescale(&mut self, scale: &Scale, replicas: i32, why: &str) {
        let Some(target) = target_key(self.seen) else {
            return;
        };
        let owner = self.seen.clone().into_object();
        let message =
            format!("the HPA controller was able to update the target scale to {replicas}");
        self.set("AbleToScale", true, "SucceededRescale", &message);
        let size = format!("New size: {replicas}; reason: {why}");
        let sentence = format!("scales {target} from {} to {replicas}", scale.replicas);
        let scale = Scale {
            replicas,
            ..scale.clone()
        };
        let failed = format!("{size}; error: {{refusal}}");
        self.actions.push(
            Action::new(target, Verb::UpdateScale(scale), sentence)
                .saying(Said::normal(&owner, "SuccessfulRescale", size))
                .warning(Said::warning(&owner, "FailedRescale", failed)),
        );
    }

    /// Source: `setStatus`.
    fn count(
        &mut self,
        scale: &Scale,
        desired: i32,
        metrics: Option<Vec<autoscaling::MetricStatus>>,
        rescaled: bool,
    ) {
        let now = self.planned.now;
        let status = self.wanted.status_mut();
        status.current_replicas = Some(scale.replicas);
        status.desired_replicas = desired;
        status.current_metrics = metrics.filter(|metrics| !metrics.is_empty());
        if rescaled {
            status.last_scale_time = Some(meta::object_time(now));
        }
        self.words.counted(self.seen, scale, desired);
    }

    fn warn(&mut self, reason: &'static str, message: String) {
        let owner = self.seen.clone().into_object();
        self.events.push(Said::warning(&owner, reason, message));
    }

    /// Source: `setConditionInList`.
    fn set(&mut self, condition_type: &str, is_true: bool, reason: &str, message: &str) {
        let now = self.planned.now;
        let conditions = self.wanted.status_mut().conditions.get_or_insert_default();
        let place = conditions
            .iter()
            .position(|each| each.type_ == condition_type);
        let place = place.unwrap_or_else(|| {
            conditions.push(autoscaling::HorizontalPodAutoscalerCondition {
                type_: condition_type.to_owned(),
                ..autoscaling::HorizontalPodAutoscalerCondition::default()
            });
            conditions.len() - 1
        });
        let condition = &mut conditions[place];
        let status = if is_true { "True" } else { "False" };
        if condition.status != status {
            condition.last_transition_time = Some(meta::object_time(now));
        }
        status.clone_into(&mut condition.status);
        condition.reason = Some(reason.to_owned());
        condition.message = Some(message.to_owned());
    }

    fn into_plan(mut self) -> Plan {
        if self.wanted != *self.seen {
            let wanted = self.wanted.clone().into_object();
            let owner = self.seen.clone().into_object();
            let failed = Said::warning(&owner, "FailedUpdateStatus", "{refusal}".to_owned());
            self.actions
                .push(Action::status(wanted, "writes the status".to_owned()).warning(failed));
        }
        Plan {
            desired: words::desired(self.seen),
            observed: self.words.observed,
            difference: self.words.difference,
            actions: self.actions,
            events: self.events,
            look_again: Some(
                LookAgain::to_check(self.planned.profile.autoscaler.sync)
                    .because("it measures again and may scale"),
            ),
            remember: self.remember.map(Memory::Recommendations),
            when_refused: Some(tell_failure),
            ..Plan::default()
        }
    }
}

/// That the workload could not be scaled is told at once.
///
/// Unlike Kubernetes: what the metrics said is told with the next look that succeeds.
fn tell_failure(planned: &Planned<'_>) -> Vec<Action> {
    let Some(scaler) = planned.subject::<HorizontalPodAutoscaler>() else {
        return Vec::new();
    };
    let is_target = |refusal: &&Refusal| refusal.key == target_key(scaler);
    let Some(refusal) = planned.refused.filter(is_target) else {
        return Vec::new();
    };
    let mut draft = Draft::new(planned, scaler);
    let message = format!(
        "the HPA controller was unable to update the target scale: {}",
        refusal.message
    );
    draft.set("AbleToScale", false, "FailedUpdateScale", &message);
    draft.into_plan().actions
}

#[cfg(test)]
mod tests;
