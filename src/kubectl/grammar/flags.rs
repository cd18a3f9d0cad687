//! The verbs of kubectl with their flags, and how a line is split into both.
//!
//! clap does the splitting; the words of its errors become those of kubectl.

use clap::builder::BoolishValueParser;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, ArgMatches};

use super::UsageError;
use super::verbs::{NOWHERE, VERBS, Verb};

/// What a flag takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// A text; the last one wins.
    Text,
    /// Texts, separated by commas or by repeating the flag.
    List,
    /// A text each time; commas are part of it.
    Each,
    /// A whole number.
    Number,
    /// Nothing, or `=true` or `=false`.
    Switch,
    /// Nothing, or `=text`; nothing means this text.
    Optional(&'static str),
}

/// One flag of a verb.
#[derive(Clone, Copy, Debug)]
pub(super) struct Flag {
    pub(super) long: &'static str,
    pub(super) short: Option<char>,
    pub(super) takes: Takes,
}

impl Flag {
    /// Reads a flag of the table of verbs.
    fn read(text: &'static str) -> Self {
        let name = text.split(['=', '[']).next().unwrap_or(text);
        let takes = match &text[name.len()..] {
            "" => Takes::Switch,
            "=" => Takes::Text,
            "=," => Takes::List,
            "=+" => Takes::Each,
            "=#" => Takes::Number,
            missing => Takes::Optional(missing.trim_matches(['[', ']', '='])),
        };
        let (short, long) = match name.split_once('/') {
            Some((short, long)) => (short.chars().next(), long),
            None => (None, name),
        };
        Self { long, short, takes }
    }

    /// Whether this is the flag that somebody typed as `--long` or `-s`.
    fn is(&self, typed: &str) -> bool {
        match typed.strip_prefix("--") {
            Some(long) => self.long == long,
            None => {
                self.short.is_some() && typed.trim_start_matches('-').chars().next() == self.short
            }
        }
    }
}

/// The flags of a text of the table of verbs.
fn flags_of(text: &'static str) -> impl Iterator<Item = Flag> {
    text.split_whitespace().map(Flag::read)
}

impl Verb {
    /// Its own flags and those that it shares with others.
    pub(super) fn all_flags(&self) -> impl Iterator<Item = Flag> {
        let own = self.flags.iter().copied().flat_map(flags_of);
        own.chain(flags_of(self.shared)).chain(flags_of(NAMESPACE))
    }

    /// The flags that kubectl has for it and that are not here.
    pub(super) fn missing_flags(&self) -> impl Iterator<Item = Flag> {
        flags_of(self.lacks).chain(flags_of(NOWHERE))
    }
}

/// What every verb has.
const NAMESPACE: &str = "n/namespace=";

/// Commands of kubectl that reach into a container, where nothing runs.
const INTO_CONTAINERS: [&str; 5] = ["attach", "cp", "debug", "exec", "port-forward"];

/// Commands of kubectl that have no counterpart here.
const NOT_HERE: &[&str] = &[
    "alpha",
    "api-versions",
    "auth",
    "certificate",
    "cluster-info",
    "completion",
    "config",
    "kustomize",
    "proxy",
];

/// Members of groups of kubectl that are not here.
const MEMBERS_NOT_HERE: &[(&str, &[&str])] = &[
    ("apply", &["edit-last-applied", "set-last-applied"]),
    (
        "create",
        &[
            "clusterrole",
            "clusterrolebinding",
            "ingress",
            "role",
            "rolebinding",
            "token",
        ],
    ),
    ("set", &["subject"]),
];

/// How far a word may be from a command that is suggested. Source: cobra's default.
const NEAR: usize = 2;

/// Finds the verb that the line begins with, and the words that are left for it.
pub(super) fn split(words: &[String]) -> Result<(&'static Verb, Vec<String>), UsageError> {
    let mut rest = words.to_vec();
    let Some(first) = take_word(&mut rest) else {
        return Err(UsageError(format!(
            "kubectl needs a command: {}",
            names("").join(", ")
        )));
    };
    let group: Vec<&'static Verb> = VERBS
        .iter()
        .filter(|verb| verb.words.split(' ').next() == Some(&first))
        .collect();
    if group.is_empty() {
        return Err(unknown_command(&first));
    }
    let own = group.iter().copied().find(|verb| verb.words == first);
    if let ([_], Some(own)) = (group.as_slice(), own) {
        return Ok((own, rest));
    }
    let mut inner = rest.clone();
    let second = take_word(&mut inner);
    let member = second.as_deref().and_then(|second| {
        group.iter().copied().find(|verb| {
            let last = verb.words.split(' ').nth(1);
            last == Some(second) || verb.aliases.contains(&second)
        })
    });
    let is_missing = |(group, members): &(&str, &[&str])| {
        *group == first
            && second
                .as_deref()
                .is_some_and(|word| members.contains(&word))
    };
    if let (Some(second), true) = (&second, MEMBERS_NOT_HERE.iter().any(is_missing)) {
        return Err(UsageError(format!(
            "error: Unlike Kubernetes: glassplane has no \"kubectl {first} {second}\""
        )));
    }
    match (member, own) {
        (Some(member), _) => Ok((member, inner)),
        (None, Some(own)) => Ok((own, rest)),
        (None, None) => Err(unknown_member(&first, &rest)),
    }
}

