//! The line of a what-if question: the pod, and one premise after the other.

use crate::kubectl::grammar::{UsageError, pairs, taints};
use crate::scheduler::{Premise, Strategy};

/// What can be imagined, and what it means.
pub const GRAMMAR: &[(&str, &str)] = &[
    (
        "weight PLUGIN=N",
        "the scores of a plugin are multiplied with N, from 1 to 100",
    ),
    (
        "strategy NAME",
        "NodeResourcesFit likes other nodes: LeastAllocated, MostAllocated, RequestedToCapacityRatio",
    ),
    ("disable PLUGIN", "a plugin is not asked"),
    (
        "label NODE KEY=VALUE",
        "a node has a label; KEY- takes it away",
    ),
    (
        "taint NODE KEY=VALUE:EFFECT",
        "a node has a taint; KEY- or KEY:EFFECT- takes it away",
    ),
    (
        "request [CONTAINER] RESOURCE=AMOUNT",
        "the pod requests another amount",
    ),
];

/// A question as typed.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// The pod: its name, or namespace and name; none means the one that is selected.
    pub pod: Option<(Option<String>, String)>,
    /// What is imagined.
    pub premises: Vec<Premise>,
}

/// Reads what stands after `what-if`: a pod, if one is named, and premises.
///
/// # Errors
/// Says what is not understood and what can be imagined.
pub fn read(line: &str) -> Result<Line, String> {
    let words = split(line)?;
    let (pod, rest) = match words.split_first() {
        Some((first, rest)) if !is_verb(first) => (Some(pod(first)), rest),
        _ => (None, &words[..]),
    };
    Ok(Line {
        pod,
        premises: premises(rest)?,
    })
}

/// Reads premises: `weight NodeAffinity=10 taint node-b k=v:NoSchedule`.
///
/// # Errors
/// As [`read`].
pub fn parse(line: &str) -> Result<Vec<Premise>, String> {
    premises(&split(line)?)
}

/// `web-1`, `pod/web-1` or `shop/web-1`.
fn pod(word: &str) -> (Option<String>, String) {
    match word.split_once('/') {
        Some(("pod" | "pods" | "po", name)) => (None, name.to_owned()),
        Some((namespace, name)) => (Some(namespace.to_owned()), name.to_owned()),
        None => (None, word.to_owned()),
    }
}

/// The words; commas between premises are for the reader.
fn split(line: &str) -> Result<Vec<String>, String> {
    let words = shlex::split(line).ok_or("error: a quote is not closed")?;
    let words = words
        .into_iter()
        .map(|word| word.trim_end_matches([',', ';']).to_owned());
    Ok(words.filter(|word| !word.is_empty()).collect())
}

fn verbs() -> impl Iterator<Item = &'static str> {
    let first = |(line, _): &(&'static str, &str)| line.split(' ').next();
    GRAMMAR.iter().filter_map(first)
}

fn is_verb(word: &str) -> bool {
    verbs().any(|verb| verb == word)
}

fn premises(words: &[String]) -> Result<Vec<Premise>, String> {
    if words.is_empty() {
        return Err(format!("error: what if what? Say {}", choices()));
    }
    let mut premises = Vec::new();
    let mut rest = words;
    while let Some((verb, after)) = rest.split_first() {
        if !is_verb(verb) {
            let nearest = verbs().min_by_key(|each| strsim::levenshtein(each, verb));
            let nearest = nearest.unwrap_or_default();
            return Err(format!(
                "error: what if \"{verb}\"? The nearest word is \"{nearest}\"; say {}",
                choices()
            ));
        }
        // What a verb names comes first, so a node may have the name of a verb.
        let next = after.iter().skip(1).position(|word| is_verb(word));
        let (own, left) = after.split_at(next.map_or(after.len(), |place| place + 1));
        premises.extend(one(verb, own)?);
        rest = left;
    }
    Ok(premises)
}

