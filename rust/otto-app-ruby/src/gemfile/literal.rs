//! Strings, in all the forms that Ruby has for them.

use super::lexer::{Heredoc, Lexer, is_word};
use super::token::{Bracket, Kind};
use crate::problem::{Problem, Reason};

/// Strings, and what is computed in them, nest no deeper than this.
const DEPTH_LIMIT: usize = 32;

/// A string as it is read. It is computed if only Ruby can tell its value.
#[derive(Default)]
struct Literal {
    text: String,
    computed: bool,
}

impl Lexer<'_> {
    /// A string in quotes, which is a label if a colon follows it.
    pub(super) fn string(&mut self, quote: char) -> Result<Kind, Problem> {
        self.bump();
        let Literal { text, computed } = self.literal(None, quote, quote == '"')?;
        if self.rest.starts_with(':') && !self.rest.starts_with("::") && !computed {
            self.bump();
            return Ok(Kind::Label(text));
        }
        Ok(Kind::Text { text, computed })
    }

    /// `:test`, `:"test"`, or a lone colon.
    pub(super) fn colon(&mut self) -> Result<Kind, Problem> {
        self.bump();
        match self.peek() {
            Some(':') => {
                self.bump();
                Ok(Kind::Dot)
            }
            Some(quote @ ('"' | '\'')) => {
                self.bump();
                let literal = self.literal(None, quote, quote == '"')?;
                Ok(match literal.computed {
                    true => Kind::Other,
                    false => Kind::Symbol(literal.text),
                })
            }
            Some(character) if is_word(character) => {
                let mut name = self.take_while(is_word).to_owned();
                if self.rest.starts_with(['?', '!']) {
                    name.extend(self.peek());
                    self.bump();
                }
                Ok(Kind::Symbol(name))
            }
            _ => Ok(Kind::Operator(':')),
        }
    }

    /// What begins with `%`, such as `%w[a b]`, or `None` if it is an operator.
    pub(super) fn percent(&mut self) -> Result<Option<Kind>, Problem> {
        let mut characters = self.rest.chars().skip(1);
        let Some(first) = characters.next() else {
            return Ok(None);
        };
        let (form, open) = match (first, characters.next()) {
            (form @ ('w' | 'W' | 'i' | 'I' | 'q' | 'Q' | 'r' | 's' | 'x'), Some(open))
                if open.is_ascii_punctuation() =>
            {
                (form, open)
            }
            (open @ ('(' | '[' | '{' | '<' | '|' | '!' | '/'), _) => ('Q', open),
            _ => return Ok(None),
        };
        let skip = if first == open { 2 } else { 3 };
        for _ in 0..skip {
            self.bump();
        }
        let nested = (closing(open) != open).then_some(open);
        let interpolates = !matches!(form, 'w' | 'i' | 'q' | 's');
        let Literal { text, computed } = self.literal(nested, closing(open), interpolates)?;
        Ok(Some(match form {
            'w' | 'W' | 'i' | 'I' if !computed => {
                Kind::Words(text.split_whitespace().map(str::to_owned).collect())
            }
            'q' | 'Q' => Kind::Text { text, computed },
            's' => Kind::Symbol(text),
            'r' => {
                self.take_while(|c| c.is_ascii_alphabetic());
                Kind::Other
            }
            _ => Kind::Other,
        }))
    }

    /// Something like a string that nobody wants to know the value of.
    pub(super) fn other(
        &mut self,
        skip: usize,
        nested: Option<char>,
        close: char,
    ) -> Result<Kind, Problem> {
        for _ in 0..skip {
            self.bump();
        }
        self.literal(nested, close, true)?;
        if close == '/' {
            self.take_while(|c| c.is_ascii_alphabetic());
        }
        Ok(Kind::Other)
    }

    /// Reads to the end of a string. `nested` is the bracket that `close` closes, if it is one.
    fn literal(
        &mut self,
        nested: Option<char>,
        close: char,
        interpolates: bool,
    ) -> Result<Literal, Problem> {
        let begin = self.line;
        let mut literal = Literal::default();
        let mut brackets = 0_usize;
        loop {
            let Some(character) = self.peek() else {
                return Err(self.unclosed("string", begin));
            };
            self.bump();
            match character {
                '\\' => self.escape(&mut literal, close, interpolates),
                '#' if interpolates && self.rest.starts_with('{') => {
                    self.bump();
                    literal.computed = true;
                    self.interpolation(begin)?;
                }
                _ if character == close && brackets == 0 => break,
                _ => {
                    if character == close {
                        brackets -= 1;
                    } else if nested == Some(character) {
                        brackets += 1;
                    }
                    literal.text.push(character);
                }
            }
        }
        if self.line != begin && self.spanning.is_none() && nested.is_none() {
            self.spanning = Some(begin);
        }
        Ok(literal)
    }

    fn escape(&mut self, literal: &mut Literal, close: char, interpolates: bool) {
        let Some(character) = self.peek() else {
            return;
        };
        self.bump();
        match character {
            _ if character == close || character == '\\' => literal.text.push(character),
            _ if !interpolates => literal.text.extend(['\\', character]),
            'n' => literal.text.push('\n'),
            't' => literal.text.push('\t'),
            's' => literal.text.push(' '),
            '\n' => {}
            // `\u{…}`, `\x…` and the like: nobody writes the name of a gem with them.
            _ if character.is_ascii_alphanumeric() => literal.computed = true,
            _ => literal.text.push(character),
        }
    }

    /// Skips to the brace that closes `#{`.
    fn interpolation(&mut self, begin: u32) -> Result<(), Problem> {
        if self.depth == DEPTH_LIMIT {
            return Err(Problem::new(
                Reason::LimitExceeded,
                format!(
                    "strings are nested {} deep, and the limit is {DEPTH_LIMIT}",
                    self.depth + 1
                ),
                "compute the string in steps",
            )
            .at(self.place()));
        }
        self.depth += 1;
        self.last = Kind::Open(Bracket::Curly);
        let mut braces = 0_usize;
        loop {
            match self.token()?.map(|token| token.kind) {
                None => return Err(self.unclosed("string", begin)),
                Some(Kind::Open(Bracket::Curly)) => braces += 1,
                Some(Kind::Close(Bracket::Curly)) if braces == 0 => break,
                Some(Kind::Close(Bracket::Curly)) => braces -= 1,
                Some(_) => {}
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// The beginning of a here-document, such as `<<~TEXT`.
    pub(super) fn heredoc(&mut self) -> Option<Heredoc> {
        let rest = self.rest.strip_prefix("<<")?;
        let (indented, rest) = match rest.strip_prefix(['~', '-']) {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let quote = rest
            .chars()
            .next()
            .filter(|c| matches!(c, '"' | '\'' | '`'));
        let terminator = match quote {
            Some(quote) => rest[1..].split_once(quote)?.0,
            None => {
                let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                rest.get(..end)
                    .filter(|name| name.starts_with(|c: char| c == '_' || c.is_alphabetic()))?
            }
        };
        if terminator.is_empty() || terminator.contains('\n') {
            return None;
        }
        let terminator = terminator.to_owned();
        let length = 2
            + usize::from(indented)
            + 2 * usize::from(quote.is_some())
            + terminator.chars().count();
        for _ in 0..length {
            self.bump();
        }
        Some(Heredoc {
            terminator,
            indented,
            line: self.line,
        })
    }

    /// Goes to the next line, and skips the bodies of the here-documents that begin there.
    pub(super) fn end_line(&mut self) -> Result<(), Problem> {
        self.bump();
        for heredoc in std::mem::take(&mut self.heredocs) {
            loop {
                if self.rest.is_empty() {
                    return Err(self.unclosed("here-document", heredoc.line));
                }
                let line = self.take_while(|c| c != '\n').trim_end_matches('\r');
                let line = if heredoc.indented {
                    line.trim_start()
                } else {
                    line
                };
                let is_end = line == heredoc.terminator;
                self.bump();
                if is_end {
                    break;
                }
            }
        }
        Ok(())
    }
}

fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        '{' => '}',
        '<' => '>',
        other => other,
    }
}
