//! A7 and A10 over whole worlds: what may not change, and whose a field is.

use glassplane::api::{Deployment, Job, Key, Kind, Namespace, Service};
use glassplane::cluster::Cluster;
use glassplane::sim::RecordKind;

use super::{kubectl, wait, world};
use crate::worlds::{command, get, settle, web};

const SERVICE: &str = "---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

/// Types a line with a file, and gives what kubectl said on stderr and how it ended.
fn told(cluster: &mut Cluster, line: &str, file: &str) -> (String, Option<i32>) {
    cluster.submit(command(line, file));
    assert!(settle(cluster, 120));
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    (session.error_text().clone(), session.exit_code())
}

/// How often the door refused something, and the newest write of an object.
fn refusals(cluster: &Cluster, key: &Key) -> (usize, Option<u64>) {
    let trace = cluster.trace();
    let refused = trace.iter().filter(|record| {
        matches!(
            record.kind(),
            RecordKind::ApiReject | RecordKind::ApiConflict
        ) && record.object().as_ref() == Some(key)
    });
    let written = trace.last_write(key).map(|record| record.revision);
    (refused.count(), written)
}

#[test]
fn a7_what_may_not_change_is_refused_in_kubernetes_words_and_nothing_is_written() {
    let mut cluster = world(3, &(web(1) + SERVICE));
    assert!(settle(&mut cluster, 120));
    let pod = crate::worlds::pods(&cluster)[0].name().to_owned();
    let address = get::<Service>(&cluster, "web")
        .expect("there")
        .spec
        .cluster_ip
        .clone();
    let cases = [
        (
            Key::new(Kind::Deployment, "default", "web"),
            "patch deployment web --type=merge -p '{\"spec\":{\"selector\":{\"matchLabels\":{\"app\":\"other\"}},\
             \"template\":{\"metadata\":{\"labels\":{\"app\":\"other\"}}}}}'"
                .to_owned(),
            "spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"other\"}}: field is immutable",
        ),
        (
            Key::new(Kind::Pod, "default", &pod),
            format!("patch pod {pod} -p '{{\"spec\":{{\"nodeName\":\"node-z\"}}}}'"),
            "spec: Forbidden: pod updates may not change fields other than \
             `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
             `spec.tolerations` (only additions to existing tolerations),\
             `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
        ),
        (
            Key::new(Kind::Service, "default", "web"),
            "patch service web --type=merge -p '{\"spec\":{\"clusterIP\":\"10.96.0.99\",\"clusterIPs\":[\"10.96.0.99\"]}}'"
                .to_owned(),
            "may not change once set",
        ),
    ];
    for (key, line, message) in cases {
        let (before, written) = refusals(&cluster, &key);
        let (said, code) = told(&mut cluster, &line, "");
        assert!(said.contains(message), "{line}: {said}");
        assert_eq!(code, Some(1), "{line}");
        assert_eq!(refusals(&cluster, &key), (before + 1, written), "{line}");
    }
    let now = get::<Service>(&cluster, "web")
        .expect("there")
        .spec
        .cluster_ip
        .clone();
    assert_eq!(now, address);
}

#[test]
fn a10_a_field_of_another_manager_is_a_conflict_that_names_both_and_force_takes_it() {
    let key = Key::new(Kind::Deployment, "default", "web");
    let replicas = |cluster: &Cluster| {
        let deployment = get::<Deployment>(cluster, "web").expect("there");
        deployment.spec.replicas
    };
    let mut cluster = world(3, "");
    let apply = "apply --server-side --field-manager=team-a -f file.yaml";
    assert_eq!(told(&mut cluster, apply, &web(2)), (String::new(), Some(0)));
    assert_eq!(replicas(&cluster), Some(2));
    let (before, written) = refusals(&cluster, &key);
    let other = "apply --server-side --field-manager=team-b -f file.yaml";
    let (said, code) = told(&mut cluster, other, &web(3));
    assert!(
        said.starts_with(
            "error: Apply failed with 1 conflict: conflict with \"team-a\": .spec.replicas"
        ),
        "{said}"
    );
    assert_eq!(code, Some(1));
    assert_eq!(refusals(&cluster, &key), (before + 1, written));
    let force = "apply --server-side --force-conflicts --field-manager=team-b -f file.yaml";
    assert_eq!(told(&mut cluster, force, &web(3)), (String::new(), Some(0)));
    assert_eq!(replicas(&cluster), Some(3));
    let (said, _) = told(&mut cluster, apply, &web(2));
    assert!(
        said.contains("conflict with \"team-b\": .spec.replicas"),
        "{said}"
    );
}

#[test]
fn a7_who_changes_one_address_or_range_means_the_first_of_all_of_them() {
    let mut cluster = world(3, &(web(1) + SERVICE));
    assert!(settle(&mut cluster, 120));
    let cases = [
        (
            "patch service web -p '{\"spec\":{\"clusterIP\":\"10.96.0.99\"}}'",
            "The Service \"web\" is invalid: spec.clusterIPs[0]: Invalid value: [\"10.96.0.99\"]: may \
             not change once set\n",
        ),
        (
            "patch node node-a -p '{\"spec\":{\"podCIDR\":\"10.244.9.0/24\"}}'",
            "The Node \"node-a\" is invalid: spec.podCIDRs: Forbidden: node updates may not change \
             podCIDR except from \"\" to valid\n",
        ),
    ];
    for (line, expected) in cases {
        let said = told(&mut cluster, line, "");
        assert_eq!(said, (expected.to_owned(), Some(1)), "{line}");
    }
}

#[test]
fn a3_the_service_kubernetes_that_somebody_deletes_is_made_again_by_the_api_server() {
    let mut cluster = world(1, "");
    let made = |cluster: &Cluster| {
        let service = get::<Service>(cluster, "kubernetes").expect("it is there");
        let address = service.spec.cluster_ip.clone();
        (service.uid().to_owned(), address)
    };
    let (before, address) = made(&cluster);
    assert_eq!(address.as_deref(), Some("10.96.0.1"));
    let said = told(&mut cluster, "delete service kubernetes", "");
    assert_eq!(said, (String::new(), Some(0)));
    let (after, address) = made(&cluster);
    assert_ne!(before, after, "it is another one");
    assert_eq!(address.as_deref(), Some("10.96.0.1"));
    let key = Key::new(Kind::Service, "default", "kubernetes");
    let last = cluster.trace().last_write(&key).expect("it was written");
    assert_eq!(last.time.as_secs() % 10, 0, "it looks each 10 s");
}

#[test]
fn a3_a_namespace_on_its_way_out_has_a_date_and_no_grace_period() {
    let hold = "---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: held, namespace: shop, finalizers: [example.com/hold]}
";
    let mut cluster = world(1, hold);
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "delete namespace shop --wait=false");
    wait(&mut cluster, 5);
    let namespace = get::<Namespace>(&cluster, "shop").expect("it waits");
    assert!(namespace.metadata.deletion_timestamp.is_some());
    assert_eq!(namespace.metadata.deletion_grace_period_seconds, None);
}

#[test]
fn a6_a_job_without_labels_has_those_of_its_pods() {
    let job = |labels: &str| {
        format!(
            "apiVersion: batch/v1
kind: Job
metadata: {{name: pi}}
spec: {{template: {{{labels} spec: {{restartPolicy: Never, containers: [{{name: c, image: pi}}]}}}}}}
"
        )
    };
    let generated = [
        "batch.kubernetes.io/controller-uid",
        "batch.kubernetes.io/job-name",
        "controller-uid",
        "job-name",
    ];
    for (labels, expected) in [
        ("", &generated[..]),
        ("metadata: {labels: {app: pi}},", &["app"]),
    ] {
        let mut cluster = world(1, &job(labels));
        assert!(settle(&mut cluster, 60));
        let job = get::<Job>(&cluster, "pi").expect("it is there");
        let keys: Vec<String> = job
            .metadata
            .labels
            .iter()
            .flatten()
            .map(|(key, _)| key.clone())
            .collect();
        assert_eq!(keys, expected, "{labels}");
        let (_, code) = told(&mut cluster, "get job pi --show-labels", "");
        assert_eq!(code, Some(0));
    }
}

#[test]
fn a5_an_empty_selector_is_told_apart_from_one_that_is_not_there() {
    let set = |kind: &str, selector: &str| {
        format!(
            "apiVersion: apps/v1
kind: {kind}
metadata: {{name: all}}
spec: {{serviceName: all, {selector} template: {{metadata: {{labels: {{app: all}}}},
  spec: {{containers: [{{name: c, image: nginx}}]}}}}}}
"
        )
        .replace(
            "serviceName: all, ",
            if kind == "StatefulSet" {
                "serviceName: all, "
            } else {
                ""
            },
        )
    };
    let missing = "* spec.selector: Required value\n* spec.template.metadata.labels: Invalid value: \
        {\"app\":\"all\"}: `selector` does not match template `labels`\n";
    let cases = [
        ("Deployment", "deployment", missing),
        ("ReplicaSet", "deployment", missing),
        ("StatefulSet", "statefulset", missing),
        ("DaemonSet", "daemonset", ""),
    ];
    for (kind, word, missing) in cases {
        for line in ["create -f file.yaml", "apply -f file.yaml"] {
            let mut cluster = world(1, "");
            let (said, code) = told(&mut cluster, line, &set(kind, "selector: {},"));
            let expected = format!(
                "The {kind} \"all\" is invalid: spec.selector: Invalid value: {{}}: empty selector is \
                 invalid for {word}\n"
            );
            assert_eq!((said, code), (expected, Some(1)), "{line}");
        }
        let mut cluster = world(1, "");
        let (said, _) = told(&mut cluster, "create -f file.yaml", &set(kind, ""));
        assert!(said.contains(missing), "{kind}: {said}");
    }
}

#[test]
fn a5_a_patch_with_a_number_for_a_word_is_told_in_the_words_of_the_converter() {
    let map = "---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: one}
";
    let mut cluster = world(1, map);
    assert!(settle(&mut cluster, 60));
    let line = "patch configmap settings -p '{\"data\":{\"a\":1}}'";
    let expected = "The request is invalid: patch: Invalid value: \"map[data:map[a:1]]\": cannot \
        convert int64 to string\n";
    assert_eq!(told(&mut cluster, line, ""), (expected.to_owned(), Some(1)));
}
