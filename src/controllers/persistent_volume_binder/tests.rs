//! Plans of the binder, over caches.

use serde_json::{Value, json};

use super::PERSISTENT_VOLUME_BINDER;
use crate::api::{Key, Kind, Object};
use crate::controllers::bench::{Bench, messages, object, outlines, written};
use crate::controllers::controller::Plan;

fn merged(mut value: Value, over: &Value) -> Object {
    let kind = match value["kind"].as_str() {
        Some("PersistentVolume") => Kind::PersistentVolume,
        Some("StorageClass") => Kind::StorageClass,
        _ => Kind::PersistentVolumeClaim,
    };
    json_patch::merge(&mut value, over);
    object(kind, value)
}

/// A claim of `default` that asks for 2Gi, with changes.
fn claim(name: &str, over: impl Into<Value>) -> Object {
    let value = json!({
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": "default", "uid": format!("uid-{name}")},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "2Gi"}}},
        "status": {"phase": "Pending"},
    });
    merged(value, &over.into())
}

/// A free volume of this size, with changes.
fn volume(name: &str, size: &str, over: impl Into<Value>) -> Object {
    let value = json!({
        "kind": "PersistentVolume",
        "metadata": {"name": name},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": size},
            "persistentVolumeReclaimPolicy": "Retain",
            "hostPath": {"path": "/data"},
        },
        "status": {"phase": "Available"},
    });
    merged(value, &over.into())
}

fn class(name: &str, over: impl Into<Value>) -> Object {
    let value = json!({
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "disk.example",
    });
    merged(value, &over.into())
}

/// A volume that a claim has.
fn of(claim: &str) -> Value {
    json!({
        "metadata": {"annotations": {"pv.kubernetes.io/bound-by-controller": "yes"}},
        "spec": {"claimRef": {"name": claim, "namespace": "default", "uid": format!("uid-{claim}")}},
        "status": {"phase": "Bound"},
    })
}

/// A claim that has a volume.
fn with(volume: &str) -> Value {
    json!({
        "metadata": {"annotations": {"pv.kubernetes.io/bind-completed": "yes"}},
        "spec": {"volumeName": volume},
        "status": {
            "phase": "Bound",
            "accessModes": ["ReadWriteOnce"],
            "capacity": {"storage": "3Gi"},
        },
    })
}

fn plan_for(kind: Kind, name: &str, objects: &[Object]) -> Plan {
    let namespace = if kind == Kind::PersistentVolume {
        ""
    } else {
        "default"
    };
    Bench::new(&PERSISTENT_VOLUME_BINDER, objects).plan(&Key::new(kind, namespace, name))
}

fn of_claim(objects: &[Object]) -> Plan {
    plan_for(Kind::PersistentVolumeClaim, "data", objects)
}

/// The volume that the plan binds the claim to.
fn chosen(plan: &Plan) -> Option<String> {
    let action = plan.actions.first()?;
    (action.key.kind == Kind::PersistentVolume).then(|| action.key.name.to_string())
}

#[test]
fn a_claim_takes_the_smallest_free_volume_that_suits_it() {
    let data = |over| claim("data", over);
    let large = || volume("large", "9Gi", json!({}));
    let cases = [
        (
            "the smallest",
            data(json!({})),
            volume("v", "3Gi", json!({})),
            Some("v"),
        ),
        (
            "too small",
            data(json!({})),
            volume("v", "1Gi", json!({})),
            Some("large"),
        ),
        (
            "another class",
            data(json!({})),
            volume("v", "3Gi", json!({"spec": {"storageClassName": "fast"}})),
            Some("large"),
        ),
        (
            "its class",
            data(json!({"spec": {"storageClassName": "fast"}})),
            volume("v", "3Gi", json!({"spec": {"storageClassName": "fast"}})),
            Some("v"),
        ),
        (
            "another mode",
            data(json!({})),
            volume(
                "v",
                "3Gi",
                json!({"spec": {"accessModes": ["ReadOnlyMany"]}}),
            ),
            Some("large"),
        ),
        (
            "more modes than it needs, though smaller",
            data(json!({})),
            volume(
                "v",
                "3Gi",
                json!({"spec": {"accessModes": ["ReadWriteOnce", "ReadWriteMany"]}}),
            ),
            Some("large"),
        ),
        (
            "a block device",
            data(json!({})),
            volume("v", "3Gi", json!({"spec": {"volumeMode": "Block"}})),
            Some("large"),
        ),
        (
            "picked by labels",
            data(json!({"spec": {"selector": {"matchLabels": {"disk": "ssd"}}}})),
            volume("v", "3Gi", json!({"metadata": {"labels": {"disk": "ssd"}}})),
            Some("v"),
        ),
        (
            "not picked by labels",
            data(json!({"spec": {"selector": {"matchLabels": {"disk": "ssd"}}}})),
            volume("v", "3Gi", json!({})),
            None,
        ),
        (
            "of another claim",
            data(json!({})),
            volume("v", "3Gi", of("other")),
            Some("large"),
        ),
        (
            "released",
            data(json!({})),
            volume("v", "3Gi", json!({"status": {"phase": "Released"}})),
            Some("large"),
        ),
        (
            "reserved for it, though large",
            data(json!({})),
            volume(
                "v",
                "50Gi",
                json!({"spec": {"claimRef": {"name": "data", "namespace": "default"}}}),
            ),
            Some("v"),
        ),
    ];
    for (what, claim, volume, expected) in cases {
        let plan = of_claim(&[claim, volume, large()]);
        assert_eq!(chosen(&plan).as_deref(), expected, "{what}");
    }
}

