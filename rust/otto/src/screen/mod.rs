//! What is shown and asked.
