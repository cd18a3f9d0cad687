//! persistentvolumeclaim-protection-controller: a claim that is to go stays as long as pods use it.
//! Source: `pkg/controller/volume/pvcprotection`.

use std::time::Duration;

use super::controller::{Action, Controller, LookAgain, Plan, Planned};
use crate::api::{Key, Kind, Object, PersistentVolumeClaim, Pod, Typed, volume};
use crate::apiserver::{Answer, Outcome, Scope, Verb};

/// How soon it looks again while a pod that uses the claim is on its way out.
const SOON: Duration = Duration::from_secs(1);

/// How soon it looks again while nobody has told the pods to go.
const LATER: Duration = Duration::from_secs(15);

/// Unlike Kubernetes: it watches no pods but asks the API server for them, again after a second while
/// one that uses the claim is on its way out, after 15 s else.
pub(super) static PERSISTENT_VOLUME_CLAIM_PROTECTION: Controller = Controller {
    name: "persistentvolumeclaim-protection-controller",
    event_source: "persistentvolumeclaim-protection-controller",
    watches: &[Kind::PersistentVolumeClaim],
    concerns: |_, change| change.after.map(Object::key).into_iter().collect(),
    plan,
    pace: None,
    gathers: None,
    periodic: None,
};

fn plan(planned: &Planned<'_>) -> Plan {
    let Some(claim) = subject(planned) else {
        return Plan::nothing("the claim is not to go, or gone");
    };
    let pods = Key::first_of(Kind::Pod, claim.namespace());
    let question = (pods, Verb::List(Scope::default()));
    Plan::asking("which pods use the claim", vec![question], plan_with_answer)
}

/// The claim, if it is to go and held by this loop.
fn subject<'a>(planned: &Planned<'a>) -> Option<&'a PersistentVolumeClaim> {
    let claim = planned.subject::<PersistentVolumeClaim>()?;
    let mut finalizers = claim.metadata.finalizers.iter().flatten();
    let is_held = finalizers.any(|each| each == volume::CLAIM_PROTECTION);
    (claim.is_terminating() && is_held).then_some(claim)
}

fn plan_with_answer(planned: &Planned<'_>, answers: &[Outcome]) -> Plan {
    let Some(claim) = subject(planned) else {
        return Plan::nothing("the claim is not to go, or gone");
    };
    let Some(Ok(Answer::List { items, .. })) = answers.first() else {
        return Plan::nothing("the pods cannot be listed");
    };
    let pods = items.iter().filter_map(Pod::of);
    let users: Vec<&Pod> = pods.filter(|pod| uses(pod, claim.name())).collect();
    let mut plan = Plan {
        desired: "the claim gone once no pod uses it".to_owned(),
        observed: match users.as_slice() {
            [] => "no pod uses it".to_owned(),
            [one] => format!("pod {} uses it", one.name()),
            several => format!("{} pods use it", several.len()),
        },
        ..Plan::default()
    };
    if users.is_empty() {
        let mut free = claim.clone();
        let finalizers = free.metadata_mut().finalizers.get_or_insert_default();
        finalizers.retain(|each| each != volume::CLAIM_PROTECTION);
        let why = format!("lets claim {} go: no pod uses it", claim.name());
        let free = free.into_object();
        plan.difference = format!("finalizer {}", volume::CLAIM_PROTECTION);
        plan.actions = vec![Action::new(free.key(), Verb::Update(free), why)];
    } else if users.iter().any(|pod| pod.is_terminating()) {
        plan.look_again = Some(LookAgain::to_act(SOON));
    } else {
        plan.look_again = Some(LookAgain::to_check(LATER));
    }
    plan
}

/// Whether the pod has a node and names the claim; a pod without a node is never started once the
/// claim is to go.
fn uses(pod: &Pod, claim: &str) -> bool {
    pod.spec.node_name.is_some() && volume::claims(pod).any(|named| named == claim)
}
