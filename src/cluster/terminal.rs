//! The terminal: the lines that were typed into it run one after the other, as in a shell.

use std::sync::Arc;

use imbl::Vector;

use super::step::Happening;
use super::{Cluster, Journaled};
use crate::sim::Urgency;

/// The lines that have not had their turn, and the run of kubectl that has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Terminal {
    lines: Vector<Arc<Journaled>>,
    running: Option<Running>,
}

/// A run of kubectl that was begun by a typed line.
#[derive(Clone, Copy, Debug)]
struct Running {
    session: u64,
    /// How many steps the world had made when it began.
    begun: u64,
}

impl Terminal {
    /// Whether no line waits for its turn.
    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The line that has its turn next.
    pub(super) fn first(&self) -> Option<&Arc<Journaled>> {
        self.lines.front()
    }
}

impl Cluster {
    /// The typed lines that wait until the one before them is done.
    pub fn waiting_lines(&self) -> impl Iterator<Item = &Arc<Journaled>> {
        self.terminal.lines.iter()
    }

    /// Somebody typed a line.
    pub(super) fn type_line(&mut self, line: Arc<Journaled>) {
        self.terminal.lines.push_back(line);
        if self.terminal.lines.len() == 1 {
            self.next_line();
        }
    }

    /// Runs the next line if its turn has come.
    pub(super) fn next_line(&mut self) {
        if !self.has_turn() {
            return;
        }
        if let Some(line) = self.terminal.lines.pop_front() {
            let begun = self.steps;
            if let Some(session) = self.command(&line.command) {
                self.terminal.running = Some(Running { session, begun });
            }
            self.mind_the_terminal();
        }
    }

    /// Gives the next line its turn, as a step of its own.
    pub(super) fn mind_the_terminal(&mut self) {
        if self.has_turn() {
            self.queue
                .push(self.now, Urgency::Work, Happening::NextLine);
        }
    }

    /// Whether the first line may run: the run before it has ended. One that only waits for something
    /// gives way to a line that was typed after it began: whoever typed it did so beside the wait, as
    /// from a second terminal.
    fn has_turn(&self) -> bool {
        let Some(line) = self.terminal.first() else {
            return false;
        };
        let running = self.terminal.running.and_then(|running| {
            let part = self.sessions.get(&running.session)?;
            Some((running, &part.component))
        });
        running.is_none_or(|(running, session)| {
            session.exit_code().is_some() || session.is_waiting() && line.step > running.begun
        })
    }
}
