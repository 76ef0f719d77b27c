//! A recorded message, changed in one way. The seed and the number determine how.

use std::fmt;

/// What a word of a message may become: sizes and pointers that lead far away.
const WORDS: [u64; 6] = [
    0,
    u64::MAX,
    // A struct beyond the end, with as much in it as there can be.
    0xffff_ffff_7fff_fffc,
    // A list of as many words as there can be.
    0xffff_fffd_0000_0001,
    // A list of structs without a size.
    0xffff_ffff_0000_0001,
    // A pointer to another segment.
    0x0000_0007_ffff_fff2,
];
/// The ways to change a message.
const WAYS: [Way; 9] = [
    Way::Bit,
    Way::Byte,
    Way::Word,
    Way::Swap,
    Way::Bits,
    Way::Splice,
    Way::Twice,
    Way::Table,
    Way::Cut,
];
/// The table of segments of a message that has one of them.
const TABLE: usize = 8;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Bit,
    Bits,
    Byte,
    Word,
    Swap,
    Splice,
    Twice,
    Table,
    Cut,
}

/// What is written in the place of the recorded messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mutation {
    number: u32,
    seed: u64,
    what: String,
    /// The messages before the changed one, and that one.
    pub(super) bytes: Vec<u8>,
    /// Whether the next message begins where the plugin looks for it.
    pub(super) is_whole: bool,
}

impl fmt::Display for Mutation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            number, seed, what, ..
        } = self;
        write!(f, "mutation {number} of seed {seed:#x} ({what})")
    }
}

impl Mutation {
    /// The mutation of this number. The first ones change each message in each way.
    pub(super) fn of(messages: &[(String, Vec<u8>)], seed: u64, number: u32) -> Self {
        let mut random = Random(seed ^ u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let count = messages.len().max(1);
        let index = number as usize % count;
        let way = WAYS[number as usize / count % WAYS.len()];
        let mut bytes: Vec<u8> = messages[..index]
            .iter()
            .flat_map(|(_, message)| message.iter().copied())
            .collect();
        let (name, message) = &messages[index];
        let other = &messages[random.below(count)].1;
        let mut message = message.clone();
        let how = change(&mut message, other, way, &mut random);
        bytes.extend(message);
        Self {
            number,
            seed,
            what: format!("{name}: {how}"),
            bytes,
            is_whole: !matches!(way, Way::Table | Way::Cut),
        }
    }
}

fn change(message: &mut Vec<u8>, other: &[u8], way: Way, random: &mut Random) -> String {
    let body = message.len() - TABLE;
    let word = TABLE + 8 * random.below(body / 8);
    match way {
        Way::Bit => {
            let at = flip(message, random);
            format!("a bit of byte {at} flipped")
        }
        Way::Bits => {
            let count = 2 + random.below(15);
            for _ in 0..count {
                flip(message, random);
            }
            format!("{count} bits flipped")
        }
        Way::Byte => {
            let at = TABLE + random.below(body);
            message[at] = random.next() as u8;
            format!("byte {at} made {:#04x}", message[at])
        }
        Way::Word => {
            let value = match random.below(WORDS.len() + 1) {
                index if index < WORDS.len() => WORDS[index],
                _ => random.next(),
            };
            message[word..word + 8].copy_from_slice(&value.to_le_bytes());
            format!("the word at byte {word} made {value:#018x}")
        }
        Way::Swap => {
            let with = TABLE + 8 * random.below(body / 8);
            (0..8).for_each(|byte| message.swap(word + byte, with + byte));
            format!("the words at the bytes {word} and {with} swapped")
        }
        Way::Splice => {
            let shared = message.len().min(other.len());
            let from = TABLE + 8 * random.below((shared - TABLE) / 8);
            message[from..shared].copy_from_slice(&other[from..shared]);
            format!("another message from byte {from} on")
        }
        Way::Twice => {
            message.extend_from_within(..);
            "sent twice".to_owned()
        }
        Way::Table => {
            let at = random.below(TABLE);
            message[at] ^= 1 << random.below(8);
            format!("a bit of byte {at}, in the table of segments, flipped")
        }
        Way::Cut => {
            let at = 1 + random.below(message.len() - 1);
            message.truncate(at);
            format!("cut after {at} bytes")
        }
    }
}

fn flip(message: &mut [u8], random: &mut Random) -> usize {
    let at = TABLE + random.below(message.len() - TABLE);
    message[at] ^= 1 << random.below(8);
    at
}

/// Numbers that follow from the first one (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below this one.
    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::bootstrap;

    fn messages() -> Vec<(String, Vec<u8>)> {
        (0..3)
            .map(|number| (format!("q{number}"), bootstrap(number)))
            .collect()
    }

    #[test]
    fn the_seed_and_the_number_determine_a_mutation() {
        for number in 0..200 {
            let mutation = Mutation::of(&messages(), 7, number);
            assert_eq!(mutation, Mutation::of(&messages(), 7, number));
        }
        let differ =
            |number| Mutation::of(&messages(), 7, number) != Mutation::of(&messages(), 8, number);
        assert!((0..200).any(differ));
    }

    #[test]
    fn the_first_ones_change_each_message_in_each_way() {
        let all: Vec<_> = (0..27)
            .map(|number| Mutation::of(&messages(), 7, number))
            .collect();
        for way in ["twice", "cut", "table", "swapped", "flipped", "made"] {
            for message in ["q0", "q1", "q2"] {
                let found = all
                    .iter()
                    .any(|it| it.what.starts_with(message) && it.what.contains(way));
                assert!(found, "{message} {way}");
            }
        }
    }

    #[test]
    fn one_that_is_whole_has_the_length_that_it_says() {
        for number in 0..500 {
            let mutation = Mutation::of(&messages(), 7, number);
            let whole = mutation.bytes.len().is_multiple_of(bootstrap(0).len());
            assert!(whole || !mutation.is_whole, "{mutation}");
        }
    }
}
