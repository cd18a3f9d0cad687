//! Which pods a taint keeps away from a node.

use super::Node;
use super::core::{Taint, Toleration};

/// The taint by which somebody says that a machine is off and writes to nothing any more.
const OUT_OF_SERVICE: &str = "node.kubernetes.io/out-of-service";

/// Whether somebody has said that the machine of a node is off.
#[must_use]
pub fn is_out_of_service(node: &Node) -> bool {
    let mut taints = node.spec.taints.iter().flatten();
    taints.any(|taint| taint.key == OUT_OF_SERVICE)
}

/// Whether the toleration tolerates the taint.
/// Source: `ToleratesTaint` of `k8s.io/api/core/v1`.
#[must_use]
pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let given = |text: &Option<String>| text.as_deref().unwrap_or_default().to_owned();
    let (effect, key) = (given(&toleration.effect), given(&toleration.key));
    if !effect.is_empty() && effect != taint.effect || !key.is_empty() && key != taint.key {
        return false;
    }
    match toleration.operator.as_deref().unwrap_or_default() {
        "" | "Equal" => given(&toleration.value) == given(&taint.value),
        "Exists" => true,
        _ => false,
    }
}

/// Whether one of the tolerations tolerates the taint.
#[must_use]
pub fn is_tolerated(taint: &Taint, tolerations: &[Toleration]) -> bool {
    tolerations
        .iter()
        .any(|toleration| tolerates(toleration, taint))
}

/// The first taint with one of these effects that no toleration tolerates.
#[must_use]
pub fn first_untolerated<'a>(
    taints: &'a [Taint],
    tolerations: &[Toleration],
    effects: &[&str],
) -> Option<&'a Taint> {
    taints
        .iter()
        .filter(|taint| effects.contains(&taint.effect.as_str()))
        .find(|taint| !is_tolerated(taint, tolerations))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toleration_names_what_it_tolerates_and_leaves_open_what_it_does_not_name() {
        let taint = Taint {
            key: "dedicated".to_owned(),
            value: Some("batch".to_owned()),
            effect: "NoSchedule".to_owned(),
            time_added: None,
        };
        let cases = [
            ("dedicated", "", "batch", "NoSchedule", true),
            ("dedicated", "Equal", "batch", "", true),
            ("dedicated", "Equal", "infra", "", false),
            ("dedicated", "Exists", "", "", true),
            ("dedicated", "Exists", "", "NoExecute", false),
            ("other", "Exists", "", "", false),
            ("", "Exists", "", "", true),
            ("dedicated", "Like", "batch", "", false),
        ];
        for (key, operator, value, effect, expected) in cases {
            let toleration = Toleration {
                key: Some(key.to_owned()),
                operator: Some(operator.to_owned()),
                value: Some(value.to_owned()),
                effect: Some(effect.to_owned()),
                toleration_seconds: None,
            };
            assert_eq!(tolerates(&toleration, &taint), expected, "{toleration:?}");
        }
    }
}
