//! Telling a decision of the scheduler: stop by stop, forward and back, or an earlier one.

use super::super::action::Action;
use super::super::board::{Stop, Stride, Way};
use super::super::model::Model;
use super::super::panes::scheduler;
use super::super::theme::Theme;
use super::super::view::View;
use crate::cluster::driver::{Order, Snapshot};

/// Does what a key of the scheduler's view asks; `update` has taken all others.
pub(super) fn act(model: &mut Model, action: &Action, snapshot: &Snapshot) -> Vec<Order> {
    match action {
        Action::Tell => forward(model, snapshot, Stride::Node),
        Action::TellPlugin => forward(model, snapshot, Stride::Plugin),
        Action::Untell => back(model, snapshot, Stride::Node),
        Action::UntellPlugin => back(model, snapshot, Stride::Plugin),
        Action::TellAll => all(model),
        Action::OlderDecision => other(model, snapshot, true),
        Action::NewerDecision => other(model, snapshot, false),
        Action::SortNodes => sort(model, snapshot),
        _ => Vec::new(),
    }
}

/// Looks at the screen as it is.
fn with_view<T>(model: &Model, snapshot: &Snapshot, look: impl FnOnce(&View<'_>) -> T) -> T {
    let theme = Theme::mono();
    look(&View {
        snapshot,
        model,
        theme: &theme,
        targets: None,
    })
}

/// On to the next stop; behind the last one it begins again.
fn forward(model: &mut Model, snapshot: &Snapshot, stride: Stride) -> Vec<Order> {
    let Some(tale) = with_view(model, snapshot, scheduler::tale) else {
        model.tell("There is no decision to tell yet.", snapshot);
        return Vec::new();
    };
    let told = model.board.told_of(tale.record);
    let next = match told {
        None => Some(Stop::Taken),
        Some(stop) => Way::of(&tale.decision).after(stop, stride),
    };
    match next.filter(|next| *next <= tale.reached) {
        Some(next) => model.board.told = Some((tale.record, next)),
        None if told == Some(Stop::Outcome) => {
            model.tell("That is the whole decision.", snapshot);
            model.board.told = None;
        }
        None => model.tell("The world has not come further: n makes a step.", snapshot),
    }
    model.board.cursor = None;
    Vec::new()
}

/// Back to the stop before.
fn back(model: &mut Model, snapshot: &Snapshot, stride: Stride) -> Vec<Order> {
    let Some(tale) = with_view(model, snapshot, scheduler::tale) else {
        return Vec::new();
    };
    let told = model.board.told_of(tale.record).unwrap_or(tale.reached);
    let before = Way::of(&tale.decision).before(told, stride);
    model.board.told = Some((tale.record, before.unwrap_or(Stop::Taken)));
    model.board.cursor = None;
    Vec::new()
}

/// The whole decision at once.
fn all(model: &mut Model) -> Vec<Order> {
    model.board.told = None;
    Vec::new()
}

/// The decision before the one that is shown, or after it.
fn other(model: &mut Model, snapshot: &Snapshot, is_older: bool) -> Vec<Order> {
    let found = with_view(model, snapshot, |view| scheduler::neighbour(view, is_older));
    if let Some((record, pod)) = found {
        model.board.record = Some(record);
        model.board.cursor = None;
        model.selection = Some(pod);
    } else {
        let side = if is_older { "first" } else { "newest" };
        model.tell(format!("This is the {side} decision."), snapshot);
    }
    Vec::new()
}

/// Another order of the nodes.
fn sort(model: &mut Model, snapshot: &Snapshot) -> Vec<Order> {
    model.board.order = model.board.order.next();
    model.tell(format!("Order: {}.", model.board.order.words()), snapshot);
    Vec::new()
}
