//! An application that is developed.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::{Arc, Mutex};

use otto_plugin::bindings::appfile::Value;
use otto_plugin::bindings::error::{Error, ErrorKind};
use otto_plugin::bindings::host::{CancelReason, DevState, ExitStatus, Terminal, TerminalClient};
use otto_plugin::host::{Cancel, Plugin, PluginError};
use otto_plugin::testing::UiCall;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::{
    Project, end, eventually, failed, get, has_ended, launcher, ruby_is_there, started, watch,
};

/// `dev`, under way.
struct Running {
    call: JoinHandle<Result<(), PluginError>>,
    cancel: Cancel,
}

fn run(project: &Project, plugin: &Plugin) -> Running {
    let cancel = Cancel::new();
    let (plugin, context) = (plugin.clone(), project.action(&[]));
    let services = project.cancelled_by(&cancel);
    let call = tokio::spawn(async move { plugin.dev(context, &services).await });
    Running { call, cancel }
}

/// The port in the message that says where the application is.
async fn port(project: &Project, running: &Running) -> u16 {
    eventually(async || {
        let messages = project.ui.messages();
        assert!(!running.call.is_finished(), "it has ended: {messages:?}");
        let url = messages
            .iter()
            .find_map(|text| text.split_once(" is ready: http://127.0.0.1:"))?;
        url.1.trim_end_matches('/').parse().ok()
    })
    .await
}

/// Develops the application until it is cancelled, and looks whether anything of it is left.
async fn live_and_end(project: &Project, plugin: &Plugin) {
    let running = run(project, plugin);
    let port = port(project, &running).await;
    assert_eq!(project.dev_record().await.unwrap().state, DevState::Ready);
    let body = get(port).await;
    assert_eq!(
        (body[0].as_str(), body[3].as_str()),
        ("good day", "development")
    );
    let processes = [&body[1], &body[2]].map(|pid| watch(pid.parse().unwrap()));
    assert!(!processes.iter().any(has_ended));

    running.cancel.cancel(CancelReason::User);
    let error = failed(running.call.await.unwrap());
    assert_eq!(error.kind, ErrorKind::Cancelled);
    assert!(processes.iter().all(has_ended));
    TcpStream::connect(("127.0.0.1", port)).await.unwrap_err();
    assert_eq!(project.dev_record().await, None);
    plugin.ping().await.unwrap();
}

fn greeting() -> Value {
    Value::Object(BTreeMap::from([(
        "GREETING".into(),
        Value::Text("good day".into()),
    )]))
}

#[tokio::test]
async fn an_application_answers_until_it_is_cancelled_and_leaves_nothing() {
    if !ruby_is_there() {
        return;
    }
    let mut project = Project::hello();
    project.set("dev_environment", greeting());
    let plugin = started(&mut project).await;
    live_and_end(&project, &plugin).await;

    let shown = project.ui.calls();
    assert!(shown.contains(&UiCall::Raw("\u{1b}[32mgreeting\u{1b}[0m\n".into())));
    let messages = project.ui.messages();
    assert!(
        messages.contains(&"not \u{fffd} text".to_owned()),
        "{messages:?}"
    );
    assert!(messages.iter().all(|text| !text.contains('\u{1b}')));
    assert!(
        messages[1].starts_with("starting puma -b tcp://127.0.0.1:"),
        "{messages:?}"
    );
    end(plugin).await;
}

#[tokio::test]
async fn bundler_runs_an_application_with_a_lock_file() {
    if !ruby_is_there() {
        return;
    }
    let mut project = Project::hello();
    project.set("dev_environment", greeting());
    // From the gems of this machine alone.
    let locked = Command::new("bundle")
        .args(["lock", "--local"])
        .current_dir(project.source.path())
        .output()
        .unwrap();
    assert!(locked.status.success(), "{locked:?}");
    let plugin = started(&mut project).await;
    live_and_end(&project, &plugin).await;
    let messages = project.ui.messages();
    assert!(
        messages[1].starts_with("starting bundle exec puma"),
        "{messages:?}"
    );
    end(plugin).await;
}

