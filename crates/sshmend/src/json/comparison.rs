//! `sshmend.comparison/1`.

use serde::Serialize;
use sshmend_compare as model;

use super::origin::Origin;

/// `sshmend.comparison/1`: the differences between two states of a machine, by their effects.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Comparison {
    /// Always `sshmend.comparison/1`.
    pub schema: &'static str,
    /// The first tree, as it was named.
    pub before: String,
    /// The second tree, as it was named.
    pub after: String,
    /// Whether no difference was found; null if none was found and not everything could be
    /// compared.
    pub same: Option<bool>,
    /// The differences, area by area.
    pub differences: Vec<Difference>,
    /// What could not be read.
    pub unseen: Vec<Unseen>,
    /// The number of groups of clients that were not compared because there are too many.
    pub left_out: usize,
}

/// One thing that differs.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Difference {
    /// `sshd-config`, `hosts-access`, `fail2ban` or `known-hosts`.
    pub area: &'static str,
    /// The criteria of a Match block, a jail or a file for which it holds; null for everybody.
    pub whom: Option<String>,
    /// The keyword, client, address or host that differs.
    pub what: String,
    /// The answer for the first tree.
    pub before: Answer,
    /// The answer for the second tree.
    pub after: Answer,
}

/// The answer for one tree.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Answer {
    /// The value, or the answer; empty for a value that is not set.
    pub value: String,
    /// The line that decides, with the path inside the tree; null if no line does.
    pub origin: Option<Origin>,
}

/// Something that could not be read.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Unseen {
    /// `before` or `after`.
    pub tree: &'static str,
    /// The path inside the tree.
    pub path: String,
    /// Why.
    pub reason: String,
}

impl Comparison {
    /// Converts a comparison to JSON.
    pub(crate) fn new(names: [String; 2], found: &model::Comparison) -> Self {
        let [before, after] = names;
        let same = match (found.differences.is_empty(), found.unseen.is_empty()) {
            (false, _) => Some(false),
            (true, true) => Some(true),
            (true, false) => None,
        };
        let unseen = found.unseen.iter().map(|unseen| Unseen {
            tree: if unseen.second { "after" } else { "before" },
            path: unseen.path.display().to_string(),
            reason: unseen.why.clone(),
        });
        Self {
            schema: "sshmend.comparison/1",
            before,
            after,
            same,
            differences: found.differences.iter().map(Difference::new).collect(),
            unseen: unseen.collect(),
            left_out: found.left_out,
        }
    }
}

impl Difference {
    fn new(difference: &model::Difference) -> Self {
        let answer = |answer: &model::Answer| Answer {
            value: answer.text.clone(),
            origin: answer.origin.as_ref().map(Into::into),
        };
        Self {
            area: difference.area.name(),
            whom: difference.whom.clone(),
            what: difference.what.clone(),
            before: answer(&difference.before),
            after: answer(&difference.after),
        }
    }
}
