//! Which nodes a node selector picks.

use std::cmp::Ordering;

use super::core::{NodeSelector, NodeSelectorRequirement, NodeSelectorTerm, PodSpec};
use super::meta::{self, Labels};
use super::{Node, selector};

/// The only field of a node that `matchFields` may name.
pub const NAME_FIELD: &str = "metadata.name";

/// Whether the node has the labels of the pod's `nodeSelector` and meets its required node affinity.
/// Source: `GetRequiredNodeAffinity` of `component-helpers/scheduling/corev1/nodeaffinity`.
#[must_use]
pub fn meets_required(pod: &PodSpec, node: &Node) -> bool {
    let labels = meta::labels(&node.metadata);
    let selected = pod.node_selector.iter().flatten();
    let has_labels = selected
        .into_iter()
        .all(|(key, value)| labels.get(key) == Some(value));
    has_labels && required(pod).is_none_or(|selector| matches(selector, node))
}

/// Whether the pod asks anything of its node: by `nodeSelector`, or by required affinity.
#[must_use]
pub fn has_required(pod: &PodSpec) -> bool {
    let selected = pod.node_selector.as_ref();
    selected.is_some_and(|selected| !selected.is_empty()) || required(pod).is_some()
}

/// The pod's required node affinity.
#[must_use]
pub fn required(pod: &PodSpec) -> Option<&NodeSelector> {
    pod.affinity
        .as_ref()?
        .node_affinity
        .as_ref()?
        .required_during_scheduling_ignored_during_execution
        .as_ref()
}

/// Whether one of the terms picks the node. A selector without terms picks none.
#[must_use]
pub fn matches(selector: &NodeSelector, node: &Node) -> bool {
    selector
        .node_selector_terms
        .iter()
        .any(|term| term_matches(term, node))
}

/// Whether the term picks the node: all of its requirements hold. An empty term picks no node,
/// and so does one that cannot be understood.
#[must_use]
pub fn term_matches(term: &NodeSelectorTerm, node: &Node) -> bool {
    if is_empty(term) || term_problem(term).is_some() {
        return false;
    }
    let labels = meta::labels(&node.metadata);
    let mut expressions = term.match_expressions.iter().flatten();
    let mut fields = term.match_fields.iter().flatten();
    expressions.all(|requirement| requirement_holds(requirement, labels))
        && fields.all(|requirement| {
            let is_named = requirement.key == NAME_FIELD
                && requirement
                    .values
                    .iter()
                    .flatten()
                    .any(|name| name == node.name());
            is_named == (requirement.operator == "In")
        })
}

/// The term as one writes it: `disk In [ssd], metadata.name In [node-a]`.
#[must_use]
pub fn term_words(term: &NodeSelectorTerm) -> String {
    let expressions = term.match_expressions.iter().flatten();
    let each = expressions.chain(term.match_fields.iter().flatten());
    let words = each.map(|requirement| {
        let (key, operator) = (&requirement.key, &requirement.operator);
        match requirement.values.as_deref().unwrap_or_default() {
            [] => format!("{key} {operator}"),
            values => format!("{key} {operator} [{}]", values.join(", ")),
        }
    });
    words.collect::<Vec<_>>().join(", ")
}

/// True when the term has no requirement at all.
#[must_use]
pub fn is_empty(term: &NodeSelectorTerm) -> bool {
    let has = |list: &Option<Vec<_>>| list.as_ref().is_some_and(|list| !list.is_empty());
    !has(&term.match_expressions) && !has(&term.match_fields)
}

/// What is wrong with the term, if anything.
#[must_use]
pub fn term_problem(term: &NodeSelectorTerm) -> Option<String> {
    let mut expressions = term.match_expressions.iter().flatten();
    let mut fields = term.match_fields.iter().flatten();
    expressions
        .find_map(expression_problem)
        .or_else(|| fields.find_map(field_problem))
}

