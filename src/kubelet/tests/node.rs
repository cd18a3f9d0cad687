//! Leases, node status, loss of power.

use serde_json::json;

use super::driver::World;
use crate::api::{Key, Kind, Node, Typed};
use crate::kubelet::{NodeReport, Note, Trouble};

fn node(world: &World) -> Node {
    let key = Key::new(Kind::Node, "", "node-a");
    let object = world.server.store().get(&key).expect("it is registered");
    Node::of(object).expect("it is a node").clone()
}

#[test]
fn k8_the_lease_is_renewed_each_10_s_and_leaves_the_world_idle() {
    let mut world = World::new();
    world.settle();
    world.pass_seconds(100);
    let times: Vec<u64> = world
        .notes
        .iter()
        .filter(|(_, note)| matches!(note, Note::LeaseRenewed(_)))
        .map(|(at, _)| at.as_millis())
        .collect();
    assert!((9..=10).contains(&times.len()), "{times:?}");
    for pair in times.windows(2) {
        assert!(
            (10_000..=10_400).contains(&(pair[1] - pair[0])),
            "{times:?}"
        );
    }
}

#[test]
fn k8_a_node_says_what_it_has() {
    let world = World::new();
    let value = crate::api::Object::Node(node(&world)).to_value();
    let at = |path: &str| value.pointer(path).cloned().unwrap_or_default();
    assert_eq!(at("/status/capacity/cpu"), "8");
    assert_eq!(at("/status/capacity/memory"), "16Gi");
    assert_eq!(at("/status/allocatable/pods"), "110");
    assert_eq!(at("/status/nodeInfo/kubeletVersion"), "v1.34.1");
    assert_eq!(at("/status/addresses/0/address"), "172.18.0.2");
    assert_eq!(at("/spec/podCIDR"), "10.244.0.0/24");
    assert_eq!(at("/metadata/labels/kubernetes.io~1hostname"), "node-a");
    assert_eq!(at("/status/conditions/3/type"), "Ready");
    assert_eq!(at("/status/conditions/3/reason"), "KubeletReady");
    let message = "kubelet is posting ready status";
    assert_eq!(at("/status/conditions/3/message"), message);
}

#[test]
fn k8_the_status_is_written_when_it_changed_and_every_five_minutes() {
    let mut world = World::new();
    world.run_pod("web", json!({}));
    world.pass_seconds(620);
    let reports: Vec<(u64, NodeReport)> = world
        .notes
        .iter()
        .filter_map(|(at, note)| match note {
            Note::NodeReported(_, why) => Some((at.as_secs(), *why)),
            _ => None,
        })
        .collect();
    let whys: Vec<NodeReport> = reports.iter().map(|(_, why)| *why).collect();
    let expected = [NodeReport::Changed, NodeReport::Repeated];
    assert_eq!(whys[..2], expected, "{reports:?}");
    assert!(
        (300..=311).contains(&(reports[1].0 - reports[0].0)),
        "{reports:?}"
    );
    let images = node(&world).status.images.clone().unwrap_or_default();
    let names = images[0].names.clone().unwrap_or_default();
    assert!(names.contains(&"docker.io/library/nginx:1.29".to_owned()));
}

#[test]
fn k8_a_node_that_was_silent_says_that_it_is_ready_again() {
    let mut world = World::new();
    world.change_node(|status| {
        for condition in status.conditions.iter_mut().flatten() {
            condition.status = "Unknown".to_owned();
            condition.reason = Some("NodeStatusUnknown".to_owned());
        }
    });
    world.pass_seconds(11);
    let status = node(&world).status;
    let ready = status
        .conditions
        .iter()
        .flatten()
        .find(|each| each.type_ == "Ready");
    assert_eq!(ready.map(|ready| ready.status.as_str()), Some("True"));
    for reason in [
        "NodeHasSufficientMemory",
        "NodeHasNoDiskPressure",
        "NodeHasSufficientPID",
        "NodeReady",
    ] {
        let said = format!("{reason}: Node node-a status is now: {reason}");
        let once = i32::from(reason != "NodeReady");
        assert_eq!(world.times_said(&said), once + 1, "{reason}");
    }
}

