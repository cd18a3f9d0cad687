//! C1, C2: ReplicaSets per template, and how a rollout goes.

use std::time::Duration;

use serde_json::{Value, json};

use super::DEPLOYMENT;
use crate::api::{Key, Kind, Object, meta};
use crate::apiserver::{Refusal, Verb};
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::{LookAgain, Plan};
use crate::sim::Urgency;

fn deployment(replicas: i32, strategy: &Value) -> Object {
    object(
        Kind::Deployment,
        json!({
            "metadata": {"name": "web", "namespace": "default", "uid": "web-uid", "generation": 1},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": "web"}},
                "strategy": strategy,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
                "template": {
                    "metadata": {"labels": {"app": "web"}},
                    "spec": {"containers": [{"name": "app", "image": "nginx:1"}]},
                },
            },
        }),
    )
}

fn rolling(surge: &str, unavailable: &str) -> Value {
    let rolling = json!({"maxSurge": surge, "maxUnavailable": unavailable});
    json!({"type": "RollingUpdate", "rollingUpdate": rolling})
}

fn key() -> Key {
    Key::new(Kind::Deployment, "default", "web")
}

/// A Deployment and its ReplicaSets, whose pods come and go when the test says so.
struct World {
    bench: Bench,
    deployment: Object,
    sets: Vec<Object>,
    pods: Vec<Object>,
    log: Vec<String>,
}

impl World {
    fn new(deployment: Object) -> Self {
        let bench = Bench::new(&DEPLOYMENT, &[]);
        let mut world = Self {
            bench,
            deployment,
            sets: Vec::new(),
            pods: Vec::new(),
            log: Vec::new(),
        };
        world.show();
        world
    }

    fn show(&mut self) {
        let mut objects = self.sets.clone();
        objects.push(self.deployment.clone());
        objects.extend(self.pods.clone());
        self.bench.see(&objects);
    }

    /// Plans once and writes what the plan asks for.
    fn act(&mut self) -> Plan {
        let plan = self.bench.plan(&key());
        self.log.extend(messages(&plan));
        for action in &plan.actions {
            match &action.verb {
                Verb::Create(set) => {
                    let uid = format!("uid-{}", set.name());
                    let place = self.sets.len();
                    self.sets.push(changed(set, |set| {
                        set["metadata"]["uid"] = json!(uid);
                        set["metadata"]["generation"] = json!(1);
                        set["metadata"]["creationTimestamp"] =
                            json!(format!("2026-01-01T00:00:{place:02}Z"));
                    }));
                }
                Verb::Update(set) => {
                    let place = self.place(set.name());
                    self.sets[place] = set.clone();
                }
                Verb::WriteStatus(deployment, _) => self.deployment = deployment.clone(),
                Verb::Delete(_) => {
                    let place = self.place(&action.key.name);
                    self.sets.remove(place);
                }
                other => unreachable!("a rollout does not {}", other.name()),
            }
        }
        self.show();
        plan
    }

    fn place(&self, name: &str) -> usize {
        let mut sets = self.sets.iter();
        sets.position(|set| set.name() == name)
            .expect("a known ReplicaSet")
    }

    /// Acts until there is nothing to do.
    fn settle(&mut self) {
        for _ in 0..100 {
            if self.act().is_empty() {
                return;
            }
        }
        unreachable!("a hundred plans are enough for any rollout here");
    }

    /// Lets the pods of a ReplicaSet come up to `most` available ones, and surplus ones go.
    fn run_pods(&mut self, place: usize, most: i64) {
        self.sets[place] = changed(&self.sets[place], |set| {
            let replicas = set["spec"]["replicas"].as_i64().expect("a number");
            let available = replicas.min(most);
            set["status"] = json!({
                "replicas": replicas, "readyReplicas": available,
                "availableReplicas": available,
                "observedGeneration": set["metadata"]["generation"],
            });
        });
        self.show();
    }

    fn run_all_pods(&mut self) {
        for place in 0..self.sets.len() {
            self.run_pods(place, i64::MAX);
        }
    }

