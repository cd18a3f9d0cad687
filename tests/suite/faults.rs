//! Each fault strikes as it says, is seen in the trace, and is mended again.

use std::time::Duration;

use glassplane::api::{Actor, Key, Kind, Node, Object, Pod};
use glassplane::apiserver::Note as ApiNote;
use glassplane::cluster::{Cluster, ClusterConfig, Detail, Record};
use glassplane::kubectl::printers::pod_status;
use glassplane::sim::{RecordKind, Time};

use crate::worlds::{command, get, pods, ready, settle, web, with_web};

/// A settled world of three nodes with so many pods of the Deployment.
fn settled(replicas: u32) -> Cluster {
    let mut cluster = with_web(7, 3, replicas);
    assert!(settle(&mut cluster, 120));
    cluster
}

fn run(cluster: &mut Cluster, line: &str) {
    cluster.submit(command(line, &web(2)));
}

fn pass(cluster: &mut Cluster, seconds: u64) {
    cluster.run_until(Duration::from_secs(seconds), |_| false);
}

fn of_kind(cluster: &Cluster, kind: RecordKind) -> Vec<&Record> {
    let records = cluster.trace().iter().map(|record| &**record);
    records.filter(|record| record.kind() == kind).collect()
}

fn sentences(cluster: &Cluster, kind: RecordKind) -> Vec<String> {
    let records = of_kind(cluster, kind);
    records.iter().map(|record| record.sentence()).collect()
}

fn is_ready(cluster: &Cluster, node: &str) -> String {
    let node: Node = get(cluster, node).expect("the node is registered");
    let conditions = node.status.conditions.clone().unwrap_or_default();
    let found = conditions.into_iter().find(|each| each.type_ == "Ready");
    found.expect("a kubelet reports it").status
}

fn statuses(cluster: &Cluster) -> Vec<String> {
    let all = pods(cluster);
    all.iter().map(|pod| pod_status(pod).into_owned()).collect()
}

#[test]
fn every_fault_strikes_a_world_and_the_trace_says_so() {
    let cases = [
        ("node-down node-a", RecordKind::FaultNodeDown),
        ("partition node-a", RecordKind::FaultPartition),
        ("crash web", RecordKind::FaultCrash),
        ("oom web", RecordKind::FaultCrash),
        ("slow-registry 1m", RecordKind::FaultSlowRegistry),
        ("missing-image nginx:1.27", RecordKind::FaultImage),
        ("restore-image nginx:1.27", RecordKind::FaultImage),
        ("slow-disk 10s", RecordKind::FaultSlowDisk),
        ("fill-disk node-a", RecordKind::FaultFillDisk),
        ("load-step deployment/web 500m", RecordKind::FaultLoad),
        ("compact", RecordKind::FaultCompact),
        ("restart job-controller", RecordKind::FaultComponent),
        ("stop kube-scheduler", RecordKind::FaultComponent),
        ("stop metrics-server", RecordKind::FaultComponent),
        ("pause kubelet/node-b", RecordKind::FaultComponent),
        ("slow kube-scheduler 1s", RecordKind::FaultComponent),
        (
            "expectations off replicaset-controller",
            RecordKind::FaultComponent,
        ),
        ("cut-watch kube-scheduler", RecordKind::FaultCutWatch),
        ("cut-watch kube-scheduler pods", RecordKind::FaultCutWatch),
        ("delay-watch kube-scheduler 1s", RecordKind::FaultWatch),
        ("drop-events kube-scheduler", RecordKind::FaultWatch),
        ("duplicate-events kube-scheduler", RecordKind::FaultWatch),
        ("reorder-events kube-scheduler", RecordKind::FaultWatch),
        (
            "second-client deployment/web",
            RecordKind::FaultSecondClient,
        ),
        ("two-writers deployment/web", RecordKind::FaultSecondClient),
    ];
    for (line, kind) in cases {
        let mut cluster = settled(2);
        let line = format!("fault {line}");
        run(&mut cluster, &line);
        pass(&mut cluster, 1);
        let struck = of_kind(&cluster, kind);
        assert!(!struck.is_empty(), "{line} leaves no record");
        let cause = struck[0].cause.expect("a fault has a command");
        let ran = cluster.trace().get(cause).expect("it is in the trace");
        assert_eq!(ran.sentence(), format!("runs: {line}"));
        assert_eq!(cluster.missed_faults().next(), None, "{line}");
    }
}

