//! One file per pane; each draws one view and answers one question.

pub mod desired;
mod index;
pub mod lifecycle;
mod mark;
pub mod nodes;
mod pen;
#[cfg(test)]
mod scene;
pub mod scheduler;

/// Where the selection of a pane goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To the one above.
    Up,
    /// To the one below.
    Down,
    /// Out, or back in time.
    Left,
    /// In, or on in time.
    Right,
}
