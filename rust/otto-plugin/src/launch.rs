//! What a host and a plugin agree on before they talk: names of variables, and the cookie.

/// The variable that holds the cookie.
pub const COOKIE_VARIABLE: &str = "OTTO_PLUGIN_MAGIC_COOKIE";

/// The cookie: a courtesy to the person who starts a plugin by hand. It protects nothing.
pub const COOKIE: &str = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";

/// The variable that holds the number of the inherited descriptor, in decimal.
pub const FD_VARIABLE: &str = "OTTO_PLUGIN_FD";

/// The variable that holds the address to dial: `unix:PATH` or `tcp:127.0.0.1:PORT`.
pub const CONNECT_VARIABLE: &str = "OTTO_PLUGIN_CONNECT";

/// The variable that holds the token, which a plugin that dials says first: 64 hexadecimal digits.
pub const TOKEN_VARIABLE: &str = "OTTO_PLUGIN_TOKEN";

/// The beginning of the name of every variable of the protocol's.
pub const PREFIX: &str = "OTTO_PLUGIN_";

/// The version of the protocol that this library speaks.
pub const PROTOCOL: u16 = 2;

/// What a plugin says on stderr when a person starts it.
pub const NOT_BY_HAND: &str = "\
This binary is an Otto plugin. These are not meant to be
executed directly. Please execute `otto`, which will load
any plugins automatically.
";

/// Versions, for a message.
pub(crate) fn versions(versions: &[u16]) -> String {
    if versions.is_empty() {
        return "none".into();
    }
    let numbers: Vec<_> = versions.iter().map(u16::to_string).collect();
    numbers.join(", ")
}