#[test]
fn a_fault_that_would_hit_nobody_is_refused_with_the_nearest_name() {
    let cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    let cases = [
        (
            "node-down node-z",
            "error: there is no node \"node-z\"; there are node-a, node-b, node-c",
        ),
        (
            "partition mars",
            "error: there is no node \"mars\"; there are node-a, node-b, node-c",
        ),
        (
            "pause kube-schedular",
            "error: there is no component \"kube-schedular\"; did you mean \"kube-scheduler\"?",
        ),
        (
            "drop-events kubelet/node-z",
            "error: there is no component \"kubelet/node-z\"; did you mean \"kubelet/node-a\"?",
        ),
    ];
    for (line, expected) in cases {
        let message = cluster.misses(&command(&format!("fault {line}"), ""));
        assert_eq!(message.as_deref(), Some(expected), "{line}");
    }
}

#[test]
fn a_fault_that_hits_nothing_at_its_moment_says_why() {
    let cases = [
        (
            "crash nobody",
            "no running pod is called \"nobody\" or begins so",
        ),
        ("node-up node-a", "node-a is up already"),
        ("heal node-a", "node-a is not cut off"),
        ("resume kube-scheduler", "kube-scheduler is not paused"),
        ("start kube-scheduler", "kube-scheduler is on already"),
        ("start kubelet/node-a", "kubelet/node-a is on already"),
        (
            "expectations off kube-scheduler",
            "kube-scheduler keeps no expectations; only controllers do",
        ),
        (
            "cut-watch replicaset-controller nodes",
            "replicaset-controller does not watch nodes; it watches replicasets, pods",
        ),
        (
            "two-writers deployment/nothing",
            "there is no deployment default/nothing that could be written",
        ),
        ("fail-probe web readiness", "has no readiness probe there"),
        (
            "crash web sidecar",
            "container sidecar is not valid for pod web-",
        ),
    ];
    for (line, expected) in cases {
        let mut cluster = settled(1);
        run(&mut cluster, &format!("fault {line}"));
        cluster.step();
        let missed: Vec<&str> = cluster.missed_faults().collect();
        assert!(
            matches!(missed.as_slice(), [one] if one.contains(expected)),
            "{line}: {missed:?}"
        );
    }
}

#[test]
fn k8_a_partitioned_node_runs_on_unheard_and_comes_back_with_its_containers() {
    let mut cluster = settled(3);
    let placed = |cluster: &Cluster| -> Vec<Pod> {
        let all = pods(cluster).into_iter();
        all.filter(|pod| pod.spec.node_name.as_deref() == Some("node-b"))
            .collect()
    };
    let before = placed(&cluster);
    assert!(!before.is_empty());
    run(&mut cluster, "fault partition node-b");
    pass(&mut cluster, 45);
    assert_eq!(is_ready(&cluster, "node-b"), "True");
    pass(&mut cluster, 20);
    assert_eq!(is_ready(&cluster, "node-b"), "Unknown");
    run(&mut cluster, "fault heal node-b");
    pass(&mut cluster, 30);
    assert_eq!(is_ready(&cluster, "node-b"), "True");
    assert!(settle(&mut cluster, 60));
    let after = placed(&cluster);
    let uids =
        |pods: &[Pod]| -> Vec<String> { pods.iter().map(|pod| pod.uid().to_owned()).collect() };
    assert_eq!(uids(&after), uids(&before));
    for pod in &after {
        let containers = pod.status.container_statuses.clone().unwrap_or_default();
        assert!(containers.iter().all(|each| each.restart_count == 0));
        assert!(pod.is_ready(), "{} is not ready again", pod.name());
    }
}

#[test]
fn a_partition_for_longer_than_the_toleration_costs_the_pods_and_nothing_else() {
    let mut cluster = settled(3);
    run(&mut cluster, "fault partition node-b");
    pass(&mut cluster, 500);
    assert!(cluster.is_settled(), "it would never settle");
    run(&mut cluster, "fault heal node-b");
    assert!(settle(&mut cluster, 300));
    let alive = pods(&cluster);
    assert_eq!(alive.len(), 3, "{:?}", statuses(&cluster));
    assert!(alive.iter().all(Pod::is_ready));
}

