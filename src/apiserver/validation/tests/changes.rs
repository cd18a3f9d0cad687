//! What may not change once it is there (A7).

use serde_json::{Value, json};

use super::refused_update;
use crate::api::Kind;

fn object(spec: &Value) -> Value {
    json!({
        "metadata": {"name": "x", "namespace": "default", "uid": "u", "resourceVersion": "7"},
        "spec": spec,
    })
}

fn container(image: &str) -> Value {
    json!({"name": "web", "image": image})
}

fn workload() -> Value {
    let labels = json!({"app": "web", "tier": "front"});
    let template =
        json!({"metadata": {"labels": labels}, "spec": {"containers": [container("nginx:1")]}});
    object(&json!({"selector": {"matchLabels": {"app": "web"}}, "template": template}))
}

const ONLY: &str = "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

#[test]
fn a7_a_pod_may_change_its_images_its_deadline_and_add_tolerations() {
    let toleration = |key: &str, seconds: Value| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds});
    let pod = object(&json!({
        "containers": [container("nginx:1")],
        "tolerations": [toleration("a", json!(5))],
        "schedulingGates": [{"name": "g"}, {"name": "h"}],
    }));
    let cases = [
        json!({"containers": [container("nginx:2")]}),
        json!({"activeDeadlineSeconds": 10}),
        json!({"tolerations": [toleration("a", json!(9)), toleration("b", json!(1))]}),
        json!({"schedulingGates": [{"name": "g"}]}),
        json!({"nodeSelector": {"zone": "a"}}),
    ];
    for spec in cases {
        // What the server has filled in must be sent back, as kubectl does.
        let mut change = json!({"spec": spec});
        if let Some(first) = change.pointer_mut("/spec/containers/0") {
            let full = json!({"imagePullPolicy": "IfNotPresent", "resources": {}});
            json_patch::merge(first, &full);
        }
        assert_eq!(refused_update(Kind::Pod, &pod, &change), [""; 0], "{spec}");
    }
}

#[test]
fn a7_nothing_else_of_a_pod_may_change() {
    let pod = object(&json!({
        "containers": [container("nginx:1")],
        "activeDeadlineSeconds": 10,
        "tolerations": [{"key": "a", "operator": "Exists"}],
    }));
    let cases: [(Value, Vec<String>); 6] = [
        (
            json!({"hostname": "other"}),
            vec![format!("{ONLY}\n+ hostname: \"other\"")],
        ),
        (
            json!({"containers": [container("nginx:1"), container("nginx:1")]}),
            vec![
                "spec.containers[1].name: Duplicate value: \"web\"".to_owned(),
                "spec.containers: Forbidden: pod updates may not add or remove containers"
                    .to_owned(),
            ],
        ),
        (
            json!({"activeDeadlineSeconds": 11}),
            vec!["spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value".to_owned()],
        ),
        (
            json!({"activeDeadlineSeconds": null}),
            vec!["spec.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value".to_owned()],
        ),
        (
            json!({"tolerations": []}),
            vec!["spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds".to_owned()],
        ),
        (
            json!({"schedulingGates": [{"name": "new"}]}),
            vec!["spec.schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'new'".to_owned()],
        ),
    ];
    for (spec, expected) in cases {
        let change = json!({"spec": spec});
        assert_eq!(refused_update(Kind::Pod, &pod, &change), expected, "{spec}");
    }
}

