//! placeholder for the branch
use super::FieldError;
use crate::api::Object;
pub fn validate_create(_o: &Object) -> Vec<FieldError> {
    Vec::new()
}
pub fn validate_update(_n: &Object, _o: &Object) -> Vec<FieldError> {
    Vec::new()
}
