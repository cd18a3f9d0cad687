//! What the parts do together, and what they do as Kubernetes does.

mod scheduler;
