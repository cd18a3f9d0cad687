//! C4: the claims of a StatefulSet, and who takes them along.

use glassplane::api::{Kind, Object};
use glassplane::cluster::Cluster;

use super::{kubectl, wait, world};
use crate::worlds::settle;

fn stateful_set(policy: &str) -> String {
    format!(
        "apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: fast}}
provisioner: docker.io/hostpath
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db}}
spec:
  serviceName: db
  replicas: 3
  {policy}
  selector: {{matchLabels: {{app: db}}}}
  template:
    metadata: {{labels: {{app: db}}}}
    spec:
      containers: [{{name: db, image: 'postgres:17'}}]
  volumeClaimTemplates:
  - metadata: {{name: data}}
    spec:
      accessModes: [ReadWriteOnce]
      storageClassName: fast
      resources: {{requests: {{storage: 1Gi}}}}
"
    )
}

fn claims(cluster: &Cluster) -> Vec<&str> {
    let claims = cluster.store().list(Kind::PersistentVolumeClaim, None);
    claims.map(Object::name).collect()
}

const ALL: [&str; 3] = ["data-db-0", "data-db-1", "data-db-2"];

#[test]
fn c4_claims_go_with_the_pods_that_are_scaled_away_or_with_the_set_as_its_policy_says() {
    let table: [(&str, &[&str], &[&str]); 4] = [
        ("whenScaled: Retain, whenDeleted: Retain", &ALL, &ALL),
        ("whenScaled: Retain, whenDeleted: Delete", &ALL, &[]),
        (
            "whenScaled: Delete, whenDeleted: Retain",
            &ALL[..1],
            &ALL[..1],
        ),
        ("whenScaled: Delete, whenDeleted: Delete", &ALL[..1], &[]),
    ];
    for (policy, scaled, deleted) in table {
        let policy = format!("persistentVolumeClaimRetentionPolicy: {{{policy}}}");
        let mut cluster = world(3, &stateful_set(&policy));
        assert!(settle(&mut cluster, 120));
        assert_eq!(claims(&cluster), ALL, "{policy}");
        kubectl(&mut cluster, "scale sts/db --replicas=1");
        assert!(settle(&mut cluster, 120));
        assert_eq!(claims(&cluster), scaled, "{policy}");
        kubectl(&mut cluster, "delete sts db --wait=false");
        assert!(settle(&mut cluster, 120));
        assert_eq!(claims(&cluster), deleted, "{policy}");
    }
}

#[test]
fn c4_a_pod_that_comes_back_gets_a_new_claim_when_the_old_one_goes_and_the_same_one_when_it_stays()
{
    for (policy, is_same) in [("Retain", true), ("Delete", false)] {
        let field = format!("persistentVolumeClaimRetentionPolicy: {{whenScaled: {policy}}}");
        let mut cluster = world(3, &stateful_set(&field));
        assert!(settle(&mut cluster, 120));
        let uid = |cluster: &Cluster| {
            let mut claims = cluster.store().list(Kind::PersistentVolumeClaim, None);
            let claim = claims.find(|claim| claim.name() == "data-db-2");
            claim.map(|claim| claim.uid().to_owned())
        };
        let before = uid(&cluster);
        kubectl(&mut cluster, "scale sts/db --replicas=2");
        // Before the pod has ended.
        wait(&mut cluster, 1);
        kubectl(&mut cluster, "scale sts/db --replicas=3");
        assert!(settle(&mut cluster, 300));
        let after = uid(&cluster);
        assert!(before.is_some() && after.is_some(), "{policy}");
        assert_eq!(before == after, is_same, "{policy}");
    }
}
