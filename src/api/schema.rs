//! The fields of every kind: their types, whether they are required, and their official descriptions.
//!
//! Built from the schemas that the official types carry, at the first question and not before.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use schemars::SchemaGenerator;
use serde_json::{Map, Value};

use super::Kind;
use super::kind::schema_of;

/// A type of the API: a kind, or what one of its fields holds.
#[derive(Debug)]
pub struct Type {
    /// `io.k8s.api.apps.v1.DeploymentSpec`: the name of the definition in the API's specification.
    pub definition: String,
    /// The official description.
    pub description: String,
    /// The fields, by name.
    pub fields: BTreeMap<String, Field>,
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// What it holds.
    pub shape: Shape,
    /// Whether an object without it is incomplete.
    pub required: bool,
    /// The official description.
    pub description: String,
}

/// What a field, an element of a list or an entry of a map holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A string.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number of 32 bits.
    Int32,
    /// A whole number of 64 bits.
    Int64,
    /// A number with a fraction.
    Number,
    /// An amount: `100m`, `1Gi`, `2`.
    Quantity,
    /// A whole number, or a string such as `25%` or the name of a port.
    IntOrString,
    /// A moment as in RFC 3339.
    Date,
    /// Bytes as base64.
    Bytes,
    /// Whatever JSON can say.
    Anything,
    /// A type with fields of its own.
    Object(TypeId),
    /// A list of equal elements.
    List(Box<Self>),
    /// Entries under keys that the user chooses.
    Map(Box<Self>),
}

/// Names a [`Type`] of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeId(usize);

impl TypeId {
    /// The type.
    #[must_use]
    pub fn get(self) -> &'static Type {
        &TABLE.types[self.0]
    }
}

/// A part of a field path as the API server writes paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// `.spec`
    Field(&'a str),
    /// `[0]`, or the key of a map: `[app]`
    Bracket(&'a str),
}

/// The parts of a path such as `spec.template.spec.containers[0].image` or `metadata.labels[app]`.
/// What stands in brackets may hold dots. Never fails; an unclosed bracket ends with the text.
pub fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        if let Some(inner) = rest.strip_prefix('[') {
            let end = inner.find(']').unwrap_or(inner.len());
            rest = inner.get(end + 1..).unwrap_or_default();
            return Some(Step::Bracket(&inner[..end]));
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        rest = &rest[end..];
        Some(Step::Field(name))
    })
}

struct Table {
    types: Vec<Type>,
    kinds: BTreeMap<Kind, usize>,
}

static TABLE: LazyLock<Table> = LazyLock::new(build);

/// The type of a kind, with `apiVersion`, `kind`, `metadata`, and `spec` and `status` where it has them.
///
/// The first call builds the table of all kinds (some milliseconds).
#[must_use]
pub fn of(kind: Kind) -> &'static Type {
    &TABLE.types[TABLE.kinds[&kind]]
}

/// The field of a kind at a path such as `spec.template.spec.containers[0].image`; indices and
/// keys of maps may be left out (`spec.containers.image`).
#[must_use]
pub fn field(kind: Kind, path: &str) -> Option<&'static Field> {
    let mut parent = of(kind);
    let mut found = None;
    for step in steps(path) {
        let Step::Field(name) = step else { continue };
        let field = parent.fields.get(name)?;
        found = Some(field);
        if let Some(inner) = field.shape.object() {
            parent = inner;
        }
    }
    found
}

/// The candidate that a misspelt name most likely means, if any is near enough: one change for
/// three letters, the case of letters aside.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let allowed = (wanted.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|each| (strsim::osa_distance(&wanted, &each.to_lowercase()), each))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, each)| each)
}

impl Type {
    /// `DeploymentSpec`: the name without group and version.
    #[must_use]
    pub fn name(&self) -> &str {
        self.definition
            .rsplit('.')
            .next()
            .unwrap_or(&self.definition)
    }

