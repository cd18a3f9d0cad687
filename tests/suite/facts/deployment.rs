//! C1 and C2: rollouts, step by step as the store saw them.

use std::collections::BTreeMap;

use glassplane::api::{Deployment, Kind, Object, ReplicaSet, Typed, meta};
use glassplane::cluster::Cluster;

use super::{events, kubectl, wait, world, writes};
use crate::worlds::{get, pods, settle, web, with_web};

/// The ReplicaSets of `web`, oldest first.
fn sets(cluster: &Cluster) -> Vec<ReplicaSet> {
    let all = cluster.store().list(Kind::ReplicaSet, None);
    let mut sets: Vec<ReplicaSet> = all.filter_map(ReplicaSet::of).cloned().collect();
    sets.sort_by_key(revision);
    sets
}

fn revision(set: &ReplicaSet) -> i64 {
    let number = meta::annotation(&set.metadata, "deployment.kubernetes.io/revision");
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Messages with the ReplicaSets called A, B, … in the order in which they appear.
fn lettered(messages: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut letters: BTreeMap<String, char> = BTreeMap::new();
    let mut lettered = Vec::new();
    for message in messages {
        let words = message.split(' ').map(|word| {
            if !word.starts_with("web-") {
                return word.to_owned();
            }
            let next = char::from(b'A' + u8::try_from(letters.len()).expect("a few"));
            letters.entry(word.to_owned()).or_insert(next).to_string()
        });
        lettered.push(words.collect::<Vec<_>>().join(" "));
    }
    lettered
}

fn scalings(cluster: &Cluster) -> Vec<String> {
    let all = events(cluster, Kind::Deployment).into_iter();
    lettered(
        all.filter(|(_, reason, _)| reason == "ScalingReplicaSet")
            .map(|(_, _, message)| message),
    )
}

/// The most pods that were wanted at once and the fewest that were available, step by step.
fn extremes(cluster: &mut Cluster, seconds: u64) -> (i32, usize) {
    let (mut most, mut least) = (0, usize::MAX);
    cluster.run_until(std::time::Duration::from_secs(seconds), |cluster| {
        let wanted = sets(cluster)
            .iter()
            .map(|set| set.spec.replicas.unwrap_or(1))
            .sum();
        let available = pods(cluster)
            .iter()
            .filter(|pod| pod.is_ready() && !pod.is_terminating())
            .count();
        most = most.max(wanted);
        least = least.min(available);
        cluster.is_settled()
    });
    (most, least)
}

#[test]
fn c2_rolling_update_of_ten_stays_between_eight_and_thirteen() {
    for seed in 0..40 {
        let mut cluster = with_web(seed, 5, 10);
        assert!(settle(&mut cluster, 120));
        kubectl(&mut cluster, "set image deployment/web web=nginx:1.28");
        assert_eq!(extremes(&mut cluster, 300), (13, 8), "seed {seed}");
        let deployment: Deployment = get(&cluster, "web").expect("it is there");
        assert_eq!(deployment.status.updated_replicas, Some(10));
    }
}

#[test]
fn c2_three_go_by_way_of_four_and_never_below_three_and_each_step_is_told() {
    let mut cluster = world(3, &web(3));
    assert!(settle(&mut cluster, 120));
    kubectl(&mut cluster, "set image deployment/web web=nginx:1.28");
    assert_eq!(extremes(&mut cluster, 300), (4, 3));
    assert_eq!(
        scalings(&cluster),
        [
            "Scaled up replica set A from 0 to 3",
            "Scaled up replica set B from 0 to 1",
            "Scaled down replica set A from 3 to 2",
            "Scaled up replica set B from 1 to 2",
            "Scaled down replica set A from 2 to 1",
            "Scaled up replica set B from 2 to 3",
            "Scaled down replica set A from 1 to 0",
        ]
    );
}

#[test]
fn c2_recreate_creates_the_first_new_pod_when_the_last_old_one_is_gone() {
    let manifest = web(3).replace(
        "spec:\n  replicas",
        "spec:\n  strategy: {type: Recreate}\n  replicas",
    );
    let mut cluster = world(3, &manifest);
    assert!(settle(&mut cluster, 120));
    let before = cluster.store().revision();
    kubectl(&mut cluster, "set image deployment/web web=nginx:1.28");
    assert!(settle(&mut cluster, 300));
    let mut old = 3;
    for (_, change) in writes(&cluster, Kind::Pod).filter(|(_, change)| change.revision > before) {
        match change.change_type.to_string().as_str() {
            "DELETED" => old -= 1,
            "ADDED" => assert_eq!(old, 0, "a new pod beside an old one"),
            _ => {}
        }
    }
    assert_eq!(
        scalings(&cluster)[1..],
        [
            "Scaled down replica set A from 3 to 0",
            "Scaled up replica set B from 0 to 3"
        ]
    );
}

/// A condition each time that it changed: the second, status and reason.
fn history(cluster: &Cluster, condition: &str) -> Vec<(u64, String, String)> {
    let mut history: Vec<(u64, String, String)> = Vec::new();
    for (at, change) in writes(cluster, Kind::Deployment) {
        let Object::Deployment(deployment) = &change.object else {
            continue;
        };
        let mut conditions = deployment.status.conditions.iter().flatten();
        if let Some(found) = conditions.find(|each| each.type_ == condition) {
            let reason = found.reason.clone().unwrap_or_default();
            let now = (at.as_secs(), found.status.clone(), reason);
            if history
                .last()
                .is_none_or(|(_, status, reason)| (status, reason) != (&now.1, &now.2))
            {
                history.push(now);
            }
        }
    }
    history
}

#[test]
fn c2_a_bad_image_stalls_for_ever_and_600_seconds_without_progress_are_only_told() {
    let mut cluster = world(3, &web(3));
    assert!(settle(&mut cluster, 120));
    wait(&mut cluster, 60);
    kubectl(
        &mut cluster,
        "set image deployment/web web=registry.invalid/nginx:1",
    );
    wait(&mut cluster, 2_000);
    let told = history(&cluster, "Progressing");
    let (stalled, status, reason) = told.last().cloned().expect("it was told");
    assert_eq!(
        (status.as_str(), reason.as_str()),
        ("False", "ProgressDeadlineExceeded")
    );
    let rolled = told[told.len() - 2].0;
    assert_eq!(stalled - rolled, 601, "{told:?}");
    let deployment: Deployment = get(&cluster, "web").expect("it is there");
    assert_eq!(
        deployment.status.available_replicas,
        Some(3),
        "the old pods go on"
    );
    assert_eq!(deployment.status.replicas, Some(4));
    let message = deployment
        .status
        .conditions
        .iter()
        .flatten()
        .find(|each| each.type_ == "Progressing");
    let message = message
        .and_then(|each| each.message.clone())
        .unwrap_or_default();
    let newest = sets(&cluster).pop().expect("it rolled");
    assert_eq!(
        message,
        format!(
            "ReplicaSet \"{}\" has timed out progressing.",
            newest.name()
        )
    );
}

#[test]
fn c2_a_rollout_tells_what_is_available_and_how_it_progresses() {
    let mut cluster = world(3, &web(3));
    assert!(settle(&mut cluster, 120));
    let reasons = |condition: &str| -> Vec<String> {
        let all = history(&cluster, condition).into_iter();
        all.map(|(_, status, reason)| format!("{status} {reason}"))
            .collect()
    };
    assert_eq!(
        reasons("Available"),
        [
            "False MinimumReplicasUnavailable",
            "True MinimumReplicasAvailable"
        ]
    );
    assert_eq!(
        reasons("Progressing"),
        [
            "True NewReplicaSetCreated",
            "True ReplicaSetUpdated",
            "True NewReplicaSetAvailable"
        ]
    );
}

#[test]
fn c1_each_template_is_a_revision_and_undo_takes_the_old_replica_set_up_again() {
    let mut cluster = world(3, &web(3));
    assert!(settle(&mut cluster, 120));
    kubectl(&mut cluster, "set image deployment/web web=nginx:1.28");
    assert!(settle(&mut cluster, 120));
    let [first, second] = sets(&cluster).try_into().expect("two templates");
    assert_eq!((revision(&first), revision(&second)), (1, 2));
    kubectl(&mut cluster, "rollout undo deployment/web");
    assert!(settle(&mut cluster, 120));
    let [second, again] = sets(&cluster).try_into().expect("still two");
    assert_eq!((revision(&second), revision(&again)), (2, 3));
    assert_eq!(again.uid(), first.uid());
    assert_eq!(
        (second.spec.replicas, again.spec.replicas),
        (Some(0), Some(3))
    );
    let history = meta::annotation(&again.metadata, "deployment.kubernetes.io/revision-history");
    assert_eq!(history, Some("1"));
    let hash = &meta::labels(&again.metadata)["pod-template-hash"];
    assert_eq!(again.name(), format!("web-{hash}"));
    for pod in pods(&cluster) {
        assert_eq!(&meta::labels(&pod.metadata)["pod-template-hash"], hash);
    }
}

#[test]
fn c1_ten_old_revisions_are_kept_and_the_oldest_goes_first() {
    let mut cluster = world(3, &web(1));
    assert!(settle(&mut cluster, 60));
    for minor in 0..13 {
        kubectl(
            &mut cluster,
            &format!("set image deployment/web web=nginx:2.{minor}"),
        );
        assert!(settle(&mut cluster, 300));
    }
    let revisions: Vec<i64> = sets(&cluster).iter().map(revision).collect();
    assert_eq!(revisions, (4..=14).collect::<Vec<i64>>());
}

#[test]
fn c1_a_paused_rollout_waits_and_a_restart_is_a_new_template() {
    let mut cluster = world(3, &web(2));
    assert!(settle(&mut cluster, 120));
    kubectl(&mut cluster, "rollout pause deployment/web");
    wait(&mut cluster, 5);
    kubectl(&mut cluster, "set image deployment/web web=nginx:1.28");
    wait(&mut cluster, 60);
    assert_eq!(sets(&cluster).len(), 1);
    let told = history(&cluster, "Progressing").pop().expect("told");
    assert_eq!(
        (told.1.as_str(), told.2.as_str()),
        ("Unknown", "DeploymentPaused")
    );
    kubectl(&mut cluster, "rollout resume deployment/web");
    assert!(settle(&mut cluster, 120));
    assert_eq!(sets(&cluster).len(), 2);
    kubectl(&mut cluster, "rollout restart deployment/web");
    assert!(settle(&mut cluster, 120));
    let sets = sets(&cluster);
    assert_eq!(
        sets.iter()
            .map(|set| set.spec.replicas.unwrap_or(1))
            .collect::<Vec<_>>(),
        [0, 0, 2]
    );
    let template = sets[2]
        .spec
        .template
        .as_ref()
        .and_then(|template| template.metadata.as_ref());
    let restarted = template
        .and_then(|metadata| meta::annotation(metadata, "kubectl.kubernetes.io/restartedAt"));
    assert!(restarted.is_some());
}

#[test]
fn c1_a_paused_deployment_waits_for_its_resumption_and_has_no_deadline() {
    let mut cluster = world(3, &web(3));
    assert!(settle(&mut cluster, 60));
    kubectl(&mut cluster, "rollout pause deployment/web");
    kubectl(&mut cluster, "set image deployment/web web=nginx:1.28");
    assert!(settle(&mut cluster, 60));
    let before = cluster.now();
    wait(&mut cluster, 1200);
    let later = cluster.trace().iter().filter(|record| record.time > before);
    let looks = later.filter(|record| record.actor.to_string() == "deployment-controller");
    assert_eq!(looks.count(), 0);
    assert_eq!(cluster.store().list(Kind::ReplicaSet, None).count(), 1);
    let web: Deployment = get(&cluster, "web").expect("it is there");
    let mut conditions = web.status.conditions.iter().flatten();
    let progressing = conditions.find(|each| each.type_ == "Progressing");
    let reason = progressing.and_then(|each| each.reason.clone());
    assert_eq!(reason.as_deref(), Some("DeploymentPaused"));
    kubectl(&mut cluster, "rollout resume deployment/web");
    assert!(settle(&mut cluster, 120));
    assert_eq!(cluster.store().list(Kind::ReplicaSet, None).count(), 2);
}
