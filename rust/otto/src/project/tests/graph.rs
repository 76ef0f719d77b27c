//! What an application needs, and in which order.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use miette::Diagnostic;
use tempfile::TempDir;

use crate::appfile::Written;
use crate::project::graph::MOST;
use crate::project::{GraphError, Loaded, Node, Project, graph};

/// Directories of applications with what each needs.
fn applications(all: &[(&str, &[&str])]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, needs) in all {
        let directory = dir.path().join(name);
        fs::create_dir(&directory).unwrap();
        let needs: String = needs
            .iter()
            .map(|need| format!("  dependency {{ source = \"{need}\" }}\n"))
            .collect();
        let text = format!("application {{\n{needs}}}\n");
        fs::write(directory.join("Appfile"), text).unwrap();
    }
    dir
}

type Found = Result<Vec<Node<String>>, GraphError>;

/// The graph of an application, and how often each was loaded.
fn found(root: &Path) -> (Found, BTreeMap<String, u32>) {
    let mut count = BTreeMap::new();
    let load = async |project: &Project, _source: &str| {
        let written = Written::read(project.root()).unwrap();
        let name = written.complete().unwrap().application.name;
        *count.entry(name.clone()).or_default() += 1;
        Ok(Loaded {
            needs: written.needs(),
            app: name,
        })
    };
    let root = Project::at(root).unwrap();
    let nodes = futures::executor::block_on(graph(root, load));
    (nodes, count)
}

fn order(nodes: &[Node<String>]) -> Vec<&str> {
    nodes.iter().map(|node| node.app.as_str()).collect()
}

#[test]
fn dependencies_come_first_in_their_order_and_the_root_last() {
    let dir = applications(&[
        ("shop", &["../cache", "../queue"]),
        ("cache", &["../disk"]),
        ("queue", &["../disk", "../net"]),
        ("disk", &[]),
        ("net", &[]),
    ]);
    for _ in 0..3 {
        let (nodes, count) = found(&dir.path().join("shop"));
        let nodes = nodes.unwrap();
        assert_eq!(order(&nodes), ["disk", "cache", "net", "queue", "shop"]);
        assert!(count.values().all(|count| *count == 1), "{count:?}");
    }
}

#[test]
fn a_directory_is_the_same_however_it_is_named() {
    let dir = applications(&[
        ("shop", &["../a", "../b", "../link", "../a/Appfile"]),
        ("a", &[]),
        ("b", &["../c/../a"]),
        ("c", &[]),
    ]);
    std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
    let (nodes, _) = found(&dir.path().join("shop"));
    let nodes = nodes.unwrap();
    assert_eq!(order(&nodes), ["a", "b", "shop"]);
}

#[test]
fn a_dependency_without_an_appfile_is_an_application_as_well() {
    let dir = applications(&[("shop", &["../plain"])]);
    fs::create_dir(dir.path().join("plain")).unwrap();
    let (nodes, _) = found(&dir.path().join("shop"));
    assert_eq!(order(&nodes.unwrap()), ["plain", "shop"]);
}

#[test]
fn a_cycle_is_named_as_a_whole() {
    let dir = applications(&[
        ("shop", &["../a"]),
        ("a", &["../b"]),
        ("b", &["../c"]),
        ("c", &["../a"]),
        ("self", &["../self"]),
    ]);
    let (nodes, _) = found(&dir.path().join("shop"));
    let error = nodes.unwrap_err().to_string();
    let at: Vec<_> = ["/a`", "/b`", "/c`"]
        .map(|name| error.find(name).unwrap())
        .into();
    assert!(at.is_sorted(), "{error}");
    assert_eq!(error.matches("/a`").count(), 2, "{error}");
    assert!(!error.contains("shop"), "{error}");
    let (nodes, _) = found(&dir.path().join("self"));
    let error = nodes.unwrap_err().to_string();
    assert!(error.contains("needs itself"), "{error}");
}

#[test]
fn a_dependency_that_cannot_be_used_is_marked_where_it_is_written() {
    let dir = applications(&[
        ("shop", &["../nowhere"]),
        ("remote", &["github.com/hashicorp/otto"]),
        ("file", &["../shop/Appfile", "../file/other"]),
        ("deep", &["../shop"]),
    ]);
    fs::write(dir.path().join("file/other"), "").unwrap();
    for (name, expected, marked) in [
        ("shop", "no directory", "../nowhere"),
        ("remote", "not on this machine", "github.com/hashicorp/otto"),
        ("file", "no directory", "../nowhere"),
        ("deep", "no directory", "../nowhere"),
    ] {
        let (nodes, _) = found(&dir.path().join(name));
        let error = nodes.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            error.help().unwrap().to_string().contains("path"),
            "{error}"
        );
        let label = error.labels().unwrap().next().unwrap();
        let source = error.source_code().unwrap();
        let text = source.read_span(label.inner(), 0, 0).unwrap();
        let text = String::from_utf8_lossy(text.data());
        assert_eq!(text, format!("\"{marked}\""), "{error}");
    }
}

#[test]
fn so_many_dependencies_that_nobody_needs_them_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let load = async |project: &Project, _source: &str| {
        let number: usize = project
            .root()
            .file_name()
            .and_then(|name| name.to_str()?.parse().ok())
            .unwrap();
        let next = dir.path().join((number + 1).to_string());
        fs::create_dir(&next).unwrap();
        let mut written = Loaded {
            needs: Vec::new(),
            app: (),
        };
        written.needs.push(crate::appfile::Need {
            source: next.to_str().unwrap().to_owned(),
            mark: None,
        });
        Ok::<_, GraphError>(written)
    };
    fs::create_dir(dir.path().join("0")).unwrap();
    let root = Project::at(&dir.path().join("0")).unwrap();
    let nodes = futures::executor::block_on(graph(root, load));
    let error = nodes.unwrap_err().to_string();
    assert!(error.contains(&MOST.to_string()), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), MOST + 1);
}

#[test]
fn an_error_of_the_caller_ends_the_search() {
    #[derive(Debug, PartialEq)]
    enum Failed {
        Graph(String),
        Own,
    }
    impl From<GraphError> for Failed {
        fn from(error: GraphError) -> Self {
            Self::Graph(error.to_string())
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let root = Project::at(dir.path()).unwrap();
    let load = async |_: &Project, _: &str| Err::<Loaded<()>, _>(Failed::Own);
    let nodes = futures::executor::block_on(graph(root, load));
    assert_eq!(nodes.unwrap_err(), Failed::Own);
}
