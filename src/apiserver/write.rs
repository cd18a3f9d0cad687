//! Creates, updates, patches and bindings on their way through the stations.

use super::{
    ApiServer, Binding, Moment, Patch, PatchType, Refusal, Stage, StageName, Subresource, Verb,
    Written, admission, defaulting, prepare, validation,
};
use crate::api::{Key, Object, core, meta};
use crate::manifest::{self, patch as patches};
use crate::store::Precondition;

/// How often a generated name that is taken is drawn again. Source: `pkg/registry/rest/create.go`.
const NAME_GENERATION_ATTEMPTS: usize = 8;

/// Which part of an object a write replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Main,
    Status,
    Finalizers,
}

impl ApiServer {
    pub(super) fn write(
        &mut self,
        verb: &Verb,
        key: &Key,
        moment: Moment<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        match verb {
            Verb::Create(object) => self.create(object.clone(), key, moment, stages),
            Verb::Update(object) => self.update(object.clone(), key, Part::Main, moment, stages),
            Verb::UpdateStatus(object) => {
                self.update(object.clone(), key, Part::Status, moment, stages)
            }
            Verb::Finalize(object) => {
                self.update(object.clone(), key, Part::Finalizers, moment, stages)
            }
            Verb::UpdateScale(scale) => self.update_scale(scale, key, moment, stages),
            Verb::Patch(patch) => self.patch(patch, key, moment, stages),
            Verb::Delete(options) => self.delete(options, key, moment),
            Verb::Bind(binding) => self.bind(binding, key, moment),
            Verb::Get | Verb::List(_) | Verb::GetScale | Verb::Metrics(_) | Verb::Log(_) => {
                unreachable!("reads do not come here; see handle")
            }
        }
    }

    fn create(
        &mut self,
        mut object: Object,
        key: &Key,
        moment: Moment<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        prepare::address(&mut object, key)?;
        if object
            .metadata()
            .resource_version
            .as_deref()
            .is_some_and(|version| !version.is_empty())
        {
            let message = "resourceVersion should not be set on objects to be created";
            return Err(Refusal::bad_request(message.to_owned()));
        }
        reach(stages, StageName::Decode, &object);
        defaulting::apply_defaults(&mut object);
        reach(stages, StageName::Default, &object);
        admission::admit(
            admission::Operation::Create,
            &mut object,
            &self.store,
            moment.profile,
        )?;
        reach(stages, StageName::Admit, &object);
        // The pods of a Job carry its name, so the name comes before the rest.
        self.generate_name(&mut object);
        self.templates.share(&mut object);
        let object = prepare::for_create(object, &self.store, &mut self.random, moment.now);
        let errors = validation::validate_create(&object);
        if !errors.is_empty() {
            return Err(Refusal::invalid(&object.key(), errors));
        }
        admission::enforce(admission::Operation::Create, &object, &self.store)?;
        reach(stages, StageName::Validate, &object);
        let key = object.key();
        let change = self
            .store
            .put(object, Precondition::Absent)
            .map_err(|_| Refusal::already_exists(&key))?;
        let object = change.object.clone();
        reach(stages, StageName::Commit, &object);
        Ok(Written {
            change: Some(change),
            object,
        })
    }

    /// Completes a `generateName`, drawing again while the name is taken.
    fn generate_name(&mut self, object: &mut Object) {
        let base = match object.metadata().generate_name.as_deref() {
            Some(base) if object.name().is_empty() && !base.is_empty() => base.to_owned(),
            _ => return,
        };
        for _ in 0..NAME_GENERATION_ATTEMPTS {
            object.metadata_mut().name = Some(prepare::generated(&base, &mut self.random));
            if self.store.get(&object.key()).is_none() {
                return;
            }
        }
    }

    pub(super) fn update(
        &mut self,
        mut object: Object,
        key: &Key,
        part: Part,
        moment: Moment<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        prepare::address(&mut object, key)?;
        reach(stages, StageName::Decode, &object);
        let current = self.get(key)?.clone();
        if part == Part::Main {
            defaulting::apply_defaults(&mut object);
            reach(stages, StageName::Default, &object);
            admission::admit(
                admission::Operation::Update,
                &mut object,
                &self.store,
                moment.profile,
            )?;
            reach(stages, StageName::Admit, &object);
        }
        check_version(&object, &current)?;
        reach(stages, StageName::Version, &object);
        let object = match part {
            Part::Main => prepare::for_update(object, &current),
            Part::Status => prepare::for_status(&object, &current),
            Part::Finalizers => prepare::for_finalize(&object, &current),
        };
        if part == Part::Main {
            let errors = validation::validate_update(&object, &current);
            if !errors.is_empty() {
                return Err(Refusal::invalid(key, errors));
            }
            admission::enforce(admission::Operation::Update, &object, &self.store)?;
            reach(stages, StageName::Validate, &object);
        }
        self.replace(object, &current, stages)
    }

