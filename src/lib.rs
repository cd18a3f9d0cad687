//! glassplane
pub mod api;
pub mod manifest;
pub mod sim;
