//! C6: what a Job does about pods that fail, by its policies, with what it says of itself write by
//! write.

use glassplane::api::{Job, Kind, Object, Pod, Typed};
use glassplane::cluster::Cluster;

use super::jobs::{births, job};
use super::{events, kubectl, wait, world, writes};
use crate::worlds::{get, pods, settle};

/// One write of the status after the other: the numbers, and the conditions that stand.
fn statuses(cluster: &Cluster) -> Vec<String> {
    let mut told = Vec::new();
    for (_, change) in writes(cluster, Kind::Job) {
        let Some(job) = Job::of(&change.object) else {
            continue;
        };
        let status = &job.status;
        let number = |number: Option<i32>| number.unwrap_or(0);
        let [active, ready, ended, lost, leaving] = [
            status.active,
            status.ready,
            status.succeeded,
            status.failed,
            status.terminating,
        ]
        .map(number);
        let noted = status.uncounted_terminated_pods.clone().unwrap_or_default();
        let noted = [noted.succeeded, noted.failed]
            .into_iter()
            .flatten()
            .flatten()
            .count();
        let conditions = status.conditions.iter().flatten();
        let conditions: Vec<&str> = conditions
            .filter(|each| each.status == "True")
            .map(|each| each.type_.as_str())
            .collect();
        told.push(format!(
            "{active} active {ready} ready {leaving} leaving {noted} noted {ended} succeeded {lost} \
             failed {}",
            conditions.join(" ")
        ));
    }
    told.dedup();
    told
}

fn failure(cluster: &Cluster) -> (String, String) {
    let job: Job = get(cluster, "sum").expect("it is there");
    let mut conditions = job.status.conditions.iter().flatten();
    let failed = conditions
        .find(|each| each.type_ == "Failed")
        .expect("it failed");
    (
        failed.reason.clone().unwrap_or_default(),
        failed.message.clone().unwrap_or_default(),
    )
}

#[test]
fn c6_each_ended_pod_is_noted_let_go_and_counted_and_the_criteria_are_met_before_the_end() {
    let mut cluster = world(3, &job(0, ""));
    assert!(settle(&mut cluster, 60));
    assert_eq!(
        statuses(&cluster),
        [
            "0 active 0 ready 0 leaving 0 noted 0 succeeded 0 failed ",
            "1 active 0 ready 0 leaving 0 noted 0 succeeded 0 failed ",
            "1 active 1 ready 0 leaving 0 noted 0 succeeded 0 failed ",
            "0 active 0 ready 0 leaving 1 noted 0 succeeded 0 failed SuccessCriteriaMet",
            "0 active 0 ready 0 leaving 0 noted 1 succeeded 0 failed SuccessCriteriaMet Complete",
        ]
    );
}

#[test]
fn c6_a_job_that_its_policy_fails_ends_its_pods_first_and_is_failed_when_they_have_ended() {
    let policy = "parallelism: 2
  completions: 2
  podFailurePolicy: {rules: [{action: FailJob, onExitCodes: {operator: NotIn, values: [2]}}]}";
    let mut cluster = world(
        3,
        &job(0, policy).replace("exits-after: 2s", "exits-after: never"),
    );
    wait(&mut cluster, 10);
    let first = pods(&cluster)[0].name().to_owned();
    kubectl(&mut cluster, &format!("fault crash {first}"));
    wait(&mut cluster, 90);
    let (reason, message) = failure(&cluster);
    assert_eq!(reason, "PodFailurePolicy");
    let code = "failed with exit code 1 matching FailJob rule at index 0";
    assert_eq!(
        message,
        format!("Container sum for pod default/{first} {code}")
    );
    assert_eq!(
        statuses(&cluster).into_iter().skip(3).collect::<Vec<_>>(),
        [
            "0 active 0 ready 1 leaving 2 noted 0 succeeded 0 failed FailureTarget",
            "0 active 0 ready 1 leaving 0 noted 0 succeeded 2 failed FailureTarget",
            "0 active 0 ready 0 leaving 0 noted 0 succeeded 2 failed FailureTarget",
            "0 active 0 ready 0 leaving 0 noted 0 succeeded 2 failed FailureTarget Failed",
        ]
    );
    let said = events(&cluster, Kind::Job).pop().expect("it said so");
    assert_eq!((said.1, said.2), (reason, message));
}

#[test]
fn c6_a_pod_that_was_evicted_is_replaced_and_not_counted_when_the_policy_ignores_it() {
    let policy = "backoffLimit: 0
  podFailurePolicy:
    rules: [{action: Ignore, onPodConditions: [{type: DisruptionTarget, status: 'True'}]}]";
    let mut cluster = world(
        3,
        &job(0, policy).replace(
            "exits-after: 2s",
            "exits-after: 60s, glassplane.io/on-sigterm: ignore",
        ),
    );
    wait(&mut cluster, 5);
    let node = pods(&cluster)[0].spec.node_name.clone().expect("it runs");
    kubectl(
        &mut cluster,
        &format!("taint node {node} keep=out:NoExecute"),
    );
    assert!(settle(&mut cluster, 300));
    let job: Job = get(&cluster, "sum").expect("it is there");
    assert_eq!((job.status.succeeded, job.status.failed), (Some(1), None));
    assert_eq!(births(&cluster).len(), 2);
}

