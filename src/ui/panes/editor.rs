//! 9 Editor: the manifest, what is wrong with it at its line, and what the API server answered.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use super::border;
use super::events::fitted;
use crate::apiserver::Cause;
use crate::ui::answer::{self, Answer};
use crate::ui::editor::{Editor, Mark};
use crate::ui::model::{Mode, Pane};
use crate::ui::theme::Role;
use crate::ui::view::View;
use crate::ui::yaml;

/// Line numbers and the sign of a problem.
const GUTTER: u16 = 5;

/// How many lines an answer may take.
const ANSWER_LINES_MOST: u16 = 6;

/// Draws it.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let inside = border::draw(
        view,
        Pane::Editor,
        (Pane::Editor.name(), Pane::Editor.question(), aside(view)),
        area,
        buf,
    );
    let answer = answer_lines(view, inside.width);
    let below = u16::try_from(answer.len())
        .unwrap_or(ANSWER_LINES_MOST)
        .min(inside.height / 2);
    let text = Rect {
        height: inside.height - below,
        ..inside
    };
    draw_text(view, text, buf);
    for (y, line) in (text.bottom()..inside.bottom()).zip(answer) {
        line.render(
            Rect {
                y,
                height: 1,
                ..inside
            },
            buf,
        );
    }
}

fn aside(view: &View<'_>) -> &'static str {
    let editor = &view.model.editor;
    let has_errors = editor.marks().iter().any(|mark| mark.is_error);
    let is_edit = view.model.edit.is_some();
    match (&view.model.mode, editor.sent()) {
        (Mode::Typing, _) if is_edit => "kubectl edit: typing",
        (Mode::Typing, _) => "typing",
        _ if has_errors => "✗ not yet right",
        (_, None) if is_edit => "kubectl edit: not saved yet",
        (_, None) => "not applied yet",
        (_, Some(_)) if is_edit && editor.is_as_sent() => "kubectl edit: as saved",
        (_, Some(_)) if is_edit => "kubectl edit: changed since saved",
        (_, Some(_)) if editor.is_as_sent() => "as applied",
        (_, Some(_)) => "changed since applied",
    }
}

/// A row on the screen: a line of the text, or what is wrong with the line above it.
enum Row<'a> {
    Text(usize, &'a str),
    Problem { text: String, is_error: bool },
}

fn draw_text(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let editor = &view.model.editor;
    let (cursor_line, cursor_column) = editor.cursor();
    let refused = refused_line(view);
    let is_marked = |line: usize| refused.as_ref().is_some_and(|mark| mark.line == line);
    let height = usize::from(area.height);
    // The cursor keeps a third of the height below it, so that one sees where one goes.
    let first = (cursor_line + 1 + height / 3).saturating_sub(height.max(1));
    let room = usize::from(area.width.saturating_sub(GUTTER + 1));
    let across = (cursor_column + 2).saturating_sub(room);
    let rows = editor
        .lines()
        .iter()
        .enumerate()
        .skip(first)
        .flat_map(|(at, text)| {
            let problems = editor
                .marks()
                .iter()
                .chain(refused.as_ref())
                .filter(move |mark| mark.line == at);
            std::iter::once(Row::Text(at, text))
                .chain(problems.flat_map(|mark| problem_rows(mark, area.width)))
        });
    for (y, row) in (area.y..area.bottom()).zip(rows) {
        let rect = Rect {
            y,
            height: 1,
            ..area
        };
        match row {
            Row::Text(at, text) => {
                let is_wrong = is_marked(at) || editor.marks().iter().any(|mark| mark.line == at);
                text_row(view, (at, text, is_wrong), across, rect, buf);
            }
            Row::Problem { text, is_error } => {
                let role = if is_error { Role::Bad } else { Role::Waiting };
                Line::from(view.span(text, role)).render(rect, buf);
            }
        }
    }
}

fn text_row(
    view: &View<'_>,
    (at, text, is_wrong): (usize, &str, bool),
    across: usize,
    area: Rect,
    buf: &mut Buffer,
) {
    let editor = &view.model.editor;
    let is_typing = matches!(view.model.mode, Mode::Typing);
    let (cursor_line, cursor_column) = editor.cursor();
    let sign = if is_wrong {
        view.span("▲", Role::Bad)
    } else {
        Span::raw(" ")
    };
    let number_role = if at == cursor_line && is_typing {
        Role::Key
    } else {
        Role::Dim
    };
    let gutter = [
        view.span(format!("{:>3}", at + 1), number_role),
        sign,
        Span::raw(" "),
    ];
    Line::from(gutter.to_vec()).render(area, buf);
    let mut x = area.x + GUTTER;
    for (column, (letter, role)) in letters(editor, at, text)
        .into_iter()
        .enumerate()
        .skip(across)
    {
        if x >= area.right() {
            break;
        }
        let mut style = view.theme.style(role);
        if is_selected(editor, (at, column)) {
            style = style.add_modifier(Modifier::UNDERLINED | Modifier::REVERSED);
        }
        if is_typing && (at, column) == (cursor_line, cursor_column) {
            style = style.add_modifier(Modifier::REVERSED);
        }
        let mut glyph = [0; 4];
        let room = usize::from(area.right() - x);
        (x, _) = buf.set_stringn(x, area.y, letter.encode_utf8(&mut glyph), room, style);
    }
}

/// The letters of a line with their roles, and a blank behind the last one for the cursor.
fn letters(editor: &Editor, at: usize, text: &str) -> Vec<(char, Role)> {
    let parts = if editor.is_literal(at) {
        vec![(0..text.len(), Role::Current)]
    } else {
        yaml::parts(text)
    };
    let role_at = |byte: usize| {
        let part = parts.iter().find(|(range, _)| range.contains(&byte));
        part.map_or(Role::Text, |(_, role)| *role)
    };
    let tab = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.char_indices()
        .map(|(byte, letter)| (tab(letter), role_at(byte)))
        .chain([(' ', Role::Text)])
        .collect()
}

fn is_selected(editor: &Editor, place: (usize, usize)) -> bool {
    editor
        .selected()
        .is_some_and(|(from, to)| from <= place && place < to)
}

/// What is wrong with a line, below it, in as many rows as it needs.
fn problem_rows<'a>(mark: &Mark, width: u16) -> impl Iterator<Item = Row<'a>> + use<'a> {
    let margin = usize::from(GUTTER) + 2;
    let lines = wrapped(&mark.text, usize::from(width).saturating_sub(margin));
    let is_error = mark.is_error;
    lines.into_iter().enumerate().map(move |(place, line)| {
        let sign = if place == 0 { "└" } else { " " };
        let text = format!("{:width$}{sign} {line}", "", width = usize::from(GUTTER));
        Row::Problem { text, is_error }
    })
}

