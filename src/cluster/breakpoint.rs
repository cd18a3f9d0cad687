//! Breakpoints: what the world stops at by itself, by record kind, actor, object or expression.

use std::fmt;

use super::expression::Watched;
use super::{Cluster, Expression, Record};
use crate::api::schema::nearest;
use crate::api::{Actor, Key, Kind};
use crate::controllers::CONTROLLERS;
use crate::sim::{RecordId, RecordKind};

/// Each way to say where to stop, with what it means.
pub const GRAMMAR: &[(&str, &str)] = &[
    (
        "break sched.bind",
        "stop at each record of a kind, or of a group: sched",
    ),
    ("break by kube-scheduler", "stop at each record of an actor"),
    (
        "break about pod/web-*",
        "stop at each record about an object; * stands for the rest of a name",
    ),
    (
        "break when ready(\"web\") == 2",
        "stop when an expression comes true",
    ),
    (
        "break store.commit by kube-scheduler about pod",
        "all of it together",
    ),
    (
        "break off|on|remove NUMBER",
        "switch one off, on again, or take it away",
    ),
    ("break", "list them"),
];

/// Names of objects: a kind, and a name or its beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pattern {
    kind: Kind,
    namespace: Option<String>,
    begin: String,
    is_whole: bool,
}

/// Where to stop. What is said of a record must be true of one record together.
#[derive(Clone, Debug)]
pub struct Condition {
    source: String,
    kinds: Vec<RecordKind>,
    actor: Option<String>,
    object: Option<Pattern>,
    when: Option<Expression>,
}

/// A condition in the list.
#[derive(Clone, Debug)]
pub struct Breakpoint {
    /// Its number, by which it is switched and removed.
    pub number: u32,
    /// Where to stop.
    pub condition: Condition,
    /// Whether it stops anything now.
    pub is_on: bool,
    /// Why it was switched off by itself: its expression had no answer.
    pub trouble: Option<String>,
    watched: Watched,
    held: bool,
}

/// All breakpoints of a session.
#[derive(Clone, Debug, Default)]
pub struct Breakpoints {
    list: Vec<Breakpoint>,
    last: u32,
}

/// What is asked of the breakpoints.
#[derive(Clone, Debug)]
pub enum BreakOrder {
    /// One more.
    Add(Condition),
    /// On or off.
    Switch(u32, bool),
    /// Away with it.
    Remove(u32),
}

/// The world stands still because of a breakpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The number of the breakpoint.
    pub number: u32,
    /// The record that it stopped at; for an expression the first of the step that made it true.
    pub record: RecordId,
    /// Which one and why, in words.
    pub words: String,
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.split('/').collect();
        let (kind, namespace, name) = match parts[..] {
            [kind] => (kind, None, "*"),
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some(namespace.to_owned()), name),
            _ => {
                return Err(format!(
                    "\"{text}\" names no object; write pod/web-1, pod/web-* or pod"
                ));
            }
        };
        let kind = Kind::of_word(kind)
            .ok_or_else(|| format!("the server doesn't have a resource type \"{kind}\""))?;
        let begin = name.trim_end_matches(['*', '…']);
        Ok(Self {
            kind,
            namespace,
            begin: begin.to_owned(),
            is_whole: begin == name,
        })
    }

    fn fits(&self, key: &Key) -> bool {
        let namespace_fits = |namespace: &String| *key.namespace == **namespace;
        let name_fits = if self.is_whole {
            *key.name == *self.begin
        } else {
            key.name.starts_with(&self.begin)
        };
        key.kind == self.kind && name_fits && self.namespace.as_ref().is_none_or(namespace_fits)
    }
}

