//! glassplane
pub mod api;
pub mod manifest;
pub mod sim;
pub mod store;
pub mod ui;
pub mod cli;
