//! K6 and K7: how a pod goes, and what ends it before anybody asks.

use std::sync::Arc;
use std::time::Duration;

use glassplane::api::{EndpointSlice, Kind, Node, Object, Pod, Typed, core};
use glassplane::apiserver::{Note as ApiNote, Verb};
use glassplane::cluster::{Cluster, Detail};
use glassplane::kubelet::{Happening, Note};
use glassplane::sim::Time;
use glassplane::store::Change;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{get, pods, settle};

/// A pod called `web` behind a Service, with these annotations and this in its container.
fn served(annotations: &str, spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, \
         ports: [{{port: 80}}]}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: \
         {{app: web}}, annotations: {{{annotations}}}}}\nspec:\n  {spec}\n  containers:\n  - {{name: \
         web, image: 'nginx:1.29'{container}}}\n"
    )
}

/// When something happened in a pod for the first time.
fn first(cluster: &Cluster, is: impl Fn(&Happening) -> bool) -> Time {
    let mut notes = cluster
        .trace()
        .iter()
        .filter_map(|record| match &record.detail {
            Detail::Kubelet(Note::Pod(note)) => Some((record.time, &note.what)),
            _ => None,
        });
    notes.find(|(_, what)| is(what)).expect("it happened").0
}

fn is_sigterm(what: &Happening) -> bool {
    matches!(what, Happening::Sigterm(_))
}

fn is_exit(what: &Happening) -> bool {
    matches!(what, Happening::Exited(_))
}

/// The pod has a hook of so many seconds, and a grace; it is deleted. Seconds from the deletion mark
/// to SIGTERM and to the end of the process.
fn way_down(annotations: &str, hook: u64, grace: u64) -> (Cluster, u64, u64) {
    let hook = if hook == 0 {
        String::new()
    } else {
        format!(", lifecycle: {{preStop: {{exec: {{command: [sleep, '{hook}']}}}}}}")
    };
    let spec = format!("terminationGracePeriodSeconds: {grace}");
    let mut cluster = world(3, &served(annotations, &spec, &hook));
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "delete pod web");
    wait(&mut cluster, 60);
    let asked = first(&cluster, |what| matches!(what, Happening::AskedToStop(_)));
    let seconds = |at: Time| at.since(asked).as_secs();
    let sigterm = seconds(first(&cluster, is_sigterm));
    let exit = seconds(first(&cluster, is_exit));
    (cluster, sigterm, exit)
}

#[test]
fn k6_sigterm_follows_the_hook_within_the_grace_and_sigkill_ends_it_with_at_least_two_seconds() {
    let deaf = "glassplane.io/on-sigterm: ignore";
    for (annotations, hook, grace, sigterm, exit) in [
        ("", 0, 30, 0, 0),
        ("", 8, 30, 8, 8),
        (deaf, 0, 30, 0, 30),
        (deaf, 8, 30, 8, 30),
        // The hook takes all of the grace: two seconds are left for the process.
        (deaf, 60, 30, 30, 32),
        (deaf, 9, 10, 9, 11),
    ] {
        let (_, found_sigterm, found_exit) = way_down(annotations, hook, grace);
        assert_eq!(
            (found_sigterm, found_exit),
            (sigterm, exit),
            "{annotations} hook {hook} grace {grace}"
        );
    }
}

#[test]
fn k6_the_endpoint_is_not_ready_while_the_hook_runs() {
    let (cluster, ..) = way_down("", 20, 30);
    let is_mark = |change: &&Arc<Change>| {
        Pod::of(&change.object).is_some_and(|pod| pod.name() == "web" && pod.is_terminating())
    };
    let mut marks = writes(&cluster, Kind::Pod).filter(|(_, change)| is_mark(change));
    let (asked, _) = marks.next().expect("it is deleted");
    let slices = writes(&cluster, Kind::EndpointSlice);
    let conditions = slices.filter_map(|(at, change)| {
        let slice = EndpointSlice::of(&change.object)?;
        let endpoint = slice.spec.endpoints.first()?;
        let conditions = endpoint.conditions.clone()?;
        let is = |condition: Option<bool>| condition == Some(true);
        let (ready, serving, terminating) = (
            is(conditions.ready),
            is(conditions.serving),
            is(conditions.terminating),
        );
        (slice.name().starts_with("web-") && at >= asked).then_some((
            at.since(asked),
            ready,
            serving,
            terminating,
        ))
    });
    let (after, ready, serving, terminating) = conditions.into_iter().next().expect("it is told");
    assert_eq!((ready, serving, terminating), (false, true, true));
    assert!(after < Duration::from_secs(2), "{after:?}");
}

