//! Names and sizes of images, the images of one node, and the pulls that wait for each other.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::api::Key;
use crate::sim::{Random, Time};

/// The smallest image that the registry has, in bytes.
const LEAST_BYTES: u64 = 5_000_000;

/// The largest.
const MOST_BYTES: u64 = 400_000_000;

/// An image name in full: `docker.io/library/nginx:1.29` for `nginx:1.29`.
/// Source: the normalised names of `github.com/distribution/reference`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// `docker.io/library/nginx`.
    pub repository: String,
    /// `:1.29` or `@sha256:…`.
    pub version: String,
}

impl Reference {
    /// Reads the name of an image as a pod spec has it.
    ///
    /// # Errors
    /// Says why it is no name, in the words of the kubelet.
    pub fn parse(image: &str) -> Result<Self, String> {
        let wrong = |why: &str| {
            format!(
                "Failed to apply default image tag \"{image}\": couldn't parse image name \
                 \"{image}\": invalid reference format{why}"
            )
        };
        let (name, version) = split_version(image);
        let is_path = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        let (registry, path) = match name.split_once('/') {
            Some((first, rest)) if first.contains(['.', ':']) || first == "localhost" => {
                (first, rest.to_owned())
            }
            Some(_) => ("docker.io", name.to_owned()),
            None => ("docker.io", format!("library/{name}")),
        };
        if path.contains(|c: char| c.is_ascii_uppercase()) {
            return Err(wrong(&format!(
                ": repository name ({path}) must be lowercase"
            )));
        }
        let is_empty = path.split('/').any(str::is_empty);
        let has_bad_version = version.len() == 1 || version.contains(char::is_whitespace);
        if is_empty || !path.chars().all(is_path) || registry.is_empty() || has_bad_version {
            return Err(wrong(""));
        }
        let version = if version.is_empty() {
            ":latest"
        } else {
            version
        };
        Ok(Self {
            repository: format!("{registry}/{path}"),
            version: version.to_owned(),
        })
    }

    /// The whole name.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}{}", self.repository, self.version)
    }

    /// The host that the image comes from.
    #[must_use]
    pub fn registry(&self) -> &str {
        self.repository.split('/').next().unwrap_or_default()
    }

    /// The content address: `docker.io/library/nginx@sha256:…`.
    #[must_use]
    pub fn digest(&self) -> String {
        match self.version.split_once('@') {
            Some((_, digest)) => format!("{}@{digest}", self.repository),
            None => format!("{}@sha256:{}", self.repository, hex_of(&self.name())),
        }
    }

    /// How many bytes a pull transfers. Versions of one image differ by a twentieth at most.
    ///
    /// Unlike Kubernetes: no registry is asked; the name decides.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let share = |name: &str| Random::stream(0, name).below(1000);
        let size = share(&self.repository);
        let base = LEAST_BYTES + (MOST_BYTES - LEAST_BYTES) * size * size / 1_000_000;
        base - base / 20 * share(&self.name()) / 1000
    }
}

/// Cuts `:tag` or `@digest` off. Where both are given the digest decides and the tag is dropped.
fn split_version(image: &str) -> (&str, &str) {
    let (tagged, digest) = image.split_at(image.find('@').unwrap_or(image.len()));
    let path = tagged.rfind('/').map_or(0, |slash| slash + 1);
    let name = tagged[path..]
        .find(':')
        .map_or(tagged.len(), |colon| path + colon);
    let (name, tag) = tagged.split_at(name);
    (name, if digest.is_empty() { tag } else { digest })
}

/// 64 hexadecimal digits that depend on a text alone.
pub(super) fn hex_of(text: &str) -> String {
    let mut random = Random::stream(0, text);
    (0..64)
        .filter_map(|_| char::from_digit(u32::try_from(random.below(16)).ok()?, 16))
        .collect()
}

/// An image on the disk of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its whole name.
    pub name: Arc<str>,
    /// Its size.
    pub bytes: u64,
    /// Since when it is there.
    pub since: Time,
    /// When a pod that used it was last seen to be gone, or when it came.
    pub last_used: Time,
}

/// What one node knows of images: those it has, and those that no registry has.
#[derive(Clone, Debug, Default)]
pub(super) struct Images {
    present: Vec<Image>,
    missing: BTreeSet<String>,
}

