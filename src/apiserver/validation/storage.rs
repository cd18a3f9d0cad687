//! PersistentVolumes, their claims, and StorageClasses.
//! Source: `pkg/apis/core/validation/validation.go`, `pkg/apis/storage/validation`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::api::{PersistentVolume, PersistentVolumeClaim, Quantity, StorageClass, core};
use crate::apiserver::FieldError;

use super::amounts::{self, Amounts, read};
use super::format::{self, check, one_of_if_set};
use super::metadata::{self, immutable};
use super::path::Path;
use super::placement;
use super::values::{self, json, text};

const SPEC: Path<'static> = Path::new("spec");

const ACCESS_MODES: [&str; 4] = [
    "ReadOnlyMany",
    "ReadWriteMany",
    "ReadWriteOnce",
    "ReadWriteOncePod",
];

const VOLUME_MODES: [&str; 2] = ["Block", "Filesystem"];

fn access_modes(path: &Path<'_>, modes: &[String], errors: &mut Vec<FieldError>) {
    if modes.is_empty() {
        let message = "at least 1 access mode is required";
        errors.push(FieldError::required(path, message));
    }
    for mode in modes {
        if !ACCESS_MODES.contains(&mode.as_str()) {
            let value = mode.as_str();
            errors.push(FieldError::not_supported(path, value, &ACCESS_MODES));
        }
    }
    let alone = modes.iter().any(|mode| mode == "ReadWriteOncePod");
    let others = modes
        .iter()
        .any(|mode| mode != "ReadWriteOncePod" && ACCESS_MODES.contains(&mode.as_str()));
    if alone && others {
        errors.push(FieldError::forbidden(
            path,
            "may not use ReadWriteOncePod with other access modes",
        ));
    }
}

fn positive(
    path: &Path<'_>,
    amounts: Option<&Amounts>,
    required: &Path<'_>,
    errors: &mut Vec<FieldError>,
) {
    let Some(amount) = amounts.and_then(|all| all.get("storage")) else {
        errors.push(FieldError::required(required, ""));
        return;
    };
    let before = errors.len();
    amounts::amount(path, "storage", amount, errors);
    if errors.len() == before && read(amount).is_zero() {
        let message = "must be greater than zero";
        errors.push(FieldError::invalid(path, "0", message));
    }
}

/// A claim of itself.
pub(super) fn claim(claim: &PersistentVolumeClaim, errors: &mut Vec<FieldError>) {
    claim_spec(&SPEC, &claim.spec, errors);
}

/// The spec of a claim, in a claim or in a template.
pub(super) fn claim_spec(
    path: &Path<'_>,
    spec: &core::PersistentVolumeClaimSpec,
    errors: &mut Vec<FieldError>,
) {
    let modes = spec.access_modes.as_deref().unwrap_or_default();
    access_modes(&path.child("accessModes"), modes, errors);
    let selector = path.child("selector");
    metadata::label_selector(&selector, spec.selector.as_ref(), errors);
    let requests = spec.resources.as_ref().and_then(|it| it.requests.as_ref());
    let resources = path.child("resources");
    let storage = resources.key("storage");
    positive(&storage, requests, &storage, errors);
    let class = text(spec.storage_class_name.as_ref());
    if !class.is_empty() {
        let messages = format::dns_1123_subdomain(class);
        check(&path.child("storageClassName"), class, messages, errors);
    }
    let mode = path.child("volumeMode");
    one_of_if_set(&mode, spec.volume_mode.as_ref(), &VOLUME_MODES, errors);
    if let Some(source) = &spec.data_source {
        let path = path.child("dataSource");
        for (field, value) in [("name", &source.name), ("kind", &source.kind)] {
            if value.is_empty() {
                errors.push(FieldError::required(&path.child(field), ""));
            }
        }
        let group = text(source.api_group.as_ref());
        if group.is_empty() && source.kind != "PersistentVolumeClaim" {
            errors.push(FieldError::invalid(
                &path,
                source.kind.as_str(),
                "must be 'PersistentVolumeClaim' when referencing the default apiGroup",
            ));
        }
    }
}

/// What may change in a claim.
const CLAIM_CHANGEABLE: &str = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";

