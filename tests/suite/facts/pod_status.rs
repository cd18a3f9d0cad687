//! K1: the STATUS that kubectl prints over the whole life of pods, and the phases below it.

use glassplane::api::{Kind, Pod, Typed};
use glassplane::cluster::Cluster;
use glassplane::kubectl::printers::pod_status;

use super::{kubectl, wait, world, writes};

/// Annotations, the spec, and STATUS after each write that changed it; at 60 s the pod is deleted.
type Life = (&'static str, &'static str, &'static str);

const WEB: &str = "containers: [{name: web, image: 'nginx:1.29'}]";
const TWO_INITS: &str = "initContainers: [{name: setup, image: 'busybox:1'}, \
     {name: two, image: 'busybox:1'}], containers: [{name: web, image: 'nginx:1.29'}]";
const TWO_INITS_ONCE: &str = "restartPolicy: Never, initContainers: [{name: setup, \
     image: 'busybox:1'}], containers: [{name: web, image: 'nginx:1.29'}]";

/// A pod called `web` with these annotations and this spec.
fn pod(annotations: &str, spec: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, annotations: {{{annotations}}}}}\n\
         spec: {{{spec}}}\n"
    )
}

/// What each write made of the pod, each once until it changes.
fn told<'a>(cluster: &'a Cluster, says: impl Fn(&'a Pod) -> String) -> Vec<String> {
    let own = writes(cluster, Kind::Pod).filter_map(|(_, change)| Pod::of(&change.object));
    let mut all: Vec<String> = own.map(says).collect();
    all.dedup();
    all
}

fn statuses(cluster: &Cluster) -> String {
    told(cluster, |pod| pod_status(pod).into_owned()).join(" ")
}

/// The world in which a pod lives for a minute and is then deleted.
fn lived(annotations: &str, spec: &str) -> Cluster {
    let mut cluster = world(3, &pod(annotations, spec));
    wait(&mut cluster, 60);
    kubectl(&mut cluster, "delete pod web");
    wait(&mut cluster, 60);
    cluster
}

fn check(lives: &[Life]) {
    for (annotations, spec, expected) in lives {
        let found = statuses(&lived(annotations, spec));
        assert_eq!(found, *expected, "{annotations} {spec}");
    }
}

#[test]
fn k1_the_status_of_containers_over_a_whole_life() {
    let crashes = "glassplane.io/exits-after: 2s, glassplane.io/exit-code: '1'";
    check(&[
        (
            "",
            WEB,
            "Pending ContainerCreating Running Terminating Completed",
        ),
        (
            crashes,
            WEB,
            "Pending ContainerCreating Running Error Running Error CrashLoopBackOff Running Error \
             CrashLoopBackOff Running Error CrashLoopBackOff Terminating Error",
        ),
        (
            "glassplane.io/memory: '0s 10Mi, 6s 10Mi, 6s 100Mi'",
            "containers: [{name: web, image: 'nginx:1.29', resources: {limits: {memory: 50Mi}}}]",
            "Pending ContainerCreating Running OOMKilled Running OOMKilled CrashLoopBackOff Running \
             OOMKilled CrashLoopBackOff Running OOMKilled CrashLoopBackOff Terminating OOMKilled",
        ),
        (
            "",
            "containers: [{name: web, image: 'registry.invalid/web:1'}]",
            "Pending ContainerCreating ErrImagePull ImagePullBackOff ErrImagePull ImagePullBackOff \
             ErrImagePull ImagePullBackOff Terminating ContainerStatusUnknown",
        ),
        (
            "",
            "containers: [{name: web, image: 'nginx:1.29', imagePullPolicy: Never}]",
            "Pending ContainerCreating ErrImageNeverPull Terminating ContainerStatusUnknown",
        ),
        (
            "",
            "containers: [{name: web, image: NGINX}]",
            "Pending ContainerCreating InvalidImageName Terminating ContainerStatusUnknown",
        ),
    ]);
}

