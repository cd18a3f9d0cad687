//! What kubectl does: its grammar, the requests of each command, its tables and descriptions.

#[cfg(test)]
mod fixtures;
pub mod grammar;
pub mod printers;

mod session;
pub use session::*;
