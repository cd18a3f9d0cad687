//! The one list of keys: dispatch, the key line, the help and the table in the README all read it.

use std::fmt::Write;

use super::action::Action;
use super::key::KeyPress;

/// Where a binding holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Wherever the cursor is.
    Always,
    /// Time, while no text is typed.
    Time,
    /// Looking around, while no text is typed.
    Look,
    /// The events have the keys.
    Events,
    /// The scheduler's view has the keys.
    Scheduler,
    /// The lifecycle has the keys.
    Lifecycle,
    /// The editor has the keys, but nobody types.
    Editor,
    /// Somebody types in the editor.
    Typing,
    /// Somebody types a command or a filter.
    Prompt,
    /// A way of causes lies over the panes.
    Way,
    /// The list of runs lies over the panes.
    Runs,
    /// The list of breakpoints lies over the panes.
    Breakpoints,
    /// A question lies over the panes.
    Question,
    /// The answer to a what-if question lies over the panes.
    WhatIf,
    /// Something lies over the panes.
    Overlay,
}

/// Who has the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Situation {
    /// A pane without keys of its own.
    Pane,
    /// The events.
    Events,
    /// The scheduler's view.
    Scheduler,
    /// The lifecycle.
    Lifecycle,
    /// The editor, not typing.
    Editor,
    /// The editor, typing.
    Typing,
    /// The line at the bottom.
    Prompt,
    /// A way of causes.
    Way,
    /// The list of runs.
    Runs,
    /// The list of breakpoints.
    Breakpoints,
    /// A question.
    Question,
    /// The answer to a what-if question.
    WhatIf,
    /// An overlay without keys of its own.
    Overlay,
}

/// One row of the table.
#[derive(Debug)]
pub struct Binding {
    /// Where it holds.
    pub scope: Scope,
    /// The keys, separated by blanks.
    pub keys: &'static str,
    /// What they ask for.
    pub action: Action,
    /// One or two words for the key line; empty where the key line leaves it out.
    pub word: &'static str,
    /// What it does, for the help.
    pub help: &'static str,
}

macro_rules! bindings {
    ($($scope:ident $keys:literal $action:ident $word:literal $help:literal;)*) => {
        /// Every binding. The order is the order of the key line and of the help: what comes first
        /// stays longest when the terminal is narrow.
        pub static BINDINGS: &[Binding] = &[$(Binding {
            scope: Scope::$scope,
            keys: $keys,
            action: Action::$action,
            word: $word,
            help: $help,
        },)*];
    };
}

