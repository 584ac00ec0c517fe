//! What was put in place for a policy, in the form kept in the journal, so that entries that leave
//! the policy can be removed from the machine.

use std::collections::{HashMap, HashSet};
use std::mem::Discriminant;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sshmend_plan::{When, Wish};
use sshmend_sshd_config::{Operator, is_list, keyword_key};

use crate::policy::Policy;
use crate::spelling::{address_as_written, client_as_written};

/// An item that was put in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// A keyword of sshd_config with one value.
    Setting {
        /// The keyword in lower case, by its current name.
        key: String,
        /// The new value.
        after: String,
        /// The old value; `None` if no line set it.
        before: Option<String>,
    },
    /// An element of a list.
    Element {
        /// The keyword in lower case, by its current name.
        key: String,
        /// The element.
        element: String,
    },
    /// A client of TCP wrappers.
    Rule {
        /// The client, as the policy names it.
        pattern: String,
        /// The wrapped program.
        daemon: String,
    },
    /// An address that fail2ban exempts.
    Exempt {
        /// The address, as the policy names it.
        address: String,
        /// The jails; empty for all that ran.
        jails: Vec<String>,
    },
    /// A key of a host.
    Pin {
        /// The file.
        path: String,
        /// The host, as the policy names it.
        host: String,
        /// The key.
        fingerprint: String,
    },
}

/// The first word for something that was removed.
const OUT: &str = "out";

impl Put {
    /// The words for the journal.
    pub fn words(&self) -> Vec<String> {
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        match self {
            Self::Setting { key, after, before } => {
                let mut all: Vec<String> = words(&["setting", key, after]);
                all.extend(before.clone());
                all
            }
            Self::Element { key, element } => words(&["element", key, element]),
            Self::Rule { pattern, daemon } => words(&["rule", pattern, daemon]),
            Self::Exempt { address, jails } => {
                let mut all: Vec<String> = words(&["exempt", address]);
                all.extend_from_slice(jails);
                all
            }
            Self::Pin {
                path,
                host,
                fingerprint,
            } => words(&["pin", path, host, fingerprint]),
        }
    }

    /// The words for the journal of the change that removes it.
    pub fn words_out(&self) -> Vec<String> {
        let mut words = vec![OUT.to_owned()];
        words.extend(self.words());
        words
    }

    fn parse(words: &[String]) -> Option<Self> {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let text = |text: &&str| (*text).to_owned();
        Some(match &words[..] {
            ["setting", key, after, before @ ..] if before.len() < 2 => Self::Setting {
                key: text(key),
                after: text(after),
                before: before.first().map(text),
            },
            ["element", key, element] => Self::Element {
                key: text(key),
                element: text(element),
            },
            ["rule", pattern, daemon] => Self::Rule {
                pattern: text(pattern),
                daemon: text(daemon),
            },
            ["exempt", address, jails @ ..] => Self::Exempt {
                address: text(address),
                jails: jails.iter().map(text).collect(),
            },
            ["pin", path, host, fingerprint] => Self::Pin {
                path: text(path),
                host: text(host),
                fingerprint: text(fingerprint),
            },
            _ => return None,
        })
    }

    /// What it is about, whatever its value, and however it is spelt.
    pub fn thing(&self) -> Thing {
        Thing(
            match self {
                Self::Setting { key, .. } => vec![key.clone()],
                Self::Rule { pattern, daemon } => vec![daemon.clone(), client_as_written(pattern)],
                Self::Exempt { address, jails } => {
                    let mut words = vec![address_as_written(address)];
                    words.extend_from_slice(jails);
                    words
                }
                Self::Element { .. } | Self::Pin { .. } => self.words(),
            },
            std::mem::discriminant(self),
        )
    }

