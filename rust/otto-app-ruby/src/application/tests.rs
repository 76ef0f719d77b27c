//! What is found out about applications of a few files.

use std::fs;

use tempfile::TempDir;

use super::{Application, Findings, Kind, Surroundings};
use crate::problem::{Place, Problem, Reason, Remark};
use crate::settings::Settings;

const LOCK: &str = "GEM\n  specs:\n    pg (1.5.9)\n    puma (6.4.3)\n    rack (3.1.8)\n\n\
    PLATFORMS\n  ruby\n\nDEPENDENCIES\n  pg\n  puma\n  rack\n\nRUBY VERSION\n   ruby 3.3.6p108\n";
const GEMFILE: &str = "gem 'pg'\ngem 'puma'\ngem 'rack'\n";
const RAILS: &str = "module Shop\n  class Application < Rails::Application\n  end\nend\n";

struct Sample {
    _dir: TempDir,
    settings: Settings,
}

/// An application made of files.
fn sample(files: &[(&str, &str)]) -> Sample {
    let dir = tempfile::tempdir().unwrap();
    for (name, contents) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
    let settings = Settings {
        name: "shop".to_owned(),
        dir: dir.path().to_str().unwrap().to_owned(),
        appfile: "Appfile".to_owned(),
        ..Settings::default()
    };
    Sample {
        _dir: dir,
        settings,
    }
}