/// A claim asks for what it asks for; only a bound one may grow.
pub(super) fn claim_update(
    new: &PersistentVolumeClaim,
    old: &PersistentVolumeClaim,
    errors: &mut Vec<FieldError>,
) {
    let size = |spec: &core::PersistentVolumeClaimSpec| -> Quantity {
        let requests = spec.resources.as_ref().and_then(|it| it.requests.as_ref());
        requests
            .and_then(|all| all.get("storage"))
            .map_or(Quantity::ZERO, read)
    };
    let (after, before) = (&*new.spec, &*old.spec);
    let mut munged = after.clone();
    if text(before.volume_name.as_ref()).is_empty() {
        munged.volume_name.clone_from(&before.volume_name);
    }
    if before.storage_class_name.is_none() {
        munged.storage_class_name = None;
    }
    if new.status.phase.as_deref() == Some("Bound") {
        let requests = |spec: &core::PersistentVolumeClaimSpec| {
            let resources = spec.resources.as_ref();
            resources.and_then(|it| it.requests.clone())
        };
        let storage = requests(before).and_then(|mut requests| requests.remove("storage"));
        if let Some(resources) = &mut munged.resources
            && let (Some(requests), Some(storage)) = (&mut resources.requests, storage)
        {
            requests.insert("storage".to_owned(), storage);
        }
        if munged.volume_attributes_class_name.is_some() {
            munged
                .volume_attributes_class_name
                .clone_from(&before.volume_attributes_class_name);
        }
    }
    if munged != *before {
        errors.push(FieldError::forbidden(
            &SPEC,
            &format!(
                "{CLAIM_CHANGEABLE}\n{}",
                values::difference(before, &munged)
            ),
        ));
    }
    if size(after) < size(before) {
        let capacity = old.status.capacity.as_ref();
        let held = capacity
            .and_then(|all| all.get("storage"))
            .map_or(Quantity::ZERO, read);
        if size(after) <= held {
            errors.push(FieldError::forbidden(
                &SPEC.child("resources.requests.storage"),
                "field can not be less than status.capacity",
            ));
        }
    }
    let (mode, earlier) = (json(&after.volume_mode), json(&before.volume_mode));
    immutable(&Path::new("volumeMode"), mode, &earlier, errors);
}

/// What a volume is made of, by the names of its fields.
const SOURCES: [&str; 22] = [
    "awsElasticBlockStore",
    "azureDisk",
    "azureFile",
    "cephfs",
    "cinder",
    "csi",
    "fc",
    "flexVolume",
    "flocker",
    "gcePersistentDisk",
    "glusterfs",
    "hostPath",
    "iscsi",
    "local",
    "nfs",
    "photonPersistentDisk",
    "portworxVolume",
    "quobyte",
    "rbd",
    "scaleIO",
    "storageos",
    "vsphereVolume",
];

/// A volume of itself.
///
/// Unlike Kubernetes: what the sources of cloud providers and storage vendors hold is not checked.
pub(super) fn volume(volume: &PersistentVolume, errors: &mut Vec<FieldError>) {
    let spec = &*volume.spec;
    let modes = spec.access_modes.as_deref().unwrap_or_default();
    access_modes(&SPEC.child("accessModes"), modes, errors);
    let path = SPEC.child("capacity");
    let capacity = spec.capacity.as_ref();
    if capacity.is_none_or(Amounts::is_empty) {
        errors.push(FieldError::required(&path, ""));
    } else if capacity.is_some_and(|all| all.len() > 1 || !all.contains_key("storage")) {
        let value = json(&capacity);
        errors.push(FieldError::not_supported(&path, value, &["storage"]));
    } else {
        positive(&path.key("storage"), capacity, &path, errors);
    }
    one_of_if_set(
        &SPEC.child("persistentVolumeReclaimPolicy"),
        spec.persistent_volume_reclaim_policy.as_ref(),
        &["Delete", "Recycle", "Retain"],
        errors,
    );
    if let Some(affinity) = &spec.node_affinity {
        let path = SPEC.child("nodeAffinity.required");
        match &affinity.required {
            Some(selector) => placement::node_selector(&path, selector, errors),
            None => errors.push(FieldError::required(
                &path,
                "must specify required node constraints",
            )),
        }
    }
    volume_source(spec, errors);
    let class = text(spec.storage_class_name.as_ref());
    if !class.is_empty() {
        let messages = format::dns_1123_subdomain(class);
        check(&SPEC.child("storageClassName"), class, messages, errors);
    }
    one_of_if_set(
        &SPEC.child("volumeMode"),
        spec.volume_mode.as_ref(),
        &VOLUME_MODES,
        errors,
    );
}

/// The sources that a volume has, with what they hold.
fn given_sources(spec: &core::PersistentVolumeSpec) -> Vec<(&'static str, Value)> {
    let fields = json(spec);
    let source = |name: &'static str| Some((name, fields.get(name)?.clone()));
    SOURCES.into_iter().filter_map(source).collect()
}

