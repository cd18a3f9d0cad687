//! Manifests that people know, as they are published: they settle, and all that can run runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glassplane::api::{Kind, Object};
use glassplane::cluster::{Cluster, ClusterConfig, Command, Files};
use glassplane::kubectl::printers::pod_status;

use crate::worlds::{pods, settle};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests")
}

/// A file, or all manifests of a folder.
fn files(name: &str) -> Files {
    let path = folder().join(name);
    let mut found = Files::new();
    let mut add = |file: PathBuf, name: String| {
        let bytes = fs::read(file).expect("it is there");
        found.insert(name, Arc::from(bytes));
    };
    if path.is_dir() {
        for entry in fs::read_dir(&path).expect("it is there").flatten() {
            let file = entry.file_name().to_string_lossy().into_owned();
            add(entry.path(), format!("{name}/{file}"));
        }
    } else {
        add(path, name.to_owned());
    }
    found
}

/// A world in which everything of a name was applied and has come to rest.
fn applied(name: &str, files: Files) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    let line = format!("apply -f {name}");
    let command = Command::parse(&line, &Arc::new(files)).expect("a command");
    cluster.submit(command);
    assert!(settle(&mut cluster, 1200), "{name} does not settle");
    let (_, session) = cluster.sessions().next().expect("it ran");
    assert_eq!(session.exit_code(), Some(0), "{}", session.error_text());
    cluster
}

#[test]
fn the_guestbook_and_the_online_boutique_run_whole() {
    for (name, deployments) in [("guestbook", 3), ("online-boutique.yaml", 12)] {
        let cluster = applied(name, files(name));
        let mut seen = 0;
        for object in cluster.store().list(Kind::Deployment, None) {
            let Object::Deployment(deployment) = object else {
                continue;
            };
            seen += 1;
            assert_eq!(
                deployment.status.ready_replicas,
                Some(deployment.spec.replicas.unwrap_or(1)),
                "{name}: {}",
                deployment.name()
            );
        }
        assert_eq!(seen, deployments, "{name}");
    }
}

#[test]
fn s2_volumes_that_nothing_provides_leave_the_pod_pending_with_the_real_message() {
    let mut files = files("cassandra");
    for bytes in files.values_mut() {
        let text = String::from_utf8_lossy(bytes);
        let text = text.replace("k8s.io/minikube-hostpath", "example.com/nobody");
        *bytes = Arc::from(text.as_bytes());
    }
    let cluster = applied("cassandra", files);
    let pods = pods(&cluster);
    let [pod] = pods.as_slice() else {
        panic!("the first one blocks the others: {}", pods.len())
    };
    assert_eq!(&*pod_status(pod), "Pending");
    let condition = pod.condition("PodScheduled").expect("it was tried");
    let message = condition.message.clone().unwrap_or_default();
    assert!(
        message.starts_with(
            "0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims."
        ),
        "{message}"
    );
}
