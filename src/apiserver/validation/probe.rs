//! Probes and hooks of a container.

use crate::api::{IntOrString, core};
use crate::apiserver::FieldError;

use super::format::{self, check, not_negative};
use super::path::Path;
use super::values::text;

/// What a probe or a hook can do.
struct Handler<'a> {
    exec: Option<&'a core::ExecAction>,
    http: Option<&'a core::HTTPGetAction>,
    tcp: Option<&'a core::TCPSocketAction>,
    grpc: Option<&'a core::GRPCAction>,
    sleep: Option<&'a core::SleepAction>,
}

/// The hooks and the three probes of a container.
pub(super) fn all(
    path: &Path<'_>,
    container: &core::Container,
    grace: Option<i64>,
    errors: &mut Vec<FieldError>,
) {
    if let Some(lifecycle) = &container.lifecycle {
        let path = path.child("lifecycle");
        let hooks = [
            ("postStart", lifecycle.post_start.as_ref()),
            ("preStop", lifecycle.pre_stop.as_ref()),
        ];
        for (field, hook) in hooks {
            if let Some(hook) = hook {
                handler(&path.child(field), &of_hook(hook), grace, errors);
            }
        }
    }
    if let Some(liveness) = &container.liveness_probe {
        let path = path.child("livenessProbe");
        probe(&path, liveness, grace, errors);
        one_success(&path, liveness, errors);
    }
    if let Some(readiness) = &container.readiness_probe {
        let path = path.child("readinessProbe");
        probe(&path, readiness, grace, errors);
        if let Some(seconds) = readiness.termination_grace_period_seconds {
            errors.push(FieldError::invalid(
                &path.child("terminationGracePeriodSeconds"),
                seconds,
                "must not be set for readinessProbes",
            ));
        }
    }
    if let Some(startup) = &container.startup_probe {
        let path = path.child("startupProbe");
        probe(&path, startup, grace, errors);
        one_success(&path, startup, errors);
    }
}

fn one_success(path: &Path<'_>, probe: &core::Probe, errors: &mut Vec<FieldError>) {
    let threshold = probe.success_threshold.unwrap_or(0);
    if threshold != 1 {
        let path = path.child("successThreshold");
        errors.push(FieldError::invalid(&path, threshold, "must be 1"));
    }
}

fn probe(path: &Path<'_>, probe: &core::Probe, grace: Option<i64>, errors: &mut Vec<FieldError>) {
    let does = Handler {
        exec: probe.exec.as_ref(),
        http: probe.http_get.as_ref(),
        tcp: probe.tcp_socket.as_ref(),
        grpc: probe.grpc.as_ref(),
        sleep: None,
    };
    handler(path, &does, grace, errors);
    let numbers = [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    for (field, number) in numbers {
        not_negative(&path.child(field), number, errors);
    }
    let own_grace = probe.termination_grace_period_seconds;
    if let Some(seconds) = own_grace.filter(|seconds| *seconds <= 0) {
        let path = path.child("terminationGracePeriodSeconds");
        errors.push(FieldError::invalid(
            &path,
            seconds,
            "must be greater than 0",
        ));
    }
}

fn of_hook(hook: &core::LifecycleHandler) -> Handler<'_> {
    Handler {
        exec: hook.exec.as_ref(),
        http: hook.http_get.as_ref(),
        tcp: hook.tcp_socket.as_ref(),
        grpc: None,
        sleep: hook.sleep.as_ref(),
    }
}

/// Exactly one thing to do, the others are told apart in the order of the API.
fn handler(
    path: &Path<'_>,
    handler: &Handler<'_>,
    grace: Option<i64>,
    errors: &mut Vec<FieldError>,
) {
    let set = [
        ("exec", handler.exec.is_some()),
        ("httpGet", handler.http.is_some()),
        ("tcpSocket", handler.tcp.is_some()),
        ("grpc", handler.grpc.is_some()),
        ("sleep", handler.sleep.is_some()),
    ];
    let mut given = set.iter().filter(|(_, set)| *set).map(|(field, _)| field);
    let Some(first) = given.next() else {
        errors.push(FieldError::required(path, "must specify a handler type"));
        return;
    };
    action(&path.child(first), handler, grace, errors);
    for field in given {
        errors.push(FieldError::forbidden(
            &path.child(field),
            "may not specify more than 1 handler type",
        ));
    }
}

/// The first action that is set.
fn action(
    path: &Path<'_>,
    handler: &Handler<'_>,
    grace: Option<i64>,
    errors: &mut Vec<FieldError>,
) {
    if let Some(exec) = handler.exec {
        if exec.command.as_ref().is_none_or(Vec::is_empty) {
            errors.push(FieldError::required(&path.child("command"), ""));
        }
    } else if let Some(http) = handler.http {
        http_get(path, http, errors);
    } else if let Some(tcp) = handler.tcp {
        format::port_number_or_name(&path.child("port"), &tcp.port, errors);
    } else if let Some(grpc) = handler.grpc {
        let port = IntOrString::Int(grpc.port);
        format::port_number_or_name(&path.child("port"), &port, errors);
    } else if let Some(sleep) = handler.sleep {
        let grace = grace.unwrap_or(0);
        if !(0..=grace).contains(&sleep.seconds) {
            let message = format!(
                "must be non-negative and less than terminationGracePeriodSeconds ({grace})"
            );
            errors.push(FieldError::invalid(path, sleep.seconds, &message));
        }
    }
}

fn http_get(path: &Path<'_>, http: &core::HTTPGetAction, errors: &mut Vec<FieldError>) {
    if text(http.path.as_ref()).is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    }
    format::port_number_or_name(&path.child("port"), &http.port, errors);
    let scheme = text(http.scheme.as_ref());
    if !["HTTP", "HTTPS"].contains(&scheme) {
        let path = path.child("scheme");
        let supported = ["HTTP", "HTTPS"];
        errors.push(FieldError::not_supported(&path, scheme, &supported));
    }
    for header in http.http_headers.iter().flatten() {
        let messages = format::header_name(&header.name);
        check(&path.child("httpHeaders"), &header.name, messages, errors);
    }
}
