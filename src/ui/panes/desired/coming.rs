//! What happens next; when nothing does, what is waited for.

use crate::cluster::Wait;
use crate::sim::Time;
use crate::ui::panes::pen::{clipped, wrapped};
use crate::ui::view::View;

/// How many lines there are for it.
const LINES: usize = 2;

/// How many waits are told at most.
const TOLD: usize = 3;

/// The next work, and who is off; without work, what is waited for. As much as goes into two lines of
/// so many columns, and at least the first thing.
pub(super) fn lines(view: &View<'_>, width: usize) -> Vec<String> {
    let world = view.world();
    let work = world.next_work_in_words();
    let mut waits = world.waits();
    waits.retain(|wait| match work {
        Some(_) => matches!(wait, Wait::Off(_) | Wait::Paused(_)),
        None => !wait.is_routine(),
    });
    let begin = match (work, waits.is_empty()) {
        (Some(work), _) => Some(work),
        (None, false) => None,
        (None, true) => {
            let short = "nothing but heartbeats";
            let next = world.next_in_words();
            let long = next.map(|next| format!("{short} ({next})"));
            let fits = long.filter(|long| long.chars().count() <= width);
            return vec![fits.unwrap_or_else(|| short.to_owned())];
        }
    };
    let told = |begin: Option<&str>, count: usize| {
        wrapped(&sentence(begin, &waits, count, world.now()), width)
    };
    let idle = begin.as_deref().or(Some("nothing under way"));
    let most = (1..=TOLD.min(waits.len())).rev();
    let mut variants = most.map(|count| told(idle, count));
    let fitting = variants.find(|lines| lines.len() <= LINES);
    let mut lines = fitting.unwrap_or_else(|| told(begin.as_deref(), waits.len().min(1)));
    let rest = lines.split_off(LINES.min(lines.len()));
    if let (Some(last), Some(next)) = (lines.last_mut(), rest.first()) {
        *last = clipped(&format!("{last} {next}"), width);
    }
    lines
}

fn sentence(begin: Option<&str>, waits: &[Wait], count: usize, now: Time) -> String {
    let words = waits.iter().take(count).map(|wait| wait.words(now));
    let more = waits.len().saturating_sub(count);
    let more = (more > 0 && begin.is_some()).then(|| format!("{more} more"));
    let parts = begin
        .map(str::to_owned)
        .into_iter()
        .chain(words)
        .chain(more);
    parts.collect::<Vec<_>>().join(" · ")
}
