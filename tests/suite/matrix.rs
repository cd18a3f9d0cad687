//! The matrix of the scheduler: whatever was decided, and however wide the screen is, what a row
//! shows adds up to its total.

use std::sync::Arc;
use std::time::Duration;

use glassplane::cluster::driver::Snapshot;
use glassplane::cluster::{Cluster, ClusterConfig, Files};
use glassplane::scheduler::Configuration;
use glassplane::sim::Random;
use glassplane::ui::action::Action;
use glassplane::ui::board::Stop;
use glassplane::ui::frame::{self, Wanted};
use glassplane::ui::model::{Model, Pane};
use glassplane::ui::panes::scheduler;
use glassplane::ui::theme::Theme;
use glassplane::ui::update::{self, Around};
use glassplane::ui::view::View;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::worlds::{command, pods};

const SCORING: [&str; 7] = [
    "TaintToleration",
    "NodeAffinity",
    "NodeResourcesFit",
    "PodTopologySpread",
    "InterPodAffinity",
    "NodeResourcesBalancedAllocation",
    "ImageLocality",
];

/// Draws numbers and choices for one case.
struct Chance(Random);

impl Chance {
    fn below(&mut self, bound: u64) -> usize {
        usize::try_from(self.0.below(bound)).expect("a small number")
    }

    fn weight(&mut self) -> i64 {
        [1, 2, 3, 10, 55, 100][self.below(6)]
    }

    /// All scoring plugins or some of them, with other weights.
    fn configuration(&mut self) -> Configuration {
        let enabled: Vec<Value> = SCORING
            .iter()
            .filter_map(|name| {
                let weight = self.weight();
                (self.below(5) > 0).then(|| json!({"name": name, "weight": weight}))
            })
            .collect();
        let score = json!({"disabled": [{"name": "*"}], "enabled": enabled});
        let value = json!({"profiles": [{"plugins": {"score": score}}]});
        let value = if self.below(3) == 0 { json!({}) } else { value };
        Configuration::read(&value).expect("weights between 1 and 100")
    }

    /// Nodes of different sizes and names of different lengths.
    fn nodes(&mut self) -> ClusterConfig {
        let mut config = ClusterConfig::with_nodes(7, 2 + self.below(5));
        for node in &mut config.nodes {
            let tail = "-of-a-pool".repeat(self.below(4));
            node.name.push_str(&tail);
            node.pods = 20;
            node.labels
                .insert("disk".to_owned(), ["ssd", "hdd"][self.below(2)].to_owned());
        }
        config.scheduler = Arc::new(self.configuration());
        config
    }

    /// A pod that has a wish for every plugin.
    fn pod(&mut self, name: &str) -> String {
        let selector = json!({"matchLabels": {"app": "x"}});
        let near = json!({"topologyKey": "topology.kubernetes.io/zone", "labelSelector": selector});
        let disk = json!([{"key": "disk", "operator": "In", "values": ["ssd"]}]);
        let affinity = json!({
            "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": self.weight(), "preference": {"matchExpressions": disk}},
            ]},
            "podAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [
                {"weight": self.weight(), "podAffinityTerm": near},
            ]},
        });
        let cpu = format!("{}m", 100 * (1 + self.below(20)));
        let requests = json!({"cpu": cpu, "memory": "200Mi"});
        let container =
            json!({"name": "c", "image": "nginx:1.27", "resources": {"requests": requests}});
        let affinity = if self.below(4) == 0 {
            json!({})
        } else {
            affinity
        };
        json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": "x"}},
            "spec": {"affinity": affinity, "containers": [container]},
        })
        .to_string()
    }
}

fn world(seed: u64) -> Cluster {
    let mut chance = Chance(Random::stream(seed, "matrix"));
    let mut cluster = Cluster::new(chance.nodes());
    for number in 0..3 + chance.below(4) {
        let manifest = chance.pod(&format!("pod-{number}"));
        cluster.submit(command("apply -f file.yaml", &manifest));
    }
    cluster.run_until(Duration::from_secs(20), |_| false);
    cluster
}

