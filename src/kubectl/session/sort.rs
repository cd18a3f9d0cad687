//! `kubectl get --sort-by`: numbers by size, amounts by amount, texts as people count.
//!
//! Source: `kubectl/pkg/cmd/get/sorter.go`, Kubernetes 1.34.

use std::cmp::Ordering;

use serde_json::Value;

use super::failure::Failure;
use crate::api::{Object, Quantity};
use crate::kubectl::json_path::JsonPath;

/// The objects in the order of what a path leads to; those without it come first.
pub(super) fn by(path: &JsonPath, objects: &[Object]) -> Result<Vec<Object>, Failure> {
    let own = |message: String| Failure::Own(message);
    let mut keyed = Vec::new();
    for object in objects {
        let value = object.to_value();
        let found = path
            .values(&value)
            .map_err(|error| own(error.to_string()))?;
        keyed.push((found.first().map(|value| (*value).clone()), object.clone()));
    }
    if !keyed.is_empty() && keyed.iter().all(|(key, _)| key.is_none()) {
        return Err(own(format!(
            "couldn't find any field with path \"{}\" in the list of objects",
            path.source()
        )));
    }
    keyed.sort_by(|(one, _), (two, _)| order(one.as_ref(), two.as_ref()));
    Ok(keyed.into_iter().map(|(_, object)| object).collect())
}

fn order(one: Option<&Value>, two: Option<&Value>) -> Ordering {
    match (one, two) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Less,
        (Some(_), None) => Ordering::Greater,
        (Some(Value::Number(one)), Some(Value::Number(two))) => {
            let (one, two) = (one.as_f64(), two.as_f64());
            one.partial_cmp(&two).unwrap_or(Ordering::Equal)
        }
        (Some(Value::String(one)), Some(Value::String(two))) => {
            match (one.parse::<Quantity>(), two.parse::<Quantity>()) {
                (Ok(one), Ok(two)) => one.cmp(&two),
                _ => natural(one, two),
            }
        }
        (Some(one), Some(two)) => natural(&one.to_string(), &two.to_string()),
    }
}

/// Runs of digits count as numbers: `web-2` comes before `web-10`.
fn natural(one: &str, two: &str) -> Ordering {
    let (mut one, mut two) = (one, two);
    loop {
        let (digits_one, digits_two) = (digits(one), digits(two));
        if !digits_one.is_empty() && !digits_two.is_empty() {
            let bare = |text: &str| text.trim_start_matches('0').len();
            let sizes = bare(digits_one).cmp(&bare(digits_two));
            let texts = digits_one
                .trim_start_matches('0')
                .cmp(digits_two.trim_start_matches('0'));
            let order = sizes.then(texts);
            if order != Ordering::Equal {
                return order;
            }
            (one, two) = (&one[digits_one.len()..], &two[digits_two.len()..]);
            continue;
        }
        match (one.chars().next(), two.chars().next()) {
            (None, None) => return Ordering::Equal,
            (first, second) if first != second => return first.cmp(&second),
            (Some(letter), _) => {
                one = &one[letter.len_utf8()..];
                two = &two[letter.len_utf8()..];
            }
            (None, _) => return Ordering::Equal,
        }
    }
}

fn digits(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_in_names_count_as_numbers() {
        let mut names = ["web-10", "web-2", "web-02", "api", "web"];
        names.sort_by(|one, two| natural(one, two));
        assert_eq!(names, ["api", "web", "web-2", "web-02", "web-10"]);
    }
}
