//! Tables as kubectl prints them.

mod statuses;
mod wide;

use serde_json::{Value, json};

use super::*;
use crate::kubectl::fixtures::{NOW, date, lines, object};

fn shown(objects: &[Object], options: &Options) -> String {
    render(&table(objects[0].kind(), objects, NOW, options))
}

fn narrow(value: Value) -> String {
    shown(&[object(value)], &Options::default())
}

fn wide(value: Value) -> String {
    let options = Options {
        wide: true,
        ..Options::default()
    };
    shown(&[object(value)], &options)
}

fn waiting(reason: &str) -> Value {
    json!({"name": "c", "ready": false, "restartCount": 0, "image": "", "imageID": "",
        "state": {"waiting": {"reason": reason}}})
}

fn running(ready: bool) -> Value {
    json!({"name": "c", "ready": ready, "started": true, "restartCount": 0, "image": "",
        "imageID": "", "state": {"running": {}}})
}

fn terminated(reason: &str, exit_code: i32) -> Value {
    json!({"name": "c", "ready": false, "restartCount": 0, "image": "", "imageID": "",
        "state": {"terminated": {"exitCode": exit_code, "reason": reason}}})
}

fn crashing() -> Value {
    let mut status = waiting("CrashLoopBackOff");
    status["restartCount"] = 3.into();
    status["lastState"] = json!({"terminated": {"exitCode": 1, "finishedAt": date(295)}});
    json!({
        "kind": "Pod",
        "metadata": {"name": "web-1", "namespace": "default", "creationTimestamp": date(10),
            "labels": {"app": "web", "tier": "front"}},
        "spec": {"containers": [{"name": "c"}], "nodeName": "node-a",
            "readinessGates": [{"conditionType": "lb"}]},
        "status": {"phase": "Running", "containerStatuses": [status], "podIPs": [{"ip": "10.244.0.5"}]},
    })
}

#[test]
fn k1_pods_print_their_restarts_with_the_time_since() {
    assert_eq!(
        narrow(crashing()),
        lines(&[
            "NAME    READY   STATUS             RESTARTS     AGE",
            "web-1   0/1     CrashLoopBackOff   3 (5s ago)   4m50s",
        ])
    );
}

#[test]
fn pods_print_wide() {
    assert_eq!(
        wide(crashing()),
        lines(&[
            "NAME    READY   STATUS             RESTARTS     AGE     IP           NODE     NOMINATED NODE   READINESS GATES",
            "web-1   0/1     CrashLoopBackOff   3 (5s ago)   4m50s   10.244.0.5   node-a   <none>           0/1",
        ])
    );
}

#[test]
fn namespaces_kinds_and_labels_are_shown_when_asked_for() {
    let options = Options {
        namespaces: true,
        kinds: true,
        labels: LabelColumns {
            chosen: vec!["example.com/app".to_owned(), "tier".to_owned()],
            all: true,
        },
        ..Options::default()
    };
    assert_eq!(
        shown(&[object(crashing())], &options),
        lines(&[
            "NAMESPACE   NAME        READY   STATUS             RESTARTS     AGE     APP   TIER    LABELS",
            "default     pod/web-1   0/1     CrashLoopBackOff   3 (5s ago)   4m50s         front   app=web,tier=front",
        ])
    );
    let node = object(json!({"kind": "Node", "metadata": {"name": "node-a"}}));
    let text = shown(&[node], &options);
    assert!(text.starts_with("NAME          STATUS    ROLES"), "{text}");
    assert!(
        text.contains("node/node-a   Unknown   <none>   <unknown>"),
        "{text}"
    );
}

