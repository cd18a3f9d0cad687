//! Sessions as files, and the questions why and what then, through the real binary and as values.

use std::fs;

use glassplane::cluster::breakpoint::{Breakpoints, Condition};
use glassplane::cluster::runs::Bookmark;
use glassplane::cluster::{SessionFile, Verdict};
use serde_json::Value;

use crate::command_line::{folder, glassplane, text};
use crate::sessions::random;
use crate::worlds::{command, settle, web, with_web};

/// A session of a Deployment that was scaled and lost a node, as text.
fn saved() -> String {
    let mut cluster = with_web(7, 3, 2);
    settle(&mut cluster, 60);
    cluster.submit(command("scale deployment/web --replicas=4", ""));
    settle(&mut cluster, 60);
    cluster.submit(command("fault node-down node-b", ""));
    settle(&mut cluster, 600);
    let mut breakpoints = Breakpoints::default();
    breakpoints.restore(Condition::parse("sched.bind").expect("it is one"), true);
    let when = "reconcile.end when ready(\"web\") == 4";
    breakpoints.restore(Condition::parse(when).expect("it is one"), false);
    let name = "scaled".to_owned();
    let bookmarks = [Bookmark { step: 300, name }];
    let session = SessionFile::of(&cluster, &bookmarks, &breakpoints);
    session.to_yaml().expect("a session is YAML")
}

#[test]
fn a_session_says_what_it_holds_and_reads_again_as_it_was_written() {
    let written = saved();
    for words in [
        "glassplane: 1\nseed: 7\ncluster:\n  nodes: 3\njournal:\n",
        "run: kubectl apply -f file.yaml",
        "run: kubectl scale deployment/web --replicas=4",
        "run: fault node-down node-b",
        "name: scaled",
        "stop: sched.bind",
        "on: false",
    ] {
        assert!(written.contains(words), "{words} is missing in\n{written}");
    }
    assert!(written.len() < 12_000, "{} bytes", written.len());
    let read = SessionFile::parse(&written).expect("it was just written");
    assert_eq!(read.to_yaml(), Ok(written));
    let replayed = read.replay("again");
    assert!(
        matches!(replayed.verdict, Verdict::Same { .. }),
        "{}",
        replayed.verdict
    );
    assert_eq!(replayed.bookmarks[0].name, "scaled");
    let stops: Vec<bool> = replayed
        .breakpoints
        .iter()
        .map(|(_, is_on)| *is_on)
        .collect();
    assert_eq!(stops, [true, false]);
}

#[test]
fn machines_taints_and_commands_for_a_time_come_through_a_session() {
    let script = "seed: 3\ncluster:\n  nodes:\n  - {name: big, cpu: 16, memory: 32Gi, labels: {disk: ssd}}\n  \
                  - {name: odd, cpu: 500m, zone: b, pods: 3, taints: [{key: a, value: b, effect: NoSchedule}]}\n\
                  do:\n- run: kubectl get nodes\n- {at: 20s, run: kubectl cordon big}\nfor: 60s\n";
    let load = |name: &str| Err(format!("error: {name} is not here"));
    let scenario = glassplane::cluster::Scenario::parse(script, &load).expect("a script");
    let cluster = scenario.run().expect("no expression fails").cluster;
    let session = SessionFile::of(&cluster, &[], &Breakpoints::default());
    let text = session.to_yaml().expect("YAML");
    let replayed = SessionFile::parse(&text).expect(&text).replay("again");
    assert_eq!(replayed.problems, Vec::<String>::new());
    assert_eq!(replayed.cluster.config().nodes, cluster.config().nodes);
    assert_eq!(
        replayed.cluster.now(),
        cluster.now(),
        "time that only passed is kept as well"
    );
    assert_eq!(replayed.cluster.fingerprint(), cluster.fingerprint());
}