#[test]
fn a7_a_pod_at_a_gate_may_only_become_harder_to_place() {
    let term = |keys: &[&str]| {
        let each = keys
            .iter()
            .map(|key| json!({"key": key, "operator": "Exists"}));
        json!({"matchExpressions": each.collect::<Vec<Value>>()})
    };
    let affinity = |terms: &[Value]| {
        let required = json!({"nodeSelectorTerms": terms});
        let affinity = json!({"requiredDuringSchedulingIgnoredDuringExecution": required});
        json!({"affinity": {"nodeAffinity": affinity}})
    };
    let gated = |more: Value| {
        let mut spec = json!({"containers": [container("nginx:1")],
            "schedulingGates": [{"name": "g"}], "nodeSelector": {"a": "1"}});
        json_patch::merge(&mut spec, &more);
        object(&spec)
    };
    let path = "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms";
    let narrow = "only additions are allowed (no mutations or deletions)";
    let cases = [
        (json!({}), json!({"nodeSelector": {"b": "2"}}), vec![]),
        (
            json!({}),
            json!({"nodeSelector": {"a": "2"}}),
            vec!["spec.nodeSelector: Invalid value: {\"a\":\"2\"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)".to_owned()],
        ),
        (json!({}), affinity(&[term(&["x"])]), vec![]),
        (affinity(&[term(&["x"])]), affinity(&[term(&["x", "y"])]), vec![]),
        (
            affinity(&[term(&["x"])]),
            affinity(&[term(&["y"])]),
            vec![format!("{path}[0]: Invalid value: {}: {narrow}", term(&["y"]))],
        ),
        (
            affinity(&[term(&["x"])]),
            affinity(&[term(&["x"]), term(&["y"])]),
            vec![format!(
                "{path}: Invalid value: [{},{}]: no additions/deletions to non-empty NodeSelectorTerms list are allowed",
                term(&["x"]),
                term(&["y"])
            )],
        ),
    ];
    for (old, new, expected) in cases {
        let change = json!({"spec": new});
        let errors = refused_update(Kind::Pod, &gated(old), &change);
        assert_eq!(errors, expected, "{new}");
    }
    let free = object(&json!({"containers": [container("nginx:1")]}));
    let change = json!({"spec": affinity(&[term(&["x"])])});
    let errors = refused_update(Kind::Pod, &free, &change);
    assert!(errors[0].starts_with(ONLY), "{errors:?}");
}

#[test]
fn a7_a_negative_grace_period_may_become_one_second() {
    let with = |grace: i64| json!({"terminationGracePeriodSeconds": grace});
    for (before, after, is_fine) in [(-1, 1, true), (-1, 2, false), (30, 1, false)] {
        let mut pod = object(&json!({"containers": [container("nginx:1")]}));
        json_patch::merge(&mut pod["spec"], &with(before));
        let change = json!({"spec": with(after)});
        let errors = refused_update(Kind::Pod, &pod, &change);
        assert_eq!(errors.is_empty(), is_fine, "{before} → {after}: {errors:?}");
    }
}

#[test]
fn a7_selectors_of_workloads_do_not_change() {
    let change = json!({"spec": {"selector": {"matchLabels": {"tier": "front"}}}});
    let message = "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"web\",\"tier\":\"front\"}}: field is immutable";
    for kind in [Kind::Deployment, Kind::ReplicaSet, Kind::DaemonSet] {
        assert_eq!(
            refused_update(kind, &workload(), &change),
            [message],
            "{kind}"
        );
        let scaled = json!({"spec": {"minReadySeconds": 1}});
        assert_eq!(
            refused_update(kind, &workload(), &scaled),
            [""; 0],
            "{kind}"
        );
    }
    assert_eq!(
        refused_update(Kind::StatefulSet, &workload(), &change),
        [
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
        ]
    );
    let scaled = json!({"spec": {"replicas": 5}});
    assert_eq!(
        refused_update(Kind::StatefulSet, &workload(), &scaled),
        [""; 0]
    );
}

