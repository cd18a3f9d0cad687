//! Machines and applications as scripts and sessions write them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{ClusterConfig, NodeConfig};
use crate::api::{Quantity, core};
use crate::kubelet::Rule;

/// The most nodes that a number may ask for.
const NODES_MOST: usize = 20_000;

/// The machines of a cluster: a number of default ones, or a list.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Machines {
    nodes: Option<Nodes>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(
    untagged,
    expecting = "nodes are a number, or a list of machines with their names"
)]
enum Nodes {
    Count(usize),
    List(Vec<Machine>),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Machine {
    name: String,
    cpu: Option<Text>,
    memory: Option<Text>,
    pods: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    taints: Vec<MachineTaint>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct MachineTaint {
    key: String,
    value: Option<String>,
    effect: String,
}

/// A number or a text, for quantities.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Text {
    Number(serde_json::Number),
    Text(String),
}

/// What the applications in some pods do. Keys that are no declaration are refused by name.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Application {
    #[serde(default)]
    pods: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    container: Option<String>,
    #[serde(flatten)]
    says: BTreeMap<String, Text>,
}

impl Text {
    fn text(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => text.clone(),
        }
    }
}

impl Application {
    /// A rule as it is written.
    pub(super) fn of(rule: &Rule) -> Self {
        let says = rule.says();
        Self {
            pods: rule.selector().to_owned(),
            container: rule.container().map(str::to_owned),
            says: says
                .map(|(key, value)| (key.to_owned(), Text::Text(value.to_owned())))
                .collect(),
        }
    }
}

/// The rules that are written.
///
/// # Errors
/// When a selector or a declaration cannot be read.
pub(super) fn applications(written: Vec<Application>) -> Result<Arc<[Rule]>, String> {
    let rule = |application: Application| {
        let says: Vec<(&str, String)> = application
            .says
            .iter()
            .map(|(key, value)| (key.as_str(), value.text()))
            .collect();
        let says: Vec<(&str, &str)> = says.iter().map(|(key, value)| (*key, &**value)).collect();
        Rule::new(&application.pods, application.container, &says)
            .map_err(|why| format!("error: applications, pods \"{}\": {why}", application.pods))
    };
    written.into_iter().map(rule).collect()
}

impl Machines {
    /// The machines of a cluster, as short as they can be said.
    pub(super) fn of(config: &ClusterConfig) -> Self {
        let count = config.nodes.len();
        let nodes = if config.nodes == ClusterConfig::with_nodes(config.seed, count).nodes {
            Nodes::Count(count)
        } else {
            Nodes::List(config.nodes.iter().map(Machine::of).collect())
        };
        Self { nodes: Some(nodes) }
    }

    /// A cluster of these machines; of three when nothing is said.
    ///
    /// # Errors
    /// When there are too many, two have one name, or a quantity is none.
    pub(super) fn config(self, seed: u64) -> Result<ClusterConfig, String> {
        match self.nodes {
            None => Ok(ClusterConfig::with_nodes(seed, 3)),
            Some(Nodes::Count(count)) => counted(seed, count),
            Some(Nodes::List(list)) => {
                let nodes = list.into_iter().map(node).collect::<Result<Vec<_>, _>>()?;
                let mut names = BTreeSet::new();
                if let Some(twice) = nodes.iter().find(|node| !names.insert(node.name.as_str())) {
                    return Err(format!(
                        "error: there are two nodes called \"{}\"",
                        twice.name
                    ));
                }
                Ok(ClusterConfig {
                    seed,
                    nodes,
                    ..ClusterConfig::default()
                })
            }
        }
    }
}

impl Machine {
    fn of(node: &NodeConfig) -> Self {
        let taint = |taint: &core::Taint| MachineTaint {
            key: taint.key.clone(),
            value: taint.value.clone(),
            effect: taint.effect.clone(),
        };
        Self {
            name: node.name.clone(),
            cpu: Some(Text::Text(node.cpu.to_string())),
            memory: Some(Text::Text(node.memory.to_string())),
            pods: Some(node.pods),
            zone: None,
            labels: node.labels.clone(),
            taints: node.taints.iter().map(taint).collect(),
        }
    }
}

/// A cluster of so many default nodes.
///
/// # Errors
/// When there are too many.
pub fn counted(seed: u64, count: usize) -> Result<ClusterConfig, String> {
    if count > NODES_MOST {
        return Err(format!(
            "error: {count} nodes are too many; there may be {NODES_MOST}"
        ));
    }
    Ok(ClusterConfig::with_nodes(seed, count))
}

fn node(script: Machine) -> Result<NodeConfig, String> {
    let zone = script.zone.as_deref().unwrap_or("a");
    let mut node = NodeConfig::named(script.name, zone);
    let quantity = |name: &str, text: &Text| -> Result<Quantity, String> {
        let text = text.text();
        let wrong = || {
            format!(
                "error: {name} \"{text}\" of {} is no quantity; write 4 or 8Gi",
                node.name
            )
        };
        text.parse()
            .ok()
            .filter(|quantity: &Quantity| !quantity.is_negative())
            .ok_or_else(wrong)
    };
    let cpu = script
        .cpu
        .as_ref()
        .map(|text| quantity("cpu", text))
        .transpose()?;
    let memory = script
        .memory
        .as_ref()
        .map(|text| quantity("memory", text))
        .transpose()?;
    node.cpu = cpu.unwrap_or(node.cpu);
    node.memory = memory.unwrap_or(node.memory);
    node.pods = script.pods.unwrap_or(node.pods);
    node.labels.extend(script.labels);
    node.taints = script.taints.into_iter().map(taint).collect();
    Ok(node)
}

fn taint(script: MachineTaint) -> core::Taint {
    core::Taint {
        key: script.key,
        value: script.value,
        effect: script.effect,
        time_added: None,
    }
}
