//! A8 and A9 as kubectl asks: which fields may be asked for, by list, watch and deletion.

use glassplane::api::Kind;
use glassplane::cluster::Cluster;

use super::world;
use crate::worlds::{command, settle, web};

/// Types a line and gives what kubectl printed on stdout and stderr, and how it ended.
fn told(cluster: &mut Cluster, line: &str) -> (String, String, Option<i32>) {
    cluster.submit(command(line, ""));
    assert!(settle(cluster, 120), "{line}");
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    let output = session.output().to_owned();
    (output, session.error_text(), session.exit_code())
}

#[test]
fn a8_a_field_that_cannot_be_asked_for_is_refused_to_get_watch_and_delete_in_the_same_words() {
    let mut cluster = world(3, &web(2));
    assert!(settle(&mut cluster, 60));
    let cases = [
        (
            "get pods --field-selector spec.foo=x",
            "\"/v1, Resource=pods\" that match label selector \"\", field selector \"spec.foo=x\": \
             field label not supported: spec.foo",
        ),
        (
            "get pods -w -l app=web,tier!=db --field-selector spec.foo=x",
            "\"/v1, Resource=pods\" that match label selector \"app=web,tier!=db\", field selector \
             \"spec.foo=x\": field label not supported: spec.foo",
        ),
        (
            "delete pods --field-selector spec.foo=x",
            "\"/v1, Resource=pods\" that match label selector \"\", field selector \"spec.foo=x\": \
             field label not supported: spec.foo",
        ),
        (
            "get rs --field-selector status.replicas=2",
            "\"apps/v1, Resource=replicasets\" that match label selector \"\", field selector \
             \"status.replicas=2\": \"status.replicas\" is not a known field selector: only \
             \"metadata.name\", \"metadata.namespace\"",
        ),
        (
            "get jobs --field-selector status.failed=1",
            "\"batch/v1, Resource=jobs\" that match label selector \"\", field selector \
             \"status.failed=1\": field label \"status.failed\" not supported for Job",
        ),
    ];
    let revision = cluster.store().revision();
    for (line, expected) in cases {
        let expected = format!("Error from server (BadRequest): Unable to find {expected}\n");
        assert_eq!(
            told(&mut cluster, line),
            (String::new(), expected, Some(1)),
            "{line}"
        );
    }
    let pods = cluster.store().list(Kind::Pod, None).count();
    assert_eq!(pods, 2, "nothing is deleted, revision {revision}");
}

#[test]
fn a8_fields_that_may_be_asked_for_choose_what_is_listed() {
    let mut cluster = world(3, &web(2));
    assert!(settle(&mut cluster, 60));
    let named = "-o name --field-selector";
    let cases = [
        ("pods", "spec.restartPolicy=Always,status.phase=Running", 2),
        ("pods", "spec.restartPolicy!=Always", 0),
        ("pods", "spec.schedulerName=default-scheduler", 2),
        ("pods", "spec.serviceAccountName=default", 2),
        ("pods", "spec.hostNetwork=false,status.podIP!=", 2),
        (
            "pods",
            "status.nominatedNodeName=,metadata.namespace=default",
            2,
        ),
        ("nodes", "spec.unschedulable=false", 3),
        ("nodes", "spec.unschedulable=true", 0),
        ("namespaces", "status.phase=Active", 4),
        (
            "services",
            "spec.type=ClusterIP,spec.clusterIP=10.96.0.1",
            1,
        ),
        (
            "events",
            "reason=Scheduled,source=default-scheduler,type=Normal",
            2,
        ),
        (
            "events",
            "involvedObject.kind=Deployment,involvedObject.name=web",
            1,
        ),
        (
            "deployments",
            "metadata.name=web,metadata.namespace=default",
            1,
        ),
    ];
    for (kind, fields, count) in cases {
        let (output, errors, code) = told(&mut cluster, &format!("get {kind} {named} {fields}"));
        assert_eq!(
            output.lines().count(),
            count,
            "{kind} {fields}: {output}{errors}"
        );
        assert_eq!(code, Some(0), "{kind} {fields}");
    }
    let line = "delete pods --field-selector spec.nodeName=node-z";
    assert_eq!(told(&mut cluster, line).0, "No resources found\n");
}
