//! The integration tests, in one binary because each one links the whole program again.

mod convergence;
mod determinism;
mod races;
mod tidy;
mod worlds;
