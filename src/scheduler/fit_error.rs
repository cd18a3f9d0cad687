//! The sentence that says why a pod fits nowhere: how many nodes, and how many for which reason.

use std::collections::BTreeMap;

/// Counts reasons of nodes. Source: `FitError` of `pkg/scheduler/framework/types.go`.
#[derive(Debug, Default)]
pub(super) struct Histogram(BTreeMap<String, usize>);

impl Histogram {
    /// Counts these reasons for so many nodes.
    pub(super) fn count<R: AsRef<str>>(&mut self, reasons: &[R], nodes: usize) {
        if nodes == 0 {
            return;
        }
        for reason in reasons {
            *self.0.entry(reason.as_ref().to_owned()).or_insert(0) += nodes;
        }
    }

    /// `0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.`
    pub(super) fn sentence(&self, nodes: usize) -> String {
        let mut parts: Vec<String> = self
            .0
            .iter()
            .map(|(reason, count)| format!("{count} {reason}"))
            .collect();
        parts.sort();
        if parts.is_empty() {
            available(nodes)
        } else {
            format!("{} {}.", available(nodes), parts.join(", "))
        }
    }
}

/// `0/3 nodes are available: reason.`
pub(super) fn refused_outright(nodes: usize, reason: &str) -> String {
    format!("{} {reason}.", available(nodes))
}

fn available(nodes: usize) -> String {
    format!("0/{nodes} nodes are available:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sorted_as_text_with_their_numbers_in_front() {
        let mut histogram = Histogram::default();
        histogram.count(&["Insufficient cpu"], 10);
        histogram.count(&["Insufficient memory", "Too many pods"], 2);
        histogram.count(&["never"], 0);
        assert_eq!(
            histogram.sentence(12),
            "0/12 nodes are available: 10 Insufficient cpu, 2 Insufficient memory, 2 Too many pods."
        );
    }
}
