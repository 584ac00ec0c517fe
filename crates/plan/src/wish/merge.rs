//! Merges wishes: those of one kind become one, so that their edits are made together.

use std::collections::HashSet;

use sshmend_lossless::Origin;
use sshmend_sshd_config::{Assignment, Operator};

use super::Wish;
use crate::distinct::distinct;

impl Wish {
    /// Merges wishes, in the order of execution; the service comes last.
    pub fn merge(wishes: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut groups: Vec<(Self, Vec<Self>)> = Vec::new();
        for wish in wishes {
            match groups.iter_mut().find(|(first, _)| first.takes(&wish)) {
                Some((_, others)) => others.push(wish),
                None => groups.push((wish, Vec::new())),
            }
        }
        let joined = groups.into_iter().map(|(first, others)| first.join(others));
        let mut merged: Vec<Self> = joined.collect();
        merged.sort_by_key(Self::rank);
        merged
    }

    /// Whether another wish can be joined to this one: they are of one kind and concern the same
    /// thing.
    pub fn takes(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::SshdConfig {
                    drop_in, source, ..
                },
                Self::SshdConfig {
                    drop_in: other_drop_in,
                    source: other,
                    ..
                },
            ) => (drop_in, source) == (other_drop_in, other),
            (Self::Allow { daemon, .. }, Self::Allow { daemon: other, .. })
            | (Self::MendWrappers { daemon, .. }, Self::MendWrappers { daemon: other, .. }) => {
                daemon == other
            }
            (Self::CommentOut { source, .. }, Self::CommentOut { source: other, .. })
            | (Self::Unset { source, .. }, Self::Unset { source: other, .. })
            | (Self::HostKeys { source }, Self::HostKeys { source: other }) => source == other,
            (
                Self::Ignore { jails, until, .. },
                Self::Ignore {
                    jails: other_jails,
                    until: other_until,
                    ..
                },
            ) => (jails, until) == (other_jails, other_until),
            // Commenting out the line already starts sshd.
            (Self::WithoutUnitLines { .. }, Self::Service { restart: false })
            | (Self::WithoutUnitLines { .. }, Self::WithoutUnitLines { .. })
            | (Self::Service { .. }, Self::Service { .. })
            | (Self::PrivsepDirectory, Self::PrivsepDirectory) => true,
            _ => false,
        }
    }

    /// Joins other wishes to this one, which takes them all. What several of them contain counts once.
    #[must_use]
    pub fn join(mut self, mut others: Vec<Self>) -> Self {
        match &mut self {
            _ if others.is_empty() => {}
            Self::SshdConfig { settings, .. } => add_settings(settings, &others),
            Self::Unset { keys: words, .. }
            | Self::Allow {
                patterns: words, ..
            }
            | Self::Ignore {
                addresses: words, ..
            } => {
                let more = others
                    .iter_mut()
                    .filter_map(Self::words)
                    .flat_map(std::mem::take);
                *words = distinct(std::mem::take(words).into_iter().chain(more));
            }
            Self::CommentOut { lines, .. }
            | Self::MendWrappers { lines, .. }
            | Self::WithoutUnitLines { lines } => {
                let more = others
                    .iter_mut()
                    .filter_map(Self::lines)
                    .flat_map(std::mem::take);
                *lines = distinct(std::mem::take(lines).into_iter().chain(more));
            }
            _ => {}
        }
        if let Self::Allow {
            remove_deny: flag, ..
        }
        | Self::Service { restart: flag } = &mut self
        {
            *flag |= others.iter().any(Self::goes_further);
        }
        self
    }

    /// The words of which it is a list.
    fn words(&mut self) -> Option<&mut Vec<String>> {
        match self {
            Self::Unset { keys: words, .. }
            | Self::Allow {
                patterns: words, ..
            }
            | Self::Ignore {
                addresses: words, ..
            } => Some(words),
            _ => None,
        }
    }

    /// The lines of which it is a list.
    fn lines(&mut self) -> Option<&mut Vec<Origin>> {
        match self {
            Self::CommentOut { lines, .. }
            | Self::MendWrappers { lines, .. }
            | Self::WithoutUnitLines { lines } => Some(lines),
            _ => None,
        }
    }

    /// Whether it also removes deny rules, or restarts what seems to be in order.
    fn goes_further(&self) -> bool {
        matches!(
            self,
            Self::Allow {
                remove_deny: true,
                ..
            } | Self::Service { restart: true }
        )
    }

    /// The order of execution: what sshd needs comes before its start.
    fn rank(&self) -> u8 {
        match self {
            Self::PrivsepDirectory => 0,
            Self::Service { .. } | Self::WithoutUnitLines { .. } => 2,
            _ => 1,
        }
    }
}

