//! The types of the protocol, as files keep them.
//!
//! A value comes back as it was, to the last bit. A field that is added to the protocol does not
//! compile until it is added here.

use std::collections::BTreeMap;

use otto_plugin::bindings::app::{CompileResult, FoundationConfig, FoundationResult, Tuple};
use otto_plugin::bindings::appfile::{
    Appfile, Application, Customization, Dependency, Foundation, Import, Infrastructure, Project,
    Value,
};
use serde::{Deserialize, Serialize};

/// A type for files, and the one that it stands for.
pub(super) trait Mirror {
    type Owned;

    fn keep(owned: Self::Owned) -> Self;

    fn owned(self) -> Self::Owned;
}

/// Types that have the same fields as those they stand for.
macro_rules! mirrors {
    ($($record:ident is $owned:ident { $($field:ident: $kind:ty),* })*) => {$(
        #[derive(Serialize, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct $record {
            $($field: $kind),*
        }

        impl Mirror for $record {
            type Owned = $owned;

            fn keep($owned { $($field),* }: $owned) -> Self {
                Self { $($field: Mirror::keep($field)),* }
            }

            fn owned(self) -> $owned {
                $owned { $($field: self.$field.owned()),* }
            }
        }
    )*};
}

/// Types that stand for themselves.
macro_rules! themselves {
    ($($kind:ty),*) => {$(
        impl Mirror for $kind {
            type Owned = Self;

            fn keep(owned: Self) -> Self {
                owned
            }

            fn owned(self) -> Self {
                self
            }
        }
    )*};
}

mirrors! {
    AppfileRecord is Appfile {
        id: String,
        path: String,
        source: String,
        application: ApplicationRecord,
        project: Option<ProjectRecord>,
        infrastructure: Vec<InfrastructureRecord>,
        customization: Vec<CustomizationRecord>,
        imports: Vec<ImportRecord>
    }
    ApplicationRecord is Application {
        name: String,
        r#type: String,
        detect: bool,
        dependencies: Vec<DependencyRecord>
    }
    DependencyRecord is Dependency { source: String }
    ProjectRecord is Project { name: String, infrastructure: String }
    InfrastructureRecord is Infrastructure {
        name: String,
        r#type: String,
        flavor: String,
        foundations: Vec<FoundationRecord>
    }
    FoundationRecord is Foundation { name: String, config: BTreeMap<String, ValueRecord> }
    CustomizationRecord is Customization { r#type: String, config: BTreeMap<String, ValueRecord> }
    ImportRecord is Import { source: String }
    TupleRecord is Tuple { app: String, infra: String, flavor: String }
    CompileResultRecord is CompileResult {
        version: u32,
        foundation_config: FoundationConfigRecord,
        dev_dep_fragment_path: Option<String>,
        foundation_results: Vec<FoundationResultRecord>
    }
    FoundationConfigRecord is FoundationConfig {
        service_name: String,
        service_port: u16,
        service_tags: Vec<String>
    }
    FoundationResultRecord is FoundationResult { name: String, version: u32, dir: String }
}

themselves!(String, bool, u16, u32);

impl<M: Mirror> Mirror for Option<M> {
    type Owned = Option<M::Owned>;

    fn keep(owned: Self::Owned) -> Self {
        owned.map(M::keep)
    }

    fn owned(self) -> Self::Owned {
        self.map(M::owned)
    }
}

impl<M: Mirror> Mirror for Vec<M> {
    type Owned = Vec<M::Owned>;

    fn keep(owned: Self::Owned) -> Self {
        owned.into_iter().map(M::keep).collect()
    }

    fn owned(self) -> Self::Owned {
        self.into_iter().map(M::owned).collect()
    }
}

impl<M: Mirror> Mirror for BTreeMap<String, M> {
    type Owned = BTreeMap<String, M::Owned>;

    fn keep(owned: Self::Owned) -> Self {
        let kept = owned.into_iter().map(|(key, value)| (key, M::keep(value)));
        kept.collect()
    }

    fn owned(self) -> Self::Owned {
        let owned = self.into_iter().map(|(key, value)| (key, value.owned()));
        owned.collect()
    }
}

/// A value, by its kind.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ValueRecord {
    Null,
    Bool(bool),
    Int(i64),
    Float(ExactFloat),
    Text(String),
    Data(Bytes),
    List(Vec<Self>),
    Object(BTreeMap<String, Self>),
    /// What an Appfile never has, wherever it comes from.
    Unknown(u16),
}

impl Mirror for ValueRecord {
    type Owned = Value;

    fn keep(owned: Value) -> Self {
        match owned {
            Value::Null => Self::Null,
            Value::Bool(value) => Self::Bool(value),
            Value::Int(value) => Self::Int(value),
            Value::Float(value) => Self::Float(ExactFloat(value)),
            Value::Text(value) => Self::Text(value),
            Value::Data(value) => Self::Data(Bytes(value)),
            Value::List(value) => Self::List(Mirror::keep(value)),
            Value::Object(value) => Self::Object(Mirror::keep(value)),
            Value::Unknown(number) => Self::Unknown(number),
            _ => Self::Unknown(u16::MAX),
        }
    }

    fn owned(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Bool(value) => Value::Bool(value),
            Self::Int(value) => Value::Int(value),
            Self::Float(ExactFloat(value)) => Value::Float(value),
            Self::Text(value) => Value::Text(value),
            Self::Data(Bytes(value)) => Value::Data(value),
            Self::List(value) => Value::List(value.owned()),
            Self::Object(value) => Value::Object(value.owned()),
            Self::Unknown(number) => Value::Unknown(number),
        }
    }
}

/// A float as text: the shortest decimal that gives it back, or `nan:` and the bits of one that is
/// no number.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct ExactFloat(f64);

const NAN: &str = "nan:";

impl From<ExactFloat> for String {
    fn from(ExactFloat(value): ExactFloat) -> Self {
        if value.is_nan() {
            format!("{NAN}{:016x}", value.to_bits())
        } else {
            format!("{value:?}")
        }
    }
}

impl TryFrom<String> for ExactFloat {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let value = match text.strip_prefix(NAN) {
            Some(bits) => u64::from_str_radix(bits, 16).ok().map(f64::from_bits),
            None => text.parse().ok(),
        };
        value
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no float"))
    }
}

/// Bytes as lower-case hexadecimal digits.
#[derive(Clone, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub(super) struct Bytes(Vec<u8>);

impl From<Bytes> for String {
    fn from(Bytes(bytes): Bytes) -> Self {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let byte = |pair: &[u8]| match pair {
            [_, _] => u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok(),
            _ => None,
        };
        let bytes: Option<_> = text.as_bytes().chunks(2).map(byte).collect();
        bytes
            .map(Self)
            .ok_or_else(|| "an odd or a foreign digit stands among the bytes".to_owned())
    }
}