impl Images {
    /// The images on the disk, largest first.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Image> {
        self.present.iter()
    }

    /// Whether the image of this whole name is on the disk.
    #[must_use]
    pub(super) fn has(&self, name: &str) -> bool {
        self.present.iter().any(|image| *image.name == *name)
    }

    pub(super) fn add(&mut self, image: Image) {
        if !self.has(&image.name) {
            self.present.push(image);
            self.present
                .sort_by(|one, two| (two.bytes, &one.name).cmp(&(one.bytes, &two.name)));
        }
    }

    /// Takes an image off the disk.
    pub(super) fn remove(&mut self, name: &str) {
        self.present.retain(|image| *image.name != *name);
    }

    /// A pod that used an image is gone.
    pub(super) fn used(&mut self, name: &str, now: Time) {
        if let Some(image) = self.present.iter_mut().find(|each| *each.name == *name) {
            image.last_used = now;
        }
    }

    pub(super) fn set_missing(&mut self, name: String, is_missing: bool) {
        if is_missing {
            self.missing.insert(name);
        } else {
            self.missing.remove(&name);
        }
    }

    /// What the runtime says when the image cannot be had: nobody has it, or its host does not
    /// exist. Hosts below `invalid` never do (RFC 2606).
    pub(super) fn refusal(&self, reference: &Reference) -> Option<String> {
        let name = reference.name();
        let head = format!(
            "failed to pull and unpack image \"{name}\": failed to resolve reference \"{name}\": "
        );
        let registry = reference.registry();
        if registry.ends_with(".invalid") {
            let path = &reference.repository[registry.len()..];
            let version = &reference.version[1..];
            return Some(format!(
                "{head}failed to do request: Head \"https://{registry}/v2{path}/manifests/{version}\": \
                 dial tcp: lookup {registry}: no such host"
            ));
        }
        self.missing
            .contains(&name)
            .then(|| format!("{head}{name}: not found"))
    }
}

/// A pull that somebody wants.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Its number on this node.
    pub number: u64,
    /// The pod that wants it.
    pub pod: Key,
    /// Its uid.
    pub uid: Arc<str>,
    /// The place of the container in the pod.
    pub place: usize,
    /// The image as the pod spec names it.
    pub image: Arc<str>,
    /// Since when.
    pub since: Time,
}

/// The pull that is under way.
#[derive(Clone, Debug)]
pub struct Pull {
    /// Who wants it.
    pub wanted: Wanted,
    /// When it began.
    pub begun: Time,
    /// When it will be done, as far as is known.
    pub ends: Time,
    /// How many bytes it transfers.
    pub bytes: u64,
    pub(super) turn: u32,
    left: u64,
    counted: Time,
}

/// A registry that gives fewer bytes for some time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slowness {
    /// How many times fewer.
    pub(super) factor: u32,
    /// Until when.
    pub(super) until: Time,
}

/// The pulls of a node: one after the other, as `serializeImagePulls` has it by default.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulls {
    /// The one under way.
    pub(super) current: Option<Pull>,
    /// Those that wait, first come first.
    pub(super) waiting: VecDeque<Wanted>,
    pub(super) slowness: Option<Slowness>,
    next_number: u64,
}

impl Pulls {
    /// Puts a wish at the end and says how many come before it.
    pub(super) fn want(
        &mut self,
        (pod, uid): (&Key, &Arc<str>),
        (place, image): (usize, &Arc<str>),
        now: Time,
    ) -> usize {
        let before = self.waiting.len() + usize::from(self.current.is_some());
        self.waiting.push_back(Wanted {
            number: self.next_number,
            pod: pod.clone(),
            uid: Arc::clone(uid),
            place,
            image: Arc::clone(image),
            since: now,
        });
        self.next_number += 1;
        before
    }

    /// Begins the pull of `bytes` that starts to transfer after `overhead`.
    pub(super) fn begin(
        &mut self,
        wanted: Wanted,
        bytes: u64,
        (now, overhead, speed): (Time, Duration, u64),
    ) -> &Pull {
        let counted = now + overhead;
        self.current.insert(Pull {
            wanted,
            begun: now,
            ends: transfer_end(bytes, counted, speed, self.slowness),
            bytes,
            turn: 0,
            left: bytes,
            counted,
        })
    }

    /// Changes the speed from now on, also of the pull under way, which then gets a new end.
    pub(super) fn slow_down(&mut self, slowness: Slowness, now: Time, speed: u64) {
        let before = self.slowness.replace(slowness);
        let Some(pull) = &mut self.current else {
            return;
        };
        let moved = transferred(pull.counted, now, speed, before);
        pull.left = pull.left.saturating_sub(moved);
        pull.counted = pull.counted.max(now);
        pull.ends = transfer_end(pull.left, pull.counted, speed, self.slowness);
        pull.turn += 1;
    }