#[test]
fn workloads_print_as_kubectl_prints_them() {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [
        {"name": "web", "image": "nginx:1.27"}, {"name": "log", "image": "busybox"}]}});
    let metadata = json!({"name": "web", "creationTimestamp": date(180)});
    let deployment = json!({"kind": "Deployment", "metadata": metadata,
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template},
        "status": {"replicas": 4, "readyReplicas": 2, "updatedReplicas": 1, "availableReplicas": 2}});
    assert_eq!(
        narrow(deployment.clone()),
        lines(&[
            "NAME   READY   UP-TO-DATE   AVAILABLE   AGE",
            "web    2/3     1            2           2m",
        ])
    );
    assert_eq!(
        wide(deployment),
        lines(&[
            "NAME   READY   UP-TO-DATE   AVAILABLE   AGE   CONTAINERS   IMAGES               SELECTOR",
            "web    2/3     1            2           2m    web,log      nginx:1.27,busybox   app=web",
        ])
    );
    let set = json!({"kind": "ReplicaSet", "metadata": metadata,
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"},
            "matchExpressions": [{"key": "a", "operator": "In", "values": ["y", "x"]}]},
            "template": template},
        "status": {"replicas": 3, "readyReplicas": 1}});
    assert_eq!(
        wide(set),
        lines(&[
            "NAME   DESIRED   CURRENT   READY   AGE   CONTAINERS   IMAGES               SELECTOR",
            "web    3         3         1       2m    web,log      nginx:1.27,busybox   a in (x,y),app=web",
        ])
    );
    let stateful = json!({"kind": "StatefulSet", "metadata": metadata,
        "spec": {"replicas": 2, "selector": {}, "serviceName": "web", "template": template},
        "status": {"replicas": 2, "readyReplicas": 2}});
    assert_eq!(
        narrow(stateful),
        lines(&["NAME   READY   AGE", "web    2/2     2m"])
    );
    let daemons = json!({"kind": "DaemonSet", "metadata": metadata,
        "spec": {"selector": {}, "template": template},
        "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 3, "numberReady": 2,
            "numberMisscheduled": 0, "updatedNumberScheduled": 3, "numberAvailable": 2}});
    assert_eq!(
        narrow(daemons),
        lines(&[
            "NAME   DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE",
            "web    3         3         2       3            2           <none>          2m",
        ])
    );
}

#[test]
fn jobs_print_status_completions_and_duration() {
    let job = |spec: Value, status: Value| {
        let mut spec = spec;
        spec["template"] = json!({});
        json!({"kind": "Job", "metadata": {"name": "pi", "creationTimestamp": date(200)},
            "spec": spec, "status": status})
    };
    let started = json!({"startTime": date(200), "succeeded": 1});
    let cases = [
        (
            json!({"completions": 3}),
            started,
            "Running   1/3           100s       100s",
        ),
        (
            json!({"parallelism": 4}),
            json!({}),
            "Running   0/1 of 4                 100s",
        ),
        (
            json!({"completions": 1}),
            json!({"startTime": date(200), "completionTime": date(230), "succeeded": 1,
                "conditions": [{"type": "Complete", "status": "True"}]}),
            "Complete   1/1           30s        100s",
        ),
        (
            json!({}),
            json!({"conditions": [{"type": "Failed", "status": "True"}]}),
            "Failed   0/1                      100s",
        ),
    ];
    for (spec, status, expected) in cases {
        let text = narrow(job(spec, status));
        assert_eq!(
            text.lines().nth(1),
            Some(format!("pi     {expected}").as_str())
        );
    }
    let cron = json!({"kind": "CronJob", "metadata": {"name": "tick", "creationTimestamp": date(0)},
        "spec": {"schedule": "*/1 * * * *", "suspend": false, "jobTemplate": {}},
        "status": {"active": [{}], "lastScheduleTime": date(240)}});
    assert_eq!(
        narrow(cron),
        lines(&[
            "NAME   SCHEDULE      TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE",
            "tick   */1 * * * *   <none>     False     1        60s             5m",
        ])
    );
}

