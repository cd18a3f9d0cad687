//! The LimitRanger plugin: defaults, least and most amounts of the containers of a namespace.
//! Source: `plugin/pkg/admission/limitranger/admission.go`.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use crate::api::requests::{RequestOptions, ResourceList, pod_limits, pod_requests, read_list};
use crate::api::{Key, Kind, Object, PersistentVolumeClaim, Pod, Quantity, core};
use crate::apiserver::Refusal;
use crate::store::Store;

/// Where the plugin notes what it has set.
const ANNOTATION: &str = "kubernetes.io/limit-ranger";

type Amounts = BTreeMap<String, Text>;

fn limits<'a>(
    namespace: &str,
    kind: &'static str,
    store: &'a Store,
) -> impl Iterator<Item = &'a core::LimitRangeItem> {
    let ranges = store.list(Kind::LimitRange, Some(namespace));
    let items = ranges.filter_map(|object| match object {
        Object::LimitRange(range) => Some(range.spec.limits.iter()),
        _ => None,
    });
    items.flatten().filter(move |item| item.type_ == kind)
}

/// Gives each container what it does not say and a limit range does.
pub(super) fn set_defaults(pod: &mut Pod, store: &Store) {
    let namespace = pod.namespace().to_owned();
    let (mut requests, mut most) = (Amounts::new(), Amounts::new());
    for item in limits(&namespace, "Container", store) {
        let pairs = item.default_request.iter().flatten();
        requests.extend(pairs.map(|(name, amount)| (name.clone(), amount.clone())));
        let pairs = item.default.iter().flatten();
        most.extend(pairs.map(|(name, amount)| (name.clone(), amount.clone())));
    }
    let spec = &pod.spec;
    let mut containers = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten());
    if !containers.any(|container| lacks_amounts(container, &requests, &most)) {
        return;
    }
    let mut notes = Vec::new();
    let spec = pod.spec_mut().shared_mut();
    for container in &mut spec.containers {
        set_amounts(container, &requests, &most, ("container", &mut notes));
    }
    for container in spec.init_containers.iter_mut().flatten() {
        set_amounts(container, &requests, &most, ("init container", &mut notes));
    }
    let annotations = pod.metadata_mut().annotations.get_or_insert_default();
    let note = format!("LimitRanger plugin set: {}", notes.join("; "));
    annotations.insert(ANNOTATION.to_owned(), note);
}

fn lacks_amounts(container: &core::Container, requests: &Amounts, most: &Amounts) -> bool {
    let resources = container.resources.as_ref();
    let has = |own: Option<&Amounts>, name: &String| own.is_some_and(|own| own.contains_key(name));
    let own_requests = resources.and_then(|it| it.requests.as_ref());
    let own_limits = resources.and_then(|it| it.limits.as_ref());
    requests.keys().any(|name| !has(own_requests, name))
        || most.keys().any(|name| !has(own_limits, name))
}

fn set_amounts(
    container: &mut core::Container,
    requests: &Amounts,
    most: &Amounts,
    (word, notes): (&str, &mut Vec<String>),
) {
    let resources = container.resources.get_or_insert_default();
    let lists = [
        ("request", requests, &mut resources.requests),
        ("limit", most, &mut resources.limits),
    ];
    for (list, defaults, own) in lists {
        let own = own.get_or_insert_default();
        let mut set = Vec::new();
        for (name, amount) in defaults {
            if !own.contains_key(name) {
                own.insert(name.clone(), amount.clone());
                set.push(name.as_str());
            }
        }
        if !set.is_empty() {
            let names = set.join(", ");
            notes.push(format!("{names} {list} for {word} {}", container.name));
        }
    }
}

/// What is asked for, of containers, a pod or a claim.
struct Asked {
    kind: &'static str,
    requests: ResourceList,
    limits: ResourceList,
}

/// Refuses a pod that asks for less or more than its namespace allows.
pub(super) fn check_pod(pod: &Pod, key: &Key, store: &Store) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let spec = &pod.spec;
    let init = spec.init_containers.iter().flatten();
    for item in limits(&key.namespace, "Container", store) {
        for container in spec.containers.iter().chain(init.clone()) {
            let resources = container.resources.as_ref();
            let asked = Asked {
                kind: "Container",
                requests: read_list(resources.and_then(|it| it.requests.as_ref())),
                limits: read_list(resources.and_then(|it| it.limits.as_ref())),
            };
            constraints(item, &asked, &mut problems);
        }
    }
    for item in limits(&key.namespace, "Pod", store) {
        let asked = Asked {
            kind: "Pod",
            requests: pod_requests(pod, &RequestOptions::of_spec()),
            limits: pod_limits(pod),
        };
        constraints(item, &asked, &mut problems);
    }
    refuse(key, problems)
}

