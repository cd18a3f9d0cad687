//! DefaultPreemption: makes room for a pod that fits nowhere at the cost of less important ones.

use std::sync::Arc;

use crate::scheduler::config_field::{ConfigError, Field};
use crate::scheduler::framework::Plugin;
use crate::scheduler::preemption::{CandidateLimits, Preemption, Unfit, preempt};

/// The plugin. Source: `framework/plugins/defaultpreemption`.
#[derive(Debug, Default)]
pub(super) struct DefaultPreemption {
    pub(super) limits: CandidateLimits,
}

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }

    fn post_filter(&self, unfit: &mut Unfit<'_, '_>) -> Option<Preemption> {
        Some(preempt(unfit, self.limits))
    }
}

/// Makes the plugin from `DefaultPreemptionArgs`.
pub(super) fn build(arguments: &Field<'_>) -> Result<Arc<dyn Plugin>, ConfigError> {
    arguments.only(&[
        "apiVersion",
        "kind",
        "minCandidateNodesPercentage",
        "minCandidateNodesAbsolute",
    ])?;
    let mut limits = CandidateLimits::default();
    let number = |name: &str, most: i64, default: usize| -> Result<usize, ConfigError> {
        let given = arguments.at(name).integer(0..=most)?;
        Ok(given
            .and_then(|given| usize::try_from(given).ok())
            .unwrap_or(default))
    };
    limits.percentage = number("minCandidateNodesPercentage", 100, limits.percentage)?;
    limits.absolute = number("minCandidateNodesAbsolute", i64::MAX, limits.absolute)?;
    if limits.percentage == 0 && limits.absolute == 0 {
        let field = arguments.at("minCandidateNodesAbsolute");
        return Err(field.invalid("cannot be zero at the same time as minCandidateNodesPercentage"));
    }
    Ok(Arc::new(DefaultPreemption { limits }))
}
