//! Manifests good and bad, from real files to bombs, and what is said of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::api::Kind;

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 3
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: web
        image: nginx:1.27
        resources:
          requests:
            cpu: 100m
";

fn parse_text(text: &str) -> Parse {
    parse("web.yaml", text.as_bytes())
}

fn said(text: &str) -> Vec<String> {
    let problems = parse_text(text).problems;
    problems.iter().map(Problem::to_string).collect()
}

fn yaml_files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder of test data");
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(yaml_files(&path));
        } else if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            files.push(path);
        }
    }
    files.sort();
    files
}

#[test]
fn published_manifests_have_no_problem() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests");
    let files = yaml_files(&folder);
    assert_eq!(files.len(), 9);
    let mut objects = 0;
    for file in files {
        let bytes = std::fs::read(&file).expect("a file of test data");
        let parse = parse(&file.to_string_lossy(), &bytes);
        assert_eq!(parse.problems, [], "{}", file.display());
        objects += parse.documents.len();
    }
    assert_eq!(objects, 44);
}

/// Each change of the good manifest, and what is said of the result.
#[test]
fn each_mistake_gives_one_message_with_its_place() {
    let cases = [
        (
            "kind: Deployment",
            "kind: Deploymnt",
            "web.yaml:2:7: no matches for kind \"Deploymnt\" in version \"apps/v1\"; did you mean \"Deployment\"?",
        ),
        (
            "apiVersion: apps/v1",
            "apiVersion: v1",
            "web.yaml:1:13: no matches for kind \"Deployment\" in version \"v1\"; Deployment is in version \"apps/v1\"",
        ),
        (
            "apiVersion: apps/v1\n",
            "",
            "web.yaml:1:1: error validating data: apiVersion not set",
        ),
        (
            "apiVersion: apps/v1\nkind: Deployment\n",
            "",
            "web.yaml:1:1: error validating data: [apiVersion not set, kind not set]",
        ),
        (
            "kind: Deployment",
            "kind: 5",
            "web.yaml:2:7: error validating data: kind is not a string; expected a string, found the number 5",
        ),
        (
            "  name: web\n  labels",
            "  labels",
            "web.yaml:3:1: metadata.name: Required value: name or generateName is required",
        ),
        (
            "        image:",
            "        imagee:",
            "web.yaml:19:9: strict decoding error: unknown field \"spec.template.spec.containers[0].imagee\"; did you mean \"image\"?",
        ),
        (
            "replicas: 3",
            "replicas: three",
            "web.yaml:8:13: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32; expected a whole number, found the string \"three\"",
        ),
        (
            "replicas: 3",
            "replicas: \"3\"",
            "web.yaml:8:13: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32; expected a whole number, found the string \"3\"",
        ),
        (
            "replicas: 3",
            "replicas: 3\n  replicas: 4",
            "web.yaml:9:3: error converting YAML to JSON: yaml: key \"replicas\" already set in map; it is first set at line 8",
        ),
        (
            "labels:\n    app: web\nspec",
            "labels:\n    app: yes\nspec",
            "web.yaml:6:10: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string; expected a string, found the boolean true",
        ),
        (
            "        app: web\n    spec",
            "        app: 1\n    spec",
            "web.yaml:15:14: json: cannot unmarshal number into Go struct field ObjectMeta.spec.template.metadata.labels of type string; expected a string, found the number 1",
        ),
        (
            "cpu: 100m",
            "cpu: ten",
            "web.yaml:22:18: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'; expected a quantity such as 100m or 1Gi, found the string \"ten\"",
        ),
        (
            "  replicas: 3",
            "\treplicas: 3",
            "web.yaml:8:1: error converting YAML to JSON: yaml: found character that cannot start any token; this is a tab; indent with spaces",
        ),
        (
            "  name: web\n",
            "  name: web: a\n",
            "web.yaml:4:12: error converting YAML to JSON: yaml: mapping values are not allowed in this context",
        ),
        (
            "  name: web\n",
            "  name web\n",
            "web.yaml:5:9: error converting YAML to JSON: yaml: mapping values are not allowed in this context",
        ),
        (
            "  name: web\n",
            "  name: *web\n",
            "web.yaml:4:9: error converting YAML to JSON: yaml: unknown anchor referenced",
        ),
        (
            "containers:\n      - name: web",
            "containers:\n        name: web",
            "web.yaml:17:7: json: cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container; expected a list, found a mapping",
        ),
    ];
    for (good, bad, expected) in cases {
        let text = WEB.replacen(good, bad, 1);
        assert_ne!(text, WEB, "{good}");
        assert_eq!(said(&text), [expected], "{bad}");
    }
    assert_eq!(said(WEB), [""; 0]);
}