    /// The field that a misspelt name most likely means.
    #[must_use]
    pub fn nearest_field(&self, name: &str) -> Option<&str> {
        nearest(name, self.fields.keys().map(String::as_str))
    }
}

impl Shape {
    /// The type behind it, through lists and maps: that of the elements.
    #[must_use]
    pub fn object(&self) -> Option<&'static Type> {
        match self {
            Self::Object(id) => Some(id.get()),
            Self::List(inner) | Self::Map(inner) => inner.object(),
            _ => None,
        }
    }

    /// What it is, for a person: `a whole number`, `a list`.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::Boolean => "true or false",
            Self::Int32 | Self::Int64 => "a whole number",
            Self::Number => "a number",
            Self::Quantity => "a quantity such as 100m or 1Gi",
            Self::IntOrString => "a whole number or a string",
            Self::Date => "a date such as 2006-01-02T15:04:05Z",
            Self::Bytes => "a string in base64",
            Self::Anything => "anything",
            Self::Object(_) => "a mapping of fields",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

/// The type as the API server names it in its messages: `int32`, `[]v1.Container`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("string"),
            Self::Boolean => f.write_str("bool"),
            Self::Int32 => f.write_str("int32"),
            Self::Int64 => f.write_str("int64"),
            Self::Number => f.write_str("float64"),
            Self::Quantity => f.write_str("resource.Quantity"),
            Self::IntOrString => f.write_str("intstr.IntOrString"),
            Self::Date => f.write_str("v1.Time"),
            Self::Bytes => f.write_str("[]uint8"),
            Self::Anything => f.write_str("runtime.RawExtension"),
            Self::Object(id) => {
                let definition = &id.get().definition;
                let mut parts = definition.rsplitn(3, '.');
                let (name, version) = (parts.next(), parts.next());
                write!(
                    f,
                    "{}.{}",
                    version.unwrap_or_default(),
                    name.unwrap_or_default()
                )
            }
            Self::List(inner) => write!(f, "[]{inner}"),
            Self::Map(inner) => write!(f, "map[string]{inner}"),
        }
    }
}

fn build() -> Table {
    let mut generator = SchemaGenerator::default();
    let roots: Vec<(Kind, Value)> = Kind::ALL
        .iter()
        .map(|&kind| (kind, schema_of(kind, &mut generator).to_value()))
        .collect();
    let definitions = generator.take_definitions(false);
    let ids: BTreeMap<&str, usize> = definitions.keys().map(String::as_str).zip(0..).collect();
    let types = definitions
        .iter()
        .map(|(name, body)| read_type(name, body, &definitions, &ids))
        .collect();
    let kinds = roots
        .iter()
        .map(|(kind, root)| {
            let name = referred(root).expect("the generator keeps every named type apart");
            (*kind, ids[name])
        })
        .collect();
    Table { types, kinds }
}

fn read_type(
    name: &str,
    body: &Value,
    definitions: &Map<String, Value>,
    ids: &BTreeMap<&str, usize>,
) -> Type {
    let required: Vec<&str> = body["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let fields = body["properties"].as_object().into_iter().flatten();
    let fields = fields.map(|(field, schema)| {
        let read = Field {
            shape: read_shape(schema, definitions, ids),
            required: required.contains(&field.as_str()),
            description: text(schema, "description"),
        };
        (field.clone(), read)
    });
    Type {
        definition: name.to_owned(),
        description: text(body, "description"),
        fields: fields.collect(),
    }
}

fn read_shape(
    schema: &Value,
    definitions: &Map<String, Value>,
    ids: &BTreeMap<&str, usize>,
) -> Shape {
    if let Some(name) = referred(schema) {
        let body = &definitions[name];
        return match name.rsplit('.').next() {
            Some("Quantity") => Shape::Quantity,
            Some("IntOrString") => Shape::IntOrString,
            _ if body.get("properties").is_some() => Shape::Object(TypeId(ids[name])),
            _ => read_shape(body, definitions, ids),
        };
    }
    let inner = |key: &str| Box::new(read_shape(&schema[key], definitions, ids));
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("string"), Some("date-time")) => Shape::Date,
        (Some("string"), Some("byte")) => Shape::Bytes,
        (Some("string"), _) => Shape::Text,
        (Some("boolean"), _) => Shape::Boolean,
        (Some("integer"), Some("int32")) => Shape::Int32,
        (Some("integer"), _) => Shape::Int64,
        (Some("number"), _) => Shape::Number,
        (Some("array"), _) => Shape::List(inner("items")),
        (Some("object"), _) if schema.get("additionalProperties").is_some() => {
            Shape::Map(inner("additionalProperties"))
        }
        _ => Shape::Anything,
    }
}

