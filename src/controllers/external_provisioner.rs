//! external-provisioner: makes volumes for claims whose class names a provisioner that is pretended.
//! Source: the behaviour of the external-provisioner sidecar of Kubernetes CSI.

use std::time::Duration;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use crate::api::owners::Provenance;
use crate::api::{
    Key, Kind, Node, Object, ObjectMeta, PersistentVolume, PersistentVolumeClaim, StorageClass,
    Typed, core, meta, volume,
};
use crate::apiserver::{DeleteOptions, Verb};
use crate::client::Informers;

/// How long the making of a volume takes.
const MAKING: Duration = Duration::from_secs(1);

/// From where the volumes of a provisioner can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// From every node.
    Everywhere,
    /// From nodes of one zone.
    Zone,
    /// From the node on which it was made.
    Node,
}

/// The provisioners that are pretended. Claims of others wait, as where none is installed.
///
/// Unlike Kubernetes: they are all there from the beginning, they are one process, and they never
/// fail or run out of storage.
const PRETENDED: [(&str, Reach); 8] = [
    ("k8s.io/minikube-hostpath", Reach::Everywhere),
    ("docker.io/hostpath", Reach::Everywhere),
    ("nfs.csi.k8s.io", Reach::Everywhere),
    ("rancher.io/local-path", Reach::Node),
    ("hostpath.csi.k8s.io", Reach::Node),
    ("ebs.csi.aws.com", Reach::Zone),
    ("pd.csi.storage.gke.io", Reach::Zone),
    ("disk.csi.azure.com", Reach::Zone),
];

const ZONE: &str = "topology.kubernetes.io/zone";
const HOSTNAME: &str = "kubernetes.io/hostname";

pub(super) static EXTERNAL_PROVISIONER: Controller = Controller {
    name: "external-provisioner",
    event_source: "external-provisioner",
    watches: &[
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
        Kind::StorageClass,
        Kind::Node,
    ],
    concerns,
    plan,
    pace: None,
    gathers: None,
    periodic: None,
};

fn reach(provisioner: Option<&str>) -> Option<Reach> {
    let known = PRETENDED
        .iter()
        .find(|(name, _)| Some(*name) == provisioner);
    known.map(|(_, reach)| *reach)
}

fn concerns(_: &Informers, change: &Change<'_>) -> Vec<Key> {
    let concerned = match change.after {
        Some(claim @ Object::PersistentVolumeClaim(_)) => asked_of(claim.metadata()).is_some(),
        Some(made @ Object::PersistentVolume(_)) => made_by(made.metadata()).is_some(),
        _ => false,
    };
    let key = change.after.filter(|_| concerned).map(Object::key);
    key.into_iter().collect()
}

/// The provisioner that is asked for a volume, if it is one of those that are pretended.
fn asked_of(claim: &ObjectMeta) -> Option<&str> {
    let asked = meta::annotation(claim, volume::STORAGE_PROVISIONER[0]);
    asked.filter(|name| reach(Some(name)).is_some())
}

/// The provisioner that made a volume, if it is one of those that are pretended.
pub(super) fn made_by(made: &ObjectMeta) -> Option<&str> {
    let maker = meta::annotation(made, volume::PROVISIONED_BY);
    maker.filter(|name| reach(Some(name)).is_some())
}

fn plan(planned: &Planned<'_>) -> Plan {
    match planned.key.kind {
        Kind::PersistentVolumeClaim => plan_claim(planned),
        _ => plan_volume(planned),
    }
}

fn plan_claim(planned: &Planned<'_>) -> Plan {
    let Some(claim) = planned.subject::<PersistentVolumeClaim>() else {
        return Plan::nothing("the claim is gone");
    };
    let class: Option<&StorageClass> = planned.caches.get("", volume::class_of(claim));
    let (Some(provisioner), Some(class)) = (asked_of(&claim.metadata), class) else {
        return Plan::nothing("the claim asks for nothing that is made here");
    };
    let selected = meta::annotation(&claim.metadata, volume::SELECTED_NODE);
    let is_early = volume::waits_for_pod(class) && selected.is_none();
    let name = format!("pvc-{}", claim.uid());
    let is_made = planned.caches.get::<PersistentVolume>("", &name).is_some();
    if !volume::volume_name(claim).is_empty() || claim.is_terminating() || is_early || is_made {
        return Plan::nothing("no volume is to be made for the claim now");
    }
    let about = claim.clone().into_object();
    let mut plan = Plan {
        desired: format!("volume {name}"),
        observed: "it is not made yet".to_owned(),
        difference: "one volume too few".to_owned(),
        ..Plan::default()
    };
    let Some(since) = planned.waiting_since else {
        let (namespace, name) = (claim.namespace(), claim.name());
        let message =
            format!("External provisioner is provisioning volume for claim \"{namespace}/{name}\"");
        plan.events = vec![Said::normal(&about, "Provisioning", message)];
        plan.look_again = Some(LookAgain::to_act(MAKING));
        return plan;
    };
    let left = (since + MAKING).since(planned.now);
    if !left.is_zero() {
        plan.look_again = Some(LookAgain::to_act(left));
        return plan;
    }
    let why = format!("makes volume {name} for claim {}", claim.name());
    let message = format!("Successfully provisioned volume {name}");
    let made = made(planned.caches, claim, class, (provisioner, &name)).into_object();
    let action = Action::new(made.key(), Verb::Create(made), why);
    let said = Said::normal(&about, "ProvisioningSucceeded", message);
    plan.actions = vec![action.saying(said)];
    plan
}