impl Condition {
    /// Reads what stands behind `break`: `[KIND] [by ACTOR] [about OBJECT] [when EXPRESSION]`, at
    /// least one of them.
    ///
    /// # Errors
    /// Says which word is wrong and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut condition = Self {
            source: text.trim().to_owned(),
            kinds: Vec::new(),
            actor: None,
            object: None,
            when: None,
        };
        let mut rest = text.trim();
        while !rest.is_empty() {
            let (word, after) = split(rest);
            let (value, after_value) = split(after);
            rest = match word {
                "when" => {
                    let read = Expression::parse(after).map_err(|error| error.to_string())?;
                    condition.when = Some(read);
                    ""
                }
                "by" => {
                    condition.actor = Some(actor(value)?);
                    after_value
                }
                "about" => {
                    condition.object = Some(Pattern::parse(value)?);
                    after_value
                }
                kind => {
                    condition.kinds.extend(kinds(kind)?);
                    after
                }
            };
        }
        let says_nothing = condition.is_about_the_world() && condition.when.is_none();
        if says_nothing {
            return Err(format!("break at what? {}", examples()));
        }
        Ok(condition)
    }

    /// The condition as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether nothing is said of a record, only of the state.
    fn is_about_the_world(&self) -> bool {
        self.kinds.is_empty() && self.actor.is_none() && self.object.is_none()
    }

    /// Whether all that is said of a record is true of this one.
    fn fits(&self, record: &Record) -> bool {
        let is_by = |actor: &String| is_actor(actor, &record.actor);
        let is_about = |pattern: &Pattern| record.object().is_some_and(|key| pattern.fits(&key));
        (self.kinds.is_empty() || self.kinds.contains(&record.kind()))
            && self.actor.as_ref().is_none_or(is_by)
            && self.object.as_ref().is_none_or(is_about)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.source)
    }
}

impl Breakpoint {
    /// The record of the last step that this breakpoint stops at.
    fn hit(&mut self, world: &Cluster, before: RecordId) -> Result<Option<RecordId>, String> {
        if self.condition.is_about_the_world() {
            let came_true = self.comes_true(world)?;
            // A world may settle without a record; then it is the one before.
            let newest = world.trace().last().map_or(before, |record| record.id);
            return Ok(came_true.then_some(before.min(newest)));
        }
        let mut records = world.trace().since(before);
        let Some(record) = records.find(|record| self.condition.fits(record)) else {
            return Ok(None);
        };
        let holds = match &self.condition.when {
            Some(when) => when.holds(world).map_err(|error| error.message)?,
            None => true,
        };
        Ok(holds.then_some(record.id))
    }

    /// Whether the expression has become true; what was true before stops nothing.
    fn comes_true(&mut self, world: &Cluster) -> Result<bool, String> {
        let Some(when) = &self.condition.when else {
            return Ok(false);
        };
        let Some(answer) = self.watched.asked(when, world) else {
            return Ok(false);
        };
        let holds = answer.map_err(|error| error.message)?;
        let came_true = holds && !self.held;
        self.held = holds;
        Ok(came_true)
    }

    /// Which one stopped the world and at what, in words.
    fn words(&self, world: &Cluster, record: RecordId) -> String {
        let (number, condition) = (self.number, &self.condition);
        let what = world
            .trace()
            .get(record)
            .map_or_else(String::new, |record| {
                format!(": {} {}", record.actor, record.sentence())
            });
        if self.condition.is_about_the_world() {
            format!("Breakpoint {number}: {condition} came true at {record}{what}")
        } else {
            format!("Breakpoint {number} ({condition}) at {record}{what}")
        }
    }
}

impl Breakpoints {
    /// The breakpoints, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Breakpoint> {
        self.list.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Does what is asked and says what was done.
    pub fn obey(&mut self, order: BreakOrder, world: &Cluster) -> String {
        let missing = |number| format!("There is no breakpoint {number}.");
        match order {
            BreakOrder::Add(condition) => {
                self.last += 1;
                let number = self.last;
                let words = format!("Breakpoint {number} stops at {condition}.");
                self.add(condition, true);
                self.look(world);
                words
            }
            BreakOrder::Switch(number, is_on) => {
                let Some(found) = self.list.iter_mut().find(|each| each.number == number) else {
                    return missing(number);
                };
                found.is_on = is_on;
                found.trouble = None;
                let state = if is_on { "on" } else { "off" };
                let words = format!("Breakpoint {number} is {state}: {}", found.condition);
                self.look(world);
                words
            }
            BreakOrder::Remove(number) => {
                let before = self.list.len();
                self.list.retain(|each| each.number != number);
                if self.list.len() == before {
                    return missing(number);
                }
                format!("Breakpoint {number} is gone.")
            }
        }
    }

