//! What a pattern of a detector may consist of: what every host reads, and reads alike.

use globset::GlobBuilder;
use regex::bytes::Regex;
use regex_syntax::ast::{self, Ast, ClassSetItem, Visitor};

/// The highest number of repetitions that RE2 takes.
const MOST_REPETITIONS: u32 = 1000;
/// The general categories of Unicode, by the names that RE2 has for them.
const CATEGORIES: [&str; 38] = [
    "Any", "C", "Cc", "Cf", "Cn", "Co", "Cs", "L", "LC", "Ll", "Lm", "Lo", "Lt", "Lu", "M", "Mc",
    "Me", "Mn", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "S", "Sc",
    "Sk", "Sm", "So", "Z", "Zl", "Zp",
];

/// Why this is no glob for the name of a file. It has `*`, `?` and `[…]`, and nothing else that has a
/// meaning to some hosts.
pub(super) fn check_glob(glob: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("the glob {glob:?}: {why}"));
    if let Err(error) = GlobBuilder::new(glob).literal_separator(true).build() {
        return wrong(&error.kind().to_string());
    }
    let (mut is_in_class, mut before) = (false, None);
    for char in glob.chars() {
        match char {
            '/' => return wrong("a name has no `/` in it, so that it matches nothing"),
            '\\' => return wrong("`\\` quotes to some hosts only: write [*] for a `*`"),
            ']' => is_in_class = false,
            _ if is_in_class => {}
            '[' => is_in_class = true,
            '{' | '}' => return wrong("`{…}` is no glob to some hosts: write a glob for each"),
            '*' if before == Some('*') => return wrong("`**` means nothing in a name: write `*`"),
            _ => {}
        }
        before = Some(char);
    }
    Ok(())
}

/// Why this is no regular expression that RE2 and Rust's regex crate share.
pub(super) fn check_expression(expression: &str) -> Result<(), String> {
    let wrong = |why: String| Err(format!("the regular expression {expression:?}: {why}"));
    if let Err(error) = Regex::new(expression) {
        return wrong(in_a_line(&error));
    }
    let parsed = ast::parse::Parser::new().parse(expression);
    let parsed = parsed.map_err(|error| error.kind().to_string());
    match parsed.and_then(|ast| ast::visit(&ast, Shared(expression))) {
        Ok(()) => Ok(()),
        Err(why) => wrong(why),
    }
}

/// The last line says what is wrong, after lines that draw where.
fn in_a_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

/// Looks in an expression of Rust's for what RE2 does not know, or takes for something else.
struct Shared<'e>(&'e str);

impl Shared<'_> {
    fn not_in_re2(&self, span: &ast::Span) -> String {
        let part = self.0.get(span.start.offset..span.end.offset);
        format!("{} is not in RE2", part.unwrap_or(self.0))
    }

    fn check(&self, is_shared: bool, span: &ast::Span) -> Result<(), String> {
        is_shared.then_some(()).ok_or_else(|| self.not_in_re2(span))
    }

    fn literal(&self, literal: &ast::Literal) -> Result<(), String> {
        use ast::{HexLiteralKind, LiteralKind};
        let is_shared = match &literal.kind {
            LiteralKind::HexFixed(kind) | LiteralKind::HexBrace(kind) => *kind == HexLiteralKind::X,
            _ => true,
        };
        self.check(is_shared, &literal.span)
    }

    fn class(&self, class: &ast::ClassUnicode) -> Result<(), String> {
        use ast::ClassUnicodeKind;
        let is_shared = match &class.kind {
            ClassUnicodeKind::OneLetter(letter) => CATEGORIES.contains(&&*letter.to_string()),
            ClassUnicodeKind::Named(name) => CATEGORIES.contains(&&**name) || is_script(name),
            ClassUnicodeKind::NamedValue { .. } => false,
        };
        self.check(is_shared, &class.span)
    }

    fn flags(&self, flags: &ast::Flags) -> Result<(), String> {
        use ast::{Flag, FlagsItemKind};
        let is_shared = flags.items.iter().all(|item| {
            !matches!(
                item.kind,
                FlagsItemKind::Flag(Flag::Unicode | Flag::CRLF | Flag::IgnoreWhitespace)
            )
        });
        self.check(is_shared, &flags.span)
    }

    fn repetition(&self, repetition: &ast::Repetition) -> Result<(), String> {
        use ast::{RepetitionKind, RepetitionRange};
        let span = &repetition.op.span;
        // RE2 repeats no repetition, and takes what lacks its first number for the text itself.
        let is_stacked = matches!(*repetition.ast, Ast::Repetition(_));
        let text = self.0.get(span.start.offset..span.end.offset);
        let lacks_first = text.is_some_and(|text| text.starts_with("{,"));
        let most = match &repetition.op.kind {
            RepetitionKind::Range(
                RepetitionRange::Exactly(most)
                | RepetitionRange::AtLeast(most)
                | RepetitionRange::Bounded(_, most),
            ) => *most,
            _ => 0,
        };
        let is_shared = !is_stacked && !lacks_first && most <= MOST_REPETITIONS;
        self.check(is_shared, span)
    }
}

