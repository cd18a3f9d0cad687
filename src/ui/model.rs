//! What the screen remembers between two frames; `update` alone changes it.

use std::sync::Arc;

use ratatui::layout::Size;
use tui_textarea::TextArea;

use super::board::Board;
use super::editor::Editor;
use super::events::EventList;
use super::keymap::Situation;
use super::way::Way;
use crate::api::Key;
use crate::cluster::driver::Snapshot;
use crate::cluster::what_if::{Asked, Filled};
use crate::cluster::{Command, ComponentId, Files};
use crate::sim::RecordId;

/// Each view answers one question. The numbers are the keys that open them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pane {
    /// 1: what is wanted and what is there?
    #[default]
    Desired,
    /// 2: which way did it go, from the request to now?
    Lifecycle,
    /// 3: why this node?
    Scheduler,
    /// 4: what did the door do with a request, and who wrote which revision?
    ApiServer,
    /// 5: what is each component doing?
    Loops,
    /// 6: which machines are there, and what do they hold?
    Nodes,
    /// 7: what happened, and because of what?
    Events,
    /// 8: what is this object, and who wrote which part of it?
    Object,
    /// 9: what do I want?
    Editor,
}

/// What the fingers are doing.
#[derive(Clone, Debug, Default)]
pub enum Mode {
    /// Looking at the panes.
    #[default]
    Looking,
    /// Typing in the editor.
    Typing,
    /// Typing at the line at the bottom.
    Prompting(Box<Prompt>),
    /// Reading what lies over the panes.
    Reading(Overlay),
}

/// The line at the bottom while it is typed.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// What it is for.
    pub purpose: Purpose,
    /// What is typed.
    pub line: TextArea<'static>,
    /// Which of the earlier lines it shows, counted from the newest; none for a new one.
    pub recalled: Option<usize>,
}

impl Prompt {
    /// What is typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.line.lines().first().map_or("", String::as_str)
    }
}

/// What a typed line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A command.
    Command,
    /// The filter of the events.
    Filter,
}

/// What lies over the panes.
#[derive(Clone, Debug, PartialEq)]
pub enum Overlay {
    /// All keys, from a line on.
    Help {
        /// The first line.
        scroll: usize,
    },
    /// The way from a record back to the outside, or on to what followed from it.
    Way(Way),
    /// The breakpoints.
    Breakpoints {
        /// Which line has the cursor.
        cursor: usize,
    },
    /// The runs.
    Runs {
        /// Which line has the cursor.
        cursor: usize,
    },
    /// Whether a command given in the past shall start a run of its own.
    Fork {
        /// The command as typed.
        line: String,
    },
    /// What if something were different.
    WhatIf {
        /// The question as it was typed, without its first word.
        typed: String,
        /// The answer.
        asked: Arc<Asked>,
        /// The first line of the nodes.
        scroll: usize,
    },
    /// How many more of a pod fit.
    Fill {
        /// The answer.
        filled: Arc<Filled>,
        /// The first line.
        scroll: usize,
    },
    /// What kubectl printed.
    Answer {
        /// The line that was typed.
        title: String,
        /// What it printed.
        text: Arc<str>,
        /// The first line and the first column.
        scroll: (usize, usize),
    },
}

/// Which answers to a command are worth showing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// All: somebody typed it and waits for it.
    Always,
    /// Only that it failed: it was sent before the screen was there.
    Failed,
}

/// A command on its way, of which the answer is still to be shown.
#[derive(Clone, Debug)]
pub struct Sent {
    /// Which answer is shown.
    pub worth: Worth,
    /// The line that was typed.
    pub line: String,
    /// The files that went with it; the command in the journal holds the very same ones.
    pub files: Arc<Files>,
}

/// What `kubectl edit` has opened in the editor.
#[derive(Clone, Debug)]
pub struct Edit {
    /// The line that opened it, without `kubectl`.
    pub line: String,
    /// The text that it was opened with.
    pub original: Arc<[u8]>,
    /// The editor with the manifest that was there before.
    pub aside: Box<Editor>,
}

/// Something to tell, until a key is pressed or the world has gone on for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What.
    pub text: String,
    /// At which step it was told.
    pub step: u64,
}

/// A place on the way that was gone, to go back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The view that was open.
    pub view: Pane,
    /// What was selected.
    pub selection: Option<Key>,
}

