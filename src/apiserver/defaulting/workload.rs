//! Defaults of the kinds that make pods.
//! Source: `pkg/apis/apps/v1/defaults.go`, `pkg/apis/batch/v1/defaults.go` and
//! `pkg/registry/batch/job/strategy.go`.

use crate::api::{IntOrString, Job, LabelSelector, ObjectMeta, apps, batch, core, meta::Labels};

use super::pod::{CLAIM, TEMPLATE};
use super::rule::{Rule, each, fill, is_blank, lacks, part, text, value};

/// The rules of a template that is always there.
macro_rules! template {
    () => {
        Rule {
            lacks: |spec| lacks(&spec.template, TEMPLATE),
            set: |spec| fill(&mut spec.template, TEMPLATE),
        }
    };
}

pub(super) const DEPLOYMENT: &[Rule<apps::DeploymentSpec>] = &[
    value!(replicas = 1),
    value!(strategy = apps::DeploymentStrategy::default()),
    part!(strategy: &[
        text!(type_ = "RollingUpdate"),
        Rule {
            lacks: |strategy: &apps::DeploymentStrategy| {
                is_rolling(strategy.type_.as_ref()) && strategy.rolling_update.is_none()
            },
            set: |strategy| strategy.rolling_update = Some(apps::RollingUpdateDeployment::default()),
        },
        Rule {
            lacks: |strategy| {
                let rolling = strategy.rolling_update.as_ref();
                is_rolling(strategy.type_.as_ref())
                    && rolling.is_some_and(|rolling| lacks(rolling, ROLLING_DEPLOYMENT))
            },
            set: |strategy| {
                if let Some(rolling) = &mut strategy.rolling_update {
                    fill(rolling, ROLLING_DEPLOYMENT);
                }
            },
        },
    ]),
    value!(revision_history_limit = 10),
    value!(progress_deadline_seconds = 600),
    template!(),
];

const ROLLING_DEPLOYMENT: &[Rule<apps::RollingUpdateDeployment>] = &[
    value!(max_unavailable = IntOrString::String("25%".to_owned())),
    value!(max_surge = IntOrString::String("25%".to_owned())),
];

fn is_rolling(kind: Option<&String>) -> bool {
    kind.is_some_and(|kind| kind == "RollingUpdate")
}

pub(super) const REPLICA_SET: &[Rule<apps::ReplicaSetSpec>] = &[
    value!(replicas = 1),
    value!(template = core::PodTemplateSpec::default()),
    part!(template: TEMPLATE),
];

pub(super) const STATEFUL_SET: &[Rule<apps::StatefulSetSpec>] = &[
    text!(pod_management_policy = "OrderedReady"),
    value!(update_strategy = apps::StatefulSetUpdateStrategy::default()),
    part!(update_strategy: &[
        Rule {
            lacks: |strategy: &apps::StatefulSetUpdateStrategy| is_blank(strategy.type_.as_ref()),
            set: |strategy| {
                strategy.type_ = Some("RollingUpdate".to_owned());
                strategy.rolling_update.get_or_insert_default();
            },
        },
        part!(rolling_update: &[value!(partition = 0)]),
    ]),
    value!(
        persistent_volume_claim_retention_policy =
            apps::StatefulSetPersistentVolumeClaimRetentionPolicy::default()
    ),
    part!(persistent_volume_claim_retention_policy: &[
        text!(when_deleted = "Retain"),
        text!(when_scaled = "Retain"),
    ]),
    value!(replicas = 1),
    value!(revision_history_limit = 10),
    each!(volume_claim_templates: &[part!(spec: CLAIM)]),
    template!(),
];

