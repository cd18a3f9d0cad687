//! C4: ordinals, order, partition.

use serde_json::{Value, json};

use super::STATEFUL_SET;
use crate::api::{Key, Kind, Object};
use crate::apiserver::Verb;
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::Plan;

fn set(change: impl FnOnce(&mut Value)) -> Object {
    let set = object(
        Kind::StatefulSet,
        json!({
            "metadata": {"name": "db", "namespace": "default", "uid": "set", "generation": 1},
            "spec": {
                "replicas": 3, "serviceName": "db",
                "podManagementPolicy": "OrderedReady",
                "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}},
                "selector": {"matchLabels": {"app": "db"}},
                "template": {
                    "metadata": {"labels": {"app": "db"}},
                    "spec": {"containers": [{"name": "app", "image": "db:1"}]},
                },
            },
        }),
    );
    changed(&set, change)
}

fn key() -> Key {
    Key::new(Kind::StatefulSet, "default", "db")
}

/// A StatefulSet whose pods become ready when the test says so.
struct World {
    set: Object,
    others: Vec<Object>,
}

impl World {
    fn new(set: Object) -> Self {
        let others = Vec::new();
        Self { set, others }
    }

    fn plan(&self) -> Plan {
        let mut objects = self.others.clone();
        objects.push(self.set.clone());
        Bench::new(&STATEFUL_SET, &objects).plan(&key())
    }

    /// Plans once, writes what the plan asks for, and tells what was done to pods.
    fn act(&mut self) -> Vec<String> {
        let plan = self.plan();
        for action in &plan.actions {
            match &action.verb {
                Verb::Create(object) => {
                    let uid = json!(format!("uid-{}", object.name()));
                    self.others
                        .push(changed(object, |object| object["metadata"]["uid"] = uid));
                }
                Verb::Delete(_) => self.others.retain(|each| each.key() != action.key),
                Verb::WriteStatus(set, _) => self.set = set.clone(),
                Verb::Update(changed) => {
                    self.others.retain(|each| each.key() != action.key);
                    self.others.push(changed.clone());
                }
                other => unreachable!("a StatefulSet does not {}", other.name()),
            }
        }
        let of_pods = |outline: &String| outline.contains(" pod ");
        outlines(&plan).into_iter().filter(of_pods).collect()
    }

    fn run(&mut self, name: &str) {
        for each in &mut self.others {
            if each.name() == name && each.kind() == Kind::Pod {
                *each = changed(each, |pod| {
                    pod["status"] = json!({"phase": "Running",
                        "conditions": [{"type": "Ready", "status": "True"}]});
                });
            }
        }
    }

    /// Acts and runs every pod until nothing is done any more.
    fn settle(&mut self) -> Vec<String> {
        let mut log = Vec::new();
        for _ in 0..30 {
            log.extend(self.act());
            for ordinal in 0..9 {
                self.run(&format!("db-{ordinal}"));
            }
        }
        log
    }

    fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        self.set = changed(&self.set, change);
    }

    fn images(&self) -> Vec<String> {
        let pods = self.others.iter().filter(|each| each.kind() == Kind::Pod);
        let mut images: Vec<(String, String)> = pods
            .map(|pod| {
                let value = pod.to_value();
                let image = &value["spec"]["containers"][0]["image"];
                (
                    pod.name().to_owned(),
                    image.as_str().unwrap_or_default().to_owned(),
                )
            })
            .collect();
        images.sort();
        images.into_iter().map(|(_, image)| image).collect()
    }
}

#[test]
fn c4_pods_come_in_order_and_each_waits_for_the_one_before() {
    let mut world = World::new(set(|_| {}));
    assert_eq!(world.act(), ["create pod db-0"]);
    assert_eq!(world.act(), Vec::<String>::new());
    assert_eq!(
        world.plan().difference,
        "waits for db-0 to be Running and Ready"
    );
    world.run("db-0");
    assert_eq!(world.act(), ["create pod db-1"]);
    world.run("db-1");
    assert_eq!(world.act(), ["create pod db-2"]);
    world.run("db-2");
    world.settle();
    assert!(world.plan().is_empty(), "{:?}", outlines(&world.plan()));
}

#[test]
fn c4_a_pod_knows_its_name_its_index_and_its_service() {
    let plan = World::new(set(|_| {})).plan();
    let pod = plan
        .actions
        .iter()
        .map(written)
        .find(|each| each["kind"] == "Pod");
    let pod = pod.expect("the first pod");
    assert_eq!(pod["metadata"]["name"], "db-0");
    assert_eq!(
        pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"],
        "db-0"
    );
    assert_eq!(
        pod["metadata"]["labels"]["apps.kubernetes.io/pod-index"],
        "0"
    );
    let revision = pod["metadata"]["labels"]["controller-revision-hash"].as_str();
    assert!(
        revision.is_some_and(|revision| revision.starts_with("db-")),
        "{revision:?}"
    );
    assert_eq!(pod["spec"]["hostname"], "db-0");
    assert_eq!(pod["spec"]["subdomain"], "db");
    assert_eq!(
        messages(&plan),
        ["SuccessfulCreate create Pod db-0 in StatefulSet db successful"]
    );
}

