//! Containers and pod templates in descriptions.

use std::fmt::Display;

use super::volumes;
use super::writer::Writer;
use super::{date, or_none};
use crate::api::{IntOrString, Pod, core};
use crate::kubectl::printers::{join, quantity_text};

/// Whose containers they are, which decides about names, states and indentation.
#[derive(Clone, Copy)]
pub(super) enum Of<'a> {
    /// Of a pod.
    Pod(&'a Pod),
    /// Of a template, which has no states.
    Template,
}

/// A pod template below the title `Pod Template:`.
pub(super) fn template(writer: &mut Writer, template: Option<&core::PodTemplateSpec>) {
    let metadata = template.and_then(|template| template.metadata.as_ref());
    writer.line(0, "Pod Template:");
    writer.labels(1, "Labels", metadata.and_then(|each| each.labels.as_ref()));
    if let Some(annotations) = metadata
        .and_then(|each| each.annotations.as_ref())
        .filter(|annotations| !annotations.is_empty())
    {
        writer.annotations(1, Some(annotations));
    }
    let empty = core::PodSpec::default();
    let spec = template
        .and_then(|template| template.spec.as_ref())
        .unwrap_or(&empty);
    writer.filled(1, "Service Account", spec.service_account_name.as_deref());
    if let Some(init) = spec
        .init_containers
        .as_deref()
        .filter(|list| !list.is_empty())
    {
        list(writer, "Init Containers", init, Of::Template);
    }
    list(writer, "Containers", &spec.containers, Of::Template);
    volumes::list(writer, spec.volumes.as_deref().unwrap_or_default(), true);
    super::pods::placement(writer, 1, spec);
    writer.filled(
        1,
        "Priority Class Name",
        spec.priority_class_name.as_deref(),
    );
}

/// Containers below their title.
pub(super) fn list(writer: &mut Writer, title: &str, containers: &[core::Container], of: Of<'_>) {
    let (level, indent) = match of {
        Of::Pod(_) => (0, ""),
        Of::Template => (1, " "),
    };
    if containers.is_empty() {
        writer.line(level, format_args!("{title}: <none>"));
        return;
    }
    writer.line(level, format_args!("{title}:"));
    for container in containers {
        writer.line(1, format_args!("{indent}{}:", container.name));
        let status = match of {
            Of::Pod(pod) => status_of(pod, title, &container.name),
            Of::Template => None,
        };
        describe(writer, container, status);
        environment(writer, container, of);
        mounts(writer, container);
    }
}

fn status_of<'a>(pod: &'a Pod, title: &str, name: &str) -> Option<&'a core::ContainerStatus> {
    let statuses = if title == "Init Containers" {
        &pod.status.init_container_statuses
    } else {
        &pod.status.container_statuses
    };
    statuses.iter().flatten().find(|status| status.name == name)
}

fn describe(
    writer: &mut Writer,
    container: &core::Container,
    status: Option<&core::ContainerStatus>,
) {
    if let Some(status) = status {
        let id = status.container_id.as_deref().unwrap_or_default();
        writer.field(2, "Container ID", id);
    }
    writer.field(2, "Image", container.image.as_deref().unwrap_or_default());
    if let Some(status) = status {
        writer.field(2, "Image ID", &status.image_id);
    }
    let ports = container.ports.as_deref().unwrap_or_default();
    let plural = if ports.len() > 1 { "s" } else { "" };
    for (title, is_host) in [("Port", false), ("Host Port", true)] {
        let texts = ports.iter().map(|port| {
            let number = if is_host {
                port.host_port.unwrap_or(0)
            } else {
                port.container_port
            };
            let protocol = port.protocol.as_deref().unwrap_or_default();
            let name = port.name.as_deref().filter(|name| !name.is_empty());
            match name {
                Some(name) => format!("{number}/{protocol} ({name})"),
                None => format!("{number}/{protocol}"),
            }
        });
        let texts: Vec<String> = texts.collect();
        let text = texts.join(", ");
        writer.field(2, &format!("{title}{plural}"), or_none(&text));
    }
    words(writer, "Command", container.command.as_deref());
    words(writer, "Args", container.args.as_deref());
    if let Some(status) = status {
        states(writer, status);
    }
    resources(writer, container);
    let probes = [
        ("Liveness", &container.liveness_probe),
        ("Readiness", &container.readiness_probe),
        ("Startup", &container.startup_probe),
    ];
    for (title, probe) in probes {
        if let Some(probe) = probe {
            writer.field(2, title, probe_text(probe));
        }
    }
}

