//! DefaultBinder: binds a pod by a write to its `binding` subresource, which the live loop sends.

use crate::scheduler::framework::Plugin;

/// The plugin. Source: `framework/plugins/defaultbinder`.
#[derive(Debug)]
pub(super) struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> &'static str {
        "DefaultBinder"
    }
}
