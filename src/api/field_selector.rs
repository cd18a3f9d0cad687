//! Field selectors: which fields may be asked for, what they match, and their text form.
//!
//! Source: `AddFieldLabelConversionFunc` below `pkg/apis`, and the `ToSelectableFields` of the
//! strategies below `pkg/registry`.

use std::borrow::Cow;
use std::fmt;

use super::{Event, Kind, Object, Pod};

/// One requirement of a field selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldRequirement {
    /// The path: `metadata.name`, `spec.nodeName`, `status.phase`.
    pub path: String,
    /// The value to compare with.
    pub value: String,
    /// Whether the field must have the value (or must not).
    pub equal: bool,
}

/// All requirements must hold; none means everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldSelector(pub Vec<FieldRequirement>);

impl FieldSelector {
    /// Everything.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    /// The objects whose field has this value.
    #[must_use]
    pub fn equal(path: &str, value: &str) -> Self {
        let (path, value) = (path.to_owned(), value.to_owned());
        Self(vec![FieldRequirement {
            path,
            value,
            equal: true,
        }])
    }

    /// Reads `status.phase!=Running,metadata.name=web`.
    ///
    /// # Errors
    /// Says which part does not fit.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty());
        let requirements = parts.map(|part| {
            let (path, value, equal) = if let Some((path, value)) = part.split_once("!=") {
                (path, value, false)
            } else if let Some((path, value)) =
                part.split_once("==").or_else(|| part.split_once('='))
            {
                (path, value, true)
            } else {
                return Err(format!(
                    "invalid selector: '{part}'; can't understand '{part}'; write path=value"
                ));
            };
            Ok(FieldRequirement {
                path: path.to_owned(),
                value: value.to_owned(),
                equal,
            })
        });
        requirements.collect::<Result<Vec<_>, _>>().map(Self)
    }

    /// Whether objects of this kind can be asked for these fields.
    ///
    /// # Errors
    /// Names the first field that cannot be asked for, in the words of the kind.
    pub fn check(&self, kind: Kind) -> Result<(), String> {
        let strange = self.0.iter().find(|each| !is_selectable(kind, &each.path));
        strange.map_or(Ok(()), |each| Err(unsupported(kind, &each.path)))
    }

    /// The same for what can be asked for its name and namespace alone.
    ///
    /// # Errors
    /// Names the first field that cannot be asked for.
    pub fn check_names(&self) -> Result<(), String> {
        let mut paths = self.0.iter().map(|each| each.path.as_str());
        let strange = paths.find(|path| !matches!(*path, "metadata.name" | "metadata.namespace"));
        strange.map_or(Ok(()), |path| Err(unknown(path)))
    }

    /// Whether the object has what the selector asks for. A field that the kind does not let be
    /// asked for is never what it should be; who lists or watches is told before.
    #[must_use]
    pub fn matches(&self, object: &Object) -> bool {
        self.0.iter().all(|requirement| {
            let text = text(object, &requirement.path);
            text.is_some_and(|text| (text == requirement.value) == requirement.equal)
        })
    }
}

impl fmt::Display for FieldSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, requirement) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let sign = if requirement.equal { "=" } else { "!=" };
            write!(f, "{comma}{}{sign}{}", requirement.path, requirement.value)?;
        }
        Ok(())
    }
}

/// The fields that objects of a kind can be asked for beside their name and namespace.
const fn own_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Pod => &[
            "spec.nodeName",
            "spec.host",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
        Kind::Node => &["spec.unschedulable"],
        Kind::Namespace => &["status.phase"],
        Kind::Secret => &["type"],
        Kind::Service => &["spec.clusterIP", "spec.type"],
        Kind::Job => &["status.successful"],
        Kind::Event => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        _ => &[],
    }
}

fn is_selectable(kind: Kind, path: &str) -> bool {
    match path {
        "metadata.name" => true,
        // Those that have words of their own for what they do not know do not know this one either.
        "metadata.namespace" => !matches!(kind, Kind::Node | Kind::Namespace),
        path => own_fields(kind).contains(&path),
    }
}

fn unsupported(kind: Kind, path: &str) -> String {
    match kind {
        Kind::Job => format!("field label {path:?} not supported for Job"),
        _ if own_fields(kind).is_empty() => unknown(path),
        _ => format!("field label not supported: {path}"),
    }
}

