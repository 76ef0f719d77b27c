//! Finds the plugin, and sees whether it can be executed at all.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use sha2::{Digest, Sha256};

use crate::exit;
use crate::process::{Launch, Process, is_executable};
use crate::report::harmless;
use crate::settings::Settings;
use crate::stage::Sandbox;

/// Why there is nothing to test.
#[derive(Debug)]
pub(crate) struct Unusable {
    pub(crate) code: u8,
    pub(crate) message: String,
}

/// The name of a file may have a line end in it, and a log may take what follows for a command.
fn usage(message: String) -> Unusable {
    Unusable {
        code: exit::USAGE,
        message: harmless(&message),
    }
}

/// The file that a path, or a name on PATH, stands for. A link stands for itself: its name counts.
pub(crate) fn find(plugin: &Path) -> Result<PathBuf, Unusable> {
    let shown = plugin.display();
    if plugin.components().count() == 1 && !plugin.has_root() && !starts_with_dot(plugin) {
        return which::which(plugin).map_err(|_| {
            let here = match Path::new(".").join(plugin).exists() {
                true => format!("; did you mean ./{shown}?"),
                false => String::new(),
            };
            usage(format!("{shown}: no such program on PATH{here}"))
        });
    }
    match is_executable(plugin) {
        Ok(true) => {}
        Ok(false) if plugin.is_dir() => return Err(usage(format!("{shown}: a directory"))),
        Ok(false) => {
            return Err(usage(format!("{shown}: not executable (chmod +x {shown})")));
        }
        Err(error) => return Err(usage(format!("{shown}: {error}"))),
    }
    std::path::absolute(plugin).map_err(|error| usage(format!("{shown}: {error}")))
}

fn starts_with_dot(path: &Path) -> bool {
    path.to_string_lossy().starts_with("./")
}

/// Starts the plugin once, without a word of the protocol, to see whether the system can.
///
/// What stands before it on the command line is tried with it.
pub(crate) fn try_start(settings: &Settings) -> Result<(), Unusable> {
    let plugin = &settings.plugin;
    let (program, arguments) = settings.command(settings.plugin.clone());
    let harness = |error: io::Error| Unusable {
        code: exit::HARNESS,
        message: error.to_string(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let sandbox = Sandbox::new().map_err(harness)?;
    let launch = Launch {
        program,
        arguments,
        directory: sandbox.work(),
        // A name in front of the plugin is looked up on it.
        environment: BTreeMap::from_iter(
            std::env::var_os("PATH").map(|path| ("PATH".into(), path)),
        ),
        descriptor: None,
        stdin: None,
    };
    let tasks = tokio::task::LocalSet::new();
    let started = tasks.block_on(&runtime.map_err(harness)?, async {
        Process::start(launch, Instant::now(), Rc::default()).map(drop)
    });
    started.map_err(|error| {
        // These are the plugin's. Too many processes, or too little memory, would be this machine's.
        let code = match error
            .error
            .raw_os_error()
            .map(rustix::io::Errno::from_raw_os_error)
        {
            Some(
                rustix::io::Errno::NOENT | rustix::io::Errno::NOEXEC | rustix::io::Errno::ACCESS,
            ) => exit::USAGE,
            _ => exit::HARNESS,
        };
        let message = match interpreter(plugin) {
            Some(name) if settings.wrap.is_empty() && !Path::new(&name).exists() => {
                format!("{error}: its interpreter {name} does not exist")
            }
            _ => error.to_string(),
        };
        let message = harmless(&message);
        Unusable { code, message }
    })
}

/// The SHA-256 of a file, in hexadecimal.
pub(crate) fn sha256(path: &Path) -> io::Result<String> {
    let digits = Sha256::digest(fs::read(path)?);
    Ok(digits.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// What a script's first line names.
fn interpreter(plugin: &Path) -> Option<String> {
    fs::metadata(plugin).ok()?.is_file().then_some(())?;
    let mut first = [0; 256];
    let count = File::open(plugin).ok()?.read(&mut first).ok()?;
    let line = first[..count].split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("#!")?;
    line.split_whitespace().next().map(str::to_owned)
}