/// The line that the API server's refusal is about, while the text is still the one it refused.
fn refused_line(view: &View<'_>) -> Option<Mark> {
    let editor = &view.model.editor;
    let sent = editor.sent().filter(|_| editor.is_as_sent())?;
    let Answer::Done(session) = answer::of(view.world(), sent) else {
        return None;
    };
    let mut causes = session.refusals().flat_map(|refusal| &refusal.causes);
    let first = causes.find_map(Cause::field)?;
    Some(Mark {
        line: editor.line_of(&first.field)?,
        text: first.to_string(),
        is_error: true,
    })
}

/// What kubectl printed, below the text.
fn answer_lines<'a>(view: &View<'_>, width: u16) -> Vec<Line<'a>> {
    let Some(sent) = view.model.editor.sent() else {
        return Vec::new();
    };
    let (text, role) = match answer::of(view.world(), sent) {
        Answer::Before => ("not sent yet".to_owned(), Role::Waiting),
        Answer::Going(_) => ("waits for the API server".to_owned(), Role::Waiting),
        Answer::Done(session) if session.exit_code() == Some(0) => {
            (session.output().to_owned(), Role::Good)
        }
        Answer::Done(session) => (session.error_text(), Role::Bad),
    };
    let width = usize::from(width);
    let command = fitted(&format!("$ kubectl {}", sent.line), width);
    let mut lines = vec![
        Line::from(view.span("─".repeat(width), Role::Border)),
        Line::from(view.span(command, Role::Dim)),
    ];
    for line in wrapped(text.trim_end(), width.saturating_sub(1)) {
        lines.push(Line::from(view.span(format!(" {line}"), role)));
    }
    lines.truncate(usize::from(ANSWER_LINES_MOST));
    lines
}

/// Text in lines of at most so many characters, broken at blanks where there are some.
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = String::new();
        for word in paragraph.split(' ') {
            let mut word: Vec<char> = word.chars().collect();
            if !line.is_empty() && line.chars().count() + 1 + word.len() > width {
                lines.push(std::mem::take(&mut line));
            }
            while word.len() > width.max(1) {
                lines.push(word.drain(..width.max(1)).collect());
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.extend(word);
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_answers_are_broken_at_blanks() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrapped("", 5), Vec::<String>::new());
    }
}
