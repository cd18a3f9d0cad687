//! What kubectl answered to a command that was sent from here.

use std::sync::Arc;

use super::model::Sent;
use crate::cluster::Cluster;
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

/// The run of kubectl that a command became; the command is known by its very files.
fn session<'a>(world: &'a Cluster, sent: &Sent) -> Option<&'a Session> {
    world
        .sessions()
        .map(|(_, session)| session)
        .find(|session| std::ptr::eq(session.files(), Arc::as_ptr(&sent.files)))
}
