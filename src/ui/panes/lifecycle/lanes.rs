//! The picture: a row for each actor, a column for each happening, arrows between them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::story::{Lane, Station, Story, Subject};
use super::strip;
use super::wires::Wires;
use crate::sim::span_words;
use crate::ui::panes::Neighbour;
use crate::ui::panes::pen::clipped;
use crate::ui::theme::Role;
use crate::ui::view::View;
use crate::ui::way::latency_words;

/// The least columns of cells that a happening takes without a word beside its sign.
const COLUMN_LEAST: usize = 4;

/// The same with words that take turns in two rows, and with words in one row.
const COLUMN_WITH_WORDS: [usize; 2] = [5, 7];

/// The most.
const COLUMN_MOST: usize = 11;

/// A silence from this length on is marked and told.
const GAP_LEAST: Duration = Duration::from_secs(1);

/// The widest name of a lane.
const NAME_MOST: usize = 23;

/// Where everything stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shape {
    name: usize,
    column: usize,
    row: usize,
    heading: usize,
}

impl Shape {
    /// How many happenings there is room for at most.
    pub(super) fn columns_most((width, height): (usize, usize)) -> usize {
        let least = match height {
            0..16 => COLUMN_LEAST,
            16..28 => COLUMN_WITH_WORDS[1],
            _ => COLUMN_WITH_WORDS[0],
        };
        width.saturating_sub(Self::name_width(width) + 1) / least
    }

    fn name_width(width: usize) -> usize {
        match width {
            0..24 => 6,
            24..44 => 10,
            44..110 => 14,
            _ => NAME_MOST,
        }
    }

    fn of(story: &Story, area: Rect) -> Self {
        let (width, height) = (usize::from(area.width), usize::from(area.height));
        let name = Self::name_width(width);
        let count = story.stations.len().max(1);
        let column = (width.saturating_sub(name + 2) / count).clamp(COLUMN_LEAST, COLUMN_MOST);
        let lanes = story.lanes.len().max(1);
        // Words beside the signs are worth more than a second line of heading.
        let heading = match height.saturating_sub(lanes + 1) {
            0 => 0,
            1 => 1,
            spare if spare == lanes + 1 => 1,
            _ => 2,
        };
        // Each lane has the same height; one row is kept for the band below the lanes.
        let row = (height.saturating_sub(heading + 1) / lanes).clamp(1, 3);
        Self {
            name,
            column,
            row,
            heading,
        }
    }

    fn x(&self, place: usize) -> usize {
        self.name + 2 + place * self.column
    }

    fn y(&self, lane: usize) -> usize {
        self.heading + lane * self.row + usize::from(self.row == 3)
    }

    /// Where arrows leave a write towards those who notice it.
    fn branch(&self, place: usize) -> usize {
        self.x(place) + if self.column >= 6 { 2 } else { 1 }
    }
}

/// Draws the heading, the lanes with their arrows, and the band of what the subject looks like.
pub(super) fn draw(view: &View<'_>, story: &Story, area: Rect, buf: &mut Buffer) {
    let shape = Shape::of(story, area);
    let path = story.path();
    let canvas = &mut Canvas { view, area, buf };
    draw_heading(story, &shape, canvas);
    draw_base(story, &shape, canvas);
    let wires = arrows(
        story,
        &shape,
        &path,
        (usize::from(area.width), usize::from(area.height)),
    );
    for y in 0..usize::from(area.height) {
        for x in shape.name..usize::from(area.width) {
            if let Some((sign, is_lit)) = wires.sign(x, y) {
                canvas.put(x, y, sign, if is_lit { Role::Focus } else { Role::Border });
            }
        }
    }
    // Up to which column each of a lane's two rows of words is written.
    let mut free = vec![[0; 2]; story.lanes.len()];
    for (place, station) in story.stations.iter().enumerate() {
        draw_station(
            story,
            (place, station),
            &shape,
            (&wires, &path, &mut free),
            canvas,
        );
    }
    let last = shape.y(story.lanes.len().saturating_sub(1)) + shape.row;
    draw_band(story, &shape, last, canvas);
}