fn volume_source(spec: &core::PersistentVolumeSpec, errors: &mut Vec<FieldError>) {
    let given = given_sources(spec);
    if given.is_empty() {
        let message = "must specify a volume type";
        errors.push(FieldError::required(&SPEC, message));
    }
    for (field, _) in given.iter().skip(1) {
        errors.push(FieldError::forbidden(
            &SPEC.child(field),
            "may not specify more than 1 volume type",
        ));
    }
    if let Some(path) = &spec.host_path {
        host_path(&SPEC.child("hostPath"), path, errors);
        let recycled = spec.persistent_volume_reclaim_policy.as_deref() == Some("Recycle");
        if recycled && path.path.trim_matches('/').is_empty() {
            errors.push(FieldError::forbidden(
                &SPEC.child("persistentVolumeReclaimPolicy"),
                "may not be 'recycle' for a hostPath mount of '/'",
            ));
        }
    }
    if let Some(source) = &spec.nfs {
        nfs(&SPEC.child("nfs"), source, errors);
    }
    if let Some(local) = &spec.local {
        let path = SPEC.child("local.path");
        if local.path.is_empty() {
            errors.push(FieldError::required(&path, ""));
        }
        format::no_backsteps(&path, &local.path, errors);
        if spec.node_affinity.is_none() {
            errors.push(FieldError::required(
                &SPEC.child("nodeAffinity"),
                "Local volume requires node affinity",
            ));
        }
    }
    if let Some(csi) = &spec.csi {
        let fields = [
            ("driver", &csi.driver),
            ("volumeHandle", &csi.volume_handle),
        ];
        for (field, value) in fields {
            if value.is_empty() {
                let path = SPEC.child("csi");
                errors.push(FieldError::required(&path.child(field), ""));
            }
        }
    }
}

/// A path on the node.
pub(super) fn host_path(
    path: &Path<'_>,
    source: &core::HostPathVolumeSource,
    errors: &mut Vec<FieldError>,
) {
    const TYPES: [&str; 8] = [
        "",
        "BlockDevice",
        "CharDevice",
        "Directory",
        "DirectoryOrCreate",
        "File",
        "FileOrCreate",
        "Socket",
    ];
    if source.path.is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
        return;
    }
    format::no_backsteps(&path.child("path"), &source.path, errors);
    let kind = text(source.type_.as_ref());
    if !TYPES.contains(&kind) {
        let path = path.child("type");
        errors.push(FieldError::not_supported(&path, kind, &TYPES));
    }
}

/// A directory of a file server.
pub(super) fn nfs(path: &Path<'_>, source: &core::NFSVolumeSource, errors: &mut Vec<FieldError>) {
    let fields = [("server", &source.server), ("path", &source.path)];
    for (field, value) in fields {
        if value.is_empty() {
            errors.push(FieldError::required(&path.child(field), ""));
        }
    }
    if !source.path.is_empty() && !source.path.starts_with('/') {
        errors.push(FieldError::invalid(
            &path.child("path"),
            source.path.as_str(),
            "must be an absolute path",
        ));
    }
}

/// The source of a volume stays.
pub(super) fn volume_update(
    new: &PersistentVolume,
    old: &PersistentVolume,
    errors: &mut Vec<FieldError>,
) {
    let sources: [BTreeMap<&str, Value>; 2] =
        [old, new].map(|volume| given_sources(&volume.spec).into_iter().collect());
    let [before, after] = &sources;
    if after != before {
        let difference = values::difference(before, after);
        errors.push(FieldError::forbidden(
            &SPEC.child("persistentvolumesource"),
            &format!("spec.persistentvolumesource is immutable after creation\n{difference}"),
        ));
    }
    let (mode, before) = (json(&new.spec.volume_mode), json(&old.spec.volume_mode));
    immutable(&Path::new("volumeMode"), mode, &before, errors);
    if old.spec.node_affinity.is_some() {
        let affinity = json(&new.spec.node_affinity);
        let before = json(&old.spec.node_affinity);
        immutable(&Path::new("nodeAffinity"), affinity, &before, errors);
    }
}

/// A class of itself.
pub(super) fn class(class: &StorageClass, errors: &mut Vec<FieldError>) {
    let path = Path::new("provisioner");
    let provisioner = class.spec.provisioner.as_str();
    if provisioner.is_empty() {
        errors.push(FieldError::required(&path, ""));
    } else {
        let messages = format::qualified_name(&provisioner.to_lowercase());
        check(&path, provisioner, messages, errors);
    }
    format::one_of(
        &Path::new("reclaimPolicy"),
        class.spec.reclaim_policy.as_ref(),
        &["Delete", "Retain"],
        errors,
    );
    format::one_of(
        &Path::new("volumeBindingMode"),
        class.spec.volume_binding_mode.as_ref(),
        &["Immediate", "WaitForFirstConsumer"],
        errors,
    );
}

/// How a class makes volumes stays.
pub(super) fn class_update(new: &StorageClass, old: &StorageClass, errors: &mut Vec<FieldError>) {
    if new.spec.parameters != old.spec.parameters {
        errors.push(FieldError::forbidden(
            &Path::new("parameters"),
            "updates to parameters are forbidden.",
        ));
    }
    if new.spec.provisioner != old.spec.provisioner {
        errors.push(FieldError::forbidden(
            &Path::new("provisioner"),
            "updates to provisioner are forbidden.",
        ));
    }
    if new.spec.reclaim_policy != old.spec.reclaim_policy {
        errors.push(FieldError::forbidden(
            &Path::new("reclaimPolicy"),
            "updates to reclaimPolicy are forbidden.",
        ));
    }
    let mode = json(&new.spec.volume_binding_mode);
    let before = json(&old.spec.volume_binding_mode);
    immutable(&Path::new("volumeBindingMode"), mode, &before, errors);
}
