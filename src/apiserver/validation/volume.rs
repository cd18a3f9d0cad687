//! Volumes of a pod and where its containers mount them.

use std::collections::BTreeMap;

use crate::api::core;
use crate::apiserver::FieldError;

use super::format::{self, check, one_of, one_of_if_set};
use super::path::Path;
use super::values::text;
use super::{environment, storage};

const ONE_TYPE: &str = "may not specify more than 1 volume type";

const FILE_MODE: &str = "must be a number between 0 and 0777 (octal), both inclusive";

/// The volumes that are well described, by name.
pub(super) type Volumes<'a> = BTreeMap<&'a str, &'a core::Volume>;

/// Checks the volumes and gives those that containers may mount.
pub(super) fn volumes<'a>(
    path: &Path<'_>,
    volumes: &'a [core::Volume],
    errors: &mut Vec<FieldError>,
) -> Volumes<'a> {
    let mut found = Volumes::new();
    for (place, volume) in volumes.iter().enumerate() {
        let path = path.index(place);
        let before = errors.len();
        source(&path, volume, errors);
        let name = volume.name.as_str();
        if name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        } else {
            check(
                &path.child("name"),
                name,
                format::dns_1123_label(name),
                errors,
            );
        }
        if found.contains_key(name) {
            errors.push(FieldError::duplicate(&path.child("name"), name));
        }
        if errors.len() == before {
            found.insert(name, volume);
        }
    }
    found
}

/// Which sources a volume has, named as in its path.
fn sources(volume: &core::Volume) -> impl Iterator<Item = &'static str> {
    [
        ("emptyDir", volume.empty_dir.is_some()),
        ("hostPath", volume.host_path.is_some()),
        ("gitRepo", volume.git_repo.is_some()),
        ("gcePersistentDisk", volume.gce_persistent_disk.is_some()),
        (
            "awsElasticBlockStore",
            volume.aws_elastic_block_store.is_some(),
        ),
        ("secret", volume.secret.is_some()),
        ("nfs", volume.nfs.is_some()),
        ("iscsi", volume.iscsi.is_some()),
        ("glusterfs", volume.glusterfs.is_some()),
        ("flocker", volume.flocker.is_some()),
        (
            "persistentVolumeClaim",
            volume.persistent_volume_claim.is_some(),
        ),
        ("rbd", volume.rbd.is_some()),
        ("cinder", volume.cinder.is_some()),
        ("cephFS", volume.cephfs.is_some()),
        ("quobyte", volume.quobyte.is_some()),
        ("downwarAPI", volume.downward_api.is_some()),
        ("fc", volume.fc.is_some()),
        ("flexVolume", volume.flex_volume.is_some()),
        ("configMap", volume.config_map.is_some()),
        ("azureFile", volume.azure_file.is_some()),
        ("vsphereVolume", volume.vsphere_volume.is_some()),
        (
            "photonPersistentDisk",
            volume.photon_persistent_disk.is_some(),
        ),
        ("portworxVolume", volume.portworx_volume.is_some()),
        ("azureDisk", volume.azure_disk.is_some()),
        ("storageos", volume.storageos.is_some()),
        ("projected", volume.projected.is_some()),
        ("scaleIO", volume.scale_io.is_some()),
        ("csi", volume.csi.is_some()),
        ("ephemeral", volume.ephemeral.is_some()),
        ("image", volume.image.is_some()),
    ]
    .into_iter()
    .filter_map(|(field, set)| set.then_some(field))
}

/// Exactly one source, and that one complete.
///
/// Unlike Kubernetes: what the sources of cloud providers and storage vendors hold is not checked.
fn source(path: &Path<'_>, volume: &core::Volume, errors: &mut Vec<FieldError>) {
    let mut given = sources(volume);
    let Some(first) = given.next() else {
        errors.push(FieldError::required(path, "must specify a volume type"));
        return;
    };
    match first {
        "emptyDir" | "hostPath" | "persistentVolumeClaim" | "ephemeral" => {
            storage_source(path, volume, errors);
        }
        _ => content_source(path, volume, errors),
    }
    for field in given {
        errors.push(FieldError::forbidden(&path.child(field), ONE_TYPE));
    }
}

fn storage_source(path: &Path<'_>, volume: &core::Volume, errors: &mut Vec<FieldError>) {
    if let Some(limit) = volume
        .empty_dir
        .as_ref()
        .and_then(|it| it.size_limit.as_ref())
        && super::amounts::read(limit).is_negative()
    {
        errors.push(FieldError::forbidden(
            &path.child("emptyDir.sizeLimit"),
            "SizeLimit field must be a valid resource quantity",
        ));
    }
    if let Some(host_path) = &volume.host_path {
        storage::host_path(&path.child("hostPath"), host_path, errors);
    }
    if let Some(claim) = &volume.persistent_volume_claim
        && claim.claim_name.is_empty()
    {
        let path = path.child("persistentVolumeClaim.claimName");
        errors.push(FieldError::required(&path, ""));
    }
    if let Some(ephemeral) = &volume.ephemeral {
        let path = path.child("ephemeral.volumeClaimTemplate");
        match &ephemeral.volume_claim_template {
            None => errors.push(FieldError::required(&path, "")),
            Some(template) => storage::claim_spec(&path.child("spec"), &template.spec, errors),
        }
    }
}

