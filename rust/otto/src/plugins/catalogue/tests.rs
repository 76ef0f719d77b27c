use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Mutex;

use futures::FutureExt;
use otto_plugin::host::Place;

use super::*;
use crate::plugins::fixture::{Machine, hello};

fn states(catalogue: &Catalogue) -> Vec<(String, &'static str)> {
    let plugins = catalogue.plugins.iter();
    plugins
        .map(|it| {
            let state = match it.state {
                State::Broken(_) => "broken",
                State::Overridden => "overridden",
                State::Unsupported => "unsupported",
                State::Untrusted(_) => "untrusted",
                State::Unusable(_) => "unusable",
                State::Used(_) => "used",
            };
            (it.ranked.file.name.short(), state)
        })
        .collect()
}

fn used(catalogue: &Catalogue) -> &Listed {
    let mut plugins = catalogue.plugins.iter();
    plugins.find(|it| it.description().is_some()).unwrap()
}

#[tokio::test]
async fn a_plugin_is_asked_once_and_known_from_then_on() {
    let machine = Machine::new();
    machine.counting("user/otto-app-hello");
    for _ in 0..3 {
        let catalogue = Catalogue::open(machine.opening()).await.unwrap();
        let said = used(&catalogue).description().unwrap();
        assert_eq!(said.info.name, "hello");
        assert_eq!(said.meta.tuples[0].app, "hello");
        assert!(catalogue.warnings.is_empty(), "{:?}", catalogue.warnings);
        assert_eq!(machine.starts(), 1);
    }
    // A file that was changed is another one.
    machine.counting("user/otto-app-hello");
    Catalogue::open(machine.opening()).await.unwrap();
    assert_eq!(machine.starts(), 2);
    fs::remove_dir_all(machine.places().cache()).unwrap();
    Catalogue::open(machine.opening()).await.unwrap();
    assert_eq!(machine.starts(), 3);
}

#[tokio::test]
async fn a_bad_plugin_hides_no_other_one_and_is_asked_each_time() {
    let machine = Machine::new();
    machine.script("user/otto-app-bad", "echo bad >> \"$STARTS\"; exit 3");
    machine.script("user/otto-app-mute", "exec sleep 1000");
    machine.counting("user/otto-app-hello");
    machine.script("user/otto-infra-x", "echo bad >> \"$STARTS\"");
    fs::create_dir(machine.path("user/otto-app-directory")).unwrap();
    for starts in [2, 3] {
        let catalogue = Catalogue::open(machine.opening()).await.unwrap();
        let expected = [
            ("app-bad", "broken"),
            ("app-directory", "unusable"),
            ("app-hello", "used"),
            ("app-mute", "broken"),
            ("infra-x", "unsupported"),
        ];
        let states = states(&catalogue);
        let states: Vec<_> = states
            .iter()
            .map(|(name, state)| (name.as_str(), *state))
            .collect();
        assert_eq!(states, expected);
        let State::Broken(error) = &catalogue.plugins[0].state else {
            panic!("{:?}", catalogue.plugins[0]);
        };
        assert!(
            error.to_string().contains("exited with status 3"),
            "{error}"
        );
        assert_eq!(error.exit(), crate::exit::Exit::Plugin);
        assert_eq!(machine.starts(), starts);
    }
}

#[tokio::test]
async fn what_it_overrides_does_not_replace_a_plugin_that_does_not_start() {
    let machine = Machine::new();
    machine.counting("bin/otto-app-hello");
    machine.script("user/otto-app-hello", "exit 3");
    let catalogue = Catalogue::open(machine.opening()).await.unwrap();
    let expected = ["overridden", "broken"].map(|state| ("app-hello".to_owned(), state));
    assert_eq!(states(&catalogue), expected);
    assert!(catalogue.contenders().is_empty());
    assert_eq!(machine.starts(), 0);
}

