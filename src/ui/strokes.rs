//! Keys one after another on a line: `3 g : "get pods" enter`.

use super::key::{Code, KeyPress};

/// Reads keys with blanks between; text in quotes is typed letter by letter.
///
/// # Errors
/// Names the first word that is no key, and says what would be one.
pub fn parse(line: &str) -> Result<Vec<KeyPress>, String> {
    let mut keys = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let quoted = rest.strip_prefix(['"', '\'']);
        let closed = quoted.and_then(|inside| inside.split_once(first));
        rest = match (quoted, closed) {
            (Some(_), Some((text, after))) => {
                keys.extend(
                    text.chars()
                        .map(|letter| KeyPress::plain(Code::Char(letter))),
                );
                after
            }
            (Some(text), None) if !text.trim().is_empty() => {
                return Err(format!("the text {rest} has no {first} at its end"));
            }
            _ => {
                let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
                keys.push(word.parse().map_err(|error| {
                    format!("{error}; text to type stands in quotes, as in : \"get pods\" enter")
                })?);
                after
            }
        }
        .trim_start();
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(line: &str) -> Result<String, String> {
        let keys = parse(line)?;
        let printed: Vec<String> = keys.iter().map(ToString::to_string).collect();
        Ok(printed.join(" "))
    }

    #[test]
    fn keys_stand_with_blanks_between_and_text_in_quotes() {
        for (line, keys) in [
            ("", ""),
            ("w", "w"),
            (" 3  g ", "3 g"),
            ("ctrl+t Enter Ctrl-T ^T", "^T Enter ^T ^T"),
            (": \"get po\" enter", ": g e t Space p o Enter"),
            (": 'echo \"x\"' esc", ": e c h o Space \" x \" Esc"),
            ("\"ab\"c", "a b c"),
            (": \"\" \"", ": \""),
        ] {
            assert_eq!(printed(line).as_deref(), Ok(keys), "{line}");
        }
    }

    #[test]
    fn what_is_no_key_is_named_with_what_would_be_right() {
        for (line, says) in [
            ("w get", "\"get\" is not a key"),
            ("w get", "text to type stands in quotes"),
            (": \"get pods", "no \" at its end"),
        ] {
            let error = parse(line).expect_err(line);
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
