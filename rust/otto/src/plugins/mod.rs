//! The commands about plugins.
