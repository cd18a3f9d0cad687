//! From YAML text to objects with the place of every field, and back; and the patches between objects.

mod check;
mod document;
mod fields;
pub mod patch;
pub mod print;
mod problem;
mod read;
mod scalar;
mod spans;
mod yaml;

pub use check::check;
pub use document::Document;
pub use fields::{FieldProblem, decode, strict_problems};
pub use problem::{Place, Problem, Severity};
pub use read::{MOST_BYTES, MOST_DOCUMENTS, Parse, parse};

#[cfg(test)]
mod tests;
