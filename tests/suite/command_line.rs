//! The real binary without a screen: what it prints, what it refuses, and how it ends.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::worlds::web;

pub(crate) fn glassplane(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_glassplane"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary was built with the tests");
    let mut stdin = child.stdin.take().expect("it is piped");
    // A program that refuses its arguments does not read its input; that is no failure.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("it prints text")
}

/// A folder of this test's own, empty at its start.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).expect("it is ours");
    }
    fs::create_dir_all(&folder).expect("the target folder can be written");
    folder
}

#[test]
fn published_manifests_become_available_deployments() {
    for (path, deployments) in [
        ("tests/manifests/online-boutique.yaml", 12),
        ("tests/manifests/guestbook", 3),
    ] {
        let run = glassplane(&["run", path, "--until", "settled()", "--for", "300s"], "");
        assert!(run.status.success(), "{path}: {}", text(&run.stderr));
        let printed = text(&run.stdout);
        let rows: Vec<Vec<&str>> = printed
            .lines()
            .skip(1)
            .take_while(|line| !line.is_empty())
            .map(|line| line.split_whitespace().collect())
            .collect();
        assert!(printed.starts_with("NAME"), "{printed}");
        assert_eq!(rows.len(), deployments, "{path}");
        for row in rows {
            let (ready, wanted) = row[1].split_once('/').expect("READY is have/want");
            assert_eq!(ready, wanted, "{path}: {row:?}");
            assert_eq!(row[3], wanted, "{path}: {row:?} is not available");
        }
    }
}

#[test]
fn the_same_seed_prints_the_same_bytes_and_another_seed_others() {
    let run = |seed: &str, output: &str| {
        let arguments = [
            "run",
            "-",
            "--seed",
            seed,
            "-o",
            output,
            "--do",
            "40s: fault node-down node-b",
            "--for",
            "500s",
        ];
        let run = glassplane(&arguments, &web(4));
        assert!(run.status.success(), "{}", text(&run.stderr));
        text(&run.stdout)
    };
    for output in ["trace", "watch"] {
        assert_eq!(run("7", output), run("7", output));
        assert_ne!(run("7", output), run("8", output));
    }
}

#[test]
fn each_line_of_the_trace_and_of_the_watch_has_its_fields() {
    let lines = |output: &str| -> Vec<Value> {
        let run = glassplane(
            &["run", "-", "-o", output, "--until", "ready(\"web\") == 2"],
            &web(2),
        );
        assert!(run.status.success(), "{}", text(&run.stderr));
        let printed = text(&run.stdout);
        printed
            .lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    };
    for record in lines("trace") {
        for field in [
            "id", "time_ms", "revision", "actor", "cause", "kind", "object", "detail",
        ] {
            assert!(record.get(field).is_some(), "{field}: {record}");
        }
    }
    let changes = lines("watch");
    let revisions: Vec<u64> = changes
        .iter()
        .filter_map(|change| change["revision"].as_u64())
        .collect();
    assert!(
        revisions.windows(2).all(|pair| pair[0] < pair[1]),
        "{revisions:?}"
    );
    for change in changes {
        for field in ["type", "time_ms", "revision", "actor", "object"] {
            assert!(!change[field].is_null(), "{field}: {change}");
        }
        assert!(change["object"]["metadata"]["resourceVersion"].is_string());
    }
}

