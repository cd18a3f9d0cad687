//! `replay`: a saved session made again, verified record by record when asked.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::why::{self, WhyArguments};
use super::{Output, input, needs_all_records, output};
use crate::cluster::{SessionFile, Verdict};

/// The most bytes of a session.
const MOST_BYTES: usize = 64 << 20;

/// What to make again.
#[derive(Debug, Args)]
pub(super) struct ReplayArguments {
    /// A session, as `run --save` or the screen's save wrote it
    file: PathBuf,
    /// Compare with the recorded run, and say at which record it first differs
    #[arg(long)]
    verify: bool,
    /// What to print
    #[arg(short, long, value_enum)]
    output: Option<Output>,
    #[command(flatten)]
    why: WhyArguments,
}

/// Reads a session, and says what to call its run.
///
/// # Errors
/// When there is no such file, or it is no session of this format.
pub(super) fn read(path: &Path) -> Result<(SessionFile, String), String> {
    let name = path.to_string_lossy();
    let bytes = input::read(path, &name, MOST_BYTES)?;
    if bytes.len() > MOST_BYTES {
        let most = MOST_BYTES >> 20;
        return Err(format!(
            "error: {name}: more than {most} MiB; no session is as large"
        ));
    }
    let text = String::from_utf8_lossy(&bytes);
    let session = SessionFile::parse(&text).map_err(|error| format!("error: {name}: {error}"))?;
    let stem = path.file_stem().map_or(name, |stem| stem.to_string_lossy());
    Ok((session, stem.into_owned()))
}

/// Makes a session again and prints what came of it. What could not be read or done is told, and what
/// could be is printed.
///
/// # Errors
/// When nothing of the file can be read, or a question has no answer.
pub(super) fn replay(arguments: &ReplayArguments) -> Result<ExitCode, String> {
    let (mut session, name) = read(&arguments.file)?;
    if needs_all_records(arguments.output, &arguments.why) {
        session.keep_records(usize::MAX);
    }
    let replayed = session.replay(&name);
    match why::answer(&replayed.cluster, &arguments.why, arguments.output)? {
        Some(text) => output::print(&text),
        None if arguments.verify && arguments.output.is_none() => {}
        None => output::report(
            &replayed.cluster,
            arguments.output.unwrap_or(Output::Events),
        ),
    }
    let name = arguments.file.display();
    for problem in &replayed.problems {
        output::complain(&format!("error: {name}: {problem}"));
    }
    if !arguments.verify {
        return Ok(code(replayed.problems.is_empty()));
    }
    let is_same = matches!(replayed.verdict, Verdict::Same { .. });
    let verdict = replayed.verdict.to_string();
    if is_same {
        output::complain(&verdict);
    } else {
        output::complain(&format!("error: {name}: {verdict}"));
    }
    Ok(code(is_same))
}

fn code(went_well: bool) -> ExitCode {
    if went_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
