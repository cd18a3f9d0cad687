//! Tables of `-o wide`, as kubectl prints them.

use serde_json::json;

use super::*;

#[test]
fn wide_tables_have_the_columns_of_kubectl() {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"nodeSelector": {"disk": "ssd"},
        "containers": [{"name": "c", "image": "nginx:1"}, {"name": "d", "image": "busybox"}]}});
    let selector = json!({"matchLabels": {"app": "web"}});
    let cases = [
        (
            json!({"kind": "StatefulSet", "spec": {"replicas": 2, "serviceName": "s", "selector": selector,
                "template": template}, "status": {"replicas": 2, "readyReplicas": 1}}),
            "NAME   READY   AGE   CONTAINERS   IMAGES",
            "x      1/2     5m    c,d          nginx:1,busybox",
        ),
        (
            json!({"kind": "DaemonSet", "spec": {"selector": selector, "template": template},
                "status": {"desiredNumberScheduled": 1, "currentNumberScheduled": 1, "numberReady": 0,
                    "numberMisscheduled": 0}}),
            "NAME   DESIRED   CURRENT   READY   UP-TO-DATE   AVAILABLE   NODE SELECTOR   AGE   CONTAINERS   IMAGES            SELECTOR",
            "x      1         1         0       0            0           disk=ssd        5m    c,d          nginx:1,busybox   app=web",
        ),
        (
            json!({"kind": "Job", "spec": {"completions": 2, "selector": selector, "template": template},
                "status": {"startTime": date(240), "conditions": [{"type": "Suspended", "status": "True"}]}}),
            "NAME   STATUS      COMPLETIONS   DURATION   AGE   CONTAINERS   IMAGES            SELECTOR",
            "x      Suspended   0/2           60s        5m    c,d          nginx:1,busybox   app=web",
        ),
        (
            json!({"kind": "CronJob", "spec": {"schedule": "0 3 * * *", "timeZone": "Etc/UTC",
                "jobTemplate": {"spec": {"template": template}}}}),
            "NAME   SCHEDULE    TIMEZONE   SUSPEND   ACTIVE   LAST SCHEDULE   AGE   CONTAINERS   IMAGES            SELECTOR",
            "x      0 3 * * *   Etc/UTC    <unset>   0        <none>          5m    c,d          nginx:1,busybox   <none>",
        ),
        (
            json!({"kind": "Service", "spec": {"type": "ClusterIP", "clusterIPs": ["10.96.0.10"],
                "selector": {"app": "web", "tier": "front"}, "ports": [{"port": 80}]}}),
            "NAME   TYPE        CLUSTER-IP   EXTERNAL-IP   PORT(S)   AGE   SELECTOR",
            "x      ClusterIP   10.96.0.10   <none>        80/TCP    5m    app=web,tier=front",
        ),
        (
            json!({"kind": "PersistentVolume", "spec": {"capacity": {"storage": "1Gi"},
                "accessModes": ["ReadOnlyMany", "ReadWriteOncePod"], "volumeMode": "Filesystem",
                "persistentVolumeReclaimPolicy": "Delete", "volumeAttributesClassName": "gold"},
                "status": {"phase": "Available"}}),
            "NAME   CAPACITY   ACCESS MODES   RECLAIM POLICY   STATUS      CLAIM   STORAGECLASS   VOLUMEATTRIBUTESCLASS   REASON   AGE   VOLUMEMODE",
            "x      1Gi        ROX,RWOP       Delete           Available                          gold                             5m    Filesystem",
        ),
        (
            json!({"kind": "PersistentVolumeClaim", "spec": {"storageClassName": "fast", "volumeName": "pv-1",
                "volumeMode": "Block", "resources": {"requests": {"storage": "1Gi"}}},
                "status": {"phase": "Bound", "capacity": {"storage": "2Gi"}, "accessModes": ["ReadWriteOnce"]}}),
            "NAME   STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   VOLUMEATTRIBUTESCLASS   AGE   VOLUMEMODE",
            "x      Bound    pv-1     2Gi        RWO            fast           <unset>                 5m    Block",
        ),
    ];
    for (value, header, row) in cases {
        let mut value = value;
        value["metadata"] = json!({"name": "x", "creationTimestamp": date(0)});
        assert_eq!(wide(value), lines(&[header, row]));
    }
}

#[test]
fn the_targets_of_an_autoscaler_are_named_and_cut_after_two() {
    let metric = |name: &str, target: Value| json!({"type": "Resource", "resource": {"name": name, "target": target}});
    let cpu = metric(
        "cpu",
        json!({"type": "Utilization", "averageUtilization": 50}),
    );
    let memory = metric(
        "memory",
        json!({"type": "AverageValue", "averageValue": "512Mi"}),
    );
    let requests = json!({"type": "Pods", "pods": {"metric": {"name": "requests"},
        "target": {"type": "AverageValue", "averageValue": "100"}}});
    let cases = [
        (json!([]), "<none>"),
        (json!([cpu]), "cpu: <unknown>/50%"),
        (
            json!([cpu, memory]),
            "cpu: <unknown>/50%, memory: <unknown>/512Mi",
        ),
        (
            json!([cpu, memory, requests]),
            "cpu: <unknown>/50%, memory: <unknown>/512Mi + 1 more...",
        ),
        (json!([requests]), "<unknown>/100"),
    ];
    for (metrics, expected) in cases {
        let scaler = json!({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "x"},
            "spec": {"maxReplicas": 5, "scaleTargetRef": {"kind": "Deployment", "name": "web"},
                "metrics": metrics}});
        let table = narrow(scaler);
        let row = table.lines().nth(1).unwrap_or_default();
        let cells: Vec<&str> = row.split("   ").map(str::trim).collect();
        let expected = ["Deployment/web", expected, "<unset>"];
        let shown: Vec<&str> = cells.into_iter().filter(|cell| !cell.is_empty()).collect();
        assert_eq!(shown[1..4], expected, "{row}");
    }
}

#[test]
fn k9_events_tell_how_often_and_over_how_long() {
    let event = |fields: Value| {
        let mut event = json!({"kind": "Event", "metadata": {"name": "e", "namespace": "default"},
            "involvedObject": {"kind": "Pod", "name": "p"}, "type": "Normal", "reason": "R",
            "message": "m"});
        for (field, value) in fields.as_object().into_iter().flatten() {
            event[field] = value.clone();
        }
        object(event)
    };
    let cases = [
        (
            json!({"firstTimestamp": date(297), "lastTimestamp": date(297), "count": 1}),
            "3s",
        ),
        (
            json!({"firstTimestamp": date(240), "lastTimestamp": date(297), "count": 4}),
            "3s (x4 over 60s)",
        ),
        (
            json!({"eventTime": "2026-01-01T00:03:00.000000Z", "series": {"count": 7,
                "lastObservedTime": "2026-01-01T00:04:50.000000Z"}}),
            "10s (x7 over 2m)",
        ),
        (json!({"eventTime": "2026-01-01T00:04:50.000000Z"}), "10s"),
    ];
    for (fields, seen) in cases {
        let text = events(&[event(fields)], NOW, false, false);
        assert_eq!(text.split("   ").next(), Some(seen), "{text}");
    }
}
