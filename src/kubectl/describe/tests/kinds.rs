//! Descriptions of the kinds that were not recorded, line by line as the describers write them.

use serde_json::{Value, json};

use super::super::*;
use crate::kubectl::fixtures::{NOW, date, lines, object};

/// What the lines of a template begin with.
const TEMPLATE: [&str; 12] = [
    "Pod Template:",
    "  Labels:  app=a",
    "  Containers:",
    "   c:",
    "    Image:",
    "    Port:",
    "    Host Port:",
    "    Environment:",
    "    Mounts:",
    "  Volumes:",
    "  Node-Selectors:",
    "  Tolerations:",
];

fn pods() -> Value {
    json!({"metadata": {"labels": {"app": "a"}},
        "spec": {"containers": [{"name": "c", "image": "i"}]}})
}

/// What is printed of an object, its template left out.
fn check(value: Value, related: Vec<Value>, expected: &[&str]) {
    let related: Vec<Object> = related.into_iter().map(object).collect();
    let printed = text(&object(value), &related, NOW);
    let is_template = |line: &&str| TEMPLATE.iter().any(|begin| line.starts_with(begin));
    let shown = printed.lines().filter(|line| !is_template(line));
    let shown: Vec<&str> = shown.map(str::trim_end).collect();
    assert_eq!(lines(&shown), lines(expected));
}

#[test]
fn c4_stateful_sets_show_their_order_and_their_claims() {
    let set = json!({"kind": "StatefulSet", "metadata": {"name": "db", "namespace": "shop", "uid": "u"},
        "spec": {"replicas": 2, "serviceName": "db", "selector": {"matchLabels": {"app": "a"}},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}},
            "template": pods(), "volumeClaimTemplates": [{"metadata": {"name": "data"},
                "spec": {"accessModes": ["ReadWriteOnce", "ReadOnlyMany"], "storageClassName": "fast",
                    "resources": {"requests": {"storage": "1Gi"}}}}]},
        "status": {"replicas": 1}});
    let pod = json!({"kind": "Pod", "metadata": {"name": "db-0", "namespace": "shop",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db",
                "uid": "u", "controller": true}]},
        "spec": {"containers": []}, "status": {"phase": "Running"}});
    check(
        set,
        vec![pod],
        &[
            "Name:               db",
            "Namespace:          shop",
            "CreationTimestamp:  Mon, 01 Jan 0001 00:00:00 +0000",
            "Selector:           app=a",
            "Labels:             <none>",
            "Annotations:        <none>",
            "Replicas:           2 desired | 1 total",
            "Update Strategy:    RollingUpdate",
            "  Partition:        1",
            "Pods Status:        1 Running / 0 Waiting / 0 Succeeded / 0 Failed",
            "Volume Claims:",
            "  Name:          data",
            "  StorageClass:  fast",
            "  Labels:        <none>",
            "  Annotations:   <none>",
            "  Capacity:      1Gi",
            "  Access Modes:  [ReadWriteOnce ReadOnlyMany]",
            "Events:          <none>",
        ],
    );
}

#[test]
fn c5_daemon_sets_count_nodes() {
    let set = json!({"kind": "DaemonSet", "metadata": {"name": "agent", "namespace": "shop"},
        "spec": {"selector": {"matchLabels": {"app": "a"}}, "template": pods()},
        "status": {"desiredNumberScheduled": 3, "currentNumberScheduled": 2, "numberReady": 1,
            "updatedNumberScheduled": 2, "numberAvailable": 1, "numberMisscheduled": 0}});
    check(
        set,
        Vec::new(),
        &[
            "Name:           agent",
            "Namespace:      shop",
            "Selector:       app=a",
            "Node-Selector:  <none>",
            "Labels:         <none>",
            "Annotations:    <none>",
            "Desired Number of Nodes Scheduled: 3",
            "Current Number of Nodes Scheduled: 2",
            "Number of Nodes Scheduled with Up-to-date Pods: 2",
            "Number of Nodes Scheduled with Available Pods: 1",
            "Number of Nodes Misscheduled: 0",
            "Pods Status:  0 Running / 0 Waiting / 0 Succeeded / 0 Failed",
            "Events:            <none>",
        ],
    );
}