/// Takes the first word that is no flag out of the words; only the namespace may stand before it.
fn take_word(words: &mut Vec<String>) -> Option<String> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        if !word.starts_with('-') {
            return Some(words.remove(at));
        }
        at += if matches!(word.as_str(), "-n" | "--namespace") {
            2
        } else {
            1
        };
    }
    None
}

/// The first words of all verbs, or the second ones of a group, each once.
fn names(group: &str) -> Vec<&'static str> {
    let mut found = Vec::new();
    for verb in VERBS {
        let mut words = verb.words.split(' ');
        let (first, second) = (words.next(), words.next());
        let name = if group.is_empty() {
            first
        } else {
            second.filter(|_| first == Some(group))
        };
        found.extend(name);
    }
    found.dedup();
    found
}

fn unknown_command(word: &str) -> UsageError {
    if INTO_CONTAINERS.contains(&word) {
        return UsageError(format!(
            "error: Unlike Kubernetes: nothing runs in a container of glassplane, so \"kubectl \
             {word}\" has nothing to reach"
        ));
    }
    if NOT_HERE.contains(&word) {
        return UsageError(format!(
            "error: Unlike Kubernetes: glassplane has no \"kubectl {word}\""
        ));
    }
    let lower = word.to_lowercase();
    let near: Vec<&str> = names("")
        .into_iter()
        .filter(|name| strsim::levenshtein(&lower, name) <= NEAR || name.starts_with(&lower))
        .collect();
    let mut message = format!("error: unknown command \"{word}\" for \"kubectl\"");
    if !near.is_empty() {
        message.push_str("\n\nDid you mean this?");
        for name in near {
            message.push_str("\n\t");
            message.push_str(name);
        }
    }
    UsageError(message)
}

fn unknown_member(group: &str, rest: &[String]) -> UsageError {
    if rest.is_empty() {
        return UsageError(format!(
            "error: kubectl {group} needs one of: {}",
            names(group).join(", ")
        ));
    }
    UsageError(format!(
        "error: unknown command \"{}\"\nSee 'kubectl {group} -h' for help and examples",
        rest.join(" ")
    ))
}

/// What was given to a verb.
#[derive(Debug)]
pub(super) struct Given {
    verb: &'static Verb,
    matches: ArgMatches,
}

/// Reads the flags and arguments of a verb.
pub(super) fn read(verb: &'static Verb, words: &[String]) -> Result<Given, UsageError> {
    let mut command = clap::Command::new("kubectl")
        .no_binary_name(true)
        .disable_help_flag(true)
        .args_override_self(true)
        .arg(Arg::new("args").num_args(0..).action(ArgAction::Append))
        .arg(Arg::new("after").last(true).num_args(0..));
    for flag in verb.all_flags() {
        command = command.arg(argument(&flag));
    }
    command
        .try_get_matches_from(words)
        .map(|matches| Given { verb, matches })
        .map_err(|error| translate(&error, verb, words))
}

fn argument(flag: &Flag) -> Arg {
    let mut arg = Arg::new(flag.long).long(flag.long);
    if let Some(short) = flag.short {
        arg = arg.short(short);
    }
    match flag.takes {
        Takes::Text => arg.allow_hyphen_values(true).overrides_with(flag.long),
        Takes::List => arg
            .allow_hyphen_values(true)
            .action(ArgAction::Append)
            .value_delimiter(','),
        Takes::Each => arg.allow_hyphen_values(true).action(ArgAction::Append),
        Takes::Number => arg
            .allow_hyphen_values(true)
            .value_parser(clap::value_parser!(i64)),
        Takes::Switch => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .value_parser(BoolishValueParser::new()),
        Takes::Optional(missing) => arg
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value(missing),
    }
}

