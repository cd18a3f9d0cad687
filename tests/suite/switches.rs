//! Every component can be switched off and on, or paused: meanwhile its work waits and the screen names
//! it as the one that does not run; afterwards the work is done.

use std::collections::BTreeSet;
use std::time::Duration;

use glassplane::api::{
    DaemonSet, Deployment, EndpointSlice, HorizontalPodAutoscaler, Job, Key, Kind, Namespace, Node,
    PersistentVolume, PersistentVolumeClaim, Pod, PodDisruptionBudget, ReplicaSet, ResourceQuota,
    ServiceAccount, StatefulSet, Typed,
};
use glassplane::cluster::{Cluster, ClusterConfig, ComponentId, Wait};

use crate::screen::Person;
use crate::worlds::{command, get, settle, web};

/// How long a component does not run, in seconds: longer than every grace and period that counts here.
const PAUSE: u64 = 100;

/// So much of a name stands in the view of all components in any case.
const NAME_SHOWN: usize = 28;

/// What one component has to do.
struct Row {
    /// What is there before it is switched off: lines with their file.
    before: Vec<(&'static str, String)>,
    /// What comes while it is off. The name of its machine stands for `NODE`.
    given: Vec<(&'static str, String)>,
    /// Whether it has done its work.
    done: fn(&Cluster) -> bool,
    /// How what it hears while it is paused is seen.
    seen: Seen,
}

/// What of the waiting work of a paused component can be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    /// The object to work on stands in its queue.
    Queued,
    /// It goes by the clock: what it would find is not known before it looks.
    ByTheClock,
}

fn row(given: &[(&'static str, &str)], done: fn(&Cluster) -> bool) -> Row {
    let own = |lines: &[(&'static str, &str)]| {
        let lines = lines.iter();
        lines
            .map(|(line, file)| (*line, (*file).to_owned()))
            .collect()
    };
    Row {
        before: Vec::new(),
        given: own(given),
        done,
        seen: Seen::Queued,
    }
}

impl Row {
    fn after(mut self, line: &'static str, file: &str) -> Self {
        self.before.push((line, file.to_owned()));
        self
    }

    fn by_the_clock(mut self) -> Self {
        self.seen = Seen::ByTheClock;
        self
    }
}

const APPLY: &str = "apply -f file.yaml";

const JOB: &str = "apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  template:
    metadata: {annotations: {glassplane.io/exits-after: 5s}}
    spec: {restartPolicy: Never, containers: [{name: sum, image: 'sum:1'}]}
";

const VOLUME: &str = "apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  hostPath: {path: /disk}
  storageClassName: manual
";

/// Its volumes come by themselves, and may grow.
const CLASS: &str = "apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: manual}
provisioner: docker.io/hostpath
allowVolumeExpansion: true
";

const CLAIM: &str = "apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {storageClassName: manual, accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

/// A volume that a node has to be given.
const DISK: &str = "apiVersion: v1
kind: PersistentVolume
metadata: {name: disk}
spec:
  capacity: {storage: 1Gi}
  accessModes: [ReadWriteOnce]
  csi: {driver: pd.csi.storage.gke.io, volumeHandle: disk}
  storageClassName: manual
";

/// A pod that uses the claim.
const USER: &str = "apiVersion: v1
kind: Pod
metadata: {name: user}
spec:
  containers: [{name: user, image: 'nginx:1.27'}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
";

const SERVICE: &str = "apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
";

/// A pod on a machine, past the scheduler.
const PLACED: &str = "apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {nodeName: NODE, containers: [{name: one, image: 'nginx:1.27'}]}
";

fn on(node: &str) -> String {
    PLACED.replace("NODE", node)
}

fn set(kind: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: set}}\nspec:\n  \
         selector: {{matchLabels: {{app: set}}}}\n  template:\n    \
         metadata: {{labels: {{app: set}}}}\n    \
         spec: {{containers: [{{name: set, image: 'set:1'}}]}}\n"
    )
}

fn count(cluster: &Cluster, kind: Kind) -> usize {
    cluster.store().list(kind, Some("default")).count()
}

fn has_run(cluster: &Cluster) -> bool {
    let pods = cluster.store().list(Kind::Pod, Some("default"));
    pods.filter_map(Pod::of).any(Pod::is_ready)
}

/// The row of a component: each kind of component has one, and each loop by its name.
fn row_of(id: &ComponentId) -> Option<Row> {
    let row = match id {
        ComponentId::Controller(name) => return row_of_loop(name),
        ComponentId::Scheduler => row(&[(APPLY, &web(1))], |world| {
            let mut pods = world.store().list(Kind::Pod, None).filter_map(Pod::of);
            pods.any(|pod| pod.spec.node_name.is_some())
        }),
        ComponentId::Kubelet(node) => row(&[(APPLY, &on(node))], has_run),
        ComponentId::KubeProxy(_) => row(&[(APPLY, SERVICE)], |world| {
            let key = Key::new(Kind::Service, "default", "web");
            world
                .proxies()
                .all(|part| part.component.table(&key).is_some())
        }),
        ComponentId::MetricsServer => row(&[], |world| world.measured().is_some()).by_the_clock(),
        // They come, do their one thing and go; nobody switches them.
        ComponentId::Kubectl(_) | ComponentId::Writer(_) => return None,
    };
    Some(row)
}

fn row_of_loop(name: &str) -> Option<Row> {
    workload(name)
        .or_else(|| keeper(name))
        .or_else(|| janitor(name))
        .or_else(|| storage(name))
}

/// The loops that make pods, and what makes pods.
fn workload(name: &str) -> Option<Row> {
    let cron = format!(
        "apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: sum}}\nspec:\n  \
         schedule: '* * * * *'\n  jobTemplate:\n    {}",
        JOB.split_once("spec:")
            .map(|(_, spec)| format!("spec:{}", spec.replace('\n', "\n    ")))?
    );
    Some(match name {
        "deployment-controller" => row(&[(APPLY, &web(2))], |world| {
            count(world, Kind::ReplicaSet) == 1
        }),
        "replicaset-controller" => row(&[(APPLY, &web(2))], |world| {
            let sets: Option<Deployment> = get(world, "web");
            sets.is_some_and(|web| web.status.ready_replicas == Some(2))
        }),
        "statefulset-controller" => row(&[(APPLY, &set("StatefulSet"))], |world| {
            let set: Option<StatefulSet> = get(world, "set");
            set.is_some_and(|set| set.status.ready_replicas == Some(1))
        }),
        "daemonset-controller" => row(&[(APPLY, &set("DaemonSet"))], |world| {
            let set: Option<DaemonSet> = get(world, "set");
            set.is_some_and(|set| set.status.number_ready == 3)
        }),
        "job-controller" => row(&[(APPLY, JOB)], |world| {
            let job: Option<Job> = get(world, "sum");
            job.is_some_and(|job| job.status.succeeded == Some(1))
        }),
        "cronjob-controller" => row(&[(APPLY, &cron)], |world| count(world, Kind::Job) > 0),
        "horizontal-pod-autoscaler-controller" => row(
            &[("autoscale deployment/web --min=3 --max=5 --cpu=50%", "")],
            |world| {
                let web: Option<Deployment> = get(world, "web");
                let scaler: Option<HorizontalPodAutoscaler> = get(world, "web");
                web.is_some_and(|web| web.spec.replicas == Some(3))
                    && scaler.is_some_and(|scaler| scaler.status.desired_replicas == 3)
            },
        )
        .after(APPLY, &web(1)),
        _ => return None,
    })
}

/// The loops that keep accounts of what is there.
fn keeper(name: &str) -> Option<Row> {
    Some(match name {
        "serviceaccount-controller" => row(&[("create namespace shop", "")], |world| {
            let key = Key::new(Kind::ServiceAccount, "shop", "default");
            world
                .store()
                .get(&key)
                .and_then(ServiceAccount::of)
                .is_some()
        }),
        "root-ca-certificate-publisher-controller" => {
            row(&[("create namespace shop", "")], |world| {
                let key = Key::new(Kind::ConfigMap, "shop", "kube-root-ca.crt");
                world.store().get(&key).is_some()
            })
        }
        "endpointslice-controller" => row(&[(APPLY, SERVICE)], |world| {
            let slices = world.store().list(Kind::EndpointSlice, Some("default"));
            let slices = slices.filter_map(EndpointSlice::of);
            slices
                .filter(|slice| slice.name().starts_with("web"))
                .map(|slice| slice.spec.endpoints.len())
                .sum::<usize>()
                == 2
        })
        .after(APPLY, &web(2)),
        "resourcequota-controller" => row(&[("create quota few --hard=pods=40", "")], |world| {
            let quota: Option<ResourceQuota> = get(world, "few");
            quota.is_some_and(|quota| quota.status.used.is_some())
        }),
        "disruption-controller" => row(
            &[("create pdb web --selector=app=web --min-available=1", "")],
            |world| {
                let budget: Option<PodDisruptionBudget> = get(world, "web");
                budget.is_some_and(|budget| budget.status.disruptions_allowed == 1)
            },
        )
        .after(APPLY, &web(2)),
        "node-lifecycle-controller" => row(&[("fault node-down node-c", "")], |world| {
            let node: Option<Node> = get(world, "node-c");
            let taints = node.map(|node| node.spec.taints.iter().flatten().count());
            taints.is_some_and(|taints| taints == 2)
        })
        .by_the_clock(),
        "taint-eviction-controller" => {
            row(&[("taint node node-c keep=out:NoExecute", "")], |world| {
                count(world, Kind::Pod) == 0
            })
            .after(APPLY, &on("node-c"))
        }
        _ => return None,
    })
}

/// The loops that clear away.
fn janitor(name: &str) -> Option<Row> {
    Some(match name {
        "namespace-controller" => row(&[("delete namespace shop --wait=false", "")], |world| {
            let key = Key::new(Kind::Namespace, "", "shop");
            world.store().get(&key).and_then(Namespace::of).is_none()
        })
        .after("create namespace shop", ""),
        "garbage-collector" => row(&[("delete deployment web --wait=false", "")], |world| {
            let sets = world.store().list(Kind::ReplicaSet, None);
            sets.filter_map(ReplicaSet::of).count() == 0
        })
        .after(APPLY, &web(1)),
        "ttl-after-finished-controller" => {
            let brief = JOB.replace(
                "spec:\n  template",
                "spec:\n  ttlSecondsAfterFinished: 9\n  template",
            );
            row(&[(APPLY, &brief)], |world| {
                // It has been there: the world is older than its creation.
                count(world, Kind::Job) == 0
            })
        }
        "pod-garbage-collector-controller" => row(&[(APPLY, &on("nowhere"))], |world| {
            count(world, Kind::Pod) == 0
        })
        .by_the_clock(),
        _ => return None,
    })
}

/// The loops of disks.
fn storage(name: &str) -> Option<Row> {
    let both = format!("{VOLUME}---\n{CLAIM}");
    Some(match name {
        "persistentvolume-binder-controller" => row(&[(APPLY, &both)], |world| {
            let claim: Option<PersistentVolumeClaim> = get(world, "data");
            claim.is_some_and(|claim| claim.status.phase.as_deref() == Some("Bound"))
        }),
        "persistentvolumeclaim-protection-controller" => {
            row(&[("delete pvc data --wait=false", "")], |world| {
                get::<PersistentVolumeClaim>(world, "data").is_none()
            })
            .after(APPLY, CLAIM)
        }
        "persistentvolume-protection-controller" => {
            row(&[("delete pv disk --wait=false", "")], |world| {
                get::<PersistentVolume>(world, "disk").is_none()
            })
            .after(APPLY, VOLUME)
        }
        "persistentvolume-attach-detach-controller" => row(&[(APPLY, USER)], |world| {
            let nodes = world.store().list(Kind::Node, None).filter_map(Node::of);
            nodes
                .flat_map(|node| node.status.volumes_attached.iter().flatten())
                .count()
                == 1
        })
        .after(APPLY, DISK)
        .after(APPLY, CLAIM),
        "external-resizer" => row(
            &[(
                "patch pvc data -p '{\"spec\":{\"resources\":{\"requests\":{\"storage\":\"2Gi\"}}}}'",
                "",
            )],
            |world| {
                let claim: Option<PersistentVolumeClaim> = get(world, "data");
                let capacity = claim.and_then(|claim| claim.status.capacity.clone());
                capacity.is_some_and(|capacity| capacity["storage"].0 == "2Gi")
            },
        )
        .after(APPLY, CLASS)
        .after(APPLY, CLAIM),
        "external-provisioner" => {
            row(&[(APPLY, CLAIM)], |world| {
                world.store().list(Kind::PersistentVolume, None).count() == 1
            })
            .after(APPLY, CLASS)
        }
        _ => return None,
    })
}

/// The lines by which somebody stops a component and lets it work again.
fn switches(id: &ComponentId) -> Vec<[String; 2]> {
    let pause = [format!("fault pause {id}"), format!("fault resume {id}")];
    let stop = match id {
        ComponentId::Kubelet(node) => [
            format!("fault node-down {node}"),
            format!("fault node-up {node}"),
        ],
        _ => [format!("fault stop {id}"), format!("fault start {id}")],
    };
    vec![stop, pause]
}

/// A world with what is there before.
fn prepared(row: &Row) -> Cluster {
    let mut cluster = served();
    for (line, file) in &row.before {
        cluster.submit(command(line, file));
    }
    assert!(settle(&mut cluster, 60));
    cluster
}

/// Three machines and a client of a Service that nobody serves: without traffic no kube-proxy is kept.
fn served() -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(3, 3));
    for line in [
        "create service clusterip first --tcp=80",
        "traffic first 1",
        "traffic first stop",
    ] {
        cluster.submit(command(line, ""));
        assert!(settle(&mut cluster, 60));
    }
    cluster
}

