//! The descriptions of config maps, secrets and service accounts.

use super::writer::Writer;
use crate::api::{ConfigMap, Event, Secret, ServiceAccount};
use crate::sim::Time;

/// Source: `ConfigMapDescriber` of `kubectl/pkg/describe/describe.go`.
pub(super) fn config_map(writer: &mut Writer, map: &ConfigMap, events: &[&Event], now: Time) {
    writer.named(map.name(), map.namespace());
    writer.labels(0, "Labels", map.metadata.labels.as_ref());
    writer.annotations(0, map.metadata.annotations.as_ref());
    writer.line(0, "\nData\n====");
    for (key, value) in map.spec.data.iter().flatten() {
        writer.line(0, format_args!("{key}:\n----\n{value}\n"));
    }
    writer.line(0, "\nBinaryData\n====");
    for (key, value) in map.spec.binary_data.iter().flatten() {
        writer.line(0, format_args!("{key}: {} bytes", value.0.len()));
    }
    writer.line(0, "");
    super::events(writer, events, now);
}

/// Source: `describeSecret` of `kubectl/pkg/describe/describe.go`.
pub(super) fn secret(writer: &mut Writer, secret: &Secret) {
    writer.named(secret.name(), secret.namespace());
    writer.labels(0, "Labels", secret.metadata.labels.as_ref());
    writer.annotations(0, secret.metadata.annotations.as_ref());
    let kind = secret.spec.type_.as_deref().unwrap_or_default();
    writer.line(0, format_args!("\nType:\t{kind}"));
    writer.line(0, "\nData\n====");
    for (key, value) in secret.spec.data.iter().flatten() {
        writer.line(0, format_args!("{key}:\t{} bytes", value.0.len()));
    }
}

/// Source: `describeServiceAccount` of `kubectl/pkg/describe/describe.go`.
pub(super) fn account(writer: &mut Writer, account: &ServiceAccount, events: &[&Event], now: Time) {
    writer.named(account.name(), account.namespace());
    writer.labels(0, "Labels", account.metadata.labels.as_ref());
    writer.annotations(0, account.metadata.annotations.as_ref());
    let pulls = account.spec.image_pull_secrets.iter().flatten();
    let pulls: Vec<String> = pulls.map(|secret| secret.name.clone()).collect();
    writer.below(0, "Image pull secrets", &pulls);
    let secrets = account.spec.secrets.iter().flatten();
    let secrets: Vec<String> = secrets.filter_map(|secret| secret.name.clone()).collect();
    writer.below(0, "Mountable secrets", &secrets);
    // Since Kubernetes 1.24 nobody makes secrets with tokens.
    writer.below(0, "Tokens", &[]);
    super::events(writer, events, now);
}
