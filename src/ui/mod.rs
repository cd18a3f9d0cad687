//! The screen: what a person sees and does. A pane is a function of a snapshot.

pub mod model;
pub mod panes;
pub mod theme;
pub mod view;