fn content_source(path: &Path<'_>, volume: &core::Volume, errors: &mut Vec<FieldError>) {
    if let Some(secret) = &volume.secret {
        let path = path.child("secret");
        if text(secret.secret_name.as_ref()).is_empty() {
            errors.push(FieldError::required(&path.child("secretName"), ""));
        }
        mode(&path.child("defaultMode"), secret.default_mode, errors);
        items(&path, secret.items.as_deref(), errors);
    }
    if let Some(config_map) = &volume.config_map {
        let path = path.child("configMap");
        if config_map.name.is_empty() {
            errors.push(FieldError::required(&path.child("name"), ""));
        }
        mode(&path.child("defaultMode"), config_map.default_mode, errors);
        items(&path, config_map.items.as_deref(), errors);
    }
    if let Some(downward) = &volume.downward_api {
        let path = path.child("downwardAPI");
        mode(&path.child("defaultMode"), downward.default_mode, errors);
        files(&path, downward.items.as_deref().unwrap_or_default(), errors);
    }
    if let Some(nfs) = &volume.nfs {
        let path = path.child("nfs");
        storage::nfs(&path, nfs, errors);
    }
    if let Some(csi) = &volume.csi
        && csi.driver.is_empty()
    {
        errors.push(FieldError::required(&path.child("csi.driver"), ""));
    }
    if let Some(projected) = &volume.projected {
        projections(&path.child("projected"), projected, errors);
    }
}

fn mode(path: &Path<'_>, mode: Option<i32>, errors: &mut Vec<FieldError>) {
    if let Some(mode) = mode.filter(|mode| !(0..=0o777).contains(mode)) {
        errors.push(FieldError::invalid(path, mode, FILE_MODE));
    }
}

fn items(path: &Path<'_>, items: Option<&[core::KeyToPath]>, errors: &mut Vec<FieldError>) {
    let list = path.child("items");
    for (place, item) in items.unwrap_or_default().iter().enumerate() {
        let path = list.index(place);
        if item.key.is_empty() {
            errors.push(FieldError::required(&path.child("key"), ""));
        }
        if item.path.is_empty() {
            errors.push(FieldError::required(&path.child("path"), ""));
        }
        local_path(&path.child("path"), &item.path, errors);
        mode(&path.child("mode"), item.mode, errors);
    }
}

/// A path below the volume that does not begin with `..`.
fn local_path(path: &Path<'_>, value: &str, errors: &mut Vec<FieldError>) {
    format::descending_path(path, value, errors);
    let first = value.split('/').next().unwrap_or_default();
    if first.starts_with("..") && first != ".." {
        errors.push(FieldError::invalid(path, value, "must not start with '..'"));
    }
}

fn files(path: &Path<'_>, files: &[core::DownwardAPIVolumeFile], errors: &mut Vec<FieldError>) {
    for file in files {
        if file.path.is_empty() {
            errors.push(FieldError::required(&path.child("path"), ""));
        }
        local_path(&path.child("path"), &file.path, errors);
        match (&file.field_ref, &file.resource_field_ref) {
            (Some(field), None) => {
                environment::volume_field(&path.child("fieldRef"), field, errors);
            }
            (None, Some(resource)) => {
                let path = path.child("resourceFieldRef");
                environment::container_resource(&path, resource, true, errors);
            }
            (Some(_), Some(_)) => errors.push(FieldError::invalid(
                path,
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            )),
            (None, None) => errors.push(FieldError::required(
                path,
                "one of fieldRef and resourceFieldRef is required",
            )),
        }
        mode(&path.child("mode"), file.mode, errors);
    }
}

fn projections(
    path: &Path<'_>,
    projected: &core::ProjectedVolumeSource,
    errors: &mut Vec<FieldError>,
) {
    mode(&path.child("defaultMode"), projected.default_mode, errors);
    let list = path.child("sources");
    for (place, source) in projected.sources.iter().flatten().enumerate() {
        let item = list.index(place);
        let mut sources = 0;
        if let Some(secret) = &source.secret {
            sources += 1;
            let path = item.child("secret");
            if secret.name.is_empty() {
                errors.push(FieldError::required(&path.child("name"), ""));
            }
            items(&path, secret.items.as_deref(), errors);
        }
        if let Some(config_map) = &source.config_map {
            sources += 1;
            let path = item.child("configMap");
            if config_map.name.is_empty() {
                errors.push(FieldError::required(&path.child("name"), ""));
            }
            items(&path, config_map.items.as_deref(), errors);
        }
        if let Some(downward) = &source.downward_api {
            sources += 1;
            let path = item.child("downwardAPI");
            files(&path, downward.items.as_deref().unwrap_or_default(), errors);
        }
        if let Some(token) = &source.service_account_token {
            sources += 1;
            service_account_token(&item.child("serviceAccountToken"), token, errors);
        }
        sources += usize::from(source.cluster_trust_bundle.is_some());
        sources += usize::from(source.pod_certificate.is_some());
        if sources > 1 {
            errors.push(FieldError::forbidden(&item, ONE_TYPE));
        }
    }
}

