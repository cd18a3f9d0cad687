//! What kubectl 1.33 says to these lines (recorded), and what they mean.

use serde_json::json;

use super::*;
use crate::api::field_selector::FieldSelector;

fn command(line: &str) -> Command {
    parse(line)
        .unwrap_or_else(|error| panic!("{line}: {error}"))
        .command
}

fn named(pairs: &[(Kind, &str)]) -> Targets {
    let pairs = pairs.iter().map(|(kind, name)| Named {
        kind: *kind,
        name: (*name).to_owned(),
    });
    Targets::Named(pairs.collect())
}

fn all_of(kinds: &[Kind]) -> Targets {
    Targets::Kinds {
        kinds: kinds.to_vec(),
        labels: None,
        fields: FieldSelector::everything(),
        everywhere: false,
    }
}

/// Compares what is said to lines that are refused.
fn refused(cases: &[(&str, String)]) {
    for (line, expected) in cases {
        let error = parse(line).expect_err(line);
        assert_eq!(error.to_string(), *expected, "{line}");
    }
}

fn help(verb: &str) -> String {
    format!("\nSee 'kubectl {verb} -h' for help and examples")
}

fn flags(verb: &str) -> String {
    format!("\nSee 'kubectl {verb} --help' for usage.")
}

#[test]
fn a_change_that_kubectl_refuses_is_refused_in_its_words() {
    let cases = [
        ("label pods web", "error: at least one label update is required".to_owned()),
        ("annotate pods", "error: at least one annotation update is required".to_owned()),
        ("label", "error: one or more resources must be specified as <resource> <name> or <resource>/<name>".to_owned()),
        ("label pod p1 a=b a-", "error: can not both modify and remove a label in the same command".to_owned()),
        ("label pod p1 a=b foo", "error: all resources must be specified before label changes: foo".to_owned()),
        (
            "label pod p1 a=b/c",
            "error: invalid label value: \"a=b/c\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')".to_owned(),
        ),
        ("taint", "error: one or more resources must be specified as <resource> <name>".to_owned()),
        ("taint nodes", "error: at least one taint update is required".to_owned()),
        ("taint pod p1 k=v:NoSchedule", "error: invalid resource type pod, only node types are supported".to_owned()),
        (
            "taint node a k=v",
            format!("error: invalid taint spec: k=v, name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'){}", help("taint")),
        ),
        ("taint node a k=v:Foo", format!("error: invalid taint effect: Foo, unsupported taint effect{}", help("taint"))),
        (
            "taint node a k=v:NoSchedule k=v:NoSchedule",
            format!("error: duplicated taints with the same key and effect: {{k v NoSchedule <nil>}}{}", help("taint")),
        ),
        ("taint node a k=v:NoSchedule foo", "error: all resources must be specified before taint changes: foo".to_owned()),
        ("cordon", format!("error: USAGE: cordon NODE [flags]{}", help("cordon"))),
        ("uncordon", format!("error: USAGE: uncordon NODE [flags]{}", help("uncordon"))),
        ("rollout undo", "error: required resource not specified".to_owned()),
        ("set image deploy/web", "error: at least one image update is required".to_owned()),
        ("patch deploy web", "error: must specify --patch or --patch-file containing the contents of the patch".to_owned()),
        ("patch pod web --subresource=resize -p '{}'", edit::NO_RESIZE.to_owned()),
        ("edit pod web --subresource=resize", edit::NO_RESIZE.to_owned()),
        ("patch pod web --subresource=foo -p '{}'", "error: invalid subresource value: \"foo\". Must be one of [status scale resize]".to_owned()),
        ("patch deploy web --type=foo -p '{}'", "error: --type must be one of [json merge strategic], not \"foo\"".to_owned()),
        ("autoscale deploy/web", "error: required flag(s) \"max\" not set".to_owned()),
        ("run a", "error: required flag(s) \"image\" not set".to_owned()),
        ("get 'pods", "error: a quote is not closed".to_owned()),
    ];
    refused(&cases);
}

