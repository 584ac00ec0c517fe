//! The beginnings of all rules of a table, to tell apart at once what none of them matches.

use super::rule::Rule;
use crate::start::Firsts;

/// The first four bytes of the messages of some rules, as a superset.
#[derive(Debug)]
pub(super) struct Beginnings(Option<Firsts>);

impl Beginnings {
    /// Those of the rules, and some more.
    pub(super) fn new(rules: &[Rule], more: &[&[u8; 4]]) -> Self {
        let of_rules = rules.iter().map(|rule| {
            let fixed = rule.template.split('{').next()?;
            fixed.as_bytes().first_chunk::<4>()
        });
        let all: Option<Vec<u32>> = of_rules
            .chain(more.iter().map(|four| Some(*four)))
            .map(|four| Some(u32::from_le_bytes(*four?)))
            .collect();
        // A rule whose beginning is shorter may match any message.
        Self(all.map(|all| Firsts::new(all.into_iter())))
    }

    /// Whether a rule may match this message; false for most others.
    #[inline]
    pub(super) fn may_begin(&self, message: &[u8]) -> bool {
        match (&self.0, message.first_chunk()) {
            (Some(all), Some(four)) => all.may_hold(u32::from_le_bytes(*four)),
            _ => true,
        }
    }
}
