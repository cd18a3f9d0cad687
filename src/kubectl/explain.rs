//! `kubectl explain`: the official description of a kind or of one of its fields, laid out as kubectl does.
//!
//! Source: `kubectl/pkg/explain/v2/templates/plaintext.tmpl`, Kubernetes 1.34.
//!
//! Unlike Kubernetes: the values that an enumeration allows are not listed on a line of their own; the
//! descriptions name them.

use std::fmt::Write as _;

use crate::api::Kind;
use crate::api::schema::{self, Field, Shape, Type};

/// How wide a description may be, and how wide that of a field in a list.
const WIDTH: usize = 76;

/// Explains a kind, or the field at a path of names below it. `deep` lists all fields below, with
/// their types alone.
///
/// # Errors
/// When there is no such field, in the words of kubectl.
pub(super) fn explain(kind: Kind, path: &[&str], deep: bool) -> Result<String, String> {
    let info = kind.info();
    let mut text = String::new();
    if !info.group.is_empty() {
        line(&mut text, &format!("GROUP:      {}", info.group));
    }
    line(&mut text, &format!("KIND:       {}", info.name));
    line(&mut text, &format!("VERSION:    {}\n", info.version));
    let found = find(kind, path)?;
    let (described, own): (String, Option<&Type>) = match found {
        None => (schema::of(kind).description.clone(), Some(schema::of(kind))),
        Some((name, field)) => {
            let shape = type_name(&field.shape);
            line(&mut text, &format!("FIELD: {name} <{shape}>\n\n"));
            let inner = field.shape.object();
            let descriptions = [
                Some(&field.description),
                inner.map(|inner| &inner.description),
            ];
            let descriptions: Vec<&str> = descriptions
                .into_iter()
                .flatten()
                .map(|description| description.trim_end())
                .filter(|description| !description.is_empty())
                .collect();
            (descriptions.join("\n"), inner)
        }
    };
    let described = if described.is_empty() {
        "<empty>".to_owned()
    } else {
        format!("{}\n", described.trim_end())
    };
    line(&mut text, "DESCRIPTION:");
    line(&mut text, &indented(&wrapped(&described, WIDTH), 4));
    if let Some(own) = own.filter(|own| !own.fields.is_empty()) {
        line(&mut text, "FIELDS:");
        fields(&mut text, own, 1, deep, &mut Vec::new());
    }
    text.push('\n');
    Ok(text)
}

fn line(text: &mut String, words: &str) {
    writeln!(text, "{words}").expect("writing to memory does not fail");
}

/// The field at the end of a path; none for an empty path.
fn find<'a>(kind: Kind, path: &[&'a str]) -> Result<Option<(&'a str, &'static Field)>, String> {
    let mut parent = Some(schema::of(kind));
    let mut found = None;
    for name in path {
        let field = parent.and_then(|parent| parent.fields.get(*name));
        let field = field.ok_or_else(|| {
            let last = path.last().copied().unwrap_or(name);
            format!("error: field \"{last}\" does not exist")
        })?;
        parent = field.shape.object();
        found = Some((*name, field));
    }
    Ok(found)
}

fn fields(
    text: &mut String,
    own: &'static Type,
    level: usize,
    deep: bool,
    above: &mut Vec<&'static str>,
) {
    if above.contains(&own.definition.as_str()) {
        return;
    }
    above.push(&own.definition);
    for (name, field) in &own.fields {
        let required = if field.required { " -required-" } else { "" };
        let pad = " ".repeat(2 * level);
        line(
            text,
            &format!("{pad}{name}\t<{}>{required}", type_name(&field.shape)),
        );
        if deep {
            if let Some(inner) = field.shape.object() {
                fields(text, inner, level + 1, deep, above);
            }
            continue;
        }
        let described = match field.description.trim_end() {
            "" => "<no description>",
            described => described,
        };
        line(text, &indented(&wrapped(described, WIDTH), 4));
        text.push('\n');
    }
    above.pop();
}

