//! Keys: what the terminal says a finger did, how a key is written in a table and printed on the screen.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// One press of a key, with Ctrl and Alt held or not. Shift is part of the character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPress {
    /// Which key.
    pub code: Code,
    /// Ctrl was held.
    pub control: bool,
    /// Alt was held.
    pub alt: bool,
}

/// The keys that the screen knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A character, as typed: `N` is Shift and n.
    Char(char),
    /// Enter.
    Enter,
    /// Escape.
    Esc,
    /// Tab.
    Tab,
    /// Shift and Tab.
    BackTab,
    /// Backspace.
    Backspace,
    /// Delete.
    Delete,
    /// Arrow up.
    Up,
    /// Arrow down.
    Down,
    /// Arrow left.
    Left,
    /// Arrow right.
    Right,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// The beginning.
    Home,
    /// The end.
    End,
}

/// Keys with a name: how a table writes it, how the screen prints it.
const NAMED: [(Code, &str, &str); 15] = [
    (Code::Char(' '), "space", "Space"),
    (Code::Enter, "enter", "Enter"),
    (Code::Esc, "esc", "Esc"),
    (Code::Tab, "tab", "Tab"),
    (Code::BackTab, "shift+tab", "⇧Tab"),
    (Code::Backspace, "backspace", "⌫"),
    (Code::Delete, "delete", "Del"),
    (Code::Up, "up", "↑"),
    (Code::Down, "down", "↓"),
    (Code::Left, "left", "←"),
    (Code::Right, "right", "→"),
    (Code::PageUp, "pageup", "PgUp"),
    (Code::PageDown, "pagedown", "PgDn"),
    (Code::Home, "home", "Home"),
    (Code::End, "end", "End"),
];

/// Why a text is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a key: write a character, ctrl+x, alt+x, or a name such as space, enter, up")]
pub struct KeyError(pub String);

impl KeyPress {
    /// A key on its own.
    #[must_use]
    pub const fn plain(code: Code) -> Self {
        Self {
            code,
            control: false,
            alt: false,
        }
    }

    /// What the terminal reported; nothing for releases and for keys that the screen does not know.
    #[must_use]
    pub fn from_event(event: KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        let shift = event.modifiers.contains(KeyModifiers::SHIFT);
        let code = match event.code {
            KeyCode::Char(character) if control => Code::Char(character.to_ascii_lowercase()),
            KeyCode::Char(character) if shift && character.is_lowercase() => {
                Code::Char(character.to_ascii_uppercase())
            }
            KeyCode::Char(character) => Code::Char(character),
            KeyCode::Enter => Code::Enter,
            KeyCode::Esc => Code::Esc,
            KeyCode::Tab if shift => Code::BackTab,
            KeyCode::Tab => Code::Tab,
            KeyCode::BackTab => Code::BackTab,
            KeyCode::Backspace => Code::Backspace,
            KeyCode::Delete => Code::Delete,
            KeyCode::Up => Code::Up,
            KeyCode::Down => Code::Down,
            KeyCode::Left => Code::Left,
            KeyCode::Right => Code::Right,
            KeyCode::PageUp => Code::PageUp,
            KeyCode::PageDown => Code::PageDown,
            KeyCode::Home => Code::Home,
            KeyCode::End => Code::End,
            _ => return None,
        };
        Some(Self {
            code,
            control,
            alt: event.modifiers.contains(KeyModifiers::ALT),
        })
    }
}

/// Reads `n`, `ctrl+s`, `alt+f`, `space`, `shift+tab`, and the same as people write and the screen prints it:
/// `Ctrl-S`, `^S`, `Enter`.
impl FromStr for KeyPress {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (mut rest, mut control, mut alt) = (text, false, false);
        while let Some((modifier, after)) = modified(rest) {
            rest = after;
            control |= modifier == Modifier::Control;
            alt |= modifier == Modifier::Alt;
        }
        let is_named =
            |name: &str, printed: &str| rest.eq_ignore_ascii_case(name) || rest == printed;
        let mut named = NAMED.iter();
        let named = named.find(|(_, name, printed)| is_named(name, printed));
        let mut characters = rest.chars();
        let code = match (named, characters.next(), characters.next()) {
            (Some((code, ..)), ..) => *code,
            (None, Some(character), None) if !character.is_control() => Code::Char(if control {
                character.to_ascii_lowercase()
            } else {
                character
            }),
            _ => return Err(KeyError(text.to_owned())),
        };
        Ok(Self { code, control, alt })
    }
}

/// What is held down while a key is pressed; Shift is part of the character.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Modifier {
    Control,
    Alt,
}

/// The first modifier of a text and what follows it.
fn modified(text: &str) -> Option<(Modifier, &str)> {
    const PREFIXES: [(&str, Modifier); 6] = [
        ("ctrl+", Modifier::Control),
        ("ctrl-", Modifier::Control),
        ("^", Modifier::Control),
        ("alt+", Modifier::Alt),
        ("alt-", Modifier::Alt),
        ("⌥", Modifier::Alt),
    ];
    PREFIXES.iter().find_map(|(prefix, modifier)| {
        let (head, after) = text.split_at_checked(prefix.len())?;
        let is_it = head.eq_ignore_ascii_case(prefix) && !after.is_empty();
        is_it.then_some((*modifier, after))
    })
}

/// As it is printed on the screen: `n`, `^S`, `⌥f`, `Space`.
impl fmt::Display for KeyPress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.alt {
            f.write_str("⌥")?;
        }
        if self.control {
            f.write_str("^")?;
        }
        let named = NAMED.iter().find(|(code, ..)| *code == self.code);
        match (named, self.code) {
            (Some((_, _, printed)), _) => f.write_str(printed),
            (None, Code::Char(character)) if self.control => {
                write!(f, "{}", character.to_ascii_uppercase())
            }
            (None, Code::Char(character)) => write!(f, "{character}"),
            (None, _) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_tables_and_printed_for_people() {
        for (written, printed) in [
            ("n", "n"),
            ("N", "N"),
            ("space", "Space"),
            ("ctrl+s", "^S"),
            ("alt+f", "⌥f"),
            ("+", "+"),
            ("shift+tab", "⇧Tab"),
            ("pageup", "PgUp"),
        ] {
            let key: KeyPress = written.parse().expect("the table holds keys");
            assert_eq!(key.to_string(), printed, "{written}");
        }
    }

    #[test]
    fn words_that_are_no_keys_are_refused() {
        for text in ["", "ctrl+", "spacebar", "ctrl"] {
            assert_eq!(text.parse::<KeyPress>(), Err(KeyError(text.to_owned())));
        }
    }

    #[test]
    fn releases_are_not_presses() {
        let mut event = KeyEvent::new(KeyCode::Char('n'), KeyModifiers::NONE);
        assert_eq!(
            KeyPress::from_event(event),
            Some(KeyPress::plain(Code::Char('n')))
        );
        event.kind = KeyEventKind::Release;
        assert_eq!(KeyPress::from_event(event), None);
    }

    #[test]
    fn shift_is_part_of_the_character() {
        let event = KeyEvent::new(KeyCode::Char('n'), KeyModifiers::SHIFT);
        assert_eq!(
            KeyPress::from_event(event),
            Some(KeyPress::plain(Code::Char('N')))
        );
    }
}