    /// Goes on until nothing moves any more although all pods come up.
    fn finish(&mut self) {
        for _ in 0..50 {
            self.settle();
            self.run_all_pods();
        }
        self.settle();
    }

    fn set_image(&mut self, image: &str) {
        self.deployment = changed(&self.deployment, |deployment| {
            deployment["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
            let generation = deployment["metadata"]["generation"]
                .as_i64()
                .expect("a number");
            deployment["metadata"]["generation"] = json!(generation + 1);
        });
        self.show();
    }

    fn edit(&mut self, change: impl FnOnce(&mut Value)) {
        self.deployment = changed(&self.deployment, change);
        self.show();
    }

    fn sizes(&self) -> Vec<i64> {
        let size = |set: &Object| set.to_value()["spec"]["replicas"].as_i64();
        self.sets.iter().filter_map(size).collect()
    }

    fn available(&self) -> i64 {
        let number = |set: &Object| set.to_value()["status"]["availableReplicas"].as_i64();
        self.sets.iter().filter_map(number).sum()
    }

    fn condition(&self, condition_type: &str) -> Value {
        let value = self.deployment.to_value();
        let conditions = value["status"]["conditions"].as_array().cloned();
        conditions
            .into_iter()
            .flatten()
            .find(|condition| condition["type"] == condition_type)
            .unwrap_or_default()
    }

    fn annotation(&self, name: &str) -> Option<&str> {
        meta::annotation(self.deployment.metadata(), name)
    }
}

fn rolled_out(replicas: i32, strategy: &Value) -> World {
    let mut world = World::new(deployment(replicas, strategy));
    world.finish();
    world.log.clear();
    world
}

#[test]
fn c1_a_template_becomes_a_replica_set_with_its_hash() {
    let mut world = World::new(deployment(3, &rolling("25%", "25%")));
    let plan = world.act();
    let set = written(&plan.actions[0]);
    let hash = set["metadata"]["labels"]["pod-template-hash"]
        .as_str()
        .expect("a hash");
    assert!((5..=10).contains(&hash.len()), "{hash}");
    assert!(
        hash.chars()
            .all(|c| "bcdfghjklmnpqrstvwxz2456789".contains(c)),
        "{hash}"
    );
    assert_eq!(set["metadata"]["name"], format!("web-{hash}"));
    assert_eq!(
        set["spec"]["selector"]["matchLabels"]["pod-template-hash"],
        hash
    );
    assert_eq!(
        set["spec"]["template"]["metadata"]["labels"]["pod-template-hash"],
        hash
    );
    assert_eq!(set["spec"]["replicas"], 3);
    let annotations = &set["metadata"]["annotations"];
    assert_eq!(annotations["deployment.kubernetes.io/revision"], "1");
    assert_eq!(
        annotations["deployment.kubernetes.io/desired-replicas"],
        "3"
    );
    assert_eq!(annotations["deployment.kubernetes.io/max-replicas"], "4");
    let expected = format!("ScalingReplicaSet Scaled up replica set web-{hash} from 0 to 3");
    assert_eq!(world.log, [expected]);
    assert_eq!(
        world.annotation("deployment.kubernetes.io/revision"),
        Some("1")
    );
    let progressing = world.condition("Progressing");
    assert_eq!(progressing["reason"], "NewReplicaSetCreated");
    let message = format!("Created new replica set \"web-{hash}\"");
    assert_eq!(progressing["message"], message.as_str());
}

#[test]
fn c1_the_same_template_has_the_same_hash() {
    let name = |deployment| {
        let mut world = World::new(deployment);
        world.act();
        world.sets[0].name().to_owned()
    };
    let one = deployment(3, &rolling("25%", "25%"));
    let scaled = deployment(5, &rolling("10%", "0%"));
    let other = changed(&one, |deployment| {
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = json!("nginx:2");
    });
    assert_eq!(name(one.clone()), name(scaled));
    assert_ne!(name(one), name(other));
}

#[test]
fn c1_a_rollout_that_is_done_is_idle_and_says_so() {
    let mut world = rolled_out(3, &rolling("25%", "25%"));
    let plan = world.act();
    assert!(plan.is_empty() && plan.look_again.is_none(), "{plan:?}");
    assert_eq!(plan.difference, "");
    let name = world.sets[0].name().to_owned();
    let progressing = world.condition("Progressing");
    assert_eq!(progressing["reason"], "NewReplicaSetAvailable");
    let message = format!("ReplicaSet \"{name}\" has successfully progressed.");
    assert_eq!(progressing["message"], message.as_str());
    let available = world.condition("Available");
    assert_eq!(available["reason"], "MinimumReplicasAvailable");
    assert_eq!(available["message"], "Deployment has minimum availability.");
    let status = &world.deployment.to_value()["status"];
    assert_eq!(status["updatedReplicas"], 3);
    assert_eq!(status["observedGeneration"], 1);
}

#[test]
fn c2_ten_at_a_quarter_never_exceed_13_nor_fall_below_8() {
    let mut world = rolled_out(10, &rolling("25%", "25%"));
    world.set_image("nginx:2");
    let (mut most, mut least) = (0, i64::MAX);
    for moment in 0..200 {
        world.act();
        most = most.max(world.sizes().iter().sum());
        world.run_pods(0, i64::MAX);
        if world.sets.len() > 1 {
            // From some time on, one new pod after the other becomes available.
            world.run_pods(1, (moment - 10).max(0));
        }
        least = least.min(world.available());
    }
    assert_eq!((most, least), (13, 8));
    assert_eq!(world.sizes(), [0, 10]);
}

#[test]
fn c2_three_go_by_way_of_four_and_three_one_by_one() {
    let mut world = rolled_out(3, &rolling("25%", "25%"));
    world.set_image("nginx:2");
    world.finish();
    let scaled: Vec<String> = world
        .log
        .iter()
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let which = if line.contains(world.sets[1].name()) {
                "new"
            } else {
                "old"
            };
            format!("{} {which} {}->{}", words[2], words[7], words[9])
        })
        .collect();
    assert_eq!(
        scaled,
        [
            "up new 0->1",
            "down old 3->2",
            "up new 1->2",
            "down old 2->1",
            "up new 2->3",
            "down old 1->0",
        ]
    );
}

