//! Containers of a pod: names, images, ports, environment, probes, hooks.
//! Source: `validateContainers` and what it calls in `pkg/apis/core/validation/validation.go`.

use std::collections::BTreeSet;

use crate::api::core;
use crate::apiserver::FieldError;

use super::format::{self, check, one_of};
use super::path::Path;
use super::pod_spec::Surroundings;
use super::probe;
use super::values::{json, text};
use super::{amounts, environment, metadata, volume};

const NEEDS_ALWAYS: &str = "may not be set for init containers without restartPolicy=Always";

/// What holds for every container, and what only for those that run side by side.
pub(super) fn regular(
    path: &Path<'_>,
    containers: &[core::Container],
    around: &Surroundings<'_>,
    errors: &mut Vec<FieldError>,
) {
    if containers.is_empty() {
        errors.push(FieldError::required(path, ""));
        return;
    }
    let mut names = BTreeSet::new();
    for (place, container) in containers.iter().enumerate() {
        let path = path.index(place);
        any(&path, container, around, errors);
        if !names.insert(container.name.as_str()) {
            let name = container.name.as_str();
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        probe::all(&path, container, around.grace, errors);
        if container.restart_policy.is_some() {
            errors.push(FieldError::forbidden(
                &path.child("restartPolicy"),
                "may not be set for non-init containers",
            ));
        }
    }
    host_ports(path, containers, errors);
}

/// Containers that run before the others, one after the other, and sidecars.
pub(super) fn init(
    path: &Path<'_>,
    containers: &[core::Container],
    regular: &[core::Container],
    around: &Surroundings<'_>,
    errors: &mut Vec<FieldError>,
) {
    let mut names: BTreeSet<&str> = regular.iter().map(|each| each.name.as_str()).collect();
    for (place, container) in containers.iter().enumerate() {
        let item = path.index(place);
        any(&item, container, around, errors);
        let policy = container.restart_policy.as_deref();
        if let Some(policy) = policy.filter(|policy| *policy != "Always") {
            let path = item.child("restartPolicy");
            errors.push(FieldError::not_supported(&path, policy, &["Always"]));
        }
        if !container.name.is_empty() && !names.insert(&container.name) {
            let name = container.name.as_str();
            errors.push(FieldError::duplicate(&item.child("name"), name));
        }
        host_ports(path, std::slice::from_ref(container), errors);
        if policy == Some("Always") {
            probe::all(&item, container, around.grace, errors);
        } else {
            no_probes(&item, container, errors);
        }
        if let Some(policies) = container.resize_policy.as_ref().filter(|it| !it.is_empty())
            && policy != Some("Always")
        {
            errors.push(FieldError::invalid(
                &item.child("resizePolicy"),
                json(policies),
                "must not be set for init containers",
            ));
        }
    }
}

fn no_probes(path: &Path<'_>, container: &core::Container, errors: &mut Vec<FieldError>) {
    let fields = [
        ("lifecycle", container.lifecycle.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
    ];
    for (field, _) in fields.iter().filter(|(_, set)| *set) {
        errors.push(FieldError::forbidden(&path.child(field), NEEDS_ALWAYS));
    }
}

fn any(
    path: &Path<'_>,
    container: &core::Container,
    around: &Surroundings<'_>,
    errors: &mut Vec<FieldError>,
) {
    let name = path.child("name");
    if container.name.is_empty() {
        errors.push(FieldError::required(&name, ""));
    } else {
        let messages = format::dns_1123_label(&container.name);
        check(&name, &container.name, messages, errors);
    }
    if text(container.image.as_ref()).is_empty() {
        errors.push(FieldError::required(&path.child("image"), ""));
    }
    one_of(
        &path.child("terminationMessagePolicy"),
        container.termination_message_policy.as_ref(),
        &["File", "FallbackToLogsOnError"],
        errors,
    );
    ports(
        &path.child("ports"),
        container.ports.as_deref().unwrap_or_default(),
        errors,
    );
    let variables = container.env.as_deref().unwrap_or_default();
    environment::variables(&path.child("env"), variables, errors);
    let sources = container.env_from.as_deref().unwrap_or_default();
    environment::sources(&path.child("envFrom"), sources, errors);
    volume::mounts(path, container, &around.volumes, errors);
    one_of(
        &path.child("imagePullPolicy"),
        container.image_pull_policy.as_ref(),
        &["Always", "IfNotPresent", "Never"],
        errors,
    );
    let resources = path.child("resources");
    amounts::requirements(&resources, container.resources.as_ref(), errors);
    resize_policies(path, container, around.restart_policy, errors);
    security(path, container.security_context.as_ref(), errors);
}

fn ports(path: &Path<'_>, ports: &[core::ContainerPort], errors: &mut Vec<FieldError>) {
    let mut names = BTreeSet::new();
    for (place, port) in ports.iter().enumerate() {
        let path = path.index(place);
        if let Some(name) = port.name.as_deref().filter(|name| !name.is_empty()) {
            let messages = format::port_name(name);
            if messages.is_empty() && !names.insert(name) {
                errors.push(FieldError::duplicate(&path.child("name"), name));
            }
            check(&path.child("name"), name, messages, errors);
        }
        if port.container_port == 0 {
            errors.push(FieldError::required(&path.child("containerPort"), ""));
        } else {
            format::port_number(&path.child("containerPort"), port.container_port, errors);
        }
        if let Some(host_port) = port.host_port.filter(|port| *port != 0) {
            format::port_number(&path.child("hostPort"), host_port, errors);
        }
        one_of(
            &path.child("protocol"),
            port.protocol.as_ref(),
            &["SCTP", "TCP", "UDP"],
            errors,
        );
    }
}

/// No two containers that run at the same time take one port of the node.
fn host_ports(path: &Path<'_>, containers: &[core::Container], errors: &mut Vec<FieldError>) {
    let mut taken = BTreeSet::new();
    for (place, container) in containers.iter().enumerate() {
        let item = path.index(place);
        let list = item.child("ports");
        for (place, port) in container.ports.iter().flatten().enumerate() {
            let Some(host_port) = port.host_port.filter(|port| *port != 0) else {
                continue;
            };
            let protocol = text(port.protocol.as_ref());
            let key = format!("{protocol}/{}/{host_port}", text(port.host_ip.as_ref()));
            if taken.contains(&key) {
                let path = list.index(place);
                errors.push(FieldError::duplicate(&path.child("hostPort"), key));
            } else {
                taken.insert(key);
            }
        }
    }
}

fn resize_policies(
    path: &Path<'_>,
    container: &core::Container,
    restart_policy: &str,
    errors: &mut Vec<FieldError>,
) {
    let path = path.child("resizePolicy");
    let mut names = BTreeSet::new();
    for (place, each) in container.resize_policy.iter().flatten().enumerate() {
        let name = each.resource_name.as_str();
        if !names.insert(name) {
            errors.push(FieldError::duplicate(&path.index(place), name));
        }
        one_of(&path, Some(&each.resource_name), &["cpu", "memory"], errors);
        let policies = ["NotRequired", "RestartContainer"];
        one_of(&path, Some(&each.restart_policy), &policies, errors);
        if restart_policy == "Never" && each.restart_policy != "NotRequired" {
            errors.push(FieldError::invalid(
                &path,
                each.restart_policy.as_str(),
                "must be 'NotRequired' when `restartPolicy` is 'Never'",
            ));
        }
    }
}

fn security(
    path: &Path<'_>,
    context: Option<&core::SecurityContext>,
    errors: &mut Vec<FieldError>,
) {
    let Some(context) = context else { return };
    let path = path.child("securityContext");
    user_or_group(&path.child("runAsUser"), context.run_as_user, errors);
    user_or_group(&path.child("runAsGroup"), context.run_as_group, errors);
    if context.proc_mount.is_some() {
        one_of(
            &path.child("procMount"),
            context.proc_mount.as_ref(),
            &["Default", "Unmasked"],
            errors,
        );
    }
    if context.allow_privilege_escalation != Some(false) {
        return;
    }
    if context.privileged == Some(true) {
        errors.push(FieldError::invalid(
            &path,
            json(context),
            "cannot set `allowPrivilegeEscalation` to false and `privileged` to true",
        ));
    }
    let added = context.capabilities.iter().flat_map(|it| it.add.iter());
    if added
        .flatten()
        .any(|capability| capability == "CAP_SYS_ADMIN")
    {
        errors.push(FieldError::invalid(
            &path,
            json(context),
            "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN",
        ));
    }
}

/// A number that Linux takes as the id of a user or a group.
pub(super) fn user_or_group(path: &Path<'_>, id: Option<i64>, errors: &mut Vec<FieldError>) {
    let most = i64::from(u32::MAX);
    if let Some(id) = id.filter(|id| !(0..=most).contains(id)) {
        errors.push(FieldError::invalid(path, id, &format::in_range(0, most)));
    }
}

/// What holds for the containers of pods but not of templates.
pub(super) fn of_pod(
    path: &Path<'_>,
    containers: &[core::Container],
    errors: &mut Vec<FieldError>,
) {
    for (place, container) in containers.iter().enumerate() {
        image_without_padding(&path.index(place), container, errors);
    }
}

/// An image name that begins and ends with itself.
pub(super) fn image_without_padding(
    path: &Path<'_>,
    container: &core::Container,
    errors: &mut Vec<FieldError>,
) {
    let image = text(container.image.as_ref());
    if image.trim().len() != image.len() {
        errors.push(FieldError::invalid(
            &path.child("image"),
            image,
            "must not have leading or trailing whitespace",
        ));
    }
}

/// Gates and readiness gates are qualified names; a gate stands there once.
pub(super) fn gates(path: &Path<'_>, spec: &core::PodSpec, errors: &mut Vec<FieldError>) {
    let readiness = path.child("readinessGates");
    for (place, gate) in spec.readiness_gates.iter().flatten().enumerate() {
        let path = readiness.index(place);
        metadata::label_name(&path.child("conditionType"), &gate.condition_type, errors);
    }
    let scheduling = path.child("schedulingGates");
    let mut names = BTreeSet::new();
    for (place, gate) in spec.scheduling_gates.iter().flatten().enumerate() {
        let path = scheduling.index(place);
        metadata::label_name(&path, &gate.name, errors);
        if !names.insert(gate.name.as_str()) {
            errors.push(FieldError::duplicate(&path, gate.name.as_str()));
        }
    }
}
