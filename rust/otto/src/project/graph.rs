//! An application and everything that it needs, in the order in which it is compiled.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, LabeledSpan, SourceCode};

use super::{Project, ProjectError};
use crate::appfile::{FILE_NAME, Mark, Need, Source, quoted};

/// How many applications one can need, itself included.
pub(super) const MOST: usize = 1000;

/// An application that is needed, or needs the others.
#[derive(Debug)]
pub(crate) struct Node<T> {
    pub(crate) project: Project,
    /// What the caller has made of it.
    pub(crate) app: T,
}

/// What a caller has found out about an application.
#[derive(Debug)]
pub(crate) struct Loaded<T> {
    /// [`crate::appfile::Written::needs`].
    pub(crate) needs: Vec<Need>,
    pub(crate) app: T,
}

/// Dependencies that cannot be worked on.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub(crate) struct GraphError {
    kind: GraphErrorKind,
    /// Where the dependency is written. `None` if a plugin says it.
    mark: Option<Box<Mark>>,
}

/// What is wrong.
#[derive(Debug, thiserror::Error, Diagnostic)]
enum GraphErrorKind {
    #[error("the dependency {} is not on this machine", quoted(need))]
    #[diagnostic(help("only local paths are supported: get it, and write the path where it is"))]
    Remote { need: String },
    #[error(
        "there is no directory {} for the dependency {}",
        shown(path),
        quoted(need)
    )]
    #[diagnostic(help("write the path of a directory, or of the Appfile in it"))]
    Missing { need: String, path: PathBuf },
    #[error("the directory of the dependency {} cannot be used", quoted(need))]
    #[diagnostic(help("correct what is wrong with it, or write the path of another one"))]
    Unusable {
        need: String,
        source: Box<ProjectError>,
    },
    #[error("the application needs itself: {}", cycle(path))]
    #[diagnostic(help("remove one of these dependencies"))]
    Cycle { path: Vec<PathBuf> },
    #[error("the application needs more than {MOST} others")]
    #[diagnostic(help("remove some of the dependencies"))]
    TooMany,
}

/// Finds everything that the application in `root` needs: dependencies first, in the order in which
/// they are written, and the root last. Each directory is there once, whoever needs it.
///
/// `load` is called once for each, with the source that its dependent names: it reads the Appfile
/// and completes it. An error of its own ends the search.
pub(crate) async fn graph<T, E: From<GraphError>>(
    root: Project,
    mut load: impl AsyncFnMut(&Project, &str) -> Result<Loaded<T>, E>,
) -> Result<Vec<Node<T>>, E> {
    let mut nodes: Vec<Node<T>> = Vec::new();
    let mut done: HashSet<PathBuf> = HashSet::new();
    let loaded = load(&root, "").await?;
    // From the root to the one that is being looked at.
    let mut open = vec![Open::new(root, loaded)];
    while let Some(last) = open.last_mut() {
        let Some(need) = last.needs.next() else {
            let Some(Open { project, app, .. }) = open.pop() else {
                break;
            };
            done.insert(project.root().to_owned());
            nodes.push(Node { project, app });
            continue;
        };
        let project = find(&need, last.project.root())?;
        if done.contains(project.root()) {
            continue;
        }
        if let Some(start) = open.iter().position(|open| open.project == project) {
            let path = open.iter().skip(start).map(|open| &open.project);
            let path = path.chain([&project]).map(|p| p.root().to_owned());
            let path = path.collect();
            return Err(GraphError::new(GraphErrorKind::Cycle { path }, need).into());
        }
        if nodes.len() + open.len() >= MOST {
            return Err(GraphError::new(GraphErrorKind::TooMany, need).into());
        }
        let loaded = load(&project, &need.source).await?;
        open.push(Open::new(project, loaded));
    }
    Ok(nodes)
}

/// An application whose dependencies are being looked at.
struct Open<T> {
    project: Project,
    needs: std::vec::IntoIter<Need>,
    app: T,
}

impl<T> Open<T> {
    fn new(project: Project, loaded: Loaded<T>) -> Self {
        Self {
            project,
            needs: loaded.needs.into_iter(),
            app: loaded.app,
        }
    }
}

/// The application that a dependency names, in the directory of its dependent.
fn find(need: &Need, directory: &Path) -> Result<Project, GraphError> {
    let error = |kind| GraphError::new(kind, need.clone());
    let Source::Local(mut path) = Source::new(&need.source, directory) else {
        let need = need.source.clone();
        return Err(error(GraphErrorKind::Remote { need }));
    };
    if path.file_name().is_some_and(|name| name == FILE_NAME) && path.is_file() {
        path.pop();
    }
    if !path.is_dir() {
        let need = need.source.clone();
        return Err(error(GraphErrorKind::Missing { need, path }));
    }
    Project::at(&path).map_err(|source| {
        error(GraphErrorKind::Unusable {
            need: need.source.clone(),
            source: Box::new(source),
        })
    })
}

impl GraphError {
    fn new(kind: GraphErrorKind, need: Need) -> Self {
        Self {
            kind,
            mark: need.mark.map(Box::new),
        }
    }
}

impl Diagnostic for GraphError {
    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        self.kind.help()
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.mark.as_ref().map(|mark| &mark.file as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = |mark: &Mark| LabeledSpan::new_with_span(Some("here".into()), mark.at);
        Some(Box::new(self.mark.as_deref().into_iter().map(label)))
    }
}

fn shown(path: &Path) -> String {
    quoted(&path.to_string_lossy())
}

fn cycle(path: &[PathBuf]) -> String {
    let names: Vec<_> = path.iter().map(|path| shown(path)).collect();
    names.join(", which needs ")
}