fn choices() -> String {
    let lines: Vec<String> = GRAMMAR
        .iter()
        .map(|(line, what)| format!("  {line:<36} {what}"))
        .collect();
    format!("one or several of\n{}", lines.join("\n"))
}

fn usage(verb: &str) -> String {
    let mut lines = GRAMMAR.iter().map(|(line, _)| *line);
    let line = lines.find(|line| line.split(' ').next() == Some(verb));
    format!("error: usage: what-if [POD] {}", line.unwrap_or(verb))
}

/// What one verb and its words say.
fn one(verb: &str, words: &[String]) -> Result<Vec<Premise>, String> {
    match (verb, words) {
        (_, []) => Err(usage(verb)),
        ("weight", words) => words.iter().map(|word| weight(word)).collect(),
        ("strategy", [name]) => Ok(vec![Premise::Strategy(strategy(name)?)]),
        ("disable", names) => Ok(names
            .iter()
            .map(|name| Premise::Disable {
                plugin: name.clone(),
            })
            .collect()),
        ("label", [node, changes @ ..]) if !changes.is_empty() => labels(node, changes),
        ("taint", [node, changes @ ..]) if !changes.is_empty() => tainted(node, changes),
        ("request", words) => requests(words),
        _ => Err(usage(verb)),
    }
}

fn weight(word: &str) -> Result<Premise, String> {
    let (plugin, number) = word.split_once('=').ok_or_else(|| usage("weight"))?;
    let weight = number.parse().map_err(|_| {
        format!("error: weight {word}: \"{number}\" is no whole number from 1 to 100")
    })?;
    Ok(Premise::Weight {
        plugin: plugin.to_owned(),
        weight,
    })
}

fn strategy(name: &str) -> Result<Strategy, String> {
    let found = Strategy::ALL.iter().find(|(_, known)| *known == name);
    found.map(|(strategy, _)| *strategy).ok_or_else(|| {
        let names: Vec<&str> = Strategy::ALL.iter().map(|(_, name)| *name).collect();
        format!(
            "error: strategy {name}: Unsupported value: \"{name}\": supported values: \"{}\"",
            names.join("\", \"")
        )
    })
}

fn labels(node: &str, changes: &[String]) -> Result<Vec<Premise>, String> {
    if let Some(word) = changes
        .iter()
        .find(|word| !word.contains('=') && !word.ends_with('-'))
    {
        return Err(format!(
            "{}; \"{word}\" is neither KEY=VALUE nor KEY-",
            usage("label")
        ));
    }
    let (set, removed) = pairs(changes, "label").map_err(|error| told(&error))?;
    let label = |key: String, value: Option<String>| Premise::Label {
        node: node.to_owned(),
        key,
        value,
    };
    let set = set.into_iter().map(|(key, value)| label(key, Some(value)));
    Ok(set
        .chain(removed.into_iter().map(|key| label(key, None)))
        .collect())
}

fn tainted(node: &str, changes: &[String]) -> Result<Vec<Premise>, String> {
    let changes = taints(changes).map_err(|error| told(&error))?;
    let node = || node.to_owned();
    let added = changes.add.into_iter().map(|taint| Premise::Taint {
        node: node(),
        taint,
    });
    let removed = changes
        .remove
        .into_iter()
        .map(|(key, effect)| Premise::Untaint {
            node: node(),
            key,
            effect,
        });
    Ok(added.chain(removed).collect())
}

/// kubectl's own error, without the hint at kubectl's own help.
fn told(error: &UsageError) -> String {
    let first = error.0.lines().next().unwrap_or_default();
    first.to_owned()
}

