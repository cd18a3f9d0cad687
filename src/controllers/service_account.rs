//! serviceaccount-controller: a `default` ServiceAccount in every active namespace.
//! Source: `pkg/controller/serviceaccount`.

use super::controller::{Action, Change, Controller, Plan, Planned};
use crate::api::owners::Provenance;
use crate::api::{Key, Kind, Namespace, Object, ObjectMeta, ServiceAccount, Typed, core};
use crate::apiserver::Verb;

pub(super) static SERVICE_ACCOUNT: Controller = Controller {
    name: "serviceaccount-controller",
    event_source: "serviceaccount-controller",
    watches: &[Kind::Namespace, Kind::ServiceAccount],
    concerns: |_, change| concerns(change).into_iter().collect(),
    plan,
    periodic: None,
    pace: None,
    gathers: None,
};

/// The account that pods get when they name none.
const NAME: &str = "default";

fn concerns(change: &Change<'_>) -> Option<Key> {
    match (change.before, change.after) {
        (_, Some(namespace @ Object::Namespace(_))) => Some(namespace.key()),
        (Some(Object::ServiceAccount(gone)), None) if gone.name() == NAME => {
            Some(Key::new(Kind::Namespace, "", gone.namespace()))
        }
        _ => None,
    }
}

fn plan(planned: &Planned<'_>) -> Plan {
    let active = planned
        .subject::<Namespace>()
        .filter(|namespace| namespace.status.phase.as_deref() != Some("Terminating"))
        .filter(|namespace| !namespace.is_terminating());
    let Some(namespace) = active else {
        return Plan::nothing("the namespace is gone or going");
    };
    let mut plan = Plan {
        desired: "a ServiceAccount default".to_owned(),
        observed: "it is there".to_owned(),
        ..Plan::default()
    };
    let name = namespace.name();
    if planned.caches.get::<ServiceAccount>(name, NAME).is_none() {
        plan.observed = String::from("none");
        plan.difference = String::from("1 too few");
        let metadata = ObjectMeta {
            name: Some(NAME.to_owned()),
            namespace: Some(name.to_owned()),
            ..ObjectMeta::default()
        };
        let account = ServiceAccount {
            provenance: Provenance::default(),
            metadata: metadata.into(),
            spec: core::ServiceAccount::default().into(),
            status: ().into(),
        };
        let account = account.into_object();
        let why = format!("creates the ServiceAccount default of namespace {name}");
        plan.actions = vec![Action::new(account.key(), Verb::Create(account), why)];
    }
    plan
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::controllers::bench::{Bench, object, outlines};

    #[test]
    fn every_active_namespace_gets_its_default_account_once() {
        let namespace = |phase: &str| {
            let value = json!({"metadata": {"name": "shop"}, "status": {"phase": phase}});
            object(Kind::Namespace, value)
        };
        let account = object(
            Kind::ServiceAccount,
            json!({"metadata": {"name": "default", "namespace": "shop"}}),
        );
        let key = Key::new(Kind::Namespace, "", "shop");
        let cases = [
            (
                vec![namespace("Active")],
                vec!["create serviceaccount default"],
            ),
            (vec![namespace("Active"), account], vec![]),
            (vec![namespace("Terminating")], vec![]),
        ];
        for (objects, expected) in cases {
            let plan = Bench::new(&SERVICE_ACCOUNT, &objects).plan(&key);
            assert_eq!(outlines(&plan), expected);
        }
    }
}
