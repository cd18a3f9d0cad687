//! One request's way through the door: the stations, and what each of them changed.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use crate::api::Object;
use crate::apiserver::{Reason, StageName, Verb};
use crate::manifest::FieldChange;
use crate::store::ChangeType;
use crate::ui::panes::index::Index;
use crate::ui::panes::pen::{Pen, wrapped};
use crate::ui::panes::revisions::{self, Handled};
use crate::ui::theme::Role;
use crate::ui::view::View;

/// The stations in the order of the way.
const STATIONS: [StageName; 6] = [
    StageName::Decode,
    StageName::Default,
    StageName::Admit,
    StageName::Version,
    StageName::Validate,
    StageName::Commit,
];

/// How much room a value keeps beside a long path.
const VALUE_LEAST: usize = 20;

/// From this width on, the stations that a request did not come to are named as well.
const SPACIOUS: usize = 100;

/// Where the words behind a station begin.
const INDENT: usize = 10;

/// What became of the request at a station.
enum Passed {
    /// It changed this much.
    Reached(Vec<FieldChange>),
    /// Here it was refused.
    Stopped,
    /// It did not come here.
    Not,
}

/// Draws it, and says how many lines it takes.
pub(super) fn draw(
    view: &View<'_>,
    index: &Index,
    request: &Handled,
    area: Rect,
    buf: &mut Buffer,
) -> u16 {
    let mut pen = Pen::new(view, area, buf);
    let record = &request.record;
    pen.write(&request.by().to_string(), Role::Key)
        .write(" ", Role::Text);
    let asked = from_its_end(&request.request.to_string(), pen.room());
    pen.write(&asked, Role::Text).next_line();
    let passed = stations(view, index, request);
    draw_stations(request, &passed, &mut pen);
    pen.next_line();
    let when = format!("record {} · t {}", record.id, record.time);
    pen.write(&when, Role::Dim);
    draw_notify(view, request, &mut pen);
    pen.next_line();
    // Where it was refused says more than what was changed before.
    let is_refusal = |passed: &Passed| matches!(passed, Passed::Stopped);
    for first in [true, false] {
        let all = STATIONS.iter().zip(&passed);
        for (station, passed) in all.filter(|(_, passed)| is_refusal(passed) == first) {
            draw_station(request, *station, passed, &mut pen);
        }
    }
    pen.lines()
}

/// `PUT …/deployments/web/status`: of a long path the end says more than the beginning.
fn from_its_end(asked: &str, width: usize) -> String {
    let (method, path) = asked.split_once(' ').unwrap_or(("", asked));
    if asked.width() <= width {
        return asked.to_owned();
    }
    let room = width.saturating_sub(method.width() + 3);
    let starts = path.match_indices('/').map(|(at, _)| at + 1);
    let mut ends = starts.map(|at| &path[at..]);
    let end = ends.find(|end| end.width() <= room).unwrap_or_default();
    format!("{method} …/{end}")
}

fn stations(view: &View<'_>, index: &Index, request: &Handled) -> Vec<Passed> {
    let trace = view.world().trace();
    let (key, id) = (&request.request.key, request.record.id);
    let before = match &request.request.verb {
        Verb::Create(_) => None,
        _ => revisions::state_before(index, trace, key, id),
    };
    let stopped = request.refusal.as_ref().map(|refusal| {
        stopped_at(
            refusal.reason,
            request.stages.last().map(|stage| stage.name),
        )
    });
    let is_status = request.request.verb.subresource() == Some("status");
    let mut last: Option<&Object> = before.as_ref();
    let mut passed = Vec::new();
    for station in STATIONS {
        let stage = request.stages.iter().find(|stage| stage.name == station);
        passed.push(match stage {
            _ if stopped == Some(station) => Passed::Stopped,
            Some(stage) => {
                let mut found = revisions::between(last, &stage.object);
                if is_status {
                    // Of what came, only the status counts: the rest is not looked at.
                    found.retain(|change| change.pointer.starts_with("/status"));
                }
                last = Some(&stage.object);
                Passed::Reached(found)
            }
            None => match (&request.commit, station) {
                (Some((_, change)), StageName::Commit) => {
                    let is_gone = change.change_type == ChangeType::Deleted;
                    let found = revisions::between(last, &change.object);
                    Passed::Reached(if is_gone { Vec::new() } else { found })
                }
                _ => Passed::Not,
            },
        });
    }
    passed
}

/// Which station refuses for a reason.
fn stopped_at(reason: Reason, last: Option<StageName>) -> StageName {
    match (reason, last) {
        (Reason::Conflict | Reason::Expired, _) => StageName::Version,
        (Reason::Invalid | Reason::TooManyRequests, _) => StageName::Validate,
        (Reason::Forbidden, _) => StageName::Admit,
        (Reason::AlreadyExists, Some(StageName::Validate)) => StageName::Commit,

        // A timeout is the client's own: no station refused.
        (
            Reason::BadRequest
            | Reason::NotFound
            | Reason::AlreadyExists
            | Reason::ServiceUnavailable
            | Reason::Unknown
            | Reason::Timeout,
            _,
        ) => StageName::Decode,
    }
}

