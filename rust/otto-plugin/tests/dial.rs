//! Plugins that dial, and others who do.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use otto_plugin::bindings::app::{AppClient, Context};
use otto_plugin::bindings::error::Error;
use otto_plugin::bindings::handshake::{
    HostInfo, Plugin, PluginClient, PluginConnectResults, PluginInfo, Session, SessionClient,
};
use otto_plugin::bindings::host::LogClient;
use otto_plugin::host::{Exit, Launcher, Phase, StartCause, StartError, Step, Transport};
use otto_plugin::testing::{self, FakeUi, MemoryDirectory, UiCall};
use support::{Compile, LIMIT, example, probe, script};
use tempfile::TempDir;

/// A program that leaves what it was given in a file, and then does something else.
struct Told {
    directory: TempDir,
    program: PathBuf,
}

/// What a plugin was given to dial with.
struct Given {
    process: i32,
    address: String,
    token: String,
}

impl Told {
    /// `then` may name the plugin of the tests as `PROBE`.
    fn then(then: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let then = then.replace("PROBE", example("otto-app-probe").to_str().unwrap());
        let text = format!(
            "#!/bin/bash\n\
             echo $$ $OTTO_PLUGIN_TOKEN $OTTO_PLUGIN_CONNECT >{0}/part\n\
             mv {0}/part {0}/given\n\
             {then}\n",
            directory.path().display()
        );
        let program = script(directory.path(), &text);
        Self { directory, program }
    }

    fn launcher(&self) -> Launcher {
        Launcher::new(&self.program).start_timeout(2 * LIMIT)
    }

    async fn given(&self) -> Given {
        let file = self.directory.path().join("given");
        let line = support::eventually(|| fs::read_to_string(&file).ok()).await;
        let words: Vec<_> = line.trim_end().splitn(3, ' ').collect();
        Given {
            process: words[0].parse().unwrap(),
            token: words[1].into(),
            address: words[2].into(),
        }
    }
}

impl Given {
    fn directory(&self) -> PathBuf {
        let path = Path::new(self.address.strip_prefix("unix:").unwrap());
        path.parent().unwrap().into()
    }

    fn kill(&self) {
        let process = rustix::process::Pid::from_raw(self.process).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
    }

    fn connect(&self) -> Box<dyn Connection> {
        match self.address.split_once(':').unwrap() {
            ("unix", path) => {
                let stream = UnixStream::connect(path).unwrap();
                stream.set_read_timeout(Some(LIMIT)).unwrap();
                Box::new(stream)
            }
            (_, address) => {
                let stream = TcpStream::connect(address).unwrap();
                stream.set_read_timeout(Some(LIMIT)).unwrap();
                Box::new(stream)
            }
        }
    }
}

trait Connection: Read + Write + Send {}

impl<T: Read + Write + Send> Connection for T {}

/// Says something of the right length, and checks that nothing is said in return.
fn wrong_visit(given: &Given, said: &[u8]) {
    let mut stranger = given.connect();
    stranger.write_all(said).unwrap();
    let mut heard = Vec::new();
    stranger.read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"");
}

fn failure(started: Result<otto_plugin::host::Plugin, StartError>, phase: Phase) -> StartError {
    let error = started.unwrap_err();
    assert_eq!(error.phase, phase, "{error}");
    error
}

#[tokio::test]
async fn a_plugin_does_the_same_on_every_transport() {
    for transport in [Transport::Inherited, Transport::Unix, Transport::Tcp] {
        let plugin = probe().transports([transport]).start().await.unwrap();
        assert_eq!(plugin.info().name, "probe");
        let ui = FakeUi::new();
        let services = testing::services(&ui, &MemoryDirectory::new());
        let context = Context {
            action: "environment".into(),
            ..Context::default()
        };
        plugin.compile(context, &services).await.unwrap();
        let [UiCall::Message(names)] = &ui.calls()[..] else {
            panic!("{:?}", ui.calls())
        };
        assert!(
            names.contains("PATH") && !names.contains("OTTO_"),
            "{names}"
        );
        plugin.ping().await.unwrap();
        let ended = plugin.shut_down().await;
        assert_eq!(
            (ended.step, ended.exit),
            (Step::ShutDown, Some(Exit::Status(0))),
            "{transport:?}"
        );
    }
}