#[test]
fn c6_jobs_and_cron_jobs_show_how_far_they_are() {
    let indexes = "0-9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,43,45,47";
    let job = json!({"kind": "Job", "metadata": {"name": "sum", "namespace": "shop",
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "CronJob", "name": "tick",
                "uid": "u", "controller": true}]},
        "spec": {"parallelism": 2, "completions": 50, "completionMode": "Indexed", "suspend": false,
            "backoffLimit": 6, "activeDeadlineSeconds": 60, "ttlSecondsAfterFinished": 9,
            "selector": {"matchLabels": {"app": "a"}}, "template": pods()},
        "status": {"startTime": date(10), "completionTime": date(100), "active": 1, "ready": 1,
            "succeeded": 2, "completedIndexes": indexes}});
    check(
        job,
        Vec::new(),
        &[
            "Name:                        sum",
            "Namespace:                   shop",
            "Selector:                    app=a",
            "Labels:                      <none>",
            "Annotations:                 <none>",
            "Controlled By:               CronJob/tick",
            "Parallelism:                 2",
            "Completions:                 50",
            "Completion Mode:             Indexed",
            "Suspend:                     false",
            "Backoff Limit:               6",
            "TTL Seconds After Finished:  9",
            "Start Time:                  Thu, 01 Jan 2026 00:00:10 +0000",
            "Completed At:                Thu, 01 Jan 2026 00:01:40 +0000",
            "Duration:                    90s",
            "Active Deadline Seconds:     60s",
            "Pods Statuses:               1 Active (1 Ready) / 2 Succeeded / 0 Failed",
            "Completed Indexes:           0-9,11,13,15,17,19,21,23,25,27,29,31,33,35,37,39,41,...",
            "Events:            <none>",
        ],
    );
    let cron = json!({"kind": "CronJob", "metadata": {"name": "tick", "namespace": "shop"},
        "spec": {"schedule": "* * * * *", "concurrencyPolicy": "Forbid", "suspend": true,
            "successfulJobsHistoryLimit": 3, "startingDeadlineSeconds": 20,
            "jobTemplate": {"spec": {"parallelism": 2, "template": pods()}}},
        "status": {"lastScheduleTime": date(60), "active": [{"name": "one"}, {"name": "two"}]}});
    check(
        cron,
        Vec::new(),
        &[
            "Name:                          tick",
            "Namespace:                     shop",
            "Labels:                        <none>",
            "Annotations:                   <none>",
            "Schedule:                      * * * * *",
            "Concurrency Policy:            Forbid",
            "Suspend:                       True",
            "Time Zone:                     <unset>",
            "Successful Job History Limit:  3",
            "Failed Job History Limit:      <unset>",
            "Starting Deadline Seconds:     20s",
            "Selector:                      <unset>",
            "Parallelism:                   2",
            "Completions:                   <unset>",
            "Last Schedule Time:  Thu, 01 Jan 2026 00:01:00 +0000",
            "Active Jobs:         one, two",
            "Events:              <none>",
        ],
    );
}

#[test]
fn c11_autoscalers_show_current_and_target_behaviour_and_conditions() {
    let share = |name: &str| {
        json!({"type": "Resource",
            "resource": {"name": name, "target": {"type": "Utilization", "averageUtilization": 50}}})
    };
    let scaler = json!({"kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "web", "namespace": "shop", "creationTimestamp": date(0)},
        "spec": {"maxReplicas": 5, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment",
                "name": "web"},
            "metrics": [share("cpu"), share("memory"), {"type": "Pods", "pods": {
                "metric": {"name": "hits"}, "target": {"type": "AverageValue", "averageValue": "10"}}}],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Min",
                "policies": [{"type": "Pods", "value": 1, "periodSeconds": 15}]}}},
        "status": {"currentReplicas": 1, "desiredReplicas": 2, "currentMetrics": [
                {"type": "Resource", "resource": {"name": "cpu",
                    "current": {"averageUtilization": 7, "averageValue": "7m"}}}],
            "conditions": [{"type": "AbleToScale", "status": "True", "reason": "ReadyForNewScale",
                "message": "it is"}]}});
    check(
        scaler,
        Vec::new(),
        &[
            "Name:                                                     web",
            "Namespace:                                                shop",
            "Labels:                                                   <none>",
            "Annotations:                                              <none>",
            "CreationTimestamp:                                        Thu, 01 Jan 2026 00:00:00 +0000",
            "Reference:                                                Deployment/web",
            "Metrics:                                                  ( current / target )",
            "  resource cpu on pods  (as a percentage of request):     7% (7m) / 50%",
            "  resource memory on pods  (as a percentage of request):  <unknown> / 50%",
            "  \"hits\" on pods:                                         <unknown> / 10",
            "Min replicas:                                             <unset>",
            "Max replicas:                                             5",
            "Behavior:",
            "  Scale Down:",
            "    Stabilization Window: 60 seconds",
            "    Select Policy: Min",
            "    Policies:",
            "      - Type: Pods  Value: 1  Period: 15 seconds",
            "Deployment pods:    1 current / 2 desired",
            "Conditions:",
            "  Type         Status  Reason            Message",
            "  ----         ------  ------            -------",
            "  AbleToScale  True    ReadyForNewScale  it is",
            "Events:        <none>",
        ],
    );
}

