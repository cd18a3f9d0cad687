//! Profiles: which plugins decide, at which points, with which weights and arguments.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use super::config_field::ConfigError;
use super::config_field::Field;
use super::framework::{Plugin, Point};
use super::plugins::{self, REGISTRY};

/// The name of the profile for pods that name no scheduler.
pub const DEFAULT_SCHEDULER: &str = "default-scheduler";

/// A `KubeSchedulerConfiguration` of `kubescheduler.config.k8s.io/v1`, read.
#[derive(Clone, Debug)]
pub struct Configuration {
    profiles: BTreeMap<Arc<str>, Arc<Profile>>,
    /// The first wait of a pod that did not fit; 1 s when nothing is said.
    pub backoff_first: Duration,
    /// The longest wait of such a pod; 10 s when nothing is said.
    pub backoff_most: Duration,
}

/// The plugins that one scheduler name stands for.
#[derive(Clone, Debug)]
pub struct Profile {
    name: Arc<str>,
    percentage: usize,
    pub(super) points: BTreeMap<Point, Vec<Arc<dyn Plugin>>>,
    pub(super) weights: BTreeMap<&'static str, i64>,
    /// The arguments of plugins that were given some.
    pub(super) arguments: BTreeMap<&'static str, Value>,
}

impl Profile {
    /// The name, as `spec.schedulerName` of a pod gives it.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The plugins of a point, in order.
    #[must_use]
    pub fn at(&self, point: Point) -> &[Arc<dyn Plugin>] {
        self.points.get(&point).map_or(&[], Vec::as_slice)
    }

    /// The plugins to ask before nodes are filtered, in order.
    ///
    /// Unlike Kubernetes: a plugin that is enabled at one of PreFilter and Filter prepares itself in
    /// any case; in kube-scheduler most fail then.
    pub(super) fn before_filters(&self) -> impl Iterator<Item = &Arc<dyn Plugin>> {
        let first = self.at(Point::PreFilter);
        let is_new =
            |plugin: &&Arc<dyn Plugin>| first.iter().all(|one| one.name() != plugin.name());
        first
            .iter()
            .chain(self.at(Point::Filter).iter().filter(is_new))
    }

    /// What the scores of the plugin are multiplied with.
    #[must_use]
    pub fn weight(&self, plugin: &str) -> i64 {
        self.weights.get(plugin).copied().unwrap_or(1)
    }

    /// How many hundredths of the nodes are scored; 0 leaves it to their number.
    #[must_use]
    pub fn percentage_of_nodes_to_score(&self) -> usize {
        self.percentage
    }

    /// What may help a pod that this plugin refused, in words; nothing for a plugin that is not here.
    #[must_use]
    pub fn helped_by(&self, plugin: &str) -> Option<&'static str> {
        let words = self.plugin(plugin)?.helped_by();
        (!words.is_empty()).then_some(words)
    }

    /// The plugin of this name, at whatever point it stands.
    pub(super) fn plugin(&self, name: &str) -> Option<&Arc<dyn Plugin>> {
        let mut all = self.points.values().flatten();
        all.find(|plugin| plugin.name() == name)
    }
}

impl Default for Configuration {
    fn default() -> Self {
        let nothing = Value::Object(serde_json::Map::new());
        Self::read(&nothing).expect("the default configuration is right")
    }
}