    /// A description for a person.
    pub fn describes(&self) -> String {
        match self {
            Self::Setting { key, after, before } => {
                let before = before
                    .as_ref()
                    .map(|before| format!(", before that {before}"));
                format!("{key} {after}{}", before.unwrap_or_default())
            }
            Self::Element { key, element } => format!("{element} in {key}"),
            Self::Rule { pattern, daemon } => format!("{pattern} let in at {daemon}"),
            Self::Exempt { address, jails } if jails.is_empty() => {
                format!("{address} exempt from bans")
            }
            Self::Exempt { address, jails } => {
                format!("{address} exempt from bans by {}", jails.join(", "))
            }
            Self::Pin {
                path,
                host,
                fingerprint,
            } => format!("the key {fingerprint} of {host} in {path}"),
        }
    }

    /// Whether a policy wants it, or wants the same thing with another value.
    pub fn is_wanted_by(&self, policy: &Wants<'_>) -> bool {
        match self {
            Self::Setting { .. } | Self::Element { .. } => {
                policy.of_sshd.iter().any(|wish| self.is_wanted(wish))
            }
            Self::Rule { pattern, daemon } => {
                policy.rules.contains(&(daemon, client_as_written(pattern)))
            }
            Self::Exempt { address, jails } => {
                policy.jails_of(address).any(|others| others == jails)
            }
            Self::Pin {
                host, fingerprint, ..
            } => policy.pins.contains(&(host, fingerprint)),
        }
    }

    /// Whether another policy than the one that put it in place wants it to stay, in the same or
    /// other words: the same keyword with any value, an exemption in any of the same jails.
    pub fn is_held_by(&self, other: &Wants<'_>) -> bool {
        match self {
            Self::Setting { .. } | Self::Element { .. } => {
                other.of_sshd.iter().any(|wish| self.is_held(wish))
            }
            Self::Exempt { address, jails } => other.jails_of(address).any(|others| {
                let all = jails.is_empty() || others.is_empty();
                all || jails.iter().any(|jail| others.contains(jail))
            }),
            Self::Rule { .. } | Self::Pin { .. } => self.is_wanted_by(other),
        }
    }

    fn is_held(&self, wish: &Wish) -> bool {
        match (self, wish) {
            (_, Wish::Unset { .. }) => false,
            (Self::Element { key, element }, Wish::SshdConfig { settings, .. }) => {
                settings.iter().any(|one| {
                    keyword_key(&one.key).as_ref() == Some(key)
                        && one.operator != Operator::Remove
                        && (one.value == *element
                            || one.value.split_whitespace().any(|word| word == element))
                })
            }
            _ => self.is_wanted(wish),
        }
    }

    /// Whether a policy wants its keyword to be unset.
    pub fn is_unset_by(&self, policy: &Policy) -> bool {
        let is_of_sshd = matches!(self, Self::Setting { .. } | Self::Element { .. });
        is_of_sshd && policy.items.iter().any(|item| self.is_unset(&item.wish))
    }

    fn is_unset(&self, wish: &Wish) -> bool {
        match (self, wish) {
            (Self::Setting { key, .. } | Self::Element { key, .. }, Wish::Unset { keys, .. }) => {
                keys.iter()
                    .any(|one| keyword_key(one).as_ref() == Some(key))
            }
            _ => false,
        }
    }

    fn is_wanted(&self, wish: &Wish) -> bool {
        match (self, wish) {
            (_, Wish::Unset { .. }) => self.is_unset(wish),
            (Self::Setting { key, .. }, Wish::SshdConfig { settings, .. }) => settings
                .iter()
                .any(|one| keyword_key(&one.key).as_ref() == Some(key)),
            (Self::Element { key, element }, Wish::SshdConfig { settings, .. }) => {
                settings.iter().any(|one| {
                    let holds = || one.value.split_whitespace().any(|word| word == element);
                    keyword_key(&one.key).as_ref() == Some(key)
                        && (one.operator == Operator::Set
                            || one.operator == Operator::Add && (one.value == *element || holds()))
                })
            }
            _ => false,
        }
    }
}

/// A thing that can be put in place once, by its words and its kind.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Thing(Vec<String>, Discriminant<Put>);

