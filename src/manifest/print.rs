//! Objects as text: YAML and JSON as `kubectl get -o yaml` and `-o json` print them.
//!
//! kubectl prints through go-yaml 2. Its way to quote, to fold after 80 columns and to order keys is
//! its own, and people compare such files, so it is followed here to the letter.
//! Source: `emitterc.go`, `encode.go` and `sorter.go` of go-yaml 2.

use serde::Serialize as _;
use serde_json::{Map, Value, json};

use super::scalar::{Scalar, resolve};

/// Text is folded at the first space after this column.
const WIDTH: usize = 80;
/// A longer key is written in the long form, with `? ` before it.
const LONGEST_KEY: usize = 128;

/// A value as YAML, as `kubectl get -o yaml` prints it.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut printer = Printer::default();
    match value {
        Value::Object(fields) if !fields.is_empty() => printer.mapping(fields, 0, true),
        Value::Array(items) if !items.is_empty() => printer.list(items, 0, true),
        other => printer.scalar(other, 2),
    }
    printer.out.push('\n');
    printer.out
}

/// A value as JSON, as `kubectl get -o json` prints it: four spaces a level.
#[must_use]
pub fn to_json_pretty(value: &Value) -> String {
    let mut out = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut out, formatter);
    value
        .serialize(&mut serializer)
        .expect("a value has string keys only, and memory takes every byte");
    let mut text = String::from_utf8(out).expect("JSON is UTF-8");
    text.push('\n');
    text
}

/// Several objects as the `List` that kubectl prints.
#[must_use]
pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.into_iter().collect();
    json!({
        "apiVersion": "v1",
        "items": items,
        "kind": "List",
        "metadata": {"resourceVersion": ""},
    })
}

#[derive(Default)]
struct Printer {
    out: String,
    column: usize,
}

impl Printer {
    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += text.chars().count();
    }

    fn put(&mut self, c: char) {
        self.out.push(c);
        self.column += 1;
    }

    fn line(&mut self, indent: usize) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.column = indent;
    }

    /// The fields of a mapping; the first goes on in the line that has begun, if any.
    fn mapping(&mut self, fields: &Map<String, Value>, indent: usize, here: bool) {
        for (place, key) in sorted(fields).into_iter().enumerate() {
            if place > 0 || !here {
                self.line(indent);
            }
            self.key(key, indent);
            let value = &fields[key];
            match value {
                Value::Object(inner) if !inner.is_empty() => {
                    self.mapping(inner, indent + 2, false);
                }
                // A list stands at the indentation of its key.
                Value::Array(items) if !items.is_empty() => self.list(items, indent, false),
                other => {
                    self.put(' ');
                    self.scalar(other, indent + 2);
                }
            }
        }
    }

    fn key(&mut self, key: &str, indent: usize) {
        let is_simple = key.len() <= LONGEST_KEY && !key.contains('\n');
        if is_simple {
            self.text(key, indent, true);
        } else {
            self.write("? ");
            self.text(key, indent + 2, false);
            self.line(indent);
        }
        self.put(':');
    }

    fn list(&mut self, items: &[Value], indent: usize, here: bool) {
        for (place, item) in items.iter().enumerate() {
            if place > 0 || !here {
                self.line(indent);
            }
            self.write("- ");
            match item {
                Value::Object(inner) if !inner.is_empty() => self.mapping(inner, indent + 2, true),
                Value::Array(inner) if !inner.is_empty() => self.list(inner, indent + 2, true),
                other => self.scalar(other, indent + 2),
            }
        }
    }

    fn scalar(&mut self, value: &Value, indent: usize) {
        match value {
            Value::String(text) => self.text(text, indent, false),
            Value::Object(_) => self.write("{}"),
            Value::Array(_) => self.write("[]"),
            other => self.write(&other.to_string()),
        }
    }

    fn text(&mut self, text: &str, indent: usize, is_key: bool) {
        match style(text, is_key) {
            Style::Plain => self.folded(text, indent, !is_key, ""),
            Style::Single => {
                self.put('\'');
                self.folded(text, indent, !is_key, "'");
                self.put('\'');
            }
            Style::Double => self.double(text, indent, !is_key),
            Style::Literal => self.literal(text, indent),
        }
    }

    /// Text of one line, broken at single spaces when it gets long; `double` is written twice.
    fn folded(&mut self, text: &str, indent: usize, may_break: bool, double: &str) {
        let chars: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (place, &c) in chars.iter().enumerate() {
            let next = chars.get(place + 1);
            let inside = place > 0 && next.is_some();
            let fits = double.is_empty() || inside;
            let breaks = may_break
                && fits
                && c == ' '
                && !after_space
                && self.column > WIDTH
                && next != Some(&' ');
            if breaks {
                self.line(indent);
            } else {
                self.put(c);
                if double.starts_with(c) {
                    self.put(c);
                }
            }
            after_space = c == ' ';
        }
    }

    fn double(&mut self, text: &str, indent: usize, may_break: bool) {
        self.put('"');
        let chars: Vec<char> = text.chars().collect();
        let mut after_space = false;
        for (place, &c) in chars.iter().enumerate() {
            let inside = place > 0 && place + 1 < chars.len();
            if c == ' ' && may_break && !after_space && self.column > WIDTH && inside {
                self.line(indent);
                if chars.get(place + 1) == Some(&' ') {
                    self.put('\\');
                }
                after_space = true;
                continue;
            }
            after_space = c == ' ';
            self.escaped(c);
        }
        self.put('"');
    }

    fn escaped(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ if is_printable(c) => {
                self.put(c);
                return;
            }
            _ => {
                let code = u32::from(c);
                let digits = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.write(&digits);
                return;
            }
        };
        self.put('\\');
        self.put(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.put('|');
        if text.starts_with([' ', '\n']) {
            self.put('2');
        }
        let body = text.strip_suffix('\n');
        match body {
            None => self.put('-'),
            Some(body) if body.is_empty() || body.ends_with('\n') => self.put('+'),
            Some(_) => {}
        }
        for line in body.unwrap_or(text).split('\n') {
            self.line(if line.is_empty() { 0 } else { indent });
            self.write(line);
        }
    }
}

enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

/// How a string is written: plain where that means the same string, as a block where it has lines.
fn style(text: &str, is_key: bool) -> Style {
    let seen = Seen::of(text);
    let fits_block = !is_key && !seen.special && !seen.space_break && !text.ends_with(' ');
    if text.contains('\n') {
        return if fits_block {
            Style::Literal
        } else {
            Style::Double
        };
    }
    let means_more = !matches!(resolve(text), Scalar::Text) || is_sexagesimal(text);
    // go-yaml leaves the merge key bare, which no reader takes for a string.
    if means_more || text == "<<" || seen.special {
        Style::Double
    } else if seen.indicators || text.starts_with(' ') || text.ends_with(' ') {
        Style::Single
    } else {
        Style::Plain
    }
}

/// What decides how a string may be written.
struct Seen {
    /// Something that would mean more than itself outside of quotes.
    indicators: bool,
    /// Something that only an escape can write.
    special: bool,
    /// A space at the end of a line.
    space_break: bool,
}

impl Seen {
    fn of(text: &str) -> Self {
        let mut seen = Self {
            indicators: text.starts_with("---") || text.starts_with("..."),
            special: false,
            space_break: text.contains(" \n"),
        };
        let mut before = ' ';
        let mut chars = text.chars().peekable();
        let mut is_first = true;
        while let Some(c) = chars.next() {
            let blank_after = chars
                .peek()
                .is_none_or(|next| matches!(next, ' ' | '\t' | '\n'));
            let blank_before = matches!(before, ' ' | '\t' | '\n');
            seen.special |= !is_printable(c);
            seen.indicators |= match c {
                '#' => is_first || blank_before,
                ':' | '?' | '-' if is_first => blank_after,
                ':' => blank_after,
                ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"' | '%'
                | '@' | '`' => is_first,
                _ => false,
            };
            before = c;
            is_first = false;
        }
        seen
    }
}

/// What go-yaml writes as it is: no tab, and nothing beyond the first 65,536 characters of Unicode.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{ffff}')
        && !matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// `1:30`, which YAML 1.1 reads as a number of base 60.