#[test]
fn a_line_that_kubectl_refuses_is_refused_in_its_words() {
    let cases = [
        ("aply -f x", "error: unknown command \"aply\" for \"kubectl\"\n\nDid you mean this?\n\tapply".to_owned()),
        ("xyzzy", "error: unknown command \"xyzzy\" for \"kubectl\"".to_owned()),
        ("logs web -l app=web", "error: only a selector (-l) or a POD name is allowed".to_owned()),
        ("logs web web -c web", "error: only one of -c or an inline [CONTAINER] arg is allowed".to_owned()),
        ("logs web --tail=-2", "error: --tail must be greater than or equal to -1".to_owned()),
        ("exec -it web -- sh", "error: Unlike Kubernetes: nothing runs in a container of glassplane, so \"kubectl exec\" has nothing to reach".to_owned()),
        ("proxy", "error: Unlike Kubernetes: glassplane has no \"kubectl proxy\"".to_owned()),
        ("get pods -o go-template={{.x}}", "error: Unlike Kubernetes: glassplane reads no Go templates, so there is no \"go-template\"; write -o jsonpath= or -o custom-columns=".to_owned()),
        ("get pods -o jsonpath={.items", "error: error parsing jsonpath {.items, unclosed action".to_owned()),
        ("get pods -o custom-columns=NAME", "error: unexpected custom-columns spec: NAME, expected <header>:<json-path-expr>".to_owned()),
        ("wait pod/web", "error: unrecognized condition: \"\"".to_owned()),
        ("wait --for=condition=Ready pods", "error: resource(s) were provided, but no name was specified".to_owned()),
        ("wait --for=jsonpath={.a}=1=2 pod/web", "error: jsonpath wait format must be --for=jsonpath='{.status.readyReplicas}'=3 or --for=jsonpath='{.status.readyReplicas}'".to_owned()),
        ("wait --for=delete pod/web --timeout=soon", format!("error: invalid argument \"soon\" for \"--timeout\" flag: time: invalid duration \"soon\"{}", flags("wait"))),
        ("explain", "error: You must specify the type of resource to explain. Use \"kubectl api-resources\" for a complete list of supported resources.".to_owned()),
        ("explain gadgets", "error: the server doesn't have a resource type \"gadgets\"".to_owned()),
        ("explain pod.spec.colour", "error: field \"colour\" does not exist".to_owned()),
        ("events --types=Odd", "error: valid --types are Normal or Warning".to_owned()),
        ("events --for web", "error: --for must be in resource/name form".to_owned()),
        ("create pdb p --selector=a=b", "error: one of min-available or max-unavailable must be specified".to_owned()),
        ("create service clusterip web", "error: at least one tcp port specifier must be provided".to_owned()),
        ("create secret tls s", "error: key and cert must be specified".to_owned()),
        ("set resources deploy/web", "error: you must specify an update to requests or limits (in the form of --requests/--limits)".to_owned()),
        ("rollout stats deploy/web", format!("error: unknown command \"stats deploy/web\"{}", help("rollout"))),
        ("set imag deploy/web a=b", format!("error: unknown command \"imag deploy/web a=b\"{}", help("set"))),
        ("get pods --foo", format!("error: unknown flag: --foo{}", flags("get"))),
        ("get pods --foo=1", format!("error: unknown flag: --foo{}", flags("get"))),
        ("get -x pods", format!("error: unknown shorthand flag: 'x' in -x{}", flags("get"))),
        ("get pods -l", format!("error: flag needs an argument: 'l' in -l{}", flags("get"))),
        ("apply -f", format!("error: flag needs an argument: 'f' in -f{}", flags("apply"))),
        ("scale --replicas", format!("error: flag needs an argument: --replicas{}", flags("scale"))),
        (
            "scale --replicas=x deploy/web",
            format!("error: invalid argument \"x\" for \"--replicas\" flag: strconv.ParseInt: parsing \"x\": invalid syntax{}", flags("scale")),
        ),
        ("scale deploy/web", "error: required flag(s) \"replicas\" not set".to_owned()),
        ("scale deploy --replicas=2", "error: resource(s) were provided, but no name was specified".to_owned()),
        (
            "scale deploy/web --replicas=-1",
            "error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0".to_owned(),
        ),
        ("get pdos", "error: the server doesn't have a resource type \"pdos\"".to_owned()),
        ("get endpoints", "error: Unlike Kubernetes: glassplane has no v1 Endpoints, which are deprecated since v1.33; write endpointslices".to_owned()),
        ("get po,zz", "error: the server doesn't have a resource type \"zz\"".to_owned()),
        ("get pods/p1/x", "error: arguments in resource/name form may not have more than one slash".to_owned()),
        ("get pods/", "error: arguments in resource/name form must have a single resource and name".to_owned()),
        ("get pods p1 -l a=b", "error: name cannot be provided when a selector is specified".to_owned()),
        (
            "get pods/p1 -l a=b",
            "error: selectors and the all flag cannot be used when passing resource/name arguments".to_owned(),
        ),
        ("get pods p1 -A", "error: a resource cannot be retrieved by name across all namespaces".to_owned()),
        (
            "describe",
            "error: You must specify the type of resource to describe. Use \"kubectl api-resources\" for a complete list of supported resources.".to_owned(),
        ),
        ("delete pods", "error: resource(s) were provided, but no name was specified".to_owned()),
        ("delete --all -l a=b pods", "error: setting 'all' parameter but found a non empty selector. ".to_owned()),
        ("delete pods --all foo", "error: name cannot be provided when a selector is specified".to_owned()),
        (
            "delete pod a --cascade=foo",
            "error: invalid cascade value (foo). Must be \"background\", \"foreground\", or \"orphan\"".to_owned(),
        ),
        ("apply", "error: must specify one of -f and -k".to_owned()),
        ("apply foo", format!("error: Unexpected args: [foo]{}", help("apply"))),
        ("create", "error: must specify one of -f and -k".to_owned()),
        ("create foo", format!("error: Unexpected args: [foo]{}", help("create"))),
        ("create deployment", "error: required flag(s) \"image\" not set".to_owned()),
        ("create ns a b", format!("error: exactly one NAME is required, got 2{}", help("create namespace"))),
    ];
    refused(&cases);
    let nothing = parse("get").expect_err("nothing to get").0;
    assert!(nothing.starts_with("You must specify the type of resource to get."));
    let nothing = parse("delete").expect_err("nothing to delete").0;
    assert!(
        nothing.ends_with("'--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'"),
        "{nothing}"
    );
    for line in ["", "kubectl", "rollout"] {
        let error = parse(line).expect_err(line).0;
        assert!(error.contains("needs"), "{error}");
    }
}