#[test]
fn k6_the_kubelet_lets_the_pod_go_by_a_delete_without_grace_when_nothing_runs() {
    let (cluster, ..) = way_down("", 0, 30);
    let ended = first(&cluster, is_exit);
    let deletes = cluster.trace().iter().filter_map(|record| {
        let Detail::Api(ApiNote::Sent(request)) = &record.detail else {
            return None;
        };
        let Verb::Delete(options) = &request.verb else {
            return None;
        };
        let by = request.actor.to_string();
        by.starts_with("kubelet/").then(|| {
            (
                record.time,
                options.grace_period_seconds,
                options.uid.clone(),
            )
        })
    });
    let deletes: Vec<_> = deletes.collect();
    let uid = writes(&cluster, Kind::Pod)
        .next()
        .map(|(_, change)| change.object.uid().to_owned());
    let [(at, grace, named)] = &deletes[..] else {
        panic!("{deletes:?}");
    };
    assert!(*at >= ended);
    assert_eq!((*grace, named), (Some(0), &uid));
    assert!(get::<Pod>(&cluster, "web").is_none());
}

fn terminated(pod: &Pod) -> core::ContainerStateTerminated {
    let status = pod.status.container_statuses.iter().flatten().next();
    let status = status.expect("it has a status");
    let state = |state: &Option<core::ContainerState>| state.as_ref()?.terminated.clone();
    let now = state(&status.state);
    now.or_else(|| state(&status.last_state)).expect("it ended")
}

#[test]
fn k7_each_end_of_a_container_has_its_code_and_reason() {
    let limit = ", resources: {limits: {memory: 64Mi}}";
    for (annotations, line, code, reason) in [
        ("glassplane.io/exits-after: 5s", "get pods", 0, "Completed"),
        (
            "glassplane.io/exits-after: 5s, glassplane.io/exit-code: '3'",
            "get pods",
            3,
            "Error",
        ),
        (
            "glassplane.io/memory: '0s 1Mi, 9s 99Mi'",
            "get pods",
            137,
            "OOMKilled",
        ),
        ("", "fault oom web", 137, "OOMKilled"),
        ("", "fault crash web", 1, "Error"),
    ] {
        let mut cluster = world(3, &served(annotations, "restartPolicy: Never", limit));
        wait(&mut cluster, 20);
        kubectl(&mut cluster, line);
        wait(&mut cluster, 5);
        let pod: Pod = get(&cluster, "web").expect("it stays");
        let end = terminated(&pod);
        assert_eq!(
            (end.exit_code, end.reason.as_deref()),
            (code, Some(reason)),
            "{annotations} {line}"
        );
        let phase = if code == 0 { "Succeeded" } else { "Failed" };
        assert_eq!(pod.phase(), phase, "{annotations} {line}");
    }
}

#[test]
fn k7_a_pod_over_its_deadline_is_failed_with_deadline_exceeded() {
    let mut cluster = world(3, &served("", "activeDeadlineSeconds: 20", ""));
    wait(&mut cluster, 30);
    let pod: Pod = get(&cluster, "web").expect("it stays");
    assert_eq!(pod.phase(), "Failed");
    let message = "Pod was active on the node longer than the specified deadline";
    assert_eq!(pod.status.reason.as_deref(), Some("DeadlineExceeded"));
    assert_eq!(pod.status.message.as_deref(), Some(message));
    let start = pod
        .status
        .start_time
        .as_ref()
        .map(glassplane::api::meta::moment);
    let said = events(&cluster, Kind::Pod);
    let (at, _, said) = said
        .iter()
        .find(|(_, reason, _)| reason == "DeadlineExceeded")
        .expect("it said so");
    assert_eq!(
        (*at, said.as_str()),
        (start.expect("dated").as_secs() + 20, message)
    );
}

