//! The words of a Gemfile, and what they mean.

use super::arguments::{Arguments, Value};
use super::parser::Parser;
use super::token::Kind;
use super::{Evaluated, Gem, Ruby, RubySays};
use crate::problem::{Place, Problem, quoted};

/// What the blocks around a statement say of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope {
    /// It is run under a condition, or perhaps never.
    conditional: bool,
}

impl Scope {
    /// That of a condition, or of a block which nobody here knows the meaning of.
    pub(super) fn conditional() -> Self {
        Self { conditional: true }
    }
}

/// How much was known before a statement.
#[derive(Debug)]
pub(super) struct Mark {
    gems: usize,
    evaluated: usize,
    rubies: usize,
}

/// Whether a word is one of a Gemfile's own.
pub(super) fn is_known(name: &str) -> bool {
    matches!(
        name,
        "env"
            | "eval_gemfile"
            | "gem"
            | "gemspec"
            | "git"
            | "github"
            | "group"
            | "install_if"
            | "path"
            | "platform"
            | "platforms"
            | "ruby"
            | "source"
    )
}

impl Parser<'_> {
    /// A call of one of the words.
    pub(super) fn call(&mut self, scope: &Scope) -> Result<(), Problem> {
        let place = Place::new(self.file, self.line());
        let Some(Kind::Name(word)) = self.peek() else {
            return Ok(());
        };
        let word = word.clone();
        self.advance();
        // `install_if -> { … } do`: the lambda is an argument, the block is what counts.
        let arguments = self.arguments()?;
        match word.as_str() {
            "gem" => return self.gem(&arguments, scope, place),
            "ruby" => {
                let says = match scope.conditional {
                    true => RubySays::Computed,
                    false => ruby(&arguments),
                };
                self.gemfile.ruby = Some(Ruby { says, place });
                self.rubies += 1;
            }
            "eval_gemfile" => {
                self.gemfile.needs_sources = true;
                if let Some(Value::Text(path)) = arguments.positional.first() {
                    self.gemfile.evaluated.push(Evaluated {
                        path: path.clone(),
                        conditional: scope.conditional,
                        place,
                    });
                }
            }
            "gemspec" | "path" => self.gemfile.needs_sources = true,
            "git" | "github" => self.gemfile.needs_git = true,
            _ => {}
        }
        let inner = match word.as_str() {
            "env" | "install_if" | "platform" | "platforms" => Scope::conditional(),
            _ => *scope,
        };
        let braces = arguments.bracketed || arguments.positional.is_empty();
        self.block(&inner, braces)?;
        Ok(())
    }

    fn gem(&mut self, arguments: &Arguments, scope: &Scope, place: Place) -> Result<(), Problem> {
        self.gemfile.needs_sources |= arguments.option("path").is_some();
        self.gemfile.needs_git |= ["git", "github", "gist", "bitbucket"]
            .iter()
            .any(|option| arguments.option(option).is_some());
        let limited = ["install_if", "platform", "platforms"]
            .iter()
            .any(|option| arguments.option(option).is_some());
        // A computed name is left to the lock file.
        let Some(Value::Text(name)) = arguments.positional.first() else {
            return Ok(());
        };
        if name.is_empty() || name.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(Problem::invalid(
                format!("{} is not the name of a gem", quoted(name)),
                "check that there is a comma between the name and what follows it",
            )
            .at(place));
        }
        self.gemfile.gems.push(Gem {
            name: name.clone(),
            conditional: scope.conditional || limited,
            place,
        });
        Ok(())
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            gems: self.gemfile.gems.len(),
            evaluated: self.gemfile.evaluated.len(),
            rubies: self.rubies,
        }
    }

    /// Puts a condition on what was said since then.
    pub(super) fn make_conditional(&mut self, since: &Mark) {
        for gem in &mut self.gemfile.gems[since.gems..] {
            gem.conditional = true;
        }
        for evaluated in &mut self.gemfile.evaluated[since.evaluated..] {
            evaluated.conditional = true;
        }
        if self.rubies != since.rubies
            && let Some(ruby) = &mut self.gemfile.ruby
        {
            ruby.says = RubySays::Computed;
        }
    }

    /// Looks for what reads other files, so that Bundler needs them too.
    pub(super) fn check_for_files(&mut self) {
        self.gemfile.needs_sources |= self.tokens.iter().any(|token| match &token.kind {
            Kind::Constant(name) => {
                matches!(
                    name.as_str(),
                    "Dir" | "File" | "IO" | "JSON" | "Pathname" | "YAML"
                )
            }
            Kind::Name(name) => matches!(
                name.as_str(),
                "__dir__" | "eval" | "instance_eval" | "load" | "require_relative"
            ),
            _ => false,
        });
    }
}

/// What `ruby` is called with.
fn ruby(arguments: &Arguments) -> RubySays {
    match arguments.option("engine") {
        None => {}
        Some(Value::Text(engine) | Value::Symbol(engine)) if engine == "ruby" => {}
        Some(Value::Text(engine) | Value::Symbol(engine)) => {
            return RubySays::Engine(engine.clone());
        }
        Some(_) => return RubySays::Computed,
    }
    match (arguments.option("file"), arguments.positional.as_slice()) {
        (Some(Value::Text(path) | Value::FileContents(path)), []) => RubySays::File(path.clone()),
        (None, [Value::FileContents(path)]) => RubySays::File(path.clone()),
        (None, values) if !values.is_empty() => requirements(values),
        _ => RubySays::Computed,
    }
}

fn requirements(values: &[Value]) -> RubySays {
    let mut texts = Vec::new();
    for value in values {
        match value {
            Value::Text(text) => texts.push(text.clone()),
            Value::List(values) => match requirements(values) {
                RubySays::Requirements(more) => texts.extend(more),
                other => return other,
            },
            _ => return RubySays::Computed,
        }
    }
    RubySays::Requirements(texts)
}
