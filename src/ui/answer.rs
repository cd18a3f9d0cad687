//! What kubectl answered to a command that was sent from here.

use std::sync::Arc;

use super::model::Sent;
use crate::cluster::{Cluster, Command, Journaled};
use crate::kubectl::Session;

/// How far a command has come at some moment.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// It has not begun.
    Before,
    /// It waits for the API server.
    Going(&'a Session),
    /// It is done.
    Done(&'a Session),
}

/// How far a command has come in a world.
#[must_use]
pub fn of<'a>(world: &'a Cluster, sent: &Sent) -> Answer<'a> {
    match session(world, sent) {
        None => Answer::Before,
        Some(session) if session.exit_code().is_none() => Answer::Going(session),
        Some(session) => Answer::Done(session),
    }
}

/// The run of kubectl that a command became. Runs are numbered in the order in which they begin, and
/// commands begin in the order of their moments; the command is known by its very files.
fn session<'a>(world: &'a Cluster, sent: &Sent) -> Option<&'a Session> {
    let mut runs: Vec<&Arc<Journaled>> = world
        .journal()
        .filter(|entry| matches!(entry.command, Command::Kubectl { .. }))
        .collect();
    runs.sort_by_key(|entry| entry.at);
    let place = runs.iter().position(|entry| match &entry.command {
        Command::Kubectl { files, .. } => Arc::ptr_eq(files, &sent.files),
        Command::Fault { .. } | Command::Traffic { .. } => false,
    })?;
    world.sessions().nth(place).map(|(_, session)| session)
}
