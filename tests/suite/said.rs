//! What the accepted frames say: every mark has a meaning in the help of its view, a time is said in one of two
//! ways, and one thing is said in the singular.

use std::fs;
use std::path::Path;
use std::time::Duration;

use glassplane::cluster::{Cluster, ClusterConfig};
use glassplane::kubectl::printers::human_duration;
use glassplane::sim::{Time, go_duration, parse_duration, span_words};
use glassplane::ui::events::EventList;
use glassplane::ui::marks;
use glassplane::ui::model::Pane;

use crate::worlds::command;

const PANES: [Pane; 9] = [
    Pane::Desired,
    Pane::Lifecycle,
    Pane::Scheduler,
    Pane::ApiServer,
    Pane::Loops,
    Pane::Nodes,
    Pane::Events,
    Pane::Object,
    Pane::Editor,
];

/// Lines, corners and punctuation that stand for nothing, and keys by their arrows.
const PLAIN: &str = "─│┌┐└┘├┤┬┴┼━┃┏┓┗┛╮╰╯╭·…—“”’↑↓←→✎≥≤";

/// The accepted frames: each with its name and its text.
fn frames() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let mut frames = Vec::new();
    for entry in fs::read_dir(folder).expect("there are snapshots").flatten() {
        let text = fs::read_to_string(entry.path()).expect("snapshots are text");
        // After the head of the file comes the frame; after an empty line its styles.
        let frame = text.splitn(3, "---\n").nth(2).unwrap_or_default();
        let frame = frame.split("\n\n").next().unwrap_or_default().to_owned();
        frames.push((entry.file_name().to_string_lossy().into_owned(), frame));
    }
    assert!(frames.len() > 40, "the snapshots were not found");
    frames
}

/// The panes whose titles stand in a frame.
fn panes(frame: &str) -> impl Iterator<Item = Pane> {
    // What lies over the panes hides titles, and may draw as the lifecycle does.
    let is_covered = frame.contains('┏');
    PANES.into_iter().filter(move |pane| {
        is_covered || frame.contains(&format!(" {} {}", pane.number(), pane.name()))
    })
}

#[test]
fn every_mark_of_a_frame_is_explained_in_the_help_of_a_view_that_is_in_it() {
    for (name, frame) in frames() {
        let known: String = panes(&frame)
            .flat_map(marks::of)
            .chain(marks::FRAME)
            .flat_map(|(sign, means)| [*sign, *means])
            .collect();
        let unknown: Vec<char> = frame
            .chars()
            .filter(|sign| !sign.is_ascii() && !PLAIN.contains(*sign) && !known.contains(*sign))
            .collect();
        assert!(
            unknown.is_empty(),
            "{name} draws {unknown:?}, which no legend explains"
        );
    }
}

#[test]
fn a_moment_and_a_span_are_said_in_one_way_each() {
    for (name, frame) in frames() {
        let is_part = |letter: char| letter.is_alphanumeric() || ":.-_/%".contains(letter);
        for word in frame.split(|letter| !is_part(letter)) {
            let word = word.trim_matches(['.', ':', '-']);
            if let Some(said) = said_otherwise(word) {
                panic!("{name} says {word}, which is said as {said}");
            }
        }
    }
}

/// How the screen says the time that a word says in another way; none for what is said so, or is no time.
fn said_otherwise(word: &str) -> Option<String> {
    let has_units = |units: &[&str]| {
        let number = |digit: char| digit.is_ascii_digit();
        word.starts_with(number) && units.iter().any(|unit| word.ends_with(unit))
    };
    let is_moment =
        word.contains('.') && word.split('.').nth(1).is_some_and(|part| part.len() == 3);
    if (is_moment || word.contains(':')) && word.bytes().all(|byte| b"0123456789.:".contains(&byte))
    {
        let moment: Time = word.parse().ok()?;
        let said = moment.to_string();
        return (said != word).then_some(said);
    }
    if has_units(&["s", "h"]) && !word.contains('-') {
        let span = parse_duration(word).ok()?;
        // The last two are how kubectl and the kubelet say it.
        let ways = [span_words(span), human_duration(span), go_duration(span)];
        return (!ways.iter().any(|way| way == word)).then(|| ways[0].clone());
    }
    None
}

#[test]
fn one_thing_is_said_in_the_singular() {
    let things = [
        "pods",
        "nodes",
        "containers",
        "steps",
        "records",
        "hops",
        "heartbeats",
        "keys",
        "images",
        "endpoints",
        "changes",
        "fields",
        "replicas",
        "requests",
        "objects",
        "watchers",
    ];
    for (name, frame) in frames() {
        let words: Vec<&str> = frame.split_whitespace().collect();
        for two in words.windows(2) {
            let noun = two[1].trim_matches(|letter: char| !letter.is_alphabetic());
            assert!(
                two[0] != "1" || !things.contains(&noun),
                "{name} says \"{} {}\"",
                two[0],
                two[1]
            );
        }
    }
}

#[test]
fn times_that_are_said_otherwise_are_found() {
    for (word, said) in [
        ("361.245", "6:01.245"),
        ("00:06:01.245", "6:01.245"),
        ("6m01s", "6m1s"),
        ("361s", "6m1s"),
    ] {
        assert_eq!(said_otherwise(word).as_deref(), Some(said), "{word}");
    }
    for word in [
        "1.616",
        "6:01.245",
        "5m6s",
        "75s",
        "120ms",
        "1h10m",
        "nginx:1.27",
        "100m",
        "v1",
    ] {
        assert_eq!(said_otherwise(word), None, "{word}");
    }
}

/// Two pods whose autoscaler finds them idle.
const AUTOSCALED: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: 'nginx:1.27', resources: {requests: {cpu: 100m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  minReplicas: 2
  maxReplicas: 4
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}}]
";

#[test]
fn half_an_hour_in_which_nothing_happens_adds_only_heartbeats_which_are_hidden_and_counted() {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    cluster.submit(command("kubectl apply -f file.yaml", AUTOSCALED));
    cluster.run_until(Duration::from_mins(10), |_| false);
    let mut events = EventList::default();
    let shown = |events: &mut EventList, cluster: &Cluster| {
        events.follow(cluster.trace());
        let shown = events.until(cluster.trace()).len();
        (shown, events.hidden_until(cluster.trace()))
    };
    let (before, hidden) = shown(&mut events, &cluster);
    cluster.run_until(Duration::from_mins(30), |_| false);
    let (after, more) = shown(&mut events, &cluster);
    let last = events.until(cluster.trace()).last().copied();
    let last = last
        .and_then(|id| cluster.trace().get(id))
        .expect("something happened");
    assert_eq!(after, before, "{}: {}", last.actor, last.sentence());
    assert!(more > hidden + 3000, "{hidden}, then {more}");
}
