//! The integration tests, in one binary because each one links the whole program again.

mod applications;
mod causes;
mod command_line;
mod convergence;
mod determinism;
mod drain;
mod explain;
mod facts;
mod faults;
mod frames;
mod keys;
mod lines;
mod logs;
mod matrix;
mod preemption_world;
mod races;
mod readme;
mod scheduler;
mod screen;
mod terminal;
mod tidy;
mod traffic;
mod volumes_world;
mod what_if;
mod worlds;
