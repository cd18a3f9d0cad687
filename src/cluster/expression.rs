//! Expressions over the state, in CEL, the language of Kubernetes' admission policies.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use cel::extractors::Arguments;
use cel::{Context, Env, ExecutionError, Program, Value};

use super::{Cluster, Flow};
use crate::api::{Key, Kind, Object, selector};
use crate::sim::RecordId;

/// Each function that an expression may call, with what it means.
pub const FUNCTIONS: &[(&str, &str)] = &[
    (
        "settled()",
        "nothing is left but heartbeats and other things that repeat for ever",
    ),
    (
        "ready(\"web\")",
        "how many pods of the workload of this name are ready, by its status",
    ),
    (
        "pods(\"app=web\")",
        "the pods that a label selector picks, as objects; all without one",
    ),
    ("nodes(\"zone=a\")", "the nodes likewise"),
    (
        "obj(\"Deployment\", \"web\")",
        "an object by kind, name and (default) namespace, or null",
    ),
    (
        "traffic(\"web\")",
        "what became of the requests to a Service: `.answered`, `.lost`, `.rate`, `.pods`, `.seconds`",
    ),
    ("revision()", "the revision of the store"),
    ("seconds()", "virtual seconds since the start"),
];

/// CEL's own functions; making the list anew costs more than an answer.
static STANDARD: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// An expression that is true or false of a world.
#[derive(Clone, Debug)]
pub struct Expression {
    source: Arc<str>,
    program: Arc<Program>,
}

/// Why an expression is none, or has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}\n  {source_text}")]
pub struct ExpressionError {
    /// What is wrong.
    pub message: String,
    /// The expression.
    pub source_text: String,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// Says where it cannot be read, or which function does not exist.
    pub fn parse(source: &str) -> Result<Self, ExpressionError> {
        let error = |message: String| ExpressionError {
            message,
            source_text: source.to_owned(),
        };
        let program = Program::compile(source)
            .map_err(|errors| error(format!("this is no CEL expression: {errors}")))?;
        let own = FUNCTIONS
            .iter()
            .filter_map(|(example, _)| example.split('(').next());
        let own: Vec<&str> = own.collect();
        let references = program.references();
        if let Some(variable) = references.variables().into_iter().min() {
            return Err(error(format!(
                "there is no variable \"{variable}\"; ask with {}",
                examples()
            )));
        }
        let misspelt = references.functions().into_iter().filter(|name| {
            own.iter()
                .any(|known| *known != *name && strsim::damerau_levenshtein(known, name) == 1)
        });
        if let Some(name) = misspelt.min() {
            return Err(error(format!(
                "there is no function \"{name}\"; there are {}",
                examples()
            )));
        }
        Ok(Self {
            source: source.into(),
            program: Arc::new(program),
        })
    }

    /// The expression as written.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Whether the expression is true of this world.
    ///
    /// # Errors
    /// When it calls what does not exist, or is neither true nor false.
    pub fn holds(&self, cluster: &Cluster) -> Result<bool, ExpressionError> {
        match self.evaluate(cluster)? {
            Value::Bool(answer) => Ok(answer),
            other => Err(self.error(format!(
                "the expression is {} where true or false is needed",
                other.type_of()
            ))),
        }
    }

    fn evaluate(&self, cluster: &Cluster) -> Result<Value, ExpressionError> {
        let world = Arc::new(cluster.clone());
        let mut context = Context::with_env(Arc::clone(&STANDARD));
        let declared = declare(&mut context, &world);
        declared.map_err(|error| self.error(error.to_string()))?;
        self.program
            .execute(&context)
            .map_err(|error| self.error(error.to_string()))
    }

    fn error(&self, message: String) -> ExpressionError {
        ExpressionError {
            message,
            source_text: self.source.to_string(),
        }
    }
}

/// Remembers when an expression was asked, to ask again only when the world has changed in what
/// expressions can see.
#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    asked: Option<(u64, bool, u64)>,
}

impl Watched {
    /// The answer, or none when nothing has changed since the last one.
    pub(super) fn asked(
        &mut self,
        expression: &Expression,
        cluster: &Cluster,
    ) -> Option<Result<bool, ExpressionError>> {
        let state = (
            cluster.store().revision(),
            cluster.is_settled(),
            cluster.now().as_secs(),
        );
        if self.asked == Some(state) {
            return None;
        }
        self.asked = Some(state);
        Some(expression.holds(cluster))
    }

    /// Asks again in any case.
    pub(super) fn forget(&mut self) {
        self.asked = None;
    }
}

fn examples() -> String {
    FUNCTIONS
        .iter()
        .map(|(example, _)| *example)
        .collect::<Vec<_>>()
        .join(", ")
}