/// The state of the screen.
#[derive(Clone, Debug)]
pub struct Model {
    /// The object that everything follows.
    pub selection: Option<Key>,
    /// Where we were before, to go back to.
    pub trail: Vec<Visit>,
    /// The record under the cursor of the events; none follows the newest.
    pub record: Option<RecordId>,
    /// The request whose story the lifecycle tells; none tells that of the selected object.
    pub request: Option<RecordId>,
    /// The component under the cursor of the loops; none is the first.
    pub component: Option<ComponentId>,
    /// The line under the cursor of the object, from 0.
    pub line: usize,
    /// The view that is open.
    pub view: Pane,
    /// The pane that has the keys.
    pub focus: Pane,
    /// Whether that pane is alone on the screen.
    pub is_zoomed: bool,
    /// The size of the terminal.
    pub size: Size,
    /// What the fingers are doing.
    pub mode: Mode,
    /// What the events show.
    pub events: EventList,
    /// How far a decision of the scheduler is told.
    pub board: Board,
    /// What is written.
    pub editor: Editor,
    /// What `kubectl edit` has opened there; none while it holds a manifest.
    pub edit: Option<Edit>,
    /// The lines typed so far, oldest first.
    pub lines: Vec<String>,
    /// The command that waits for a yes to a run of its own.
    pub asked: Option<Command>,
    /// The record of the breakpoint that stopped the world last.
    pub stopped: Option<RecordId>,
    /// Whether two runs are on the screen instead of the panes.
    pub is_comparing: bool,
    /// The first line of what two runs differ in.
    pub compare_scroll: usize,
    /// The command whose answer is still to come.
    pub awaited: Option<Sent>,
    /// The question whose answer is asked for anew at each moment while it is read: `logs -f`.
    pub followed: Option<Command>,
    /// Something to tell.
    pub message: Option<Message>,
    /// Whether the person wants to leave.
    pub is_over: bool,
}

impl Default for Model {
    fn default() -> Self {
        Self {
            selection: None,
            trail: Vec::new(),
            record: None,
            request: None,
            component: None,
            line: 0,
            view: Pane::default(),
            focus: Pane::default(),
            is_zoomed: false,
            size: Size::new(80, 24),
            mode: Mode::default(),
            events: EventList::default(),
            board: Board::default(),
            editor: Editor::default(),
            edit: None,
            lines: Vec::new(),
            asked: None,
            stopped: None,
            is_comparing: false,
            compare_scroll: 0,
            awaited: None,
            followed: None,
            message: None,
            is_over: false,
        }
    }
}

impl Model {
    /// Whether somebody types in the editor.
    #[must_use]
    pub fn is_typing(&self) -> bool {
        matches!(self.mode, Mode::Typing)
    }

    /// What is kept when the screen ends: the manifest, and what was typed into an object.
    #[must_use]
    pub fn draft(&self) -> String {
        let text = self.editor.text();
        match &self.edit {
            None => text,
            Some(edit) if *edit.original == *text.as_bytes() => edit.aside.text(),
            Some(edit) => format!("{}---\n{text}", edit.aside.text()),
        }
    }

    /// Tells something at a moment.
    pub fn tell(&mut self, text: impl Into<String>, snapshot: &Snapshot) {
        self.message = Some(Message {
            text: text.into(),
            step: snapshot.world.steps(),
        });
    }

    /// Which keys hold.
    #[must_use]
    pub fn situation(&self) -> Situation {
        match (&self.mode, self.focus) {
            (Mode::Typing, _) => Situation::Typing,
            (Mode::Prompting(_), _) => Situation::Prompt,
            (Mode::Reading(overlay), _) => match overlay {
                Overlay::Way(_) => Situation::Way,
                Overlay::Runs { .. } => Situation::Runs,
                Overlay::Breakpoints { .. } => Situation::Breakpoints,
                Overlay::Fork { .. } => Situation::Question,
                Overlay::WhatIf { .. } => Situation::WhatIf,
                Overlay::Help { .. } | Overlay::Fill { .. } | Overlay::Answer { .. } => {
                    Situation::Overlay
                }
            },
            (Mode::Looking, _) if self.is_comparing => Situation::Pane,
            (Mode::Looking, Pane::Events) => Situation::Events,
            (Mode::Looking, Pane::Lifecycle) => Situation::Lifecycle,
            (Mode::Looking, Pane::Editor) => Situation::Editor,
            (Mode::Looking, Pane::Scheduler) => Situation::Scheduler,
            (Mode::Looking, _) => Situation::Pane,
        }
    }
}

impl Pane {
    /// Every pane, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Desired,
        Self::Lifecycle,
        Self::Scheduler,
        Self::ApiServer,
        Self::Loops,
        Self::Nodes,
        Self::Events,
        Self::Object,
        Self::Editor,
    ];

    /// The key that opens it.
    #[must_use]
    pub const fn number(self) -> char {
        match self {
            Self::Desired => '1',
            Self::Lifecycle => '2',
            Self::Scheduler => '3',
            Self::ApiServer => '4',
            Self::Loops => '5',
            Self::Nodes => '6',
            Self::Events => '7',
            Self::Object => '8',
            Self::Editor => '9',
        }
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Desired => "Desired ⇄ Current",
            Self::Lifecycle => "Lifecycle",
            Self::Scheduler => "Scheduler",
            Self::ApiServer => "API server",
            Self::Loops => "Loops",
            Self::Nodes => "Nodes",
            Self::Events => "Events",
            Self::Object => "Object",
            Self::Editor => "Editor",
        }
    }

    /// The question that it answers.
    #[must_use]
    pub const fn question(self) -> &'static str {
        match self {
            Self::Desired => "what is wanted, and what is there?",
            Self::Lifecycle => "which way did it go?",
            Self::Scheduler => "why this node?",
            Self::ApiServer => "who wrote what, and what did the door do with it?",
            Self::Loops => "what is each component doing?",
            Self::Nodes => "which machines, and what is on them?",
            Self::Events => "what happened, and because of what?",
            Self::Object => "what is in it, and who wrote which part?",
            Self::Editor => "what do I want?",
        }
    }
}
