//! The binder's plan for a claim: bind it, have a volume made for it, or say what it waits for.

use super::super::controller::{Action, Plan, Planned, Said};
use super::matching::{self, best, mismatch};
use super::{bind, update, waiting};
use crate::api::{
    PersistentVolume, PersistentVolumeClaim, StorageClass, Typed, core, meta, volume,
};
use crate::client::EventType;

/// Provisioners that were once built in, and the drivers that do their work now.
/// Source: `k8s.io/csi-translation-lib`.
const MIGRATED: [(&str, &str); 7] = [
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/azure-file", "file.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
    ("kubernetes.io/vsphere-volume", "csi.vsphere.vmware.com"),
];

/// What a claim is to have.
const DESIRED: &str = "a volume";

pub(super) fn plan(planned: &Planned<'_>) -> Plan {
    let Some(claim) = planned.subject::<PersistentVolumeClaim>() else {
        return Plan::nothing("the claim is gone");
    };
    let is_complete = volume::has_annotation(&claim.metadata, volume::BIND_COMPLETED);
    let named = volume::volume_name(claim);
    let found: Option<&PersistentVolume> = planned.caches.get("", named);
    match (is_complete, named) {
        (true, _) => plan_bound(claim, found),
        (false, "") => plan_unbound(planned, claim),
        (false, _) => plan_for_named(claim, found),
    }
}

/// A claim that was bound once. Source: `syncBoundClaim`.
fn plan_bound(claim: &PersistentVolumeClaim, found: Option<&PersistentVolume>) -> Plan {
    let Some(found) = found else {
        let message = match volume::volume_name(claim) {
            "" => "Bound claim has lost reference to PersistentVolume. Data on the volume is lost!",
            _ => "Bound claim has lost its PersistentVolume. Data on the volume is lost!",
        };
        return lost(claim, "ClaimLost", message.to_owned());
    };
    match &found.spec.claim_ref {
        None => bind(found, claim),
        Some(known) if known.uid.as_deref() == Some(claim.uid()) => bind(found, claim),
        Some(_) => {
            let message =
                "Two claims are bound to the same volume, this one is bound incorrectly".to_owned();
            lost(claim, "ClaimMisbound", message)
        }
    }
}

/// The claim will not get back what it had.
fn lost(claim: &PersistentVolumeClaim, reason: &'static str, message: String) -> Plan {
    let mut plan = waiting("the volume that it was bound to", message.clone());
    plan.look_again = None;
    if claim.status.phase.as_deref() != Some("Lost") {
        let about = claim.clone().into_object();
        let why = format!("says that claim {} is Lost", claim.name());
        let action = with_phase(claim, "Lost", None, why);
        plan.actions = vec![action.saying(Said::warning(&about, reason, message))];
    }
    plan
}

/// A claim that asks for this very volume.
fn plan_for_named(claim: &PersistentVolumeClaim, found: Option<&PersistentVolume>) -> Plan {
    let name = volume::volume_name(claim);
    let Some(found) = found else {
        return waiting(DESIRED, format!("volume {name} is not there"));
    };
    if volume::is_for(found, claim) {
        return bind(found, claim);
    }
    let (reason, message) = if found.spec.claim_ref.is_some() {
        let message = format!("volume \"{name}\" already bound to a different claim.");
        ("FailedBinding", message)
    } else if let Some(why) = mismatch(found, claim) {
        let message = format!("Cannot bind to requested volume \"{name}\": {why}");
        ("VolumeMismatch", message)
    } else {
        return bind(found, claim);
    };
    saying(claim, EventType::Warning, reason, message)
}

/// A claim that takes what there is. Source: `syncUnboundClaim`.
fn plan_unbound(planned: &Planned<'_>, claim: &PersistentVolumeClaim) -> Plan {
    if let Some(found) = best(planned.caches, claim) {
        return bind(found, claim);
    }
    if !volume::names_class(claim)
        && let Some(default) = default_class(planned)
    {
        return with_default_class(claim, default);
    }
    let class = matching::class(planned.caches, claim);
    let is_placed = volume::has_annotation(&claim.metadata, volume::SELECTED_NODE);
    let name = volume::class_of(claim);
    match class {
        Some(class) if volume::waits_for_pod(class) && !is_placed => saying(
            claim,
            EventType::Normal,
            "WaitForFirstConsumer",
            "waiting for first consumer to be created before binding".to_owned(),
        ),
        Some(class) => provision(claim, class),
        None if name.is_empty() => saying(
            claim,
            EventType::Normal,
            "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set".to_owned(),
        ),
        None => saying(
            claim,
            EventType::Warning,
            "ProvisioningFailed",
            format!("storageclass.storage.k8s.io \"{name}\" not found"),
        ),
    }
}

