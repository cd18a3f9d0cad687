//! `glassplane explain`: recorded cases, broken cases, saved clusters.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::command_line::{folder, glassplane, text};
use crate::worlds::web;

const EXPECTED: &str = include_str!("../conformance/scheduler/expected.jsonl");

#[test]
fn s1_the_recorded_cases_are_answered_to_the_byte() {
    let cases = "tests/conformance/scheduler/cases.jsonl";
    let run = glassplane(&["explain", "--cases", cases, "-o", "jsonl"], "");
    assert!(run.status.success(), "{}", text(&run.stderr));
    let printed = text(&run.stdout);
    let (found, expected) = (printed.lines(), EXPECTED.lines());
    let different: Vec<_> = found.zip(expected).filter(|(a, b)| a != b).collect();
    assert_eq!(printed.lines().count(), 360);
    assert_eq!(different, [], "{} of 360 differ", different.len());
}

/// A cluster of one node and a pod, with one change.
fn case(change: impl FnOnce(&mut Value)) -> String {
    let mut case = json!({
        "name": "one",
        "nodes": [{
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": "node-a"},
            "status": {"allocatable": {"cpu": "4", "memory": "8Gi", "pods": "10"}},
        }],
        "pods": [],
        "pod": {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "p", "namespace": "default"},
            "spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}}}]},
        },
    });
    change(&mut case);
    case.to_string()
}

fn with_pod_spec(field: &str, value: Value) -> String {
    case(|case| case["pod"]["spec"][field] = value)
}

fn requests(name: &str, amount: &str) -> String {
    case(|case| {
        case["pod"]["spec"]["containers"][0]["resources"]["requests"] = json!({name: amount});
    })
}

fn score_plugin(choice: &Value) -> String {
    case(|case| {
        case["schedulerConfig"] =
            json!({"profiles": [{"plugins": {"score": {"enabled": [choice]}}}]});
    })
}

fn node_terms(count: usize) -> String {
    let term = json!({"matchExpressions": [{"key": "a", "operator": "Exists"}]});
    let selector = json!({"nodeSelectorTerms": vec![term; count]});
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": selector});
    with_pod_spec("affinity", json!({"nodeAffinity": required}))
}

fn label_selector(operator: &str) -> String {
    let selector = json!({"matchExpressions": [{"key": "app", "operator": operator}]});
    let term = json!({"topologyKey": "zone", "labelSelector": selector});
    let required = json!({"requiredDuringSchedulingIgnoredDuringExecution": [term]});
    with_pod_spec("affinity", json!({"podAffinity": required}))
}

/// Lines that are no case or name what does not exist, and what is said about them.
fn lines_of_no_case() -> Vec<(String, &'static str)> {
    vec![
        (
            "{\"name\": \"cut".to_owned(),
            "13: EOF while parsing a string",
        ),
        ("nonsense".to_owned(), "2: expected ident"),
        (
            "[1, 2]".to_owned(),
            " a case is an object with nodes and a pod",
        ),
        ("[".repeat(100_000), "128: recursion limit exceeded"),
        (
            case(|case| drop(case["pod"].take())),
            " pod: Required value",
        ),
        (
            case(|case| drop(case["name"].take())),
            " name: must be a string",
        ),
        (
            case(|case| case["nodes"] = json!(7)),
            " nodes: must be a list",
        ),
        (
            case(|case| case["nods"] = json!([])),
            " nods: unknown field",
        ),
        (
            case(|case| case["nodes"][0]["kind"] = "Pod".into()),
            " nodes[0].kind: must be Node",
        ),
        (
            case(|case| drop(case["nodes"][0]["metadata"]["name"].take())),
            " nodes[0].metadata.name: Required value",
        ),
        (
            with_pod_spec("nodeSelektor", json!({})),
            " pod.spec.nodeSelektor: strict decoding error: unknown field \"spec.nodeSelektor\"; did you mean \"nodeSelector\"?",
        ),
        (
            with_pod_spec("containers", json!("c")),
            " pod.spec.containers: json: cannot unmarshal string into",
        ),
        (
            with_pod_spec("schedulerName", json!("mine")),
            " pod.spec.schedulerName: no profile is called \"mine\"; there are default-scheduler",
        ),
    ]
}

