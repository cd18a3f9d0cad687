//! `kubectl drain`: which nodes are emptied, and of what.

use std::time::Duration;

use super::command::Targets;
use super::flags::Given;
use super::{UsageError, resources};
use crate::api::{LabelSelector, selector};
use crate::sim::parse_duration;

/// `kubectl drain`.
#[derive(Clone, Debug, PartialEq)]
pub struct Drain {
    /// Which nodes.
    pub targets: Targets,
    /// What may be lost or passed over.
    pub consents: Vec<Consent>,
    /// How pods go.
    pub by: Removal,
    /// Seconds to end in good order; none means what the pods say.
    pub grace_period_seconds: Option<i64>,
    /// How long to try; none means for ever.
    pub timeout: Option<Duration>,
    /// Which pods of the nodes; none means all.
    pub pods: Option<LabelSelector>,
}

/// What drain does only when it is told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// To leave the pods of DaemonSets where they are: `--ignore-daemonsets`.
    StayingDaemonSets,
    /// To lose what is in empty directories: `--delete-emptydir-data`.
    LostData,
    /// To remove pods that nobody makes again: `--force`.
    UnmanagedPods,
}

/// How drain removes a pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// By an eviction, which asks the disruption budgets.
    Eviction,
    /// By a deletion, which asks nobody: `--disable-eviction`.
    Deletion,
}

impl Drain {
    /// Whether it was told to.
    #[must_use]
    pub fn may(&self, consent: Consent) -> bool {
        self.consents.contains(&consent)
    }
}

/// Reads the flags of drain.
pub(super) fn drain(given: &Given) -> Result<Drain, UsageError> {
    let flags = [
        ("ignore-daemonsets", Consent::StayingDaemonSets),
        ("delete-emptydir-data", Consent::LostData),
        ("force", Consent::UnmanagedPods),
    ];
    let consents = flags.into_iter().filter(|(flag, _)| given.is_on(flag));
    let pods = given
        .text("pod-selector")
        .filter(|text| !text.is_empty())
        .map(|text| selector::parse_labels(&text))
        .transpose()
        .map_err(|_| {
            let wanted = "--pod-selector=<pod_selector> must be a valid label selector";
            UsageError(format!("error: {wanted}"))
        })?;
    Ok(Drain {
        targets: resources::nodes(given, "drain")?,
        consents: consents.map(|(_, consent)| consent).collect(),
        by: if given.is_on("disable-eviction") {
            Removal::Deletion
        } else {
            Removal::Eviction
        },
        grace_period_seconds: given.number("grace-period").filter(|grace| *grace >= 0),
        timeout: timeout(given)?.filter(|span| !span.is_zero()),
        pods,
    })
}

fn timeout(given: &Given) -> Result<Option<Duration>, UsageError> {
    let read = |text: String| {
        parse_duration(&text).map_err(|_| {
            UsageError(format!(
                "error: invalid argument \"{text}\" for \"--timeout\" flag: time: invalid duration \
                 \"{text}\"\nSee 'kubectl drain --help' for usage."
            ))
        })
    };
    given.text("timeout").map(read).transpose()
}