#[test]
fn objects_are_named_in_every_way_that_kubectl_knows() {
    let cases = [
        ("get pods", all_of(&[Kind::Pod])),
        ("kubectl get po", all_of(&[Kind::Pod])),
        ("get deploy,po", all_of(&[Kind::Deployment, Kind::Pod])),
        ("get pod a b", named(&[(Kind::Pod, "a"), (Kind::Pod, "b")])),
        (
            "get deploy,rs web",
            named(&[(Kind::Deployment, "web"), (Kind::ReplicaSet, "web")]),
        ),
        (
            "get deploy/web po/a",
            named(&[(Kind::Deployment, "web"), (Kind::Pod, "a")]),
        ),
        (
            "get -n x deployments.apps/web",
            named(&[(Kind::Deployment, "web")]),
        ),
        ("-n x get pod/a", named(&[(Kind::Pod, "a")])),
        (
            "get -f web.yaml,b.yaml",
            Targets::Files(vec!["web.yaml".to_owned(), "b.yaml".to_owned()]),
        ),
    ];
    for (line, expected) in cases {
        let Command::Get(get) = command(line) else {
            panic!("{line}");
        };
        assert_eq!(get.targets, expected, "{line}");
    }
    let Command::Get(get) =
        command("get all -A -l 'app in (a,b)' --field-selector status.phase=Running")
    else {
        panic!("get")
    };
    let Targets::Kinds {
        kinds,
        labels,
        fields,
        everywhere,
    } = get.targets
    else {
        panic!("kinds")
    };
    assert_eq!(kinds.len(), 9);
    assert!(labels.is_some() && everywhere);
    assert_eq!(fields, FieldSelector::equal("status.phase", "Running"));
}

#[test]
fn flags_are_read_in_every_spelling() {
    let spellings = [
        "get po -o wide",
        "get po -owide",
        "get po -o=wide",
        "get po --output wide",
        "get -o yaml po -o wide",
    ];
    for line in spellings {
        let Command::Get(get) = command(line) else {
            panic!("{line}")
        };
        assert_eq!(get.output, Output::Wide, "{line}");
    }
    let Command::Get(get) = command("get po -Lapp,tier --show-labels=true --no-headers") else {
        panic!("get")
    };
    assert_eq!(get.labels.chosen, ["app", "tier"]);
    assert!(get.labels.all && !get.headers);
    let error = parse("get po -o foo").expect_err("no such format").0;
    assert!(
        error
            .starts_with("error: unable to match a printer suitable for the output format \"foo\"")
    );
}

#[test]
fn the_namespace_and_the_line_are_kept() {
    let invocation = parse("get po -n 'shop'").expect("a line");
    assert_eq!(invocation.namespace(), "shop");
    assert_eq!(invocation.line, "kubectl get po -n shop");
    assert_eq!(parse("get po").expect("a line").namespace(), "default");
}

