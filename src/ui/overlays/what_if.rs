//! What if: the real decision and the imagined one, a line under a line where they differ.
//!
//! ```text
//! node-b instead of node-a: it would have 886 points and node-a 727 (…).
//!
//!                total   Node    Node
//!                    Affinity    …Fit
//! node-b   is      686      0      91   fits
//!          if    → 886  → 200      91   → ★ wins
//! node-a   is      727    200      72   ★ wins
//!          if       →–   → ✗ TaintToleration: node(s) had untolerated taint {k: v}
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr;

use super::{scrolled, window};
use crate::cluster::what_if::Asked;
use crate::scheduler::{Pairing, Points, Standing, WhatIf};
use crate::ui::panes::events::fitted;
use crate::ui::panes::{halves, wrapped};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The columns of `is` and `if`.
const WHICH: usize = 4;

/// The columns of a total.
const TOTAL: usize = 8;

/// What a verdict needs at least.
const VERDICT_LEAST: usize = 20;

/// The least columns of a score: three digits, the sign of a difference, a blank.
const SCORE_LEAST: usize = 6;

/// From this width on a score shows what it is made of: `100×10`.
const SCORE_WHOLE: usize = 11;

/// How many lines the nodes take: one each, two where something differs.
#[must_use]
pub fn lines(asked: &Asked) -> usize {
    let pairings = asked.answer.pairings();
    let differing = pairings.iter().filter(|pairing| pairing.differs()).count();
    pairings.len() + differing
}

/// Draws the sentence, and below it the nodes from a line on.
pub(super) fn draw(view: &View<'_>, asked: &Asked, scroll: usize, area: Rect, buf: &mut Buffer) {
    let answer = &asked.answer;
    let premises: Vec<String> = answer.premises.iter().map(ToString::to_string).collect();
    let title = format!("What if: {}", premises.join(", "));
    let width = usize::from(area.width.saturating_sub(4));
    let mut head: Vec<Line<'_>> = wrapped(&answer.sentence(), width)
        .into_iter()
        .map(|line| Line::from(view.span(line, Role::Title)))
        .collect();
    let pod = &answer.imagined.pod;
    let asked_for = format!("{pod}: {}. Nothing real is changed.", asked.when);
    let asked_for = wrapped(&asked_for, width).into_iter();
    head.extend(asked_for.map(|line| Line::from(view.span(line, Role::Dim))));
    head.push(Line::default());
    let table = Table::of(answer, width);
    head.extend(table.heading(view));
    let height = u16::try_from(head.len() + lines(asked)).unwrap_or(u16::MAX);
    let inside = window(view, &title, (area.width, height), area, buf);
    let above = u16::try_from(head.len())
        .unwrap_or(u16::MAX)
        .min(inside.height);
    let top = Rect {
        height: above,
        ..inside
    };
    let below = Rect {
        y: inside.y + above,
        height: inside.height - above,
        ..inside
    };
    scrolled(view, &head[..usize::from(above)], 0, top, buf);
    let pairings = answer.pairings();
    let body: Vec<Line<'_>> = pairings
        .iter()
        .flat_map(|pairing| table.rows(view, pairing))
        .collect();
    scrolled(view, &body, scroll, below, buf);
}

/// Where the columns stand.
struct Table {
    name: usize,
    score: usize,
    /// The plugins that have a column, by their places.
    shown: Vec<(usize, &'static str)>,
}

impl Table {
    /// Columns for so much room: those in which something differs come first when there is little.
    fn of(answer: &WhatIf, width: usize) -> Self {
        let pairings = answer.pairings();
        let longest = pairings.iter().map(|pairing| pairing.node.width()).max();
        let name = longest.unwrap_or(0).clamp(4, 20);
        let room = width.saturating_sub(name + 2 + WHICH + TOTAL + VERDICT_LEAST + 2);
        let mut shown: Vec<(usize, &'static str)> =
            answer.plugins().into_iter().enumerate().collect();
        let differs = |place: usize| {
            let mut points = pairings.iter().map(|pairing| pairing.points[place]);
            points.any(|[real, imagined]| real != imagined)
        };
        let most = room / SCORE_LEAST;
        if shown.len() > most {
            shown.sort_by_key(|(place, _)| (!differs(*place), *place));
            shown.truncate(most);
            shown.sort_unstable();
        }
        let score = (room / shown.len().max(1)).clamp(SCORE_LEAST, 14);
        Self { name, score, shown }
    }

    fn before_scores(&self) -> usize {
        self.name + 2 + WHICH + TOTAL
    }

    /// Two lines: the names of the plugins, each broken where a word begins.
    fn heading<'a>(&self, view: &View<'_>) -> [Line<'a>; 2] {
        let indent = " ".repeat(self.before_scores());
        let mut lines = [indent.clone(), indent];
        let total = "total";
        let end = self.before_scores();
        lines[1].replace_range(end - total.len()..end, total);
        for (_, plugin) in &self.shown {
            let (first, second) = halves(plugin);
            for (line, part) in lines.iter_mut().zip([first, second]) {
                line.push(' ');
                line.push_str(&right(part, self.score - 1));
            }
        }
        lines.map(|line| Line::from(view.span(line, Role::Dim)))
    }

