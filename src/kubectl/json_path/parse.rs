//! From the text of a template to its parts.

use serde_json::Value;

use super::{Comparison, Filter, JsonPathError, Node, Operand, Step};

fn wrong(text: impl Into<String>) -> JsonPathError {
    JsonPathError(text.into())
}

/// What stands in one pair of braces.
enum Action {
    Nodes(Vec<Node>),
    Range(Vec<Step>),
    End,
}

/// Reads a whole template.
pub(super) fn template(text: &str) -> Result<Vec<Node>, JsonPathError> {
    // The ranges that are open, each with what stands before it.
    let mut open: Vec<(Vec<Step>, Vec<Node>)> = Vec::new();
    let mut nodes = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('{') {
        if start > 0 {
            nodes.push(Node::Text(rest[..start].to_owned()));
        }
        let inner = &rest[start + 1..];
        let end = closing(inner, '}').ok_or_else(|| wrong("unclosed action"))?;
        match action(inner[..end].trim())? {
            Action::Nodes(more) => nodes.extend(more),
            Action::Range(steps) => open.push((steps, std::mem::take(&mut nodes))),
            Action::End => {
                let (steps, before) = open
                    .pop()
                    .ok_or_else(|| wrong("not in range, nothing to end"))?;
                let body = std::mem::replace(&mut nodes, before);
                nodes.push(Node::Range(steps, body));
            }
        }
        rest = &inner[end + 1..];
    }
    if !rest.is_empty() {
        nodes.push(Node::Text(rest.to_owned()));
    }
    // A range that is not ended goes to the end of the template.
    while let Some((steps, before)) = open.pop() {
        let body = std::mem::replace(&mut nodes, before);
        nodes.push(Node::Range(steps, body));
    }
    Ok(nodes)
}

/// The place of a closing sign, past everything in quotes.
fn closing(text: &str, sign: char) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (place, letter) in text.char_indices() {
        match quote {
            _ if escaped => escaped = false,
            _ if letter == '\\' => escaped = true,
            Some(open) if letter == open => quote = None,
            None if letter == sign => return Some(place),
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            Some(_) | None => {}
        }
    }
    None
}

fn action(text: &str) -> Result<Action, JsonPathError> {
    if text == "end" {
        return Ok(Action::End);
    }
    if let Some(path) = text.strip_prefix("range ") {
        return steps(path.trim()).map(Action::Range);
    }
    if let Some(quoted) = quoted(text)? {
        return Ok(Action::Nodes(vec![Node::Text(quoted)]));
    }
    Ok(Action::Nodes(vec![Node::Path(steps(text)?)]))
}

/// The text in quotes, if all of it is in one pair of them.
fn quoted(text: &str) -> Result<Option<String>, JsonPathError> {
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'')) else {
        return Ok(None);
    };
    let inner = &text[1..];
    let end = closing(inner, quote).ok_or_else(|| wrong("unterminated quoted string"))?;
    if end + 1 != inner.len() {
        return Err(wrong(format!("unrecognized character in action: {text:?}")));
    }
    let mut said = String::new();
    let mut letters = inner[..end].chars();
    while let Some(letter) = letters.next() {
        match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('n') => said.push('\n'),
                Some('t') => said.push('\t'),
                Some('r') => said.push('\r'),
                Some(other) => said.push(other),
                None => {}
            },
            (letter, false) => said.push(letter),
        }
    }
    Ok(Some(said))
}

/// Reads `$.items[*].metadata.name`.
fn steps(text: &str) -> Result<Vec<Step>, JsonPathError> {
    let mut found = Vec::new();
    let mut rest = text.trim_start_matches(['$', '@']);
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("..") {
            found.push(Step::Deep);
            // What follows two dots is a field: `..name`.
            let ends = after.is_empty() || after.starts_with(['[', '*', '.']);
            rest = after;
            if !ends {
                let (name, after) = field(rest);
                found.push(Step::Field(name));
                rest = after;
            }
        } else if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            if !rest.is_empty() && !rest.starts_with(['[', '*']) {
                let (name, after) = field(rest);
                found.push(Step::Field(name));
                rest = after;
            }
        } else if let Some(after) = rest.strip_prefix('*') {
            found.push(Step::Every);
            rest = after;
        } else if let Some(inner) = rest.strip_prefix('[') {
            let end = bracket(inner).ok_or_else(|| wrong("unterminated array"))?;
            found.push(element(inner[..end].trim())?);
            rest = &inner[end + 1..];
        } else {
            let word: String = rest.chars().take_while(|c| c.is_alphanumeric()).collect();
            return Err(wrong(if word.is_empty() {
                format!("unrecognized character in action: {rest:?}")
            } else {
                format!("unrecognized identifier {word}")
            }));
        }
    }
    Ok(found)
}

