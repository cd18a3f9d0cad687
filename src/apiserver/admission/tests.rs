//! What admission sets and what it refuses, in the words of the plugins.

use serde_json::{Value, json};

use super::*;
use crate::api::{Kind, Typed as _};
use crate::apiserver::defaulting::apply_defaults;
use crate::store::Precondition;

fn object(kind: Kind, value: Value) -> Object {
    let mut object = Object::from_value(kind, value).expect("an object");
    apply_defaults(&mut object);
    object
}

/// A store with the namespace `default`, its account, and these objects.
fn store(objects: impl IntoIterator<Item = (Kind, Value)>) -> Store {
    let mut store = Store::new();
    let first = [
        (Kind::Namespace, json!({"metadata": {"name": "default"}})),
        (
            Kind::ServiceAccount,
            json!({"metadata": {"name": "default", "namespace": "default"}}),
        ),
    ];
    for (kind, value) in first.into_iter().chain(objects) {
        store
            .put(object(kind, value), Precondition::Absent)
            .expect("nothing stands there");
    }
    store
}

fn pod(spec: &Value) -> Object {
    let value = json!({"metadata": {"name": "web", "namespace": "default"}, "spec": spec});
    object(Kind::Pod, value)
}

fn plain() -> Value {
    json!({"containers": [{"name": "web", "image": "nginx:1"}]})
}

fn with_resources(resources: &Value) -> Object {
    pod(&json!({"containers": [{"name": "web", "image": "nginx:1", "resources": resources}]}))
}

/// The admitted object as JSON, or the message of the refusal.
fn create(mut object: Object, store: &Store) -> Result<Value, String> {
    let profile = Profile::kubernetes_1_34();
    admit(Operation::Create, &mut object, store, &profile)
        .and_then(|()| enforce(Operation::Create, &object, store, Time::START))
        .map(|_| object.to_value())
        .map_err(|refusal| refusal.message)
}

#[test]
fn a6_a_namespace_must_exist_and_must_not_be_terminating() {
    let going = json!({"metadata": {"name": "going"}, "status": {"phase": "Terminating"}});
    let store = store([(Kind::Namespace, going)]);
    let map = |namespace: &str| {
        let metadata = json!({"name": "m", "namespace": namespace});
        object(Kind::ConfigMap, json!({"metadata": metadata}))
    };
    assert!(create(map("default"), &store).is_ok());
    assert_eq!(
        create(map("nowhere"), &store),
        Err("namespaces \"nowhere\" not found".to_owned())
    );
    assert_eq!(
        create(map("going"), &store),
        Err("configmaps \"m\" is forbidden: unable to create new content in namespace going because it is being terminated".to_owned())
    );
}

#[test]
fn a6_a_pod_gets_account_priority_and_the_two_tolerations() {
    let admitted = create(pod(&plain()), &store([])).expect("admitted");
    let spec = &admitted["spec"];
    assert_eq!(spec["serviceAccountName"], "default");
    assert_eq!(spec["serviceAccount"], "default");
    assert_eq!(spec["priority"], 0);
    assert_eq!(spec["preemptionPolicy"], "PreemptLowerPriority");
    assert_eq!(spec.get("priorityClassName"), None);
    let toleration = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    assert_eq!(
        spec["tolerations"],
        json!([
            toleration("node.kubernetes.io/not-ready"),
            toleration("node.kubernetes.io/unreachable"),
        ])
    );
}

