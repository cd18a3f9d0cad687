//! The manifest under the pen: its text, what is wrong with it at which line, and what was sent of it.

use std::sync::Arc;

use tui_textarea::{CursorMove, Input, Key as AreaKey, TextArea};

use super::key::{Code, KeyPress};
use super::model::{Sent, Worth};
use crate::cluster::Files;
use crate::manifest::{self, Severity};

/// What a newcomer finds in the editor.
pub const EXAMPLE: &str = include_str!("../../assets/manifests/web.yaml");

/// How the editor's text is named where a file is: kubectl's word for standard input.
pub const FILE: &str = "-";

/// A text longer than this is not checked while it is typed.
const CHECKED_BYTES_MOST: usize = 256 << 10;

/// Something wrong at a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The line, counted from 0.
    pub line: usize,
    /// What is wrong.
    pub text: String,
    /// Whether it keeps the text from being applied.
    pub is_error: bool,
}

/// The state of the editor.
#[derive(Clone, Debug)]
pub struct Editor {
    area: TextArea<'static>,
    marks: Vec<Mark>,
    literal: Vec<bool>,
    sent: Option<Sent>,
}

impl Default for Editor {
    fn default() -> Self {
        Self::new(EXAMPLE)
    }
}

impl Editor {
    /// An editor with a text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut editor = Self {
            area: area_of(text),
            marks: Vec::new(),
            literal: Vec::new(),
            sent: None,
        };
        editor.look();
        editor
    }

    /// An editor with the text of last time; the example is one undo away.
    #[must_use]
    pub fn restored(text: &str) -> Self {
        let mut editor = Self::new(EXAMPLE);
        editor.replace(text);
        editor
    }

    /// Puts another text in; the one before is one undo away.
    pub fn replace(&mut self, text: &str) {
        self.area.select_all();
        self.area.cut();
        self.area.insert_str(text);
        self.area.move_cursor(CursorMove::Top);
        self.look();
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.area.lines().join("\n");
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }

    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Where the cursor is: line and character, counted from 0.
    #[must_use]
    pub fn cursor(&self) -> (usize, usize) {
        let cursor = self.area.cursor();
        (cursor.0, cursor.1)
    }

    /// What is selected: from line and character to line and character.
    #[must_use]
    pub fn selected(&self) -> Option<((usize, usize), (usize, usize))> {
        self.area.selection_range()
    }

    /// What is wrong, by line.
    #[must_use]
    pub fn marks(&self) -> &[Mark] {
        &self.marks
    }

    /// Whether a line is inside a block of literal text.
    #[must_use]
    pub fn is_literal(&self, line: usize) -> bool {
        self.literal.get(line).copied().unwrap_or(false)
    }

    /// What was sent last.
    #[must_use]
    pub fn sent(&self) -> Option<&Sent> {
        self.sent.as_ref()
    }

    /// Whether the text is still the one that was sent last.
    #[must_use]
    pub fn is_as_sent(&self) -> bool {
        let text = self.text();
        let sent = self.sent.iter().flat_map(|sent| sent.files.values());
        sent.into_iter().any(|bytes| **bytes == *text.as_bytes())
    }

    /// The text as the file of a command, which is remembered as sent with this line.
    pub fn send(&mut self, line: &str) -> Arc<Files> {
        self.send_as(line, FILE, Files::new())
    }

    /// The same with a name for the text, and beside other files.
    pub fn send_as(&mut self, line: &str, name: &str, mut files: Files) -> Arc<Files> {
        files.insert(name.to_owned(), self.text().into_bytes().into());
        let files = Arc::new(files);
        self.sent = Some(Sent {
            worth: Worth::Always,
            line: line.to_owned(),
            files: Arc::clone(&files),
        });
        files
    }

    /// Takes a key.
    pub fn press(&mut self, press: KeyPress) {
        let before = self.area.lines().len();
        match press.code {
            Code::Tab => {
                self.area.insert_str("  ");
            }
            Code::Enter => self.break_line(),
            _ => {
                self.area.input(input_of(press));
            }
        }
        // Moving about changes nothing; everything else is cheap enough to look at again.
        if before != self.area.lines().len() || !is_movement(press.code) {
            self.look();
        }
    }

    /// Takes text from the clipboard. Into the untouched example it comes in its place: nobody wants a
    /// manifest in the middle of another one.
    pub fn paste(&mut self, text: &str) {
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        if self.text() == EXAMPLE && text.contains('\n') {
            return self.replace(&text);
        }
        self.area.insert_str(text);
        self.look();
    }

    /// Takes back the last change.
    pub fn undo(&mut self) {
        self.area.undo();
        self.look();
    }

    /// Makes it again.
    pub fn redo(&mut self) {
        self.area.redo();
        self.look();
    }

    /// Moves the cursor by so many lines.
    pub fn move_lines(&mut self, lines: isize) {
        let step = if lines < 0 {
            CursorMove::Up
        } else {
            CursorMove::Down
        };
        for _ in 0..lines.unsigned_abs() {
            self.area.move_cursor(step);
        }
    }

    /// Moves the cursor by one character.
    pub fn move_across(&mut self, forward: bool) {
        let step = if forward {
            CursorMove::Forward
        } else {
            CursorMove::Back
        };
        self.area.move_cursor(step);
    }

    /// The line, counted from 0, of the field that the API server names by this path.
    #[must_use]
    pub fn line_of(&self, path: &str) -> Option<usize> {
        let parse = manifest::parse(FILE, self.text().as_bytes());
        let document = parse.documents.first()?;
        usize::try_from(document.place(path).line)
            .ok()?
            .checked_sub(1)
    }

    /// A new line begins below the first letter of the one before it.
    fn break_line(&mut self) {
        let (line, column) = self.cursor();
        let before: String = self.area.lines()[line].chars().take(column).collect();
        let letters = before.trim_start_matches([' ', '-']);
        let indent = before.chars().count() - letters.chars().count();
        let opens = before.trim_end().ends_with(':');
        self.area.insert_newline();
        self.area
            .insert_str(" ".repeat(indent + if opens { 2 } else { 0 }));
    }

    fn look(&mut self) {
        let text = self.text();
        self.literal = literal_lines(self.area.lines());
        self.marks = if text.len() > CHECKED_BYTES_MOST {
            Vec::new()
        } else {
            manifest::check(FILE, text.as_bytes())
                .iter()
                .map(Mark::of)
                .collect()
        };
    }
}

