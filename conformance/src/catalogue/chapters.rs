//! The chapters of the specification, as this program was built with them.

macro_rules! chapters {
    ($($file:literal)*) => {
        &[$(Chapter {
            file: $file,
            text: include_str!(concat!("../../../spec/", $file)),
        }),*]
    };
}

/// A chapter of `spec/` with rules in it, or without.
#[derive(Debug)]
#[non_exhaustive]
pub struct Chapter {
    /// The name of the file.
    pub file: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// Every chapter, in order.
pub const CHAPTERS: &[Chapter] = chapters! {
    "01-overview.md"
    "02-terms.md"
    "03-discovery.md"
    "04-launch.md"
    "05-transports.md"
    "06-handshake.md"
    "07-calls.md"
    "08-app.md"
    "09-context.md"
    "10-capabilities.md"
    "11-appfile.md"
    "12-streams.md"
    "13-errors.md"
    "14-cancellation.md"
    "15-lifecycle.md"
    "16-limits.md"
    "17-security.md"
    "18-evolution.md"
    "19-libraries.md"
};
