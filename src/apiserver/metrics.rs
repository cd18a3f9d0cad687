//! The resource metrics API, `metrics.k8s.io/v1beta1`: served behind the API server by metrics-server
//! from its own memory. Nothing of it is in the store, and no revision moves.
//! Source: `pkg/api` of `kubernetes-sigs/metrics-server`.

use std::collections::BTreeMap;

use super::{Answer, ApiServer, Refusal, Scope};
use crate::api::{Key, Kind, Metrics, Object};

/// What metrics-server has scraped last: one entry for each pod and node that was measured.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResourceMetrics(BTreeMap<Key, Metrics>);

impl FromIterator<Metrics> for ResourceMetrics {
    fn from_iter<I: IntoIterator<Item = Metrics>>(all: I) -> Self {
        Self(
            all.into_iter()
                .map(|metrics| (metrics.key.clone(), metrics))
                .collect(),
        )
    }
}

impl ResourceMetrics {
    /// What was measured, in order.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.keys()
    }
}

impl ApiServer {
    /// What is served; none when nobody serves anything.
    #[must_use]
    pub fn resource_metrics(&self) -> Option<&ResourceMetrics> {
        self.metrics.as_deref()
    }

    /// Lets the API serve what was scraped, or (with none) be unavailable.
    pub fn serve_metrics(&mut self, scraped: Option<ResourceMetrics>) {
        self.metrics = scraped.map(std::sync::Arc::new);
    }

    /// What a pod or a node was measured at, if it was.
    #[must_use]
    pub fn metrics_of(&self, key: &Key) -> Option<&Metrics> {
        self.metrics.as_ref()?.0.get(key)
    }

    /// Answers a read of metrics: of one object, or of those that a scope covers.
    pub(super) fn read_metrics(&self, key: &Key, scope: &Scope) -> Result<Answer, Refusal> {
        if self.metrics.is_none() {
            return Err(Refusal::metrics_unavailable(key));
        }
        let measured = |object: &Object| {
            let runs = match object {
                Object::Pod(pod) => pod.status.phase.as_deref() == Some("Running"),
                _ => object.kind() == Kind::Node,
            };
            self.metrics_of(&object.key()).filter(|_| runs).cloned()
        };
        if !key.name.is_empty() {
            let found = self.store.get(key).and_then(measured);
            let found = found.ok_or_else(|| Refusal::no_metrics(key))?;
            return Ok(Answer::Metrics(vec![found]));
        }
        let fields = &scope.fields;
        fields.check_names().map_err(Refusal::bad_request)?;
        let namespace = (!key.namespace.is_empty()).then_some(&*key.namespace);
        let objects = self.store.list(key.kind, namespace);
        let covered = objects.filter(|object| scope.covers(object));
        Ok(Answer::Metrics(covered.filter_map(measured).collect()))
    }
}
