//! K4 and K5: restarts and probes of running pods.

use glassplane::api::{EndpointSlice, Kind, Object, Pod, Typed, core, meta};
use glassplane::cluster::Cluster;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{command, get, settle};

/// A pod called `web` with these annotations, this policy and this in its container.
fn pod(annotations: &str, policy: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{app: web}}, annotations: \
         {{{annotations}}}}}\nspec:\n  restartPolicy: {policy}\n  containers:\n  - {{name: web, \
         image: 'nginx:1.29'{container}}}\n"
    )
}

const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

fn container(pod: &Pod) -> Option<&core::ContainerStatus> {
    pod.status.container_statuses.as_ref()?.first()
}

/// Whole seconds from each end of the container to its next start, as the status tells them.
fn waits(cluster: &Cluster) -> Vec<u64> {
    let mut waits = Vec::new();
    let mut last = 0;
    for (_, change) in writes(cluster, Kind::Pod) {
        let status = Pod::of(&change.object).and_then(container);
        let Some(status) = status.filter(|status| status.restart_count > last) else {
            continue;
        };
        let running = status
            .state
            .as_ref()
            .and_then(|state| state.running.as_ref());
        let ended = status.last_state.as_ref();
        let ended = ended.and_then(|state| state.terminated.as_ref());
        let (Some(running), Some(ended)) = (running, ended) else {
            continue;
        };
        last = status.restart_count;
        let started = running.started_at.as_ref().map(meta::moment);
        let finished = ended.finished_at.as_ref().map(meta::moment);
        let (started, finished) = (started.expect("dated"), finished.expect("dated"));
        waits.push(started.since(finished).as_secs());
    }
    waits
}

#[test]
fn k4_a_container_that_crashes_starts_after_0_10_20_40_80_160_and_300_seconds_in_its_place() {
    let crashes = "glassplane.io/exits-after: 1s, glassplane.io/exit-code: '1'";
    let mut cluster = world(3, &pod(crashes, "Always", ""));
    wait(&mut cluster, 1_500);
    let found = waits(&cluster);
    let expected = [0, 10, 20, 40, 80, 160, 300, 300];
    for (found_wait, expected) in found.iter().zip(expected) {
        // Creating it takes its moment too, and dates are cut to seconds.
        assert!((expected..=expected + 1).contains(found_wait), "{found:?}");
    }
    assert!(found.len() >= expected.len(), "{found:?}");
    let own: Vec<&Pod> = writes(&cluster, Kind::Pod)
        .filter_map(|(_, change)| Pod::of(&change.object))
        .collect();
    assert!(own.iter().all(|pod| pod.uid() == own[0].uid()));
    let nodes = own.iter().filter_map(|pod| pod.spec.node_name.as_deref());
    let nodes: std::collections::BTreeSet<&str> = nodes.collect();
    assert_eq!(nodes.len(), 1, "it never moves");
}

#[test]
fn k4_after_ten_minutes_of_good_running_the_next_restart_is_at_once_again() {
    for (minutes, expected) in [(9, 40), (11, 0)] {
        let mut cluster = world(3, &pod("", "Always", ""));
        for _ in 0..3 {
            wait(&mut cluster, 60);
            kubectl(&mut cluster, "fault crash web");
        }
        wait(&mut cluster, 60 * minutes);
        kubectl(&mut cluster, "fault crash web");
        wait(&mut cluster, 60);
        let found = waits(&cluster);
        let last = found.last().copied().expect("it restarted");
        assert!(
            (expected..=expected + 1).contains(&last),
            "{minutes}: {found:?}"
        );
    }
}

#[test]
fn k4_the_restart_policy_decides_by_exit_code() {
    for (policy, code, status, restarts) in [
        ("Always", 0, "Running", true),
        ("Always", 1, "Running", true),
        ("OnFailure", 0, "Succeeded", false),
        ("OnFailure", 1, "Running", true),
        ("Never", 0, "Succeeded", false),
        ("Never", 1, "Failed", false),
    ] {
        let ends = format!("glassplane.io/exits-after: 2s, glassplane.io/exit-code: '{code}'");
        let mut cluster = world(3, &pod(&ends, policy, ""));
        wait(&mut cluster, 30);
        let pod: Pod = get(&cluster, "web").expect("it is there");
        assert_eq!(pod.phase(), status, "{policy} {code}");
        let count = container(&pod).map_or(0, |status| status.restart_count);
        assert_eq!(count > 0, restarts, "{policy} {code}");
    }
}

#[test]
fn k5_probes_are_defaulted_to_period_10_timeout_1_failure_3_success_1() {
    let probe = ", readinessProbe: {httpGet: {port: 80}}";
    let mut cluster = world(3, &pod("", "Always", probe));
    assert!(settle(&mut cluster, 60));
    let pod: Pod = get(&cluster, "web").expect("it is there");
    let probe = pod.spec.containers[0].readiness_probe.clone();
    let probe = probe.expect("it was written");
    let numbers = (
        probe.period_seconds,
        probe.timeout_seconds,
        probe.failure_threshold,
        probe.success_threshold,
    );
    assert_eq!(numbers, (Some(10), Some(1), Some(3), Some(1)));
}

