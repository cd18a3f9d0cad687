//! What names, labels, ports and the like must look like, and what the API server says otherwise.
//!
//! Each function gives one message for each rule that the value breaks, so none when it is fine.
//! Source: `apimachinery/pkg/util/validation/validation.go`.

use std::net::IpAddr;

use crate::api::IntOrString;
use crate::apiserver::FieldError;

use super::path::Path;

const LABEL_PATTERN: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const SUBDOMAIN_PATTERN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const DNS_1035_PATTERN: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const QUALIFIED_PATTERN: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE_PATTERN: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

/// Adds one error for each message about this value.
pub(super) fn check(
    path: &Path<'_>,
    value: &str,
    messages: Vec<String>,
    errors: &mut Vec<FieldError>,
) {
    errors.extend(
        messages
            .into_iter()
            .map(|message| FieldError::invalid(path, value, &message)),
    );
}

/// Below zero is refused.
pub(super) fn not_negative(
    path: &Path<'_>,
    value: Option<impl Into<i64>>,
    errors: &mut Vec<FieldError>,
) {
    let value = value.map_or(0, Into::into);
    if value < 0 {
        errors.push(FieldError::invalid(
            path,
            value,
            "must be greater than or equal to 0",
        ));
    }
}

/// A missing or empty text, and one that is none of the supported ones.
pub(super) fn one_of(
    path: &Path<'_>,
    value: Option<&String>,
    supported: &[&str],
    errors: &mut Vec<FieldError>,
) {
    match value.map_or("", String::as_str) {
        "" => errors.push(FieldError::required(path, "")),
        other if supported.contains(&other) => {}
        other => errors.push(FieldError::not_supported(path, other, supported)),
    }
}

/// As [`one_of`], but the text may be missing.
pub(super) fn one_of_if_set(
    path: &Path<'_>,
    value: Option<&String>,
    supported: &[&str],
    errors: &mut Vec<FieldError>,
) {
    if value.is_some() {
        one_of(path, value, supported, errors);
    }
}

fn too_long(most: usize) -> String {
    format!("must be no more than {most} bytes")
}

/// The message, examples and the pattern, as Kubernetes joins them.
fn pattern_message(message: &str, pattern: &str, examples: &[&str]) -> String {
    let examples: Vec<String> = examples.iter().map(|each| format!("'{each}', ")).collect();
    format!(
        "{message} (e.g. {}regex used for validation is '{pattern}')",
        examples.join(" or ")
    )
}

/// The range message for numbers.
pub(super) fn in_range(least: i64, most: i64) -> String {
    format!("must be between {least} and {most}, inclusive")
}

fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    bytes.first().copied().is_some_and(inner)
        && bytes.last().copied().is_some_and(inner)
        && bytes.iter().all(|&byte| inner(byte) || byte == b'-')
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

