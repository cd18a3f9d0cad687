//! The cells of an object, by its kind, and the small texts that many of them share.

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::{autoscaling, cluster, pods, storage, workloads};
use crate::api::meta::Labels;
use crate::api::{LabelSelector, Object, Quantity};
use crate::sim::Time;

/// What stands in a cell that would be empty.
pub(in crate::kubectl) const NONE: &str = "<none>";

/// All cells of an object, those of `-o wide` included, in the order of its kind's columns.
pub(super) fn of(object: &Object, now: Time) -> Vec<String> {
    match object {
        Object::Namespace(namespace) => cluster::namespace(namespace, now),
        Object::Node(node) => cluster::node(node, now),
        Object::Pod(pod) => pods::cells(pod, now),
        Object::Deployment(deployment) => workloads::deployment(deployment, now),
        Object::ReplicaSet(set) => workloads::replica_set(set, now),
        Object::StatefulSet(set) => workloads::stateful_set(set, now),
        Object::DaemonSet(set) => workloads::daemon_set(set, now),
        Object::ControllerRevision(revision) => workloads::revision(revision, now),
        Object::Job(job) => workloads::job(job, now),
        Object::CronJob(job) => workloads::cron_job(job, now),
        Object::Service(service) => cluster::service(service, now),
        Object::EndpointSlice(slice) => cluster::endpoint_slice(slice, now),
        Object::ConfigMap(map) => cluster::config_map(map, now),
        Object::Secret(secret) => cluster::secret(secret, now),
        Object::ServiceAccount(account) => cluster::service_account(account, now),
        Object::Event(event) => cluster::event(event, now),
        Object::Lease(lease) => cluster::lease(lease, now),
        Object::HorizontalPodAutoscaler(scaler) => autoscaling::scaler(scaler, now),
        Object::PodDisruptionBudget(budget) => autoscaling::budget(budget, now),
        Object::PriorityClass(class) => autoscaling::priority_class(class, now),
        Object::ResourceQuota(quota) => autoscaling::quota(quota, now),
        Object::LimitRange(range) => autoscaling::limit_range(range),
        Object::PersistentVolume(volume) => storage::volume(volume, now),
        Object::PersistentVolumeClaim(claim) => storage::claim(claim, now),
        Object::StorageClass(class) => storage::class(class, now),
    }
}

/// `app=web,tier=front`, or `<none>`. Source: `labels.FormatLabels`.
#[must_use]
pub(in crate::kubectl) fn label_text(labels: &Labels) -> String {
    if labels.is_empty() {
        return NONE.to_owned();
    }
    join(labels.iter().map(|(key, value)| format!("{key}={value}")))
}

/// The selector with its requirements by key, or `<none>`. Source: `metav1.FormatLabelSelector`.
#[must_use]
pub(in crate::kubectl) fn selector_text(selector: Option<&LabelSelector>) -> String {
    let text = selector.map(sorted_selector).unwrap_or_default();
    if text.is_empty() {
        NONE.to_owned()
    } else {
        text
    }
}

fn sorted_selector(selector: &LabelSelector) -> String {
    let equal = selector.match_labels.iter().flatten();
    let equal = equal.map(|(key, value)| (key.as_str(), format!("{key}={value}")));
    let expressions = selector.match_expressions.iter().flatten();
    let expressions = expressions.map(|requirement| {
        let key = requirement.key.as_str();
        let mut values: Vec<&str> = requirement
            .values
            .iter()
            .flatten()
            .map(String::as_str)
            .collect();
        values.sort_unstable();
        let values = values.join(",");
        let text = match requirement.operator.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "DoesNotExist" => format!("!{key}"),
            _ => key.to_owned(),
        };
        (key, text)
    });
    let mut requirements: Vec<(&str, String)> = equal.chain(expressions).collect();
    requirements.sort_by(|one, two| one.0.cmp(two.0));
    join(requirements.into_iter().map(|(_, text)| text))
}

/// The amount in its canonical form; as it stands where it is no amount; `0` for none.
#[must_use]
pub(in crate::kubectl) fn quantity_text(quantity: Option<&OfficialQuantity>) -> String {
    quantity.map_or_else(
        || "0".to_owned(),
        |quantity| {
            quantity
                .0
                .parse::<Quantity>()
                .map_or_else(|_| quantity.0.clone(), |amount| amount.to_string())
        },
    )
}

/// The texts with commas between them.
pub(in crate::kubectl) fn join(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let mut joined = String::new();
    for text in texts {
        if !joined.is_empty() {
            joined.push(',');
        }
        joined.push_str(text.as_ref());
    }
    joined
}