#[test]
fn final_objects_come_as_a_list() {
    let run = glassplane(&["run", "-", "-o", "json"], &web(1));
    let list: Value = serde_json::from_slice(&run.stdout).expect("JSON");
    assert_eq!(list["kind"], "List");
    let kinds: Vec<&str> = list["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|item| item["kind"].as_str())
        .collect();
    for kind in ["Node", "Pod", "Deployment", "ReplicaSet", "Lease"] {
        assert!(kinds.contains(&kind), "{kind}");
    }
    let yaml = text(&glassplane(&["run", "-", "-o", "yaml"], &web(1)).stdout);
    assert!(
        yaml.starts_with("apiVersion: v1\nitems:\n- apiVersion: "),
        "{}",
        &yaml[..80]
    );
}

#[test]
fn a_script_does_things_in_time_and_waits_for_what_it_is_told() {
    let folder = folder("script");
    fs::write(folder.join("web.yaml"), web(2)).expect("written");
    let script = "seed: 7\ncluster: { nodes: 3 }\ndo:\n  - kubectl apply -f web.yaml\n  \
                  - { at: 30s, run: kubectl scale deployment/web --replicas=5 }\n  \
                  - { when: 'ready(\"web\") == 5', run: fault node-down node-b }\nuntil: settled()\nfor: 1000s\n";
    let path = folder.join("script.yaml");
    fs::write(&path, script).expect("written");
    let run = glassplane(&["run", &path.to_string_lossy()], "");
    assert!(run.status.success(), "{}", text(&run.stderr));
    let printed = text(&run.stdout);
    assert!(printed.contains("web    5/5"), "{printed}");
    assert!(printed.contains("node-b   NotReady"), "{printed}");
}

#[test]
fn each_mistake_in_a_script_is_told_with_its_line() {
    let first = "do:\n  - kubectl get pods\n";
    let cases = [
        (
            "  - { at: 20s, run: kubectl get deploy,rs }",
            "line 3 column 40: unknown field `rs`, expected one of at, when, run",
        ),
        ("  - kubectl: get pods", "unknown field `kubectl`"),
        (
            "  - 17",
            "line 3 column 5: invalid type: integer `17`, expected a command, or { at: a time, run: a command }",
        ),
        ("  - { at: 20s }", "missing field `run`"),
        (
            "  - { at: 20x, run: get pods }",
            "line 3: \"20x\" is no duration; write 250ms, 40s, 5m or 1h30m",
        ),
        (
            "  - { when: 'redy(\"x\")', run: get pods }",
            "line 3: there is no function \"redy\"",
        ),
        (
            "  - { at: 1s, when: settled(), run: get pods }",
            "line 3: error: both at and when are given; say one of them",
        ),
        (
            "  - kubectl crate deployment web",
            "line 3: error: unknown command \"crate\" for \"kubectl\"",
        ),
        (
            "  - apply -f nowhere.yaml",
            "line 3: error: the path \"nowhere.yaml\" does not exist",
        ),
        ("untill: settled()", "unknown field `untill`"),
    ];
    let path = folder("broken-script").join("script.yaml");
    for (line, message) in cases {
        fs::write(&path, format!("{first}{line}\n")).expect("written");
        let run = glassplane(&["run", &path.to_string_lossy()], "");
        assert_eq!(run.status.code(), Some(1), "{line}");
        let told = text(&run.stderr);
        assert!(told.contains(message), "{line}: {told}");
        assert!(told.contains("script.yaml: "), "{line}: {told}");
        assert_eq!(text(&run.stdout), "", "{line}");
    }
}

#[test]
fn what_does_not_come_true_ends_with_one() {
    let run = glassplane(
        &["run", "-", "--until", "ready(\"web\") == 9", "--for", "30s"],
        &web(2),
    );
    assert_eq!(run.status.code(), Some(1));
    assert!(text(&run.stderr).contains("ready(\"web\") == 9 did not come true by 30."));
}

#[test]
fn wrong_arguments_say_what_would_be_right() {
    let cases: [(&[&str], &str); 14] = [
        (
            &["run", "nowhere.yaml"],
            "error: the path \"nowhere.yaml\" does not exist",
        ),
        (
            &["run", "--do", "kubectl frobnicate"],
            "error: unknown command \"frobnicate\" for \"kubectl\"",
        ),
        (
            &["run", "--do", "fault nod-down x"],
            "Did you mean this?\n\tnode-down",
        ),
        (
            &["run", "--until", "redy(\"x\")"],
            "there is no function \"redy\"; there are settled()",
        ),
        (
            &["run", "--until", "ready(\"x\""],
            "this is no CEL expression",
        ),
        (
            &["run", "--until", "1 + 1"],
            "the expression is int where true or false is needed",
        ),
        (
            &["run", "--do", "fault node-down node-z"],
            "there is no node \"node-z\"; there are node-a, node-b, node-c",
        ),
        (
            &["run", "--for", "soon"],
            "is no duration; write 250ms, 40s, 5m or 1h30m",
        ),
        (&["run", "--nodes", "1000000"], "1000000 nodes are too many"),
        (
            &["frame", "--size", "wide"],
            "\"wide\" is no size; write 120x36",
        ),
        (&["frame", "--at", "9"], "step 9 is beyond the last one, "),
        (
            &["frame", "--keys", "w get"],
            "--keys: \"get\" is not a key",
        ),
        (
            &["frame", "--keys", "? y"],
            "key 2 of 2, y, asks for nothing here; these do: Esc ",
        ),
        (
            &["frame", "--keys", ": \"get pods"],
            "the text \"get pods has no \" at its end",
        ),
    ];
    for (arguments, expected) in cases {
        let run = glassplane(arguments, "");
        let said = text(&run.stderr);
        assert!(!run.status.success(), "{arguments:?}");
        assert!(said.contains(expected), "{arguments:?} said: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn a_frame_shows_what_keys_open_as_the_screen_does() {
    let draw = |keys: &[&str]| {
        let arguments = [&["frame", "-", "--size", "100x30", "--at", "100"], keys].concat();
        let run = glassplane(&arguments, &web(3));
        assert!(run.status.success(), "{}", text(&run.stderr));
        text(&run.stdout)
    };
    let without = draw(&[]);
    assert!(without.contains("the past") && without.contains("steps ahead"));
    for (keys, shows) in [
        ("?", " Marks and keys ━"),
        (
            "End : \"get deployments\" Enter",
            " kubectl get deployments ━",
        ),
        (
            ": \"fault node-down node-a\" enter",
            "This is the past. Fork here?",
        ),
        (": 'fault node-down node-a' enter enter F c", "┏ Two runs"),
    ] {
        let frame = draw(&["--keys", keys]);
        assert!(frame.contains(shows), "{keys}:\n{frame}");
    }
}

/// A manifest with one mistake, and what is said about it.
type Mistake = (&'static str, String, &'static str);

/// The good manifest with one place changed.
fn with(from: &str, to: &str) -> String {
    let good = web(3);
    assert!(good.contains(from), "{from}");
    good.replace(from, to)
}

/// Texts that are no manifests.
#[rustfmt::skip]
fn broken_texts() -> Vec<Mistake> {
    let documents = "---\na\n".repeat(1_000_000);
    vec![
        ("syntax", "a: [1\n".to_owned(), "syntax.yaml:1:4: "),
        ("duplicate", with("  name: web\n", "  name: web\n  name: web\n"), "duplicate.yaml:5:3: "),
        ("tab", with("  name: web\n", "\tname: web\n"), "tab.yaml:4:1: "),
        ("empty", String::new(), "empty.yaml: no objects passed to apply"),
        ("binary", "\u{1}\u{0}\u{2}".repeat(400), "binary.yaml:1:"),
        ("large", "a".repeat(50 << 20), "large.yaml: Request entity too large: at most 8 MiB are read"),
        ("documents", documents, "1000000 documents in one file; at most 10000 are read"),
        ("deep", format!("a: {}", "[".repeat(100_000)), "deep.yaml:1:"),
        ("bomb", bomb(), "document contains excessive aliasing"),
    ]
}

/// Manifests that the API server or its schema refuses.
#[rustfmt::skip]
fn wrong_fields() -> Vec<Mistake> {
    let selector = "  selector:\n    matchLabels:\n      app: web\n";
    let nowhere = with("  name: web\nspec", "  name: web\n  namespace: nowhere\nspec");
    let label = with("      app: web\n  template", "      app: other\n  template");
    vec![
        ("kind", with("kind: Deployment", "kind: Deploymnt"), "kind.yaml:2:7: no matches for kind \"Deploymnt\" in version \"apps/v1\""),
        ("version", with("apps/v1", "apps/v2"), "version.yaml:1:13: no matches for kind \"Deployment\" in version \"apps/v2\""),
        ("field", with("image:", "imagee:"), "unknown field \"spec.template.spec.containers[0].imagee\"; did you mean \"image\"?"),
        ("type", with("replicas: 3", "replicas: three"), "type.yaml:6:13: json: cannot unmarshal string"),
        ("required", with(selector, ""), "required.yaml:5:1: spec.selector"),
        ("name", with("  name: web\nspec", "  name: Web_App\nspec"), "metadata.name: Invalid value: \"Web_App\": a lowercase RFC 1123 subdomain"),
        ("quantity", with("250m", "25Q"), "quantities must match the regular expression"),
        ("selector", label, "selector.yaml:12:7: spec.template.metadata.labels"),
        ("namespace", nowhere, "namespaces \"nowhere\" not found"),
    ]
}

fn bomb() -> String {
    let mut text = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for (name, last) in ('b'..='i').zip('a'..) {
        let nine = vec![format!("*{last}"); 9].join(",");
        text.push_str(&[name.to_string(), format!(": &{name} [{nine}]\n")].concat());
    }
    text
}

#[test]
fn each_mistake_in_a_manifest_gives_one_clear_message_and_nothing_is_written() {
    let folder = folder("mistakes");
    for (name, content, expected) in broken_texts().into_iter().chain(wrong_fields()) {
        let path = folder.join(format!("{name}.yaml"));
        fs::write(&path, content).expect("written");
        let run = glassplane(&["run", &path.to_string_lossy(), "-o", "watch"], "");
        let said = text(&run.stderr);
        assert_eq!(run.status.code(), Some(1), "{name}: {said}");
        assert!(said.contains(expected), "{name} said: {said}");
        assert!(!said.contains("panicked"), "{name}: {said}");
        assert!(
            !text(&run.stdout).contains("\"kind\":\"Deployment\""),
            "{name} was half-written"
        );
        assert!(said.lines().count() <= 6, "{name} said too much: {said}");
    }
}

#[test]
fn what_is_there_already_and_what_is_not_there_are_said_as_kubectl_says_them() {
    let folder = folder("second");
    let path = folder.join("web.yaml");
    fs::write(&path, web(1)).expect("written");
    let path = path.to_string_lossy();
    let cases = [
        (
            format!("10s: kubectl create -f {path}"),
            "deployments.apps \"web\" already exists",
        ),
        (
            "10s: kubectl delete deployment nope".to_owned(),
            "deployments.apps \"nope\" not found",
        ),
        (
            "10s: kubectl scale deployment/web --replicas=-1".to_owned(),
            "must be greater than or equal to 0",
        ),
    ];
    for (line, expected) in cases {
        let run = glassplane(&["run", &path, "--do", &line], "");
        assert_eq!(run.status.code(), Some(1), "{line}");
        assert!(
            text(&run.stderr).contains(expected),
            "{line}: {}",
            text(&run.stderr)
        );
    }
}

#[test]
fn a_run_prints_what_its_questions_were_answered() {
    let folder = folder("answers");
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).expect("the folder is ours");
        path.to_string_lossy().into_owned()
    };
    let web_of_three = file("three.yaml", &web(3));
    let web_of_four = file("four.yaml", &web(4));
    let budget = file(
        "budget.yaml",
        "apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec: {minAvailable: 3, \
         selector: {matchLabels: {app: web}}}\n",
    );
    let diff = format!("10s: diff -f {web_of_four}");
    let cases = [
        (diff.as_str(), vec!["-  replicas: 3\n", "+  replicas: 4\n"]),
        (
            "10s: get cronjobs",
            vec!["No resources found in default namespace.\n"],
        ),
        (
            "10s: drain node-a --ignore-daemonsets",
            vec![
                "node/node-a cordoned\n",
                "Cannot evict pod as it would violate the pod's disruption budget.",
                "(kubectl still waits when the run ends, at 30.",
            ],
        ),
    ];
    for (step, expected) in cases {
        let arguments = ["run", &web_of_three, &budget, "--do", step, "--for", "30s"];
        let run = glassplane(&arguments, "");
        let printed = text(&run.stdout);
        for part in expected {
            assert!(printed.contains(part), "{step}: {part}\n{printed}");
        }
    }
}

#[test]
fn one_bad_document_of_a_file_is_told_with_its_place_and_the_others_are_created() {
    let good = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: good}\n---\n";
    let bad = "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: {containerz: []}\n";
    let run = glassplane(&["run", "-", "-o", "yaml"], &format!("{good}{bad}"));
    assert!(!run.status.success());
    assert!(text(&run.stdout).contains("name: good\n"));
    let error = text(&run.stderr);
    for part in [
        "Error from server (BadRequest): error when creating \"-\": Pod in version \"v1\" cannot be \
         handled as a Pod: strict decoding error: unknown field \"spec.containerz\"",
        "-:8:8: strict decoding error: unknown field \"spec.containerz\"; did you mean \"containers\"?",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_session_given_to_run_is_told_to_be_replayed() {
    let path = folder("not-a-manifest").join("kept.yaml");
    let path = path.to_string_lossy();
    let kept = glassplane(&["run", "-", "--save", &path, "--for", "5s"], &web(1));
    assert!(kept.status.success(), "{}", text(&kept.stderr));
    let run = glassplane(&["run", &path], "");
    assert!(!run.status.success());
    let error = text(&run.stderr);
    assert!(
        error.contains(&format!("'glassplane replay {path}' makes it again")),
        "{error}"
    );
}