#[test]
fn c6_each_index_retries_after_its_own_10_and_20_seconds_until_its_own_limit() {
    let spec = "completionMode: Indexed
  completions: 2
  parallelism: 2
  backoffLimitPerIndex: 2";
    let mut cluster = world(3, &job(1, spec));
    assert!(settle(&mut cluster, 300));
    let expected = (
        "FailedIndexes".to_owned(),
        "Job has failed indexes".to_owned(),
    );
    assert_eq!(failure(&cluster), expected);
    let job: Job = get(&cluster, "sum").expect("it is there");
    assert_eq!(job.status.failed_indexes.as_deref(), Some("0,1"));
    assert_eq!(job.status.failed, Some(6));
    for index in ["0", "1"] {
        let label = "batch.kubernetes.io/job-completion-index";
        let is_its = |object: &Object| {
            let labels = object.metadata().labels.as_ref();
            labels
                .and_then(|labels| labels.get(label))
                .map(String::as_str)
                == Some(index)
        };
        let ended = |object: &Object| Pod::of(object).is_some_and(Pod::is_finished);
        let of_index: Vec<_> = writes(&cluster, Kind::Pod)
            .filter(|(_, change)| is_its(&change.object))
            .collect();
        let born = of_index
            .iter()
            .filter(|(_, change)| change.previous.is_none());
        let born: Vec<u64> = born.map(|(at, _)| at.as_secs()).collect();
        let ends = of_index.iter().filter(|(_, change)| {
            ended(&change.object) && !change.previous.as_ref().is_some_and(ended)
        });
        let ends: Vec<u64> = ends.map(|(at, _)| at.as_secs()).collect();
        let waits: Vec<u64> = born[1..]
            .iter()
            .zip(&ends)
            .map(|(born, end)| born - end)
            .collect();
        assert_eq!(waits, [10, 20], "index {index}: {born:?} {ends:?}");
    }
}

#[test]
fn c6_a_success_policy_completes_the_job_and_what_still_runs_is_ended_and_no_failure() {
    let spec = "completionMode: Indexed
  completions: 2
  parallelism: 2
  successPolicy: {rules: [{succeededIndexes: '0'}]}";
    let slow = "exits-after: 20s, glassplane.io/on-sigterm: ignore";
    // A node has eight processors.
    let large = "image: 'sum:1', resources: {requests: {cpu: 5}}";
    let manifest = job(0, spec)
        .replace("exits-after: 2s", slow)
        .replace("image: 'sum:1'", large);
    let mut cluster = world(2, "");
    kubectl(&mut cluster, "cordon node-b");
    cluster.submit(crate::worlds::command("apply -f file.yaml", &manifest));
    // The other one finds its place when the first has run for half its time.
    wait(&mut cluster, 10);
    kubectl(&mut cluster, "uncordon node-b");
    wait(&mut cluster, 90);
    let job: Job = get(&cluster, "sum").expect("it is there");
    let conditions = job.status.conditions.iter().flatten();
    let conditions: Vec<(&str, Option<&str>)> = conditions
        .map(|each| (each.type_.as_str(), each.message.as_deref()))
        .collect();
    let met = Some("Matched rules at index 0");
    assert_eq!(conditions, [("SuccessCriteriaMet", met), ("Complete", met)]);
    assert_eq!((job.status.succeeded, job.status.failed), (Some(1), None));
    assert_eq!(job.status.completed_indexes.as_deref(), Some("0"));
}

#[test]
fn c6_with_replacement_of_failed_pods_only_there_are_never_more_than_wanted() {
    for (policy, most) in [("TerminatingOrFailed", 2), ("Failed", 1)] {
        let spec = format!("podReplacementPolicy: {policy}");
        let slow = "glassplane.io/on-sigterm: ignore, glassplane.io/exits-after: never";
        let manifest = job(0, &spec).replace("glassplane.io/exits-after: 2s", slow);
        let mut cluster = world(3, &manifest);
        wait(&mut cluster, 5);
        let name = pods(&cluster)[0].name().to_owned();
        kubectl(&mut cluster, &format!("delete pod {name} --wait=false"));
        let mut together = 0;
        cluster.run_until(std::time::Duration::from_mins(1), |cluster| {
            let living = pods(cluster)
                .iter()
                .filter(|pod| !pod.is_finished())
                .count();
            together = together.max(living);
            false
        });
        assert_eq!(together, most, "{policy}");
        assert_eq!(births(&cluster).len(), 2, "{policy}");
    }
}

#[test]
fn c6_a_job_adopts_a_pod_that_matches_and_counts_it() {
    let pod = "apiVersion: v1
kind: Pod
metadata:
  name: early
  labels: {task: sum}
  annotations: {glassplane.io/exits-after: 20s}
spec: {restartPolicy: Never, containers: [{name: sum, image: 'sum:1'}]}
";
    let mut cluster = world(3, pod);
    wait(&mut cluster, 5);
    let spec = "manualSelector: true\n  selector: {matchLabels: {task: sum}}";
    let manifest = job(0, spec).replace(
        "metadata: {annotations",
        "metadata: {labels: {task: sum}, annotations",
    );
    cluster.submit(crate::worlds::command("apply -f file.yaml", &manifest));
    assert!(settle(&mut cluster, 120));
    let job: Job = get(&cluster, "sum").expect("it is there");
    assert_eq!(job.status.succeeded, Some(1));
    let names: Vec<String> = pods(&cluster)
        .iter()
        .map(|pod| pod.name().to_owned())
        .collect();
    assert_eq!(names, ["early"], "no other pod was needed");
}
