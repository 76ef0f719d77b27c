//! Each kind of message, recorded and printed. The host writes them by hand.

use std::io::Write;
use std::net::Shutdown;

use capnp::any_pointer;
use capnp::message::Builder;
use capnp::serialize;
use capnp_rpc::rpc_capnp::{exception, message};
use otto_plugin::wire::host_capnp::terminal;

use super::{Recorder, normalised, text};

/// One message, as bytes.
fn message(fill: impl FnOnce(message::Builder<'_>)) -> Vec<u8> {
    let mut builder = Builder::new_default();
    fill(builder.init_root());
    serialize::write_message_to_words(&builder)
}

/// What is printed of a host that sends these bytes.
fn printed(bytes: &[u8]) -> String {
    let recorder = Recorder::of_script("exec cat <&3 >/dev/null");
    let (child, mut host) = recorder.start();
    host.write_all(bytes).expect("somebody reads");
    host.shutdown(Shutdown::Write).expect("a socket");
    let output = child.wait_with_output().expect("an end");
    assert_eq!(text(&output.stderr), "");
    let printed = normalised(&recorder.printed());
    let from_the_host = printed
        .lines()
        .filter(|line| !line.contains('←') || line.contains('→'));
    let after_the_start = from_the_host.skip(2);
    let lines: Vec<_> = after_the_start
        .take_while(|line| !line.contains("the host sends no more"))
        .collect();
    let end = printed.split_once("\nat the end of ");
    let end = end.and_then(|(_, end)| end.split_once('\n'));
    lines.join("\n") + "\n" + end.map_or("", |(_, end)| end)
}

fn fill_exception(mut exception: exception::Builder<'_>, reason: &str) {
    exception.set_reason(reason);
    exception.set_type(exception::Type::Failed);
}

#[test]
fn every_kind_of_message_is_told() {
    let messages = [
        message(|message| message.init_bootstrap().set_question_id(1)),
        message(|message| {
            let mut call = message.init_call();
            call.set_question_id(2);
            call.set_interface_id(0xae61_c7d2_5f0b_3984);
            call.reborrow()
                .init_target()
                .init_promised_answer()
                .set_question_id(1);
            let mut table = call.init_params().init_cap_table(2);
            table.reborrow().get(0).set_sender_hosted(4);
            table.get(1).set_sender_promise(5);
        }),
        message(|message| {
            let mut call = message.init_call();
            call.set_question_id(3);
            call.set_interface_id(0x17);
            call.set_method_id(9);
            call.init_target().set_imported_cap(0);
        }),
        message(|message| {
            let mut answer = message.init_return();
            answer.set_answer_id(8);
            fill_exception(answer.init_exception(), "out of \u{1b}[2J paper");
        }),
        message(|message| {
            let mut finish = message.init_finish();
            finish.set_question_id(2);
            finish.set_release_result_caps(false);
        }),
        message(|message| {
            let mut resolve = message.init_resolve();
            resolve.set_promise_id(5);
            resolve.init_cap().set_sender_hosted(6);
        }),
        message(|message| {
            let mut release = message.init_release();
            release.set_id(7);
            release.set_reference_count(2);
        }),
        message(|message| {
            let mut disembargo = message.init_disembargo();
            disembargo.reborrow().init_target().set_imported_cap(3);
            disembargo.init_context().set_sender_loopback(12);
        }),
        message(|message| {
            let mut unknown = message.init_unimplemented();
            unknown.reborrow().init_join();
        }),
        message(|message| message.init_provide().set_question_id(9)),
        message(|message| fill_exception(message.init_abort(), "that is enough")),
    ];
    let expected = "         t → bootstrap     q1
         t → call          q2 Plugin.connect on answer q1
         t → call          q3 @0x17.@9 on the plugin's #0
         t → return        q8, exception failed: \"out of \\u{1b}[2J paper\"
                           (nobody has asked q8)
         t → finish        q2 Plugin.connect
                           (the answer is wanted no more)
         t → resolve       the host's #5 to capability, the host's #6
         t → release       the plugin's #7, 2 references
                           (nothing is held under #7)
         t → disembargo    12, the sender's, on the plugin's #3
         t → unimplemented the host does not know this join
         t → provide       provide
         t → abort         failed: \"that is enough\"
  unanswered  q1 bootstrap, asked by the host at t s
  unanswered  q2 Plugin.connect, asked by the host at t s, and is wanted no more
  unanswered  q3 @0x17.@9, asked by the host at t s
  held        capability, the host's #4, by the plugin (1 reference)
  held        capability, the host's #5, by the plugin (1 reference)
  held        capability, the host's #6, by the plugin (1 reference)
";
    assert_eq!(printed(&messages.concat()), expected);
}

#[test]
fn the_environment_of_a_program_is_secret_and_its_arguments_are_not() {
    let call = message(|message| {
        let mut call = message.init_call();
        call.set_interface_id(0x852a_5fa6_e857_84b6);
        call.reborrow().init_target().set_imported_cap(0);
        let content: any_pointer::Builder<'_> = call.init_params().init_content();
        let mut params: terminal::run_params::Builder<'_> = content.init_as();
        params.set_dir("/srv");
        params.reborrow().init_argv(1).set(0, "ssh");
        let mut variable = params.init_env(1).get(0);
        variable.set_key("PASSWORD");
        variable.set_value("hidden");
    });
    let expected = "         t → call          q0 Terminal.run on the plugin's #0
                           argv: [\"ssh\"]
                           dir: \"/srv\"
                           env: [(key = \"PASSWORD\", value = <secret>)]
  unanswered  q0 Terminal.run, asked by the host at t s
";
    assert_eq!(printed(&call), expected);
}

#[test]
fn what_is_no_message_is_told_with_its_first_bytes() {
    let none = message(|message| message.init_bootstrap().set_question_id(1));
    // A pointer to outside of the message.
    let mut broken = none.clone();
    broken[8..16].copy_from_slice(&0x0001_0000_0000_7ffc_u64.to_le_bytes());
    let told = printed(&[&none[..], &broken, b"Welcome!\x1b[2J"].concat());
    let lines: Vec<_> = told.lines().collect();
    let [bootstrap, broken, junk, ..] = &lines[..] else {
        panic!("{told}")
    };
    assert!(bootstrap.ends_with("bootstrap     q1"), "{told}");
    assert!(
        broken.contains("unreadable   ") && broken.contains("\\xfc\\x7f"),
        "{told}"
    );
    assert!(
        junk.contains("not Cap'n Proto: \"Welcome!\\x1b[2J\""),
        "{told}"
    );
}

#[test]
fn the_beginning_of_a_message_is_counted() {
    let recorder = Recorder::of_script("exec cat <&3 >/dev/null");
    let (mut child, mut host) = recorder.start();
    host.write_all(&[0, 0, 0, 0, 9, 0, 0, 0, 1])
        .expect("somebody reads");
    drop(host);
    child.wait().expect("an end");
    let printed = recorder.printed();
    let told = "the host sends no more: end of file, 9 bytes into a message";
    assert!(printed.contains(told), "{printed}");
}
