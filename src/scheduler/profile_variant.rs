//! Profiles with one thing changed: another weight, other arguments, a plugin less.

use serde_json::{Map, Value};

use super::config_field::Field;
use super::framework::Point;
use super::plugins;
use super::profile::Profile;

/// The weights that a configuration may give.
const WEIGHTS: std::ops::RangeInclusive<i64> = 1..=100;

impl Profile {
    /// The same profile with another weight for a plugin.
    ///
    /// # Errors
    /// When there is no such plugin, when it does not score, or when the weight is not from 1 to 100.
    pub fn with_weight(&self, plugin: &str, weight: i64) -> Result<Self, String> {
        let entry = plugins::named(plugin)?;
        let scores = self.at(Point::Score);
        if scores.iter().all(|each| each.name() != entry.name) {
            let names: Vec<&str> = scores.iter().map(|each| each.name()).collect();
            return Err(format!(
                "plugin \"{plugin}\" does not score, so it has no weight; these do: {}",
                names.join(", ")
            ));
        }
        if !WEIGHTS.contains(&weight) {
            let (least, most) = (WEIGHTS.start(), WEIGHTS.end());
            return Err(format!(
                "Invalid value: {weight}: not in valid range [{least}, {most}]; `disable {plugin}` takes the plugin out"
            ));
        }
        let mut profile = self.clone();
        profile.weights.insert(entry.name, weight);
        Ok(profile)
    }

    /// The same profile without a plugin.
    ///
    /// # Errors
    /// When there is no such plugin in it, or when there must be one for what it does.
    pub fn without(&self, plugin: &str) -> Result<Self, String> {
        let entry = plugins::named(plugin)?;
        if self.plugin(entry.name).is_none() {
            return Err(format!("plugin \"{plugin}\" is not enabled"));
        }
        for (point, need) in [
            (Point::QueueSort, "exactly one queue sort plugin is needed"),
            (Point::Bind, "at least one bind plugin is needed"),
        ] {
            let there = self.at(point);
            if there.len() == 1 && there[0].name() == entry.name {
                return Err(need.to_owned());
            }
        }
        let mut profile = self.clone();
        for plugins in profile.points.values_mut() {
            plugins.retain(|each| each.name() != entry.name);
        }
        Ok(profile)
    }

    /// The same profile with other arguments for a plugin.
    ///
    /// # Errors
    /// When there is no such plugin in it, or when the arguments are wrong.
    pub(super) fn with_arguments(
        &self,
        plugin: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Self, String> {
        let entry = plugins::named(plugin)?;
        if self.plugin(entry.name).is_none() {
            return Err(format!("plugin \"{plugin}\" is not enabled"));
        }
        let mut arguments = self.arguments.get(entry.name).cloned();
        let arguments = arguments.get_or_insert_with(|| Value::Object(Map::new()));
        change(arguments);
        let made = (entry.build)(&Field::root(arguments)).map_err(|error| error.to_string())?;
        let mut profile = self.clone();
        for plugins in profile.points.values_mut() {
            for each in plugins.iter_mut().filter(|each| each.name() == entry.name) {
                *each = made.clone();
            }
        }
        profile.arguments.insert(entry.name, arguments.clone());
        Ok(profile)
    }
}
