//! The pieces of Ruby that a Gemfile is made of.

/// A piece, and where it begins.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    /// Counted from 1.
    pub(crate) line: u32,
    /// Whether there is a space before it, which tells `foo (a)` from `foo(a)`.
    pub(crate) spaced: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// The end of a line that ends a statement, or a semicolon.
    Newline,
    /// `gem`, `empty?`, `strip!`.
    Name(String),
    /// `File`.
    Constant(String),
    /// `@path`, `$stdout`.
    Variable,
    Keyword(Keyword),
    /// A string, of which nobody knows the value if it is computed.
    Text {
        text: String,
        computed: bool,
    },
    /// `:test`.
    Symbol(String),
    /// `group:`, or `"group":`.
    Label(String),
    /// `%w[a b]` or `%i[a b]`.
    Words(Vec<String>),
    Number,
    /// A regular expression, a string for the shell, a here-document.
    Other,
    Open(Bracket),
    Close(Bracket),
    Comma,
    /// `.` or `&.`.
    Dot,
    /// `=>`.
    Arrow,
    /// `|`, which surrounds the parameters of a block.
    Bar,
    /// `=`, `||=` and the like.
    Assign,
    /// `->`.
    Lambda,
    /// Any other sign.
    Operator(char),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Bracket {
    Round,
    Square,
    Curly,
}

impl Bracket {
    pub(crate) fn open(self) -> char {
        match self {
            Self::Round => '(',
            Self::Square => '[',
            Self::Curly => '{',
        }
    }
}

/// The words that shape statements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Keyword {
    Begin,
    Case,
    Class,
    Def,
    Do,
    Else,
    End,
    For,
    If,
    Module,
    Then,
    Unless,
    Until,
    While,
    Rescue,
    /// `elsif`, `ensure`, `in`, `when`: what divides a block.
    Divider,
    /// `and`, `not`, `or`: what an operand follows.
    Joiner,
    /// `false`, `nil`, `self`, `true`: what is a value.
    Value,
    /// `break`, `next`, `return`, `yield` and others: what an operand may follow.
    Word,
}

impl Keyword {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "begin" => Self::Begin,
            "case" => Self::Case,
            "class" => Self::Class,
            "def" => Self::Def,
            "do" => Self::Do,
            "else" => Self::Else,
            "end" => Self::End,
            "for" => Self::For,
            "if" => Self::If,
            "module" => Self::Module,
            "then" => Self::Then,
            "unless" => Self::Unless,
            "until" => Self::Until,
            "while" => Self::While,
            "rescue" => Self::Rescue,
            "elsif" | "ensure" | "in" | "when" => Self::Divider,
            "and" | "not" | "or" => Self::Joiner,
            "false" | "nil" | "self" | "true" => Self::Value,
            "alias" | "break" | "next" | "redo" | "retry" | "return" | "super" | "undef"
            | "yield" => Self::Word,
            _ => return None,
        })
    }
}

impl Kind {
    /// Whether a value ends here, so that what follows is no operand: tells division from a
    /// regular expression, and `x if y` from `x = if y`.
    pub(crate) fn ends_value(&self) -> bool {
        match self {
            Self::Name(_)
            | Self::Constant(_)
            | Self::Variable
            | Self::Text { .. }
            | Self::Symbol(_)
            | Self::Words(_)
            | Self::Number
            | Self::Other
            | Self::Close(_)
            | Self::Keyword(Keyword::End | Keyword::Value | Keyword::Word) => true,
            Self::Newline
            | Self::Keyword(_)
            | Self::Label(_)
            | Self::Open(_)
            | Self::Comma
            | Self::Dot
            | Self::Arrow
            | Self::Bar
            | Self::Lambda
            | Self::Assign
            | Self::Operator(_) => false,
        }
    }

    /// Whether the statement goes on in the next line.
    pub(crate) fn continues(&self) -> bool {
        matches!(
            self,
            Self::Comma
                | Self::Dot
                | Self::Arrow
                | Self::Assign
                | Self::Operator(_)
                | Self::Keyword(Keyword::Joiner)
        )
    }
}
