//! The mouse on the screen: what it points at gets what keys would give it.

use glassplane::ui::input::Input;
use glassplane::ui::model::{Mode, Overlay, Pane};
use glassplane::ui::mouse::{Deed, Pointer};
use ratatui::layout::Position;

use crate::screen::Person;

fn settled() -> Person {
    let mut person = Person::on_first_visit(120, 36);
    person.press("a F 1");
    person
}

fn point(person: &mut Person, deed: Deed, (x, y): (usize, usize)) {
    let narrow = |number: usize| u16::try_from(number).expect("it is on the screen");
    let at = Position::new(narrow(x), narrow(y));
    person.do_input(Input::Point(Pointer { deed, at }));
}

/// Where a text begins that stands on the screen.
fn place_of(person: &Person, words: &str) -> (usize, usize) {
    let text = person.text();
    let mut lines = text.lines().enumerate();
    let found = lines.find_map(|(row, line)| {
        let bytes = line.find(words)?;
        Some((line[..bytes].chars().count(), row))
    });
    found.unwrap_or_else(|| panic!("{words} is nowhere in\n{text}"))
}

#[test]
fn a_click_gives_a_pane_the_keys_and_selects_what_it_points_at() {
    let mut person = settled();
    let place = place_of(&person, "ReplicaSet web");
    point(&mut person, Deed::Click, place);
    let selected = |person: &Person| person.model.selection.as_ref().map(ToString::to_string);
    assert!(selected(&person).is_some_and(|key| key.starts_with("replicaset ")));
    let place = place_of(&person, "node-b  ●");
    point(&mut person, Deed::Click, place);
    assert_eq!(person.model.focus, Pane::Nodes);
    assert_eq!(selected(&person).as_deref(), Some("node node-b"));
    let place = place_of(&person, "takes deployment web");
    point(&mut person, Deed::Click, place);
    assert_eq!(person.model.focus, Pane::Events);
    let record = person.model.record.expect("a record has the cursor");
    let snapshot = person.snapshot();
    let record = snapshot.world.trace().get(record).expect("it is there");
    assert!(record.sentence().starts_with("takes deployment"));
}

#[test]
fn every_view_gives_the_line_that_is_clicked_the_cursor() {
    for (key, words) in [
        ("5", "replicaset-controller"),
        ("8", "replicas: 2"),
        ("4", "created"),
    ] {
        let mut person = settled();
        person.press(key);
        let before = (
            person.model.component.clone(),
            person.model.line,
            person.model.record,
        );
        let place = place_of(&person, words);
        point(&mut person, Deed::Click, place);
        let after = (
            person.model.component.clone(),
            person.model.line,
            person.model.record,
        );
        assert_ne!(before, after, "view {key}");
    }
}

#[test]
fn a_drag_along_the_time_bar_goes_through_time() {
    let mut person = settled();
    let (_, row) = place_of(&person, " ├");
    let (end, _) = place_of(&person, "┤ ");
    let row = person
        .text()
        .lines()
        .position(|line| line.starts_with(" ├"))
        .unwrap_or(row);
    let head = person.snapshot().head.steps();
    point(&mut person, Deed::Click, (2, row));
    assert_eq!(person.snapshot().world.steps(), 0);
    point(&mut person, Deed::Drag, (end / 2, row));
    let middle = person.snapshot().world.steps();
    assert!(
        middle > head / 3 && middle < head * 2 / 3,
        "{middle} of {head}"
    );
    point(&mut person, Deed::Drag, (119, row));
    assert!(person.snapshot().is_newest());
}

#[test]
fn the_wheel_moves_what_is_under_it_and_what_is_read() {
    let mut person = settled();
    let place = place_of(&person, "7 Events");
    point(&mut person, Deed::WheelUp, (place.0, place.1 + 3));
    assert_eq!(person.model.focus, Pane::Events);
    assert!(person.model.record.is_some());
    person.press("w");
    point(&mut person, Deed::WheelDown, (1, 1));
    let Mode::Reading(Overlay::Way(way)) = &person.model.mode else {
        panic!("the way is read");
    };
    assert_eq!(way.cursor, 3);
    point(&mut person, Deed::Click, (1, 1));
    assert!(
        matches!(person.model.mode, Mode::Reading(_)),
        "a click closes nothing"
    );
}

#[test]
fn no_place_of_no_view_breaks_the_screen() {
    for (width, height) in [(80, 24), (120, 36), (10, 3)] {
        let mut person = Person::on_first_visit(width, height);
        person.press("a F");
        for view in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            for row in (0..usize::from(height)).step_by(3) {
                for deed in [Deed::Click, Deed::Drag, Deed::WheelDown, Deed::WheelUp] {
                    person.press("esc");
                    person.press(view);
                    point(&mut person, deed, (usize::from(width) / 3, row));
                }
            }
        }
        person.text();
    }
}
