//! The owner of a rule, through which it must be removed.

use crate::verdict::Seen;

/// A program that writes rules of the packet filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// fail2ban, by one of its ban actions.
    Fail2ban,
    /// sshguard.
    Sshguard,
    /// CrowdSec, by its firewall bouncer.
    Crowdsec,
    /// ConfigServer Security & Firewall.
    Csf,
    /// ufw of Ubuntu and Debian.
    Ufw,
    /// firewalld.
    Firewalld,
    /// A person by hand, or a program unknown here.
    Unknown,
}

/// Substrings of the names of tables, chains and sets, by program; those that ban come first.
const SIGNS: [(&str, Owner); 11] = [
    ("f2b-", Owner::Fail2ban),
    ("fail2ban", Owner::Fail2ban),
    ("sshguard", Owner::Sshguard),
    ("crowdsec", Owner::Crowdsec),
    ("denyin", Owner::Csf),
    ("logdropin", Owner::Csf),
    ("localinput", Owner::Csf),
    ("ufw", Owner::Ufw),
    ("firewalld", Owner::Firewalld),
    ("input_zones", Owner::Firewalld),
    ("in_public", Owner::Firewalld),
];

impl Owner {
    /// Recognises the owner by the rule. The policy of a base chain belongs to the program that
    /// manages its table, recognised by the names of all `chains`.
    pub(crate) fn of<'a>(
        seen: &Seen,
        base: &str,
        mut chains: impl Iterator<Item = &'a str>,
    ) -> Self {
        let table = base.rsplit_once(' ').map_or(base, |(table, _)| table);
        let manager = |name: &'a str| {
            let chain = name.strip_prefix(table)?.strip_prefix(' ')?;
            signed(chain).filter(|owner| matches!(owner, Self::Ufw | Self::Firewalld))
        };
        let own = signed(&format!("{} {}", seen.place, seen.text));
        own.or_else(|| chains.find_map(manager).filter(|_| seen.is_policy()))
            .unwrap_or(Self::Unknown)
    }

    /// The name of the program.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail2ban => "fail2ban",
            Self::Sshguard => "sshguard",
            Self::Crowdsec => "CrowdSec",
            Self::Csf => "csf",
            Self::Ufw => "ufw",
            Self::Firewalld => "firewalld",
            Self::Unknown => "the firewall",
        }
    }

    /// Whether it bans single addresses, rather than defining which ports are open.
    #[must_use]
    pub fn bans(self) -> bool {
        matches!(
            self,
            Self::Fail2ban | Self::Sshguard | Self::Crowdsec | Self::Csf
        )
    }
}

fn signed(names: &str) -> Option<Owner> {
    let names = names.to_ascii_lowercase();
    SIGNS
        .iter()
        .find(|(sign, _)| names.contains(sign))
        .map(|(_, owner)| *owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_recognised_by_names() {
        let cases = [
            ("inet f2b-table f2b-chain", "", Owner::Fail2ban),
            (
                "filter INPUT",
                "-A INPUT -m set --match-set crowdsec-blacklists src -j DROP",
                Owner::Crowdsec,
            ),
            (
                "ip sshguard blacklist",
                "ip saddr @attackers drop",
                Owner::Sshguard,
            ),
            (
                "filter DENYIN",
                "-A DENYIN -s 198.51.100.7/32 -j DROP",
                Owner::Csf,
            ),
            (
                "inet firewalld filter_INPUT",
                "reject with icmpx admin-prohibited",
                Owner::Firewalld,
            ),
            ("filter INPUT", "policy DROP", Owner::Ufw),
            (
                "filter INPUT",
                "-A INPUT -s 198.51.100.7/32 -j DROP",
                Owner::Unknown,
            ),
        ];
        for (place, text, expected) in cases {
            let seen = Seen {
                place: place.to_owned(),
                text: text.to_owned(),
                ..Seen::default()
            };
            let chains = ["iptables-save filter ufw-user-input"].into_iter();
            assert_eq!(
                Owner::of(&seen, "iptables-save filter INPUT", chains),
                expected,
                "{place}"
            );
        }
    }
}