fn service_account_token(
    path: &Path<'_>,
    token: &core::ServiceAccountTokenProjection,
    errors: &mut Vec<FieldError>,
) {
    let seconds = token.expiration_seconds.unwrap_or(0);
    let expiration = path.child("expirationSeconds");
    if seconds < 600 {
        errors.push(FieldError::invalid(
            &expiration,
            seconds,
            "may not specify a duration less than 10 minutes",
        ));
    }
    if seconds > 1 << 32 {
        errors.push(FieldError::invalid(
            &expiration,
            seconds,
            "may not specify a duration larger than 2^32 seconds",
        ));
    }
    if token.path.is_empty() {
        errors.push(FieldError::required(&path.child("path"), ""));
    }
}

/// The mounts and block devices of a container.
pub(super) fn mounts(
    path: &Path<'_>,
    container: &core::Container,
    volumes: &Volumes<'_>,
    errors: &mut Vec<FieldError>,
) {
    let list = path.child("volumeMounts");
    let mounts = container.volume_mounts.as_deref().unwrap_or_default();
    let devices = container.volume_devices.as_deref().unwrap_or_default();
    let mut paths: Vec<&str> = Vec::new();
    for (place, mount) in mounts.iter().enumerate() {
        let item = list.index(place);
        named_volume(&item, &mount.name, volumes, errors);
        let mount_path = item.child("mountPath");
        if mount.mount_path.is_empty() {
            errors.push(FieldError::required(&mount_path, ""));
        }
        let at = mount.mount_path.as_str();
        if paths.contains(&at) {
            errors.push(FieldError::invalid(&mount_path, at, "must be unique"));
        }
        paths.push(at);
        if devices.iter().any(|device| device.name == mount.name) {
            let message = "must not already exist in volumeDevices";
            let path = item.child("name");
            errors.push(FieldError::invalid(&path, mount.name.as_str(), message));
        }
        if devices.iter().any(|device| device.device_path == at) {
            let message = "must not already exist as a path in volumeDevices";
            errors.push(FieldError::invalid(&mount_path, at, message));
        }
        mount_options(&list, &item, mount, errors);
    }
    block_devices(&path.child("volumeDevices"), container, volumes, errors);
}

fn named_volume(path: &Path<'_>, name: &str, volumes: &Volumes<'_>, errors: &mut Vec<FieldError>) {
    if name.is_empty() {
        errors.push(FieldError::required(&path.child("name"), ""));
    }
    if !volumes.contains_key(name) {
        errors.push(FieldError::not_found(&path.child("name"), name));
    }
}

fn mount_options(
    list: &Path<'_>,
    item: &Path<'_>,
    mount: &core::VolumeMount,
    errors: &mut Vec<FieldError>,
) {
    let sub_path = text(mount.sub_path.as_ref());
    let expression = text(mount.sub_path_expr.as_ref());
    if !sub_path.is_empty() {
        format::descending_path(&list.child("subPath"), sub_path, errors);
    }
    if !expression.is_empty() {
        if !sub_path.is_empty() {
            errors.push(FieldError::invalid(
                &item.child("subPathExpr"),
                expression,
                "subPathExpr and subPath are mutually exclusive",
            ));
        }
        format::descending_path(&list.child("subPathExpr"), expression, errors);
    }
    one_of_if_set(
        &list.child("mountPropagation"),
        mount.mount_propagation.as_ref(),
        &["Bidirectional", "HostToContainer", "None"],
        errors,
    );
    if mount.recursive_read_only.is_some() {
        one_of(
            &list.child("recursiveReadOnly"),
            mount.recursive_read_only.as_ref(),
            &["Disabled", "Enabled", "IfPossible"],
            errors,
        );
    }
}

fn block_devices(
    path: &Path<'_>,
    container: &core::Container,
    volumes: &Volumes<'_>,
    errors: &mut Vec<FieldError>,
) {
    let devices = container.volume_devices.as_deref().unwrap_or_default();
    for (place, device) in devices.iter().enumerate() {
        let item = path.index(place);
        let name = device.name.as_str();
        let earlier = &devices[..place];
        if earlier.iter().any(|each| each.name == device.name) {
            errors.push(FieldError::invalid(
                &item.child("name"),
                name,
                "must be unique",
            ));
        }
        named_volume(&item, name, volumes, errors);
        let without_claim = volumes.get(name).is_some_and(|volume| {
            volume.persistent_volume_claim.is_none() && volume.ephemeral.is_none()
        });
        if without_claim {
            errors.push(FieldError::invalid(
                &item.child("name"),
                name,
                "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode",
            ));
        }
        let at = item.child("devicePath");
        if device.device_path.is_empty() {
            errors.push(FieldError::required(&at, ""));
        }
        if earlier
            .iter()
            .any(|it| it.device_path == device.device_path)
        {
            let value = device.device_path.as_str();
            errors.push(FieldError::invalid(&at, value, "must be unique"));
        }
    }
}
