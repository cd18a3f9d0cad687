//! `frame`: a run, the keys that somebody presses after it, and one drawn frame of what is to be seen then.

use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{ScenarioArguments, disk, input, output};
use crate::cluster::Finished;
use crate::cluster::driver::Driver;
use crate::ui;
use crate::ui::frame::Wanted;

/// What to draw.
#[derive(Debug, Args)]
pub(super) struct FrameArguments {
    #[command(flatten)]
    scenario: ScenarioArguments,
    /// Columns and rows
    #[arg(long, default_value = "120x36", value_parser = input::size)]
    size: (u16, u16),
    /// The step to show; the last one if not given
    #[arg(long, value_name = "STEP")]
    at: Option<u64>,
    /// The view, by its key: 1 to 9
    #[arg(long, default_value = "1")]
    view: char,
    /// The object to select: pod/web-1, deployment/web
    #[arg(long, value_name = "KIND/NAME")]
    select: Option<String>,
    /// Keys to press then, with text in quotes: 'w down', ': "get pods" enter', '3 g ctrl+t'
    #[arg(long, default_value = "", value_name = "KEYS")]
    keys: String,
    /// How to print
    #[arg(short, long, value_enum, default_value_t = Form::Text)]
    output: Form,
}

/// How `frame` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Characters
    Text,
    /// Characters with the escapes of a terminal
    Ansi,
    /// A picture
    Svg,
}

/// Runs, presses the keys, and prints the frame.
///
/// # Errors
/// When the scenario, the view, the step, the object or a key is none.
pub(super) fn frame(arguments: &FrameArguments) -> Result<ExitCode, String> {
    let wrong = |error| format!("error: --keys: {error}");
    let keys = ui::strokes::parse(&arguments.keys).map_err(wrong)?;
    let Finished { cluster, .. } = input::scenario(&arguments.scenario)?.run()?;
    let wanted = Wanted {
        size: arguments.size,
        view: arguments.view,
        at: arguments.at,
        select: arguments.select.clone(),
    };
    let mut person = ui::frame::looking(Driver::at_the_end_of(cluster), &wanted)?;
    person.presses(&keys, disk()).map_err(wrong)?;
    let drawn = person.sees();
    output::print(&match arguments.output {
        Form::Text => drawn.to_text(),
        Form::Ansi => drawn.to_ansi(),
        Form::Svg => drawn.to_svg(),
    });
    // The process ends here: taking a large world apart would only keep its user waiting.
    std::mem::forget(person);
    Ok(ExitCode::SUCCESS)
}
