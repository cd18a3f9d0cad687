//! One file per loop, named as in kube-controller-manager; each observes, plans and applies.

mod attach_detach;
mod claim;
mod controller;
mod cron_job;
mod daemon_set;
mod deployment;
mod disruption;
mod disruption_target;
mod endpoint_slice;
mod expectations;
mod external_provisioner;
mod external_resizer;
mod garbage_collector;
mod horizontal_pod_autoscaler;
mod job;
mod memory;
mod namespace;
mod node_lifecycle;
mod persistent_volume_binder;
mod persistent_volume_claim_protection;
mod persistent_volume_protection;
mod pod_control;
mod pod_gc;
mod pod_template;
mod replica_set;
mod resource_quota;
mod revision_history;
mod root_ca_certificate_publisher;
mod runner;
mod service_account;
mod stateful_set;
mod surplus;
mod taint_eviction;
mod ttl_after_finished;
mod wording;
mod work;

pub use controller::{
    Act, Action, CONTROLLERS, Change, Controller, Inquiry, LookAgain, Pack, Periodic, Plan,
    Planned, Said,
};
pub use daemon_set::FailedPods;
pub use horizontal_pod_autoscaler::Recommendations;
pub use memory::Memory;
pub use root_ca_certificate_publisher::{ROOT_CA_CERTIFICATE, root_ca_certificate};
pub use runner::{ControllerAlarm, Runner};

#[cfg(test)]
mod bench;