#[test]
fn a7_a_job_keeps_its_template_its_selector_and_its_completions() {
    let labels = json!({"app": "x"});
    let spec = json!({"containers": [container("pi:1")], "restartPolicy": "Never"});
    let job = object(&json!({
        "manualSelector": true, "selector": {"matchLabels": labels}, "completions": 3,
        "template": {"metadata": {"labels": labels}, "spec": spec},
    }));
    let fixed = |patch: Value| -> Vec<String> {
        let errors = refused_update(Kind::Job, &job, &json!({"spec": patch}));
        let ends = |text: &String| text.ends_with(": field is immutable");
        assert!(errors.iter().all(ends), "{errors:?}");
        let fields = errors.iter().filter_map(|text| text.split(':').next());
        fields.map(str::to_owned).collect()
    };
    assert_eq!(fixed(json!({"parallelism": 2})), [""; 0]);
    assert_eq!(fixed(json!({"completions": 4})), ["spec.completions"]);
    let template = json!({"template": {"spec": {"hostname": "h"}}});
    assert_eq!(fixed(template), ["spec.template"]);
    assert_eq!(
        fixed(json!({"completionMode": "Indexed"})),
        ["spec.completionMode"]
    );
    let mut waiting = job.clone();
    waiting["spec"]["suspend"] = json!(true);
    let placed = json!({"spec": {"template": {"spec": {"nodeSelector": {"zone": "a"}}}}});
    assert_eq!(refused_update(Kind::Job, &waiting, &placed), [""; 0]);
}

#[test]
fn a7_a_service_keeps_its_address() {
    let service = object(&json!({"clusterIP": "10.96.0.10", "ports": [{"port": 80}]}));
    let other = json!({"spec": {"clusterIP": "10.96.0.11", "clusterIPs": ["10.96.0.11"]}});
    assert_eq!(
        refused_update(Kind::Service, &service, &other),
        ["spec.clusterIPs[0]: Invalid value: [\"10.96.0.11\"]: may not change once set"]
    );
    let family = json!({"spec": {"ipFamilies": ["IPv6"]}});
    let errors = refused_update(Kind::Service, &service, &family);
    let expected = "spec.ipFamilies[0]: Invalid value: [\"IPv6\"]: may not change once set";
    assert!(errors.contains(&expected.to_owned()), "{errors:?}");
    let named = json!({"spec": {
        "type": "ExternalName", "externalName": "example.com", "clusterIP": null,
        "clusterIPs": null, "ipFamilies": null, "ipFamilyPolicy": null,
    }});
    assert_eq!(refused_update(Kind::Service, &service, &named), [""; 0]);
}

#[test]
fn a7_other_kinds_keep_what_they_promised() {
    let named = |value: Value| {
        let mut value = value;
        value["metadata"] = json!({"name": "x", "namespace": "default"});
        value
    };
    let unplaced = |value: Value| {
        let mut value = value;
        value["metadata"] = json!({"name": "x"});
        value
    };
    let cases: [(Kind, Value, Value, &[&str]); 5] = [
        (
            Kind::ConfigMap,
            named(json!({"data": {"a": "1"}, "immutable": true})),
            json!({"data": {"a": "2"}}),
            &["data: Forbidden: field is immutable when `immutable` is set"],
        ),
        (
            Kind::Secret,
            named(json!({"type": "Opaque"})),
            json!({"type": "example.com/other"}),
            &["type: Invalid value: \"example.com/other\": field is immutable"],
        ),
        (
            Kind::PriorityClass,
            unplaced(json!({"value": 1})),
            json!({"value": 2}),
            &["value: Forbidden: may not be changed in an update."],
        ),
        (
            Kind::StorageClass,
            unplaced(json!({"provisioner": "example.com/a"})),
            json!({"provisioner": "example.com/b"}),
            &["provisioner: Forbidden: updates to provisioner are forbidden."],
        ),
        (
            Kind::Node,
            unplaced(json!({"spec": {"podCIDRs": ["10.1.0.0/24"]}})),
            json!({"spec": {"podCIDR": "10.2.0.0/24"}}),
            &[
                "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid",
            ],
        ),
    ];
    for (kind, old, patch, expected) in cases {
        assert_eq!(
            refused_update(kind, &old, &patch),
            expected,
            "{kind} {patch}"
        );
    }
}

