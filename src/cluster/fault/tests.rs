//! The words of faults, right and wrong.

use super::*;

fn container(pod: &str, name: Option<&str>) -> Container {
    Container {
        pod: pod.to_owned(),
        name: name.map(str::to_owned),
    }
}

fn component(name: &str, change: ComponentChange) -> Fault {
    Fault::Component {
        name: name.to_owned(),
        change,
    }
}

fn watch(component: &str, change: WatchChange) -> Fault {
    Fault::Watch {
        component: component.to_owned(),
        change,
    }
}

#[test]
fn faults_read_as_they_are_documented() {
    let seconds = Duration::from_secs;
    let cases = [
        ("node-down node-b", Fault::NodeDown("node-b".to_owned())),
        ("partition node-b", Fault::Partition("node-b".to_owned())),
        (
            "crash web-1",
            Fault::Crash {
                target: container("web-1", None),
                out_of_memory: false,
            },
        ),
        (
            "oom web-1 app",
            Fault::Crash {
                target: container("web-1", Some("app")),
                out_of_memory: true,
            },
        ),
        (
            "fail-probe web readiness",
            Fault::Probe {
                target: container("web", None),
                probe: ProbeKind::Readiness,
                fails: true,
            },
        ),
        (
            "slow-registry 40s",
            Fault::SlowRegistry {
                factor: 20,
                span: seconds(40),
            },
        ),
        (
            "slow-disk 1m 2s",
            Fault::SlowDisk {
                latency: seconds(2),
                span: seconds(60),
            },
        ),
        ("compact", Fault::Compact),
        (
            "pause kube-scheduler",
            component("kube-scheduler", ComponentChange::Pause),
        ),
        (
            "slow job-controller 2s",
            component("job-controller", ComponentChange::Slow(seconds(2))),
        ),
        (
            "expectations off replicaset-controller",
            component(
                "replicaset-controller",
                ComponentChange::Expectations(false),
            ),
        ),
        (
            "cut-watch replicaset-controller pods",
            watch("replicaset-controller", WatchChange::Cut(Some(Kind::Pod))),
        ),
        (
            "delay-watch kubelet/node-a 3s",
            watch("kubelet/node-a", WatchChange::Delay(None, seconds(3))),
        ),
        (
            "drop-events kube-scheduler 4",
            watch("kube-scheduler", WatchChange::Disorder(Disorder::Drop, 4)),
        ),
        (
            "two-writers deploy/web",
            Fault::Writers {
                object: Key::new(Kind::Deployment, "default", "web"),
                clients: 2,
                times: 1,
            },
        ),
        (
            "second-client node/node-a 3",
            Fault::Writers {
                object: Key::new(Kind::Node, "", "node-a"),
                clients: 1,
                times: 3,
            },
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(Fault::parse(line), Ok(expected), "{line}");
    }
}

#[test]
fn what_is_not_said_of_a_full_disk_or_a_load_has_its_usual_measure() {
    let cases = [
        (
            "fill-disk node-b",
            Fault::FillDisk {
                node: "node-b".to_owned(),
                percent: 90,
            },
        ),
        (
            "load-step deployment/web 1500m",
            Fault::Load {
                workload: Key::new(Kind::Deployment, "default", "web"),
                cpu: Quantity::millis(1500),
                span: Duration::from_mins(2),
            },
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(Fault::parse(line), Ok(expected), "{line}");
    }
}

#[test]
fn every_row_of_the_grammar_is_read_and_too_few_words_are_told_the_row() {
    for (row, _) in GRAMMAR {
        let words: Vec<&str> = row
            .split(' ')
            .filter(|word| !word.starts_with('['))
            .collect();
        let filled: Vec<&str> = words
            .iter()
            .map(|word| match *word {
                "DURATION" | "DELAY" => "5s",
                "KIND/NAME" => "deployment/web",
                "CPU" => "500m",
                other => other.split('|').next().unwrap_or(other),
            })
            .collect();
        assert!(Fault::parse(&filled.join(" ")).is_ok(), "{row}");
        if words.len() > 1 {
            let usage = format!("error: usage: fault {row}");
            assert_eq!(Fault::parse(words[0]), Err(usage), "{row}");
        }
    }
}

#[test]
fn a_wrong_fault_says_what_would_be_right() {
    let cases = [
        ("node-dwn b", "Did you mean this?\n\tnode-down"),
        ("node-down", "usage: fault node-down NODE"),
        ("", "say which fault"),
        ("slow-registry soon", "is no duration"),
        ("slow-registry 5s 1", "a number from 2 to 1000"),
        (
            "fail-probe web health",
            "there are readiness, liveness and startup",
        ),
        ("drop-events kube-scheduler 0", "a number from 1 to 1000"),
        (
            "cut-watch kube-scheduler gadgets",
            "doesn't have a resource type \"gadgets\"",
        ),
        ("two-writers web", "write deployment/web"),
        ("load-step deployment/web much", "write 500m or 2"),
        ("fill-disk node-b 101", "a number from 0 to 100"),
        ("load-step deployment/web -1", "write 500m or 2"),
        (
            "expectations maybe x",
            "usage: fault expectations off|on COMPONENT",
        ),
    ];
    for (line, expected) in cases {
        let error = Fault::parse(line).expect_err(line);
        assert!(error.contains(expected), "{line}: {error}");
    }
}
