//! C11: what an autoscaler does about what its pods use.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::HORIZONTAL_POD_AUTOSCALER;
use crate::api::{Key, Kind, LabelSelector, Metrics, Object, Quantity, Usage, meta};
use crate::apiserver::{Answer, Outcome, Refusal, Scale, Verb, with_defaults};
use crate::controllers::bench::{Bench, changed, messages, object, outlines, written};
use crate::controllers::controller::{Plan, Planned};
use crate::sim::{RecordId, Time};

fn key() -> Key {
    Key::new(Kind::HorizontalPodAutoscaler, "default", "web")
}

fn target() -> Key {
    Key::new(Kind::Deployment, "default", "web")
}

/// An autoscaler of the Deployment `web`, 50 % of the requested cpu, 1 to 10 replicas.
fn scaler(spec: &Value) -> Object {
    let scaler = object(
        Kind::HorizontalPodAutoscaler,
        json!({
            "metadata": {"name": "web", "namespace": "default", "uid": "hpa"},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "minReplicas": 1, "maxReplicas": 10,
                "metrics": [{"type": "Resource", "resource": {
                    "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50},
                }}],
            },
        }),
    );
    with_defaults(changed(&scaler, |scaler| {
        for (name, value) in spec.as_object().into_iter().flatten() {
            scaler["spec"][name] = value.clone();
        }
    }))
}

/// A pod that has been ready for half an hour and requests 200m and 100Mi.
fn pod(name: &str) -> Object {
    let long_ago = "2026-01-01T00:00:00Z";
    object(
        Kind::Pod,
        json!({
            "metadata": {"name": name, "namespace": "default", "labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": "web",
                "resources": {"requests": {"cpu": "200m", "memory": "100Mi"}}}]},
            "status": {"phase": "Running", "startTime": long_ago, "conditions": [
                {"type": "Ready", "status": "True", "lastTransitionTime": long_ago},
            ]},
        }),
    )
}

fn named(number: usize) -> String {
    format!("web-{number}")
}

/// A pod's metrics: its only container uses so many thousandths of a processor and 60Mi.
fn metrics(name: &str, millis: i64, now: Time) -> Metrics {
    let usage = Usage {
        cpu: Quantity::millis(millis),
        memory: Quantity::bytes(60 << 20),
    };
    Metrics {
        key: Key::new(Kind::Pod, "default", name),
        timestamp: now,
        record: RecordId(0),
        window: Duration::from_secs(15),
        parts: vec![(Arc::from("web"), usage)],
    }
}

/// An autoscaler at its desk: it reads the scale and the metrics that the test puts there.
struct World {
    bench: Bench,
    scaler: Object,
    pods: Vec<Object>,
    replicas: i32,
    selector: LabelSelector,
    measured: Outcome,
}

impl World {
    fn new(spec: &Value, pods: usize) -> Self {
        let mut bench = Bench::new(&HORIZONTAL_POD_AUTOSCALER, &[]);
        bench.now = Time::from_secs(1_800);
        Self {
            bench,
            scaler: scaler(spec),
            pods: (0..pods).map(|number| pod(&named(number))).collect(),
            replicas: i32::try_from(pods).expect("a few"),
            selector: LabelSelector {
                match_labels: Some([("app".to_owned(), "web".to_owned())].into()),
                match_expressions: None,
            },
            measured: Ok(Answer::Metrics(Vec::new())),
        }
    }

    /// Every pod uses so much.
    fn uses(&mut self, millis: i64) -> &mut Self {
        let all = self
            .pods
            .iter()
            .map(|pod| metrics(pod.name(), millis, self.bench.now));
        self.measured = Ok(Answer::Metrics(all.collect()));
        self
    }

    fn answer(&self, verb: &Verb) -> Outcome {
        match verb {
            Verb::GetScale => Ok(Answer::Scale(Scale {
                replicas: self.replicas,
                current_replicas: self.replicas,
                selector: self.selector.clone(),
                resource_version: None,
            })),
            _ => self.measured.clone(),
        }
    }