bindings! {
    Editor  "a ctrl+s"        Apply         "apply"      "kubectl apply -f - with this text; what kubectl edit opened is saved";
    Editor  "i"               Edit          "type"       "type in the editor";
    Editor  "ctrl+t"          Example       ""           "put the first example back, or give up kubectl edit";
    Events  "b"               Heartbeats    "heartbeats" "show or hide what repeats for ever (leases, measurements) and news on which nobody acts";
    Events  "/"               Filter        "filter"     "show only records that contain a text";
    Scheduler "s"             Tell          "tell"       "tell the decision: on to the next node";
    Scheduler "S"             TellPlugin    "plugin"     "tell the decision: on to the end of the next plugin";
    Scheduler "b"             Untell        "back"       "one node back in what is told";
    Scheduler "ctrl+b"        UntellPlugin  ""           "one plugin back in what is told";
    Scheduler "a"             TellAll       "all"        "the whole decision at once";
    Scheduler "<"             OlderDecision ""           "the decision before";
    Scheduler ">"             NewerDecision ""           "the decision after";
    Scheduler "v"             SortNodes     "order"      "nodes by total, as they were looked at, or by name";
    Lifecycle "r"             Request       "request"    "everything that followed from the same request, or the selected object alone";
    Time    "space"           RunOrPause    "run"        "run at the pace, or pause";
    Time    "n"               Step          "step"       "one happening";
    Time    "N"               NextWrite     "write"      "on to the next write to the store";
    Time    "f"               Follow        "follow"     "on until something happens to the selected object";
    Time    "F"               Settle        "settle"     "on until nothing is left but heartbeats; then to the next moment that is waited for";
    Time    "R"               Reconcile     ""           "on until a loop is done with a key";
    Time    "p"               Back          "back"       "one step back";
    Time    "P"               BackTen       ""           "ten steps back";
    Time    ","               ScrubBack     ""           "to the left on the time bar";
    Time    "."               ScrubForward  ""           "to the right on the time bar";
    Time    "home"            First         ""           "to the first step";
    Time    "end"             Newest        ""           "to the newest step";
    Time    "["               PreviousMark  ""           "to the command, fault or bookmark before";
    Time    "]"               NextMark      ""           "to the command, fault or bookmark after";
    Time    "g"               GoThere       ""           "to the moment of the record under the cursor, or of the decision";
    Time    "M"               Mark          ""           "give this moment a name";
    Time    "c"               Compare       ""           "another run beside this one, or this one alone again";
    Time    "o"               FirstRun      ""           "the first run, or back to the one before";
    Time    "O"               Runs          ""           "the list of runs";
    Time    "B"               Breakpoints   ""           "the list of breakpoints";
    Time    "+ ="             Faster        ""           "a faster pace";
    Time    "-"               Slower        ""           "a slower pace";
    Time    "t"               Clock         ""           "pace in steps a second, in virtual time, or key by key";
    Look    "w"               Why           "why"        "why did this happen? the way back to the command";
    Look    "W"               Effects       ""           "what followed from it? everything that happened because of it";
    Look    "x"               WhatIf        "what if"    "what if a weight, label, taint or request were different? asked about the selected pod";
    Look    "m"               HowMany       ""           "how many more of the selected pod or workload fit, and what stops them";
    Look    "e"               Edit          "edit"       "type in the editor";
    Look    ":"               CommandLine   "command"    "kubectl's words, fault …, traffic …, what-if …, or ours: goto, break, save";
    Look    "?"               Help          "help"       "all keys";
    Look    "z"               Zoom          "zoom"       "this pane alone, or all of them";
    Look    "tab"             NextPane      ""           "the keys go to the next pane";
    Look    "shift+tab"       PreviousPane  ""           "the keys go to the pane before";
    Look    "up k"            Up            ""           "a line up";
    Look    "down j"          Down          ""           "a line down";
    Look    "left h"          Left          ""           "to the left";
    Look    "right l"         Right         ""           "to the right";
    Look    "pageup"          PageUp        ""           "a page up";
    Look    "pagedown"        PageDown      ""           "a page down";
    Look    "enter"           Enter         ""           "into what is selected";
    Look    "esc"             Leave         ""           "back out";
    Look    "1"               ShowDesired   ""           "Desired ⇄ Current: what is wanted, and what is there?";
    Look    "2"               ShowLifecycle ""           "Lifecycle: which way did it go?";
    Look    "3"               ShowScheduler ""           "Scheduler: why this node?";
    Look    "4"               ShowApiServer ""           "API server: who wrote what, and what did the door do with it?";
    Look    "5"               ShowLoops     ""           "Loops: what is each component doing?";
    Look    "6"               ShowNodes     ""           "Nodes: which machines, and what is on them?";
    Look    "7"               ShowEvents    ""           "Events: what happened, and because of what?";
    Look    "8"               ShowObject    ""           "Object: what is in it, and who wrote which part?";
    Look    "9"               ShowEditor    ""           "Editor: what do I want?";
    Look    "q"               Quit          "quit"       "leave; the text in the editor is kept";
    Typing  "ctrl+s"          Apply         "apply"      "kubectl apply -f - with this text; what kubectl edit opened is saved";
    Typing  "esc"             Leave         "done"       "stop typing; the keys are keys again";
    Typing  "ctrl+z"          Undo          "undo"       "take back the last change";
    Typing  "ctrl+y"          Redo          "redo"       "make it again";
    Typing  "ctrl+l"          Clear         "empty"      "empty the editor; undo brings the text back";
    Typing  "ctrl+t"          Example       "example"    "put the first example back, or give up kubectl edit";
    Typing  "up"              Up            ""           "a line up";
    Typing  "down"            Down          ""           "a line down";
    Typing  "left"            Left          ""           "a character to the left";
    Typing  "right"           Right         ""           "a character to the right";
    Typing  "pageup"          PageUp        ""           "a page up";
    Typing  "pagedown"        PageDown      ""           "a page down";
    Prompt  "enter"           Confirm       "go"         "take the line";
    Prompt  "tab"             Complete      "complete"   "take the first of what is listed above the line";
    Prompt  "esc"             Leave         "leave it"   "forget the line";
    Prompt  "up"              Earlier       "earlier"    "the line typed before";
    Prompt  "down"            Later         "later"      "the line typed after";
    Way     "tab"             Turn          "lanes"      "the way as swimlanes, or as a list again";
    Way     "enter"           Enter         "event"      "to the record under the cursor, among the events";
    Way     "g"               GoThere       "moment"     "to the moment of the record under the cursor";
    Way     "w"               Why           "why"        "why did the record under the cursor happen?";
    Way     "W"               Effects       "effects"    "what followed from the record under the cursor?";
    Runs    "enter"           Enter         "show"       "show the run under the cursor";
    Breakpoints "s"           Switch        "on/off"     "the breakpoint under the cursor on or off";
    Breakpoints "d"           Remove        "remove"     "the breakpoint under the cursor away";
    Question "enter"          Enter         "yes"        "yes: a run of its own begins here";
    WhatIf  "x"               WhatIf        "change"     "the same what-if question, to change it";
    Overlay "esc q"           Leave         "close"      "back to the panes";
    Overlay "up k"            Up            "up"         "a line up; among lanes, to the cause";
    Overlay "down j"          Down          "down"       "a line down; among lanes, to the first effect";
    Overlay "left h"          Left          ""           "to the left; among lanes, back in time";
    Overlay "right l"         Right         ""           "to the right; among lanes, on in time";
    Overlay "pageup"          PageUp        ""           "a page up";
    Overlay "pagedown space"  PageDown      ""           "a page down";
    Overlay "home"            First         ""           "to the first line";
    Overlay "end"             Newest        ""           "to the last line";
    Overlay ":"               CommandLine   "command"    "another command";
    Overlay "?"               Help          ""           "all keys";
    Always  "ctrl+c"          Quit          ""           "leave at once; the text in the editor is kept";
}

