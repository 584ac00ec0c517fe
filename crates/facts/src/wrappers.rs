//! TCP wrappers: whether this sshd uses them, and their verdict on the client.

use std::net::IpAddr;
use std::path::PathBuf;

use sshmend_fail2ban::{Config, Jail};
use sshmend_hosts_access::{
    Access, Client, Fail2ban, Linkage, Name, Need, Problem, Tables, Verdict as Answer, linkage,
};
use sshmend_lossless::{NotRun, Snapshot};
use sshmend_ssh_log::Kind;

use crate::Facts;
use crate::fail2ban::{BANNED, Ban, DIRECTORY, bans};
use crate::known::{Known, Unchecked};

/// The result of a name lookup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// The address has a name.
    Named,
    /// The address has no name.
    Nameless,
    /// The name server kept quiet.
    NoAnswer,
}

/// A working name server answers within a second; libc waits ten seconds or more for one that does
/// not.
const PATIENCE: &str = "4";

/// The exit code of timeout(1) when the time has run out.
const TIMED_OUT: i32 = 124;

fn lookup(client: IpAddr) -> [String; 5] {
    ["timeout", PATIENCE, "getent", "hosts", &client.to_string()].map(str::to_owned)
}

/// hosts.allow and hosts.deny, with what is known about the programs that ban there; `live` if
/// fail2ban can be queried.
pub fn wrapper_tables(snapshot: &Snapshot, live: bool) -> Tables {
    tables_with(snapshot, || {
        match snapshot.command(&BANNED).filter(|_| live)? {
            Ok(output) if output.success() => Some(bans(&output.text())),
            // It is not installed.
            Err(NotRun::Missing) => Some(Vec::new()),
            Ok(_) | Err(NotRun::Failed(_)) => None,
        }
    })
}

/// `bans` returns the bans of fail2ban, if known; it is called only if a line looks like one of
/// fail2ban's.
fn tables_with(snapshot: &Snapshot, bans: impl FnOnce() -> Option<Vec<Ban>>) -> Tables {
    let tables = Tables::read(snapshot);
    if !tables.looks_banned() {
        return tables;
    }
    let addresses = |bans: Vec<Ban>| {
        bans.iter()
            .filter_map(|ban| ban.address.parse().ok())
            .collect()
    };
    let config = Config::read(snapshot, DIRECTORY.as_ref(), None);
    let by_hosts_deny = |jail: &Jail| {
        let action = jail.setting("action").or_else(|| jail.setting("banaction"));
        jail.runs() && action.is_some_and(|action| action.value.contains("hostsdeny"))
    };
    let hostsdeny = config.jails().iter().any(by_hosts_deny);
    tables.with_fail2ban(Fail2ban {
        banned: bans().map(addresses),
        hostsdeny,
    })
}

impl Facts<'_> {
    /// Whether this sshd is linked with libwrap and so reads hosts.allow and hosts.deny at all;
    /// with its program.
    pub fn linked_with_wrappers(&self) -> Known<(bool, PathBuf)> {
        match linkage(self.snapshot) {
            Linkage::Linked(program) => Ok((true, program)),
            Linkage::NotLinked(program) => Ok((false, program)),
            Linkage::Unknown(why) => Err(Unchecked::new("libwrap", why)),
        }
    }

    /// Both tables.
    pub fn tables(&self) -> &Tables {
        self.cache
            .tables
            .get_or_init(|| tables_with(self.snapshot, || self.bans().ok()))
    }

    /// The client to judge: the one in question, else the one that libwrap refused last.
    pub fn wrapped_client(&self) -> Option<IpAddr> {
        let refused_last = || {
            let lines = self.log().ok()?;
            let refused = lines
                .iter()
                .rev()
                .filter(|line| line.kind == Kind::WrapperRefused);
            refused.filter_map(|line| line.client).next()
        };
        self.question.client_address().or_else(refused_last)
    }

    /// The answer of libwrap for a client of sshd.
    pub fn wrappers(&self, client: IpAddr) -> Answer {
        self.tables().evaluate(&self.described(client))
    }

    /// The answer of libwrap if a problem were repaired; `None` if no repair is known.
    pub fn wrappers_if(&self, client: IpAddr, problem: &Problem) -> Option<Access> {
        let path = &problem.origin.path;
        let repaired = problem
            .repair
            .as_ref()?
            .edits
            .apply(&self.file(path).ok()??.bytes);
        let tables = self.tables().with(&[(path.clone(), repaired)].into());
        Some(tables.evaluate(&self.described(client)).access)
    }

    fn described(&self, client: IpAddr) -> Client {
        Client {
            server_port: self.ports().first().copied(),
            ..Client::new(client).named(self.name_of(client))
        }
    }

    /// The name to which the client's address resolves, verified by resolving it back (tcpd(8): a
    /// name that does not resolve back does not count).
    fn name_of(&self, client: IpAddr) -> Name {
        match self.name_lookup(client) {
            None | Some(Lookup::NoAnswer) => return Name::Unknown,
            Some(Lookup::Nameless) => return Name::None,
            Some(Lookup::Named) => {}
        }
        let Some(name) = self.reverse_name(client) else {
            return Name::None;
        };
        match self.snapshot.resolved(&name) {
            Some(Ok(addresses)) if addresses.contains(&client) => Name::Known(name),
            Some(_) => Name::Mismatch,
            None => Name::Unknown,
        }
    }

    /// The result of looking up the client's name; `None` if nobody did.
    pub fn name_lookup(&self, client: IpAddr) -> Option<Lookup> {
        // A slow name server costs seconds: query it only if the name matters.
        let is_used = self.depends_on_name(client)
            || matches!(self.value("usedns"), Ok(Some(value)) if value == "yes");
        if !is_used {
            return None;
        }
        let output = self.run(&lookup(client)).ok()?;
        Some(match output.code {
            Some(0) => Lookup::Named,
            Some(TIMED_OUT) => Lookup::NoAnswer,
            _ => Lookup::Nameless,
        })
    }

    fn reverse_name(&self, client: IpAddr) -> Option<String> {
        let text = self.run(&lookup(client)).ok()?.text();
        text.split_whitespace().nth(1).map(str::to_owned)
    }

    fn depends_on_name(&self, client: IpAddr) -> bool {
        let answer = self.tables().evaluate(&Client::new(client));
        answer
            .doubts
            .iter()
            .any(|doubt| doubt.need == Need::ClientName)
    }
}
