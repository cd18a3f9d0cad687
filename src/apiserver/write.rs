//! Creates, updates, patches and bindings on their way through the stations.

use super::{
    ApiServer, Binding, Caller, Patch, PatchType, Refusal, Signed, Stage, StageName, Subresource,
    Verb, Written, admission, defaulting, prepare, validation,
};
use std::sync::Arc;

use serde_json::Value;

use crate::api::owners::{self, Writer};
use crate::api::{Key, Kind, Object, core, meta};
use crate::manifest::{self, patch as patches};
use crate::store::{Change, Precondition};

/// How often a generated name that is taken is drawn again. Source: `pkg/registry/rest/create.go`.
const NAME_GENERATION_ATTEMPTS: usize = 8;

/// Which part of an object a write replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Main,
    Status,
    Finalizers,
}

/// The part that a patch of a subresource replaces.
pub(super) const fn part_of(subresource: Subresource) -> Part {
    match subresource {
        Subresource::Main | Subresource::Scale => Part::Main,
        Subresource::Status => Part::Status,
    }
}

impl ApiServer {
    pub(super) fn write(
        &mut self,
        verb: &Verb,
        key: &Key,
        caller: Caller<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        match verb {
            Verb::Create(object) => {
                let signed = Signed::By(caller.writer(None));
                self.create(object.clone(), key, signed, caller, stages)
            }
            Verb::Update(object) => {
                let how = (Part::Main, Signed::By(caller.writer(None)));
                self.update(object.clone(), key, how, caller, stages)
            }
            Verb::UpdateStatus(object) => {
                let how = (Part::Status, Signed::By(caller.writer(Some("status"))));
                self.update(object.clone(), key, how, caller, stages)
            }
            Verb::Finalize(object) => {
                let how = (
                    Part::Finalizers,
                    Signed::By(caller.writer(Some("finalize"))),
                );
                self.update(object.clone(), key, how, caller, stages)
            }
            Verb::UpdateScale(scale) => self.update_scale(scale, key, caller, stages),
            Verb::Patch(patch) => self.patch(patch, key, caller, stages),
            Verb::Delete(options) => self.delete(options, key, caller),
            Verb::Bind(binding) => self.bind(binding, key, caller),
            Verb::Evict(options) => self.evict(options, key, caller),
            Verb::Get | Verb::List(_) | Verb::GetScale | Verb::Metrics(_) | Verb::Log(_) => {
                unreachable!("reads do not come here; see handle")
            }
        }
    }

    pub(super) fn create(
        &mut self,
        mut object: Object,
        key: &Key,
        signed: Signed,
        caller: Caller<'_>,
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
        let asked = object.clone();
        admission::admit(
            admission::Operation::Create,
            &mut object,
            &self.store,
            caller.profile,
        )?;
        reach(stages, StageName::Admit, &object);
        // The pods of a Job carry its name, so the name comes before the rest.
        self.generate_name(&mut object);
        self.templates.share(&mut object);
        let mut object = prepare::for_create(object, &self.store, &mut self.random, caller.now);
        let asked = Some(asked).filter(|asked| !object.same_spec(asked));
        object.set_provenance(signed.provenance(None, asked));
        let errors = validation::validate_create(&object);
        if !errors.is_empty() {
            return Err(Refusal::invalid(&object.key(), errors));
        }
        let operation = admission::Operation::Create;
        let due = admission::enforce(operation, &object, &self.store, caller.now)?;
        reach(stages, StageName::Validate, &object);
        let key = object.key();
        if self.store.get(&key).is_some() {
            return Err(Refusal::already_exists(&key));
        }
        let paid = self.charge_quotas(due, caller)?;
        let change = self
            .store
            .put(object, Precondition::Absent)
            .map_err(|_| Refusal::already_exists(&key))?;
        reach(stages, StageName::Commit, &change.object);
        Ok(Written::of(change).after(paid))
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
        (part, signed): (Part, Signed),
        caller: Caller<'_>,
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
                caller.profile,
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
        let mut paid = Vec::new();
        if part == Part::Main {
            let errors = validation::validate_update(&object, &current);
            if !errors.is_empty() {
                return Err(Refusal::invalid(key, errors));
            }
            let operation = admission::Operation::Update;
            let due = admission::enforce(operation, &object, &self.store, caller.now)?;
            reach(stages, StageName::Validate, &object);
            paid = self.charge_quotas(due, caller)?;
        }
        let written = self.replace(object, &current, signed, stages)?;
        Ok(written.after(paid))
    }