#[test]
fn a6_tolerations_that_the_pod_brings_stay_as_they_are() {
    let mut spec = plain();
    spec["tolerations"] = json!([
        {"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 5},
    ]);
    let admitted = create(pod(&spec), &store([])).expect("admitted");
    let tolerations = admitted["spec"]["tolerations"].as_array().expect("a list");
    let seconds: Vec<_> = tolerations
        .iter()
        .map(|each| each["tolerationSeconds"].clone())
        .collect();
    assert_eq!(seconds, [json!(5), json!(300)]);
    let mut spec = plain();
    spec["tolerations"] = json!([{"operator": "Exists"}]);
    let admitted = create(pod(&spec), &store([])).expect("admitted");
    assert_eq!(
        admitted["spec"]["tolerations"],
        json!([{"operator": "Exists"}])
    );
}

#[test]
fn a6_an_account_that_is_not_there_is_refused_by_the_base_of_a_generated_name() {
    let value = json!({
        "metadata": {"generateName": "web-", "namespace": "default"},
        "spec": {"serviceAccountName": "robot", "containers": [{"name": "c", "image": "i:1"}]},
    });
    assert_eq!(
        create(object(Kind::Pod, value), &store([])),
        Err("pods \"web-\" is forbidden: error looking up service account default/robot: serviceaccount \"robot\" not found".to_owned())
    );
}

#[test]
fn a6_priority_comes_from_the_class() {
    let class = |name: &str, value: i32, default: bool| {
        let value = json!({
            "metadata": {"name": name}, "value": value, "globalDefault": default,
            "preemptionPolicy": "Never",
        });
        (Kind::PriorityClass, value)
    };
    let store = store([class("batch", -5, false), class("usual", 100, true)]);
    let given = |name: &str, priority: Value| {
        let mut spec = plain();
        spec["priorityClassName"] = json!(name);
        spec["priority"] = priority;
        create(pod(&spec), &store).map(|admitted| {
            let spec = &admitted["spec"];
            json!([
                spec["priorityClassName"],
                spec["priority"],
                spec["preemptionPolicy"]
            ])
        })
    };
    assert_eq!(
        given("batch", Value::Null),
        Ok(json!(["batch", -5, "Never"]))
    );
    assert_eq!(given("", Value::Null), Ok(json!(["usual", 100, "Never"])));
    assert_eq!(
        given("system-node-critical", Value::Null),
        Ok(json!([
            "system-node-critical",
            2_000_001_000,
            "PreemptLowerPriority"
        ]))
    );
    assert_eq!(
        given("none", Value::Null),
        Err("pods \"web\" is forbidden: no PriorityClass with name none was found".to_owned())
    );
    assert_eq!(
        given("batch", json!(7)),
        Err("pods \"web\" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed -5 from the given PriorityClass name".to_owned())
    );
    let (kind, second) = class("other", 1, true);
    assert_eq!(
        create(object(kind, second), &store).map(|_| ()),
        Err("priorityclasses.scheduling.k8s.io \"other\" is forbidden: PriorityClass usual is already marked as default. Only one default can exist".to_owned())
    );
}

#[test]
fn a6_limit_ranges_give_defaults_and_refuse_too_little_and_too_much() {
    let range = json!({
        "metadata": {"name": "limits", "namespace": "default"},
        "spec": {"limits": [{
            "type": "Container", "max": {"cpu": "1"}, "min": {"cpu": "100m"},
            "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "200m"},
            "maxLimitRequestRatio": {"cpu": "4"},
        }]},
    });
    let store = store([(Kind::LimitRange, range)]);
    let admitted = create(pod(&plain()), &store).expect("admitted");
    assert_eq!(
        admitted["spec"]["containers"][0]["resources"],
        json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "200m"}})
    );
    assert_eq!(
        admitted["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container web; cpu limit for container web"
    );
    let cases = [
        (
            json!({"limits": {"cpu": "2"}, "requests": {"cpu": "1"}}),
            "maximum cpu usage per Container is 1, but limit is 2",
        ),
        (
            json!({"limits": {"cpu": "200m"}, "requests": {"cpu": "50m"}}),
            "minimum cpu usage per Container is 100m, but request is 50m",
        ),
        (
            json!({"limits": {"cpu": "1"}, "requests": {"cpu": "100m"}}),
            "cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000",
        ),
        (
            json!({"limits": {"cpu": "2"}, "requests": {"cpu": "100m"}}),
            "[maximum cpu usage per Container is 1, but limit is 2, cpu max limit to request ratio per Container is 4, but provided ratio is 20.000000]",
        ),
    ];
    for (resources, why) in cases {
        let expected = format!("pods \"web\" is forbidden: {why}");
        assert_eq!(create(with_resources(&resources), &store), Err(expected));
    }
}

fn quota(spec: &Value, used: &Value) -> (Kind, Value) {
    let metadata = json!({"name": "team", "namespace": "default"});
    let status = json!({"hard": spec["hard"], "used": used});
    (
        Kind::ResourceQuota,
        json!({"metadata": metadata, "spec": spec, "status": status}),
    )
}

