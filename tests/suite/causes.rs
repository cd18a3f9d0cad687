//! Why and what then: every record walks back to the outside, forward and backward agree, and
//! questions find what they mean.

use std::collections::BTreeSet;

use glassplane::api::{Key, Kind};
use glassplane::cluster::{Cluster, ClusterConfig, field};
use glassplane::sim::{RecordId, RecordKind};

use crate::sessions::random;
use crate::worlds::{command, pods, settle, with_web};

/// Three nodes, a Deployment scaled up, a node that goes down, a pod that is deleted.
fn lively() -> Cluster {
    let mut cluster = with_web(7, 3, 3);
    settle(&mut cluster, 120);
    cluster.submit(command("scale deployment/web --replicas=5", ""));
    settle(&mut cluster, 120);
    cluster.submit(command("fault node-down node-b", ""));
    settle(&mut cluster, 600);
    let all = pods(&cluster);
    let reachable = all.iter().find(|pod| !pod.spec.is_on("node-b"));
    let name = reachable.expect("others run").name().to_owned();
    cluster.submit(command(&format!("delete pod {name}"), ""));
    settle(&mut cluster, 120);
    cluster
}

#[test]
fn every_record_walks_back_to_the_outside_and_no_way_is_a_circle() {
    let cluster = lively();
    let trace = cluster.trace();
    for record in trace.iter() {
        let way: Vec<RecordId> = trace.why(record.id).map(|hop| hop.id).collect();
        assert!(way.windows(2).all(|pair| pair[1] < pair[0]), "{way:?}");
        let origin = way.last().and_then(|id| trace.get(*id)).expect("a way");
        assert_eq!(origin.kind(), RecordKind::Command, "{}", origin.sentence());
        assert_eq!(origin.cause, None);
    }
}

#[test]
fn every_record_of_random_sessions_and_published_manifests_walks_back_to_the_outside() {
    let mut worlds: Vec<Cluster> = (0..6)
        .map(|seed| random(seed, 500, |_| ()).cluster)
        .collect();
    let manifest = std::fs::read_to_string("tests/manifests/online-boutique.yaml");
    let mut boutique = Cluster::new(ClusterConfig::with_nodes(7, 3));
    boutique.submit(command(
        "apply -f file.yaml",
        &manifest.expect("it is there"),
    ));
    settle(&mut boutique, 300);
    worlds.push(boutique);
    for world in &worlds {
        let trace = world.trace();
        // A cause comes before what it causes, so each way ends; where it does, somebody outside asked.
        // The trace itself takes nothing else, so this holds of every world of every test.
        for record in trace.iter() {
            match record.cause {
                Some(cause) => assert!(cause < record.id && trace.get(cause).is_some()),
                None => assert_eq!(record.kind(), RecordKind::Command, "{}", record.sentence()),
            }
        }
    }
}

/// The sentences on the way from a record back to the outside.
fn way(cluster: &Cluster, from: RecordId) -> Vec<String> {
    let why = cluster.trace().why(from);
    why.map(|hop| hop.sentence()).collect()
}

/// Whether the sentences stand on the way in this order, from the end to the beginning.
fn leads(way: &[String], sentences: &[&str]) -> bool {
    let mut way = way.iter();
    sentences
        .iter()
        .all(|sentence| way.any(|hop| hop.contains(sentence)))
}

