//! Merges wishes: those of one kind become one, so that their edits are made together.

use sshmend_sshd_config::{Assignment, Operator};

use super::Wish;

impl Wish {
    /// Merges wishes, in the order of execution; the service comes last.
    pub fn merge(wishes: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for wish in wishes {
            let left = merged
                .iter_mut()
                .try_fold(wish, |wish, into| into.absorb(wish));
            merged.extend(left);
        }
        merged.sort_by_key(Self::rank);
        merged
    }

    /// Adds a wish of the same kind; returns it if the two concern different things, and nothing is added then.
    #[expect(clippy::too_many_lines, reason = "one arm a kind of wish")]
    pub fn absorb(&mut self, wish: Self) -> Option<Self> {
        match (self, wish) {
            (
                Self::SshdConfig {
                    settings: into,
                    drop_in,
                    source,
                },
                Self::SshdConfig {
                    settings,
                    drop_in: other_drop_in,
                    source: other_source,
                },
            ) if (*drop_in, &*source) == (other_drop_in, &other_source) => {
                add_settings(into, settings);
                None
            }
            (
                Self::Allow {
                    patterns: into,
                    remove_deny,
                    daemon,
                },
                Self::Allow {
                    patterns,
                    remove_deny: removes_too,
                    daemon: other,
                },
            ) if *daemon == other => {
                add(into, patterns);
                *remove_deny |= removes_too;
                None
            }
            (
                Self::MendWrappers {
                    lines: into,
                    daemon,
                },
                Self::MendWrappers {
                    lines,
                    daemon: other,
                },
            ) if *daemon == other => {
                add(into, lines);
                None
            }
            (
                Self::CommentOut {
                    lines: into,
                    source,
                },
                Self::CommentOut {
                    lines,
                    source: other,
                },
            ) if *source == other => {
                add(into, lines);
                None
            }
            (
                Self::Unset { keys: into, source },
                Self::Unset {
                    keys,
                    source: other,
                },
            ) if *source == other => {
                add(into, keys);
                None
            }
            (
                Self::Ignore {
                    addresses: into,
                    jails,
                    until,
                },
                Self::Ignore {
                    addresses,
                    jails: other_jails,
                    until: other_until,
                },
            ) if (&*jails, &*until) == (&other_jails, &other_until) => {
                add(into, addresses);
                None
            }
            (Self::Service { restart }, Self::Service { restart: too }) => {
                *restart |= too;
                None
            }
            (Self::WithoutUnitLines { lines: into }, Self::WithoutUnitLines { lines }) => {
                add(into, lines);
                None
            }
            // Commenting out the line already starts sshd.
            (Self::WithoutUnitLines { .. }, Self::Service { restart: false }) => None,
            (Self::HostKeys { source }, Self::HostKeys { source: other }) if *source == other => {
                None
            }
            (Self::PrivsepDirectory, Self::PrivsepDirectory) => None,
            (_, wish) => Some(wish),
        }
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
fn add_settings(all: &mut Vec<Assignment>, more: Vec<Assignment>) {
    let is_set_as_well = |one: &Assignment, other: &Assignment| {
        let both = [one, other].map(|setting| setting.operator);
        both == [Operator::Set; 2] && one.key.eq_ignore_ascii_case(&other.key)
    };
    let known = all.clone();
    let is_known = |one: &Assignment| known.iter().any(|other| is_set_as_well(one, other));
    add(all, more.into_iter().filter(|one| !is_known(one)).collect());
}

fn add<T: PartialEq>(all: &mut Vec<T>, more: Vec<T>) {
    for one in more {
        if !all.contains(&one) {
            all.push(one);
        }
    }
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::Origin;

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