impl Situation {
    /// Where to look for a key, in this order.
    #[must_use]
    pub const fn scopes(self) -> &'static [Scope] {
        match self {
            Self::Pane => &[Scope::Time, Scope::Look, Scope::Always],
            Self::Events => &[Scope::Events, Scope::Time, Scope::Look, Scope::Always],
            Self::Scheduler => &[Scope::Scheduler, Scope::Time, Scope::Look, Scope::Always],
            Self::Lifecycle => &[Scope::Lifecycle, Scope::Time, Scope::Look, Scope::Always],
            Self::Editor => &[Scope::Editor, Scope::Time, Scope::Look, Scope::Always],
            Self::Typing => &[Scope::Typing, Scope::Always],
            Self::Prompt => &[Scope::Prompt, Scope::Always],
            Self::Way => &[Scope::Way, Scope::Overlay, Scope::Always],
            Self::Runs => &[Scope::Runs, Scope::Overlay, Scope::Always],
            Self::Breakpoints => &[Scope::Breakpoints, Scope::Overlay, Scope::Always],
            Self::Question => &[Scope::Question, Scope::Overlay, Scope::Always],
            Self::WhatIf => &[Scope::WhatIf, Scope::Overlay, Scope::Always],
            Self::Overlay => &[Scope::Overlay, Scope::Always],
        }
    }

    /// Whether a key without a binding is text.
    #[must_use]
    pub const fn takes_text(self) -> bool {
        matches!(self, Self::Typing | Self::Prompt)
    }

    /// The bindings that hold, in the order of the table.
    pub fn bindings(self) -> impl Iterator<Item = &'static Binding> {
        let scopes = self.scopes();
        scopes
            .iter()
            .flat_map(|scope| BINDINGS.iter().filter(move |row| row.scope == *scope))
    }
}

