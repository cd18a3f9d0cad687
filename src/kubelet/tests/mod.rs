//! The facts of a pod's life at a node, in virtual time.

mod disk;
mod driver;
mod ending;
mod events;
mod images;
mod life;
mod logs;
mod named;
mod node;
mod pressure;
mod probes;
mod restarts;
mod usage;