#[test]
fn a_paused_scheduler_leaves_pods_pending_and_places_them_when_it_goes_on() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault pause kube-scheduler");
    run(&mut cluster, "scale deployment/web --replicas=4");
    pass(&mut cluster, 60);
    assert_eq!(
        statuses(&cluster)
            .iter()
            .filter(|each| *each == "Pending")
            .count(),
        3
    );
    run(&mut cluster, "fault resume kube-scheduler");
    assert!(settle(&mut cluster, 60));
    assert_eq!(ready(&cluster, "web"), 4);
}

#[test]
fn the_queue_of_a_paused_controller_grows_and_is_worked_off() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault pause replicaset-controller");
    for name in ["one", "two", "three"] {
        run(
            &mut cluster,
            &format!("create deployment {name} --image=nginx"),
        );
    }
    pass(&mut cluster, 30);
    let waiting = |cluster: &Cluster| {
        let mut all = cluster.controllers();
        let found = all.find(|part| part.name() == "replicaset-controller");
        found.map_or(0, |part| part.component.queue().waiting().count())
    };
    assert_eq!(waiting(&cluster), 3);
    run(&mut cluster, "fault resume replicaset-controller");
    assert!(settle(&mut cluster, 120));
    assert_eq!(waiting(&cluster), 0);
    assert_eq!(ready(&cluster, "three"), 1);
}

#[test]
fn a_controller_that_was_off_lists_when_it_starts_and_does_what_was_missed() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault stop replicaset-controller");
    run(&mut cluster, "scale deployment/web --replicas=3");
    pass(&mut cluster, 30);
    assert_eq!(pods(&cluster).len(), 1);
    let opened = of_kind(&cluster, RecordKind::WatchOpen).len();
    run(&mut cluster, "fault start replicaset-controller");
    assert!(settle(&mut cluster, 60));
    assert!(of_kind(&cluster, RecordKind::WatchOpen).len() > opened);
    assert_eq!(ready(&cluster, "web"), 3);
}

#[test]
fn a_slow_scheduler_takes_its_time_for_every_pod() {
    let placed_after = |delay: &str| {
        let mut cluster = settled(1);
        run(&mut cluster, &format!("fault slow kube-scheduler {delay}"));
        let begun = cluster.now();
        run(&mut cluster, "scale deployment/web --replicas=2");
        let all_placed = |cluster: &Cluster| {
            let pods = pods(cluster);
            pods.len() == 2 && pods.iter().all(|pod| pod.spec.node_name.is_some())
        };
        assert!(cluster.run_until(Duration::from_mins(1), all_placed));
        cluster.now().since(begun)
    };
    assert!(placed_after("0") < Duration::from_secs(1));
    // Taken late, filtered late, bound late.
    assert!(placed_after("2s") > Duration::from_secs(6));
}

#[test]
fn a8_a_watch_that_must_go_back_behind_a_compaction_is_told_410_and_lists() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault delay-watch replicaset-controller 5s");
    run(&mut cluster, "scale deployment/web --replicas=3");
    pass(&mut cluster, 1);
    run(&mut cluster, "fault compact");
    run(&mut cluster, "fault cut-watch replicaset-controller");
    run(&mut cluster, "fault delay-watch replicaset-controller 0");
    assert!(settle(&mut cluster, 60));
    let gone = sentences(&cluster, RecordKind::WatchGone);
    assert!(
        gone.iter().any(|each| each.contains(
            "is told 410 Expired for its watch on replicasets: \
                                              too old resource version: "
        )),
        "{gone:?}"
    );
    assert_eq!(ready(&cluster, "web"), 3);
}

#[test]
fn a_lost_event_is_made_good_by_a_list_ten_seconds_later() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault drop-events replicaset-controller 50");
    let begun = cluster.now();
    run(&mut cluster, "scale deployment/web --replicas=3");
    let done = |cluster: &Cluster| ready(cluster, "web") == 3;
    assert!(cluster.run_until(Duration::from_mins(1), done));
    let after = cluster.now().since(begun);
    assert!(after > Duration::from_secs(10), "{after:?}");
    let lost = sentences(&cluster, RecordKind::FaultWatch);
    assert!(
        lost.iter()
            .any(|each| each.starts_with("loses replicaset default/web-")),
        "{lost:?}"
    );
}

