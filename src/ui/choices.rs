//! What a typed line may become: the words of a command by their beginning or by what they do, then the
//! names that can follow.

use std::collections::BTreeSet;

use super::palette;
use crate::api::{Kind, Object, Pod, Typed};
use crate::cluster::{Cluster, FAULT_GRAMMAR, TRAFFIC_GRAMMAR};
use crate::kubectl;

/// One thing that the line may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The whole line, when it is taken.
    pub line: String,
    /// What is shown of it.
    pub shown: String,
    /// What it does.
    pub says: &'static str,
}

/// What there is to type at all.
const OVERVIEW: [(&str, &str); 6] = [
    (
        "fault ",
        "something breaks; type what: disk, network, image, crash, probe, watch, loop",
    ),
    ("traffic ", "clients send requests through a Service"),
    ("what-if ", "ask the scheduler about another world"),
    ("goto ", "to a step, a time, a record, a write, a bookmark"),
    ("differences ", "where this program differs from Kubernetes"),
    (
        "get ",
        "or another verb of kubectl: apply, scale, set image, rollout, drain, delete, describe, …",
    ),
];

/// What is said of kubectl's verbs.
const KUBECTL: &str = "as kubectl does";

/// The kinds whose objects are named after kubectl's verbs.
const NAMED: [Kind; 10] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::Job,
    Kind::CronJob,
    Kind::Service,
    Kind::HorizontalPodAutoscaler,
    Kind::ReplicaSet,
    Kind::Node,
    Kind::Pod,
];

/// The verbs that nothing but nodes follow.
const NODE_VERBS: [&str; 3] = ["cordon", "drain", "uncordon"];

/// One row of a grammar with the word before it.
struct Row {
    line: String,
    says: &'static str,
}

/// The choices for a typed line, best first.
#[must_use]
pub fn of(typed: &str, world: &Cluster) -> Vec<Choice> {
    let typed = typed.trim_start();
    if typed.is_empty() {
        let overview = OVERVIEW.iter().map(|(line, says)| Choice {
            line: (*line).to_owned(),
            shown: format!("{line}…"),
            says,
        });
        return overview.collect();
    }
    let rows = rows();
    let begun = |row: &&Row| typed.starts_with(&literal(&row.line)) && row.line.contains(' ');
    let longest = rows
        .iter()
        .filter(begun)
        .max_by_key(|row| literal(&row.line).len());
    if let Some(row) = longest.filter(|row| typed.contains(' ') && !literal(&row.line).is_empty()) {
        return arguments(typed, row, world);
    }
    let (mut first, mut then) = (Vec::new(), Vec::new());
    let lowercase = typed.to_lowercase();
    for row in &rows {
        if row.line.starts_with(typed) {
            first.push(row.choice());
        } else if is_meant(row, &lowercase) {
            then.push(row.choice());
        }
    }
    first.append(&mut then);
    first
}

impl Row {
    fn choice(&self) -> Choice {
        Choice {
            line: literal(&self.line),
            shown: self.line.clone(),
            says: self.says,
        }
    }
}

fn rows() -> Vec<Row> {
    let with = |word: &'static str, grammar: &'static [(&'static str, &'static str)]| {
        grammar.iter().map(move |(line, says)| Row {
            line: format!("{word}{line}"),
            says,
        })
    };
    let verbs = kubectl::verbs().map(|verb| Row {
        line: format!("{verb} …"),
        says: KUBECTL,
    });
    with("fault ", FAULT_GRAMMAR)
        .chain(with("traffic ", TRAFFIC_GRAMMAR))
        .chain(with("what-if ", crate::cluster::what_if::GRAMMAR))
        .chain(with("", palette::GRAMMAR))
        .chain(verbs)
        .collect()
}

