//! Whether the person at the keyboard would still get in.

use sshmend_lossless::Origin;

/// The effect of a change on the access of the person who makes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Lockout {
    /// This change does not affect their next connection.
    #[default]
    Keeps,
    /// Their next connection would be refused.
    Loses {
        /// Why.
        why: String,
        /// The line that would refuse it, if there is one.
        origin: Option<Origin>,
    },
    /// The effect is unknown.
    Unknown(String),
}

impl Lockout {
    /// The worse of two answers: loses, then unknown, then keeps.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if self.rank() >= other.rank() {
            self
        } else {
            other
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Self::Keeps => 0,
            Self::Unknown(_) => 1,
            Self::Loses { .. } => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worse_answer_counts() {
        let loses = Lockout::Loses {
            why: "denied".into(),
            origin: None,
        };
        let unknown = Lockout::Unknown("a name".into());
        assert_eq!(Lockout::Keeps.worse(unknown.clone()), unknown);
        assert_eq!(unknown.worse(loses.clone()), loses);
        assert_eq!(loses.clone().worse(Lockout::Keeps), loses);
    }
}
