//! What is in a recording, in words. A recording may hold anything: whoever made it is not believed.

use crate::wire::{Capability, Party, Shown, Target, grouped};

/// Text that somebody else wrote, as one line, without what a terminal would obey.
pub(super) fn line(text: &str) -> String {
    let escaped = text.chars().flat_map(|char| {
        let (plain, escaped) = match char {
            '"' | '\'' | '\\' => (Some(char), None),
            char => (None, Some(char.escape_debug())),
        };
        plain.into_iter().chain(escaped.into_iter().flatten())
    });
    escaped.collect()
}

/// The name of a party.
pub(super) fn party(party: Party) -> &'static str {
    match party {
        Party::Host => "host",
        Party::Plugin => "plugin",
    }
}

/// What a call is made on. The receiver is the one that is called.
pub(super) fn target(target: &Target, receiver: &str) -> String {
    match target {
        Target::Capability(id) => format!("the {receiver}'s #{id}"),
        target => line(&target.to_string()),
    }
}

/// A capability that came with a message, in words.
pub(super) fn capability(interface: &str, capability: Option<Capability>, from: Party) -> String {
    let interface = line(interface);
    let (sender, receiver) = (party(from), party(from.other()));
    match capability {
        None => format!("{interface}, which is not in the table"),
        Some(Capability::None) => format!("no {interface}"),
        Some(Capability::Sender(id)) => format!("{interface}, the {sender}'s #{id}"),
        Some(Capability::SenderPromise(id)) => {
            format!("a promise of {interface}, the {sender}'s #{id}")
        }
        Some(Capability::Receiver(id)) => format!("{interface}, the {receiver}'s own #{id}"),
        Some(Capability::ReceiverAnswer(question)) => {
            format!("{interface}, from the answer to q{question}")
        }
        Some(Capability::ThirdParty) => format!("{interface}, of a third party"),
        Some(Capability::Unknown(number)) => format!("{interface}, of the unknown type {number}"),
    }
}

/// How long something took.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        seconds if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}

/// How much of one text is printed, in bytes.
const TEXT: usize = 200;

/// A value that stands on one line.
pub(super) fn scalar(value: &Shown) -> String {
    match value {
        Shown::Text { start, bytes } => {
            let end = start.floor_char_boundary(TEXT);
            match end == *bytes {
                true => format!("{start:?}"),
                false => format!("{:?}… <{} bytes>", &start[..end], grouped(*bytes)),
            }
        }
        Shown::Name(text) => line(text),
        Shown::Missing(why) => format!("<{}>", line(why)),
        Shown::Data { bytes, sha256 } => {
            format!("<{} bytes, SHA-256 {}>", grouped(*bytes), line(sha256))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(
            line("it's \"a\x1b[2J\u{202e}\n"),
            "it's \"a\\u{1b}[2J\\u{202e}\\n"
        );
    }

    #[test]
    fn a_long_text_is_cut_with_a_count() {
        let long = Shown::text("ä".repeat(1000));
        let shown = scalar(&long);
        assert!(shown.ends_with("ä\"… <2,000 bytes>"), "{shown}");
        assert!(shown.len() < 300);
    }

    #[test]
    fn a_time_has_the_unit_that_suits_it() {
        let shown = [0.000_02, 0.0021, 3.0].map(duration);
        assert_eq!(shown, ["20 µs", "2.1 ms", "3.00 s"]);
    }
}
