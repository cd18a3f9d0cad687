//! The same of a world of accounts: what is scaled by numbers, counted, made by the calendar, claimed,
//! and taken away with all that belongs to it, while every loop that does so is upset.

use std::time::Duration;

use glassplane::api::{
    CronJob, HorizontalPodAutoscaler, Job, Key, Kind, Object, PersistentVolume,
    PersistentVolumeClaim, Pod, ResourceQuota, Typed, meta,
};
use glassplane::cluster::{Cluster, ClusterConfig};
use glassplane::sim::Random;

use crate::convergence::come_to_rest;
use crate::worlds::{broken_promises, command, get, ready, web};

/// Beside the Deployments `web`, which is scaled, `old`, which goes, and `web` in the namespaces.
const OTHERS: &str = "---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 1
  maxReplicas: 3
  metrics:
  - type: Resource
    resource: {name: cpu, target: {type: Utilization, averageUtilization: 50}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: many}
spec: {hard: {pods: '40', persistentvolumeclaims: '9'}}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: few, namespace: tight}
spec: {hard: {pods: '2'}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: shop}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: tidy}
spec:
  schedule: '* * * * *'
  successfulJobsHistoryLimit: 2
  jobTemplate:
    spec:
      template:
        metadata: {annotations: {glassplane.io/exits-after: 5s}}
        spec: {restartPolicy: OnFailure, containers: [{name: tidy, image: 'tidy:1'}]}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: fast}
provisioner: docker.io/hostpath
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  serviceName: db
  replicas: 2
  persistentVolumeClaimRetentionPolicy: {whenScaled: Delete, whenDeleted: Delete}
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'postgres:17'}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
";

/// Who is upset.
const VICTIMS: [&str; 20] = [
    "horizontal-pod-autoscaler-controller",
    "resourcequota-controller",
    "cronjob-controller",
    "job-controller",
    "persistentvolume-binder-controller",
    "persistentvolumeclaim-protection-controller",
    "persistentvolume-protection-controller",
    "external-provisioner",
    "namespace-controller",
    "serviceaccount-controller",
    "garbage-collector",
    "statefulset-controller",
    "deployment-controller",
    "replicaset-controller",
    "node-lifecycle-controller",
    "taint-eviction-controller",
    "pod-garbage-collector-controller",
    "ttl-after-finished-controller",
    "kube-scheduler",
    "metrics-server",
];

/// How.
const UPSETS: [&str; 6] = [
    "fault restart VICTIM",
    "fault cut-watch VICTIM",
    "fault drop-events VICTIM 3",
    "fault duplicate-events VICTIM 5",
    "fault reorder-events VICTIM 3",
    "fault delay-watch VICTIM 3s",
];

/// How the Deployment `old` goes.
const WAYS: [&str; 3] = ["background", "foreground", "orphan"];

/// What has been asked for so far.
struct Wanted {
    most: u64,
    databases: u64,
    way: Option<&'static str>,
    is_shop_gone: bool,
}

fn one<'a>(random: &mut Random, of: &[&'a str]) -> &'a str {
    of[usize::try_from(random.below(of.len() as u64)).expect("a small number")]
}

/// What happens next: mostly a loop is upset, now and then a node or what is asked for.
fn trouble(random: &mut Random, wanted: &mut Wanted) -> String {
    match random.below(10) {
        0 => one(random, &["fault node-down node-a", "fault node-up node-a"]).to_owned(),
        1 => {
            wanted.most = 2 + random.below(4);
            let most = wanted.most;
            format!("patch hpa web -p '{{\"spec\":{{\"maxReplicas\":{most}}}}}'")
        }
        2 => {
            wanted.databases = 1 + random.below(3);
            format!("scale statefulset/db --replicas={}", wanted.databases)
        }
        3 if wanted.way.is_none() => delete_old(random, wanted),
        4 if !wanted.is_shop_gone => {
            wanted.is_shop_gone = true;
            "delete namespace shop --wait=false".to_owned()
        }
        _ => {
            let victim = one(random, &VICTIMS);
            // metrics-server asks the kubelets; it has no watch that could fail.
            let kinds = match victim {
                "metrics-server" => &UPSETS[..1],
                _ => &UPSETS[..],
            };
            one(random, kinds).replace("VICTIM", victim)
        }
    }
}

