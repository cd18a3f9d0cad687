//! Objects from flags: `kubectl create deployment …` and its like, and `kubectl run`.

mod entries;
mod policy;
mod secret;
mod service;

use serde_json::{Map, Value, json};

use super::UsageError;
use super::command::Command;
use super::flags::{Given, not_set};
use super::resources::{self, Bare};
use super::source::Source;
use crate::api::{Kind, Object};

pub(in super::super) use secret::encoded;

/// Reads `create KIND …` and `run …`.
pub(super) fn create(verb: &str, given: &Given) -> Result<Command, UsageError> {
    let object = match verb {
        "create configmap" => return config_map(given),
        "create secret" => return secret::secret(given),
        "create job" => return job(given),
        "run" => return pod(given),
        "create cronjob" => cron_job(given)?,
        "create deployment" => deployment(given)?,
        "create poddisruptionbudget" => policy::budget(given)?,
        "create priorityclass" => policy::priority_class(given)?,
        "create quota" => policy::quota(given)?,
        "create service" => service::service(given)?,
        "create serviceaccount" => named(Kind::ServiceAccount, given, verb)?,
        _ => named(Kind::Namespace, given, verb)?,
    };
    Ok(Command::Create(Source::Object(Box::new(object))))
}

fn usage(verb: &str, problem: &str) -> UsageError {
    UsageError(format!(
        "error: {problem}\nSee 'kubectl {verb} -h' for help and examples"
    ))
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
fn config_map(given: &Given) -> Result<Command, UsageError> {
    let name = name(given, "create configmap")?;
    let taken = |key: &str| {
        format!(
            "cannot add key \"{key}\", another key by that name already exists in Data for \
             ConfigMap \"{name}\""
        )
    };
    let entries = entries::read(given, taken)?;
    let mut value = json!({"metadata": {"name": name}});
    if !entries.literals.is_empty() {
        value["data"] = entries.literals.into();
    }
    let object = decoded(Kind::ConfigMap, value)?;
    Ok(entries::command(object, entries.from_files))
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
    let containers = images.iter();
    let mut containers: Vec<Value> = containers
        .map(|image| json!({"name": container_name(image), "image": image}))
        .collect();
    // The port is that of the first container.
    if let (Some(port), Some(first)) = (port, containers.first_mut()) {
        first["ports"] = json!([{"containerPort": port}]);
    }
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

/// `create job NAME --image=IMAGE [-- COMMAND]` and `create job NAME --from=cronjob/NAME`.
fn job(given: &Given) -> Result<Command, UsageError> {
    let from = given.text("from").filter(|from| !from.is_empty());
    let has_image = given.text("image").is_some();
    let problem = match &from {
        None if !has_image => Some("either --image or --from must be specified"),
        Some(_) if has_image => Some("either --image or --from must be specified"),
        Some(_) if !given.after_dashes().is_empty() => Some("cannot specify --from and command"),
        _ => None,
    };
    if let Some(problem) = problem {
        return Err(UsageError(format!("error: {problem}")));
    }
    if let Some(from) = from {
        return Ok(Command::JobFrom {
            name: name(given, "create job")?,
            targets: resources::read(given, &[from], Bare::Refused)?,
        });
    }
    let (name, template) = job_template(given, "create job", "Never")?;
    let value = json!({"metadata": {"name": name}, "spec": {"template": template}});
    let object = decoded(Kind::Job, value)?;
    Ok(Command::Create(Source::Object(Box::new(object))))
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

/// `run NAME --image=IMAGE`, with the service for it when it is to be exposed.
fn pod(given: &Given) -> Result<Command, UsageError> {
    let image = image(given)?;
    let mut words = given.arguments();
    if words.is_empty() {
        return Err(usage("run", "NAME is required for run"));
    }
    let name = words.remove(0);
    words.extend(given.after_dashes());
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
        let problem = format!("invalid restart policy: {restart}");
        return Err(usage("run", &problem));
    }
    let container = container(given, &name, &image, words)?;
    let pod = decoded(
        Kind::Pod,
        json!({
            "metadata": {"name": name, "labels": labels},
            "spec": {"containers": [container], "dnsPolicy": "ClusterFirst", "restartPolicy": restart},
        }),
    )?;
    if !given.is_on("expose") {
        return Ok(Command::Create(Source::Object(Box::new(pod))));
    }
    let Some(port) = given.number("port") else {
        let problem = "--port must be set when exposing a service";
        return Err(UsageError(format!("error: {problem}")));
    };
    let ports = json!([{"port": port, "protocol": "TCP", "targetPort": port}]);
    let service = decoded(
        Kind::Service,
        json!({"metadata": {"name": name}, "spec": {"ports": ports, "selector": labels}}),
    )?;
    Ok(Command::Create(Source::Both(Box::new((service, pod)))))
}

fn container(
    given: &Given,
    name: &str,
    image: &str,
    words: Vec<String>,
) -> Result<Value, UsageError> {
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
    Ok(container)
}

pub(super) fn pairs_of(texts: &[String], what: &str) -> Result<Vec<(String, String)>, UsageError> {
    let pairs = texts.iter().map(|text| {
        let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
        pair.map(|(key, value)| (key.to_owned(), value.to_owned()))
            .ok_or_else(|| UsageError(format!("error: invalid {what}: {text}")))
    });
    pairs.collect()
}