fn is_qualified_part(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// `my-name`: names of namespaces, containers, volumes.
pub(super) fn dns_1123_label(value: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if value.len() > 63 {
        messages.push(too_long(63));
    }
    if !is_label(value) {
        messages.push(if is_subdomain(value) {
            "must not contain dots".to_owned()
        } else {
            pattern_message(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
                LABEL_PATTERN,
                &["my-name", "123-abc"],
            )
        });
    }
    messages
}

/// `example.com`: names of most objects.
pub(super) fn dns_1123_subdomain(value: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if value.len() > 253 {
        messages.push(too_long(253));
    }
    if !is_subdomain(value) {
        messages.push(pattern_message(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
            SUBDOMAIN_PATTERN,
            &["example.com"],
        ));
    }
    messages
}

/// `abc-123`: names of Services.
pub(super) fn dns_1035_label(value: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if value.len() > 63 {
        messages.push(too_long(63));
    }
    if !is_label(value) || !value.starts_with(|first: char| first.is_ascii_lowercase()) {
        messages.push(pattern_message(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
            DNS_1035_PATTERN,
            &["my-name", "abc-123"],
        ));
    }
    messages
}

/// What a name must not be so that it can stand in a path.
pub(super) fn path_segment(value: &str) -> Vec<String> {
    if value == "." || value == ".." {
        return vec![format!("may not be '{value}'")];
    }
    ["/", "%"]
        .iter()
        .filter(|part| value.contains(**part))
        .map(|part| format!("may not contain '{part}'"))
        .collect()
}

/// `example.com/MyName` or `MyName`: keys of labels and annotations, names of resources.
pub(super) fn qualified_name(value: &str) -> Vec<String> {
    let message = || {
        pattern_message(
            "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            QUALIFIED_PATTERN,
            &["MyName", "my.name", "123-abc"],
        )
    };
    let mut messages = Vec::new();
    let parts: Vec<&str> = value.split('/').collect();
    let name = match parts[..] {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                messages.push("prefix part must be non-empty".to_owned());
            } else {
                let broken = dns_1123_subdomain(prefix);
                messages.extend(broken.into_iter().map(|each| format!("prefix part {each}")));
            }
            name
        }
        _ => {
            return vec![format!(
                "a qualified name {} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
                message()
            )];
        }
    };
    if name.is_empty() {
        messages.push("name part must be non-empty".to_owned());
    } else if name.len() > 63 {
        messages.push(format!("name part {}", too_long(63)));
    }
    if !is_qualified_part(name) {
        messages.push(format!("name part {}", message()));
    }
    messages
}

/// `my_value`, or nothing: values of labels and taints.
pub(super) fn label_value(value: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if value.len() > 63 {
        messages.push(too_long(63));
    }
    if !value.is_empty() && !is_qualified_part(value) {
        messages.push(pattern_message(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
            LABEL_VALUE_PATTERN,
            &["MyValue", "my_value", "12345"],
        ));
    }
    messages
}

/// `key.name`: keys of ConfigMaps and Secrets.
pub(super) fn config_key(value: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if value.len() > 253 {
        messages.push(too_long(253));
    }
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if value.is_empty() || !value.bytes().all(fits) {
        messages.push(pattern_message(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
            "[-._a-zA-Z0-9]+",
            &["key.name", "KEY_NAME", "key-name"],
        ));
    }
    if value == "." || value == ".." {
        messages.push(format!("must not be '{value}'"));
    } else if value.starts_with("..") {
        messages.push("must not start with '..'".to_owned());
    }
    messages
}

/// Any printable ASCII but `=`, which is what 1.34 allows.
pub(super) fn environment_name(value: &str) -> Vec<String> {
    let fits = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'=';
    if value.bytes().all(fits) {
        return Vec::new();
    }
    vec![
        "a valid environment variable name must consist only of printable ASCII characters other than '='"
            .to_owned(),
    ]
}

/// `http`, at most 15 characters: names of ports.
pub(super) fn port_name(value: &str) -> Vec<String> {
    let mut messages = Vec::new();
    if value.len() > 15 {
        messages.push(too_long(15));
    }
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let rules = [
        (
            value.is_empty() || !value.bytes().all(fits),
            "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
        ),
        (
            !value.bytes().any(|byte| byte.is_ascii_lowercase()),
            "must contain at least one letter (a-z)",
        ),
        (value.contains("--"), "must not contain consecutive hyphens"),
        (
            value.starts_with('-') || value.ends_with('-'),
            "must not begin or end with a hyphen",
        ),
    ];
    let broken = rules.iter().filter(|(broken, _)| *broken);
    messages.extend(broken.map(|(_, message)| (*message).to_owned()));
    messages
}

/// 1 to 65535.
pub(super) fn port_number(path: &Path<'_>, port: i32, errors: &mut Vec<FieldError>) {
    if !(1..=65535).contains(&port) {
        errors.push(FieldError::invalid(path, port, &in_range(1, 65535)));
    }
}

/// A number or the name of a port.
pub(super) fn port_number_or_name(
    path: &Path<'_>,
    port: &IntOrString,
    errors: &mut Vec<FieldError>,
) {
    match port {
        IntOrString::Int(number) => port_number(path, *number, errors),
        IntOrString::String(name) => check(path, name, port_name(name), errors),
    }
}