#[test]
fn a9_deletions_carry_their_grace_and_propagation() {
    let cases = [
        ("delete pod a", None, Propagation::Background, true),
        (
            "delete pod a --grace-period=5",
            Some(5),
            Propagation::Background,
            true,
        ),
        (
            "delete pod a --grace-period 0",
            Some(1),
            Propagation::Background,
            true,
        ),
        (
            "delete pod a --grace-period=-1",
            None,
            Propagation::Background,
            true,
        ),
        ("delete pod a --now", Some(1), Propagation::Background, true),
        (
            "delete pod a --force",
            Some(0),
            Propagation::Background,
            false,
        ),
        (
            "delete pod a --force --grace-period=0",
            Some(0),
            Propagation::Background,
            false,
        ),
        (
            "delete pod a --cascade",
            None,
            Propagation::Background,
            true,
        ),
        (
            "delete pod a --cascade=foreground",
            None,
            Propagation::Foreground,
            true,
        ),
        (
            "delete pod a --cascade=orphan --wait=false",
            None,
            Propagation::Orphan,
            false,
        ),
    ];
    for (line, grace, propagation, wait) in cases {
        let Command::Delete(delete) = command(line) else {
            panic!("{line}")
        };
        assert_eq!(
            (delete.grace_period_seconds, delete.propagation, delete.wait),
            (grace, propagation, wait),
            "{line}"
        );
    }
    assert!(parse("delete pod a --now --grace-period=3").is_err());
    assert!(parse("delete pod a --force --grace-period=3").is_err());
}

#[test]
fn labels_taints_and_images_are_read_as_changes() {
    let Command::Label(relabel) = command("label pods a b tier=front app- --overwrite") else {
        panic!("label")
    };
    assert_eq!(relabel.set, [("tier".to_owned(), "front".to_owned())]);
    assert_eq!(relabel.remove, ["app"]);
    assert!(relabel.overwrite);
    assert_eq!(
        relabel.targets,
        named(&[(Kind::Pod, "a"), (Kind::Pod, "b")])
    );

    let Command::Taint { changes, .. } =
        command("taint nodes node-a k=v:NoSchedule x:NoExecute y:NoSchedule- z-")
    else {
        panic!("taint")
    };
    let added: Vec<_> = changes
        .add
        .iter()
        .map(|taint| {
            (
                taint.key.as_str(),
                taint.value.as_deref(),
                taint.effect.as_str(),
            )
        })
        .collect();
    assert_eq!(
        added,
        [("k", Some("v"), "NoSchedule"), ("x", None, "NoExecute")]
    );
    assert_eq!(
        changes.remove,
        [
            ("y".to_owned(), Some("NoSchedule".to_owned())),
            ("z".to_owned(), None)
        ]
    );

    let Command::SetImage { images, targets } = command("set image deployment/web c=nginx:2 '*=b'")
    else {
        panic!("image")
    };
    assert_eq!(
        images,
        [
            ("c".to_owned(), "nginx:2".to_owned()),
            ("*".to_owned(), "b".to_owned())
        ]
    );
    assert_eq!(targets, named(&[(Kind::Deployment, "web")]));
}

#[test]
fn rollouts_scales_and_patches_are_read() {
    let Command::Rollout { action, targets } = command("rollout undo deploy web --to-revision=3")
    else {
        panic!("undo")
    };
    assert_eq!(action, RolloutAction::Undo { to_revision: 3 });
    assert_eq!(targets, named(&[(Kind::Deployment, "web")]));
    let Command::Rollout { action, .. } = command("rollout status deploy/web --watch=false") else {
        panic!("status")
    };
    assert_eq!(
        action,
        RolloutAction::Status {
            watch: false,
            revision: 0,
            timeout: None,
        }
    );

    let Command::Scale(scale) = command("scale deployment/web --replicas=5 --current-replicas=3")
    else {
        panic!("scale")
    };
    assert_eq!((scale.replicas, scale.current_replicas), (5, Some(3)));

    let Command::Patch {
        body, patch_type, ..
    } = command("patch deploy web -p '{\"spec\":{\"replicas\":4}}' --type merge")
    else {
        panic!("patch")
    };
    assert_eq!(body, json!({"spec": {"replicas": 4}}));
    assert_eq!(patch_type, PatchType::Merge);
    let Command::Patch { body, .. } = command("patch deploy web -p 'spec: {paused: true}'") else {
        panic!("patch")
    };
    assert_eq!(body, json!({"spec": {"paused": true}}));
}

