//! What passes a recorder: bytes, ends, signals. The plugins are shell scripts.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::{LIMIT, Recorder, TOKEN, text};

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().expect("a number")).expect("a number")
}

/// Waits for an end of file.
fn read_all(mut socket: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    socket.read_to_end(&mut bytes).expect("an end of file");
    bytes
}

#[test]
fn bytes_of_any_kind_pass_unchanged_and_each_half_ends_by_itself() {
    let recorder = Recorder::of_script("exec cat <&3 >&3");
    let (child, mut host) = recorder.start();
    let sent: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let writer = {
        let (mut host, sent) = (host.try_clone().expect("a socket"), sent.clone());
        std::thread::spawn(move || {
            host.write_all(&sent).expect("somebody reads");
            host.shutdown(Shutdown::Write).expect("a socket");
        })
    };
    // The plugin has its answer in the socket only after the host's half has ended.
    assert_eq!(read_all(&mut host), sent);
    writer.join().expect("a writer");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let recording = recorder.recording();
    assert!(recording.contains("not Cap'n Proto"), "{recording}");
    assert!(recording.contains("end of file"), "{recording}");
}

#[test]
fn a_plugin_that_does_not_read_stops_its_host() {
    // It says when it is there, and then reads nothing.
    let recorder = Recorder::of_script("echo ready >&3; kill -STOP $$");
    let (mut child, mut host) = recorder.start();
    host.read_exact(&mut [0; 6]).expect("a word");
    host.set_write_timeout(Some(Duration::from_secs(1)))
        .expect("a socket");
    let mut taken = 0;
    let full = loop {
        match host.write(&[0xff; 64 << 10]) {
            Ok(count) => taken += count,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break error,
        }
        assert!(taken < 16 << 20, "{taken} bytes were taken");
    };
    assert_eq!(full.kind(), ErrorKind::WouldBlock);
    kill_process_group(pid(&child), Signal::KILL).expect("a group");
    assert_eq!(child.wait().expect("an end").signal(), Some(9));
}

#[test]
fn a_plugin_ends_with_a_host_that_is_gone_and_its_host_sees_a_plugin_that_is_gone() {
    let recorder = Recorder::of_script("cat <&3 >/dev/null; exit 5");
    let (mut child, host) = recorder.start();
    drop(host);
    assert_eq!(child.wait().expect("an end").code(), Some(5));

    let recorder = Recorder::of_script("exec 3>&-; read never; sleep 1000");
    let (mut child, host) = recorder.start();
    assert_eq!(read_all(&host), b"");
    kill_process_group(pid(&child), Signal::KILL).expect("a group");
    child.wait().expect("an end");
}

#[test]
fn the_status_and_the_signal_of_a_plugin_are_those_of_the_recorder() {
    let ended = |script: &str| {
        let recorder = Recorder::of_script(script);
        let (mut child, host) = recorder.start();
        let status = child.wait().expect("an end");
        assert_eq!(read_all(host), b"last words\n");
        (status, recorder.printed())
    };
    let (status, printed) = ended("echo last words >&3; exit 7");
    assert_eq!(status.code(), Some(7));
    assert!(
        printed.contains("the plugin exited with status 7"),
        "{printed}"
    );
    for (signal, name) in [(9, "KILL"), (11, "SEGV"), (6, "ABRT"), (15, "TERM")] {
        let (status, printed) = ended(&format!("echo last words >&3; kill -{name} $$"));
        assert_eq!(status.signal(), Some(signal), "{printed}");
        let told = format!("the plugin was ended by signal {signal} (SIG{name})");
        assert!(printed.contains(&told), "{printed}");
    }
}

