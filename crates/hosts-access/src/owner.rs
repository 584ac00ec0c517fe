//! Rules that another program wrote and will write again.

use std::net::IpAddr;

use sshmend_lossless::Origin;

use crate::extent::Extent;
use crate::list::{DaemonPattern, List, Service};
use crate::pattern::TextPattern;
use crate::rule::{Kind, Rule};
use crate::table::{Table, Tables, Which};

/// A program that keeps lines in hosts.deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// The `hostsdeny` action of fail2ban, by the shape `ALL: ADDRESS` of its lines, unless fail2ban is not installed.
    Fail2ban,
    /// DenyHosts, by the comment `# DenyHosts: DATE | RULE` above the rule.
    DenyHosts,
}

/// A rule of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// Whose it is.
    pub owner: Owner,
    /// The line of the rule.
    pub origin: Origin,
    /// The address that it denies.
    pub addr: IpAddr,
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
    /// How the program itself takes the rule back, a command or an instruction each, in order.
    pub fn steps(&self) -> Vec<String> {
        let addr = self.addr;
        match self.owner {
            Owner::Fail2ban => vec![format!("fail2ban-client unban {addr}")],
            Owner::DenyHosts => vec![
                "systemctl stop denyhosts".to_owned(),
                format!(
                    "remove the lines that name {addr} from {} and, below /var/lib/denyhosts, from hosts, hosts-restricted, hosts-root, hosts-valid and users-hosts",
                    self.origin.path.display()
                ),
                format!("echo {addr} >> /var/lib/denyhosts/allowed-hosts"),
                "systemctl start denyhosts".to_owned(),
            ],
        }
    }
}

impl Tables {
    /// Whose the rule at a line is, when another program wrote it; `origin` names the rule's first line.
    pub fn owned(&self, origin: &Origin) -> Option<Owned> {
        let table = self.both().into_iter().find(|table| table.path == origin.path)?;
        let index = table.lines.iter().position(|line| line.line.first == origin.line)?;
        self.owned_at(table, index)
    }

    pub(crate) fn owned_at(&self, table: &Table, index: usize) -> Option<Owned> {
        let line = table.lines.get(index)?;
        let addr = bans(line.kind.rule()?)?;
        let above = index.checked_sub(1).and_then(|above| table.lines.get(above));
        let owner = match above {
            Some(above) if above.kind == Kind::Comment && above.line.text.starts_with(b"# DenyHosts:") => {
                Owner::DenyHosts
            }
            _ if self.fail2ban != Some(false) && is_fail2ban(table, index) => Owner::Fail2ban,
            _ => return None,
        };
        Some(Owned { owner, origin: table.origin(line), addr })
    }

    /// Whether some line looks as fail2ban writes it, so that it matters whether fail2ban is installed.
    pub(crate) fn looks_banned(&self) -> bool {
        (0..self.deny.lines.len()).any(|index| is_fail2ban(&self.deny, index))
    }
}

/// The one address that a rule without options denies.
fn bans(rule: &Rule) -> Option<IpAddr> {
    let client = &rule.clients.single().filter(|_| rule.options.is_empty())?.pattern;
    Extent::of(&client.host).filter(|_| client.user.is_none())?.single_address()
}

fn is_fail2ban(table: &Table, index: usize) -> bool {
    let rule = table.lines.get(index).and_then(|line| line.kind.rule()).filter(|_| table.which == Which::Deny);
    rule.is_some_and(|rule| bans(rule).is_some() && is_all(&rule.daemons))
}

fn is_all(daemons: &List<DaemonPattern>) -> bool {
    let all = |pattern: &DaemonPattern| pattern.service == Service::Name(TextPattern::All) && pattern.host.is_none();
    daemons.single().is_some_and(|entry| all(&entry.pattern))
}
