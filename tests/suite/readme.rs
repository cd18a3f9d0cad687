//! The README cannot lie: its frame, keys, faults and functions are what the program says of itself.
//!
//! `UPDATE_README=1 cargo test readme` writes the generated parts anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use glassplane::cluster::{
    Cluster, ClusterConfig, EXPRESSION_FUNCTIONS, FAULT_GRAMMAR, Files, TRAFFIC_GRAMMAR, scenario,
};
use glassplane::cluster::{Command, Scenario, breakpoint};
use glassplane::kubelet::{BEHAVIOUR_PREFIX, BEHAVIOURS};
use glassplane::ui::frame::{self, Wanted};
use glassplane::ui::{keymap, palette};

use crate::worlds::{self, web};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

fn readme() -> String {
    fs::read_to_string(path()).expect("there is a README")
}

/// What stands between the marks of a part.
fn part(name: &str) -> String {
    let text = readme();
    let (_, rest) = text.split_once(&format!("<!-- {name} -->\n")).expect(name);
    let (part, _) = rest
        .split_once(&format!("<!-- end {name} -->"))
        .expect(name);
    part.to_owned()
}

fn check(name: &str, generated: &str) {
    if std::env::var_os("UPDATE_README").is_some() {
        let text = readme();
        let (head, rest) = text.split_once(&format!("<!-- {name} -->\n")).expect(name);
        let (_, tail) = rest
            .split_once(&format!("<!-- end {name} -->"))
            .expect(name);
        let new = format!("{head}<!-- {name} -->\n{generated}<!-- end {name} -->{tail}");
        fs::write(path(), new).expect("the README can be written");
    }
    assert_eq!(
        part(name),
        generated,
        "UPDATE_README=1 cargo test readme writes it anew"
    );
}

/// The moment that the README shows: one pod runs, another is on its way, a third waits.
fn moment() -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, 3));
    let files = Files::from([("web.yaml".to_owned(), Arc::from(web(3).as_bytes()))]);
    let apply = Command::parse("apply -f web.yaml", &Arc::new(files)).expect("a command");
    cluster.submit(apply);
    let limit = std::time::Duration::from_mins(1);
    assert!(cluster.run_until(limit, |cluster| worlds::ready(cluster, "web") == 1));
    cluster
}

/// One after the other: with `UPDATE_README` each writes the same file.
#[test]
fn the_generated_parts_of_the_readme_are_current() {
    let wanted = Wanted {
        size: (120, 36),
        view: '1',
        select: Some("deployment/web".to_owned()),
        ..Wanted::default()
    };
    let drawn = frame::draw(moment(), &wanted).expect("the view and the object exist");
    check("frame", &format!("```text\n{}```\n", drawn.to_text()));
    check("keys", &keymap::markdown());
    let rows = |head: &str, rows: &[(&str, &str)]| {
        let lines = rows
            .iter()
            .map(|(name, what)| format!("| `{}` | {what} |\n", name.replace('|', "\\|")));
        format!("| {head} | |\n| --- | --- |\n{}", lines.collect::<String>())
    };
    check("functions", &rows("expression", EXPRESSION_FUNCTIONS));
    let declared = BEHAVIOURS
        .iter()
        .map(|(key, example, what)| format!("| `{key}` | `{example}` | {what} |\n"));
    let head = format!("| `{BEHAVIOUR_PREFIX}/…` | for example | |\n| --- | --- | --- |\n");
    check("behaviours", &(head + &declared.collect::<String>()));
    check("faults", &rows("`fault …`", FAULT_GRAMMAR));
    check("palette", &rows("`:`", palette::GRAMMAR));
    check("breakpoints", &rows("`:break …`", breakpoint::GRAMMAR));
    check("traffic", &rows("`traffic …`", TRAFFIC_GRAMMAR));
}

#[test]
fn the_script_of_the_readme_runs() {
    let text = part("script");
    let script = text
        .trim_start_matches("```yaml\n")
        .trim_end_matches("```\n");
    let load = |name: &str| {
        Ok(Files::from([(
            name.to_owned(),
            Arc::from(web(2).as_bytes()),
        )]))
    };
    let load: scenario::Loader<'_> = &load;
    assert!(Scenario::is_script(script));
    let mut scenario = Scenario::parse(script, load).expect("it is a script");
    scenario.limit = Some(std::time::Duration::from_mins(10));
    let finished = scenario.run().expect("its expressions have answers");
    assert!(
        finished.came_true && finished.failures.is_empty(),
        "{:?}",
        finished.failures
    );
}

#[test]
fn the_commands_of_the_readme_are_the_two_promised() {
    let text = readme();
    assert!(text.contains("\ncargo run --release "));
    assert!(text.lines().any(|line| line.starts_with("cargo test ")));
}