/// Something to draw on by column and row.
struct Canvas<'a, 'b> {
    view: &'a View<'a>,
    area: Rect,
    buf: &'b mut Buffer,
}

impl Canvas<'_, '_> {
    /// Says what a column of a lane stands for.
    fn target(&self, (x, y): (usize, usize), shape: &Shape, what: impl FnOnce() -> Neighbour) {
        let cell = |offset: usize| u16::try_from(offset).unwrap_or(u16::MAX);
        let area = Rect {
            x: self.area.x.saturating_add(cell(x)),
            y: self.area.y.saturating_add(cell(y)),
            width: cell(shape.column),
            height: cell(shape.row),
        };
        self.view.target(area.intersection(self.area), what);
    }

    fn put(&mut self, x: usize, y: usize, text: &str, role: Role) {
        let (width, height) = (usize::from(self.area.width), usize::from(self.area.height));
        if x >= width || y >= height {
            return;
        }
        let cell = |start: u16, offset: usize| start + u16::try_from(offset).unwrap_or(0);
        let (left, top) = (cell(self.area.x, x), cell(self.area.y, y));
        self.buf
            .set_stringn(left, top, text, width - x, self.view.theme.style(role));
    }
}

/// The numbers of the records to point at, and times where they change.
fn draw_heading(story: &Story, shape: &Shape, canvas: &mut Canvas<'_, '_>) {
    if shape.heading == 0 {
        return;
    }
    let what = match (story.subject == Subject::Way, story.left_out.0) {
        (true, 0) => "after cause".to_owned(),
        (true, before) => format!("◂ {before} before"),
        (false, 0) => "record".to_owned(),
        (false, before) => format!("record ◂ {before}"),
    };
    canvas.put(0, 0, &clipped(&what, shape.name), Role::Dim);
    if shape.heading > 1 {
        let what = if shape.row == 1 { "revision" } else { "time" };
        canvas.put(0, 1, &clipped(what, shape.name), Role::Dim);
    }
    let mut free = [0, 0];
    let cursor = label_room(story, shape, story.cursor);
    for (place, station) in story.stations.iter().enumerate() {
        let is_cursor = place == story.cursor;
        let role = if is_cursor { Role::Selected } else { Role::Dim };
        let words = first_heading(story, place, station);
        let x = shape.x(place);
        // The one under the cursor is always there: others keep a blank between it and them.
        let is_beside = x + words.width() < cursor.start || x > cursor.end;
        if is_cursor || (x >= free[0] && is_beside) {
            canvas.put(x, 0, &words, role);
            free[0] = x + words.width() + 1;
        }
        if shape.heading > 1
            && let Some(words) = second_heading(story, place, shape)
            && x + usize::from(is_after_gap(story, place)) >= free[1]
            && !(shape.row > 1 && hides_gap(story, shape, place, &words))
        {
            let role = match (is_cursor, shape.row > 1 && is_after_gap(story, place)) {
                (_, true) => Role::Waiting,
                (true, false) => Role::Text,
                (false, false) => Role::Dim,
            };
            canvas.put(x, 1, &words, role);
            free[1] = x + words.len() + 1;
        }
    }
    if story.left_out.1 > 0 {
        let words = format!("{} after ▸", story.left_out.1);
        let x = usize::from(canvas.area.width).saturating_sub(words.width());
        canvas.put(x, 0, &words, Role::Dim);
    }
}

/// The columns of the heading of a station.
fn label_room(story: &Story, shape: &Shape, place: usize) -> Range<usize> {
    let start = shape.x(place);
    let station = story.stations.get(place);
    let words = station.map(|station| first_heading(story, place, station));
    start..start + words.map_or(1, |words| words.width())
}

/// The number of the record; on a way of causes how long after its cause it happened.
fn first_heading(story: &Story, place: usize, station: &Station) -> String {
    match (&story.subject, story.latency(place)) {
        (Subject::Way, Some(latency)) => latency_words(latency),
        (Subject::Way, None) => String::new(),
        (Subject::Object(_) | Subject::Request { .. }, _) => station.record.id.0.to_string(),
    }
}

