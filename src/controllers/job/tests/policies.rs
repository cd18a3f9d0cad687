//! C6: what the policies of a Job make of the ends of its pods.

use std::time::Duration;

use serde_json::{Value, json};

use super::World;
use crate::api::meta;
use crate::controllers::bench::{changed, outlines, written};

/// What the Job says about its end: conditions in order with reason and message, and the numbers.
fn verdict(world: &World) -> (Vec<String>, [Value; 2]) {
    let status = world.status();
    let conditions = status["conditions"].as_array().cloned();
    let conditions = conditions.into_iter().flatten().map(|each| {
        let text = |field: &str| each[field].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", text("type"), text("reason"), text("message"))
    });
    let numbers = ["succeeded", "failed"].map(|field| status[field].clone());
    (conditions.collect(), numbers)
}

fn both(target: &str, end: &str, words: &str) -> Vec<String> {
    vec![format!("{target} {words}"), format!("{end} {words}")]
}

fn exit_codes(action: &str, operator: &str, codes: &[i32]) -> Value {
    json!({"action": action, "onExitCodes": {"operator": operator, "values": codes}})
}

fn disrupted(action: &str) -> Value {
    json!({"action": action, "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]})
}

#[test]
fn c6_a_rule_that_fails_the_job_names_pod_exit_code_and_rule() {
    let rules = [
        exit_codes("Ignore", "In", &[1]),
        exit_codes("FailJob", "In", &[42]),
    ];
    let mut world = World::new(&json!({"completions": 2, "parallelism": 2,
        "podFailurePolicy": {"rules": rules}}));
    world.settle();
    world.end_with("p1", "Failed", 42);
    world.settle();
    let words = "PodFailurePolicy: Container app for pod default/p1 failed with exit code 42 \
                 matching FailJob rule at index 1";
    // The other pod is on its way out, and counts as failed already.
    let failed = json!(2);
    assert_eq!(
        verdict(&world),
        (
            vec![format!("FailureTarget {words}")],
            [Value::Null, failed.clone()]
        )
    );
    assert_eq!(world.status()["terminating"], 1);
    world.objects.remove(2);
    world.settle();
    let ends = both("FailureTarget", "Failed", words);
    assert_eq!(verdict(&world), (ends, [Value::Null, failed]));
    assert_eq!(world.status()["terminating"], 0);
    assert_eq!(world.said.last(), Some(&words.replacen(':', "", 1)));
}

#[test]
fn c6_failures_that_a_rule_ignores_are_replaced_and_not_counted() {
    let rules = [disrupted("Ignore"), exit_codes("Count", "NotIn", &[7])];
    let mut world = World::new(&json!({"backoffLimit": 0, "podFailurePolicy": {"rules": rules}}));
    world.settle();
    world.end_with("p1", "Failed", 137);
    world.objects[1] = changed(&world.objects[1], |pod| {
        pod["status"]["conditions"] = json!([{"type": "DisruptionTarget", "status": "True"}]);
    });
    let look = world.settle().look_again.expect("the wait is the same");
    assert_eq!(look.after, Duration::from_secs(10));
    assert_eq!(verdict(&world), (vec![], [Value::Null, Value::Null]));
    world.bench.wait(look.after);
    world.settle();
    assert_eq!(world.born, 2);
    world.end_with("p2", "Failed", 137);
    world.settle();
    let words = "BackoffLimitExceeded: Job has reached the specified backoff limit";
    let ends = both("FailureTarget", "Failed", words);
    assert_eq!(verdict(&world), (ends, [Value::Null, json!(1)]));
}

#[test]
fn c6_with_a_failure_policy_a_pod_is_replaced_when_it_has_ended_and_not_before() {
    let policies = [
        (json!({"podReplacementPolicy": "TerminatingOrFailed"}), 2),
        (json!({"podReplacementPolicy": "Failed"}), 1),
        (
            json!({"podFailurePolicy": {"rules": [disrupted("Ignore")]}}),
            1,
        ),
    ];
    for (policy, born) in policies {
        let mut world = World::new(&policy);
        world.settle();
        let now = meta::object_time(world.bench.now);
        world.objects[1].metadata_mut().deletion_timestamp = Some(now);
        world.objects[1]
            .metadata_mut()
            .deletion_grace_period_seconds = Some(0);
        world.settle();
        world.bench.wait(Duration::from_secs(10));
        world.settle();
        assert_eq!(world.born, born, "{policy}");
        assert_eq!(world.status()["terminating"], 1, "{policy}");
        world.end_with("p1", "Failed", 143);
        world.settle();
        world.bench.wait(Duration::from_secs(10));
        world.settle();
        assert_eq!(world.born, 2, "{policy}");
        assert_eq!(world.status()["failed"], 1, "{policy}");
    }
}

#[test]
fn c6_each_index_has_its_own_limit_and_its_own_wait() {
    let mut world = World::new(&json!({"completionMode": "Indexed", "completions": 2,
        "parallelism": 2, "backoffLimit": i32::MAX, "backoffLimitPerIndex": 1}));
    world.settle();
    world.end("p1", "Failed");
    let look = world.settle().look_again.expect("index 0 waits");
    assert_eq!(look.after, Duration::from_secs(10));
    // The failed pod stays until the next one of its index carries the number on.
    assert!(world.objects[1].metadata().finalizers.is_some());
    world.bench.wait(look.after);
    let plan = world.plan();
    assert_eq!(outlines(&plan)[..1], ["create pod"]);
    let pod = written(&plan.actions[0]);
    let count = &pod["metadata"]["annotations"]["batch.kubernetes.io/job-index-failure-count"];
    assert_eq!(count, "1");
    world.settle();
    assert_eq!(world.objects[1].metadata().finalizers, None);
    world.end("p3", "Failed");
    world.settle();
    assert_eq!(world.status()["failedIndexes"], "0");
    assert_eq!(verdict(&world).0, Vec::<String>::new(), "index 1 goes on");
    world.end("p2", "Succeeded");
    world.settle();
    assert_eq!(world.status()["completedIndexes"], "1");
    let ends = both(
        "FailureTarget",
        "Failed",
        "FailedIndexes: Job has failed indexes",
    );
    assert_eq!(verdict(&world), (ends, [json!(1), json!(2)]));
}

#[test]
fn c6_a_rule_can_give_up_an_index_at_once_and_too_many_of_them_end_the_job() {
    let rules = [exit_codes("FailIndex", "In", &[42])];
    let mut world = World::new(&json!({"completionMode": "Indexed", "completions": 4,
        "parallelism": 2, "backoffLimit": i32::MAX, "backoffLimitPerIndex": 5,
        "maxFailedIndexes": 1, "podFailurePolicy": {"rules": rules}}));
    world.settle();
    world.end_with("p1", "Failed", 42);
    world.settle();
    assert_eq!(world.status()["failedIndexes"], "0");
    assert_eq!(world.born, 3, "index 2 comes at once");
    world.end_with("p2", "Failed", 42);
    world.settle();
    world.objects.remove(3);
    world.settle();
    let words = "MaxFailedIndexesExceeded: Job has exceeded the specified maximal number of \
                 failed indexes";
    assert_eq!(verdict(&world).0, both("FailureTarget", "Failed", words));
    assert_eq!(world.status()["failedIndexes"], "0,1");
}

#[test]
fn c6_a_success_policy_ends_the_job_early_and_what_still_runs_counts_for_nothing() {
    let policies = [
        (json!({"succeededIndexes": "1"}), true),
        (json!({"succeededCount": 1}), true),
        (
            json!({"succeededIndexes": "0-1", "succeededCount": 1}),
            true,
        ),
        (json!({"succeededIndexes": "0-1"}), false),
        (json!({"succeededCount": 2}), false),
    ];
    for (rule, is_enough) in policies {
        let mut world = World::new(&json!({"completionMode": "Indexed", "completions": 3,
            "parallelism": 3, "successPolicy": {"rules": [rule]}}));
        world.settle();
        world.end("p2", "Succeeded");
        world.settle();
        if !is_enough {
            assert_eq!(verdict(&world).0, Vec::<String>::new(), "{rule}");
            continue;
        }
        let words = "SuccessPolicy: Matched rules at index 0";
        let target = vec![format!("SuccessCriteriaMet {words}")];
        assert_eq!(verdict(&world).0, target, "{rule}");
        world.objects.truncate(1);
        world.settle();
        let ends = both("SuccessCriteriaMet", "Complete", words);
        assert_eq!(verdict(&world), (ends, [json!(1), Value::Null]), "{rule}");
    }
}

#[test]
fn c6_an_orphan_that_matches_is_adopted_with_the_finalizer() {
    let mut world = World::new(&json!({}));
    world.settle();
    world.objects[1] = changed(&world.objects[1], |pod| {
        pod["metadata"]["ownerReferences"] = json!([]);
        pod["metadata"]["finalizers"] = json!([]);
    });
    let plan = world.plan();
    assert!(
        plan.inquiry.is_some(),
        "whether the Job is still wanted is asked first"
    );
    let job = world.objects[0].clone();
    let answer = Ok(crate::apiserver::Answer::Object(job));
    let key = super::key();
    let plan = world.bench.plan_with(&key, |planned| {
        super::super::plan_with_answer(planned, std::slice::from_ref(&answer))
    });
    assert_eq!(outlines(&plan)[..1], ["patch pod p1"]);
    let patch = written(&plan.actions[0]);
    let tracking = json!(["batch.kubernetes.io/job-tracking"]);
    assert_eq!(patch["metadata"]["finalizers"], tracking);
    assert_eq!(patch["metadata"]["ownerReferences"][0]["name"], "sum");
    assert!(!outlines(&plan).contains(&"create pod".to_owned()));
}

#[test]
fn c6_pods_that_a_suspended_job_ends_are_no_failures() {
    let mut world = World::new(&json!({"backoffLimit": 0}));
    world.settle();
    world.objects[0] = changed(&world.objects[0], |job| {
        job["spec"]["suspend"] = json!(true);
    });
    let plan = world.act();
    assert_eq!(outlines(&plan)[..2], ["patch pod p1", "delete pod p1"]);
    world.settle();
    assert_eq!(world.status()["terminating"], 1);
    world.objects.remove(1);
    world.settle();
    let suspended = vec!["Suspended JobSuspended: Job suspended".to_owned()];
    assert_eq!(verdict(&world), (suspended, [Value::Null, Value::Null]));
}

#[test]
fn c6_where_containers_restart_in_place_their_restarts_are_the_failures() {
    for (restarts, fails) in [(1, false), (2, true)] {
        let mut world = World::new(&json!({"backoffLimit": 2}));
        world.objects[0] = changed(&world.objects[0], |job| {
            job["spec"]["template"]["spec"]["restartPolicy"] = json!("OnFailure");
        });
        world.settle();
        world.objects[1] = changed(&world.objects[1], |pod| {
            pod["status"] = json!({"phase": "Running", "containerStatuses": [
                {"name": "app", "image": "", "imageID": "", "ready": true,
                 "restartCount": restarts}]});
        });
        world.settle();
        assert_eq!(!verdict(&world).0.is_empty(), fails, "{restarts}");
    }
}

#[test]
fn c6_a_job_that_another_controller_manages_is_left_alone() {
    let mut world = World::new(&json!({"managedBy": "example.com/queue"}));
    assert!(world.settle().is_empty());
    assert_eq!(world.born, 0);
}
