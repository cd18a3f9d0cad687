//! What a pod names beside itself, ConfigMaps, Secrets and claims: whether a container or a volume
//! can be made of what there is of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::api::{Key, Kind, Node, Object, Pod, core, volume};

/// What the API server said of an object that a pod names.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// There it is.
    There(Object),
    /// There is none.
    Absent,
    /// It could not be asked: why.
    Unknown(String),
}

/// Everything that was asked for at once.
pub(super) type Answers = BTreeMap<Key, Found>;

/// A volume that cannot be mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// Its content is not there: the setting up fails, and is tried again by itself.
    SetUp(String),
    /// Its claim cannot be used: the kubelet does not know what to mount.
    Claim(String),
    /// It is not attached to the node yet, which the kubelet cannot do itself.
    Attachment,
}

/// A ConfigMap or a Secret as a spec names it.
#[derive(Clone, Debug)]
struct Source<'a> {
    kind: Kind,
    name: &'a str,
    is_optional: bool,
    /// The keys that it must have.
    keys: Vec<&'a str>,
}

impl<'a> Source<'a> {
    fn new(kind: Kind, name: &'a str, optional: Option<bool>) -> Self {
        Self {
            kind,
            name,
            is_optional: optional == Some(true),
            keys: Vec::new(),
        }
    }

    fn with_items(mut self, items: Option<&'a Vec<core::KeyToPath>>) -> Self {
        let items = items.map(Vec::as_slice).unwrap_or_default();
        self.keys = items.iter().map(|item| item.key.as_str()).collect();
        self
    }

    fn with_key(mut self, key: &'a str) -> Self {
        self.keys.push(key);
        self
    }

    fn key(&self, namespace: &str) -> Key {
        Key::new(self.kind, namespace, self.name)
    }

    /// Whether it is there, with every key that is asked of it; else what `lacks` says of the first
    /// key that it lacks. Without it, an optional one lacks nothing.
    fn check(
        &self,
        namespace: &str,
        answers: &Answers,
        lacks: impl Fn(&Self, &str) -> String,
    ) -> Result<(), String> {
        let word = self.kind.info().qualified_singular();
        match answers.get(&self.key(namespace)) {
            Some(Found::There(object)) => {
                let mut keys = self.keys.iter().filter(|key| !has_key(object, key));
                match keys.next() {
                    Some(key) if !self.is_optional => Err(lacks(self, key)),
                    _ => Ok(()),
                }
            }
            Some(Found::Unknown(_)) => Err(format!(
                "failed to sync {word} cache: timed out waiting for the condition"
            )),
            Some(Found::Absent) | None if self.is_optional => Ok(()),
            Some(Found::Absent) | None => Err(format!("{word} \"{}\" not found", self.name)),
        }
    }
}

fn has_key(object: &Object, key: &str) -> bool {
    match object {
        Object::ConfigMap(map) => {
            let has_text = map
                .spec
                .data
                .as_ref()
                .is_some_and(|it| it.contains_key(key));
            let binary = map.spec.binary_data.as_ref();
            has_text || binary.is_some_and(|it| it.contains_key(key))
        }
        Object::Secret(secret) => {
            let data = secret.spec.data.as_ref();
            data.is_some_and(|it| it.contains_key(key))
        }
        _ => false,
    }
}

/// What a container's environment is made of, in the order in which the kubelet makes it.
fn of_environment(container: &core::Container) -> impl Iterator<Item = Source<'_>> {
    let whole = container.env_from.iter().flatten().flat_map(|from| {
        let map = from.config_map_ref.as_ref();
        let secret = from.secret_ref.as_ref();
        let map = map.map(|it| Source::new(Kind::ConfigMap, &it.name, it.optional));
        let secret = secret.map(|it| Source::new(Kind::Secret, &it.name, it.optional));
        map.into_iter().chain(secret)
    });
    let variables = container.env.iter().flatten();
    let single = variables.filter_map(|variable| variable.value_from.as_ref());
    let single = single.flat_map(|from| {
        let map = from.config_map_key_ref.as_ref();
        let secret = from.secret_key_ref.as_ref();
        let map =
            map.map(|it| Source::new(Kind::ConfigMap, &it.name, it.optional).with_key(&it.key));
        let secret =
            secret.map(|it| Source::new(Kind::Secret, &it.name, it.optional).with_key(&it.key));
        map.into_iter().chain(secret)
    });
    whole.chain(single)
}

