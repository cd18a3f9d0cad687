//! From arguments to a scenario: files, folders, standard input, scripts.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::ScenarioArguments;
use crate::cluster::{Command, Files, Scenario, SessionFile, Timed, Trigger, scenario};
use crate::manifest;
use crate::scheduler::Configuration;
use crate::sim::parse_duration;

/// The endings of files that a folder is searched for, as kubectl does.
const MANIFEST_ENDINGS: [&str; 3] = ["yaml", "yml", "json"];

/// How much of a file says whether it is a session.
const SNIFFED_BYTES: usize = 4096;

/// Reads `120x36`.
pub(super) fn size(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("\"{text}\" is no size; write 120x36, from 1x1 to 400x120");
    let (columns, rows) = text.split_once('x').ok_or_else(wrong)?;
    let read = |part: &str, most: u16| {
        part.parse()
            .ok()
            .filter(|number| (1..=most).contains(number))
            .ok_or_else(wrong)
    };
    Ok((read(columns, 400)?, read(rows, 120)?))
}

/// Whether a file is a saved session.
pub(super) fn is_session(path: &Path) -> bool {
    let name = path.to_string_lossy();
    let bytes = path
        .is_file()
        .then(|| read(path, &name, SNIFFED_BYTES).ok());
    bytes
        .flatten()
        .is_some_and(|bytes| SessionFile::is_session(&String::from_utf8_lossy(&bytes)))
}

/// The scenario that the arguments describe. Flags win over what a script says; commands of flags
/// come after those of the script.
pub(super) fn scenario(arguments: &ScenarioArguments) -> Result<Scenario, String> {
    if let Some(session) = arguments.files.iter().find(|path| is_session(path)) {
        let name = session.to_string_lossy();
        return Err(format!(
            "error: {name} is a saved session, neither manifests nor a script; 'glassplane replay \
             {name}' makes it again"
        ));
    }
    let files = read_all(&arguments.files)?;
    let mut scenario = match script(&files, arguments)? {
        Some(scenario) => scenario,
        None => Scenario {
            config: scenario::counted(0, 3)?,
            steps: applied(files)?,
            until: None,
            limit: None,
        },
    };
    if let Some(count) = arguments.nodes {
        scenario.config = scenario::counted(scenario.config.seed, count)?;
    }
    if let Some(path) = &arguments.scheduler_config {
        scenario.config.scheduler = Arc::new(scheduler_configuration(path)?);
    }
    scenario.config.seed = arguments.seed.unwrap_or(scenario.config.seed);
    let load = |name: &str| load(Path::new("."), name);
    for line in &arguments.steps {
        scenario.steps.push(scenario::timed_line(line, &load)?);
    }
    if let Some(until) = &arguments.until {
        scenario.until = Some(scenario::parse_expression(until)?);
    }
    if let Some(limit) = &arguments.limit {
        scenario.limit =
            Some(parse_duration(limit).map_err(|error| format!("error: --for: {error}"))?);
    }
    Ok(scenario)
}

fn script(files: &Files, arguments: &ScenarioArguments) -> Result<Option<Scenario>, String> {
    let texts = files
        .iter()
        .filter_map(|(name, bytes)| Some((name, std::str::from_utf8(bytes).ok()?)));
    let scripts: Vec<_> = texts
        .filter(|(_, text)| Scenario::is_script(text))
        .collect();
    match scripts.as_slice() {
        [] => Ok(None),
        [(name, text)] if files.len() == 1 => {
            let folder = arguments.files.first().and_then(|path| path.parent());
            let folder = folder.map_or_else(PathBuf::new, Path::to_path_buf);
            let load = |file: &str| load(&folder, file);
            Scenario::parse(text, &load)
                .map(Some)
                .map_err(|error| format!("{name}: {error}"))
        }
        [(name, _), ..] => Err(format!(
            "error: {name} is a script; a script stands alone and applies its own manifests"
        )),
    }
}

