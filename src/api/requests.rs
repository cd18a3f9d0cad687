//! What a pod requests: containers, init containers, sidecars, pod level, overhead, resizes.

use std::collections::BTreeMap;

use super::{Pod, Quantity, core};

/// Amounts by the name of the resource.
pub type ResourceList = BTreeMap<String, Quantity>;

/// What a container counts that says nothing about cpu: 100m.
/// Source: `pkg/scheduler/util/pod_resources.go`.
pub const DEFAULT_MILLI_CPU_REQUEST: i64 = 100;

/// What a container counts that says nothing about memory: 200 MiB, in bytes.
/// Source: `pkg/scheduler/util/pod_resources.go`.
pub const DEFAULT_MEMORY_REQUEST: i64 = 200 * 1024 * 1024;

/// How the requests of a pod are added up.
/// Source: `PodResourcesOptions` of `component-helpers/resource/helpers.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestOptions {
    /// Whether what the kubelet has already given counts when it is more than the spec asks for,
    /// as while a pod is being resized in place.
    pub use_status: bool,
    /// What each container counts of a resource that it does not name.
    pub non_missing: ResourceList,
}

impl RequestOptions {
    /// The spec alone: what a pod that is not yet placed asks for.
    #[must_use]
    pub fn of_spec() -> Self {
        Self::default()
    }

    /// Spec and status: what a placed pod takes from its node.
    #[must_use]
    pub fn of_placed() -> Self {
        Self {
            use_status: true,
            non_missing: ResourceList::new(),
        }
    }

    /// These, with 100m of cpu and 200 MiB of memory for a container that names none.
    #[must_use]
    pub fn with_defaults(mut self) -> Self {
        let cpu = Quantity::millis(DEFAULT_MILLI_CPU_REQUEST);
        let memory = Quantity::bytes(DEFAULT_MEMORY_REQUEST);
        self.non_missing.insert("cpu".to_owned(), cpu);
        self.non_missing.insert("memory".to_owned(), memory);
        self
    }
}

/// What the pod requests: the sum of its containers and sidecars, or what its init containers need
/// if that is more; what the pod asks for as a whole overrides it; the overhead comes on top.
/// Amounts that are no quantities count as nothing.
/// Source: `PodRequests` of `component-helpers/resource/helpers.go`.
#[must_use]
pub fn pod_requests(pod: &Pod, options: &RequestOptions) -> ResourceList {
    let mut requests = of_containers(pod, |container, stays| {
        requests_of(pod, container, options, options.use_status && stays)
    });
    for (name, amount) in pod_level_requests(&pod.spec) {
        requests.insert(name, amount);
    }
    for (name, amount) in read_list(pod.spec.overhead.as_ref()) {
        *requests.entry(name).or_insert(Quantity::ZERO) += amount;
    }
    requests
}

/// The most that the pod may take: added up like its requests, but the overhead counts only where
/// there is a limit. Source: `PodLimits` of `component-helpers/resource/helpers.go`.
#[must_use]
pub fn pod_limits(pod: &Pod) -> ResourceList {
    let list = |resources: Option<&core::ResourceRequirements>| {
        read_list(resources.and_then(|resources| resources.limits.as_ref()))
    };
    let mut limits = of_containers(pod, |container, _| list(container.resources.as_ref()));
    limits.extend(of_whole_pods(list(pod.spec.resources.as_ref())));
    for (name, amount) in read_list(pod.spec.overhead.as_ref()) {
        if let Some(limit) = limits.get_mut(&name) {
            *limit += amount;
        }
    }
    limits
}

/// What the pod asks for as a whole.
#[must_use]
pub fn pod_level_requests(spec: &core::PodSpec) -> ResourceList {
    let resources = spec.resources.as_ref();
    of_whole_pods(read_list(
        resources.and_then(|resources| resources.requests.as_ref()),
    ))
}

/// The resources that a pod can ask for as a whole: cpu, memory and huge pages.
/// Source: `IsSupportedPodLevelResource` of `component-helpers/resource/helpers.go`.
fn of_whole_pods(mut amounts: ResourceList) -> ResourceList {
    amounts.retain(|name, _| matches!(name.as_str(), "cpu" | "memory") || is_huge_pages(name));
    amounts
}

/// Whether the resource is huge pages of some size.
#[must_use]
pub fn is_huge_pages(name: &str) -> bool {
    name.starts_with("hugepages-")
}

/// The amounts of a list as the API has it; what is no quantity counts as nothing.
#[must_use]
pub fn read_list(
    list: Option<&BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>>,
) -> ResourceList {
    let amounts = list.into_iter().flatten();
    amounts
        .map(|(name, amount)| (name.clone(), amount.0.parse().unwrap_or(Quantity::ZERO)))
        .collect()
}

/// The amounts of containers and sidecars together, or what the init containers need if that is
/// more. The amounts of one container are asked for with whether it stays as long as the pod.
fn of_containers(
    pod: &Pod,
    amounts: impl Fn(&core::Container, bool) -> ResourceList,
) -> ResourceList {
    let mut sum = ResourceList::new();
    for container in &pod.spec.containers {
        add(&mut sum, &amounts(container, true));
    }
    let mut sidecars = ResourceList::new();
    let mut starting = ResourceList::new();
    for container in pod.spec.init_containers.iter().flatten() {
        let is_sidecar = is_sidecar(container);
        let mut needed = amounts(container, is_sidecar);
        if is_sidecar {
            add(&mut sum, &needed);
            add(&mut sidecars, &needed);
            needed.clone_from(&sidecars);
        } else {
            add(&mut needed, &sidecars);
        }
        raise(&mut starting, &needed);
    }
    raise(&mut sum, &starting);
    sum
}

