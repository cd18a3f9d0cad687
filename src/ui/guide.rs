//! One line that says what to press next, or what comes next; a stranger needs nothing else.

use std::time::Duration;

use ratatui::text::{Line, Span};

use super::action::Action;
use super::keymap::key_for;
use super::model::{Mode, Overlay, Pane};
use super::panes;
use super::panes::events::{fitted, sentence};
use super::theme::Role;
use super::view::View;
use super::way::Form;
use crate::cluster::Command;
use crate::cluster::driver::Pace;
use crate::sim::{counted, span_words};

/// The least time without a happening that is worth a banner.
const QUIET_LEAST: Duration = Duration::from_secs(2);

/// What stands between two things to do.
const BETWEEN: &str = " · ";

/// A piece of the line.
enum Piece {
    /// Words.
    Say(String),
    /// The key of an action.
    Press(Action),
}

use Piece::{Press, Say};

/// The line for this moment.
#[must_use]
pub fn line<'a>(view: &View<'_>, width: u16) -> Line<'a> {
    let situation = view.model.situation();
    let mut line = Line::from(view.span(" ", Role::Text));
    let mut whole = line.clone();
    for piece in pieces(view) {
        let (words, role) = match piece {
            Say(words) => (words, Role::Text),
            Press(action) => (key_for(situation, &action), Role::Key),
        };
        let ends = words.ends_with(BETWEEN);
        let is_last = words.trim_end_matches(BETWEEN).to_owned();
        whole.push_span(view.span(is_last, role));
        // What has no room is left out as a whole, but never everything.
        if whole.width() > usize::from(width) && line.spans.len() > 1 {
            return cut(line, usize::from(width));
        }
        if ends {
            line = whole.clone();
            whole.push_span(view.span(BETWEEN, Role::Text));
        }
    }
    cut(whole, usize::from(width))
}

/// A line in so many columns: what is longer ends with `…`.
fn cut(mut line: Line<'_>, width: usize) -> Line<'_> {
    while line.spans.len() > 1 && line.width() - line.spans[line.spans.len() - 1].width() >= width {
        line.spans.pop();
    }
    let over = line.width().saturating_sub(width);
    if let Some(last) = line.spans.last_mut().filter(|_| over > 0) {
        let room = last.width().saturating_sub(over);
        last.content = fitted(&last.content, room).into();
    }
    line
}

/// The banner that says how much time passed in which nothing happened but heartbeats: it was skipped.
#[must_use]
pub fn quiet<'a>(view: &View<'_>) -> Option<Span<'a>> {
    let quiet = view.world().quiet_before_last_step();
    let is_skipped = quiet >= QUIET_LEAST && !matches!(view.snapshot.pace, Pace::Clock { .. });
    let words = span_words(quiet);
    is_skipped.then(|| view.span(format!(" » {words} of quiet skipped "), Role::Selected))
}

fn say(words: &str) -> Piece {
    Say(words.to_owned())
}

fn pieces(view: &View<'_>) -> Vec<Piece> {
    let (snapshot, model) = (view.snapshot, view.model);
    let world = &*snapshot.world;
    if let Mode::Typing = model.mode {
        return typing(view);
    }
    if let Some(pieces) = elsewhere(view) {
        return pieces;
    }
    if world.journal().next().is_none() {
        return before_anything(view);
    }
    if snapshot.running {
        return vec![
            Press(Action::RunOrPause),
            say(" pauses · "),
            Press(Action::Slower),
            say(" "),
            Press(Action::Faster),
            say(" pace · "),
            say("now: "),
            Say(last_sentence(view)),
        ];
    }
    if view.focus() == Pane::Events
        && let Some(record) = model.record.and_then(|id| world.trace().get(id))
    {
        return vec![Say(format!("{} {}", record.actor, sentence(record)))];
    }
    if let Some(waiting) = world.journal().find(|entry| entry.step >= world.steps()) {
        let words = match &waiting.command {
            Command::Kubectl { .. } => "kubectl is about to send it. ",
            Command::Fault { .. } => "The fault is about to strike. ",
            Command::Traffic { .. } => "The clients are about to hear of it. ",
        };
        return vec![
            say(words),
            Press(Action::RunOrPause),
            say(" plays it hop by hop · "),
            Press(Action::Step),
            say(" makes one hop"),
        ];
    }
    if view.focus() == Pane::Scheduler && panes::scheduler::tale(view).is_some() {
        return telling(model.board.told.is_some());
    }
    if world.is_settled() {
        return settled(view);
    }
    let next = world.next_work_in_words().unwrap_or_default();
    vec![Press(Action::Step), Say(format!(" next: {next}"))]
}

/// What there is to look at when everything is done.
fn settled(view: &View<'_>) -> Vec<Piece> {
    let world = view.world();
    let begin = match world.first_wait_in_words() {
        None => "Settled. ".to_owned(),
        Some(wait) => format!("Settled, but {wait}. "),
    };
    vec![
        Say(begin),
        Press(Action::Why),
        say(" why? · "),
        Press(Action::ShowLifecycle),
        say(" the way it went · "),
        Press(Action::ShowScheduler),
        say(" why this node · "),
        Press(Action::First),
        say(" see it again"),
    ]
}

