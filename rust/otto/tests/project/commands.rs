//! The commands, one after the other, with a plugin that does what it is told.

use std::fs;

use crate::support::World;

#[test]
fn an_application_is_detected_compiled_built_deployed_and_developed() {
    let world = World::with_puppet();
    let project = world.puppet(
        "shop",
        &[
            r#"compile = ["say compiling", "write notes.txt hello"]"#,
            r#"build = ["header Building", "blob archive 3"]"#,
            r#"deploy = ["say deploying"]"#,
            r#"dev = ["say developing"]"#,
        ],
    );
    let detected = project.otto(&["detect", "--format", "json"]).ok().json();
    assert_eq!(detected["format"], 1);
    assert_eq!(detected["tuple"]["app"], "puppet");
    assert_eq!(detected["tuple"]["infra"], "local");
    assert_eq!(detected["plugin"]["name"], "app-puppet");
    assert!(
        !project.path(".ottoid").exists(),
        "a detection writes nothing"
    );

    project.otto(&["compile"]).ok().says("compiling");
    let notes = fs::read_to_string(project.path(".otto/compiled/app/notes.txt")).unwrap();
    assert_eq!(notes, "hello");
    let id = fs::read_to_string(project.path(".ottoid")).unwrap();

    let before = project.otto(&["status", "--format", "json"]).ok().json();
    assert_eq!(before["build"]["state"], "none");
    project
        .otto(&["build"])
        .ok()
        .says("Building")
        .hides("has changed");
    project.otto(&["deploy"]).ok().says("deploying");
    project.otto(&["dev"]).ok().says("developing");
    let after = project.otto(&["status", "--format", "json"]).ok().json();
    assert_eq!(after["build"]["state"], "ready");
    assert_eq!(after["application"]["id"], id.trim());

    project.otto(&["compile"]).ok();
    assert_eq!(fs::read_to_string(project.path(".ottoid")).unwrap(), id);
}

#[test]
fn an_application_without_an_appfile_is_one_of_this_machine() {
    let world = World::with_puppet();
    let project = world.project("shop");
    project.write("puppet.txt", "");
    let detected = project.otto(&["detect", "--format", "json"]).ok().json();
    assert_eq!(detected["application"]["name"], "shop");
    assert_eq!(detected["application"]["detected"], true);
    assert_eq!(detected["tuple"]["flavor"], "simple");
    project.otto(&["compile"]).ok();
    project.otto(&["build"]).ok();
}

#[test]
fn a_command_works_from_any_directory_below() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"build = ["say built"]"#]);
    fs::create_dir_all(project.path("lib/deep")).unwrap();
    project.otto_below("lib/deep", &["compile"]).ok();
    project.otto_below("lib", &["build"]).ok().says("built");
    assert!(!project.path("lib/.otto").exists());
    let there = project.path("lib");
    world
        .otto(&["-C", there.to_str().unwrap(), "build"])
        .ok()
        .says("built");
}

#[test]
fn an_action_and_its_arguments_reach_the_plugin() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"deploy_move = ["arguments"]"#]);
    project.otto(&["compile"]).ok();
    project
        .otto(&["deploy", "move", "here", "--fast", "-n"])
        .ok()
        .says("here|--fast|-n");
}

#[test]
fn a_step_that_is_missing_is_named() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[]);
    for command in ["build", "deploy", "dev"] {
        project.otto(&[command]).code(3).says("otto compile");
    }
}

