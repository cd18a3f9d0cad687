//! Every view at three sizes, with its styles; and that no size, however odd, breaks the screen.

use glassplane::ui::action::Action;
use glassplane::ui::theme::Theme;

use crate::screen::Person;

/// The sizes that are laid out by hand.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

/// The views by their keys.
const VIEWS: [(&str, &str); 9] = [
    ("1", "desired"),
    ("2", "lifecycle"),
    ("3", "scheduler"),
    ("4", "api-server"),
    ("5", "loops"),
    ("6", "nodes"),
    ("7", "events"),
    ("8", "object"),
    ("9", "editor"),
];

fn settled(width: u16, height: u16) -> Person {
    let mut person = Person::on_first_visit(width, height);
    person.press("a F");
    person
}

/// Compares a frame, with its styles, with the one that was accepted.
pub(crate) fn check(name: &str, person: &Person) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, person.frame().to_text_with_styles()));
}

#[test]
fn each_view_of_a_settled_deployment() {
    for (width, height) in SIZES {
        for (key, view) in VIEWS {
            let mut person = settled(width, height);
            person.press(key);
            check(&format!("{view}-{width}x{height}"), &person);
        }
    }
}

#[test]
fn the_first_frame_waits_for_one_key() {
    for (width, height) in SIZES {
        let person = Person::on_first_visit(width, height);
        check(&format!("first-{width}x{height}"), &person);
    }
}

#[test]
fn halfway_a_pod_is_on_its_way_and_the_past_says_what_is_ahead() {
    for (width, height) in SIZES {
        let mut person = settled(width, height);
        let half = person.snapshot().head.steps() / 2;
        while person.snapshot().world.steps() > half {
            person.press("p");
        }
        check(&format!("past-{width}x{height}"), &person);
    }
}

#[test]
fn the_overlays_lie_over_the_panes() {
    let mut person = settled(80, 24);
    person.press("?");
    check("help-80x24", &person);
    person.press("esc w");
    check("why-80x24", &person);
    person.press("esc :");
    person.type_text("get pods");
    check("prompt-80x24", &person);
    person.press("enter");
    check("answer-80x24", &person);
}

#[test]
fn a_way_of_causes_is_a_list_and_the_same_as_lanes() {
    for (width, height) in SIZES {
        let mut person = settled(width, height);
        person.press("w down down down");
        check(&format!("why-list-{width}x{height}"), &person);
        person.press("tab");
        check(&format!("why-lanes-{width}x{height}"), &person);
        person.press("tab end W tab right right right right");
        check(&format!("effects-lanes-{width}x{height}"), &person);
    }
}

#[test]
fn answers_of_the_scheduler_lie_over_the_panes() {
    for (width, height) in SIZES {
        let mut person = settled(width, height);
        person.press("3 x");
        person.type_text("taint node-a k=v:NoSchedule weight ImageLocality=5\n");
        check(&format!("what-if-{width}x{height}"), &person);
        person.press("esc 6 m");
        check(&format!("fill-{width}x{height}"), &person);
    }
}

#[test]
fn without_colours_the_frame_says_the_same() {
    let colours = settled(120, 36);
    let mono = settled(120, 36).with_theme(Theme::mono());
    assert_eq!(colours.text(), mono.text());
    let ansi = mono.frame().to_ansi();
    assert!(!ansi.contains(";38;2") && !ansi.contains(";48;2"));
}

#[test]
fn no_size_breaks_the_screen() {
    let odd = [
        1, 2, 3, 5, 8, 13, 20, 40, 79, 80, 81, 100, 119, 120, 170, 200, 399, 400,
    ];
    let mut person = settled(80, 24);
    for width in odd {
        for height in [1, 2, 3, 5, 10, 23, 24, 25, 36, 48, 60, 120] {
            person.act(Action::Resize(width, height));
            for (key, _) in VIEWS {
                person.press(key);
                let text = person.text();
                assert_eq!(text.lines().count(), usize::from(height));
            }
            person.press("?");
            person.text();
            person.press("esc w");
            person.text();
            person.press("tab");
            person.text();
            person.press("esc m");
            person.text();
            person.press("esc x");
            person.type_text("disable NodeAffinity\n");
            person.text();
            person.press("esc");
        }
    }
}

#[test]
fn below_80_by_24_one_line_says_what_is_needed() {
    for (width, height) in [(79, 24), (80, 23), (20, 5), (13, 1)] {
        let mut person = settled(80, 24);
        person.act(Action::Resize(width, height));
        let text = person.text();
        let written: Vec<&str> = text
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        assert_eq!(written.len(), 1, "{width}x{height}");
        assert!(
            written[0].contains("80×24"),
            "{width}x{height}: {}",
            written[0]
        );
    }
}