#[test]
fn c4_parallel_sets_do_not_wait() {
    let parallel = set(|set| set["spec"]["podManagementPolicy"] = json!("Parallel"));
    let mut world = World::new(parallel);
    assert_eq!(
        world.act(),
        ["create pod db-0", "create pod db-1", "create pod db-2"]
    );
}

#[test]
fn c4_scaling_down_goes_from_the_top_and_waits_for_each() {
    let mut world = World::new(set(|_| {}));
    world.settle();
    world.edit(|set| set["spec"]["replicas"] = json!(1));
    assert_eq!(world.act(), ["delete pod db-2"]);
    assert_eq!(world.act(), ["delete pod db-1"]);
    assert_eq!(world.act(), Vec::<String>::new());
}

#[test]
fn c4_an_update_replaces_from_the_top_down_to_the_partition() {
    let mut world = World::new(set(|_| {}));
    world.settle();
    world.edit(|set| {
        set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(1);
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:2");
    });
    let log = world.settle();
    assert_eq!(
        log,
        [
            "delete pod db-2",
            "create pod db-2",
            "delete pod db-1",
            "create pod db-1"
        ]
    );
    assert_eq!(world.images(), ["db:1", "db:2", "db:2"]);
    // A pod below the partition comes back as it was.
    world.others.retain(|each| each.name() != "db-0");
    world.settle();
    assert_eq!(world.images(), ["db:1", "db:2", "db:2"]);
    world.edit(|set| set["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = json!(0));
    world.settle();
    assert_eq!(world.images(), ["db:2", "db:2", "db:2"]);
    let status = &world.set.to_value()["status"];
    assert_eq!(status["currentRevision"], status["updateRevision"]);
}

#[test]
fn c4_a_broken_pod_blocks_the_update() {
    let mut world = World::new(set(|_| {}));
    world.settle();
    world.edit(|set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:broken");
    });
    assert_eq!(world.act(), ["delete pod db-2"]);
    assert_eq!(world.act(), ["create pod db-2"]);
    for _ in 0..5 {
        assert_eq!(world.act(), Vec::<String>::new());
    }
    assert_eq!(world.images(), ["db:1", "db:1", "db:broken"]);
}

/// A StatefulSet with a claim for each pod.
fn with_claims(change: impl FnOnce(&mut Value)) -> Object {
    set(|set| {
        set["spec"]["volumeClaimTemplates"] = json!([{
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}}}}]);
        change(set);
    })
}

impl World {
    /// Who owns each claim.
    fn owners(&self) -> Vec<String> {
        let kind = Kind::PersistentVolumeClaim;
        let claims = self.others.iter().filter(|each| each.kind() == kind);
        let owners = claims.map(|claim| {
            let owners = claim.metadata().owner_references.iter().flatten();
            let owners: Vec<String> = owners
                .map(|each| format!("{} {}", each.kind, each.uid))
                .collect();
            format!("{}: {}", claim.name(), owners.join(", "))
        });
        let mut owners: Vec<String> = owners.collect();
        owners.sort();
        owners
    }
}

#[test]
fn c4_the_retention_policy_says_who_owns_the_claims_before_and_after_scaling_down() {
    let table = [
        ("Retain", "Retain", "", ""),
        ("Delete", "Retain", "StatefulSet set", "StatefulSet set"),
        ("Retain", "Delete", "", "Pod uid-db-1"),
        ("Delete", "Delete", "StatefulSet set", "Pod uid-db-1"),
    ];
    for (deleted, scaled, before, after) in table {
        let mut world = World::new(with_claims(|set| {
            set["spec"]["replicas"] = json!(2);
            set["spec"]["persistentVolumeClaimRetentionPolicy"] =
                json!({"whenDeleted": deleted, "whenScaled": scaled});
        }));
        world.settle();
        let owned = |second: &str| {
            vec![
                format!("data-db-0: {before}"),
                format!("data-db-1: {second}"),
            ]
        };
        assert_eq!(world.owners(), owned(before), "{deleted} {scaled}");
        world.edit(|set| set["spec"]["replicas"] = json!(1));
        world.settle();
        assert_eq!(world.owners(), owned(after), "{deleted} {scaled}");
    }
}

#[test]
fn c4_a_claim_that_changes_its_owner_is_told_and_one_of_somebody_else_is_left_alone() {
    let mut world = World::new(with_claims(|set| set["spec"]["replicas"] = json!(1)));
    world.settle();
    let policy = json!({"whenDeleted": "Delete", "whenScaled": "Retain"});
    world.edit(|set| set["spec"]["persistentVolumeClaimRetentionPolicy"] = policy);
    let plan = world.plan();
    assert_eq!(outlines(&plan), ["update persistentvolumeclaim data-db-0"]);
    assert_eq!(
        messages(&plan),
        ["SuccessfulUpdate update Pod db-0 in StatefulSet db successful"]
    );
    let other = |uid: &str, kind: &str, name: &str| {
        json!([{"apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid,
            "controller": true, "blockOwnerDeletion": true}])
    };
    for owner in [
        other("x", "Backup", "nightly"),
        other("old", "StatefulSet", "db"),
    ] {
        for each in &mut world.others {
            if each.kind() == Kind::PersistentVolumeClaim {
                *each = changed(each, |claim| {
                    claim["metadata"]["ownerReferences"] = owner.clone();
                });
            }
        }
        assert!(world.plan().is_empty(), "{owner}");
    }
}

