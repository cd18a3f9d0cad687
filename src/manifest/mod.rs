//! From YAML text to objects with the place of every field, and back; and the patches between objects.

mod changes;
mod check;
mod convert;
mod document;
mod fields;
pub mod patch;
mod plain;
pub mod print;
mod printed;
mod problem;
mod read;
mod saved;
mod scalar;
mod spans;
mod unfit;
mod yaml;

pub use changes::{FieldChange, changes, in_words, path_of};
pub use check::check;
pub use convert::unconvertible;
pub use document::Document;
pub use fields::{FieldProblem, decode, decode_leniently, strict_problems};
pub use plain::{Plain, plain};
pub use printed::{PrintedLine, printed};
pub use problem::{Place, Problem, Severity};
pub use read::{MOST_BYTES, MOST_DOCUMENTS, Parse, parse};
pub use saved::{MOST_SAVED_BYTES, Saved, SavedObject, saved};
pub use unfit::{Fault, Unfit};

#[cfg(test)]
mod tests;
