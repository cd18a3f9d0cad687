//! What a frame costs, beside filling the same screen with plain text; and the way to the first frame.

use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use glassplane::cluster::driver::Snapshot;
use glassplane::cluster::{Cluster, ClusterConfig, Command, Files, History};
use glassplane::ui::model::{Model, Pane};
use glassplane::ui::theme::Theme;
use glassplane::ui::view::{self, View};
use glassplane::ui::{self, Opening, update};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Style;

/// The size of a frame.
const AREA: Rect = Rect::new(0, 0, 200, 60);

const TEXT: &str = include_str!("../assets/manifests/web.yaml");

fn main() {
    divan::main();
}

fn settled(nodes: usize, pods: u32) -> Snapshot {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(7, nodes));
    let text = TEXT
        .replace("replicas: 2", &format!("replicas: {pods}"))
        .replace("cpu: 250m", "cpu: 10m");
    let files = Arc::new(Files::from([(
        "web.yaml".to_owned(),
        text.as_bytes().into(),
    )]));
    cluster.submit(Command::parse("apply -f web.yaml", &files).expect("a command"));
    let is_settled = cluster.run_until(Duration::from_hours(1), Cluster::is_settled);
    assert!(is_settled, "the pods run within an hour");
    Snapshot::of(cluster)
}

fn model(snapshot: &Snapshot, pane: Pane) -> Model {
    let mut model = Model {
        view: pane,
        focus: pane,
        size: Size::new(AREA.width, AREA.height),
        ..Model::default()
    };
    update::notice(&mut model, snapshot);
    model
}

/// What ratatui needs to fill the screen with plain text: the measure for the frames.
#[divan::bench]
fn plain_text(bencher: Bencher) {
    let line = "x".repeat(usize::from(AREA.width));
    bencher
        .with_inputs(|| Buffer::empty(AREA))
        .bench_local_refs(|buf| {
            for y in AREA.rows().map(|row| row.y) {
                buf.set_string(0, y, &line, Style::new());
            }
        });
}

fn frame(bencher: Bencher, pane: Pane, (nodes, pods): (usize, u32)) {
    let snapshot = settled(nodes, pods);
    let (model, theme) = (model(&snapshot, pane), Theme::dark());
    let view = View {
        snapshot: &snapshot,
        model: &model,
        theme: &theme,
        targets: None,
    };
    bencher
        .with_inputs(|| Buffer::empty(AREA))
        .bench_local_refs(|buf| view::draw(&view, AREA, buf));
}

#[divan::bench(args = [(3, 3), (1_000, 10_000)], sample_count = 20)]
fn view_desired(bencher: Bencher, size: (usize, u32)) {
    frame(bencher, Pane::Desired, size);
}

#[divan::bench(args = [(3, 3), (1_000, 10_000)], sample_count = 20)]
fn view_nodes(bencher: Bencher, size: (usize, u32)) {
    frame(bencher, Pane::Nodes, size);
}

#[divan::bench(args = [(3, 3), (1_000, 10_000)], sample_count = 20)]
fn view_events(bencher: Bencher, size: (usize, u32)) {
    frame(bencher, Pane::Events, size);
}

#[divan::bench(args = [(3, 3), (100, 1_000)], sample_count = 20)]
fn view_lifecycle(bencher: Bencher, size: (usize, u32)) {
    frame(bencher, Pane::Lifecycle, size);
}

#[divan::bench(args = [(3, 3), (100, 1_000)], sample_count = 20)]
fn view_scheduler(bencher: Bencher, size: (usize, u32)) {
    frame(bencher, Pane::Scheduler, size);
}

/// The first frame after a jump between two moments of one history.
#[divan::bench(sample_count = 20)]
fn frame_after_a_jump(bencher: Bencher) {
    let mut cluster = settled(100, 1_000).world.as_ref().clone();
    let mut history = History::starting_at(&cluster);
    for _ in 0..10_000 {
        cluster.step();
        history.keep(&cluster);
    }
    let past = Snapshot::of(history.at(cluster.steps() - 5_000, &cluster));
    let head = Snapshot::of(cluster);
    let theme = Theme::dark();
    let draw = |snapshot: &Snapshot, buf: &mut Buffer| {
        let model = model(snapshot, Pane::Desired);
        let view = View {
            snapshot,
            model: &model,
            theme: &theme,
            targets: None,
        };
        view::draw(&view, AREA, buf);
    };
    bencher
        .with_inputs(|| {
            let mut buf = Buffer::empty(AREA);
            draw(&head, &mut buf);
            buf
        })
        .bench_local_refs(|buf| draw(&past, buf));
}

/// All that happens before a person sees something, but for the terminal itself.
#[divan::bench]
fn start_to_first_frame() -> Buffer {
    let cluster = Cluster::new(ClusterConfig::default());
    let (cluster, mut model) = ui::open(cluster, Opening::FirstVisit, None);
    let snapshot = Snapshot::of(cluster);
    update::notice(&mut model, &snapshot);
    let view = View {
        snapshot: &snapshot,
        model: &model,
        theme: &Theme::dark(),
        targets: None,
    };
    let mut buf = Buffer::empty(AREA);
    view::draw(&view, AREA, &mut buf);
    buf
}