/// `string`, `[]Container`, `map[string]Quantity`.
fn type_name(shape: &Shape) -> String {
    match shape {
        Shape::Text | Shape::Date | Shape::Bytes => "string".to_owned(),
        Shape::Boolean => "boolean".to_owned(),
        Shape::Int32 | Shape::Int64 => "integer".to_owned(),
        Shape::Number => "number".to_owned(),
        Shape::Quantity => "Quantity".to_owned(),
        Shape::IntOrString => "IntOrString".to_owned(),
        Shape::Anything => "Object".to_owned(),
        Shape::Object(id) => id.get().name().to_owned(),
        Shape::List(inner) => format!("[]{}", type_name(inner)),
        Shape::Map(inner) => format!("map[string]{}", type_name(inner)),
    }
}

/// Breaks lines between words so that none is wider, where words allow it.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut current = String::new();
        for word in paragraph.split(' ') {
            let room = current.chars().count() + 1 + word.chars().count();
            if !current.is_empty() && room > width {
                lines.push(std::mem::take(&mut current));
            } else if !current.is_empty() {
                current.push(' ');
            }
            current.push_str(word);
        }
        lines.push(current);
    }
    lines.join("\n")
}

fn indented(text: &str, by: usize) -> String {
    let pad = " ".repeat(by);
    format!("{pad}{}", text.replace('\n', &format!("\n{pad}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_of_a_type_is_laid_out_as_kubectl_does() {
        let text = explain(Kind::Deployment, &["spec", "strategy"], false).expect("it is there");
        assert_eq!(
            text,
            "GROUP:      apps\n\
             KIND:       Deployment\n\
             VERSION:    v1\n\
             \n\
             FIELD: strategy <DeploymentStrategy>\n\
             \n\
             \n\
             DESCRIPTION:\n\
             \x20   The deployment strategy to use to replace existing pods with new ones.\n\
             \x20   DeploymentStrategy describes how to replace existing pods with new ones.\n\
             \x20   \n\
             FIELDS:\n\
             \x20 rollingUpdate\t<RollingUpdateDeployment>\n\
             \x20   Rolling update config params. Present only if DeploymentStrategyType =\n\
             \x20   RollingUpdate.\n\
             \n\
             \x20 type\t<string>\n\
             \x20   Type of deployment. Can be \"Recreate\" or \"RollingUpdate\". Default is\n\
             \x20   RollingUpdate.\n\
             \n\
             \n"
        );
    }

    #[test]
    fn a_plain_field_a_list_and_a_kind_have_their_heads() {
        for (kind, path, expected) in [
            (
                Kind::Deployment,
                vec!["spec", "replicas"],
                "FIELD: replicas <integer>\n",
            ),
            (
                Kind::Pod,
                vec!["spec", "containers"],
                "KIND:       Pod\nVERSION:    v1\n\nFIELD: containers <[]Container>\n",
            ),
            (
                Kind::Pod,
                vec!["spec", "containers", "resources", "limits"],
                "FIELD: limits <map[string]Quantity>\n",
            ),
            (
                Kind::Service,
                vec![],
                "KIND:       Service\nVERSION:    v1\n\nDESCRIPTION:\n    Service is a named abstraction",
            ),
        ] {
            let text = explain(kind, &path, false).expect("it is there");
            assert!(text.contains(expected), "{path:?}: {text}");
        }
    }

    #[test]
    fn a_required_field_says_so_and_a_deep_list_has_types_alone() {
        let text = explain(Kind::Deployment, &["spec"], false).expect("it is there");
        assert!(
            text.contains("\n  selector\t<LabelSelector> -required-\n"),
            "{text}"
        );
        let deep = explain(Kind::Deployment, &["spec"], true).expect("it is there");
        assert!(deep.contains("\n  strategy\t<DeploymentStrategy>\n    rollingUpdate\t<RollingUpdateDeployment>\n      maxSurge\t<IntOrString>\n"), "{deep}");
    }

    #[test]
    fn a_field_that_is_not_there_is_named() {
        assert_eq!(
            explain(Kind::Deployment, &["spec", "colour"], false),
            Err("error: field \"colour\" does not exist".to_owned())
        );
    }
}
