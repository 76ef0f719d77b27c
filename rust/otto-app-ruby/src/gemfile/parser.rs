//! Follows the blocks of a Gemfile, so that it is known what stands in which, and that each ends.

use super::lexer::Tokens;
use super::token::{Bracket, Keyword, Kind, Token};
use super::words::Scope;
use super::{Gemfile, words};
use crate::problem::{Place, Problem, Reason, quoted};

/// Blocks and brackets nest no deeper than this.
const DEPTH_LIMIT: usize = 100;

pub(super) fn parse(tokens: Tokens, file: &str) -> Result<Gemfile, Problem> {
    let mut parser = Parser {
        file,
        tokens: &tokens.tokens,
        spanning: tokens.spanning,
        end: tokens.end,
        position: 0,
        depth: 0,
        gemfile: Gemfile::default(),
        rubies: 0,
    };
    parser.check_neighbours()?;
    parser.check_for_files();
    parser.body(&Scope::default(), Closer::End)?;
    Ok(parser.gemfile)
}

pub(super) struct Parser<'a> {
    pub(super) file: &'a str,
    pub(super) tokens: &'a [Token],
    spanning: Option<u32>,
    end: u32,
    pub(super) position: usize,
    depth: usize,
    pub(super) gemfile: Gemfile,
    /// How often `ruby` was called.
    pub(super) rubies: usize,
}

/// What ends a body.
#[derive(Clone, Copy, Debug)]
enum Closer {
    /// The end of the file.
    End,
    /// `end`, for what begins in this line.
    Word(u32),
    /// A brace, for the one in this line.
    Brace(u32),
}