/// `✓ decode → ✓ default +9 → ✓ admit +3 → · version → ✓ validate → ● commit r45`.
fn draw_stations(request: &Handled, passed: &[Passed], pen: &mut Pen<'_, '_>) {
    let has_room = pen.width() >= SPACIOUS;
    let on_the_way = STATIONS.iter().zip(passed);
    let on_the_way = on_the_way.filter(|(_, passed)| has_room || !matches!(passed, Passed::Not));
    for (place, (station, passed)) in on_the_way.enumerate() {
        if place > 0 {
            pen.write(if has_room { " → " } else { "→" }, Role::Border);
        }
        let (sign, role) = match passed {
            Passed::Reached(_) if *station == StageName::Commit => ("●", Role::Current),
            Passed::Reached(_) => ("✓", Role::Good),
            Passed::Stopped => ("✗", Role::Bad),
            Passed::Not => ("·", Role::Border),
        };
        let word = match passed {
            Passed::Not => Role::Border,
            Passed::Stopped => Role::Bad,
            Passed::Reached(_) => Role::Text,
        };
        pen.write(sign, role)
            .write(" ", word)
            .write(station.name(), word);
        match passed {
            Passed::Reached(found) if *station == StageName::Default && !found.is_empty() => {
                pen.write(&format!(" +{}", found.len()), Role::Waiting);
            }
            Passed::Reached(_) if *station == StageName::Commit => {
                if let Some((_, change)) = &request.commit {
                    pen.write(&format!(" r{}", change.revision), Role::Current);
                }
            }
            _ => {}
        }
    }
}

/// How many of those who watch have heard of it by now.
fn draw_notify(view: &View<'_>, request: &Handled, pen: &mut Pen<'_, '_>) {
    let Some((_, change)) = &request.commit else {
        return;
    };
    let copies = view.world().copies_of(&change.object);
    let heard = copies
        .iter()
        .filter(|copy| copy.delivered >= change.revision)
        .count();
    let role = if heard == copies.len() {
        Role::Good
    } else {
        Role::Waiting
    };
    let words = format!("heard by {heard} of {} watchers", copies.len());
    pen.write(" · ", Role::Border).write(&words, role);
}

fn draw_station(request: &Handled, station: StageName, passed: &Passed, pen: &mut Pen<'_, '_>) {
    match passed {
        Passed::Not => {}
        Passed::Stopped => {
            let Some(refusal) = &request.refusal else {
                return;
            };
            let words = format!("{} {}: {refusal}", refusal.reason.code(), refusal.reason);
            let copy = request
                .copy()
                .filter(|_| refusal.reason == Reason::Conflict);
            let copy = copy.map(|copy| format!("It was written from a copy at r{copy}. "));
            draw_words(
                station,
                &(copy.unwrap_or_default() + &words),
                Role::Bad,
                pen,
            );
        }
        Passed::Reached(found) if station == StageName::Version => {
            let words = match request.copy() {
                Some(copy) => format!("the copy was r{copy}, as the store's"),
                None => "no revision was named: the newest state is meant".to_owned(),
            };
            draw_words(station, &words, Role::Dim, pen);
            draw_changes(None, found, pen);
        }
        Passed::Reached(found) if found.is_empty() => {}
        Passed::Reached(found) => draw_changes(Some(station), found, pen),
    }
}

fn draw_words(station: StageName, words: &str, role: Role, pen: &mut Pen<'_, '_>) {
    let width = pen.width().saturating_sub(INDENT);
    for (place, line) in wrapped(words, width).into_iter().enumerate() {
        let label = if place == 0 { station.name() } else { "" };
        pen.write(label, Role::Key)
            .to(INDENT)
            .write(&line, role)
            .next_line();
    }
}

/// The fields that changed; the last line says how many more there are.
pub(super) fn draw_changes(
    station: Option<StageName>,
    found: &[FieldChange],
    pen: &mut Pen<'_, '_>,
) {
    for (place, change) in found.iter().enumerate() {
        let left = pen.lines_left();
        if left == 0 {
            return;
        }
        let label = match station {
            Some(station) if place == 0 => station.name(),
            _ => "",
        };
        pen.write(label, Role::Key).to(INDENT);
        if left == 1 && place + 1 < found.len() {
            let more = format!("and {} more fields", found.len() - place);
            pen.write(&more, Role::Dim).next_line();
            return;
        }
        draw_change(change, pen);
        pen.next_line();
    }
}

/// The end of a path that is too long: what comes last says most.
fn path_end(path: &str, width: usize) -> String {
    if path.width() <= width {
        return path.to_owned();
    }
    let starts = path.match_indices(['.', '[']).map(|(at, _)| at);
    let mut ends = starts.map(|at| &path[at..]);
    let end = ends.find(|end| end.width() < width).unwrap_or_default();
    format!("…{}", end.trim_start_matches('.'))
}

/// One field: its sign, its path, and its values.
pub(in super::super) fn draw_change(change: &FieldChange, pen: &mut Pen<'_, '_>) {
    let words = change.to_string();
    let role = match change.sign() {
        "+" => Role::Good,
        "-" => Role::Bad,
        _ => Role::Waiting,
    };
    pen.write(change.sign(), role).write(" ", Role::Text);
    let rest = words.get(2 + change.path.len()..).unwrap_or_default();
    let most = pen.room().saturating_sub(rest.width().min(VALUE_LEAST));
    pen.write(&path_end(&change.path, most), Role::Text);
    pen.cell(rest, pen.room(), Role::Dim);
}
