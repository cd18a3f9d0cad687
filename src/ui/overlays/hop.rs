//! One record on a way of causes: when, how long after its cause, at which revision, who, and what.

use std::time::Duration;

use ratatui::text::Line;

use crate::cluster::Record;
use crate::ui::panes::events::{fitted, sentence};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The columns of who, in a narrow and in a wide window.
const ACTOR_WIDTHS: (usize, usize) = (16, 22);

/// From this width on a window is wide.
const WIDE: u16 = 100;

/// A line of the way.
pub(super) struct Hop<'a> {
    /// The record.
    pub record: &'a Record,
    /// What stands before it.
    pub sign: &'static str,
    /// How far it is moved to the right.
    pub indent: usize,
    /// Whether the cursor is on it.
    pub has_cursor: bool,
}

impl Hop<'_> {
    /// The line, in so many columns.
    pub(super) fn line<'l>(&self, view: &View<'_>, width: u16) -> Line<'l> {
        let record = self.record;
        let wide = width >= WIDE;
        let actor_width = if wide { ACTOR_WIDTHS.1 } else { ACTOR_WIDTHS.0 };
        let latency = view.world().trace().latency(record);
        let latency = latency.map_or_else(String::new, span);
        let revision = format!("r{}", record.revision);
        let actor = fitted(&shortened(&record.actor.to_string(), wide), actor_width);
        let sign = format!("{}{} ", " ".repeat(self.indent), self.sign);
        let time = format!("{:>8} {latency:>7} {revision:>5} ", seconds(record));
        let around = sign.chars().count() + time.chars().count() + actor_width + 1;
        let room = usize::from(width).saturating_sub(around);
        let sentence = fitted(&sentence(record), room);
        if self.has_cursor {
            let text = format!("{sign}{time}{actor} {sentence}");
            return Line::from(view.span(text, Role::Selected));
        }
        let is_outside = record.cause.is_none();
        let role = if is_outside { Role::Title } else { Role::Text };
        Line::from(vec![
            view.span(sign, Role::Focus),
            view.span(time, Role::Dim),
            view.span(actor, Role::Desired),
            view.span(format!(" {sentence}"), role),
        ])
    }
}

/// `deployment-c.` where there is little room.
fn shortened(actor: &str, wide: bool) -> String {
    if wide {
        actor.to_owned()
    } else {
        actor.replace("-controller", "-c.")
    }
}

fn seconds(record: &Record) -> String {
    let millis = record.time.as_millis();
    format!("{}.{:03}", millis / 1000, millis % 1000)
}

/// `+0`, `+12ms`, `+4.1s`, `+5m03s`: how long after the cause.
pub(super) fn span(span: Duration) -> String {
    let millis = span.as_millis();
    match millis {
        0 if span.is_zero() => "+0".to_owned(),
        0 => "+<1ms".to_owned(),
        1..1000 => format!("+{millis}ms"),
        1000..60_000 => format!("+{}.{}s", millis / 1000, millis / 100 % 10),
        _ => format!("+{}m{:02}s", millis / 60_000, millis / 1000 % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_is_as_exact_as_one_wants_to_know() {
        for (micros, words) in [
            (0, "+0"),
            (900, "+<1ms"),
            (12_400, "+12ms"),
            (4_160_000, "+4.1s"),
            (303_000_000, "+5m03s"),
        ] {
            assert_eq!(span(Duration::from_micros(micros)), words);
        }
    }
}