    /// One look, and the world as it is after it.
    fn look(&mut self) -> Plan {
        let mut objects = self.pods.clone();
        objects.push(self.scaler.clone());
        self.bench.see(&objects);
        let mut plan = self.bench.plan(&key());
        let mut answers: Vec<Outcome> = Vec::new();
        while let Some(inquiry) = plan.inquiry.take() {
            answers.extend(inquiry.questions.iter().map(|(_, verb)| self.answer(verb)));
            let then = |planned: &Planned<'_>| (inquiry.then)(planned, &answers);
            plan = self.bench.plan_with(&key(), then);
        }
        for action in &plan.actions {
            match &action.verb {
                Verb::UpdateScale(scale) => {
                    assert_eq!(action.key, target());
                    self.replicas = scale.replicas;
                }
                Verb::WriteStatus(object, _) => self.scaler = object.clone(),
                other => panic!("an autoscaler writes nothing else: {other:?}"),
            }
        }
        let wanted = usize::try_from(self.replicas).expect("not below zero");
        self.pods.truncate(wanted);
        while self.pods.len() < wanted {
            self.pods.push(pod(&named(self.pods.len())));
        }
        self.bench.remembered.clone_from(&plan.remember);
        plan
    }

    fn condition(&self, condition_type: &str) -> String {
        let status = self.scaler.to_value();
        let conditions = status["status"]["conditions"].as_array().cloned();
        let found = conditions
            .into_iter()
            .flatten()
            .find(|condition| condition["type"] == condition_type);
        found.map_or_else(String::new, |condition| {
            let text = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
            format!("{} {}: {}", text("status"), text("reason"), text("message"))
        })
    }
}

#[test]
fn c11_the_ratio_of_usage_to_requests_decides_and_a_tenth_is_tolerated() {
    // Requests are 200m and the target is 50 %: 100m per pod.
    for (pods, millis, replicas) in [
        (2, 100, 2),
        (2, 109, 2),
        (2, 110, 2),
        (2, 112, 3),
        (2, 150, 3),
        (2, 200, 4),
        (4, 91, 4),
        (4, 90, 4),
        (1, 500, 4),
        (4, 500, 8),
        (8, 500, 10),
    ] {
        let mut world = World::new(&json!({}), pods);
        world.uses(millis).look();
        assert_eq!(world.replicas, replicas, "{pods} pods at {millis}m");
    }
}

#[test]
fn c11_a_rescale_goes_through_the_scale_and_says_why() {
    let mut world = World::new(&json!({}), 2);
    let plan = world.uses(150).look();
    assert_eq!(
        outlines(&plan),
        ["scale deployment web", "status horizontalpodautoscaler web"]
    );
    assert_eq!(
        messages(&plan),
        [
            "SuccessfulRescale New size: 3; reason: cpu resource utilization (percentage of request) \
          above target"
        ]
    );
    let status = written(&plan.actions[1])["status"].clone();
    assert_eq!(status["currentReplicas"], 2);
    assert_eq!(status["desiredReplicas"], 3);
    let cpu = &status["currentMetrics"][0]["resource"]["current"];
    assert_eq!(
        *cpu,
        json!({"averageUtilization": 75, "averageValue": "150m"})
    );
    assert_eq!(
        world.condition("AbleToScale"),
        "True SucceededRescale: the HPA controller was able to update the target scale to 3"
    );
    assert_eq!(
        world.condition("ScalingActive"),
        "True ValidMetricFound: the HPA was able to successfully calculate a replica count from \
         cpu resource utilization (percentage of request)"
    );
    assert_eq!(
        world.condition("ScalingLimited"),
        "False DesiredWithinRange: the desired count is within the acceptable range"
    );
}

#[test]
fn c11_down_only_after_the_highest_recommendation_of_300_seconds_has_passed() {
    let mut world = World::new(&json!({}), 6);
    let start = world.bench.now;
    world.uses(100).look();
    let mut steps = Vec::new();
    for _ in 0..30 {
        world.bench.wait(Duration::from_secs(15));
        let before = world.replicas;
        world.uses(25).look();
        if world.replicas != before {
            let after = world.bench.now.since(start).as_secs();
            steps.push((after, world.replicas));
        } else if before == 6 {
            assert_eq!(
                world.condition("AbleToScale"),
                "True ScaleDownStabilized: recent recommendations were higher than current one, \
                 applying the highest recent recommendation"
            );
        }
    }
    // 6 was recommended at 0 s; the window still holds it at 300 s and no longer at 315 s.
    assert_eq!(steps[0], (315, 2), "{steps:?}");
}

