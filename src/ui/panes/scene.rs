//! Scenes for the tests of panes: a small cluster by hand, a large one, and what a pane draws of them.

use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use serde_json::{Value, json};

use crate::api::{Kind, Object};
use crate::cluster::driver::Snapshot;
use crate::cluster::{Cluster, ClusterConfig, Command, Files};
use crate::sim::Time;
use crate::ui::model::Model;
use crate::ui::theme::Theme;
use crate::ui::view::View;

/// A pane's function.
pub(super) type Draw = fn(&View<'_>, Rect, &mut Buffer);

/// Every size that a terminal is swept through.
pub(super) const SIZES: [(u16, u16); 14] = [
    (1, 1),
    (2, 2),
    (3, 3),
    (4, 3),
    (5, 20),
    (10, 4),
    (20, 5),
    (33, 9),
    (40, 12),
    (50, 24),
    (80, 24),
    (120, 36),
    (200, 60),
    (400, 120),
];

/// What a pane draws, as text.
pub(super) fn text(
    world: &Cluster,
    model: &Model,
    draw: Draw,
    (width, height): (u16, u16),
) -> String {
    let buf = buffer(world, model, draw, (width, height));
    let line = |y| -> String { (0..width).map(|x| buf[(x, y)].symbol()).collect() };
    (0..height)
        .map(|y| line(y).trim_end().to_owned() + "\n")
        .collect()
}

/// Draws a pane in every size; it must not panic.
pub(super) fn sweep(world: &Cluster, model: &Model, draw: Draw) {
    for size in SIZES {
        buffer(world, model, draw, size);
    }
    for width in 1..40 {
        buffer(world, model, draw, (width, 7));
    }
}

fn buffer(world: &Cluster, model: &Model, draw: Draw, (width, height): (u16, u16)) -> Buffer {
    let (snapshot, theme) = (Snapshot::of(world.clone()), Theme::dark());
    let view = View {
        snapshot: &snapshot,
        model,
        theme: &theme,
        targets: None,
    };
    let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
    draw(&view, buf.area, &mut buf);
    buf
}

/// A node, ready or silent since 8 seconds before the moment.
pub(super) fn node(name: &str, zone: &str, ready: bool) -> Value {
    let status = if ready { "True" } else { "Unknown" };
    json!({
        "metadata": {"name": name, "labels": {"topology.kubernetes.io/zone": zone}},
        "spec": if ready { json!({}) } else {
            json!({"taints": [{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]})
        },
        "status": {
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
            "conditions": [{"type": "Ready", "status": status,
                "lastTransitionTime": Time::from_secs(52).to_timestamp().to_string()}],
        },
    })
}

/// A pod of an owner with 500m and 1Gi.
pub(super) fn pod(name: &str, owner: Option<&Object>, node: Option<&str>, status: &Value) -> Value {
    let owners = owner.map(|owner| {
        vec![json!({
            "apiVersion": owner.kind().info().api_version(), "kind": owner.kind().info().name,
            "name": owner.name(), "uid": owner.uid(), "controller": true,
        })]
    });
    json!({
        "metadata": {"name": name, "namespace": "default", "labels": {"app": "web"},
            "ownerReferences": owners.unwrap_or_default()},
        "spec": {"nodeName": node, "containers": [{"name": "nginx", "image": "nginx:1.27",
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}}}]},
        "status": status,
    })
}

/// The status of a pod that runs and is ready.
pub(super) fn running() -> Value {
    json!({
        "phase": "Running",
        "conditions": [
            {"type": "PodScheduled", "status": "True"}, {"type": "Initialized", "status": "True"},
            {"type": "ContainersReady", "status": "True"}, {"type": "Ready", "status": "True"},
        ],
        "containerStatuses": [{"name": "nginx", "image": "nginx:1.27", "imageID": "", "ready": true,
            "restartCount": 0, "state": {"running": {}}}],
    })
}

/// The status of a pod whose container waits for this reason.
pub(super) fn waiting(reason: &str) -> Value {
    json!({
        "phase": "Pending",
        "conditions": [
            {"type": "PodScheduled", "status": "True"}, {"type": "Initialized", "status": "True"},
            {"type": "ContainersReady", "status": "False"}, {"type": "Ready", "status": "False"},
        ],
        "containerStatuses": [{"name": "nginx", "image": "nginx:1.27", "imageID": "", "ready": false,
            "restartCount": 0, "state": {"waiting": {"reason": reason}}}],
    })
}

