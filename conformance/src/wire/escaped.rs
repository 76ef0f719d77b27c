//! Bytes that are no message, made fit to be shown.

use std::fmt::Write;

/// As many hexadecimal digits in a row may be a token, or a part of one.
const MAY_BE_A_TOKEN: usize = 24;

/// Bytes in quotes, as text where they are text. What may be a token is counted only.
pub(crate) fn escaped(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    let mut rest = bytes;
    while let Some(byte) = rest.first() {
        let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit());
        let digits = digits.count();
        if digits >= MAY_BE_A_TOKEN {
            let _ = write!(out, "<{digits} hexadecimal digits>");
            rest = &rest[digits..];
        } else {
            let _ = write!(out, "{}", byte.escape_ascii());
            rest = &rest[1..];
        }
    }
    out.push('"');
    out
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_and_a_token_is_not() {
        assert_eq!(escaped(b"1|unix|/tmp/\x1b\n"), r#""1|unix|/tmp/\x1b\n""#);
        let token = "0123456789abcdef".repeat(4);
        let shown = escaped(format!("\0{token}x").as_bytes());
        assert_eq!(shown, r#""\x00<64 hexadecimal digits>x""#);
        let cut = escaped(&token.as_bytes()[..40]);
        assert_eq!(cut, r#""<40 hexadecimal digits>""#);
    }
}
