//! `run --why` and `run --effects`: the way back from an object, a field, a write or a record, and what
//! followed from it, as a table, as JSON, or as a sequence diagram. The run keeps all its records for
//! that, so no way breaks off at a horizon.

use std::fmt::Write as _;
use std::io::Write as _;

use clap::Args;
use serde_json::json;
use tabwriter::TabWriter;

use super::Output;
use crate::cluster::{Cluster, Record, Trace};

/// What is asked of a run that has ended.
#[derive(Debug, Args)]
pub(super) struct WhyArguments {
    /// Print the way back to the outside command: of pod/web-1, pod/web-1:spec.nodeName, r55, #500; the
    /// beginning of a name is enough
    #[arg(long, value_name = "WHAT", conflicts_with = "effects")]
    why: Option<String>,
    /// Print everything that followed from it
    #[arg(long, value_name = "WHAT")]
    effects: Option<String>,
}

impl WhyArguments {
    /// Whether anything is asked.
    pub(super) const fn asks(&self) -> bool {
        self.why.is_some() || self.effects.is_some()
    }
}

/// The records of an answer, each with the one that it followed from.
struct Answer<'a> {
    trace: &'a Trace,
    records: Vec<(&'a Record, usize)>,
    is_backward: bool,
}

/// What to print for the question; nothing when none was asked.
///
/// # Errors
/// When the question means nothing or several things, or cannot be answered in the wanted form.
pub(super) fn answer(
    cluster: &Cluster,
    arguments: &WhyArguments,
    output: Option<Output>,
) -> Result<Option<String>, String> {
    let (words, is_backward) = match (&arguments.why, &arguments.effects) {
        (Some(words), _) => (words, true),
        (None, Some(words)) => (words, false),
        (None, None) => return no_question(output).map(|()| None),
    };
    let flag = if is_backward { "--why" } else { "--effects" };
    let record = cluster.record_meant(words);
    let record = record.map_err(|error| format!("error: {flag}: {error}"))?;
    let trace = cluster.trace();
    let effects;
    let records = if is_backward {
        let way = trace.why(record).enumerate();
        way.map(|(at, hop)| (&**hop, at)).collect()
    } else {
        effects = trace.effects(record, usize::MAX).shown;
        let first = trace.get(record).map(|record| (&**record, 0));
        let rest = effects.iter().map(|effect| (&*effect.record, effect.depth));
        first.into_iter().chain(rest).collect()
    };
    let answer = Answer {
        trace,
        records,
        is_backward,
    };
    match output {
        None | Some(Output::Table) => Ok(Some(answer.table())),
        Some(Output::Json) => Ok(Some(answer.json(words))),
        Some(Output::Mermaid) => Ok(Some(answer.mermaid())),
        Some(_) => Err(format!(
            "error: {flag} is printed with -o table, json or mermaid"
        )),
    }
}

fn no_question(output: Option<Output>) -> Result<(), String> {
    match output {
        Some(Output::Table | Output::Mermaid) => {
            let words = "error: -o table and mermaid print the answer to --why or --effects";
            Err(words.to_owned())
        }
        _ => Ok(()),
    }
}

impl Answer<'_> {
    fn latency(&self, record: &Record) -> Option<String> {
        let latency = self.trace.latency(record)?;
        Some(format!("+{:.3}ms", latency.as_secs_f64() * 1000.0))
    }

    fn table(&self) -> String {
        let mut out = TabWriter::new(Vec::new()).minwidth(0).padding(2);
        let mut text = String::from("RECORD\tTIME\tLATENCY\tREVISION\tACTOR\tWHAT\n");
        for (record, depth) in &self.records {
            let latency = self.latency(record).unwrap_or_default();
            let indent = if self.is_backward {
                0
            } else {
                (*depth).min(12)
            };
            let _ = writeln!(
                text,
                "{}\t{}\t{latency}\t{}\t{}\t{}{}",
                record.id,
                record.time,
                record.revision,
                record.actor,
                " ".repeat(indent),
                record.sentence()
            );
        }
        // Writing into memory does not fail.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        let bytes = out.into_inner().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn json(&self, words: &str) -> String {
        let record = |(record, depth): &(&Record, usize)| {
            let mut value = record.to_value();
            let latency = self.trace.latency(record);
            let latency = latency.map(|latency| latency.as_secs_f64() * 1000.0);
            value["sentence"] = json!(record.sentence());
            value["latency_ms"] = json!(latency);
            value["hops"] = json!(depth);
            value
        };
        let records: Vec<_> = self.records.iter().map(record).collect();
        let key = if self.is_backward { "why" } else { "effects" };
        format!("{:#}\n", json!({"asked": words, key: records}))
    }

    /// A sequence diagram in the language of Mermaid: each arrow goes from who caused to who reacted.
    fn mermaid(&self) -> String {
        let mut records: Vec<&Record> = self.records.iter().map(|(record, _)| *record).collect();
        records.sort_by_key(|record| record.id);
        let mut actors: Vec<String> = Vec::new();
        let mut place = |actor: String| {
            let there = actors.iter().position(|known| *known == actor);
            there.unwrap_or_else(|| {
                actors.push(actor);
                actors.len() - 1
            })
        };
        let mut arrows = String::new();
        for record in records {
            let cause = record.cause.and_then(|cause| self.trace.get(cause));
            let to = place(record.actor.to_string());
            let from = cause.map_or(to, |cause| place(cause.actor.to_string()));
            let latency = self
                .latency(record)
                .map_or_else(String::new, |span| format!(" {span}"));
            let sentence = plain(&record.sentence());
            let revision = record.revision;
            let _ = writeln!(
                arrows,
                "    a{from}->>a{to}: {sentence} (r{revision}{latency})"
            );
        }
        let mut text = String::from("sequenceDiagram\n");
        for (place, actor) in actors.iter().enumerate() {
            let _ = writeln!(text, "    participant a{place} as {actor}");
        }
        text + &arrows
    }
}

/// Without the signs that end a message in a Mermaid diagram.
fn plain(sentence: &str) -> String {
    sentence
        .replace('\n', " ")
        .replace(';', ",")
        .replace('#', "no. ")
}