#[test]
fn to_bind_is_four_writes_and_each_that_is_missing_is_made_up_for() {
    let half = |over: Value| {
        let mut of_data = of("data");
        json_patch::merge(&mut of_data, &over);
        volume("v", "3Gi", of_data)
    };
    let all = [
        "update persistentvolume v",
        "status persistentvolume v",
        "update persistentvolumeclaim data",
        "status persistentvolumeclaim data",
    ];
    let fresh = [claim("data", json!({})), volume("v", "3Gi", json!({}))];
    let plan = of_claim(&fresh);
    assert_eq!(outlines(&plan), all);
    let volume_written = written(&plan.actions[0]);
    assert_eq!(volume_written["spec"]["claimRef"]["uid"], "uid-data");
    let yes = "pv.kubernetes.io/bound-by-controller";
    assert_eq!(volume_written["metadata"]["annotations"][yes], "yes");
    let claim_written = written(&plan.actions[2]);
    assert_eq!(claim_written["spec"]["volumeName"], "v");
    let done = "pv.kubernetes.io/bind-completed";
    assert_eq!(claim_written["metadata"]["annotations"][done], "yes");
    let status = written(&plan.actions[3]);
    assert_eq!(status["status"]["phase"], "Bound");
    assert_eq!(status["status"]["capacity"]["storage"], "3Gi");

    let cases = [
        (
            half(json!({"status": {"phase": "Available"}})),
            claim("data", json!({})),
            &all[1..],
        ),
        (half(json!({})), claim("data", json!({})), &all[2..]),
        (half(json!({})), claim("data", with("v")), &all[4..]),
    ];
    for (volume, claim, expected) in cases {
        assert_eq!(outlines(&of_claim(&[volume, claim])), expected);
    }
}

#[test]
fn a_claim_that_finds_nothing_says_what_it_waits_for() {
    let of_class = |name: &str| claim("data", json!({"spec": {"storageClassName": name}}));
    let waits = json!({"volumeBindingMode": "WaitForFirstConsumer"});
    let placed = json!({
        "metadata": {"annotations": {"volume.kubernetes.io/selected-node": "node-a"}},
        "spec": {"storageClassName": "fast"},
    });
    let external = "ExternalProvisioning Waiting for a volume to be created either by the external provisioner 'disk.example' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.";
    let in_tree = |name: &str| class("fast", json!({"provisioner": name}));
    let cases = [
        (
            vec![claim("data", json!({}))],
            "FailedBinding no persistent volumes available for this claim and no storage class is set",
        ),
        (
            vec![of_class("")],
            "FailedBinding no persistent volumes available for this claim and no storage class is set",
        ),
        (
            vec![of_class("fast")],
            "ProvisioningFailed storageclass.storage.k8s.io \"fast\" not found",
        ),
        (vec![of_class("fast"), class("fast", json!({}))], external),
        (
            vec![of_class("fast"), class("fast", waits.clone())],
            "WaitForFirstConsumer waiting for first consumer to be created before binding",
        ),
        (vec![claim("data", placed), class("fast", waits)], external),
        (
            vec![of_class("fast"), in_tree("kubernetes.io/no-provisioner")],
            "ProvisioningFailed no volume plugin matched name: kubernetes.io/no-provisioner",
        ),
        (
            vec![
                claim("data", json!({"spec": {"volumeName": "v"}})),
                volume("v", "3Gi", of("x")),
            ],
            "FailedBinding volume \"v\" already bound to a different claim.",
        ),
        (
            vec![
                claim("data", json!({"spec": {"volumeName": "v"}})),
                volume("v", "1Gi", json!({})),
            ],
            "VolumeMismatch Cannot bind to requested volume \"v\": requested PV is too small",
        ),
    ];
    for (objects, expected) in cases {
        let plan = of_claim(&objects);
        assert_eq!(messages(&plan), [expected]);
        assert!(plan.look_again.is_some(), "{expected}");
    }
    let migrated = [of_class("fast"), in_tree("kubernetes.io/aws-ebs")];
    let asked = written(&of_claim(&migrated).actions[0]);
    let asked = &asked["metadata"]["annotations"]["volume.kubernetes.io/storage-provisioner"];
    assert_eq!(asked, "ebs.csi.aws.com");
}

#[test]
fn a_default_class_that_comes_late_is_given_to_claims_that_name_none() {
    let default = json!({"storageclass.kubernetes.io/is-default-class": "true"});
    let default = class("standard", json!({"metadata": {"annotations": default}}));
    let plan = of_claim(&[claim("data", json!({})), default.clone()]);
    assert_eq!(outlines(&plan), ["update persistentvolumeclaim data"]);
    assert_eq!(
        written(&plan.actions[0])["spec"]["storageClassName"],
        "standard"
    );
    let wants_none = claim("data", json!({"spec": {"storageClassName": ""}}));
    assert_eq!(outlines(&of_claim(&[wants_none, default])), [""; 0]);
}