/// clap's complaint in the words of kubectl.
fn translate(error: &clap::Error, verb: &Verb, words: &[String]) -> UsageError {
    let context = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    };
    let named = context(ContextKind::InvalidArg);
    let value = context(ContextKind::InvalidValue);
    let long = named
        .trim_start_matches('-')
        .split([' ', '=', '['])
        .next()
        .unwrap_or_default();
    let flag = verb.all_flags().find(|flag| flag.long == long);
    let problem = match (error.kind(), flag) {
        (ErrorKind::UnknownArgument, _) => return unknown_flag(verb, &named, words),
        (ErrorKind::ValueValidation | ErrorKind::InvalidValue, Some(flag)) if !value.is_empty() => {
            let reader = match flag.takes {
                Takes::Switch => "ParseBool",
                _ => "ParseInt",
            };
            let name = match flag.short {
                Some(short) => format!("-{short}, --{}", flag.long),
                None => format!("--{}", flag.long),
            };
            format!(
                "invalid argument \"{value}\" for \"{name}\" flag: strconv.{reader}: parsing \"{value}\": invalid syntax"
            )
        }
        (ErrorKind::InvalidValue, Some(flag)) => match (flag.short, words.last()) {
            (Some(short), Some(last)) if !last.starts_with("--") => {
                format!("flag needs an argument: '{short}' in {last}")
            }
            _ => format!("flag needs an argument: --{}", flag.long),
        },
        _ => error.kind().to_string(),
    };
    let first = verb.words;
    UsageError(format!(
        "error: {problem}\nSee 'kubectl {first} --help' for usage."
    ))
}

/// A flag that is not here: one of kubectl's, or one of nobody's.
fn unknown_flag(verb: &Verb, named: &str, words: &[String]) -> UsageError {
    let named = named.split('=').next().unwrap_or(named);
    let verb_words = verb.words;
    if let Some(flag) = verb.missing_flags().find(|flag| flag.is(named)) {
        let long = flag.long;
        return UsageError(format!(
            "error: Unlike Kubernetes: kubectl {verb_words} has a flag --{long}, and glassplane does not"
        ));
    }
    let letter = named.trim_start_matches('-');
    let problem = if named.starts_with("--") {
        format!("unknown flag: {named}")
    } else {
        let typed = words
            .iter()
            .find(|word| word.starts_with('-') && !word.starts_with("--") && word.contains(letter));
        let typed = typed.map_or(named, String::as_str);
        format!("unknown shorthand flag: '{letter}' in {typed}")
    };
    let nearest = verb
        .all_flags()
        .map(|flag| flag.long)
        .min_by_key(|long| strsim::levenshtein(long, letter))
        .filter(|long| named.starts_with("--") && strsim::levenshtein(long, letter) <= NEAR);
    let hint = nearest.map(|long| format!("\nDid you mean --{long}?"));
    UsageError(format!(
        "error: {problem}\nSee 'kubectl {verb_words} --help' for usage.{}",
        hint.unwrap_or_default()
    ))
}

impl Given {
    /// The words that are no flags.
    pub(super) fn arguments(&self) -> Vec<String> {
        self.texts("args")
    }

    /// The words after `--`.
    pub(super) fn after_dashes(&self) -> Vec<String> {
        self.texts("after")
    }

    fn is_known(&self, flag: &str) -> bool {
        matches!(flag, "args" | "after") || self.verb.all_flags().any(|each| each.long == flag)
    }

    /// The texts of a flag; none for a flag that the verb does not have.
    pub(super) fn texts(&self, flag: &str) -> Vec<String> {
        if !self.is_known(flag) {
            return Vec::new();
        }
        let values = self.matches.get_many::<String>(flag);
        values.into_iter().flatten().cloned().collect()
    }

    /// The text of a flag.
    pub(super) fn text(&self, flag: &str) -> Option<String> {
        self.texts(flag).pop()
    }

    /// The number of a flag.
    pub(super) fn number(&self, flag: &str) -> Option<i64> {
        self.matches.get_one::<i64>(flag).copied()
    }

    /// Whether a switch is on; off for a switch that the verb does not have.
    pub(super) fn is_on(&self, flag: &str) -> bool {
        self.switch(flag).unwrap_or(false)
    }

    /// What a switch was set to, if it was.
    pub(super) fn switch(&self, flag: &str) -> Option<bool> {
        self.is_known(flag)
            .then(|| self.matches.get_one::<bool>(flag).copied())
            .flatten()
    }

    /// The number of a flag that must be given.
    pub(super) fn required_number(&self, flag: &str) -> Result<i64, UsageError> {
        self.number(flag).ok_or_else(|| not_set(flag))
    }
}

/// The complaint about a flag that must be given.
pub(super) fn not_set(flag: &str) -> UsageError {
    UsageError(format!("error: required flag(s) \"{flag}\" not set"))
}
