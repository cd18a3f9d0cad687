//! How the parts of an object can be owned: field by field, element by element, or as a whole.
//! Source: the tags `listType`, `listMapKey`, `mapType` and `structType` in
//! `staging/src/k8s.io/api/*/types.go`.

use serde_json::Value;

use super::set::Element;
use crate::api::schema::{Shape, Type};

/// How a value can be owned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// As a whole.
    Atomic,
    /// A mapping, field by field.
    Granular,
    /// A list of plain values, each for itself.
    Set,
    /// A list of mappings, each known by these fields.
    Keyed(&'static [&'static str]),
}

/// Lists whose elements are owned one by one.
const KEYED: &[(&str, &str, &[&str])] = &[
    ("ObjectMeta", "ownerReferences", &["uid"]),
    ("PodSpec", "containers", &["name"]),
    ("PodSpec", "ephemeralContainers", &["name"]),
    ("PodSpec", "hostAliases", &["ip"]),
    ("PodSpec", "imagePullSecrets", &["name"]),
    ("PodSpec", "initContainers", &["name"]),
    ("PodSpec", "resourceClaims", &["name"]),
    ("PodSpec", "schedulingGates", &["name"]),
    (
        "PodSpec",
        "topologySpreadConstraints",
        &["topologyKey", "whenUnsatisfiable"],
    ),
    ("PodSpec", "volumes", &["name"]),
    ("PodStatus", "conditions", &["type"]),
    ("PodStatus", "podIPs", &["ip"]),
    ("PodStatus", "resourceClaimStatuses", &["name"]),
    ("Container", "env", &["name"]),
    ("Container", "ports", &["containerPort", "protocol"]),
    ("Container", "volumeDevices", &["devicePath"]),
    ("Container", "volumeMounts", &["mountPath"]),
    ("EphemeralContainer", "env", &["name"]),
    (
        "EphemeralContainer",
        "ports",
        &["containerPort", "protocol"],
    ),
    ("EphemeralContainer", "volumeDevices", &["devicePath"]),
    ("EphemeralContainer", "volumeMounts", &["mountPath"]),
    ("ResourceRequirements", "claims", &["name"]),
    ("NodeStatus", "addresses", &["type"]),
    ("NodeStatus", "conditions", &["type"]),
    ("NamespaceStatus", "conditions", &["type"]),
    ("ServiceSpec", "ports", &["port", "protocol"]),
    ("ServiceStatus", "conditions", &["type"]),
    ("ServiceAccount", "secrets", &["name"]),
    ("PersistentVolumeClaimStatus", "conditions", &["type"]),
    ("DeploymentStatus", "conditions", &["type"]),
    ("ReplicaSetStatus", "conditions", &["type"]),
    ("StatefulSetStatus", "conditions", &["type"]),
    ("DaemonSetStatus", "conditions", &["type"]),
    ("JobStatus", "conditions", &["type"]),
    ("HorizontalPodAutoscalerStatus", "conditions", &["type"]),
    ("PodDisruptionBudgetStatus", "conditions", &["type"]),
];

/// Lists that are sets.
const SETS: &[(&str, &str)] = &[
    ("ObjectMeta", "finalizers"),
    ("NodeSpec", "podCIDRs"),
    ("Endpoint", "addresses"),
    ("PodFailurePolicyOnExitCodesRequirement", "values"),
    ("UncountedTerminatedPods", "failed"),
    ("UncountedTerminatedPods", "succeeded"),
];

/// Mappings of the user's keys that are owned as a whole.
const ATOMIC_MAPS: &[(&str, &str)] = &[("PodSpec", "nodeSelector"), ("ServiceSpec", "selector")];

/// Types that are owned as a whole.
const ATOMIC_TYPES: &[&str] = &[
    "ConfigMapKeySelector",
    "EndpointPort",
    "FieldsV1",
    "FileKeySelector",
    "LabelSelector",
    "LocalObjectReference",
    "NodeSelector",
    "NodeSelectorTerm",
    "ObjectFieldSelector",
    "ObjectReference",
    "OwnerReference",
    "ResourceFieldSelector",
    "ScopeSelector",
    "ScopedResourceSelectorRequirement",
    "SecretKeySelector",
    "SecretReference",
    "TopologySelectorTerm",
    "TypedLocalObjectReference",
];

