//! Whether the indexes that are done are enough by the Job's `successPolicy`.
//! Source: `success_policy.go`.

use std::collections::BTreeSet;

use super::indexes;
use crate::api::Job;

/// The message of the first rule that is met.
pub(super) fn met(job: &Job, done: &BTreeSet<i32>) -> Option<String> {
    if done.is_empty() {
        return None;
    }
    let policy = job.spec.success_policy.iter();
    let mut rules = policy.flat_map(|policy| policy.rules.iter().enumerate());
    let (place, _) = rules.find(|(_, rule)| {
        let is_enough = |count: usize| {
            let least = rule.succeeded_count.map(super::wording::size);
            least.is_some_and(|least| count >= least)
        };
        match rule.succeeded_indexes.as_deref() {
            None => is_enough(done.len()),
            Some(wanted) => {
                let wanted = indexes::read(wanted, job.spec.completions.unwrap_or(0));
                let there = wanted.intersection(done).count();
                !wanted.is_empty() && (there == wanted.len() || is_enough(there))
            }
        }
    })?;
    Some(format!("Matched rules at index {place}"))
}
