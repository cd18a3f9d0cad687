//! Lines with tabs and levels, as the describers of kubectl write them.

use std::fmt::Display;

use crate::api::meta::Labels;
use crate::kubectl::printers::{NONE, align};

/// Collects the lines of a description.
#[derive(Clone, Debug, Default)]
pub(super) struct Writer {
    text: String,
}

impl Writer {
    /// One line, indented by two spaces a level; tabs in it become columns.
    pub(super) fn line(&mut self, level: usize, line: impl Display) {
        for _ in 0..level {
            self.text.push_str("  ");
        }
        self.text.push_str(&line.to_string());
        self.text.push('\n');
    }

    /// `Name:\tvalue`.
    pub(super) fn field(&mut self, level: usize, name: &str, value: impl Display) {
        self.line(level, format!("{name}:\t{value}"));
    }

    /// Labels or annotations below each other, the first beside the title.
    pub(super) fn labels(&mut self, level: usize, title: &str, labels: Option<&Labels>) {
        let mut first = true;
        for (key, value) in labels.into_iter().flatten() {
            let title = if first {
                format!("{title}:")
            } else {
                String::new()
            };
            self.line(level, format!("{title}\t{key}={value}"));
            first = false;
        }
        if first {
            self.field(level, title, NONE);
        }
    }

    /// The text with its columns.
    pub(super) fn finish(self) -> String {
        align(&self.text, 0, 2)
    }
}
