//! From the size of the terminal to named rectangles, laid out by hand for three sizes.

use ratatui::layout::Rect;

use super::model::Pane;

/// Fewer columns or rows than these, and one line says what is needed.
pub const COLUMNS_LEAST: u16 = 80;
/// See [`COLUMNS_LEAST`].
pub const ROWS_LEAST: u16 = 24;

/// The rows that are not for panes: title, time bar, line of words, keys.
const ROWS_AROUND: u16 = 4;

/// The parts of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Mode, time, revision, step, pace, seed.
    pub title: Rect,
    /// The panes, side by side and one below the other; neighbours share their border.
    pub panes: Vec<(Pane, Rect)>,
    /// Where we are in time.
    pub time_bar: Rect,
    /// What to press, or what there is to tell.
    pub words: Rect,
    /// The keys.
    pub keys: Rect,
}

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// From 80×24: two panes.
    Small,
    /// From 110×32: four panes.
    Medium,
    /// From 170×48: five or six.
    Large,
}

/// An arrangement of panes: parts with their weights, side by side or one below the other.
enum Plan {
    One(Pane),
    Beside(&'static [(u16, Plan)]),
    Below(&'static [(u16, Plan)]),
}

use Pane::{ApiServer, Desired, Editor, Events, Lifecycle, Loops, Nodes, Object, Scheduler};
use Plan::{Below, Beside, One};

/// The screen for a view, or nothing when the area is too small.
#[must_use]
pub fn frame(view: Pane, alone: Option<Pane>, area: Rect) -> Option<Frame> {
    if area.width < COLUMNS_LEAST || area.height < ROWS_LEAST {
        return None;
    }
    let line = |y| Rect {
        y,
        height: 1,
        ..area
    };
    let body = Rect {
        y: area.y + 1,
        height: area.height - ROWS_AROUND,
        ..area
    };
    let mut panes = Vec::new();
    match alone {
        Some(pane) => panes.push((pane, body)),
        None => place(plan(view, room(area)), body, &mut panes),
    }
    Some(Frame {
        title: line(area.y),
        panes,
        time_bar: line(body.bottom()),
        words: line(body.bottom() + 1),
        keys: line(body.bottom() + 2),
    })
}

fn room(area: Rect) -> Room {
    match (area.width, area.height) {
        (170.., 48..) => Room::Large,
        (110.., 32..) => Room::Medium,
        _ => Room::Small,
    }
}

fn plan(view: Pane, room: Room) -> &'static Plan {
    match room {
        Room::Small => small(view),
        Room::Medium => medium(view),
        Room::Large => large(view),
    }
}

const fn small(view: Pane) -> &'static Plan {
    match view {
        Desired => &Below(&[(12, One(Desired)), (9, One(Events))]),
        Lifecycle => &Below(&[(14, One(Lifecycle)), (7, One(Events))]),
        Scheduler => &Below(&[(16, One(Scheduler)), (5, One(Events))]),
        ApiServer => &Below(&[(15, One(ApiServer)), (6, One(Events))]),
        Loops => &Below(&[(15, One(Loops)), (6, One(Events))]),
        Object => &Below(&[(15, One(Object)), (6, One(Events))]),
        Nodes => &Below(&[(12, One(Nodes)), (9, One(Events))]),
        Events => &Below(&[(13, One(Events)), (8, One(Desired))]),
        Editor => &Beside(&[(44, One(Editor)), (37, One(Nodes))]),
    }
}

const fn medium(view: Pane) -> &'static Plan {
    match view {
        Desired => &Beside(&[
            (58, Below(&[(13, One(Desired)), (19, One(Lifecycle))])),
            (62, Below(&[(13, One(Nodes)), (19, One(Events))])),
        ]),
        Lifecycle => &Below(&[
            (19, One(Lifecycle)),
            (13, Beside(&[(54, One(Desired)), (66, One(Events))])),
        ]),
        Scheduler => &Below(&[
            (19, One(Scheduler)),
            (13, Beside(&[(54, One(Desired)), (66, One(Events))])),
        ]),
        ApiServer => &Below(&[
            (22, One(ApiServer)),
            (10, Beside(&[(54, One(Desired)), (66, One(Events))])),
        ]),
        Loops => &Below(&[
            (22, One(Loops)),
            (10, Beside(&[(54, One(Desired)), (66, One(Events))])),
        ]),
        Object => &Beside(&[
            (70, One(Object)),
            (50, Below(&[(14, One(Desired)), (18, One(Events))])),
        ]),
        Nodes => &Beside(&[
            (62, One(Nodes)),
            (58, Below(&[(13, One(Desired)), (19, One(Events))])),
        ]),
        Events => &Below(&[
            (20, One(Events)),
            (12, Beside(&[(60, One(Desired)), (60, One(Nodes))])),
        ]),
        Editor => &Beside(&[
            (54, One(Editor)),
            (
                66,
                Below(&[(9, One(Desired)), (10, One(Nodes)), (13, One(Events))]),
            ),
        ]),
    }
}

/// What is seen below a view that fills the width.
const AROUND: Plan = Beside(&[(60, One(Desired)), (60, One(Nodes)), (80, One(Events))]);

