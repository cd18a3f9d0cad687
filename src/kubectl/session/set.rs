//! `kubectl set env`, `set resources`, `set selector`, `set serviceaccount`: the change to one object.

use serde_json::{Map, Value, json};

use super::change::{Change, difference, own};
use super::failure::Failure;
use crate::api::{Kind, Object};
use crate::kubectl::grammar::Setting;

/// The change that a setting makes, or nothing where all is so already.
pub(super) fn change(object: &Object, setting: &Setting) -> Result<Change, Failure> {
    let before = object.to_value();
    let mut after = before.clone();
    let said = match setting {
        Setting::Environment {
            containers,
            set,
            remove,
        } => {
            each_container(object, &mut after, containers, |container| {
                environment(container, set, remove);
            })?;
            "env updated"
        }
        Setting::Resources {
            containers,
            limits,
            requests,
        } => {
            each_container(object, &mut after, containers, |container| {
                amounts(container, "limits", limits);
                amounts(container, "requests", requests);
            })?;
            "resource requirements updated"
        }
        Setting::Selector(pairs) => {
            if object.kind() != Kind::Service {
                return Err(own(format!(
                    "setting a selector is only supported for Services; {} is none",
                    super::change::quoted(object)
                )));
            }
            let pairs = pairs
                .iter()
                .map(|(key, value)| (key.clone(), value.as_str().into()));
            after["spec"]["selector"] = Value::Object(pairs.collect());
            "selector updated"
        }
        Setting::ServiceAccount(name) => {
            let spec = pod_spec(object, &mut after)?;
            spec["serviceAccountName"] = name.as_str().into();
            "serviceaccount updated"
        }
    };
    if before == after {
        return Ok(Change::Nothing);
    }
    difference(object.kind(), &before, &after, said)
}

fn pod_spec<'a>(object: &Object, value: &'a mut Value) -> Result<&'a mut Value, Failure> {
    let path = object.kind().template_path();
    let spec = path.and_then(|path| value.pointer_mut(&format!("{path}/spec")));
    spec.ok_or_else(|| {
        let plural = object.kind().info().plural;
        own(format!(
            "{plural}/{} the object is not a pod or does not have a pod template",
            object.name()
        ))
    })
}

/// Changes the containers of this name; `*` stands for all.
fn each_container(
    object: &Object,
    value: &mut Value,
    name: &str,
    mut change: impl FnMut(&mut Value),
) -> Result<(), Failure> {
    let spec = pod_spec(object, value)?;
    let mut found = false;
    for container in spec["containers"].as_array_mut().into_iter().flatten() {
        if name == "*" || container["name"] == name {
            change(container);
            found = true;
        }
    }
    if found {
        Ok(())
    } else {
        Err(own(format!("unable to find container named {name}")))
    }
}

fn environment(container: &mut Value, set: &[(String, String)], remove: &[String]) {
    let mut list = container["env"].as_array().cloned().unwrap_or_default();
    list.retain(|each| !remove.iter().any(|name| each["name"] == name.as_str()));
    for (name, value) in set {
        let entry = json!({"name": name, "value": value});
        match list.iter_mut().find(|each| each["name"] == name.as_str()) {
            Some(place) => *place = entry,
            None => list.push(entry),
        }
    }
    if !list.is_empty() || !container["env"].is_null() {
        container["env"] = list.into();
    }
}

fn amounts(container: &mut Value, field: &str, amounts: &[(String, String)]) {
    if amounts.is_empty() {
        return;
    }
    let known = container["resources"][field].as_object().cloned();
    let mut map: Map<String, Value> = known.unwrap_or_default();
    for (name, amount) in amounts {
        map.insert(name.clone(), amount.as_str().into());
    }
    container["resources"][field] = map.into();
}
