//! The file of an infrastructure, by its name.

use super::error::CredentialsError;

/// The longest file name, in bytes. It is shorter than what any file system takes.
const MAX: usize = 200;

/// The end of the names.
const SUFFIX: &str = ".age";

/// Gives the name of the file. Whatever the infrastructure's is, it is one name, in this directory, and
/// a different one for each infrastructure, also where a file system knows no case: what is not a
/// lower-case letter, a digit, `_` or `-` is `%` and two hexadecimal digits.
pub(super) fn file(infra: &str) -> Result<String, CredentialsError> {
    let mut name = String::new();
    for byte in infra.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-' => name.push(char::from(byte)),
            byte => name += &format!("%{byte:02x}"),
        }
    }
    name += SUFFIX;
    if infra.is_empty() || name.len() > MAX {
        return Err(CredentialsError::Name {
            infra: infra.to_owned(),
            max: MAX,
        });
    }
    Ok(name)
}

/// Gives the name of the infrastructure, if the file is one of an infrastructure.
pub(super) fn infra(name: &str) -> Option<String> {
    let mut rest = name.strip_suffix(SUFFIX)?.as_bytes();
    let mut bytes = Vec::new();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = std::str::from_utf8(rest.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &rest[2..];
    }
    let infra = String::from_utf8(bytes).ok()?;
    // Only what this made is read back: a foreign file has no second name.
    (file(&infra).ok()? == name).then_some(infra)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_the_directory() {
        for hostile in [
            "..",
            ".",
            "../../etc/passwd",
            "/etc/passwd",
            "a/b",
            "a\0b",
            "~",
            "a\nb",
            ".lock",
            "%2e",
            "C:x",
        ] {
            let name = file(hostile).unwrap();
            let is_plain = |char: char| char.is_ascii_alphanumeric() || "%_-.".contains(char);
            assert!(
                name.chars().all(is_plain) && !name.starts_with('.'),
                "{hostile:?} became {name:?}"
            );
            assert_eq!(infra(&name).as_deref(), Some(hostile));
        }
    }

    #[test]
    fn names_that_differ_in_case_have_different_files() {
        assert_ne!(
            file("Prod").unwrap().to_lowercase(),
            file("prod").unwrap().to_lowercase()
        );
    }

    #[test]
    fn a_name_that_is_no_file_name_is_refused() {
        for bad in ["", &"x".repeat(MAX)] {
            assert!(matches!(file(bad), Err(CredentialsError::Name { .. })));
        }
    }

    #[test]
    fn a_foreign_file_is_not_an_infrastructure() {
        for foreign in [
            "prod",
            "Prod.age",
            "%61.age",
            "%.age",
            "%zz.age",
            "%2E%2E.age",
            ".age",
            "%ff.age",
            ".new-x",
        ] {
            assert_eq!(infra(foreign), None, "{foreign}");
        }
    }
}
