//! Which columns `kubectl get` shows for a kind.

use crate::api::Kind;

/// One column of a kind's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// The header, in capitals.
    pub name: &'static str,
    /// Whether it is shown with `-o wide` only.
    pub wide: bool,
    /// Whether it holds the name of the object.
    pub is_name: bool,
}

impl Column {
    /// Whether the column is part of the table.
    #[must_use]
    pub fn is_shown(&self, wide: bool) -> bool {
        wide || !self.wide
    }

    const fn narrow(name: &'static str) -> Self {
        Self {
            name,
            wide: false,
            is_name: false,
        }
    }

    const fn wide(name: &'static str) -> Self {
        Self {
            name,
            wide: true,
            is_name: false,
        }
    }
}

/// A row of columns: narrow ones, then those of `-o wide`.
macro_rules! row {
    ($($narrow:literal),* $(; $($wide:literal),*)?) => {
        const {
            &[
                Column { name: "NAME", wide: false, is_name: true },
                $(Column::narrow($narrow),)*
                $($(Column::wide($wide),)*)?
            ]
        }
    };
}

/// Events put wide columns between the others, and their name last.
const EVENT: &[Column] = &[
    Column::narrow("LAST SEEN"),
    Column::narrow("TYPE"),
    Column::narrow("REASON"),
    Column::narrow("OBJECT"),
    Column::wide("SUBOBJECT"),
    Column::wide("SOURCE"),
    Column::narrow("MESSAGE"),
    Column::wide("FIRST SEEN"),
    Column::wide("COUNT"),
    Column {
        name: "NAME",
        wide: true,
        is_name: true,
    },
];

/// The columns of a kind, in order. Source: `AddHandlers` of
/// `pkg/printers/internalversion/printers.go`, Kubernetes 1.34.
#[must_use]
pub const fn columns(kind: Kind) -> &'static [Column] {
    match kind {
        Kind::Namespace => row!("STATUS", "AGE"),
        Kind::Node => {
            row!("STATUS", "ROLES", "AGE", "VERSION"; "INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME")
        }
        Kind::Pod => {
            row!("READY", "STATUS", "RESTARTS", "AGE"; "IP", "NODE", "NOMINATED NODE", "READINESS GATES")
        }
        Kind::Deployment => {
            row!("READY", "UP-TO-DATE", "AVAILABLE", "AGE"; "CONTAINERS", "IMAGES", "SELECTOR")
        }
        Kind::ReplicaSet => {
            row!("DESIRED", "CURRENT", "READY", "AGE"; "CONTAINERS", "IMAGES", "SELECTOR")
        }
        Kind::StatefulSet => row!("READY", "AGE"; "CONTAINERS", "IMAGES"),
        Kind::DaemonSet => {
            row!("DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"; "CONTAINERS", "IMAGES", "SELECTOR")
        }
        Kind::Job => {
            row!("STATUS", "COMPLETIONS", "DURATION", "AGE"; "CONTAINERS", "IMAGES", "SELECTOR")
        }
        Kind::CronJob => {
            row!("SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"; "CONTAINERS", "IMAGES", "SELECTOR")
        }
        Kind::Service => row!("TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"; "SELECTOR"),
        Kind::EndpointSlice => row!("ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"),
        Kind::ConfigMap => row!("DATA", "AGE"),
        Kind::Secret => row!("TYPE", "DATA", "AGE"),
        Kind::ServiceAccount => row!("SECRETS", "AGE"),
        Kind::Event => EVENT,
        Kind::Lease => row!("HOLDER", "AGE"),
        Kind::HorizontalPodAutoscaler => row!(
            "REFERENCE",
            "TARGETS",
            "MINPODS",
            "MAXPODS",
            "REPLICAS",
            "AGE"
        ),
        Kind::PodDisruptionBudget => row!(
            "MIN AVAILABLE",
            "MAX UNAVAILABLE",
            "ALLOWED DISRUPTIONS",
            "AGE"
        ),
        Kind::PriorityClass => row!("VALUE", "GLOBAL-DEFAULT", "AGE", "PREEMPTIONPOLICY"),
        Kind::ResourceQuota => row!("REQUEST", "LIMIT", "AGE"),
        Kind::LimitRange => row!("CREATED AT"),
        Kind::PersistentVolume => {
            row!("CAPACITY", "ACCESS MODES", "RECLAIM POLICY", "STATUS", "CLAIM", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "REASON", "AGE"; "VOLUMEMODE")
        }
        Kind::PersistentVolumeClaim => {
            row!("STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "AGE"; "VOLUMEMODE")
        }
        Kind::ControllerRevision => row!("CONTROLLER", "REVISION", "AGE"),
        Kind::StorageClass => row!(
            "PROVISIONER",
            "RECLAIMPOLICY",
            "VOLUMEBINDINGMODE",
            "ALLOWVOLUMEEXPANSION",
            "AGE"
        ),
    }
}
