//! What the plugin is for.

use otto_plugin::bindings::app::{ContentPattern, Detector, Meta, Tuple};

use crate::meta::{RAILS_FILE, RAILS_PATTERN, RUBY_FILES};

pub(super) fn meta() -> Meta {
    Meta {
        tuples: ["rails", "ruby"].map(anywhere).into(),
        detectors: vec![
            Detector {
                r#type: "rails".into(),
                file: Vec::new(),
                contents: vec![ContentPattern {
                    file: RAILS_FILE.into(),
                    pattern: RAILS_PATTERN.into(),
                }],
                // A Rails application is a Ruby application too.
                priority: 10,
            },
            Detector {
                r#type: "ruby".into(),
                file: RUBY_FILES.map(String::from).into(),
                contents: Vec::new(),
                priority: 0,
            },
        ],
    }
}

fn anywhere(app: &str) -> Tuple {
    Tuple {
        app: app.into(),
        infra: "*".into(),
        flavor: "*".into(),
    }
}
