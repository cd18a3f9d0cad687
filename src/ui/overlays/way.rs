//! Why, and what then: a way of causes as a list, a line for each record, or as lanes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use super::{fitting, scrolled, window};
use crate::cluster::Record;
use crate::sim::counted;
use crate::ui::panes::events::{brief, fitted, sentence};
use crate::ui::panes::{lifecycle, wrapped};
use crate::ui::theme::Role;
use crate::ui::view::View;
use crate::ui::way::{Form, Hop, Hops, Towards, Way, latency_words};

/// The columns of the widest window.
const WIDTH_MOST: u16 = 130;

/// The columns of who, in a narrow and in a wide window.
const ACTOR_WIDTHS: (usize, usize) = (15, 22);

/// From this width on a window is wide.
const WIDE: u16 = 100;

/// How far to the right what followed moves at most.
const INDENT_MOST: usize = 8;

/// The most rows of the sentence below the list.
const SENTENCE_ROWS: usize = 2;

/// Draws the way in its form.
pub(super) fn draw(view: &View<'_>, way: &Way, area: Rect, buf: &mut Buffer) {
    let hops = way.hops(view.world().trace());
    let title = title(way, &hops);
    match way.form {
        Form::List => draw_list(view, (way, &hops), &title, area, buf),
        Form::Lanes => {
            let inside = window(view, &title, (area.width, area.height), area, buf);
            lifecycle::way::draw(view, way, inside, buf);
        }
    }
}

/// The question, and the answer in short.
fn title(way: &Way, hops: &Hops) -> String {
    let (first, last) = (hops.list.first(), hops.list.last());
    let ends = first
        .zip(last)
        .map(|(first, last)| (&first.record, &last.record));
    match (way.towards, ends) {
        (_, None) => "Nothing is known of it any more".to_owned(),
        (Towards::Causes, Some((record, origin))) => {
            let took = latency_words(record.time.since(origin.time)).replace('+', "");
            let count = hops.list.len() - 1;
            let breaks_off = &hops.breaks_off;
            let from = match breaks_off {
                Some(_) if count == 0 => return "Why? What came before is forgotten".to_owned(),
                Some(_) => "what is forgotten".to_owned(),
                None => origin_words(origin),
            };
            format!("Why? {} and {took} back to {from}", counted(count, "hop"))
        }
        (Towards::Effects, Some((record, _))) => {
            let count = hops.list.len() - 1 + hops.left_out;
            format!(
                "What followed? {}, from {}",
                counted(count, "record"),
                origin_words(record)
            )
        }
    }
}

/// What everything began with: the command itself, or who began it.
fn origin_words(record: &Record) -> String {
    let sentence = sentence(record);
    match sentence.strip_prefix("runs: ") {
        Some(line) => line.to_owned(),
        None => sentence,
    }
}

/// A heading, a line for each record, and the sentence of the one under the cursor as far as it goes.
fn draw_list(
    view: &View<'_>,
    (way, hops): (&Way, &Hops),
    title: &str,
    area: Rect,
    buf: &mut Buffer,
) {
    let width = area.width.min(WIDTH_MOST);
    let said = usize::from(width.saturating_sub(4));
    let whole = hops.list.get(way.cursor).map_or_else(String::new, |hop| {
        format!(
            "{} {}: {}",
            hop.record.id,
            hop.record.actor,
            sentence(&hop.record)
        )
    });
    let mut below = wrapped(&whole, said);
    below.truncate(SENTENCE_ROWS);
    below.resize(SENTENCE_ROWS, String::new());
    let around = 2 + SENTENCE_ROWS;
    let ends = usize::from(hops.breaks_off.is_some() || hops.left_out > 0);
    let height = u16::try_from(hops.list.len() + ends + around).unwrap_or(u16::MAX);
    let inside = window(view, title, (width.saturating_sub(4), height), area, buf);
    let rows = usize::from(inside.height).saturating_sub(around);
    let mut lines: Vec<Line<'_>> = hops
        .list
        .iter()
        .enumerate()
        .map(|(at, hop)| line(view, way, (hop, at == way.cursor), inside.width))
        .collect();
    if hops.left_out > 0 {
        let words = format!("… and {} more", hops.left_out);
        lines.push(Line::from(view.span(words, Role::Dim)));
    }
    if let Some(words) = &hops.breaks_off {
        lines.push(Line::from(view.span(format!("╎ {words}"), Role::Waiting)));
    }
    scrolled(
        view,
        &[heading(view, way, inside.width)],
        0,
        row(inside, 0, 1),
        buf,
    );
    let top = (way.cursor + 1 + rows / 3).saturating_sub(rows);
    scrolled(view, &lines, top, row(inside, 1, rows), buf);
    let rule = view.span("─".repeat(usize::from(inside.width)), Role::Border);
    let below: Vec<Line<'_>> = std::iter::once(Line::from(rule))
        .chain(
            below
                .into_iter()
                .map(|line| Line::from(view.span(line, Role::Text))),
        )
        .collect();
    scrolled(view, &below, 0, row(inside, 1 + rows, below.len()), buf);
}

/// So many rows of an area, from one on.
fn row(area: Rect, from: usize, rows: usize) -> Rect {
    let narrow = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let from = narrow(from).min(area.height);
    Rect {
        y: area.y + from,
        height: narrow(rows).min(area.height - from),
        ..area
    }
}

/// What stands in the columns.
fn heading<'a>(view: &View<'_>, way: &Way, width: u16) -> Line<'a> {
    let who = fitted("who", actor_width(width));
    let what = match way.towards {
        Towards::Causes => "did what, because of the line below",
        Towards::Effects => "did what, because of the line it stands under",
    };
    let words = format!("{:>8} {:>7} {:>5}  {who} {what}", "seconds", "later", "rev");
    Line::from(view.span(fitting(&words, usize::from(width)), Role::Dim))
}

fn actor_width(width: u16) -> usize {
    if width >= WIDE {
        ACTOR_WIDTHS.1
    } else {
        ACTOR_WIDTHS.0
    }
}

/// When, how long after its cause, at which revision, who, and what.
fn line<'l>(view: &View<'_>, way: &Way, (hop, has_cursor): (&Hop, bool), width: u16) -> Line<'l> {
    let record = &*hop.record;
    let latency = view.world().trace().latency(record);
    let latency = latency.map_or_else(String::new, latency_words);
    let revision = format!("r{}", record.revision);
    let time = format!("{:>8} {latency:>7} {revision:>5}  ", record.time);
    let actor = record.actor.to_string();
    let actor = if width >= WIDE {
        actor
    } else {
        actor.replace("-controller", "-c.")
    };
    let actor = fitted(&actor, actor_width(width));
    let indent = match (way.towards, hop.depth) {
        (Towards::Causes, _) | (_, 0) => String::new(),
        (Towards::Effects, depth) => format!("{}↳ ", " ".repeat((depth - 1).min(INDENT_MOST))),
    };
    let before = time.chars().count() + actor_width(width) + 1 + indent.chars().count();
    let room = usize::from(width).saturating_sub(before);
    let what = fitted(&brief(record, room), room);
    if has_cursor {
        return Line::from(view.span(format!("{time}{actor} {indent}{what}"), Role::Selected));
    }
    let is_outside = record.cause.is_none();
    let role = if is_outside { Role::Title } else { Role::Text };
    Line::from(vec![
        view.span(time, Role::Dim),
        view.span(actor, Role::Desired),
        view.span(format!(" {indent}"), Role::Focus),
        view.span(what, role),
    ])
}
