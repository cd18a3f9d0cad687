//! Label selectors: what they match, and their text form.

use super::meta::{self, Labels};
use super::{LabelSelector, LabelSelectorRequirement, Object};

/// Whether a selector of an object picks these labels. Every requirement must hold; an empty
/// selector picks everything. An operator that does not exist picks nothing.
#[must_use]
pub fn matches(selector: &LabelSelector, labels: &Labels) -> bool {
    let equal = selector.match_labels.iter().flatten();
    let mut expressions = selector.match_expressions.iter().flatten();
    equal
        .into_iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && expressions.all(|requirement| {
            let present = labels.get(&requirement.key);
            holds(
                &requirement.operator,
                requirement.values.as_deref(),
                present,
            )
        })
}

/// True when the selector has no requirement at all.
#[must_use]
pub fn is_empty(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(Labels::is_empty)
        && selector
            .match_expressions
            .as_ref()
            .is_none_or(Vec::is_empty)
}

/// What is wrong with a selector of an object, if anything; such a selector is an error to
/// components that ask first, and picks nothing.
/// Source: `LabelSelectorAsSelector` and `NewRequirement` of `k8s.io/apimachinery`.
#[must_use]
pub fn problem(selector: &LabelSelector) -> Option<String> {
    let mut expressions = selector.match_expressions.iter().flatten();
    expressions.find_map(|requirement| {
        let values = requirement.values.as_deref().unwrap_or_default();
        values_problem(&requirement.operator, values)
    })
}

/// What is wrong with the number of values that stand with an operator, or with the operator.
pub(super) fn values_problem(operator: &str, values: &[String]) -> Option<String> {
    match operator {
        "In" | "NotIn" if values.is_empty() => Some(
            "values: Invalid value: []: for 'in', 'notin' operators, values set can't be empty"
                .to_owned(),
        ),
        "Exists" | "DoesNotExist" if !values.is_empty() => Some(format!(
            "values: Invalid value: {values:?}: values set must be empty for exists and does not exist"
        )),
        "In" | "NotIn" | "Exists" | "DoesNotExist" => None,
        other => Some(format!(
            "\"{other}\" is not a valid label selector operator"
        )),
    }
}

/// Whether a requirement on one label holds. An operator that does not exist never does.
pub(super) fn holds(operator: &str, values: Option<&[String]>, present: Option<&String>) -> bool {
    let listed = |value: &String| values.unwrap_or_default().contains(value);
    match operator {
        "In" => present.is_some_and(listed),
        "NotIn" => !present.is_some_and(listed),
        "Exists" => present.is_some(),
        "DoesNotExist" => present.is_none(),
        _ => false,
    }
}

/// The selector in the form that kubectl prints: `app=web,tier in (a,b)`.
#[must_use]
pub fn print(selector: &LabelSelector) -> String {
    let equal = selector
        .match_labels
        .iter()
        .flatten()
        .map(|(key, value)| format!("{key}={value}"));
    let expressions = selector
        .match_expressions
        .iter()
        .flatten()
        .map(|requirement| {
            let key = &requirement.key;
            let values = requirement
                .values
                .iter()
                .flatten()
                .cloned()
                .collect::<Vec<_>>()
                .join(",");
            match requirement.operator.as_str() {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "DoesNotExist" => format!("!{key}"),
                _ => key.clone(),
            }
        });
    equal.chain(expressions).collect::<Vec<_>>().join(",")
}

/// The selector as one types it: `app=web,tier in (a,b),!canary`.
#[must_use]
pub fn print_typed(selector: &LabelSelector) -> String {
    let expressions = selector.match_expressions.iter().flatten();
    let each = expressions.map(|requirement| {
        let values = requirement.values.as_deref().unwrap_or_default();
        match (requirement.operator.as_str(), values) {
            ("In", [one]) => format!("{}={one}", requirement.key),
            ("NotIn", [one]) => format!("{}!={one}", requirement.key),
            _ => print(&LabelSelector {
                match_labels: None,
                match_expressions: Some(vec![requirement.clone()]),
            }),
        }
    });
    let equal = LabelSelector {
        match_labels: selector.match_labels.clone(),
        match_expressions: None,
    };
    let equal = Some(print(&equal)).filter(|text| !text.is_empty());
    equal.into_iter().chain(each).collect::<Vec<_>>().join(",")
}

