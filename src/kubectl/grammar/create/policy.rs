//! Budgets, quotas and priority classes from flags.

use serde_json::{Map, Value, json};

use super::super::UsageError;
use super::super::flags::Given;
use super::{decoded, name, usage};
use crate::api::selector;
use crate::api::{Kind, LabelSelector, Object};

/// A number, or a share such as `25%`.
fn number_or_share(text: &str) -> Value {
    text.parse::<i64>()
        .map_or_else(|_| text.into(), Value::from)
}

/// The selector with `key=value` as a label to match, as kubectl writes it.
fn by_labels(selector: &LabelSelector) -> Value {
    let (mut labels, mut expressions) = (Map::new(), Vec::new());
    for requirement in selector.match_expressions.iter().flatten() {
        match requirement.values.as_deref() {
            Some([value]) if requirement.operator == "In" => {
                labels.insert(requirement.key.clone(), value.as_str().into());
            }
            _ => expressions.push(json!(requirement)),
        }
    }
    for (key, value) in selector.match_labels.iter().flatten() {
        labels.insert(key.clone(), value.as_str().into());
    }
    let mut written = Map::new();
    if !labels.is_empty() {
        written.insert("matchLabels".to_owned(), labels.into());
    }
    if !expressions.is_empty() {
        written.insert("matchExpressions".to_owned(), expressions.into());
    }
    written.into()
}

/// `create pdb NAME --selector=app=web --min-available=2`.
pub(super) fn budget(given: &Given) -> Result<Object, UsageError> {
    let verb = "create poddisruptionbudget";
    let name = name(given, verb)?;
    let text = |flag: &str| given.text(flag).filter(|text| !text.is_empty());
    let labels = text("selector")
        .ok_or_else(|| UsageError("error: a selector must be specified".to_owned()))?;
    let labels = selector::parse_labels(&labels)
        .map_err(|problem| UsageError(format!("error: {problem}")))?;
    let mut spec = json!({"selector": by_labels(&labels)});
    match (text("min-available"), text("max-unavailable")) {
        (None, None) => {
            return Err(UsageError(
                "error: one of min-available or max-unavailable must be specified".to_owned(),
            ));
        }
        (Some(_), Some(_)) => {
            return Err(UsageError(
                "error: min-available and max-unavailable cannot be both specified".to_owned(),
            ));
        }
        (Some(least), None) => spec["minAvailable"] = number_or_share(&least),
        (None, Some(most)) => spec["maxUnavailable"] = number_or_share(&most),
    }
    decoded(
        Kind::PodDisruptionBudget,
        json!({"metadata": {"name": name}, "spec": spec}),
    )
}

/// `create priorityclass NAME --value=1000`.
pub(super) fn priority_class(given: &Given) -> Result<Object, UsageError> {
    let name = name(given, "create priorityclass")?;
    let value = given.number("value").unwrap_or(0);
    let policy = given.text("preemption-policy");
    let mut class = json!({
        "metadata": {"name": name},
        "value": value,
        "description": given.text("description").unwrap_or_default(),
        "preemptionPolicy": policy.as_deref().unwrap_or("PreemptLowerPriority"),
    });
    if given.is_on("global-default") {
        class["globalDefault"] = true.into();
    }
    decoded(Kind::PriorityClass, class)
}

/// `create quota NAME --hard=cpu=1,pods=2`.
pub(super) fn quota(given: &Given) -> Result<Object, UsageError> {
    let verb = "create quota";
    let name = name(given, verb)?;
    let mut hard = Map::new();
    for part in given
        .text("hard")
        .unwrap_or_default()
        .split(',')
        .filter(|part| !part.is_empty())
    {
        let (resource, amount) = part.split_once('=').ok_or_else(|| {
            UsageError(format!(
                "error: invalid argument syntax {part}, expected <resource>=<value>"
            ))
        })?;
        hard.insert(resource.to_owned(), amount.into());
    }
    let scopes = given.text("scopes").unwrap_or_default();
    let scopes: Vec<&str> = scopes
        .split(',')
        .filter(|scope| !scope.is_empty())
        .collect();
    let known = [
        "BestEffort",
        "CrossNamespacePodAffinity",
        "NotBestEffort",
        "NotTerminating",
        "PriorityClass",
        "Terminating",
    ];
    if let Some(scope) = scopes.iter().find(|scope| !known.contains(scope)) {
        return Err(usage(verb, &format!("invalid resourceQuotaScope: {scope}")));
    }
    let mut spec = json!({"hard": hard});
    if !scopes.is_empty() {
        spec["scopes"] = scopes.into();
    }
    decoded(
        Kind::ResourceQuota,
        json!({"metadata": {"name": name}, "spec": spec}),
    )
}