#[test]
fn c2_a_bad_image_stalls_with_the_old_pods_running_and_passes_its_deadline() {
    let mut world = rolled_out(4, &rolling("25%", "25%"));
    world.set_image("nginx:broken");
    for _ in 0..20 {
        world.settle();
        world.run_pods(0, i64::MAX);
        world.run_pods(1, 0);
    }
    assert_eq!(world.sizes(), [3, 2]);
    let plan = world.act();
    let look = plan.look_again.expect("the deadline is watched");
    assert_eq!(look.urgency, Urgency::Periodic);
    assert!(look.after <= Duration::from_secs(601), "{look:?}");
    world.bench.wait(look.after);
    world.settle();
    let progressing = world.condition("Progressing");
    assert_eq!(progressing["status"], "False");
    assert_eq!(progressing["reason"], "ProgressDeadlineExceeded");
    let message = format!(
        "ReplicaSet \"{}\" has timed out progressing.",
        world.sets[1].name()
    );
    assert_eq!(progressing["message"], message.as_str());
    assert_eq!(world.condition("Available")["status"], "True");
    assert_eq!(world.act().look_again, None::<LookAgain>);
    assert_eq!(world.sizes(), [3, 2]);
}

#[test]
fn c2_recreate_waits_for_the_last_old_pod() {
    let mut world = rolled_out(2, &json!({"type": "Recreate"}));
    let old = world.sets[0].clone();
    world.set_image("nginx:2");
    world.pods = vec![object(
        Kind::Pod,
        json!({
            "metadata": {"name": "last", "namespace": "default", "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": old.name(),
                 "uid": old.uid(), "controller": true}]},
            "status": {"phase": "Running"},
        }),
    )];
    world.show();
    world.settle();
    assert_eq!(world.sizes(), [0]);
    world.run_all_pods();
    world.settle();
    assert_eq!(world.sizes(), [0], "the old pod is still ending");
    world.pods.clear();
    world.show();
    world.finish();
    assert_eq!(world.sizes(), [0, 2]);
    assert_eq!(
        world.condition("Progressing")["reason"],
        "NewReplicaSetAvailable"
    );
}