/// The endpoints' addresses with whether each is ready, after each write.
fn endpoints(cluster: &Cluster) -> Vec<Vec<bool>> {
    let slices = writes(cluster, Kind::EndpointSlice);
    let slices = slices.filter_map(|(_, change)| EndpointSlice::of(&change.object));
    let slices = slices.filter(|slice| slice.name().starts_with("web-"));
    let mut all: Vec<Vec<bool>> = slices
        .map(|slice| {
            let endpoints = slice.spec.endpoints.iter();
            let ready = endpoints.map(|each| {
                let conditions = each.conditions.as_ref();
                conditions.and_then(|each| each.ready).unwrap_or(true)
            });
            ready.collect()
        })
        .collect();
    all.dedup();
    all
}

#[test]
fn k5_a_failing_readiness_takes_the_pod_out_of_the_service_and_restarts_nothing() {
    let probe = ", readinessProbe: {httpGet: {port: 80}}";
    let fails = "glassplane.io/fails-readiness: 30s..90s";
    let manifest = [pod(fails, "Always", probe).as_str(), SERVICE].concat();
    let mut cluster = world(3, &manifest);
    wait(&mut cluster, 150);
    assert_eq!(
        endpoints(&cluster),
        [vec![], vec![false], vec![true], vec![false], vec![true]]
    );
    let pod: Pod = get(&cluster, "web").expect("it is there");
    assert_eq!(container(&pod).map(|status| status.restart_count), Some(0));
    let said = events(&cluster, Kind::Pod);
    let unhealthy = said.iter().find(|(_, reason, _)| reason == "Unhealthy");
    let (.., message) = unhealthy.expect("it said so");
    assert_eq!(
        message,
        "Readiness probe failed: HTTP probe failed with statuscode: 500"
    );
}

#[test]
fn k5_a_failing_liveness_restarts_the_container_in_its_place_after_three_failures() {
    let probe = ", livenessProbe: {httpGet: {port: 80}}";
    let fails = "glassplane.io/fails-liveness: '60s..'";
    let mut cluster = world(3, &pod(fails, "Always", probe));
    wait(&mut cluster, 120);
    let pod: Pod = get(&cluster, "web").expect("it is there");
    assert_eq!(container(&pod).map(|status| status.restart_count), Some(1));
    let uids: std::collections::BTreeSet<String> = writes(&cluster, Kind::Pod)
        .map(|(_, change)| change.object.uid().to_owned())
        .collect();
    assert_eq!(uids.len(), 1);
    let said = events(&cluster, Kind::Pod);
    let killing = said.iter().find(|(_, reason, _)| reason == "Killing");
    let (at, _, message) = killing.expect("it said so");
    assert_eq!(
        message,
        "Container web failed liveness probe, will be restarted"
    );
    let failures = said.iter().filter(|(_, reason, _)| reason == "Unhealthy");
    let first = failures.map(|(at, ..)| *at).min().expect("it failed");
    assert_eq!(
        at - first,
        20,
        "the third failure in a row, ten seconds apart"
    );
}

#[test]
fn k5_a_startup_probe_holds_the_others_back_and_gives_the_application_its_time() {
    let slow = "glassplane.io/starts-in: 45s";
    let liveness = ", livenessProbe: {httpGet: {port: 80}}";
    let startup = [
        ", startupProbe: {httpGet: {port: 80}, failureThreshold: 10}",
        liveness,
    ]
    .concat();
    for (probes, restarts) in [(liveness, true), (&*startup, false)] {
        let mut cluster = world(3, &pod(slow, "Always", probes));
        wait(&mut cluster, 80);
        let pod: Pod = get(&cluster, "web").expect("it is there");
        let count = container(&pod).map_or(0, |status| status.restart_count);
        assert_eq!(count > 0, restarts, "{probes}");
    }
}

#[test]
fn k5_a_readiness_gate_keeps_the_pod_unready_until_its_condition_is_true() {
    let manifest = pod("", "Always", "").replace(
        "  restartPolicy",
        "  readinessGates: [{conditionType: example.com/fed}]\n  restartPolicy",
    );
    let mut cluster = world(3, &manifest);
    assert!(settle(&mut cluster, 60));
    let ready = |cluster: &Cluster| {
        let pod: Pod = get(cluster, "web").expect("it is there");
        let ready = pod.condition("Ready").cloned().expect("it is written");
        (ready.status, ready.reason, ready.message)
    };
    let message =
        "corresponding condition of pod readiness gate \"example.com/fed\" does not exist.";
    assert_eq!(
        ready(&cluster),
        (
            "False".to_owned(),
            Some("ReadinessGatesNotReady".to_owned()),
            Some(message.to_owned())
        )
    );
    let patch = "patch pod web --subresource=status -p \
                 '{\"status\":{\"conditions\":[{\"type\":\"example.com/fed\",\"status\":\"True\"}]}}'";
    cluster.submit(command(patch, ""));
    assert!(settle(&mut cluster, 60));
    assert_eq!(ready(&cluster), ("True".to_owned(), None, None));
    let Some(Object::Pod(pod)) = cluster.store().list(Kind::Pod, None).next() else {
        panic!("it is there");
    };
    assert!(pod.is_ready());
}