/// The name of a field and what follows it; a backslash lets a dot be part of the name.
fn field(text: &str) -> (String, &str) {
    let mut name = String::new();
    let mut letters = text.char_indices();
    while let Some((place, letter)) = letters.next() {
        match letter {
            '\\' => name.extend(letters.next().map(|(_, letter)| letter)),
            '.' | '[' | ' ' | '*' => return (name, &text[place..]),
            _ => name.push(letter),
        }
    }
    (name, "")
}

/// The place of the bracket that closes the one that has been opened.
fn bracket(text: &str) -> Option<usize> {
    let mut depth = 0;
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (None, '"' | '\'') => quote = Some(letter),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(place),
            (None, ']') => depth -= 1,
            (Some(_) | None, _) => {}
        }
    }
    None
}

/// Reads what stands in brackets.
fn element(text: &str) -> Result<Step, JsonPathError> {
    if text == "*" {
        return Ok(Step::Every);
    }
    if let Some(inner) = text.strip_prefix("?(") {
        let inner = inner
            .strip_suffix(')')
            .ok_or_else(|| wrong("unterminated filter"))?;
        return filter(inner.trim()).map(Step::Filter);
    }
    let parts: Vec<&str> = text.split(',').map(str::trim).collect();
    if parts.len() > 1 {
        let each = parts
            .iter()
            .map(|part| element(part).map(|step| vec![step]));
        return each.collect::<Result<_, _>>().map(Step::Union);
    }
    if quoted(text)?.is_some() {
        // What is in quotes is a path of its own, in which a backslash spares a dot.
        let path = steps(&format!(".{}", &text[1..text.len() - 1]));
        return path.map(|path| Step::Union(vec![path]));
    }
    slice(text)
}

fn slice(text: &str) -> Result<Step, JsonPathError> {
    let number = |text: &str| {
        text.parse::<i64>()
            .map_err(|_| wrong(format!("invalid array index {text}")))
    };
    match text.split_once(':') {
        None => Ok(Step::Slice {
            from: number(text)?,
            to: None,
            one: true,
        }),
        Some((from, to)) => Ok(Step::Slice {
            from: if from.is_empty() { 0 } else { number(from)? },
            to: if to.is_empty() {
                None
            } else {
                Some(number(to)?)
            },
            one: false,
        }),
    }
}

/// The signs of comparisons, the longer ones first.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

fn filter(text: &str) -> Result<Filter, JsonPathError> {
    let mut quote = None;
    for (place, letter) in text.char_indices() {
        match (quote, letter) {
            (Some(open), letter) if letter == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(letter),
            (None, _) => {
                let sign = COMPARISONS
                    .iter()
                    .find(|(sign, _)| text[place..].starts_with(sign));
                if let Some((sign, comparison)) = sign {
                    let right = operand(text[place + sign.len()..].trim())?;
                    return Ok(Filter {
                        left: operand(text[..place].trim())?,
                        comparison: Some((*comparison, right)),
                    });
                }
            }
        }
    }
    Ok(Filter {
        left: operand(text)?,
        comparison: None,
    })
}

fn operand(text: &str) -> Result<Operand, JsonPathError> {
    if text.starts_with(['@', '$', '.']) {
        return steps(text).map(Operand::Path);
    }
    if let Some(text) = quoted(text)? {
        return Ok(Operand::Literal(Value::String(text)));
    }
    serde_json::from_str(text)
        .map(Operand::Literal)
        .map_err(|_| wrong(format!("unrecognized identifier {text}")))
}
