use std::os::unix::fs::symlink;

use tempfile::TempDir;

use super::*;

struct Plugin {
    directory: TempDir,
    cache: Cache,
    file: PathBuf,
}

impl Plugin {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("otto-app-x");
        fs::write(&file, "contents").unwrap();
        let cache = Cache {
            directory: directory.path().join("cache/plugins"),
        };
        Self {
            directory,
            cache,
            file,
        }
    }

    fn identity(&self) -> FileIdentity {
        FileIdentity::of(&self.file).unwrap()
    }

    fn entry(&self) -> PathBuf {
        self.cache.entry(&self.file)
    }

    fn read(&self) -> Option<Description> {
        self.cache.read(&self.file, &self.identity())
    }

    fn write(&self, description: &Description) {
        self.cache
            .write(&self.file, &self.identity(), description)
            .unwrap();
    }
}

fn description() -> Description {
    Description {
        info: PluginInfo {
            name: "x".into(),
            version: "1".into(),
            ..PluginInfo::default()
        },
        meta: Meta::default(),
        sha256: Some("ab".repeat(32).parse().unwrap()),
    }
}

#[test]
fn what_is_kept_is_there_until_the_file_is_another_one() {
    let plugin = Plugin::new();
    assert_eq!(plugin.read(), None);
    plugin.write(&description());
    assert_eq!(plugin.read(), Some(description()));
    let other = plugin.directory.path().join("otto-app-y");
    assert_eq!(plugin.cache.read(&other, &plugin.identity()), None);

    fs::write(&plugin.file, "contents, and more").unwrap();
    assert_eq!(plugin.read(), None);
    let newer = Description {
        sha256: None,
        ..description()
    };
    plugin.write(&newer);
    assert_eq!(plugin.read(), Some(newer));
    // There is one entry for a path, whatever the file was.
    let entries = fs::read_dir(&plugin.cache.directory).unwrap();
    assert_eq!(entries.count(), 1);
}

#[test]
fn an_entry_that_cannot_be_used_is_replaced() {
    let plugin = Plugin::new();
    plugin.write(&description());
    let good = fs::read_to_string(plugin.entry()).unwrap();
    let protocol = format!("\"protocol\":{PROTOCOL},\"path\"");
    assert!(good.contains(&protocol), "{good}");
    let unusable = [
        String::new(),
        "{}".into(),
        "null".into(),
        good[..good.len() / 2].into(),
        good.replace("\"format\":1", "\"format\":2"),
        good.replace("\"format\":1", "\"format\":1e400"),
        good.replace(&protocol, &protocol.replace(&PROTOCOL.to_string(), "99")),
        good.replace("abab", "zzzz"),
        good.replace("\"tuples\":[]", "\"tuples\":[1]"),
        "[".repeat(100_000),
        format!("{good}{}", " ".repeat(2 << 20)),
    ];
    for unusable in &unusable {
        assert_ne!(*unusable, good);
        fs::write(plugin.entry(), unusable).unwrap();
        assert_eq!(plugin.read(), None, "{:.200}", unusable);
        plugin.write(&description());
        assert_eq!(plugin.read(), Some(description()));
    }
}

#[test]
fn what_is_no_file_of_its_own_is_not_read() {
    let plugin = Plugin::new();
    plugin.write(&description());
    let elsewhere = plugin.directory.path().join("elsewhere.json");
    fs::rename(plugin.entry(), &elsewhere).unwrap();
    symlink(&elsewhere, plugin.entry()).unwrap();
    assert_eq!(plugin.read(), None);
    plugin.write(&description());
    assert_eq!(plugin.read(), Some(description()));
    assert!(plugin.entry().symlink_metadata().unwrap().is_file());

    fs::remove_file(plugin.entry()).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(plugin.entry())
        .status();
    assert!(made.unwrap().success());
    assert_eq!(plugin.read(), None);
    plugin.write(&description());
    assert_eq!(plugin.read(), Some(description()));

    // Only root can give a file to somebody else.
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(plugin.entry(), Some(12_345), None).unwrap();
        assert_eq!(plugin.read(), None);
        plugin.write(&description());
        assert_eq!(plugin.read(), Some(description()));
    }
}

#[test]
fn a_plugin_that_says_too_much_is_not_kept() {
    let plugin = Plugin::new();
    let mut much = description();
    much.info.version = "1".repeat(1 << 20);
    plugin.write(&much);
    assert_eq!(plugin.read(), None);
}

#[test]
fn a_cache_is_emptied_of_its_entries_alone() {
    let plugin = Plugin::new();
    plugin.cache.clear().unwrap();
    plugin.write(&description());
    let other = plugin.cache.directory.join("README");
    fs::write(&other, "mine").unwrap();
    plugin.cache.clear().unwrap();
    assert_eq!(plugin.read(), None);
    assert!(other.exists());
}
