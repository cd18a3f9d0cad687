//! The table of kinds: one line each, from which storing, naming, encoding and printing follow.

use std::fmt;
use std::sync::Arc;

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::autoscaling::v2 as autoscaling;
use k8s_openapi::api::batch::v1 as batch;
use k8s_openapi::api::coordination::v1 as coordination;
use k8s_openapi::api::core::v1 as core;
use k8s_openapi::api::discovery::v1 as discovery;
use k8s_openapi::api::policy::v1 as policy;
use k8s_openapi::api::scheduling::v1 as scheduling;
use k8s_openapi::api::storage::v1 as storage;
use serde_json::Value;

use super::object::{self, DecodeError, Resource, Typed};
use super::pod::PodSpec;

/// What the API server knows of a kind. Source: the API reference of Kubernetes 1.34.
#[derive(Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// `Deployment`.
    pub name: &'static str,
    /// `apps`; empty for the core group.
    pub group: &'static str,
    /// `v1`.
    pub version: &'static str,
    /// `deployments`: the resource in paths and messages.
    pub plural: &'static str,
    /// `deploy`: what kubectl takes as well.
    pub short_names: &'static [&'static str],
    /// Whether objects live in a namespace.
    pub namespaced: bool,
    /// Whether the kind has a `/status` of its own.
    pub has_status: bool,
}

impl KindInfo {
    /// `apps/v1`, or `v1` for the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `deployments.apps`, or `pods` for the core group: the resource as messages name it.
    #[must_use]
    pub fn group_resource(&self) -> String {
        self.qualified(self.plural)
    }

    /// `deployment.apps`, or `pod` for the core group: one object's kind as kubectl names it.
    #[must_use]
    pub fn qualified_singular(&self) -> String {
        self.qualified(&self.name.to_ascii_lowercase())
    }

    fn qualified(&self, word: &str) -> String {
        if self.group.is_empty() {
            word.to_owned()
        } else {
            format!("{word}.{}", self.group)
        }
    }
}

/// Expands the table into [`Kind`], [`Object`], a type for each kind, and everything that depends
/// on which kind it is.
///
/// The last column says where the body lives: `split(Spec, Status)` or `spec(Spec)` for kinds with
/// such fields, `whole()` for kinds whose fields stand beside the metadata.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $group:literal $version:literal $plural:literal
       [$($short:literal),*] $scope:ident $official:ty = $layout:ident($($part:ty),*);)*) => {
        /// A kind of object that the API server stores.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[$doc])* $kind,)* }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The line of the table.
            #[must_use]
            pub const fn info(self) -> &'static KindInfo {
                match self {
                    $(Self::$kind => &KindInfo {
                        name: stringify!($kind),
                        group: $group,
                        version: $version,
                        plural: $plural,
                        short_names: &[$($short),*],
                        namespaced: kinds!(@namespaced $scope),
                        has_status: kinds!(@has_status $layout),
                    },)*
                }
            }
        }

        /// An object of any kind. Cloning copies four pointers.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Object { $($(#[$doc])* $kind($kind),)* }

        $(
            $(#[$doc])*
            pub type $kind = Resource<
                kinds!(@spec $layout $official, $($part),*),
                kinds!(@status $layout $($part),*),
            >;

            impl Typed for $kind {
                const KIND: Kind = Kind::$kind;

                fn of(object: &Object) -> Option<&Self> {
                    if let Object::$kind(resource) = object { Some(resource) } else { None }
                }

                fn into_object(self) -> Object {
                    Object::$kind(self)
                }
            }
        )*

        impl Object {
            /// Which kind it is.
            #[must_use]
            pub fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)* }
            }

            /// Its metadata.
            #[must_use]
            pub fn metadata(&self) -> &Arc<super::ObjectMeta> {
                match self { $(Self::$kind(resource) => &resource.metadata,)* }
            }

            /// Its metadata, to change; other holders of the object do not see the change.
            pub fn metadata_mut(&mut self) -> &mut super::ObjectMeta {
                match self { $(Self::$kind(resource) => Arc::make_mut(&mut resource.metadata),)* }
            }

            /// Who wrote it.
            #[must_use]
            pub fn provenance(&self) -> &super::owners::Provenance {
                match self { $(Self::$kind(resource) => &resource.provenance,)* }
            }

            /// The same with another account of who wrote it.
            pub fn set_provenance(&mut self, provenance: super::owners::Provenance) {
                match self { $(Self::$kind(resource) => resource.provenance = provenance,)* }
            }

            /// True when both are of one kind and say the same in their spec.
            #[must_use]
            pub fn same_spec(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$kind(one), Self::$kind(two)) => object::same(&one.spec, &two.spec),)*
                    _ => false,
                }
            }

            /// True when both are of one kind and say the same in their status.
            #[must_use]
            pub fn same_status(&self, other: &Self) -> bool {
                match (self, other) {
                    $((Self::$kind(one), Self::$kind(two)) => object::same(&one.status, &two.status),)*
                    _ => false,
                }
            }

            /// This object with the status of the other; unchanged when the kinds differ.
            #[must_use]
            pub fn with_status_of(mut self, other: &Self) -> Self {
                match (&mut self, other) {
                    $((Self::$kind(one), Self::$kind(two)) => one.status = Arc::clone(&two.status),)*
                    _ => {}
                }
                self
            }

            /// This object with other metadata, one with whoever else holds it.
            #[must_use]
            pub fn with_metadata(mut self, metadata: Arc<super::ObjectMeta>) -> Self {
                match &mut self { $(Self::$kind(resource) => resource.metadata = metadata,)* }
                self
            }

            /// This object with an empty status.
            #[must_use]
            pub fn without_status(mut self) -> Self {
                match &mut self { $(Self::$kind(resource) => resource.status = Arc::default(),)* }
                self
            }

            /// The object as JSON, as `kubectl get -o json` shows it.
            #[must_use]
            pub fn to_value(&self) -> Value {
                match self {
                    $(Self::$kind(resource) => kinds!(@encode $layout Kind::$kind, resource),)*
                }
            }

            /// Reads an object of this kind from JSON. Unknown fields are passed over, as by the
            /// API server's decoder; whoever wants them refused checks the schema first.
            ///
            /// # Errors
            /// When a field has a type that it cannot have.
            pub fn from_value(kind: Kind, value: Value) -> Result<Self, DecodeError> {
                match kind {
                    $(Kind::$kind => kinds!(@decode $layout value).map(Self::$kind),)*
                }
            }
        }

        /// The schema of a kind's official type; what it refers to goes into the generator.
        pub(super) fn schema_of(
            kind: Kind,
            generator: &mut schemars::SchemaGenerator,
        ) -> schemars::Schema {
            match kind { $(Kind::$kind => generator.subschema_for::<$official>(),)* }
        }
    };

    (@namespaced namespaced) => { true };
    (@namespaced cluster) => { false };
    (@has_status split) => { true };
    (@has_status spec) => { false };
    (@has_status whole) => { false };
    (@spec split $official:ty, $spec:ty, $status:ty) => { $spec };
    (@spec spec $official:ty, $spec:ty) => { $spec };
    (@spec whole $official:ty,) => { $official };
    (@status split $spec:ty, $status:ty) => { $status };
    (@status spec $spec:ty) => { () };
    (@status whole) => { () };
    (@encode split $kind:expr, $resource:expr) => { object::encode_split($kind, $resource) };
    (@encode spec $kind:expr, $resource:expr) => { object::encode_split($kind, $resource) };
    (@encode whole $kind:expr, $resource:expr) => { object::encode_whole($kind, $resource) };
    (@decode split $value:expr) => { object::decode_split($value) };
    (@decode spec $value:expr) => { object::decode_split($value) };
    (@decode whole $value:expr) => { object::decode_whole($value) };
}

