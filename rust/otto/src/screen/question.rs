//! Questions to the person at the terminal.

use miette::Diagnostic;

use super::console::Typed;
use super::escape;
use super::secret::Secret;
use super::{Front, Screen};

/// What a person is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'a> {
    /// The plugin that asks, as `TYPE-NAME`. The person is told, so that no plugin asks in `otto`'s
    /// name.
    pub(super) plugin: Option<&'a str>,
    pub(super) query: &'a str,
    pub(super) description: &'a str,
    pub(super) default: Option<&'a str>,
    /// Whether the answer is shown while it is typed.
    pub(super) hide: bool,
}

/// A question without an answer.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub(crate) enum AskError {
    /// There is no terminal, or `--no-input` was given.
    #[error("nobody can be asked {query:?}, since there is no terminal")]
    #[diagnostic(help("run it on a terminal, and without --no-input"))]
    NoTerminal { query: String },
    /// The person ended the input.
    #[error("the question {query:?} was ended without an answer")]
    #[diagnostic(help("run it again, and type an answer"))]
    Aborted { query: String },
    /// What was typed is no text.
    #[error("the answer to {query:?} is not UTF-8 text of at most 4096 bytes")]
    #[diagnostic(help("run it again, and type a shorter answer, as text"))]
    NoText { query: String },
    /// The terminal itself failed.
    #[error("the terminal cannot be asked {query:?}")]
    #[diagnostic(help("run it on another terminal"))]
    Terminal {
        query: String,
        source: std::io::Error,
    },
}

impl Screen {
    /// Whether there is somebody to ask.
    pub(crate) fn can_ask(&self) -> bool {
        self.0.console.is_some()
    }

    /// Asks for a yes or a no. An empty answer is `default`. What is neither is asked again.
    ///
    /// Dropping the future takes the question back.
    pub(crate) async fn confirm(&self, query: &str, default: bool) -> Result<bool, AskError> {
        let front = self.front().await;
        let question = Question {
            default: Some(if default { "Y/n" } else { "y/N" }),
            ..Question::of_otto(query, false)
        };
        loop {
            let typed = self.typed(&front, question).await?;
            match typed.expose().trim().to_ascii_lowercase().as_str() {
                "" => return Ok(default),
                "y" | "yes" => return Ok(true),
                "n" | "no" => return Ok(false),
                _ => {}
            }
        }
    }

    /// Asks for a line of text.
    ///
    /// Dropping the future takes the question back.
    pub(crate) async fn text(&self, query: &str) -> Result<String, AskError> {
        let typed = self.ask(Question::of_otto(query, false)).await?;
        Ok(typed.expose().to_owned())
    }

    /// Asks for what nobody may see, such as a passphrase.
    ///
    /// Dropping the future takes the question back, and what was typed of the answer with it.
    pub(crate) async fn secret(&self, query: &str) -> Result<Secret, AskError> {
        self.ask(Question::of_otto(query, true)).await
    }

    pub(super) async fn ask(&self, question: Question<'_>) -> Result<Secret, AskError> {
        if !self.can_ask() {
            return Err(AskError::NoTerminal {
                query: question.query.to_owned(),
            });
        }
        let front = self.front().await;
        self.typed(&front, question).await
    }

    /// Asks, while the terminal is this question's.
    async fn typed(&self, _front: &Front, question: Question<'_>) -> Result<Secret, AskError> {
        let query = || question.query.to_owned();
        let Some(console) = &self.0.console else {
            return Err(AskError::NoTerminal { query: query() });
        };
        let mut prompt = String::new();
        if let Some(plugin) = question.plugin {
            prompt += &format!("otto-{} asks:\n", escape::line(plugin));
        }
        let text = self.0.look.text;
        let default = question.default.map(|default| match question.hide {
            true => "a default, which is hidden",
            false => default,
        });
        prompt += &text.question(question.query, question.description, default);
        match console.line(prompt, question.hide).await {
            Ok(Typed::Line(line)) => Ok(line),
            Ok(Typed::End) => Err(AskError::Aborted { query: query() }),
            Ok(Typed::NoText) => Err(AskError::NoText { query: query() }),
            Err(source) => Err(AskError::Terminal {
                query: query(),
                source,
            }),
        }
    }
}

impl<'a> Question<'a> {
    fn of_otto(query: &'a str, hide: bool) -> Self {
        Self {
            plugin: None,
            query,
            description: "",
            default: None,
            hide,
        }
    }
}