#[tokio::test]
async fn a_plugin_that_dials_though_it_has_a_socket_is_called_anew_there() {
    for then in [
        // One that cannot take up a descriptor, and keeps it.
        "unset OTTO_PLUGIN_FD; exec PROBE",
        // A wrapper that closes it.
        "eval \"exec $OTTO_PLUGIN_FD>&-\"; unset OTTO_PLUGIN_FD; exec PROBE",
        // A wrapper that closes it and stays.
        "eval \"exec $OTTO_PLUGIN_FD>&-\"; unset OTTO_PLUGIN_FD; PROBE",
    ] {
        for transport in [Transport::Unix, Transport::Tcp] {
            let told = Told::then(then);
            let both = [Transport::Inherited, transport];
            let plugin = told.launcher().transports(both).start().await.unwrap();
            assert_eq!(plugin.meta().tuples[0].app, "probe");
            let ended = plugin.shut_down().await;
            assert_eq!(ended.exit, Some(Exit::Status(0)), "{then}");
        }
    }
}

#[tokio::test]
async fn nothing_is_left_of_a_listener_when_its_start_is_over() {
    // By a socket, and by dialling.
    for then in ["exec PROBE", "unset OTTO_PLUGIN_FD; exec PROBE"] {
        let told = Told::then(then);
        let plugin = told.launcher().start().await.unwrap();
        assert!(!told.given().await.directory().exists(), "{then}");
        plugin.shut_down().await;
    }
    // In vain.
    let told = Told::then("exit 3");
    told.launcher().start().await.unwrap_err();
    assert!(!told.given().await.directory().exists());
    // For nobody.
    let told = Told::then("exec sleep 1000");
    let mut start = Box::pin(told.launcher().start());
    let given = tokio::select! {
        _ = &mut start => panic!("it was not to start"),
        given = told.given() => given,
    };
    let mode = given.directory().metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o700);
    drop(start);
    assert!(!given.directory().exists());
}

/// A plugin in this process.
struct ByHand;

impl Plugin for ByHand {
    async fn connect(&self, _: HostInfo, _: LogClient) -> Result<PluginConnectResults, Error> {
        let info = PluginInfo {
            r#type: "app".into(),
            name: "by-hand".into(),
            protocols: vec![2],
            protocol: 2,
            ..PluginInfo::default()
        };
        let session = SessionClient::new(Self);
        Ok(PluginConnectResults { info, session })
    }
}

impl Session for ByHand {
    async fn app(&self) -> Result<AppClient, Error> {
        Ok(AppClient::new(Compile(async |_, _| {
            Err(Error::unsupported("compile"))
        })))
    }

    async fn ping(&self) {}

    async fn shut_down(&self) {}
}

#[tokio::test]
async fn a_plugin_is_found_among_strangers_who_are_told_nothing() {
    let told = Told::then("exec sleep 1000");
    let start = tokio::spawn(told.launcher().start());
    let given = told.given().await;
    let mut plugin = UnixStream::connect(given.address.strip_prefix("unix:").unwrap()).unwrap();
    let almost = |at: usize| {
        let mut token = given.token.clone().into_bytes();
        token[at] = if token[at] == b'0' { b'1' } else { b'0' };
        token
    };
    // Between two bytes of the token, the host has read all that a stranger says.
    for (at, byte) in given.token.bytes().enumerate() {
        plugin.write_all(&[byte]).unwrap();
        if at < 63 {
            wrong_visit(&given, &almost(at));
        }
    }
    let served = testing::serve(plugin, &PluginClient::new(ByHand)).unwrap();
    let plugin = start.await.unwrap().unwrap();
    assert_eq!(plugin.info().name, "by-hand");
    drop(served);
}

#[tokio::test]
async fn a_hundred_wrong_tokens_do_not_keep_the_right_one_out() {
    for transport in [Transport::Unix, Transport::Tcp] {
        let told = Told::then("until [ -e $0.go ]; do sleep 0.01; done; exec PROBE");
        let start = tokio::spawn(told.launcher().transports([transport]).start());
        let given = told.given().await;
        for number in 0..100 {
            wrong_visit(&given, format!("{number:064x}").as_bytes());
        }
        fs::write(format!("{}.go", told.program.display()), "").unwrap();
        let plugin = start.await.unwrap().unwrap();
        assert_eq!(plugin.info().name, "probe");
    }
}

#[tokio::test]
async fn visitors_who_say_nothing_make_room_for_others() {
    let told = Told::then("exec sleep 1000");
    let start = tokio::spawn(told.launcher().transports([Transport::Tcp]).start());
    let given = told.given().await;
    let mut silent: Vec<_> = (0..17).map(|_| given.connect()).collect();
    let mut heard = Vec::new();
    silent[0].read_to_end(&mut heard).unwrap();
    assert_eq!(heard, b"");
    given.kill();
    let error = failure(start.await.unwrap(), Phase::Dial);
    assert_eq!(error.listening.strangers, 1, "{error}");
}