fn unknown(path: &str) -> String {
    format!(
        "{path:?} is not a known field selector: only \"metadata.name\", \"metadata.namespace\""
    )
}

/// What a field that can be asked for says; nothing when it cannot.
fn text<'a>(object: &'a Object, path: &str) -> Option<Cow<'a, str>> {
    let or_empty = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
    let text = match (path, object) {
        ("metadata.name", _) => object.name(),
        ("metadata.namespace", _) => object.namespace(),
        (path, Object::Pod(pod)) => return text_of_pod(pod, path),
        (path, Object::Event(event)) => return text_of_event(event, path).map(Cow::Borrowed),
        ("spec.unschedulable", Object::Node(node)) => truth(node.spec.unschedulable),
        ("status.phase", Object::Namespace(namespace)) => or_empty(&namespace.status.phase),
        ("type", Object::Secret(secret)) => or_empty(&secret.spec.type_),
        ("spec.clusterIP", Object::Service(service)) => or_empty(&service.spec.cluster_ip),
        ("spec.type", Object::Service(service)) => or_empty(&service.spec.type_),
        ("status.successful", Object::Job(job)) => {
            return Some(job.status.succeeded.unwrap_or(0).to_string().into());
        }
        _ => return None,
    };
    Some(Cow::Borrowed(text))
}

fn text_of_pod<'a>(pod: &'a Pod, path: &str) -> Option<Cow<'a, str>> {
    let (spec, status) = (&pod.spec, &pod.status);
    let or_empty = |text: &'a Option<String>| text.as_deref().unwrap_or_default();
    let text = match path {
        "spec.nodeName" | "spec.host" => spec.node_name.as_deref().unwrap_or_default(),
        "spec.restartPolicy" => or_empty(&spec.restart_policy),
        "spec.schedulerName" => or_empty(&spec.scheduler_name),
        "spec.serviceAccountName" => or_empty(&spec.service_account_name),
        "spec.hostNetwork" => truth(spec.host_network),
        "status.phase" => pod.phase(),
        "status.podIP" => {
            let first = status.pod_ips.iter().flatten().next();
            first.map_or("", |address| &address.ip)
        }
        // It may be asked for, and is never told.
        "status.podIPs" => "",
        "status.nominatedNodeName" => or_empty(&status.nominated_node_name),
        _ => return None,
    };
    Some(Cow::Borrowed(text))
}

fn text_of_event<'a>(event: &'a Event, path: &str) -> Option<&'a str> {
    let (event, about) = (&event.spec, &event.spec.involved_object);
    let reporter = &event.reporting_component;
    let text = match path {
        "involvedObject.kind" => &about.kind,
        "involvedObject.namespace" => &about.namespace,
        "involvedObject.name" => &about.name,
        "involvedObject.uid" => &about.uid,
        "involvedObject.apiVersion" => &about.api_version,
        "involvedObject.resourceVersion" => &about.resource_version,
        "involvedObject.fieldPath" => &about.field_path,
        "reason" => &event.reason,
        "type" => &event.type_,
        "reportingComponent" => reporter,
        "source" => {
            let source = event.source.as_ref().map(|source| &source.component);
            source.filter(|source| source.is_some()).unwrap_or(reporter)
        }
        _ => return None,
    };
    Some(text.as_deref().unwrap_or_default())
}

