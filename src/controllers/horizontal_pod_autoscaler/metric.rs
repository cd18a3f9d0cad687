//! One metric of an autoscaler: what it asks for, how it reads in the status, or why it has no answer.
//! Source: `computeReplicasForMetric` of `pkg/controller/podautoscaler/horizontal.go`.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use super::replicas::{self, Proposal, Question, Target};
use crate::api::{LabelSelector, Metrics, Pod, Quantity, autoscaling};
use crate::apiserver::{Answer, Outcome};
use crate::sim::{Profile, Time};

/// What a metric that has an answer says.
pub(super) struct Measured {
    /// How many replicas it asks for.
    pub(super) proposal: Proposal,
    /// Its name in conditions and events.
    pub(super) name: String,
    /// How it reads in the status.
    pub(super) status: autoscaling::MetricStatus,
}

/// Why a metric has no answer.
pub(super) struct Failed {
    /// The reason of the event and of the condition ScalingActive.
    pub(super) reason: &'static str,
    /// What they say.
    pub(super) message: String,
    /// The same as a part of the error of all metrics together.
    pub(super) error: String,
}

/// What a metric is held against.
#[derive(Clone, Copy)]
pub(super) struct Situation<'a> {
    /// The namespace of the autoscaler.
    pub(super) namespace: &'a str,
    /// How many replicas are wanted now.
    pub(super) replicas: i32,
    /// The pods that the selector picks.
    pub(super) pods: &'a [&'a Pod],
    /// Now.
    pub(super) now: Time,
    /// Constants.
    pub(super) profile: &'a Profile,
}

/// The resource that a metric reads from `metrics.k8s.io`, its container and its target; none for
/// metrics of other kinds.
pub(super) fn resource(
    spec: &autoscaling::MetricSpec,
) -> Option<(&str, Option<&str>, &autoscaling::MetricTarget)> {
    match (&spec.resource, &spec.container_resource) {
        (Some(source), _) => Some((&source.name, None, &source.target)),
        (None, Some(source)) => Some((&source.name, Some(&source.container), &source.target)),
        (None, None) => None,
    }
}

/// Evaluates a metric; `answer` is what `metrics.k8s.io` said, for metrics that are read there.
pub(super) fn evaluate(
    spec: &autoscaling::MetricSpec,
    answer: Option<&Outcome>,
    situation: Situation<'_>,
) -> Result<Measured, Failed> {
    match (resource(spec), answer) {
        (Some((name, container, target)), Some(answer)) => {
            let proposal = of_resource((name, container, target), answer, situation);
            match proposal {
                Ok(proposal) => Ok(measured((name, container, target), proposal)),
                Err(message) => Err(unmeasured(name, container, message)),
            }
        }
        _ => Err(unserved(spec, situation.namespace)),
    }
}

fn of_resource(
    (resource, container, target): (&str, Option<&str>, &autoscaling::MetricTarget),
    answer: &Outcome,
    situation: Situation<'_>,
) -> Result<Proposal, String> {
    let (target, what) = match (&target.average_value, target.average_utilization) {
        (Some(Text(average)), _) => {
            let average = average.parse::<Quantity>().unwrap_or(Quantity::ZERO);
            (Target::Average(average.milli_value()), "usage")
        }
        (None, Some(utilization)) => (Target::Utilization(utilization), "utilization"),
        (None, None) => {
            let why = "invalid resource metric source: neither an average utilization target nor \
                       an average value (usage) target was set";
            return Err(why.to_owned());
        }
    };
    let fail = |why: String| format!("failed to get {resource} {what}: {why}");
    let samples = metrics(answer)
        .and_then(|metrics| replicas::samples(metrics, resource, container))
        .map_err(|why| {
            fail(format!(
                "unable to get metrics for resource {resource}: {why}"
            ))
        })?;
    let question = Question {
        resource,
        container,
        replicas: situation.replicas,
        target,
        pods: situation.pods,
        now: situation.now,
        profile: situation.profile,
    };
    question.propose(samples).map_err(fail)
}

/// Source: `GetResourceMetric` of `metrics/client.go`.
fn metrics(answer: &Outcome) -> Result<&[Metrics], String> {
    match answer {
        Ok(Answer::Metrics(metrics)) if !metrics.is_empty() => Ok(metrics),
        Ok(_) => Err("no metrics returned from resource metrics API".to_owned()),
        Err(refusal) => Err(format!(
            "unable to fetch metrics from resource metrics API: {refusal}"
        )),
    }
}

