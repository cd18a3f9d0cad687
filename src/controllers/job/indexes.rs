//! Sets of completion indexes in their text form: `0-2,5`.

use std::collections::BTreeSet;

/// Reads `0-2,5`; parts that are no numbers are left out.
pub(super) fn read(text: &str) -> BTreeSet<i32> {
    let mut indexes = BTreeSet::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        if let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) {
            indexes.extend(first..=last);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c6_indexes_are_written_as_ranges() {
        for text in ["", "0", "0,1", "0-2", "0,2,4-6"] {
            assert_eq!(write(&read(text)), text);
        }
    }
}
