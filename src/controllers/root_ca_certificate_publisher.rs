//! root-ca-certificate-publisher-controller: a ConfigMap in every active namespace with the
//! certificate by which pods know the API server.
//! Source: `pkg/controller/certificates/rootcacertpublisher`.

use super::controller::{Action, Change, Controller, Plan, Planned};
use crate::api::owners::Provenance;
use crate::api::{ConfigMap, Key, Kind, Namespace, Object, ObjectMeta, Typed, core, meta};
use crate::apiserver::Verb;

pub(super) static ROOT_CA_CERTIFICATE_PUBLISHER: Controller = Controller {
    name: "root-ca-certificate-publisher-controller",
    event_source: "root-ca-certificate-publisher-controller",
    watches: &[Kind::Namespace, Kind::ConfigMap],
    concerns: |_, change| concerns(change).into_iter().collect(),
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// The ConfigMap that every namespace has.
pub const ROOT_CA_CERTIFICATE: &str = "kube-root-ca.crt";

const ENTRY: &str = "ca.crt";

const DESCRIPTION: &str = "kubernetes.io/description";

const DESCRIBED: &str = "Contains a CA bundle that can be used to verify the kube-apiserver when \
    using internal endpoints such as the internal service IP or kubernetes.default.svc. No other \
    usage is guaranteed across distributions of Kubernetes clusters.";

/// Unlike Kubernetes: there is no key behind the certificate, and nothing is verified by it.
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\n\
    Z2xhc3NwbGFuZSBoYXMgbm8ga2V5cywgYW5kIG5vYm9keSBhc2tzIGZvciB0aGVt\n\
    -----END CERTIFICATE-----\n";

fn concerns(change: &Change<'_>) -> Option<Key> {
    match (change.before, change.after) {
        (_, Some(namespace @ Object::Namespace(_))) => Some(namespace.key()),
        // A new one is no news: who makes it is this loop.
        (Some(map @ Object::ConfigMap(_)), _) if map.name() == ROOT_CA_CERTIFICATE => {
            Some(Key::new(Kind::Namespace, "", map.namespace()))
        }
        _ => None,
    }
}

/// The ConfigMap of a namespace as it should be.
#[must_use]
pub fn root_ca_certificate(namespace: &str) -> ConfigMap {
    let metadata = ObjectMeta {
        name: Some(ROOT_CA_CERTIFICATE.to_owned()),
        namespace: Some(namespace.to_owned()),
        annotations: Some([(DESCRIPTION.to_owned(), DESCRIBED.to_owned())].into()),
        ..ObjectMeta::default()
    };
    ConfigMap {
        provenance: Provenance::default(),
        metadata: metadata.into(),
        spec: core::ConfigMap {
            data: Some([(ENTRY.to_owned(), CERTIFICATE.to_owned())].into()),
            ..core::ConfigMap::default()
        }
        .into(),
        status: ().into(),
    }
}

fn plan(planned: &Planned<'_>) -> Plan {
    let active = planned
        .subject::<Namespace>()
        .filter(|namespace| namespace.status.phase.as_deref() == Some("Active"));
    let Some(namespace) = active else {
        return Plan::nothing("the namespace is gone or going");
    };
    let mut plan = Plan {
        desired: format!("a ConfigMap {ROOT_CA_CERTIFICATE}"),
        observed: "it is there".to_owned(),
        ..Plan::default()
    };
    let name = namespace.name();
    let wanted = root_ca_certificate(name);
    match planned.caches.get::<ConfigMap>(name, ROOT_CA_CERTIFICATE) {
        None => {
            "none".clone_into(&mut plan.observed);
            "1 too few".clone_into(&mut plan.difference);
            let map = wanted.into_object();
            let why = format!("creates the ConfigMap {ROOT_CA_CERTIFICATE} of namespace {name}");
            plan.actions = vec![Action::new(map.key(), Verb::Create(map), why)];
        }
        Some(found) if !says_it(found, &wanted) => {
            "it says something else".clone_into(&mut plan.observed);
            "another certificate".clone_into(&mut plan.difference);
            let mut changed = found.clone();
            changed.spec_mut().data.clone_from(&wanted.spec.data);
            let annotations = changed.metadata_mut().annotations.get_or_insert_default();
            annotations.insert(DESCRIPTION.to_owned(), DESCRIBED.to_owned());
            let map = changed.into_object();
            let why = format!(
                "writes the certificate into the ConfigMap {ROOT_CA_CERTIFICATE} of namespace {name}"
            );
            plan.actions = vec![Action::new(map.key(), Verb::Update(map), why)];
        }
        Some(_) => {}
    }
    plan
}

fn says_it(found: &ConfigMap, wanted: &ConfigMap) -> bool {
    let described = meta::annotation(&found.metadata, DESCRIPTION);
    found.spec.data == wanted.spec.data && described.is_some_and(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controllers::bench::{Bench, object, outlines};

    #[test]
    fn every_active_namespace_gets_its_certificate_and_keeps_it() {
        let namespace = |phase: &str| {
            let value = json!({"metadata": {"name": "shop"}, "status": {"phase": phase}});
            object(Kind::Namespace, value)
        };
        let good = root_ca_certificate("shop").into_object();
        let metadata = json!({"name": ROOT_CA_CERTIFICATE, "namespace": "shop"});
        let other = object(
            Kind::ConfigMap,
            json!({"metadata": metadata, "data": {"a": "b"}}),
        );
        let create = format!("create configmap {ROOT_CA_CERTIFICATE}");
        let update = format!("update configmap {ROOT_CA_CERTIFICATE}");
        let cases = [
            (vec![namespace("Active")], vec![create]),
            (vec![namespace("Active"), good], vec![]),
            (vec![namespace("Active"), other], vec![update]),
            (vec![namespace("Terminating")], vec![]),
        ];
        let key = Key::new(Kind::Namespace, "", "shop");
        for (objects, expected) in cases {
            let plan = Bench::new(&ROOT_CA_CERTIFICATE_PUBLISHER, &objects).plan(&key);
            assert_eq!(outlines(&plan), expected);
        }
    }
}
