//! Where the columns of the matrix stand, and what fits into them.

use unicode_width::UnicodeWidthStr;

use super::rows::Row;
use crate::scheduler::{Decision, ScoreColumn};
use crate::ui::board::{Part, Stop};

/// How wide the total is with its sign.
pub(super) const TOTAL: usize = 9;

/// A filter has its name above it from this width on; below, a letter stands for it.
const NAMED_FROM: usize = 8;

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    /// The verdicts of a filter: its place among those of the decision.
    Filter(usize),
    /// The scores of a plugin: its place among those that scored.
    Score(usize),
    /// The sum.
    Total,
}

/// All columns that a cursor can be in: filters that check, plugins that scored, the total.
pub(super) fn all(decision: &Decision) -> Vec<Column> {
    let filters = decision.filters().iter().enumerate();
    let filters = filters.filter(|(_, column)| column.checks);
    let mut columns: Vec<Column> = filters.map(|(place, _)| Column::Filter(place)).collect();
    let scores = 0..decision.columns().len();
    if !scores.is_empty() {
        columns.extend(scores.map(Column::Score));
        columns.push(Column::Total);
    }
    columns
}

/// How much of a score a column has room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// `93→93×1=93`: raw, normalised, weight, weighted.
    Whole,
    /// `93×1`: normalised and weight.
    Normalized,
    /// `93`: weighted.
    Weighted,
}

impl Detail {
    /// What a cell says of a score that is told.
    fn words(self, column: &ScoreColumn, place: usize) -> String {
        let (raw, normalized) = (column.raw[place], column.normalized[place]);
        let (weight, weighted) = (column.weight, column.weighted(place));
        match self {
            Self::Whole => format!("{raw}→{normalized}×{weight}={weighted}"),
            Self::Normalized => format!("{normalized}×{weight}"),
            Self::Weighted => weighted.to_string(),
        }
    }

    /// What a cell says of the score of a plugin at a stop. What is not weighted yet ends in `→` or
    /// stands after it.
    pub(super) fn words_at(
        self,
        (plugin, column): (usize, &ScoreColumn),
        place: usize,
        told: Stop,
        width: usize,
    ) -> String {
        let at = |part| Stop::Scored { plugin, part };
        if told >= at(Part::Weighted) {
            return self.words(column, place);
        }
        let (raw, normalized) = (column.raw[place], column.normalized[place]);
        let words = if told >= at(Part::Normalized) {
            [format!("{raw}→{normalized}"), format!("→{normalized}")]
        } else if told >= at(Part::Raw(place)) {
            [format!("{raw}→"), "→".to_owned()]
        } else {
            return String::new();
        };
        let fits = words.iter().find(|text| text.width() <= width);
        fits.cloned().unwrap_or_default()
    }
}

/// Where the columns stand. What is shown of a row adds up to its total: no score is cut off, and
/// those that have no column of their own share one.
#[derive(Debug)]
pub(super) struct Columns {
    /// How wide the name of a node is.
    pub name: usize,
    /// How wide each filter is.
    pub filter: usize,
    /// The filters that check, by their places.
    pub filters: Vec<usize>,
    /// How wide each score is, the blank behind it included.
    pub score: usize,
    /// What it shows.
    pub detail: Detail,
    /// How many plugins have a column.
    pub shown: usize,
    /// How many plugins share the one after them.
    pub rest: usize,
}

impl Columns {
    pub(super) fn of(decision: &Decision, rows: &[Row<'_>], width: usize) -> Self {
        let longest = rows.iter().map(|row| row.node.width()).max().unwrap_or(0);
        let name = longest.clamp(4, 20).min(width / 4);
        let filters = all(decision).into_iter().filter_map(|column| match column {
            Column::Filter(place) => Some(place),
            Column::Score(_) | Column::Total => None,
        });
        let mut columns = Self {
            name,
            filter: 2,
            filters: filters.collect(),
            score: 0,
            detail: Detail::Weighted,
            shown: 0,
            rest: 0,
        };
        let letters = columns.filters_end() + 2;
        let room = width.saturating_sub(letters + TOTAL);
        columns.place_scores(decision, rows, room);
        // What is left gives names to the filters; reasons of refused nodes need room, too.
        let has_scores = columns.shown + columns.rest > 0;
        let taken = (columns.shown + usize::from(columns.rest > 0)) * columns.score;
        let left = room.saturating_sub(if has_scores { taken } else { 44 });
        let each = 2 + left / columns.filters.len().max(1);
        if each >= NAMED_FROM {
            columns.filter = each.min(16);
        }
        columns
    }

    /// Where the filters end.
    pub(super) fn filters_end(&self) -> usize {
        self.name + 2 + (self.filters.len() * self.filter).max(7)
    }

    /// Whether the names of the filters stand above them.
    pub(super) fn names_filters(&self) -> bool {
        self.filter >= NAMED_FROM
    }

    /// Where the scores begin.
    pub(super) fn scores_start(&self) -> usize {
        self.filters_end() + 2
    }

    fn place_scores(&mut self, decision: &Decision, rows: &[Row<'_>], room: usize) {
        let columns = decision.columns();
        let each = room / columns.len().max(1);
        let places: Vec<usize> = rows.iter().filter_map(Row::place).collect();
        let widest = |detail: Detail| {
            let cells = places
                .iter()
                .flat_map(|place| columns.iter().map(|column| (column, *place)));
            let widths = cells.map(|(column, place)| detail.words(column, place).width() + 1);
            widths.max().unwrap_or(0)
        };
        let candidates = [(Detail::Whole, 14), (Detail::Normalized, 9)];
        let fitting = candidates
            .into_iter()
            .map(|(detail, least)| (widest(detail).max(least), detail))
            .find(|(width, _)| *width <= each);
        let (mut score, detail) = fitting.unwrap_or((each.clamp(5, 14), Detail::Weighted));
        let mut shown = (room / score).min(columns.len());
        if shown < columns.len() || widest(detail) > score {
            let totals = places.iter().map(|place| decision.total(*place));
            let widest = totals.map(|total| total.to_string().len()).max();
            score = score.max(widest.unwrap_or(0) + 1);
            shown = (room / score).min(columns.len());
        }
        let mut rest = columns.len() - shown;
        if rest > 0 && shown > 0 {
            (shown, rest) = (shown - 1, rest + 1);
        } else {
            // Without room for any score, the total stands alone.
            rest = 0;
        }
        (self.score, self.detail, self.shown, self.rest) = (score, detail, shown, rest);
    }
}

/// The letter that stands for the filter at a place of the row.
pub(super) fn letter(place: usize) -> char {
    u8::try_from(place % 26).map_or('?', |place| char::from(b'a' + place))
}

/// `Taint` and `Toleration`: the name of a plugin, broken at the word nearest to its middle.
pub(in crate::ui) fn halves(plugin: &str) -> (&str, &str) {
    let name = plugin
        .strip_prefix("NodeResources")
        .filter(|rest| rest.len() > 4);
    let name = name.unwrap_or(plugin);
    let words = name
        .match_indices(char::is_uppercase)
        .map(|(at, _)| at)
        .filter(|at| *at > 0);
    let middle = words.min_by_key(|at| (at * 2).abs_diff(name.len()));
    name.split_at(middle.unwrap_or(name.len()))
}