fn words(writer: &mut Writer, title: &str, words: Option<&[String]>) {
    let Some(words) = words.filter(|words| !words.is_empty()) else {
        return;
    };
    writer.line(2, format_args!("{title}:"));
    for line in words.iter().flat_map(|word| word.split('\n')) {
        writer.line(3, line);
    }
}

fn states(writer: &mut Writer, status: &core::ContainerStatus) {
    state(writer, "State", status.state.as_ref());
    let last = status.last_state.as_ref();
    if last.is_some_and(|last| last.terminated.is_some()) {
        state(writer, "Last State", last);
    }
    writer.field(2, "Ready", go_bool(status.ready));
    writer.field(2, "Restart Count", status.restart_count);
}

fn state(writer: &mut Writer, title: &str, state: Option<&core::ContainerState>) {
    if let Some(running) = state.and_then(|state| state.running.as_ref()) {
        writer.field(2, title, "Running");
        writer.field(3, "Started", date(running.started_at.as_ref()));
        return;
    }
    if let Some(terminated) = state.and_then(|state| state.terminated.as_ref()) {
        writer.field(2, title, "Terminated");
        writer.filled(3, "Reason", terminated.reason.as_deref());
        writer.filled(3, "Message", terminated.message.as_deref());
        writer.field(3, "Exit Code", terminated.exit_code);
        if let Some(signal) = terminated.signal.filter(|signal| *signal > 0) {
            writer.field(3, "Signal", signal);
        }
        writer.field(3, "Started", date(terminated.started_at.as_ref()));
        writer.field(3, "Finished", date(terminated.finished_at.as_ref()));
        return;
    }
    writer.field(2, title, "Waiting");
    let waiting = state.and_then(|state| state.waiting.as_ref());
    writer.filled(
        3,
        "Reason",
        waiting.and_then(|waiting| waiting.reason.as_deref()),
    );
}

fn resources(writer: &mut Writer, container: &core::Container) {
    let Some(resources) = &container.resources else {
        return;
    };
    for (title, amounts) in [
        ("Limits", &resources.limits),
        ("Requests", &resources.requests),
    ] {
        let Some(amounts) = amounts.as_ref().filter(|amounts| !amounts.is_empty()) else {
            continue;
        };
        writer.line(2, format_args!("{title}:"));
        for (name, amount) in amounts {
            writer.field(3, name, quantity_text(Some(amount)));
        }
    }
}

/// `http-get http://:80/healthz delay=5s timeout=1s period=10s #success=1 #failure=3`
fn probe_text(probe: &core::Probe) -> String {
    let number = |number: Option<i32>| number.unwrap_or(0);
    let times = format!(
        "delay={}s timeout={}s period={}s #success={} #failure={}",
        number(probe.initial_delay_seconds),
        number(probe.timeout_seconds),
        number(probe.period_seconds),
        number(probe.success_threshold),
        number(probe.failure_threshold)
    );
    if let Some(exec) = &probe.exec {
        let command = exec.command.as_deref().unwrap_or_default().join(" ");
        return format!("exec [{command}] {times}");
    }
    if let Some(http) = &probe.http_get {
        let scheme = http.scheme.as_deref().unwrap_or("http").to_lowercase();
        let host = http.host.as_deref().unwrap_or_default();
        let path = http.path.as_deref().unwrap_or_default();
        let slash = if path.is_empty() || path.starts_with('/') {
            ""
        } else {
            "/"
        };
        let port = port_text(&http.port);
        return format!("http-get {scheme}://{host}:{port}{slash}{path} {times}");
    }
    if let Some(tcp) = &probe.tcp_socket {
        let host = tcp.host.as_deref().unwrap_or_default();
        return format!("tcp-socket {host}:{} {times}", port_text(&tcp.port));
    }
    if let Some(grpc) = &probe.grpc {
        let service = grpc.service.as_deref().unwrap_or_default();
        return format!("grpc <pod>:{} {service} {times}", grpc.port);
    }
    format!("unknown {times}")
}