#[test]
fn a6_namespaces_show_what_bounds_them() {
    let namespace = json!({"kind": "Namespace", "metadata": {"name": "shop"},
        "status": {"phase": "Active"}});
    let head = [
        "Name:         shop",
        "Labels:       <none>",
        "Annotations:  <none>",
        "Status:       Active",
        "",
    ];
    let nothing = ["No resource quota.", "", "No LimitRange resource."];
    check(
        namespace.clone(),
        Vec::new(),
        &[&head[..], &nothing].concat(),
    );
    let quota = json!({"kind": "ResourceQuota", "metadata": {"name": "q", "namespace": "shop"},
        "spec": {"hard": {"pods": "4"}},
        "status": {"hard": {"pods": "4"}, "used": {"pods": "1"}}});
    let range = json!({"kind": "LimitRange", "metadata": {"name": "l", "namespace": "shop"},
        "spec": {"limits": [{"type": "Container", "max": {"cpu": "2"}, "default": {"memory": "1Gi"}}]}});
    let bounds = [
        "Resource Quotas",
        "  Name:     q",
        "  Resource  Used  Hard",
        "  --------  ---   ---",
        "  pods      1     4",
        "",
        "Resource Limits",
        " Type       Resource  Min  Max  Default Request  Default Limit  Max Limit/Request Ratio",
        " ----       --------  ---  ---  ---------------  -------------  -----------------------",
        " Container  cpu       -    2    -                -              -",
        " Container  memory    -    -    -                1Gi            -",
    ];
    let related = vec![quota, range.clone()];
    check(namespace, related, &[&head[..], &bounds].concat());
    check(
        range,
        Vec::new(),
        &[
            "Name:       l",
            "Namespace:  shop",
            "Type        Resource  Min  Max  Default Request  Default Limit  Max Limit/Request Ratio",
            "----        --------  ---  ---  ---------------  -------------  -----------------------",
            "Container   cpu       -    2    -                -              -",
            "Container   memory    -    -    -                1Gi            -",
        ],
    );
}

#[test]
fn c12_budgets_show_how_many_may_go() {
    let budget = json!({"kind": "PodDisruptionBudget", "metadata": {"name": "keep", "namespace": "shop"},
        "spec": {"maxUnavailable": "25%", "selector": {"matchLabels": {"app": "a"}}},
        "status": {"disruptionsAllowed": 1, "currentHealthy": 4, "desiredHealthy": 3, "expectedPods": 4}});
    check(
        budget,
        Vec::new(),
        &[
            "Name:             keep",
            "Namespace:        shop",
            "Max unavailable:  25%",
            "Selector:         app=a",
            "Status:",
            "    Allowed disruptions:  1",
            "    Current:              4",
            "    Desired:              3",
            "    Total:                4",
            "Events:                   <none>",
        ],
    );
}

