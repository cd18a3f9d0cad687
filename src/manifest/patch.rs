//! placeholder
use crate::api::Kind;
use serde_json::Value;
/// placeholder
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchType {
    /// Json
    Json,
    /// Merge
    Merge,
    /// Strategic
    Strategic,
}
/// placeholder
/// # Errors
/// none
pub fn apply(
    _k: Kind,
    _t: PatchType,
    mut current: Value,
    body: &Value,
) -> Result<Value, String> {
    json_patch::merge(&mut current, body);
    Ok(current)
}
