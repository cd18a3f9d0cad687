//! `kubectl logs`, from the line that is typed to the lines that are printed.

use std::time::Duration;

use glassplane::cluster::{Cluster, ClusterConfig, Command};

use crate::worlds::command;

/// What a line prints: stdout and stderr.
fn ask(cluster: &mut Cluster, line: &str) -> (String, String) {
    let before = cluster.sessions().count();
    let command = Command::parse(line, &std::sync::Arc::default()).expect(line);
    cluster.submit(command);
    let asked = cluster.run_until(Duration::from_secs(5), |cluster| {
        let session = cluster.sessions().nth(before);
        session.is_some_and(|(_, session)| session.exit_code().is_some())
    });
    assert!(asked, "{line}");
    let (_, session) = cluster.sessions().nth(before).expect("it ran");
    (session.output().to_owned(), session.error_text())
}

const FILE: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers:
      - { name: web, image: \"nginx:1.29\" }
---
apiVersion: v1
kind: Pod
metadata:
  name: two
  labels: { app: two }
  annotations: { glassplane.io/starts-in: 2s, side.glassplane.io/starts-in: 3s }
spec:
  initContainers:
  - { name: setup, image: \"busybox:1.37\" }
  containers:
  - { name: main, image: \"nginx:1.29\" }
  - { name: side, image: \"nginx:1.29\" }
---
apiVersion: v1
kind: Pod
metadata: { name: nowhere }
spec:
  nodeSelector: { disk: none }
  containers:
  - { name: web, image: \"nginx:1.29\" }
";

fn running() -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    cluster.submit(command("apply -f file.yaml", FILE));
    cluster.run_until(Duration::from_mins(1), |_| false);
    cluster
}

#[test]
fn logs_print_what_the_containers_wrote() {
    let mut cluster = running();
    let cases = [
        ("logs two -c main", "starting\nup\n", ""),
        ("logs two main", "starting\nup\n", ""),
        ("logs two -c main --tail=1", "up\n", ""),
        ("logs pod/two -c setup", "started\ndone\n", ""),
        (
            "logs two",
            "starting\nup\n",
            "Defaulted container \"main\" out of: main, side, setup (init)\n",
        ),
        (
            "logs two --all-containers --prefix --tail=1",
            "[pod/two/setup] done\n[pod/two/main] up\n[pod/two/side] up\n",
            "",
        ),
        ("logs -l app=web --tail=1", "started\nstarted\n", ""),
        ("logs two -c main --since=1s", "", ""),
        ("logs nowhere", "", ""),
    ];
    for (line, out, err) in cases {
        assert_eq!(
            ask(&mut cluster, line),
            (out.to_owned(), err.to_owned()),
            "{line}"
        );
    }
    let (out, err) = ask(&mut cluster, "logs deployment/web");
    assert_eq!(out, "started\n");
    assert!(err.starts_with("Found 2 pods, using pod/web-"), "{err}");
    let (out, _) = ask(&mut cluster, "logs two -c main --tail=1 --timestamps");
    assert!(
        out.starts_with("2026-01-01T00:00:0") && out.ends_with("Z up\n"),
        "{out}"
    );
}

#[test]
fn logs_that_are_not_there_say_why_as_kubernetes_says_it() {
    let mut cluster = running();
    let cases = [
        (
            "logs two -c nobody",
            "error: container nobody is not valid for pod two out of: main, side, setup (init)\n",
        ),
        (
            "logs two -c main -p",
            "Error from server (BadRequest): previous terminated container \"main\" in pod \"two\" not \
             found\n",
        ),
        (
            "logs nobody",
            "error: error from server (NotFound): pods \"nobody\" not found in namespace \"default\"\n",
        ),
    ];
    for (line, err) in cases {
        let (_, said) = ask(&mut cluster, line);
        assert_eq!(said, err, "{line}");
    }
    cluster.submit(
        Command::parse("fault node-down node-a", &std::sync::Arc::default()).expect("a fault"),
    );
    cluster.submit(
        Command::parse("fault node-down node-b", &std::sync::Arc::default()).expect("a fault"),
    );
    cluster.submit(
        Command::parse("fault node-down node-c", &std::sync::Arc::default()).expect("a fault"),
    );
    cluster.run_until(Duration::from_secs(1), |_| false);
    let (_, said) = ask(&mut cluster, "logs two -c main");
    let start = "Error from server: Get \"https://172.18.0.";
    let end = ":10250: connect: no route to host\n";
    assert!(said.starts_with(start) && said.ends_with(end), "{said}");
}

#[test]
fn a_log_is_followed_until_its_container_ends_and_keeps_nothing_from_being_settled() {
    let file = "apiVersion: v1
kind: Pod
metadata:
  name: short
  annotations: { glassplane.io/starts-in: 2s, glassplane.io/exits-after: 20s }
spec:
  restartPolicy: Never
  containers: [{ name: c, image: \"busybox:1.37\" }]
---
apiVersion: v1
kind: Pod
metadata: { name: long }
spec:
  containers: [{ name: c, image: \"nginx:1.29\" }]
";
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 1));
    cluster.submit(command("apply -f file.yaml", file));
    cluster.run_until(Duration::from_secs(10), |_| false);
    for line in ["logs short -f", "logs long -f"] {
        let command = Command::parse(line, &std::sync::Arc::default()).expect(line);
        cluster.submit(command);
        cluster.run_until(Duration::from_secs(2), |_| false);
    }
    let followed = |cluster: &Cluster, pod: &str| {
        let line = format!("kubectl logs {pod} -f");
        let mut sessions = cluster.sessions().map(|(_, session)| session);
        let session = sessions.find(|session| session.invocation().line == line);
        let session = session.expect("it was typed");
        (session.output().to_owned(), session.exit_code())
    };
    let (before, code) = followed(&cluster, "short");
    assert_eq!(code, None);
    assert!(before.starts_with("starting\n"), "{before}");
    cluster.run_until(Duration::from_secs(30), |_| false);
    let (after, code) = followed(&cluster, "short");
    assert_eq!(code, Some(0), "the container has ended");
    assert!(
        after.starts_with(&before) && after.len() > before.len(),
        "{after}"
    );
    let whole = ask(&mut cluster, "logs short").0;
    assert_eq!(after, whole, "nothing was left out or said twice");
    assert_eq!(followed(&cluster, "long").1, None);
}
