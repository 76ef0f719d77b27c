//! Values: what stands behind a `=`.

use std::collections::BTreeMap;

use hcl_edit::Span;
use hcl_edit::expr::{Expression, ObjectKey};
use hcl_edit::structure::{Body, Structure};
use hcl_edit::template::{Element, Template};
use otto_plugin::bindings::appfile::Value;
use otto_plugin::limits::VALUE_DEPTH;

use super::fault::FaultKind;
use super::quoted::quoted;
use super::reader::{Constant, Grammar, Reader, kind};

impl Reader<'_> {
    /// Free-form configuration: attributes of any name, and no blocks.
    pub(super) fn config(&mut self, body: &Body, place: &'static str) -> BTreeMap<String, Value> {
        let mut config = BTreeMap::new();
        for structure in body {
            match structure {
                Structure::Attribute(attribute) => {
                    if let Some(value) = self.value(&attribute.value, 1) {
                        // The parser lets a key stand once.
                        config.insert(attribute.key.to_string(), value);
                    }
                }
                Structure::Block(block) => {
                    let name = block.ident.to_string();
                    let kind = FaultKind::Unknown {
                        what: "block",
                        place,
                        help: format!("write an object: `{name} = {{ … }}`"),
                        name,
                    };
                    self.fault(kind, block.ident.span());
                }
            }
        }
        config
    }

    /// Notes what would have to be computed.
    pub(super) fn constant<'e>(&mut self, expression: &'e Expression) -> Option<Constant<'e>> {
        const PLAIN: &str = "write the value itself: nothing is computed";
        let (what, help) = match expression {
            Expression::String(text) => return Some(Constant::Text(text.to_string())),
            Expression::StringTemplate(template) => return self.literal(template, expression),
            Expression::HeredocTemplate(heredoc) => {
                return self.literal(&heredoc.template, expression);
            }
            Expression::Parenthesis(inner) => return self.constant(inner.inner()),
            Expression::Null(_)
            | Expression::Bool(_)
            | Expression::Number(_)
            | Expression::Array(_)
            | Expression::Object(_) => return Some(Constant::Other(expression)),
            Expression::Variable(_) => ("a variable", "write a text in quotes: \"…\""),
            Expression::Traversal(_) => ("a variable", PLAIN),
            Expression::FuncCall(_) => ("a function", PLAIN),
            Expression::Conditional(_) => ("a condition", PLAIN),
            Expression::ForExpr(_) => ("a `for`", PLAIN),
            Expression::UnaryOp(_) | Expression::BinaryOp(_) => ("an operator", PLAIN),
        };
        self.fault(FaultKind::Computed { what, help }, expression.span());
        None
    }

    /// A value that stands `depth` deep. `None`, and a fault, if it makes no sense.
    fn value(&mut self, expression: &Expression, depth: u32) -> Option<Value> {
        if depth > VALUE_DEPTH {
            let limit = VALUE_DEPTH;
            self.fault(FaultKind::Depth { limit }, expression.span());
            return None;
        }
        let expression = match self.constant(expression)? {
            Constant::Text(text) => return Some(Value::Text(text)),
            Constant::Other(expression) => expression,
        };
        match expression {
            Expression::Bool(value) => Some(Value::Bool(*value.value())),
            Expression::Number(_) => self.number(expression),
            Expression::Array(array) => {
                // Everything is looked at, so that everything that is wrong is found.
                let items: Vec<_> = array.iter().map(|e| self.value(e, depth + 1)).collect();
                items.into_iter().collect::<Option<_>>().map(Value::List)
            }
            Expression::Object(object) => {
                let mut members = BTreeMap::new();
                let mut is_whole = true;
                for (key, value) in object {
                    let key_at = key.span().or_else(|| value.expr().span());
                    let key = self.key(key);
                    let value = self.value(value.expr(), depth + 1);
                    let (Some(key), Some(value)) = (key, value) else {
                        is_whole = false;
                        continue;
                    };
                    // The parser takes a name and a text for different keys.
                    if members.insert(key.clone(), value).is_some() {
                        is_whole = false;
                        let what = quoted(&key);
                        self.fault(FaultKind::Duplicate { what }, key_at);
                    }
                }
                is_whole.then_some(Value::Object(members))
            }
            _ => Some(Value::Null),
        }
    }

    /// A number is what is written. The parser takes a whole number that it has no room for, and
    /// nothing else, for a float, and a float without a fraction for a whole number.
    fn number(&mut self, expression: &Expression) -> Option<Value> {
        let at = expression.span()?;
        let written: String = self.file.text.get(at.clone())?.split_whitespace().collect();
        if written.contains(['.', 'e', 'E']) {
            return written.parse().ok().map(Value::Float);
        }
        let value = written.parse().ok().map(Value::Int);
        if value.is_none() {
            self.fault(FaultKind::Integer { text: written }, Some(at));
        }
        value
    }

    fn key(&mut self, key: &ObjectKey) -> Option<String> {
        let expression = match key {
            ObjectKey::Ident(name) => return Some(name.to_string()),
            ObjectKey::Expression(expression) => expression,
        };
        let found = match self.constant(expression)? {
            Constant::Text(text) => return Some(text),
            Constant::Other(expression) => kind(expression),
        };
        self.fault(FaultKind::Key { found }, expression.span());
        None
    }

    fn literal<'e>(
        &mut self,
        template: &Template,
        expression: &'e Expression,
    ) -> Option<Constant<'e>> {
        let mut text = String::new();
        for element in template {
            let Element::Literal(literal) = element else {
                let kind = FaultKind::Computed {
                    what: "a template",
                    help: "write the text itself; `$${` stands for `${`, and `%%{` for `%{`",
                };
                self.fault(kind, element.span().or_else(|| expression.span()));
                return None;
            };
            text.push_str(literal);
        }
        Some(Constant::Text(text))
    }
}

impl Grammar {
    /// A block in which nothing can stand.
    pub(super) const fn empty(place: &'static str) -> Self {
        Self {
            place,
            attributes: &[],
            blocks: &[],
        }
    }
}
