//! One file per loop, named as in kube-controller-manager; each observes, plans and applies.

mod controller;
mod runner;

pub use controller::{Action, CONTROLLERS, Change, Controller, Plan, Planned};
pub use runner::{ControllerAlarm, Runner};