impl Configuration {
    /// Reads a configuration. What it does not say is as in kube-scheduler.
    ///
    /// Unlike Kubernetes: a plugin's weight of 0 is refused, where kube-scheduler silently takes 1,
    /// and so is one above 100; extenders are refused; settings of the process (leader election,
    /// ports, parallelism) are passed over.
    ///
    /// # Errors
    /// Names the path and says what is wrong there.
    pub fn read(value: &Value) -> Result<Self, ConfigError> {
        let root = Field::root(value);
        root.only(&[
            "apiVersion",
            "kind",
            "profiles",
            "percentageOfNodesToScore",
            "podInitialBackoffSeconds",
            "podMaxBackoffSeconds",
            "parallelism",
            "leaderElection",
            "clientConnection",
            "extenders",
            "enableProfiling",
            "enableContentionProfiling",
            "healthzBindAddress",
            "metricsBindAddress",
            "delayCacheUntilActive",
        ])?;
        root.at("apiVersion")
            .choice(&["kubescheduler.config.k8s.io/v1"])?;
        root.at("kind").choice(&["KubeSchedulerConfiguration"])?;
        if !root.at("extenders").items()?.is_empty() {
            return Err(root.at("extenders").error("extenders are not supported"));
        }
        let percentage = percentage(&root)?.unwrap_or(0);
        let (backoff_first, backoff_most) = backoff(&root)?;
        let mut fields = root.at("profiles").items()?;
        let is_only = fields.len() <= 1;
        if fields.is_empty() {
            fields.push(Field::absent("profiles[0]"));
        }
        let mut profiles = BTreeMap::new();
        for field in &fields {
            let profile = read_profile(field, percentage, is_only)?;
            let name = Arc::clone(&profile.name);
            if profiles
                .insert(Arc::clone(&name), Arc::new(profile))
                .is_some()
            {
                let field = field.at("schedulerName");
                return Err(field.error(format!("Duplicate value: \"{name}\"")));
            }
        }
        Ok(Self {
            profiles,
            backoff_first,
            backoff_most,
        })
    }

    /// The profile of this scheduler name.
    #[must_use]
    pub fn profile(&self, scheduler_name: &str) -> Option<&Arc<Profile>> {
        self.profiles.get(scheduler_name)
    }

    /// The profile that a pod asks for.
    #[must_use]
    pub fn profile_of(&self, pod: &crate::api::Pod) -> Option<&Arc<Profile>> {
        let name = pod.spec.scheduler_name.as_deref();
        self.profile(
            name.filter(|name| !name.is_empty())
                .unwrap_or(DEFAULT_SCHEDULER),
        )
    }

    /// What to say of a pod that asks for a profile that is not there.
    #[must_use]
    pub fn missing_profile(&self, pod: &crate::api::Pod) -> String {
        let wanted = pod.spec.scheduler_name.as_deref();
        let wanted = wanted.unwrap_or(DEFAULT_SCHEDULER);
        let there: Vec<&str> = self.profiles.keys().map(|name| &**name).collect();
        format!(
            "no profile is called \"{wanted}\"; there are {}",
            there.join(", ")
        )
    }

    /// All profiles by name.
    pub fn profiles(&self) -> impl Iterator<Item = &Arc<Profile>> {
        self.profiles.values()
    }
}

fn percentage(field: &Field<'_>) -> Result<Option<usize>, ConfigError> {
    let given = field.at("percentageOfNodesToScore").integer(0..=100)?;
    Ok(given.and_then(|given| usize::try_from(given).ok()))
}

fn backoff(root: &Field<'_>) -> Result<(Duration, Duration), ConfigError> {
    let seconds = |name: &str, default: i64| -> Result<u64, ConfigError> {
        let field = root.at(name);
        let given = field.integer(i64::MIN..=i64::MAX)?.unwrap_or(default);
        match u64::try_from(given) {
            Ok(seconds) if seconds > 0 => Ok(seconds),
            _ => Err(field.invalid("must be greater than 0")),
        }
    };
    let first = seconds("podInitialBackoffSeconds", 1)?;
    let most = seconds("podMaxBackoffSeconds", 10)?;
    if most < first {
        let field = root.at("podMaxBackoffSeconds");
        return Err(field.invalid("must be greater than or equal to PodInitialBackoffSeconds"));
    }
    Ok((Duration::from_secs(first), Duration::from_secs(most)))
}