/// Fields of those types that are owned one by one all the same.
const GRANULAR: &[(&str, &str)] = &[("PersistentVolumeSpec", "claimRef")];

/// Fields that Go writes even when nothing is in them, so that they are never new.
const ALWAYS_THERE: &[(&str, &str)] = &[
    ("CronJobSpec", "jobTemplate"),
    ("DaemonSetSpec", "template"),
    ("DaemonSetSpec", "updateStrategy"),
    ("DeploymentSpec", "strategy"),
    ("DeploymentSpec", "template"),
    ("HorizontalPodAutoscalerSpec", "scaleTargetRef"),
    ("JobSpec", "template"),
    ("JobTemplateSpec", "metadata"),
    ("JobTemplateSpec", "spec"),
    ("NodeStatus", "daemonEndpoints"),
    ("NodeStatus", "nodeInfo"),
    ("PersistentVolumeClaimSpec", "resources"),
    ("PodSpec", "containers"),
    ("PodTemplateSpec", "metadata"),
    ("PodTemplateSpec", "spec"),
    ("ReplicaSetSpec", "template"),
    ("ServiceStatus", "loadBalancer"),
    ("StatefulSetSpec", "template"),
    ("StatefulSetSpec", "updateStrategy"),
];

/// What a key field is when an element does not say it.
const KEY_DEFAULTS: &[(&str, &str)] = &[("protocol", "\"TCP\"")];

/// A field: how it can be owned, what its fields or elements are, and whether it is always there.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// How it can be owned.
    pub topology: Topology,
    /// The type of its fields or elements, where it has one.
    pub inner: Option<&'static Type>,
    /// Whether it is there even when nothing is in it.
    pub is_always_there: bool,
}

impl Part {
    /// An object as a whole.
    #[must_use]
    pub fn root(of: &'static Type) -> Self {
        Self {
            topology: Topology::Granular,
            inner: Some(of),
            is_always_there: true,
        }
    }

    /// An element of this list.
    #[must_use]
    pub fn element(&self) -> Self {
        Self {
            topology: Topology::Granular,
            inner: self.inner,
            is_always_there: false,
        }
    }

    /// A field of this mapping; a field that the schema does not know is owned as a whole.
    #[must_use]
    pub fn field(&self, name: &str) -> Self {
        let whole = Self {
            topology: Topology::Atomic,
            inner: None,
            is_always_there: false,
        };
        let Some(parent) = self.inner else {
            return whole;
        };
        let Some(field) = parent.fields.get(name) else {
            return whole;
        };
        let of = parent.name();
        let topology = match &field.shape {
            Shape::Object(inner) if is_atomic(of, name, inner.get().name()) => Topology::Atomic,
            Shape::Map(_) if ATOMIC_MAPS.contains(&(of, name)) => Topology::Atomic,
            Shape::Object(_) | Shape::Map(_) => Topology::Granular,
            Shape::List(_) => list(of, name),
            _ => Topology::Atomic,
        };
        Self {
            topology,
            // The keys of a map are the user's, and what is behind them has no fields of its own.
            inner: match &field.shape {
                Shape::Map(_) => None,
                shape => shape.object(),
            },
            is_always_there: self.is_root_part(name) || ALWAYS_THERE.contains(&(of, name)),
        }
    }

    fn is_root_part(&self, name: &str) -> bool {
        self.is_always_there
            && self
                .inner
                .is_some_and(|of| of.fields.contains_key("apiVersion"))
            && matches!(name, "metadata" | "spec" | "status")
    }
}

fn is_atomic(of: &str, field: &str, inner: &str) -> bool {
    ATOMIC_TYPES.contains(&inner) && !GRANULAR.contains(&(of, field))
}