    /// Writes the new state, or removes the object when nothing holds it back any more.
    fn replace(
        &mut self,
        object: Object,
        current: &Object,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        let key = current.key();
        if object == *current {
            return Ok(Written {
                change: None,
                object,
            });
        }
        let change = if prepare::is_released(&object) {
            self.store.remove(&key, current.revision())
        } else {
            self.store
                .put(object, Precondition::Revision(current.revision()))
        };
        let change = change.map_err(|_| Refusal::modified(&key))?;
        let object = change.object.clone();
        reach(stages, StageName::Commit, &object);
        Ok(Written {
            change: Some(change),
            object,
        })
    }

    fn patch(
        &mut self,
        patch: &Patch,
        key: &Key,
        moment: Moment<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        let current = self.get(key)?.to_value();
        let patched = match patch.patch_type {
            PatchType::Json => patches::json(&current, &patch.body),
            PatchType::Merge => Ok(patches::merge(&current, &patch.body)),
            PatchType::Strategic => patches::strategic(key.kind, &current, &patch.body),
        };
        let patched = patched.map_err(|error| Refusal::bad_request(error.to_string()))?;
        let mut object = manifest::decode(key.kind, patched).map_err(|problems| {
            let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
            Refusal::bad_request(messages.join(", "))
        })?;
        if patch.body.pointer("/metadata/resourceVersion").is_none() {
            object.metadata_mut().resource_version = None;
        }
        let part = match patch.subresource {
            Subresource::Main | Subresource::Scale => Part::Main,
            Subresource::Status => Part::Status,
        };
        self.update(object, key, part, moment, stages)
    }

    /// Source: `pkg/registry/core/pod/storage`, `BindingREST`.
    fn bind(
        &mut self,
        binding: &Binding,
        key: &Key,
        moment: Moment<'_>,
    ) -> Result<Written, Refusal> {
        let current = self.get(key)?.clone();
        let Object::Pod(mut pod) = current.clone() else {
            return Err(Refusal::bad_request(format!(
                "a {} cannot be bound to a node",
                key.kind
            )));
        };
        if pod.uid() != binding.uid {
            let why = format!(
                "Precondition failed: UID in precondition: {}, UID in object meta: {}",
                binding.uid,
                pod.uid()
            );
            return Err(Refusal::conflict(key, &why));
        }
        if pod.is_terminating() {
            let why = format!(
                "pod {} is being deleted, cannot be assigned to a host",
                key.name
            );
            return Err(Refusal::conflict(key, &why));
        }
        if let Some(node) = &pod.spec.node_name {
            let why = format!("pod {} is already assigned to node \"{node}\"", key.name);
            return Err(Refusal::conflict(key, &why));
        }
        pod.spec_mut().node_name = Some(binding.node.clone());
        let scheduled = core::PodCondition {
            type_: "PodScheduled".to_owned(),
            status: "True".to_owned(),
            last_transition_time: Some(meta::object_time(moment.now)),
            ..core::PodCondition::default()
        };
        let conditions = pod.status_mut().conditions.get_or_insert_default();
        conditions.retain(|condition| condition.type_ != scheduled.type_);
        conditions.push(scheduled);
        self.replace(Object::Pod(pod), &current, &mut Vec::new())
    }
}

fn reach(stages: &mut Vec<Stage>, name: StageName, object: &Object) {
    stages.push(Stage {
        name,
        object: object.clone(),
    });
}

/// A write that names a version must name the newest one; a uid must be that of what stands there.
fn check_version(object: &Object, current: &Object) -> Result<(), Refusal> {
    let key = current.key();
    let version = object
        .metadata()
        .resource_version
        .as_deref()
        .unwrap_or_default();
    if !version.is_empty() && Some(version) != current.metadata().resource_version.as_deref() {
        return Err(Refusal::modified(&key));
    }
    let uid = object.uid();
    if !uid.is_empty() && uid != current.uid() {
        let why = format!(
            "Precondition failed: UID in precondition: {uid}, UID in object meta: {}",
            current.uid()
        );
        return Err(Refusal::conflict(&key, &why));
    }
    Ok(())
}