#[test]
fn nodes_print_status_roles_and_addresses() {
    let node = json!({"kind": "Node",
        "metadata": {"name": "node-a", "creationTimestamp": date(0),
            "labels": {"node-role.kubernetes.io/control-plane": "", "kubernetes.io/role": "edge"}},
        "spec": {"unschedulable": true},
        "status": {
            "conditions": [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
            "addresses": [{"type": "InternalIP", "address": "172.18.0.2"}],
            "nodeInfo": {"kubeletVersion": "v1.34.0", "osImage": "Pretend", "kernelVersion": "",
                "containerRuntimeVersion": "pretend://1", "architecture": "", "bootID": "",
                "machineID": "", "operatingSystem": "", "systemUUID": "", "kubeProxyVersion": ""}}});
    assert_eq!(
        wide(node),
        lines(&[
            "NAME     STATUS                     ROLES                AGE   VERSION   INTERNAL-IP   EXTERNAL-IP   OS-IMAGE   KERNEL-VERSION   CONTAINER-RUNTIME",
            "node-a   Ready,SchedulingDisabled   control-plane,edge   5m    v1.34.0   172.18.0.2    <none>        Pretend    <unknown>        pretend://1",
        ])
    );
    for (status, expected) in [("Unknown", "NotReady"), ("False", "NotReady")] {
        let node = json!({"kind": "Node", "metadata": {"name": "n"},
            "status": {"conditions": [{"type": "Ready", "status": status}]}});
        assert!(narrow(node).contains(&format!("n      {expected}   <none>")));
    }
}

#[test]
fn services_print_addresses_and_ports() {
    let cases = [
        (
            json!({"type": "ClusterIP", "clusterIPs": ["10.96.0.10"],
                "ports": [{"port": 80, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}),
            "web    ClusterIP   10.96.0.10   <none>        80/TCP,53/UDP   5m",
        ),
        (
            json!({"type": "NodePort", "clusterIPs": ["10.96.0.10"],
                "ports": [{"port": 80, "protocol": "TCP", "nodePort": 30080}]}),
            "web    NodePort   10.96.0.10   <none>        80:30080/TCP   5m",
        ),
        (
            json!({"type": "LoadBalancer", "clusterIPs": ["10.96.0.10"], "ports": [{"port": 80}]}),
            "web    LoadBalancer   10.96.0.10   <pending>     80/TCP    5m",
        ),
        (
            json!({"type": "ClusterIP", "clusterIPs": ["None"]}),
            "web    ClusterIP   None         <none>        <none>    5m",
        ),
        (
            json!({"type": "ExternalName", "externalName": "example.com"}),
            "web    ExternalName   <none>       example.com   <none>    5m",
        ),
    ];
    for (spec, expected) in cases {
        let service = json!({"kind": "Service", "metadata": {"name": "web", "creationTimestamp": date(0)}, "spec": spec});
        let text = narrow(service);
        assert_eq!(text.lines().nth(1), Some(expected));
    }
    let slice = json!({"kind": "EndpointSlice", "metadata": {"name": "web-x"}, "addressType": "IPv4",
        "ports": [{"port": 80}], "endpoints": [
            {"addresses": ["10.0.0.1"]}, {"addresses": ["10.0.0.2"]},
            {"addresses": ["10.0.0.3"]}, {"addresses": ["10.0.0.4"]}]});
    assert_eq!(
        narrow(slice),
        lines(&[
            "NAME    ADDRESSTYPE   PORTS   ENDPOINTS                                AGE",
            "web-x   IPv4          80      10.0.0.1,10.0.0.2,10.0.0.3 + 1 more...   <unknown>",
        ])
    );
}

#[test]
fn k9_events_print_what_happened_to_whom() {
    let event = json!({"kind": "Event", "metadata": {"name": "web-1.17"},
        "involvedObject": {"kind": "Pod", "name": "web-1", "fieldPath": "spec.containers{web}"},
        "type": "Warning", "reason": "BackOff", "message": "Back-off restarting failed container\nweb\n",
        "firstTimestamp": date(60), "lastTimestamp": date(290), "count": 7,
        "source": {"component": "kubelet", "host": "node-a"}});
    assert_eq!(
        narrow(event.clone()),
        lines(&[
            "LAST SEEN   TYPE      REASON    OBJECT      MESSAGE",
            "10s         Warning   BackOff   pod/web-1   Back-off restarting failed container...",
        ])
    );
    assert_eq!(
        wide(event),
        lines(&[
            "LAST SEEN   TYPE      REASON    OBJECT      SUBOBJECT              SOURCE            MESSAGE                                   FIRST SEEN   COUNT   NAME",
            "10s         Warning   BackOff   pod/web-1   spec.containers{web}   kubelet, node-a   Back-off restarting failed container...   4m           7       web-1.17",
        ])
    );
}

/// Compares the tables of single objects, each named x and five minutes old.
fn check(cases: &[(Value, &str, &str)]) {
    for (value, header, row) in cases {
        let mut value = value.clone();
        value["metadata"] = json!({"name": "x", "creationTimestamp": date(0)});
        assert_eq!(narrow(value), lines(&[header, row]));
    }
}

#[test]
fn storage_prints_its_columns() {
    let cases = [
        (
            json!({"kind": "PersistentVolume", "spec": {"capacity": {"storage": "1024Mi"}, "accessModes": ["ReadWriteMany", "ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "fast", "claimRef": {"namespace": "default", "name": "data"}},
                "status": {"phase": "Bound"}}),
            "NAME   CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS   CLAIM          STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE",
            "x      1Gi        RWO,RWX        Retain           Bound    default/data   fast           <unset>                          5m",
        ),
        (
            json!({"kind": "PersistentVolumeClaim", "spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}},
                "status": {"phase": "Pending"}}),
            "NAME   STATUS    VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE",
            "x      Pending                                      fast           <unset>                 5m",
        ),
        (
            json!({"kind": "StorageClass", "provisioner": "pretend.io"}),
            "NAME   PROVISIONER   RECLAIMPOLICY   VOLUMEBINDINGMODE   ALLOWVOLUMEEXPANSION   AGE",
            "x      pretend.io    Delete          Immediate           false                  5m",
        ),
    ];
    check(&cases);
}

#[test]
fn the_other_kinds_print_their_columns() {
    let cases = [
        (
            json!({"kind": "Namespace", "status": {"phase": "Active"}}),
            "NAME   STATUS   AGE",
            "x      Active   5m",
        ),
        (
            json!({"kind": "ConfigMap", "data": {"a": "1"}, "binaryData": {"b": ""}}),
            "NAME   DATA   AGE",
            "x      2      5m",
        ),
        (
            json!({"kind": "Secret", "type": "Opaque", "data": {"a": ""}}),
            "NAME   TYPE     DATA   AGE",
            "x      Opaque   1      5m",
        ),
        (
            json!({"kind": "ServiceAccount"}),
            "NAME   SECRETS   AGE",
            "x      0         5m",
        ),
        (
            json!({"kind": "Lease", "spec": {"holderIdentity": "node-a"}}),
            "NAME   HOLDER   AGE",
            "x      node-a   5m",
        ),
        (
            json!({"kind": "HorizontalPodAutoscaler", "spec": {"maxReplicas": 5, "minReplicas": 1,
                "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]},
                "status": {"currentReplicas": 2, "desiredReplicas": 2, "currentMetrics": [
                    {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 12}}}]}}),
            "NAME   REFERENCE        TARGETS        MINPODS   MAXPODS   REPLICAS   AGE",
            "x      Deployment/web   cpu: 12%/50%   1         5         2          5m",
        ),
        (
            json!({"kind": "PodDisruptionBudget", "spec": {"minAvailable": "50%"}, "status": {"disruptionsAllowed": 1, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0}}),
            "NAME   MIN AVAILABLE   MAX UNAVAILABLE   ALLOWED DISRUPTIONS   AGE",
            "x      50%             N/A               1                     5m",
        ),
        (
            json!({"kind": "PriorityClass", "value": 1000, "preemptionPolicy": "Never"}),
            "NAME   VALUE   GLOBAL-DEFAULT   AGE   PREEMPTIONPOLICY",
            "x      1000    false            5m    Never",
        ),
        (
            json!({"kind": "ResourceQuota", "status": {"hard": {"pods": "10", "limits.cpu": "2"}, "used": {"pods": "3", "limits.cpu": "500m"}}}),
            "NAME   REQUEST      LIMIT                AGE",
            "x      pods: 3/10   limits.cpu: 500m/2   5m",
        ),
        (
            json!({"kind": "LimitRange"}),
            "NAME   CREATED AT",
            "x      2026-01-01T00:00:00Z",
        ),
    ];
    check(&cases);
}

#[test]
fn every_kind_has_a_cell_for_every_column() {
    for &kind in Kind::ALL {
        let value = json!({"kind": kind.info().name, "metadata": {"name": "x"}});
        let object = object(value);
        assert_eq!(cells::of(&object, NOW).len(), columns(kind).len(), "{kind}");
        let named = columns(kind).iter().filter(|column| column.is_name).count();
        assert_eq!(named, 1, "{kind}");
    }
}
