//! What a plugin does when it is not started by a host, or by a broken one.

#![expect(clippy::unwrap_used, reason = "a test panics")]

mod support;

use std::io::{ErrorKind, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use support::{LIMIT, example, readable_within};

const COOKIE: &str = "11aab7ff21cb9ff7b0e9975d53f17a8dab571eac9b5ff0191730046698f07b7f";

const TOKEN: &str = "0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF";

fn command(variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(example("otto-app-hello"));
    command.env_remove("OTTO_PLUGIN_MAGIC_COOKIE");
    command.envs(variables.iter().copied()).stdin(Stdio::null());
    command
}

fn started(variables: &[(&str, &str)]) -> Output {
    command(variables).output().unwrap()
}

/// Starts a plugin that has to dial.
fn dialling(address: &str, token: &str) -> Child {
    command(&[
        ("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE),
        ("OTTO_PLUGIN_CONNECT", address),
        ("OTTO_PLUGIN_TOKEN", token),
    ])
    .stderr(Stdio::piped())
    .spawn()
    .unwrap()
}

/// What a plugin says that has to exit with status 1 within 2 s, in one line.
fn complaint(plugin: Child) -> String {
    let process = support::watch(plugin.id());
    assert!(
        support::ends_within(&process, Duration::from_secs(2)),
        "it did not exit"
    );
    let output = plugin.wait_with_output().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), text.lines().count()),
        (Some(1), 1),
        "{text}"
    );
    text
}

#[test]
fn a_person_who_starts_a_plugin_is_told_in_three_lines() {
    for variables in [
        &[][..],
        &[("OTTO_PLUGIN_MAGIC_COOKIE", "")],
        &[("OTTO_PLUGIN_MAGIC_COOKIE", "11aab7ff")],
    ] {
        let output = started(variables);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(output.stdout, b"");
        let expected = "This binary is an Otto plugin. These are not meant to be\n\
                        executed directly. Please execute `otto`, which will load\n\
                        any plugins automatically.\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
    }
}

#[test]
fn a_plugin_without_a_connection_says_so_in_one_line() {
    let output = started(&[("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE)]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(
        (output.status.code(), text.lines().count()),
        (Some(1), 1),
        "{text}"
    );
    assert!(text.contains("OTTO_PLUGIN_FD"), "{text}");
}

#[test]
fn a_descriptor_that_is_no_socket_is_named() {
    for (value, why) in [
        ("", "not a number"),
        ("three", "not a number"),
        ("-1", "not a number"),
        ("99999999999", "not a number"),
        ("2", "standard streams"),
        ("977", "os error 9"),
    ] {
        let output = started(&[
            ("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE),
            ("OTTO_PLUGIN_FD", value),
        ]);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), text.lines().count()),
            (Some(1), 1),
            "{text}"
        );
        assert!(
            text.contains("OTTO_PLUGIN_FD") && text.contains(why),
            "{value}: {text}"
        );
        assert!(text.contains(&format!("{value:?}")), "{value}: {text}");
    }
}

#[test]
fn a_plugin_that_dials_says_the_token_first_and_ends_with_the_connection() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("host");
    let unix = UnixListener::bind(&path).unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = tcp.local_addr().unwrap().port();

    let plugin = dialling(&format!("unix:{}", path.display()), TOKEN);
    assert!(readable_within(&unix, LIMIT));
    let connection = unix.accept().unwrap().0;
    connection.set_read_timeout(Some(LIMIT)).unwrap();
    says_the_token(connection, plugin);
    let plugin = dialling(&format!("tcp:127.0.0.1:{port}"), TOKEN);
    assert!(readable_within(&tcp, LIMIT));
    let connection = tcp.accept().unwrap().0;
    connection.set_read_timeout(Some(LIMIT)).unwrap();
    says_the_token(connection, plugin);
}

fn says_the_token(mut connection: impl Read, plugin: Child) {
    let mut token = [0; 64];
    connection.read_exact(&mut token).unwrap();
    assert_eq!(str::from_utf8(&token).unwrap(), TOKEN);
    drop(connection);
    let output = plugin.wait_with_output().unwrap();
    assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
}

