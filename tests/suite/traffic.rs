//! Requests through Services: each node by its own table, which may be late.

use std::time::Duration;

use glassplane::api::{Key, Kind};
use glassplane::cluster::{Cluster, ClusterConfig, Command, Counts, Expression, Loss};
use glassplane::ui::frame::{self, Wanted};

use crate::worlds::{command, ready};

/// A Deployment of so many pods with a Service, and what its pods have beside a container.
fn web(replicas: u32, annotations: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata: {{ name: web }}\nspec:\n  selector: {{ app: web }}\n  \
         ports: [{{ port: 80 }}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{ name: web }}\n\
         spec:\n  replicas: {replicas}\n  selector: {{ matchLabels: {{ app: web }} }}\n  template:\n    \
         metadata:\n      labels: {{ app: web }}\n      annotations: {{ {annotations} }}\n    spec:\n      \
         containers:\n      - name: web\n        image: nginx:1.29\n        {container}\n"
    )
}

const PRE_STOP: &str = "lifecycle: { preStop: { sleep: { seconds: 5 } } }";

fn say(cluster: &mut Cluster, line: &str) {
    let command = Command::parse(line, &std::sync::Arc::default()).expect(line);
    cluster.submit(command);
}

fn pass(cluster: &mut Cluster, seconds: u64) {
    cluster.run_until(Duration::from_secs(seconds), |_| false);
}

/// A world in which the pods are ready and the requests have flowed for ten seconds.
fn flowing(seed: u64, file: &str, rate: &str) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(seed, 3));
    cluster.submit(command("apply -f file.yaml", file));
    let wanted = i64::from(file.contains("replicas: 3")) * 2 + 1;
    assert!(cluster.run_until(Duration::from_mins(2), |cluster| {
        i64::from(ready(cluster, "web")) == wanted && cluster.is_settled()
    }));
    say(&mut cluster, &format!("traffic web {rate}"));
    pass(&mut cluster, 10);
    cluster
}

fn total(cluster: &Cluster) -> Counts {
    let service = Key::new(Kind::Service, "default", "web");
    cluster
        .traffic()
        .flow(&service)
        .expect("there is traffic")
        .total
}

fn counts(cluster: &Cluster) -> (u64, u64) {
    (total(cluster).answered, total(cluster).lost())
}

#[test]
fn c7_requests_are_counted_to_the_one_and_shared_among_the_ready_pods() {
    let cluster = flowing(7, &web(3, "", ""), "60/s");
    assert_eq!(counts(&cluster), (600, 0));
    let service = Key::new(Kind::Service, "default", "web");
    let flow = cluster.traffic().flow(&service).expect("there is traffic");
    let pods: Vec<u64> = flow.pods.values().map(|counts| counts.answered).collect();
    assert_eq!(pods, [200, 200, 200]);
    let seconds: Vec<u64> = flow
        .seconds
        .iter()
        .map(|each| each.counts.answered)
        .collect();
    assert_eq!(seconds, [60], "seconds alike are kept once");
}

#[test]
fn c7_without_a_pre_stop_hook_a_rolling_update_loses_requests() {
    let mut cluster = flowing(7, &web(3, "", ""), "300/s");
    say(&mut cluster, "rollout restart deployment/web");
    pass(&mut cluster, 60);
    let (answered, lost) = counts(&cluster);
    assert_eq!(answered + lost, 300 * 70);
    assert!(lost > 0);
    let reasons: Vec<Loss> = total(&cluster)
        .reasons()
        .iter()
        .map(|(loss, _)| *loss)
        .collect();
    assert!(
        reasons.contains(&Loss::Refused) || reasons.contains(&Loss::NoRoute),
        "{reasons:?}"
    );
}

#[test]
fn c7_with_a_pre_stop_sleep_longer_than_the_propagation_none_is_lost() {
    for seed in 0..5 {
        let mut cluster = flowing(seed, &web(3, "", PRE_STOP), "300/s");
        say(&mut cluster, "rollout restart deployment/web");
        pass(&mut cluster, 60);
        assert_eq!(counts(&cluster), (300 * 70, 0), "seed {seed}");
    }
}