#[tokio::test]
async fn a_plugin_of_the_current_directory_is_used_once_it_is_trusted() {
    let machine = Machine::new();
    for place in ["bin", "user", "current"] {
        machine.counting(&format!("{place}/otto-app-hello"));
    }
    let catalogue = Catalogue::open(machine.opening()).await.unwrap();
    assert_eq!(used(&catalogue).ranked.file.place, Place::User);
    assert_eq!(
        used(&catalogue).ranked.overrides,
        [machine.path("bin/otto-app-hello")]
    );
    let untrusted = &catalogue.plugins[2];
    let State::Untrusted(Ok(hash)) = untrusted.state else {
        panic!("{untrusted:?}");
    };
    let [
        PluginsWarning::PassedOver {
            path,
            used: instead,
        },
    ] = &catalogue.warnings[..]
    else {
        panic!("{:?}", catalogue.warnings);
    };
    assert_eq!(*path, machine.path("current/otto-app-hello"));
    assert_eq!(*instead, Some(machine.path("user/otto-app-hello")));
    assert_eq!(machine.starts(), 1);

    TrustFile::of(machine.places()).add(path, hash).unwrap();
    for _ in 0..2 {
        let catalogue = Catalogue::open(machine.opening()).await.unwrap();
        let used = used(&catalogue);
        assert_eq!(used.ranked.file.place, Place::Current);
        assert_eq!(used.description().unwrap().sha256, Some(hash));
        let overridden = [
            machine.path("user/otto-app-hello"),
            machine.path("bin/otto-app-hello"),
        ];
        assert_eq!(used.ranked.overrides, overridden);
        assert!(catalogue.warnings.is_empty());
        assert_eq!(machine.starts(), 2);
    }

    // Whoever changes it has to be trusted anew.
    machine.script("current/otto-app-hello", "echo evil >> \"$STARTS\"; exit 3");
    let catalogue = Catalogue::open(machine.opening()).await.unwrap();
    assert_eq!(used(&catalogue).ranked.file.place, Place::User);
    assert_eq!(machine.starts(), 2);
}

#[tokio::test]
async fn the_user_is_asked_about_what_would_take_precedence_and_about_nothing_else() {
    let machine = Machine::new();
    machine.counting("current/otto-app-hello");
    machine.counting("user/otto-app-hello");
    machine.counting("current/plugins/otto-app-hello");
    let asked = Mutex::new(Vec::new());
    let open = async |policy, answer: bool| {
        let ask = |question: TrustQuestion| {
            asked
                .lock()
                .unwrap()
                .push((question.path, question.instead));
            async move { answer }.boxed()
        };
        let opening = Opening {
            discovery: machine.discovery().extra(machine.path("current/plugins")),
            policy,
            ask: Some(&ask),
            ..machine.opening()
        };
        let catalogue = Catalogue::open(opening).await.unwrap();
        let path = used(&catalogue).ranked.file.path.clone();
        (path, std::mem::take(&mut *asked.lock().unwrap()))
    };
    let [user, current, extra] = ["user", "current", "current/plugins"]
        .map(|place| machine.path(&format!("{place}/otto-app-hello")));
    let instead = Some(user.clone());

    let (path, asked) = open(TrustPolicy::Never, true).await;
    assert_eq!((path, asked.len()), (user.clone(), 0));
    let (path, asked) = open(TrustPolicy::Ask, false).await;
    assert_eq!(path, user);
    // A no about the last one is a question about the one before it.
    let expected = [(extra.clone(), instead.clone()), (current, instead.clone())];
    assert_eq!(asked, expected);
    let (path, asked) = open(TrustPolicy::Ask, true).await;
    assert_eq!(
        (path, asked),
        (extra.clone(), vec![(extra.clone(), instead)])
    );
    // A yes is kept.
    let (path, asked) = open(TrustPolicy::Never, false).await;
    assert_eq!((path, asked.len()), (extra.clone(), 0));
    let (path, asked) = open(TrustPolicy::Always, false).await;
    assert_eq!((path, asked.len()), (extra, 0));
}

#[tokio::test]
async fn damaged_trust_matters_only_where_trust_decides() {
    let machine = Machine::new();
    machine.counting("user/otto-app-hello");
    let file = machine.places().config().join("trusted.toml");
    fs::create_dir_all(machine.places().config()).unwrap();
    fs::write(&file, "damaged").unwrap();
    Catalogue::open(machine.opening()).await.unwrap();
    machine.counting("current/otto-app-hello");
    let error = Catalogue::open(machine.opening()).await.err().unwrap();
    assert!(matches!(error, PluginsError::Trust(_)), "{error}");
    let always = Opening {
        policy: TrustPolicy::Always,
        ..machine.opening()
    };
    Catalogue::open(always).await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "damaged");
}