#[test]
fn c4_a_pod_waits_for_the_claim_of_its_predecessor_to_go() {
    let policy = json!({"whenDeleted": "Retain", "whenScaled": "Delete"});
    let mut world = World::new(with_claims(|set| {
        set["spec"]["persistentVolumeClaimRetentionPolicy"] = policy;
        set["spec"]["replicas"] = json!(2);
    }));
    world.settle();
    world.edit(|set| set["spec"]["replicas"] = json!(1));
    world.settle();
    world.edit(|set| set["spec"]["replicas"] = json!(2));
    let plan = world.plan();
    assert_eq!(
        plan.difference,
        "waits for the claim data-db-1 of another db-1"
    );
    assert!(plan.look_again.is_some());
    world.others.retain(|each| each.name() != "data-db-1");
    assert_eq!(world.act(), ["create pod db-1"]);
}

#[test]
fn c4_a_claim_that_is_being_deleted_keeps_its_pod_from_coming_back() {
    let mut world = World::new(with_claims(|set| set["spec"]["replicas"] = json!(1)));
    world.settle();
    world.others.retain(|each| each.name() != "db-0");
    for each in &mut world.others {
        if each.name() == "data-db-0" {
            *each = changed(each, |claim| {
                claim["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            });
        }
    }
    let plan = world.plan();
    let said = "create Pod db-0 in StatefulSet db failed error: pvc data-db-0 is being deleted";
    assert_eq!(messages(&plan), [format!("FailedCreate {said}")]);
    assert!(
        plan.actions
            .iter()
            .all(|action| action.key.kind != Kind::Pod)
    );
}

#[test]
fn c4_a_pod_that_lost_its_name_label_gets_it_back() {
    let mut world = World::new(set(|set| set["spec"]["replicas"] = json!(1)));
    world.settle();
    for each in &mut world.others {
        if each.kind() == Kind::Pod {
            *each = changed(each, |pod| {
                pod["metadata"]["labels"]["statefulset.kubernetes.io/pod-name"] = json!("x");
            });
        }
    }
    let plan = world.plan();
    assert_eq!(outlines(&plan)[..1], ["update pod db-0"]);
    let labels = &written(&plan.actions[0])["metadata"]["labels"];
    assert_eq!(labels["statefulset.kubernetes.io/pod-name"], "db-0");
}

#[test]
fn c4_ordinals_begin_where_the_set_says() {
    let mut world = World::new(set(|set| {
        set["spec"]["replicas"] = json!(2);
        set["spec"]["ordinals"] = json!({"start": 5});
    }));
    assert_eq!(world.settle(), ["create pod db-5", "create pod db-6"]);
    world.edit(|set| set["spec"]["ordinals"] = json!({"start": 6}));
    assert_eq!(world.settle(), ["create pod db-7", "delete pod db-5"]);
}

#[test]
fn c4_the_update_of_parallel_pods_waits_for_each_to_be_healthy_too() {
    let mut world = World::new(set(|set| {
        set["spec"]["podManagementPolicy"] = json!("Parallel");
        // Off in 1.34: one pod at a time, whatever it says.
        set["spec"]["updateStrategy"]["rollingUpdate"]["maxUnavailable"] = json!(2);
    }));
    world.settle();
    world.edit(|set| {
        set["spec"]["template"]["spec"]["containers"][0]["image"] = json!("db:2");
    });
    assert_eq!(world.act(), ["delete pod db-2"]);
    assert_eq!(world.act(), ["create pod db-2"]);
    assert_eq!(world.act(), Vec::<String>::new());
    world.run("db-2");
    assert_eq!(world.act(), ["delete pod db-1"]);
}

#[test]
fn c4_each_pod_gets_its_claims_and_they_stay() {
    let mut world = World::new(with_claims(|_| {}));
    let plan = world.plan();
    assert!(outlines(&plan).contains(&"create persistentvolumeclaim data-db-0".to_owned()));
    let pod = plan
        .actions
        .iter()
        .map(written)
        .find(|each| each["kind"] == "Pod");
    let volume = &pod.expect("the first pod")["spec"]["volumes"][0];
    assert_eq!(volume["persistentVolumeClaim"]["claimName"], "data-db-0");
    world.settle();
    world.edit(|set| set["spec"]["replicas"] = json!(0));
    world.settle();
    let claims = world.others.iter().map(Object::kind);
    let claims = claims.filter(|kind| *kind == Kind::PersistentVolumeClaim);
    assert_eq!(claims.count(), 3);
}
