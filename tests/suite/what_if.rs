//! What if, asked of a world and of a saved cluster.

use std::fs;

use glassplane::api::{Key, Kind};
use glassplane::cluster::Cluster;
use glassplane::cluster::what_if::{self, When};
use serde_json::Value;

use crate::command_line::{folder, glassplane, text};
use crate::screen::Person;
use crate::worlds::{command, pods, settle, web, with_web};

fn key(pod: &glassplane::api::Pod) -> Key {
    Key::new(Kind::Pod, pod.namespace(), pod.name())
}

/// A cluster in which later pods meet other nodes than earlier ones.
fn changing() -> Cluster {
    let mut cluster = with_web(3, 4, 6);
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("taint nodes node-b k=v:NoSchedule", ""));
    cluster.submit(command("scale deployment web --replicas=12", ""));
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("label nodes node-c disk=ssd", ""));
    assert!(settle(&mut cluster, 60));
    cluster
}

#[test]
fn a_placed_pod_is_asked_about_as_of_the_moment_when_its_node_was_decided() {
    let cluster = changing();
    let nothing = what_if::parse("label node-a color=blue").expect("a line");
    let all = pods(&cluster);
    assert_eq!(all.len(), 12);
    for pod in all {
        let asked = what_if::ask(&cluster, &key(&pod), &nothing).expect("an answer");
        assert!(matches!(asked.when, When::Decided(time) if time < cluster.now()));
        let scheduler = &cluster.scheduler().component;
        assert_eq!(Some(&asked.answer.real), scheduler.decision(&key(&pod)));
        assert_eq!(asked.answer.real.winner(), pod.spec.node_name.as_ref());
        // What is made again is what was there: the same decision comes out, cell by cell.
        assert_eq!(asked.answer.real, asked.answer.imagined);
    }
}

#[test]
fn a_pod_without_a_node_is_asked_about_as_of_now() {
    let mut cluster = with_web(3, 2, 1);
    let large = web(1)
        .replace("cpu: 250m", "cpu: 64")
        .replace("web", "large");
    cluster.submit(command("apply -f file.yaml", &large));
    assert!(settle(&mut cluster, 60));
    let pod = pods(&cluster)
        .into_iter()
        .find(|pod| pod.name().starts_with("large"))
        .expect("it waits");
    let ask = |line: &str| {
        let premises = what_if::parse(line).expect(line);
        what_if::ask(&cluster, &key(&pod), &premises).expect(line)
    };
    let asked = ask("request cpu=2");
    assert_eq!(asked.when, When::Now(cluster.now()));
    let sentence = asked.answer.sentence();
    assert!(sentence.contains("instead of no node"), "{sentence}");
    assert!(sentence.contains("NodeResourcesFit would no longer refuse it (Insufficient cpu)"));
    let unknown = Key::new(Kind::Pod, "default", "nobody");
    let error = what_if::ask(&cluster, &unknown, &[]).expect_err("nobody is there");
    assert_eq!(
        error,
        "Error from server (NotFound): pods \"nobody\" not found"
    );
}

