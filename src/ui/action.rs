//! Everything that a person can ask of the screen; keys, the help and lessons speak of nothing else.

use std::sync::Arc;

use super::key::KeyPress;
use super::model::Pane;
use super::panes::Neighbour;

macro_rules! actions {
    ($($(#[$doc:meta])* $action:ident $name:literal;)*) => {
        /// What a person asks.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $action,)*
            /// A key that belongs to the text under the cursor.
            Type(KeyPress),
            /// Text from the clipboard.
            Paste(Arc<str>),
            /// The terminal has another size: columns and rows.
            Resize(u16, u16),
            /// The keys go to a pane.
            Focus(Pane),
            /// The cursor of the pane that has the keys goes there.
            Select(Neighbour),
            /// To a step, on the time bar.
            Scrub(u64),
        }

        impl Action {
            /// Every action that a key can be bound to, with the name that lessons and key files use.
            pub const BINDABLE: &'static [(Self, &'static str)] = &[$((Self::$action, $name),)*];
        }
    };
}

actions! {
    /// Let the world go on by itself, or hold it.
    RunOrPause "run";
    /// One happening.
    Step "step";
    /// On to the next write.
    NextWrite "next-write";
    /// On until something happens to the selected object.
    Follow "follow";
    /// On until nothing is left but heartbeats.
    Settle "settle";
    /// On until a loop is done with a key.
    Reconcile "reconcile";
    /// One step back.
    Back "back";
    /// Ten steps back.
    BackTen "back-ten";
    /// A bit to the left on the time bar.
    ScrubBack "scrub-back";
    /// A bit to the right on the time bar.
    ScrubForward "scrub-forward";
    /// To the first step.
    First "first";
    /// To the newest step.
    Newest "newest";
    /// To the command, fault or bookmark before.
    PreviousMark "previous-mark";
    /// To the command, fault or bookmark after.
    NextMark "next-mark";
    /// To the moment of the record under the cursor.
    GoThere "go-there";
    /// Give this moment a name.
    Mark "mark";
    /// Another run beside this one, or this one alone.
    Compare "compare";
    /// The first run, or back to the one before.
    FirstRun "first-run";
    /// The list of runs.
    Runs "runs";
    /// The list of breakpoints.
    Breakpoints "breakpoints";
    /// What is under the cursor of the list on or off.
    Switch "switch";
    /// What is under the cursor of the list away.
    Remove "remove";
    /// A faster pace.
    Faster "faster";
    /// A slower pace.
    Slower "slower";
    /// The other kind of pace: happenings a second, or virtual time against the time on the wall.
    Clock "clock";
    /// View 1.
    ShowDesired "show-desired";
    /// View 2.
    ShowLifecycle "show-lifecycle";
    /// View 3.
    ShowScheduler "show-scheduler";
    /// View 4.
    ShowApiServer "show-api-server";
    /// View 5.
    ShowLoops "show-loops";
    /// View 6.
    ShowNodes "show-nodes";
    /// View 7.
    ShowEvents "show-events";
    /// View 8.
    ShowObject "show-object";
    /// View 9.
    ShowEditor "show-editor";
    /// The keys go to the next pane.
    NextPane "next-pane";
    /// The keys go to the pane before.
    PreviousPane "previous-pane";
    /// One pane fills the screen, or all are there again.
    Zoom "zoom";
    /// A line up.
    Up "up";
    /// A line down.
    Down "down";
    /// To the left.
    Left "left";
    /// To the right.
    Right "right";
    /// A page up.
    PageUp "page-up";
    /// A page down.
    PageDown "page-down";
    /// Into what is selected.
    Enter "enter";
    /// Back out.
    Leave "leave";
    /// Why did this happen? The way back to the outside command.
    Why "why";
    /// What followed from it? Everything that happened because of a record.
    Effects "effects";
    /// A way of causes as swimlanes, or as a list again.
    Turn "lanes";
    /// The whole request that the record under the cursor goes back to, or the selected object again.
    Request "request";
    /// What if something were different? Asked about the selected pod.
    WhatIf "what-if";
    /// How many more of the selected pod or workload fit?
    HowMany "how-many";
    /// Show or hide heartbeats.
    Heartbeats "heartbeats";
    /// Show only the records that contain a text.
    Filter "filter";
    /// Tell a decision of the scheduler: on to the next node.
    Tell "tell";
    /// On to the end of the next plugin.
    TellPlugin "tell-plugin";
    /// One node back in what is told.
    Untell "untell";
    /// One plugin back in what is told.
    UntellPlugin "untell-plugin";
    /// The whole decision at once.
    TellAll "tell-all";
    /// The decision before.
    OlderDecision "older-decision";
    /// The decision after.
    NewerDecision "newer-decision";
    /// Nodes in another order.
    SortNodes "sort-nodes";
    /// Type a command.
    CommandLine "command";
    /// Type in the editor.
    Edit "edit";
    /// Send the editor's text to the API server.
    Apply "apply";
    /// Take back the last change of the text.
    Undo "undo";
    /// Make it again.
    Redo "redo";
    /// Empty the editor.
    Clear "clear";
    /// Put the first example back into the editor.
    Example "example";
    /// The typed line is done.
    Confirm "confirm";
    /// The first of what the line may become.
    Complete "complete";
    /// The line typed before.
    Earlier "earlier";
    /// The line typed after.
    Later "later";
    /// All keys.
    Help "help";
    /// Leave the program.
    Quit "quit";
}

impl Action {
    /// The name that lessons and key files use; typed text has none.
    #[must_use]
    pub fn name(&self) -> Option<&'static str> {
        Self::BINDABLE
            .iter()
            .find(|(action, _)| action == self)
            .map(|(_, name)| *name)
    }
}