impl Parser<'_> {
    /// Statements, up to and with what closes them.
    fn body(&mut self, scope: &Scope, closer: Closer) -> Result<(), Problem> {
        self.enter()?;
        loop {
            match (self.peek(), closer) {
                (Some(Kind::Newline), _) => self.advance(),
                (None, Closer::End) => break,
                (None, Closer::Word(line)) => {
                    return Err(Problem::invalid(
                        format!("the block that begins in line {line} has no `end`"),
                        "write the missing `end`",
                    )
                    .at(self.suspect(line)));
                }
                (None, Closer::Brace(line)) => return Err(self.unclosed('{', line)),
                (Some(Kind::Close(Bracket::Curly)), Closer::Brace(_))
                | (Some(Kind::Keyword(Keyword::End)), Closer::Word(_)) => {
                    self.advance();
                    break;
                }
                (Some(Kind::Keyword(Keyword::Else | Keyword::Then)), Closer::Word(_)) => {
                    self.advance();
                }
                (Some(Kind::Keyword(Keyword::Divider | Keyword::Rescue)), Closer::Word(_)) => {
                    self.advance();
                    self.header(false)?;
                }
                (
                    Some(
                        Kind::Close(_)
                        | Kind::Keyword(
                            Keyword::Divider
                            | Keyword::Else
                            | Keyword::End
                            | Keyword::Rescue
                            | Keyword::Then,
                        ),
                    ),
                    _,
                ) => return Err(self.stray()),
                (Some(_), _) => self.statement(scope)?,
            }
        }
        self.leave();
        Ok(())
    }

    fn statement(&mut self, scope: &Scope) -> Result<(), Problem> {
        let begin = self.mark();
        let mut conditional = false;
        match self.peek() {
            Some(Kind::Keyword(Keyword::If | Keyword::Unless | Keyword::Case)) => {
                self.compound(&Scope::conditional())?;
            }
            Some(Kind::Keyword(Keyword::Begin)) => self.compound(scope)?,
            Some(Kind::Name(name)) if words::is_known(name) && self.is_call() => {
                self.call(scope)?;
            }
            Some(_) => self.skip()?,
            None => {}
        }
        loop {
            match self.peek() {
                None
                | Some(
                    Kind::Newline
                    | Kind::Close(_)
                    | Kind::Keyword(Keyword::Divider | Keyword::Else | Keyword::End | Keyword::Then),
                ) => return Ok(()),
                Some(_) if self.at_modifier() => {
                    if !conditional {
                        self.make_conditional(&begin);
                        conditional = true;
                    }
                    self.advance();
                }
                Some(_) => self.skip()?,
            }
        }
    }

    /// A block after the arguments of a call, if there is one. Tells whether there was.
    pub(super) fn block(&mut self, scope: &Scope, braces: bool) -> Result<bool, Problem> {
        let line = self.line();
        let closer = match self.peek() {
            Some(Kind::Keyword(Keyword::Do)) => Closer::Word(line),
            Some(Kind::Open(Bracket::Curly)) if braces => Closer::Brace(line),
            _ => return Ok(false),
        };
        self.advance();
        if self.peek() == Some(&Kind::Bar) {
            self.advance();
            while !matches!(self.peek(), None | Some(Kind::Bar | Kind::Newline)) {
                self.skip()?;
            }
            self.advance();
        }
        self.body(scope, closer)?;
        Ok(true)
    }

    /// What begins with a keyword, and has an `end`.
    fn compound(&mut self, scope: &Scope) -> Result<(), Problem> {
        let line = self.line();
        let Some(Kind::Keyword(keyword)) = self.peek() else {
            return Ok(());
        };
        let keyword = *keyword;
        self.advance();
        match keyword {
            Keyword::Begin => {}
            Keyword::Def => {
                if self.definition()? {
                    return Ok(());
                }
            }
            Keyword::While | Keyword::Until | Keyword::For => self.header(true)?,
            _ => self.header(false)?,
        }
        self.body(scope, Closer::Word(line))
    }

    /// The condition, or whatever else stands before a body.
    fn header(&mut self, loops: bool) -> Result<(), Problem> {
        loop {
            match self.peek() {
                None | Some(Kind::Newline | Kind::Keyword(Keyword::Then)) => return Ok(()),
                Some(Kind::Keyword(Keyword::Do)) if loops => {
                    self.advance();
                    return Ok(());
                }
                // `for gem in list`.
                Some(Kind::Keyword(Keyword::Divider)) => self.advance(),
                Some(_) => self.skip()?,
            }
        }
    }

    /// The name and the parameters of a method. Tells whether that is all of it, because its body
    /// follows a `=`.
    fn definition(&mut self) -> Result<bool, Problem> {
        let begin = self.position;
        loop {
            match self.peek() {
                None | Some(Kind::Newline) => return Ok(false),
                Some(Kind::Assign) if self.tokens[self.position].spaced => {
                    let before = &self.tokens[begin..self.position];
                    let named = match before {
                        [.., last] if last.kind == Kind::Close(Bracket::Round) => true,
                        [
                            Token {
                                kind: Kind::Name(_),
                                ..
                            },
                        ] => true,
                        [.., dot, _] => dot.kind == Kind::Dot,
                        _ => false,
                    };
                    self.advance();
                    if named {
                        return Ok(true);
                    }
                }
                // The name of a method may be a keyword.
                Some(Kind::Keyword(_)) if self.position == begin => self.advance(),
                Some(Kind::Keyword(_)) => return Ok(false),
                Some(_) => self.skip()?,
            }
        }
    }

    /// Skips a token, with all that it opens.
    pub(super) fn skip(&mut self) -> Result<(), Problem> {
        let previous = match self.position.checked_sub(1) {
            Some(position) => &self.tokens[position].kind,
            None => &Kind::Newline,
        };
        let after_value = previous.ends_value();
        let after_lambda = *previous == Kind::Lambda;
        match self.peek() {
            Some(Kind::Open(Bracket::Curly)) if after_value || after_lambda => {
                self.block(&Scope::conditional(), true)?;
            }
            Some(Kind::Open(bracket)) => self.brackets(*bracket)?,
            Some(Kind::Keyword(Keyword::Do)) => {
                self.block(&Scope::conditional(), true)?;
            }
            Some(Kind::Keyword(
                Keyword::If | Keyword::Unless | Keyword::While | Keyword::Until,
            )) if after_value => self.advance(),
            Some(Kind::Keyword(
                Keyword::Begin
                | Keyword::Case
                | Keyword::Class
                | Keyword::Def
                | Keyword::For
                | Keyword::If
                | Keyword::Module
                | Keyword::Unless
                | Keyword::Until
                | Keyword::While,
            )) => self.compound(&Scope::conditional())?,
            Some(Kind::Close(_) | Kind::Keyword(Keyword::End)) => return Err(self.stray()),
            _ => self.advance(),
        }
        Ok(())
    }

    /// Skips to the bracket that closes the one that is next.
    fn brackets(&mut self, bracket: Bracket) -> Result<(), Problem> {
        let opened = self.line();
        self.advance();
        self.enter()?;
        loop {
            match self.peek() {
                None => return Err(self.unclosed(bracket.open(), opened)),
                Some(Kind::Close(close)) if *close == bracket => break,
                Some(_) => self.skip()?,
            }
        }
        self.advance();
        self.leave();
        Ok(())
    }

    /// Whether an argument, or a statement, ends here.
    pub(super) fn at_boundary(&self) -> bool {
        let ends = matches!(
            self.peek(),
            None | Some(
                Kind::Newline
                    | Kind::Comma
                    | Kind::Arrow
                    | Kind::Close(_)
                    | Kind::Keyword(
                        Keyword::Divider
                            | Keyword::Do
                            | Keyword::Else
                            | Keyword::End
                            | Keyword::Then
                    )
            )
        );
        ends || self.at_modifier()
    }

    /// Whether a condition follows what stands before it.
    pub(super) fn at_modifier(&self) -> bool {
        let is_modifier = matches!(
            self.peek(),
            Some(Kind::Keyword(
                Keyword::If | Keyword::Unless | Keyword::While | Keyword::Until | Keyword::Rescue
            ))
        );
        let previous = self.position.checked_sub(1).map(|at| &self.tokens[at].kind);
        is_modifier && previous.is_some_and(Kind::ends_value)
    }

    /// Whether the name that is next is called, and not a variable.
    fn is_call(&self) -> bool {
        !matches!(
            self.tokens.get(self.position + 1).map(|token| &token.kind),
            Some(Kind::Assign | Kind::Dot)
        )
    }

    pub(super) fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.position).map(|token| &token.kind)
    }

    pub(super) fn advance(&mut self) {
        self.position = (self.position + 1).min(self.tokens.len());
    }

    pub(super) fn skip_newlines(&mut self) {
        while self.peek() == Some(&Kind::Newline) {
            self.advance();
        }
    }

    /// The line of the next token.
    pub(super) fn line(&self) -> u32 {
        self.tokens
            .get(self.position)
            .map_or(self.end, |token| token.line)
    }

    pub(super) fn enter(&mut self) -> Result<(), Problem> {
        self.depth += 1;
        if self.depth > DEPTH_LIMIT {
            return Err(Problem::new(
                Reason::LimitExceeded,
                format!(
                    "blocks are nested {} deep, and the limit is {DEPTH_LIMIT}",
                    self.depth
                ),
                "split it into several files, and take them in with `eval_gemfile`",
            )
            .at(Place::new(self.file, self.line())));
        }
        Ok(())
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// A string with a name right behind it is what a missing quote looks like.
    fn check_neighbours(&self) -> Result<(), Problem> {
        for pair in self.tokens.windows(2) {
            if matches!(pair[0].kind, Kind::Text { .. })
                && matches!(
                    pair[1].kind,
                    Kind::Name(_) | Kind::Constant(_) | Kind::Number
                )
            {
                return Err(Problem::invalid(
                    "a string is followed by a word",
                    "check that each quote in this line is closed",
                )
                .at(self.suspect(pair[0].line)));
            }
        }
        Ok(())
    }

    pub(super) fn unclosed(&self, open: char, line: u32) -> Problem {
        Problem::invalid(
            format!("the `{open}` in line {line} is not closed"),
            "close it where it ends",
        )
        .at(self.suspect(line))
    }

    /// The error for a token that closes what nobody opened.
    pub(super) fn stray(&self) -> Problem {
        let what = match self.peek() {
            Some(Kind::Keyword(Keyword::End)) => "an `end`".to_owned(),
            Some(Kind::Close(bracket)) => {
                let close = match bracket {
                    Bracket::Round => ')',
                    Bracket::Square => ']',
                    Bracket::Curly => '}',
                };
                format!("a {}", quoted(&close.to_string()))
            }
            _ => "a part of a block".to_owned(),
        };
        Problem::invalid(
            format!("{what} stands where nothing is open that it belongs to"),
            "remove it, or write what is to come before it",
        )
        .at(self.suspect(self.line()))
    }

    /// The place of an error in a line, or an earlier one where a quote seems to be missing.
    fn suspect(&self, line: u32) -> Place {
        let spanning = self.spanning.filter(|spanning| *spanning < line);
        Place::new(self.file, spanning.unwrap_or(line))
    }
}
