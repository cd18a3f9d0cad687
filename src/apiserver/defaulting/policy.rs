//! Defaults of the kinds that neither run pods nor route to them.

use k8s_openapi::ByteString;

use crate::api::{Namespace, autoscaling, core, discovery, scheduling, storage};

use super::rule::{Amounts, Rule, amounts, each, fill, is_blank, lacks, part, text, value};

/// What a HorizontalPodAutoscaler aims at when it names no metric: 80 % of the requested cpu.
const CPU_UTILIZATION: i32 = 80;

/// The label with the name of the namespace, which nobody can take away.
const NAME_LABEL: &str = "kubernetes.io/metadata.name";

pub(super) const ENDPOINT_SLICE: &[Rule<discovery::EndpointSlice>] = &[each!(ports: &[
    value!(name = String::new()),
    text!(protocol = "TCP"),
])];

/// The name as a label, and the finalizer that empties the namespace before it goes.
pub(super) fn namespace(namespace: &mut Namespace) {
    let name = namespace.name().to_owned();
    let labels = namespace.metadata.labels.as_ref();
    let labelled = labels.and_then(|labels| labels.get(NAME_LABEL)) == Some(&name);
    if !name.is_empty() && !labelled {
        let labels = namespace.metadata_mut().labels.get_or_insert_default();
        labels.insert(NAME_LABEL.to_owned(), name);
    }
    // A namespace that is on its way out loses its finalizers and does not get them back.
    if namespace.metadata.uid.is_none() && namespace.spec.finalizers.is_none() {
        namespace.spec_mut().finalizers = Some(vec!["kubernetes".to_owned()]);
    }
}

/// A node's one range of addresses is the first of all of them: who writes only the one means that.
/// Source: `Convert_v1_NodeSpec_To_core_NodeSpec` and its way back.
pub(super) const NODE: &[Rule<core::NodeSpec>] = &[
    Rule {
        lacks: |spec| {
            let first = spec.pod_cidrs.as_ref().and_then(|ranges| ranges.first());
            !is_blank(spec.pod_cidr.as_ref()) && first != spec.pod_cidr.as_ref()
        },
        set: |spec| spec.pod_cidrs = spec.pod_cidr.clone().map(|range| vec![range]),
    },
    Rule {
        lacks: |spec| {
            let first = spec.pod_cidrs.as_ref().and_then(|ranges| ranges.first());
            is_blank(spec.pod_cidr.as_ref()) && first.is_some()
        },
        set: |spec| {
            let first = spec.pod_cidrs.as_ref().and_then(|ranges| ranges.first());
            spec.pod_cidr = first.cloned();
        },
    },
];

/// A node can give all that it has when it says nothing else.
pub(super) const NODE_STATUS: &[Rule<core::NodeStatus>] = &[
    amounts!(capacity),
    amounts!(allocatable),
    Rule {
        lacks: |status| status.allocatable.is_none() && status.capacity.is_some(),
        set: |status| status.allocatable.clone_from(&status.capacity),
    },
];

pub(super) const SECRET: &[Rule<core::Secret>] = &[
    text!(type_ = "Opaque"),
    // What was written as text is stored as bytes.
    Rule {
        lacks: |secret| secret.string_data.is_some(),
        set: |secret| {
            let texts = secret.string_data.take().unwrap_or_default();
            let data = secret.data.get_or_insert_default();
            for (key, text) in texts {
                data.insert(key, ByteString(text.into_bytes()));
            }
        },
    },
];

pub(super) const PRIORITY_CLASS: &[Rule<scheduling::PriorityClass>] =
    &[text!(preemption_policy = "PreemptLowerPriority")];

pub(super) const RESOURCE_QUOTA: &[Rule<core::ResourceQuotaSpec>] = &[amounts!(hard)];

pub(super) const LIMIT_RANGE: &[Rule<core::LimitRangeSpec>] = &[Rule {
    lacks: |spec| spec.limits.iter().any(|item| lacks(item, LIMIT)),
    set: |spec| {
        for item in &mut spec.limits {
            fill(item, LIMIT);
        }
    },
}];

