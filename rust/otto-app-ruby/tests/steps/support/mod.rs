//! What the tests of the steps have in common.

mod directory;
mod http;
mod ruby;
mod tree;

use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use otto_plugin::bindings::app::{Context, Tuple};
use otto_plugin::bindings::appfile::{Appfile, Application, Customization, Value};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::host::{BuildRecord, DeployRecord, DevRecord, Directory, Lookup};
use otto_plugin::host::{Cancel, Exit, Launcher, Plugin, PluginError, PluginErrorCause, Services};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tempfile::TempDir;

pub(crate) use directory::Watched;
pub(crate) use http::get;
pub(crate) use ruby::is_there as ruby_is_there;
pub(crate) use tree::{Tree, tree};

pub(crate) const PLUGIN: &str = env!("CARGO_BIN_EXE_otto-app-ruby");

pub(crate) fn launcher() -> Launcher {
    Launcher::new(PLUGIN)
}

/// An application, what a host keeps for it, and the user who looks at it.
pub(crate) struct Project {
    pub(crate) source: TempDir,
    /// The directories of the context.
    pub(crate) work: TempDir,
    pub(crate) ui: FakeUi,
    pub(crate) directory: MemoryDirectory,
    pub(crate) context: Context,
}

impl Project {
    /// An application without files.
    pub(crate) fn empty() -> Self {
        let source = tempfile::Builder::new().prefix("app").tempdir().unwrap();
        let work = tempfile::tempdir().unwrap();
        let path = |name: &str| {
            let path = work.path().join(name);
            fs::create_dir(&path).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let application = Application {
            name: "hello".into(),
            r#type: "ruby".into(),
            ..Application::default()
        };
        let context = Context {
            dir: path("compiled"),
            cache_dir: path("cache"),
            local_dir: path("local"),
            tuple: Tuple {
                app: "ruby".into(),
                infra: "local".into(),
                flavor: "simple".into(),
            },
            application: application.clone(),
            appfile: Appfile {
                id: "app-1".into(),
                path: source.path().join("Appfile").to_str().unwrap().into(),
                application,
                ..Appfile::default()
            },
            ..Context::default()
        };
        Self {
            source,
            work,
            ui: FakeUi::new(),
            directory: MemoryDirectory::new(),
            context,
        }
    }

    /// The web application in `tests/fixtures/hello`, with what a build leaves out, and a link.
    pub(crate) fn hello() -> Self {
        let project = Self::empty();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hello");
        for (path, (mode, contents)) in tree(&fixture) {
            project.write(&path, &contents);
            let path = project.source.path().join(path);
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        for ignored in IGNORED {
            project.write(ignored, b"ignored");
        }
        project.write("kept.tmp", b"kept");
        symlink(
            "../public/style.css",
            project.source.path().join("bin/style"),
        )
        .unwrap();
        project
    }

    pub(crate) fn write(&self, path: impl AsRef<Path>, contents: &[u8]) {
        let path = self.source.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    /// Sets something in a `customization` of the Appfile.
    pub(crate) fn set(&mut self, key: &str, value: Value) {
        self.context.appfile.customization.push(Customization {
            r#type: "app".into(),
            config: [(key.to_owned(), value)].into(),
        });
    }

    pub(crate) fn services(&self) -> Services {
        testing::services(&self.ui, &self.directory)
    }

    /// Services with which `cancel` cancels.
    pub(crate) fn cancelled_by(&self, cancel: &Cancel) -> Services {
        Services {
            cancel: cancel.clone(),
            ..self.services()
        }
    }

    /// The context of an action.
    pub(crate) fn action(&self, words: &[&str]) -> Context {
        let mut words = words.iter().map(|word| (*word).to_owned());
        Context {
            action: words.next().unwrap_or_default(),
            action_args: words.collect(),
            ..self.context.clone()
        }
    }

    pub(crate) async fn compile(&mut self, plugin: &Plugin) {
        let compiled = plugin.compile(self.context.clone(), &self.services()).await;
        self.context.compile_result = Some(compiled.unwrap());
    }

    pub(crate) async fn build(&self, plugin: &Plugin) -> Result<(), PluginError> {
        plugin.build(self.context.clone(), &self.services()).await
    }

    pub(crate) async fn deploy(&self, plugin: &Plugin, words: &[&str]) -> Result<(), PluginError> {
        plugin.deploy(self.action(words), &self.services()).await
    }

    pub(crate) fn lookup(&self) -> Lookup {
        Lookup {
            app_id: "app-1".into(),
            infra: "local".into(),
            flavor: "simple".into(),
            foundation: String::new(),
        }
    }

    pub(crate) async fn build_record(&self) -> Option<BuildRecord> {
        self.directory.get_build(self.lookup()).await.unwrap()
    }

    pub(crate) async fn deploy_record(&self) -> Option<DeployRecord> {
        self.directory.get_deploy(self.lookup()).await.unwrap()
    }

    pub(crate) async fn dev_record(&self) -> Option<DevRecord> {
        self.directory.get_dev(self.lookup()).await.unwrap()
    }

    /// Something that the last build has recorded.
    pub(crate) async fn built(&self, key: &str) -> String {
        self.build_record().await.unwrap().artifact[key].clone()
    }

    /// Where it is deployed to, unless the Appfile says otherwise.
    pub(crate) fn site(&self) -> PathBuf {
        self.work.path().join("local/otto-app-ruby/deploy/simple")
    }

    /// The keys of the blobs that were begun.
    pub(crate) fn blobs_begun(&self) -> Vec<String> {
        let calls = self.directory.calls().into_iter();
        calls
            .filter(|call| call.method == "putBlob")
            .filter_map(|call| call.key)
            .collect()
    }
}

/// What the application's files leave out of a build.
pub(crate) const IGNORED: [&str; 4] = [
    ".git/config",
    ".otto/data",
    "log/development.log",
    "test/hello_test.rb",
];

/// Starts the plugin and compiles, as a host does before anything else.
pub(crate) async fn started(project: &mut Project) -> Plugin {
    let plugin = launcher().start().await.unwrap();
    project.compile(&plugin).await;
    plugin
}

/// Ends the plugin, which is to end well.
pub(crate) async fn end(plugin: Plugin) {
    assert_eq!(plugin.shut_down().await.exit, Some(Exit::Status(0)));
}

/// The application's error that a call failed with.
pub(crate) fn failed<T: std::fmt::Debug>(result: Result<T, PluginError>) -> Error {
    match *result.unwrap_err().cause {
        PluginErrorCause::Failed(error) => error,
        other => panic!("{other:?}"),
    }
}

/// Watches a process that may not be a child of this one.
pub(crate) fn watch(pid: u32) -> OwnedFd {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    pidfd_open(pid, PidfdFlags::empty()).unwrap()
}

/// Whether a process has ended.
pub(crate) fn has_ended(process: &OwnedFd) -> bool {
    ends_within(process, Duration::ZERO)
}

pub(crate) fn ends_within(process: &OwnedFd, limit: Duration) -> bool {
    let limit = Timespec::try_from(limit).unwrap();
    poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&limit)).unwrap() == 1
}

/// Gives what `look` finds, as soon as it does, within 30 s.
pub(crate) async fn eventually<T>(mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        let mut often = tokio::time::interval(Duration::from_millis(10));
        loop {
            if let Some(found) = look().await {
                return found;
            }
            often.tick().await;
        }
    };
    let limit = Duration::from_secs(30);
    tokio::time::timeout(limit, looking)
        .await
        .expect("it was not found in 30 s")
}