const fn truth(value: Option<bool>) -> &'static str {
    match value {
        Some(true) => "true",
        _ => "false",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn object(kind: Kind, value: Value) -> Object {
        Object::from_value(kind, value).expect("a valid object")
    }

    fn holds(text: &str, object: &Object) -> bool {
        let selector = FieldSelector::parse(text).expect(text);
        selector.check(object.kind()).expect(text);
        selector.matches(object)
    }

    #[test]
    fn a8_every_field_that_may_be_asked_for_is_read_and_no_other() {
        for &kind in Kind::ALL {
            let bare = object(kind, json!({"metadata": {"name": "x"}}));
            for path in own_fields(kind) {
                assert!(text(&bare, path).is_some(), "{kind} {path}");
            }
            assert_eq!(text(&bare, "spec.foo"), None, "{kind}");
        }
    }

    #[test]
    fn a8_a_field_selector_reads_the_fields_of_its_kind() {
        let pod = json!({
            "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"nodeName": "node-a", "restartPolicy": "Never", "schedulerName": "own",
                "serviceAccountName": "robot", "hostNetwork": true, "containers": []},
            "status": {"phase": "Running", "podIPs": [{"ip": "10.0.0.7"}],
                "nominatedNodeName": "node-b"},
        });
        let event = json!({
            "metadata": {"name": "e", "namespace": "shop"},
            "involvedObject": {"kind": "Pod", "name": "web", "namespace": "shop", "uid": "u",
                "apiVersion": "v1", "resourceVersion": "7", "fieldPath": "spec.containers{c}"},
            "reason": "Killing", "type": "Normal", "reportingComponent": "kubelet",
        });
        let yes: [(Kind, Value, &[&str]); 8] = [
            (
                Kind::Pod,
                pod,
                &[
                    "metadata.name=web,metadata.namespace=shop",
                    "spec.nodeName=node-a,spec.host=node-a",
                    "spec.restartPolicy=Never",
                    "spec.schedulerName=own",
                    "spec.serviceAccountName=robot",
                    "spec.hostNetwork=true",
                    "status.phase=Running,status.phase!=Failed",
                    "status.podIP=10.0.0.7",
                    "status.nominatedNodeName=node-b",
                ],
            ),
            (
                Kind::Pod,
                json!({}),
                &["spec.hostNetwork=false,spec.nodeName="],
            ),
            (
                Kind::Event,
                event,
                &[
                    "involvedObject.kind=Pod,involvedObject.name=web",
                    "involvedObject.namespace=shop,involvedObject.uid=u",
                    "involvedObject.apiVersion=v1,involvedObject.resourceVersion=7",
                    "involvedObject.fieldPath=spec.containers{c}",
                    "reason=Killing,type=Normal,reportingComponent=kubelet,source=kubelet",
                ],
            ),
            (
                Kind::Node,
                json!({"spec": {"unschedulable": true}}),
                &["spec.unschedulable=true"],
            ),
            (Kind::Node, json!({}), &["spec.unschedulable=false"]),
            (Kind::Secret, json!({"type": "Opaque"}), &["type=Opaque"]),
            (
                Kind::Service,
                json!({"spec": {"type": "NodePort", "clusterIP": "10.96.0.7"}}),
                &["spec.type=NodePort,spec.clusterIP=10.96.0.7"],
            ),
            (
                Kind::Job,
                json!({"status": {"succeeded": 2}}),
                &["status.successful=2"],
            ),
        ];
        for (kind, value, selectors) in yes {
            let object = object(kind, value);
            for text in selectors {
                assert!(holds(text, &object), "{kind} {text}");
            }
        }
        let namespace = object(Kind::Namespace, json!({"status": {"phase": "Active"}}));
        assert!(holds("status.phase=Active", &namespace));
        assert!(!holds("status.phase=Terminating", &namespace));
    }

    #[test]
    fn a8_a_field_that_cannot_be_asked_for_is_named_in_the_words_of_the_kind() {
        let known = "is not a known field selector: only \"metadata.name\", \"metadata.namespace\"";
        let cases = [
            (
                Kind::Pod,
                "spec.foo",
                "field label not supported: spec.foo".to_owned(),
            ),
            (
                Kind::Node,
                "spec.podCIDR",
                "field label not supported: spec.podCIDR".to_owned(),
            ),
            (
                Kind::Node,
                "metadata.namespace",
                "field label not supported: metadata.namespace".to_owned(),
            ),
            (
                Kind::Service,
                "spec.ports",
                "field label not supported: spec.ports".to_owned(),
            ),
            (
                Kind::Job,
                "status.failed",
                "field label \"status.failed\" not supported for Job".to_owned(),
            ),
            (
                Kind::ReplicaSet,
                "status.replicas",
                format!("\"status.replicas\" {known}"),
            ),
            (
                Kind::Deployment,
                "spec.replicas",
                format!("\"spec.replicas\" {known}"),
            ),
        ];
        for (kind, path, expected) in cases {
            let selector = FieldSelector::parse(&format!("metadata.name=x,{path}=1")).expect(path);
            assert_eq!(selector.check(kind), Err(expected), "{kind}");
        }
    }
}