const MACHINES: &str = "\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: a}, status: {allocatable: {cpu: '4', memory: 8Gi, pods: '10'}}}
- {apiVersion: v1, kind: Node, metadata: {name: b, labels: {disk: ssd}}, status: {allocatable: {cpu: '4', memory: 8Gi, pods: '10'}}}
- {apiVersion: v1, kind: Pod, metadata: {name: there}, spec: {nodeName: b, containers: [{name: c, resources: {requests: {cpu: '2'}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: c, resources: {requests: {cpu: '1'}}}]}}
";

#[test]
fn explain_lays_the_imagined_matrix_over_that_of_a_saved_cluster() {
    let path = folder("what-if").join("cluster.yaml");
    fs::write(&path, MACHINES).expect("written");
    let path = path.to_string_lossy();
    let run = |what_if: &[&str], form: &str| {
        let mut arguments = vec!["explain", "p", "-f", &path, "-o", form];
        arguments.extend(what_if.iter().flat_map(|line| ["--what-if", line]));
        glassplane(&arguments, "")
    };
    let printed = run(
        &["taint a k=v:NoSchedule", "weight NodeResourcesFit=3"],
        "table",
    );
    let printed = text(&printed.stdout);
    for expected in [
        "What if: taint a k=v:NoSchedule, weight NodeResourcesFit=3\n",
        "wins→TaintToleration: node(s) had untolerated taint {k: v}",
        "fits→wins",
        "→-",
        "\nb instead of a: TaintToleration would refuse a (node(s) had untolerated taint {k: v}).\n",
    ] {
        assert!(
            printed.contains(expected),
            "{expected} is not in\n{printed}"
        );
    }
    let printed = run(&["taint a k=v:NoSchedule"], "json");
    let value: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(value["pod"], "default/p");
    assert_eq!(value["whatIf"][0], "taint a k=v:NoSchedule");
    assert_eq!(value["real"]["winner"], "a");
    assert_eq!(value["imagined"]["winner"], "b");
    assert_eq!(
        value["differences"][1]["imagined"]["plugin"],
        "TaintToleration"
    );
    for (line, expected) in [
        (
            "taint c k=v:NoSchedule",
            "error: taint c k=v:NoSchedule: node \"c\" not found; the nearest of 2 is",
        ),
        ("wait", "The nearest word is"),
        ("", "error: what if what?"),
    ] {
        let run = run(&[line], "table");
        assert_eq!(run.status.code(), Some(1));
        let said = text(&run.stderr);
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn on_the_screen_x_asks_what_if_and_the_answer_lies_over_the_panes() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F 3 x");
    let before = person.snapshot().head.trace().len();
    person.type_text("taint node-a k=v:NoSchedule taint node-b k=v:NoSchedule\n");
    let text = person.text();
    for part in [
        "What if: taint node-a k=v:NoSchedule, taint node-b k=v:NoSchedule",
        "Nothing real is",
        "when kube-scheduler decided about it",
        "✗ TaintToleration: node(s) had untolerated taint {k: v}",
        "★ wins",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert_eq!(
        person.snapshot().head.trace().len(),
        before,
        "nothing is written"
    );
    person.press("x");
    assert!(person.text().contains(": what-if "), "{}", person.text());
    assert!(person.text().contains("taint node-b k=v:NoSchedule"));
    person.press("esc :");
    person.type_text("what-if weight NodeAfinity=3\n");
    let text = person.text();
    assert!(
        text.contains("the nearest name is \"NodeAffinity\""),
        "{text}"
    );
    person.press("esc x enter");
    assert!(
        person
            .text()
            .contains("what if what? Say one or several of"),
        "{}",
        person.text()
    );
}

#[test]
fn m_counts_how_many_more_of_the_selected_workload_fit_on_each_node() {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F 6 m");
    let text = person.text();
    for part in [
        "more of the pods of deployment default/web fit beside what is there.",
        "What stops number",
        "then stopped by",
        "NodeResourcesFit: ",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let asked = person
        .model
        .selection
        .clone()
        .expect("the Deployment is selected");
    let of = |most| {
        let filled = what_if::fill(&person.snapshot().world, &asked, most);
        filled.expect("it fits").filling
    };
    let filling = of(1000);
    let sum: usize = filling.nodes.iter().map(|(_, count)| *count).sum();
    assert_eq!((filling.count, filling.stops().len()), (sum, 3));
    assert!(
        of(5).last.is_none(),
        "it stops to count where it is told to"
    );
    let service = Key::new(Kind::Service, "default", "kubernetes");
    let refused = what_if::fill(&person.snapshot().world, &service, 5).expect_err("no template");
    assert!(refused.contains("select a pod or a workload"), "{refused}");
}