impl Mark {
    fn of(problem: &manifest::Problem) -> Self {
        let line = problem
            .place
            .map_or(0, |place| place.line.saturating_sub(1));
        let text = match &problem.help {
            Some(help) => format!("{}; {help}", problem.message),
            None => problem.message.clone(),
        };
        Self {
            line: usize::try_from(line).unwrap_or(usize::MAX),
            text,
            is_error: problem.severity == Severity::Error,
        }
    }
}

/// A text area with a text, the cursor at its beginning and nothing to undo.
fn area_of(text: &str) -> TextArea<'static> {
    let mut area = TextArea::new(text.lines().map(str::to_owned).collect());
    area.set_tab_length(2);
    area.set_max_histories(1000);
    area
}

fn is_movement(code: Code) -> bool {
    matches!(
        code,
        Code::Up | Code::Down | Code::Left | Code::Right | Code::Home | Code::End
    )
}

/// A key as the text area knows it.
#[must_use]
pub fn input_of(press: KeyPress) -> Input {
    let key = match press.code {
        Code::Char(character) => AreaKey::Char(character),
        Code::Enter => AreaKey::Enter,
        Code::Esc => AreaKey::Esc,
        Code::Tab | Code::BackTab => AreaKey::Tab,
        Code::Backspace => AreaKey::Backspace,
        Code::Delete => AreaKey::Delete,
        Code::Up => AreaKey::Up,
        Code::Down => AreaKey::Down,
        Code::Left => AreaKey::Left,
        Code::Right => AreaKey::Right,
        Code::PageUp => AreaKey::PageUp,
        Code::PageDown => AreaKey::PageDown,
        Code::Home => AreaKey::Home,
        Code::End => AreaKey::End,
    };
    Input {
        key,
        ctrl: press.control,
        alt: press.alt,
        shift: press.code == Code::BackTab,
    }
}

/// Which lines are inside a block scalar: deeper than the line that ended with `|` or `>`.
fn literal_lines(lines: &[String]) -> Vec<bool> {
    let mut opened_at: Option<usize> = None;
    let mut inside = Vec::with_capacity(lines.len());
    for line in lines {
        let indent = line.len() - line.trim_start().len();
        let is_blank = line.trim().is_empty();
        let is_inside = opened_at.is_some_and(|opening| is_blank || indent > opening);
        if !is_inside {
            let ends = line.trim_end().trim_end_matches(['-', '+']);
            let opens = ends.ends_with(" |") || ends.ends_with(" >");
            opened_at = opens.then_some(indent);
        }
        inside.push(is_inside);
    }
    inside
}