/// What a policy wants at one time, to be asked for thousands of items.
#[derive(Debug)]
pub struct Wants<'p> {
    of_sshd: Vec<&'p Wish>,
    /// Programs and clients, as they are written.
    rules: HashSet<(&'p String, String)>,
    /// The jails in which addresses are exempt, by the address as it is written.
    exempt: HashMap<String, Vec<&'p Vec<String>>>,
    /// Hosts and fingerprints.
    pins: HashSet<(&'p String, &'p String)>,
}

impl<'p> Wants<'p> {
    /// What this policy wants; `zone` is the zone of days without one.
    pub fn of(policy: &'p Policy, now: Timestamp, zone: &TimeZone) -> Self {
        let mut wants = Self {
            of_sshd: Vec::new(),
            rules: HashSet::new(),
            exempt: HashMap::new(),
            pins: HashSet::new(),
        };
        let wishes = policy.items.iter().map(|item| &item.wish);
        for wish in wishes.filter(|wish| !is_over(wish, now, zone)) {
            wants.add(wish);
        }
        wants
    }

    fn add(&mut self, wish: &'p Wish) {
        match wish {
            Wish::SshdConfig { .. } | Wish::Unset { .. } => self.of_sshd.push(wish),
            Wish::Allow {
                patterns, daemon, ..
            } => {
                let rules = patterns.iter().map(|one| (daemon, client_as_written(one)));
                self.rules.extend(rules);
            }
            Wish::Ignore {
                addresses, jails, ..
            } => {
                for address in addresses {
                    let exempt = self.exempt.entry(address_as_written(address));
                    exempt.or_default().push(jails);
                }
            }
            Wish::KnownHosts(of) => {
                let pins = of.fingerprints.iter().map(|one| (&of.host, one));
                self.pins.extend(pins);
            }
            _ => {}
        }
    }

    fn jails_of(&self, address: &str) -> impl Iterator<Item = &'p Vec<String>> + '_ {
        let found = self.exempt.get(&address_as_written(address));
        found.into_iter().flatten().copied()
    }
}

/// Whether an exemption has expired.
fn is_over(wish: &Wish, now: Timestamp, zone: &TimeZone) -> bool {
    let Wish::Ignore { until, .. } = wish else {
        return false;
    };
    let end = until
        .as_deref()
        .and_then(|until| When::end_of(until, zone.clone()));
    end.is_some_and(|end| end <= now)
}

/// The single-valued keywords that a wish sets, in lower case by their current names, and the list
/// keywords.
pub fn keys_of(wish: &Wish) -> (Vec<String>, Vec<String>) {
    let Wish::SshdConfig { settings, .. } = wish else {
        return (Vec::new(), Vec::new());
    };
    let mut keys: Vec<String> = settings
        .iter()
        .filter_map(|one| keyword_key(&one.key))
        .collect();
    keys.dedup();
    keys.into_iter().partition(|key| !is_list(key))
}

/// What remains in place of everything that was put there for the policy with this name, by the
/// journals of all policies, the oldest first.
///
/// A removal by another policy counts only if it removed exactly this: it may have had a value of
/// its own for the same keyword.
pub fn standing<'w>(
    name: &str,
    journals: impl IntoIterator<Item = (&'w str, &'w [Vec<String>])>,
) -> Vec<Put> {
    let mut standing = Standing::default();
    for (of, words) in journals {
        let own = of == name;
        for words in words {
            if words.first().is_some_and(|first| first == OUT) {
                if let Some(out) = Put::parse(&words[1..]) {
                    standing.take_if(&out.thing(), |put| own || *put == out);
                }
            } else if let Some(put) = Put::parse(words).filter(|_| own) {
                standing.add(put);
            }
        }
    }
    standing.all.into_iter().flatten().collect()
}

/// What stands, at most one item about each thing.
#[derive(Default)]
struct Standing {
    /// In the order in which they were put in place; `None` for what was removed.
    all: Vec<Option<Put>>,
    places: HashMap<Thing, usize>,
}