#[test]
fn what_is_no_manifest_at_all_is_said_in_one_sentence() {
    let binary = [0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0xff];
    let million_documents = "a: 1\n---\n".repeat(1_000_000 / 2);
    let cases: [(&[u8], &str); 13] = [
        (b"", "no objects passed to apply: the file is empty"),
        (b" \n\n", "no objects passed to apply: the file is empty"),
        (
            b"# a\n---\n# b\n",
            "no objects passed to apply: the file has only comments",
        ),
        (b"null\n", "no objects passed to apply"),
        (
            b"apiVersion: v1\nkind: List\nitems: []\n",
            "no objects passed to apply",
        ),
        (
            &binary,
            ":1:9: yaml: invalid UTF-8 octet; this looks like a binary file",
        ),
        (
            b"a: 1\nb: \0\n",
            ":2:4: yaml: control characters are not allowed; this looks like a binary file",
        ),
        (
            b"hello\n",
            ":1:1: invalid object to validate; expected a mapping with apiVersion, kind and metadata, found the string \"hello\"",
        ),
        (
            b"[1]\n",
            ":1:1: invalid object to validate; expected a mapping with apiVersion, kind and metadata, found a list",
        ),
        (
            b"a: 1\n...\nb: 2\n",
            ":3:1: error converting YAML to JSON: yaml: a second document begins here; separate documents with a line ---",
        ),
        (
            b"a: [1,\n",
            ":1:4: error converting YAML to JSON: yaml: unclosed bracket '['",
        ),
        (
            b"~: 1\n",
            ":1:1: error converting YAML to JSON: yaml: invalid map key: null; a key is a string",
        ),
        (
            million_documents.as_bytes(),
            "500000 documents in one file; at most 10000 are read",
        ),
    ];
    for (bytes, expected) in cases {
        let parse = parse("web.yaml", bytes);
        assert_eq!(parse.documents.len(), 0);
        assert_eq!(parse.problems.len(), 1, "{expected}");
        let said = parse.problems[0].to_string();
        assert!(said.ends_with(expected), "{said}");
    }
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let large = vec![b'a'; 50 << 20];
    let parse = parse("web.yaml", &large);
    assert_eq!(
        parse.problems[0].to_string(),
        "web.yaml: Request entity too large: at most 8 MiB are read"
    );
}

#[test]
fn bombs_are_refused_in_one_sentence() {
    let mut aliases = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..9 {
        let below = format!("*a{}", level - 1);
        let list = [below.as_str(); 10].join(",");
        writeln!(aliases, "a{level}: &a{level} [{list}]").expect("a string takes all");
    }
    let blocks = (0..1000).fold(String::new(), |text, level| {
        format!("{text}{}a:\n", " ".repeat(level))
    });
    let deep = "yaml: exceeded max depth: nested more than 64 levels deep";
    let cases = [
        (aliases, "yaml: document contains excessive aliasing"),
        ("[".repeat(1_000_000), deep),
        ("{a: ".repeat(100_000), deep),
        ("- ".repeat(100_000), deep),
        (blocks, deep),
        (
            "? ".repeat(100_000),
            "yaml: invalid map key: a list or a mapping; a key is a string",
        ),
    ];
    for (text, expected) in cases {
        let said = said(&text);
        assert_eq!(said.len(), 1, "{expected}");
        assert!(said[0].ends_with(expected), "{}", said[0]);
    }
}

#[test]
fn good_documents_survive_bad_ones() {
    let bad = WEB.replace("image:", "imagee:");
    let broken = "a: b: c\n";
    let text = format!("{WEB}---\n{bad}---\n{broken}---\n# nothing\n---\n{WEB}");
    let parse = parse_text(&text);
    assert_eq!(parse.documents.len(), 2);
    let lines: Vec<u32> = parse
        .problems
        .iter()
        .filter_map(|problem| Some(problem.place?.line))
        .collect();
    assert_eq!(lines, [42, 47]);
    assert_eq!(
        parse.problems[0].frame(),
        "   |\n42 |         imagee: nginx:1.27\n   |         ^"
    );
    assert_eq!(parse.documents[1].place("metadata.name").line, 54);
}

#[test]
fn lists_are_taken_apart_and_keep_their_places() {
    let text = "\
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a}
- apiVersion: v1
  kind: PodList
  items:
  - metadata: {name: b}
    spec: {containers: []}
- apiVersion: v1
  kind: Namespace
  metadata: {generateName: c-, label: {}}
";
    let parse = parse_text(text);
    let names: Vec<String> = parse
        .documents
        .iter()
        .map(|document| document.object.key().to_string())
        .collect();
    assert_eq!(names, ["configmap a", "pod b"]);
    assert_eq!(parse.documents[1].place("spec.containers").line, 11);
    assert_eq!(
        parse.problems[0].to_string(),
        "web.yaml:14:32: strict decoding error: unknown field \"metadata.label\"; did you mean \"labels\"?"
    );
}

#[test]
fn a_place_is_that_of_the_value_or_of_the_nearest_parent() {
    let parse = parse_text(WEB);
    let document = &parse.documents[0];
    assert_eq!(document.kind, Kind::Deployment);
    let cases = [
        ("spec.template.spec.containers[0].image", 19, 16),
        ("spec.template.spec.containers[0]", 18, 9),
        ("spec.template.spec.containers", 17, 7),
        ("spec.template.spec.containers[7].image", 17, 7),
        ("metadata.labels[app]", 6, 10),
        ("metadata.annotations[x.y/z]", 3, 1),
        ("spec.strategy.rollingUpdate", 7, 1),
        ("status", 1, 1),
        ("", 1, 1),
    ];
    for (path, line, column) in cases {
        assert_eq!(document.place(path), Place { line, column }, "{path}");
    }
}