fn give(cluster: &mut Cluster, row: &Row) {
    for (line, file) in &row.given {
        cluster.submit(command(line, file));
    }
    cluster.run_until(Duration::from_secs(PAUSE), |_| false);
}

/// Whether the view of all components says that this one does not run.
fn is_told(cluster: &Cluster, id: &ComponentId) -> bool {
    let mut person = Person::before(cluster.clone(), 120, 60);
    person.press("5");
    let text = person.frame().to_text();
    let name: String = id.to_string().chars().take(NAME_SHOWN).collect();
    let mut lines = text.lines().filter(|line| line.contains(&name));
    let states = ["○ off", "✗ down", "paused"];
    lines.any(|line| states.iter().any(|state| line.contains(state)))
}

#[test]
fn what_a_component_would_do_waits_while_it_is_off_and_is_done_when_it_is_on_again() {
    let mut rows = 0;
    for id in served().components() {
        let row = row_of(&id).unwrap_or_else(|| panic!("there is no row for {id}"));
        rows += 1;
        let mut free = prepared(&row);
        give(&mut free, &row);
        assert!((row.done)(&free), "{id}: left alone, it does its work");
        for [off, on] in switches(&id) {
            let mut cluster = prepared(&row);
            cluster.submit(command(&off, ""));
            cluster.run_until(Duration::from_secs(1), |_| false);
            give(&mut cluster, &row);
            assert!(!(row.done)(&cluster), "{off}: its work waits");
            assert!(
                is_told(&cluster, &id),
                "{off}: the view of components says so"
            );
            let is_machine = matches!(id, ComponentId::Kubelet(_));
            let waits = cluster.waits();
            let is_it = |wait: &Wait| matches!(wait, Wait::Off(it) | Wait::Paused(it) if *it == id);
            let named = waits.iter().any(is_it);
            assert!(
                is_machine || named,
                "{off}: the line of what is next names it"
            );
            if off.contains("pause") {
                assert_eq!(seen(&cluster, &id), row.seen, "{off}");
            }
            cluster.submit(command(&on, ""));
            let is_done = cluster.run_until(Duration::from_mins(4), row.done);
            assert!(is_done, "{on}: it does what has waited");
        }
    }
    assert_eq!(
        rows, 32,
        "24 loops, the scheduler, metrics-server, two components on each machine"
    );
}

fn seen(cluster: &Cluster, id: &ComponentId) -> Seen {
    let standing = cluster.standing(id).expect("it is there");
    let later = standing.later.iter().map(|(key, _)| key);
    let queued = standing
        .waiting
        .iter()
        .chain(&standing.in_work)
        .chain(later);
    let queued: BTreeSet<_> = queued.chain(&standing.parked).collect();
    if queued.is_empty() {
        Seen::ByTheClock
    } else {
        Seen::Queued
    }
}