/// The words of a row up to the first one for which something else is typed, with a blank behind them.
fn literal(line: &str) -> String {
    let is_literal = |word: &&str| {
        word.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    let words: Vec<&str> = line.split(' ').take_while(is_literal).collect();
    let more = if words.len() < line.split(' ').count() {
        " "
    } else {
        ""
    };
    format!("{}{more}", words.join(" "))
}

/// Whether every typed word stands in the row or in what it does.
fn is_meant(row: &Row, typed: &str) -> bool {
    let text = format!("{} {}", row.line, row.says).to_lowercase();
    row.says != KUBECTL && typed.split_whitespace().all(|word| text.contains(word))
}

/// What can follow the words of a row: names for the place at which somebody types.
fn arguments(typed: &str, row: &Row, world: &Cluster) -> Vec<Choice> {
    let begin = literal(&row.line);
    let typed_after = &typed[begin.len()..];
    let (before, partial) = typed_after.rsplit_once(' ').unwrap_or(("", typed_after));
    let place = before.split_whitespace().count();
    let expected = row.line[begin.len().min(row.line.len())..]
        .split(' ')
        .nth(place);
    let kept = &typed[..typed.len() - partial.len()];
    let choice = |name: String| Choice {
        line: format!("{kept}{name} "),
        shown: format!("{kept}{name}"),
        says: row.says,
    };
    let is_of_nodes = NODE_VERBS.contains(&begin.trim_end());
    let names = match (row.says == KUBECTL, is_of_nodes) {
        (true, true) => names("NODE", world),
        (true, false) => slashed(&NAMED, world),
        (false, _) => names(expected.unwrap_or(""), world),
    };
    let fitting: Vec<Choice> = names
        .into_iter()
        .filter(|name| name.contains(partial))
        .map(choice)
        .collect();
    if fitting.is_empty() {
        let shown = row.line.clone();
        let line = typed.to_owned();
        return vec![Choice {
            line,
            shown,
            says: row.says,
        }];
    }
    fitting
}

/// What a word of a grammar stands for.
fn names(placeholder: &str, world: &Cluster) -> Vec<String> {
    let of_kind = |kind: Kind| world.store().list(kind, None);
    let plain = |objects: &mut dyn Iterator<Item = &Object>| -> Vec<String> {
        objects
            .map(|object| object.key().name.to_string())
            .collect()
    };
    let examples = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match placeholder.trim_matches(['[', ']']) {
        "NODE" => plain(&mut of_kind(Kind::Node)),
        "POD" => plain(&mut of_kind(Kind::Pod)),
        "SERVICE" => plain(&mut of_kind(Kind::Service)),
        "KIND/NAME" => slashed(&NAMED[..3], world),
        "COMPONENT" => {
            let components = world.components().into_iter();
            components.map(|id| id.to_string()).collect()
        }
        "IMAGE" => {
            let pods = of_kind(Kind::Pod).filter_map(Pod::of);
            let images = pods.flat_map(|pod| pod.spec.containers.iter());
            let images: BTreeSet<&str> = images.filter_map(|each| each.image.as_deref()).collect();
            images.into_iter().map(str::to_owned).collect()
        }
        "DURATION" => examples(&["30s", "2m"]),
        "DELAY" => examples(&["2s", "20s"]),
        "LATENCY" => examples(&["500ms"]),
        "PERCENT" => examples(&["92", "0"]),
        "CPU" => examples(&["500m", "2", "0"]),
        "RATE" => examples(&["50/s", "500/s"]),
        "COUNT" | "TIMES" => examples(&["3", "10"]),
        either if either.contains('|') => either.split('|').map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// `deployment/web`: the objects of some kinds.
fn slashed(kinds: &[Kind], world: &Cluster) -> Vec<String> {
    let objects = kinds
        .iter()
        .flat_map(|kind| world.store().list(*kind, None));
    let words = objects.map(|object| {
        let key = object.key();
        let kind = key.kind.info().name.to_ascii_lowercase();
        format!("{kind}/{}", key.name)
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::ClusterConfig;

    fn world() -> Cluster {
        let mut world = Cluster::new(ClusterConfig::with_nodes(7, 2));
        world.run_until(std::time::Duration::from_secs(1), |_| false);
        world
    }

    fn first(typed: &str) -> String {
        let found = of(typed, &world());
        found
            .first()
            .map_or_else(String::new, |choice| choice.line.clone())
    }

    #[test]
    fn every_fault_is_found_by_its_beginning_and_by_each_word_that_says_what_it_does() {
        let world = world();
        for (line, says) in FAULT_GRAMMAR {
            let name = line.split(' ').next().unwrap_or_default();
            let whole = format!("fault {line}");
            let is_listed = |typed: &str| {
                let found = of(typed, &world);
                found
                    .iter()
                    .any(|choice| choice.shown == whole && choice.says == *says)
            };
            assert!(
                is_listed(&format!("fault {}", &name[..name.len() - 1])),
                "{line}"
            );
            for word in says.split([' ', ',', ';']).filter(|word| word.len() > 3) {
                assert!(is_listed(word), "{word} does not lead to {whole}");
            }
        }
    }

    #[test]
    fn a_line_is_completed_word_by_word() {
        for (typed, line) in [
            ("fau", "fault node-down "),
            ("fault node-d", "fault node-down "),
            ("fault node-down ", "fault node-down node-a "),
            ("fault node-down b", "fault node-down node-b "),
            ("fault stop sched", "fault stop kube-scheduler "),
            ("fault slow-disk ", "fault slow-disk 30s "),
            ("registry slow", "fault slow-registry "),
            ("fault expectations ", "fault expectations off "),
            ("scale", "scale "),
            ("cordon node-", "cordon node-a "),
            ("fault node-down nowhere", "fault node-down nowhere"),
        ] {
            assert_eq!(first(typed), line, "{typed}");
        }
    }
}