#[tokio::test]
async fn a_program_that_ends_by_itself_ends_the_call() {
    if !ruby_is_there() {
        return;
    }
    for (script, status) in [
        ("puts 'done'", None),
        ("warn 'no'\nexit 3", Some("status 3")),
    ] {
        let mut project = Project::empty();
        project.write("main.rb", script.as_bytes());
        let plugin = started(&mut project).await;
        let result = plugin.dev(project.action(&[]), &project.services()).await;
        match status {
            None => result.unwrap(),
            Some(status) => {
                let error = failed(result);
                assert_eq!(error.kind, ErrorKind::Invalid);
                assert!(error.message.contains(status), "{error:?}");
                assert!(!error.help.is_empty());
            }
        }
        let messages = project.ui.messages();
        assert!(
            messages
                .iter()
                .any(|text| ["done", "no"].contains(&text.as_str()))
        );
        assert_eq!(project.dev_record().await, None);
        end(plugin).await;
    }
}

#[tokio::test]
async fn a_server_that_ends_before_it_answers_is_an_error() {
    let mut project = Project::empty();
    project.write("main.rb", b"");
    project.set("port", Value::Int(free_port().await.into()));
    let command = ["sh", "-c", "echo cannot >&2"].map(|word| Value::Text(word.into()));
    project.set("command", Value::List(command.into()));
    let plugin = started(&mut project).await;
    let error = failed(plugin.dev(project.action(&[]), &project.services()).await);
    assert!(
        error.message.contains("before it listened on port"),
        "{error:?}"
    );
    assert!(project.ui.messages().contains(&"cannot".to_owned()));
    assert_eq!(project.dev_record().await, None);
    end(plugin).await;
}

#[tokio::test]
async fn an_application_that_does_not_answer_yet_can_be_cancelled() {
    let mut project = Project::empty();
    project.write("main.rb", b"");
    project.set("port", Value::Int(free_port().await.into()));
    // It does not heed SIGTERM, and neither does its child.
    let script = "trap '' TERM; sleep 1000 & echo $! $$; wait";
    let command = ["sh", "-c", script].map(|word| Value::Text(word.into()));
    project.set("command", Value::List(command.into()));
    let plugin = started(&mut project).await;
    let running = run(&project, &plugin);
    let pids = eventually(async || {
        let messages = project.ui.messages();
        let text = messages
            .iter()
            .find(|text| text.starts_with(|c: char| c.is_ascii_digit()))?;
        Some(
            text.split(' ')
                .map(|pid| pid.parse().unwrap())
                .collect::<Vec<u32>>(),
        )
    })
    .await;
    let processes: Vec<_> = pids.into_iter().map(watch).collect();
    assert_eq!(project.dev_record().await.unwrap().state, DevState::New);
    running.cancel.cancel(CancelReason::User);
    assert_eq!(
        failed(running.call.await.unwrap()).kind,
        ErrorKind::Cancelled
    );
    assert!(processes.iter().all(has_ended));
    assert_eq!(project.dev_record().await, None);
    end(plugin).await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_and_nothing_is_started() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut project = Project::empty();
    project.write("main.rb", b"");
    project.set("port", Value::Int(port.into()));
    project.set("command", Value::List(vec![Value::Text("true".into())]));
    let plugin = started(&mut project).await;
    let error = failed(plugin.dev(project.action(&[]), &project.services()).await);
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains(&format!("port {port}")), "{error:?}");
    assert!(error.help.contains("`port`"), "{error:?}");
    assert_eq!(project.dev_record().await, None);
    end(plugin).await;
}

#[tokio::test]
async fn without_ruby_it_says_what_to_install() {
    let mut project = Project::hello();
    let empty = tempfile::tempdir().unwrap();
    let plugin = launcher().env("PATH", empty.path()).start().await.unwrap();
    project.compile(&plugin).await;
    let error = failed(plugin.dev(project.action(&[]), &project.services()).await);
    assert_eq!(error.kind, ErrorKind::Unavailable);
    assert!(error.message.contains("`ruby`"), "{error:?}");
    assert!(error.help.contains("install Ruby"), "{error:?}");
    assert_eq!(project.dev_record().await, None);
    end(plugin).await;
}

