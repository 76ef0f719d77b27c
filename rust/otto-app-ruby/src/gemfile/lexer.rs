//! Cuts a Gemfile into [`Token`]s.
//!
//! What `/`, `%`, `?` and `<<` begin depends on whether a value stands before them, as it does in
//! Ruby. The strings themselves are in [`literal`](super::literal).

use super::token::{Bracket, Keyword, Kind, Token};
use crate::problem::{Place, Problem};

/// What a Gemfile was cut into.
#[derive(Debug)]
pub(super) struct Tokens {
    pub(super) tokens: Vec<Token>,
    /// Where the first string begins that spans lines. If a quote is missing, it is there.
    pub(super) spanning: Option<u32>,
    /// The last line.
    pub(super) end: u32,
}

pub(super) fn tokens(text: &str, file: &str) -> Result<Tokens, Problem> {
    let mut lexer = Lexer {
        file,
        rest: text,
        line: 1,
        at_line_start: true,
        last: Kind::Newline,
        heredocs: Vec::new(),
        spanning: None,
        depth: 0,
    };
    let mut tokens = Vec::new();
    while let Some(token) = lexer.token()? {
        tokens.push(token);
    }
    if let Some(heredoc) = lexer.heredocs.first() {
        return Err(lexer.unclosed("here-document", heredoc.line));
    }
    Ok(Tokens {
        tokens,
        spanning: lexer.spanning,
        end: lexer.line,
    })
}

pub(super) struct Lexer<'a> {
    file: &'a str,
    pub(super) rest: &'a str,
    pub(super) line: u32,
    at_line_start: bool,
    /// The last token.
    pub(super) last: Kind,
    /// Those of the current line, whose bodies begin in the next one.
    pub(super) heredocs: Vec<Heredoc>,
    pub(super) spanning: Option<u32>,
    /// How deep strings, and what is computed in them, are nested here.
    pub(super) depth: usize,
}

pub(super) struct Heredoc {
    pub(super) terminator: String,
    /// Whether the terminator may be indented.
    pub(super) indented: bool,
    pub(super) line: u32,
}

impl<'a> Lexer<'a> {
    /// The next token, or `None` at the end.
    pub(super) fn token(&mut self) -> Result<Option<Token>, Problem> {
        let spaced = self.skip_blanks()?;
        let line = self.line;
        let Some(character) = self.peek() else {
            return Ok(None);
        };
        let kind = self.kind(character, spaced)?;
        self.last = kind.clone();
        Ok(Some(Token { kind, line, spaced }))
    }