#[test]
fn a7_claims_quotas_and_uids_stay() {
    let claim =
        json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}});
    let map = json!({"metadata": {"name": "x", "namespace": "default"}});
    let cases: [(Kind, Value, Value, &[&str]); 3] = [
        (
            Kind::PersistentVolumeClaim,
            object(&claim),
            json!({"spec": {"accessModes": ["ReadWriteMany"]}}),
            &[
                "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n- accessModes: [\"ReadWriteOnce\"]\n+ accessModes: [\"ReadWriteMany\"]",
            ],
        ),
        (
            Kind::ResourceQuota,
            object(&json!({"hard": {"pods": "1"}})),
            json!({"spec": {"scopes": ["BestEffort"]}}),
            &["spec.scopes: Invalid value: [\"BestEffort\"]: field is immutable"],
        ),
        (
            Kind::ConfigMap,
            map,
            json!({"metadata": {"uid": "other"}}),
            &["metadata.uid: Invalid value: \"other\": field is immutable"],
        ),
    ];
    for (kind, old, patch, expected) in cases {
        assert_eq!(
            refused_update(kind, &old, &patch),
            expected,
            "{kind} {patch}"
        );
    }
}

#[test]
fn a7_a_bound_claim_changes_its_size_alone_and_never_below_what_it_has() {
    let mut claim = object(&json!({"accessModes": ["ReadWriteOnce"], "volumeName": "v",
        "resources": {"requests": {"storage": "2Gi"}}}));
    claim["status"] = json!({"phase": "Bound", "capacity": {"storage": "1Gi"}});
    let sized = |size: &str| json!({"spec": {"resources": {"requests": {"storage": size}}}});
    let pending = |claim: &Value| {
        let mut claim = claim.clone();
        claim["status"] = json!({"phase": "Pending"});
        claim
    };
    let kind = Kind::PersistentVolumeClaim;
    assert_eq!(refused_update(kind, &claim, &sized("3Gi")), [""; 0]);
    assert_eq!(refused_update(kind, &claim, &sized("1500Mi")), [""; 0]);
    assert_eq!(
        refused_update(kind, &claim, &sized("1Gi")),
        ["spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"]
    );
    let fixed = "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims";
    for (old, change) in [
        (pending(&claim), sized("3Gi")),
        (claim.clone(), json!({"spec": {"volumeName": "w"}})),
        (
            claim.clone(),
            json!({"spec": {"resources": {"requests": {"cpu": "1"}}}}),
        ),
    ] {
        let errors = refused_update(kind, &old, &change);
        assert!(errors[0].starts_with(fixed), "{change}: {errors:?}");
    }
}

#[test]
fn a7_a_volume_keeps_its_source_and_its_mode() {
    let volume = json!({"metadata": {"name": "v"}, "spec": {"capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/a"}}});
    let change = json!({"spec": {"hostPath": {"path": "/b"}}});
    assert_eq!(
        refused_update(Kind::PersistentVolume, &volume, &change),
        [
            "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n- hostPath: {\"path\":\"/a\",\"type\":\"\"}\n+ hostPath: {\"path\":\"/b\",\"type\":\"\"}"
        ]
    );
    let change = json!({"spec": {"volumeMode": "Block"}});
    assert_eq!(
        refused_update(Kind::PersistentVolume, &volume, &change),
        ["volumeMode: Invalid value: \"Block\": field is immutable"]
    );
    let larger = json!({"spec": {"capacity": {"storage": "2Gi"}, "persistentVolumeReclaimPolicy": "Retain"}});
    assert_eq!(
        refused_update(Kind::PersistentVolume, &volume, &larger),
        [""; 0]
    );
}

#[test]
fn a7_a_terminating_object_gets_no_new_finalizers() {
    let old = json!({"metadata": {
        "name": "x", "namespace": "default", "deletionTimestamp": "2026-01-01T00:00:00Z",
        "finalizers": ["example.com/a"],
    }});
    let patch = json!({"metadata": {"finalizers": ["example.com/a", "example.com/b"]}});
    assert_eq!(
        refused_update(Kind::ConfigMap, &old, &patch),
        [
            "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{\"example.com/b\"}"
        ]
    );
}
