//! What `kubectl get` prints of the objects that it has got.

use serde_json::Value;

use super::failure::Failure;
use super::sort;
use crate::api::{Kind, Object, owners};
use crate::kubectl::grammar::{Get, Invocation, Output, Targets};
use crate::kubectl::json_path::{JsonPath, JsonPathError, plain};
use crate::kubectl::printers::{self, Options, Table};
use crate::kubectl::zeroes;
use crate::manifest::print;
use crate::sim::Time;

/// Everything that goes to stdout.
pub(super) fn found(get: &Get, objects: &[Object], now: Time) -> Result<String, Failure> {
    let sorted;
    let objects = match &get.sort_by {
        Some(path) => {
            sorted = sort::by(path, objects)?;
            &sorted
        }
        None => objects,
    };
    Ok(match &get.output {
        Output::Json => print::to_json_pretty(&whole(get, objects)),
        Output::Yaml => print::to_yaml(&whole(get, objects)),
        Output::Name => {
            let mut lines: Vec<String> = objects.iter().map(path_of).collect();
            lines.push(String::new());
            lines.join("\n")
        }
        Output::JsonPath(template) => {
            let text = template.text(&whole(get, objects));
            text.map_err(|problem| no_answer(template, &problem))?
        }
        Output::Columns(columns) => own_columns(columns, objects, get.headers)?,
        Output::Table | Output::Wide => tables(get, objects, now),
    })
}

pub(super) fn no_answer(template: &JsonPath, problem: &JsonPathError) -> Failure {
    let template = template.source();
    Failure::Own(format!(
        "error executing jsonpath \"{template}\": Error executing template: {problem}. Printing \
         more information for debugging the template:\n\ttemplate was:\n\t\t{template}"
    ))
}

/// The table of `-o custom-columns=`.
fn own_columns(
    columns: &[(String, JsonPath)],
    objects: &[Object],
    headers: bool,
) -> Result<String, Failure> {
    let mut table = Table::default();
    if headers {
        table.headers = columns.iter().map(|(header, _)| header.clone()).collect();
    }
    for object in objects {
        let value = object.to_value();
        let cell = |(_, path): &(String, JsonPath)| {
            let found = path.values(&value);
            let found = found.map_err(|problem| Failure::Own(problem.to_string()))?;
            Ok(if found.is_empty() {
                "<none>".to_owned()
            } else {
                let texts: Vec<String> = found.into_iter().map(go_text).collect();
                texts.join(",")
            })
        };
        table
            .rows
            .push(columns.iter().map(cell).collect::<Result<_, _>>()?);
    }
    Ok(printers::render(&table))
}

/// A value as Go prints it: `map[a:1 b:2]`, `[x y]`.
fn go_text(value: &Value) -> String {
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::Array(list) => {
            let texts: Vec<String> = list.iter().map(go_text).collect();
            format!("[{}]", texts.join(" "))
        }
        Value::Object(fields) => {
            let entry = |(key, value): (&String, &Value)| format!("{key}:{}", go_text(value));
            let texts: Vec<String> = fields.iter().map(entry).collect();
            format!("map[{}]", texts.join(" "))
        }
        other => plain(other),
    }
}

/// `deployment.apps/web`.
pub(super) fn path_of(object: &Object) -> String {
    let kind = object.kind().info().qualified_singular();
    format!("{kind}/{}", object.name())
}

/// What kubectl says on stderr when it has found nothing.
pub(super) fn nothing(invocation: &Invocation, kinds: &[Kind], everywhere: bool) -> String {
    let namespaced = kinds.iter().any(|kind| kind.info().namespaced);
    if namespaced && !everywhere {
        let namespace = invocation.namespace();
        format!("No resources found in {namespace} namespace.\n")
    } else {
        "No resources found\n".to_owned()
    }
}

/// One object by name is shown as it is, everything else as a list.
fn whole(get: &Get, objects: &[Object]) -> Value {
    let value = |object: &Object| {
        let mut value = object.to_value();
        spell_out(object.kind(), &mut value);
        if get.managed_fields {
            let owners = owners::to_value(object.kind(), &owners::of(object));
            value["metadata"]["managedFields"] = owners;
        }
        zeroes::written(object.kind(), value)
    };
    match (&get.targets, objects) {
        (Targets::Named(names), [one]) if names.len() == 1 => value(one),
        (Targets::Files(_), [one]) => value(one),
        _ => print::list(objects.iter().map(value)),
    }
}

/// Dates that nobody has set are told all the same, where the API has no way to leave them out.
fn spell_out(kind: Kind, value: &mut Value) {
    match kind {
        Kind::Pod | Kind::PersistentVolumeClaim => {
            let conditions = value.pointer_mut("/status/conditions");
            for condition in conditions
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                if let Some(fields) = condition.as_object_mut() {
                    fields.entry("lastProbeTime").or_insert(Value::Null);
                }
            }
        }
        Kind::Event => {
            if let Some(fields) = value.as_object_mut() {
                fields.entry("eventTime").or_insert(Value::Null);
            }
        }
        _ => {}
    }
}

fn tables(get: &Get, objects: &[Object], now: Time) -> String {
    let mut kinds: Vec<Kind> = Vec::new();
    for object in objects {
        if !kinds.contains(&object.kind()) {
            kinds.push(object.kind());
        }
    }
    let (asked, everywhere) = match &get.targets {
        Targets::Kinds {
            kinds, everywhere, ..
        } => (kinds.len(), *everywhere),
        Targets::Named(_) | Targets::Files(_) => (kinds.len(), false),
    };
    let options = Options {
        wide: get.output == Output::Wide,
        namespaces: everywhere,
        kinds: asked > 1,
        labels: get.labels.clone(),
    };
    let texts: Vec<String> = kinds
        .iter()
        .map(|&kind| {
            let mut table: Table = printers::table(kind, objects, now, &options);
            if !get.headers {
                table.headers.clear();
            }
            printers::render(&table)
        })
        .collect();
    texts.join("\n")
}
