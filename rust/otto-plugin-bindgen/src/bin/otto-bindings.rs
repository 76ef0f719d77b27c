//! Rewrites what is generated from `schema/`: the compiled schema and the typed bindings of
//! `otto-plugin`. Run it as `cargo bindings`, in the repository; with `--check` it writes nothing,
//! and fails if it would.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use otto_plugin_bindgen::otto::{self, Generated};

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let is_check = match &arguments[..] {
        [] => false,
        [argument] if argument == "--check" => true,
        _ => {
            say("usage: cargo bindings [--check]");
            return ExitCode::from(2);
        }
    };
    match run(is_check) {
        Ok(code) => code,
        Err(error) => {
            let mut text = format!("error: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                text.push_str(&format!(": {error}"));
                source = error.source();
            }
            say(&text);
            ExitCode::FAILURE
        }
    }
}

fn run(is_check: bool) -> Result<ExitCode, Box<dyn Error>> {
    let repository = repository();
    let mut changed = false;
    for Generated { path, bytes, .. } in otto::generate(&repository)? {
        let file = repository.join(&path);
        if std::fs::read(&file).is_ok_and(|there| there == bytes) {
            continue;
        }
        changed = true;
        if is_check {
            say(&format!("{} differs", path.display()));
        } else {
            write(&file, &bytes).map_err(|error| format!("{}: {error}", path.display()))?;
            say(&format!("{} written", path.display()));
        }
    }
    if is_check && changed {
        say("run `cargo bindings`");
        return Ok(ExitCode::FAILURE);
    }
    if !changed {
        say("nothing has changed");
    }
    Ok(ExitCode::SUCCESS)
}

fn write(file: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(dir) = file.parent() {
        std::fs::create_dir_all(dir)?;
    }
    std::fs::write(file, bytes)
}

/// The repository that this program was built from.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Says something to the person who runs this.
fn say(text: &str) {
    // There is nobody left to tell if stderr is gone.
    let _ = writeln!(std::io::stderr(), "{text}");
}