#[test]
fn c7_the_numbers_are_the_same_in_each_run_of_a_seed() {
    let run = |seed| {
        let mut cluster = flowing(seed, &web(3, "", ""), "300/s");
        say(&mut cluster, "rollout restart deployment/web");
        pass(&mut cluster, 30);
        counts(&cluster)
    };
    assert_eq!(run(3), run(3));
    let lost: std::collections::BTreeSet<u64> = (0..4).map(|seed| run(seed).1).collect();
    assert!(
        lost.len() > 1,
        "chance decides how late the tables are: {lost:?}"
    );
}

#[test]
fn c7_each_node_learns_of_a_change_at_its_own_time() {
    let mut cluster = flowing(7, &web(3, "", PRE_STOP), "60/s");
    say(&mut cluster, "scale deployment/web --replicas=2");
    pass(&mut cluster, 10);
    let written = cluster
        .trace()
        .iter()
        .filter(|record| record.kind().name() == "endpoint.update" && record.time.as_secs() > 10);
    let written: Vec<(String, u64)> = written
        .map(|record| (record.actor.to_string(), record.time.as_nanos()))
        .collect();
    let actors: std::collections::BTreeSet<&str> =
        written.iter().map(|(actor, _)| actor.as_str()).collect();
    assert_eq!(
        actors.into_iter().collect::<Vec<_>>(),
        [
            "kube-proxy/node-a",
            "kube-proxy/node-b",
            "kube-proxy/node-c"
        ]
    );
    let times: std::collections::BTreeSet<u64> = written.iter().map(|(_, at)| *at).collect();
    assert!(times.len() >= 3, "{written:?}");
}

#[test]
fn c7_requests_are_lost_for_the_reason_that_holds() {
    let one = |annotations: &str| web(1, annotations, "");
    for (file, rate, line, expected) in [
        (one(""), "10/s", "delete service web", Loss::NoService),
        (
            one(""),
            "10/s",
            "scale deployment/web --replicas=0",
            Loss::NoEndpoint,
        ),
        (
            one("glassplane.io/answers: 5/s"),
            "10/s",
            "get pods",
            Loss::Overload,
        ),
        (
            one("glassplane.io/latency: 3s"),
            "10/s",
            "fault crash web",
            Loss::Dropped,
        ),
        (
            one("glassplane.io/starts-in: 20s"),
            "10/s",
            "fault crash web",
            Loss::Refused,
        ),
    ] {
        let mut cluster = flowing(7, &file, rate);
        say(&mut cluster, line);
        pass(&mut cluster, 20);
        let reasons: Vec<Loss> = total(&cluster)
            .reasons()
            .iter()
            .map(|(why, _)| *why)
            .collect();
        assert!(reasons.contains(&expected), "{line}: {reasons:?}");
    }
}

#[test]
fn c7_a_process_that_drains_answers_what_it_has_in_hand() {
    let mut dropped = Vec::new();
    for on_sigterm in ["exit", "drain"] {
        let annotations =
            format!("glassplane.io/latency: 2s, glassplane.io/on-sigterm: {on_sigterm}");
        let mut cluster = flowing(7, &web(3, &annotations, ""), "60/s");
        say(&mut cluster, "scale deployment/web --replicas=2");
        pass(&mut cluster, 20);
        let reasons = total(&cluster).reasons();
        let found = reasons.iter().find(|(why, _)| *why == Loss::Dropped);
        dropped.push(found.map_or(0, |(_, count)| *count));
    }
    // Two seconds of a third of 60 requests a second were under way.
    assert!((39..=41).contains(&dropped[0]), "{dropped:?}");
    assert_eq!(dropped[1], 0);
}

