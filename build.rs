//! Gathers every mark of a deliberate difference from the sources into the list that is shown.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// How a mark begins.
const MARK: &str = "Unlike Kubernetes: ";

fn main() -> io::Result<()> {
    io::stdout().write_all(b"cargo:rerun-if-changed=src\ncargo:rerun-if-changed=build.rs\n")?;
    let mut list = String::from("&[\n");
    for (room, file, says) in differences(Path::new("src"))? {
        writeln!(
            list,
            "Difference {{ room: {room:?}, file: {file:?}, says: {says:?} }},"
        )
        .map_err(io::Error::other)?;
    }
    list.push(']');
    let folder = env::var_os("OUT_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    fs::write(folder.join("differences.rs"), list)
}

/// Room, file and words of every mark, by path.
fn differences(sources: &Path) -> io::Result<Vec<(String, String, String)>> {
    let (mut found, mut folders) = (Vec::new(), vec![sources.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let file = path.to_string_lossy().replace('\\', "/");
                let room = file.split('/').nth(1).unwrap_or_default();
                let room = room.trim_end_matches(".rs").to_owned();
                let marks = marks(&fs::read_to_string(&path)?);
                let is_room = !matches!(room.as_str(), "lib" | "main");
                let marks = marks.into_iter().filter(|_| is_room);
                found.extend(marks.map(|says| (room.clone(), file.clone(), says)));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// The text of a comment line; none for a line of code.
fn comment(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let signs = ["///", "//!", "//"];
    let text = signs.iter().find_map(|sign| line.strip_prefix(sign))?;
    Some(text.strip_prefix(' ').unwrap_or(text))
}

/// What the marks of a text say: each up to the end of its paragraph.
fn marks(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (place, line) in lines.iter().enumerate() {
        let Some((_, first)) = comment(line).and_then(|text| text.split_once(MARK)) else {
            continue;
        };
        let rest = lines[place + 1..].iter();
        let rest = rest.map_while(|line| comment(line).filter(|text| !text.is_empty()));
        let words: Vec<&str> = std::iter::once(first).chain(rest).collect();
        found.push(words.join(" ").replace('`', ""));
    }
    found
}