/// `25%`.
pub(super) fn percent(value: &str) -> Vec<String> {
    if percent_number(value).is_some() {
        return Vec::new();
    }
    vec![pattern_message(
        "a valid percent string must be a numeric string followed by an ending '%'",
        "[0-9]+%",
        &["1%", "93%"],
    )]
}

/// The number before the sign of a percentage.
pub(super) fn percent_number(value: &str) -> Option<i64> {
    let digits = value.strip_suffix('%')?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| digits.parse().unwrap_or(i64::MAX))
}

/// `X-Header-Name`.
pub(super) fn header_name(value: &str) -> Vec<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if !value.is_empty() && value.bytes().all(fits) {
        return Vec::new();
    }
    vec![pattern_message(
        "a valid HTTP header must consist of alphanumeric characters or '-'",
        "[-A-Za-z0-9]+",
        &["X-Header-Name"],
    )]
}

/// `10.9.8.7` or `2001:db8::ffff`.
pub(super) fn ip_address(value: &str) -> Vec<String> {
    if value.parse::<IpAddr>().is_ok() {
        return Vec::new();
    }
    vec!["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)".to_owned()]
}

/// `10.9.8.0/24`.
pub(super) fn cidr(value: &str) -> Vec<String> {
    let fits = value.split_once('/').is_some_and(|(address, length)| {
        let most = match address.parse::<IpAddr>() {
            Ok(IpAddr::V4(_)) => 32,
            Ok(IpAddr::V6(_)) => 128,
            Err(_) => return false,
        };
        length.parse::<u8>().is_ok_and(|length| length <= most)
    });
    if fits {
        return Vec::new();
    }
    vec!["must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)".to_owned()]
}

/// A path that stays where it is: relative and without `..`.
pub(super) fn descending_path(path: &Path<'_>, value: &str, errors: &mut Vec<FieldError>) {
    if value.starts_with('/') {
        errors.push(FieldError::invalid(path, value, "must be a relative path"));
    }
    no_backsteps(path, value, errors);
}

/// A path without `..`.
pub(super) fn no_backsteps(path: &Path<'_>, value: &str, errors: &mut Vec<FieldError>) {
    if value.split('/').any(|part| part == "..") {
        errors.push(FieldError::invalid(path, value, "must not contain '..'"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rule = fn(&str) -> Vec<String>;

    #[test]
    fn a5_what_fits_a_format_gives_no_message() {
        let cases: [(Rule, &[&str]); 9] = [
            (dns_1123_label, &["a", "my-name", "123-abc", "0"]),
            (dns_1123_subdomain, &["example.com", "a", "1.2-3.c"]),
            (dns_1035_label, &["abc-123", "a"]),
            (qualified_name, &["app", "example.com/My_Name", "a.b", "A"]),
            (label_value, &["", "my_value", "12345", "v1.2"]),
            (config_key, &["key.name", "KEY_NAME", ".x"]),
            (environment_name, &["MY_ENV.NAME", "1st", "with space"]),
            (port_name, &["http", "a1-b"]),
            (ip_address, &["10.9.8.7", "2001:db8::ffff"]),
        ];
        for (rule, values) in cases {
            for value in values {
                assert_eq!(rule(value), Vec::<String>::new(), "{value}");
            }
        }
    }

    #[test]
    fn a5_what_breaks_a_format_gets_the_words_of_the_api_server() {
        let cases: [(Rule, &str, &str); 8] = [
            (
                dns_1123_label,
                "My_Name",
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
            ),
            (dns_1123_label, "a.b", "must not contain dots"),
            (
                dns_1123_subdomain,
                "Web",
                r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')",
            ),
            (
                dns_1035_label,
                "1web",
                "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
            ),
            (
                qualified_name,
                "a b",
                "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
            ),
            (
                label_value,
                "-x",
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
            ),
            (
                percent,
                "x%",
                "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
            ),
            (port_name, "80", "must contain at least one letter (a-z)"),
        ];
        for (rule, value, message) in cases {
            assert_eq!(rule(value), [message], "{value}");
        }
    }
}
