//! What is known of a keyword.

use crate::release::Release;
use crate::value::{Kind, Penalties};

/// Determines which of several lines of a keyword takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// The first one read.
    First,
    /// The last one read in releases before this one, the first one since.
    LastBefore(Release),
    /// The last one read.
    Last,
    /// All of them.
    All,
    /// The first one that sets a part of the value, part by part.
    FirstOfPart,
    /// Like [`Rule::FirstOfPart`]; a part that takes effect switches the whole on.
    Penalties,
    /// The first one of each name.
    FirstOfName,
    /// The first one, but `none` takes effect in any position.
    FirstOrNone,
    /// The first one; from 8.7 to 9.3 the last one, and none after AuthorizedKeysCommand.
    PrincipalsCommand,
}

/// A name of a keyword.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    /// As the manual page writes it.
    pub(crate) text: &'static str,
    /// The first release that knows it.
    pub(crate) since: Release,
    /// The first release that does not know it any more.
    pub(crate) before: Option<Release>,
    /// True if the name is not allowed in a Match block although the keyword is.
    pub(crate) global: bool,
    /// True where only Debian's patches know it.
    pub(crate) debian: bool,
}

impl Name {
    pub(crate) fn known_to(&self, release: Release) -> bool {
        release >= self.since
            && self.before.is_none_or(|before| release < before)
            && (release.debian || !self.debian)
    }
}

/// A keyword of `sshd_config`.
#[derive(Debug)]
pub(crate) struct Keyword {
    /// Its names: today's first.
    pub(crate) names: &'static [Name],
    /// The first release that allows it in a Match block, if any.
    pub(crate) in_match: Option<Release>,
    /// The rule that determines which line takes effect.
    pub(crate) rule: Rule,
    /// The form of its value.
    pub(crate) kind: Kind,
    /// The defaults by first release; empty if they depend on the build or there is none.
    pub(crate) defaults: &'static [(Release, &'static str)],
    /// True where builds without PAM, Kerberos or GSSAPI ignore it.
    pub(crate) optional: bool,
}

impl Keyword {
    /// The lower-case name under which the keyword is reported, independent of the release.
    pub(crate) fn key(&self) -> String {
        self.names[0].text.to_ascii_lowercase()
    }

    /// The name to write for this release.
    pub(crate) fn name_for(&self, release: Release) -> &'static str {
        self.names
            .iter()
            .find(|name| name.known_to(release))
            .unwrap_or(&self.names[0])
            .text
    }

    /// True when this release knows the keyword.
    pub(crate) fn known_to(&self, release: Release) -> bool {
        self.names.iter().any(|name| name.known_to(release))
    }

    /// The first release that knows the keyword by any name.
    pub(crate) fn since(&self) -> Release {
        self.names
            .iter()
            .map(|name| name.since)
            .min()
            .unwrap_or(Release::ALWAYS)
    }

    /// Whether a Match block may hold the keyword by this name.
    pub(crate) fn allowed_in_match(&self, name: &Name, release: Release) -> bool {
        !name.global && self.in_match.is_some_and(|since| release >= since)
    }

    /// The value in force without any line.
    pub(crate) fn default_for(&self, release: Release) -> Option<String> {
        if self.kind == Kind::Penalties {
            return Some(Penalties::show(&std::collections::BTreeMap::new(), release))
                .filter(|_| self.known_to(release));
        }
        let known = self
            .defaults
            .iter()
            .rev()
            .find(|(since, _)| release >= *since);
        known
            .filter(|_| self.known_to(release))
            .map(|(_, value)| (*value).to_owned())
    }

    /// True if several values coexist, so that there is no single one to set.
    pub(crate) fn accumulates(&self) -> bool {
        matches!(self.rule, Rule::All | Rule::FirstOfName) || self.kind == Kind::Environment
    }

    /// The release from which on the first line wins, if the last one won before.
    pub(crate) fn first_wins_from(&self) -> Option<Release> {
        if let Rule::LastBefore(first) = self.rule {
            Some(first)
        } else {
            None
        }
    }

    /// True if the last line wins in this release.
    pub(crate) fn last_wins(&self, release: Release) -> bool {
        match self.rule {
            Rule::Last => true,
            Rule::LastBefore(first) => release < first,
            Rule::PrincipalsCommand => release.since(8, 7) && !release.since(9, 4),
            _ => false,
        }
    }
}