#[test]
fn signals_are_passed_on_to_the_plugin() {
    let script = "
        for signal in HUP INT QUIT TERM USR1 USR2; do trap \"echo $signal >&3\" $signal; done
        echo ready >&3
        while :; do read line <&3; [ \"$line\" = end ] && exit 3; done";
    for (signal, name) in [
        (Signal::HUP, "HUP\n"),
        (Signal::INT, "INT\n"),
        (Signal::QUIT, "QUIT\n"),
        (Signal::TERM, "TERM\n"),
        (Signal::USR1, "USR1\n"),
        (Signal::USR2, "USR2\n"),
    ] {
        let recorder = Recorder::of_script(script);
        let (mut child, mut host) = recorder.start();
        host.read_exact(&mut [0; 6]).expect("a word");
        kill_process(pid(&child), signal).expect("a process");
        // A shell looks at its signals when it has read a line.
        host.write_all(b"go on\n").expect("somebody reads");
        let mut said = vec![0; name.len()];
        host.read_exact(&mut said).expect("a word");
        assert_eq!(text(&said), name);
        host.write_all(b"end\n").expect("somebody reads");
        assert_eq!(child.wait().expect("an end").code(), Some(3));
    }
}

#[test]
fn standard_streams_and_the_environment_are_the_plugins() {
    let recorder = Recorder::of_script("echo \"$OTTO_PLUGIN_FD $EXTRA\"; echo oops >&2");
    let (_host, plugin) = UnixStream::pair().expect("a pair");
    let child = recorder.start_on(plugin.into(), &[("EXTRA", "more")]);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(text(&output.stdout), "3 more\n");
    assert_eq!(text(&output.stderr), "oops\n");
}

#[test]
fn a_host_that_listens_is_dialled_and_its_token_is_nowhere() {
    let script = "echo \"$OTTO_PLUGIN_CONNECT$OTTO_PLUGIN_TOKEN\"; echo served >&$OTTO_PLUGIN_FD";
    let served = |address: &str, accept: &dyn Fn() -> Box<dyn Read>| {
        let recorder = Recorder::of_script(script);
        let variables = [
            ("OTTO_PLUGIN_CONNECT", address),
            ("OTTO_PLUGIN_TOKEN", TOKEN),
        ];
        let child = recorder.command(&variables).spawn().expect("it starts");
        let said = read_all(accept());
        assert_eq!(text(&said), format!("{TOKEN}served\n"));
        let output = child.wait_with_output().expect("an end");
        assert_eq!(text(&output.stdout), "\n");
        let recording = recorder.recording();
        assert!(!recording.contains(TOKEN), "{recording}");
        assert!(recording.contains("\"transport\""), "{recording}");
    };
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("socket");
    let unix = UnixListener::bind(&path).expect("a path");
    served(&format!("unix:{}", path.display()), &|| {
        let (socket, _) = unix.accept().expect("a visitor");
        socket.set_read_timeout(Some(LIMIT)).expect("a socket");
        Box::new(socket)
    });
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = tcp.local_addr().expect("a port");
    served(&format!("tcp:{address}"), &|| {
        let (socket, _) = tcp.accept().expect("a visitor");
        socket.set_read_timeout(Some(LIMIT)).expect("a socket");
        Box::new(socket)
    });
}

#[test]
fn a_plugin_that_says_its_token_on_the_socket_does_not_get_it_recorded() {
    let recorder = Recorder::of_script("echo \"$OTTO_PLUGIN_TOKEN\" >&3");
    let (host, plugin) = UnixStream::pair().expect("a pair");
    let variables = [
        ("OTTO_PLUGIN_CONNECT", "unix:/nobody"),
        ("OTTO_PLUGIN_TOKEN", TOKEN),
    ];
    let mut child = recorder.start_on(plugin.into(), &variables);
    assert_eq!(text(&read_all(host)), format!("{TOKEN}\n"));
    child.wait().expect("an end");
    let recording = recorder.recording();
    assert!(!recording.contains(&TOKEN[..24]), "{recording}");
    assert!(recording.contains("<64 hexadecimal digits>"), "{recording}");
}

#[test]
fn where_there_is_nothing_to_stand_between_the_plugin_speaks_for_itself() {
    let recorder = Recorder::of_script("echo it is me $OTTO_PLUGIN_CONNECT; exit 4");
    let nobody = [
        ("OTTO_PLUGIN_CONNECT", "unix:/nobody"),
        ("OTTO_PLUGIN_TOKEN", TOKEN),
    ];
    for (variables, said) in [
        (&[][..], "it is me\n"),
        (&[("OTTO_PLUGIN_FD", "977")], "it is me\n"),
        (&nobody, "it is me unix:/nobody\n"),
    ] {
        let output = recorder.command(variables).output().expect("it starts");
        assert_eq!(text(&output.stdout), said);
        assert_eq!(output.status.code(), Some(4));
        assert_eq!(text(&output.stderr), "");
        assert!(!recorder.file.exists());
    }
}

#[test]
fn a_recording_is_for_its_owner_and_a_second_session_is_added_to_it() {
    let recorder = Recorder::of_script("exit 0");
    for _ in 0..2 {
        let (mut child, _host) = recorder.start();
        child.wait().expect("an end");
    }
    let metadata = fs::metadata(&recorder.file).expect("a recording");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let recording = recorder.recording();
    let count = |what: &str| recording.lines().filter(|line| line.contains(what)).count();
    assert_eq!(count("\"format\""), 1, "{recording}");
    assert_eq!(count("\"started\""), 2, "{recording}");
    assert_eq!(count("exited with status 0"), 2, "{recording}");
}

#[test]
fn a_session_goes_on_where_nothing_can_be_recorded() {
    for (is_file, why) in [
        (true, "something else in it than a recording"),
        (false, "directory"),
    ] {
        let recorder = Recorder::of_script("exec cat <&3 >&3");
        match is_file {
            true => fs::write(&recorder.file, "other\n").expect("a file"),
            false => fs::create_dir(&recorder.file).expect("a directory"),
        }
        let (child, mut host) = recorder.start();
        host.write_all(b"hello").expect("somebody reads");
        host.shutdown(Shutdown::Write).expect("a socket");
        assert_eq!(read_all(&host), b"hello");
        let output = child.wait_with_output().expect("an end");
        assert_eq!(output.status.code(), Some(0));
        let said = text(&output.stderr);
        assert!(
            said.contains("nothing is recorded") && said.contains(why),
            "{said}"
        );
        if is_file {
            assert_eq!(recorder.recording(), "other\n");
        }
    }
}

#[test]
fn a_recording_that_grows_too_large_ends_and_the_session_does_not() {
    let recorder = Recorder::of_script("exec cat <&3 >&3");
    // No file may grow beyond one block.
    let launcher = fs::read_to_string(&recorder.program).expect("a script");
    let limited = launcher.replace("\nexec ", "\nulimit -f 1\nexec ");
    fs::write(&recorder.program, limited).expect("a script");
    let (child, mut host) = recorder.start();
    // An empty message of one segment, so that each makes a line.
    let sent = [0; 8].repeat(100);
    host.write_all(&sent).expect("somebody reads");
    host.shutdown(Shutdown::Write).expect("a socket");
    assert_eq!(read_all(&host), sent);
    let output = child.wait_with_output().expect("an end");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let said = text(&output.stderr);
    assert_eq!(said.matches("the recording ends here").count(), 1, "{said}");
}
