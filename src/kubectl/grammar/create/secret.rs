//! Secrets from flags: `create secret generic|docker-registry|tls NAME`.
//! Source: `kubectl/pkg/cmd/create/create_secret*.go`, Kubernetes 1.34.

use k8s_openapi::ByteString;
use serde_json::{Map, Value, json};

use super::super::UsageError;
use super::super::command::Command;
use super::super::flags::Given;
use super::super::source::Entry;
use super::{decoded, entries, usage};
use crate::api::Kind;

/// Where a registry is when none is named.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Bytes as a Secret holds them.
pub(in super::super::super) fn encoded(bytes: &[u8]) -> Value {
    json!(ByteString(bytes.to_vec()))
}

pub(super) fn secret(given: &Given) -> Result<Command, UsageError> {
    let words = given.arguments();
    let (sort, names) = match words.split_first() {
        Some((sort, names)) if ["docker-registry", "generic", "tls"].contains(&sort.as_str()) => {
            (sort.as_str(), names)
        }
        _ => {
            return Err(UsageError(
                "error: kubectl create secret needs one of: docker-registry, generic, tls"
                    .to_owned(),
            ));
        }
    };
    let [name] = names else {
        let count = names.len();
        let problem = format!("exactly one NAME is required, got {count}");
        return Err(usage(&format!("create secret {sort}"), &problem));
    };
    let (data, from_files, type_) = match sort {
        "generic" => generic(given)?,
        "tls" => pair(given)?,
        _ => registry(given)?,
    };
    let mut value = json!({"metadata": {"name": name}});
    if let Some(type_) = type_ {
        value["type"] = type_.into();
    }
    if !data.is_empty() {
        value["data"] = data.into();
    }
    Ok(entries::command(decoded(Kind::Secret, value)?, from_files))
}

/// The data, what comes from files, and the type.
type Parts = (Map<String, Value>, Vec<Entry>, Option<String>);

fn generic(given: &Given) -> Result<Parts, UsageError> {
    let taken =
        |key: &str| format!("cannot add key {key}, another key by that name already exists");
    let entries = entries::read(given, taken)?;
    let encode = |(key, value): (String, Value)| {
        let bytes = encoded(value.as_str().unwrap_or_default().as_bytes());
        (key, bytes)
    };
    let data = entries.literals.into_iter().map(encode).collect();
    let type_ = given.text("type").filter(|text| !text.is_empty());
    Ok((data, entries.from_files, type_))
}

/// Unlike Kubernetes: whether the key is that of the certificate is not looked at.
fn pair(given: &Given) -> Result<Parts, UsageError> {
    let file = |flag: &str| given.text(flag).filter(|text| !text.is_empty());
    let (Some(certificate), Some(key)) = (file("cert"), file("key")) else {
        return Err(UsageError(
            "error: key and cert must be specified".to_owned(),
        ));
    };
    let entries = vec![
        Entry::Whole("tls.crt".to_owned(), certificate),
        Entry::Whole("tls.key".to_owned(), key),
    ];
    Ok((Map::new(), entries, Some("kubernetes.io/tls".to_owned())))
}

fn registry(given: &Given) -> Result<Parts, UsageError> {
    let text = |flag: &str| given.text(flag).filter(|text| !text.is_empty());
    let (Some(user), Some(password)) = (text("docker-username"), text("docker-password")) else {
        return Err(UsageError(
            "error: either --from-file or the combination of --docker-username, \
             --docker-password and --docker-server is required"
                .to_owned(),
        ));
    };
    let auth = encoded(format!("{user}:{password}").as_bytes());
    let mut entry = json!({"username": user, "password": password, "auth": auth});
    if let Some(address) = text("docker-email") {
        entry["email"] = address.into();
    }
    let server = text("docker-server").unwrap_or_else(|| DOCKER_HUB.to_owned());
    let file = json!({"auths": {server: entry}}).to_string();
    let data = Map::from_iter([(".dockerconfigjson".to_owned(), encoded(file.as_bytes()))]);
    Ok((
        data,
        Vec::new(),
        Some("kubernetes.io/dockerconfigjson".to_owned()),
    ))
}
