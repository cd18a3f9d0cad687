//! The door on the screen: what each station did, who was sent back, and who is behind.

use super::*;
use crate::api::Kind;
use crate::cluster::Cluster;
use crate::ui::model::Model;
use crate::ui::panes::scene;

/// The model with the cursor at the oldest write of its selection.
fn at_first_write(world: &Cluster, mut model: Model) -> Model {
    let key = model.selection.clone().expect("something is selected");
    let rungs = revisions::of(&Index::of(world), world.trace(), &key);
    model.record = rungs.last().copied();
    model
}

#[test]
fn a6_a_create_passes_the_stations_and_each_shows_what_it_added() {
    let world = scene::live(scene::WEB, &[]);
    let model = at_first_write(&world, scene::selecting(&world, Kind::Deployment));
    let text = scene::text(&world, &model, draw, (160, 44));
    for part in [
        "kubectl POST /apis/apps/v1/namespaces/default/deployments",
        "✓ default +",
        "+ spec.progressDeadlineSeconds: 600",
        "+ metadata.uid:",
        "● commit r",
        "heard by 4 of 4",
        "created",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a6_admission_shows_the_tolerations_that_it_gave_a_pod() {
    let world = scene::live(scene::WEB, &[]);
    let model = at_first_write(&world, scene::selecting(&world, Kind::Pod));
    let text = scene::text(&world, &model, draw, (160, 60));
    let admitted = text
        .lines()
        .skip_while(|line| !line.contains("│admit ") && !line.contains("admit     "))
        .take(8)
        .collect::<String>();
    assert!(admitted.contains("spec.tolerations"), "{text}");
}

#[test]
fn a3_a_status_that_a_kubelet_reports_takes_nothing_from_the_spec() {
    let world = scene::live(scene::WEB, &[]);
    let text = scene::text(
        &world,
        &scene::selecting(&world, Kind::Pod),
        draw,
        (160, 44),
    );
    assert!(
        text.contains("kubelet/") && text.contains("status.conditions"),
        "{text}"
    );
    assert!(
        !text.contains("- spec.") && !text.contains("- metadata."),
        "{text}"
    );
}

#[test]
fn a2_a_conflict_is_a_rung_that_sends_the_writer_back() {
    let mut world = scene::live(scene::WEB, &[]);
    // Two clients write from the same copy.
    let deployment = world
        .store()
        .list(Kind::Deployment, Some("default"))
        .next()
        .cloned()
        .expect("the deployment is there");
    world.stage_step(world.now());
    let refused = world.stage_late_write(&deployment);
    assert!(refused.is_err());
    let text = scene::text(
        &world,
        &scene::selecting(&world, Kind::Deployment),
        draw,
        (160, 40),
    );
    for part in [
        "✗ 409",
        "↩ wrote from r",
        "✗ version",
        "the object has been modified",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a5_a_refused_request_shows_where_it_stopped_and_why() {
    let world = scene::live(
        scene::WEB,
        &["kubectl patch deployment web -p '{\"spec\":{\"replicas\":-1}}'"],
    );
    let text = scene::text(
        &world,
        &scene::selecting(&world, Kind::Deployment),
        draw,
        (160, 40),
    );
    for part in ["✗ validate", "422 Invalid", "spec.replicas", "✗ 422"] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
}

#[test]
fn a_client_whose_watch_is_cut_is_said_to_be_behind() {
    let world = scene::live(scene::WEB, &["fault stop deployment-controller"]);
    let text = scene::text(
        &world,
        &scene::selecting(&world, Kind::Deployment),
        draw,
        (160, 40),
    );
    assert!(text.contains("✗ deployment-controller"), "{text}");
}

#[test]
fn no_size_panics() {
    let world = scene::live(scene::WEB, &["kubectl scale deployment web --replicas=3"]);
    for kind in [Kind::Pod, Kind::Deployment, Kind::Node] {
        scene::sweep(&world, &scene::selecting(&world, kind), draw);
        scene::sweep(
            &world,
            &at_first_write(&world, scene::selecting(&world, Kind::Pod)),
            draw,
        );
    }
    scene::sweep(&Cluster::staged(), &Model::default(), draw);
}
