//! Logs: what a pretend application writes, and why there is none.

use serde_json::json;

use super::driver::World;
use crate::api::Key;
use crate::kubelet::Trouble;

fn log(world: &World, pod: &Key, previous: bool) -> Result<Vec<String>, String> {
    let uid = world.pod(pod).expect("the pod is there").uid().to_owned();
    let log = world.kubelet.log(&uid, "web", previous)?;
    Ok(log.lines.into_iter().map(|line| line.text).collect())
}

fn annotated(world: &mut World, annotations: &serde_json::Value) -> Key {
    world.create(json!({
        "metadata": {"name": "web", "namespace": "default", "annotations": annotations},
        "spec": {
            "nodeName": "node-a",
            "containers": [{"name": "web", "image": "nginx:1.29"}],
        },
    }))
}

#[test]
fn a_log_tells_the_life_of_the_process_and_the_run_before_is_the_previous_one() {
    let mut world = World::new();
    let pod = annotated(&mut world, &json!({"glassplane.io/starts-in": "3s"}));
    world.settle();
    assert_eq!(
        log(&world, &pod, false),
        Ok(vec!["starting".to_owned(), "up".to_owned()])
    );
    let missing = "previous terminated container \"web\" in pod \"web\" not found";
    assert_eq!(log(&world, &pod, true), Err(missing.to_owned()));
    let crash = Trouble::CrashContainer {
        pod: pod.clone(),
        container: None,
    };
    world.suffer(&crash);
    world.pass_seconds(1);
    assert_eq!(log(&world, &pod, false), Ok(vec!["starting".to_owned()]));
    let first = ["starting", "up", "fatal: crashed"]
        .map(str::to_owned)
        .to_vec();
    assert_eq!(log(&world, &pod, true), Ok(first));
    world.suffer(&crash);
    world.pass_seconds(2);
    // It waits in its back-off: the run that ended last is both.
    let second = ["starting", "fatal: crashed"].map(str::to_owned).to_vec();
    assert_eq!(log(&world, &pod, false), Ok(second.clone()));
    assert_eq!(log(&world, &pod, true), Ok(second));
}

#[test]
fn a_log_tells_how_the_process_takes_sigterm_and_how_it_ends() {
    for (annotations, lines) in [
        (json!({}), vec!["started", "SIGTERM: exiting"]),
        (
            json!({"glassplane.io/on-sigterm": "ignore"}),
            vec!["started", "SIGTERM: ignored"],
        ),
        (
            json!({"glassplane.io/exits-after": "1s", "glassplane.io/exit-code": "7"}),
            vec!["started", "fatal: exiting with code 7"],
        ),
    ] {
        let mut world = World::new();
        let pod = annotated(&mut world, &annotations);
        world.pass_seconds(4);
        world.delete(&pod, None);
        world.pass_seconds(1);
        let log = if world.pod(&pod).is_some() {
            log(&world, &pod, false)
        } else {
            continue;
        };
        let expected: Vec<String> = lines.into_iter().map(str::to_owned).collect();
        assert_eq!(log, Ok(expected), "{annotations}");
    }
}

#[test]
fn what_has_not_started_has_no_log_and_says_what_it_waits_for() {
    for (image, pull, passes, why) in [
        ("nginx:1.29", "IfNotPresent", 100, "ContainerCreating"),
        (
            "registry.invalid/web:1",
            "Always",
            1_200,
            "image can't be pulled",
        ),
        (
            "registry.invalid/web:1",
            "Always",
            4_000,
            "trying and failing to pull image",
        ),
        ("nginx:1.29", "Never", 2_000, "ErrImageNeverPull"),
    ] {
        let mut world = World::new();
        let container = json!({"name": "web", "image": image, "imagePullPolicy": pull});
        let pod = world.run_pod("web", json!({"containers": [container]}));
        world.pass(std::time::Duration::from_millis(passes));
        let expected = format!("container \"web\" in pod \"web\" is waiting to start: {why}");
        assert_eq!(log(&world, &pod, false), Err(expected), "{image}");
    }
}
