//! ImageLocality: a node that has the pod's images already is liked more.

use std::sync::Arc;

use imbl::OrdMap;

use crate::scheduler::amounts::words;
use crate::scheduler::framework::{Cycle, MAX_NODE_SCORE, Plugin, PreScore, Score};
use crate::scheduler::node_info::{NodeInfo, Slot};

const MEBIBYTE: i64 = 1024 * 1024;

/// Images that add up to no more than this count for nothing.
const LEAST: i64 = 23 * MEBIBYTE;

/// Images that add up to this for each container count for everything.
const MOST_PER_CONTAINER: i64 = 1000 * MEBIBYTE;

/// The plugin. Source: `framework/plugins/imagelocality`.
#[derive(Debug)]
pub(super) struct ImageLocality;

impl Plugin for ImageLocality {
    fn name(&self) -> &'static str {
        "ImageLocality"
    }

    fn pre_score<'a>(&'a self, cycle: &Cycle<'a>, _: &[&'a Arc<NodeInfo>]) -> PreScore<'a> {
        let spec = &cycle.pod.pod.spec;
        let containers = spec
            .init_containers
            .iter()
            .flatten()
            .chain(&spec.containers);
        let snapshot = cycle.snapshot;
        let images = containers
            .map(|container| container.image.as_deref().unwrap_or_default())
            .map(|image| {
                let image = with_tag(image);
                let nodes = snapshot.nodes_with_image(&image);
                (image, nodes)
            })
            .collect();
        let nodes = snapshot.node_count();
        PreScore::Rate(Box::new(Images { images, nodes }))
    }
}

/// The name as container runtimes report it: with `latest` for a tag if it has none.
fn with_tag(image: &str) -> String {
    if image.rfind(':') <= image.rfind('/') {
        format!("{image}:latest")
    } else {
        image.to_owned()
    }
}

struct Images<'a> {
    /// For each container its image and the nodes that have it, if any have.
    images: Vec<(String, Option<&'a OrdMap<Slot, i64>>)>,
    nodes: usize,
}

impl<'a> Score<'a> for Images<'a> {
    /// The sizes of the images that are there, each less the fewer nodes have it, so that not all
    /// pods gather on the first node that pulled.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "kube-scheduler computes in float64 and cuts off, and scores must equal its scores"
    )]
    fn score(&self, node: &NodeInfo) -> i64 {
        let all = self.nodes as f64;
        let sum: i64 = self
            .images
            .iter()
            .filter_map(|(_, nodes)| nodes.as_ref())
            .filter_map(|nodes| {
                let size = *nodes.get(&node.slot)? as f64;
                let spread = nodes.len() as f64 / all;
                Some((size * spread) as i64)
            })
            .fold(0, i64::saturating_add);
        let containers = i64::try_from(self.images.len()).unwrap_or(i64::MAX);
        let most = MOST_PER_CONTAINER.saturating_mul(containers);
        if most <= LEAST {
            return 0;
        }
        MAX_NODE_SCORE * (sum.clamp(LEAST, most) - LEAST) / (most - LEAST)
    }

    fn sentence(&self, node: &NodeInfo) -> String {
        let images = self.images.iter().map(|(image, nodes)| {
            let here = nodes.and_then(|nodes| Some((nodes.get(&node.slot)?, nodes.len())));
            match here {
                None => format!("{image} is not here"),
                Some((size, nodes)) => format!(
                    "{image} is here: {}, of which counts {nodes}/{}, as so many nodes have it",
                    words("memory", *size),
                    self.nodes
                ),
            }
        });
        let images: Vec<String> = images.collect();
        format!(
            "{}; up to {} count 0",
            images.join(", "),
            words("memory", LEAST)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_tag_is_the_latest() {
        let cases = [
            ("nginx", "nginx:latest"),
            ("nginx:1.27", "nginx:1.27"),
            ("registry:5000/nginx", "registry:5000/nginx:latest"),
            ("registry:5000/nginx:1", "registry:5000/nginx:1"),
        ];
        for (given, expected) in cases {
            assert_eq!(with_tag(given), expected, "{given}");
        }
    }
}
