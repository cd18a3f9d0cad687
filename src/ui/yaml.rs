//! The parts of a line of YAML, for colour: keys, strings, numbers, comments.

use std::ops::Range;

use super::theme::Role;

/// The parts of a line that are not plain text, in order, in bytes.
#[must_use]
pub fn parts(line: &str) -> Vec<(Range<usize>, Role)> {
    let mut parts = Vec::new();
    let end = comment_at(line).unwrap_or(line.len());
    if line[..end].trim_end() == "---" || line[..end].trim_end() == "..." {
        parts.push((0..end, Role::Dim));
    } else {
        let mut at = line.len() - line.trim_start().len();
        while line[at..end].starts_with("- ") || line[at..end].trim_end() == "-" {
            parts.push((at..at + 1, Role::Dim));
            at += 1 + line[at + 1..end].len() - line[at + 1..end].trim_start().len();
        }
        entry(line, at..end, &mut parts);
    }
    if end < line.len() {
        parts.push((end..line.len(), Role::Dim));
    }
    parts
}

/// A key with its value, or a value; flow collections are taken apart.
fn entry(line: &str, range: Range<usize>, parts: &mut Vec<(Range<usize>, Role)>) {
    let text = &line[range.clone()];
    let value_at = match colon_in(text) {
        Some(colon) => {
            parts.push((range.start..range.start + colon, Role::Desired));
            parts.push((range.start + colon..range.start + colon + 1, Role::Dim));
            range.start + colon + 1
        }
        None => range.start,
    };
    let trimmed = line[value_at..range.end].trim();
    let start = value_at + line[value_at..range.end].find(trimmed).unwrap_or(0);
    let whole = start..start + trimmed.len();
    let inner = trimmed
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
        .or_else(|| {
            trimmed
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
        });
    let Some(inner) = inner else {
        if let Some(role) = scalar_role(trimmed) {
            parts.push((whole, role));
        }
        return;
    };
    parts.push((whole.start..whole.start + 1, Role::Dim));
    let mut at = whole.start + 1;
    for piece in inner.split_inclusive(',') {
        let item = piece.strip_suffix(',').unwrap_or(piece);
        let skipped = item.len() - item.trim_start().len();
        entry(line, at + skipped..at + item.len(), parts);
        at += piece.len();
    }
    parts.push((whole.end - 1..whole.end, Role::Dim));
}

/// Where a key ends: the first colon that a blank or nothing follows, outside of quotes and braces.
fn colon_in(text: &str) -> Option<usize> {
    if text.starts_with(['"', '\'', '{', '[']) && !text.contains("\":") && !text.contains("':") {
        return None;
    }
    text.char_indices()
        .find(|(at, letter)| {
            let rest = &text[at + letter.len_utf8()..];
            *letter == ':' && (rest.is_empty() || rest.starts_with(' '))
        })
        .map(|(at, _)| at)
        .filter(|at| !text[..*at].contains(['{', '[']))
}

/// Where a comment begins: a `#` at the beginning or after a blank, outside of quotes.
fn comment_at(line: &str) -> Option<usize> {
    let mut quote = None;
    let mut before = ' ';
    for (at, letter) in line.char_indices() {
        match (quote, letter) {
            (None, '#') if before.is_whitespace() => return Some(at),
            (None, '"' | '\'') if !before.is_alphanumeric() => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
        before = letter;
    }
    None
}

fn scalar_role(text: &str) -> Option<Role> {
    let is_number = || {
        text.parse::<f64>().is_ok()
            && text.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
    };
    match text {
        "" => None,
        "true" | "false" | "null" | "~" => Some(Role::Waiting),
        _ if is_number() => Some(Role::Waiting),
        _ => Some(Role::Current),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Vec<(&str, Role)> {
        let parts = parts(line).into_iter();
        parts.map(|(range, role)| (&line[range], role)).collect()
    }

    #[test]
    fn keys_values_and_comments_are_told_apart() {
        assert_eq!(
            read("  replicas: 3 # three"),
            [
                ("replicas", Role::Desired),
                (":", Role::Dim),
                ("3", Role::Waiting),
                ("# three", Role::Dim),
            ]
        );
        assert_eq!(
            read("- name: nginx"),
            [
                ("-", Role::Dim),
                ("name", Role::Desired),
                (":", Role::Dim),
                ("nginx", Role::Current),
            ]
        );
        assert_eq!(read("image: nginx:1.27")[2], ("nginx:1.27", Role::Current));
        assert_eq!(read("a: \"x # y\"")[2], ("\"x # y\"", Role::Current));
        assert_eq!(read("---"), [("---", Role::Dim)]);
    }

    #[test]
    fn flow_collections_are_taken_apart() {
        assert_eq!(
            read("requests: { cpu: 250m, pods: 2 }"),
            [
                ("requests", Role::Desired),
                (":", Role::Dim),
                ("{", Role::Dim),
                ("cpu", Role::Desired),
                (":", Role::Dim),
                ("250m", Role::Current),
                ("pods", Role::Desired),
                (":", Role::Dim),
                ("2", Role::Waiting),
                ("}", Role::Dim),
            ]
        );
    }

    #[test]
    fn no_line_breaks_it() {
        for line in [
            "",
            "-",
            "- -",
            ":",
            "::",
            "{",
            "a: {",
            "'",
            "\"a: b",
            "- - é: ü",
            "#",
            "a:#b",
        ] {
            let mut end = 0;
            for (range, _) in parts(line) {
                assert!(range.start >= end && range.end <= line.len(), "{line:?}");
                assert!(line.is_char_boundary(range.start) && line.is_char_boundary(range.end));
                end = range.end;
            }
        }
    }
}
