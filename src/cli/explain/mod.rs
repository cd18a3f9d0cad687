//! `explain`: why a pod of a saved cluster goes where it goes, and what would have to change.

mod account;
mod cases;
mod fill;
mod question;
mod remedy;
mod table;
mod what_if;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::{input, output};
use crate::cluster::what_if as premises;
use crate::manifest::print as manifest_print;
use crate::scheduler::{Configuration, FILL_MOST, Filling, schedule};
use crate::sim::Random;
use account::Account;
use question::Question;

/// What `explain` is asked.
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// The pod: name, or namespace/name
    #[arg(required_unless_present = "cases")]
    pod: Option<String>,
    /// A saved cluster (kubectl get nodes,pods,… -A -o yaml): files, folders, - for standard input
    #[arg(short, long = "filename", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A `KubeSchedulerConfiguration`
    #[arg(long, value_name = "FILE")]
    scheduler_config: Option<PathBuf>,
    /// Answer many: one cluster with one pod a line
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pod", "files", "scheduler_config", "fill"])]
    cases: Option<PathBuf>,
    /// How many more of this pod fit, where, and what stops them
    #[arg(long)]
    fill: bool,
    /// What if something were different: 'weight NodeAffinity=10', 'taint node-b k=v:NoSchedule',
    /// 'strategy MostAllocated', 'disable TaintToleration', 'label node-b disk=ssd', 'request cpu=2';
    /// several in one line or repeated
    #[arg(long, value_name = "PREMISE", conflicts_with_all = ["cases", "fill"])]
    what_if: Vec<String>,
    /// Decides between equally good nodes
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// How to print; jsonl with --cases, else table
    #[arg(short, long, value_enum)]
    output: Option<ExplainOutput>,
}

/// What `explain` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ExplainOutput {
    /// One row for each node, and sentences
    Table,
    /// The whole decision as one JSON object
    Json,
    /// One line for each case, as JSON
    Jsonl,
}

/// Explains one pod, or answers many cases.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<ExitCode, String> {
    if let Some(path) = &arguments.cases {
        if arguments.output.unwrap_or(ExplainOutput::Jsonl) != ExplainOutput::Jsonl {
            return Err("error: --cases answers in -o jsonl only".to_owned());
        }
        let all_answered = cases::answer_all(path, arguments.seed)?;
        return Ok(if all_answered {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        });
    }
    let form = arguments.output.unwrap_or(ExplainOutput::Table);
    if form == ExplainOutput::Jsonl {
        return Err("error: -o jsonl is for --cases; use -o table or -o json".to_owned());
    }
    let configuration = match &arguments.scheduler_config {
        Some(path) => input::scheduler_configuration(path)?,
        None => Configuration::default(),
    };
    if arguments.files.is_empty() {
        let message = "error: which cluster? Give -f FILE, as saved by: \
                       kubectl get nodes,pods,namespaces,services,replicasets,statefulsets,pdb,pv,pvc,sc -A -o yaml";
        return Err(message.to_owned());
    }
    let name = arguments.pod.as_deref().unwrap_or_default();
    let question = Question::read(name, &arguments.files)?;
    let profile = configuration
        .profile_of(&question.pod)
        .ok_or_else(|| format!("error: {}", configuration.missing_profile(&question.pod)))?;
    let text = if arguments.fill {
        let mut random = Random::stream(arguments.seed, "explain");
        let world = &question.world_as_it_is;
        let filling = Filling::of(&question.pod, world, profile, &mut random, FILL_MOST);
        match form {
            ExplainOutput::Table => fill::text(&filling, &question),
            _ => manifest_print::to_json_pretty(&fill::value(&filling, &question)),
        }
    } else if !arguments.what_if.is_empty() {
        let mut random = Random::stream(arguments.seed, "explain");
        let (pod, world) = (&question.pod, &question.world);
        let real = Arc::new(schedule(pod, world, profile, &mut random, 0));
        let asked = question.asked(profile);
        let premises = premises::parse(&arguments.what_if.join(" "))?;
        let answer = asked.what_if(real, &premises);
        let answer = answer.map_err(|error| format!("error: {error}"))?;
        match form {
            ExplainOutput::Table => what_if::text(&answer, &question),
            _ => manifest_print::to_json_pretty(&what_if::value(&answer, &question)),
        }
    } else {
        let account = Account::new(&question, profile, arguments.seed);
        match form {
            ExplainOutput::Table => table::text(&question, &account),
            _ => manifest_print::to_json_pretty(&account.to_value(&question)),
        }
    };
    output::print(&text);
    Ok(ExitCode::SUCCESS)
}