kinds! {
    /// A room for names.
    Namespace "" "v1" "namespaces" ["ns"] cluster
        core::Namespace = split(core::NamespaceSpec, core::NamespaceStatus);
    /// A machine that runs pods.
    Node "" "v1" "nodes" ["no"] cluster
        core::Node = split(core::NodeSpec, core::NodeStatus);
    /// Containers that run together on one node.
    Pod "" "v1" "pods" ["po"] namespaced
        core::Pod = split(PodSpec, core::PodStatus);
    /// A rolling set of equal pods.
    Deployment "apps" "v1" "deployments" ["deploy"] namespaced
        apps::Deployment = split(apps::DeploymentSpec, apps::DeploymentStatus);
    /// A fixed number of equal pods.
    ReplicaSet "apps" "v1" "replicasets" ["rs"] namespaced
        apps::ReplicaSet = split(apps::ReplicaSetSpec, apps::ReplicaSetStatus);
    /// Pods with names and storage that stay.
    StatefulSet "apps" "v1" "statefulsets" ["sts"] namespaced
        apps::StatefulSet = split(apps::StatefulSetSpec, apps::StatefulSetStatus);
    /// One pod on each fitting node.
    DaemonSet "apps" "v1" "daemonsets" ["ds"] namespaced
        apps::DaemonSet = split(apps::DaemonSetSpec, apps::DaemonSetStatus);
    /// A template that a StatefulSet or a DaemonSet has had.
    ControllerRevision "apps" "v1" "controllerrevisions" [] namespaced
        apps::ControllerRevision = whole();
    /// Pods that run to their end.
    Job "batch" "v1" "jobs" [] namespaced
        batch::Job = split(batch::JobSpec, batch::JobStatus);
    /// Jobs by the calendar.
    CronJob "batch" "v1" "cronjobs" ["cj"] namespaced
        batch::CronJob = split(batch::CronJobSpec, batch::CronJobStatus);
    /// One address for many pods.
    Service "" "v1" "services" ["svc"] namespaced
        core::Service = split(core::ServiceSpec, core::ServiceStatus);
    /// The pods behind a Service.
    EndpointSlice "discovery.k8s.io" "v1" "endpointslices" [] namespaced
        discovery::EndpointSlice = whole();
    /// Settings as text.
    ConfigMap "" "v1" "configmaps" ["cm"] namespaced
        core::ConfigMap = whole();
    /// Settings that are not shown.
    Secret "" "v1" "secrets" [] namespaced
        core::Secret = whole();
    /// Who a pod is to the API server.
    ServiceAccount "" "v1" "serviceaccounts" ["sa"] namespaced
        core::ServiceAccount = whole();
    /// What a component has to say about an object.
    Event "" "v1" "events" ["ev"] namespaced
        core::Event = whole();
    /// A sign of life with a date.
    Lease "coordination.k8s.io" "v1" "leases" [] namespaced
        coordination::Lease = spec(coordination::LeaseSpec);
    /// Scales a workload by what it uses.
    HorizontalPodAutoscaler "autoscaling" "v2" "horizontalpodautoscalers" ["hpa"] namespaced
        autoscaling::HorizontalPodAutoscaler = split(
            autoscaling::HorizontalPodAutoscalerSpec,
            autoscaling::HorizontalPodAutoscalerStatus
        );
    /// How many pods may be missing at once.
    PodDisruptionBudget "policy" "v1" "poddisruptionbudgets" ["pdb"] namespaced
        policy::PodDisruptionBudget = split(
            policy::PodDisruptionBudgetSpec,
            policy::PodDisruptionBudgetStatus
        );
    /// How important a pod is.
    PriorityClass "scheduling.k8s.io" "v1" "priorityclasses" ["pc"] cluster
        scheduling::PriorityClass = whole();
    /// How much a namespace may hold.
    ResourceQuota "" "v1" "resourcequotas" ["quota"] namespaced
        core::ResourceQuota = split(core::ResourceQuotaSpec, core::ResourceQuotaStatus);
    /// Least, most and default amounts in a namespace.
    LimitRange "" "v1" "limitranges" ["limits"] namespaced
        core::LimitRange = spec(core::LimitRangeSpec);
    /// A piece of storage.
    PersistentVolume "" "v1" "persistentvolumes" ["pv"] cluster
        core::PersistentVolume = split(core::PersistentVolumeSpec, core::PersistentVolumeStatus);
    /// A wish for storage.
    PersistentVolumeClaim "" "v1" "persistentvolumeclaims" ["pvc"] namespaced
        core::PersistentVolumeClaim = split(
            core::PersistentVolumeClaimSpec,
            core::PersistentVolumeClaimStatus
        );
    /// A way to make storage.
    StorageClass "storage.k8s.io" "v1" "storageclasses" ["sc"] cluster
        storage::StorageClass = whole();
}

