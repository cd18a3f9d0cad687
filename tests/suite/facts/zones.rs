//! C8: how fast the nodes of a zone are emptied, and when they are not.

use glassplane::api::{Kind, Node, Typed};
use glassplane::cluster::Cluster;

use super::{kubectl, wait, world, writes};
use crate::worlds::settle;

/// A world whose nodes stand in zones: so many in each, in the order of their names.
fn zoned(sizes: &[usize]) -> (Cluster, Vec<Vec<String>>) {
    let mut cluster = world(sizes.iter().sum(), "");
    let nodes = cluster.store().list(Kind::Node, None);
    let mut names = nodes
        .map(|node| node.name().to_owned())
        .collect::<Vec<_>>()
        .into_iter();
    let zones: Vec<Vec<String>> = sizes
        .iter()
        .map(|size| names.by_ref().take(*size).collect())
        .collect();
    for (number, zone) in zones.iter().enumerate() {
        let zone = zone.join(" ");
        let line =
            format!("label node {zone} topology.kubernetes.io/zone=zone-{number} --overwrite");
        kubectl(&mut cluster, &line);
    }
    assert!(settle(&mut cluster, 60));
    (cluster, zones)
}

fn strike(cluster: &mut Cluster, nodes: &[String]) {
    for node in nodes {
        kubectl(cluster, &format!("fault node-down {node}"));
    }
}

/// When each node was found to be silent, and when it got its NoExecute taint: in order.
fn moments(cluster: &Cluster) -> (Vec<u64>, Vec<u64>) {
    let first = |is: fn(&Node) -> bool| {
        let written = writes(cluster, Kind::Node).filter(|(_, change)| {
            let before = change.previous.as_ref().and_then(Node::of);
            Node::of(&change.object).is_some_and(is) && !before.is_some_and(is)
        });
        written.map(|(at, _)| at.as_secs()).collect::<Vec<u64>>()
    };
    let silent = first(|node| {
        let mut conditions = node.status.conditions.iter().flatten();
        conditions.any(|each| each.type_ == "Ready" && each.status == "Unknown")
    });
    let tainted = first(|node| {
        let mut taints = node.spec.taints.iter().flatten();
        taints.any(|taint| {
            taint.key == "node.kubernetes.io/unreachable" && taint.effect == "NoExecute"
        })
    });
    (silent, tainted)
}

/// The pauses between moments.
fn pauses(moments: &[u64]) -> Vec<u64> {
    moments.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn c8_silent_nodes_of_a_zone_are_tainted_one_each_10_seconds() {
    let (mut cluster, zones) = zoned(&[5, 2]);
    strike(&mut cluster, &zones[0][..2]);
    wait(&mut cluster, 120);
    let (silent, tainted) = moments(&cluster);
    assert_eq!(silent.len(), 2);
    assert_eq!(pauses(&tainted), [10]);
    assert!(tainted[0] >= silent[0] + 5, "{silent:?} {tainted:?}");
}

#[test]
fn c8_a_small_zone_of_which_most_is_down_is_not_emptied_until_enough_is_back() {
    let (mut cluster, zones) = zoned(&[4, 2]);
    strike(&mut cluster, &zones[0][..3]);
    wait(&mut cluster, 600);
    let (silent, tainted) = moments(&cluster);
    assert_eq!(
        (silent.len(), tainted),
        (3, vec![]),
        "three of four are more than 55 %"
    );
    // Two of four are fewer than three: the others are given up, one each 10 s.
    kubectl(&mut cluster, &format!("fault node-up {}", zones[0][0]));
    wait(&mut cluster, 60);
    assert_eq!(pauses(&moments(&cluster).1), [10]);
}

#[test]
fn c8_a_zone_that_is_down_as_a_whole_is_emptied_as_long_as_another_one_lives() {
    let (mut cluster, zones) = zoned(&[3, 2]);
    strike(&mut cluster, &zones[0]);
    wait(&mut cluster, 150);
    assert_eq!(pauses(&moments(&cluster).1), [10, 10]);
}

#[test]
fn c8_when_all_zones_are_down_nobody_is_sent_away() {
    let (mut cluster, zones) = zoned(&[2, 2]);
    for zone in &zones {
        strike(&mut cluster, zone);
    }
    wait(&mut cluster, 600);
    let (silent, tainted) = moments(&cluster);
    assert_eq!((silent.len(), tainted), (4, vec![]));
}

#[test]
fn c8_a_large_zone_of_which_most_is_down_is_emptied_ten_times_slower() {
    // 29 of 51 are 57 %.
    let (mut cluster, zones) = zoned(&[51, 1]);
    strike(&mut cluster, &zones[0][..29]);
    wait(&mut cluster, 300);
    let (silent, tainted) = moments(&cluster);
    assert_eq!(silent.len(), 29);
    assert_eq!(pauses(&tainted), [100, 100]);
}
