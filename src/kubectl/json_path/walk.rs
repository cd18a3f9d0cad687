//! From a value, along the steps of a path, to what is there.

use std::cmp::Ordering;

use serde_json::Value;

use super::{Comparison, Filter, JsonPathError, Node, Operand, Step, plain};

fn wrong(text: impl Into<String>) -> JsonPathError {
    JsonPathError(text.into())
}

/// What the parts of a template come to, one after the other.
pub(super) fn text(nodes: &[Node], value: &Value) -> Result<String, JsonPathError> {
    let mut said = String::new();
    for node in nodes {
        match node {
            Node::Text(text) => said.push_str(text),
            Node::Path(steps) => {
                let found = follow(steps, vec![value])?;
                let texts: Vec<String> = found.into_iter().map(plain).collect();
                said.push_str(&texts.join(" "));
            }
            Node::Range(steps, body) => {
                for each in follow(steps, vec![value])? {
                    said.push_str(&text(body, each)?);
                }
            }
        }
    }
    Ok(said)
}

/// What the steps lead to from these values.
pub(super) fn follow<'a>(
    steps: &[Step],
    mut values: Vec<&'a Value>,
) -> Result<Vec<&'a Value>, JsonPathError> {
    for step in steps {
        values = take(step, &values)?;
    }
    Ok(values)
}

fn take<'a>(step: &Step, values: &[&'a Value]) -> Result<Vec<&'a Value>, JsonPathError> {
    let mut found = Vec::new();
    for value in values {
        match step {
            Step::Field(name) => found.extend(value.get(name)),
            Step::Every => found.extend(inside(value)),
            Step::Deep => deep(value, &mut found),
            Step::Union(paths) => {
                for path in paths {
                    found.extend(follow(path, vec![value])?);
                }
            }
            Step::Slice { from, to, one } => {
                found.extend(slice(value, *from, *to, *one)?);
            }
            Step::Filter(filter) => {
                let Some(list) = value.as_array() else {
                    return Err(wrong(format!(
                        "{value} is not array or slice and cannot be filtered"
                    )));
                };
                for each in list {
                    if passes(filter, each)? {
                        found.push(each);
                    }
                }
            }
        }
    }
    Ok(found)
}

fn inside(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(fields) => fields.values().collect(),
        _ => Vec::new(),
    }
}

/// The value and everything below it that has something inside.
fn deep<'a>(value: &'a Value, found: &mut Vec<&'a Value>) {
    let below = inside(value);
    if !below.is_empty() {
        found.push(value);
        for each in below {
            deep(each, found);
        }
    }
}

fn slice(value: &Value, from: i64, to: Option<i64>, one: bool) -> Result<&[Value], JsonPathError> {
    let list = match value {
        Value::Null => return Ok(&[]),
        Value::Array(list) => list,
        Value::Object(_) => return Err(wrong("map[string]interface {} is not array or slice")),
        Value::String(_) => return Err(wrong("string is not array or slice")),
        Value::Bool(_) => return Err(wrong("bool is not array or slice")),
        Value::Number(_) => return Err(wrong("int64 is not array or slice")),
    };
    let length = i64::try_from(list.len()).unwrap_or(i64::MAX);
    let from_end = |place: i64| if place < 0 { place + length } else { place };
    let start = from_end(from);
    let end = match (to, one) {
        (_, true) => start + 1,
        (Some(to), false) => from_end(to),
        (None, false) => length,
    };
    let beyond = |place: i64| {
        wrong(format!(
            "array index out of bounds: index {place}, length {length}"
        ))
    };
    if start != end && (start >= length || start < 0) {
        return Err(beyond(start));
    }
    if start != end && end > length {
        return Err(beyond(end - 1));
    }
    let place = |place: i64| usize::try_from(place).unwrap_or(0).min(list.len());
    Ok(list.get(place(start)..place(end)).unwrap_or_default())
}

fn passes(filter: &Filter, value: &Value) -> Result<bool, JsonPathError> {
    let left = operand(&filter.left, value)?;
    let Some((comparison, right)) = &filter.comparison else {
        return Ok(!left.is_empty());
    };
    let right = operand(right, value)?;
    let ([left], [right]) = (left.as_slice(), right.as_slice()) else {
        // A field that one element lacks is no error: that element does not pass.
        return if left.is_empty() || right.is_empty() {
            Ok(*comparison == Comparison::NotEqual)
        } else {
            Err(wrong("can only compare one element at a time"))
        };
    };
    let order = compare(left, right);
    Ok(match comparison {
        Comparison::Equal => left == right || order == Some(Ordering::Equal),
        Comparison::NotEqual => left != right && order != Some(Ordering::Equal),
        Comparison::Less => order == Some(Ordering::Less),
        Comparison::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Comparison::Greater => order == Some(Ordering::Greater),
        Comparison::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
    })
}

fn operand<'a>(operand: &'a Operand, value: &'a Value) -> Result<Vec<&'a Value>, JsonPathError> {
    match operand {
        Operand::Path(steps) => follow(steps, vec![value]),
        Operand::Literal(literal) => Ok(vec![literal]),
    }
}

/// The order of two numbers or two texts; none of others.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => left.as_f64()?.partial_cmp(&right.as_f64()?),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Bool(left), Value::Bool(right)) => Some(left.cmp(right)),
        _ => None,
    }
}
