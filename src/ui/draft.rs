//! The text in the editor outlives the program: a draft in the user's own folder.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Where drafts are kept, if the person has a home: `$XDG_STATE_HOME/glassplane/draft.yaml`, else
/// below `~/.local/state`.
#[must_use]
pub fn place() -> Option<PathBuf> {
    let state = match env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()) {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env::var_os("HOME")?).join(".local/state"),
    };
    Some(state.join("glassplane").join("draft.yaml"))
}

/// The text that was kept.
#[must_use]
pub fn read(place: &Path) -> Option<String> {
    fs::read_to_string(place)
        .ok()
        .filter(|text| !text.trim().is_empty())
}

/// Keeps a text. It is written beside the old one first, so that one of them is always whole.
///
/// # Errors
/// When the folder cannot be made or the file cannot be written.
pub fn keep(place: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = place.parent() {
        fs::create_dir_all(folder)?;
    }
    let beside = place.with_extension("yaml.new");
    fs::write(&beside, text)?;
    fs::rename(&beside, place)
}
