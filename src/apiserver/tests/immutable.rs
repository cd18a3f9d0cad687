//! What may not change once it is there, kind by kind, as the API server refuses it.

use super::*;

/// A merge patch of the object itself.
fn merge(body: Value) -> Verb {
    Verb::Patch(Patch {
        patch_type: PatchType::Merge,
        subresource: Subresource::Main,
        body,
    })
}

fn container(image: &str) -> Value {
    json!({"name": "c", "image": image})
}

/// A template with the label that the selectors of these tests pick.
fn template(restart: &str) -> Value {
    json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"restartPolicy": restart, "containers": [container("nginx:1")]}})
}

/// An object of a kind with this body, named `x`.
fn named(kind: Kind, body: &Value) -> Value {
    let mut value = body.clone();
    value["metadata"] = json!({"name": "x"});
    if kind.info().namespaced {
        value["metadata"]["namespace"] = "default".into();
    }
    value
}

/// A kind, what stands there, the change, and what the API server says after `Kind "x" is invalid: `.
type Case = (Kind, Value, Value, &'static str);

fn check(cases: impl IntoIterator<Item = Case>) {
    for (kind, body, change, expected) in cases {
        let mut door = Door::new();
        let key = door.put(kind, named(kind, &body)).key();
        if let Some(status) = body.get("status").filter(|_| kind.info().has_status) {
            door.set_status(&key, status.clone());
        }
        let before = (door.stored(&key), door.api.store().revision());
        let refusal = door.ask(&key, merge(change.clone())).expect_err(expected);
        let info = kind.info();
        let whole = if info.group.is_empty() {
            info.name.to_owned()
        } else {
            format!("{}.{}", info.name, info.group)
        };
        let message = format!("{whole} \"x\" is invalid: {expected}");
        assert_eq!(
            (refusal.reason, refusal.message),
            (Reason::Invalid, message),
            "{change}"
        );
        assert_eq!(
            (door.stored(&key), door.api.store().revision()),
            before,
            "{change}"
        );
    }
}

#[test]
fn a7_workloads_keep_their_selectors_and_a_job_its_template() {
    let selector = json!({"matchLabels": {"app": "web"}});
    let set = json!({"spec": {"selector": selector, "template": template("Always")}});
    let other = json!({"spec": {"selector": {"matchLabels": {"app": "x"}},
        "template": {"metadata": {"labels": {"app": "x"}}}}});
    let kept =
        "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"x\"}}: field is immutable";
    let kinds = [Kind::Deployment, Kind::ReplicaSet, Kind::DaemonSet];
    check(kinds.map(|kind| (kind, set.clone(), other.clone(), kept)));
    let forbidden = "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', \
        'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', \
        'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
    let fields = [
        json!({"spec": {"serviceName": "other"}}),
        json!({"spec": {"podManagementPolicy": "Parallel"}}),
        json!({"spec": {"volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}}}}]}}),
        other,
    ];
    check(fields.map(|change| (Kind::StatefulSet, set.clone(), change, forbidden)));
    let job = json!({"spec": {"completions": 2, "template": template("Never")}});
    check([(
        Kind::Job,
        job.clone(),
        json!({"spec": {"completions": 3}}),
        "spec.completions: Invalid value: 3: field is immutable",
    )]);
    let mut door = Door::new();
    let key = door.put(Kind::Job, named(Kind::Job, &job)).key();
    let change = json!({"spec": {"template": {"spec": {"containers": [container("nginx:2")]}}}});
    let refusal = door.ask(&key, merge(change)).expect_err("it stays");
    let message = refusal.message;
    assert!(message.starts_with("Job.batch \"x\" is invalid: spec.template: Invalid value: {"));
    assert!(message.ends_with("}: field is immutable"), "{message}");
}

#[test]
fn a7_a_pod_keeps_all_but_its_images_deadline_gates_and_tolerations() {
    let spec = json!({"containers": [container("nginx:1")], "activeDeadlineSeconds": 10,
        "tolerations": [{"key": "a", "operator": "Exists"}], "schedulingGates": [{"name": "g"}]});
    let pod = json!({"spec": spec});
    let only = "spec: Forbidden: pod updates may not change fields other than \
        `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
        `spec.tolerations` (only additions to existing tolerations),\
        `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";
    for change in [
        json!({"spec": {"hostname": "h"}}),
        json!({"spec": {"serviceAccountName": "other"}}),
        json!({"spec": {"restartPolicy": "Never"}}),
        json!({"spec": {"terminationGracePeriodSeconds": 1}}),
    ] {
        let mut door = Door::new();
        let key = door.put(Kind::Pod, named(Kind::Pod, &pod)).key();
        let refusal = door.ask(&key, merge(change.clone())).expect_err(only);
        let expected = format!("Pod \"x\" is invalid: {only}");
        assert!(
            refusal.message.starts_with(&expected),
            "{change}: {}",
            refusal.message
        );
    }
    check([
        (
            Kind::Pod,
            pod.clone(),
            json!({"spec": {"tolerations": []}}),
            "spec.tolerations: Forbidden: existing toleration can not be modified except its \
             tolerationSeconds",
        ),
        (
            Kind::Pod,
            pod.clone(),
            json!({"spec": {"activeDeadlineSeconds": 11}}),
            "spec.activeDeadlineSeconds: Invalid value: 11: must be less than or equal to previous value",
        ),
        (
            Kind::Pod,
            pod,
            json!({"spec": {"schedulingGates": [{"name": "g"}, {"name": "h"}]}}),
            "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new \
             scheduling gate 'h'",
        ),
    ]);
}

#[test]
fn a7_settings_and_classes_keep_what_others_rely_on() {
    let map = json!({"data": {"a": "1"}, "immutable": true});
    let secret = json!({"data": {"a": "MQ=="}, "immutable": true});
    let class = json!({"provisioner": "example.com/a", "parameters": {"a": "1"}});
    check([
        (
            Kind::ConfigMap,
            map.clone(),
            json!({"data": {"a": "2"}}),
            "data: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            Kind::ConfigMap,
            map.clone(),
            json!({"binaryData": {"b": "MQ=="}}),
            "binaryData: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            Kind::ConfigMap,
            map,
            json!({"immutable": false}),
            "immutable: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            Kind::Secret,
            secret.clone(),
            json!({"data": {"a": "Mg=="}}),
            "data: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            Kind::Secret,
            secret,
            json!({"immutable": null}),
            "immutable: Forbidden: field is immutable when `immutable` is set",
        ),
        (
            Kind::Secret,
            json!({"type": "Opaque"}),
            json!({"type": "example.com/other"}),
            "type: Invalid value: \"example.com/other\": field is immutable",
        ),
        (
            Kind::StorageClass,
            class.clone(),
            json!({"parameters": {"a": "2"}}),
            "parameters: Forbidden: updates to parameters are forbidden.",
        ),
        (
            Kind::StorageClass,
            class.clone(),
            json!({"provisioner": "example.com/b"}),
            "provisioner: Forbidden: updates to provisioner are forbidden.",
        ),
        (
            Kind::StorageClass,
            class.clone(),
            json!({"reclaimPolicy": "Retain"}),
            "reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.",
        ),
        (
            Kind::StorageClass,
            class,
            json!({"volumeBindingMode": "WaitForFirstConsumer"}),
            "volumeBindingMode: Invalid value: \"WaitForFirstConsumer\": field is immutable",
        ),
        (
            Kind::PriorityClass,
            json!({"value": 1}),
            json!({"value": 2}),
            "value: Forbidden: may not be changed in an update.",
        ),
        (
            Kind::PriorityClass,
            json!({"value": 1}),
            json!({"preemptionPolicy": "Never"}),
            "preemptionPolicy: Invalid value: \"Never\": field is immutable",
        ),
    ]);
}

#[test]
fn a7_addresses_ranges_and_scopes_stay() {
    let slice = json!({"addressType": "IPv4",
        "endpoints": [{"addresses": ["10.0.0.1"]}], "ports": []});
    check([
        (
            Kind::Service,
            json!({"spec": {"clusterIP": "10.96.0.10", "ports": [{"port": 80}]}}),
            json!({"spec": {"clusterIP": "10.96.0.11"}}),
            "spec.clusterIPs[0]: Invalid value: [\"10.96.0.11\"]: may not change once set",
        ),
        (
            Kind::Service,
            json!({"spec": {"clusterIP": "None", "ports": [{"port": 80}]}}),
            json!({"spec": {"clusterIP": "10.96.0.11"}}),
            "spec.clusterIPs[0]: Invalid value: [\"10.96.0.11\"]: may not change once set",
        ),
        (
            Kind::Node,
            json!({"spec": {"podCIDR": "10.1.0.0/24"}}),
            json!({"spec": {"podCIDR": "10.2.0.0/24"}}),
            "spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid",
        ),
        (
            Kind::Node,
            json!({"spec": {"providerID": "a"}}),
            json!({"spec": {"providerID": "b"}}),
            "spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid",
        ),
        (
            Kind::EndpointSlice,
            slice,
            json!({"addressType": "IPv6", "endpoints": [{"addresses": ["fd00::1"]}]}),
            "addressType: Invalid value: \"IPv6\": field is immutable",
        ),
        (
            Kind::ResourceQuota,
            json!({"spec": {"hard": {"pods": "1"}}}),
            json!({"spec": {"scopes": ["BestEffort"]}}),
            "spec.scopes: Invalid value: [\"BestEffort\"]: field is immutable",
        ),
    ]);
}

#[test]
fn a7_claims_and_volumes_keep_what_they_are_made_of() {
    let claim = json!({"spec": {"accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "2Gi"}}}});
    let volume = json!({"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/a"}}});
    check([
        (
            Kind::PersistentVolumeClaim,
            claim.clone(),
            json!({"spec": {"accessModes": ["ReadWriteMany"]}}),
            "spec: Forbidden: spec is immutable after creation except resources.requests and \
             volumeAttributesClassName for bound claims\n\
             - accessModes: [\"ReadWriteOnce\"]\n+ accessModes: [\"ReadWriteMany\"]",
        ),
        (
            Kind::PersistentVolume,
            volume.clone(),
            json!({"spec": {"hostPath": {"path": "/b"}}}),
            "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after \
             creation\n- hostPath: {\"path\":\"/a\",\"type\":\"\"}\n\
             + hostPath: {\"path\":\"/b\",\"type\":\"\"}",
        ),
        (
            Kind::PersistentVolume,
            volume,
            json!({"spec": {"volumeMode": "Block"}}),
            "volumeMode: Invalid value: \"Block\": field is immutable",
        ),
    ]);
    let mut door = Door::new();
    let kind = Kind::PersistentVolumeClaim;
    let key = door.put(kind, named(kind, &claim)).key();
    let larger = json!({"spec": {"resources": {"requests": {"storage": "3Gi"}}}});
    let refusal = door.ask(&key, merge(larger)).expect_err("it is not bound");
    assert_eq!(refusal.reason, Reason::Invalid);
}

#[test]
fn a7_what_may_change_does() {
    let selector = json!({"matchLabels": {"app": "web"}});
    let set = json!({"spec": {"selector": selector, "template": template("Always")}});
    let cases = [
        (
            Kind::Deployment,
            set.clone(),
            json!({"spec": {"replicas": 3}}),
        ),
        (
            Kind::StatefulSet,
            set.clone(),
            json!({"spec": {"revisionHistoryLimit": 3}}),
        ),
        (
            Kind::StatefulSet,
            set,
            json!({"spec": {"template": {"spec": {"containers": [container("nginx:2")]}}}}),
        ),
        (
            Kind::Job,
            json!({"spec": {"template": template("Never")}}),
            json!({"spec": {"parallelism": 2, "suspend": true, "backoffLimit": 1}}),
        ),
        (
            Kind::PodDisruptionBudget,
            json!({"spec": {"minAvailable": 1, "selector": selector}}),
            json!({"spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "x"}}}}),
        ),
        (
            Kind::StorageClass,
            json!({"provisioner": "example.com/a"}),
            json!({"allowVolumeExpansion": true}),
        ),
        (
            Kind::PriorityClass,
            json!({"value": 1}),
            json!({"description": "another", "globalDefault": true}),
        ),
        (
            Kind::Service,
            json!({"spec": {"ports": [{"port": 80}]}}),
            json!({"spec": {"type": "NodePort", "selector": {"a": "b"}}}),
        ),
        (
            Kind::ConfigMap,
            json!({"data": {"a": "1"}}),
            json!({"data": {"a": "2"}, "immutable": true}),
        ),
    ];
    for (kind, body, change) in cases {
        let mut door = Door::new();
        let key = door.put(kind, named(kind, &body)).key();
        let before = door.api.store().revision();
        let outcome = door.ask(&key, merge(change.clone()));
        assert!(outcome.is_ok(), "{kind} {change}: {outcome:?}");
        assert_eq!(door.api.store().revision(), before + 1, "{kind} {change}");
    }
}
