//! external-resizer: makes volumes larger for claims that ask for more than they have.
//! Source: `pkg/controller/expand_and_recover.go` of `kubernetes-csi/external-resizer`.

use std::collections::BTreeMap;
use std::time::Duration;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as OfficialQuantity;

use super::controller::{Action, Change, Controller, LookAgain, Plan, Planned, Said};
use super::external_provisioner::made_by;
use crate::api::{
    Key, Kind, Object, PersistentVolume, PersistentVolumeClaim, Quantity, Typed, core, meta, volume,
};
use crate::apiserver::Verb;
use crate::client::Informers;

/// How long it takes to make a volume larger.
const RESIZING: Duration = Duration::from_secs(1);

/// The condition of a claim whose volume is being made larger.
const CONDITION: &str = "Resizing";

/// What the claim's status says of the same.
const IN_PROGRESS: &str = "ControllerResizeInProgress";

const STORAGE: &str = "storage";

/// Unlike Kubernetes: it is one process for all drivers, it never fails, the file system grows along
/// with the volume so that no kubelet has a part in it, and kube-controller-manager's own expander
/// does not say that it leaves the volume to somebody else.
pub(super) static EXTERNAL_RESIZER: Controller = Controller {
    name: "external-resizer",
    event_source: "external-resizer",
    watches: &[Kind::PersistentVolume, Kind::PersistentVolumeClaim],
    concerns,
    plan,
    pace: None,
    gathers: None,
    periodic: None,
};

fn concerns(_: &Informers, change: &Change<'_>) -> Vec<Key> {
    let claim = match change.after {
        Some(Object::PersistentVolumeClaim(claim)) => is_behind(claim)
            .then(|| Key::new(Kind::PersistentVolumeClaim, claim.namespace(), claim.name())),
        Some(Object::PersistentVolume(made)) if made_by(&made.metadata).is_some() => {
            let of = made.spec.claim_ref.as_ref();
            let name = |of: &core::ObjectReference| Some((of.namespace.clone()?, of.name.clone()?));
            of.and_then(name)
                .map(|(namespace, name)| Key::new(Kind::PersistentVolumeClaim, &namespace, &name))
        }
        _ => None,
    };
    claim.into_iter().collect()
}

/// Whether a bound claim asks for more than it has.
fn is_behind(claim: &PersistentVolumeClaim) -> bool {
    claim.status.phase.as_deref() == Some("Bound") && held(claim) < volume::asked(claim)
}

fn held(claim: &PersistentVolumeClaim) -> Quantity {
    volume::storage(claim.status.capacity.as_ref())
}

fn amounts(size: Quantity) -> BTreeMap<String, OfficialQuantity> {
    [(STORAGE.to_owned(), OfficialQuantity(size.to_string()))].into()
}

fn plan(planned: &Planned<'_>) -> Plan {
    let behind = planned.subject::<PersistentVolumeClaim>();
    let Some(claim) = behind.filter(|claim| is_behind(claim)) else {
        return Plan::nothing("the claim has what it asks for");
    };
    let found: Option<&PersistentVolume> = planned.caches.get("", volume::volume_name(claim));
    let own = found.filter(|found| made_by(&found.metadata).is_some());
    let Some(found) = own.filter(|found| volume::is_for(found, claim)) else {
        return Plan::nothing("the volume of the claim is not made here");
    };
    // What was begun is brought to its end before anything larger is begun.
    let allocated = volume::storage(claim.status.allocated_resources.as_ref());
    let size = if is_begun(claim) {
        allocated
    } else {
        volume::asked(claim)
    };
    let mut plan = Plan {
        desired: format!("{size} for claim {}", claim.name()),
        observed: held(claim).to_string(),
        difference: "too small".to_owned(),
        ..Plan::default()
    };
    if !is_begun(claim) {
        plan.actions = vec![begin(planned, claim, found, size)];
    } else if volume::capacity(found) >= size {
        plan.actions = vec![end(claim, size)];
    } else {
        let since = planned
            .waiting_since
            .map(|since| (since + RESIZING).since(planned.now));
        match since {
            Some(left) if left.is_zero() => plan.actions = vec![enlarge(found, size)],
            left => plan.look_again = Some(LookAgain::to_act(left.unwrap_or(RESIZING))),
        }
    }
    plan
}

fn is_begun(claim: &PersistentVolumeClaim) -> bool {
    let statuses = claim.status.allocated_resource_statuses.as_ref();
    let own = statuses.and_then(|statuses| statuses.get(STORAGE));
    own.is_some_and(|own| own == IN_PROGRESS)
}

/// Says on the claim what is going to happen. Source: `markControllerResizeInProgress`.
fn begin(
    planned: &Planned<'_>,
    claim: &PersistentVolumeClaim,
    found: &PersistentVolume,
    size: Quantity,
) -> Action {
    let mut changed = claim.clone();
    let status = changed.status_mut();
    status.allocated_resources = Some(amounts(size));
    status.allocated_resource_statuses =
        Some([(STORAGE.to_owned(), IN_PROGRESS.to_owned())].into());
    let conditions = status.conditions.get_or_insert_default();
    conditions.retain(|condition| condition.type_ != CONDITION);
    conditions.push(core::PersistentVolumeClaimCondition {
        type_: CONDITION.to_owned(),
        status: "True".to_owned(),
        last_transition_time: Some(meta::object_time(planned.now)),
        ..core::PersistentVolumeClaimCondition::default()
    });
    let (name, about) = (found.name(), claim.clone().into_object());
    let why = format!(
        "says that the volume of claim {} grows to {size}",
        claim.name()
    );
    let message = format!("External resizer is resizing volume {name}");
    Action::status(changed.into_object(), why).saying(Said::normal(&about, "Resizing", message))
}

fn enlarge(found: &PersistentVolume, size: Quantity) -> Action {
    let mut changed = found.clone();
    changed.spec_mut().capacity = Some(amounts(size));
    let object = changed.into_object();
    let why = format!("makes volume {} {size} large", found.name());
    Action::new(object.key(), Verb::Update(object), why)
}

/// Says on the claim that it has what it asked for. Source: `markOverallExpansionAsFinished`.
fn end(claim: &PersistentVolumeClaim, size: Quantity) -> Action {
    let mut changed = claim.clone();
    let status = changed.status_mut();
    status.capacity = Some(amounts(size));
    status.allocated_resource_statuses = None;
    let conditions = status.conditions.take().unwrap_or_default();
    let left = conditions.into_iter();
    let left: Vec<_> = left.filter(|each| each.type_ != CONDITION).collect();
    status.conditions = Some(left).filter(|left| !left.is_empty());
    let about = claim.clone().into_object();
    let why = format!("says that claim {} has {size}", claim.name());
    let message = "Resize volume succeeded".to_owned();
    let said = Said::normal(&about, "VolumeResizeSuccessful", message);
    Action::status(changed.into_object(), why).saying(said)
}