fn read_profile(
    field: &Field<'_>,
    percentage_of_all: usize,
    is_only: bool,
) -> Result<Profile, ConfigError> {
    field.only(&[
        "schedulerName",
        "percentageOfNodesToScore",
        "plugins",
        "pluginConfig",
    ])?;
    let name = field.at("schedulerName");
    let name = match name.text()? {
        None if is_only => DEFAULT_SCHEDULER,
        None => return Err(name.error("Required value")),
        Some(name) => name,
    };
    let Built {
        instances,
        arguments,
    } = build_plugins(&field.at("pluginConfig"))?;
    let plugins = field.at("plugins");
    let names: Vec<&str> = Point::ALL.iter().map(|(_, name)| *name).collect();
    let known = [&names[..], &["multiPoint", "permit", "postBind"]].concat();
    plugins.only(&known)?;
    let everywhere = Chosen::read(&plugins.at("multiPoint"))?.over_defaults();
    let mut points = BTreeMap::new();
    let mut weights = BTreeMap::new();
    for (point, name) in Point::ALL {
        let here = Chosen::read(&plugins.at(name))?;
        let enabled = here.expanded(point, &everywhere);
        for choice in &here.enabled {
            if !entry(choice.name).points.contains(&point) {
                let reason = format!("plugin \"{}\" does not extend {name} plugin", choice.name);
                return Err(plugins.at(name).error(reason));
            }
        }
        if point == Point::Score {
            // What the point says comes before what is said for all points.
            for choice in here.enabled.iter().chain(&everywhere) {
                weights
                    .entry(choice.name)
                    .or_insert(choice.weight.unwrap_or(1));
            }
        }
        let made = enabled
            .iter()
            .filter_map(|name| instances.get(name).cloned());
        points.insert(point, made.collect::<Vec<_>>());
    }
    let count = |point: Point| points.get(&point).map_or(0, Vec::len);
    if count(Point::QueueSort) != 1 {
        return Err(plugins
            .at("queueSort")
            .error("exactly one queue sort plugin is needed"));
    }
    if count(Point::Bind) == 0 {
        return Err(plugins
            .at("bind")
            .error("at least one bind plugin is needed"));
    }
    Ok(Profile {
        name: name.into(),
        percentage: percentage(field)?.unwrap_or(percentage_of_all),
        points,
        weights,
        arguments,
    })
}

/// All plugins, ready to be asked, and the arguments that they were made from.
struct Built {
    instances: BTreeMap<&'static str, Arc<dyn Plugin>>,
    arguments: BTreeMap<&'static str, Value>,
}

fn build_plugins(field: &Field<'_>) -> Result<Built, ConfigError> {
    let mut arguments = BTreeMap::new();
    for item in field.items()? {
        item.only(&["name", "args"])?;
        let name = item.at("name");
        let entry = find(&name)?;
        if arguments.insert(entry.name, item.at("args")).is_some() {
            return Err(name.error(format!("Duplicate value: \"{}\"", entry.name)));
        }
    }
    let mut instances = BTreeMap::new();
    for entry in REGISTRY {
        let field = arguments.get(entry.name).cloned();
        let field = field.unwrap_or_else(|| Field::absent("pluginConfig"));
        instances.insert(entry.name, (entry.build)(&field)?);
    }
    let given = arguments.into_iter();
    let given = given.filter_map(|(name, field)| Some((name, field.value()?.clone())));
    Ok(Built {
        instances,
        arguments: given.collect(),
    })
}

fn find(name: &Field<'_>) -> Result<&'static plugins::Entry, ConfigError> {
    plugins::named(name.required_text()?).map_err(|reason| name.error(reason))
}

fn entry(name: &str) -> &'static plugins::Entry {
    let found = REGISTRY.iter().find(|entry| entry.name == name);
    found.expect("names are looked up in the registry when they are read")
}

/// A plugin that is asked for, and the weight that is asked for with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Choice {
    name: &'static str,
    weight: Option<i64>,
}

/// What is enabled and disabled at a point.
#[derive(Clone, Debug, Default)]
struct Chosen {
    enabled: Vec<Choice>,
    disabled: BTreeSet<String>,
}

