//! The spec of a pod, in a pod or in the template of a workload.
//! Source: `ValidatePodSpec` in `pkg/apis/core/validation/validation.go`.

use crate::api::core;
use crate::apiserver::FieldError;

use super::format::{self, check, one_of, one_of_if_set};
use super::path::Path;
use super::values::{json, text};
use super::volume::{self, Volumes};
use super::{amounts, container, metadata, placement};

/// What a container needs to know of its pod.
pub(super) struct Surroundings<'a> {
    /// The volumes that it may mount.
    pub(super) volumes: Volumes<'a>,
    /// How long the pod may take to end, in seconds.
    pub(super) grace: Option<i64>,
    /// When containers are started again.
    pub(super) restart_policy: &'a str,
}

/// Whether the spec is that of a pod, for which some rules are stricter.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// A pod.
    Pod,
    /// A template, from which pods are made later.
    Template,
}

/// Everything that a spec says, given its defaults.
pub(super) fn pod_spec(
    path: &Path<'_>,
    spec: &core::PodSpec,
    place: Place,
    errors: &mut Vec<FieldError>,
) {
    let grace = spec.termination_grace_period_seconds;
    if grace.is_none() {
        let path = path.child("terminationGracePeriodSeconds");
        errors.push(FieldError::required(&path, ""));
    }
    let volumes = spec.volumes.as_deref().unwrap_or_default();
    let around = Surroundings {
        volumes: volume::volumes(&path.child("volumes"), volumes, errors),
        grace,
        restart_policy: text(spec.restart_policy.as_ref()),
    };
    containers(path, spec, &around, errors);
    if spec.host_network == Some(true) {
        host_network_ports(path, spec, place, errors);
    }
    one_of(
        &path.child("restartPolicy"),
        spec.restart_policy.as_ref(),
        &["Always", "OnFailure", "Never"],
        errors,
    );
    one_of(
        &path.child("dnsPolicy"),
        spec.dns_policy.as_ref(),
        &["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"],
        errors,
    );
    let node_selector = path.child("nodeSelector");
    metadata::labels(&node_selector, spec.node_selector.as_ref(), errors);
    security(path, spec, errors);
    if let Some(affinity) = &spec.affinity {
        placement::affinity(&path.child("affinity"), affinity, errors);
    }
    dns(path, spec, errors);
    container::gates(path, spec, errors);
    let constraints = spec.topology_spread_constraints.as_deref();
    placement::topology_spread(
        &path.child("topologySpreadConstraints"),
        constraints.unwrap_or_default(),
        errors,
    );
    names(path, spec, errors);
    let tolerations = spec.tolerations.as_deref().unwrap_or_default();
    placement::tolerations(&path.child("tolerations"), tolerations, errors);
    rest(path, spec, errors);
}

fn containers(
    path: &Path<'_>,
    spec: &core::PodSpec,
    around: &Surroundings<'_>,
    errors: &mut Vec<FieldError>,
) {
    container::regular(&path.child("containers"), &spec.containers, around, errors);
    let init = spec.init_containers.as_deref().unwrap_or_default();
    container::init(
        &path.child("initContainers"),
        init,
        &spec.containers,
        around,
        errors,
    );
}

fn host_network_ports(
    path: &Path<'_>,
    spec: &core::PodSpec,
    place: Place,
    errors: &mut Vec<FieldError>,
) {
    let list = path.child("containers");
    for (number, container) in spec.containers.iter().enumerate() {
        let item = list.index(number);
        let ports = item.child("ports");
        for (number, port) in container.ports.iter().flatten().enumerate() {
            let host_port = port.host_port.unwrap_or(0);
            let matters = place == Place::Pod || host_port != 0;
            if matters && host_port != port.container_port {
                let path = ports.index(number);
                errors.push(FieldError::invalid(
                    &path.child("hostPort"),
                    host_port,
                    "must match `containerPort` when `hostNetwork` is true",
                ));
            }
        }
    }
}

fn security(path: &Path<'_>, spec: &core::PodSpec, errors: &mut Vec<FieldError>) {
    let Some(context) = &spec.security_context else {
        return;
    };
    let path = path.child("securityContext");
    container::user_or_group(&path.child("fsGroup"), context.fs_group, errors);
    container::user_or_group(&path.child("runAsUser"), context.run_as_user, errors);
    container::user_or_group(&path.child("runAsGroup"), context.run_as_group, errors);
    let groups = path.child("supplementalGroups");
    for (place, group) in context.supplemental_groups.iter().flatten().enumerate() {
        container::user_or_group(&groups.index(place), Some(*group), errors);
    }
    if spec.share_process_namespace == Some(true) && spec.host_pid == Some(true) {
        errors.push(FieldError::invalid(
            &path.child("shareProcessNamespace"),
            true,
            "ShareProcessNamespace and HostPID cannot both be enabled",
        ));
    }
    one_of_if_set(
        &path.child("fsGroupChangePolicy"),
        context.fs_group_change_policy.as_ref(),
        &["Always", "OnRootMismatch"],
        errors,
    );
}

