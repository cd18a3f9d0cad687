//! Who does things, spelled as Kubernetes spells its components.

use std::fmt;
use std::sync::Arc;

/// A component of the control plane, or somebody outside of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Actor {
    /// Somebody with kubectl; the name tells several apart and is empty for the only one.
    Kubectl(Arc<str>),
    /// The only door to the store.
    ApiServer,
    /// The store.
    Etcd,
    /// The scheduler.
    Scheduler,
    /// One loop of the controller manager, by its own name.
    Controller(&'static str),
    /// The kubelet of a node.
    Kubelet(Arc<str>),
    /// The kube-proxy of a node.
    KubeProxy(Arc<str>),
    /// Those who send requests to Services.
    Clients,
    /// What tells how much is used: an API of its own behind the API server.
    MetricsServer,
    /// Whoever breaks things on purpose, and the hand on the switch.
    Outside,
}

impl Actor {
    /// The one person with kubectl.
    #[must_use]
    pub fn kubectl() -> Self {
        Self::Kubectl(Arc::from(""))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kubectl(name) if name.is_empty() => f.write_str("kubectl"),
            Self::Kubectl(name) => write!(f, "kubectl/{name}"),
            Self::ApiServer => f.write_str("kube-apiserver"),
            Self::Etcd => f.write_str("etcd"),
            Self::Scheduler => f.write_str("kube-scheduler"),
            Self::Controller(name) => f.write_str(name),
            Self::Kubelet(node) => write!(f, "kubelet/{node}"),
            Self::KubeProxy(node) => write!(f, "kube-proxy/{node}"),
            Self::Clients => f.write_str("clients"),
            Self::MetricsServer => f.write_str("metrics-server"),
            Self::Outside => f.write_str("outside"),
        }
    }
}