/// Reads the text form of a label selector: `app=web,tier!=db,zone in (a,b),!canary`.
///
/// # Errors
/// Says which part does not fit.
pub fn parse_labels(text: &str) -> Result<LabelSelector, String> {
    let requirements = split_outside_brackets(text)
        .into_iter()
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(parse_requirement)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(LabelSelector {
        match_labels: None,
        match_expressions: Some(requirements),
    })
}

fn split_outside_brackets(text: &str) -> Vec<&str> {
    let mut depth = 0_u32;
    text.split(|c: char| {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .collect()
}

fn parse_requirement(part: &str) -> Result<LabelSelectorRequirement, String> {
    let requirement = |key: &str, operator: &str, values: Vec<String>| {
        let key = key.trim();
        if key.is_empty() || key.contains(|c: char| c.is_whitespace() || "()=!,".contains(c)) {
            return Err(format!(
                "unable to parse requirement: \"{part}\" is not a label selector"
            ));
        }
        let values = if values.is_empty() {
            None
        } else {
            Some(values)
        };
        Ok(LabelSelectorRequirement {
            key: key.to_owned(),
            operator: operator.to_owned(),
            values,
        })
    };
    let one = |value: &str| vec![value.trim().to_owned()];
    if let Some((key, value)) = part.split_once("!=") {
        return requirement(key, "NotIn", one(value));
    }
    if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
        return requirement(key, "In", one(value));
    }
    if let Some((head, list)) = part.split_once('(') {
        let list = list.trim_end().strip_suffix(')').ok_or_else(|| {
            format!("unable to parse requirement: \"{part}\" lacks its closing bracket")
        })?;
        let values = list
            .split(',')
            .map(|value| value.trim().to_owned())
            .collect();
        let mut words = head.split_whitespace();
        return match (words.next(), words.next(), words.next()) {
            (Some(key), Some("in"), None) => requirement(key, "In", values),
            (Some(key), Some("notin"), None) => requirement(key, "NotIn", values),
            _ => Err(format!(
                "unable to parse requirement: \"{part}\" needs in or notin"
            )),
        };
    }
    match part.strip_prefix('!') {
        Some(key) => requirement(key, "DoesNotExist", Vec::new()),
        None => requirement(part, "Exists", Vec::new()),
    }
}

/// Whether the object has the labels that the selector asks for.
#[must_use]
pub fn matches_object(selector: &LabelSelector, object: &Object) -> bool {
    matches(selector, meta::labels(object.metadata()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_text_selector_picks_what_kubectl_would_pick() {
        let web = labels(&[("app", "web"), ("tier", "front")]);
        let cases = [
            ("", true),
            ("app=web", true),
            ("app==web", true),
            ("app!=web", false),
            ("db!=x", true),
            ("app in (web, api)", true),
            ("app notin (web)", false),
            ("tier", true),
            ("!tier", false),
            ("app=web,tier=back", false),
            ("app in (web),!canary", true),
        ];
        for (text, expected) in cases {
            let selector = parse_labels(text).expect(text);
            assert_eq!(matches(&selector, &web), expected, "{text}");
        }
        for text in ["app in web", "app in (web", "a b", "=x", "app within (web)"] {
            assert!(parse_labels(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_operator_that_does_not_exist_picks_nothing() {
        let requirement = LabelSelectorRequirement {
            key: "app".to_owned(),
            operator: "Like".to_owned(),
            values: None,
        };
        let selector = LabelSelector {
            match_labels: None,
            match_expressions: Some(vec![requirement]),
        };
        assert!(!matches(&selector, &labels(&[("app", "web")])));
    }
}