/// The sum of the cells of a row and its total, if the line is a row of a node that fits and its
/// scores are told. A score that is not weighted yet, as `97→` or `97→97`, does not count.
fn sums(line: &str) -> Option<(i64, i64)> {
    let (_, rest) = line.rsplit_once('✓')?;
    let row = rest.split('│').next()?.trim();
    if row.contains(['✗', ':', ';']) {
        return None;
    }
    let row = row.trim_end_matches(['★', '=']).trim();
    let mut tokens: Vec<&str> = row.split_whitespace().collect();
    let total = tokens.pop()?.parse().ok()?;
    let number = |text: &str| text.parse::<i64>().expect(line);
    // 93→93×1=93, or 93×1, or 93.
    let told = tokens
        .iter()
        .filter(|cell| cell.contains('=') || !cell.contains('→'));
    let cells = told.map(|cell| {
        let weighted = cell.rsplit_once('=').map(|(_, weighted)| number(weighted));
        weighted.unwrap_or_else(|| match cell.split_once('×') {
            Some((normalized, weight)) => number(normalized) * number(weight),
            None => number(cell),
        })
    });
    let cells: Vec<i64> = cells.collect();
    (!cells.is_empty()).then(|| (cells.iter().sum(), total))
}

/// A person who has opened the scheduler's view.
struct Reader {
    snapshot: Snapshot,
    model: Model,
}

impl Reader {
    fn of(cluster: Cluster, (width, height): (u16, u16)) -> Self {
        let mut model = Model {
            view: Pane::Scheduler,
            focus: Pane::Scheduler,
            is_zoomed: width.is_multiple_of(2),
            ..Model::default()
        };
        model.size = (width, height).into();
        let snapshot = Snapshot::of(cluster);
        Self { snapshot, model }
    }

    fn press(&mut self, action: Action) {
        let load = |name: &str| -> Result<Files, String> { Err(name.to_owned()) };
        let keep = |name: &str, _: &str, _: bool| -> Result<(), String> { Err(name.to_owned()) };
        let around = Around {
            snapshot: &self.snapshot,
            disk: update::Disk {
                load: &load,
                keep: &keep,
            },
        };
        update::update(&mut self.model, action, around);
    }

    fn look<T>(&self, look: impl FnOnce(&View<'_>) -> T) -> T {
        look(&View {
            snapshot: &self.snapshot,
            model: &self.model,
            theme: &Theme::mono(),
            targets: None,
        })
    }

    fn text(&self) -> String {
        self.look(|view| frame::of(view).to_text())
    }

    /// How far the decision that is shown is told.
    fn told(&self) -> Option<Stop> {
        let tale = self.look(scheduler::tale).expect("a decision");
        self.model.board.told_of(tale.record)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s1_the_total_of_every_row_is_the_sum_of_the_cells_shown(seed in 0..u64::MAX, width in 60..240_u16, height in 24..60_u16) {
        let cluster = world(seed);
        let mut rows = 0;
        for size in [(width, height), (80, 24), (100, 40), (240, 60)] {
            for pod in pods(&cluster) {
                let select = Some(format!("pod/{}", pod.name()));
                let wanted = Wanted { size, view: '3', select, ..Wanted::default() };
                let drawn = frame::draw(cluster.clone(), &wanted).expect("the pod is there");
                let text = drawn.to_text();
                for line in text.lines() {
                    if let Some((sum, total)) = sums(line) {
                        prop_assert_eq!(sum, total, "{}", text);
                        rows += 1;
                    }
                }
            }
        }
        prop_assert!(rows > 0, "no row was seen");
    }
}

proptest! {
    // Each case draws some hundred frames.
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_total_is_the_sum_of_the_cells_at_every_stop_of_every_decision(seed in 0..u64::MAX, width in 80..240_u16, height in 24..60_u16) {
        let mut reader = Reader::of(world(seed), (width, height));
        let (mut rows, mut decisions) = (0, 0);
        loop {
            let mut last = None;
            loop {
                reader.press(if height.is_multiple_of(2) { Action::Tell } else { Action::TellPlugin });
                let told = reader.told();
                // Each stop lies behind the one before; after the last one the whole is shown.
                prop_assert!(told.is_none() || told > last, "{:?} {:?}", told, last);
                let text = reader.text();
                for line in text.lines() {
                    if let Some((sum, total)) = sums(line) {
                        prop_assert_eq!(sum, total, "{}", text);
                        rows += 1;
                    }
                }
                last = told;
                if told.is_none() {
                    break;
                }
            }
            decisions += 1;
            let before = reader.model.board.record;
            reader.press(Action::OlderDecision);
            if reader.model.board.record == before {
                break;
            }
        }
        prop_assert!(rows > 0 && decisions >= 3, "{} rows, {} decisions", rows, decisions);
    }
}
