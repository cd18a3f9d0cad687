//! C6: Jobs and CronJobs, with the second at which each pod came.

use glassplane::api::{Job, Kind, Object, Pod, Typed};
use glassplane::cluster::Cluster;

use super::jobs::{births, ends, job};
use super::{events, kubectl, wait, world, writes};
use crate::worlds::{get, pods, settle};

fn conditions(cluster: &Cluster) -> Vec<String> {
    let job: Job = get(cluster, "sum").expect("it is there");
    let all = job
        .status
        .conditions
        .iter()
        .flatten()
        .filter(|each| each.status == "True");
    all.map(|each| {
        let reason = each.reason.clone().unwrap_or_default();
        format!(
            "{} {reason}: {}",
            each.type_,
            each.message.clone().unwrap_or_default()
        )
    })
    .collect()
}

#[test]
fn c6_a_failing_job_tries_again_after_10_20_and_40_seconds_until_its_limit() {
    let mut cluster = world(3, &job(1, "backoffLimit: 3"));
    assert!(settle(&mut cluster, 300));
    let (births, ends) = (births(&cluster), ends(&cluster));
    let waits: Vec<u64> = births[1..]
        .iter()
        .zip(&ends)
        .map(|(born, ended)| born - ended)
        .collect();
    assert_eq!(waits, [10, 20, 40], "{births:?} {ends:?}");
    let over = "BackoffLimitExceeded: Job has reached the specified backoff limit";
    assert_eq!(
        conditions(&cluster),
        [format!("FailureTarget {over}"), format!("Failed {over}")]
    );
    let job: Job = get(&cluster, "sum").expect("it is there");
    assert_eq!(job.status.failed, Some(4));
    let said = events(&cluster, Kind::Job).pop().expect("it said so");
    assert_eq!(
        (said.1.as_str(), said.2.as_str()),
        (
            "BackoffLimitExceeded",
            "Job has reached the specified backoff limit"
        )
    );
}

#[test]
fn c6_the_wait_after_a_failure_grows_to_ten_minutes_and_no_further() {
    let mut cluster = world(3, &job(1, "backoffLimit: 9"));
    wait(&mut cluster, 4_000);
    let (births, ends) = (births(&cluster), ends(&cluster));
    let waits: Vec<u64> = births[1..]
        .iter()
        .zip(&ends)
        .map(|(born, ended)| born - ended)
        .collect();
    assert_eq!(waits, [10, 20, 40, 80, 160, 320, 600, 600, 600]);
}

#[test]
fn c6_six_completions_two_at_a_time() {
    let mut cluster = world(3, &job(0, "completions: 6\n  parallelism: 2"));
    let mut most = 0;
    cluster.run_until(std::time::Duration::from_mins(2), |cluster| {
        let running = pods(cluster)
            .iter()
            .filter(|pod| !pod.is_finished())
            .count();
        most = most.max(running);
        cluster.is_settled()
    });
    assert_eq!((most, births(&cluster).len()), (2, 6));
    let done = "CompletionsReached: Reached expected number of succeeded pods";
    assert_eq!(
        conditions(&cluster),
        [
            format!("SuccessCriteriaMet {done}"),
            format!("Complete {done}")
        ]
    );
}

#[test]
fn c6_an_indexed_job_gives_each_pod_a_number_and_tells_which_are_done() {
    let mut cluster = world(
        3,
        &job(
            0,
            "completionMode: Indexed\n  completions: 4\n  parallelism: 4",
        ),
    );
    assert!(settle(&mut cluster, 120));
    let mut hosts: Vec<Option<String>> = pods(&cluster)
        .iter()
        .map(|pod| pod.spec.hostname.clone())
        .collect();
    hosts.sort();
    assert_eq!(
        hosts,
        ["sum-0", "sum-1", "sum-2", "sum-3"].map(|name| Some(name.to_owned()))
    );
    let job: Job = get(&cluster, "sum").expect("it is there");
    assert_eq!(job.status.completed_indexes.as_deref(), Some("0-3"));
}