/// One apply for all files, as `kubectl apply -f a -f b` does; refused when nothing in them is an
/// object. What is wrong with a part of them is told by the apply, which does the rest.
fn applied(files: Files) -> Result<Vec<Timed>, String> {
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let parses = files
        .iter()
        .map(|(name, bytes)| manifest::parse(name, bytes));
    let parses: Vec<manifest::Parse> = parses.collect();
    if parses.iter().all(|parse| parse.documents.is_empty()) {
        let problems = parses.iter().flat_map(|parse| &parse.problems);
        let problems: Vec<String> = problems.map(ToString::to_string).collect();
        return Err(problems.join("\n"));
    }
    let line: Vec<String> = files
        .keys()
        .map(|name| format!("-f {}", quoted(name)))
        .collect();
    let command = Command::parse(&format!("apply {}", line.join(" ")), &Arc::new(files))
        .map_err(|error| error.to_string())?;
    Ok(vec![Timed {
        trigger: Trigger::Now,
        command,
    }])
}

fn quoted(name: &str) -> String {
    shlex::try_quote(name).map_or_else(|_| name.to_owned(), std::borrow::Cow::into_owned)
}

fn read_all(paths: &[PathBuf]) -> Result<Files, String> {
    let mut files = Files::new();
    for path in paths {
        if path.as_os_str() == "-" {
            files.insert("-".to_owned(), standard_input(manifest::MOST_BYTES)?);
        } else {
            files.extend(load(Path::new(""), &path.to_string_lossy())?);
        }
    }
    Ok(files)
}

fn standard_input(most: usize) -> Result<Arc<[u8]>, String> {
    let mut bytes = Vec::new();
    // One byte more than a manifest may have is enough to know that it is too large.
    let most = most as u64 + 1;
    let read = std::io::stdin().lock().take(most).read_to_end(&mut bytes);
    read.map_err(|error| format!("error: standard input: {error}"))?;
    Ok(bytes.into())
}

/// A file, or the manifests of a folder, by the name that commands use for them.
pub(super) fn load(folder: &Path, name: &str) -> Result<Files, String> {
    load_up_to(folder, name, manifest::MOST_BYTES)
}

/// The same for files of at most so many bytes; what is larger comes one byte too large.
pub(super) fn load_up_to(folder: &Path, name: &str, most: usize) -> Result<Files, String> {
    if name == "-" {
        return Ok(Files::from([(name.to_owned(), standard_input(most)?)]));
    }
    let path = folder.join(name);
    if !path.is_dir() {
        return Ok(Files::from([(name.to_owned(), read(&path, name, most)?)]));
    }
    let entries = fs::read_dir(&path).map_err(|error| format!("error: {name}: {error}"))?;
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    let is_manifest = |path: &PathBuf| {
        let ending = path.extension().and_then(|ending| ending.to_str());
        path.is_file() && ending.is_some_and(|ending| MANIFEST_ENDINGS.contains(&ending))
    };
    let mut files = Files::new();
    for path in paths.into_iter().filter(is_manifest) {
        let name = path.to_string_lossy().into_owned();
        let bytes = read(&path, &name, most)?;
        files.insert(name, bytes);
    }
    if files.is_empty() {
        return Err(format!(
            "error: the path \"{name}\" holds no manifests; they end in .yaml, .yml or .json"
        ));
    }
    Ok(files)
}

/// The bytes of a file of at most so many; of a larger one, one byte more.
pub(super) fn read(path: &Path, name: &str, most: usize) -> Result<Arc<[u8]>, String> {
    let words = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("error: the path \"{name}\" does not exist"),
        std::io::ErrorKind::IsADirectory => format!("error: {name} is a folder, not a file"),
        _ => format!("error: {name}: {error}"),
    };
    let file = fs::File::open(path).map_err(words)?;
    let mut bytes = Vec::new();
    file.take(most as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(words)?;
    Ok(bytes.into())
}

/// Reads a configuration of the scheduler from a file.
///
/// # Errors
/// Names the place in the file and says what is wrong there.
pub(super) fn scheduler_configuration(path: &Path) -> Result<Configuration, String> {
    let name = path.to_string_lossy();
    let bytes = read(path, &name, manifest::MOST_BYTES)?;
    let plain = manifest::plain(&name, &bytes).map_err(|problem| problem.to_string())?;
    Configuration::read(&plain.value)
        .map_err(|error| plain.problem(&error.path, &error.reason).to_string())
}