/// A port by number or by name.
pub(super) fn port_text(port: &IntOrString) -> String {
    match port {
        IntOrString::Int(number) => number.to_string(),
        IntOrString::String(name) => name.clone(),
    }
}

fn environment(writer: &mut Writer, container: &core::Container, of: Of<'_>) {
    let sources = container.env_from.as_deref().unwrap_or_default();
    if !sources.is_empty() {
        writer.line(2, "Environment Variables from:");
        for source in sources {
            env_from(writer, source);
        }
    }
    let variables = container.env.as_deref().unwrap_or_default();
    if variables.is_empty() {
        writer.field(2, "Environment", super::NONE);
        return;
    }
    writer.line(2, "Environment:");
    for variable in variables {
        if let Some(source) = &variable.value_from {
            writer.field(3, &variable.name, env_source(source, of));
            continue;
        }
        let value = variable.value.as_deref().unwrap_or_default();
        let mut lines = value.split('\n');
        let first = lines.next().unwrap_or_default();
        writer.field(3, &variable.name, first);
        for line in lines {
            writer.line(3, format_args!("\t{line}"));
        }
    }
}

fn env_from(writer: &mut Writer, source: &core::EnvFromSource) {
    let (name, kind, optional) = match (&source.config_map_ref, &source.secret_ref) {
        (Some(map), _) => (&map.name, "ConfigMap", map.optional),
        (None, Some(secret)) => (&secret.name, "Secret", secret.optional),
        (None, None) => return,
    };
    let prefix = source.prefix.as_deref().filter(|prefix| !prefix.is_empty());
    let prefix = prefix.map(|prefix| format!(" with prefix '{prefix}'"));
    let prefix = prefix.unwrap_or_default();
    let optional = optional.unwrap_or(false);
    writer.line(
        3,
        format_args!("{name}\t{kind}{prefix}\tOptional: {optional}"),
    );
}

fn env_source(source: &core::EnvVarSource, of: Of<'_>) -> String {
    if let Some(field) = &source.field_ref {
        let value = match of {
            Of::Pod(pod) => field_value(pod, &field.field_path),
            Of::Template => String::new(),
        };
        let version = field.api_version.as_deref().unwrap_or("v1");
        return format!("{value} ({version}:{})", field.field_path);
    }
    if let Some(resource) = &source.resource_field_ref {
        return format!(" ({})", resource.resource);
    }
    if let Some(secret) = &source.secret_key_ref {
        let optional = secret.optional.unwrap_or(false);
        return format!(
            "<set to the key '{}' in secret '{}'>\tOptional: {optional}",
            secret.key, secret.name
        );
    }
    if let Some(map) = &source.config_map_key_ref {
        let optional = map.optional.unwrap_or(false);
        return format!(
            "<set to the key '{}' of config map '{}'>\tOptional: {optional}",
            map.key, map.name
        );
    }
    String::new()
}

/// What a container sees under a path of its pod.
fn field_value(pod: &Pod, path: &str) -> String {
    match path {
        "metadata.name" => pod.name().to_owned(),
        "metadata.namespace" => pod.namespace().to_owned(),
        "metadata.uid" => pod.uid().to_owned(),
        _ => String::new(),
    }
}

fn mounts(writer: &mut Writer, container: &core::Container) {
    let mut mounts: Vec<&core::VolumeMount> = container.volume_mounts.iter().flatten().collect();
    if mounts.is_empty() {
        writer.field(2, "Mounts", super::NONE);
        return;
    }
    writer.line(2, "Mounts:");
    mounts.sort_by(|one, two| one.mount_path.cmp(&two.mount_path));
    for mount in mounts {
        let mut flags = vec![if mount.read_only == Some(true) {
            "ro".to_owned()
        } else {
            "rw".to_owned()
        }];
        let path = mount.sub_path.as_deref().filter(|path| !path.is_empty());
        flags.extend(path.map(|path| format!("path=\"{path}\"")));
        let flags = join(flags);
        writer.line(
            3,
            format_args!("{} from {} ({flags})", mount.mount_path, mount.name),
        );
    }
}

/// `True` or `False`.
pub(super) fn go_bool(value: bool) -> impl Display {
    if value { "True" } else { "False" }
}
