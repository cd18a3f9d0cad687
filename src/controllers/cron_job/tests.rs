//! C6: starts by the calendar, concurrency, missed starts, history.

use std::time::Duration;

use serde_json::{Value, json};

use super::CRON_JOB;
use crate::api::{Key, Kind, Object};
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::Plan;
use crate::sim::Urgency;

fn cron_job(change: impl FnOnce(&mut Value)) -> Object {
    let cron_job = object(
        Kind::CronJob,
        json!({
            "metadata": {"name": "tidy", "namespace": "default", "uid": "cron",
                "creationTimestamp": "2026-01-01T00:00:30Z"},
            "spec": {"schedule": "*/5 * * * *", "concurrencyPolicy": "Allow",
                "jobTemplate": {"metadata": {"labels": {"app": "tidy"}}, "spec": {
                    "template": {"spec": {"containers": [], "restartPolicy": "Never"}}}}},
        }),
    );
    changed(&cron_job, change)
}

fn job(name: &str, condition: Option<&str>) -> Object {
    let conditions: Vec<Value> = condition
        .into_iter()
        .map(|condition| json!({"type": condition, "status": "True"}))
        .collect();
    object(
        Kind::Job,
        json!({
            "metadata": {"name": name, "namespace": "default", "uid": name, "ownerReferences": [
                {"apiVersion": "batch/v1", "kind": "CronJob", "name": "tidy", "uid": "cron",
                 "controller": true}]},
            "status": {"conditions": conditions, "startTime": "2026-01-01T00:05:00Z"},
        }),
    )
}

/// A Job that the loop made for a start.
fn made_for(start: &str, job: &Object) -> Object {
    changed(job, |job| {
        job["metadata"]["annotations"] =
            json!({"batch.kubernetes.io/cronjob-scheduled-timestamp": start});
    })
}

fn plan(objects: &[Object]) -> Plan {
    // Ten minutes into the run: 00:10 is due.
    let key = Key::new(Kind::CronJob, "default", "tidy");
    Bench::new(&CRON_JOB, objects).plan(&key)
}

/// Minutes since 1970 at 2026-01-01T00:10:00Z.
const DUE: &str = "tidy-29453770";

#[test]
fn c6_the_latest_start_that_is_due_makes_one_job_named_after_its_minute() {
    let first = plan(&[cron_job(|_| {})]);
    assert_eq!(outlines(&first), [format!("create job {DUE}")]);
    assert_eq!(
        messages(&first),
        [format!("SuccessfulCreate Created job {DUE}")]
    );
    let job_made = written(&first.actions[0]);
    assert_eq!(job_made["metadata"]["labels"], json!({"app": "tidy"}));
    let stamp = &job_made["metadata"]["annotations"];
    assert_eq!(
        stamp["batch.kubernetes.io/cronjob-scheduled-timestamp"],
        "2026-01-01T00:10:00Z"
    );
    let look = first.look_again.expect("the next start");
    assert_eq!(look.after, Duration::from_mins(5));
    assert_eq!(
        look.urgency,
        Urgency::Periodic,
        "a calendar keeps no world busy"
    );

    let made = made_for("2026-01-01T00:10:00Z", &job(DUE, None));
    let second = plan(&[cron_job(|_| {}), made]);
    assert_eq!(outlines(&second), ["status cronjob tidy"]);
    let status = &written(&second.actions[0])["status"];
    assert_eq!(status["active"][0]["name"], DUE);
    assert_eq!(status["lastScheduleTime"], "2026-01-01T00:10:00Z");
}

#[test]
fn c6_concurrency_allows_forbids_or_replaces() {
    let running = job("tidy-1", None);
    let with = |policy: &str| {
        let cron_job = cron_job(|cron| {
            cron["spec"]["concurrencyPolicy"] = json!(policy);
            cron["status"] = json!({"active": [{"name": "tidy-1", "uid": "tidy-1"}]});
        });
        plan(&[cron_job, running.clone()])
    };
    let jobs = |plan: &Plan| {
        let outlines = outlines(plan).into_iter();
        outlines
            .filter(|each| !each.starts_with("status"))
            .collect::<Vec<_>>()
    };
    assert_eq!(jobs(&with("Allow")), [format!("create job {DUE}")]);
    let forbidden = with("Forbid");
    assert_eq!(jobs(&forbidden), Vec::<String>::new());
    assert!(messages(&forbidden)[0].starts_with("JobAlreadyActive Not starting job because"));
    let replaced = with("Replace");
    assert_eq!(
        outlines(&replaced),
        [
            "delete job tidy-1".to_owned(),
            format!("create job {DUE}"),
            "status cronjob tidy".to_owned()
        ]
    );
    let status = &written(&replaced.actions[2])["status"];
    assert_eq!(status.get("active"), None, "what is deleted is not missed");
}

#[test]
fn c6_a_job_that_it_did_not_make_is_no_active_one() {
    let by_hand = job("by-hand", None);
    let cron = cron_job(|cron| cron["spec"]["suspend"] = json!(true));
    let plan = plan(&[cron, by_hand]);
    assert_eq!(
        messages(&plan),
        ["UnexpectedJob Saw a job that the controller did not create or forgot: by-hand"]
    );
    assert_eq!(outlines(&plan), Vec::<String>::new());
}

#[test]
fn c6_a_start_missed_by_more_than_its_deadline_is_not_made() {
    let late = cron_job(|cron| {
        cron["spec"]["schedule"] = json!("7 * * * *");
        cron["spec"]["startingDeadlineSeconds"] = json!(120);
    });
    assert_eq!(outlines(&plan(&[late])), Vec::<String>::new());
    let in_time = cron_job(|cron| {
        cron["spec"]["schedule"] = json!("7 * * * *");
        cron["spec"]["startingDeadlineSeconds"] = json!(200);
    });
    assert_eq!(outlines(&plan(&[in_time])).len(), 1);
}

#[test]
fn c6_history_keeps_three_successes_and_one_failure() {
    let mut objects = vec![cron_job(|cron| cron["spec"]["suspend"] = json!(true))];
    objects.extend(["a", "b", "c", "d"].map(|name| job(name, Some("Complete"))));
    objects.extend(["x", "y"].map(|name| job(name, Some("Failed"))));
    assert_eq!(outlines(&plan(&objects)), ["delete job a", "delete job x"]);
}

#[test]
fn c6_an_ended_job_leaves_the_list_of_active_ones() {
    let cron = cron_job(|cron| {
        cron["spec"]["suspend"] = json!(true);
        cron["status"] = json!({"active": [{"name": "a", "uid": "a"}, {"name": "b", "uid": "b"}]});
    });
    let plan = plan(&[cron, job("a", Some("Complete"))]);
    assert_eq!(
        messages(&plan),
        [
            "SawCompletedJob Saw completed job: a, condition: Complete",
            "MissingJob Active job went missing: b",
        ]
    );
    assert_eq!(written(&plan.actions[0])["status"].get("active"), None);
}
