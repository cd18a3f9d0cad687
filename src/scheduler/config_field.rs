//! Reading a configuration file field by field, so that each error names its path.

use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// What is wrong with a configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct ConfigError {
    /// `profiles[0].plugins.score.enabled[1].name`.
    pub path: String,
    /// What is wrong, in words of Kubernetes where it has some.
    pub reason: String,
}

/// A place in the configuration and what stands there; nothing when it is left out or null.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Field<'a> {
    /// The whole file.
    pub(super) fn root(value: &'a Value) -> Self {
        Self {
            path: String::new(),
            value: Some(value),
        }
    }

    /// A place where nothing stands.
    pub(super) fn absent(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            value: None,
        }
    }

    /// What stands there.
    pub(super) fn value(&self) -> Option<&'a Value> {
        self.value.filter(|value| !value.is_null())
    }

    /// Whether something stands there.
    pub(super) fn is_given(&self) -> bool {
        self.value().is_some()
    }

    /// An error at this place.
    pub(super) fn error(&self, reason: impl Into<String>) -> ConfigError {
        let path = if self.path.is_empty() {
            "configuration"
        } else {
            &self.path
        };
        ConfigError {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    /// Refuses a value: `Invalid value: 0: must be greater than 0`.
    pub(super) fn invalid(&self, why: &str) -> ConfigError {
        let value = self.value.cloned().unwrap_or(Value::Null);
        self.error(format!("Invalid value: {value}: {why}"))
    }

    /// Refuses fields that have no meaning here.
    pub(super) fn only(&self, known: &[&str]) -> Result<(), ConfigError> {
        let Some(value) = self.value.filter(|value| !value.is_null()) else {
            return Ok(());
        };
        let Some(fields) = value.as_object() else {
            return Err(self.error("must be an object"));
        };
        match fields.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(self.at(name).error("unknown field")),
            None => Ok(()),
        }
    }

    /// The field of this name.
    pub(super) fn at(&self, name: &str) -> Self {
        let path = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        Self {
            path,
            value: self.value.and_then(|value| value.get(name)),
        }
    }

    /// The items of a list; none when it is left out.
    pub(super) fn items(&self) -> Result<Vec<Self>, ConfigError> {
        if !self.is_given() {
            return Ok(Vec::new());
        }
        let Some(items) = self.value.and_then(Value::as_array) else {
            return Err(self.error("must be a list"));
        };
        let items = items.iter().enumerate().map(|(place, value)| Self {
            path: format!("{}[{place}]", self.path),
            value: Some(value),
        });
        Ok(items.collect())
    }

    /// A text; nothing when it is left out or empty.
    pub(super) fn text(&self) -> Result<Option<&'a str>, ConfigError> {
        match self.value {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
            Some(_) => Err(self.error("must be a string")),
        }
    }

    /// A text that must be there.
    pub(super) fn required_text(&self) -> Result<&'a str, ConfigError> {
        self.text()?.ok_or_else(|| self.error("Required value"))
    }

    /// A whole number of the range; nothing when it is left out.
    pub(super) fn integer(&self, range: RangeInclusive<i64>) -> Result<Option<i64>, ConfigError> {
        if !self.is_given() {
            return Ok(None);
        }
        let Some(number) = self.value.and_then(Value::as_i64) else {
            return Err(self.error("must be a whole number"));
        };
        if range.contains(&number) {
            Ok(Some(number))
        } else {
            let (least, most) = (range.start(), range.end());
            Err(self.invalid(&format!("not in valid range [{least}, {most}]")))
        }
    }

    /// Yes or no; no when it is left out.
    pub(super) fn boolean(&self) -> Result<bool, ConfigError> {
        match self.value {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(value)) => Ok(*value),
            Some(_) => Err(self.error("must be true or false")),
        }
    }

    /// Anything that has a type of its own; its default when it is left out.
    pub(super) fn decode<T: DeserializeOwned + Default>(&self) -> Result<T, ConfigError> {
        match self.value {
            None | Some(Value::Null) => Ok(T::default()),
            Some(value) => {
                serde_json::from_value(value.clone()).map_err(|error| self.error(error.to_string()))
            }
        }
    }

    /// One of the words, by its place in the list; nothing when it is left out.
    pub(super) fn choice(&self, words: &[&str]) -> Result<Option<usize>, ConfigError> {
        let Some(text) = self.text()? else {
            return Ok(None);
        };
        match words.iter().position(|word| *word == text) {
            Some(place) => Ok(Some(place)),
            None => Err(self.error(format!(
                "Unsupported value: \"{text}\": supported values: \"{}\"",
                words.join("\", \"")
            ))),
        }
    }
}
