//! What follows from the sources, as a part of an Appfile.

use std::collections::BTreeMap;

use otto_plugin::bindings::appfile::{Appfile, Customization, Value};

use crate::application::Findings;
use crate::settings::Settings;

pub(super) const GEMS: &str = "gems";
pub(super) const RUBY_VERSION: &str = "ruby_version";
pub(super) const VERSION: &str = "version";

/// What was found and is not set, or `None` if that is nothing.
pub(super) fn appfile(findings: &Findings, settings: &Settings) -> Option<Appfile> {
    let mut customization = Vec::new();
    if settings.ruby_version.is_none()
        && let Some(ruby) = &findings.ruby
    {
        customization.push(Customization {
            r#type: "app".into(),
            config: BTreeMap::from([(RUBY_VERSION.into(), Value::Text(ruby.pin.to_string()))]),
        });
    }
    for service in &findings.services {
        let name = service.kind.name;
        if settings.services.contains_key(name) {
            continue;
        }
        let gems = service.gems.iter().cloned().map(Value::Text).collect();
        customization.push(Customization {
            r#type: name.into(),
            config: BTreeMap::from([
                (GEMS.into(), Value::List(gems)),
                (VERSION.into(), Value::Text(service.version.clone())),
            ]),
        });
    }
    if customization.is_empty() {
        return None;
    }
    Some(Appfile {
        customization,
        ..Appfile::default()
    })
}