fn delete_old(random: &mut Random, wanted: &mut Wanted) -> String {
    let way = one(random, &WAYS);
    wanted.way = Some(way);
    format!("delete deployment old --wait=false --cascade={way}")
}

fn begin(seed: u64) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(seed, 4));
    for namespace in ["shop", "tight"] {
        cluster.submit(command(&format!("create namespace {namespace}"), ""));
    }
    let busy = web(1).replace(
        "      labels:\n        app: web\n",
        "      labels:\n        app: web\n      annotations:\n        glassplane.io/cpu: 200m\n",
    );
    let old = web(2)
        .replace("name: web", "name: old")
        .replace("app: web", "app: old");
    cluster.submit(command(
        "apply -f file.yaml",
        &[&busy, "---\n", &old, OTHERS].concat(),
    ));
    cluster.run_until(Duration::from_secs(1), |_| false);
    for namespace in ["shop", "tight"] {
        cluster.submit(command(
            &format!("apply -n {namespace} -f file.yaml"),
            &web(3),
        ));
    }
    cluster
}

fn check(seed: u64) {
    let mut random = Random::stream(seed, "troubles of accounts");
    let mut cluster = begin(seed);
    let mut wanted = Wanted {
        most: 3,
        databases: 2,
        way: None,
        is_shop_gone: false,
    };
    for _ in 0..10 {
        let pause = Duration::from_millis(random.below(15_000));
        cluster.run_until(pause, |_| false);
        let line = trouble(&mut random, &mut wanted);
        cluster.submit(command(&line, ""));
    }
    if wanted.way.is_none() {
        let line = delete_old(&mut random, &mut wanted);
        cluster.submit(command(&line, ""));
    }
    for line in ["fault node-up node-a", "delete namespace shop --wait=false"] {
        cluster.submit(command(line, ""));
    }
    // Two more starts of the calendar, and what is scaled down has gone.
    cluster.run_until(Duration::from_secs(150), |_| false);
    let line = "patch cronjob tidy -p '{\"spec\":{\"suspend\":true}}'";
    cluster.submit(command(line, ""));
    come_to_rest(&mut cluster, seed);
    assert_eq!(
        broken_promises(&cluster),
        Vec::<String>::new(),
        "seed {seed}"
    );
    assert_eq!(outcome(&cluster), expected(&wanted), "seed {seed}");
}

fn expected(wanted: &Wanted) -> Vec<String> {
    let Wanted {
        most, databases, ..
    } = *wanted;
    let left = match wanted.way {
        Some("orphan") => "1 ReplicaSets of nobody, 2 pods",
        _ => "0 ReplicaSets of nobody, 0 pods",
    };
    vec![
        format!("web has {most} ready, HPA wants {most} of {most}"),
        "the quota many counts what there is".to_owned(),
        "tight has 2 pods, the quota counts 2".to_owned(),
        "2 Jobs, 2 complete, 0 active".to_owned(),
        format!("{databases} pods, {databases} claims bound to {databases} volumes of {databases}"),
        "shop: 0 objects".to_owned(),
        format!("old: {left}"),
    ]
}

fn all<'a, T: Typed + 'a>(cluster: &'a Cluster, namespace: Option<&str>) -> Vec<&'a T> {
    let objects = cluster.store().list(T::KIND, namespace);
    objects.filter_map(T::of).collect()
}

fn labelled<'a>(cluster: &'a Cluster, namespace: &str, app: &str) -> Vec<&'a Pod> {
    let mut pods = all::<Pod>(cluster, Some(namespace));
    pods.retain(|pod| {
        let label = meta::labels(&pod.metadata).get("app");
        !pod.is_finished() && label.map(String::as_str) == Some(app)
    });
    pods
}