fn measured(
    (resource, container, target): (&str, Option<&str>, &autoscaling::MetricTarget),
    proposal: Proposal,
) -> Measured {
    let amount = Text(Quantity::millis(proposal.average).to_string());
    let current = autoscaling::MetricValueStatus {
        average_utilization: proposal.utilization,
        average_value: Some(amount),
        value: None,
    };
    let kind = match container {
        _ if target.average_value.is_some() => "resource",
        None => "resource utilization (percentage of request)",
        Some(_) => "container resource utilization (percentage of request)",
    };
    let status = match container {
        None => autoscaling::MetricStatus {
            type_: "Resource".to_owned(),
            resource: Some(autoscaling::ResourceMetricStatus {
                name: resource.to_owned(),
                current,
            }),
            ..autoscaling::MetricStatus::default()
        },
        Some(container) => autoscaling::MetricStatus {
            type_: "ContainerResource".to_owned(),
            container_resource: Some(autoscaling::ContainerResourceMetricStatus {
                name: resource.to_owned(),
                container: container.to_owned(),
                current,
            }),
            ..autoscaling::MetricStatus::default()
        },
    };
    Measured {
        name: format!("{resource} {kind}"),
        proposal,
        status,
    }
}

fn unmeasured(resource: &str, container: Option<&str>, message: String) -> Failed {
    let (reason, error) = match container {
        None => (
            "FailedGetResourceMetric",
            format!("failed to get {resource} resource metric value: {message}"),
        ),
        Some(container) => (
            "FailedGetContainerResourceMetric",
            format!("failed to get {container} container metric value: {message}"),
        ),
    };
    Failed {
        reason,
        message,
        error,
    }
}

const NO_CUSTOM_METRICS: &str = "unable to fetch metrics from custom metrics API: no custom \
     metrics API (custom.metrics.k8s.io) registered";

/// A metric of pods, of another object or from outside: nothing here serves such metrics.
fn unserved(spec: &autoscaling::MetricSpec, namespace: &str) -> Failed {
    if let Some(pods) = &spec.pods {
        let name = &pods.metric.name;
        let message = format!("unable to get metric {name}: {NO_CUSTOM_METRICS}");
        let error = format!("failed to get pods metric value: {message}");
        return Failed {
            reason: "FailedGetPodsMetric",
            message,
            error,
        };
    }
    if let Some(object) = &spec.object {
        let (name, about) = (&object.metric.name, &object.described_object);
        let message = format!(
            "unable to get metric {name} on {} {namespace}/{}: {NO_CUSTOM_METRICS}",
            about.kind, about.name
        );
        let inner = if object.target.average_value.is_some() {
            format!("failed to get {name} object metric: {message}")
        } else {
            message.clone()
        };
        return Failed {
            reason: "FailedGetObjectMetric",
            message,
            error: format!("failed to get object metric value: {inner}"),
        };
    }
    if let Some(external) = &spec.external {
        let name = &external.metric.name;
        let selector = selector(external.metric.selector.as_ref());
        let message = format!(
            "unable to get external metric {namespace}/{name}/{selector}: unable to fetch metrics \
             from external metrics API: the server could not find the requested resource (get \
             {name}.external.metrics.k8s.io)"
        );
        let inner = if external.target.average_value.is_some() {
            format!("failed to get {name} external metric: {message}")
        } else {
            format!("failed to get external metric {name}: {message}")
        };
        return Failed {
            reason: "FailedGetExternalMetric",
            message,
            error: format!("failed to get {name} external metric value: {inner}"),
        };
    }
    let message = format!("unknown metric source type \"{}\"", spec.type_);
    Failed {
        reason: "InvalidMetricSourceType",
        error: message.clone(),
        message,
    }
}

/// A selector as Go prints it.
fn selector(selector: Option<&LabelSelector>) -> String {
    let Some(selector) = selector else {
        return "nil".to_owned();
    };
    let labels = selector.match_labels.iter().flatten();
    let labels: Vec<String> = labels
        .map(|(name, value)| format!("{name}: {value},"))
        .collect();
    let requirements = selector.match_expressions.iter().flatten();
    let requirements: Vec<String> = requirements
        .map(|each| {
            let values = each.values.as_deref().unwrap_or_default().join(" ");
            let (key, operator) = (&each.key, &each.operator);
            format!("LabelSelectorRequirement{{Key:{key},Operator:{operator},Values:[{values}],}},")
        })
        .collect();
    let (labels, requirements) = (labels.concat(), requirements.concat());
    format!(
        "&LabelSelector{{MatchLabels:map[string]string{{{labels}}},\
         MatchExpressions:[]LabelSelectorRequirement{{{requirements}}},}}"
    )
}
