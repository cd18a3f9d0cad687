//! The quality-of-service class of a pod, by which a node under pressure picks whom to evict.

use super::core;

/// `Guaranteed`, `Burstable` or `BestEffort`.
/// Source: `pkg/apis/core/v1/helper/qos`, which looks at cpu and memory of all containers.
#[must_use]
pub fn qos_class(spec: &core::PodSpec) -> &'static str {
    let containers = spec
        .containers
        .iter()
        .chain(spec.init_containers.iter().flatten());
    let mut asks_for_anything = false;
    let mut limits_everything = true;
    for container in containers {
        let resources = container.resources.as_ref();
        let amount = |limits: bool, name: &str| {
            let list = resources.and_then(|each| {
                if limits {
                    each.limits.as_ref()
                } else {
                    each.requests.as_ref()
                }
            });
            list.and_then(|list| list.get(name))
                .map(|quantity| quantity.0.parse::<super::Quantity>())
        };
        for name in ["cpu", "memory"] {
            let (request, limit) = (amount(false, name), amount(true, name));
            let is_set = |each: &Option<Result<super::Quantity, _>>| matches!(each, Some(Ok(quantity)) if !quantity.is_zero());
            asks_for_anything |= is_set(&request) || is_set(&limit);
            limits_everything &= is_set(&limit) && (request.is_none() || request == limit);
        }
    }
    match (asks_for_anything, limits_everything) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Object};
    use serde_json::json;

    #[test]
    fn the_class_follows_from_requests_and_limits_of_all_containers() {
        let full = json!({"limits": {"cpu": "1", "memory": "1Gi"}});
        let cases = [
            (vec![json!({})], "BestEffort"),
            (vec![full.clone()], "Guaranteed"),
            (vec![full.clone(), json!({})], "Burstable"),
            (vec![json!({"requests": {"cpu": "100m"}})], "Burstable"),
            (
                vec![json!({"requests": {"cpu": "1"}, "limits": {"cpu": "2", "memory": "1Gi"}})],
                "Burstable",
            ),
        ];
        for (resources, expected) in cases {
            let containers: Vec<_> = resources
                .iter()
                .map(|resources| json!({"name": "c", "resources": resources}))
                .collect();
            let value = json!({"metadata": {}, "spec": {"containers": containers}});
            let object = Object::from_value(Kind::Pod, value).expect("a pod");
            let Object::Pod(pod) = object else {
                panic!("asked for a pod")
            };
            assert_eq!(qos_class(&pod.spec), expected, "{resources:?}");
        }
    }
}
