//! Several of them at once, on one store.

use std::collections::BTreeSet;

use crate::support::World;

#[test]
fn eight_builds_in_eight_projects_all_succeed() {
    let world = World::with_puppet();
    let projects: Vec<_> = (0..8)
        .map(|number| {
            let build = format!(r#"build = ["blob archive {}"]"#, 16 + number);
            world.puppet(&format!("shop{number}"), &[&build])
        })
        .collect();
    // The first ones of this user, who has no store yet: it is made by all of them at once.
    let all = |command: &str| {
        let runs: Vec<_> = projects
            .iter()
            .map(|project| project.otto(&[command]).start())
            .collect();
        for run in runs {
            let ended = run.finish();
            assert!(ended.status.success(), "{ended}");
        }
    };
    all("compile");
    all("build");
    let mut ids = BTreeSet::new();
    for project in &projects {
        let status = project.otto(&["status", "--format", "json"]).ok().json();
        assert_eq!(status["build"]["state"], "ready");
        assert_eq!(status["build"]["revision"], 1);
        ids.insert(status["application"]["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 8);
    assert_eq!(
        super::kill::blobs(&world).len(),
        8,
        "each has contents of its own"
    );
}
