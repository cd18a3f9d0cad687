//! What a quota says in its description: its scopes, and what is used of what.
//! Source: `DescribeResourceQuotas`, `describeResourceQuota` of `kubectl/pkg/describe/describe.go`.

use super::writer::Writer;
use crate::api::{Quantity, ResourceQuota, requests};

/// What scopes mean, in the words of kubectl.
const SCOPES: [(&str, &str); 4] = [
    (
        "BestEffort",
        "Matches all pods that do not have resource requirements set. These pods have a best effort \
         quality of service.",
    ),
    (
        "NotBestEffort",
        "Matches all pods that have at least one resource requirement set. These pods have a \
         burstable or guaranteed quality of service.",
    ),
    (
        "NotTerminating",
        "Matches all pods that do not have an active deadline. These pods usually include long \
         running pods whose container command is not expected to terminate.",
    ),
    (
        "Terminating",
        "Matches all pods that have an active deadline. These pods have a limited lifespan on a \
         node before being actively terminated by the system.",
    ),
];

/// The whole description; kubectl shows no events of quotas.
pub(super) fn describe(writer: &mut Writer, quota: &ResourceQuota) {
    writer.field(0, "Name", quota.name());
    writer.field(0, "Namespace", quota.namespace());
    let mut scopes: Vec<&str> = quota
        .spec
        .scopes
        .iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if !scopes.is_empty() {
        scopes.sort_unstable();
        writer.field(0, "Scopes", scopes.join(", "));
        for scope in scopes {
            if let Some((_, says)) = SCOPES.iter().find(|(name, _)| *name == scope) {
                writer.line(0, format_args!(" * {says}"));
            }
        }
    }
    writer.line(0, "Resource\tUsed\tHard");
    writer.line(0, "--------\t----\t----");
    let used = requests::read_list(quota.status.used.as_ref());
    for (name, hard) in requests::read_list(quota.status.hard.as_ref()) {
        let used = used.get(&name).copied().unwrap_or(Quantity::ZERO);
        writer.line(0, format_args!("{name}\t{}\t{hard}", used.written_as(hard)));
    }
}
