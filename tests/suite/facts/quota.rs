//! A6: what the quotas of a namespace limit, charge and give back.

use std::collections::BTreeMap;

use glassplane::api::{Kind, Object, ResourceQuota};
use glassplane::cluster::Cluster;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{command, get, pods, settle, web};

const QUOTA: &str = "apiVersion: v1
kind: ResourceQuota
metadata: {name: team}
spec: {hard: {pods: '2', requests.cpu: '2', count/deployments.apps: '1'}}
";

/// What the status of the quota says.
fn used(cluster: &Cluster) -> BTreeMap<String, String> {
    let quota: ResourceQuota = get(cluster, "team").expect("the quota is there");
    let used = quota.status.used.iter().flatten();
    used.map(|(name, amount)| (name.clone(), amount.0.clone()))
        .collect()
}

fn amounts<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
    let pairs = pairs.map(|(name, amount)| (name.to_owned(), amount.to_owned()));
    BTreeMap::from(pairs)
}

/// A world with the quota, and then a Deployment of so many pods of 250m each.
fn limited(replicas: u32) -> Cluster {
    let mut cluster = world(3, QUOTA);
    assert!(settle(&mut cluster, 60));
    cluster.submit(command("apply -f file.yaml", &web(replicas)));
    assert!(settle(&mut cluster, 60));
    cluster
}

/// What the last run of kubectl printed.
fn printed(cluster: &mut Cluster, line: &str) -> String {
    kubectl(cluster, line);
    assert!(settle(cluster, 60));
    let (_, session) = cluster.sessions().next_back().expect("it ran");
    session.output().to_owned()
}

#[test]
fn a6_a_quota_lets_in_what_fits_and_refuses_the_rest_with_what_is_used() {
    let mut cluster = limited(3);
    assert_eq!(pods(&cluster).len(), 2);
    let full = [
        ("count/deployments.apps", "1"),
        ("pods", "2"),
        ("requests.cpu", "500m"),
    ];
    assert_eq!(used(&cluster), amounts(full));
    let told = events(&cluster, Kind::ReplicaSet);
    let refused = told.iter().find(|(_, reason, _)| reason == "FailedCreate");
    let (_, _, message) = refused.expect("the third pod is refused");
    assert!(
        message.ends_with(
            "is forbidden: exceeded quota: team, requested: pods=1, used: pods=2, limited: pods=2"
        ),
        "{message}"
    );
    let row = printed(&mut cluster, "get quota team --no-headers");
    let row: Vec<&str> = row.split_whitespace().collect();
    let requests = "count/deployments.apps: 1/1, pods: 2/2, requests.cpu: 500m/2";
    assert_eq!(row[0], "team");
    assert_eq!(row[1..row.len() - 1].join(" "), requests);
    assert_eq!(
        printed(&mut cluster, "describe quota team"),
        "Name:                   team\n\
         Namespace:              default\n\
         Resource                Used  Hard\n\
         --------                ----  ----\n\
         count/deployments.apps  1     1\n\
         pods                    2     2\n\
         requests.cpu            500m  2\n"
    );
}

#[test]
fn a6_the_api_server_charges_the_quota_right_before_it_writes_what_it_lets_in() {
    let cluster = limited(2);
    let owner = |object: &Object| {
        let owners = object.to_value()["metadata"]["managedFields"].clone();
        owners.to_string()
    };
    let made = writes(&cluster, Kind::Pod).filter(|(_, change)| change.previous.is_none());
    for (at, pod) in made {
        let before = pod.revision - 1;
        let (charged, quota) = writes(&cluster, Kind::ResourceQuota)
            .find(|(_, change)| change.revision == before)
            .expect("the revision before the pod is the charge for it");
        assert_eq!(charged, at);
        assert!(!owner(&quota.object).is_empty());
    }
    let by_controller = writes(&cluster, Kind::ResourceQuota)
        .filter(|(_, change)| change.previous.is_some())
        .count();
    // The first count, one charge for the Deployment and two for pods.
    assert_eq!(by_controller, 4);
}

#[test]
fn a6_what_goes_makes_room_when_the_controller_has_counted_again() {
    let mut cluster = limited(2);
    let name = pods(&cluster)[0].name().to_owned();
    kubectl(&mut cluster, "fault stop resourcequota-controller");
    kubectl(&mut cluster, "scale deployment web --replicas=1");
    wait(&mut cluster, 60);
    assert_eq!(pods(&cluster).len(), 1, "{name}");
    assert_eq!(used(&cluster)["pods"], "2", "nobody has counted");
    kubectl(&mut cluster, "fault start resourcequota-controller");
    wait(&mut cluster, 60);
    assert_eq!(used(&cluster)["pods"], "1");
    assert_eq!(used(&cluster)["requests.cpu"], "250m");
    kubectl(&mut cluster, "scale deployment web --replicas=2");
    assert!(settle(&mut cluster, 60));
    assert_eq!((pods(&cluster).len(), &*used(&cluster)["pods"]), (2, "2"));
}

#[test]
fn a6_a_quota_that_is_made_larger_lets_the_waiting_pod_in() {
    let mut cluster = limited(3);
    kubectl(
        &mut cluster,
        r#"patch quota team -p '{"spec":{"hard":{"pods":"3"}}}'"#,
    );
    wait(&mut cluster, 60);
    assert_eq!(pods(&cluster).len(), 3);
    assert_eq!(used(&cluster)["pods"], "3");
}

#[test]
fn a6_a_status_that_is_wrong_is_set_right_within_five_minutes() {
    let mut cluster = limited(2);
    let wrong = r#"patch quota team --subresource=status -p '{"status":{"used":{"pods":"0"}}}'"#;
    kubectl(&mut cluster, wrong);
    wait(&mut cluster, 1);
    assert_eq!(used(&cluster)["pods"], "0");
    wait(&mut cluster, 300);
    assert_eq!(used(&cluster)["pods"], "2");
}