#[test]
fn an_address_at_which_nobody_listens_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("nobody");
    let unix = format!("unix:{}", path.display());
    let text = complaint(dialling(&unix, TOKEN));
    assert!(
        text.contains(&unix) && text.contains("os error 2"),
        "{text}"
    );
    // The file of a socket outlives whoever listened.
    drop(UnixListener::bind(&path).unwrap());
    let text = complaint(dialling(&unix, TOKEN));
    assert!(text.contains(&unix) && text.contains("refused"), "{text}");

    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", tcp.local_addr().unwrap());
    drop(tcp);
    let text = complaint(dialling(&address, TOKEN));
    assert!(
        text.contains(&address) && text.contains("refused"),
        "{text}"
    );

    let long = format!("unix:/{}", "long/".repeat(40));
    let text = complaint(dialling(&long, TOKEN));
    assert!(text.contains(&long), "{text}");
}

/// A queue is full when one more connection is not taken.
fn fill<T>(connect: impl Fn() -> Option<T>) -> Vec<T> {
    std::iter::from_fn(connect).collect()
}

#[test]
fn a_host_that_takes_no_connection_is_given_up() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("busy");
    let busy = UnixListener::bind(&path).unwrap();
    rustix::net::listen(&busy, 0).unwrap();
    let _waiting = fill(|| {
        let next = rustix::net::socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::NONBLOCK | SocketFlags::CLOEXEC,
            None,
        );
        let next = UnixStream::from(next.unwrap());
        let address = SocketAddrUnix::new(&path).unwrap();
        rustix::net::connect(&next, &address).ok().map(|()| next)
    });
    let unix = dialling(&format!("unix:{}", path.display()), TOKEN);

    let busy = TcpListener::bind("127.0.0.1:0").unwrap();
    rustix::net::listen(&busy, 0).unwrap();
    let address = busy.local_addr().unwrap();
    let _waiting = fill(|| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok());
    let tcp = dialling(&format!("tcp:{address}"), TOKEN);

    // Both wait at the same time.
    let unix = thread::spawn(|| complaint(unix));
    let (tcp, unix) = (complaint(tcp), unix.join().unwrap());
    assert!(tcp.contains(&address.to_string()), "{tcp}");
    assert!(tcp.contains("timed out"), "{tcp}");
    assert!(unix.contains(path.to_str().unwrap()), "{unix}");
    assert!(unix.contains("1.5s"), "{unix}");
}

#[test]
fn an_address_or_a_token_of_the_wrong_form_is_named_and_the_token_is_not_shown() {
    for address in [
        "",
        "127.0.0.1:80",
        "unix:",
        "tcp:10.0.0.1:80",
        "tcp:127.0.0.1:x",
    ] {
        let text = complaint(dialling(address, TOKEN));
        assert!(text.contains("OTTO_PLUGIN_CONNECT"), "{text}");
        assert!(text.contains(&format!("{address:?}")), "{text}");
        assert!(!text.contains(TOKEN), "{text}");
    }
    for token in ["", "0123456789abcdef", &TOKEN.replace('f', "g")] {
        let text = complaint(dialling("unix:/no/such/socket", token));
        assert!(text.contains("OTTO_PLUGIN_TOKEN"), "{text}");
        assert!(!text.contains("89abcde"), "{text}");
    }
}

#[test]
fn a_token_that_is_missing_is_named() {
    let variables = [
        ("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE),
        ("OTTO_PLUGIN_CONNECT", "unix:/no/such/socket"),
    ];
    let plugin = command(&variables).stderr(Stdio::piped()).spawn().unwrap();
    let text = complaint(plugin);
    assert!(
        text.contains("OTTO_PLUGIN_TOKEN") && text.contains("not set"),
        "{text}"
    );
}

#[test]
fn a_descriptor_that_cannot_be_used_is_an_error_though_there_is_an_address_to_dial() {
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp:{}", tcp.local_addr().unwrap());
    let output = started(&[
        ("OTTO_PLUGIN_MAGIC_COOKIE", COOKIE),
        ("OTTO_PLUGIN_FD", "977"),
        ("OTTO_PLUGIN_CONNECT", &address),
        ("OTTO_PLUGIN_TOKEN", TOKEN),
    ]);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("OTTO_PLUGIN_FD"), "{text}");
    tcp.set_nonblocking(true).unwrap();
    assert_eq!(tcp.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}