#[test]
fn c1_going_back_takes_up_the_old_replica_set_under_a_new_number() {
    let mut world = rolled_out(2, &rolling("25%", "25%"));
    world.set_image("nginx:2");
    world.finish();
    world.set_image("nginx:1");
    world.finish();
    assert_eq!(world.sets.len(), 2);
    assert_eq!(world.sizes(), [2, 0]);
    assert_eq!(
        world.annotation("deployment.kubernetes.io/revision"),
        Some("3")
    );
    let back = meta::annotation(
        world.sets[0].metadata(),
        "deployment.kubernetes.io/revision-history",
    );
    assert_eq!(back, Some("1"));
}

#[test]
fn c1_revisions_beyond_the_limit_go_oldest_first() {
    let mut world = rolled_out(1, &rolling("25%", "25%"));
    world.edit(|deployment| deployment["spec"]["revisionHistoryLimit"] = json!(2));
    for image in ["nginx:2", "nginx:3", "nginx:4", "nginx:5"] {
        world.set_image(image);
        world.finish();
    }
    let revision = |set: &Object| {
        meta::annotation(set.metadata(), "deployment.kubernetes.io/revision").map(str::to_owned)
    };
    let kept: Vec<String> = world.sets.iter().filter_map(revision).collect();
    assert_eq!(kept, ["3", "4", "5"]);
}

#[test]
fn c1_a_paused_deployment_scales_but_does_not_roll_out() {
    let mut world = rolled_out(2, &rolling("25%", "25%"));
    world.edit(|deployment| deployment["spec"]["paused"] = json!(true));
    world.set_image("nginx:2");
    world.finish();
    assert_eq!(world.sizes(), [2]);
    assert_eq!(world.condition("Progressing")["reason"], "DeploymentPaused");
    world.edit(|deployment| deployment["spec"]["replicas"] = json!(4));
    world.finish();
    assert_eq!(world.sizes(), [4]);
    world.edit(|deployment| deployment["spec"]["paused"] = json!(false));
    world.finish();
    assert_eq!(world.sizes(), [0, 4]);
}

#[test]
fn c2_scaling_in_the_middle_of_a_rollout_gives_each_its_share() {
    let mut world = rolled_out(
        10,
        &json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 3, "maxUnavailable": 2}}),
    );
    world.set_image("nginx:2");
    world.settle();
    // The new pods do not come up: 8 old and 5 new.
    for _ in 0..5 {
        world.run_pods(0, i64::MAX);
        world.run_pods(1, 0);
        world.settle();
    }
    assert_eq!(world.sizes(), [8, 5]);
    world.edit(|deployment| deployment["spec"]["replicas"] = json!(15));
    world.settle();
    // 18 in all: 5 more, of which 3 go to the larger and 2 to the smaller.
    assert_eq!(world.sizes(), [11, 7]);
}

#[test]
fn c1_a_taken_name_is_a_collision_and_makes_another_hash() {
    let mut world = World::new(deployment(1, &rolling("25%", "25%")));
    let plan = world.bench.plan(&key());
    let name = plan.actions[0].key.name.to_string();
    let squatter = object(
        Kind::ReplicaSet,
        json!({"metadata": {"name": name, "namespace": "default", "uid": "other"},
            "spec": {"selector": {"matchLabels": {"app": "other"}}}}),
    );
    let set = Key::new(Kind::ReplicaSet, "default", &name);
    world.sets.push(squatter);
    world.show();
    world.bench.refused = Some(Refusal::already_exists(&set));
    let plan = world.act();
    assert_eq!(outlines(&plan), ["status deployment web"]);
    assert_eq!(world.deployment.to_value()["status"]["collisionCount"], 1);
    world.bench.refused = None;
    world.act();
    assert_ne!(world.sets[1].name(), name);
}