#[test]
fn a6_quotas_refuse_what_goes_beyond_them() {
    let asks = |cpu: &str| with_resources(&json!({"requests": {"cpu": cpu}}));
    let hard = json!({"hard": {"pods": "2", "requests.cpu": "1"}});
    let full = store([quota(&hard, &json!({"pods": "1", "requests.cpu": "700m"}))]);
    assert!(create(asks("300m"), &full).is_ok());
    assert_eq!(
        create(asks("500m"), &full),
        Err("pods \"web\" is forbidden: exceeded quota: team, requested: requests.cpu=500m, used: requests.cpu=700m, limited: requests.cpu=1".to_owned())
    );
    let hard = json!({"hard": {"limits.memory": "1Gi", "requests.cpu": "1"}});
    let strict = store([quota(
        &hard,
        &json!({"limits.memory": "0", "requests.cpu": "0"}),
    )]);
    assert_eq!(
        create(pod(&plain()), &strict),
        Err("pods \"web\" is forbidden: failed quota: team: must specify limits.memory for: web; requests.cpu for: web".to_owned())
    );
    let unknown = store([quota(&json!({"hard": {"pods": "1"}}), &json!({}))]);
    assert_eq!(
        create(pod(&plain()), &unknown),
        Err(
            "pods \"web\" is forbidden: status unknown for quota: team, resources: pods".to_owned()
        )
    );
    let none = json!({"count/deployments.apps": "0", "configmaps": "0"});
    let none = store([quota(&json!({"hard": none}), &none)]);
    let metadata = json!({"name": "x", "namespace": "default"});
    for (kind, why) in [
        (
            Kind::Deployment,
            "deployments.apps \"x\" is forbidden: exceeded quota: team, requested: count/deployments.apps=1, used: count/deployments.apps=0, limited: count/deployments.apps=0",
        ),
        (
            Kind::ConfigMap,
            "configmaps \"x\" is forbidden: exceeded quota: team, requested: configmaps=1, used: configmaps=0, limited: configmaps=0",
        ),
    ] {
        let object = object(kind, json!({"metadata": metadata}));
        assert_eq!(create(object, &none).map(|_| ()), Err(why.to_owned()));
    }
}

#[test]
fn a6_a_quota_limits_nothing_before_its_controller_has_seen_it() {
    let (kind, mut value) = quota(&json!({"hard": {"pods": "0"}}), &json!({}));
    value["status"] = json!({});
    assert!(create(pod(&plain()), &store([(kind, value)])).is_ok());
}

#[test]
fn a6_a_quota_with_a_scope_looks_at_its_pods_only() {
    let idle = json!({"hard": {"pods": "0"}, "scopes": ["BestEffort"]});
    let store = store([quota(&idle, &json!({"pods": "0"}))]);
    assert!(create(pod(&plain()), &store).is_err());
    let asks = with_resources(&json!({"requests": {"cpu": "1m"}}));
    assert!(create(asks, &store).is_ok());
}

#[test]
fn a6_what_is_let_in_is_charged_to_the_quota_and_an_update_only_for_what_it_adds() {
    let hard = json!({"hard": {"services": "5", "services.nodeports": "3"}});
    let used = json!({"services": "1", "services.nodeports": "1"});
    let service = |kind: &str, ports: u8| {
        let ports: Vec<Value> = (0..ports)
            .map(|port| json!({"name": format!("p{port}"), "port": 80 + port}))
            .collect();
        let metadata = json!({"name": "web", "namespace": "default"});
        json!({"metadata": metadata, "spec": {"type": kind, "ports": ports}})
    };
    let charged = |operation, value: Value, store: &Store| {
        let object = object(Kind::Service, value);
        let charges = enforce(operation, &object, store, Time::START);
        let charges = charges.map_err(|refusal| refusal.message)?;
        Ok(charges
            .iter()
            .map(|quota| json!(quota.status.used))
            .collect::<Vec<Value>>())
    };
    let empty = store([quota(&hard, &used)]);
    let create = Operation::Create;
    assert_eq!(
        charged(create, service("NodePort", 2), &empty),
        Ok(vec![json!({"services": "2", "services.nodeports": "3"})])
    );
    assert_eq!(
        charged(create, service("NodePort", 3), &empty),
        Err("services \"web\" is forbidden: exceeded quota: team, requested: services.nodeports=3, used: services.nodeports=1, limited: services.nodeports=3".to_owned())
    );
    let there = store([quota(&hard, &used), (Kind::Service, service("NodePort", 1))]);
    let update = Operation::Update;
    assert_eq!(
        charged(update, service("NodePort", 2), &there),
        Ok(vec![json!({"services": "1", "services.nodeports": "2"})])
    );
    assert_eq!(charged(update, service("ClusterIP", 9), &there), Ok(vec![]));
}