/// Three pods on one node that asks for little and uses much from second 60 on.
const GREEDY: &str = "apiVersion: v1
kind: Pod
metadata: {name: guaranteed, annotations: {glassplane.io/memory: 3Gi}}
spec: {containers: [{name: app, image: 'app:1', resources: {limits: {cpu: 1, memory: 4Gi}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: burstable, annotations: {glassplane.io/memory: '0s 1Gi, 60s 1Gi, 60s 9Gi'}}
spec: {containers: [{name: app, image: 'app:1', resources: {requests: {memory: 2Gi}}}]}
---
apiVersion: v1
kind: Pod
metadata: {name: best-effort, annotations: {glassplane.io/memory: '0s 1Gi, 60s 1Gi, 60s 4Gi'}}
spec: {containers: [{name: app, image: 'app:1'}]}
";

#[test]
fn k7_memory_pressure_evicts_who_uses_most_above_its_request_and_taints_the_node() {
    let mut cluster = world(1, GREEDY);
    wait(&mut cluster, 100);
    let phase = |name: &str| {
        let pod: Pod = get(&cluster, name).expect("it stays");
        (pod.phase().to_owned(), pod.status.reason.clone())
    };
    let running = ("Running".to_owned(), None);
    // 9 - 2 Gi above its request, and 4 Gi: the first goes, and then there is enough.
    assert_eq!(
        phase("burstable"),
        ("Failed".to_owned(), Some("Evicted".to_owned()))
    );
    assert_eq!(phase("best-effort"), running);
    assert_eq!(phase("guaranteed"), running);
    let Some(Object::Node(node)) = cluster.store().list(Kind::Node, None).next() else {
        panic!("there is a node");
    };
    let taints: Vec<&str> = node
        .spec
        .taints
        .iter()
        .flatten()
        .map(|taint| taint.key.as_str())
        .collect();
    assert_eq!(taints, ["node.kubernetes.io/memory-pressure"]);
    let said: Vec<String> = events(&cluster, Kind::Node)
        .into_iter()
        .map(|(_, reason, message)| format!("{reason}: {message}"))
        .collect();
    let expected = [
        "EvictionThresholdMet: Attempting to reclaim memory",
        "NodeHasInsufficientMemory: Node node-a status is now: NodeHasInsufficientMemory",
    ];
    assert_eq!(said, expected);
}

#[test]
fn k7_a_full_disk_taints_the_node_and_its_pods_come_up_elsewhere() {
    let mut cluster = world(2, &crate::worlds::web(2));
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "fault fill-disk node-a");
    wait(&mut cluster, 60);
    let taints = |cluster: &Cluster| -> Vec<String> {
        let node: Node = get(cluster, "node-a").expect("it is there");
        let taints = node.spec.taints.iter().flatten();
        taints
            .map(|taint| format!("{}:{}", taint.key, taint.effect))
            .collect()
    };
    assert_eq!(
        taints(&cluster),
        ["node.kubernetes.io/disk-pressure:NoSchedule"]
    );
    // Files of no pod: no eviction helps, so all pods of the node go.
    let all = pods(&cluster);
    let phases = |node: &str, phase: &str| {
        let on = all.iter().filter(|pod| pod.spec.is_on(node));
        on.filter(|pod| pod.phase() == phase).count()
    };
    assert_eq!(
        (phases("node-a", "Failed"), phases("node-a", "Running")),
        (1, 0)
    );
    assert_eq!(phases("node-b", "Running"), 2);
    kubectl(&mut cluster, "fault fill-disk node-a 0");
    wait(&mut cluster, 320);
    assert_eq!(taints(&cluster), Vec::<String>::new());
    let said: Vec<String> = events(&cluster, Kind::Node)
        .into_iter()
        .map(|(_, reason, message)| format!("{reason}: {message}"))
        .collect();
    let expected = [
        "EvictionThresholdMet: Attempting to reclaim ephemeral-storage",
        "NodeHasDiskPressure: Node node-a status is now: NodeHasDiskPressure",
        "NodeHasNoDiskPressure: Node node-a status is now: NodeHasNoDiskPressure",
    ];
    assert_eq!(said, expected);
}