/// The time of a station where it is a new one; where lanes have no room for words, the revision of
/// a write.
fn second_heading(story: &Story, place: usize, shape: &Shape) -> Option<String> {
    let station = &story.stations[place];
    if shape.row == 1 {
        return story.lanes[station.lane].is_api().then(|| station.label());
    }
    let time = station.record.time;
    let Some(before) = place.checked_sub(1).map(|before| &story.stations[before]) else {
        return Some(time.to_string());
    };
    let gap = time.since(before.record.time);
    if gap.is_zero() {
        None
    } else if gap >= GAP_LEAST {
        // A long silence takes no more room than a short one; it says how long it was.
        Some(format!("+{}", span_words(gap)))
    } else {
        Some(time.to_string())
    }
}

/// Whether a station comes after a silence that is worth a mark.
fn is_after_gap(story: &Story, place: usize) -> bool {
    let before = place
        .checked_sub(1)
        .map(|before| &story.stations[before].record);
    before.is_some_and(|before| story.stations[place].record.time.since(before.time) >= GAP_LEAST)
}

/// Whether a time would take the room of the length of the silence that comes after it, which says
/// more.
fn hides_gap(story: &Story, shape: &Shape, place: usize, words: &str) -> bool {
    let next = place + 1;
    let is_before_gap = next < story.stations.len() && is_after_gap(story, next);
    let touches = is_before_gap && shape.x(place) + words.width() > shape.x(next);
    touches && !is_after_gap(story, place)
}

/// Names and base lines of the lanes.
fn draw_base(story: &Story, shape: &Shape, canvas: &mut Canvas<'_, '_>) {
    let at_work = story.stations[story.cursor].lane;
    for (place, lane) in story.lanes.iter().enumerate() {
        let role = if place == at_work {
            Role::Title
        } else {
            Role::Dim
        };
        canvas.put(0, shape.y(place), &lane_words(lane, shape.name), role);
        let width = usize::from(canvas.area.width).saturating_sub(shape.name + 1);
        canvas.put(
            shape.name + 1,
            shape.y(place),
            &"┈".repeat(width),
            Role::Border,
        );
    }
    let rows = story.lanes.len() * shape.row;
    for place in (0..story.stations.len()).filter(|place| is_after_gap(story, *place)) {
        for y in shape.heading..shape.heading + rows {
            canvas.put(shape.x(place) - 1, y, "┊", Role::Waiting);
        }
    }
}

fn lane_words(lane: &Lane, width: usize) -> String {
    if lane.name.width() <= width {
        return lane.name.clone();
    }
    let short = lane
        .name
        .replace("-controller", "-c.")
        .replace("kubelet/", "");
    let short = if short.width() > width {
        short.replace("kube-", "")
    } else {
        short
    };
    clipped(&short, width)
}

fn arrows(
    story: &Story,
    shape: &Shape,
    path: &BTreeSet<usize>,
    (width, height): (usize, usize),
) -> Wires {
    let mut wires = Wires::new(width, height);
    for (place, station) in story.stations.iter().enumerate() {
        let Some(cause) = station.cause else {
            continue;
        };
        let from = &story.stations[cause];
        let (y1, y2) = (shape.y(from.lane), shape.y(station.lane));
        let (x1, x2) = (shape.x(cause), shape.x(place));
        let is_lit = path.contains(&place) && path.contains(&cause);
        if from.lane == station.lane {
            wires.draw(&[(x1, y1), (x2, y2)], is_lit);
        } else if story.lanes[from.lane].is_api() {
            let branch = shape.branch(cause);
            wires.draw(&[(x1, y1), (branch, y1), (branch, y2), (x2, y2)], is_lit);
        } else {
            wires.draw(&[(x1, y1), (x2, y1), (x2, y2)], is_lit);
        }
    }
    wires
}