#[test]
fn c11_rules_limit_each_period_and_their_selection_decides_between_them() {
    // 500m of 100m: five times as many are wanted each time.
    let pods = |value: i32| json!({"type": "Pods", "value": value, "periodSeconds": 60});
    let per_cent = |value: i32| json!({"type": "Percent", "value": value, "periodSeconds": 60});
    for (rules, expected) in [
        (json!({"policies": [pods(1)]}), [3, 3, 3, 3, 4]),
        (
            json!({"policies": [pods(1), per_cent(100)]}),
            [4, 4, 4, 4, 8],
        ),
        (
            json!({"policies": [pods(1), per_cent(100)], "selectPolicy": "Min"}),
            [3, 3, 3, 3, 4],
        ),
        (json!({"policies": [per_cent(10)]}), [3, 3, 3, 3, 4]),
        (json!({"selectPolicy": "Disabled"}), [2, 2, 2, 2, 2]),
        (json!({}), [6, 10, 10, 10, 10]),
    ] {
        let mut world = World::new(&json!({"behavior": {"scaleUp": rules}}), 2);
        let mut seen = Vec::new();
        for _ in 0..5 {
            world.uses(500).look();
            seen.push(world.replicas);
            world.bench.wait(Duration::from_secs(15));
        }
        assert_eq!(seen, expected, "{rules}");
    }
}

#[test]
fn c11_a_window_for_going_up_waits_for_the_lowest_recommendation() {
    let behavior = json!({"scaleUp": {"stabilizationWindowSeconds": 60}});
    let mut world = World::new(&json!({"behavior": behavior}), 2);
    world.uses(100).look();
    let mut seen = Vec::new();
    for _ in 0..5 {
        world.bench.wait(Duration::from_secs(15));
        world.uses(150).look();
        seen.push(world.replicas);
    }
    assert_eq!(seen, [2, 2, 2, 3, 3]);
}

#[test]
fn c11_without_requests_nothing_is_done_and_the_reason_is_told() {
    let mut world = World::new(&json!({}), 2);
    for pod in &mut world.pods {
        *pod = changed(pod, |pod| {
            pod["spec"]["containers"][0]["resources"] = json!({});
        });
    }
    let plan = world.uses(900).look();
    let why =
        "failed to get cpu utilization: missing request for cpu in container web of Pod web-0";
    assert_eq!(
        messages(&plan),
        [
            format!("FailedGetResourceMetric {why}"),
            format!(
                "FailedComputeMetricsReplicas invalid metrics (1 invalid out of 1), first error is: \
                 failed to get cpu resource metric value: {why}"
            ),
        ]
    );
    assert_eq!(outlines(&plan), ["status horizontalpodautoscaler web"]);
    assert_eq!(
        world.condition("ScalingActive"),
        format!(
            "False FailedGetResourceMetric: the HPA was unable to compute the replica count: {why}"
        )
    );
}

#[test]
fn c11_before_anything_is_measured_nothing_is_done() {
    let pods = Key::new(Kind::Pod, "default", "");
    for (answer, why) in [
        (
            Err(Refusal::metrics_unavailable(&pods)),
            "unable to fetch metrics from resource metrics API: the server is currently unable to \
             handle the request (get pods.metrics.k8s.io)",
        ),
        (
            Ok(Answer::Metrics(Vec::new())),
            "no metrics returned from resource metrics API",
        ),
    ] {
        let mut world = World::new(&json!({}), 2);
        world.measured = answer;
        world.look();
        assert_eq!(world.replicas, 2);
        assert_eq!(
            world.condition("ScalingActive"),
            format!(
                "False FailedGetResourceMetric: the HPA was unable to compute the replica count: \
                 failed to get cpu utilization: unable to get metrics for resource cpu: {why}"
            )
        );
    }
}

