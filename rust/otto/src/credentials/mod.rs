//! Secrets of infrastructures.
