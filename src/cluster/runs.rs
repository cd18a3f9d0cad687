//! Runs of one world side by side: the first one, and those that were forked off from a past moment.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Cluster, Command, History, Journaled};
use crate::sim::{RecordId, Time};

/// The name of the run that was there first.
pub const FIRST: &str = "first";

/// A moment of a run that somebody wants to come back to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bookmark {
    /// After which step.
    pub step: u64,
    /// What it is called; no blanks.
    pub name: String,
}

/// Where a run left another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branching {
    /// The place of the other run in the list.
    pub parent: usize,
    /// After which step.
    pub step: u64,
    /// The first record that is this run's own.
    pub record: RecordId,
}

/// One run: its newest state, its past, and where it comes from.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name, unique among the runs.
    pub name: Arc<str>,
    /// Where it left another run; none for one that began at its own beginning.
    pub branching: Option<Branching>,
    /// Its newest state.
    pub head: Cluster,
    /// Its past.
    pub history: History,
    /// What somebody wants to come back to, by step.
    pub bookmarks: Vec<Bookmark>,
}

/// What there is to know of a run without its world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// Its name.
    pub name: Arc<str>,
    /// Where it left another run.
    pub branching: Option<Branching>,
    /// How many steps it has made.
    pub steps: u64,
    /// How far its time has come.
    pub now: Time,
    /// The first command that is this run's own, as typed.
    pub command: Option<String>,
}

/// All runs, and the one that is shown.
#[derive(Clone, Debug)]
pub struct Runs {
    list: Vec<Run>,
    shown: usize,
    last: usize,
}

impl Run {
    fn new(name: &str, head: Cluster, history: History) -> Self {
        Self {
            name: name.into(),
            branching: None,
            head,
            history,
            bookmarks: Vec::new(),
        }
    }

    /// Makes a step of the newest state.
    pub fn step(&mut self) -> bool {
        let went = self.head.step();
        if went {
            self.history.keep(&self.head);
        }
        went
    }

    /// The world as it was after a step.
    #[must_use]
    pub fn at(&self, step: u64) -> Cluster {
        self.history.at(step, &self.head)
    }

    fn summary(&self) -> RunSummary {
        let began = self.branching.as_ref().map_or(0, |from| from.step);
        let is_own = |entry: &&Arc<Journaled>| self.branching.is_some() && entry.step >= began;
        let own = self.head.journal().filter(is_own).last();
        RunSummary {
            name: Arc::clone(&self.name),
            branching: self.branching.clone(),
            steps: self.head.steps(),
            now: self.head.now(),
            command: own.map(|entry| entry.command.line()),
        }
    }
}

impl Runs {
    /// The first run, which begins here.
    #[must_use]
    pub fn starting_at(cluster: Cluster) -> Self {
        let history = History::starting_at(&cluster);
        Self {
            list: vec![Run::new(FIRST, cluster, history)],
            shown: 0,
            last: 0,
        }
    }

    /// The run that is shown.
    #[must_use]
    pub fn shown(&self) -> &Run {
        &self.list[self.shown]
    }

    /// The same, to go on.
    pub fn shown_mut(&mut self) -> &mut Run {
        &mut self.list[self.shown]
    }

    /// The place of the run that is shown.
    #[must_use]
    pub fn place(&self) -> usize {
        self.shown
    }

    /// The run at a place of the list.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Run> {
        self.list.get(place)
    }

    /// What there is to know of each.
    #[must_use]
    pub fn summaries(&self) -> Arc<[RunSummary]> {
        self.list.iter().map(Run::summary).collect()
    }

    /// Shows the run at a place; false when there is none.
    pub fn show(&mut self, place: usize) -> bool {
        let is_there = place < self.list.len();
        if is_there && place != self.shown {
            self.last = self.shown;
            self.shown = place;
        }
        is_there
    }

    /// The first run, or, from there, the run that was shown before.
    #[must_use]
    pub fn other(&self) -> usize {
        if self.shown == 0 { self.last } else { 0 }
    }

    /// The run to compare the shown one with: its parent, or the last one that left it, or the one
    /// shown before.
    #[must_use]
    pub fn beside(&self) -> Option<usize> {
        let parent = self.shown().branching.as_ref().map(|from| from.parent);
        let child = || {
            let left_here = |run: &Run| {
                run.branching
                    .as_ref()
                    .is_some_and(|from| from.parent == self.shown)
            };
            self.list.iter().rposition(left_here)
        };
        let before = || (self.last != self.shown).then_some(self.last);
        parent.or_else(child).or_else(before)
    }

    /// Starts a run at a past moment of the shown one and shows it. The shown one stays as it is.
    pub fn fork(&mut self, moment: &Cluster, command: Option<Command>) {
        let parent = self.shown();
        let branching = Branching {
            parent: self.shown,
            step: moment.steps(),
            record: moment.trace().next_id(),
        };
        let bookmarks = parent.bookmarks.iter();
        let bookmarks = bookmarks.filter(|mark| mark.step <= moment.steps());
        let bookmarks = bookmarks.cloned().collect();
        let mut head = moment.clone();
        if let Some(command) = command {
            head.submit(command);
        }
        let name = self.free_name("fork-1");
        let history = self.shown().history.until(moment.steps());
        let run = Run {
            branching: Some(branching),
            bookmarks,
            ..Run::new(&name, head, history)
        };
        self.add(run);
    }

    /// Adds a run that began elsewhere, and shows it.
    pub fn open(&mut self, name: &str, head: Cluster, history: History, bookmarks: Vec<Bookmark>) {
        let run = Run {
            bookmarks,
            ..Run::new(&self.free_name(name), head, history)
        };
        self.add(run);
    }

    fn add(&mut self, run: Run) {
        self.list.push(run);
        self.show(self.list.len() - 1);
    }

    /// The name, or the first with a number at its end that no run has.
    fn free_name(&self, name: &str) -> String {
        let is_free = |name: &String| self.list.iter().all(|run| *run.name != **name);
        let stem = name.strip_suffix("-1").unwrap_or(name);
        let numbered = (1..).map(|number| format!("{stem}-{number}"));
        std::iter::once(name.to_owned())
            .chain(numbered)
            .find(is_free)
            .unwrap_or_default()
    }
}
