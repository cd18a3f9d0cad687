//! The Service `kubernetes`, through which pods find the API server, and which the API server keeps.
//! Source: `pkg/controlplane/controller/kubernetesservice`.

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
    let object = Object::from_value(Kind::Service, service);
    vec![object.expect("the API server's own Service is well-formed")]
}

impl Cluster {
    /// Sets the clock of the next look when the Service has gone.
    pub(super) fn mind_own_service(&mut self, change: &Change, cause: RecordId) {
        let own = Key::new(Kind::Service, NAMESPACE, NAME);
        if change.change_type == ChangeType::Deleted && change.key == own {
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
