//! C6: completions, retries, deadlines, indexes.

mod policies;

use std::time::Duration;

use serde_json::{Value, json};

use super::JOB;
use crate::api::{Key, Kind, Object, meta};
use crate::apiserver::Verb;
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::Plan;

fn job(spec: &Value) -> Object {
    let job = object(
        Kind::Job,
        json!({
            "metadata": {"name": "sum", "namespace": "default", "uid": "job"},
            "spec": {
                "parallelism": 1, "completions": 1, "backoffLimit": 6,
                "completionMode": "NonIndexed",
                "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": "job"}},
                "template": {
                    "metadata": {"labels": {"batch.kubernetes.io/controller-uid": "job"}},
                    "spec": {"containers": [{"name": "app", "image": "sum"}],
                        "restartPolicy": "Never"},
                },
            },
        }),
    );
    changed(&job, |job| {
        for (name, value) in spec.as_object().into_iter().flatten() {
            job["spec"][name] = value.clone();
        }
    })
}

fn key() -> Key {
    Key::new(Kind::Job, "default", "sum")
}

/// A Job whose pods end as the test says.
struct World {
    bench: Bench,
    objects: Vec<Object>,
    born: usize,
    said: Vec<String>,
    /// All that was written, in order.
    statuses: Vec<Value>,
}

impl World {
    fn new(spec: &Value) -> Self {
        Self {
            bench: Bench::new(&JOB, &[]),
            objects: vec![job(spec)],
            born: 0,
            said: Vec::new(),
            statuses: Vec::new(),
        }
    }

    fn plan(&mut self) -> Plan {
        self.bench.see(&self.objects);
        self.bench.plan(&key())
    }

    fn act(&mut self) -> Plan {
        let plan = self.plan();
        self.said.extend(messages(&plan));
        for action in &plan.actions {
            let place = self
                .objects
                .iter()
                .position(|each| each.key() == action.key);
            match (&action.verb, place) {
                (Verb::Create(pod), _) => {
                    self.born += 1;
                    let name = format!("p{}", self.born);
                    self.objects.push(changed(pod, |pod| {
                        pod["metadata"]["name"] = json!(name);
                        pod["metadata"]["uid"] = json!(name);
                    }));
                }
                (Verb::WriteStatus(job, _), Some(place)) => {
                    self.objects[place] = job.clone();
                    self.statuses.push(job.to_value()["status"].clone());
                }
                (Verb::Patch(_), Some(place)) => {
                    self.objects[place].metadata_mut().finalizers = None;
                }
                (Verb::Delete(_), Some(place)) => {
                    let at = meta::object_time(self.bench.now);
                    self.objects[place].metadata_mut().deletion_timestamp = Some(at);
                }
                (other, _) => unreachable!("a Job does not {}", other.name()),
            }
        }
        plan
    }

    /// Acts until the plan is empty, and returns the last one.
    fn settle(&mut self) -> Plan {
        for _ in 0..20 {
            let plan = self.act();
            if plan.is_empty() {
                return plan;
            }
        }
        unreachable!("twenty plans are enough for any Job here");
    }

    fn end(&mut self, name: &str, phase: &str) {
        self.end_with(name, phase, 1);
    }

    fn end_with(&mut self, name: &str, phase: &str, code: i32) {
        let now = self.bench.now.to_timestamp().to_string();
        for each in &mut self.objects {
            if each.name() == name {
                *each = changed(each, |pod| {
                    pod["status"] = json!({"phase": phase, "containerStatuses": [
                        {"name": "app", "image": "", "imageID": "", "ready": false,
                         "restartCount": 0, "state": {"terminated": {
                            "exitCode": code, "finishedAt": now}}}]});
                });
            }
        }
    }

    fn status(&self) -> Value {
        self.objects[0].to_value()["status"].clone()
    }

    fn condition(&self, condition_type: &str) -> Value {
        let status = self.status();
        let conditions = status["conditions"].as_array().cloned();
        conditions
            .into_iter()
            .flatten()
            .find(|each| each["type"] == condition_type)
            .unwrap_or_default()
    }
}

#[test]
fn c6_three_completions_two_at_a_time() {
    let mut world = World::new(&json!({"completions": 3, "parallelism": 2}));
    world.settle();
    assert_eq!(world.born, 2);
    world.end("p1", "Succeeded");
    world.settle();
    assert_eq!(world.born, 3);
    world.end("p2", "Succeeded");
    world.settle();
    assert_eq!(
        (world.born, world.status()["succeeded"].as_i64()),
        (3, Some(2))
    );
    world.end("p3", "Succeeded");
    world.settle();
    assert_eq!(world.status()["succeeded"], 3);
    let complete = world.condition("Complete");
    assert_eq!(complete["reason"], "CompletionsReached");
    assert_eq!(
        complete["message"],
        "Reached expected number of succeeded pods"
    );
    assert_eq!(world.condition("SuccessCriteriaMet")["status"], "True");
    assert_eq!(
        world.said.last().map(String::as_str),
        Some("Completed Job completed")
    );
    assert!(world.status()["completionTime"].is_string());
}