#[tokio::test]
async fn services_that_the_application_is_told_nothing_of_are_noted() {
    if !ruby_is_there() {
        return;
    }
    let mut project = Project::empty();
    project.write("main.rb", b"");
    project.write("Gemfile", b"gem 'pg'\ngem 'redis'\n");
    let environment = BTreeMap::from([("REDIS_URL".into(), Value::Text("redis://x".into()))]);
    project.set("dev_environment", Value::Object(environment));
    let plugin = started(&mut project).await;
    plugin
        .dev(project.action(&[]), &project.services())
        .await
        .unwrap();
    let calls = project.ui.calls();
    let notes: Vec<_> = calls
        .iter()
        .filter_map(|call| match call {
            UiCall::Diagnostic(note) => Some(note.summary.as_str()),
            _ => None,
        })
        .collect();
    let expected = "nothing says where these services are: postgresql (DATABASE_URL)";
    assert_eq!(notes.last(), Some(&expected));
    end(plugin).await;
}

/// A terminal that notes what is run.
#[derive(Clone, Default)]
struct FakeTerminal(Arc<Mutex<Vec<Run>>>);

type Run = (Vec<String>, String, BTreeMap<String, String>);

impl Terminal for FakeTerminal {
    async fn run(
        &self,
        argv: Vec<String>,
        dir: String,
        env: BTreeMap<String, String>,
    ) -> Result<ExitStatus, Error> {
        self.0.lock().unwrap().push((argv, dir, env));
        Ok(ExitStatus::Code(7))
    }
}

#[tokio::test]
async fn a_shell_runs_where_the_application_is_if_there_is_a_terminal() {
    let mut project = Project::hello();
    let plugin = launcher()
        .feature("terminal")
        .env("SHELL", "/bin/testsh")
        .start()
        .await
        .unwrap();
    project.compile(&plugin).await;
    let error = failed(
        plugin
            .dev(project.action(&["shell"]), &project.services())
            .await,
    );
    assert_eq!(error.kind, ErrorKind::Unsupported);
    assert!(error.help.contains("terminal"), "{error:?}");

    let terminal = FakeTerminal::default();
    let mut services = project.services();
    services.terminal = Some(TerminalClient::new(terminal.clone()));
    plugin
        .dev(project.action(&["shell"]), &services)
        .await
        .unwrap();
    let command = project.action(&["shell", "rake", "a b"]);
    let error = failed(plugin.dev(command, &services).await);
    assert_eq!(error.message, "`rake` ended with status 7");
    let environment = BTreeMap::from([("RACK_ENV".to_owned(), "development".to_owned())]);
    let dir = project.source.path().to_str().unwrap().to_owned();
    let runs = terminal.0.lock().unwrap().clone();
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|&word| word.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        runs,
        [
            (words(&["/bin/testsh"]), dir.clone(), environment.clone()),
            (words(&["rake", "a b"]), dir, environment),
        ]
    );
    end(plugin).await;
}

#[tokio::test]
async fn an_action_that_there_is_not_is_an_error_that_says_which_there_are() {
    let mut project = Project::hello();
    let plugin = started(&mut project).await;
    let dev = async |words: &[&str]| plugin.dev(project.action(words), &project.services()).await;
    let error = failed(dev(&["ssh"]).await);
    assert_eq!(error.kind, ErrorKind::Invalid);
    assert!(error.help.contains("`help`, `shell`"), "{error:?}");
    failed(dev(&["", "now"]).await);
    failed(dev(&["help", "me"]).await);
    dev(&["help"]).await.unwrap();
    let help = project.ui.messages();
    assert!(
        help.iter()
            .any(|line| line.starts_with("otto dev shell [COMMAND...] "))
    );
    end(plugin).await;
}

async fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    listener.local_addr().unwrap().port()
}