    /// Takes in what a session file says.
    pub fn restore(&mut self, condition: Condition, is_on: bool) {
        self.last += 1;
        self.add(condition, is_on);
    }

    fn add(&mut self, condition: Condition, is_on: bool) {
        self.list.push(Breakpoint {
            number: self.last,
            condition,
            is_on,
            trouble: None,
            watched: Watched::default(),
            held: false,
        });
    }

    /// Looks at a moment from where the world goes on: an expression that is true there has not come
    /// true on the way.
    pub fn look(&mut self, world: &Cluster) {
        for each in self.list.iter_mut().filter(|each| each.is_on) {
            each.watched = Watched::default();
            each.held = false;
            if each.condition.is_about_the_world() {
                // An expression without an answer says so when the world has made a step.
                let _ = each.comes_true(world);
                each.watched = Watched::default();
            }
        }
    }

    /// The breakpoint that the last step hit, if it hit one. One whose expression has no answer is
    /// switched off and says why.
    pub fn hit(&mut self, world: &Cluster, before: RecordId) -> Option<Stop> {
        for each in self.list.iter_mut().filter(|each| each.is_on) {
            let (number, record) = (each.number, before);
            match each.hit(world, before) {
                Ok(None) => {}
                Ok(Some(record)) => {
                    let words = each.words(world, record);
                    return Some(Stop {
                        number,
                        record,
                        words,
                    });
                }
                Err(trouble) => {
                    let source = each.condition.source();
                    let words = format!("Breakpoint {number} is off, \"{source}\": {trouble}");
                    each.is_on = false;
                    each.trouble = Some(trouble);
                    return Some(Stop {
                        number,
                        record,
                        words,
                    });
                }
            }
        }
        None
    }
}

/// The first word, and what follows it.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    (word, rest.trim())
}

fn examples() -> String {
    let examples = GRAMMAR[..4].iter().map(|(example, _)| *example);
    examples.collect::<Vec<_>>().join(", ")
}

/// The kinds of a name: one, or all of a group.
fn kinds(name: &str) -> Result<Vec<RecordKind>, String> {
    let group = name.trim_end_matches(['*', '.']);
    let is_meant =
        |kind: &&RecordKind| kind.name() == name || kind.name().split('.').next() == Some(group);
    let found: Vec<RecordKind> = RecordKind::ALL.iter().filter(is_meant).copied().collect();
    if !found.is_empty() {
        return Ok(found);
    }
    let near = nearest(name, RecordKind::ALL.iter().map(|kind| kind.name()));
    let near = near.map_or_else(
        || format!("write {}", examples()),
        |near| format!("did you mean \"{near}\"?"),
    );
    Err(format!("there is no record kind \"{name}\"; {near}"))
}

/// An actor as records name it; `kubelet` alone is each of them.
fn actor(name: &str) -> Result<String, String> {
    let mut known: Vec<&str> = CONTROLLERS
        .iter()
        .map(|controller| controller.name)
        .collect();
    known.extend([
        "kubectl",
        "kube-apiserver",
        "etcd",
        "kube-scheduler",
        "kubelet",
        "outside",
    ]);
    let first = name.split('/').next().unwrap_or_default();
    if known.contains(&first) {
        return Ok(name.to_owned());
    }
    let near = nearest(name, known.iter().copied());
    let near = near.map_or_else(
        || format!("there are {}", known.join(", ")),
        |near| format!("did you mean \"{near}\"?"),
    );
    Err(format!("there is no actor \"{name}\"; {near}"))
}

fn is_actor(wanted: &str, actor: &Actor) -> bool {
    let name = actor.to_string();
    name == wanted
        || name
            .split_once('/')
            .is_some_and(|(first, _)| first == wanted)
}