fn requests(words: &[String]) -> Result<Vec<Premise>, String> {
    let (container, amounts) = match words {
        [first, rest @ ..] if !first.contains('=') => (Some(first.clone()), rest),
        all => (None, all),
    };
    if amounts.is_empty() {
        return Err(usage("request"));
    }
    let pairs = amounts.iter().flat_map(|word| word.split(','));
    pairs
        .map(|pair| {
            let (resource, text) = pair.split_once('=').ok_or_else(|| usage("request"))?;
            let amount: crate::api::Quantity = text
                .parse()
                .map_err(|error| format!("error: request {pair}: {error}"))?;
            if amount.is_negative() {
                return Err(format!(
                    "error: request {pair}: must be greater than or equal to 0"
                ));
            }
            Ok(Premise::Request {
                container: container.clone(),
                resource: resource.to_owned(),
                amount,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_premises_stand_in_one_line_and_read_back_as_typed() {
        let lines = [
            "weight NodeAffinity=10",
            "strategy MostAllocated",
            "disable TaintToleration",
            "label node-b disk=ssd",
            "label node-b disk-",
            "taint node-b k=v:NoSchedule",
            "taint node-b k:NoExecute",
            "taint node-b k-",
            "taint node-b k:NoSchedule-",
            "request cpu=2",
            "request app memory=1Gi",
            // A node may be called like a verb.
            "label weight a=b",
        ];
        for line in lines {
            let read: Vec<String> = parse(line)
                .expect(line)
                .iter()
                .map(ToString::to_string)
                .collect();
            assert_eq!(read, [line]);
        }
        let all =
            parse("weight A=1 B=2, label n a=b c-, taint n k:NoSchedule; request cpu=1,memory=2Gi");
        let all: Vec<String> = all
            .expect("a line")
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            all,
            [
                "weight A=1",
                "weight B=2",
                "label n a=b",
                "label n c-",
                "taint n k:NoSchedule",
                "request cpu=1",
                "request memory=2Gi",
            ]
        );
    }

    #[test]
    fn a_pod_may_stand_first() {
        let cases = [
            ("web-1 disable NodeName", Some((None, "web-1"))),
            ("pod/web-1 disable NodeName", Some((None, "web-1"))),
            ("shop/web-1 disable NodeName", Some((Some("shop"), "web-1"))),
            ("disable NodeName", None),
        ];
        for (text, expected) in cases {
            let pod = read(text).expect(text).pod;
            let pod = pod
                .as_ref()
                .map(|(space, name)| (space.as_deref(), name.as_str()));
            assert_eq!(pod, expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_understood_is_named_with_what_would_be_right() {
        let cases = [
            (
                "",
                "error: what if what? Say one or several of\n  weight PLUGIN=N",
            ),
            ("wieght A=1", "The nearest word is \"weight\""),
            (
                "weight NodeAffinity",
                "error: usage: what-if [POD] weight PLUGIN=N",
            ),
            (
                "weight NodeAffinity=x",
                "\"x\" is no whole number from 1 to 100",
            ),
            (
                "weight NodeAffinity=1.5",
                "\"1.5\" is no whole number from 1 to 100",
            ),
            (
                "strategy Least",
                "supported values: \"LeastAllocated\", \"MostAllocated\"",
            ),
            ("disable", "error: usage: what-if [POD] disable PLUGIN"),
            (
                "label node-a",
                "error: usage: what-if [POD] label NODE KEY=VALUE",
            ),
            (
                "label node-a disk",
                "\"disk\" is neither KEY=VALUE nor KEY-",
            ),
            (
                "label node-a disk=_",
                "error: invalid label value: \"disk=_\"",
            ),
            (
                "taint node-a k=v:Never",
                "error: invalid taint effect: Never, unsupported taint effect",
            ),
            ("taint node-a k=v", "error: invalid taint spec: k=v"),
            ("request cpu=-1", "must be greater than or equal to 0"),
            (
                "request cpu=much",
                "error: request cpu=much: quantities must match",
            ),
            ("request cpu", "error: usage: what-if [POD] request"),
            ("label node-a 'disk=ssd", "error: a quote is not closed"),
        ];
        for (line, expected) in cases {
            let error = parse(line).expect_err(line);
            assert!(error.contains(expected), "{line}: {error}");
        }
    }
}