/// How a decision is told and read.
fn telling(is_told: bool) -> Vec<Piece> {
    let mut pieces = vec![
        Press(Action::Tell),
        say(if is_told {
            " goes on, node by node · "
        } else {
            " tells the decision, node by node · "
        }),
        Press(Action::TellPlugin),
        say(" plugin by plugin · "),
    ];
    if is_told {
        pieces.extend([Press(Action::TellAll), say(" shows all of it · ")]);
    }
    pieces.extend([Press(Action::Right), say(" into the cells")]);
    pieces
}

/// What to press while something lies over the panes, two runs are compared, or the past is shown.
fn elsewhere(view: &View<'_>) -> Option<Vec<Piece>> {
    let (snapshot, model) = (view.snapshot, view.model);
    if let Mode::Reading(Overlay::Fork { .. }) = model.mode {
        return Some(vec![
            Press(Action::Enter),
            say(" starts a run of its own · "),
            Press(Action::Leave),
            say(" leaves it"),
        ]);
    }
    if let Mode::Reading(overlay) = &model.mode {
        return Some(reading(overlay));
    }
    if snapshot.beside.is_some() {
        return Some(vec![
            Press(Action::Compare),
            say(" back to the panes · "),
            Press(Action::Step),
            say(" on, both · "),
            Press(Action::Back),
            say(" back, both · "),
            Press(Action::FirstRun),
            say(" the other run"),
        ]);
    }
    if !snapshot.is_newest() {
        return Some(vec![
            say("This is the past. "),
            Press(Action::Step),
            say(" one step forward · "),
            Press(Action::RunOrPause),
            say(" plays on · "),
            Press(Action::Newest),
            say(" to the newest step · "),
            Press(Action::CommandLine),
            say(" a command forks here"),
        ]);
    }
    None
}

/// What to press while something is read.
fn reading(overlay: &Overlay) -> Vec<Piece> {
    let first = match overlay {
        Overlay::Way(way) => {
            let turn = match way.form {
                Form::List => " draws it as swimlanes · ",
                Form::Lanes => " lists every record · ",
            };
            return vec![
                Press(Action::Turn),
                say(turn),
                Press(Action::GoThere),
                say(" goes to that moment · "),
                Press(Action::Enter),
                say(" shows it among the events · "),
                Press(Action::Leave),
                say(" back"),
            ];
        }
        Overlay::Runs { .. } => vec![
            Press(Action::Enter),
            say(" shows the run under the cursor · "),
        ],
        Overlay::Breakpoints { .. } => vec![
            Press(Action::Switch),
            say(" on or off · "),
            Press(Action::Remove),
            say(" away · "),
            Press(Action::CommandLine),
            say(" makes one · "),
        ],
        Overlay::WhatIf { .. } => vec![Press(Action::WhatIf), say(" changes the question · ")],
        Overlay::Answer { .. } => vec![
            Press(Action::Down),
            say(" "),
            Press(Action::Right),
            say(" on · "),
        ],
        Overlay::Help { .. } | Overlay::Fill { .. } | Overlay::Fork { .. } => {
            vec![Press(Action::Down), say(" on · ")]
        }
    };
    let back = [Press(Action::Leave), say(" goes back to the panes")];
    first.into_iter().chain(back).collect()
}

fn before_anything(view: &View<'_>) -> Vec<Piece> {
    let nodes = counted(view.world().config().nodes.len(), "node");
    if view.focus() == Pane::Editor {
        let wrong = view.model.editor.marks().iter().find(|mark| mark.is_error);
        if let Some(mark) = wrong {
            let line = mark.line + 1;
            return vec![
                Say(format!("Line {line} is not yet right; ")),
                Press(Action::Edit),
                say(" to mend it"),
            ];
        }
        return vec![
            say("Press "),
            Press(Action::Apply),
            Say(format!(
                " to send this manifest to the API server · {nodes} ready for it"
            )),
        ];
    }
    vec![
        Say(format!("{nodes} and nothing to run. ")),
        Press(Action::ShowEditor),
        say(" shows a manifest to apply · "),
        Press(Action::CommandLine),
        say(" takes kubectl's words"),
    ]
}

fn typing(view: &View<'_>) -> Vec<Piece> {
    let line = view.model.editor.cursor().0;
    let marks = view.model.editor.marks();
    if let Some(mark) = marks.iter().find(|mark| mark.line == line) {
        return vec![Say(mark.text.clone())];
    }
    match marks.first() {
        Some(mark) => vec![Say(format!("line {}: {}", mark.line + 1, mark.text))],
        None if view.model.edit.is_some() => vec![
            Press(Action::Apply),
            say(" saves: kubectl sends what you changed · "),
            Press(Action::Example),
            say(" gives it up"),
        ],
        None => vec![
            Press(Action::Apply),
            say(" sends it to the API server · "),
            Press(Action::Leave),
            say(" stops typing"),
        ],
    }
}

fn last_sentence(view: &View<'_>) -> String {
    let world = view.world();
    let shown = view.model.events.until(world.trace());
    let record = shown.last().and_then(|id| world.trace().get(*id));
    record.map_or_else(String::new, |record| {
        format!("{} {}", record.actor, sentence(record))
    })
}