/// Cases with values that no decision can be made from.
fn lines_of_wrong_values() -> Vec<(String, &'static str)> {
    vec![
        (
            score_plugin(&json!({"name": "NodeResourceFit"})),
            " schedulerConfig.profiles[0].plugins.score.enabled[0].name: plugin \"NodeResourceFit\" does not exist; the nearest name is \"NodeResourcesFit\"",
        ),
        (
            score_plugin(&json!({"name": "ImageLocality", "weight": 0})),
            " schedulerConfig.profiles[0].plugins.score.enabled[0].weight: Invalid value: 0: not in valid range [1, 100]",
        ),
        (
            score_plugin(&json!({"name": "ImageLocality", "weight": 101})),
            " schedulerConfig.profiles[0].plugins.score.enabled[0].weight: Invalid value: 101: not in valid range [1, 100]",
        ),
        (
            requests("cpu", "-1"),
            " pod.spec.containers[0].resources.requests[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
        ),
        (
            requests("memory", "1e40"),
            " pod.spec.containers[0].resources.requests[memory]: Invalid value: \"1e40\": must be less than or equal to 92233720368547758",
        ),
        (
            requests("memory", "lots"),
            " pod.spec.containers[0].resources.requests[memory]: ",
        ),
        (
            case(|case| case["nodes"][0]["status"]["allocatable"]["cpu"] = "-4".into()),
            " nodes[0].status.allocatable[cpu]: Invalid value: \"-4\": must be greater than or equal to 0",
        ),
        (
            label_selector(""),
            " pod.spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].operator: Invalid value: \"\": not a valid selector operator",
        ),
        (
            label_selector("Like"),
            ".labelSelector.matchExpressions[0].operator: Invalid value: \"Like\": not a valid selector operator",
        ),
        (
            node_terms(10_000),
            ".nodeSelectorTerms: Too many: 10000: must have at most 1000 items",
        ),
        (
            with_pod_spec(
                "tolerations",
                json!(vec![json!({"operator": "Exists"}); 10_000]),
            ),
            " pod.spec.tolerations: Too many: 10000: must have at most 1000 items",
        ),
    ]
}

#[test]
fn each_broken_line_is_named_with_its_path_and_the_others_are_answered() {
    let mut broken = lines_of_no_case();
    broken.extend(lines_of_wrong_values());
    let good = case(|_| ());
    let mut lines = vec![good.clone(), String::new()];
    lines.extend(broken.iter().map(|(line, _)| line.clone()));
    lines.push(good);
    let run = glassplane(&["explain", "--cases", "-"], &lines.join("\n"));
    let said = text(&run.stderr);
    assert_eq!(run.status.code(), Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    let answers = text(&run.stdout);
    assert_eq!(answers.lines().count(), 2, "{answers}");
    assert!(
        answers
            .lines()
            .all(|line| line.contains("\"best\":[\"node-a\"]"))
    );
    for (place, (_, expected)) in broken.iter().enumerate() {
        let number = format!("-:{}:", place + 3);
        let told: Vec<&str> = said
            .lines()
            .filter(|line| line.starts_with(&number))
            .collect();
        assert_eq!(told.len(), 1, "{number} {expected}: {told:?}");
        assert!(
            told[0].contains(expected),
            "{expected} is not in {}",
            told[0]
        );
    }
}

#[test]
fn a_thousand_terms_are_still_answered() {
    let run = glassplane(&["explain", "--cases", "-"], &node_terms(1_000));
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(text(&run.stdout).contains("NodeAffinity"));
}

const MACHINES: &str = "\
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: small, resourceVersion: '9', managedFields: []}, status: {allocatable: {cpu: '1', memory: 4Gi, pods: '10'}, phase: x, shine: 1}}
- {apiVersion: v1, kind: Node, metadata: {name: large, labels: {disk: hdd}}, status: {allocatable: {cpu: '8', memory: 4Gi, pods: '10'}}}
- {apiVersion: v1, kind: Node, metadata: {name: gone}, spec: {unschedulable: true, taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]}, status: {allocatable: {cpu: '8', memory: 4Gi, pods: '10'}}}
- {apiVersion: v1, kind: Node, metadata: {name: kept}, spec: {taints: [{key: for, value: batch, effect: NoSchedule}]}, status: {allocatable: {cpu: '8', memory: 4Gi, pods: '10'}}}
- {apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: default}}
- {apiVersion: v1, kind: Pod, metadata: {name: runs, namespace: shop}, spec: {nodeName: small, containers: [{name: c, resources: {requests: {cpu: 800m}}}]}, status: {phase: Running}}
- {apiVersion: v1, kind: Pod, metadata: {name: waits, namespace: default}, spec: {containers: [{name: c, resources: {requests: {cpu: 500m}}}]}, status: {phase: Pending}}
- {apiVersion: v1, kind: Pod, metadata: {name: picky, namespace: default}, spec: {nodeSelector: {disk: ssd}, containers: [{name: c, resources: {requests: {cpu: '16'}}}]}}
";

fn saved(name: &str) -> (PathBuf, String) {
    let folder = folder(name);
    let path = folder.join("cluster.yaml");
    fs::write(&path, MACHINES).expect("written");
    let name = path.to_string_lossy().into_owned();
    (folder, name)
}