/// Whether this is the name of a script, as Unicode writes it.
fn is_script(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_uppercase())
        && Regex::new(&format!(r"\p{{Script={name}}}")).is_ok()
}

impl Visitor for Shared<'_> {
    type Output = ();
    type Err = String;

    fn finish(self) -> Result<(), String> {
        Ok(())
    }

    fn visit_pre(&mut self, ast: &Ast) -> Result<(), String> {
        use ast::{AssertionKind, GroupKind};
        match ast {
            Ast::Literal(literal) => self.literal(literal),
            Ast::ClassUnicode(class) => self.class(class),
            Ast::Repetition(repetition) => self.repetition(repetition),
            Ast::Flags(set) => self.flags(&set.flags),
            Ast::Group(group) => match &group.kind {
                GroupKind::NonCapturing(flags) => self.flags(flags),
                GroupKind::CaptureName { name, .. } => {
                    let mut letters = name.name.bytes();
                    let is_word = letters.all(|it| it.is_ascii_alphanumeric() || it == b'_');
                    self.check(is_word, &name.span)
                }
                GroupKind::CaptureIndex(_) => Ok(()),
            },
            Ast::Assertion(assertion) => {
                let is_shared = matches!(
                    assertion.kind,
                    AssertionKind::StartLine
                        | AssertionKind::EndLine
                        | AssertionKind::StartText
                        | AssertionKind::EndText
                        | AssertionKind::WordBoundary
                        | AssertionKind::NotWordBoundary
                );
                self.check(is_shared, &assertion.span)
            }
            _ => Ok(()),
        }
    }

    fn visit_class_set_item_pre(&mut self, item: &ClassSetItem) -> Result<(), String> {
        match item {
            ClassSetItem::Literal(literal) => self.literal(literal),
            ClassSetItem::Range(range) => {
                self.literal(&range.start)?;
                self.literal(&range.end)
            }
            ClassSetItem::Unicode(class) => self.class(class),
            // To RE2 the inner bracket is a letter.
            ClassSetItem::Bracketed(inner) => Err(self.not_in_re2(&inner.span)),
            _ => Ok(()),
        }
    }

    fn visit_class_set_binary_op_pre(
        &mut self,
        operation: &ast::ClassSetBinaryOp,
    ) -> Result<(), String> {
        Err(self.not_in_re2(&operation.span))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_host_reads_alike_is_a_pattern() {
        for glob in ["Gemfile", "*.rb", "?[a-c]*", "[!{]x", "[*]*", "a*b*"] {
            assert_eq!(check_glob(glob), Ok(()));
        }
        for expression in [
            r"^gem\b",
            r"(?im)^\s*name:\s*['\x22]?(?P<name>[\w.-]+)",
            r"\x{10FFFF}|\p{Lu}\pN\p{Greek}[[:alpha:]\d\]^-]{2,3}?",
            r"(?:a{1000}|b*?)+\_\-",
        ] {
            assert_eq!(check_expression(expression), Ok(()));
        }
    }

    #[test]
    fn what_one_host_alone_reads_is_told_in_a_line() {
        for glob in ["[", "{a,b}", "a}", "**", "src/*.rb", r"\*"] {
            let why = check_glob(glob).expect_err(glob);
            assert!(!why.contains('\n'), "{why}");
        }
        for expression in [
            "(",
            "a(?=b)",
            "[a&&b]",
            "[a[bc]]",
            r"\u{61}",
            r"[\u0061]",
            r"\p{Letter}",
            r"\p{sc=Greek}",
            r"\p{greek}",
            "(?x)a b",
            "(?-u:a)",
            r"\b{start}a",
            r"\<a",
            "a**",
            "a{1001}",
            "(?P<a.b>c)",
        ] {
            let why = check_expression(expression).expect_err(expression);
            assert!(!why.contains('\n'), "{why}");
        }
        let why = check_expression(r"x[a&&b]").expect_err("it is Rust's");
        assert_eq!(
            why,
            r#"the regular expression "x[a&&b]": a&&b is not in RE2"#
        );
    }
}
