//! Volumes in descriptions.

use super::writer::Writer;
use crate::api::core;
use crate::kubectl::printers::quantity_text;

/// Volumes below their title; those of a template stand one level deeper.
pub(super) fn list(writer: &mut Writer, volumes: &[core::Volume], in_template: bool) {
    let (level, indent) = if in_template { (1, " ") } else { (0, "") };
    if volumes.is_empty() {
        writer.field(level, "Volumes", super::NONE);
        return;
    }
    writer.line(level, "Volumes:");
    for volume in volumes {
        writer.line(1, format_args!("{indent}{}:", volume.name));
        describe(writer, volume);
    }
}

/// What a persistent volume is made of.
/// Source: `printHostPathVolumeSource` and its neighbours of `kubectl/pkg/describe/describe.go`.
pub(super) fn source(writer: &mut Writer, spec: &core::PersistentVolumeSpec) {
    let text = |field: &Option<String>| field.clone().unwrap_or_default();
    if let Some(path) = &spec.host_path {
        host_path(writer, path);
    } else if let Some(share) = &spec.nfs {
        nfs(writer, share);
    } else if let Some(local) = &spec.local {
        kind(
            writer,
            "LocalVolume (a persistent volume backed by local storage on a node)",
        );
        writer.field(2, "Path", &local.path);
    } else if let Some(driven) = &spec.csi {
        kind(
            writer,
            "CSI (a Container Storage Interface (CSI) volume source)",
        );
        writer.field(2, "Driver", &driven.driver);
        writer.field(2, "FSType", text(&driven.fs_type));
        writer.field(2, "VolumeHandle", &driven.volume_handle);
        writer.field(2, "ReadOnly", driven.read_only.unwrap_or(false));
        let attributes = driven.volume_attributes.iter().flatten();
        let attributes: Vec<String> = attributes
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        writer.below(2, "VolumeAttributes", &attributes);
    } else {
        writer.line(1, "<unknown>");
    }
}

fn host_path(writer: &mut Writer, path: &core::HostPathVolumeSource) {
    kind(writer, "HostPath (bare host directory volume)");
    writer.field(2, "Path", &path.path);
    let path_type = path.type_.as_deref().unwrap_or_default();
    writer.field(2, "HostPathType", path_type);
}

fn nfs(writer: &mut Writer, nfs: &core::NFSVolumeSource) {
    kind(
        writer,
        "NFS (an NFS mount that lasts the lifetime of a pod)",
    );
    writer.field(2, "Server", &nfs.server);
    writer.field(2, "Path", &nfs.path);
    writer.field(2, "ReadOnly", nfs.read_only.unwrap_or(false));
}

fn describe(writer: &mut Writer, volume: &core::Volume) {
    if let Some(empty) = &volume.empty_dir {
        kind(
            writer,
            "EmptyDir (a temporary directory that shares a pod's lifetime)",
        );
        writer.field(2, "Medium", empty.medium.as_deref().unwrap_or_default());
        let limit = empty.size_limit.as_ref();
        let limit = limit.map_or_else(|| "<unset>".to_owned(), |limit| quantity_text(Some(limit)));
        writer.field(2, "SizeLimit", limit);
    } else if let Some(map) = &volume.config_map {
        kind(writer, "ConfigMap (a volume populated by a ConfigMap)");
        writer.field(2, "Name", &map.name);
        writer.field(2, "Optional", map.optional.unwrap_or(false));
    } else if let Some(secret) = &volume.secret {
        kind(writer, "Secret (a volume populated by a Secret)");
        let name = secret.secret_name.as_deref().unwrap_or_default();
        writer.field(2, "SecretName", name);
        writer.field(2, "Optional", secret.optional.unwrap_or(false));
    } else if let Some(claim) = &volume.persistent_volume_claim {
        kind(
            writer,
            "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)",
        );
        writer.field(2, "ClaimName", &claim.claim_name);
        writer.field(2, "ReadOnly", claim.read_only.unwrap_or(false));
    } else if let Some(path) = &volume.host_path {
        host_path(writer, path);
    } else if let Some(share) = &volume.nfs {
        nfs(writer, share);
    } else if let Some(projected) = &volume.projected {
        kind(
            writer,
            "Projected (a volume that contains injected data from multiple sources)",
        );
        for source in projected.sources.iter().flatten() {
            projection(writer, source);
        }
    } else if let Some(downward) = &volume.downward_api {
        kind(
            writer,
            "DownwardAPI (a volume populated by information about the pod)",
        );
        writer.line(2, "Items:");
        for item in downward.items.iter().flatten() {
            if let Some(field) = &item.field_ref {
                writer.line(3, format_args!("{} -> {}", field.field_path, item.path));
            }
        }
    } else {
        writer.line(2, "<unknown>");
    }
}

fn kind(writer: &mut Writer, text: &str) {
    writer.field(2, "Type", text);
}

fn projection(writer: &mut Writer, source: &core::VolumeProjection) {
    if let Some(secret) = &source.secret {
        writer.field(2, "SecretName", &secret.name);
        writer.field(2, "Optional", secret.optional.unwrap_or(false));
    } else if source.downward_api.is_some() {
        writer.field(2, "DownwardAPI", true);
    } else if let Some(map) = &source.config_map {
        writer.field(2, "ConfigMapName", &map.name);
        writer.field(2, "Optional", map.optional.unwrap_or(false));
    } else if let Some(token) = &source.service_account_token {
        let seconds = token.expiration_seconds.unwrap_or(3600);
        writer.field(2, "TokenExpirationSeconds", seconds);
    }
}