#[tokio::test]
async fn a_plugin_that_was_exchanged_since_is_not_started() {
    let machine = Machine::new();
    let path = machine.counting("user/otto-app-hello");
    let catalogue = Catalogue::open(machine.opening()).await.unwrap();
    let plugin = catalogue.start(used(&catalogue)).await.unwrap();
    plugin.ping().await.unwrap();
    plugin.shut_down().await;
    assert_eq!(machine.starts(), 2);
    machine.script("user/otto-app-hello", "echo evil >> \"$STARTS\"; exit 3");
    let error = catalogue.start(used(&catalogue)).await.unwrap_err();
    assert!(matches!(error, PluginsError::Changed { path: it } if it == path));
    assert_eq!(machine.starts(), 2);
}

#[tokio::test]
async fn a_plugin_that_exchanges_itself_is_killed_and_not_kept() {
    let machine = Machine::new();
    let text = format!(
        "mv \"$0\" \"$0.old\"; cp \"$0.old\" \"$0\"; exec {}",
        hello().display()
    );
    machine.script("user/otto-app-hello", &text);
    let catalogue = Catalogue::open(machine.opening()).await.unwrap();
    let State::Broken(PluginsError::Changed { .. }) = &catalogue.plugins[0].state else {
        panic!("{:?}", catalogue.plugins[0]);
    };
    assert!(!machine.places().cache().join("plugins").exists());
}

#[tokio::test]
async fn many_plugins_are_asked_side_by_side_and_listed_in_order() {
    let machine = Machine::new();
    let target = hello();
    for number in 0..40 {
        let path = machine.path(&format!("user/otto-app-p{number:02}"));
        symlink(&target, path).unwrap();
    }
    let catalogue = Catalogue::open(machine.opening()).await.unwrap();
    let names: Vec<_> = states(&catalogue);
    let expected: Vec<_> = (0..40)
        .map(|it| (format!("app-p{it:02}"), "used"))
        .collect();
    assert_eq!(names, expected);
    let wanted = Tuple {
        app: "hello".into(),
        infra: "local".into(),
        flavor: "simple".into(),
    };
    let selection = catalogue.select(&wanted);
    let chosen = selection.chosen.unwrap().plugin;
    assert_eq!(chosen.ranked.file.name.short(), "app-p39");
    assert_eq!(selection.passed.len(), 39);
}

#[tokio::test]
async fn a_cache_that_cannot_be_written_is_a_warning() {
    let machine = Machine::new();
    machine.counting("user/otto-app-hello");
    fs::create_dir_all(machine.places().cache()).unwrap();
    fs::write(machine.places().cache().join("plugins"), "no directory").unwrap();
    let catalogue = Catalogue::open(machine.opening()).await.unwrap();
    assert!(used(&catalogue).description().is_some());
    let [warning @ PluginsWarning::NotKept { .. }] = &catalogue.warnings[..] else {
        panic!("{:?}", catalogue.warnings);
    };
    assert!(warning.to_string().contains("otto-app-hello"), "{warning}");
}

#[tokio::test]
async fn a_name_is_resolved_without_a_start() {
    let machine = Machine::new();
    machine.counting("bin/otto-app-hello");
    machine.counting("current/otto-app-hello");
    machine.counting("current/otto-app-other");
    machine.script("user/otto-infra-x", "exit 0");
    let mode = machine.script("user/otto-app-mode", "exit 0");
    fs::set_permissions(&mode, Permissions::from_mode(0o600)).unwrap();
    let opening = machine.opening();
    let resolve = async |name: &str| resolve(&name.parse().unwrap(), &opening).await;
    let (path, identity) = resolve("otto-app-hello").await.unwrap();
    assert_eq!(path, machine.path("bin/otto-app-hello"));
    assert_eq!(identity, FileIdentity::of(&path).unwrap());
    let error = resolve("otto-app-other").await.unwrap_err();
    assert!(matches!(error, PluginsError::Untrusted { .. }), "{error}");
    let error = resolve("otto-app-mode").await.unwrap_err();
    assert!(matches!(error, PluginsError::Unusable { .. }), "{error}");
    let error = resolve("otto-infra-x").await.unwrap_err();
    assert!(matches!(error, PluginsError::Unsupported { .. }), "{error}");
    let error = resolve("otto-app-none").await.unwrap_err();
    assert!(matches!(error, PluginsError::NoPlugin { .. }), "{error}");
    assert_eq!(machine.starts(), 0);
}