/// The template of a workload.
pub(super) fn template() -> Value {
    json!({"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}]}})
}

/// Three nodes, one of them silent; a Deployment that wants three pods and has two ready ones; a
/// lone pod that is pending; a Service with two of three endpoints ready.
pub(super) fn small() -> Cluster {
    let mut world = Cluster::staged();
    world.stage_step(Time::from_secs(60));
    for (name, zone, ready) in [
        ("node-a", "a", true),
        ("node-b", "b", true),
        ("node-c", "c", false),
    ] {
        world.stage(Kind::Node, node(name, zone, ready));
        let renewed = Time::from_secs(if ready { 57 } else { 10 }).to_timestamp();
        world.stage(Kind::Lease, json!({
            "metadata": {"name": name, "namespace": "kube-node-lease"},
            "spec": {"renewTime": format!("{renewed:.6}"), "leaseDurationSeconds": 40, "holderIdentity": name},
        }));
    }
    let spec =
        json!({"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template()});
    let deployment = world.stage(Kind::Deployment, json!({
        "metadata": {"name": "web", "namespace": "default"}, "spec": spec,
        "status": {"observedGeneration": 1, "replicas": 3, "updatedReplicas": 3, "readyReplicas": 2,
            "availableReplicas": 2, "unavailableReplicas": 1},
    }));
    let set = world.stage(Kind::ReplicaSet, json!({
        "metadata": {"name": "web-6d4f", "namespace": "default", "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": deployment.uid(), "controller": true}]},
        "spec": spec,
        "status": {"replicas": 3, "readyReplicas": 2, "availableReplicas": 2, "fullyLabeledReplicas": 3, "observedGeneration": 1},
    }));
    for (name, node, status) in [
        ("web-6d4f-9qd8z", "node-a", running()),
        ("web-6d4f-k2xv5", "node-a", running()),
        ("web-6d4f-x7m2c", "node-b", waiting("ContainerCreating")),
    ] {
        world.stage(Kind::Pod, pod(name, Some(&set), Some(node), &status));
    }
    world.stage(
        Kind::Pod,
        pod("lonely", None, None, &json!({"phase": "Pending"})),
    );
    world.stage(
        Kind::Service,
        json!({
            "metadata": {"name": "web", "namespace": "default"},
            "spec": {"clusterIP": "10.96.3.4", "selector": {"app": "web"}, "ports": [{"port": 80}]},
        }),
    );
    let endpoint =
        |ip: &str, ready: bool| json!({"addresses": [ip], "conditions": {"ready": ready}});
    world.stage(Kind::EndpointSlice, json!({
        "metadata": {"name": "web-abcde", "namespace": "default", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4", "ports": [{"port": 80}],
        "endpoints": [endpoint("10.244.0.5", true), endpoint("10.244.0.6", true), endpoint("10.244.1.7", false)],
    }));
    world
}

/// So many nodes in three zones, with ten running pods on each, a hundred to a Deployment.
pub(super) fn large(nodes: usize) -> Cluster {
    let mut world = Cluster::staged();
    world.stage_step(Time::from_secs(60));
    let mut set = None;
    for place in 0..nodes {
        let name = format!("node-{place:04}");
        world.stage(
            Kind::Node,
            node(&name, ["a", "b", "c"][place % 3], place % 97 != 5),
        );
        if place % 10 == 0 {
            set = Some(staged_workload(&mut world, &format!("web{place}")));
        }
        for number in 0..10 - place % 4 {
            let pod = pod(
                &format!("web{place}-6d4f-{number:05}"),
                set.as_ref(),
                Some(&name),
                &running(),
            );
            world.stage(Kind::Pod, pod);
        }
    }
    world.stage_step(Time::from_secs(61));
    world
}

fn staged_workload(world: &mut Cluster, name: &str) -> Object {
    let spec = json!({"replicas": 100, "selector": {"matchLabels": {"app": "web"}}, "template": template()});
    let deployment = world.stage(
        Kind::Deployment,
        json!({
        "metadata": {"name": name, "namespace": "default"}, "spec": spec}),
    );
    world.stage(Kind::ReplicaSet, json!({
        "metadata": {"name": format!("{name}-6d4f"), "namespace": "default", "ownerReferences": [{
            "apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": deployment.uid(), "controller": true}]},
        "spec": spec,
    }))
}

/// A live world of three nodes in which these manifests were applied, run until it settled.
pub(super) fn live(manifest: &str, and_then: &[&str]) -> Cluster {
    let files: Files = [("web.yaml".to_owned(), Arc::from(manifest.as_bytes()))].into();
    let files = Arc::new(files);
    let mut world = Cluster::new(ClusterConfig::with_nodes(7, 3));
    for line in ["kubectl apply -f web.yaml"].iter().chain(and_then) {
        let command = Command::parse(line, &files).expect("the line is a command");
        world.submit(command);
        world.run_until(Duration::from_mins(10), Cluster::is_settled);
    }
    world
}

/// A model in which the first object of a kind is selected.
pub(super) fn selecting(world: &Cluster, kind: Kind) -> Model {
    let mut objects = world.store().list(kind, Some("default"));
    Model {
        selection: objects.next().map(Object::key),
        ..Model::default()
    }
}

/// A Deployment of one pod that is ready after a probe.
pub(super) const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: nginx
        image: nginx:1.27
        resources:
          requests: {cpu: 500m, memory: 1Gi}
";