fn explained(arguments: &[&str]) -> String {
    let run = glassplane(arguments, "");
    assert!(run.status.success(), "{}", text(&run.stderr));
    text(&run.stdout)
}

#[test]
fn a_pod_of_a_saved_cluster_is_explained_node_by_node() {
    let (_, path) = saved("explain-saved");
    let run = glassplane(&["explain", "waits", "-f", &path], "");
    let said = text(&run.stderr);
    assert!(run.status.success(), "{said}");
    assert!(
        said.contains("passed over 1 object of kind Ingress in version networking.k8s.io/v1"),
        "{said}"
    );
    assert!(
        said.contains("passed over field status.shine of kind Node"),
        "{said}"
    );
    let printed = text(&run.stdout);
    for expected in [
        "Pod default/waits",
        "WINS",
        "NodeResourcesFit: Insufficient cpu",
        "Why: large, because it is the only one of 4 nodes that fits.",
        "  small  300m more cpu free (500m wanted, 200m of 1 free)",
        "  gone   kubectl uncordon gone\n",
        "  kept   the pod tolerates the taint for=batch:NoSchedule, or the taint goes\n",
    ] {
        assert!(
            printed.contains(expected),
            "{expected} is not in\n{printed}"
        );
    }
}

#[test]
fn what_would_have_to_change_is_told_to_its_end() {
    let (_, path) = saved("explain-way");
    let printed = explained(&["explain", "default/picky", "-f", &path]);
    for expected in [
        "Why: No node: 0/4 nodes are available:",
        "  large  label disk=ssd on it (it has disk=hdd); and 8 more cpu free (16 wanted, 8 of 8 free; even empty it is too small)\n",
        "  gone   kubectl uncordon gone; and label disk=ssd on it; and 8 more cpu free",
    ] {
        assert!(
            printed.contains(expected),
            "{expected} is not in\n{printed}"
        );
    }
}

#[test]
fn a_bound_pod_is_explained_as_if_it_were_scheduled_now() {
    let (_, path) = saved("explain-bound");
    let printed = explained(&["explain", "runs", "-f", &path]);
    assert!(
        printed.starts_with("Pod shop/runs\nIt is bound to small already; "),
        "{printed}"
    );
    // Its own request does not stand in its way.
    assert!(!printed.contains("Insufficient cpu"), "{printed}");
    let value: Value =
        serde_json::from_str(&explained(&["explain", "runs", "-f", &path, "-o", "json"]))
            .expect("JSON");
    assert_eq!(value["boundTo"], "small");
    assert_eq!(value["decision"]["winner"], "large");
}

