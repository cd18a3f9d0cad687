//! A Kubernetes control plane made of glass: all of it in memory, in one value, to see it work.
//!
//! # The map of the house
//!
//! Rooms import only rooms above them in this list; a test reads every `use crate::` and holds it
//! to that. `controllers`, `scheduler` and `kubelet` do not know each other: like their models, they
//! meet only through the API server.
//!
//! | room | what lives there |
//! | --- | --- |
//! | [`sim`] | virtual time, seeded chance, the queue of what happens next, constants |
//! | [`api`] | kinds, objects, keys, quantities, selectors |
//! | [`manifest`] | YAML text to objects with their places, and back; patches |
//! | [`store`] | the revisioned map with its change log; stands in for etcd |
//! | [`apiserver`] | the only door to the store: defaulting, admission, validation, versions |
//! | [`client`] | what every component is given: caches, work queue, recorder of events |
//! | [`controllers`] | one file per loop, named as in kube-controller-manager |
//! | [`scheduler`] | queues, framework, plugins, decisions |
//! | [`kubelet`] | pod workers, the pretend runtime, probes, node status |
//! | [`proxy`] | kube-proxy: on each node a table of where requests to a Service go |
//! | [`kubectl`] | the grammar, the requests of each command, tables and descriptions |
//! | [`cluster`] | the world as one value: step, command, trace, history; `task` drives it |
//! | [`ui`] | the screen: keys to actions, actions to orders, snapshots to frames |
//! | [`cli`] | the commands of the program |
//!
//! # What always holds
//!
//! - The world ([`cluster::Cluster`]) is a value. Its only inputs are a seed and the commands in its
//!   journal; the same inputs give the same trace, byte for byte.
//! - A step is the smallest thing that one may stop at. It adds at least one record to the trace.
//! - Every record names its cause; only what comes from outside has none.
//! - A component decides from its own cache, which may be behind the store. Conflicts and lost races
//!   arise by themselves.
//! - A pane is a function of a snapshot. Nothing locks the world, nothing waits for it.
//! - What differs from Kubernetes is marked `Unlike Kubernetes:` where it is.

pub mod sim;

pub mod api;

pub mod manifest;

pub mod store;

pub mod apiserver;

pub mod client;

pub mod controllers;

pub mod scheduler;

pub mod kubelet;

pub mod proxy;

pub mod kubectl;

pub mod cluster;

pub mod ui;

pub mod cli;