impl Chosen {
    fn read(field: &Field<'_>) -> Result<Self, ConfigError> {
        field.only(&["enabled", "disabled"])?;
        let mut chosen = Self::default();
        for item in field.at("enabled").items()? {
            item.only(&["name", "weight"])?;
            let name = item.at("name");
            let choice = Choice {
                name: find(&name)?.name,
                weight: item.at("weight").integer(1..=100)?,
            };
            if chosen.enabled.iter().any(|each| each.name == choice.name) {
                return Err(name.error(format!("plugin \"{}\" already registered", choice.name)));
            }
            chosen.enabled.push(choice);
        }
        for item in field.at("disabled").items()? {
            item.only(&["name", "weight"])?;
            let name = item.at("name");
            let text = name.required_text()?;
            if text != "*" {
                find(&name)?;
            }
            chosen.disabled.insert(text.to_owned());
        }
        Ok(chosen)
    }

    fn disables(&self, name: &str) -> bool {
        self.disabled.contains("*") || self.disabled.contains(name)
    }

    /// The default profile with these changes: what is disabled goes, what is named again takes the
    /// place that it had, what is new comes last.
    /// Source: `mergePluginSet` of `pkg/scheduler/apis/config/v1/default_plugins.go`.
    fn over_defaults(self) -> Vec<Choice> {
        let mut left = self.enabled.clone();
        let kept = REGISTRY.iter().filter(|entry| !self.disables(entry.name));
        let mut all: Vec<Choice> = kept
            .map(
                |entry| match left.iter().position(|choice| choice.name == entry.name) {
                    Some(place) => left.remove(place),
                    None => Choice {
                        name: entry.name,
                        weight: Some(entry.weight).filter(|weight| *weight > 0),
                    },
                },
            )
            .collect();
        all.extend(left);
        all
    }

