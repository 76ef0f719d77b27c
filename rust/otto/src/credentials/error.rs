//! What can go wrong with credentials.

use std::io;
use std::path::PathBuf;

use miette::Diagnostic;

use crate::screen::AskError;

/// Credentials that cannot be used. No secret is in any of them.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum CredentialsError {
    /// The name cannot be one of a file.
    #[error(
        "{infra:?} cannot have credentials: its name is empty, or longer than {max} bytes as a file name"
    )]
    #[diagnostic(help("give the infrastructure a shorter name"))]
    Name { infra: String, max: usize },
    /// There are none.
    #[error("there are no credentials for the infrastructure {infra:?}")]
    #[diagnostic(help(
        "store them with `otto credentials set`; {}",
        if known.is_empty() { "no infrastructure has any yet".to_owned() } else { format!("there are some for: {}", known.join(", ")) }
    ))]
    Unknown { infra: String, known: Vec<String> },
    /// They do not open with it.
    #[error("this is not the passphrase of the credentials for {infra:?}")]
    #[diagnostic(help(
        "run it again with the right one; a forgotten one is replaced with everything that it protects, \
         by `otto credentials set --replace`"
    ))]
    WrongPassphrase { infra: String },
    /// They have been changed by something else, or cut short.
    #[error("the credentials for {infra:?} are damaged: {reason}")]
    #[diagnostic(help(
        "bring their file back from a backup, or store them anew with `otto credentials set --replace`"
    ))]
    Damaged { infra: String, reason: String },
    /// A later `otto` wrote them.
    #[error(
        "the credentials for {infra:?} are of format {found}, and this otto reads format {known}"
    )]
    #[diagnostic(help("use the otto that wrote them, or a later one"))]
    Format {
        infra: String,
        found: u32,
        known: u32,
    },
    /// More than is kept.
    #[error("the credentials for {infra:?} take {bytes} bytes, and at most {max} are kept")]
    #[diagnostic(help("store what is smaller: a key, and not what it opens"))]
    TooLarge { infra: String, bytes: u64, max: u64 },
    /// The operating system refused.
    #[error("{} cannot be {action}", path.display())]
    #[diagnostic(help(
        "look who may use this file and the directories above it, and whether there is room"
    ))]
    File {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("standard output cannot be written")]
    #[diagnostic(help("see that whoever reads it is there, and that there is room"))]
    Output(#[source] io::Error),
    /// A line of the input is none of `KEY=VALUE`.
    #[error("line {line} of standard input {reason}")]
    #[diagnostic(help("write one KEY=VALUE a line; nothing was changed"))]
    Line { line: usize, reason: &'static str },
    /// The input has no end, or cannot be read.
    #[error("standard input cannot be read, or is longer than {max} bytes")]
    #[diagnostic(help("write one KEY=VALUE a line; nothing was changed"))]
    Input { max: u64, source: io::Error },
    /// The name of a key cannot be used.
    #[error("{key:?} cannot be the name of a key: {reason}")]
    #[diagnostic(help("use letters, digits and `_`, such as AWS_SECRET_ACCESS_KEY"))]
    Key { key: String, reason: &'static str },
    /// There was nothing to store.
    #[error("no key was given, so there is nothing to store")]
    #[diagnostic(help("nothing was changed"))]
    Nothing,
    /// The passphrase was typed in two ways.
    #[error("the two passphrases differ")]
    #[diagnostic(help("run it again, and type the same one twice; nothing was changed"))]
    Differ,
    /// The passphrase has no character.
    #[error("the passphrase is empty, which protects nothing")]
    #[diagnostic(help("run it again with one that is long; nothing was changed"))]
    EmptyPassphrase,
    /// The passphrase cannot be asked for.
    #[error(
        "the passphrase of the credentials for {infra:?} cannot be asked for, since there is no terminal"
    )]
    #[diagnostic(help(
        "run it on a terminal, or give the passphrase on a descriptor, as in \
         `--passphrase-fd 3 3< FILE`; an environment variable is not read, since other programs see it"
    ))]
    NoPassphrase { infra: String },
    /// The descriptor of the passphrase cannot be used.
    #[error("no passphrase can be read from the descriptor {fd}")]
    #[diagnostic(help(
        "open it for reading in the shell, as in `--passphrase-fd 3 3< FILE`, with one line of UTF-8 \
         text of at most 4096 bytes in it"
    ))]
    PassphraseFd { fd: i32, source: io::Error },
    /// The user has to agree, and was not there, or did not.
    #[error("the credentials for {infra:?} were not removed, since nobody agreed to it")]
    #[diagnostic(help("answer the question with yes, or pass --yes"))]
    NotConfirmed { infra: String },
    /// The question has no answer.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Ask(#[from] AskError),
}