#[test]
fn events_that_come_twice_change_nothing() {
    let mut cluster = settled(1);
    run(
        &mut cluster,
        "fault duplicate-events replicaset-controller 50",
    );
    run(&mut cluster, "scale deployment/web --replicas=5");
    assert!(settle(&mut cluster, 60));
    assert_eq!(pods(&cluster).len(), 5);
}

#[test]
fn on_a_slow_disk_writes_wait_for_each_other_and_reads_do_not() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault slow-disk 10m 2s");
    cluster.step();
    let begun = cluster.now();
    run(&mut cluster, "create configmap one");
    run(&mut cluster, "get pods");
    run(&mut cluster, "create configmap two");
    let is_there = |cluster: &Cluster| {
        let key = Key::new(Kind::ConfigMap, "default", "two");
        cluster.store().get(&key).is_some()
    };
    assert!(cluster.run_until(Duration::from_mins(1), is_there));
    let after = cluster.now().since(begun);
    assert!(
        after > Duration::from_secs(4) && after < Duration::from_secs(30),
        "{after:?}"
    );
}

#[test]
fn k3_an_image_that_the_registry_lost_cannot_be_pulled_until_it_is_back() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault missing-image redis:7");
    run(&mut cluster, "run cache --image=redis:7");
    pass(&mut cluster, 5);
    let status = |cluster: &Cluster| {
        let pod: Pod = get(cluster, "cache").expect("it was made");
        pod_status(&pod).into_owned()
    };
    assert!(
        ["ErrImagePull", "ImagePullBackOff"].contains(&status(&cluster).as_str()),
        "{}",
        status(&cluster)
    );
    run(&mut cluster, "fault restore-image redis:7");
    pass(&mut cluster, 60);
    assert_eq!(status(&cluster), "Running");
}

#[test]
fn k7_a_container_that_is_ended_for_its_memory_says_oomkilled_with_137() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault oom web");
    cluster.step();
    assert!(settle(&mut cluster, 60));
    let pod = pods(&cluster).pop().expect("there is one");
    let containers = pod.status.container_statuses.clone().unwrap_or_default();
    let last = containers[0]
        .last_state
        .clone()
        .and_then(|state| state.terminated);
    let last = last.expect("it ended once");
    assert_eq!(
        (last.reason.as_deref(), last.exit_code),
        (Some("OOMKilled"), 137)
    );
}

#[test]
fn k5_a_failing_readiness_probe_takes_the_pod_out_and_restarts_nothing() {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    let probe = "        readinessProbe:\n          httpGet: {path: /, port: 80}\n          \
                 periodSeconds: 2\n";
    cluster.submit(command("apply -f file.yaml", &format!("{}{probe}", web(1))));
    assert!(settle(&mut cluster, 60));
    assert_eq!(ready(&cluster, "web"), 1);
    run(&mut cluster, "fault fail-probe web readiness");
    pass(&mut cluster, 10);
    assert_eq!(ready(&cluster, "web"), 0);
    let containers = pods(&cluster)[0].status.container_statuses.clone();
    assert_eq!(containers.unwrap_or_default()[0].restart_count, 0);
    run(&mut cluster, "fault mend-probe web readiness");
    pass(&mut cluster, 10);
    assert_eq!(ready(&cluster, "web"), 1);
}

#[test]
fn a2_two_writers_of_one_revision_one_is_told_409_and_both_writes_are_made() {
    let mut cluster = settled(1);
    let before = cluster.store().revision();
    run(&mut cluster, "fault two-writers deployment/web");
    assert!(settle(&mut cluster, 60));
    let conflicts = of_kind(&cluster, RecordKind::ApiConflict);
    assert_eq!(conflicts.len(), 1);
    let message = conflicts[0].sentence();
    assert!(
        message.contains(
            "Operation cannot be fulfilled on deployments.apps \"web\": the object has been \
             modified; please apply your changes to the latest version and try again"
        ),
        "{message}"
    );
    let by = |name: &str| {
        let actor = Actor::Kubectl(name.into());
        let commits = cluster
            .trace()
            .iter()
            .filter(|record| match &record.detail {
                Detail::Api(ApiNote::Committed { change, by }) => {
                    *by == actor && change.revision > before
                }
                _ => false,
            });
        commits.count()
    };
    assert_eq!((by("ann"), by("bob")), (1, 1));
}

