//! Every component can be switched off and on: meanwhile its work waits and can be seen, and
//! afterwards the world is as if nothing had been.

use std::collections::BTreeMap;

use glassplane::api::{
    Deployment, EndpointSlice, HorizontalPodAutoscaler, Job, Kind, Node, Object,
    PersistentVolumeClaim, Pod, PodDisruptionBudget, StatefulSet, Typed,
};
use glassplane::cluster::{Cluster, ClusterConfig, ComponentId};

use crate::worlds::{command, settle, web};

/// Something for every loop.
const MANIFESTS: &str = "---
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
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
  replicas: 1
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: 'postgres:17'}]}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: fast, resources: {requests: {storage: 1Gi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: agent, image: 'agent:1'}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: sum}
spec:
  template:
    metadata: {annotations: {glassplane.io/exits-after: 5s}}
    spec: {restartPolicy: Never, containers: [{name: sum, image: 'sum:1'}]}
---
apiVersion: v1
kind: ResourceQuota
metadata: {name: few}
spec: {hard: {pods: '40'}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 3
  maxReplicas: 4
";

/// What stands in the world when it has come to rest, without what is named or timed by chance.
fn outcome(cluster: &Cluster) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for kind in Kind::ALL {
        if matches!(kind, Kind::Event | Kind::Lease) {
            continue;
        }
        for object in cluster.store().list(*kind, None) {
            *counts.entry(state(object)).or_insert(0) += 1;
        }
    }
    let counts = counts.into_iter();
    counts
        .map(|(state, count)| format!("{count} {state}"))
        .collect()
}

fn state(object: &Object) -> String {
    let kind = object.kind().info().name;
    let ending = object.is_terminating();
    let more = if let Some(pod) = Pod::of(object) {
        format!(
            "{} ready {} placed {}",
            pod.phase(),
            pod.is_ready(),
            pod.spec.node_name.is_some()
        )
    } else if let Some(deployment) = Deployment::of(object) {
        format!(
            "{:?} of {:?}",
            deployment.status.ready_replicas, deployment.spec.replicas
        )
    } else if let Some(set) = StatefulSet::of(object) {
        format!("{:?}", set.status.ready_replicas)
    } else if let Some(job) = Job::of(object) {
        format!("{:?}", job.status.succeeded)
    } else if let Some(budget) = PodDisruptionBudget::of(object) {
        format!("{}", budget.status.disruptions_allowed)
    } else if let Some(claim) = PersistentVolumeClaim::of(object) {
        format!("{:?} {:?}", claim.status.phase, claim.metadata.finalizers)
    } else if let Some(slice) = EndpointSlice::of(object) {
        format!("{}", slice.spec.endpoints.len())
    } else if let Some(scaler) = HorizontalPodAutoscaler::of(object) {
        format!("{}", scaler.status.desired_replicas)
    } else if let Some(node) = Node::of(object) {
        format!("{} taints", node.spec.taints.iter().flatten().count())
    } else {
        String::new()
    };
    format!("{kind} ending {ending} {more}")
}

/// A world into which work comes for everybody, while one component is paused, if one is named.
fn busy(paused: Option<&ComponentId>) -> Cluster {
    let mut cluster = Cluster::new(ClusterConfig::with_nodes(3, 3));
    assert!(settle(&mut cluster, 60));
    let old = web(1)
        .replace("name: web", "name: old")
        .replace("app: web", "app: old");
    cluster.submit(command("apply -f file.yaml", &old));
    assert!(settle(&mut cluster, 60));
    if let Some(id) = paused {
        cluster.submit(command(&format!("fault pause {id}"), ""));
    }
    cluster.submit(command(
        "apply -f file.yaml",
        &[&web(2), MANIFESTS].concat(),
    ));
    cluster.submit(command("delete deployment old --wait=false", ""));
    cluster.submit(command("cordon node-b", ""));
    cluster.submit(command("taint node node-c keep=out:NoExecute", ""));
    cluster.run_until(std::time::Duration::from_secs(100), |_| false);
    cluster
}

/// Waits until everything that has its own hour has come.
fn rest(cluster: &mut Cluster) {
    cluster.run_until(std::time::Duration::from_mins(8), |_| false);
    assert!(settle(cluster, 120));
}

#[test]
fn what_a_component_that_is_paused_has_to_do_waits_and_is_done_when_it_goes_on() {
    let mut untouched = busy(None);
    rest(&mut untouched);
    let wanted = outcome(&untouched);
    let (mut idle, mut acted, mut others) = (Vec::new(), Vec::<String>::new(), Vec::new());
    for id in untouched.components() {
        let mut cluster = busy(Some(&id));
        let standing = cluster.standing(&id).expect("it is there");
        // What was under way when it was paused is over by then.
        let since = cluster.now().as_secs() - 60;
        let records = cluster.trace().iter().rev();
        let records = records.take_while(|record| record.time.as_secs() > since);
        let asked = records.filter(|record| record.actor == id.actor());
        let asked = asked.filter(|record| record.kind().name() == "api.request");
        acted.extend(asked.map(|record| format!("{id} {}", record.sentence())));
        let there = [
            standing.waiting.len(),
            standing.in_work.len(),
            standing.later.len(),
            standing.parked.len(),
        ];
        if there == [0; 4] {
            idle.push(id.to_string());
        }
        cluster.submit(command(&format!("fault resume {id}"), ""));
        rest(&mut cluster);
        let end = outcome(&cluster);
        if end != wanted {
            others.push((id.to_string(), end));
        }
    }
    assert_eq!((acted, others), (vec![], vec![]), "wanted {wanted:#?}");
    // These look at their own times, and what they would find cannot be seen before they look.
    let by_the_clock = ["x"];
    assert_eq!(idle, by_the_clock);
}
