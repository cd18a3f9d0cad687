//! Numbers of things, as they are said.

use std::fmt::Display;

/// A number with its noun: `no pods`, `1 pod`, `3 pods`.
#[must_use]
pub fn counted<N: Copy + Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    if count == N::from(1) {
        return format!("{count} {noun}");
    }
    let count = if count == N::from(0) {
        "no".to_owned()
    } else {
        count.to_string()
    };
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{count} {stem}ies"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_said_without_an_s() {
        for (count, noun, text) in [
            (0, "pod", "no pods"),
            (1, "pod", "1 pod"),
            (2, "copy", "2 copies"),
            (1, "copy", "1 copy"),
            (3, "key", "3 keys"),
        ] {
            assert_eq!(counted(count, noun), text);
        }
    }
}