fn default_class<'a>(planned: &Planned<'a>) -> Option<&'a StorageClass> {
    let all = planned.caches.all(crate::api::Kind::StorageClass, None);
    volume::default_class(all.filter_map(|cached| StorageClass::of(&cached.object)))
}

/// A default that came after the claim. Source: `assignDefaultStorageClass`.
fn with_default_class(claim: &PersistentVolumeClaim, class: &StorageClass) -> Plan {
    let mut changed = claim.clone();
    changed.spec_mut().storage_class_name = Some(class.name().to_owned());
    let why = format!(
        "gives claim {} the default class {}",
        claim.name(),
        class.name()
    );
    Plan {
        desired: "a storage class".to_owned(),
        observed: "none, but there is a default now".to_owned(),
        difference: format!("class {}", class.name()),
        actions: vec![update(changed.into_object(), why)],
        ..Plan::default()
    }
}

/// Tells who makes volumes of the class that one is needed. Source: `provisionClaim`.
fn provision(claim: &PersistentVolumeClaim, class: &StorageClass) -> Plan {
    let named = class.spec.provisioner.as_str();
    let migrated = MIGRATED.iter().find(|(old, _)| *old == named);
    let provisioner = migrated.map_or(named, |(_, driver)| driver);
    if provisioner.starts_with("kubernetes.io/") {
        let message = format!("no volume plugin matched name: {provisioner}");
        return saying(claim, EventType::Warning, "ProvisioningFailed", message);
    }
    let message = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    );
    let mut plan = saying(claim, EventType::Normal, "ExternalProvisioning", message);
    let is_told = |name: &&str| meta::annotation(&claim.metadata, name) == Some(provisioner);
    if !volume::STORAGE_PROVISIONER.iter().all(is_told) {
        let mut changed = claim.clone();
        for name in volume::STORAGE_PROVISIONER {
            volume::annotate(changed.metadata_mut(), name, provisioner);
        }
        let why = format!("asks {provisioner} for a volume for claim {}", claim.name());
        let event = plan.events.pop();
        let action = update(changed.into_object(), why);
        plan.actions = vec![match event {
            Some(event) => action.saying(event),
            None => action,
        }];
    }
    plan
}

/// Says what the claim waits for; it stays Pending.
fn saying(
    claim: &PersistentVolumeClaim,
    event_type: EventType,
    reason: &'static str,
    message: String,
) -> Plan {
    let mut plan = waiting(DESIRED, message.clone());
    plan.events = vec![Said {
        about: claim.clone().into_object(),
        event_type,
        reason,
        message,
    }];
    if claim.status.phase.as_deref() != Some("Pending") {
        let why = format!("says that claim {} is Pending", claim.name());
        plan.actions = vec![with_phase(claim, "Pending", None, why)];
    }
    plan
}

/// The claim as it is to be written when it gets the volume. Source: `bindClaimToVolume`.
pub(super) fn bound_to(claim: &PersistentVolumeClaim, name: &str) -> PersistentVolumeClaim {
    let mut bound = claim.clone();
    if volume::volume_name(claim) != name {
        bound.spec_mut().volume_name = Some(name.to_owned());
        volume::annotate(bound.metadata_mut(), volume::BOUND_BY_CONTROLLER, "yes");
    }
    if !volume::has_annotation(&claim.metadata, volume::BIND_COMPLETED) {
        volume::annotate(bound.metadata_mut(), volume::BIND_COMPLETED, "yes");
    }
    bound
}

/// The write of the status of a bound claim, if it does not say so already. How much it has is said
/// when it is bound; from then on whoever makes volumes larger says it.
/// Source: `updateClaimStatus`.
pub(super) fn bound_status(
    claim: &PersistentVolumeClaim,
    found: &PersistentVolume,
) -> Option<Action> {
    let (status, given) = (&claim.status, &found.spec);
    let is_said = status.phase.as_deref() == Some("Bound")
        && status.access_modes == given.access_modes
        && status.capacity.is_some();
    let why = || format!("says that claim {} is Bound", claim.name());
    (!is_said).then(|| with_phase(claim, "Bound", Some(found), why()))
}

/// The write asks for no version: it is about the phase and nothing else.
fn with_phase(
    claim: &PersistentVolumeClaim,
    phase: &str,
    found: Option<&PersistentVolume>,
    why: String,
) -> Action {
    let mut changed = claim.clone();
    changed.metadata_mut().resource_version = None;
    let status: &mut core::PersistentVolumeClaimStatus = changed.status_mut();
    status.phase = Some(phase.to_owned());
    status.access_modes = found.and_then(|found| found.spec.access_modes.clone());
    let is_kept = claim.status.phase.as_deref() == Some("Bound") && status.capacity.is_some();
    if found.is_none() || !is_kept {
        status.capacity = found.and_then(|found| found.spec.capacity.clone());
    }
    Action::status(changed.into_object(), why)
}