/// Each change of the good manifest, and what the editor says of the result.
#[test]
fn the_editor_says_what_validation_would_say() {
    let cases = [
        (
            "  selector:\n    matchLabels:\n      app: web\n",
            "",
            "web.yaml:7:1: spec.selector: Required value",
        ),
        (
            "        app: web\n    spec",
            "        app: api\n    spec",
            "web.yaml:14:7: spec.template.metadata.labels: Invalid value: {\"app\":\"api\"}: `selector` does not match template `labels`",
        ),
        (
            "      - name: web\n        image: nginx:1.27\n",
            "      - image: nginx:1.27\n",
            "web.yaml:18:9: spec.template.spec.containers[0].name: Required value",
        ),
        (
            "        image: nginx:1.27\n",
            "",
            "web.yaml:18:9: spec.template.spec.containers[0].image: Required value",
        ),
        (
            "        image: nginx:1.27\n",
            "        image: nginx:1.27\n        env: [{name: A, value: b}, {name: A}]\n",
            "web.yaml:20:36: Warning: spec.template.spec.containers[0].env[1]: hides previous definition of \"A\", which may be dropped when using apply",
        ),
        (
            "replicas: 3",
            "replica: 3",
            "web.yaml:8:3: strict decoding error: unknown field \"spec.replica\"; did you mean \"replicas\"?",
        ),
    ];
    for (good, bad, expected) in cases {
        let text = WEB.replacen(good, bad, 1);
        assert_ne!(text, WEB, "{good}");
        let problems = check("web.yaml", text.as_bytes());
        let said: Vec<String> = problems.iter().map(Problem::to_string).collect();
        assert_eq!(said, [expected], "{bad}");
    }
    assert_eq!(check("web.yaml", WEB.as_bytes()), []);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/manifests");
    for file in yaml_files(&folder) {
        let bytes = std::fs::read(&file).expect("a file of test data");
        assert_eq!(check("x", &bytes), [], "{}", file.display());
    }
}

#[test]
fn json_is_read_as_well() {
    let text = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMap\",\n\t\"metadata\": {\"name\": \"a\"},\n\t\"dataa\": {}\n}\n";
    assert_eq!(
        said(text),
        ["web.yaml:5:2: strict decoding error: unknown field \"dataa\"; did you mean \"data\"?"]
    );
}

#[test]
fn scalars_are_read_as_kubectl_reads_them() {
    let cases = [
        ("yes", "true"),
        ("off", "false"),
        ("y", "true"),
        ("0644", "420"),
        ("0x1F", "31"),
        ("1_000", "1000"),
        ("3.0", "3"),
        ("1.5", "1.5"),
        ("1e3", "1000"),
        ("~", "null"),
        ("1.2.3", "\"1.2.3\""),
        ("2020-01-01", "\"2020-01-01\""),
        ("1:30", "\"1:30\""),
        ("'yes'", "\"yes\""),
        ("!!str 5", "\"5\""),
    ];
    for (text, json) in cases {
        let tree = yaml::read(&format!("a: {text}\n")).expect(text);
        assert_eq!(tree.value["a"].to_string(), json, "{text}");
    }
    let tree = yaml::read("1: a\nyes: b\n1.5: c\n").expect("keys");
    assert_eq!(
        tree.value.to_string(),
        "{\"1\":\"a\",\"1.5\":\"c\",\"true\":\"b\"}"
    );
    let merged = yaml::read("a: &a {k: 1, l: 2}\nb:\n  <<: *a\n  k: 3\n").expect("a merge");
    assert_eq!(merged.value["b"].to_string(), "{\"k\":3,\"l\":2}");
    assert!(merged.duplicates.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let parse = parse("x", &bytes);
        prop_assert!(!parse.problems.is_empty() || !parse.documents.is_empty());
    }

    #[test]
    fn no_mutation_of_a_manifest_makes_it_panic(
        cuts in proptest::collection::vec((0..WEB.len(), 0..12_usize, "[ \\-\\[\\]{}:#&*!|>'\"%@`~?,<\ta-z0-9\n]{0,6}"), 1..6)
    ) {
        let mut text = WEB.to_owned();
        for (at, length, insert) in cuts {
            let start = at.min(text.len());
            let end = (start + length).min(text.len());
            text.replace_range(start..end, &insert);
        }
        let parse = parse("x", text.as_bytes());
        for problem in &parse.problems {
            prop_assert!(!problem.message.is_empty() && !problem.message.contains('\n'));
            if let Some(place) = problem.place {
                prop_assert!(place.line as usize <= text.lines().count() + 1);
                prop_assert!(problem.frame().lines().count() <= 3);
            }
        }
        for document in &parse.documents {
            prop_assert!(document.place("spec.template.spec.containers[0].image").line > 0);
        }
    }
}