/// What has to be asked for before a container can be created.
pub(super) fn by_environment(namespace: &str, container: &core::Container) -> BTreeSet<Key> {
    of_environment(container)
        .map(|source| source.key(namespace))
        .collect()
}

/// Whether the environment of a container can be made.
/// Source: `makeEnvironmentVariables` of `pkg/kubelet/kubelet_pods.go`.
///
/// # Errors
/// The first thing that is missing, in the words of the kubelet.
pub(super) fn environment(
    namespace: &str,
    container: &core::Container,
    answers: &Answers,
) -> Result<(), String> {
    let lacks = |source: &Source<'_>, key: &str| {
        let kind = source.kind.info().name;
        format!(
            "couldn't find key {key} in {kind} {namespace}/{}",
            source.name
        )
    };
    of_environment(container).try_for_each(|source| source.check(namespace, answers, lacks))
}

/// The volumes that some container mounts; no others are made.
fn mounted(pod: &Pod) -> impl Iterator<Item = &core::Volume> {
    let initial = pod.spec.init_containers.iter().flatten();
    let containers = initial.chain(&pod.spec.containers);
    let names: BTreeSet<&str> = containers
        .flat_map(|container| {
            let mounts = container.volume_mounts.iter().flatten();
            let devices = container.volume_devices.iter().flatten();
            let mounts = mounts.map(|mount| mount.name.as_str());
            mounts.chain(devices.map(|device| device.name.as_str()))
        })
        .collect();
    let volumes = pod.spec.volumes.iter().flatten();
    volumes.filter(move |volume| names.contains(volume.name.as_str()))
}

/// The ConfigMaps and Secrets that a volume is made of.
fn of_volume(volume: &core::Volume) -> Vec<Source<'_>> {
    let mut sources = Vec::new();
    if let Some(map) = &volume.config_map {
        let source = Source::new(Kind::ConfigMap, &map.name, map.optional);
        sources.push(source.with_items(map.items.as_ref()));
    }
    if let Some(secret) = &volume.secret {
        let name = secret.secret_name.as_deref().unwrap_or_default();
        let source = Source::new(Kind::Secret, name, secret.optional);
        sources.push(source.with_items(secret.items.as_ref()));
    }
    let projected = volume.projected.as_ref();
    for projection in projected.iter().flat_map(|it| it.sources.iter().flatten()) {
        if let Some(secret) = &projection.secret {
            let source = Source::new(Kind::Secret, &secret.name, secret.optional);
            sources.push(source.with_items(secret.items.as_ref()));
        } else if let Some(map) = &projection.config_map {
            let source = Source::new(Kind::ConfigMap, &map.name, map.optional);
            sources.push(source.with_items(map.items.as_ref()));
        }
    }
    sources
}

/// What has to be asked for before the volumes of a pod can be mounted.
pub(super) fn by_volumes(pod: &Pod) -> BTreeSet<Key> {
    let namespace = pod.namespace();
    mounted(pod)
        .flat_map(|volume| {
            let sources = of_volume(volume);
            let claim = volume.persistent_volume_claim.as_ref();
            let claim = claim
                .map(|claim| Key::new(Kind::PersistentVolumeClaim, namespace, &claim.claim_name));
            let keys = sources.into_iter().map(|source| source.key(namespace));
            keys.chain(claim).collect::<Vec<Key>>()
        })
        .collect()
}