impl Sample {
    fn set(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    fn read(&self) -> (Application, Vec<Remark>) {
        let mut remarks = Vec::new();
        let application = Application::read(&self.settings, Surroundings::Container, &mut remarks);
        (application.unwrap(), remarks)
    }

    /// The kind, the command and the port.
    fn program(&self) -> (Kind, String, Option<u16>) {
        let program = self.read().0.program;
        (program.kind, program.command.join(" "), program.port)
    }

    fn problem(&self) -> Problem {
        let problem = Application::read(&self.settings, Surroundings::Container, &mut Vec::new())
            .unwrap_err();
        assert!(!problem.help.is_empty());
        problem
    }

    fn ruby(&self) -> String {
        self.read().0.ruby.pin.to_string()
    }
}

#[test]
fn a_rack_application_is_run_by_the_server_that_it_has() {
    let files = [
        ("config.ru", ""),
        ("Gemfile", GEMFILE),
        ("Gemfile.lock", LOCK),
    ];
    let command = "bundle exec puma -b tcp://0.0.0.0:9292".to_owned();
    assert_eq!(sample(&files).program(), (Kind::Rack, command, Some(9292)));

    let lock = LOCK
        .replace("puma (6.4.3)", "falcon (0.48.3)")
        .replace("  puma\n", "  falcon\n");
    let gemfile = GEMFILE.replace("puma", "falcon");
    let files = [
        ("config.ru", ""),
        ("Gemfile", gemfile.as_str()),
        ("Gemfile.lock", lock.as_str()),
    ];
    let command = "bundle exec falcon serve --bind http://0.0.0.0:80".to_owned();
    let sample = sample(&files).set(|settings| settings.port = Some(80));
    assert_eq!(sample.program(), (Kind::Rack, command, Some(80)));
}

#[test]
fn a_rack_application_without_a_server_is_an_error_with_help() {
    let problem = sample(&[("config.ru", ""), ("Gemfile", "gem 'rack'\n")]).problem();
    assert_eq!(problem.place, Some(Place::new("Gemfile", 0)));
    assert!(problem.help.contains("bundle add puma"));
    assert!(
        sample(&[("config.ru", "")])
            .problem()
            .message
            .contains("no Gemfile")
    );
}

#[test]
fn a_rails_application_is_told_by_its_class() {
    let files = [
        ("config/application.rb", RAILS),
        ("config.ru", ""),
        ("Gemfile", GEMFILE),
        ("Gemfile.lock", LOCK),
    ];
    let command = "bundle exec rails server -b 0.0.0.0 -p 3000".to_owned();
    assert_eq!(sample(&files).program(), (Kind::Rails, command, Some(3000)));

    for class in [
        "class A < ::Rails::Application",
        "  class Shop::App<Rails::Application # x",
    ] {
        let files = [("config/application.rb", class), ("Gemfile", GEMFILE)];
        assert_eq!(sample(&files).program().0, Kind::Rails, "{class}");
    }
    for class in [
        "# class A < Rails::Application",
        "class A < Rails::Applications",
        "",
    ] {
        let files = [
            ("config/application.rb", class),
            ("config.ru", ""),
            ("Gemfile", GEMFILE),
        ];
        assert_eq!(sample(&files).program().0, Kind::Rack, "{class}");
    }
}

#[test]
fn an_application_that_only_claims_to_be_rails_is_an_error() {
    let files = [("config.ru", ""), ("Gemfile", GEMFILE)];
    let problem = sample(&files)
        .set(|settings| settings.rails = true)
        .problem();
    assert_eq!(problem.place, Some(Place::new("config/application.rb", 0)));
}

#[test]
fn a_program_is_run_if_it_is_clear_which() {
    let program = |files: &[(&str, &str)]| sample(files).program();
    assert_eq!(
        program(&[("a.rb", "")]),
        (Kind::Script, "ruby a.rb".into(), None)
    );
    assert_eq!(
        program(&[("a.rb", ""), ("main.rb", ""), ("Gemfile", "")]),
        (Kind::Script, "bundle exec ruby main.rb".into(), None)
    );
    assert_eq!(
        program(&[("app.rb", ""), ("gems.rb", "gem 'sinatra'")]),
        (
            Kind::Script,
            "bundle exec ruby app.rb -o 0.0.0.0 -p 4567".into(),
            Some(4567)
        )
    );
    assert!(
        sample(&[("a.rb", ""), ("b.rb", "")])
            .problem()
            .help
            .contains("`command`")
    );
    assert!(
        sample(&[("Gemfile", "")])
            .problem()
            .help
            .contains("`command`")
    );
}

#[test]
fn on_this_machine_it_listens_for_nobody_else_and_bundler_needs_a_lock_file() {
    let here = |sample: &Sample| {
        let here = Surroundings::Here { port: 4321 };
        let program = Application::read(&sample.settings, here, &mut Vec::new());
        let program = program.unwrap().program;
        (program.command.join(" "), program.port)
    };
    let unlocked = sample(&[("config.ru", ""), ("Gemfile", GEMFILE)]);
    let puma = "puma -b tcp://127.0.0.1:4321";
    assert_eq!(here(&unlocked), (puma.into(), Some(4321)));
    let locked = [
        ("config.ru", ""),
        ("Gemfile", GEMFILE),
        ("Gemfile.lock", LOCK),
    ];
    let locked = sample(&locked).set(|settings| settings.port = Some(80));
    let puma = "bundle exec puma -b tcp://127.0.0.1:80";
    assert_eq!(here(&locked), (puma.into(), Some(80)));
    let sinatra = sample(&[("app.rb", ""), ("Gemfile", "gem 'sinatra'\n")]);
    let ruby = "ruby app.rb -o 127.0.0.1 -p 4321";
    assert_eq!(here(&sinatra), (ruby.into(), Some(4321)));
    let script = sample(&[("app.rb", "")]);
    assert_eq!(here(&script), ("ruby app.rb".into(), None));
}

#[test]
fn a_command_that_is_set_is_taken_as_it_is() {
    let command = |settings: &mut Settings| settings.command = Some(vec!["./serve".into()]);
    let script = sample(&[]).set(command);
    assert_eq!(script.program(), (Kind::Script, "./serve".into(), None));
    let rack = sample(&[("config.ru", "")]).set(command);
    assert_eq!(rack.program(), (Kind::Rack, "./serve".into(), Some(9292)));
}

#[test]
fn ruby_is_found_in_each_of_its_files() {
    let ruby = |files: &[(&str, &str)]| {
        let main = [("main.rb", "")];
        sample(&[files, &main].concat()).ruby()
    };
    assert_eq!(ruby(&[]), "3.4");
    assert_eq!(ruby(&[(".ruby-version", "3.3.6\n")]), "3.3.6");
    assert_eq!(ruby(&[(".tool-versions", "ruby 3.3.5\n")]), "3.3.5");
    assert_eq!(ruby(&[("Gemfile", "ruby '3.3.4'\n")]), "3.3.4");
    assert_eq!(
        ruby(&[("Gemfile", GEMFILE), ("Gemfile.lock", LOCK)]),
        "3.3.6"
    );
    assert_eq!(
        ruby(&[("gems.rb", GEMFILE), ("gems.locked", LOCK)]),
        "3.3.6"
    );
    let file = [
        ("Gemfile", "ruby file: 'config/ruby'"),
        ("config/ruby", "3.2.2"),
    ];
    assert_eq!(ruby(&file), "3.2.2");
    let tools = [
        ("Gemfile", "ruby file: '.tool-versions'"),
        (".tool-versions", "ruby 3.2.1"),
    ];
    assert_eq!(ruby(&tools), "3.2.1");
    let other = [
        ("Gemfile", "eval_gemfile 'common'"),
        ("common", "ruby '3.2.0'"),
    ];
    assert_eq!(ruby(&other), "3.2.0");
}

#[test]
fn a_ruby_that_the_gemfile_rules_out_is_an_error() {
    let files = [
        ("main.rb", ""),
        (".ruby-version", "3.2.2"),
        ("Gemfile", "\nruby '~> 3.3.0'"),
    ];
    let problem = sample(&files).problem();
    assert_eq!(problem.place, Some(Place::new("Gemfile", 2)));
    assert!(problem.message.contains("`.ruby-version`, line 1"));
}

#[test]
fn a_computed_ruby_is_an_error_unless_something_above_it_says_which() {
    let gemfile = ("Gemfile", "ruby ENV['RUBY']\n");
    let problem = sample(&[("main.rb", ""), gemfile]).problem();
    assert_eq!(problem.place, Some(Place::new("Gemfile", 1)));
    assert!(problem.help.contains(".ruby-version"));

    let (application, remarks) =
        sample(&[("main.rb", ""), gemfile, (".ruby-version", "3.3.6")]).read();
    assert_eq!(application.ruby.pin.to_string(), "3.3.6");
    assert!(
        remarks
            .iter()
            .any(|remark| remark.place == Some(Place::new("Gemfile", 1)))
    );

    let set = sample(&[("main.rb", ""), gemfile])
        .set(|settings| settings.ruby_version = Some("3.3.6".into()));
    assert_eq!(set.ruby(), "3.3.6");
}

#[test]
fn a_setting_repairs_what_no_file_says_well() {
    for file in [
        (".ruby-version", "jruby-9.4.8.0"),
        ("Gemfile", "ruby '3.1.4', engine: 'jruby'"),
    ] {
        let sample = sample(&[("main.rb", ""), file]);
        assert_eq!(sample.problem().reason, Reason::Unsupported);
        let set = sample.set(|settings| settings.ruby_version = Some("3.3.6".into()));
        assert_eq!(set.ruby(), "3.3.6");
    }
}

#[test]
fn a_setting_that_repeats_what_was_found_hides_no_warning() {
    let files = [
        ("main.rb", ""),
        (".ruby-version", "3.3.6"),
        (".tool-versions", "ruby 3.2.2"),
    ];
    let found = sample(&files);
    let repeated = sample(&files).set(|settings| settings.ruby_version = Some("3.3.6".into()));
    let overruled = sample(&files).set(|settings| settings.ruby_version = Some("3.4.1".into()));
    assert_eq!(found.read().1.len(), 1);
    assert_eq!(repeated.read().1, found.read().1);
    assert_eq!(repeated.read().0.ruby, found.read().0.ruby);
    assert_eq!(overruled.read().1, []);
}

#[test]
fn a_lock_file_for_other_systems_only_is_an_error() {
    let lock = LOCK.replace("  ruby\n\n", "  arm64-darwin-23\n  x64-mingw-ucrt\n\n");
    let files = [
        ("main.rb", ""),
        ("Gemfile", GEMFILE),
        ("Gemfile.lock", lock.as_str()),
    ];
    let problem = sample(&files).problem();
    assert_eq!(problem.place, Some(Place::new("Gemfile.lock", 7)));
    assert!(problem.help.contains("--add-platform x86_64-linux"));
    let lock = lock.replace("x64-mingw-ucrt", "x86_64-linux-gnu");
    let files = [
        ("main.rb", ""),
        ("Gemfile", GEMFILE),
        ("Gemfile.lock", lock.as_str()),
    ];
    assert_eq!(sample(&files).ruby(), "3.3.6");
}

#[test]
fn a_lock_file_that_lags_behind_is_a_warning() {
    let gemfile = format!("{GEMFILE}gem 'new'\ngem 'windows' if windows?\n");
    let files = [
        ("main.rb", ""),
        ("Gemfile", gemfile.as_str()),
        ("Gemfile.lock", LOCK),
    ];
    let (_, remarks) = sample(&files).read();
    assert_eq!(remarks.len(), 1);
    assert_eq!(remarks[0].place, Some(Place::new("Gemfile", 4)));
}

#[test]
fn other_gemfiles_are_taken_in_as_far_as_they_may_be() {
    let files = |gemfile| {
        [
            ("main.rb", ""),
            ("Gemfile", gemfile),
            ("loop", "eval_gemfile 'loop'"),
        ]
    };
    assert_eq!(sample(&files("eval_gemfile 'loop'")).ruby(), "3.4");
    assert_eq!(
        sample(&files("eval_gemfile 'no' if File.exist?('no')")).ruby(),
        "3.4"
    );
    let missing = sample(&files("\neval_gemfile 'no'")).problem();
    assert_eq!(missing.place, Some(Place::new("Gemfile", 2)));
    let outside = sample(&files("eval_gemfile '../Gemfile'")).problem();
    assert_eq!(outside.reason, Reason::Denied);
    assert_eq!(outside.place, Some(Place::new("Gemfile", 1)));
    assert_eq!(outside.causes.len(), 1);
    let many: String = (0..40)
        .map(|n| format!("eval_gemfile 'loop' if a\neval_gemfile 'x{n}' if a\n"))
        .collect();
    let problem = sample(&files(many.as_str())).problem();
    assert_eq!(problem.reason, Reason::LimitExceeded);
}

#[test]
fn a_file_outside_of_the_application_is_not_read_for_its_version() {
    let sample = sample(&[("main.rb", ""), ("Gemfile", "ruby file: '/etc/hostname'")]);
    assert_eq!(sample.problem().reason, Reason::Denied);
}

#[test]
fn names_are_made_fit_for_containers() {
    let name = |name: &str| {
        let sample = sample(&[("main.rb", "")]).set(|settings| settings.name = name.into());
        sample.read().0.name.as_str().to_owned()
    };
    assert_eq!(name("guestbook"), "guestbook");
    assert_eq!(name("My App!"), "my-app");
    assert_eq!(name("--a__b--"), "a-b");
    assert_eq!(name("$(touch x)"), "touch-x");
    assert_eq!(name(&"x".repeat(100)), "x".repeat(40));
    let sample = sample(&[("main.rb", "")]).set(|settings| settings.name = "書".into());
    assert_eq!(sample.problem().place, Some(Place::new("Appfile", 0)));
}

#[test]
fn findings_are_what_the_files_say_and_no_default() {
    let findings = |files: &[(&str, &str)]| Findings::read(&sample(files).settings).unwrap();
    let nothing = findings(&[("main.rb", "")]);
    assert_eq!(nothing.ruby, None);
    assert!(nothing.services.is_empty());
    let found = findings(&[("Gemfile", GEMFILE), ("Gemfile.lock", LOCK)]);
    assert_eq!(found.ruby.unwrap().pin.to_string(), "3.3.6");
    assert_eq!(found.services[0].kind.name, "postgresql");
    // Without a lock file, the Gemfile has to do.
    let found = findings(&[("Gemfile", "gem 'redis'\ngem 'pg' if pg?\n")]);
    let names: Vec<_> = found
        .services
        .iter()
        .map(|service| service.kind.name)
        .collect();
    assert_eq!(names, ["redis"]);
}

#[test]
fn a_directory_that_is_missing_or_relative_is_an_error() {
    let missing = sample(&[]).set(|settings| settings.dir.push_str("/missing"));
    assert_eq!(missing.problem().reason, Reason::Unavailable);
    let relative = sample(&[]).set(|settings| settings.dir = "shop".into());
    assert_eq!(relative.problem().reason, Reason::Invalid);
}
