//! What was worked out once and can be worked out again: it is no part of the state of the world.

use std::fmt;
use std::sync::OnceLock;

/// A value that follows from others and is kept once it was asked for. Whether it has been asked for
/// makes no difference to the world, so it is not told when the world is printed or compared.
#[derive(Clone)]
pub struct Memo<T>(OnceLock<T>);

impl<T> Memo<T> {
    /// The value, worked out if nobody has asked for it yet.
    pub fn get_or_init(&self, work_out: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(work_out)
    }

    /// The value to change, where it has been worked out.
    pub fn get_mut(&mut self) -> Option<&mut T> {
        self.0.get_mut()
    }
}

impl<T> Default for Memo<T> {
    fn default() -> Self {
        Self(OnceLock::new())
    }
}

impl<T> fmt::Debug for Memo<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Memo")
    }
}
