//! The house rules that can be counted: rooms import one way, files and functions stay small.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms in the order in which they may use each other: each uses only rooms before it.
pub(crate) const ROOMS: [&str; 14] = [
    "sim",
    "api",
    "manifest",
    "store",
    "apiserver",
    "client",
    "controllers",
    "scheduler",
    "kubelet",
    "proxy",
    "kubectl",
    "cluster",
    "ui",
    "cli",
];

/// These meet only at the API server, so they must not know each other.
const STRANGERS: [&str; 4] = ["controllers", "scheduler", "kubelet", "proxy"];

/// The only file below the screen that may know a clock, a thread or a runtime.
const ASYNCHRONOUS: &str = "src/cluster/task.rs";

const LINES_MOST: usize = 600;
const FUNCTION_LINES_MOST: usize = 70;

pub(crate) fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join("src"), root.join("tests"), root.join("benches")];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let text = fs::read_to_string(&path).expect("sources are text");
                let name = path
                    .strip_prefix(root)
                    .expect("below the root")
                    .to_path_buf();
                found.push((name, text));
            }
        }
    }
    found.sort();
    assert!(found.len() > 50, "the sources were not found");
    found
}

fn room_of(path: &Path) -> Option<usize> {
    let mut parts = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    if parts.next()? != "src" {
        return None;
    }
    let first = parts.next()?;
    let name = first.strip_suffix(".rs").unwrap_or(&first);
    ROOMS.iter().position(|room| *room == name)
}

/// The rooms named after `crate::` in a text, also inside braces.
fn imports(text: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for (place, _) in text.match_indices("crate::") {
        let rest = &text[place + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(list) => {
                let list = list.split_once("};").map_or(list, |(list, _)| list);
                list.split(',').map(str::trim).collect()
            }
            None => vec![rest],
        };
        for name in names {
            let end = name
                .find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(name.len());
            found.extend(ROOMS.iter().position(|room| *room == &name[..end]));
        }
    }
    found
}

#[test]
fn rooms_import_only_rooms_before_them() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(room) = room_of(&path) else { continue };
        for import in imports(&text) {
            let strangers = import != room
                && STRANGERS.contains(&ROOMS[room])
                && STRANGERS.contains(&ROOMS[import]);
            if import > room || strangers {
                wrong.push(format!("{} uses {}", path.display(), ROOMS[import]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_room_is_in_the_list() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs"));
    let text = text.expect("the library has a root");
    let rooms: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .collect();
    assert_eq!(rooms, ROOMS);
}

#[test]
fn every_file_is_named_by_the_one_above_it() {
    let strays: Vec<String> = sources()
        .iter()
        .filter(|(path, _)| !path.starts_with("benches") && !is_named(path))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(strays.is_empty(), "nobody compiles {}", strays.join(", "));
}

/// Whether a `mod` line names a file. What no line names is dead, and no compiler says so.
fn is_named(path: &Path) -> bool {
    let own = path.file_stem().and_then(|stem| stem.to_str());
    let folder = path.parent().expect("a file is in a folder");
    let (name, above) = match own {
        Some("main" | "lib") => return true,
        Some("mod") => (folder.file_name(), folder.parent()),
        _ => (path.file_stem(), Some(folder)),
    };
    let (Some(name), Some(above)) = (name.and_then(|name| name.to_str()), above) else {
        return false;
    };
    let line = format!("mod {name};");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    ["mod.rs", "lib.rs", "main.rs"].iter().any(|file| {
        let text = fs::read_to_string(root.join(above).join(file)).unwrap_or_default();
        text.lines().any(|each| each.ends_with(&line))
    })
}

#[test]
fn every_file_opens_with_what_lives_there() {
    let silent: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| {
            !text
                .lines()
                .next()
                .is_some_and(|line| line.starts_with("//! ") && line.len() > 20)
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn files_and_functions_stay_small() {
    let mut large = Vec::new();
    for (path, text) in sources() {
        let lines = text.lines().count();
        if lines > LINES_MOST {
            large.push(format!("{}: {lines} lines", path.display()));
        }
        for (name, length) in functions(&text) {
            if length > FUNCTION_LINES_MOST {
                large.push(format!("{}: fn {name} has {length} lines", path.display()));
            }
        }
    }
    assert!(large.is_empty(), "{}", large.join("\n"));
}

/// Functions with their number of lines, by the indentation that rustfmt gives.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        // A table of cases may be as long as there are cases.
        if start > 0 && lines[start - 1].trim() == "#[test]" {
            continue;
        }
        let Some(place) = trimmed.find("fn ").filter(|place| {
            trimmed[..*place]
                .split_whitespace()
                .all(|word| matches!(word, "pub" | "const" | "async") || word.starts_with("pub("))
        }) else {
            continue;
        };
        // What a trait only asks for has no body.
        let mut rest = lines[start..].iter();
        let head_ends = rest.find(|line| line.ends_with(['{', ';', '}']));
        if head_ends.is_some_and(|line| line.ends_with(';')) {
            continue;
        }
        let indent = line.len() - trimmed.len();
        let end = lines[start..].iter().position(|line| {
            line.len() - line.trim_start().len() == indent && line.trim_start().starts_with('}')
        });
        let name = trimmed[place + 3..]
            .split(['(', '<'])
            .next()
            .unwrap_or_default();
        found.extend(end.map(|end| (name.to_owned(), end + 1)));
    }
    found
}

#[test]
fn below_the_screen_nothing_knows_a_clock_a_thread_or_an_unordered_map() {
    let banned = [
        "HashMap",
        "HashSet",
        "Instant",
        "SystemTime",
        "thread::",
        "async ",
        ".await;",
        ".await?",
        "tokio",
        "Timestamp::now",
        "std::env",
    ];
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let Some(room) = room_of(&path) else { continue };
        let is_below = ROOMS[room] != "ui" && ROOMS[room] != "cli";
        // CEL takes its maps in this form and no other; nothing iterates over them.
        let is_expression = path == Path::new("src/cluster/expression.rs");
        if !is_below || path == Path::new(ASYNCHRONOUS) {
            continue;
        }
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
        {
            let hit = banned.iter().find(|word| line.contains(**word));
            if let Some(word) = hit.filter(|word| !(is_expression && **word == "HashMap")) {
                wrong.push(format!("{}: {word}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn nothing_is_left_undone() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("unimpl", "emented!"),
        concat!("to", "do!("),
    ];
    let mut left = Vec::new();
    for (path, text) in sources() {
        for line in text.lines() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                left.push(format!("{}: {mark}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(left.is_empty(), "{}", left.join("\n"));
}

/// How many facts of each kind are promised: of the API server, the scheduler, the controllers, and
/// the kubelet.
const FACTS: [(char, usize); 4] = [('a', 11), ('s', 8), ('c', 13), ('k', 9)];

#[test]
fn every_promised_fact_has_a_test_that_names_it() {
    let sources = sources();
    let facts = FACTS.iter().flat_map(|(kind, most)| {
        let kind = *kind;
        (1..=*most).map(move |number| format!("{kind}{number}"))
    });
    let missing: Vec<String> = facts
        .filter(|fact| {
            let begin = format!("fn {fact}_");
            !sources.iter().any(|(_, text)| text.contains(&begin))
        })
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}