#[test]
fn volumes_and_claims_name_each_other() {
    let volume = json!({"kind": "PersistentVolume", "metadata": {"name": "v",
            "finalizers": ["kubernetes.io/pv-protection"]},
        "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5Gi"},
            "persistentVolumeReclaimPolicy": "Retain", "storageClassName": "fast",
            "claimRef": {"namespace": "shop", "name": "c"}, "hostPath": {"path": "/data"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "zone", "operator": "In", "values": ["a", "b"]}]}]}}},
        "status": {"phase": "Bound"}});
    check(
        volume,
        Vec::new(),
        &[
            "Name:              v",
            "Labels:            <none>",
            "Annotations:       <none>",
            "Finalizers:        [kubernetes.io/pv-protection]",
            "StorageClass:      fast",
            "Status:            Bound",
            "Claim:             shop/c",
            "Reclaim Policy:    Retain",
            "Access Modes:      RWO",
            "Capacity:          5Gi",
            "Node Affinity:",
            "  Required Terms:",
            "    Term 0:        zone in [a, b]",
            "Message:",
            "Source:",
            "    Type:          HostPath (bare host directory volume)",
            "    Path:          /data",
            "    HostPathType:",
            "Events:            <none>",
        ],
    );
    let claim = json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "shop"},
        "spec": {"accessModes": ["ReadWriteOnce"], "volumeName": "v", "storageClassName": "fast",
            "volumeMode": "Filesystem", "resources": {"requests": {"storage": "1Gi"}}},
        "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5Gi"}}});
    let pod = |name: &str, claim: &str| {
        json!({"kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"containers": [], "volumes": [{"name": "d", "persistentVolumeClaim": {"claimName": claim}}]}})
    };
    check(
        claim,
        vec![pod("db-0", "c"), pod("db-1", "d"), pod("db-2", "c")],
        &[
            "Name:          c",
            "Namespace:     shop",
            "StorageClass:  fast",
            "Status:        Bound",
            "Volume:        v",
            "Labels:        <none>",
            "Annotations:   <none>",
            "Finalizers:    []",
            "Capacity:      5Gi",
            "Access Modes:  RWO",
            "VolumeMode:    Filesystem",
            "Used By:       db-0",
            "               db-2",
            "Events:        <none>",
        ],
    );
}

#[test]
fn c7_slices_show_each_endpoint() {
    let slice = json!({"kind": "EndpointSlice", "metadata": {"name": "web-x", "namespace": "shop"},
        "addressType": "IPv4", "ports": [{"port": 80, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}, "nodeName": "node-a",
            "targetRef": {"kind": "Pod", "name": "web-1"}}]});
    check(
        slice,
        Vec::new(),
        &[
            "Name:         web-x",
            "Namespace:    shop",
            "Labels:       <none>",
            "Annotations:  <none>",
            "AddressType:  IPv4",
            "Ports:",
            "  Name     Port  Protocol",
            "  ----     ----  --------",
            "  <unset>  80    TCP",
            "Endpoints:",
            "  - Addresses:  10.0.0.1",
            "    Conditions:",
            "      Ready:    true",
            "    Hostname:   <unset>",
            "    TargetRef:  Pod/web-1",
            "    NodeName:   node-a",
            "    Zone:       <unset>",
            "Events:         <none>",
        ],
    );
}

#[test]
fn settings_show_their_data_and_secrets_only_how_much() {
    let head = |name: &str| {
        vec![
            format!("Name:         {name}"),
            "Namespace:    shop".to_owned(),
            "Labels:       <none>".to_owned(),
            "Annotations:  <none>".to_owned(),
        ]
    };
    let with = |name: &str, rest: &[&str]| {
        let mut all = head(name);
        all.extend(rest.iter().map(|line| (*line).to_owned()));
        all
    };
    let cases = [
        (
            json!({"kind": "ConfigMap", "metadata": {"name": "m", "namespace": "shop"},
                "data": {"a": "1", "b": "x\ny"}}),
            with(
                "m",
                &[
                    "",
                    "Data",
                    "====",
                    "a:",
                    "----",
                    "1",
                    "",
                    "b:",
                    "----",
                    "x",
                    "y",
                    "",
                    "",
                    "BinaryData",
                    "====",
                    "",
                    "Events:  <none>",
                ],
            ),
        ),
        (
            json!({"kind": "Secret", "metadata": {"name": "s", "namespace": "shop"},
                "type": "Opaque", "data": {"k": "aGVsbG8="}}),
            with(
                "s",
                &["", "Type:  Opaque", "", "Data", "====", "k:  5 bytes"],
            ),
        ),
    ];
    for (value, expected) in cases {
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(value, Vec::new(), &expected);
    }
}