#[test]
fn generators_make_what_kubectl_makes() {
    let cases = [
        (
            "create deploy d --image=a/b:1 --replicas=2 --port=80",
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"name": "d", "labels": {"app": "d"}},
                "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "d"}},
                    "template": {"metadata": {"labels": {"app": "d"}},
                        "spec": {"containers": [{"name": "b", "image": "a/b:1", "ports": [{"containerPort": 80}]}]}}}}),
        ),
        (
            "run r --image=nginx --port=80 --env=A=B -- sleep 1",
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "r", "labels": {"run": "r"}},
                "spec": {"containers": [{"name": "r", "image": "nginx", "args": ["sleep", "1"],
                    "env": [{"name": "A", "value": "B"}], "ports": [{"containerPort": 80}]}],
                    "dnsPolicy": "ClusterFirst", "restartPolicy": "Always"}}),
        ),
        (
            "create job j --image=busybox -- sleep 1",
            json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"},
                "spec": {"template": {"spec": {"restartPolicy": "Never",
                    "containers": [{"name": "j", "image": "busybox", "command": ["sleep", "1"]}]}}}}),
        ),
        (
            "create cj j --image=busybox --schedule='* * * * *'",
            json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "j"},
                "spec": {"schedule": "* * * * *", "jobTemplate": {"metadata": {"name": "j"},
                    "spec": {"template": {"spec": {"restartPolicy": "OnFailure",
                        "containers": [{"name": "j", "image": "busybox"}]}}}}}}),
        ),
        (
            "create cm m --from-literal=a=b --from-literal=c=d,e",
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a": "b", "c": "d,e"}}),
        ),
        (
            "create ns n",
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}),
        ),
    ];
    for (line, expected) in cases {
        let Command::Create(Source::Object(object)) = command(line) else {
            panic!("{line}")
        };
        let value = object.to_value();
        for field in ["apiVersion", "kind", "metadata", "data"] {
            assert_eq!(value[field], expected[field], "{line}: {field}");
        }
        let whole =
            crate::api::Object::from_value(object.kind(), expected).expect("the expected object");
        assert_eq!(*object, whole, "{line}");
    }
}

#[test]
fn a_command_names_the_files_that_it_reads() {
    for line in [
        "apply -f a.yaml -f b.yaml",
        "create -f a.yaml,b.yaml",
        "delete -f a.yaml -f b.yaml",
        "get -f a.yaml -f b.yaml",
    ] {
        assert_eq!(
            parse(line).expect(line).files(),
            ["a.yaml", "b.yaml"],
            "{line}"
        );
    }
    assert!(parse("get pods").expect("a line").files().is_empty());
}

#[test]
fn a_flag_of_kubectls_that_is_not_here_says_so_and_a_misspelt_one_what_was_meant() {
    let cases = [
        (
            "get pods --raw",
            "error: Unlike Kubernetes: kubectl get has a flag --raw, and glassplane does not",
        ),
        (
            "apply -f a --prune",
            "error: Unlike Kubernetes: kubectl apply has a flag --prune, and glassplane does not",
        ),
        (
            "create ingress web",
            "error: Unlike Kubernetes: glassplane has no \"kubectl create ingress\"",
        ),
        (
            "apply set-last-applied -f a",
            "error: Unlike Kubernetes: glassplane has no \"kubectl apply set-last-applied\"",
        ),
        (
            "apply -k dir",
            "error: Unlike Kubernetes: kubectl apply has a flag --kustomize, and glassplane does not",
        ),
        (
            "get pods --context=x",
            "error: Unlike Kubernetes: kubectl get has a flag --context, and glassplane does not",
        ),
        (
            "scale deploy web --replica=3",
            "error: unknown flag: --replica\nSee 'kubectl scale --help' for usage.\nDid you mean \
             --replicas?",
        ),
        (
            "get pods --nonsense",
            "error: unknown flag: --nonsense\nSee 'kubectl get --help' for usage.",
        ),
        (
            "create job now --from=cronjob/tick --image=x",
            "error: either --image or --from must be specified",
        ),
        (
            "create job now",
            "error: either --image or --from must be specified",
        ),
        (
            "create job now --from=cronjob/tick -- ls",
            "error: cannot specify --from and command",
        ),
        (
            "run web --image=nginx --expose",
            "error: --port must be set when exposing a service",
        ),
    ];
    for (line, error) in cases {
        let refused = parse(line).expect_err(line);
        assert_eq!(refused.to_string(), error, "{line}");
    }
}

#[test]
fn no_flag_is_both_here_and_missing_and_none_stands_twice() {
    for verb in verbs::VERBS {
        let here: Vec<String> = verb.all_flags().map(|flag| flag.long.to_owned()).collect();
        for flag in verb
            .missing_flags()
            .take(verb.lacks.split_whitespace().count())
        {
            let long = flag.long.to_owned();
            assert!(!here.contains(&long), "{}: {long}", verb.words);
        }
        let mut once = here.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), here.len(), "{}: {here:?}", verb.words);
    }
}
