//! The components on the screen: queues that fill while a loop is off, and the plan of the one chosen.

use super::*;
use crate::ui::panes::scene;

fn choosing(id: ComponentId) -> Model {
    Model {
        component: Some(id),
        ..Model::default()
    }
}

#[test]
fn the_chosen_loop_says_what_it_wants_sees_and_does() {
    let world = scene::live(scene::WEB, &[]);
    let model = choosing(ComponentId::Controller("replicaset-controller"));
    let text = scene::text(&world, &model, draw, (120, 36));
    for part in [
        "replicaset-controller",
        "● on",
        "wants",
        "sees",
        "nothing to do",
        "replicasets (1) r",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a_pod_that_fits_nowhere_is_held_by_the_scheduler() {
    let manifest = scene::WEB.replace("cpu: 500m", "cpu: \"64\"");
    let world = scene::live(&manifest, &[]);
    let text = scene::text(&world, &choosing(ComponentId::Scheduler), draw, (120, 36));
    assert!(text.contains("held: pod default/web-"), "{text}");
    assert!(text.contains("Insufficient cpu"), "{text}");
}

#[test]
fn a_component_that_is_off_and_a_machine_without_power_say_so() {
    let world = scene::live(
        scene::WEB,
        &["fault stop replicaset-controller", "fault node-down node-b"],
    );
    let off = choosing(ComponentId::Controller("replicaset-controller"));
    let text = scene::text(&world, &off, draw, (120, 36));
    assert!(
        text.contains("○ off") && text.contains("does not run"),
        "{text}"
    );
    let down = choosing(ComponentId::Kubelet("node-b".into()));
    let text = scene::text(&world, &down, draw, (120, 36));
    assert!(text.contains("✗ down"), "{text}");
}

#[test]
fn without_a_choice_the_cursor_follows_who_acted_last() {
    let world = scene::live(scene::WEB, &[]);
    let last = last_at_work(&world).expect("somebody acted");
    let components = world.components();
    let place = cursor(&Model::default(), &world, &components);
    assert_eq!(components[place], last);
    let model = choosing(ComponentId::Scheduler);
    assert_eq!(
        components[cursor(&model, &world, &components)],
        ComponentId::Scheduler
    );
    let snapshot = Snapshot::of(world);
    let pod = at_hand(&snapshot, &model).expect("it decided about a pod");
    assert_eq!(pod.kind, crate::api::Kind::Pod);
}

#[test]
fn no_size_panics() {
    let world = scene::live(
        scene::WEB,
        &[
            "fault stop kube-scheduler",
            "kubectl scale deployment web --replicas=9",
        ],
    );
    for id in world.components() {
        scene::sweep(&world, &choosing(id), draw);
    }
    scene::sweep(&Cluster::staged(), &Model::default(), draw);
}