/// Refuses a claim that asks for less or more storage than its namespace allows.
pub(super) fn check_claim(
    claim: &PersistentVolumeClaim,
    key: &Key,
    store: &Store,
) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let resources = claim.spec.resources.as_ref();
    let asked = Asked {
        kind: "PersistentVolumeClaim",
        requests: read_list(resources.and_then(|it| it.requests.as_ref())),
        limits: ResourceList::new(),
    };
    for item in limits(&key.namespace, "PersistentVolumeClaim", store) {
        for (name, least) in read_list(item.min.as_ref()) {
            problems.extend(below(&asked, &name, least));
        }
        for (name, most) in read_list(item.max.as_ref()) {
            let request = asked.requests.get(&name);
            let bound = format!("maximum {name} usage per {} is {most}", asked.kind);
            problems.extend(match request {
                None => Some(format!("{bound}.  No request is specified")),
                Some(request) if *request > most => {
                    Some(format!("{bound}, but request is {request}"))
                }
                Some(_) => None,
            });
        }
    }
    refuse(key, problems)
}

fn constraints(item: &core::LimitRangeItem, asked: &Asked, problems: &mut Vec<String>) {
    for (name, least) in read_list(item.min.as_ref()) {
        problems.extend(below(asked, &name, least));
    }
    for (name, most) in read_list(item.max.as_ref()) {
        problems.extend(above(asked, &name, most));
    }
    for (name, ratio) in read_list(item.max_limit_request_ratio.as_ref()) {
        problems.extend(beyond_ratio(asked, &name, ratio));
    }
}

fn below(asked: &Asked, name: &str, least: Quantity) -> Option<String> {
    let bound = format!("minimum {name} usage per {} is {least}", asked.kind);
    let (request, limit) = (asked.requests.get(name), asked.limits.get(name));
    match (request, limit) {
        (None, _) => Some(format!("{bound}.  No request is specified")),
        (Some(request), _) if *request < least => {
            Some(format!("{bound}, but request is {request}"))
        }
        (_, Some(limit)) if *limit < least => Some(format!("{bound}, but limit is {limit}")),
        _ => None,
    }
}

fn above(asked: &Asked, name: &str, most: Quantity) -> Option<String> {
    let bound = format!("maximum {name} usage per {} is {most}", asked.kind);
    let (request, limit) = (asked.requests.get(name), asked.limits.get(name));
    match (request, limit) {
        (_, None) => Some(format!("{bound}.  No limit is specified")),
        (_, Some(limit)) if *limit > most => Some(format!("{bound}, but limit is {limit}")),
        (Some(request), _) if *request > most => Some(format!("{bound}, but request is {request}")),
        _ => None,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the API server compares ratios as floating point numbers too"
)]
fn beyond_ratio(asked: &Asked, name: &str, ratio: Quantity) -> Option<String> {
    let bound = format!(
        "{name} max limit to request ratio per {} is {ratio}",
        asked.kind
    );
    let set = |list: &ResourceList| list.get(name).copied().filter(|amount| !amount.is_zero());
    let Some(request) = set(&asked.requests) else {
        return Some(format!(
            "{bound}, but no request is specified or request is 0"
        ));
    };
    let Some(limit) = set(&asked.limits) else {
        return Some(format!("{bound}, but no limit is specified or limit is 0"));
    };
    let given = limit.milli_value() as f64 / request.milli_value() as f64;
    let beyond = given * 1000.0 > ratio.milli_value() as f64;
    beyond.then(|| format!("{bound}, but provided ratio is {given:.6}"))
}

/// One message as it is, several in brackets, none twice.
fn refuse(key: &Key, problems: Vec<String>) -> Result<(), Refusal> {
    let mut texts: Vec<String> = Vec::new();
    for problem in problems {
        if !texts.contains(&problem) {
            texts.push(problem);
        }
    }
    match texts.as_slice() {
        [] => Ok(()),
        [one] => Err(Refusal::forbidden(key, one)),
        many => Err(Refusal::forbidden(key, &format!("[{}]", many.join(", ")))),
    }
}