    /// Writes into quotas what a write takes of them, before it is made.
    ///
    /// Unlike Kubernetes: what is refused because its name is taken has cost nothing; there the
    /// quota is charged for it until it is counted again.
    fn charge_quotas(
        &mut self,
        due: admission::Charges,
        caller: Caller<'_>,
    ) -> Result<Vec<Arc<Change>>, Refusal> {
        let mut changes = Vec::new();
        for quota in due {
            let charged = Object::ResourceQuota(quota);
            let current = self.get(&charged.key())?.clone();
            let by = Signed::By(Writer::server(caller.now));
            changes.extend(
                self.replace(charged, &current, by, &mut Vec::new())?
                    .changes,
            );
        }
        Ok(changes)
    }

    /// Writes the new state, or removes the object when nothing holds it back any more.
    pub(super) fn replace(
        &mut self,
        mut object: Object,
        current: &Object,
        signed: Signed,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        let key = current.key();
        let is_owned_anew = match &signed {
            Signed::Owners(owners) => !owners::same(owners, &owners::of(current)),
            Signed::By(_) | Signed::Nobody => false,
        };
        if object == *current && !is_owned_anew {
            return Ok(Written::nothing(current.clone()));
        }
        object.set_provenance(signed.provenance(Some(current), None));
        let change = if prepare::is_released(&object) {
            self.store.remove(&key, current.revision())
        } else {
            self.store
                .put(object, Precondition::Revision(current.revision()))
        };
        let change = change.map_err(|_| Refusal::modified(&key))?;
        reach(stages, StageName::Commit, &change.object);
        Ok(Written::of(change))
    }

    fn patch(
        &mut self,
        patch: &Patch,
        key: &Key,
        caller: Caller<'_>,
        stages: &mut Vec<Stage>,
    ) -> Result<Written, Refusal> {
        let current = self.store.get(key).map(Object::to_value);
        let current = || current.ok_or_else(|| Refusal::not_found(key));
        let patched = match patch.patch_type {
            PatchType::Json => patches::json(&current()?, &patch.body),
            PatchType::Merge => Ok(patches::merge(&current()?, &patch.body)),
            PatchType::Strategic => patches::strategic(key.kind, &current()?, &patch.body),
            PatchType::Apply(conflicts) => {
                return self.apply(patch, conflicts, key, caller, stages);
            }
        };
        let patched = patched.map_err(|error| Refusal::bad_request(error.to_string()))?;
        let mut object = decoded(key.kind, patched)?;
        if patch.body.pointer("/metadata/resourceVersion").is_none() {
            object.metadata_mut().resource_version = None;
        }
        let writer = caller.writer(patch.subresource.name());
        let how = (part_of(patch.subresource), Signed::By(writer));
        self.update(object, key, how, caller, stages)
    }

    /// Source: `pkg/registry/core/pod/storage`, `BindingREST`.
    fn bind(
        &mut self,
        binding: &Binding,
        key: &Key,
        caller: Caller<'_>,
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
            last_transition_time: Some(meta::object_time(caller.now)),
            ..core::PodCondition::default()
        };
        let conditions = pod.status_mut().conditions.get_or_insert_default();
        conditions.retain(|condition| condition.type_ != scheduled.type_);
        conditions.push(scheduled);
        self.replace(Object::Pod(pod), &current, Signed::Nobody, &mut Vec::new())
    }
}

/// The object that this JSON is.
pub(super) fn decoded(kind: Kind, value: Value) -> Result<Object, Refusal> {
    manifest::decode(kind, value).map_err(|problems| {
        let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
        Refusal::bad_request(messages.join(", "))
    })
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
