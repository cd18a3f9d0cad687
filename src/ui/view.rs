//! The whole frame, and everything that drawing may look at.
//!
//! ```text
//!  glassplane · sandbox   t 00:00:04.120   rev 131   step 88/131   ▶ 2 steps/s   seed 7    title
//! ┌ 1 Desired ⇄ Current ─────────────────┬ 6 Nodes ────────────────────────────────────┐
//! │                                      │                                             │  panes,
//! ├ 2 Lifecycle ─────────────────────────┼ 7 Events ───────────────────────────────────┤  see
//! │                                      │                                             │  `layout`
//! └──────────────────────────────────────┴─────────────────────────────────────────────┘
//!  ━━━━━●━━━━━━━━━━◉╌╌╌╌╌╌╌╌✗╌╌╌╌╌╌╌╌╌╌╌  43 steps ahead                                   time bar
//!  what to press, what there is to tell, or the line that is typed                          words
//!  ␣ run  n step  N write  f follow  p back  w why  e edit  : command  ? help               keys
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;
use unicode_width::UnicodeWidthStr;

use super::action::Action;
use super::keymap::Binding;
use super::layout::{self, COLUMNS_LEAST, ROWS_LEAST};
use super::model::{Mode, Model, Pane, Prompt, Purpose};
use super::mouse::Targets;
use super::panes::Neighbour;
use super::panes::events::fitted;
use super::theme::{Role, Theme};
use super::{compare, guide, marks, overlays, pace, time_bar};
use crate::api::Key;
use crate::cluster::Cluster;
use crate::cluster::driver::Snapshot;

/// What a pane is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The moment.
    pub snapshot: &'a Snapshot,
    /// What the screen remembers.
    pub model: &'a Model,
    /// Colours.
    pub theme: &'a Theme,
    /// Where panes say what they draw where, when somebody points at it.
    pub targets: Option<&'a Targets>,
}

impl View<'_> {
    /// The world at the moment that is shown.
    #[must_use]
    pub fn world(&self) -> &Cluster {
        &self.snapshot.world
    }

    /// The pane that has the keys.
    #[must_use]
    pub fn focus(&self) -> Pane {
        self.model.focus
    }

    /// Whether an object is the selected one.
    #[must_use]
    pub fn is_selected(&self, key: &Key) -> bool {
        self.model.selection.as_ref() == Some(key)
    }

    /// Whether the last step was about an object: then it flashes.
    #[must_use]
    pub fn is_fresh(&self, key: &Key) -> bool {
        self.world()
            .last_records()
            .any(|record| record.object().as_ref() == Some(key))
    }

    /// Says that an area stands for something, to whoever points at it.
    pub fn target(&self, area: Rect, what: impl FnOnce() -> Neighbour) {
        if let Some(targets) = self.targets {
            targets.mark(area, what());
        }
    }

    /// A piece of text with the style of a role.
    #[must_use]
    pub fn span<'t>(&self, text: impl Into<std::borrow::Cow<'t, str>>, role: Role) -> Span<'t> {
        Span::styled(text, self.theme.style(role))
    }
}

/// Draws the whole frame. Any size is fine; below 80×24 one line says what is needed.
pub fn draw(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    buf.set_style(area, view.theme.ground());
    let alone = view.model.is_zoomed.then_some(view.model.focus);
    let Some(frame) = layout::frame(view.model.view, alone, area) else {
        too_small(view, area, buf);
        return;
    };
    title(view, frame.title, buf);
    let panes = Rect {
        y: frame.title.bottom(),
        height: frame.time_bar.y - frame.title.bottom(),
        ..area
    };
    match &view.snapshot.beside {
        Some(beside) => compare::draw(view, beside, panes, buf),
        None => draw_panes(view, &frame, buf),
    }
    time_bar::draw(view, frame.time_bar, buf);
    words(view, frame.words, buf);
    keys(view, frame.keys, buf);
    match &view.model.mode {
        Mode::Reading(overlay) => overlays::draw(view, overlay, panes, buf),
        Mode::Prompting(prompt) if prompt.purpose == Purpose::Command => {
            overlays::choices::draw(view, prompt.text(), panes, buf);
        }
        Mode::Looking | Mode::Typing | Mode::Prompting(_) => {}
    }
}

fn draw_panes(view: &View<'_>, frame: &layout::Frame, buf: &mut Buffer) {
    for (pane, rect) in &frame.panes {
        pane.draw(view, *rect, buf);
    }
    marks::explain(view, &frame.panes, buf);
    for (_, rect) in frame.panes.iter().filter(|(pane, _)| *pane == view.focus()) {
        highlight_border(view, *rect, buf);
    }
}

/// Gives the border of a pane the colour of the pane that has the keys. Neighbours share the border,
/// so it is coloured when all are drawn; titles keep their colours.
fn highlight_border(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let style = view.theme.style(Role::Focus);
    let is_line = |symbol: &str| symbol.starts_with(|letter| ('─'..='╿').contains(&letter));
    for position in area.positions() {
        let is_edge = position.x == area.left()
            || position.x + 1 == area.right()
            || position.y == area.top()
            || position.y + 1 == area.bottom();
        if is_edge && is_line(buf[position].symbol()) {
            buf[position].set_style(style);
        }
    }
}