    fn kind(&mut self, character: char, spaced: bool) -> Result<Kind, Problem> {
        let operand = self.is_operand(spaced);
        Ok(match character {
            '\n' => {
                self.end_line()?;
                Kind::Newline
            }
            ';' => {
                self.bump();
                Kind::Newline
            }
            '"' | '\'' => self.string(character)?,
            '`' => self.other(1, None, '`')?,
            '/' if operand => self.other(1, None, '/')?,
            ':' => self.colon()?,
            '%' if operand => match self.percent()? {
                Some(kind) => kind,
                None => self.sign(character),
            },
            '?' if operand && self.is_character() => {
                self.bump();
                self.bump();
                Kind::Other
            }
            '<' if operand => match self.heredoc() {
                Some(heredoc) => {
                    self.heredocs.push(heredoc);
                    Kind::Other
                }
                None => self.sign(character),
            },
            '$' | '@' => {
                self.take_while(|c| matches!(c, '$' | '@'));
                if self.take_while(is_word).is_empty() && character == '$' {
                    // `$!`, `$:` and the like.
                    self.bump();
                }
                Kind::Variable
            }
            '0'..='9' => {
                self.take_while(is_word);
                let fraction = self.rest.strip_prefix('.');
                if fraction.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                    self.bump();
                    self.take_while(is_word);
                }
                Kind::Number
            }
            _ if is_word(character) => self.word(),
            _ => self.sign(character),
        })
    }

    /// Skips what stands between tokens. Tells whether there was anything.
    fn skip_blanks(&mut self) -> Result<bool, Problem> {
        let before = self.rest.len();
        loop {
            if self.at_line_start && self.rest.starts_with("=begin") {
                self.skip_comment_block()?;
            }
            if self.at_line_start && is_end_mark(self.rest) {
                self.rest = "";
            }
            match self.peek() {
                Some(' ' | '\t' | '\r' | '\u{b}' | '\u{c}') => self.bump(),
                Some('#') => {
                    self.take_while(|c| c != '\n');
                }
                Some('\\') if self.rest[1..].trim_start_matches('\r').starts_with('\n') => {
                    self.take_while(|c| c != '\n');
                    self.end_line()?;
                }
                // One end of a statement is enough, however many blank lines there are.
                Some('\n')
                    if self.last == Kind::Newline
                        || self.last.continues()
                        || self.dot_follows() =>
                {
                    self.end_line()?;
                }
                _ => return Ok(self.rest.len() != before),
            }
        }
    }

    /// Skips `=begin` to `=end`.
    fn skip_comment_block(&mut self) -> Result<(), Problem> {
        let begin = self.line;
        while !self.rest.starts_with("=end") {
            self.take_while(|c| c != '\n');
            if self.rest.is_empty() {
                return Err(self.unclosed("comment", begin));
            }
            self.bump();
        }
        self.take_while(|c| c != '\n');
        Ok(())
    }

    /// Whether the next line that says anything begins with a dot, and goes on with this one.
    fn dot_follows(&self) -> bool {
        if !self.heredocs.is_empty() {
            return false;
        }
        let mut rest = self.rest.trim_start();
        while let Some(comment) = rest.strip_prefix('#') {
            rest = comment
                .split_once('\n')
                .map_or("", |(_, next)| next.trim_start());
        }
        rest.starts_with("&.") || (rest.starts_with('.') && !rest.starts_with(".."))
    }

    /// Whether an operand is to be expected here. A name may be a method, and what follows its
    /// first argument: `puts /x/`.
    fn is_operand(&self, spaced: bool) -> bool {
        match &self.last {
            Kind::Name(_) | Kind::Keyword(Keyword::Word) => {
                let next = self.rest.chars().nth(1);
                spaced && !next.is_some_and(|next| next.is_whitespace() || next == '=')
            }
            last => !last.ends_value(),
        }
    }

    /// Whether `?` begins a character, as in `?a`.
    fn is_character(&self) -> bool {
        let mut characters = self.rest.chars().skip(1);
        characters.next().is_some_and(|c| !c.is_whitespace())
            && !characters.next().is_some_and(is_word)
    }

    fn word(&mut self) -> Kind {
        let mut name = self.take_while(is_word).to_owned();
        if self.rest.starts_with(['?', '!']) && !self.rest[1..].starts_with(['=', '~']) {
            name.extend(self.peek());
            self.bump();
        }
        let is_label = self.rest.starts_with(':') && !self.rest.starts_with("::");
        if is_label && self.last != Kind::Operator('?') {
            self.bump();
            return Kind::Label(name);
        }
        // After a dot even `class` is a method.
        if self.last != Kind::Dot
            && let Some(keyword) = Keyword::from_name(&name)
        {
            return Kind::Keyword(keyword);
        }
        if name.starts_with(char::is_uppercase) {
            Kind::Constant(name)
        } else {
            Kind::Name(name)
        }
    }

    /// A sign, of which the longer ones matter only as far as they are not taken for others.
    fn sign(&mut self, character: char) -> Kind {
        const SIGNS: [(&str, Kind); 20] = [
            ("->", Kind::Lambda),
            ("&.", Kind::Dot),
            ("::", Kind::Dot),
            ("=>", Kind::Arrow),
            ("||=", Kind::Assign),
            ("&&=", Kind::Assign),
            ("+=", Kind::Assign),
            ("-=", Kind::Assign),
            ("<<=", Kind::Assign),
            ("<<", Kind::Operator('<')),
            ("<=", Kind::Operator('<')),
            (">=", Kind::Operator('>')),
            ("!=", Kind::Operator('!')),
            ("===", Kind::Operator('=')),
            ("==", Kind::Operator('=')),
            ("=~", Kind::Operator('=')),
            ("&&", Kind::Operator('&')),
            ("||", Kind::Operator('|')),
            ("...", Kind::Operator('.')),
            ("..", Kind::Operator('.')),
        ];
        for (sign, kind) in SIGNS {
            if self.rest.starts_with(sign) {
                for _ in sign.chars() {
                    self.bump();
                }
                return kind;
            }
        }
        self.bump();
        match character {
            '(' => Kind::Open(Bracket::Round),
            '[' => Kind::Open(Bracket::Square),
            '{' => Kind::Open(Bracket::Curly),
            ')' => Kind::Close(Bracket::Round),
            ']' => Kind::Close(Bracket::Square),
            '}' => Kind::Close(Bracket::Curly),
            ',' => Kind::Comma,
            '.' => Kind::Dot,
            '|' => Kind::Bar,
            '=' => Kind::Assign,
            other => Kind::Operator(other),
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    pub(super) fn bump(&mut self) {
        let mut characters = self.rest.chars();
        self.at_line_start = characters.next() == Some('\n');
        self.line += u32::from(self.at_line_start);
        self.rest = characters.as_str();
    }

    pub(super) fn take_while(&mut self, keep: impl Fn(char) -> bool) -> &'a str {
        let whole = self.rest;
        while self.peek().is_some_and(&keep) {
            self.bump();
        }
        &whole[..whole.len() - self.rest.len()]
    }

    /// The error for what begins in a line, and does not end.
    pub(super) fn unclosed(&self, what: &str, line: u32) -> Problem {
        let line = self.spanning.map_or(line, |spanning| spanning.min(line));
        Problem::invalid(
            format!("a {what} that begins in line {line} is not closed"),
            "close it where it ends",
        )
        .at(Place::new(self.file, line))
    }

    pub(super) fn place(&self) -> Place {
        Place::new(self.file, self.line)
    }
}

/// Whether the Gemfile ends here, and what follows is data.
fn is_end_mark(rest: &str) -> bool {
    rest.strip_prefix("__END__")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['\r', '\n']))
}

pub(super) fn is_word(character: char) -> bool {
    character == '_' || character.is_alphanumeric()
}