fn dns(path: &Path<'_>, spec: &core::PodSpec, errors: &mut Vec<FieldError>) {
    let path = path.child("dnsConfig");
    let own = spec.dns_policy.as_deref() == Some("None");
    let Some(config) = &spec.dns_config else {
        if own {
            errors.push(FieldError::required(
                &path,
                "must provide `dnsConfig` when `dnsPolicy` is None",
            ));
        }
        return;
    };
    let servers = config.nameservers.as_deref().unwrap_or_default();
    let servers_path = path.child("nameservers");
    if own && servers.is_empty() {
        errors.push(FieldError::required(
            &servers_path,
            "must provide at least one DNS nameserver when `dnsPolicy` is None",
        ));
        return;
    }
    if servers.len() > 3 {
        errors.push(FieldError::invalid(
            &servers_path,
            json(&servers),
            "must not have more than 3 nameservers",
        ));
    }
    for (place, server) in servers.iter().enumerate() {
        let messages = format::ip_address(server);
        check(&servers_path.index(place), server, messages, errors);
    }
    let searches = path.child("searches");
    for (place, search) in config.searches.iter().flatten().enumerate() {
        let search = search.strip_suffix('.').unwrap_or(search);
        let messages = format::dns_1123_subdomain(search);
        check(&searches.index(place), search, messages, errors);
    }
    let options = path.child("options");
    for (place, option) in config.options.iter().flatten().enumerate() {
        if text(option.name.as_ref()).is_empty() {
            errors.push(FieldError::required(
                &options.index(place),
                "must not be empty",
            ));
        }
    }
}

/// The texts of a spec that name something or are names.
fn names(path: &Path<'_>, spec: &core::PodSpec, errors: &mut Vec<FieldError>) {
    let subdomains = [
        ("serviceAccountName", &spec.service_account_name),
        ("nodeName", &spec.node_name),
        ("priorityClassName", &spec.priority_class_name),
        ("runtimeClassName", &spec.runtime_class_name),
    ];
    for (field, name) in subdomains {
        if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
            let messages = format::dns_1123_subdomain(name);
            check(&path.child(field), name, messages, errors);
        }
    }
    for (field, name) in [("hostname", &spec.hostname), ("subdomain", &spec.subdomain)] {
        if let Some(name) = name.as_deref().filter(|name| !name.is_empty()) {
            let messages = format::dns_1123_label(name);
            check(&path.child(field), name, messages, errors);
        }
    }
}

fn rest(path: &Path<'_>, spec: &core::PodSpec, errors: &mut Vec<FieldError>) {
    let deadline = spec.active_deadline_seconds;
    let most = i64::from(i32::MAX);
    if let Some(seconds) = deadline.filter(|seconds| !(1..=most).contains(seconds)) {
        errors.push(FieldError::invalid(
            &path.child("activeDeadlineSeconds"),
            seconds,
            &format::in_range(1, most),
        ));
    }
    let aliases = path.child("hostAliases");
    for (place, alias) in spec.host_aliases.iter().flatten().enumerate() {
        let item = aliases.index(place);
        let messages = format::ip_address(&alias.ip);
        check(&item.child("ip"), &alias.ip, messages, errors);
        let list = item.child("hostnames");
        for (place, name) in alias.hostnames.iter().flatten().enumerate() {
            let messages = format::dns_1123_subdomain(name);
            check(&list.index(place), name, messages, errors);
        }
    }
    one_of_if_set(
        &path.child("preemptionPolicy"),
        spec.preemption_policy.as_ref(),
        &["PreemptLowerPriority", "Never"],
        errors,
    );
    let overhead = path.child("overhead");
    for (name, amount) in spec.overhead.iter().flatten() {
        let path = overhead.key(name);
        amounts::container_resource_name(&path, name, errors);
        amounts::amount(&path, name, amount, errors);
    }
    if let Some(os) = spec.os.as_ref().map(|os| os.name.as_str()) {
        let path = path.child("os");
        if os.is_empty() {
            errors.push(FieldError::required(&path.child("name"), "cannot be empty"));
        } else if !["linux", "windows"].contains(&os) {
            let supported = ["linux", "windows"];
            errors.push(FieldError::not_supported(&path, os, &supported));
        }
    }
}

/// The template of a workload.
pub(super) fn template(
    path: &Path<'_>,
    template: &core::PodTemplateSpec,
    errors: &mut Vec<FieldError>,
) {
    template_metadata(path, template, errors);
    let empty = core::PodSpec::default();
    let spec = template.spec.as_ref().unwrap_or(&empty);
    let path = path.child("spec");
    pod_spec(&path, spec, Place::Template, errors);
    if spec
        .ephemeral_containers
        .as_ref()
        .is_some_and(|it| !it.is_empty())
    {
        errors.push(FieldError::forbidden(
            &path.child("ephemeralContainers"),
            "ephemeral containers not allowed in pod template",
        ));
    }
}

/// Labels and annotations of a template; their paths lack `metadata`, as those of the API server do.
pub(super) fn template_metadata(
    path: &Path<'_>,
    template: &core::PodTemplateSpec,
    errors: &mut Vec<FieldError>,
) {
    let Some(meta) = &template.metadata else {
        return;
    };
    metadata::labels(&path.child("labels"), meta.labels.as_ref(), errors);
    let annotations = path.child("annotations");
    metadata::annotations(&annotations, meta.annotations.as_ref(), errors);
    pod_annotations(&annotations, meta.annotations.as_ref(), errors);
}

/// Annotations that mean something to the control plane.
pub(super) fn pod_annotations(
    path: &Path<'_>,
    annotations: Option<&crate::api::meta::Labels>,
    errors: &mut Vec<FieldError>,
) {
    const COST: &str = "controller.kubernetes.io/pod-deletion-cost";
    if let Some(cost) = annotations.and_then(|all| all.get(COST)) {
        // A plus sign or a leading zero is refused as well: the text must be what its number prints.
        let number = cost.parse::<i32>().ok();
        if number.is_none_or(|number| number.to_string() != *cost) {
            errors.push(FieldError::invalid(
                &path.key(COST),
                cost.as_str(),
                "must be a 32bit integer",
            ));
        }
    }
}
