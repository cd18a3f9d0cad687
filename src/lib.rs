//! glassplane
pub mod sim;
pub mod api;
pub mod manifest;
pub mod store;
pub mod apiserver;
pub mod client;
pub mod controllers;
pub mod scheduler;
pub mod kubelet;
pub mod kubectl;
pub mod cluster;
pub mod ui;
pub mod cli;
