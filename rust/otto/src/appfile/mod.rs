//! What the user says of an application.
