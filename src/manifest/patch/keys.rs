//! How lists and mappings of the API merge: the patch strategies and merge keys of the official types.

use crate::api::schema::{Field, Type};

/// How a patch of a field is merged with what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Lists are replaced, mappings are merged field by field.
    Plain,
    /// Lists and mappings are replaced.
    Replace,
    /// Elements with the same value under this key are merged.
    Merge(&'static str),
    /// As `Merge`, and an element keeps no field that the patch does not name.
    MergeRetainingKeys(&'static str),
    /// A list of plain values is a set.
    MergeValues,
    /// A mapping keeps no field that the patch does not name.
    RetainKeys,
}

impl Strategy {
    /// True for lists whose elements are merged.
    pub(super) fn merges_lists(self) -> bool {
        matches!(
            self,
            Self::Merge(_) | Self::MergeRetainingKeys(_) | Self::MergeValues
        )
    }

    /// The merge key of a list of mappings.
    pub(super) fn key(self) -> Option<&'static str> {
        match self {
            Self::Merge(key) | Self::MergeRetainingKeys(key) => Some(key),
            _ => None,
        }
    }

    /// Whether patches name the fields that stay.
    pub(super) fn retains_keys(self) -> bool {
        matches!(self, Self::MergeRetainingKeys(_) | Self::RetainKeys)
    }
}

/// The strategies that are not [`Strategy::Plain`], by type and field.
/// Source: the tags `patchStrategy` and `patchMergeKey` in `staging/src/k8s.io/api/*/v1/types.go`.
const STRATEGIES: &[(&str, &str, Strategy)] = &[
    ("ObjectMeta", "finalizers", Strategy::MergeValues),
    ("ObjectMeta", "ownerReferences", Strategy::Merge("uid")),
    ("PodSpec", "containers", Strategy::Merge("name")),
    ("PodSpec", "ephemeralContainers", Strategy::Merge("name")),
    ("PodSpec", "hostAliases", Strategy::Merge("ip")),
    ("PodSpec", "imagePullSecrets", Strategy::Merge("name")),
    ("PodSpec", "initContainers", Strategy::Merge("name")),
    (
        "PodSpec",
        "resourceClaims",
        Strategy::MergeRetainingKeys("name"),
    ),
    ("PodSpec", "schedulingGates", Strategy::Merge("name")),
    (
        "PodSpec",
        "topologySpreadConstraints",
        Strategy::Merge("topologyKey"),
    ),
    ("PodSpec", "volumes", Strategy::MergeRetainingKeys("name")),
    ("PodStatus", "conditions", Strategy::Merge("type")),
    ("PodStatus", "hostIPs", Strategy::Merge("ip")),
    ("PodStatus", "podIPs", Strategy::Merge("ip")),
    (
        "PodStatus",
        "resourceClaimStatuses",
        Strategy::MergeRetainingKeys("name"),
    ),
    ("Container", "env", Strategy::Merge("name")),
    ("Container", "ports", Strategy::Merge("containerPort")),
    ("Container", "volumeDevices", Strategy::Merge("devicePath")),
    ("Container", "volumeMounts", Strategy::Merge("mountPath")),
    ("EphemeralContainer", "env", Strategy::Merge("name")),
    (
        "EphemeralContainer",
        "ports",
        Strategy::Merge("containerPort"),
    ),
    (
        "EphemeralContainer",
        "volumeDevices",
        Strategy::Merge("devicePath"),
    ),
    (
        "EphemeralContainer",
        "volumeMounts",
        Strategy::Merge("mountPath"),
    ),
    (
        "ContainerStatus",
        "allocatedResourcesStatus",
        Strategy::Merge("name"),
    ),
    (
        "ContainerStatus",
        "volumeMounts",
        Strategy::Merge("mountPath"),
    ),
    ("NodeSpec", "podCIDRs", Strategy::MergeValues),
    ("NodeStatus", "addresses", Strategy::Merge("type")),
    ("NodeStatus", "conditions", Strategy::Merge("type")),
    ("NamespaceStatus", "conditions", Strategy::Merge("type")),
    ("ServiceSpec", "ports", Strategy::Merge("port")),
    ("ServiceStatus", "conditions", Strategy::Merge("type")),
    ("ServiceAccount", "secrets", Strategy::Merge("name")),
    (
        "PersistentVolumeClaimStatus",
        "conditions",
        Strategy::Merge("type"),
    ),
    ("DeploymentSpec", "strategy", Strategy::RetainKeys),
    ("DeploymentStatus", "conditions", Strategy::Merge("type")),
    ("ReplicaSetStatus", "conditions", Strategy::Merge("type")),
    ("StatefulSetStatus", "conditions", Strategy::Merge("type")),
    ("DaemonSetStatus", "conditions", Strategy::Merge("type")),
    ("JobStatus", "conditions", Strategy::Merge("type")),
    (
        "HorizontalPodAutoscalerStatus",
        "conditions",
        Strategy::Merge("type"),
    ),
    ("PodDisruptionBudgetSpec", "selector", Strategy::Replace),
    (
        "PodDisruptionBudgetStatus",
        "conditions",
        Strategy::Merge("type"),
    ),
];

/// The strategy of a field, and the type of what it holds or of its elements. Fields that the
/// schema does not know, and keys that the user chose, have the plain one.
pub(super) fn lookup(of: Option<&'static Type>, field: &str) -> (Strategy, Option<&'static Type>) {
    let Some(parent) = of else {
        return (Strategy::Plain, None);
    };
    let inner = parent
        .fields
        .get(field)
        .and_then(|field: &Field| field.shape.object());
    let strategy = STRATEGIES
        .iter()
        .find(|(name, each, _)| *each == field && *name == parent.name())
        .map_or(Strategy::Plain, |(_, _, strategy)| *strategy);
    (strategy, inner)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::{Kind, schema};

    fn all_types() -> Vec<&'static Type> {
        let mut seen = BTreeSet::new();
        let mut types = Vec::new();
        let mut next: Vec<&'static Type> = Kind::ALL.iter().map(|kind| schema::of(*kind)).collect();
        while let Some(each) = next.pop() {
            if seen.insert(each.definition.as_str()) {
                next.extend(
                    each.fields
                        .values()
                        .filter_map(|field| field.shape.object()),
                );
                types.push(each);
            }
        }
        types
    }

    #[test]
    fn every_strategy_names_a_field_and_a_key_that_exist() {
        let types = all_types();
        for (name, field, strategy) in STRATEGIES {
            let found: Vec<_> = types.iter().filter(|each| each.name() == *name).collect();
            assert_eq!(found.len(), 1, "{name}");
            let field = found[0].fields.get(*field).expect(field);
            if let Some(key) = strategy.key() {
                let element = field.shape.object().expect("a list of mappings");
                assert!(element.fields.contains_key(key), "{name} {key}");
            }
        }
    }

    #[test]
    fn every_list_of_conditions_merges_by_type() {
        for each in all_types() {
            if each.fields.contains_key("conditions") && each.name().ends_with("Status") {
                let (strategy, _) = lookup(Some(each), "conditions");
                assert_eq!(strategy, Strategy::Merge("type"), "{}", each.name());
            }
        }
    }
}
