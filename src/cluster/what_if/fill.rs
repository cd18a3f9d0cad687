//! How many more of a pod fit: a question to the world, answered from copies; nothing is written.

use serde_json::{Value, json};

use super::known;
use crate::api::{Actor, Key, Kind, Object, Pod, Typed};
use crate::apiserver::{Answer, Answering, Moment, Request, RequestId, Verb};
use crate::cluster::Cluster;
use crate::scheduler::Filling;
use crate::sim::{Random, Urgency};

/// An answer and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Filled {
    /// The pod, or the workload whose template was taken.
    pub about: Key,
    /// How many found a place, where, and what stops the next one.
    pub filling: Filling,
}

/// How many more of a pod, or of the pods of a workload, fit beside what is there; it stops to count
/// at `most`.
///
/// # Errors
/// When there is no such object, when it has no pod template, or when the API server would not take
/// a pod of it.
pub fn fill(world: &Cluster, about: &Key, most: usize) -> Result<Filled, String> {
    let pod = match about.kind {
        Kind::Pod => known(world, about)?.clone(),
        _ => cast(world, about)?,
    };
    let scheduler = &world.scheduler().component;
    let configuration = scheduler.configuration();
    let profile = configuration.profile_of(&pod);
    let profile = profile.ok_or_else(|| configuration.missing_profile(&pod))?;
    let mut random = Random::stream(world.config().seed, "fill");
    let filling = Filling::of(&pod, scheduler.snapshot(), profile, &mut random, most);
    Ok(Filled {
        about: about.clone(),
        filling,
    })
}

/// A pod of the workload's template as the API server would take it: asked of a copy of the server.
fn cast(world: &Cluster, about: &Key) -> Result<Pod, String> {
    let path = about.kind.template_path().ok_or_else(|| {
        format!("{about} is neither a pod nor has it a pod template: select a pod or a workload")
    })?;
    let owner = world.store().get(about).map(Object::to_value);
    let owner = owner.ok_or_else(|| format!("{about} is not there"))?;
    let template = owner.pointer(path).cloned().unwrap_or(Value::Null);
    let name = format!("{}-what-if", about.name);
    let pod = json!({
        "metadata": {
            "name": name,
            "namespace": &*about.namespace,
            "labels": template["metadata"]["labels"],
            "annotations": template["metadata"]["annotations"],
        },
        "spec": template["spec"],
    });
    let pod = Object::from_value(Kind::Pod, pod).map_err(|error| error.to_string())?;
    let request = Request {
        id: RequestId(0),
        actor: Actor::kubectl(),
        key: pod.key(),
        verb: Verb::Create(pod),
        answer: Answering::Awaited,
        urgency: Urgency::Work,
    };
    let moment = Moment {
        now: world.now(),
        profile: world.profile(),
    };
    let outcome = world.api.clone().handle(&request, moment).outcome;
    let answer = outcome.map_err(|refusal| refusal.to_string())?;
    let pod = Answer::object(&answer).and_then(Pod::of).cloned();
    pod.ok_or_else(|| format!("the API server answers without a pod of {about}"))
}