#[test]
fn k1_the_status_of_pods_that_end_by_themselves() {
    let never = "restartPolicy: Never, containers: [{name: web, image: 'nginx:1.29'}]";
    let ends = "glassplane.io/exits-after: 2s";
    let fails = "glassplane.io/exits-after: 2s, glassplane.io/exit-code: '1'";
    check(&[
        (ends, never, "Pending ContainerCreating Running Completed"),
        (fails, never, "Pending ContainerCreating Running Error"),
        // One container is done, the other one runs and is ready: the pod is not.
        (
            "one.glassplane.io/exits-after: 5s",
            "restartPolicy: Never, containers: [{name: one, image: 'nginx:1.29'}, \
             {name: two, image: 'nginx:1.29'}]",
            "Pending ContainerCreating Running NotReady Terminating Completed",
        ),
    ]);
}

#[test]
fn k1_the_status_while_init_containers_and_sidecars_come_up() {
    let fails = "setup.glassplane.io/exits-after: 3s, setup.glassplane.io/exit-code: '1'";
    check(&[
        (
            "setup.glassplane.io/exits-after: 3s, two.glassplane.io/exits-after: 3s",
            TWO_INITS,
            "Pending Init:0/2 Init:1/2 PodInitializing Running Terminating Completed",
        ),
        (
            fails,
            TWO_INITS,
            "Pending Init:0/2 Init:Error Init:0/2 Init:Error Init:CrashLoopBackOff Init:0/2 \
             Init:Error Init:CrashLoopBackOff Init:0/2 Init:Error Init:CrashLoopBackOff Terminating \
             Init:Error",
        ),
        (fails, TWO_INITS_ONCE, "Pending Init:0/1 Init:Error"),
        (
            "",
            "initContainers: [{name: proxy, image: 'envoy:1', restartPolicy: Always}], \
             containers: [{name: web, image: 'nginx:1.29'}]",
            "Pending Init:0/1 PodInitializing Running Terminating Completed",
        ),
        (
            "",
            "initContainers: [{name: setup, image: 'registry.invalid/x:1'}], \
             containers: [{name: web, image: 'nginx:1.29'}]",
            "Pending Init:0/1 Init:ErrImagePull Init:ImagePullBackOff Init:ErrImagePull \
             Init:ImagePullBackOff Init:ErrImagePull Init:ImagePullBackOff Terminating \
             Init:ImagePullBackOff",
        ),
    ]);
}

#[test]
fn k1_the_status_of_pods_that_come_to_no_node() {
    check(&[
        (
            "",
            "schedulingGates: [{name: example.com/wait}], \
             containers: [{name: web, image: 'nginx:1.29'}]",
            "SchedulingGated",
        ),
        (
            "",
            "containers: [{name: web, image: 'nginx:1.29', resources: {requests: {cpu: 100}}}]",
            "Pending",
        ),
    ]);
}

#[test]
fn k1_there_are_no_phases_but_five_and_a_pod_that_is_deleted_ends_in_failed_or_succeeded() {
    let known = ["Pending", "Running", "Succeeded", "Failed", "Unknown"];
    let fails = "setup.glassplane.io/exits-after: 3s, setup.glassplane.io/exit-code: '1'";
    let lives = [
        ("", WEB.to_owned(), "Pending Running Succeeded"),
        (
            "glassplane.io/on-sigterm: ignore",
            WEB.to_owned(),
            "Pending Running Failed",
        ),
        (fails, TWO_INITS.to_owned(), "Pending Failed"),
        (
            "",
            "containers: [{name: web, image: 'registry.invalid/web:1'}]".to_owned(),
            "Pending Failed",
        ),
    ];
    for (annotations, spec, expected) in lives {
        let phases = told(&lived(annotations, &spec), |pod| pod.phase().to_owned());
        assert!(phases.iter().all(|phase| known.contains(&phase.as_str())));
        assert_eq!(phases.join(" "), expected, "{annotations} {spec}");
    }
}
