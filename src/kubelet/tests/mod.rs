//! The facts of a pod's life at a node, in virtual time.

mod driver;
mod life;