#[test]
fn a_second_client_and_a_controller_write_the_same_object_and_both_get_through() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault second-client deployment/web 20");
    run(&mut cluster, "scale deployment/web --replicas=6");
    assert!(settle(&mut cluster, 120));
    assert_eq!(ready(&cluster, "web"), 6);
    let Some(Object::Deployment(deployment)) =
        cluster
            .store()
            .get(&Key::new(Kind::Deployment, "default", "web"))
    else {
        panic!("it is there")
    };
    let annotations = deployment.metadata.annotations.clone().unwrap_or_default();
    let last = annotations.get("edited-by").map(String::as_str);
    assert_eq!(last, Some("ann (edit 20)"));
}

#[test]
fn without_expectations_a_controller_that_sees_late_creates_too_many_pods() {
    let most = |switch: &str| {
        let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
        if !switch.is_empty() {
            run(&mut cluster, switch);
        }
        run(
            &mut cluster,
            "fault delay-watch replicaset-controller 2s pods",
        );
        cluster.submit(command("apply -f file.yaml", &web(3)));
        let mut most = 0;
        cluster.run_until(Duration::from_mins(2), |cluster| {
            most = most.max(pods(cluster).len());
            false
        });
        run(&mut cluster, "fault expectations on replicaset-controller");
        run(&mut cluster, "fault delay-watch replicaset-controller 0");
        assert!(settle(&mut cluster, 120));
        (most, pods(&cluster).len())
    };
    assert_eq!(most(""), (3, 3));
    let (created, left) = most("fault expectations off replicaset-controller");
    assert!(created > 3, "{created}");
    assert_eq!(left, 3, "the surplus is removed once it is seen");
}

#[test]
fn deleting_a_pod_in_a_long_back_off_settles_at_once() {
    let mut cluster = settled(1);
    run(&mut cluster, "fault missing-image redis:7");
    run(&mut cluster, "run cache --image=redis:7");
    pass(&mut cluster, 400);
    run(&mut cluster, "delete pod cache --now");
    let begun = cluster.now();
    cluster.step();
    assert!(
        settle(&mut cluster, 30),
        "{:?}",
        cluster.next_work_in_words()
    );
    assert!(cluster.now().since(begun) < Duration::from_secs(5));
}

#[test]
fn the_same_seed_and_faults_give_the_same_trace() {
    let trace = || {
        let mut cluster = with_web(11, 3, 4);
        for (second, line) in [
            (2, "fault drop-events kube-scheduler 3"),
            (4, "fault reorder-events replicaset-controller 3"),
            (6, "fault slow-disk 20s 100ms"),
            (8, "fault partition node-a"),
            (9, "fault second-client deployment/web 5"),
            (70, "fault heal node-a"),
        ] {
            cluster.submit_at(Time::from_secs(second), command(line, ""));
        }
        pass(&mut cluster, 150);
        let records: Vec<String> = cluster
            .trace()
            .iter()
            .map(|record| record.to_value().to_string())
            .collect();
        records
    };
    assert_eq!(trace(), trace());
}

#[test]
fn the_door_to_the_store_cannot_be_stopped_and_says_so() {
    let cluster = settled(1);
    for name in ["etcd", "kube-apiserver"] {
        let message = cluster.misses(&command(&format!("fault stop {name}"), ""));
        let message = message.expect("it is refused");
        assert!(message.contains("cannot be stopped here"), "{message}");
    }
}

#[test]
fn requests_through_a_service_that_is_still_to_come_may_be_ordered_before() {
    let order = command("traffic web 100", "");
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    assert!(cluster.misses(&order).is_some());
    assert_eq!(cluster.never_hits(&order), None);
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n\
                   spec: {selector: {app: web}, ports: [{port: 80}]}\n";
    cluster.submit(command("apply -f file.yaml", service));
    settle(&mut cluster, 60);
    assert_eq!(cluster.misses(&order), None);
}
