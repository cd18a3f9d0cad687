//! Defaults as tables: when a value lacks something, and how it gets it.
//!
//! What lacks nothing is only looked at, so that pods that share a spec go on sharing it.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::api::resource::Quantity as Text;

use crate::api::Quantity;
use crate::api::core;

/// One default.
pub(super) struct Rule<T: 'static> {
    /// Whether the value still lacks it.
    pub(super) lacks: fn(&T) -> bool,
    /// Gives it.
    pub(super) set: fn(&mut T),
}

/// True when some rule has something to set.
pub(super) fn lacks<T>(value: &T, rules: &[Rule<T>]) -> bool {
    rules.iter().any(|rule| (rule.lacks)(value))
}

/// Sets what is lacking, in the order of the rules.
pub(super) fn fill<T>(value: &mut T, rules: &[Rule<T>]) {
    for rule in rules {
        if (rule.lacks)(value) {
            (rule.set)(value);
        }
    }
}

/// As [`fill`], but copies a shared value only when something is to be set.
pub(super) fn fill_shared<T: Clone>(value: &mut Arc<T>, rules: &[Rule<T>]) {
    if lacks(value.as_ref(), rules) {
        fill(Arc::make_mut(value), rules);
    }
}

/// Whether some item of a list lacks something.
pub(super) fn any_lacks<T>(items: Option<&Vec<T>>, rules: &[Rule<T>]) -> bool {
    items.into_iter().flatten().any(|item| lacks(item, rules))
}

/// Sets what the items of a list lack.
pub(super) fn fill_each<T>(items: &mut Option<Vec<T>>, rules: &[Rule<T>]) {
    for item in items.iter_mut().flatten() {
        fill(item, rules);
    }
}

/// True for no text and for the empty one, between which the API server does not distinguish.
pub(in crate::apiserver) fn is_blank(text: Option<&String>) -> bool {
    text.is_none_or(String::is_empty)
}

/// A text that is set when it is missing or empty.
macro_rules! text {
    ($field:ident = $value:expr) => {
        $crate::apiserver::defaulting::rule::Rule {
            lacks: |it| $crate::apiserver::defaulting::rule::is_blank(it.$field.as_ref()),
            set: |it| it.$field = Some($value.to_owned()),
        }
    };
}

/// A value that is set when it is missing.
macro_rules! value {
    ($field:ident = $value:expr) => {
        $crate::apiserver::defaulting::rule::Rule {
            lacks: |it| it.$field.is_none(),
            set: |it| it.$field = Some($value),
        }
    };
}

/// A number that is set when it is missing or zero.
macro_rules! number {
    ($field:ident = $value:expr) => {
        $crate::apiserver::defaulting::rule::Rule {
            lacks: |it| it.$field.unwrap_or(0) == 0,
            set: |it| it.$field = Some($value),
        }
    };
}

/// Amounts that are printed as the server prints them.
macro_rules! amounts {
    ($field:ident) => {
        $crate::apiserver::defaulting::rule::Rule {
            lacks: |it| {
                $crate::apiserver::defaulting::rule::needs_canonical_form(it.$field.as_ref())
            },
            set: |it| $crate::apiserver::defaulting::rule::to_canonical_form(&mut it.$field),
        }
    };
}

/// The defaults of the items of a list.
macro_rules! each {
    ($field:ident: $rules:expr) => {
        $crate::apiserver::defaulting::rule::Rule {
            lacks: |it| $crate::apiserver::defaulting::rule::any_lacks(it.$field.as_ref(), $rules),
            set: |it| $crate::apiserver::defaulting::rule::fill_each(&mut it.$field, $rules),
        }
    };
}

/// The defaults of a part, if it is there.
macro_rules! part {
    ($field:ident: $rules:expr) => {
        $crate::apiserver::defaulting::rule::Rule {
            lacks: |it| {
                it.$field
                    .as_ref()
                    .is_some_and(|part| $crate::apiserver::defaulting::rule::lacks(part, $rules))
            },
            set: |it| {
                if let Some(part) = &mut it.$field {
                    $crate::apiserver::defaulting::rule::fill(part, $rules);
                }
            },
        }
    };
}

pub(super) use {amounts, each, number, part, text, value};

/// Amounts by the name of their resource.
pub(super) type Amounts = std::collections::BTreeMap<String, Text>;

/// The amount as the server prints it: rounded up to thousandths, with the largest suffix that
/// keeps it exact. A text that is no amount stays, for validation to refuse it.
fn canonical(text: &str) -> Option<String> {
    let amount: Quantity = text.parse().ok()?;
    let rounded = Quantity::millis(amount.milli_value());
    let printed = if rounded == amount {
        amount.to_string()
    } else {
        rounded.to_string()
    };
    (printed != text).then_some(printed)
}

/// Whether some amount is written otherwise than the server prints it.
pub(super) fn needs_canonical_form(amounts: Option<&Amounts>) -> bool {
    let mut amounts = amounts.into_iter().flatten();
    amounts.any(|(_, text)| canonical(&text.0).is_some())
}

/// Writes each amount as the server prints it.
pub(super) fn to_canonical_form(amounts: &mut Option<Amounts>) {
    for text in amounts.iter_mut().flat_map(|all| all.values_mut()) {
        if let Some(printed) = canonical(&text.0) {
            text.0 = printed;
        }
    }
}

/// Requests and limits in the form that the server prints.
pub(super) const RESOURCES: &[Rule<core::ResourceRequirements>] =
    &[amounts!(limits), amounts!(requests)];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a6_amounts_are_stored_as_the_server_prints_them() {
        let cases = [
            ("1000m", Some("1")),
            ("0.5", Some("500m")),
            ("1024Mi", Some("1Gi")),
            ("100u", Some("1m")),
            ("250m", None),
            ("64Mi", None),
            ("nonsense", None),
        ];
        for (text, printed) in cases {
            assert_eq!(canonical(text).as_deref(), printed, "{text}");
        }
    }
}
