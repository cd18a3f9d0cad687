//! The object on the screen: each line with who wrote it.

use super::*;
use crate::api::Kind;
use crate::cluster::Cluster;
use crate::ui::model::Model;
use crate::ui::panes::scene;

fn looking_at(world: &Cluster, kind: Kind) -> Model {
    Model {
        view: Pane::Object,
        focus: Pane::Object,
        ..scene::selecting(world, kind)
    }
}

fn line_with<'t>(text: &'t str, part: &str) -> &'t str {
    let found = text.lines().find(|line| line.contains(part));
    found.unwrap_or_else(|| panic!("{part} is missing in\n{text}"))
}

#[test]
fn each_line_says_who_wrote_it_and_what_the_server_filled_in() {
    let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=2"]);
    let text = scene::text(
        &world,
        &looking_at(&world, Kind::Deployment),
        draw,
        (120, 120),
    );
    let cases = [
        ("progressDeadlineSeconds:", "default"),
        ("replicas: 2", "kubectl"),
        ("uid:", "the server"),
        ("availableReplicas:", "deployment-controll…"),
        ("deployment.kubernetes.io/revision:", "deployment-controll…"),
    ];
    for (field, who) in cases {
        let line = line_with(&text, field);
        assert!(line.contains(who), "{line}");
    }
    let pods = scene::text(&world, &looking_at(&world, Kind::Pod), draw, (120, 200));
    assert!(
        line_with(&pods, "tolerations:").contains("admission"),
        "{pods}"
    );
    assert!(
        line_with(&pods, "nodeName:").contains("kube-scheduler"),
        "{pods}"
    );
    assert!(
        line_with(&pods, "phase: Running").contains("kubelet/"),
        "{pods}"
    );
}

#[test]
fn the_line_under_the_cursor_has_its_path_and_the_official_description() {
    let world = scene::live(scene::WEB, &[]);
    let mut model = looking_at(&world, Kind::Deployment);
    let key = model.selection.clone().expect("selected");
    let object = world.store().get(&key).expect("there").clone();
    let lines = lines_of(&object);
    model.line = lines
        .iter()
        .position(|line| line.text.contains("image: nginx:1.27"))
        .expect("the image has a line");
    let text = scene::text(&world, &model, draw, (120, 40));
    assert!(
        text.contains("spec.template.spec.containers[nginx].image"),
        "{text}"
    );
    assert!(text.contains("Container image name."), "{text}");
}

#[test]
fn what_is_gone_is_shown_as_it_was_last() {
    let world = scene::live(scene::WEB, &["kubectl delete deployment web"]);
    let model = Model {
        selection: Some(Key::new(Kind::Deployment, "default", "web")),
        ..Model::default()
    };
    let text = scene::text(&world, &model, draw, (120, 40));
    assert!(text.contains("deployment default/web, gone"), "{text}");
    assert!(
        text.contains("deletionTimestamp") || text.contains("replicas: 1"),
        "{text}"
    );
}

#[test]
fn no_size_panics() {
    let world = scene::live(scene::WEB, &[]);
    for kind in [Kind::Pod, Kind::Deployment, Kind::Service] {
        let mut model = looking_at(&world, kind);
        scene::sweep(&world, &model, draw);
        model.line = 10_000;
        scene::sweep(&world, &model, draw);
    }
    scene::sweep(&Cluster::staged(), &Model::default(), draw);
}
