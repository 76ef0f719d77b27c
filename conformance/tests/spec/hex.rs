//! Bytes, a word on each line, with what can be said of it.

use std::fmt::Write;

use otto_plugin::bindings::INTERFACES;

/// Shows bytes that are no message.
pub(crate) fn plain(bytes: &[u8]) -> String {
    let lines = (0..).step_by(16).zip(bytes.chunks(16));
    lines.fold(String::new(), |out, (offset, line)| {
        out + &format!("{offset:04x}  {:<47}  {}\n", digits(line), letters(line))
    })
}

/// Shows a message. What its first words are, where a segment begins, and what an identity is the one
/// of, stands beside it.
pub(crate) fn frame(bytes: &[u8]) -> String {
    let segments = number(bytes, 0) + 1;
    let table = segments / 2 + 1;
    let sizes: Vec<_> = (1..=segments).map(|it| number(bytes, 4 * it)).collect();
    let mut starts = vec![table];
    starts.extend(sizes.iter().scan(table, |start, size| {
        *start += size;
        Some(*start)
    }));
    let words = (0..).zip(bytes.chunks(8));
    words.fold(String::new(), |out, (index, word)| {
        let remark = if index == 0 {
            let sizes: Vec<_> = sizes.iter().map(ToString::to_string).collect();
            let s = if segments == 1 { "" } else { "s" };
            format!("{segments} segment{s}, of {} words", sizes.join(" and "))
        } else if index < table {
            "the rest of the table".to_owned()
        } else if index == table {
            "the root pointer: a Message".to_owned()
        } else if let Some(segment) = starts.iter().position(|start| *start == index) {
            format!("segment {segment}")
        } else {
            interface(word)
        };
        let line = format!(
            "{:04x}  {}  {}  {remark}",
            index * 8,
            digits(word),
            letters(word)
        );
        out + line.trim_end() + "\n"
    })
}

/// A number of four bytes at a place in a message.
pub(crate) fn number(bytes: &[u8], at: usize) -> usize {
    let bytes = bytes[at..at + 4].try_into().expect("four bytes");
    u32::from_le_bytes(bytes) as usize
}

/// The interface whose identity this is, if it is one.
fn interface(word: &[u8]) -> String {
    let id = u64::from_le_bytes(word.try_into().expect("a message is made of words"));
    let known = INTERFACES.iter().find(|interface| interface.id == id);
    known.map_or_else(String::new, |it| {
        format!("the interface {}, @{id:#x}", it.name)
    })
}

fn digits(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        write!(out, "{byte:02x} ").expect("a string takes everything");
    }
    out.trim_end().to_owned()
}

fn letters(bytes: &[u8]) -> String {
    let letter = |byte: &u8| match byte {
        0x20..=0x7e if *byte != b'`' => char::from(*byte),
        _ => '.',
    };
    bytes.iter().map(letter).collect()
}

#[test]
fn a_word_is_shown_with_what_it_is() {
    let connect = 0xae61_c7d2_5f0b_3984_u64.to_le_bytes();
    let shown = frame(&[[0, 0, 0, 0, 2, 0, 0, 0], [0; 8], connect].concat());
    assert_eq!(
        shown,
        "0000  00 00 00 00 02 00 00 00  ........  1 segment, of 2 words\n\
         0008  00 00 00 00 00 00 00 00  ........  the root pointer: a Message\n\
         0010  84 39 0b 5f d2 c7 61 ae  .9._..a.  the interface Plugin, @0xae61c7d25f0b3984\n"
    );
}