#[test]
fn c11_pods_without_metrics_count_against_the_change() {
    // Two of four have been measured.
    for (millis, replicas) in [
        // Up: the missing ones count nothing, 2 × 300m over four pods is 75 % of 50 %.
        (300, 6),
        // Up: 2 × 150m over four pods would be below the target: it would turn.
        (150, 4),
        // Down: the missing ones count all that they request, (2 × 10m + 2 × 200m) / 800m = 52 %.
        (10, 4),
    ] {
        let mut world = World::new(&json!({}), 4);
        world.uses(millis);
        if let Ok(Answer::Metrics(metrics)) = &mut world.measured {
            metrics.truncate(2);
        }
        world.look();
        assert_eq!(world.replicas, replicas, "{millis}m");
    }
}

#[test]
fn c11_pods_that_are_not_ready_yet_count_nothing_on_the_way_up() {
    // Two ready pods use 300m; the other two have started within the last five minutes.
    let fresh = |pod: &Object, started: u64, ready: &str, changed_at: u64| {
        changed(pod, |pod| {
            let stamp = |second: u64| json!(meta::object_time(Time::from_secs(second)));
            pod["status"]["startTime"] = stamp(started);
            pod["status"]["conditions"] = json!([
                {"type": "Ready", "status": ready, "lastTransitionTime": stamp(changed_at)},
            ]);
        })
    };
    for (started, ready, changed_at, replicas, why) in [
        (1_700, "False", 1_700, 6, "it is not ready"),
        (
            1_780,
            "True",
            1_790,
            6,
            "its sample began before it was ready",
        ),
        (
            1_700,
            "True",
            1_710,
            8,
            "its whole sample is from when it was ready",
        ),
        (
            600,
            "False",
            620,
            6,
            "it has not been ready since its start",
        ),
        (600, "False", 1_200, 8, "it has been ready before"),
    ] {
        let mut world = World::new(&json!({}), 4);
        world.uses(300);
        for pod in &mut world.pods[2..] {
            *pod = fresh(pod, started, ready, changed_at);
        }
        world.look();
        assert_eq!(world.replicas, replicas, "{why}");
    }
}

#[test]
fn c11_averages_and_single_containers_are_metrics_too() {
    let average = json!([{"type": "Resource", "resource": {
        "name": "memory", "target": {"type": "AverageValue", "averageValue": "40Mi"}}}]);
    let container = |name: &str| {
        json!([{"type": "ContainerResource", "containerResource": {
            "name": "cpu", "container": name,
            "target": {"type": "Utilization", "averageUtilization": 50}}}])
    };
    for (metrics, replicas) in [
        // 60Mi of 40Mi.
        (average, 3),
        (container("web"), 4),
    ] {
        let mut world = World::new(&json!({"metrics": metrics}), 2);
        world.uses(200).look();
        assert_eq!(world.replicas, replicas, "{metrics}");
    }
    let mut world = World::new(&json!({"metrics": container("sidecar")}), 2);
    world.uses(200).look();
    assert_eq!(
        world.condition("ScalingActive"),
        "False FailedGetContainerResourceMetric: the HPA was unable to compute the replica count: \
         failed to get cpu utilization: unable to get metrics for resource cpu: failed to get \
         container metrics: container sidecar not present in metrics for pod default/web-0"
    );
}