/// For containers, a maximum is the default limit, that is the default request, and so is the
/// minimum.
const LIMIT: &[Rule<core::LimitRangeItem>] = &[
    amounts!(max),
    amounts!(min),
    amounts!(default),
    amounts!(default_request),
    amounts!(max_limit_request_ratio),
    Rule {
        lacks: |item| is_of_containers(item) && misses(item.default.as_ref(), item.max.as_ref()),
        set: |item| complete(&mut item.default, item.max.as_ref()),
    },
    Rule {
        lacks: |item| {
            let request = item.default_request.as_ref();
            is_of_containers(item) && misses(request, item.default.as_ref())
        },
        set: |item| complete(&mut item.default_request, item.default.as_ref()),
    },
    Rule {
        lacks: |item| {
            let request = item.default_request.as_ref();
            is_of_containers(item) && misses(request, item.min.as_ref())
        },
        set: |item| complete(&mut item.default_request, item.min.as_ref()),
    },
];

fn is_of_containers(item: &core::LimitRangeItem) -> bool {
    item.type_ == "Container"
}

fn misses(amounts: Option<&Amounts>, source: Option<&Amounts>) -> bool {
    let mut names = source.into_iter().flat_map(|source| source.keys());
    names.any(|name| amounts.is_none_or(|amounts| !amounts.contains_key(name)))
}

fn complete(amounts: &mut Option<Amounts>, source: Option<&Amounts>) {
    let amounts = amounts.get_or_insert_default();
    for (name, amount) in source.into_iter().flatten() {
        amounts
            .entry(name.clone())
            .or_insert_with(|| amount.clone());
    }
}

pub(super) const VOLUME: &[Rule<core::PersistentVolumeSpec>] = &[
    amounts!(capacity),
    text!(persistent_volume_reclaim_policy = "Retain"),
    text!(volume_mode = "Filesystem"),
    part!(host_path: &[value!(type_ = String::new())]),
];

pub(super) const STORAGE_CLASS: &[Rule<storage::StorageClass>] = &[
    text!(reclaim_policy = "Delete"),
    text!(volume_binding_mode = "Immediate"),
];

/// Source: `pkg/apis/autoscaling/v2/defaults.go`.
pub(super) const AUTOSCALER: &[Rule<autoscaling::HorizontalPodAutoscalerSpec>] = &[
    value!(min_replicas = 1),
    Rule {
        lacks: |spec| spec.metrics.as_ref().is_none_or(Vec::is_empty),
        set: |spec| spec.metrics = Some(vec![cpu_metric()]),
    },
    part!(behavior: &[
        value!(scale_up = autoscaling::HPAScalingRules::default()),
        value!(scale_down = autoscaling::HPAScalingRules::default()),
        part!(scale_up: SCALE_UP),
        part!(scale_down: SCALE_DOWN),
    ]),
];

fn cpu_metric() -> autoscaling::MetricSpec {
    autoscaling::MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(autoscaling::ResourceMetricSource {
            name: "cpu".to_owned(),
            target: autoscaling::MetricTarget {
                type_: "Utilization".to_owned(),
                average_utilization: Some(CPU_UTILIZATION),
                ..autoscaling::MetricTarget::default()
            },
        }),
        ..autoscaling::MetricSpec::default()
    }
}

/// Four pods or as many again each 15 s, whichever is more, without waiting.
const SCALE_UP: &[Rule<autoscaling::HPAScalingRules>] = &[
    value!(stabilization_window_seconds = 0),
    text!(select_policy = "Max"),
    value!(policies = vec![policy("Pods", 4), policy("Percent", 100)]),
];

/// All of them each 15 s; the window of 300 s is a flag of the controller.
const SCALE_DOWN: &[Rule<autoscaling::HPAScalingRules>] = &[
    text!(select_policy = "Max"),
    value!(policies = vec![policy("Percent", 100)]),
];

fn policy(kind: &str, value: i32) -> autoscaling::HPAScalingPolicy {
    autoscaling::HPAScalingPolicy {
        type_: kind.to_owned(),
        value,
        period_seconds: 15,
    }
}
