//! The requested change of a keyword: a value, or one element more or less of a list.

use std::fmt;

/// The operation on the value of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// Sets the value; for a list the whole list.
    Set,
    /// The list gets these elements as well.
    Add,
    /// The list loses these elements.
    Remove,
}

/// One keyword and its change: `KEY=VALUE`, `KEY+=VALUE` or `KEY-=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The keyword, as it was asked for.
    pub key: String,
    /// The operation on its value.
    pub operator: Operator,
    /// The value, or elements of a list as a line of the file would hold them.
    pub value: String,
}

impl Assignment {
    /// The value of a keyword, whole.
    pub fn set(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(key, Operator::Set, value)
    }

    /// An assignment of `value` to `key` with this operator.
    pub fn new(key: impl Into<String>, operator: Operator, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            operator,
            value: value.into(),
        }
    }

    /// Parses `KEY=VALUE`, `KEY+=VALUE` or `KEY-=VALUE`; `None` if there is no `=` or no keyword.
    pub fn parse(text: &str) -> Option<Self> {
        let (key, value) = text.split_once('=')?;
        let operators = [("+", Operator::Add), ("-", Operator::Remove)];
        let found = operators
            .into_iter()
            .find_map(|(sign, operator)| Some((key.trim_end().strip_suffix(sign)?, operator)));
        let (key, operator) = found.unwrap_or((key, Operator::Set));
        let (key, value) = (key.trim().to_owned(), value.trim().to_owned());
        (!key.is_empty()).then_some(Self {
            key,
            operator,
            value,
        })
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Set => "=",
            Self::Add => "+=",
            Self::Remove => "-=",
        })
    }
}

impl fmt::Display for Assignment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.key, self.operator, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operator_precedes_the_equals_sign() {
        for (text, key, operator, value) in [
            ("Port=22", "Port", Operator::Set, "22"),
            ("Port += 22 ", "Port", Operator::Add, "22"),
            ("AcceptEnv-=LC_*", "AcceptEnv", Operator::Remove, "LC_*"),
            ("Ciphers=+x", "Ciphers", Operator::Set, "+x"),
            ("SetEnv=A+=b", "SetEnv", Operator::Set, "A+=b"),
        ] {
            let expected = Assignment {
                key: key.to_owned(),
                operator,
                value: value.to_owned(),
            };
            assert_eq!(Assignment::parse(text), Some(expected), "{text}");
        }
        for text in ["Port", "=22", "+=22", ""] {
            assert_eq!(Assignment::parse(text), None, "{text}");
        }
    }
}
