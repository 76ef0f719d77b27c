use std::fs;

use serde_json::Value;

use super::*;
use crate::exit::Exit;

#[tokio::test]
async fn trust_is_given_by_path_and_taken_back_by_path_or_hash() {
    let machine = Machine::new();
    let path = machine.counting("current/otto-app-hello");
    let state = async || {
        let text = shown(&machine, list(Format::Json)).await;
        let all: Value = serde_json::from_str(&text).unwrap();
        all["plugins"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(state().await, "untrusted");
    let text = shown(&machine, trust(&path)).await;
    let hash = text.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(hash.len(), 64, "{text}");
    assert_eq!(state().await, "used");
    assert!(shown(&machine, trust(&path)).await.contains("already"));
    let text = shown(&machine, untrust(&hash)).await;
    assert!(text.contains("not trusted any more"), "{text}");
    assert_eq!(state().await, "untrusted");
    let (_, error) = failed(&machine, untrust(&hash)).await;
    assert!(matches!(error, PluginsError::NotTrusted { .. }), "{error}");

    // Where it lay is enough, even if it is gone.
    shown(&machine, trust(&path)).await;
    fs::remove_file(&path).unwrap();
    shown(&machine, untrust(&path)).await;
    let (_, error) = failed(&machine, untrust(&path)).await;
    assert_eq!(error.exit(), Exit::NoPlugin);
}

#[tokio::test]
async fn what_cannot_be_a_plugin_cannot_be_trusted() {
    let machine = Machine::new();
    let (_, error) = failed(&machine, trust(&machine.path("current/otto-app-none"))).await;
    assert!(matches!(error, PluginsError::Hash { .. }), "{error}");
    fs::create_dir(machine.path("current/otto-app-directory")).unwrap();
    let (_, error) = failed(&machine, trust(&machine.path("current/otto-app-directory"))).await;
    assert!(matches!(error, PluginsError::Unusable { .. }), "{error}");
    let other = machine.script("current/run", "exit 0");
    let (_, error) = failed(&machine, trust(&other)).await;
    assert!(matches!(error, PluginsError::Name { .. }), "{error}");
    assert!(!machine.places().config().exists());
}