#[test]
fn a_compile_that_fails_leaves_the_last_good_one() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"compile = ["write notes.txt good"]"#]);
    project.otto(&["compile"]).ok();
    project.puppet(&[r#"compile = ["write notes.txt bad", "fail invalid it is wrong"]"#]);
    project
        .otto(&["compile"])
        .code(1)
        .says("it is wrong")
        .says("do something else");
    let notes = project.path(".otto/compiled/app/notes.txt");
    assert_eq!(fs::read_to_string(notes).unwrap(), "good");
    project.otto(&["build"]).ok().says("has changed");
}

#[test]
fn an_error_of_a_plugin_shows_the_line_it_is_about() {
    let world = World::with_puppet();
    let project = world.puppet(
        "shop",
        &[r#"build = ["fail-at lib/shop.rb 2 a word is missing"]"#],
    );
    project.write("lib/shop.rb", "class Shop\n  def sell\nend\n");
    project.otto(&["compile"]).ok();
    project
        .otto(&["build"])
        .code(1)
        .says("a word is missing")
        .says("def sell")
        .says("correct it");
}

#[test]
fn a_plugin_that_dies_is_told_from_one_that_says_no() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"build = ["abort"]"#]);
    project.otto(&["compile"]).ok();
    project
        .otto(&["build"])
        .code(5)
        .says("App.build")
        .says("signal 6");
}

#[test]
fn what_follows_from_the_sources_is_merged_and_what_the_user_wrote_wins() {
    let world = World::with_puppet();
    let project = world.puppet(
        "shop",
        &[
            r#"implicit = ["redis", "app"]"#,
            r#"compile = ["customizations"]"#,
        ],
    );
    // Its own answer for `app` would have no commands in it.
    project.otto(&["compile"]).ok().says("app redis");
}

#[test]
fn an_infrastructure_that_follows_from_the_sources_is_where_the_application_runs() {
    let world = World::with_puppet();
    let lines = [
        r#"implicit_infrastructure = "cloud""#,
        r#"compile = ["where"]"#,
    ];
    let project = world.puppet("shop", &lines);
    let detected = project.otto(&["detect", "--format", "json"]).ok().json();
    assert_eq!(detected["tuple"]["infra"], "cloud");
    project
        .otto(&["compile"])
        .ok()
        .says("for puppet/cloud/simple");
}

#[test]
fn a_kind_that_no_plugin_knows_is_an_error_that_says_what_there_is() {
    let world = World::with_puppet();
    let project = world.project("shop");
    project.write("Appfile", "application {\n  type = \"cobol\"\n}\n");
    project
        .otto(&["compile"])
        .code(4)
        .says("cobol")
        .says("otto plugins list");
    let empty = world.project("empty");
    empty.otto(&["detect"]).code(4).says("puppet");
}

#[test]
fn quiet_shows_errors_only_and_json_is_a_line_for_each_event() {
    let world = World::with_puppet();
    let project = world.puppet(
        "shop",
        &[r#"build = ["say hello"]"#, r#"dev = ["fail invalid no"]"#],
    );
    project.otto(&["compile"]).ok();
    project.otto(&["--quiet", "build"]).ok().hides("hello");
    project.otto(&["--quiet", "dev"]).code(1).says("no");
    let lines = project.otto(&["--log-format", "json", "build"]).ok().stderr;
    let events: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(events.iter().all(|event| event["format"] == 1), "{lines}");
    assert!(lines.contains("hello"), "{lines}");
}

#[test]
fn without_a_terminal_a_question_is_answered_from_what_is_allowed_or_not_at_all() {
    let world = World::with_puppet();
    let project = world.puppet(
        "shop",
        &[r#"build = ["ask-secret token SHOP_TOKEN OTHER"]"#],
    );
    project.otto(&["compile"]).ok();
    let ask = || {
        project
            .otto(&["build"])
            .env("SHOP_TOKEN", "hidden-words")
            .env("OTHER", "other-words")
    };
    ask().code(1).says("SHOP_TOKEN").hides("hidden-words");
    let config = world.path("home/.config/otto");
    fs::create_dir_all(&config).unwrap();
    fs::write(
        config.join("config.toml"),
        "[plugins.environment]\napp-puppet = [\"SHOP_TOKEN\"]\n",
    )
    .unwrap();
    ask()
        .ok()
        .says("token has 12 letters, from Environment")
        .hides("hidden-words");
}

#[test]
fn an_end_of_the_command_leaves_no_process_and_no_file() {
    let world = World::with_puppet();
    let project = world.puppet("shop", &[r#"build = ["say hello"]"#]);
    project.otto(&["compile"]).ok();
    project.otto(&["build"]).ok();
    let left: Vec<_> = fs::read_dir(world.path("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_command_line_helps_and_is_made_into_completions_and_a_manual() {
    let world = World::new();
    let help = world.otto(&["--help"]).ok().stdout;
    assert!(help.contains("Exit codes") && help.contains("otto deploy rollback"));
    world.otto(&["buidl"]).code(2).says("build");
    world.otto(&["-C", "nowhere", "status"]).code(2).says("-C");
    for shell in ["bash", "zsh", "fish"] {
        let script = world.otto(&["completions", shell]).ok().stdout;
        assert!(script.contains("credentials"), "{shell}");
    }
    let manual = world.otto(&["man"]).ok().stdout;
    assert!(manual.contains(".TH otto") && manual.contains("otto-deploy"));
}