#[test]
fn a_replaced_pod_leads_back_to_the_machine_that_lost_its_power_and_not_to_a_clock() {
    for (fault, struck) in [
        ("fault node-down node-b", "takes the power from node-b"),
        ("fault partition node-b", "cuts node-b off"),
        ("fault pause kubelet/node-b", "pauses kubelet/node-b"),
    ] {
        let mut cluster = with_web(7, 3, 3);
        settle(&mut cluster, 120);
        let before: BTreeSet<String> = pods(&cluster)
            .iter()
            .map(|pod| pod.name().to_owned())
            .collect();
        cluster.submit(command(fault, ""));
        cluster.run_until(std::time::Duration::from_mins(10), |_| false);
        let all = pods(&cluster);
        let fresh = all.iter().find(|pod| !before.contains(pod.name()));
        let key = Key::new(Kind::Pod, "default", fresh.expect("a new pod").name());
        let trace = cluster.trace();
        let creation = trace.writes(&key).last().expect("created").id;
        let way = way(&cluster, creation);
        let expected = [
            "does not tolerate the taint",
            "node.kubernetes.io/unreachable:NoExecute",
            "has not been heard of for 50 s",
            struck,
            fault.trim_start_matches("fault "),
        ];
        assert!(leads(&way, &expected), "{fault}: {way:#?}");
        assert!(
            !way.iter().any(|hop| hop.contains("node monitor")),
            "{way:#?}"
        );
    }
}

#[test]
fn a_scale_up_leads_back_to_what_was_measured_and_to_the_requests_that_it_costs() {
    let file = "
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: { name: web }
spec:
  scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }
  maxReplicas: 6
  metrics: [{ type: Resource, resource: { name: cpu, target: { type: Utilization, averageUtilization: 50 } } }]
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata:
      labels: { app: web }
      annotations: { glassplane.io/cpu-per-request: 5ms }
    spec:
      containers: [{ name: web, image: 'nginx:1.27', resources: { requests: { cpu: 100m } } }]
";
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    cluster.submit(command("apply -f file.yaml", file));
    settle(&mut cluster, 60);
    cluster.run_until(std::time::Duration::from_secs(90), |_| false);
    cluster.submit(command("traffic web 100", ""));
    cluster.run_until(std::time::Duration::from_mins(1), |_| false);
    let web = Key::new(Kind::Deployment, "default", "web");
    let scaled = cluster.trace().write_of_field(&web, "spec.replicas");
    let way = way(&cluster, scaled.expect("scaled").id);
    let expected = [
        "scales deployment default/web from 4 to 6",
        "measured 4 pods",
        "scales deployment default/web from 2 to 4",
        "measured 2 pods",
        "traffic web 100",
    ];
    assert!(leads(&way, &expected), "{way:#?}");
}

#[test]
fn lost_requests_lead_back_to_the_rollout_that_ended_a_pod_too_early() {
    let file = "
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
";
    let mut cluster = with_web(7, 3, 3);
    cluster.submit(command("apply -f file.yaml", file));
    settle(&mut cluster, 120);
    cluster.submit(command("traffic web 300", ""));
    cluster.run_until(std::time::Duration::from_secs(5), |_| false);
    cluster.submit(command("rollout restart deployment/web", ""));
    cluster.run_until(std::time::Duration::from_mins(1), |_| false);
    let counts = cluster
        .trace()
        .iter()
        .filter(|record| record.kind() == RecordKind::TrafficCount);
    let lossy: Vec<RecordId> = counts
        .filter(|record| record.to_value()["detail"]["lost"].as_u64() > Some(0))
        .map(|record| record.id)
        .collect();
    assert!(!lossy.is_empty());
    for id in lossy {
        let way = way(&cluster, id);
        assert!(leads(&way, &["rollout restart deployment/web"]), "{way:#?}");
    }
}

#[test]
fn what_repeats_for_ever_leads_back_to_what_set_it_going_and_not_through_all_its_turns() {
    let mut cluster = with_web(7, 3, 1);
    settle(&mut cluster, 60);
    cluster.run_until(std::time::Duration::from_hours(2), |_| false);
    let trace = cluster.trace();
    let beats = trace
        .iter()
        .filter(|record| record.time.as_secs() > 60 && trace.is_heartbeat(record));
    // A measurement leads back to what changed what is measured.
    let beats = beats.filter(|record| record.kind().name() != "metrics.scrape");
    let longest = beats.map(|record| way(&cluster, record.id));
    let longest = longest.max_by_key(Vec::len).expect("there are heartbeats");
    assert!(longest.len() < 12, "{longest:#?}");
}