#[test]
fn c11_metrics_that_nothing_serves_are_told_and_forbid_only_the_way_down() {
    let unserved = json!({"type": "Pods", "pods": {"metric": {"name": "requests"},
        "target": {"type": "AverageValue", "averageValue": "100"}}});
    let cpu = json!({"type": "Resource", "resource": {
        "name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}});
    for (millis, replicas) in [(200, 4), (10, 2)] {
        let mut world = World::new(&json!({"metrics": [unserved, cpu]}), 2);
        world.uses(millis).look();
        assert_eq!(world.replicas, replicas, "{millis}m");
    }
    let object = json!({"type": "Object", "object": {"metric": {"name": "hits"},
        "describedObject": {"kind": "Service", "name": "web", "apiVersion": "v1"},
        "target": {"type": "Value", "value": "10"}}});
    let external = json!({"type": "External", "external": {"metric": {"name": "queue",
        "selector": {"matchLabels": {"q": "a"}}}, "target": {"type": "Value", "value": "10"}}});
    let custom = "unable to fetch metrics from custom metrics API: no custom metrics API \
                  (custom.metrics.k8s.io) registered";
    for (metric, reason, why) in [
        (unserved, "FailedGetPodsMetric", format!("unable to get metric requests: {custom}")),
        (
            object,
            "FailedGetObjectMetric",
            format!("unable to get metric hits on Service default/web: {custom}"),
        ),
        (
            external,
            "FailedGetExternalMetric",
            "unable to get external metric default/queue/&LabelSelector{MatchLabels:map[string]\
             string{q: a,},MatchExpressions:[]LabelSelectorRequirement{},}: unable to fetch metrics \
             from external metrics API: the server could not find the requested resource (get \
             queue.external.metrics.k8s.io)"
                .to_owned(),
        ),
    ] {
        let mut world = World::new(&json!({"metrics": [metric]}), 2);
        world.uses(200).look();
        assert_eq!(world.replicas, 2);
        assert_eq!(
            world.condition("ScalingActive"),
            format!("False {reason}: the HPA was unable to compute the replica count: {why}")
        );
    }
}

#[test]
fn c11_numbers_outside_the_bounds_need_no_metrics_and_zero_switches_it_off() {
    let mut world = World::new(&json!({"minReplicas": 3}), 1);
    let plan = world.look();
    assert_eq!(world.replicas, 3);
    assert_eq!(
        messages(&plan),
        [
            "SuccessfulRescale New size: 3; reason: Current number of replicas below Spec.MinReplicas"
        ]
    );
    let mut world = World::new(&json!({"maxReplicas": 2}), 5);
    let plan = world.look();
    assert_eq!(world.replicas, 2);
    assert_eq!(
        messages(&plan),
        [
            "SuccessfulRescale New size: 2; reason: Current number of replicas above Spec.MaxReplicas"
        ]
    );
    let mut world = World::new(&json!({}), 0);
    let plan = world.look();
    assert_eq!(outlines(&plan), ["status horizontalpodautoscaler web"]);
    assert_eq!(
        world.condition("ScalingActive"),
        "False ScalingDisabled: scaling is disabled since the replica count of the target is zero"
    );
}

#[test]
fn c11_a_workload_that_is_not_there_or_not_known_is_told() {
    let foo = json!({"apiVersion": "apps/v1", "kind": "Foo", "name": "web"});
    let mut world = World::new(&json!({"scaleTargetRef": foo}), 2);
    let plan = world.look();
    let why = "no matches for kind \"Foo\" in group \"apps\"";
    assert_eq!(messages(&plan), [format!("FailedGetScale {why}")]);
    assert_eq!(
        world.condition("AbleToScale"),
        format!(
            "False FailedGetScale: the HPA controller was unable to get the target's current scale: \
             {why}"
        )
    );
}

#[test]
fn c11_two_autoscalers_of_one_workload_keep_each_other_from_acting() {
    let mut world = World::new(&json!({}), 2);
    world.uses(200);
    let second = changed(&world.scaler, |scaler| {
        scaler["metadata"]["name"] = "web-2".into();
    });
    world.pods.push(second);
    let plan = world.look();
    let why = "pods by selector app=web are controlled by more than one HPA (e.g. [{web default} \
               {web-2 default}])";
    assert!(
        messages(&plan).contains(&format!("AmbiguousSelector {why}")),
        "{:?}",
        messages(&plan)
    );
    assert_eq!(
        world.condition("ScalingActive"),
        format!("False AmbiguousSelector: {why}")
    );
}

#[test]
fn c11_a_workload_that_cannot_be_scaled_is_told_at_once() {
    let world = World::new(&json!({}), 2);
    let mut bench = Bench::new(
        &HORIZONTAL_POD_AUTOSCALER,
        std::slice::from_ref(&world.scaler),
    );
    let target = Key::new(Kind::Deployment, "default", "web");
    let refusal = Refusal::forbidden(&target, "not today");
    let why = refusal.message.clone();
    bench.refused = Some(refusal);
    let told = bench.plan_with(&world.scaler.key(), |planned| Plan {
        actions: super::tell_failure(planned),
        ..Plan::default()
    });
    let status = &written(&told.actions[0])["status"]["conditions"][0];
    assert_eq!(status["type"], "AbleToScale");
    assert_eq!(status["status"], "False");
    assert_eq!(status["reason"], "FailedUpdateScale");
    assert_eq!(
        status["message"],
        format!("the HPA controller was unable to update the target scale: {why}")
    );
}