#[test]
fn what_can_be_read_of_a_damaged_session_is_kept_and_the_rest_is_told() {
    let whole = saved();
    let entries = |text: &str| {
        let read = SessionFile::parse(text).expect(text);
        let replayed = read.replay("damaged");
        (
            replayed.cluster.journal().count(),
            replayed.problems.join("\n"),
        )
    };
    assert_eq!(entries(&whole), (3, String::new()));
    let cases = [
        (
            "run: kubectl scale",
            "run: kubectl scael",
            1,
            "journal entry 2: \"kubectl scael deployment/web --replicas=4\": unknown command \"scael\" for \
             \"kubectl\" Did you mean this? scale; kept: the 1 before it",
        ),
        (
            "run: kubectl scale deployment/web",
            "rnu: kubectl scale deployment/web",
            1,
            "unknown field `rnu`",
        ),
        (
            "fault node-down node-b",
            "fault node-down node-z",
            2,
            "journal entry 3 no longer applies",
        ),
        (
            "stop: sched.bind",
            "stop: shced.bind",
            3,
            "did you mean \"sched.bind\"?",
        ),
        (
            "bookmarks:\n",
            "bokmarks:\n",
            3,
            "\"bokmarks\" means nothing in a session and was left out; did you mean \"bookmarks\"?",
        ),
        (
            "breakpoints:\n",
            "breakpoints:\n- on: true\n",
            3,
            "breakpoints, entry 1: missing field `stop`",
        ),
        (
            "end:\n  step: ",
            "end:\n  step: 9000000",
            3,
            "is too far; a session has 20000000 steps at most",
        ),
    ];
    for (right, wrong, kept, wanted) in cases {
        assert!(whole.contains(right), "{right}");
        let (count, problems) = entries(&whole.replacen(right, wrong, 1));
        assert_eq!(count, kept, "{wrong}: {problems}");
        assert!(problems.contains(wanted), "{wrong}: {problems}");
    }
}

#[test]
fn a_session_that_breaks_off_anywhere_is_read_up_to_there_or_refused_in_words() {
    let whole = saved();
    let mut kept = Vec::new();
    for end in (0..whole.len()).step_by(53) {
        let cut = &whole[..end];
        match SessionFile::parse(cut) {
            Err(error) => assert!(!error.is_empty() && end < 200, "{end}: {error}"),
            Ok(session) => {
                let replayed = session.replay("cut");
                // Cut within the last lines, the run is whole: its trace says so.
                let is_told = !replayed.problems.is_empty();
                let is_whole = replayed.verdict != Verdict::Unknown;
                assert!(is_told || is_whole, "cut at {end} and nothing is said");
                kept.push(replayed.cluster.journal().count());
            }
        }
    }
    assert!(
        kept.contains(&1) && kept.contains(&2) && kept.contains(&3),
        "{kept:?}"
    );
}

#[test]
fn another_format_and_what_is_no_session_are_refused_in_words() {
    for (text, wanted) in [
        (
            "",
            "this is no session: it does not begin with \"glassplane: 1\"",
        ),
        ("kind: Pod\n", "this is no session"),
        (
            "glassplane: 2\nseed: 1\n",
            "has format 2; this program reads format 1",
        ),
        (
            "glassplane: one\n",
            "has format \"one\"; this program reads format 1",
        ),
        (
            "glassplane: 1\nseed: -4\n",
            "seed: -4 is no number from 0 up",
        ),
        (
            "glassplane: 1\nseed: 1\ncluster: {nodes: 900000}\n",
            "900000 nodes are too many",
        ),
        (
            "glassplane: 1\nseed: 1\ncluster: {nodes: many}\n",
            "cluster: nodes are a number, or a list of machines with their names",
        ),
        ("glassplane: 1\n", "it names no seed"),
        ("glassplane: [\n", "glassplane"),
    ] {
        let error = SessionFile::parse(text).expect_err(text);
        assert!(
            error.contains(wanted) || !error.is_empty() && text.contains('['),
            "{text}: {error}"
        );
    }
    let huge =
        "glassplane: 1\nseed: 1\njournal:\n- {step: 99999999999, at: 1s, run: kubectl get pods}\n";
    let read = SessionFile::parse(huge).expect("the rest can be read");
    assert!(
        read.replay("huge")
            .problems
            .iter()
            .any(|problem| problem.contains("step 99999999999"))
    );
}

#[test]
fn another_run_differs_first_at_the_record_where_it_does() {
    for seed in 0..4 {
        let made = random(seed, 300, |_| ());
        let session = SessionFile::of(&made.cluster, &[], &Breakpoints::default());
        let text = session.to_yaml().expect("YAML");
        // Somebody changes a command in the middle; up to it nothing differs.
        let journal: Vec<_> = made.cluster.journal().cloned().collect();
        let Some(entry) = journal.get(2) else {
            continue;
        };
        let line = format!("run: {}\n", entry.command.line());
        let edited = text.replacen(&line, "run: kubectl label nodes node-a x=y\n", 1);
        let replayed = SessionFile::parse(&edited)
            .expect("still a session")
            .replay("edited");
        let Verdict::Differs { first, .. } = &replayed.verdict else {
            assert_eq!(text, edited, "seed {seed}: {}", replayed.verdict);
            continue;
        };
        let command = made
            .cluster
            .trace()
            .iter()
            .find(|record| record.sentence().ends_with(&entry.command.line()));
        assert_eq!(Some(*first), command.map(|record| record.id), "seed {seed}");
    }
}

