//! What nobody is to read in a recording.
//!
//! | field | what is kept of it |
//! | --- | --- |
//! | `Context.infraCreds` | the keys |
//! | the parameter `env` of `Terminal.run` | the keys |
//! | `InputQuery.default`, if the question has `hide` set | nothing |
//! | `InputAnswer.value`, unless it is known that its question has not | nothing |
//!
//! Whatever else a plugin or a host puts into a message is not told from what may be read.

use otto_plugin::rpc::Method;

const CONTEXT: u64 = 0xc0a4_c5d2_f0f5_b3a1;
const INPUT_ANSWER: u64 = 0xd474_2400_b114_a28f;
const INPUT_QUERY: u64 = 0xca4d_db93_af32_5991;
const TERMINAL: u64 = 0x852a_5fa6_e857_84b6;

/// The key of a secret may be read.
pub(super) const KEY: &str = "key";

/// What is known of a message that bears on what is secret in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Privacy {
    runs_a_program: bool,
    /// Whether it answers a question whose answer everybody may see.
    is_open: bool,
}

impl Privacy {
    /// Of the parameters of a method.
    pub(super) fn of_params(method: &Method) -> Self {
        Self {
            runs_a_program: (method.interface_id, method.ordinal) == (TERMINAL, 0),
            is_open: false,
        }
    }

    /// Of an answer to a question that was asked openly, or not.
    pub(super) fn of_results(is_open: bool) -> Self {
        Self {
            runs_a_program: false,
            is_open,
        }
    }

    /// Whether a field of a struct is secret. `hides` says whether the struct has `hide` set.
    pub(super) fn is_secret(self, of: u64, field: &str, hides: bool) -> bool {
        match (of, field) {
            (CONTEXT, "infraCreds") => true,
            (INPUT_ANSWER, "value") => !self.is_open,
            (INPUT_QUERY, "default") => hides,
            (_, "env") => self.runs_a_program,
            _ => false,
        }
    }
}
