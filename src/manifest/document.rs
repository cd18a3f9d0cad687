//! One object of a manifest: its value, its kind, the typed object, and the places of its fields.

use std::sync::Arc;

use serde_json::Value;

use super::problem::Place;
use super::spans::Spans;
use crate::api::{Kind, Object, schema};

/// An object of a manifest, as it was written.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// What was written, as JSON.
    pub value: Value,
    /// The kind.
    pub kind: Kind,
    /// The object that the API server would decode.
    pub object: Object,
    pub(super) spans: Spans,
}

impl Document {
    /// Where the field stands that the API server names by this path
    /// (`spec.template.spec.containers[0].image`, `metadata.labels[app]`), or else the key of its
    /// nearest parent that was written.
    #[must_use]
    pub fn place(&self, path: &str) -> Place {
        self.spans.of(path)
    }
}

/// Why there is no kind for an `apiVersion` and `kind`.
#[derive(Debug)]
pub(super) struct NoMatch {
    pub(super) message: String,
    pub(super) help: Option<String>,
    /// Whether the `apiVersion` is the part that is wrong.
    pub(super) wrong_version: bool,
}

/// Finds the kind, in the words of kubectl where there is none.
pub(super) fn kind_of(api_version: &str, kind: &str) -> Result<Kind, NoMatch> {
    if let Some(found) = Kind::of_manifest(api_version, kind) {
        return Ok(found);
    }
    let message = format!("no matches for kind \"{kind}\" in version \"{api_version}\"");
    let same_name = Kind::ALL.iter().find(|each| each.info().name == kind);
    if let Some(found) = same_name {
        let right = found.info().api_version();
        return Err(NoMatch {
            message,
            help: Some(format!("{kind} is in version \"{right}\"")),
            wrong_version: true,
        });
    }
    let help = if NOT_HERE.contains(&kind) {
        Some(format!(
            "Unlike Kubernetes: glassplane has no objects of kind {kind}"
        ))
    } else {
        schema::nearest(kind, Kind::ALL.iter().map(|each| each.info().name))
            .map(|nearest| format!("did you mean \"{nearest}\"?"))
    };
    Err(NoMatch {
        message,
        help,
        wrong_version: false,
    })
}

/// The element kind of `PodList` and the like.
pub(super) fn list_kind(api_version: &str, kind: &str) -> Option<Kind> {
    Kind::of_manifest(api_version, kind.strip_suffix("List")?)
}

/// Kinds of Kubernetes 1.34 that no component here acts on.
const NOT_HERE: [&str; 33] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CSIStorageCapacity",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "DeviceClass",
    "Endpoints",
    "FlowSchema",
    "IPAddress",
    "Ingress",
    "IngressClass",
    "MutatingAdmissionPolicy",
    "MutatingWebhookConfiguration",
    "NetworkPolicy",
    "PodTemplate",
    "PriorityLevelConfiguration",
    "ReplicationController",
    "ResourceClaim",
    "ResourceClaimTemplate",
    "ResourceSlice",
    "Role",
    "RoleBinding",
    "RuntimeClass",
    "ServiceCIDR",
    "StorageVersionMigration",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeAttributesClass",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_not_here_are_not_in_the_table() {
        for name in NOT_HERE {
            assert!(Kind::ALL.iter().all(|kind| kind.info().name != name));
        }
    }

    #[test]
    fn no_kind_says_what_would_be_right() {
        let cases = [
            ("apps/v1", "Deploymnt", "did you mean \"Deployment\"?"),
            ("apps/v1", "deployment", "did you mean \"Deployment\"?"),
            ("v1", "Deployment", "Deployment is in version \"apps/v1\""),
            (
                "apps/v1beta1",
                "StatefulSet",
                "StatefulSet is in version \"apps/v1\"",
            ),
            (
                "networking.k8s.io/v1",
                "Ingress",
                "Unlike Kubernetes: glassplane has no objects of kind Ingress",
            ),
        ];
        for (version, kind, help) in cases {
            let error = kind_of(version, kind).expect_err(kind);
            assert_eq!(error.help.as_deref(), Some(help), "{version} {kind}");
        }
        assert!(kind_of("example.com/v1", "Widget").is_err_and(|error| error.help.is_none()));
        assert_eq!(kind_of("v1", "Pod").ok(), Some(Kind::Pod));
    }
}