fn is_sexagesimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let mut parts = whole.split(':');
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
    };
    let first = parts.next().unwrap_or_default();
    let mut rest = parts.peekable();
    first.starts_with(|c: char| c.is_ascii_digit())
        && digits(first)
        && digits(fraction)
        && rest.peek().is_some()
        && rest.all(|part| matches!(part.as_bytes(), [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']))
}

/// The keys in go-yaml's order. Its comparison is no total order for odd keys, so they are put in
/// one after the other, which cannot fail.
fn sorted(fields: &Map<String, Value>) -> Vec<&str> {
    let mut keys: Vec<&str> = Vec::with_capacity(fields.len());
    for key in fields.keys() {
        let at = keys.partition_point(|other| comes_before(other, key));
        keys.insert(at, key);
    }
    keys
}

/// Letters by their code, numbers by their amount, everything else before letters.
fn comes_before(one: &str, two: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else {
        return a.len() < b.len();
    };
    match (a[at].is_alphabetic(), b[at].is_alphabetic()) {
        (true, true) => return a[at] < b[at],
        (false, false) => {}
        (_, two_is_letter) => return two_is_letter,
    }
    // Zeros inside of a number count as places of it.
    let inside_number = (a[at] == '0' || b[at] == '0')
        && a[..at]
            .iter()
            .rev()
            .take_while(|c| c.is_ascii_digit())
            .any(|&c| c != '0');
    let amount = |chars: &[char]| {
        let digits = chars[at..].iter().map_while(|c| c.to_digit(10));
        digits.fold((i64::from(inside_number), 0), |(sum, count), digit| {
            (
                sum.wrapping_mul(10).wrapping_add(i64::from(digit)),
                count + 1,
            )
        })
    };
    let (of_a, of_b) = (amount(&a), amount(&b));
    if of_a == of_b {
        a[at] < b[at]
    } else {
        of_a < of_b
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::manifest::yaml;

    #[test]
    fn an_object_looks_as_kubectl_prints_it() {
        let value = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "annotations": {"a/b": "true", "note": "one\ntwo\n"},
                "creationTimestamp": "2024-01-01T00:00:00Z",
                "labels": {},
                "name": "web",
            },
            "spec": {
                "containers": [
                    {"args": ["-c", "sleep 5; echo: hi"], "env": [], "image": "nginx:1.27", "name": "web"},
                    {"name": "b", "ports": [{"containerPort": 80}]},
                ],
            },
            "status": {"startTime": null, "x": 1.5},
        });
        let expected = "\
apiVersion: v1
kind: Pod
metadata:
  annotations:
    a/b: \"true\"
    note: |
      one
      two
  creationTimestamp: \"2024-01-01T00:00:00Z\"
  labels: {}
  name: web
spec:
  containers:
  - args:
    - -c
    - 'sleep 5; echo: hi'
    env: []
    image: nginx:1.27
    name: web
  - name: b
    ports:
    - containerPort: 80
status:
  startTime: null
  x: 1.5
";
        assert_eq!(to_yaml(&value), expected);
    }

    #[test]
    fn strings_are_quoted_as_kubectl_quotes_them() {
        let cases = [
            ("", "\"\""),
            ("yes", "\"yes\""),
            ("null", "\"null\""),
            ("1", "\"1\""),
            ("1e3", "\"1e3\""),
            ("1:30", "\"1:30\""),
            ("0.5", "\"0.5\""),
            ("25%", "25%"),
            ("100m", "100m"),
            ("a: b", "'a: b'"),
            ("a:b", "a:b"),
            ("a #b", "'a #b'"),
            ("it's", "it's"),
            ("'quoted': it's", "'''quoted'': it''s'"),
            ("*", "'*'"),
            ("-", "'-'"),
            ("-c", "-c"),
            ("@x", "'@x'"),
            (" x", "' x'"),
            ("{a}", "'{a}'"),
            ("a{b}", "a{b}"),
            ("tab\there", "\"tab\\there\""),
            ("line\nbreak", "|-\n  line\n  break"),
            ("line\n\nbreak\n\n", "|+\n  line\n\n  break\n"),
            (" two\nlines", "|2-\n   two\n  lines"),
            ("space \nbreak", "\"space \\nbreak\""),
            ("é", "é"),
            ("😀", "\"\\U0001F600\""),
            ("---", "'---'"),
        ];
        for (text, expected) in cases {
            let printed = to_yaml(&json!({"a": text}));
            assert_eq!(printed, format!("a: {expected}\n"), "{text:?}");
        }
    }

    #[test]
    fn long_text_folds_at_the_first_space_after_column_80() {
        let text = "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.";
        let printed = to_yaml(&json!({"conditions": [{"message": text}]}));
        assert_eq!(
            printed,
            "conditions:\n- message: '0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are\n    available: 3 No preemption victims found for incoming pod.'\n"
        );
    }

    #[test]
    fn keys_are_in_the_order_of_kubectl() {
        let value = json!({"a10": 1, "a2": 1, "b": 1, "B": 1, "a-b": 1, "a.b": 1, "ab": 1, "1": 1});
        let printed = to_yaml(&value);
        let keys: Vec<&str> = printed
            .lines()
            .filter_map(|line| line.split(':').next())
            .collect();
        assert_eq!(keys, ["\"1\"", "B", "a-b", "a.b", "a2", "a10", "ab", "b"]);
    }

    #[test]
    fn json_and_lists_look_as_kubectl_prints_them() {
        let printed = to_json_pretty(&list([json!({"kind": "Pod"})]));
        assert_eq!(
            printed,
            "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n        {\n            \"kind\": \"Pod\"\n        }\n    ],\n    \"kind\": \"List\",\n    \"metadata\": {\n        \"resourceVersion\": \"\"\n    }\n}\n"
        );
    }

    fn values() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            "[a-z0-9:.#'\" \\-{}\\[\\]!&*|>%@`?,~\\\\]{0,12}",
            "[ab \n\t]{0,8}",
            "([a-z]{1,9}[ ]{1,2}){0,24}[:#]?",
            "\\PC{0,6}",
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.clone().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(text.clone(), inner, 0..5)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_is_printed_reads_back_as_the_same(value in values()) {
            let printed = to_yaml(&value);
            let tree = yaml::read(&printed);
            prop_assert!(tree.is_ok(), "{printed}\n{tree:?}");
            prop_assert_eq!(tree.expect("checked above").value, value, "{}", printed);
        }
    }
}
