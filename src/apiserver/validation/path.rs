//! The path of a field, built on the stack and printed only when something is wrong there.

use std::fmt;

/// A path such as `spec.containers[0].ports[1].name`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
    Key(&'a str),
}

impl<'a> Path<'a> {
    /// The first step; dots in it print as they are.
    pub(super) const fn new(field: &'a str) -> Self {
        Self {
            parent: None,
            step: Step::Field(field),
        }
    }

    /// A field below; dots in it print as they are.
    pub(super) const fn child<'b>(&'b self, field: &'b str) -> Path<'b>
    where
        'a: 'b,
    {
        Path {
            parent: Some(self),
            step: Step::Field(field),
        }
    }

    /// An item of a list.
    pub(super) const fn index<'b>(&'b self, place: usize) -> Path<'b>
    where
        'a: 'b,
    {
        Path {
            parent: Some(self),
            step: Step::Index(place),
        }
    }

    /// An entry of a map.
    pub(super) const fn key<'b>(&'b self, key: &'b str) -> Path<'b>
    where
        'a: 'b,
    {
        Path {
            parent: Some(self),
            step: Step::Key(key),
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match (self.parent, self.step) {
            (None, Step::Field(field)) => f.write_str(field),
            (Some(_), Step::Field(field)) => write!(f, ".{field}"),
            (_, Step::Index(place)) => write!(f, "[{place}]"),
            (_, Step::Key(key)) => write!(f, "[{key}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_prints_fields_items_and_keys() {
        let spec = Path::new("spec");
        let containers = spec.child("containers");
        let first = containers.index(0);
        let requests = first.child("resources.requests");
        assert_eq!(
            requests.key("cpu").to_string(),
            "spec.containers[0].resources.requests[cpu]"
        );
    }
}