#[tokio::test]
async fn a_thousand_strangers_end_a_start_that_waits_for_nothing_else() {
    let told = Told::then("exec sleep 1000");
    let start = tokio::spawn(told.launcher().transports([Transport::Unix]).start());
    let given = told.given().await;
    for _ in 0..1000 {
        drop(given.connect());
    }
    let error = failure(start.await.unwrap(), Phase::Dial);
    assert!(
        matches!(*error.cause, StartCause::WrongAnswer(_)),
        "{error}"
    );
    assert!(error.to_string().contains("1000 connections"), "{error}");
}

#[tokio::test]
async fn a_start_that_fails_says_how_many_strangers_came_and_shows_no_token() {
    for (transports, phase) in [
        (&[Transport::Inherited, Transport::Unix][..], Phase::Connect),
        (&[Transport::Tcp][..], Phase::Dial),
    ] {
        let told = Told::then("exec sleep 1000");
        let launcher = told.launcher().transports(transports.iter().copied());
        assert!(!format!("{launcher:?}").contains("oken"), "{launcher:?}");
        let start = tokio::spawn(launcher.start());
        let given = told.given().await;
        for _ in 0..3 {
            wrong_visit(&given, &[b'0'; 64]);
        }
        given.kill();
        let error = failure(start.await.unwrap(), phase);
        assert!(
            matches!(*error.cause, StartCause::Exited(Exit::Signal(9))),
            "{error}"
        );
        assert_eq!(error.listening.address, Some(given.address));
        let text = error.to_string();
        assert!(text.contains("3 connections"), "{text}");
        let shown = format!("{text}{error:?}");
        assert!(!shown.contains(&given.token[..16]), "{shown}");
    }
}

#[tokio::test]
async fn a_start_in_which_nobody_dials_has_timed_out_in_a_phase_of_its_own() {
    let told = Told::then("exec sleep 1000");
    let short = told.launcher().start_timeout(Duration::from_millis(500));
    let error = failure(
        short.transports([Transport::Unix]).start().await,
        Phase::Dial,
    );
    assert!(
        matches!(*error.cause, StartCause::TimedOut { .. }),
        "{error}"
    );
    let text = error.to_string();
    let address = told.given().await.address;
    for part in ["phase dial", &address, "500ms", "OTTO_PLUGIN_CONNECT"] {
        assert!(text.contains(part), "{text}");
    }
}

#[tokio::test]
async fn a_plugin_that_lets_go_of_its_socket_and_does_not_dial_has_hung_up() {
    let told = Told::then("eval \"exec $OTTO_PLUGIN_FD>&-\"; exec sleep 1000");
    let short = told.launcher().start_timeout(Duration::from_millis(500));
    let error = failure(short.start().await, Phase::Connect);
    assert!(matches!(*error.cause, StartCause::HungUp), "{error}");
    let address = told.given().await.address;
    assert!(error.to_string().contains(&address), "{error}");
}

#[tokio::test]
async fn a_start_without_a_transport_is_the_callers_mistake() {
    let error = failure(probe().transports([]).start().await, Phase::Execute);
    assert_eq!(error.blame(), otto_plugin::host::Blame::Caller);
}

#[tokio::test]
async fn what_is_given_is_new_for_each_start() {
    let mut given = Vec::new();
    for _ in 0..2 {
        let told = Told::then("exec PROBE");
        told.launcher().start().await.unwrap();
        given.push(told.given().await);
    }
    assert_ne!(given[0].token, given[1].token);
    assert_ne!(given[0].address, given[1].address);
    assert!(given[0].token.len() == 64 && given[0].token.bytes().all(|it| it.is_ascii_hexdigit()));
}

#[tokio::test]
async fn a_directory_whose_path_is_too_long_for_a_socket_is_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let long = directory.path().join("l".repeat(100));
    fs::create_dir(&long).unwrap();
    let told = Told::then("exec PROBE");
    let mut host = Command::new(example("probe-host"))
        .arg(&told.program)
        .env("TMPDIR", &long)
        .env_remove("XDG_RUNTIME_DIR")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(host.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    host.kill().unwrap();
    host.wait().unwrap();
    assert!(line.contains("blocking"), "{line}");
    let given = told.given().await;
    assert!(given.address.starts_with("unix:/tmp/"), "{}", given.address);
    assert_eq!(fs::read_dir(&long).unwrap().count(), 0);
}