fn expression_problem(requirement: &NodeSelectorRequirement) -> Option<String> {
    let values = requirement.values.as_deref().unwrap_or_default();
    match requirement.operator.as_str() {
        "Gt" | "Lt" if values.len() != 1 => Some(
            "values: Invalid value: for 'Gt', 'Lt' operators, exactly one value is required"
                .to_owned(),
        ),
        "Gt" | "Lt" => values[0].parse::<i64>().is_err().then(|| {
            format!(
                "values[0]: Invalid value: \"{}\": for 'Gt', 'Lt' operators, the value must be an integer",
                values[0]
            )
        }),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {
            selector::values_problem(&requirement.operator, values)
        }
        other => Some(format!("\"{other}\" is not a valid node selector operator")),
    }
}

fn field_problem(requirement: &NodeSelectorRequirement) -> Option<String> {
    let count = requirement.values.as_ref().map_or(0, Vec::len);
    match requirement.operator.as_str() {
        "In" | "NotIn" if count != 1 => Some(format!(
            "values: Invalid value: must have one element, has {count}"
        )),
        "In" | "NotIn" => None,
        other => Some(format!(
            "operator: Unsupported value: \"{other}\": supported values: \"In\", \"NotIn\""
        )),
    }
}

fn requirement_holds(requirement: &NodeSelectorRequirement, labels: &Labels) -> bool {
    let present = labels.get(&requirement.key);
    let values = requirement.values.as_deref();
    let number = |text: &String| text.parse::<i64>().ok();
    let bound = || number(values?.first()?);
    let compared = || Some(present.and_then(number)?.cmp(&bound()?));
    match requirement.operator.as_str() {
        "Gt" => compared() == Some(Ordering::Greater),
        "Lt" => compared() == Some(Ordering::Less),
        operator => selector::holds(operator, values, present),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(labels: &[(&str, &str)]) -> Node {
        let mut node = Node::default();
        node.metadata_mut().name = Some("node-a".to_owned());
        let labels = labels.iter();
        node.metadata_mut().labels = Some(
            labels
                .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
                .collect(),
        );
        node
    }

    fn requirement(key: &str, operator: &str, values: &[&str]) -> NodeSelectorRequirement {
        NodeSelectorRequirement {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values: Some(values.iter().map(|value| (*value).to_owned()).collect()),
        }
    }

    #[test]
    fn a_requirement_on_labels_compares_words_and_whole_numbers() {
        let node = node(&[("disk", "ssd"), ("cores", "8")]);
        let cases = [
            ("disk", "In", &["ssd", "hdd"][..], true),
            ("disk", "In", &["hdd"], false),
            ("disk", "In", &[], false),
            ("disk", "NotIn", &["hdd"], true),
            ("gpu", "NotIn", &["a"], true),
            ("disk", "Exists", &[], true),
            ("disk", "Exists", &["x"], false),
            ("gpu", "DoesNotExist", &[], true),
            ("cores", "Gt", &["7"], true),
            ("cores", "Gt", &["8"], false),
            ("cores", "Lt", &["9"], true),
            ("disk", "Gt", &["1"], false),
            ("gpu", "Lt", &["1"], false),
            ("cores", "Gt", &["many"], false),
            ("cores", "Like", &["8"], false),
        ];
        for (key, operator, values, expected) in cases {
            let term = NodeSelectorTerm {
                match_expressions: Some(vec![requirement(key, operator, values)]),
                match_fields: None,
            };
            assert_eq!(
                term_matches(&term, &node),
                expected,
                "{key} {operator} {values:?}"
            );
        }
    }

    #[test]
    fn a_requirement_on_fields_names_exactly_one_node() {
        let cases = [
            ("In", &["node-a"][..], true),
            ("In", &["node-b"], false),
            ("NotIn", &["node-b"], true),
            ("NotIn", &["node-a"], false),
            ("In", &["node-a", "node-b"], false),
            ("Exists", &[], false),
        ];
        for (operator, values, expected) in cases {
            let term = NodeSelectorTerm {
                match_expressions: None,
                match_fields: Some(vec![requirement(NAME_FIELD, operator, values)]),
            };
            assert_eq!(
                term_matches(&term, &node(&[])),
                expected,
                "{operator} {values:?}"
            );
        }
    }

    #[test]
    fn an_empty_term_picks_no_node() {
        let selector = NodeSelector {
            node_selector_terms: vec![NodeSelectorTerm::default()],
        };
        assert!(!matches(&selector, &node(&[])));
    }
}
