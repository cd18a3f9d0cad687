//! glassplane
pub mod api;
pub mod apiserver;
pub mod cli;
pub mod client;
pub mod cluster;
pub mod controllers;
pub mod kubectl;
pub mod kubelet;
pub mod manifest;
pub mod scheduler;
pub mod sim;
pub mod store;
pub mod ui;
