//! What a plugin sees of the host's environment.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use crate::dial::Dial;
use crate::launch::{COOKIE, COOKIE_VARIABLE, FD_VARIABLE, PREFIX};

/// The variables of the host's that a plugin gets.
const ALLOWED: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TMPDIR",
    "TERM",
    "LANG",
    "TZ",
    "SSH_AUTH_SOCK",
    // Proxies, which some programs read in lower case, and some in upper case.
    "http_proxy",
    "https_proxy",
    "ftp_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "FTP_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    // Where certificates are.
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
];

/// The beginnings of names of variables of the host's that a plugin gets.
const ALLOWED_PREFIXES: &[&str] = &["LC_", "XDG_"];

/// Makes the environment of a plugin: what is allowed, what the user adds, and the protocol's own.
pub(super) fn environment(
    added: &[(OsString, OsString)],
    descriptor: Option<i32>,
    dial: Option<&Dial>,
) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<_> = env::vars_os()
        .filter(|(name, _)| is_allowed(name))
        .collect();
    for (name, value) in added {
        variables.retain(|(known, _)| known != name);
        variables.push((name.clone(), value.clone()));
    }
    variables.retain(|(name, _)| !name.as_bytes().starts_with(PREFIX.as_bytes()));
    variables.push((COOKIE_VARIABLE.into(), COOKIE.into()));
    if let Some(descriptor) = descriptor {
        variables.push((FD_VARIABLE.into(), descriptor.to_string().into()));
    }
    for (name, value) in dial.iter().flat_map(|dial| dial.variables()) {
        variables.push((name.into(), value.into()));
    }
    variables
}

fn is_allowed(name: &OsStr) -> bool {
    ALLOWED.iter().any(|allowed| name == *allowed)
        || ALLOWED_PREFIXES
            .iter()
            .any(|prefix| name.as_bytes().starts_with(prefix.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_a_plugin_that_is_not_on_the_list() {
        assert!(is_allowed(OsStr::new("PATH")));
        assert!(is_allowed(OsStr::new("LC_ALL")));
        assert!(is_allowed(OsStr::new("XDG_CACHE_HOME")));
        assert!(!is_allowed(OsStr::new("AWS_SECRET_ACCESS_KEY")));
        assert!(!is_allowed(OsStr::new("PATHS")));
        assert!(!is_allowed(OsStr::new("")));
    }

    #[test]
    fn the_user_adds_variables_but_none_of_the_protocols() {
        let pair = |name: &str, value: &str| (OsString::from(name), OsString::from(value));
        let added = [
            pair("EXTRA", "1"),
            pair("PATH", "/bin"),
            pair("OTTO_PLUGIN_TOKEN", "x"),
        ];
        let variables = environment(&added, Some(7), None);
        assert!(variables.contains(&pair("EXTRA", "1")));
        assert!(variables.contains(&pair("PATH", "/bin")));
        assert!(variables.contains(&pair(FD_VARIABLE, "7")));
        assert!(variables.contains(&pair(COOKIE_VARIABLE, COOKIE)));
        assert_eq!(
            variables.iter().filter(|(name, _)| name == "PATH").count(),
            1
        );
        assert!(
            !variables
                .iter()
                .any(|(name, _)| name == "OTTO_PLUGIN_TOKEN")
        );
    }
}
