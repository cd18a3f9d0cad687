//! C11: an autoscaler over a world whose applications declare what they use.

use glassplane::api::{Deployment, HorizontalPodAutoscaler, Kind, Object};
use glassplane::cluster::Cluster;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::get;

/// A Deployment whose pods use so much cpu, and an autoscaler at 50 % of their 200m.
fn manifests(replicas: u32, cpu: &str) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata:
      labels: {{app: web}}
      annotations: {{glassplane.io/cpu: \"{cpu}\"}}
    spec:
      containers:
      - {{name: web, image: 'nginx:1.27', resources: {{requests: {{cpu: 200m}}}}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {{name: web}}
spec:
  scaleTargetRef: {{apiVersion: apps/v1, kind: Deployment, name: web}}
  maxReplicas: 10
  metrics:
  - {{type: Resource, resource: {{name: cpu, target: {{type: Utilization, averageUtilization: 50}}}}}}
"
    )
}

/// The seconds at which the Deployment was asked for another number of pods, and the number.
fn sizes(cluster: &Cluster) -> Vec<(u64, i32)> {
    let mut sizes: Vec<(u64, i32)> = Vec::new();
    for (at, change) in writes(cluster, Kind::Deployment) {
        if let Object::Deployment(deployment) = &change.object {
            let size = deployment.spec.replicas.unwrap_or(1);
            if sizes.last().is_none_or(|(_, last)| *last != size) {
                sizes.push((at.as_secs(), size));
            }
        }
    }
    sizes
}

#[test]
fn c11_load_doubles_the_pods_each_15_seconds_and_calm_removes_them_300_seconds_later() {
    // Pods at 190m of 100m would like to be twice as many, until 300 s after their start.
    let mut cluster = world(3, &manifests(2, "0s 190m, 300s 190m, 300s 10m"));
    wait(&mut cluster, 900);
    // The autoscaler looks 15 s after it was made and each 15 s. All pods are busy until 345 s, when
    // those of the first three sizes have calmed down; 330 s was the last time that ten were wanted.
    assert_eq!(
        sizes(&cluster),
        [(0, 2), (15, 4), (30, 8), (45, 10), (630, 5), (645, 1)]
    );
    let said: Vec<String> = events(&cluster, Kind::HorizontalPodAutoscaler)
        .into_iter()
        .filter(|(_, reason, _)| reason == "SuccessfulRescale")
        .map(|(_, _, message)| message)
        .collect();
    let up = "reason: cpu resource utilization (percentage of request) above target";
    assert_eq!(
        said[..2],
        [format!("New size: 4; {up}"), format!("New size: 8; {up}")]
    );
    assert!(said.contains(&"New size: 1; reason: All metrics below target".to_owned()));
}

#[test]
fn c11_the_table_shows_unknown_until_something_is_measured_and_then_the_share() {
    let mut cluster = world(3, &manifests(2, "90m"));
    let mut targets = Vec::new();
    for _ in 0..3 {
        wait(&mut cluster, 6);
        kubectl(&mut cluster, "get hpa --no-headers");
        wait(&mut cluster, 2);
        let (_, session) = cluster.sessions().next_back().expect("it ran");
        let words: Vec<&str> = session.output().split_whitespace().collect();
        targets.push(words[2..4].join(" "));
    }
    assert_eq!(
        targets,
        ["cpu: <unknown>/50%", "cpu: <unknown>/50%", "cpu: 45%/50%"]
    );
    let deployment: Deployment = get(&cluster, "web").expect("it is there");
    assert_eq!(deployment.spec.replicas, Some(2));
}

#[test]
fn c11_the_scale_subresource_is_read_and_written_and_nothing_else_of_the_workload() {
    let mut cluster = world(3, &manifests(2, "190m"));
    wait(&mut cluster, 60);
    let mut asked: Vec<String> = cluster
        .trace()
        .iter()
        .filter(|record| record.actor.to_string() == "horizontal-pod-autoscaler-controller")
        .filter(|record| record.kind().name() == "api.request")
        .map(|record| record.sentence())
        .filter(|sentence| !sentence.contains("/events"))
        .collect();
    asked.sort();
    asked.dedup();
    let scale = "/apis/apps/v1/namespaces/default/deployments/web/scale";
    let status = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers/web/status";
    assert_eq!(
        asked,
        [
            "asks: GET /apis/apps/v1/namespaces/default/deployments/web/scale".to_owned(),
            "asks: GET /apis/metrics.k8s.io/v1beta1/namespaces/default/pods".to_owned(),
            format!("asks: PUT {scale}"),
            format!("asks: PUT {status}"),
        ]
    );
    let scaler: HorizontalPodAutoscaler = get(&cluster, "web").expect("it is there");
    assert_eq!(scaler.status.desired_replicas, 10);
}

#[test]
fn c11_a_load_step_is_shared_by_the_pods_that_it_makes_and_they_go_300_seconds_after_it() {
    let mut cluster = world(3, &manifests(1, "10m"));
    wait(&mut cluster, 60);
    kubectl(&mut cluster, "fault load-step deployment/web 800m 2m");
    wait(&mut cluster, 115);
    // 800m at 100m for each would be eight pods, and each has 10m of its own: nine.
    kubectl(&mut cluster, "top pods --no-headers");
    wait(&mut cluster, 1);
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    let used: Vec<&str> = session
        .output()
        .lines()
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    assert_eq!(used, ["99m"; 9]);
    wait(&mut cluster, 700);
    // At most four or twice as many each 15 s; the last look at the load is at 180 s.
    assert_eq!(
        sizes(&cluster),
        [(0, 1), (75, 4), (90, 8), (105, 9), (480, 1)]
    );
}

#[test]
fn c11_without_metrics_server_nothing_is_scaled_and_the_autoscaler_says_why() {
    let mut cluster = world(3, &manifests(2, "190m"));
    kubectl(&mut cluster, "fault stop metrics-server");
    wait(&mut cluster, 120);
    assert_eq!(sizes(&cluster), [(0, 2)]);
    let why = "failed to get cpu utilization: unable to get metrics for resource cpu: unable to \
               fetch metrics from resource metrics API: the server is currently unable to handle the \
               request (get pods.metrics.k8s.io)";
    let said: Vec<(String, String)> = events(&cluster, Kind::HorizontalPodAutoscaler)
        .into_iter()
        .map(|(_, reason, message)| (reason, message))
        .collect();
    assert_eq!(
        said[0],
        ("FailedGetResourceMetric".to_owned(), why.to_owned())
    );
    let scaler: HorizontalPodAutoscaler = get(&cluster, "web").expect("it is there");
    let active = scaler
        .status
        .conditions
        .iter()
        .flatten()
        .find(|condition| condition.type_ == "ScalingActive");
    let active = active.expect("it is told");
    assert_eq!(
        (active.status.as_str(), active.reason.as_deref()),
        ("False", Some("FailedGetResourceMetric"))
    );
    kubectl(&mut cluster, "top pods");
    wait(&mut cluster, 1);
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    assert_eq!(session.error_text(), "error: Metrics API not available\n");
    kubectl(&mut cluster, "fault start metrics-server");
    wait(&mut cluster, 60);
    assert!(sizes(&cluster).len() > 1, "{:?}", sizes(&cluster));
}
