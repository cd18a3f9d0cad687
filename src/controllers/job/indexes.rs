//! The numbers of an Indexed Job: those of its pods, and sets of them in their text form `0-2,5`.
//! Source: `indexed_job_utils.go`.

use std::collections::BTreeSet;

use crate::api::{Job, Pod, core, meta};

/// The number of a pod, as annotation and label.
pub(super) const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// By which a container learns the number.
const VARIABLE: &str = "JOB_COMPLETION_INDEX";

pub(super) fn is_indexed(job: &Job) -> bool {
    job.spec.completion_mode.as_deref() == Some("Indexed")
}

/// The number that a pod carries.
pub(super) fn carried(pod: &Pod) -> Option<i32> {
    let index = meta::annotation(&pod.metadata, INDEX)?.parse().ok()?;
    (index >= 0).then_some(index)
}

/// The number that a pod carries, if the Job has such a number.
pub(super) fn of(job: &Job, pod: &Pod) -> Option<i32> {
    carried(pod).filter(|index| *index < job.spec.completions.unwrap_or(0))
}

/// Whether a pod can count for its Job: pods of Indexed Jobs need a number.
pub(super) fn can_count(job: &Job, pod: &Pod) -> bool {
    !is_indexed(job) || of(job, pod).is_some()
}

/// Reads `0-2,5` as far as the numbers are below the wanted completions; parts that are no numbers
/// are left out.
pub(super) fn read(text: &str, completions: i32) -> BTreeSet<i32> {
    let mut indexes = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) {
            indexes.extend(first..=last.min(completions - 1));
        }
    }
    indexes
}

/// Writes `0-2,5`; two neighbours are listed and not joined, as Kubernetes does.
pub(super) fn write(indexes: &BTreeSet<i32>) -> String {
    let mut ranges: Vec<(i32, i32)> = Vec::new();
    for index in indexes {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => ranges.push((*index, *index)),
        }
    }
    let texts = ranges.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    texts.collect::<Vec<_>>().join(",")
}

/// Tells all containers the number of their pod. Source: `addCompletionIndexEnvVariables`.
pub(super) fn add_variable(spec: &mut core::PodSpec) {
    let inits = spec.init_containers.iter_mut().flatten();
    for container in inits.chain(&mut spec.containers) {
        let variables = container.env.get_or_insert_default();
        if variables.iter().any(|each| each.name == VARIABLE) {
            continue;
        }
        let field = core::ObjectFieldSelector {
            field_path: format!("metadata.labels['{INDEX}']"),
            ..core::ObjectFieldSelector::default()
        };
        variables.push(core::EnvVar {
            name: VARIABLE.to_owned(),
            value: None,
            value_from: Some(core::EnvVarSource {
                field_ref: Some(field),
                ..core::EnvVarSource::default()
            }),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_indexes_are_written_as_ranges() {
        for text in ["", "0", "0,1", "0-2", "0,2,4-6"] {
            assert_eq!(write(&read(text, 7)), text);
        }
        assert_eq!(write(&read("0-2,5-9", 7)), "0-2,5,6");
    }
}
