//! What a word of a Gemfile is called with.

use super::parser::Parser;
use super::token::{Bracket, Keyword, Kind, Token};
use crate::problem::Problem;

/// The arguments of one call.
#[derive(Debug, Default)]
pub(super) struct Arguments {
    pub(super) positional: Vec<Value>,
    /// `group: :test`, `:group => :test`.
    pub(super) named: Vec<(String, Value)>,
    /// Whether they stand in parentheses.
    pub(super) bracketed: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Text(String),
    Symbol(String),
    List(Vec<Self>),
    Options(Vec<(String, Self)>),
    /// What is in a file, without the blanks around it.
    FileContents(String),
    /// A number, `true`, `nil`: nothing that matters here.
    Constant,
    /// Only Ruby can tell.
    Computed,
}

impl Arguments {
    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        let mut named = self.named.iter();
        named.find(|(key, _)| key == name).map(|(_, value)| value)
    }

    fn add(&mut self, (name, value): (Option<String>, Value)) {
        match (name, value) {
            (Some(name), value) => self.named.push((name, value)),
            (None, Value::Options(options)) => self.named.extend(options),
            (None, value) => self.positional.push(value),
        }
    }
}

impl Parser<'_> {
    /// The arguments after the name of a method.
    pub(super) fn arguments(&mut self) -> Result<Arguments, Problem> {
        if self.peek() == Some(&Kind::Open(Bracket::Round)) {
            let mut arguments = self.list(Bracket::Round)?;
            arguments.bracketed = true;
            return Ok(arguments);
        }
        let mut arguments = Arguments::default();
        while !self.at_boundary() {
            let argument = self.argument()?;
            arguments.add(argument);
            if self.peek() != Some(&Kind::Comma) {
                break;
            }
            self.advance();
        }
        Ok(arguments)
    }

    /// Arguments, or the members of a list, in brackets.
    fn list(&mut self, bracket: Bracket) -> Result<Arguments, Problem> {
        let opened = self.line();
        self.advance();
        self.enter()?;
        let mut arguments = Arguments::default();
        loop {
            self.skip_newlines();
            match self.peek() {
                None => return Err(self.unclosed(bracket.open(), opened)),
                Some(Kind::Close(close)) if *close == bracket => break,
                Some(Kind::Close(_)) => return Err(self.stray()),
                Some(Kind::Comma) => self.advance(),
                Some(_) => {
                    let before = self.position;
                    let argument = self.argument()?;
                    arguments.add(argument);
                    // `gem("a" if b)`: the condition is no argument.
                    if self.position == before || self.at_modifier() {
                        self.skip()?;
                    }
                }
            }
        }
        self.advance();
        self.leave();
        Ok(arguments)
    }

    /// One argument, with its name if it has one.
    fn argument(&mut self) -> Result<(Option<String>, Value), Problem> {
        if let Some(Kind::Label(name)) = self.peek() {
            let name = name.clone();
            self.advance();
            return Ok((Some(name), self.value()?));
        }
        let value = self.value()?;
        if self.peek() != Some(&Kind::Arrow) {
            return Ok((None, value));
        }
        self.advance();
        let name = match value {
            Value::Symbol(name) | Value::Text(name) => name,
            _ => String::new(),
        };
        Ok((Some(name), self.value()?))
    }

    /// A value, up to where it ends.
    fn value(&mut self) -> Result<Value, Problem> {
        let begin = self.position;
        let value = self.literal()?;
        if self.at_boundary() && self.position > begin {
            return Ok(value);
        }
        while !self.at_boundary() {
            self.skip()?;
        }
        let tokens = &self.tokens[begin..self.position];
        Ok(match file_contents(tokens) {
            Some(path) => Value::FileContents(path),
            None => Value::Computed,
        })
    }

    /// A value that stands there as it is. Reads nothing if there is none.
    fn literal(&mut self) -> Result<Value, Problem> {
        let value = match self.peek() {
            Some(Kind::Text { .. }) => return Ok(self.text()),
            Some(Kind::Symbol(name)) => Value::Symbol(name.clone()),
            Some(Kind::Words(words)) => {
                Value::List(words.iter().cloned().map(Value::Text).collect())
            }
            Some(Kind::Number | Kind::Keyword(Keyword::Value)) => Value::Constant,
            Some(Kind::Open(Bracket::Square)) => {
                let list = self.list(Bracket::Square)?;
                return Ok(Value::List(list.positional));
            }
            Some(Kind::Open(Bracket::Curly)) => {
                let options = self.list(Bracket::Curly)?;
                return Ok(Value::Options(options.named));
            }
            _ => return Ok(Value::Computed),
        };
        self.advance();
        Ok(value)
    }

    /// Strings beside each other are one.
    fn text(&mut self) -> Value {
        let mut whole = String::new();
        let mut any_computed = false;
        while let Some(Kind::Text { text, computed }) = self.peek() {
            whole.push_str(text);
            any_computed |= computed;
            self.advance();
        }
        match any_computed {
            true => Value::Computed,
            false => Value::Text(whole),
        }
    }
}

/// The path in `File.read(".ruby-version").strip`, and in the other ways in which people say that.
fn file_contents(tokens: &[Token]) -> Option<String> {
    const KNOWN: [&str; 11] = [
        "__FILE__",
        "__dir__",
        "chomp",
        "dirname",
        "expand_path",
        "join",
        "lstrip",
        "read",
        "rstrip",
        "strip",
        "to_s",
    ];
    let mut path = None;
    let mut reads = false;
    for token in tokens {
        match &token.kind {
            Kind::Text {
                text,
                computed: false,
            } if path.is_none() => path = Some(text.clone()),
            Kind::Name(name) if KNOWN.contains(&name.as_str()) => reads |= name == "read",
            Kind::Constant(name) if name == "File" => {}
            Kind::Label(name) if name == "chomp" => {}
            Kind::Dot
            | Kind::Comma
            | Kind::Open(Bracket::Round)
            | Kind::Close(Bracket::Round)
            | Kind::Keyword(Keyword::Value) => {}
            _ => return None,
        }
    }
    path.filter(|_| reads)
}