#[test]
fn c6_a_pod_is_counted_once_and_then_let_go() {
    let mut world = World::new(&json!({"completions": 2}));
    world.settle();
    let finalizers = world.objects[1].metadata().finalizers.clone();
    assert_eq!(
        finalizers,
        Some(vec!["batch.kubernetes.io/job-tracking".to_owned()])
    );
    world.end("p1", "Succeeded");
    let plan = world.act();
    let steps = [
        "create pod",
        "status job sum",
        "patch pod p1",
        "status job sum",
    ];
    assert_eq!(outlines(&plan), steps);
    let [.., noted, counted] = &world.statuses[..] else {
        unreachable!("it was written twice");
    };
    assert_eq!(noted["uncountedTerminatedPods"]["succeeded"], json!(["p1"]));
    assert_eq!(noted.get("succeeded"), None);
    assert_eq!(counted["uncountedTerminatedPods"], json!({}));
    assert_eq!(counted["succeeded"], 1);
    assert_eq!(world.objects[1].metadata().finalizers, None);
    world.objects.remove(1);
    world.settle();
    assert_eq!(world.status()["succeeded"], 1);
}

#[test]
fn c6_retries_come_after_10_20_and_40_seconds_until_the_limit() {
    let mut world = World::new(&json!({"backoffLimit": 3}));
    world.settle();
    for (failure, wait) in [(1, 10), (2, 20), (3, 40)] {
        world.end(&format!("p{failure}"), "Failed");
        let look = world.settle().look_again.expect("it waits");
        assert_eq!(look.after, Duration::from_secs(wait));
        assert_eq!(world.born, failure);
        world.bench.wait(look.after);
        world.settle();
        assert_eq!(world.born, failure + 1);
    }
    world.end("p4", "Failed");
    world.settle();
    let failed = world.condition("Failed");
    assert_eq!(failed["reason"], "BackoffLimitExceeded");
    assert_eq!(
        failed["message"],
        "Job has reached the specified backoff limit"
    );
    assert_eq!(world.status()["failed"], 4);
    assert_eq!(world.settle().look_again, None);
}

#[test]
fn c6_a_job_over_its_deadline_ends_its_pods_and_fails() {
    let mut world = World::new(&json!({"activeDeadlineSeconds": 30}));
    let look = world.settle().look_again.expect("the deadline is watched");
    assert_eq!(look.after, Duration::from_secs(30));
    world.bench.wait(look.after);
    let plan = world.act();
    assert!(
        outlines(&plan).contains(&"delete pod p1".to_owned()),
        "{:?}",
        outlines(&plan)
    );
    assert_eq!(
        world.condition("FailureTarget")["reason"],
        "DeadlineExceeded"
    );
    assert_eq!(world.condition("Failed"), Value::Null);
    world.settle();
    world.objects.remove(1);
    world.settle();
    assert_eq!(world.condition("Failed")["reason"], "DeadlineExceeded");
}

#[test]
fn c6_indexed_jobs_give_each_pod_its_number() {
    let mut world = World::new(&json!({"completionMode": "Indexed", "completions": 3,
        "parallelism": 2}));
    let plan = world.plan();
    let pods: Vec<Value> = plan.actions.iter().map(written).collect();
    assert_eq!(pods[1]["metadata"]["generateName"], "sum-1-");
    assert_eq!(pods[1]["spec"]["hostname"], "sum-1");
    let index = &pods[1]["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"];
    assert_eq!(index, "1");
    world.settle();
    world.end("p2", "Succeeded");
    world.settle();
    assert_eq!(world.status()["completedIndexes"], "1");
    world.end("p1", "Succeeded");
    world.settle();
    world.end("p3", "Succeeded");
    world.settle();
    assert_eq!(world.status()["completedIndexes"], "0-2");
    assert_eq!(world.condition("Complete")["status"], "True");
}

#[test]
fn c6_a_suspended_job_has_no_pods_until_it_goes_on() {
    let mut world = World::new(&json!({"suspend": true}));
    world.settle();
    assert_eq!(world.born, 0);
    assert_eq!(world.condition("Suspended")["reason"], "JobSuspended");
    world.objects[0] = changed(&world.objects[0], |job| {
        job["spec"]["suspend"] = json!(false);
    });
    world.settle();
    assert_eq!(world.born, 1);
    assert_eq!(world.condition("Suspended")["status"], "False");
}

#[test]
fn c6_pods_of_a_job_that_is_gone_do_not_wait_to_be_counted() {
    let mut world = World::new(&json!({}));
    world.settle();
    let pod = world.objects[1].key();
    assert!(world.bench.plan(&pod).is_empty());
    world.objects.remove(0);
    world.plan();
    assert_eq!(outlines(&world.bench.plan(&pod)), ["patch pod p1"]);
}
