//! glassplane
pub mod api;
pub mod scheduler;
pub mod sim;