#[test]
fn a_bound_claim_whose_volume_is_gone_is_lost_once_and_for_all() {
    let cases = [
        (
            vec![claim("data", with("v"))],
            "ClaimLost Bound claim has lost its PersistentVolume. Data on the volume is lost!",
        ),
        (
            vec![claim("data", with("v")), volume("v", "3Gi", of("other"))],
            "ClaimMisbound Two claims are bound to the same volume, this one is bound incorrectly",
        ),
    ];
    for (objects, expected) in cases {
        let plan = of_claim(&objects);
        assert_eq!(messages(&plan), [expected]);
        assert_eq!(written(&plan.actions[0])["status"]["phase"], "Lost");
    }
    let mut is_lost = with("v");
    is_lost["status"]["phase"] = "Lost".into();
    assert!(of_claim(&[claim("data", is_lost)]).is_empty());
}

/// The plan for a volume whose claim is gone from the cache and, so it is answered, from the store.
fn reclaimed(volume: Object) -> Plan {
    let key = volume.key();
    let bench = Bench::new(&PERSISTENT_VOLUME_BINDER, &[volume]);
    let plan = bench.plan(&key);
    match plan.inquiry {
        None => plan,
        Some(inquiry) => {
            assert!(plan.actions.is_empty());
            let asked = inquiry.questions.clone();
            let gone = asked
                .iter()
                .map(|(key, _)| Err(crate::apiserver::Refusal::not_found(key)));
            let answers: Vec<_> = gone.collect();
            bench.plan_with(&key, |planned| (inquiry.then)(planned, &answers))
        }
    }
}

#[test]
fn a_volume_whose_claim_is_gone_is_released_and_then_its_policy_holds() {
    let bound = |over: Value| {
        let mut value = of("data");
        json_patch::merge(&mut value, &over);
        volume("v", "3Gi", value)
    };
    let plan = reclaimed(bound(json!({})));
    assert_eq!(outlines(&plan), ["status persistentvolume v"]);
    assert_eq!(written(&plan.actions[0])["status"]["phase"], "Released");
    let released = |policy: &str, spec: Value| {
        let mut value = bound(json!({"status": {"phase": "Released"}})).to_value();
        json_patch::merge(&mut value, &json!({"spec": spec}));
        value["spec"]["persistentVolumeReclaimPolicy"] = policy.into();
        reclaimed(object(Kind::PersistentVolume, value))
    };
    let path = |path: &str| json!({"hostPath": {"path": path}});
    let nfs = json!({"hostPath": null, "nfs": {"server": "s", "path": "/"}});
    let local = json!({"hostPath": null, "local": {"path": "/"}});
    let cases: [(Plan, &[&str], &[&str]); 6] = [
        (released("Retain", json!({})), &[], &[]),
        (
            released("Delete", path("/tmp/v")),
            &["delete persistentvolume v"],
            &[],
        ),
        (
            released("Delete", path("/data")),
            &["status persistentvolume v"],
            &[
                "VolumeFailedDelete host_path deleter only supports /tmp/.+ but received provided /data",
            ],
        ),
        (
            released("Delete", nfs.clone()),
            &["status persistentvolume v"],
            &[
                "VolumeFailedDelete error getting deleter volume plugin for volume \"v\": no deletable volume plugin matched",
            ],
        ),
        (
            released("Recycle", nfs),
            &["update persistentvolume v", "status persistentvolume v"],
            &["VolumeRecycled Volume recycled"],
        ),
        (
            released("Recycle", local),
            &["status persistentvolume v"],
            &["VolumeFailedRecycle No recycler plugin found for the volume!"],
        ),
    ];
    for (plan, actions, events) in cases {
        assert_eq!(outlines(&plan), actions);
        assert_eq!(messages(&plan), events);
    }
}

#[test]
fn a_volume_that_no_claim_has_is_available_and_one_that_lost_the_race_is_free_again() {
    let of_volume = |objects: &[Object]| plan_for(Kind::PersistentVolume, "v", objects);
    let new = volume("v", "3Gi", json!({"status": {"phase": "Pending"}}));
    let plan = of_volume(&[new]);
    assert_eq!(written(&plan.actions[0])["status"]["phase"], "Available");
    let plan = of_volume(&[volume("v", "3Gi", of("data")), claim("data", with("other"))]);
    let free = written(&plan.actions[0]);
    assert_eq!(free["spec"].get("claimRef"), None);
    assert_eq!(written(&plan.actions[1])["status"]["phase"], "Available");
    let mut by_hand = of("data");
    by_hand["metadata"]["annotations"] = Value::Null;
    let plan = of_volume(&[volume("v", "3Gi", by_hand), claim("data", with("other"))]);
    let reserved = &written(&plan.actions[0])["spec"]["claimRef"];
    assert_eq!(
        (&reserved["name"], reserved.get("uid")),
        (&json!("data"), None)
    );
}