#[test]
fn ties_are_named_and_several_files_and_folders_are_one_cluster() {
    let folder = folder("explain-ties");
    let node = |name: &str| {
        format!(
            "{{apiVersion: v1, kind: Node, metadata: {{name: {name}}}, status: {{allocatable: {{cpu: '4', memory: 4Gi, pods: '9'}}}}}}\n"
        )
    };
    fs::write(folder.join("a.yaml"), node("a")).expect("written");
    fs::write(folder.join("b.yaml"), node("b")).expect("written");
    let pod = folder.join("pod.json");
    fs::write(&pod, json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c"}]}}).to_string()).expect("written");
    let (nodes, pod) = (folder.to_string_lossy(), pod.to_string_lossy());
    let printed = explained(&["explain", "p", "-f", &nodes]);
    assert!(
        printed.contains("by chance: a, b are equally good with"),
        "{printed}"
    );
    assert!(printed.contains("fits, as good"), "{printed}");
    let run = glassplane(&["explain", "p", "-f", &pod], "");
    assert!(text(&run.stdout).contains("no nodes available to schedule pods"));
}

#[test]
fn fill_counts_how_many_more_fit_and_what_stops_them() {
    let (_, path) = saved("explain-fill");
    let printed = explained(&["explain", "waits", "-f", &path, "--fill"]);
    assert!(
        printed.starts_with("10 more of pod default/waits fit"),
        "{printed}"
    );
    assert!(
        printed.contains("NodeResourcesFit: Too many pods"),
        "{printed}"
    );
    assert!(
        printed.contains("What stops number 11: 0/4 nodes are available:"),
        "{printed}"
    );
    let value: Value = serde_json::from_str(&explained(&[
        "explain", "waits", "-f", &path, "--fill", "-o", "json",
    ]))
    .expect("JSON");
    assert_eq!(value["more"], 10);
    let large = value["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|row| row["node"] == "large");
    assert_eq!(large.expect("a row")["more"], 10);
}

#[test]
fn a_configuration_of_the_scheduler_decides_and_its_mistakes_have_a_place() {
    let (folder, path) = saved("explain-config");
    let config = folder.join("scheduler.conf");
    let disabled =
        "profiles:\n- plugins:\n    multiPoint:\n      disabled:\n      - name: TaintToleration\n";
    fs::write(&config, disabled).expect("written");
    let config_path = config.to_string_lossy();
    let arguments = [
        "explain",
        "waits",
        "-f",
        &path,
        "--scheduler-config",
        &config_path,
    ];
    assert!(!explained(&arguments).contains("taint"));
    fs::write(&config, disabled.replace("TaintToleration", "Tolerations")).expect("written");
    let run = glassplane(&arguments, "");
    let said = text(&run.stderr);
    assert!(said.contains("scheduler.conf:5:15: profiles[0].plugins.multiPoint.disabled[0].name: plugin \"Tolerations\" does not exist"), "{said}");
}

#[test]
fn what_cannot_be_explained_is_said() {
    let (folder, path) = saved("explain-wrong");
    let broken = folder.join("broken.yaml");
    fs::write(&broken, MACHINES.replace("cpu: 800m", "cpu: -800m")).expect("written");
    let broken = broken.to_string_lossy();
    let cases: [(&[&str], &str); 7] = [
        (
            &["explain", "nope", "-f", &path],
            "pods \"nope\" not found in namespace default; the nearest of 3 is",
        ),
        (
            &["explain", "shop/waits", "-f", &path],
            "pods \"waits\" not found in namespace shop",
        ),
        (&["explain", "waits"], "error: which cluster? Give -f FILE"),
        (
            &["explain", "waits", "-f", "nowhere.yaml"],
            "error: the path \"nowhere.yaml\" does not exist",
        ),
        (&["explain", "waits", "-f", &broken], "broken.yaml:9:"),
        (
            &["explain", "waits", "-f", &path, "-o", "jsonl"],
            "error: -o jsonl is for --cases",
        ),
        (
            &["explain", "--cases", "nowhere.jsonl"],
            "error: the path \"nowhere.jsonl\" does not exist",
        ),
    ];
    for (arguments, expected) in cases {
        let run = glassplane(arguments, "");
        let said = text(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{arguments:?}: {said}");
        assert!(said.contains(expected), "{arguments:?} said: {said}");
    }
}

#[test]
fn what_a_run_saves_can_be_explained() {
    let folder = folder("explain-run");
    let path = folder.join("cluster.yaml");
    fs::write(&path, saved_run(&web(3))).expect("written");
    let path = path.to_string_lossy();
    let run = glassplane(&["explain", "web", "-f", &path], "");
    let said = text(&run.stderr);
    let name = said.rsplit('/').next().unwrap_or_default().trim();
    let printed = explained(&["explain", name, "-f", &path]);
    assert!(printed.contains("It is bound to node-"), "{printed}");
    assert!(printed.contains("PodTopologySpread"), "{printed}");
}

fn saved_run(manifest: &str) -> String {
    let run = glassplane(&["run", "-", "-o", "yaml", "--for", "30s"], manifest);
    assert!(run.status.success(), "{}", text(&run.stderr));
    text(&run.stdout)
}

/// The node of each pod at the end of a run that scales up after the scheduler has crashed.
fn nodes_with(configuration: Option<&str>) -> std::collections::BTreeSet<String> {
    let mut arguments = vec!["run", "-", "-o", "json", "--for", "120s"];
    arguments.extend(["--do", "20s: fault restart kube-scheduler"]);
    arguments.extend(["--do", "30s: kubectl scale deployment/web --replicas=8"]);
    arguments.extend(
        configuration
            .iter()
            .flat_map(|path| ["--scheduler-config", path]),
    );
    let run = glassplane(&arguments, &web(4));
    assert!(run.status.success(), "{}", text(&run.stderr));
    let list: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    let items = list["items"].as_array().expect("items");
    let pods = items.iter().filter(|item| item["kind"] == "Pod");
    pods.filter_map(|pod| Some(pod["spec"]["nodeName"].as_str()?.to_owned()))
        .collect()
}

#[test]
fn s2_a_run_takes_the_configuration_of_the_scheduler_and_keeps_it_over_a_crash() {
    let folder = folder("explain-pack");
    let path = folder.join("pack.yaml");
    let pack = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nprofiles:\n\
                - plugins: {score: {disabled: [{name: '*'}], enabled: [{name: NodeResourcesFit}]}}\n  \
                  pluginConfig:\n  - name: NodeResourcesFit\n    args: {scoringStrategy: {type: MostAllocated}}\n";
    fs::write(&path, pack).expect("written");
    assert_eq!(
        nodes_with(None).len(),
        3,
        "as it comes, the scheduler spreads"
    );
    assert_eq!(nodes_with(Some(&path.to_string_lossy())).len(), 1);
    let run = glassplane(&["run", "--scheduler-config", "nowhere.yaml"], "");
    assert!(text(&run.stderr).contains("error: the path \"nowhere.yaml\" does not exist"));
}
