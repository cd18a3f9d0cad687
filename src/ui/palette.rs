//! The words of the command line that are ours and not kubectl's: time, runs, breakpoints, sessions.

use crate::cluster::breakpoint::{BreakOrder, Condition};
use crate::cluster::driver::{Pace, Snapshot, When};
use crate::cluster::{Cluster, Expression};
use crate::sim::{RecordId, Time, parse_duration};
use crate::ui::pace;

/// Each word with what follows it and what it does.
pub const GRAMMAR: &[(&str, &str)] = &[
    (
        "goto 120|6:01.2|+5m|#500|r55|pod/web-1|NAME",
        "to a step, a time (also one to come), a record, a write, a bookmark",
    ),
    ("until EXPRESSION", "on until an expression is true"),
    ("mark NAME", "give this moment a name"),
    (
        "pace 2/s|x10|keys",
        "happenings a second, time against the clock, or nothing without a key",
    ),
    (
        "break …",
        "stop at a record kind, an actor, an object or an expression; alone it lists them",
    ),
    ("fork", "another run from this moment"),
    ("runs [NAME]", "list the runs, or go to one"),
    ("compare [NAME]", "put another run beside this one"),
    (
        "why pod/web-1[:spec.nodeName]|#500|r55",
        "the way back to the outside command",
    ),
    (
        "effects pod/web-1[:spec.nodeName]|#500|r55",
        "everything that followed from it",
    ),
    (
        "save FILE",
        "seed, machines and journal as a session; save! writes over a file",
    ),
    (
        "open FILE",
        "make the run of a session again, beside the others",
    ),
];

/// A line in our own words.
#[derive(Clone, Debug)]
pub enum Own {
    /// To a moment.
    Goto(When),
    /// On until an expression is true.
    Until(Expression),
    /// A name for this moment.
    Mark(String),
    /// Another pace.
    Pace(Pace),
    /// Change the breakpoints.
    Break(BreakOrder),
    /// List the breakpoints.
    Breakpoints,
    /// Another run from here.
    Fork,
    /// List the runs.
    Runs,
    /// To the run at a place.
    Run(usize),
    /// The run at a place beside this one, or the one that suggests itself.
    Compare(Option<usize>),
    /// The way back from a record.
    Why(RecordId),
    /// What followed from a record.
    Effects(RecordId),
    /// Save the session.
    Save {
        /// Where.
        file: String,
        /// Whether to write over what is there.
        over: bool,
    },
    /// Open a session.
    Open(String),
}

/// Reads a line; none when it does not begin with a word of ours.
///
/// # Errors
/// Says what is wrong with what follows the word, and what would be right.
#[must_use]
pub fn parse(line: &str, snapshot: &Snapshot) -> Option<Result<Own, String>> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let rest = rest.trim();
    Some(match word {
        "goto" => moment(rest, snapshot).map(Own::Goto),
        "until" => Expression::parse(rest)
            .map(Own::Until)
            .map_err(|error| error.to_string()),
        "mark" => name(rest).map(Own::Mark),
        "pace" => pace::parse(rest).map(Own::Pace),
        "break" => breakpoint(rest),
        "fork" => nothing(rest).map(|()| Own::Fork),
        "runs" if rest.is_empty() => Ok(Own::Runs),
        "runs" => run(rest, snapshot).map(Own::Run),
        "compare" if rest.is_empty() => Ok(Own::Compare(None)),
        "compare" => run(rest, snapshot).map(|place| Own::Compare(Some(place))),
        "why" => at_this_moment(rest, snapshot).map(Own::Why),
        "effects" => at_this_moment(rest, snapshot).map(Own::Effects),
        "save" | "save!" => name(rest).map(|file| Own::Save {
            file,
            over: word == "save!",
        }),
        "open" => name(rest).map(Own::Open),
        _ => return None,
    })
}

fn nothing(rest: &str) -> Result<(), String> {
    match rest {
        "" => Ok(()),
        _ => Err(format!("nothing follows here, but there is \"{rest}\"")),
    }
}

fn name(rest: &str) -> Result<String, String> {
    if rest.is_empty() || rest.contains(char::is_whitespace) {
        return Err(format!(
            "one name is needed, without blanks; \"{rest}\" is none"
        ));
    }
    Ok(rest.to_owned())
}

fn breakpoint(rest: &str) -> Result<Own, String> {
    let (word, number) = rest.split_once(' ').unwrap_or((rest, ""));
    if !matches!(word, "" | "on" | "off" | "remove") {
        return Condition::parse(rest).map(|condition| Own::Break(BreakOrder::Add(condition)));
    }
    if word.is_empty() {
        return Ok(Own::Breakpoints);
    }
    let number = number.trim();
    let number = number
        .parse()
        .map_err(|_| format!("\"{number}\" is no number of a breakpoint; write break {word} 1"))?;
    Ok(Own::Break(match word {
        "remove" => BreakOrder::Remove(number),
        _ => BreakOrder::Switch(number, word == "on"),
    }))
}

fn run(name: &str, snapshot: &Snapshot) -> Result<usize, String> {
    let place = snapshot.runs.iter().position(|run| *run.name == *name);
    place.ok_or_else(|| {
        let names: Vec<&str> = snapshot.runs.iter().map(|run| &*run.name).collect();
        format!("there is no run \"{name}\"; there are {}", names.join(", "))
    })
}

/// The record that somebody means, as the trace stands at the moment that is shown: of an object
/// the last write up to there.
fn at_this_moment(words: &str, snapshot: &Snapshot) -> Result<RecordId, String> {
    let meant = snapshot.world.record_meant(words);
    meant.map_err(|error| match snapshot.head.record_meant(words) {
        Ok(later) => format!("that is record {later}, which is still to come; End goes there"),
        Err(_) => error,
    })
}

/// The moment that somebody means.
fn moment(words: &str, snapshot: &Snapshot) -> Result<When, String> {
    if let Some(mark) = snapshot.bookmarks.iter().find(|mark| mark.name == words) {
        return Ok(When::Step(mark.step));
    }
    if let Ok(step) = words.parse() {
        return beyond(step, &snapshot.head).map_or(Ok(When::Step(step)), Err);
    }
    // A duration may have a sign of its own: what begins with one is meant from here.
    if let Some(span) = words.strip_prefix('+')
        && let Ok(after) = parse_duration(span)
    {
        return Ok(When::Time(snapshot.world.now() + after));
    }
    if words.ends_with(|letter: char| letter.is_ascii_alphabetic())
        && let Ok(after) = parse_duration(words)
    {
        return Ok(When::Time(Time::START + after));
    }
    if let Ok(moment) = words.parse() {
        return Ok(When::Time(moment));
    }
    let record = snapshot.head.record_meant(words).map(When::Record);
    record.map_err(|error| {
        if words.contains(['/', '#']) {
            error
        } else {
            format!(
                "\"{words}\" is no moment; write a step 120, a time 6:01.2 or 90s, a record #500, a write \
                 r55, an object pod/web-1, or a bookmark"
            )
        }
    })
}

fn beyond(step: u64, head: &Cluster) -> Option<String> {
    (step > head.steps()).then(|| format!("step {step} is beyond the last one, {}", head.steps()))
}