#[test]
fn effects_are_exactly_the_records_whose_way_back_leads_here() {
    let cluster = lively();
    let trace = cluster.trace();
    let commands = trace.iter().filter(|record| record.cause.is_none());
    let mut told = 0;
    for command in commands {
        let effects = trace.effects(command.id, usize::MAX);
        assert_eq!(effects.left_out, 0);
        told += 1 + effects.shown.len();
        for effect in &effects.shown {
            let way = trace
                .why(effect.record.id)
                .position(|hop| hop.id == command.id);
            assert_eq!(way, Some(effect.depth));
        }
        let few = trace.effects(command.id, 5);
        assert_eq!(few.shown.len() + few.left_out, effects.shown.len());
    }
    // Every record follows from exactly one thing that came from outside.
    assert_eq!(told, trace.len());
}

#[test]
fn a_field_is_answered_with_the_write_that_set_it() {
    let cluster = lively();
    let trace = cluster.trace();
    for pod in pods(&cluster) {
        let key = Key::new(Kind::Pod, "default", pod.name());
        let bound = trace.write_of_field(&key, "spec.nodeName").expect("bound");
        let change = bound.change().expect("a write");
        let value = change.object.to_value();
        let node = field(&value, "spec.nodeName").and_then(|node| node.as_str());
        assert_eq!(node, pod.spec.node_name.as_deref());
        let names: BTreeSet<_> = trace
            .why(bound.id)
            .map(|hop| hop.actor.to_string())
            .collect();
        assert!(names.contains("kube-scheduler"), "{names:?}");
        let image = trace.write_of_field(&key, "spec.containers[0].image");
        let created = trace.writes(&key).last();
        assert_eq!(image.map(|each| each.id), created.map(|each| each.id));
    }
}

#[test]
fn a_question_finds_objects_there_or_gone_fields_revisions_and_records() {
    let cluster = lively();
    let trace = cluster.trace();
    let web = Key::new(Kind::Deployment, "default", "web");
    let last = trace.last_write(&web).expect("written").id;
    for words in [
        "deployment/web",
        "deploy/default/web",
        "deployment/we",
        "deployment/we…",
    ] {
        assert_eq!(cluster.record_meant(words), Ok(last), "{words}");
    }
    assert_eq!(cluster.record_meant("#12"), Ok(RecordId(12)));
    let replicas = cluster
        .record_meant("deployment/web:spec.replicas")
        .expect("set");
    let origin = trace.why(replicas).last().expect("an origin");
    assert!(
        origin
            .sentence()
            .contains("scale deployment/web --replicas=5")
    );
    let revision = cluster.store().revision();
    let newest = cluster
        .record_meant(&format!("r{revision}"))
        .expect("written");
    assert_eq!(
        trace.get(newest).map(|record| record.revision),
        Some(revision)
    );
    let gone = trace.iter().filter_map(|record| record.change());
    let gone = gone
        .filter(|change| change.key.kind == Kind::Pod)
        .map(|change| &change.key)
        .find(|key| cluster.store().get(key).is_none())
        .expect("one pod is gone");
    let question = format!("pod/{}", gone.name);
    let record = cluster.record_meant(&question).expect("its deletion");
    assert_eq!(
        trace
            .get(record)
            .and_then(|record| record.object())
            .as_ref(),
        Some(gone)
    );
}

#[test]
fn a_question_that_means_nothing_or_several_things_says_what_there_is() {
    let cluster = lively();
    for (words, wanted) in [
        ("pod/web-", "fits 8 pods: web-"),
        ("pod/wbe", "pods \"wbe\" not found"),
        ("deployment/wep", "did you mean \"web\"?"),
        (
            "deployment/web:spec.nonsense",
            "no write has set spec.nonsense",
        ),
        (
            "gizmo/web",
            "the server doesn't have a resource type \"gizmo\"",
        ),
        ("web", "names nothing; write pod/web-1"),
        ("#999999", "there is no record #999999; the last one is #"),
        (
            "r999999",
            "no write made revision 999999; the store is at revision",
        ),
    ] {
        let error = cluster.record_meant(words).expect_err(words);
        assert!(error.contains(wanted), "{words}: {error}");
    }
}
