//! The Service `kubernetes`, through which pods find the API server, and its EndpointSlice: the API
//! server keeps them.
//! Source: `pkg/controlplane/controller/kubernetesservice`, `pkg/controlplane/reconcilers`.

use std::time::Duration;

use serde_json::json;

use super::Cluster;
use super::step::Happening;
use crate::api::{Actor, Key, Kind, Object};
use crate::sim::{RecordId, Time, Urgency};
use crate::store::{Change, ChangeType};

/// How often it is looked whether the Service is there.
///
/// Unlike Kubernetes: looks that find it are not seen, and one that was changed is left as it is.
const LOOKS: Duration = Duration::from_secs(10);

const NAME: &str = "kubernetes";
const NAMESPACE: &str = "default";

/// Where the API server is: in the network of the nodes, before the first of them.
const ADDRESS: &str = "172.18.0.1";

/// What the API server makes for itself when it starts.
pub(super) fn objects() -> Vec<Object> {
    let service = json!({
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE,
            "labels": {"component": "apiserver", "provider": "kubernetes"},
        },
        "spec": {
            "clusterIP": "10.96.0.1",
            "clusterIPs": ["10.96.0.1"],
            "ports": [{"name": "https", "port": 443, "protocol": "TCP", "targetPort": 6443}],
        },
    });
    let slice = json!({
        "metadata": {
            "name": NAME,
            "namespace": NAMESPACE,
            "labels": {"kubernetes.io/service-name": NAME},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [ADDRESS], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": 6443, "protocol": "TCP"}],
    });
    let objects = [(Kind::Service, service), (Kind::EndpointSlice, slice)];
    let objects = objects.map(|(kind, value)| Object::from_value(kind, value));
    let objects = objects.into_iter();
    objects
        .map(|object| object.expect("what the API server makes for itself is well-formed"))
        .collect()
}

impl Cluster {
    /// Sets the clock of the next look when the Service or its slice has gone.
    pub(super) fn mind_own_service(&mut self, change: &Change, cause: RecordId) {
        let is_own = |kind| change.key == Key::new(kind, NAMESPACE, NAME);
        let kinds = [Kind::Service, Kind::EndpointSlice];
        if change.change_type == ChangeType::Deleted && kinds.into_iter().any(is_own) {
            self.await_look(cause, Urgency::Work);
        }
    }

    fn await_look(&mut self, cause: RecordId, urgency: Urgency) {
        let every = LOOKS.as_secs();
        let at = Time::from_secs((self.now.as_secs() / every + 1) * every);
        self.queue.push(at, urgency, Happening::Serve { cause });
    }

    /// Makes again what is not there. While its address is taken by another, it is tried again.
    pub(super) fn serve_again(&mut self, cause: RecordId) {
        for object in objects() {
            if self.store().get(&object.key()).is_some() {
                continue;
            }
            let made = self.create_itself(&Actor::ApiServer, object, cause);
            if made.is_err() {
                // What may last for ever must not keep the world from being idle.
                self.await_look(cause, Urgency::Periodic);
            }
        }
    }
}
