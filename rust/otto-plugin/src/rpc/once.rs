//! What a process has one of, and may fail to make.

use std::io;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A value that is made when it is first asked for. A failure is reported, and tried again.
#[derive(Debug)]
pub(crate) struct Once<T> {
    value: OnceLock<T>,
    /// Held while the value is made: it is made once, even if several threads ask at once.
    making: Mutex<()>,
}

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self {
            value: OnceLock::new(),
            making: Mutex::new(()),
        }
    }

    pub(crate) fn get(&self, make: impl FnOnce() -> io::Result<T>) -> io::Result<&T> {
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = self.value.get() {
            return Ok(value);
        }
        let value = make()?;
        Ok(self.value.get_or_init(|| value))
    }
}
