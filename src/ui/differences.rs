//! Where this program differs from Kubernetes on purpose: the one list, by room, as it is shown.
//!
//! The build gathers it from the marks in the sources, so it can neither lack one nor keep one.

use std::fmt::Write as _;

use super::model::Pane;

/// One deliberate difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The room where it is.
    pub room: &'static str,
    /// The file that carries the mark.
    pub file: &'static str,
    /// What differs.
    pub says: &'static str,
}

const ALL: &[Difference] = include!(concat!(env!("OUT_DIR"), "/differences.rs"));

/// All of them, by room and file.
#[must_use]
pub fn all() -> &'static [Difference] {
    ALL
}

/// Those of some rooms.
pub fn of<'a>(rooms: &'a [&str]) -> impl Iterator<Item = &'static Difference> + use<'a> {
    all().iter().filter(move |each| rooms.contains(&each.room))
}

/// The rooms behind what a pane shows.
#[must_use]
pub const fn rooms_of(pane: Pane) -> &'static [&'static str] {
    match pane {
        Pane::Desired => &["controllers"],
        Pane::Lifecycle | Pane::Nodes => &["kubelet"],
        Pane::Scheduler => &["scheduler"],
        Pane::ApiServer => &["apiserver", "store"],
        Pane::Loops => &["controllers", "client"],
        Pane::Events => &["cluster", "kubectl"],
        Pane::Object | Pane::Editor => &["manifest", "apiserver"],
    }
}

/// The list as a text, by room; of one room, or of all.
///
/// # Errors
/// When there is no such room: which there are.
pub fn text(room: Option<&str>) -> Result<String, String> {
    let mut rooms: Vec<&str> = all().iter().map(|each| each.room).collect();
    rooms.dedup();
    if let Some(room) = room.filter(|room| !rooms.contains(room)) {
        return Err(format!(
            "error: no differences are listed for \"{room}\"; there are {}",
            rooms.join(", ")
        ));
    }
    let mut text = String::new();
    for each in rooms
        .iter()
        .filter(|each| room.is_none_or(|room| room == **each))
    {
        writeln!(text, "Unlike Kubernetes, {each}:").expect("writing to memory does not fail");
        for difference in of(&[each]) {
            for (place, line) in wrapped(difference.says, WIDTH).iter().enumerate() {
                let mark = if place == 0 { "- " } else { "  " };
                writeln!(text, "{mark}{line}").expect("writing to memory does not fail");
            }
        }
        text.push('\n');
    }
    Ok(text)
}

/// The columns of a line of the list.
pub const WIDTH: usize = 70;

/// A text in lines no wider than this, broken between words.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else {
            continue;
        };
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}
