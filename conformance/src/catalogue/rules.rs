//! The sentences of the specification.

/// The sentence of a rule.
pub fn sentence(_rule: &str) -> Option<&'static str> {
    None
}
