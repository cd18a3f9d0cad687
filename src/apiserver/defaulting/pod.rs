//! Defaults of pods and of the templates that they are made from.
//! Source: `SetDefaults_PodSpec` and what stands around it in `pkg/apis/core/v1/defaults.go`.

use std::sync::Arc;

use crate::api::{PodSpec, core};

use super::rule::{
    RESOURCES, Rule, any_lacks, each, fill, fill_each, is_blank, lacks, number, part, text, value,
};

/// Permissions of files in volumes: 0644.
const FILE_MODE: i32 = 0o644;

/// What a spec gets wherever it stands.
const SPEC: &[Rule<core::PodSpec>] = &[
    text!(dns_policy = "ClusterFirst"),
    text!(restart_policy = "Always"),
    value!(security_context = core::PodSecurityContext::default()),
    value!(termination_grace_period_seconds = 30),
    text!(scheduler_name = "default-scheduler"),
    SERVICE_ACCOUNT,
    each!(volumes: VOLUME),
    each!(init_containers: CONTAINER),
    Rule {
        lacks: |spec| spec.containers.iter().any(|each| lacks(each, CONTAINER)),
        set: |spec| {
            for container in &mut spec.containers {
                fill(container, CONTAINER);
            }
        },
    },
    part!(resources: RESOURCES),
    super::rule::amounts!(overhead),
];

/// The deprecated field always says the same as the one that replaced it.
const SERVICE_ACCOUNT: Rule<core::PodSpec> = Rule {
    lacks: |spec| {
        let (name, old) = (&spec.service_account_name, &spec.service_account);
        !(is_blank(name.as_ref()) && is_blank(old.as_ref())) && name != old
    },
    set: |spec| {
        if is_blank(spec.service_account_name.as_ref()) {
            spec.service_account_name.clone_from(&spec.service_account);
        } else {
            spec.service_account.clone_from(&spec.service_account_name);
        }
    },
};

/// What a spec gets in a pod, but not in a template.
const POD: &[Rule<core::PodSpec>] = &[
    value!(enable_service_links = true),
    Rule {
        lacks: |spec| {
            any_lacks(spec.init_containers.as_ref(), REQUESTS)
                || spec.containers.iter().any(|each| lacks(each, REQUESTS))
        },
        set: |spec| {
            fill_each(&mut spec.init_containers, REQUESTS);
            for container in &mut spec.containers {
                fill(container, REQUESTS);
            }
        },
    },
    Rule {
        lacks: |spec| spec.host_network == Some(true) && containers(spec).any(lacks_host_port),
        set: |spec| {
            let init = spec.init_containers.iter_mut().flatten();
            let all = spec.containers.iter_mut().chain(init);
            for port in all.flat_map(|each| each.ports.iter_mut().flatten()) {
                if port.host_port.unwrap_or(0) == 0 {
                    port.host_port = Some(port.container_port);
                }
            }
        },
    },
];

fn containers(spec: &core::PodSpec) -> impl Iterator<Item = &core::Container> {
    let init = spec.init_containers.iter().flatten();
    spec.containers.iter().chain(init)
}

fn lacks_host_port(container: &core::Container) -> bool {
    let mut ports = container.ports.iter().flatten();
    ports.any(|port| port.host_port.unwrap_or(0) == 0 && port.container_port != 0)
}

const CONTAINER: &[Rule<core::Container>] = &[
    Rule {
        lacks: |container| is_blank(container.image_pull_policy.as_ref()),
        set: |container| {
            let image = container.image.as_deref().unwrap_or_default();
            container.image_pull_policy = Some(pull_policy(image).to_owned());
        },
    },
    text!(termination_message_path = "/dev/termination-log"),
    text!(termination_message_policy = "File"),
    value!(resources = core::ResourceRequirements::default()),
    part!(resources: RESOURCES),
    each!(ports: &[text!(protocol = "TCP")]),
    each!(env: &[part!(value_from: &[part!(field_ref: &[text!(api_version = "v1")])])]),
    part!(liveness_probe: PROBE),
    part!(readiness_probe: PROBE),
    part!(startup_probe: PROBE),
    part!(lifecycle: &[part!(post_start: HOOK), part!(pre_stop: HOOK)]),
];