pub(super) const DAEMON_SET: &[Rule<apps::DaemonSetSpec>] = &[
    value!(update_strategy = apps::DaemonSetUpdateStrategy::default()),
    part!(update_strategy: &[
        text!(type_ = "RollingUpdate"),
        Rule {
            lacks: |strategy: &apps::DaemonSetUpdateStrategy| {
                is_rolling(strategy.type_.as_ref()) && strategy.rolling_update.is_none()
            },
            set: |strategy| strategy.rolling_update = Some(apps::RollingUpdateDaemonSet::default()),
        },
        part!(rolling_update: &[
            value!(max_unavailable = IntOrString::Int(1)),
            value!(max_surge = IntOrString::Int(0)),
        ]),
    ]),
    value!(revision_history_limit = 10),
    template!(),
];

pub(super) const JOB: &[Rule<batch::JobSpec>] = &[
    Rule {
        lacks: |spec| spec.completions.is_none() && spec.parallelism.is_none(),
        set: |spec| spec.completions = Some(1),
    },
    value!(parallelism = 1),
    Rule {
        lacks: |spec| spec.backoff_limit.is_none(),
        // With a limit for each index there is no limit for all of them.
        set: |spec| {
            let per_index = spec.backoff_limit_per_index.is_some();
            spec.backoff_limit = Some(if per_index { i32::MAX } else { 6 });
        },
    },
    text!(completion_mode = "NonIndexed"),
    value!(suspend = false),
    Rule {
        lacks: |spec| is_blank(spec.pod_replacement_policy.as_ref()),
        set: |spec| {
            let by_policy = spec.pod_failure_policy.is_some();
            let policy = if by_policy {
                "Failed"
            } else {
                "TerminatingOrFailed"
            };
            spec.pod_replacement_policy = Some(policy.to_owned());
        },
    },
    value!(manual_selector = false),
    template!(),
];

pub(super) const CRON_JOB: &[Rule<batch::CronJobSpec>] = &[
    text!(concurrency_policy = "Allow"),
    value!(suspend = false),
    value!(successful_jobs_history_limit = 3),
    value!(failed_jobs_history_limit = 1),
    // Only the pods of the Job have defaults here; the Job gets its own when it is made.
    Rule {
        lacks: |spec| {
            let job = spec.job_template.spec.as_ref();
            job.is_none_or(|job| lacks(&job.template, TEMPLATE))
        },
        set: |spec| {
            let job = spec.job_template.spec.get_or_insert_default();
            fill(&mut job.template, TEMPLATE);
        },
    },
];

/// The labels of a Job without any are those of its pods. What a new one is given for its pods is
/// seen on itself as well, for what is read from the store has its defaults filled in anew.
/// Source: `SetDefaults_Job`.
pub(in crate::apiserver) fn job_labels(job: &mut Job) {
    let own = job.metadata.labels.as_ref();
    if own.is_none_or(Labels::is_empty)
        && let Some(labels) = job
            .spec
            .template
            .metadata
            .as_ref()
            .and_then(|it| it.labels.clone())
    {
        job.metadata_mut().labels = Some(labels);
    }
}

/// Gives a Job a selector of its own, and its pods the labels that it picks. The uid is known by
/// now; a selector that the user manages stays as it is.
pub(in crate::apiserver) fn generate_job_selector(job: &mut Job) {
    if job.spec.manual_selector == Some(true) {
        return;
    }
    let (uid, name) = (job.uid().to_owned(), job.name().to_owned());
    let spec = job.spec_mut();
    let metadata = spec
        .template
        .metadata
        .get_or_insert_with(ObjectMeta::default);
    let labels = metadata.labels.get_or_insert_default();
    for (label, value) in [
        ("batch.kubernetes.io/job-name", &name),
        ("job-name", &name),
        ("batch.kubernetes.io/controller-uid", &uid),
        ("controller-uid", &uid),
    ] {
        labels.insert(label.to_owned(), value.clone());
    }
    let selector = spec.selector.get_or_insert_with(LabelSelector::default);
    let picked = selector.match_labels.get_or_insert_default();
    let label = "batch.kubernetes.io/controller-uid".to_owned();
    picked.entry(label).or_insert(uid);
}