/// The first value requested for a keyword wins; additions to and removals from a list are joined.
fn add_settings(all: &mut Vec<Assignment>, others: &[Wish]) {
    let key_set = |one: &Assignment| {
        let sets = one.operator == Operator::Set;
        sets.then(|| one.key.to_ascii_lowercase())
    };
    let mut set: HashSet<String> = all.iter().filter_map(key_set).collect();
    for other in others {
        let Wish::SshdConfig { settings, .. } = other else {
            continue;
        };
        let is_new = |one: &&Assignment| key_set(one).is_none_or(|key| !set.contains(&key));
        all.extend(settings.iter().filter(is_new).cloned());
        set.extend(settings.iter().filter_map(key_set));
    }
    let mut seen = HashSet::new();
    all.retain(|one| seen.insert(one.to_string()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(settings: &[&str], drop_in: bool) -> Wish {
        Wish::SshdConfig {
            settings: settings
                .iter()
                .map(|text| Assignment::parse(text).expect("a setting"))
                .collect(),
            drop_in,
            source: crate::SshdSource::default(),
        }
    }

    fn mend(lines: &[&str]) -> Wish {
        Wish::MendWrappers {
            lines: lines
                .iter()
                .map(|text| Origin::parse(text).expect("a line"))
                .collect(),
            daemon: "sshd".to_owned(),
        }
    }

    fn check(wishes: &[Wish], expected: &[Wish]) {
        assert_eq!(Wish::merge(wishes.iter().cloned()), expected, "{wishes:?}");
    }

    #[test]
    fn wishes_of_one_kind_are_merged() {
        check(
            &[
                set(&["MaxStartups=20"], false),
                set(&["maxstartups=30", "MaxSessions=9"], false),
            ],
            &[set(&["MaxStartups=20", "MaxSessions=9"], false)],
        );
        check(
            &[
                set(&["AllowUsers+=ann"], false),
                set(&["AllowUsers+=ben", "AllowUsers+=ann"], false),
            ],
            &[set(&["AllowUsers+=ann", "AllowUsers+=ben"], false)],
        );
        let allow = |patterns: &[&str], remove_deny| Wish::Allow {
            patterns: patterns.iter().map(|&word| word.to_owned()).collect(),
            remove_deny,
            daemon: "sshd".to_owned(),
        };
        check(
            &[
                allow(&["192.0.2.1"], false),
                allow(&["192.0.2.1", "192.0.2.2"], true),
            ],
            &[allow(&["192.0.2.1", "192.0.2.2"], true)],
        );
        check(
            &[
                mend(&["hosts.deny:1"]),
                mend(&["hosts.deny:1", "hosts.deny:4"]),
            ],
            &[mend(&["hosts.deny:1", "hosts.deny:4"])],
        );
        let both = Wish::Ignore {
            addresses: vec!["::1".to_owned(), "192.0.2.1".to_owned()],
            jails: Vec::new(),
            until: None,
        };
        check(
            &[
                Wish::ignore("::1", Vec::new()),
                Wish::ignore("192.0.2.1", Vec::new()),
            ],
            &[both],
        );
        check(
            &[
                Wish::host_keys(),
                Wish::host_keys(),
                Wish::PrivsepDirectory,
                Wish::PrivsepDirectory,
            ],
            &[Wish::PrivsepDirectory, Wish::host_keys()],
        );
    }

    #[test]
    fn wishes_about_different_subjects_stay_separate() {
        let apart = [
            Wish::ignore("::1", vec!["sshd".to_owned()]),
            Wish::ignore("::1", Vec::new()),
            Wish::allow("192.0.2.1"),
            mend(&["hosts.deny:1"]),
            set(&["A=1"], false),
            set(&["A=1"], true),
        ];
        check(&apart, &apart);
    }

    #[test]
    fn the_service_wish_comes_last() {
        check(
            &[
                Wish::Service { restart: false },
                Wish::host_keys(),
                Wish::PrivsepDirectory,
                Wish::Service { restart: true },
            ],
            &[
                Wish::PrivsepDirectory,
                Wish::host_keys(),
                Wish::Service { restart: true },
            ],
        );
    }
}