/// The volume for a claim: as large as asked, of its class, and there where it can be reached.
fn made(
    caches: &Informers,
    claim: &PersistentVolumeClaim,
    class: &StorageClass,
    (provisioner, name): (&str, &str),
) -> PersistentVolume {
    let mut metadata = ObjectMeta {
        name: Some(name.to_owned()),
        ..ObjectMeta::default()
    };
    volume::annotate(&mut metadata, volume::PROVISIONED_BY, provisioner);
    let asked = OfficialQuantity(volume::asked(claim).to_string());
    let mut spec = core::PersistentVolumeSpec {
        access_modes: claim.spec.access_modes.clone(),
        capacity: Some([("storage".to_owned(), asked)].into()),
        claim_ref: Some(volume::reference(claim)),
        mount_options: class.spec.mount_options.clone(),
        node_affinity: affinity(caches, claim, provisioner),
        persistent_volume_reclaim_policy: class
            .spec
            .reclaim_policy
            .clone()
            .or_else(|| Some("Delete".to_owned())),
        storage_class_name: Some(class.name().to_owned()),
        volume_mode: claim.spec.volume_mode.clone(),
        ..core::PersistentVolumeSpec::default()
    };
    if provisioner.contains(".csi.") {
        spec.csi = Some(core::CSIPersistentVolumeSource {
            driver: provisioner.to_owned(),
            volume_handle: name.to_owned(),
            ..core::CSIPersistentVolumeSource::default()
        });
    } else {
        let (namespace, claim) = (claim.namespace(), claim.name());
        spec.host_path = Some(core::HostPathVolumeSource {
            path: format!("/tmp/hostpath-provisioner/{namespace}/{claim}"),
            type_: None,
        });
    }
    PersistentVolume {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: spec.into(),
        status: core::PersistentVolumeStatus::default().into(),
    }
}

/// The nodes that can reach the volume: those like the node that the pod goes to; where no pod was
/// waited for, those like the first node that has the label.
fn affinity(
    caches: &Informers,
    claim: &PersistentVolumeClaim,
    provisioner: &str,
) -> Option<core::VolumeNodeAffinity> {
    let key = match reach(Some(provisioner))? {
        Reach::Everywhere => return None,
        Reach::Zone => ZONE,
        Reach::Node => HOSTNAME,
    };
    let selected = meta::annotation(&claim.metadata, volume::SELECTED_NODE);
    let nodes = caches.all(Kind::Node, None);
    let nodes = nodes.filter_map(|cached| Node::of(&cached.object));
    let mut chosen = nodes.filter(|node| selected.is_none_or(|name| node.name() == name));
    let value = chosen.find_map(|node| meta::labels(&node.metadata).get(key).cloned())?;
    let requirement = core::NodeSelectorRequirement {
        key: key.to_owned(),
        operator: "In".to_owned(),
        values: Some(vec![value]),
    };
    let term = core::NodeSelectorTerm {
        match_expressions: Some(vec![requirement]),
        match_fields: None,
    };
    Some(core::VolumeNodeAffinity {
        required: Some(core::NodeSelector {
            node_selector_terms: vec![term],
        }),
    })
}

/// A volume that is not needed any more goes, if its class said so.
fn plan_volume(planned: &Planned<'_>) -> Plan {
    let Some(subject) = planned.subject::<PersistentVolume>() else {
        return Plan::nothing("the volume is gone");
    };
    let policy = subject.spec.persistent_volume_reclaim_policy.as_deref();
    let is_released = subject.status.phase.as_deref() == Some("Released");
    let is_mine = made_by(&subject.metadata).is_some();
    if !is_mine || !is_released || policy != Some("Delete") || subject.is_terminating() {
        return Plan::nothing("the volume stays");
    }
    let name = subject.name();
    let why = format!("deletes volume {name}: its claim is gone");
    let verb = Verb::Delete(DeleteOptions::default());
    Plan {
        desired: "no volume without a claim".to_owned(),
        observed: format!("volume {name} is Released"),
        difference: "one volume too many".to_owned(),
        actions: vec![Action::new(planned.key.clone(), verb, why)],
        ..Plan::default()
    }
}