#[test]
fn requests_cost_the_processor_time_that_is_declared_up_to_the_limit() {
    let annotations = "glassplane.io/cpu: 10m, glassplane.io/cpu-per-request: 5ms";
    let limits = "resources: { limits: { cpu: 200m } }";
    for (rate, millis, lost) in [("20/s", 110, false), ("100/s", 200, true)] {
        let cluster = flowing(7, &web(1, annotations, limits), rate);
        let now = cluster.now();
        let used: i64 = cluster
            .kubelets()
            .flat_map(|part| part.component.usage(now).map(|pod| pod.total()))
            .map(|usage| usage.cpu().milli_value())
            .sum();
        assert_eq!(used, millis, "{rate}");
        assert_eq!(counts(&cluster).1 > 0, lost, "{rate}");
    }
}

#[test]
fn traffic_leaves_the_world_idle_and_stops_when_told() {
    let mut cluster = flowing(7, &web(3, "", ""), "60/s");
    assert!(cluster.is_settled());
    say(&mut cluster, "traffic web stop");
    pass(&mut cluster, 10);
    assert_eq!(counts(&cluster), (600, 0));
    let trace = cluster.trace();
    let counted: Vec<String> = trace
        .iter()
        .filter(|record| record.kind().name() == "traffic.count" && !trace.is_heartbeat(record))
        .map(|record| record.sentence())
        .collect();
    assert_eq!(counted.len(), 2, "{counted:?}");
}

#[test]
fn expressions_ask_for_traffic() {
    let mut cluster = flowing(7, &web(3, "", ""), "60/s");
    for source in [
        "traffic(\"web\").answered == 600 && traffic(\"web\").lost == 0",
        "traffic(\"web\").rate == 60",
        "size(traffic(\"web\").pods) == 3",
        "traffic(\"other\").lost == 0",
    ] {
        let expression = Expression::parse(source).expect(source);
        assert_eq!(expression.holds(&cluster), Ok(true), "{source}");
    }
    say(&mut cluster, "traffic nobody 10");
    pass(&mut cluster, 5);
    let expression = Expression::parse("traffic(\"nobody\").reasons[\"no such service\"] == 50");
    assert_eq!(expression.and_then(|each| each.holds(&cluster)), Ok(true));
}

#[test]
fn the_screen_says_how_many_requests_are_lost_at_every_size() {
    let mut cluster = flowing(7, &web(3, "", ""), "300/s");
    say(&mut cluster, "rollout restart deployment/web");
    pass(&mut cluster, 20);
    let lost = counts(&cluster).1;
    assert!(lost > 0);
    for size in [(80, 24), (120, 36), (200, 60)] {
        let wanted = Wanted {
            size,
            view: '1',
            select: Some("service/web".to_owned()),
            ..Wanted::default()
        };
        let drawn = frame::draw(cluster.clone(), &wanted).expect("the view and the Service exist");
        let text = drawn.to_text();
        let row = text.lines().find(|line| line.contains("Service web"));
        let row = row.expect("the tree has the Service");
        let is_told = row.contains(&format!("{lost} of ")) || row.contains(&format!("{lost} lost"));
        assert!(is_told && row.contains(" lost"), "{row}");
    }
}

#[test]
fn the_screen_says_of_a_service_which_second_was_the_worst_and_which_pods_lost() {
    let mut cluster = flowing(7, &web(3, "", ""), "300/s");
    say(&mut cluster, "rollout restart deployment/web");
    pass(&mut cluster, 20);
    let service = Key::new(Kind::Service, "default", "web");
    let flow = cluster.traffic().flow(&service).expect("there is traffic");
    let worst = flow.seconds.iter().map(|second| second.counts.lost()).max();
    let most = flow.pods.iter().max_by_key(|(_, counts)| counts.lost());
    let (pod, counts) = most.expect("there were pods");
    let (pod, lost) = (pod.name.to_string(), counts.lost());
    let wanted = Wanted {
        size: (200, 60),
        view: '1',
        at: None,
        select: Some("service/web".to_owned()),
    };
    let drawn = frame::draw(cluster, &wanted).expect("the view and the Service exist");
    let text = drawn.to_text();
    let worst = worst.expect("there were seconds");
    for expected in [
        "last second 300 answered, 0 lost · worst ".to_owned(),
        format!("worst {worst} lost in the second to "),
        format!("lost {lost} at {pod}"),
    ] {
        assert!(text.contains(&expected), "{expected}:\n{text}");
    }
}
