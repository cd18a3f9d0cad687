//! Names, labels, owners and finalizers of new objects.

use serde_json::{Value, json};

use super::refused;
use crate::api::Kind;

#[test]
fn a5_metadata_is_checked_for_every_kind() {
    let subdomain = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    let name = format!("metadata.name: Invalid value: \"My_Map\": {subdomain}");
    let cases: Vec<(Kind, Value, Vec<&str>)> = vec![
        (
            Kind::ConfigMap,
            json!({"name": "My_Map", "namespace": "default"}),
            vec![&name],
        ),
        (
            Kind::ConfigMap,
            json!({}),
            vec![
                "metadata.name: Required value: name or generateName is required",
                "metadata.namespace: Required value",
            ],
        ),
        (
            Kind::Node,
            json!({"name": "a", "namespace": "default"}),
            vec!["metadata.namespace: Forbidden: not allowed on this type"],
        ),
        (
            Kind::Namespace,
            json!({"name": "a.b"}),
            vec!["metadata.name: Invalid value: \"a.b\": must not contain dots"],
        ),
        (
            Kind::Service,
            json!({"name": "1web", "namespace": "default"}),
            vec![
                "metadata.name: Invalid value: \"1web\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
                "spec.ports: Required value",
            ],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "generateName": "web-", "namespace": "default"}),
            vec![],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "namespace": "default", "labels": {"app": "-x"}, "finalizers": ["mine"]}),
            vec![
                "metadata.labels: Invalid value: \"-x\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
                "metadata.finalizers[0]: Invalid value: \"mine\": name is neither a standard finalizer name nor is it fully qualified",
            ],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "namespace": "default", "annotations": {"big": "x".repeat(256 * 1024)}}),
            vec!["metadata.annotations: Too long: may not be more than 262144 bytes"],
        ),
        (
            Kind::ConfigMap,
            json!({"name": "a", "namespace": "default", "ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "p", "uid": ""}]}),
            vec!["metadata.ownerReferences.uid: Invalid value: \"\": must not be empty"],
        ),
    ];
    for (kind, metadata, expected) in cases {
        let printed = refused(kind, json!({"metadata": metadata}));
        assert_eq!(printed, expected, "{kind}");
    }
}