#[test]
fn replay_verifies_a_saved_run_and_says_where_an_edited_one_differs() {
    let folder = folder("replay");
    let file = folder.join("session.yaml");
    let file = file.to_str().expect("a path");
    let run = [
        "run",
        "-",
        "--seed",
        "7",
        "--do",
        "20s: fault node-down node-b",
        "--for",
        "400s",
        "--save",
        file,
        "-o",
        "trace",
    ];
    let run = glassplane(&run, &web(3));
    assert!(run.status.success(), "{}", text(&run.stderr));
    let again = glassplane(&["replay", file, "--verify", "-o", "trace"], "");
    assert!(again.status.success(), "{}", text(&again.stderr));
    assert!(
        text(&again.stderr).contains("The same run: "),
        "{}",
        text(&again.stderr)
    );
    assert_eq!(text(&again.stdout), text(&run.stdout));
    let written = fs::read_to_string(file).expect("it was saved");
    fs::write(
        file,
        written.replace("node-down node-b", "node-down node-c"),
    )
    .expect("ours");
    let edited = glassplane(&["replay", file, "--verify"], "");
    assert!(!edited.status.success());
    let words = text(&edited.stderr);
    assert!(
        words.contains("Another run than the recorded one, from record #"),
        "{words}"
    );
    assert!(words.contains("node-down node-c"), "{words}");
    for (arguments, wanted) in [
        (
            vec!["replay", "no-such-file"],
            "the path \"no-such-file\" does not exist",
        ),
        (vec!["replay", "README.md"], "this is no session"),
    ] {
        let refused = glassplane(&arguments, "");
        assert!(!refused.status.success());
        assert!(
            text(&refused.stderr).contains(wanted),
            "{}",
            text(&refused.stderr)
        );
    }
}

#[test]
fn run_why_prints_the_way_back_as_a_table_json_and_a_diagram() {
    let ask = |what: &str, output: &str| {
        let arguments = ["run", "-", "--seed", "7", "--why", what, "-o", output];
        glassplane(&arguments, &web(1))
    };
    let table = ask("pod/web-…:spec.nodeName", "table");
    assert!(table.status.success(), "{}", text(&table.stderr));
    let lines = text(&table.stdout);
    let rows: Vec<&str> = lines.lines().collect();
    assert!(
        rows[0].starts_with("RECORD") && rows[0].contains("LATENCY"),
        "{lines}"
    );
    assert!(
        rows[1].contains("etcd") && lines.contains("kube-scheduler"),
        "{lines}"
    );
    assert!(
        rows.last()
            .is_some_and(|row| row.contains("runs: kubectl apply")),
        "{lines}"
    );
    let json = text(&ask("deployment/web", "json").stdout);
    let value: Value = serde_json::from_str(&json).expect("JSON");
    let way = value["why"].as_array().expect("a list");
    for pair in way.windows(2) {
        assert_eq!(pair[0]["cause"], pair[1]["id"]);
        assert!(pair[0]["latency_ms"].as_f64().is_some());
    }
    let diagram = text(&ask("deploy/web", "mermaid").stdout);
    assert!(
        diagram.starts_with("sequenceDiagram\n    participant a0 as kubectl\n"),
        "{diagram}"
    );
    assert_eq!(diagram.matches("->>").count(), way.len());
    let effects = [
        "run",
        "-",
        "--effects",
        "deployment/web:spec.replicas",
        "-o",
        "json",
    ];
    let effects = text(&glassplane(&effects, &web(1)).stdout);
    let value: Value = serde_json::from_str(&effects).expect("JSON");
    assert!(
        value["effects"]
            .as_array()
            .is_some_and(|list| list.len() > 50)
    );
}

#[test]
fn run_why_that_means_nothing_or_several_things_says_what_there_is() {
    for (arguments, wanted) in [
        (
            vec!["--why", "pod/web-"],
            "error: --why: \"web-\" fits 2 pods: web-",
        ),
        (vec!["--why", "pod/wbe"], "pods \"wbe\" not found"),
        (
            vec!["--effects", "#99999"],
            "error: --effects: there is no record #99999",
        ),
        (
            vec!["--why", "deployment/web", "-o", "yaml"],
            "printed with -o table, json or mermaid",
        ),
        (
            vec!["-o", "mermaid"],
            "print the answer to --why or --effects",
        ),
    ] {
        let mut all = vec!["run", "-"];
        all.extend(&arguments);
        let refused = glassplane(&all, &web(2));
        assert!(!refused.status.success(), "{arguments:?}");
        let words = text(&refused.stderr);
        assert!(words.contains(wanted), "{arguments:?}: {words}");
    }
}