const fn large(view: Pane) -> &'static Plan {
    match view {
        Desired => &Beside(&[
            (96, Below(&[(22, One(Desired)), (34, One(Lifecycle))])),
            (
                104,
                Below(&[(15, One(Nodes)), (20, One(Scheduler)), (21, One(Events))]),
            ),
        ]),
        Lifecycle => &Below(&[(32, One(Lifecycle)), (24, AROUND)]),
        Scheduler => &Below(&[(30, One(Scheduler)), (26, AROUND)]),
        ApiServer => &Below(&[(36, One(ApiServer)), (20, AROUND)]),
        Loops => &Below(&[(36, One(Loops)), (20, AROUND)]),
        Object => &Beside(&[
            (110, One(Object)),
            (
                90,
                Below(&[(18, One(Desired)), (20, One(Lifecycle)), (18, One(Events))]),
            ),
        ]),
        Nodes => &Beside(&[
            (100, One(Nodes)),
            (
                100,
                Below(&[(18, One(Desired)), (18, One(Lifecycle)), (20, One(Events))]),
            ),
        ]),
        Events => &Beside(&[
            (110, One(Events)),
            (
                90,
                Below(&[(18, One(Desired)), (24, One(Lifecycle)), (14, One(Nodes))]),
            ),
        ]),
        Editor => &Beside(&[
            (64, One(Editor)),
            (
                136,
                Below(&[
                    (17, Beside(&[(68, One(Desired)), (68, One(Nodes))])),
                    (21, One(Lifecycle)),
                    (18, One(Events)),
                ]),
            ),
        ]),
    }
}

fn place(plan: &Plan, area: Rect, panes: &mut Vec<(Pane, Rect)>) {
    match plan {
        One(pane) => panes.push((*pane, area)),
        Beside(parts) => {
            for ((_, part), (start, length)) in parts.iter().zip(divide(area.width, parts)) {
                let x = area.x + start;
                place(
                    part,
                    Rect {
                        x,
                        width: length,
                        ..area
                    },
                    panes,
                );
            }
        }
        Below(parts) => {
            for ((_, part), (start, length)) in parts.iter().zip(divide(area.height, parts)) {
                let y = area.y + start;
                place(
                    part,
                    Rect {
                        y,
                        height: length,
                        ..area
                    },
                    panes,
                );
            }
        }
    }
}

/// Start and length of each part; neighbours share one cell, in which their borders fall together.
fn divide(total: u16, parts: &[(u16, Plan)]) -> Vec<(u16, u16)> {
    let sum: u32 = parts.iter().map(|(weight, _)| u32::from(*weight)).sum();
    let last = u32::from(total.saturating_sub(1));
    let mut before = 0;
    parts
        .iter()
        .map(|(weight, _)| {
            let start = last * before / sum.max(1);
            before += u32::from(*weight);
            let end = last * before / sum.max(1);
            let narrow = |number: u32| u16::try_from(number).unwrap_or(u16::MAX);
            (narrow(start), narrow(end - start + 1))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes() -> impl Iterator<Item = Rect> {
        let widths = [80, 100, 110, 120, 169, 170, 200, 400];
        widths.into_iter().flat_map(|width| {
            [24, 31, 32, 36, 47, 48, 60, 120]
                .into_iter()
                .map(move |height| Rect::new(0, 0, width, height))
        })
    }

    #[test]
    fn below_80_by_24_there_is_no_layout() {
        for (width, height) in [(79, 24), (80, 23), (1, 1)] {
            assert_eq!(frame(Desired, None, Rect::new(0, 0, width, height)), None);
        }
    }

    #[test]
    fn at_80_by_24_there_are_at_most_two_panes() {
        for view in Pane::ALL {
            let frame = frame(view, None, Rect::new(0, 0, 80, 24)).expect("large enough");
            assert!(frame.panes.len() <= 2, "{view:?}");
        }
    }

    #[test]
    fn every_view_shows_its_pane_once_and_the_panes_fill_the_body() {
        for area in sizes() {
            for view in Pane::ALL {
                let frame = frame(view, None, area).expect("large enough");
                let own = frame.panes.iter().filter(|(pane, _)| *pane == view);
                assert_eq!(own.count(), 1, "{view:?} at {area}");
                for x in 0..area.width {
                    for y in 1..frame.time_bar.y {
                        let covered = frame
                            .panes
                            .iter()
                            .any(|(_, rect)| rect.contains((x, y).into()));
                        assert!(covered, "{view:?} at {area}: nothing at {x},{y}");
                    }
                }
                for (pane, rect) in &frame.panes {
                    assert!(
                        rect.width >= 20 && rect.height >= 5,
                        "{pane:?} at {area}: {rect}"
                    );
                    assert_eq!(rect.intersection(area), *rect, "{pane:?} at {area}");
                }
            }
        }
    }

    #[test]
    fn a_larger_terminal_shows_more_panes() {
        for view in Pane::ALL {
            let count = |width, height| {
                let frame = frame(view, None, Rect::new(0, 0, width, height));
                frame.map_or(0, |frame| frame.panes.len())
            };
            assert!(count(80, 24) < count(120, 36), "{view:?}");
            assert!(count(120, 36) <= count(200, 60), "{view:?}");
        }
    }

    #[test]
    fn a_zoomed_pane_is_alone() {
        let frame = frame(Desired, Some(Events), Rect::new(0, 0, 120, 36)).expect("large enough");
        assert_eq!(frame.panes, [(Events, Rect::new(0, 1, 120, 32))]);
    }
}