/// Whether an init container goes on running beside the containers.
#[must_use]
pub fn is_sidecar(container: &core::Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn requests_of(
    pod: &Pod,
    container: &core::Container,
    options: &RequestOptions,
    use_status: bool,
) -> ResourceList {
    let resources = container.resources.as_ref();
    let mut requests = read_list(resources.and_then(|resources| resources.requests.as_ref()));
    if use_status && let Some(status) = status_of(pod, &container.name) {
        requests = with_status(pod, requests, status);
    }
    for (name, amount) in &options.non_missing {
        requests.entry(name.clone()).or_insert(*amount);
    }
    requests
}

fn status_of<'a>(pod: &'a Pod, container: &str) -> Option<&'a core::ContainerStatus> {
    let regular = pod.status.container_statuses.iter().flatten();
    let initial = pod.status.init_container_statuses.iter().flatten();
    regular
        .chain(initial)
        .find(|status| status.name == container)
}

/// The most of what is asked, running and allocated; a resize that cannot be done asks for nothing.
fn with_status(pod: &Pod, asked: ResourceList, status: &core::ContainerStatus) -> ResourceList {
    let Some(running) = &status.resources else {
        return asked;
    };
    let is_infeasible = pod
        .condition("PodResizePending")
        .is_some_and(|condition| condition.reason.as_deref() == Some("Infeasible"));
    let mut most = if is_infeasible {
        ResourceList::new()
    } else {
        asked
    };
    raise(&mut most, &read_list(running.requests.as_ref()));
    raise(&mut most, &read_list(status.allocated_resources.as_ref()));
    most
}

fn add(sum: &mut ResourceList, more: &ResourceList) {
    for (name, amount) in more {
        *sum.entry(name.clone()).or_insert(Quantity::ZERO) += *amount;
    }
}

fn raise(most: &mut ResourceList, other: &ResourceList) {
    for (name, amount) in other {
        let entry = most.entry(name.clone()).or_insert(*amount);
        *entry = (*entry).max(*amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Object, Typed};

    fn pod(spec: &serde_json::Value) -> Pod {
        let value = serde_json::json!({"metadata": {"name": "web"}, "spec": spec});
        let object = Object::from_value(Kind::Pod, value).expect("a pod");
        Pod::of(&object).expect("a pod").clone()
    }

    fn asks(cpu: &str) -> serde_json::Value {
        serde_json::json!({"name": "c", "resources": {"requests": {"cpu": cpu}}})
    }

    fn sidecar(cpu: &str) -> serde_json::Value {
        let mut container = asks(cpu);
        container["restartPolicy"] = "Always".into();
        container
    }

    fn millis(pod: &Pod) -> i64 {
        pod_requests(pod, &RequestOptions::of_spec())["cpu"].milli_value()
    }

    #[test]
    fn s3_init_containers_count_by_their_maximum_and_sidecars_by_their_sum() {
        let cases = [
            (vec![asks("100m"), asks("200m")], vec![], 300),
            (vec![asks("100m")], vec![asks("500m"), asks("400m")], 500),
            (vec![asks("100m")], vec![sidecar("50m"), asks("500m")], 550),
            (vec![asks("100m")], vec![asks("500m"), sidecar("50m")], 500),
            (
                vec![asks("100m")],
                vec![sidecar("300m"), sidecar("50m")],
                450,
            ),
        ];
        for (containers, init, expected) in cases {
            let spec = serde_json::json!({"containers": containers, "initContainers": init});
            assert_eq!(millis(&pod(&spec)), expected, "{spec}");
        }
    }

    #[test]
    fn s3_overhead_comes_on_top_of_what_the_pod_asks_for_as_a_whole() {
        let spec = serde_json::json!({
            "containers": [asks("100m")],
            "resources": {"requests": {"cpu": "700m", "example.com/card": "1"}},
            "overhead": {"cpu": "50m"},
        });
        let requests = pod_requests(&pod(&spec), &RequestOptions::of_spec());
        assert_eq!(requests["cpu"].milli_value(), 750);
        assert!(!requests.contains_key("example.com/card"));
    }

    #[test]
    fn s3_for_scores_a_container_without_requests_counts_100m_and_200_mebibytes() {
        let spec = serde_json::json!({"containers": [{"name": "a"}, asks("300m")]});
        let requests = pod_requests(&pod(&spec), &RequestOptions::of_spec().with_defaults());
        assert_eq!(requests["cpu"].milli_value(), 400);
        assert_eq!(requests["memory"].value(), 400 * 1024 * 1024);
    }

    #[test]
    fn a_pod_that_shrinks_takes_what_it_has_until_the_kubelet_has_done_it() {
        let value = serde_json::json!({
            "metadata": {"name": "web"},
            "spec": {"containers": [asks("100m")]},
            "status": {"containerStatuses": [{
                "name": "c", "image": "", "imageID": "", "ready": true, "restartCount": 0,
                "resources": {"requests": {"cpu": "400m"}},
            }]},
        });
        let object = Object::from_value(Kind::Pod, value).expect("a pod");
        let pod = Pod::of(&object).expect("a pod");
        let placed = pod_requests(pod, &RequestOptions::of_placed());
        assert_eq!((placed["cpu"].milli_value(), millis(pod)), (400, 100));
    }
}