fn declare(
    context: &mut Context<'_, '_>,
    world: &Arc<Cluster>,
) -> Result<(), cel::DeclarationError> {
    let cluster = Arc::clone(world);
    context.add_function("settled", move || cluster.is_settled())?;
    let cluster = Arc::clone(world);
    context.add_function("ready", move |name: Arc<String>| ready(&cluster, &name))?;
    let cluster = Arc::clone(world);
    context.add_function("traffic", move |name: Arc<String>| traffic(&cluster, &name))?;
    let cluster = Arc::clone(world);
    context.add_function("revision", move || number(cluster.store().revision()))?;
    let cluster = Arc::clone(world);
    context.add_function("seconds", move || number(cluster.now().as_secs()))?;
    let cluster = Arc::clone(world);
    context.add_function("pods", move |Arguments(words): Arguments| {
        list(&cluster, Kind::Pod, "pods", &words)
    })?;
    let cluster = Arc::clone(world);
    context.add_function("nodes", move |Arguments(words): Arguments| {
        list(&cluster, Kind::Node, "nodes", &words)
    })?;
    let cluster = Arc::clone(world);
    context.add_function("obj", move |Arguments(words): Arguments| {
        object(&cluster, &words)
    })
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The ready pods of the first workload of this name, as its status tells.
fn ready(cluster: &Cluster, name: &str) -> i64 {
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    let kinds = [
        Kind::Deployment,
        Kind::StatefulSet,
        Kind::DaemonSet,
        Kind::ReplicaSet,
        Kind::Job,
    ];
    let objects = kinds
        .iter()
        .filter_map(|kind| cluster.store().get(&Key::new(*kind, namespace, name)));
    let counts = objects.map(|object| match object {
        Object::Deployment(workload) => workload.status.ready_replicas.unwrap_or(0),
        Object::StatefulSet(workload) => workload.status.ready_replicas.unwrap_or(0),
        Object::DaemonSet(workload) => workload.status.number_ready,
        Object::ReplicaSet(workload) => workload.status.ready_replicas.unwrap_or(0),
        Object::Job(workload) => workload.status.ready.unwrap_or(0),
        _ => 0,
    });
    counts.into_iter().next().map_or(0, i64::from)
}

/// What became of the requests to a Service; all is 0 when there never was any.
fn traffic(cluster: &Cluster, name: &str) -> Value {
    let (namespace, name) = name.split_once('/').unwrap_or(("default", name));
    let service = Key::new(Kind::Service, namespace, name);
    let flow = cluster.traffic().flow(&service);
    let none = || Flow::new(service.clone(), cluster.now(), RecordId::default()).to_value();
    from_json(&flow.map_or_else(none, Flow::to_value))
}

fn text(value: &Value, function: &str) -> Result<String, ExecutionError> {
    match value {
        Value::String(text) => Ok(text.to_string()),
        _ => Err(ExecutionError::function_error(function, "wants text")),
    }
}

fn list(
    cluster: &Cluster,
    kind: Kind,
    function: &str,
    words: &[Value],
) -> Result<Value, ExecutionError> {
    let wanted = match words {
        [] => None,
        [one] => {
            let wanted = selector::parse_labels(&text(one, function)?);
            Some(wanted.map_err(|error| ExecutionError::function_error(function, error))?)
        }
        _ => return Err(ExecutionError::invalid_argument_count(1, words.len())),
    };
    let fits = |object: &&Object| {
        wanted
            .as_ref()
            .is_none_or(|wanted| selector::matches_object(wanted, object))
    };
    let found = cluster.store().list(kind, None).filter(fits);
    Ok(Value::List(Arc::new(
        found.map(|object| from_json(&object.to_value())).collect(),
    )))
}

fn object(cluster: &Cluster, words: &[Value]) -> Result<Value, ExecutionError> {
    let words = words
        .iter()
        .map(|word| text(word, "obj"))
        .collect::<Result<Vec<_>, _>>()?;
    let (kind, name, namespace) = match words.as_slice() {
        [kind, name] => (kind, name, "default"),
        [kind, name, namespace] => (kind, name, namespace.as_str()),
        _ => return Err(ExecutionError::invalid_argument_count(2, words.len())),
    };
    let kind = Kind::of_word(kind).ok_or_else(|| {
        ExecutionError::function_error("obj", format!("there is no kind \"{kind}\""))
    })?;
    let found = cluster.store().get(&Key::new(kind, namespace, name));
    Ok(found.map_or(Value::Null, |object| from_json(&object.to_value())))
}

/// JSON as CEL sees it; every whole number is an `int`, so that `== 3` compares like with like.
fn from_json(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(flag) => Value::Bool(*flag),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(items) => {
            Value::List(Arc::new(items.iter().map(from_json).collect()))
        }
        serde_json::Value::Object(fields) => {
            let fields: HashMap<String, Value> = fields
                .iter()
                .map(|(name, value)| (name.clone(), from_json(value)))
                .collect();
            Value::Map(fields.into())
        }
    }
}
