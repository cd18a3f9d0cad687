//! The Priority plugin: the name of a class becomes the number that the scheduler compares.

use crate::api::{Key, Kind, Object, Pod, PriorityClass};
use crate::apiserver::Refusal;
use crate::apiserver::validation::SYSTEM_CLASSES;
use crate::store::Store;

/// What a class gives a pod.
struct Resolved {
    name: Option<String>,
    value: i32,
    policy: String,
}

const PREEMPT: &str = "PreemptLowerPriority";

/// Resolves the class of a new pod, or the class that is the default.
/// Source: `plugin/pkg/admission/priority`.
pub(super) fn admit(pod: &mut Pod, key: &Key, store: &Store) -> Result<(), Refusal> {
    let given = pod.spec.priority_class_name.as_deref();
    let resolved = match given.filter(|name| !name.is_empty()) {
        Some(name) => by_name(name, store).ok_or_else(|| {
            let why = format!("no PriorityClass with name {name} was found");
            Refusal::forbidden(key, &why)
        })?,
        None => by_default(store),
    };
    let Resolved {
        name,
        value,
        policy,
    } = resolved;
    if let Some(given) = pod.spec.priority.filter(|given| *given != value) {
        let why = format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} from the given PriorityClass name"
        );
        return Err(Refusal::forbidden(key, &why));
    }
    if let Some(given) = pod.spec.preemption_policy.as_deref()
        && given != policy
    {
        let why = format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed {policy} from the given PriorityClass name"
        );
        return Err(Refusal::forbidden(key, &why));
    }
    let spec = &pod.spec;
    let complete = spec.priority.is_some() && spec.preemption_policy.is_some();
    if !complete || name.is_some() {
        let spec = pod.spec_mut().shared_mut();
        spec.priority = Some(value);
        spec.preemption_policy = Some(policy);
        if name.is_some() {
            spec.priority_class_name = name;
        }
    }
    Ok(())
}

/// What was resolved when the pod was made stays with it.
pub(super) fn keep(pod: &mut Pod, key: &Key, store: &Store) {
    let Some(Object::Pod(old)) = store.get(key) else {
        return;
    };
    if pod.spec.priority.is_none() && old.spec.priority.is_some() {
        pod.spec_mut().shared_mut().priority = old.spec.priority;
    }
    if pod.spec.preemption_policy.is_none() && old.spec.preemption_policy.is_some() {
        let policy = old.spec.preemption_policy.clone();
        pod.spec_mut().shared_mut().preemption_policy = policy;
    }
}

fn classes(store: &Store) -> impl Iterator<Item = &PriorityClass> {
    let objects = store.list(Kind::PriorityClass, None);
    objects.filter_map(|object| match object {
        Object::PriorityClass(class) => Some(class),
        _ => None,
    })
}

fn of_class(class: &PriorityClass, name: Option<String>) -> Resolved {
    let policy = class.spec.preemption_policy.as_deref().unwrap_or(PREEMPT);
    Resolved {
        name,
        value: class.spec.value,
        policy: policy.to_owned(),
    }
}

/// A class of the store, or one of the two that each cluster has.
fn by_name(name: &str, store: &Store) -> Option<Resolved> {
    let place = Key::new(Kind::PriorityClass, "", name);
    if let Some(Object::PriorityClass(class)) = store.get(&place) {
        return Some(of_class(class, None));
    }
    let (_, value) = SYSTEM_CLASSES.iter().find(|(known, _)| *known == name)?;
    Some(Resolved {
        name: None,
        value: *value,
        policy: PREEMPT.to_owned(),
    })
}

/// The default class with the lowest value; without one, 0.
fn by_default(store: &Store) -> Resolved {
    let class = classes(store)
        .filter(|class| class.spec.global_default == Some(true))
        .min_by_key(|class| class.spec.value);
    match class {
        Some(class) => of_class(class, Some(class.name().to_owned())),
        None => Resolved {
            name: None,
            value: 0,
            policy: PREEMPT.to_owned(),
        },
    }
}

/// Only one class can be the default.
pub(super) fn one_default(class: &PriorityClass, key: &Key, store: &Store) -> Result<(), Refusal> {
    if class.spec.global_default != Some(true) {
        return Ok(());
    }
    let other = classes(store)
        .filter(|other| other.spec.global_default == Some(true))
        .find(|other| other.name() != class.name());
    other.map_or(Ok(()), |other| {
        let why = format!(
            "PriorityClass {} is already marked as default. Only one default can exist",
            other.name()
        );
        Err(Refusal::forbidden(key, &why))
    })
}