    /// Forgets what a pod wants.
    pub(super) fn forget(&mut self, uid: &str) {
        self.waiting.retain(|wanted| *wanted.uid != *uid);
    }

    /// Forgets everything: the machine is off.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
        self.current = None;
    }
}

impl Pull {
    /// The share that is done, in per cent.
    #[must_use]
    pub fn percent(&self, now: Time) -> u64 {
        let whole = self.ends.since(self.begun).as_nanos().max(1);
        let done = now.since(self.begun).as_nanos().min(whole);
        u64::try_from(done * 100 / whole).unwrap_or(100)
    }
}

/// When `bytes` are through that begin to flow at `from`.
fn transfer_end(bytes: u64, from: Time, speed: u64, slowness: Option<Slowness>) -> Time {
    let Some(slow) = slowness.filter(|slow| slow.until > from) else {
        return from + flow(bytes, speed, 1);
    };
    let end = from + flow(bytes, speed, slow.factor);
    if end <= slow.until {
        return end;
    }
    let moved = transferred(from, slow.until, speed, slowness);
    slow.until + flow(bytes.saturating_sub(moved), speed, 1)
}

fn flow(bytes: u64, speed: u64, factor: u32) -> Duration {
    let nanos = u128::from(bytes) * 1_000_000_000 * u128::from(factor.max(1));
    let nanos = nanos / u128::from(speed.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// How many bytes flow between two moments of one slowness.
fn transferred(from: Time, to: Time, speed: u64, slowness: Option<Slowness>) -> u64 {
    let bytes = |span: Duration, factor: u32| {
        let bytes = span.as_nanos() * u128::from(speed) / u128::from(factor.max(1));
        u64::try_from(bytes / 1_000_000_000).unwrap_or(u64::MAX)
    };
    match slowness.filter(|slow| slow.until > from) {
        None => bytes(to.since(from), 1),
        Some(slow) => {
            let edge = slow.until.min(to);
            bytes(edge.since(from), slow.factor) + bytes(to.since(edge), 1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Kind;

    #[test]
    fn k3_image_names_get_their_registry_and_tag() {
        for (image, name) in [
            ("nginx", "docker.io/library/nginx:latest"),
            ("nginx:1.29", "docker.io/library/nginx:1.29"),
            ("grafana/loki:3", "docker.io/grafana/loki:3"),
            ("registry.k8s.io/pause:3.10", "registry.k8s.io/pause:3.10"),
            ("localhost:5000/web", "localhost:5000/web:latest"),
        ] {
            let reference = Reference::parse(image).expect(image);
            assert_eq!(reference.name(), name);
        }
        for image in ["", "Nginx", "nginx:", "a//b", "ng inx", "/nginx"] {
            assert!(Reference::parse(image).is_err(), "{image}");
        }
    }

    #[test]
    fn k3_a_digest_in_the_name_is_the_content_address() {
        for image in ["busybox@sha256:ab", "busybox:1.37@sha256:ab"] {
            let reference = Reference::parse(image).expect(image);
            assert_eq!(reference.digest(), "docker.io/library/busybox@sha256:ab");
        }
    }

    #[test]
    fn k3_sizes_are_plausible_and_follow_from_the_name() {
        for image in ["nginx:1.29", "redis", "gcr.io/a/b:v1", "postgres:17"] {
            let reference = Reference::parse(image).expect(image);
            let bytes = reference.bytes();
            assert!((4_750_000..=MOST_BYTES).contains(&bytes), "{image} {bytes}");
            assert_eq!(bytes, reference.bytes());
        }
    }

    #[test]
    fn k3_a_slow_registry_delays_the_pull_under_way_and_only_while_it_is_slow() {
        let mut pulls = Pulls::default();
        let pod = Key::new(Kind::Pod, "default", "web");
        pulls.want((&pod, &"uid".into()), (0, &"nginx".into()), Time::START);
        let wanted = pulls.waiting.pop_front().expect("one waits");
        let pull = pulls.begin(wanted, 1000, (Time::START, Duration::ZERO, 100));
        assert_eq!(pull.ends, Time::from_secs(10));
        let slowness = Slowness {
            factor: 5,
            until: Time::from_secs(15),
        };
        pulls.slow_down(slowness, Time::from_secs(5), 100);
        // 500 bytes are through; 200 in ten slow seconds; 300 at full speed again.
        let ends = pulls.current.map(|pull| pull.ends);
        assert_eq!(ends, Some(Time::from_secs(18)));
    }
}
