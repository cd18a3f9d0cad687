//! The integration tests, in one binary because each one links the whole program again.

mod convergence;
mod determinism;
mod frames;
mod keys;
mod races;
mod scheduler;
mod screen;
mod terminal;
mod tidy;
mod worlds;
