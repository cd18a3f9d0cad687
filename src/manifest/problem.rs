//! What is wrong with a manifest, and where: one sentence, a place, and the line it points at.

use std::fmt;
use std::sync::Arc;

/// How much of a source line a problem keeps for its code frame.
const FRAME_WIDTH: usize = 160;

/// A position in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted in characters from 1.
    pub column: u32,
}

impl Place {
    /// Where a file begins.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Whether a problem keeps the object from being applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The API server would take the object, and warn.
    Warning,
    /// The object cannot be applied.
    Error,
}

/// One thing that is wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The file as the user named it.
    pub file: Arc<str>,
    /// Where, when there is such a place.
    pub place: Option<Place>,
    /// The field path as the API server writes it; empty when no field is meant.
    pub path: String,
    /// What is wrong, in the words of kubectl or the API server where they have some.
    pub message: String,
    /// What was probably meant, or what would be right.
    pub help: Option<String>,
    /// How bad it is.
    pub severity: Severity,
    /// The source line that the place is on, cut to a window around it.
    source: Option<Source>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    text: String,
    caret: usize,
}

impl Problem {
    /// An error about the file as a whole.
    #[must_use]
    pub fn of_file(file: &Arc<str>, message: impl Into<String>) -> Self {
        Self {
            file: Arc::clone(file),
            place: None,
            path: String::new(),
            message: message.into(),
            help: None,
            severity: Severity::Error,
            source: None,
        }
    }

    /// The same problem at a place of this text.
    #[must_use]
    pub(super) fn at(mut self, place: Place, text: &str) -> Self {
        self.place = Some(place);
        let line = usize::try_from(place.line - 1).unwrap_or(usize::MAX);
        self.source = text
            .lines()
            .nth(line)
            .map(|line| cut(line, place.column as usize - 1));
        self
    }

    /// The same problem with a hint.
    #[must_use]
    pub(super) fn with_help(mut self, help: Option<String>) -> Self {
        self.help = help;
        self
    }

    /// The line that the problem is on, with its number, and a caret below it; empty without a place.
    ///
    /// ```text
    ///    |
    /// 12 |         imagee: nginx
    ///    |         ^
    /// ```
    #[must_use]
    pub fn frame(&self) -> String {
        let (Some(place), Some(source)) = (self.place, &self.source) else {
            return String::new();
        };
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let indent = " ".repeat(source.caret);
        let text = &source.text;
        format!("{margin} |\n{number} | {text}\n{margin} | {indent}^")
    }
}

/// `web.yaml:12:9: message; did you mean "image"?`
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(place) = self.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        f.write_str(": ")?;
        if self.severity == Severity::Warning {
            f.write_str("Warning: ")?;
        }
        f.write_str(&self.message)?;
        match &self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}

/// The part of a line around a column; what a terminal would act on is shown as a space.
fn cut(line: &str, column: usize) -> Source {
    let from = column.saturating_sub(FRAME_WIDTH * 3 / 4);
    let text = line
        .chars()
        .skip(from)
        .take(FRAME_WIDTH)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect::<String>();
    Source {
        text: text.trim_end().to_owned(),
        caret: column - from,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_file_line_column_and_shows_the_line() {
        let file = Arc::from("web.yaml");
        let problem = Problem::of_file(&file, "unknown field \"imagee\"")
            .with_help(Some("did you mean \"image\"?".to_owned()))
            .at(Place { line: 2, column: 3 }, "a:\n  imagee: x\n");
        assert_eq!(
            problem.to_string(),
            "web.yaml:2:3: unknown field \"imagee\"; did you mean \"image\"?"
        );
        assert_eq!(problem.frame(), "  |\n2 |   imagee: x\n  |   ^");
        assert_eq!(
            Problem::of_file(&file, "empty").to_string(),
            "web.yaml: empty"
        );
        assert_eq!(Problem::of_file(&file, "empty").frame(), "");
    }

    #[test]
    fn a_frame_of_a_long_line_is_a_window_around_the_column() {
        let long = format!("{}x{}", "a".repeat(5000), "b".repeat(5000));
        let place = Place {
            line: 1,
            column: 5001,
        };
        let frame = Problem::of_file(&Arc::from("f"), "m")
            .at(place, &long)
            .frame();
        let lines: Vec<&str> = frame.lines().collect();
        let caret = lines[2].find('^').expect("a caret");
        assert_eq!(lines[1].chars().nth(caret), Some('x'));
        assert!(lines[1].len() < 200);
    }
}
