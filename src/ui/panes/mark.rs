//! The glyph of a pod: one sign and one meaning for every STATUS that kubectl prints.

use crate::api::Pod;
use crate::kubectl::printers::pod_status;
use crate::ui::theme::Role;

/// How a pod stands, as one glyph. The word beside it is always kubectl's STATUS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Mark {
    /// It runs and is ready.
    Running,
    /// It runs but is not ready.
    NotReady,
    /// Its node is making it.
    Creating,
    /// It has no node yet, or its node has not begun.
    Pending,
    /// It waits to be tried again.
    BackOff,
    /// It is being ended.
    Terminating,
    /// It ended well.
    Completed,
    /// It ended badly.
    Failed,
}

impl Mark {
    /// The mark of a pod.
    pub(super) fn of(pod: &Pod) -> Self {
        match Self::of_status(&pod_status(pod)) {
            // An evicted pod has failed, even though its containers ended well.
            _ if pod.phase() == "Failed" => Self::Failed,
            Self::Running if !pod.is_ready() => Self::NotReady,
            mark => mark,
        }
    }

    /// The mark that goes with a STATUS as kubectl prints it.
    pub(super) fn of_status(status: &str) -> Self {
        let reason = status.strip_prefix("Init:").unwrap_or(status);
        match reason {
            "Running" => Self::Running,
            "NotReady" => Self::NotReady,
            "Pending" | "SchedulingGated" => Self::Pending,
            "ContainerCreating" | "PodInitializing" => Self::Creating,
            "Terminating" => Self::Terminating,
            "Completed" | "Succeeded" => Self::Completed,
            _ if reason.ends_with("BackOff") => Self::BackOff,
            _ if reason.contains('/') => Self::Creating,
            _ => Self::Failed,
        }
    }

    /// The glyph.
    pub(super) const fn glyph(self) -> &'static str {
        match self {
            Self::Running => "●",
            Self::NotReady => "◑",
            Self::Creating => "◐",
            Self::Pending => "○",
            Self::BackOff => "↻",
            Self::Terminating => "◌",
            Self::Completed => "✓",
            Self::Failed => "✗",
        }
    }

    /// What the glyph means, as a colour.
    pub(super) const fn role(self) -> Role {
        match self {
            Self::Running | Self::Completed => Role::Good,
            Self::NotReady | Self::Creating | Self::Pending => Role::Waiting,
            Self::Terminating => Role::Dim,
            Self::BackOff | Self::Failed => Role::Bad,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Kind, Object, Typed};

    #[test]
    fn k1_every_status_of_kubectl_has_a_glyph() {
        let cases = [
            ("Running", "●"),
            ("NotReady", "◑"),
            ("ContainerCreating", "◐"),
            ("PodInitializing", "◐"),
            ("Init:0/2", "◐"),
            ("Pending", "○"),
            ("SchedulingGated", "○"),
            ("CrashLoopBackOff", "↻"),
            ("ImagePullBackOff", "↻"),
            ("Init:CrashLoopBackOff", "↻"),
            ("Terminating", "◌"),
            ("Completed", "✓"),
            ("Error", "✗"),
            ("Init:Error", "✗"),
            ("OOMKilled", "✗"),
            ("ErrImagePull", "✗"),
            ("Evicted", "✗"),
            ("Unknown", "✗"),
        ];
        for (status, glyph) in cases {
            assert_eq!(Mark::of_status(status).glyph(), glyph, "{status}");
        }
    }

    #[test]
    fn an_evicted_pod_whose_containers_ended_well_has_failed_all_the_same() {
        let status = serde_json::json!({"phase": "Failed", "reason": "Evicted",
            "containerStatuses": [{"name": "web", "image": "nginx", "imageID": "", "ready": false, "restartCount": 0,
                "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]});
        let pod = serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"},
            "spec": {"containers": []}, "status": status});
        let object = Object::from_value(Kind::Pod, pod).expect("a pod");
        let pod = Pod::of(&object).expect("a pod");
        assert_eq!(pod_status(pod), "Completed");
        assert_eq!(Mark::of(pod), Mark::Failed);
    }
}
