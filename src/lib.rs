//! glassplane
pub mod api;
pub mod apiserver;
pub mod client;
pub mod controllers;
pub mod kubelet;
pub mod manifest;
pub mod sim;
pub mod store;
