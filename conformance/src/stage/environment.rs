//! What a plugin finds in its environment.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

use super::Surroundings;
use super::sandbox::Sandbox;

/// What is taken over from the suite's own environment.
const PASSED: &[&str] = &["LANG", "LOGNAME", "PATH", "SHELL", "TERM", "TZ", "USER"];

/// What `--env` may not set, since cases are about it.
pub(crate) fn is_reserved(name: &str) -> bool {
    matches!(name, "HOME" | "TMPDIR") || name.starts_with("OTTO_PLUGIN_")
}

/// The environment without the variables of the protocol.
pub(crate) fn base(
    sandbox: &Sandbox,
    added: &[(String, String)],
    surroundings: &Surroundings,
) -> BTreeMap<OsString, OsString> {
    let mut environment: BTreeMap<OsString, OsString> = std::env::vars_os()
        .filter(|(name, _)| is_passed(name))
        .collect();
    match surroundings {
        Surroundings::PathAlone => environment.retain(|name, _| name == "PATH"),
        Surroundings::Usual | Surroundings::OnPath(_) => {
            environment.insert("HOME".into(), sandbox.home().into());
            environment.insert("TMPDIR".into(), sandbox.tmp().into());
        }
    }
    if let Surroundings::OnPath(first) = surroundings {
        let path = environment.entry("PATH".into()).or_default();
        let mut all = first.clone().into_os_string();
        all.push(":");
        all.push(&*path);
        *path = all;
    }
    environment.extend(
        added
            .iter()
            .map(|(name, value)| (name.into(), value.into())),
    );
    environment
}

fn is_passed(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| PASSED.contains(&name) || name.starts_with("LC_"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_on_the_list_is_passed() {
        assert!(is_passed(OsStr::new("PATH")));
        assert!(is_passed(OsStr::new("LC_ALL")));
        assert!(!is_passed(OsStr::new("AWS_SECRET_ACCESS_KEY")));
        assert!(!is_passed(OsStr::new("OTTO_PLUGIN_FD")));
    }
}