/// What a quota counts of a resource.
fn used(cluster: &Cluster, namespace: &str, name: &str, resource: &str) -> String {
    let key = Key::new(Kind::ResourceQuota, namespace, name);
    let quota = cluster.store().get(&key).and_then(ResourceQuota::of);
    let used = quota.and_then(|quota| quota.status.used.as_ref()?.get(resource));
    used.map(|amount| amount.0.clone()).unwrap_or_default()
}

fn outcome(cluster: &Cluster) -> Vec<String> {
    let in_shop = |object: &Object| object.namespace() == "shop" || object.name() == "shop";
    let everything = Kind::ALL
        .iter()
        .flat_map(|kind| cluster.store().list(*kind, None));
    let nobody = cluster.store().list(Kind::ReplicaSet, Some("default"));
    let nobody = nobody.filter(|set| meta::controller_of(set.metadata()).is_none());
    vec![
        scaled(cluster),
        counted(cluster),
        format!(
            "tight has {} pods, the quota counts {}",
            labelled(cluster, "tight", "web").len(),
            used(cluster, "tight", "few", "pods")
        ),
        by_the_calendar(cluster),
        claimed(cluster),
        format!(
            "shop: {} objects",
            everything.filter(|each| in_shop(each)).count()
        ),
        format!(
            "old: {} ReplicaSets of nobody, {} pods",
            nobody.count(),
            labelled(cluster, "default", "old").len()
        ),
    ]
}

fn scaled(cluster: &Cluster) -> String {
    let scaler: HorizontalPodAutoscaler = get(cluster, "web").expect("it is there");
    format!(
        "web has {} ready, HPA wants {} of {}",
        ready(cluster, "web"),
        scaler.status.desired_replicas,
        scaler.spec.max_replicas
    )
}

fn counted(cluster: &Cluster) -> String {
    let pods = all::<Pod>(cluster, Some("default"));
    let living = pods.into_iter().filter(|pod| !pod.is_finished()).count();
    let claims = all::<PersistentVolumeClaim>(cluster, None).len();
    let used = |resource: &str| used(cluster, "default", "many", resource);
    let is_right =
        used("pods") == living.to_string() && used("persistentvolumeclaims") == claims.to_string();
    let what = if is_right { "what there is" } else { "wrong" };
    format!("the quota many counts {what}")
}

fn by_the_calendar(cluster: &Cluster) -> String {
    let jobs = all::<Job>(cluster, Some("default"));
    let is_complete = |job: &&&Job| {
        let mut conditions = job.status.conditions.iter().flatten();
        conditions.any(|each| each.type_ == "Complete" && each.status == "True")
    };
    let tidy: CronJob = get(cluster, "tidy").expect("it is there");
    format!(
        "{} Jobs, {} complete, {} active",
        jobs.len(),
        jobs.iter().filter(is_complete).count(),
        tidy.status.active.iter().flatten().count()
    )
}

fn claimed(cluster: &Cluster) -> String {
    let claims = all::<PersistentVolumeClaim>(cluster, None);
    let bound = claims
        .iter()
        .filter(|claim| claim.status.phase.as_deref() == Some("Bound"))
        .filter_map(|claim| claim.spec.volume_name.as_deref())
        .filter_map(|name| get::<PersistentVolume>(cluster, name));
    format!(
        "{} pods, {} claims bound to {} volumes of {}",
        labelled(cluster, "default", "db").len(),
        claims.len(),
        bound.count(),
        all::<PersistentVolume>(cluster, None).len()
    )
}

#[test]
fn convergence_of_accounts_seeds_0_to_19() {
    (0..20).for_each(check);
}

#[test]
fn convergence_of_accounts_seeds_20_to_39() {
    (20..40).for_each(check);
}

/// The full size; the figure goes into the closing notes.
#[test]
#[ignore = "takes minutes; run it with --ignored"]
fn convergence_of_accounts_seeds_40_to_1039() {
    (40..1_040).for_each(check);
}