#[test]
fn c6_a_deadline_ends_the_pods_and_the_job_is_gone_when_its_time_to_live_is_up() {
    let manifest = job(
        0,
        "activeDeadlineSeconds: 30\n  ttlSecondsAfterFinished: 60",
    )
    .replace("exits-after: 2s", "exits-after: never");
    let mut cluster = world(3, &manifest);
    wait(&mut cluster, 80);
    let over = "DeadlineExceeded: Job was active longer than specified deadline";
    assert_eq!(
        conditions(&cluster),
        [format!("FailureTarget {over}"), format!("Failed {over}")]
    );
    wait(&mut cluster, 100);
    assert!(get::<Job>(&cluster, "sum").is_none());
    let job: Vec<(u64, String)> = writes(&cluster, Kind::Job)
        .map(|(at, change)| (at.as_secs(), change.change_type.to_string()))
        .collect();
    let ending = writes(&cluster, Kind::Pod).find(|(_, change)| change.object.is_terminating());
    let (ending, _) = ending.expect("the pod was told to end");
    assert_eq!(ending.as_secs(), 30);
    let is_failed = |object: &Object| {
        let conditions = Job::of(object)
            .into_iter()
            .flat_map(|job| job.status.conditions.iter().flatten());
        conditions.into_iter().any(|each| each.type_ == "Failed")
    };
    let failed = writes(&cluster, Kind::Job).find(|(_, change)| is_failed(&change.object));
    let failed = failed.expect("it failed").0.as_secs();
    assert_eq!(job.last(), Some(&(failed + 60, "DELETED".to_owned())));
    assert!(pods(&cluster).is_empty());
}

#[test]
fn c6_a_suspended_job_loses_its_pods_and_starts_anew_when_it_goes_on() {
    let manifest =
        job(0, "parallelism: 2\n  completions: 2").replace("exits-after: 2s", "exits-after: 20s");
    let mut cluster = world(3, &manifest);
    wait(&mut cluster, 10);
    kubectl(
        &mut cluster,
        r#"patch job sum -p '{"spec":{"suspend":true}}'"#,
    );
    wait(&mut cluster, 60);
    assert!(pods(&cluster).iter().all(Pod::is_finished));
    assert_eq!(
        conditions(&cluster),
        ["Suspended JobSuspended: Job suspended"]
    );
    kubectl(
        &mut cluster,
        r#"patch job sum -p '{"spec":{"suspend":false}}'"#,
    );
    assert!(settle(&mut cluster, 120));
    let job: Job = get(&cluster, "sum").expect("it is there");
    assert_eq!(job.status.succeeded, Some(2));
}

fn cron_job(spec: &str, runs: &str) -> String {
    format!(
        "apiVersion: batch/v1
kind: CronJob
metadata: {{name: tick}}
spec:
  schedule: '*/1 * * * *'
  {spec}
  jobTemplate:
    spec:
      template:
        metadata: {{annotations: {{glassplane.io/exits-after: {runs}}}}}
        spec: {{restartPolicy: Never, containers: [{{name: tick, image: 'tick:1'}}]}}
"
    )
}

fn jobs(cluster: &Cluster) -> Vec<(u64, String)> {
    let made = writes(cluster, Kind::Job).filter(|(_, change)| change.previous.is_none());
    made.map(|(at, change)| (at.as_secs(), change.key.name.to_string()))
        .collect()
}

#[test]
fn c6_a_cron_job_starts_each_minute_and_keeps_three_successes() {
    let mut cluster = world(3, &cron_job("concurrencyPolicy: Allow", "2s"));
    wait(&mut cluster, 330);
    let jobs = jobs(&cluster);
    assert_eq!(
        jobs.iter().map(|(at, _)| *at).collect::<Vec<_>>(),
        [60, 120, 180, 240, 300]
    );
    // Named after the minute since 1970: 2026-01-01T00:01 is the first.
    assert_eq!(jobs[0].1, "tick-29453761");
    let left: Vec<&str> = cluster
        .store()
        .list(Kind::Job, None)
        .map(Object::name)
        .collect();
    assert_eq!(left, [&*jobs[2].1, &*jobs[3].1, &*jobs[4].1]);
}

#[test]
fn c6_a_cron_job_that_forbids_company_skips_and_one_that_replaces_ends_the_old_one() {
    let mut cluster = world(3, &cron_job("concurrencyPolicy: Forbid", "90s"));
    wait(&mut cluster, 250);
    let starts: Vec<u64> = jobs(&cluster).iter().map(|(at, _)| *at).collect();
    // The start of 120 s waits for the end of the first Job, told a second after 151 s: it is late,
    // but not too late.
    assert_eq!(starts[..2], [60, 153]);
    assert!((246..=247).contains(&starts[2]), "{starts:?}");
    let mut cluster = world(3, &cron_job("concurrencyPolicy: Replace", "90s"));
    wait(&mut cluster, 190);
    let starts: Vec<u64> = jobs(&cluster).iter().map(|(at, _)| *at).collect();
    assert_eq!(starts, [60, 120, 180]);
    let left: Vec<&str> = cluster
        .store()
        .list(Kind::Job, None)
        .map(Object::name)
        .collect();
    assert_eq!(left, ["tick-29453763"]);
}
