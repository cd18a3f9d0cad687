//! The lists of breakpoints and of runs, and the question whether to fork.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{fitting, scrolled, window};
use crate::cluster::breakpoint::{Breakpoint, GRAMMAR};
use crate::cluster::runs::RunSummary;
use crate::ui::action::Action;
use crate::ui::keymap::{Situation, key_for};
use crate::ui::panes::events::fitted;
use crate::ui::panes::wrapped;
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The columns of the widest line.
const WIDTH: u16 = 72;

/// The columns of what one types.
const EXAMPLE_WIDTH: usize = 38;

/// Draws the breakpoints, and how they are made.
pub(super) fn breakpoints(view: &View<'_>, cursor: usize, area: Rect, buf: &mut Buffer) {
    let breakpoints = &view.snapshot.breakpoints;
    let mut lines: Vec<Line<'_>> = breakpoints
        .iter()
        .enumerate()
        .flat_map(|(at, each)| breakpoint(view, each, at == cursor))
        .collect();
    if lines.is_empty() {
        lines.push(Line::from(view.span("None yet.", Role::Text)));
    }
    lines.push(Line::default());
    let colon = key_for(Situation::Pane, &Action::CommandLine);
    for (example, what) in GRAMMAR {
        let room = usize::from(WIDTH) - EXAMPLE_WIDTH - 1;
        let typed = std::iter::once(format!("{colon} {example}"));
        let typed = typed.chain(std::iter::repeat(String::new()));
        for (typed, what) in typed.zip(wrapped(what, room)) {
            lines.push(Line::from(vec![
                view.span(fitted(&typed, EXAMPLE_WIDTH), Role::Key),
                view.span(format!(" {what}"), Role::Dim),
            ]));
        }
    }
    let title = "Breakpoints: where does the world stop by itself?";
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inside = window(view, title, (WIDTH, height), area, buf);
    scrolled(view, &lines, cursor.saturating_sub(4), inside, buf);
}

fn breakpoint<'a>(view: &View<'_>, each: &Breakpoint, has_cursor: bool) -> Vec<Line<'a>> {
    let state = if each.is_on { "● on " } else { "○ off" };
    let stopped = view.snapshot.stop.as_ref();
    let is_hit = stopped.is_some_and(|stop| stop.number == each.number);
    let here = if is_hit { "  ← stopped here" } else { "" };
    let text = format!("{:>3} {state}  {}{here}", each.number, each.condition);
    let role = match (has_cursor, is_hit, each.is_on) {
        (true, ..) => Role::Selected,
        (_, true, _) => Role::Fresh,
        (_, _, true) => Role::Text,
        (_, _, false) => Role::Dim,
    };
    let mut lines = vec![Line::from(view.span(text, role))];
    if let Some(trouble) = &each.trouble {
        let words = format!("    └ {trouble}");
        lines.push(Line::from(view.span(words, Role::Bad)));
    }
    lines
}

/// Draws the runs.
pub(super) fn runs(view: &View<'_>, cursor: usize, area: Rect, buf: &mut Buffer) {
    let runs = &view.snapshot.runs;
    let width = usize::from(area.width.min(110).saturating_sub(4));
    let line = |(at, run): (usize, &RunSummary)| {
        let sign = if at == view.snapshot.run { "◉" } else { " " };
        let name = fitted(&run.name, 12);
        let steps = format!("{:>6} steps, to t {}", run.steps, run.now);
        let from = run.branching.as_ref().map(|from| {
            let parent = &runs[from.parent].name;
            let command = run.command.as_deref().unwrap_or("no command of its own");
            format!("    └ left {parent} at step {}: {command}", from.step)
        });
        let from = from.unwrap_or_else(|| "    └ from its own beginning".to_owned());
        let role = if at == cursor {
            Role::Selected
        } else {
            Role::Text
        };
        [
            Line::from(view.span(format!("{sign} {name} {steps}"), role)),
            Line::from(view.span(fitting(&from, width), Role::Dim)),
        ]
    };
    let mut lines: Vec<Line<'_>> = runs.iter().enumerate().flat_map(line).collect();
    lines.push(Line::default());
    let compare = key_for(Situation::Pane, &Action::Compare);
    let words = format!("◉ is on the screen. {compare} there puts another one beside it.");
    lines.push(Line::from(view.span(words, Role::Dim)));
    let title = "Runs: which pasts are there?";
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inside = window(view, title, (area.width.min(110), height), area, buf);
    scrolled(view, &lines, (2 * cursor).saturating_sub(6), inside, buf);
}

/// Draws the question whether a command that was given in the past shall start a run of its own.
pub(super) fn fork(view: &View<'_>, line: &str, area: Rect, buf: &mut Buffer) {
    let world = view.world();
    let name = &view.snapshot.runs[view.snapshot.run].name;
    let key = |action| view.span(key_for(Situation::Question, &action), Role::Key);
    let first = key_for(Situation::Pane, &Action::FirstRun);
    let text = |words: String| view.span(words, Role::Text);
    let lines = vec![
        Line::from(view.span(line.to_owned(), Role::Title)),
        Line::default(),
        Line::from(text(format!(
            "starts a run of its own at step {}, t {}.",
            world.steps(),
            world.now()
        ))),
        Line::from(text(format!("The run \"{name}\" stays as it is."))),
        Line::default(),
        Line::from(vec![
            key(Action::Enter),
            text(" fork here    ".to_owned()),
            key(Action::Leave),
            text(" leave it".to_owned()),
        ]),
        Line::from(vec![
            Span::raw(""),
            view.span(
                format!("Later: {first} goes back to the first run."),
                Role::Dim,
            ),
        ]),
    ];
    let widest = lines.iter().map(Line::width).max().unwrap_or(0);
    let width = u16::try_from(widest).unwrap_or(u16::MAX).max(44);
    let title = "This is the past. Fork here?";
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let inside = window(view, title, (width, height), area, buf);
    scrolled(view, &lines, 0, inside, buf);
}