    fn rows<'a>(&self, view: &View<'_>, pairing: &Pairing<'_>) -> Vec<Line<'a>> {
        let mut rows = vec![self.row(view, pairing, 0)];
        if pairing.differs() {
            rows.push(self.row(view, pairing, 1));
        }
        rows
    }

    /// A node as it is (0) or as it is imagined (1).
    fn row<'a>(&self, view: &View<'_>, pairing: &Pairing<'_>, side: usize) -> Line<'a> {
        let is_imagined = side == 1;
        let (name, which) = match (is_imagined, pairing.differs()) {
            (true, _) => (String::new(), "if"),
            (false, true) => (pairing.node.to_string(), "is"),
            (false, false) => (pairing.node.to_string(), ""),
        };
        let mut spans = vec![
            view.span(fitted(&name, self.name + 2), Role::Title),
            view.span(fitted(which, WHICH), Role::Dim),
        ];
        let mut cell = |texts: [String; 2], width: usize| {
            let differs = texts[0] != texts[1];
            let [real, imagined] = texts;
            spans.push(match (is_imagined, differs) {
                (true, true) => view.span(right(&format!("→{imagined}"), width), Role::Fresh),
                (true, false) => view.span(right(&imagined, width), Role::Dim),
                (false, _) => view.span(right(&real, width), Role::Text),
            });
        };
        let total = |standing: Standing<'_>| {
            let total = standing.total();
            total.map_or_else(|| "–".to_owned(), |total| total.to_string())
        };
        cell(pairing.standings.map(total), TOTAL);
        // A node without scores leaves their room to the reason.
        let scores = match pairing.standings[side] {
            Standing::Fits { .. } => &self.shown[..],
            Standing::Refused(_) | Standing::NotLookedAt => &[],
        };
        for (place, _) in scores {
            let words = |points: Option<Points>| {
                points.map_or_else(|| "–".to_owned(), |points| self.words(points))
            };
            cell(pairing.points[*place].map(words), self.score);
        }
        spans.push(Span::raw("  "));
        spans.push(verdict(view, pairing, side));
        Line::from(spans)
    }

    fn words(&self, points: Points) -> String {
        if self.score >= SCORE_WHOLE {
            format!("{}×{}", points.normalized, points.weight)
        } else {
            points.weighted().to_string()
        }
    }
}

fn verdict<'a>(view: &View<'_>, pairing: &Pairing<'_>, side: usize) -> Span<'a> {
    let words = pairing.standings.map(|standing| match standing {
        Standing::Fits { wins: true, .. } => "★ wins".to_owned(),
        Standing::Refused(_) => format!("✗ {}", standing.words()),
        Standing::Fits { .. } | Standing::NotLookedAt => standing.words(),
    });
    let differs = words[0] != words[1];
    let role = match (pairing.standings[side], side == 1, differs) {
        (_, true, false) => Role::Dim,
        (Standing::Fits { wins: true, .. }, _, _) => Role::Good,
        (Standing::Refused(_), _, _) => Role::Bad,
        (_, true, true) => Role::Fresh,
        _ => Role::Text,
    };
    let sign = if side == 1 && differs { "→ " } else { "" };
    view.span(format!("{sign}{}", words[side]), role)
}

/// Text at the right end of so many columns.
fn right(text: &str, width: usize) -> String {
    let text = if text.width() > width {
        fitted(text, width)
    } else {
        text.to_owned()
    };
    let blank = width.saturating_sub(text.width());
    format!("{}{text}", " ".repeat(blank))
}
