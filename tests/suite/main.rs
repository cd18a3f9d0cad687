//! The integration tests, in one binary because each one links the whole program again.

mod applications;
mod branches;
mod causes;
mod command_line;
mod convergence;
mod determinism;
mod driving;
mod explain;
mod facts;
mod faults;
mod frames;
mod keys;
mod lines;
mod matrix;
mod preemption_world;
mod races;
mod readme;
mod replay;
mod scheduler;
mod screen;
mod sessions;
mod terminal;
mod tidy;
mod time;
mod what_if;
mod worlds;
