//! Creates, updates, patches and bindings on their way through the stations.

use super::{
    ApiServer, Binding, Caller, Patch, PatchType, Refusal, Signed, Stage, StageName, StatusWrite,
    Subresource, UnknownFields, Verb, Written, admission, defaulting, prepare, service_ranges,
    validation,
};
use std::sync::Arc;

use serde_json::Value;

use crate::api::owners::{self, Writer};
use crate::api::{Key, Kind, Object, core, meta};
use crate::manifest::patch::{self as patches, PatchError};
use crate::manifest::{self, FieldProblem};
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
            Verb::WriteStatus(object, write) => {
                let mut object = object.clone();
                if *write == StatusWrite::Patch && object.metadata().resource_version.is_some() {
                    object.metadata_mut().resource_version = None;
                }
                let how = (Part::Status, Signed::By(caller.writer(Some("status"))));
                self.update(object, key, how, caller, stages)
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
        prepare::omit_empty(&mut object);
        let asked = Some(asked).filter(|asked| !object.same_spec(asked));
        object.set_provenance(signed.provenance(None, asked));
        let errors = validation::validate_create(&object);
        if !errors.is_empty() {
            return Err(Refusal::invalid(&object.key(), errors));
        }
        self.allocate(&mut object)?;
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
        let mut object = match part {
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
            self.allocate(&mut object)?;
            let operation = admission::Operation::Update;
            let due = admission::enforce(operation, &object, &self.store, caller.now)?;
            reach(stages, StageName::Validate, &object);
            paid = self.charge_quotas(due, caller)?;
        }
        let written = self.replace(object, &current, signed, stages)?;
        Ok(written.after(paid))
    }

    /// Gives a Service what it takes from the server's ranges.
    fn allocate(&mut self, object: &mut Object) -> Result<(), Refusal> {
        let key = object.key();
        let Object::Service(service) = object else {
            return Ok(());
        };
        service_ranges::give_address(service, &self.store, &mut self.random);
        service_ranges::allocate(service, &self.store, &mut self.random)
            .map_err(|errors| Refusal::invalid(&key, errors))
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
        prepare::omit_empty(&mut object);
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
        if let PatchType::Apply(conflicts) = patch.patch_type {
            return self.apply(patch, conflicts, key, caller, stages);
        }
        let writer = caller.writer(patch.subresource.name());
        let current = self.get(key)?;
        let mut before = current.to_value();
        // Owners are worked out only for those who ask for them.
        let about_owners = patch.body.to_string().contains("managedFields");
        if about_owners {
            before["metadata"]["managedFields"] = owners::to_value(key.kind, &owners::of(current));
        }
        let mut patched = patched(patch, key.kind, &before)?;
        let given = patched.pointer_mut("/metadata/managedFields");
        let given = given.map(Value::take).filter(|_| about_owners);
        let signed = match given.and_then(|given| owners::from_value(&given)) {
            None => Signed::By(writer),
            Some(mut all) => {
                let difference = owners::compare(key.kind, &before, &patched);
                owners::updated(&mut all, &writer, &difference);
                Signed::Owners(all)
            }
        };
        let object = decoded_patch(patch, key.kind, patched, caller.unknown_fields)?;
        let how = (part_of(patch.subresource), signed);
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
            return Err(Refusal::other_object(key, &binding.uid, pod.uid()));
        }
        let name = &key.name;
        let gates = pod.spec.scheduling_gates.as_deref().unwrap_or_default();
        let why = if pod.is_terminating() {
            Some(format!(
                "pod {name} is being deleted, cannot be assigned to a host"
            ))
        } else if let Some(node) = &pod.spec.node_name {
            Some(format!("pod {name} is already assigned to node \"{node}\""))
        } else if gates.is_empty() {
            None
        } else {
            Some(format!("pod {name} has non-empty .spec.schedulingGates"))
        };
        if let Some(why) = why {
            return Err(Refusal::not_bindable(key, &why));
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

/// What a patch makes of an object. Source: `apiserver/pkg/endpoints/handlers/patch.go`.
fn patched(patch: &Patch, kind: Kind, before: &Value) -> Result<Value, Refusal> {
    let result = match patch.patch_type {
        PatchType::Json => patches::json(before, &patch.body),
        PatchType::Merge | PatchType::Apply(_) => Ok(patches::merge(before, &patch.body)),
        PatchType::Strategic => patches::strategic(kind, before, &patch.body),
    };
    result.map_err(|error| match error {
        PatchError::Operation(_) | PatchError::ListOfLists => Refusal::rejected(),
        PatchError::Directive { .. }
        | PatchError::MergeInList
        | PatchError::NoMergeKey { .. }
        | PatchError::MixedList => Refusal::unknown(error.to_string()),
        PatchError::NotAnObject
        | PatchError::RetainKeys
        | PatchError::ElementOrder
        | PatchError::PrimitiveList
        | PatchError::NoJsonPatch(_) => Refusal::bad_request(error.to_string()),
    })
}

/// The object that a patch has made; what is none is the fault of the patch.
fn decoded_patch(
    patch: &Patch,
    kind: Kind,
    patched: Value,
    unknown_fields: UnknownFields,
) -> Result<Object, Refusal> {
    let shown = match patch.patch_type {
        PatchType::Strategic => patches::go_print(&patch.body),
        _ => patched.to_string(),
    };
    if patch.patch_type == PatchType::Strategic
        && let Some(why) = manifest::unconvertible(kind, &patched)
    {
        return Err(Refusal::bad_patch(shown, &why));
    }
    let object = match unknown_fields {
        UnknownFields::Refused => decoded(kind, patched),
        UnknownFields::Dropped => manifest::decode_leniently(kind, patched)
            .map(|(object, _)| object)
            .map_err(|problems| undecodable(&problems)),
    };
    object.map_err(|refusal| Refusal::bad_patch(shown, &refusal.message))
}

/// The object that this JSON is.
pub(super) fn decoded(kind: Kind, value: Value) -> Result<Object, Refusal> {
    manifest::decode(kind, value).map_err(|problems| undecodable(&problems))
}

fn undecodable(problems: &[FieldProblem]) -> Refusal {
    let messages: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Refusal::bad_request(messages.join(", "))
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
        return Err(Refusal::other_object(&key, uid, current.uid()));
    }
    Ok(())
}
