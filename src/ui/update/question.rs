//! Questions to the scheduler: what if something were different, and how many more would fit.

use std::sync::Arc;

use super::{Around, text};
use crate::api::{Key, Kind};
use crate::cluster::driver::{Order, Snapshot};
use crate::cluster::what_if::{self, Line};
use crate::ui::model::{Mode, Model, Overlay};

/// The word that begins such a question on the command line.
const WORD: &str = "what-if";

/// To so many the count goes, so that the screen does not wait for it.
const FILL_MOST: usize = 1000;

/// Begins the line of a question about the selected pod, or takes up the one that was just answered.
pub(super) fn what_if(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let line = match &model.mode {
        Mode::Reading(Overlay::WhatIf { typed, .. }) => format!("{WORD} {typed}"),
        _ => match pod(model, snapshot) {
            Some(pod) if &*pod.namespace == "default" => format!("{WORD} {} ", pod.name),
            Some(pod) => format!("{WORD} {}/{} ", pod.namespace, pod.name),
            None => {
                model.tell(
                    "Select a pod first: no decision has been made yet.",
                    snapshot,
                );
                return Vec::new();
            }
        },
    };
    text::command_line_with(model, &line)
}

/// The selected pod, or else the one that was decided about last.
fn pod(model: &Model, snapshot: &Snapshot) -> Option<Key> {
    let selected = model.selection.clone();
    let last = snapshot.world.scheduler().component.last_decision();
    selected
        .filter(|key| key.kind == Kind::Pod)
        .or_else(|| last.map(|decision| decision.pod.clone()))
}

/// What stands after `what-if` on a typed line, if it is such a line.
pub(super) fn asked(typed: &str) -> Option<&str> {
    let rest = typed.strip_prefix(WORD)?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
}

/// Answers the question of a line.
pub(super) fn answer(model: &mut Model, typed: &str, around: Around<'_>) -> Vec<Order> {
    let snapshot = around.snapshot;
    let answer = what_if::read(typed).and_then(
        |Line {
             pod: named,
             premises,
         }| {
            let key = match named {
                Some((namespace, name)) => {
                    let namespace = namespace.unwrap_or_else(|| "default".to_owned());
                    Key::new(Kind::Pod, &namespace, &name)
                }
                None => {
                    pod(model, snapshot).ok_or("error: which pod? Name it before the premises")?
                }
            };
            what_if::ask(&snapshot.world, &key, &premises)
        },
    );
    model.mode = Mode::Reading(match answer {
        Ok(asked) => Overlay::WhatIf {
            typed: typed.to_owned(),
            asked: Arc::new(asked),
            scroll: 0,
        },
        Err(error) => Overlay::Answer {
            title: format!("{WORD} {typed}"),
            text: error.into(),
            scroll: (0, 0),
        },
    });
    Vec::new()
}

/// How many more of what is selected fit, and what stops them.
pub(super) fn how_many(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    let Some(selected) = model.selection.clone() else {
        model.tell("Select a pod or a workload first.", snapshot);
        return Vec::new();
    };
    match what_if::fill(&snapshot.world, &selected, FILL_MOST) {
        Ok(filled) => {
            let filled = Arc::new(filled);
            model.mode = Mode::Reading(Overlay::Fill { filled, scroll: 0 });
        }
        Err(error) => model.tell(error, snapshot),
    }
    Vec::new()
}