impl Binding {
    /// The keys.
    pub fn presses(&self) -> impl Iterator<Item = KeyPress> {
        self.keys
            .split(' ')
            .map(|key| key.parse().expect("the table holds keys"))
    }

    /// The first key as it is printed.
    #[must_use]
    pub fn first_key(&self) -> String {
        self.presses()
            .next()
            .map_or_else(String::new, |key| key.to_string())
    }

    /// All keys as they are printed.
    #[must_use]
    pub fn all_keys(&self) -> String {
        let keys: Vec<String> = self.presses().map(|key| key.to_string()).collect();
        keys.join(" ")
    }
}

/// What a key asks for.
#[must_use]
pub fn action_for(situation: Situation, press: KeyPress) -> Option<Action> {
    let bound = situation
        .bindings()
        .find(|row| row.presses().any(|key| key == press));
    match bound {
        Some(row) => Some(row.action.clone()),
        None if situation.takes_text() => Some(Action::Type(press)),
        None => None,
    }
}

/// The key to print for an action where it is said what to press.
#[must_use]
pub fn key_for(situation: Situation, action: &Action) -> String {
    situation
        .bindings()
        .find(|row| row.action == *action)
        .map_or_else(String::new, Binding::first_key)
}

/// The table of keys as the README shows it.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from("| where | keys | what it does |\n| --- | --- | --- |\n");
    for row in BINDINGS {
        let keys: Vec<String> = row.presses().map(|key| format!("`{key}`")).collect();
        let (place, keys) = (row.scope.words(), keys.join(" "));
        let _ = writeln!(text, "| {place} | {keys} | {} |", row.help);
    }
    text
}

impl Scope {
    /// Where, in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Time => "time",
            Self::Look => "look around",
            Self::Events => "events",
            Self::Scheduler => "scheduler",
            Self::Lifecycle => "lifecycle",
            Self::Editor => "editor",
            Self::Typing => "typing",
            Self::Prompt => "command line",
            Self::Way => "why",
            Self::Runs => "runs",
            Self::Breakpoints => "breakpoints",
            Self::Question => "question",
            Self::WhatIf => "what if",
            Self::Overlay => "overlay",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITUATIONS: [Situation; 13] = [
        Situation::Pane,
        Situation::Events,
        Situation::Scheduler,
        Situation::Lifecycle,
        Situation::Editor,
        Situation::Typing,
        Situation::Prompt,
        Situation::Way,
        Situation::Runs,
        Situation::Breakpoints,
        Situation::Question,
        Situation::WhatIf,
        Situation::Overlay,
    ];

    #[test]
    fn every_key_of_the_table_is_a_key() {
        for row in BINDINGS {
            for key in row.keys.split(' ') {
                assert!(
                    key.parse::<KeyPress>().is_ok(),
                    "{key:?} of {:?}",
                    row.action
                );
            }
        }
    }

    #[test]
    fn no_key_means_two_things_in_one_situation() {
        for situation in SITUATIONS {
            let mut seen: Vec<(KeyPress, &Action)> = Vec::new();
            for row in situation.bindings() {
                for press in row.presses() {
                    let other = seen.iter().find(|(key, _)| *key == press);
                    assert_eq!(other, None, "{press} in {situation:?}");
                    seen.push((press, &row.action));
                }
            }
        }
    }

    #[test]
    fn every_action_has_a_key() {
        for (action, name) in Action::BINDABLE {
            let bound = BINDINGS.iter().any(|row| row.action == *action);
            assert!(bound, "{name} has no key");
        }
    }

    #[test]
    fn a_letter_is_text_where_text_is_typed_and_a_key_elsewhere() {
        let press: KeyPress = "n".parse().expect("n is a key");
        assert_eq!(action_for(Situation::Pane, press), Some(Action::Step));
        assert_eq!(
            action_for(Situation::Typing, press),
            Some(Action::Type(press))
        );
        assert_eq!(
            action_for(Situation::Prompt, press),
            Some(Action::Type(press))
        );
        assert_eq!(action_for(Situation::Overlay, press), None);
    }

    #[test]
    fn the_readme_table_has_a_line_for_each_binding() {
        assert_eq!(markdown().lines().count(), BINDINGS.len() + 2);
    }
}
