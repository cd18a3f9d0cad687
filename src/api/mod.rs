//! The nouns, spelled as Kubernetes spells them: kinds, objects, keys, quantities, selectors.

mod actor;
pub mod field_selector;
mod host_port;
mod key;
mod kind;
pub mod meta;
mod metrics;
mod node;
pub mod node_affinity;
mod object;
pub mod owners;
pub mod pod;
mod qos;
mod quantity;
pub mod quota;
pub mod requests;
pub mod schema;
pub mod selector;
pub mod taint;
pub mod time_zone;
pub mod volume;

/// Official types, by the group that they come from.
pub use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch,
    coordination::v1 as coordination, core::v1 as core, discovery::v1 as discovery,
    policy::v1 as policy, scheduling::v1 as scheduling, storage::v1 as storage,
};
pub use k8s_openapi::apimachinery::pkg::apis::meta::v1::{
    LabelSelector, LabelSelectorRequirement, ObjectMeta, OwnerReference,
};
pub use k8s_openapi::apimachinery::pkg::runtime::RawExtension;
pub use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

pub use actor::Actor;
pub use host_port::{HostPort, host_ports};
pub use key::Key;
pub use kind::{
    ConfigMap, ControllerRevision, CronJob, DaemonSet, Deployment, EndpointSlice, Event,
    HorizontalPodAutoscaler, Job, Kind, KindInfo, Lease, LimitRange, Namespace, Node, Object,
    PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, PriorityClass, ReplicaSet,
    ResourceQuota, Secret, Service, ServiceAccount, StatefulSet, StorageClass,
};
pub use metrics::{Metrics, Usage};
pub use object::{DecodeError, Resource, Typed};
pub use pod::PodSpec;
pub use qos::qos_class;
pub use quantity::{Quantity, QuantityError};