fn referred(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.rsplit('/').next()
}

fn text(schema: &Value, key: &str) -> String {
    schema[key].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_metadata_with_a_name() {
        for &kind in Kind::ALL {
            let name = field(kind, "metadata.name").expect("metadata.name");
            assert_eq!(name.shape, Shape::Text, "{kind}");
            assert_eq!(of(kind).name(), kind.info().name);
            assert_eq!(
                of(kind).fields.contains_key("status"),
                kind.info().has_status,
                "{kind}"
            );
        }
    }

    #[test]
    fn no_named_type_but_raw_ones_is_left_without_fields() {
        let bare: Vec<&str> = TABLE
            .types
            .iter()
            .filter(|each| each.fields.is_empty())
            .map(Type::name)
            .collect();
        assert_eq!(
            bare,
            [
                "Quantity",
                "FieldsV1",
                "MicroTime",
                "Time",
                "RawExtension",
                "IntOrString"
            ]
        );
    }

    #[test]
    fn fields_are_found_by_path_with_the_type_that_the_server_names() {
        let cases = [
            ("spec.replicas", "int32", false),
            ("spec.selector", "v1.LabelSelector", true),
            ("spec.template.spec.containers[0].image", "string", false),
            ("spec.template.spec.containers", "[]v1.Container", true),
            (
                "spec.template.spec.containers[0].resources.requests[cpu]",
                "map[string]resource.Quantity",
                false,
            ),
            (
                "spec.strategy.rollingUpdate.maxSurge",
                "intstr.IntOrString",
                false,
            ),
            ("metadata.labels[a.b/c]", "map[string]string", false),
            ("metadata.creationTimestamp", "v1.Time", false),
            ("status.observedGeneration", "int64", false),
        ];
        for (path, shape, required) in cases {
            let found = field(Kind::Deployment, path).expect(path);
            assert_eq!(found.shape.to_string(), shape, "{path}");
            assert_eq!(found.required, required, "{path}");
            assert!(!found.description.is_empty(), "{path}");
        }
        assert!(field(Kind::Deployment, "spec.replica").is_none());
        let data = field(Kind::Secret, "data").expect("data");
        assert_eq!(data.shape, Shape::Map(Box::new(Shape::Bytes)));
    }

    #[test]
    fn a_misspelt_field_has_a_nearest_valid_one() {
        let container = field(Kind::Pod, "spec.containers").expect("containers");
        let container = container.shape.object().expect("an object");
        let cases = [
            ("imagee", Some("image")),
            ("Image", Some("image")),
            ("comand", Some("command")),
            ("imagepullpolicy", Some("imagePullPolicy")),
            ("whatever", None),
        ];
        for (name, expected) in cases {
            assert_eq!(container.nearest_field(name), expected, "{name}");
        }
    }

    #[test]
    fn paths_split_as_the_server_writes_them() {
        let all: Vec<Step<'_>> = steps("spec.containers[0].resources.limits[a.b/c]").collect();
        assert_eq!(
            all,
            [
                Step::Field("spec"),
                Step::Field("containers"),
                Step::Bracket("0"),
                Step::Field("resources"),
                Step::Field("limits"),
                Step::Bracket("a.b/c"),
            ]
        );
        for odd in ["", ".", "[", "a[", "]", "a..b", "[]"] {
            assert!(steps(odd).count() < 4, "{odd}");
        }
    }
}