fn too_small(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let needed = format!("{COLUMNS_LEAST}×{ROWS_LEAST} needed");
    let text = if needed.width() + 16 <= usize::from(area.width) {
        format!("glassplane: {needed}, {}×{} here", area.width, area.height)
    } else {
        needed
    };
    let line = Rect {
        y: area.y + area.height / 2,
        height: area.height.min(1),
        ..area
    };
    Line::from(view.span(text, Role::Text)).render(line, buf);
}

fn title(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let (world, head) = (view.world(), &view.snapshot.head);
    let mode = mode(view);
    let step = if view.snapshot.is_newest() {
        format!("step {}", world.steps())
    } else {
        format!("step {}/{}", world.steps(), head.steps())
    };
    let state = pace::words(view.snapshot);
    let parts = [
        (format!("t {}", world.now()), Role::Text),
        (state, Role::Key),
        (step, Role::Text),
        (format!("rev {}", world.store().revision()), Role::Text),
        (format!("seed {}", world.config().seed), Role::Dim),
    ];
    let mut spans = vec![
        view.span(" glassplane", Role::Title),
        view.span(" · ", Role::Dim),
        view.span(
            mode,
            if view.snapshot.is_newest() {
                Role::Text
            } else {
                Role::Fresh
            },
        ),
    ];
    let mut used: usize = spans.iter().map(Span::width).sum();
    for (text, role) in parts {
        if used + 3 + text.width() < usize::from(area.width) {
            used += 3 + text.width();
            spans.push(Span::raw("   "));
            spans.push(view.span(text, role));
        }
    }
    Line::from(spans).render(area, buf);
}

/// Which run this is, and whether it is its past.
fn mode(view: &View<'_>) -> String {
    let (runs, run) = (&view.snapshot.runs, view.snapshot.run);
    match (runs.len(), view.snapshot.is_newest()) {
        (1, true) => "sandbox".to_owned(),
        (1, false) => "the past".to_owned(),
        (_, true) => format!("run {}", runs[run].name),
        (_, false) => format!("the past of run {}", runs[run].name),
    }
}

/// The line above the keys: what is typed, or what there is to tell, or what to press.
fn words(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    if let Mode::Prompting(prompt) = &view.model.mode {
        prompted(view, prompt, area, buf);
        return;
    }
    let told = view.model.message.as_ref().map(|told| &told.text);
    let told = told.or(view.snapshot.message.as_ref());
    let banner = guide::quiet(view);
    let taken = banner.as_ref().map_or(0, Span::width);
    let room = area.width.saturating_sub(u16::try_from(taken).unwrap_or(0));
    let mut line = match told {
        Some(message) => {
            let first = message.lines().next().unwrap_or_default();
            let text = fitted(&format!(" {first}"), usize::from(room));
            Line::from(view.span(text, Role::Fresh))
        }
        None => guide::line(view, room),
    };
    if let Some(banner) = banner {
        line.spans.insert(0, banner);
    }
    line.render(area, buf);
}

fn prompted(view: &View<'_>, prompt: &Prompt, area: Rect, buf: &mut Buffer) {
    let sign = match prompt.purpose {
        Purpose::Command => ": ",
        Purpose::Filter => "/ ",
    };
    let text = prompt.text();
    let cursor = prompt.line.cursor().1;
    // A long line is shown from where the cursor stays visible.
    let room = usize::from(area.width).saturating_sub(sign.width() + 2);
    let from = (cursor + 1).saturating_sub(room);
    let mut spans = vec![Span::raw(" "), view.span(sign, Role::Key)];
    for (at, letter) in text.chars().chain([' ']).enumerate().skip(from).take(room) {
        let style = view.theme.style(Role::Text);
        let style = if at == cursor {
            style.add_modifier(Modifier::REVERSED)
        } else {
            style
        };
        spans.push(Span::styled(letter.to_string(), style));
    }
    Line::from(spans).render(area, buf);
}

/// The keys that hold now, in the order of the table, as many as there is room for; the key of the help
/// is always there, at the right.
fn keys(view: &View<'_>, area: Rect, buf: &mut Buffer) {
    let mut hints: Vec<&Binding> = view.model.situation().bindings().collect();
    hints.retain(|row| !row.word.is_empty());
    let help = hints.iter().position(|row| row.action == Action::Help);
    let mut room = area;
    if let Some(help) = help.map(|place| hints.remove(place)) {
        let hint = Line::from(hint(view, help).to_vec());
        let width = u16::try_from(hint.width())
            .unwrap_or(u16::MAX)
            .min(area.width);
        room.width -= width;
        let corner = Rect {
            x: room.right(),
            width,
            ..area
        };
        hint.render(corner, buf);
    }
    let mut spans = Vec::new();
    for row in hints {
        let hint = hint(view, row);
        let width: usize = spans.iter().chain(&hint).map(Span::width).sum();
        if width > usize::from(room.width) {
            break;
        }
        spans.extend(hint);
    }
    Line::from(spans).render(room, buf);
}

/// A key and its word.
fn hint<'a>(view: &View<'_>, row: &Binding) -> [Span<'a>; 3] {
    [
        view.span(format!(" {}", row.first_key()), Role::Key),
        view.span(format!(" {}", row.word), Role::Dim),
        Span::raw(" "),
    ]
}