/// The volumes behind the claims, which have to be asked for once the claims are known.
pub(super) fn behind_claims(pod: &Pod, answers: &Answers) -> BTreeSet<Key> {
    let names = mounted(pod).filter_map(|volume| volume.persistent_volume_claim.as_ref());
    let bound =
        names.filter_map(|claim| claim_of(pod.namespace(), &claim.claim_name, answers).ok());
    let keys = bound.map(|name| Key::new(Kind::PersistentVolume, "", name));
    keys.filter(|key| !answers.contains_key(key)).collect()
}

/// The volumes of a pod that cannot be mounted on the node, by name.
pub(super) fn obstacles(
    pod: &Pod,
    answers: &Answers,
    node: Option<&Node>,
) -> BTreeMap<String, Obstacle> {
    let volumes = mounted(pod).filter_map(|volume| {
        let obstacle = match &volume.persistent_volume_claim {
            Some(claim) => match claim_of(pod.namespace(), &claim.claim_name, answers) {
                Err(why) => Some(Obstacle::Claim(why)),
                Ok(name) => is_missing(name, answers, node).then_some(Obstacle::Attachment),
            },
            None => content_of(pod.namespace(), volume, answers)
                .err()
                .map(Obstacle::SetUp),
        };
        Some((volume.name.clone(), obstacle?))
    });
    volumes.collect()
}

/// Whether the content of a volume is there. Of a projected one, everything that is missing is said.
/// Source: `MakePayload` and `SetUpAt` of `pkg/volume/configmap`, `secret` and `projected`.
fn content_of(namespace: &str, volume: &core::Volume, answers: &Answers) -> Result<(), String> {
    let lacks = |source: &Source<'_>, key: &str| {
        let what = match source.kind {
            Kind::Secret => "secret",
            _ => "config",
        };
        format!("references non-existent {what} key: {key}")
    };
    let mut wrong: Vec<String> = Vec::new();
    for source in of_volume(volume) {
        if let Err(why) = source.check(namespace, answers, lacks)
            && !wrong.contains(&why)
        {
            wrong.push(why);
        }
    }
    match wrong.as_slice() {
        [] => Ok(()),
        [only] => Err(only.clone()),
        several => Err(format!("[{}]", several.join(", "))),
    }
}

/// Whether a volume has to be attached to the node and is not.
/// Source: `GenerateVerifyControllerAttachedVolumeFunc` of `operation_generator.go`.
fn is_missing(name: &str, answers: &Answers, node: Option<&Node>) -> bool {
    let key = Key::new(Kind::PersistentVolume, "", name);
    let Some(Found::There(Object::PersistentVolume(found))) = answers.get(&key) else {
        return false;
    };
    let attached = |name: String| {
        let mut attached = node.into_iter().flat_map(volume::attached);
        attached.any(|each| each == name)
    };
    volume::attachment(found).is_some_and(|name| !attached(name))
}

/// The name of the volume that a claim stands for, if it can be used.
/// Source: `getPVCExtractPV` of `desired_state_of_world_populator.go`.
fn claim_of<'a>(namespace: &str, name: &str, answers: &'a Answers) -> Result<&'a str, String> {
    let key = Key::new(Kind::PersistentVolumeClaim, namespace, name);
    let fetch = |why: &str| format!("failed to fetch PVC from API server: {why}");
    let why = match answers.get(&key) {
        Some(Found::There(Object::PersistentVolumeClaim(claim))) => {
            if claim.is_terminating() {
                "PVC is being deleted".to_owned()
            } else if claim.status.phase.as_deref() != Some("Bound") {
                "PVC is not bound".to_owned()
            } else if volume::volume_name(claim).is_empty() {
                "PVC has empty pvc.Spec.VolumeName".to_owned()
            } else {
                return Ok(volume::volume_name(claim));
            }
        }
        Some(Found::Unknown(why)) => fetch(why),
        _ => fetch(&format!("persistentvolumeclaims \"{name}\" not found")),
    };
    Err(format!("error processing PVC {namespace}/{name}: {why}"))
}