fn list(of: &str, field: &str) -> Topology {
    let keyed = KEYED
        .iter()
        .find(|(parent, name, _)| *parent == of && *name == field);
    match keyed {
        Some((_, _, keys)) => Topology::Keyed(keys),
        None if SETS.contains(&(of, field)) => Topology::Set,
        None => Topology::Atomic,
    }
}

/// The keys by which the elements of some list are known that have exactly these fields.
pub(super) fn keys(fields: &serde_json::Map<String, Value>) -> Option<&'static [&'static str]> {
    let fits = |keys: &&'static [&'static str]| {
        keys.len() == fields.len() && keys.iter().all(|key| fields.contains_key(*key))
    };
    KEYED.iter().map(|(_, _, keys)| *keys).find(fits)
}

/// The elements of a list with their paths; none when the list cannot be taken apart, because an
/// element lacks a key or two have the same.
#[must_use]
pub fn elements(topology: Topology, items: &[Value]) -> Option<Vec<(Element, &Value)>> {
    let mut found: Vec<(Element, &Value)> = Vec::with_capacity(items.len());
    for item in items {
        let element = match topology {
            Topology::Set => Element::Value(item.to_string()),
            Topology::Keyed(keys) => Element::Key(
                keys.iter()
                    .map(|key| Some((*key, key_value(item, key)?)))
                    .collect::<Option<_>>()?,
            ),
            Topology::Atomic | Topology::Granular => return None,
        };
        if found.iter().any(|(other, _)| *other == element) {
            return None;
        }
        found.push((element, item));
    }
    Some(found)
}

fn key_value(item: &Value, key: &str) -> Option<String> {
    match item.get(key) {
        Some(value) if !value.is_null() => Some(value.to_string()),
        _ => KEY_DEFAULTS
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| (*value).to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, schema};

    fn all_types() -> Vec<&'static Type> {
        let mut seen: Vec<&'static Type> = Vec::new();
        let mut next: Vec<&'static Type> = Kind::ALL.iter().map(|kind| schema::of(*kind)).collect();
        while let Some(each) = next.pop() {
            if !seen.iter().any(|one| one.definition == each.definition) {
                let inner = each.fields.values();
                next.extend(inner.filter_map(|field| field.shape.object()));
                seen.push(each);
            }
        }
        seen
    }

    #[test]
    fn every_line_of_the_tables_names_a_field_that_exists() {
        let types = all_types();
        let field = |of: &str, field: &str| {
            let mut of_name = types.iter().filter(|each| each.name() == of);
            let found = of_name.find_map(|each| each.fields.get(field));
            found
                .unwrap_or_else(|| panic!("{of}.{field}"))
                .shape
                .clone()
        };
        for (of, name, keys) in KEYED {
            let shape = field(of, name);
            let inner = shape.object().expect("a list of mappings");
            assert!(matches!(shape, Shape::List(_)), "{of}.{name}");
            for key in *keys {
                assert!(inner.fields.contains_key(*key), "{of}.{name} {key}");
            }
        }
        for (of, name) in SETS {
            assert!(matches!(field(of, name), Shape::List(_)), "{of}.{name}");
        }
        for (of, name) in ATOMIC_MAPS {
            assert!(matches!(field(of, name), Shape::Map(_)), "{of}.{name}");
        }
        for (of, name) in GRANULAR.iter().chain(ALWAYS_THERE) {
            field(of, name);
        }
    }

    #[test]
    fn a_list_with_two_equal_keys_or_without_one_is_owned_as_a_whole() {
        use serde_json::json;
        let ports = Topology::Keyed(&["containerPort", "protocol"]);
        let good = json!([{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]);
        let found = elements(ports, good.as_array().expect("a list")).expect("two elements");
        let paths: Vec<String> = found.iter().map(|(path, _)| path.to_string()).collect();
        assert_eq!(
            paths,
            [
                "[containerPort=80,protocol=\"TCP\"]",
                "[containerPort=80,protocol=\"UDP\"]"
            ]
        );
        for bad in [
            json!([{"containerPort": 80}, {"containerPort": 80}]),
            json!([{"name": "x"}]),
        ] {
            assert!(elements(ports, bad.as_array().expect("a list")).is_none());
        }
    }
}
