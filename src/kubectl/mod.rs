//! What kubectl does: its grammar, the requests of each command, its tables and descriptions.
//!
//! It stands in for the person's terminal: [`parse`] reads a typed line, [`Session`] runs it against
//! the API server like any other client, [`printers`] and [`describe`] are what it prints with.

pub mod describe;
mod explain;
#[cfg(test)]
mod fixtures;
pub mod grammar;
pub mod json_path;
mod note;
pub mod printers;
mod session;
mod zeroes;

pub use grammar::{Invocation, UsageError, parse, verbs};
pub use note::Note;
pub use session::{Files, KubectlAlarm, Session, edit};
