//! Rules that a banning program wrote and will write again.

use std::net::IpAddr;

use sshmend_lossless::Origin;

use crate::ban_programs::{BanPrograms, Fail2ban};
use crate::extent::Extent;
use crate::list::{DaemonPattern, List, Service};
use crate::pattern::TextPattern;
use crate::rule::{Kind, Rule};
use crate::table::{Table, Tables, Which};

/// A program that keeps lines in hosts.deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// fail2ban, by its action `hostsdeny`: lines `ALL: ADDRESS` of addresses that it bans.
    Fail2ban,
    /// DenyHosts: rules below a comment `# DenyHosts: DATE | RULE`, for addresses that are in its
    /// own files as well.
    DenyHosts,
}

/// A rule of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The owner.
    pub owner: Owner,
    /// The line of the rule.
    pub origin: Origin,
    /// The address that it denies.
    pub addr: IpAddr,
    /// Whether the program is still installed, as far as is known.
    installed: bool,
}

impl Owner {
    /// The program's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fail2ban => "fail2ban",
            Self::DenyHosts => "DenyHosts",
        }
    }
}

impl Owned {
    /// The commands by which the program itself removes the rule, in order.
    pub fn steps(&self) -> Vec<String> {
        let addr = self.addr;
        match self.owner {
            Owner::Fail2ban => vec![format!("fail2ban-client unban {addr}")],
            Owner::DenyHosts => {
                let path = self.origin.path.display();
                // Its lists are hosts, hosts-restricted, hosts-root, hosts-valid and users-hosts.
                let whole = format!(
                    "(^|[^0-9A-Fa-f.]){}([^0-9A-Fa-f.]|$)",
                    addr.to_string().replace('.', "\\.")
                );
                let forget = [
                    format!("sed -i -E '/{whole}/d' {path} /var/lib/denyhosts/*hosts*"),
                    format!("echo {addr} >> /var/lib/denyhosts/allowed-hosts"),
                ];
                let service = |verb: &str| {
                    self.installed
                        .then(|| format!("systemctl {verb} denyhosts"))
                };
                service("stop")
                    .into_iter()
                    .chain(forget)
                    .chain(service("start"))
                    .collect()
            }
        }
    }
}

impl Tables {
    /// The same tables with the state of fail2ban; without it, no rule is attributed to fail2ban.
    #[must_use]
    pub fn with_fail2ban(self, fail2ban: Fail2ban) -> Self {
        Self {
            ban_programs: BanPrograms {
                fail2ban,
                ..self.ban_programs
            },
            ..self
        }
    }

    /// Whether any line looks as if written by fail2ban, so that the bans of fail2ban matter.
    pub fn looks_banned(&self) -> bool {
        (0..self.deny.lines.len()).any(|index| looks_like_fail2ban(&self.deny, index))
    }

    /// The program that wrote the rule at a line, if any; `origin` is the rule's first line.
    pub fn owned(&self, origin: &Origin) -> Option<Owned> {
        let table = self
            .both()
            .into_iter()
            .find(|table| table.path == origin.path)?;
        let index = table
            .lines
            .iter()
            .position(|line| line.line.first == origin.line)?;
        self.owned_at(table, index)
    }

    pub(crate) fn owned_at(&self, table: &Table, index: usize) -> Option<Owned> {
        let line = table.lines.get(index)?;
        let addr = bans(line.kind.rule()?)?;
        let owner = if below_mark(table, index) && self.ban_programs.denyhosts.contains(&addr) {
            Owner::DenyHosts
        } else if looks_like_fail2ban(table, index) && self.ban_programs.fail2ban.bans(addr) {
            Owner::Fail2ban
        } else {
            return None;
        };
        Some(Owned {
            owner,
            origin: table.origin(line),
            addr,
            installed: self.ban_programs.has_denyhosts,
        })
    }

    /// Whether any rule is below the mark of DenyHosts, so that the records of DenyHosts matter.
    pub(crate) fn names_denyhosts(&self) -> bool {
        (0..self.deny.lines.len()).any(|index| below_mark(&self.deny, index))
    }
}

/// The one address that a rule without options denies.
fn bans(rule: &Rule) -> Option<IpAddr> {
    let client = &rule
        .clients
        .single()
        .filter(|_| rule.options.is_empty())?
        .pattern;
    Extent::of(&client.host)
        .filter(|_| client.user.is_none())?
        .single_address()
}

fn below_mark(table: &Table, index: usize) -> bool {
    let above = index
        .checked_sub(1)
        .and_then(|above| table.lines.get(above));
    above.is_some_and(|above| {
        above.kind == Kind::Comment && above.line.text.starts_with(b"# DenyHosts:")
    })
}

fn looks_like_fail2ban(table: &Table, index: usize) -> bool {
    let rule = table
        .lines
        .get(index)
        .and_then(|line| line.kind.rule())
        .filter(|_| table.which == Which::Deny);
    rule.is_some_and(|rule| bans(rule).is_some() && is_all(&rule.daemons))
}

fn is_all(daemons: &List<DaemonPattern>) -> bool {
    let all = |pattern: &DaemonPattern| {
        pattern.service == Service::Name(TextPattern::All) && pattern.host.is_none()
    };
    daemons.single().is_some_and(|entry| all(&entry.pattern))
}
