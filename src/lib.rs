//! glassplane
pub mod api;
pub mod apiserver;
pub mod client;
pub mod controllers;
pub mod kubectl;
pub mod manifest;
pub mod sim;
pub mod store;
pub mod ui;
pub mod cli;
