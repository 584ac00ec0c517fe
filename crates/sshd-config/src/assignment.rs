//! What is wanted of a keyword: a value, or one element more or less of a list.

use std::fmt;

/// What is done to the value of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The value, of a list the whole of it, becomes this one.
    Set,
    /// The list gets these elements as well.
    Add,
    /// The list loses these elements.
    Remove,
}

/// One keyword and what it is to become: `KEY=VALUE`, `KEY+=VALUE` or `KEY-=VALUE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// The keyword, as it was asked for.
    pub key: String,
    /// What is done to its value.
    pub operator: Operator,
    /// The value, or elements of a list as a line of the file would hold them.
    pub value: String,
}

impl Assignment {
    /// The value of a keyword, whole.
    pub fn set(key: impl Into<String>, value: impl Into<String>) -> Self {
        Self::new(key, Operator::Set, value)
    }

    /// What is done to the value of a keyword.
    pub fn new(key: impl Into<String>, operator: Operator, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            operator,
            value: value.into(),
        }
    }

    /// Reads `KEY=VALUE`, `KEY+=VALUE` or `KEY-=VALUE`; `None` where there is no `=` or no keyword.
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
    fn the_operator_stands_before_the_equals_sign() {
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
