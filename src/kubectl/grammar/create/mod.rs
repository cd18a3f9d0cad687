//! Objects from flags: `kubectl create deployment …` and its like, and `kubectl run`.

mod policy;
mod service;

use serde_json::{Map, Value, json};

use super::command::{Command, Source};
use super::flags::{Given, not_set};
use super::{UsageError, output};
use crate::api::{Kind, Object};
use crate::kubectl::grammar::Output;
use crate::manifest::print;

/// Reads `create KIND …` and `run …`: an object to be made, or the draft of one.
pub(super) fn create(verb: &str, given: &Given) -> Result<Command, UsageError> {
    let object = object(verb, given)?;
    let shown = given.text("output").filter(|text| !text.is_empty());
    let dry = given.text("dry-run");
    match dry.as_deref() {
        None | Some("none") if shown.is_none() => {
            Ok(Command::Create(Source::Object(Box::new(object))))
        }
        None | Some("none") => Err(UsageError(
            "error: Unlike Kubernetes: -o shows what --dry-run=client would send, and nothing else"
                .to_owned(),
        )),
        Some("client" | "unchanged") => draft(&object, given, shown.as_deref()).map(Command::Tell),
        Some("server") => Err(UsageError(
            "error: Unlike Kubernetes: this command knows --dry-run=client only".to_owned(),
        )),
        Some(other) => Err(UsageError(format!(
            "error: Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\"."
        ))),
    }
}

fn object(verb: &str, given: &Given) -> Result<Object, UsageError> {
    match verb {
        "create configmap" => config_map(given),
        "create cronjob" => cron_job(given),
        "create deployment" => deployment(given),
        "create job" => job(given),
        "create namespace" => named(Kind::Namespace, given, verb),
        "create poddisruptionbudget" => policy::budget(given),
        "create priorityclass" => policy::priority_class(given),
        "create quota" => policy::quota(given),
        "create secret" => policy::secret(given),
        "create service" => service::service(given),
        "create serviceaccount" => named(Kind::ServiceAccount, given, verb),
        _ => pod(given),
    }
}

/// What `--dry-run=client` prints.
fn draft(object: &Object, given: &Given, shown: Option<&str>) -> Result<String, UsageError> {
    let mut object = object.clone();
    let namespace = given
        .text("namespace")
        .filter(|_| object.kind().info().namespaced);
    if let Some(namespace) = namespace {
        object.metadata_mut().namespace = Some(namespace);
    }
    let name = format!(
        "{}/{}",
        object.kind().info().qualified_singular(),
        object.name()
    );
    match output::read(shown)? {
        Output::Table => Ok(format!("{name} created (dry run)\n")),
        Output::Name => Ok(format!("{name}\n")),
        Output::Json => Ok(print::to_json_pretty(&object.to_value())),
        Output::Yaml => Ok(print::to_yaml(&object.to_value())),
        _ => Err(UsageError(
            "error: Unlike Kubernetes: a draft is shown as yaml, json or name".to_owned(),
        )),
    }
}

/// The one name that the line gives.
fn name(given: &Given, verb: &str) -> Result<String, UsageError> {
    let mut names = given.arguments();
    match (names.pop(), names.len()) {
        (Some(name), 0) => Ok(name),
        (last, others) => {
            let count = others + usize::from(last.is_some());
            Err(UsageError(format!(
                "error: exactly one NAME is required, got {count}\nSee 'kubectl {verb} -h' for \
                 help and examples"
            )))
        }
    }
}

fn image(given: &Given) -> Result<String, UsageError> {
    given.text("image").ok_or_else(|| not_set("image"))
}

fn decoded(kind: Kind, value: Value) -> Result<Object, UsageError> {
    Object::from_value(kind, value).map_err(|problem| UsageError(format!("error: {problem}")))
}

/// `create configmap NAME --from-literal=key=value`.
fn config_map(given: &Given) -> Result<Object, UsageError> {
    let name = name(given, "create configmap")?;
    let mut entries = Map::new();
    for literal in given.texts("from-literal") {
        let Some((key, value)) = literal.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            return Err(UsageError(format!(
                "error: invalid literal source {literal}, expected key=value"
            )));
        };
        let earlier = entries.insert(key.to_owned(), value.into());
        if earlier.is_some() {
            return Err(UsageError(format!(
                "error: cannot add key \"{key}\", another key by that name already exists in \
                 Data for ConfigMap \"{name}\""
            )));
        }
    }
    decoded(
        Kind::ConfigMap,
        json!({"metadata": {"name": name}, "data": entries}),
    )
}