impl Standing {
    /// If a value replaces one that we had set, the old value is still the one before that.
    fn add(&mut self, put: Put) {
        let thing = put.thing();
        let earlier = self.take_if(&thing, |_| true);
        let put = match (earlier, put) {
            (
                Some(Put::Setting {
                    after: ours,
                    before: first,
                    ..
                }),
                Put::Setting { key, after, before },
            ) => Put::Setting {
                before: if before.as_ref() == Some(&ours) {
                    first
                } else {
                    before
                },
                key,
                after,
            },
            (_, put) => put,
        };
        self.places.insert(thing, self.all.len());
        self.all.push(Some(put));
    }

    fn take_if(&mut self, thing: &Thing, goes: impl Fn(&Put) -> bool) -> Option<Put> {
        let place = *self.places.get(thing)?;
        self.all[place].take_if(|put| goes(put))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn setting(after: &str, before: Option<&str>) -> Put {
        Put::Setting {
            key: "maxstartups".to_owned(),
            after: after.to_owned(),
            before: before.map(str::to_owned),
        }
    }

    fn exempt(address: &str) -> Put {
        Put::Exempt {
            address: address.to_owned(),
            jails: vec!["sshd".to_owned()],
        }
    }

    #[test]
    fn entries_in_force_were_added_and_not_removed() {
        let journals = [
            vec![setting("20", Some("10")).words(), exempt("::1").words()],
            vec![setting("30", Some("20")).words(), exempt("::2").words()],
            vec![exempt("::1").words_out(), vec!["later".to_owned()]],
        ];
        let found = standing("a", journals.iter().map(|words| ("a", words.as_slice())));
        assert_eq!(found, [setting("30", Some("10")), exempt("::2")]);
        let journals = [
            vec![setting("20", None).words()],
            // Someone else has set it meanwhile.
            vec![setting("30", Some("25")).words()],
        ];
        let found = standing("a", journals.iter().map(|words| ("a", words.as_slice())));
        assert_eq!(found, [setting("30", Some("25"))]);
    }

    #[test]
    fn another_policy_removes_only_the_exact_entry() {
        let first = vec![setting("20", Some("10")).words(), exempt("::1").words()];
        let other = vec![
            setting("30", Some("20")).words(),
            setting("30", Some("20")).words_out(),
            exempt("::1").words_out(),
        ];
        let journals = || [("a", first.as_slice()), ("b", other.as_slice())];
        assert_eq!(standing("a", journals()), [setting("20", Some("10"))]);
        assert_eq!(standing("b", journals()), []);
    }

    #[test]
    fn another_policy_keeps_equivalent_entries_and_not_forbidden_ones() {
        let held = |put: &Put, text: &str| {
            let policy = Policy::parse(Path::new("p.toml"), text.as_bytes()).unwrap();
            put.is_held_by(&Wants::of(&policy, Timestamp::UNIX_EPOCH, &TimeZone::UTC))
        };
        let listens = Put::Element {
            key: "port".to_owned(),
            element: "2222".to_owned(),
        };
        for (put, text, wanted) in [
            (
                setting("20", None),
                "[sshd-config]\nMaxStartups = \"30\"",
                true,
            ),
            (
                setting("20", None),
                "[sshd-config]\nunset = [\"MaxStartups\"]",
                false,
            ),
            (
                setting("20", None),
                "[sshd-config]\nMaxSessions = 20",
                false,
            ),
            (listens.clone(), "[sshd-config]\nPort = [22, 2222]", true),
            (listens.clone(), "[sshd-config]\nPort = [22]", false),
            (exempt("::1"), "[fail2ban]\nignore = [\"::1\"]", true),
            (
                exempt("::1"),
                "[fail2ban]\nignore = [{ address = \"::1\", jail = \"other\" }]",
                false,
            ),
            (
                exempt("::1"),
                "[fail2ban]\nignore = [{ address = \"::1\", jail = [\"other\", \"sshd\"], until = 2030-01-01 }]",
                true,
            ),
            (
                exempt("::1"),
                "[fail2ban]\nignore = [{ address = \"::1\", until = 1969-01-01 }]",
                false,
            ),
        ] {
            assert_eq!(held(&put, text), wanted, "{text}");
        }
    }
}