fn draw_station(
    story: &Story,
    (place, station): (usize, &Station),
    shape: &Shape,
    (wires, path, free): (&Wires, &BTreeSet<usize>, &mut [[usize; 2]]),
    canvas: &mut Canvas<'_, '_>,
) {
    let (x, y) = (shape.x(place), shape.y(station.lane));
    let (glyph, role) = station.glyph();
    let is_fresh = canvas
        .view
        .world()
        .last_records()
        .any(|each| each.id == station.record.id);
    let role = match (place == story.cursor, is_fresh) {
        (true, _) => Role::Selected,
        (false, true) => Role::Fresh,
        (false, false) => role,
    };
    canvas.put(x, y, glyph, role);
    canvas.target((x, y), shape, || Neighbour::Record(station.record.id));
    if shape.row == 1 {
        return;
    }
    let label_role = match (place == story.cursor, path.contains(&place)) {
        (true, _) => Role::Title,
        (_, true) => Role::Text,
        _ => Role::Dim,
    };
    let label = station.label();
    let is_api = story.lanes[station.lane].is_api();
    let rows = if shape.row == 3 && !is_api { 2 } else { 1 };
    let free = &mut free[station.lane];
    let Some(turn) = (0..rows).find(|turn| x >= free[*turn]) else {
        return;
    };
    free[turn] = x + label.width() + usize::from(rows == 2);
    let row = if is_api {
        y.saturating_sub(1)
    } else {
        y + 1 + turn
    };
    let is_near = |each: &Station| each.lane == station.lane && !each.label().is_empty();
    let next = story.stations[place + 1..].iter().position(is_near);
    let room = next
        .filter(|_| rows == 1)
        .map_or(24, |next| (next + 1) * shape.column - 1);
    if rows == 1 {
        free[0] = free[0].min(x + room + 1);
    }
    let start = if wires.sign(x, row).is_some() {
        x + 1
    } else {
        x
    };
    for (offset, letter) in clipped(&label, room).chars().enumerate() {
        if wires.sign(start + offset, row).is_some() {
            break;
        }
        canvas.put(
            start + offset,
            row,
            letter.encode_utf8(&mut [0; 4]),
            label_role,
        );
    }
}

/// What `kubectl get` says of the subject, from column to column.
fn draw_band(story: &Story, shape: &Shape, row: usize, canvas: &mut Canvas<'_, '_>) {
    let name = strip::band_name(&story.subject);
    canvas.put(0, row, &clipped(name, shape.name), Role::Dim);
    let labels = band(story, shape, usize::from(canvas.area.width));
    let end = shape.x(story.stations.len().saturating_sub(1)) + 1;
    let ends = labels.iter().skip(1).map(|label| label.x.saturating_sub(1));
    for (label, next) in labels.iter().zip(ends.chain([end])) {
        canvas.put(label.x, row, &format!("{} ", label.words), label.role);
        let free = label.x + label.words.width() + 1;
        canvas.put(
            free,
            row,
            &"━".repeat(next.saturating_sub(free)),
            Role::Border,
        );
    }
}

/// What the band says from a column on.
struct Label {
    x: usize,
    words: String,
    role: Role,
}

/// What the subject looks like, where that changes. Where two labels would touch, the later one stays.
fn band(story: &Story, shape: &Shape, width: usize) -> Vec<Label> {
    let before = story.before.clone().map(|said| (shape.name + 1, said));
    let stations = story.stations.iter().enumerate();
    let changes = stations.filter_map(|(place, station)| {
        let said = strip::words_at(&story.subject, &station.record)?;
        Some((shape.x(place), said))
    });
    let mut labels: Vec<Label> = Vec::new();
    for (x, (words, role)) in before.into_iter().chain(changes) {
        if labels.last().is_some_and(|last| last.words == words) {
            continue;
        }
        let x = x.min(width.saturating_sub(words.width()));
        labels.retain(|label| label.x + label.words.width() < x);
        labels.push(Label { x, words, role });
    }
    labels
}