    /// The names that are enabled at this point: those of the point that override what is enabled
    /// everywhere, then what is enabled everywhere, then the rest of the point's own.
    /// Source: `expandMultiPointPlugins` of `framework/runtime/framework.go`.
    fn expanded(&self, point: Point, everywhere: &[Choice]) -> Vec<&'static str> {
        let own: Vec<&'static str> = self.enabled.iter().map(|choice| choice.name).collect();
        if self.disabled.contains("*") {
            return own;
        }
        let applies = |name: &str| entry(name).points.contains(&point) && !self.disables(name);
        let inherited = everywhere.iter().map(|choice| choice.name);
        let inherited: Vec<&'static str> = inherited.filter(|name| applies(name)).collect();
        let (first, last): (Vec<_>, Vec<_>) = own.iter().partition(|name| inherited.contains(name));
        let middle = inherited.into_iter().filter(|name| !own.contains(name));
        first.into_iter().chain(middle).chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names(profile: &Profile, point: Point) -> Vec<&'static str> {
        profile
            .at(point)
            .iter()
            .map(|plugin| plugin.name())
            .collect()
    }

    fn profile(plugins: &Value) -> Profile {
        let value = json!({"profiles": [{"plugins": plugins}]});
        let configuration = Configuration::read(&value).expect("a configuration");
        let profile = configuration
            .profile(DEFAULT_SCHEDULER)
            .expect("the only profile");
        (**profile).clone()
    }

    #[test]
    fn s2_the_default_profile_has_the_plugins_and_weights_of_kubernetes() {
        let profile = profile(&json!({}));
        assert_eq!(
            names(&profile, Point::Filter),
            [
                "NodeUnschedulable",
                "NodeName",
                "TaintToleration",
                "NodeAffinity",
                "NodePorts",
                "NodeResourcesFit",
                "VolumeRestrictions",
                "NodeVolumeLimits",
                "VolumeBinding",
                "VolumeZone",
                "PodTopologySpread",
                "InterPodAffinity",
            ]
        );
        let scores = names(&profile, Point::Score);
        let weights: Vec<_> = scores
            .iter()
            .map(|name| (*name, profile.weight(name)))
            .collect();
        assert_eq!(
            weights,
            [
                ("TaintToleration", 3),
                ("NodeAffinity", 2),
                ("NodeResourcesFit", 1),
                ("VolumeBinding", 1),
                ("PodTopologySpread", 2),
                ("InterPodAffinity", 2),
                ("NodeResourcesBalancedAllocation", 1),
                ("ImageLocality", 1),
            ]
        );
        assert_eq!(names(&profile, Point::PostFilter), ["DefaultPreemption"]);
    }

    #[test]
    fn s2_a_point_overrides_what_is_enabled_everywhere() {
        let scores = |plugins: Value| names(&profile(&plugins), Point::Score);
        let only =
            json!({"score": {"disabled": [{"name": "*"}], "enabled": [{"name": "ImageLocality"}]}});
        assert_eq!(scores(only), ["ImageLocality"]);
        let few = json!({"multiPoint": {
            "disabled": [{"name": "*"}],
            "enabled": [{"name": "PrioritySort"}, {"name": "DefaultBinder"}, {"name": "ImageLocality", "weight": 5}],
        }});
        assert_eq!(scores(few.clone()), ["ImageLocality"]);
        assert_eq!(profile(&few).weight("ImageLocality"), 5);
        let first = json!({"score": {"enabled": [{"name": "ImageLocality", "weight": 9}]}});
        assert_eq!(scores(first.clone())[0], "ImageLocality");
        assert_eq!(profile(&first).weight("ImageLocality"), 9);
        let last = json!({"score": {
            "enabled": [{"name": "TaintToleration", "weight": 4}],
            "disabled": [{"name": "TaintToleration"}],
        }});
        assert_eq!(scores(last).last(), Some(&"TaintToleration"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_path() {
        let one = |profile: Value| json!({"profiles": [profile]});
        let fit = |strategy: Value| {
            let args = json!({"scoringStrategy": strategy});
            one(json!({"pluginConfig": [{"name": "NodeResourcesFit", "args": args}]}))
        };
        let cases = [
            (json!({"apiVersion": "v1"}), "apiVersion"),
            (
                json!({"percentageOfNodesToScore": 101}),
                "percentageOfNodesToScore",
            ),
            (json!({"podMaxBackoffSeconds": 0}), "podMaxBackoffSeconds"),
            (one(json!({"plugin": {}})), "profiles[0].plugin"),
            (
                one(json!({"plugins": {"score": {"enabled": [{"name": "ImageLocalty"}]}}})),
                "profiles[0].plugins.score.enabled[0].name",
            ),
            (
                one(
                    json!({"plugins": {"score": {"enabled": [{"name": "ImageLocality", "weight": 0}]}}}),
                ),
                "profiles[0].plugins.score.enabled[0].weight",
            ),
            (
                one(json!({"plugins": {"score": {"enabled": [{"name": "NodeName"}]}}})),
                "profiles[0].plugins.score",
            ),
            (
                one(json!({"plugins": {"bind": {"disabled": [{"name": "*"}]}}})),
                "profiles[0].plugins.bind",
            ),
            (
                json!({"profiles": [{"schedulerName": "a"}, {"schedulerName": "a"}]}),
                "profiles[1].schedulerName",
            ),
            (
                fit(json!({"type": "Least"})),
                "profiles[0].pluginConfig[0].args.scoringStrategy.type",
            ),
            (
                fit(json!({"resources": [{"name": "cpu", "weight": 101}]})),
                "profiles[0].pluginConfig[0].args.scoringStrategy.resources[0].weight",
            ),
            (
                fit(json!({"type": "RequestedToCapacityRatio"})),
                "profiles[0].pluginConfig[0].args.scoringStrategy.requestedToCapacityRatio.shape",
            ),
        ];
        for (value, path) in cases {
            let error = Configuration::read(&value).expect_err(path);
            assert_eq!(error.path, path, "{error}");
        }
    }
}
