//! What a plugin is given that has no socket to inherit: an address to dial, and a token to say
//! there first.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;

use subtle::ConstantTimeEq;

use crate::launch::{CONNECT_VARIABLE, TOKEN_VARIABLE};

/// The length of a token, in bytes: hexadecimal digits.
pub(crate) const TOKEN_BYTES: usize = 64;

/// Where to dial, and what to say there.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    pub(crate) address: Address,
    pub(crate) token: Token,
}

/// An address of this machine's own, and of nobody else's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// The port on 127.0.0.1.
    Tcp(u16),
    /// The absolute path of a socket.
    Unix(PathBuf),
}

/// What the host tells its plugin from others by, once.
#[derive(Clone)]
pub(crate) struct Token([u8; TOKEN_BYTES]);

/// Variables that are not what they should be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DialError {
    #[error(
        "{CONNECT_VARIABLE} is {0:?}, and has to be `unix:` and the absolute path of a socket, or \
         `tcp:127.0.0.1:` and a port"
    )]
    Address(OsString),
    #[error("{TOKEN_VARIABLE} has to be {TOKEN_BYTES} hexadecimal digits, and {0}")]
    Token(String),
}

impl Dial {
    /// Reads the values of both variables.
    pub(crate) fn parse(address: &OsStr, token: Option<&OsStr>) -> Result<Self, DialError> {
        Ok(Self {
            address: Address::parse(address)
                .ok_or_else(|| DialError::Address(address.to_owned()))?,
            token: Token::parse(token)?,
        })
    }

    /// The variables, to start a plugin with.
    pub(crate) fn variables(&self) -> [(&'static str, String); 2] {
        let token = String::from_utf8_lossy(&self.token.0).into_owned();
        [
            (CONNECT_VARIABLE, self.address.to_string()),
            (TOKEN_VARIABLE, token),
        ]
    }
}

impl Address {
    fn parse(value: &OsStr) -> Option<Self> {
        let value = value.as_bytes();
        if let Some(path) = value.strip_prefix(b"unix:") {
            return path
                .starts_with(b"/")
                .then(|| Self::Unix(OsString::from_vec(path.to_vec()).into()));
        }
        let port = str::from_utf8(value.strip_prefix(b"tcp:127.0.0.1:")?).ok()?;
        // A sign would be taken for a part of the number.
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        let port = port.parse().ok().filter(|port| digits && *port != 0)?;
        Some(Self::Tcp(port))
    }

    /// The address of a port on this machine.
    pub(crate) fn tcp(port: u16) -> SocketAddrV4 {
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(port) => write!(f, "tcp:{}", Self::tcp(*port)),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Token {
    /// Makes one that nobody can guess. An error is one of the operating system's.
    pub(crate) fn random() -> io::Result<Self> {
        let mut secret = [0; TOKEN_BYTES / 2];
        getrandom::fill(&mut secret)?;
        let mut token = [0; TOKEN_BYTES];
        for (digits, byte) in token.chunks_exact_mut(2).zip(secret) {
            let digit = |half: u8| b"0123456789abcdef"[usize::from(half)];
            digits.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Ok(Self(token))
    }

    /// Whether this is what a peer said. It takes the same time, wherever they differ.
    pub(crate) fn is(&self, said: &[u8; TOKEN_BYTES]) -> bool {
        self.0.ct_eq(said).into()
    }

    /// A message never shows more of a token than its length.
    fn parse(value: Option<&OsStr>) -> Result<Self, DialError> {
        let value = value.ok_or_else(|| DialError::Token("is not set".into()))?;
        let token: &[u8; TOKEN_BYTES] = value
            .as_bytes()
            .try_into()
            .map_err(|_| DialError::Token(format!("has {} bytes", value.len())))?;
        if !token.iter().all(u8::is_ascii_hexdigit) {
            return Err(DialError::Token("has another character in it".into()));
        }
        Ok(Self(*token))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; TOKEN_BYTES] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(not shown)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF";

    fn parse(address: &str, token: &str) -> Result<Dial, DialError> {
        Dial::parse(address.as_ref(), Some(token.as_ref()))
    }

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for (text, address) in [
            ("unix:/run/a b/s", Address::Unix("/run/a b/s".into())),
            ("tcp:127.0.0.1:65535", Address::Tcp(65535)),
        ] {
            let dial = parse(text, TOKEN).unwrap();
            assert_eq!(dial.address, address);
            assert_eq!(dial.address.to_string(), text);
            assert_eq!(dial.token.as_bytes(), TOKEN.as_bytes());
        }
    }

    #[test]
    fn an_address_of_another_form_or_another_machine_is_refused_and_shown() {
        for text in [
            "",
            "/run/s",
            "unix:",
            "unix:run/s",
            "unix:@abstract",
            "tcp:",
            "tcp:127.0.0.1",
            "tcp:127.0.0.1:",
            "tcp:127.0.0.1:0",
            "tcp:127.0.0.1:+80",
            "tcp:127.0.0.1:65536",
            "tcp:localhost:80",
            "tcp:10.0.0.1:80",
            "TCP:127.0.0.1:80",
        ] {
            let error = parse(text, TOKEN).unwrap_err();
            assert_eq!(error, DialError::Address(text.into()));
            let shown = error.to_string();
            assert!(shown.contains(&format!("{text:?}")), "{shown}");
        }
    }

    #[test]
    fn a_token_of_another_form_is_refused_and_never_shown() {
        let almost = TOKEN.replace('0', "g");
        for token in ["", "secret", &almost, &format!("{TOKEN}\n")] {
            let shown = parse("unix:/s", token).unwrap_err().to_string();
            assert!(shown.contains(TOKEN_VARIABLE), "{shown}");
            assert!(token.is_empty() || !shown.contains(token), "{shown}");
        }
        let missing = Dial::parse("unix:/s".as_ref(), None).unwrap_err();
        assert!(missing.to_string().contains("not set"), "{missing}");
        let dial = parse("unix:/s", TOKEN).unwrap();
        assert!(dial.token.is(TOKEN.as_bytes().try_into().unwrap()));
        assert!(!format!("{dial:?}").contains(&TOKEN[..8]), "{dial:?}");
    }

    #[test]
    fn a_token_that_is_made_can_be_read_and_is_another_each_time() {
        let dial = || Dial {
            address: Address::Tcp(1),
            token: Token::random().unwrap(),
        };
        let made = dial();
        let [(_, address), (_, token)] = made.variables();
        assert!(parse(&address, &token).unwrap().token.is(&made.token.0));
        assert!(!dial().token.is(&made.token.0));
    }
}