#[test]
fn a6_a_claim_without_a_class_gets_the_newest_default() {
    let class = |name: &str, created: &str, default: &str| {
        let annotations = json!({"storageclass.kubernetes.io/is-default-class": default});
        let metadata =
            json!({"name": name, "creationTimestamp": created, "annotations": annotations});
        let value = json!({"metadata": metadata, "provisioner": "example.com/disk"});
        (Kind::StorageClass, value)
    };
    let store = store([
        class("old", "2026-01-01T00:00:01Z", "true"),
        class("new", "2026-01-01T00:00:02Z", "true"),
        class("other", "2026-01-01T00:00:03Z", "false"),
    ]);
    let claim = |class: Value| {
        let metadata = json!({"name": "c", "namespace": "default"});
        let spec = json!({"storageClassName": class});
        let value = json!({"metadata": metadata, "spec": spec});
        let admitted = create(object(Kind::PersistentVolumeClaim, value), &store);
        admitted.expect("admitted")["spec"]["storageClassName"].clone()
    };
    assert_eq!(claim(Value::Null), "new");
    assert_eq!(claim(json!("")), "");
}

#[test]
fn a6_an_updated_pod_keeps_its_priority() {
    let mut stored = pod(&plain());
    let profile = Profile::kubernetes_1_34();
    let mut store = store([]);
    admit(Operation::Create, &mut stored, &store, &profile).expect("admitted");
    let Object::Pod(typed) = &mut stored else {
        panic!("it is a pod")
    };
    typed.spec_mut().shared_mut().priority = Some(9);
    store
        .put(stored, Precondition::Absent)
        .expect("nothing stands there");
    let mut again = pod(&plain());
    admit(Operation::Update, &mut again, &store, &profile).expect("admitted");
    let priority = crate::api::Pod::of(&again).and_then(|pod| pod.spec.priority);
    assert_eq!(priority, Some(9));
}

#[test]
fn a7_a_claim_grows_only_when_it_is_bound_and_its_class_lets_it() {
    let claim = |size: &str, class: &str, phase: &str| {
        json!({"metadata": {"name": "data", "namespace": "default"},
            "spec": {"storageClassName": class, "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": size}}},
            "status": {"phase": phase}})
    };
    let class = |name: &str, expands: bool| {
        let metadata = json!({"name": name});
        let class = json!({"metadata": metadata, "provisioner": "example.com/disk",
            "allowVolumeExpansion": expands});
        (Kind::StorageClass, class)
    };
    let refused = |why: &str| format!("persistentvolumeclaims \"data\" is forbidden: {why}");
    let not_bound = refused("Only bound persistent volume claims can be expanded");
    let no_class = refused(
        "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize",
    );
    for (before, size, expected) in [
        (("grows", "Bound"), "2Gi", Ok(())),
        (("grows", "Bound"), "1Gi", Ok(())),
        (("grows", "Pending"), "2Gi", Err(not_bound)),
        (("stays", "Bound"), "2Gi", Err(no_class.clone())),
        (("", "Bound"), "2Gi", Err(no_class)),
    ] {
        let (name, phase) = before;
        let store = store([
            class("grows", true),
            class("stays", false),
            (Kind::PersistentVolumeClaim, claim("1Gi", name, phase)),
        ]);
        let new = object(Kind::PersistentVolumeClaim, claim(size, name, phase));
        let outcome = enforce(Operation::Update, &new, &store, Time::START);
        let outcome = outcome.map(|_| ()).map_err(|refusal| refusal.message);
        assert_eq!(outcome, expected, "{name} {phase} {size}");
    }
}

#[test]
fn a6_a_pod_with_a_runtime_class_that_is_absent_is_refused() {
    let mut spec = plain();
    spec["runtimeClassName"] = json!("gvisor");
    assert_eq!(
        create(pod(&spec), &store([])),
        Err(
            "pods \"web\" is forbidden: pod rejected: RuntimeClass \"gvisor\" not found".to_owned()
        )
    );
}