#[test]
fn k8_a_kubelet_that_starts_says_what_a_kubelet_says_and_again_with_each_start() {
    let mut world = World::new();
    let said = [
        "Starting: Starting kubelet.",
        "NodeAllocatableEnforced: Updated Node Allocatable limit across pods",
        "NodeHasSufficientMemory: Node node-a status is now: NodeHasSufficientMemory",
        "NodeHasNoDiskPressure: Node node-a status is now: NodeHasNoDiskPressure",
        "NodeHasSufficientPID: Node node-a status is now: NodeHasSufficientPID",
    ];
    let times = |count: i32| said.map(|line| (line.to_owned(), count));
    assert_eq!(world.counted_events(), times(1));
    world.restart();
    world.settle();
    assert_eq!(world.counted_events(), times(2));
}

#[test]
fn k8_a_kubelet_says_within_ten_seconds_that_its_node_is_cordoned_and_no_longer() {
    let mut world = World::new();
    let mut cordon = |is_cordoned: bool, reason: &str| {
        world.change_node_spec(|spec| spec.unschedulable = Some(is_cordoned));
        world.settle();
        let said = format!("{reason}: Node node-a status is now: {reason}");
        let before = world.times_said(&said);
        world.pass_seconds(11);
        assert_eq!(world.times_said(&said), before + 1, "{reason}");
        world.pass_seconds(60);
        assert_eq!(world.times_said(&said), before + 1, "said once");
    };
    cordon(true, "NodeNotSchedulable");
    cordon(false, "NodeSchedulable");
    cordon(true, "NodeNotSchedulable");
}

#[test]
fn k8_without_power_all_is_silent_and_afterwards_containers_start_again() {
    let mut world = World::new();
    let stays = world.run_pod("stays", json!({}));
    let goes = world.run_pod("goes", json!({}));
    let never = world.run_pod("never", json!({"restartPolicy": "Never"}));
    world.settle();
    world.suffer(&Trouble::PowerOff);
    let silent = world.notes.len();
    world.pass_seconds(100);
    assert_eq!(world.notes.len(), silent);
    world.delete(&goes, None);
    world.pass_seconds(60);
    assert_eq!(world.phase(&goes), "Running");
    world.suffer(&Trouble::PowerOn);
    world.list();
    world.settle();
    assert_eq!(world.phase(&stays), "Running");
    assert_eq!(world.phase(&goes), "gone");
    assert_eq!(world.phase(&never), "Failed");
    let status = world.container(&stays, 0);
    assert_eq!(status.restart_count, 1);
    let end = status.last_state.and_then(|state| state.terminated);
    let end = end.expect("the first run ended");
    assert_eq!(
        (end.exit_code, end.reason.as_deref()),
        (255, Some("Unknown"))
    );
    let pulls = world.steps().iter().filter(|step| *step == "begun").count();
    assert_eq!(pulls, 3, "the images are still on the disk");
    let events = world.events();
    let said = |start: &str| events.iter().any(|event| event.starts_with(start));
    assert!(said("Rebooted: Node node-a has been rebooted, boot id: "));
    assert!(said(
        "SandboxChanged: Pod sandbox changed, it will be killed and re-created."
    ));
}

#[test]
fn k8_a_kubelet_that_is_started_again_goes_on_where_it_was() {
    let mut world = World::new();
    let pod = world.run_pod("web", json!({}));
    world.pass(std::time::Duration::from_millis(700));
    world.restart();
    world.settle();
    assert_eq!(world.phase(&pod), "Running");
    assert_eq!(world.container(&pod, 0).restart_count, 0);
    world.pass_seconds(60);
    let renewals = world.notes.iter();
    let renewals = renewals.filter(|(_, note)| matches!(note, Note::LeaseRenewed(_)));
    assert!(renewals.count() <= 7);
}

#[test]
fn k8_addresses_are_given_round_and_round() {
    let mut world = World::new();
    let first = world.run_pod("first", json!({}));
    world.settle();
    let address =
        |world: &World, key: &Key| world.pod(key).and_then(|pod| pod.status.pod_ip.clone());
    assert_eq!(address(&world, &first).as_deref(), Some("10.244.0.2"));
    world.delete(&first, None);
    world.settle();
    let second = world.run_pod("second", json!({}));
    let on_host = world.run_pod("host", json!({"hostNetwork": true}));
    world.settle();
    assert_eq!(address(&world, &second).as_deref(), Some("10.244.0.3"));
    assert_eq!(address(&world, &on_host).as_deref(), Some("172.18.0.2"));
}
