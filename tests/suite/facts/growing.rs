//! A7 for claims: which may grow, and how the volume follows.

use std::time::Duration;

use glassplane::api::{Kind, Object};
use glassplane::cluster::Cluster;
use serde_json::{Value, json};

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{command, settle};

fn claim(class: &str) -> String {
    format!(
        "apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: fast}}
provisioner: ebs.csi.aws.com
{class}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data}}
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: fast
  resources: {{requests: {{storage: 1Gi}}}}
"
    )
}

fn grow(cluster: &mut Cluster, size: &str) -> (String, Option<i32>) {
    let body = json!({"spec": {"resources": {"requests": {"storage": size}}}});
    cluster.submit(command(&format!("patch pvc data -p '{body}'"), ""));
    cluster.run_until(Duration::from_millis(500), |_| false);
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    (session.error_text(), session.exit_code())
}

fn stored(cluster: &Cluster, kind: Kind) -> Value {
    let object = cluster.store().list(kind, None).next();
    object.expect("there is one").to_value()
}

#[test]
fn a7_a_claim_grows_only_when_it_is_bound_and_its_class_lets_it() {
    let mut cluster = world(3, &claim(""));
    assert!(settle(&mut cluster, 60));
    let refused = "Error from server (Forbidden): persistentvolumeclaims \"data\" is forbidden: only \
         dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must \
         support resize\n";
    assert_eq!(grow(&mut cluster, "2Gi"), (refused.to_owned(), Some(1)));
    let mut cluster = world(3, &claim("allowVolumeExpansion: true"));
    assert!(settle(&mut cluster, 60));
    assert_eq!(grow(&mut cluster, "2Gi").1, Some(0));
    assert!(settle(&mut cluster, 60));
    let (said, code) = grow(&mut cluster, "1Gi");
    let smaller = "spec.resources.requests.storage: Forbidden: field can not be less than \
         status.capacity";
    assert!(said.contains(smaller), "{said}");
    assert_eq!(code, Some(1));
}

#[test]
fn a7_a_claim_that_may_grow_has_a_larger_volume_after_the_resizer() {
    let mut cluster = world(3, &claim("allowVolumeExpansion: true"));
    assert!(settle(&mut cluster, 60));
    assert_eq!(grow(&mut cluster, "2Gi").1, Some(0));
    let during = stored(&cluster, Kind::PersistentVolumeClaim);
    let status = &during["status"];
    assert_eq!(status["capacity"], json!({"storage": "1Gi"}));
    assert_eq!(status["allocatedResources"], json!({"storage": "2Gi"}));
    let statuses = json!({"storage": "ControllerResizeInProgress"});
    assert_eq!(status["allocatedResourceStatuses"], statuses);
    assert_eq!(status["conditions"][0]["type"], "Resizing");
    assert!(settle(&mut cluster, 60));
    let after = stored(&cluster, Kind::PersistentVolumeClaim);
    let status = json!({"phase": "Bound", "accessModes": ["ReadWriteOnce"],
        "capacity": {"storage": "2Gi"}, "allocatedResources": {"storage": "2Gi"}});
    assert_eq!(after["status"], status);
    let volume = stored(&cluster, Kind::PersistentVolume);
    assert_eq!(volume["spec"]["capacity"], json!({"storage": "2Gi"}));
    let said: Vec<(String, String)> = events(&cluster, Kind::PersistentVolumeClaim)
        .into_iter()
        .map(|(_, reason, message)| (reason, message))
        .filter(|(reason, _)| reason.contains("Resiz"))
        .collect();
    let name = volume["metadata"]["name"].as_str().expect("a name");
    let resizing = format!("External resizer is resizing volume {name}");
    let expected = [
        ("Resizing".to_owned(), resizing),
        (
            "VolumeResizeSuccessful".to_owned(),
            "Resize volume succeeded".to_owned(),
        ),
    ];
    assert_eq!(said, expected);
}

#[test]
fn a7_without_the_resizer_the_claim_waits_and_grows_when_it_is_back() {
    let mut cluster = world(3, &claim("allowVolumeExpansion: true"));
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "fault stop external-resizer");
    wait(&mut cluster, 1);
    assert_eq!(grow(&mut cluster, "2Gi").1, Some(0));
    wait(&mut cluster, 30);
    let capacity = |cluster: &Cluster| {
        stored(cluster, Kind::PersistentVolumeClaim)["status"]["capacity"].clone()
    };
    assert_eq!(capacity(&cluster), json!({"storage": "1Gi"}));
    kubectl(&mut cluster, "fault start external-resizer");
    assert!(settle(&mut cluster, 60));
    assert_eq!(capacity(&cluster), json!({"storage": "2Gi"}));
    let sizes = writes(&cluster, Kind::PersistentVolume).filter(|(_, change)| {
        let size = |object: &Object| object.to_value()["spec"]["capacity"]["storage"].clone();
        let before = change.previous.as_ref().map(size);
        before == Some(json!("1Gi")) && size(&change.object) == "2Gi"
    });
    assert_eq!(sizes.count(), 1, "the volume grows once");
}