/// A limit without a request is a request as well.
const REQUESTS: &[Rule<core::Container>] = &[part!(resources: &[Rule {
    lacks: |resources: &core::ResourceRequirements| {
        let requests = resources.requests.as_ref();
        let mut limits = resources.limits.iter().flatten();
        limits.any(|(name, _)| requests.is_none_or(|all| !all.contains_key(name)))
    },
    set: |resources| {
        let requests = resources.requests.get_or_insert_default();
        for (name, limit) in resources.limits.iter().flatten() {
            requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    },
}])];

const PROBE: &[Rule<core::Probe>] = &[
    number!(timeout_seconds = 1),
    number!(period_seconds = 10),
    number!(success_threshold = 1),
    number!(failure_threshold = 3),
    part!(http_get: HTTP_GET),
    part!(grpc: &[value!(service = String::new())]),
];

const HOOK: &[Rule<core::LifecycleHandler>] = &[part!(http_get: HTTP_GET)];

const HTTP_GET: &[Rule<core::HTTPGetAction>] = &[text!(path = "/"), text!(scheme = "HTTP")];

const VOLUME: &[Rule<core::Volume>] = &[
    Rule {
        lacks: |volume| {
            let name = volume.name.clone();
            let bare = core::Volume {
                name,
                ..core::Volume::default()
            };
            *volume == bare
        },
        set: |volume| volume.empty_dir = Some(core::EmptyDirVolumeSource::default()),
    },
    part!(secret: &[value!(default_mode = FILE_MODE)]),
    part!(config_map: &[value!(default_mode = FILE_MODE)]),
    part!(downward_api: &[value!(default_mode = FILE_MODE), each!(items: FILE)]),
    part!(projected: &[value!(default_mode = FILE_MODE), each!(sources: PROJECTION)]),
    part!(host_path: &[value!(type_ = String::new())]),
    part!(ephemeral: &[part!(volume_claim_template: &[Rule {
        lacks: |template: &core::PersistentVolumeClaimTemplate| lacks(&template.spec, CLAIM),
        set: |template| fill(&mut template.spec, CLAIM),
    }])]),
];

const FILE: &[Rule<core::DownwardAPIVolumeFile>] =
    &[part!(field_ref: &[text!(api_version = "v1")])];

const PROJECTION: &[Rule<core::VolumeProjection>] = &[
    part!(service_account_token: &[value!(expiration_seconds = 3600)]),
    part!(downward_api: &[each!(items: FILE)]),
];

/// What a claim gets, in a template as well.
pub(super) const CLAIM: &[Rule<core::PersistentVolumeClaimSpec>] = &[
    text!(volume_mode = "Filesystem"),
    part!(resources: &[super::rule::amounts!(limits), super::rule::amounts!(requests)]),
];

/// The template of a workload; its spec is there afterwards.
pub(super) const TEMPLATE: &[Rule<core::PodTemplateSpec>] =
    &[value!(spec = core::PodSpec::default()), part!(spec: SPEC)];

/// Gives a pod its defaults; a spec that lacks nothing stays shared.
pub(super) fn pod(spec: &mut Arc<PodSpec>) {
    if lacks(&*spec.shared, SPEC) || lacks(&*spec.shared, POD) {
        let shared = Arc::make_mut(spec).shared_mut();
        fill(shared, SPEC);
        fill(shared, POD);
    }
}

/// `Always` for what may change under its name, else `IfNotPresent`.
/// Source: `ParseImageName` of `pkg/util/parsers`.
fn pull_policy(image: &str) -> &'static str {
    let (name, digest) = image
        .split_once('@')
        .map_or((image, None), |(name, digest)| (name, Some(digest)));
    let last = name.rsplit('/').next().unwrap_or_default();
    let tag = last.split_once(':').map(|(_, tag)| tag);
    let changes = match (tag, digest) {
        (Some(tag), _) => tag == "latest",
        (None, Some(_)) => false,
        (None, None) => !name.is_empty(),
    };
    if changes { "Always" } else { "IfNotPresent" }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn spec(value: Value) -> Arc<PodSpec> {
        serde_json::from_value(value).map(Arc::new).expect("a spec")
    }

    #[test]
    fn a6_the_pull_policy_follows_from_the_tag() {
        let cases = [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.27", "IfNotPresent"),
            ("registry:5000/nginx", "Always"),
            ("registry:5000/team/nginx:v1", "IfNotPresent"),
            ("nginx@sha256:abc", "IfNotPresent"),
            ("nginx:latest@sha256:abc", "Always"),
            ("", "IfNotPresent"),
        ];
        for (image, policy) in cases {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn a6_a_pod_gets_its_defaults() {
        let mut given = spec(json!({
            "containers": [{
                "name": "web", "image": "nginx:1.27",
                "ports": [{"containerPort": 80}],
                "env": [{"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
                "resources": {"limits": {"cpu": "0.5", "memory": "1024Mi"}},
                "readinessProbe": {"httpGet": {"port": 80}},
            }],
            "volumes": [{"name": "tmp"}, {"name": "c", "configMap": {"name": "c"}}],
            "serviceAccountName": "robot",
        }));
        pod(&mut given);
        let expected = json!({
            "containers": [{
                "name": "web", "image": "nginx:1.27", "imagePullPolicy": "IfNotPresent",
                "ports": [{"containerPort": 80, "protocol": "TCP"}],
                "env": [{"name": "N", "valueFrom": {
                    "fieldRef": {"apiVersion": "v1", "fieldPath": "spec.nodeName"},
                }}],
                "resources": {
                    "limits": {"cpu": "500m", "memory": "1Gi"},
                    "requests": {"cpu": "500m", "memory": "1Gi"},
                },
                "readinessProbe": {
                    "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
                    "timeoutSeconds": 1, "periodSeconds": 10,
                    "successThreshold": 1, "failureThreshold": 3,
                },
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }],
            "dnsPolicy": "ClusterFirst", "enableServiceLinks": true, "restartPolicy": "Always",
            "schedulerName": "default-scheduler", "securityContext": {},
            "serviceAccount": "robot", "serviceAccountName": "robot",
            "terminationGracePeriodSeconds": 30,
            "volumes": [
                {"name": "tmp", "emptyDir": {}},
                {"name": "c", "configMap": {"name": "c", "defaultMode": 420}},
            ],
        });
        assert_eq!(serde_json::to_value(&*given).expect("JSON"), expected);
    }

    #[test]
    fn a6_a_complete_spec_stays_shared() {
        let mut first = spec(json!({
            "containers": [{"name": "web", "image": "nginx", "ports": [{"containerPort": 80}]}],
            "hostNetwork": true,
        }));
        pod(&mut first);
        assert_eq!(
            first.containers[0]
                .ports
                .as_ref()
                .and_then(|it| it[0].host_port),
            Some(80)
        );
        let mut second = first.clone();
        pod(&mut second);
        assert!(Arc::ptr_eq(&first, &second));
    }
}
