//! What is found, kept and restored on the disk.

mod compiling;
mod dev_dep;
mod directories;
mod graph;
mod identity;
mod root;
mod state;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use otto_plugin::bindings::app::{CompileResult, Tuple};
use otto_plugin::bindings::appfile::{Appfile, Customization, Value};
use tempfile::TempDir;

use super::{Compiled, CompiledApp, Plugin, Project};

/// An empty project.
fn project() -> (TempDir, Project) {
    let dir = tempfile::tempdir().unwrap();
    let project = Project::at(dir.path()).unwrap();
    (dir, project)
}

fn plugin(version: &str) -> Plugin {
    Plugin {
        name: "app-ruby".into(),
        version: version.into(),
        path: "/usr/bin/otto-app-ruby".into(),
        sha256: "00".repeat(32),
    }
}

/// A compile that can be told from others by its name.
fn compiled(name: &str) -> Compiled {
    let mut appfile = Appfile {
        customization: vec![Customization {
            r#type: "app".into(),
            config: BTreeMap::from([("port".into(), Value::Int(i64::MAX))]),
        }],
        ..Appfile::default()
    };
    appfile.application.name = name.into();
    Compiled {
        dependencies: Vec::new(),
        root: CompiledApp {
            tuple: Tuple::default(),
            appfile,
            digest: "digest".into(),
            dir: "/dir".into(),
            result: CompileResult::default(),
            plugin: plugin("1.0.0"),
        },
    }
}

/// Everything below a directory but the lock: paths, with the contents of files.
fn tree(directory: &Path) -> BTreeMap<String, Option<String>> {
    let mut found = BTreeMap::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(directory).unwrap().to_str().unwrap();
            if path.is_dir() {
                found.insert(format!("{name}/"), None);
                open.push(path);
            } else if name != ".otto/lock" {
                found.insert(name.to_owned(), Some(fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}
