//! The commands: the screen, a run without one, a drawn frame, an explanation.

mod explain;
mod frame;
mod input;
mod output;
mod replay;
mod why;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::cluster::breakpoint::Breakpoints;
use crate::cluster::{Finished, SessionFile};
use crate::ui;
use crate::ui::mouse::Mouse;
use explain::{ExplainArguments, explain};
use frame::{FrameArguments, frame};
use replay::{ReplayArguments, replay};
use why::WhyArguments;

/// A Kubernetes control plane made of glass, in the terminal.
#[derive(Debug, Parser)]
#[command(name = "glassplane", version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Option<Verb>,
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Leave the mouse to the terminal
    #[arg(long)]
    no_mouse: bool,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run manifests or a script without a screen, and print what came of it
    Run {
        #[command(flatten)]
        scenario: ScenarioArguments,
        /// What to print; events when nothing is said
        #[arg(short, long, value_enum)]
        output: Option<Output>,
        /// Keep the run as a session that `replay` makes again
        #[arg(long, value_name = "FILE")]
        save: Option<PathBuf>,
        #[command(flatten)]
        why: WhyArguments,
    },
    /// Make a saved session again
    Replay(ReplayArguments),
    /// Run the same way, press keys, and print one drawn frame
    Frame(FrameArguments),
    /// Say why a pod of a saved cluster goes where it goes, and what would have to change
    Explain(ExplainArguments),
}

/// What to run: the same for the screen, `run` and `frame`.
#[derive(Debug, Args)]
struct ScenarioArguments {
    /// Manifests (files, folders, - for standard input), or one script
    files: Vec<PathBuf>,
    /// A command, at a time if one is given: '40s: fault node-down node-b'; repeatable
    #[arg(long = "do", value_name = "[TIME:] COMMAND")]
    steps: Vec<String>,
    /// Stop when this is true: 'settled()', 'ready("web") == 5'
    #[arg(long, value_name = "EXPRESSION")]
    until: Option<String>,
    /// The longest time that may pass in the cluster: 300s, 5m
    #[arg(long = "for", value_name = "DURATION")]
    limit: Option<String>,
    /// Decides everything that is left to chance
    #[arg(long)]
    seed: Option<u64>,
    /// How many nodes
    #[arg(long)]
    nodes: Option<usize>,
    /// A `KubeSchedulerConfiguration` for the scheduler
    #[arg(long, value_name = "FILE")]
    scheduler_config: Option<PathBuf>,
}

/// What `run` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// Tables as kubectl prints them, and the events
    Events,
    /// All objects at the end, as a List in YAML
    Yaml,
    /// All objects at the end, as a List in JSON
    Json,
    /// Each record of the trace as one JSON object a line
    Trace,
    /// Each committed change as one JSON object a line
    Watch,
    /// The answer to --why or --effects, a line a record
    Table,
    /// The same as a sequence diagram
    Mermaid,
}

/// Does what the command line asks, and says how it went.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let result = match &arguments.verb {
        None => screen(&arguments.scenario, mouse_of(&arguments)),
        Some(Verb::Run {
            scenario,
            output,
            save,
            why,
        }) => run(scenario, *output, save.as_deref(), why),
        Some(Verb::Replay(arguments)) => replay(arguments),
        Some(Verb::Frame(arguments)) => frame(arguments),
        Some(Verb::Explain(arguments)) => explain(arguments),
    };
    result.unwrap_or_else(|message| {
        output::complain(&message);
        ExitCode::FAILURE
    })
}

fn mouse_of(arguments: &Arguments) -> Mouse {
    if arguments.no_mouse {
        Mouse::Ignored
    } else {
        Mouse::Heard
    }
}

fn screen(arguments: &ScenarioArguments, mouse: Mouse) -> Result<ExitCode, String> {
    if let [file] = arguments.files.as_slice()
        && input::is_session(file)
    {
        let (session, name) = replay::read(file)?;
        return show(ui::Opened::Session(Box::new(session.replay(&name))), mouse);
    }
    let scenario = input::scenario(arguments)?;
    let opening = if scenario.steps.is_empty() {
        ui::Opening::FirstVisit
    } else {
        ui::Opening::Given
    };
    let cluster = scenario.open()?;
    show(ui::Opened::World(Box::new(cluster), opening), mouse)
}

fn show(opened: ui::Opened, mouse: Mouse) -> Result<ExitCode, String> {
    ui::run(opened, disk(), mouse).map_err(|error| format!("error: {error}"))?;
    Ok(ExitCode::SUCCESS)
}

/// The files that typed commands name and sessions are kept in.
fn disk() -> ui::update::Disk<'static> {
    ui::update::Disk {
        load: &|name| input::load(Path::new(""), name),
        keep: &output::keep,
    }
}

fn run(
    arguments: &ScenarioArguments,
    output: Option<Output>,
    save: Option<&Path>,
    why: &WhyArguments,
) -> Result<ExitCode, String> {
    let mut scenario = input::scenario(arguments)?;
    if needs_all_records(output, why) {
        scenario.config.records_most = usize::MAX;
    }
    let waited_for = scenario
        .until
        .as_ref()
        .map(|until| until.source().to_owned());
    let Finished {
        cluster,
        came_true,
        failures,
    } = scenario.run()?;
    if let Some(path) = save {
        let session = SessionFile::of(&cluster, &[], &Breakpoints::default());
        let text = session
            .to_yaml()
            .map_err(|error| format!("error: {error}"))?;
        let kept = output::keep(&path.to_string_lossy(), &text, true);
        kept.map_err(|error| format!("error: {error}"))?;
    }
    match why::answer(&cluster, why, output)? {
        Some(text) => output::print(&text),
        None => output::report(&cluster, output.unwrap_or(Output::Events)),
    }
    for failure in &failures {
        output::complain(failure);
    }
    if !came_true {
        let what = waited_for.as_deref().unwrap_or("settled()");
        output::complain(&format!(
            "error: {what} did not come true by {}",
            cluster.now()
        ));
    }
    // The process ends here: taking a large world apart would only keep its user waiting.
    std::mem::forget(cluster);
    let went_well = came_true && failures.is_empty();
    Ok(if went_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether what is asked of a run goes through its whole trace; then it is kept as a whole.
const fn needs_all_records(output: Option<Output>, why: &WhyArguments) -> bool {
    matches!(output, Some(Output::Trace | Output::Watch)) || why.asks()
}