/// `create namespace NAME` and `create serviceaccount NAME`.
fn named(kind: Kind, given: &Given, verb: &str) -> Result<Object, UsageError> {
    let name = name(given, verb)?;
    decoded(kind, json!({"metadata": {"name": name}}))
}

/// `create deployment NAME --image=IMAGE`.
fn deployment(given: &Given) -> Result<Object, UsageError> {
    let images = given.texts("image");
    if images.is_empty() {
        return Err(not_set("image"));
    }
    let name = name(given, "create deployment")?;
    let port = given.number("port");
    let containers: Vec<Value> = images
        .iter()
        .map(|image| {
            let mut container = json!({"name": container_name(image), "image": image});
            if let Some(port) = port {
                container["ports"] = json!([{"containerPort": port}]);
            }
            container
        })
        .collect();
    let labels = json!({"app": name});
    decoded(
        Kind::Deployment,
        json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {
                "replicas": given.number("replicas").unwrap_or(1),
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
            },
        }),
    )
}

/// A container is named after the last part of its image, without tag or digest.
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    let name = last.split([':', '@']).next().unwrap_or(last);
    name.to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

/// `create job NAME --image=IMAGE [-- COMMAND]`.
fn job(given: &Given) -> Result<Object, UsageError> {
    let (name, template) = job_template(given, "create job", "Never")?;
    decoded(
        Kind::Job,
        json!({"metadata": {"name": name}, "spec": {"template": template}}),
    )
}

/// `create cronjob NAME --image=IMAGE --schedule='* * * * *' [-- COMMAND]`.
fn cron_job(given: &Given) -> Result<Object, UsageError> {
    image(given)?;
    let schedule = given.text("schedule").ok_or_else(|| not_set("schedule"))?;
    let restart = given.text("restart");
    let restart = restart.as_deref().unwrap_or("OnFailure");
    let (name, template) = job_template(given, "create cronjob", restart)?;
    decoded(
        Kind::CronJob,
        json!({
            "metadata": {"name": name},
            "spec": {
                "schedule": schedule,
                "jobTemplate": {"metadata": {"name": name}, "spec": {"template": template}},
            },
        }),
    )
}

fn job_template(
    given: &Given,
    verb: &str,
    restart_policy: &str,
) -> Result<(String, Value), UsageError> {
    let image = image(given)?;
    let name = name(given, verb)?;
    let mut container = json!({"name": name, "image": image});
    let command = given.after_dashes();
    if !command.is_empty() {
        container["command"] = command.into();
    }
    let template = json!({"spec": {"containers": [container], "restartPolicy": restart_policy}});
    Ok((name, template))
}

/// `run NAME --image=IMAGE`.
fn pod(given: &Given) -> Result<Object, UsageError> {
    let image = image(given)?;
    let mut words = given.arguments();
    if words.is_empty() {
        return Err(UsageError(
            "error: NAME is required for run\nSee 'kubectl run -h' for help and examples"
                .to_owned(),
        ));
    }
    let name = words.remove(0);
    words.extend(given.after_dashes());
    let mut container = json!({"name": name, "image": image});
    if !words.is_empty() {
        let field = if given.is_on("command") {
            "command"
        } else {
            "args"
        };
        container[field] = words.into();
    }
    if let Some(port) = given.number("port") {
        container["ports"] = json!([{"containerPort": port}]);
    }
    let variables = pairs_of(&given.texts("env"), "env")?;
    if !variables.is_empty() {
        let list = variables.iter();
        container["env"] = list
            .map(|(name, value)| json!({"name": name, "value": value}))
            .collect();
    }
    let mut labels: Map<String, Value> = pairs_of(&given.texts("labels"), "label")?
        .into_iter()
        .map(|(key, value)| (key, value.into()))
        .collect();
    if labels.is_empty() {
        labels.insert("run".to_owned(), name.as_str().into());
    }
    let restart = given.text("restart");
    let restart = restart.as_deref().unwrap_or("Always");
    if !matches!(restart, "Always" | "OnFailure" | "Never") {
        return Err(UsageError(format!(
            "error: invalid restart policy: {restart}\nSee 'kubectl run -h' for help and examples"
        )));
    }
    decoded(
        Kind::Pod,
        json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        }),
    )
}

fn pairs_of(texts: &[String], what: &str) -> Result<Vec<(String, String)>, UsageError> {
    let pairs = texts.iter().map(|text| {
        let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
        pair.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .ok_or_else(|| UsageError(format!("error: invalid {what}: {text}")))
    });
    pairs.collect()
}
