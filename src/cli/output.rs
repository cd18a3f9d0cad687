//! What a run leaves behind: tables and events, objects, the trace, the changes.

use std::io::{self, BufWriter, Write};

use serde_json::json;

use super::Output;
use crate::api::{Kind, Object};
use crate::apiserver;
use crate::cluster::{Cluster, Counts, Detail, Flow};
use crate::controllers::ROOT_CA_CERTIFICATE;
use crate::kubectl::grammar::{Command as Asked, Output as Shown};
use crate::kubectl::{Session, printers};
use crate::manifest::print as manifest_print;

/// Prints a text. A reader that went away is no failure of ours.
pub(super) fn print(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Prints a message where errors go.
pub(super) fn complain(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", message.trim_end());
}

/// Keeps a text in a file; one that is there already is written over only when asked to.
///
/// # Errors
/// When there is such a file, or it cannot be written.
pub(super) fn keep(name: &str, text: &str, over: bool) -> Result<(), String> {
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).create_new(!over);
    let options = options.create(over).truncate(over);
    let written = options.open(name);
    let written = written.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!("{name} exists already, and what is in it would be lost; nothing was written")
        }
        _ => format!("{name} cannot be written: {error}"),
    })
}

/// Prints what came of a run.
pub(super) fn report(cluster: &Cluster, output: Output) {
    let mut out = BufWriter::new(io::stdout().lock());
    let written = match output {
        // The last two print answers; without a question there is none.
        Output::Events | Output::Table | Output::Mermaid => answers(cluster, &mut out)
            .and_then(|()| tables(cluster, &mut out))
            .and_then(|()| traffic(cluster, &mut out)),
        Output::Yaml => out.write_all(manifest_print::to_yaml(&list(cluster)).as_bytes()),
        Output::Json => writeln!(out, "{}", manifest_print::to_json_pretty(&list(cluster))),
        Output::Trace => trace(cluster, &mut out),
        Output::Watch => watch(cluster, &mut out),
    };
    let _ = written.and_then(|()| out.flush());
}

/// The kinds that the tables begin with; the rest follow in the order of the table of kinds.
const FIRST: [Kind; 4] = [Kind::Deployment, Kind::ReplicaSet, Kind::Pod, Kind::Node];

/// The kinds that every cluster is full of and nobody asks for.
const HIDDEN: [Kind; 6] = [
    Kind::Namespace,
    Kind::Lease,
    Kind::ServiceAccount,
    Kind::PriorityClass,
    Kind::EndpointSlice,
    Kind::Event,
];

/// What the questions among the commands were answered, and what others were warned of or still wait
/// for; what else they did shows in the tables, and what failed is told at the end.
fn answers(cluster: &Cluster, out: &mut impl Write) -> io::Result<()> {
    for (_, session) in cluster.sessions() {
        let line = &session.invocation().line;
        let words = line.strip_prefix("kubectl ").unwrap_or(line);
        let answer = answer(session, cluster);
        if !answer.is_empty() {
            writeln!(out, "$ kubectl {words}\n{answer}")?;
        }
    }
    Ok(())
}

fn answer(session: &Session, cluster: &Cluster) -> String {
    let waits = session.exit_code().is_none();
    let mut answer = String::new();
    if waits || is_question(session) {
        answer.push_str(session.output());
    }
    if matches!(session.exit_code(), None | Some(0)) {
        answer.push_str(&session.error_text());
    }
    if waits && !session.invocation().command.stays() {
        let now = cluster.now().to_string();
        answer.extend(["(kubectl still waits when the run ends, at ", &now, ")\n"]);
    }
    answer
}

/// Whether what the command prints is what it was typed for.
fn is_question(session: &Session) -> bool {
    let invocation = session.invocation();
    let is_shown = invocation.shown != Shown::Table;
    let command = &invocation.command;
    let asks = matches!(
        command,
        Asked::Get(_) | Asked::Wait(_) | Asked::Rollout { .. } | Asked::Diff { .. }
    );
    asks || is_shown || command.only_asks() || command.stays()
}

fn tables(cluster: &Cluster, out: &mut impl Write) -> io::Result<()> {
    let rest = Kind::ALL
        .iter()
        .filter(|kind| !FIRST.contains(kind) && !HIDDEN.contains(kind));
    for kind in FIRST.iter().chain(rest).chain([&Kind::Event]) {
        let objects = cluster.store().list(*kind, None);
        // Of the start of the cluster, which is over before anybody asks for anything, nothing is said.
        let objects: Vec<&Object> = objects
            .filter(|object| is_asked_for(object))
            .filter(|object| *kind != Kind::Event || object.revision() > cluster.born())
            .collect();
        if objects.is_empty() {
            continue;
        }
        let several = objects
            .iter()
            .any(|object| object.namespace() != objects[0].namespace());
        let options = printers::Options {
            namespaces: several,
            ..printers::Options::default()
        };
        let table = printers::table(*kind, objects, cluster.now(), &options);
        writeln!(out, "{}", printers::render(&table))?;
    }
    Ok(())
}

/// Not what every namespace has by itself.
fn is_asked_for(object: &Object) -> bool {
    object.kind() != Kind::ConfigMap || object.name() != ROOT_CA_CERTIFICATE
}

/// What became of requests, by Service and by pod.
fn traffic(cluster: &Cluster, out: &mut impl Write) -> io::Result<()> {
    let mut table = printers::Table {
        headers: ["TRAFFIC", "RATE", "ANSWERED", "LOST", "WHY"]
            .map(str::to_owned)
            .to_vec(),
        rows: Vec::new(),
    };
    let row = |name: String, rate: String, counts: &Counts| {
        let (answered, lost) = (counts.answered.to_string(), counts.lost().to_string());
        vec![name, rate, answered, lost, counts.reasons_in_words()]
    };
    for flow in cluster.traffic().flows() {
        let name = format!("service/{}", flow.service.name);
        table
            .rows
            .push(row(name, format!("{}/s", flow.rate), &flow.total));
        let pods = flow.pods.iter();
        table.rows.extend(
            pods.map(|(pod, counts)| row(format!("pod/{}", pod.name), String::new(), counts)),
        );
    }
    if table.rows.is_empty() {
        return Ok(());
    }
    writeln!(out, "{}", printers::render(&table))
}

/// All objects; where there was traffic, the List says beside them what became of it.
fn list(cluster: &Cluster) -> serde_json::Value {
    let mut list = manifest_print::list(cluster.store().iter().map(Object::to_value));
    let flows: Vec<serde_json::Value> = cluster.traffic().flows().map(Flow::to_value).collect();
    if !flows.is_empty() {
        list["traffic"] = flows.into();
    }
    list
}

fn trace(cluster: &Cluster, out: &mut impl Write) -> io::Result<()> {
    for record in cluster.trace().iter() {
        writeln!(out, "{}", record.to_value())?;
    }
    Ok(())
}

fn watch(cluster: &Cluster, out: &mut impl Write) -> io::Result<()> {
    for record in cluster.trace().iter() {
        if let Detail::Api(apiserver::Note::Committed { change, by }) = &record.detail {
            let line = json!({
                "type": change.change_type.to_string(),
                "time_ms": record.time.as_millis(),
                "revision": change.revision,
                "actor": by.to_string(),
                "object": change.object.to_value(),
            });
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}