impl Kind {
    /// The kind with exactly this `apiVersion` and `kind`.
    #[must_use]
    pub fn of_manifest(api_version: &str, kind: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|each| each.info().name == kind && each.info().api_version() == api_version)
    }

    /// The kind that a person means: `deploy`, `Deployment`, `deployments`, `deployments.apps`,
    /// `deployments.v1.apps`, in any case of letters.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let (name, rest) = word
            .split_once('.')
            .map_or((word.as_str(), None), |(n, r)| (n, Some(r)));
        Self::ALL.iter().copied().find(|kind| {
            let info = kind.info();
            let group_fits = rest.is_none_or(|rest| {
                rest == info.group || rest == format!("{}.{}", info.version, info.group)
            });
            let name_fits = name == info.plural
                || name == info.name.to_ascii_lowercase()
                || info.short_names.contains(&name);
            group_fits && name_fits
        })
    }
}

impl Kind {
    /// Where the pod template of the kind stands in its JSON, as a pointer: a pod is its own, kinds
    /// that make no pods have none.
    #[must_use]
    pub const fn template_path(self) -> Option<&'static str> {
        match self {
            Self::Pod => Some(""),
            Self::Deployment
            | Self::ReplicaSet
            | Self::StatefulSet
            | Self::DaemonSet
            | Self::Job => Some("/spec/template"),
            Self::CronJob => Some("/spec/jobTemplate/spec/template"),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.info().name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_kinds_as_kubectl_takes_them() {
        let cases = [
            ("deploy", Some(Kind::Deployment)),
            ("Deployments", Some(Kind::Deployment)),
            ("deployments.apps", Some(Kind::Deployment)),
            ("deployments.v1.apps", Some(Kind::Deployment)),
            ("deployments.batch", None),
            ("po", Some(Kind::Pod)),
            ("netpol", None),
        ];
        for (word, expected) in cases {
            assert_eq!(Kind::of_word(word), expected, "{word}");
        }
    }

    #[test]
    fn every_kind_survives_the_way_to_json_and_back() {
        for &kind in Kind::ALL {
            let value = serde_json::json!({
                "apiVersion": kind.info().api_version(),
                "kind": kind.info().name,
                "metadata": {"name": "x", "labels": {"a": "b"}},
            });
            let object = Object::from_value(kind, value).expect("metadata is enough");
            let again = Object::from_value(kind, object.to_value()).expect("our own output");
            assert_eq!(object, again, "{kind}");
            assert_eq!(object.kind(), kind);
            assert_eq!(object.to_value()["kind"], kind.info().name);
        }
    }
}
