//! Worlds for the tests: a cluster, commands, and the questions that every test asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use glassplane::api::{Deployment, Key, Kind, Object, Pod, Quantity, Typed};
use glassplane::cluster::{Cluster, ClusterConfig, Command, Files};

/// A small Deployment.
pub(crate) fn web(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: {replicas}\n  \
         selector:\n    matchLabels:\n      app: web\n  template:\n    metadata:\n      labels:\n        \
         app: web\n    spec:\n      containers:\n      - name: web\n        image: nginx:1.27\n        \
         resources:\n          requests:\n            cpu: 250m\n            memory: 128Mi\n"
    )
}

/// A command with one file called `file.yaml`.
pub(crate) fn command(line: &str, file: &str) -> Command {
    let files = Files::from([("file.yaml".to_owned(), Arc::from(file.as_bytes()))]);
    Command::parse(line, &Arc::new(files)).expect(line)
}

/// A cluster of so many nodes with the Deployment applied, before the first step.
pub(crate) fn with_web(seed: u64, nodes: usize, replicas: u32) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(seed, nodes));
    cluster.submit(command("apply -f file.yaml", &web(replicas)));
    cluster
}

/// Runs until settled, within so many seconds.
pub(crate) fn settle(cluster: &mut Cluster, seconds: u64) -> bool {
    cluster.run_until(Duration::from_secs(seconds), Cluster::is_settled)
}

/// The object at this place, if it is of this type.
pub(crate) fn get<T: Typed>(cluster: &Cluster, name: &str) -> Option<T> {
    let namespace = if T::KIND.info().namespaced {
        "default"
    } else {
        ""
    };
    cluster
        .store()
        .get(&Key::new(T::KIND, namespace, name))
        .and_then(T::of)
        .cloned()
}

/// All pods.
pub(crate) fn pods(cluster: &Cluster) -> Vec<Pod> {
    cluster
        .store()
        .list(Kind::Pod, None)
        .filter_map(Pod::of)
        .cloned()
        .collect()
}

/// How many pods of the Deployment are ready, as its status says.
pub(crate) fn ready(cluster: &Cluster, name: &str) -> i32 {
    let deployment: Option<Deployment> = get(cluster, name);
    deployment
        .and_then(|deployment| deployment.status.ready_replicas)
        .unwrap_or(0)
}

/// What must hold in every world at every moment; an empty list when it does.
pub(crate) fn broken_promises(cluster: &Cluster) -> Vec<String> {
    let mut broken = Vec::new();
    let mut used: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for pod in pods(cluster) {
        let Some(node) = pod.spec.node_name.as_deref() else {
            continue;
        };
        if pod.is_finished() {
            continue;
        }
        let (millis, count) = used.entry(node.to_owned()).or_default();
        *count += 1;
        for container in &pod.spec.containers {
            let requests = container
                .resources
                .as_ref()
                .and_then(|each| each.requests.as_ref());
            let cpu = requests.and_then(|requests| requests.get("cpu"));
            let cpu = cpu.map(|cpu| cpu.0.parse::<Quantity>().expect("stored quantities parse"));
            *millis += cpu.map_or(0, Quantity::milli_value);
        }
    }
    for object in cluster.store().list(Kind::Node, None) {
        let Object::Node(node) = object else { continue };
        let allocatable = node.status.allocatable.as_ref();
        let amount = |name: &str| {
            let found = allocatable.and_then(|list| list.get(name));
            found.map_or(0, |amount| {
                amount
                    .0
                    .parse::<Quantity>()
                    .expect("stored quantities parse")
                    .milli_value()
            })
        };
        if let Some((millis, count)) = used.get(node.name())
            && (*millis > amount("cpu") || count * 1000 > amount("pods"))
        {
            let name = node.name();
            broken.push(format!(
                "{name} holds more than it can: {millis}m in {count} pods"
            ));
        }
    }
    broken
}
