//! TCP wrappers: whether this sshd asks them, and what they answer for the client.

use std::net::IpAddr;
use std::path::PathBuf;

use sshmend_hosts_access::{
    Access, Client, Linkage, Name, Need, Problem, Tables, Verdict as Answer, linkage, linkage_wants, wants,
};
use sshmend_ssh_log::Kind;

use super::Facts;
use crate::ask::Ask;
use crate::finding::Certainty;
use crate::verdict::{Known, Unchecked};

/// How the look-up of a name ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lookup {
    Named,
    Nameless,
    /// The name server kept quiet.
    NoAnswer,
}

pub(super) fn ask(ask: &mut Ask<'_>) {
    let facts = ask.facts;
    let wanted = linkage_wants(facts.snapshot).into_iter().chain(wants(facts.snapshot));
    wanted.for_each(|request| ask.add(request));
    let Some(client) = facts.question.client_address() else { return };
    if facts.depends_on_name(client) || matches!(facts.value("usedns"), Ok(Some(value)) if value == "yes") {
        ask.run(&lookup(client));
    }
    if let Some(name) = facts.reverse_name(client) {
        ask.resolve(name);
    }
}

/// A name server that answers does so within a second; libc asks one that does not for ten and more.
const PATIENCE: &str = "4";

/// What timeout(1) says when the time has run out.
const TIMED_OUT: i32 = 124;

fn lookup(client: IpAddr) -> [String; 5] {
    ["timeout", PATIENCE, "getent", "hosts", &client.to_string()].map(str::to_owned)
}

impl Facts<'_> {
    /// Whether this sshd is linked with libwrap, and so reads hosts.allow and hosts.deny at all; with its program.
    pub(crate) fn linked_with_wrappers(&self) -> Known<(bool, PathBuf)> {
        match linkage(self.snapshot) {
            Linkage::Linked(program) => Ok((true, program)),
            Linkage::NotLinked(program) => Ok((false, program)),
            Linkage::Unknown(why) => Err(Unchecked::new("libwrap", why)),
        }
    }

    /// Both tables.
    pub(crate) fn tables(&self) -> &Tables {
        self.cache.tables.get_or_init(|| Tables::read(self.snapshot))
    }

    /// The client to judge, and how sure a finding about it can be: the one asked about, else the one that libwrap
    /// refused last.
    pub(crate) fn wrapped_client(&self) -> Option<(IpAddr, Certainty)> {
        let asked = self.question.client_address().map(|client| (client, Certainty::Certain));
        asked.or_else(|| {
            let lines = self.log().ok()?;
            let refused = lines.iter().rev().filter(|line| line.kind == Kind::WrapperRefused);
            refused.filter_map(|line| line.client).next().map(|client| (client, Certainty::Likely))
        })
    }

    /// What libwrap answers a client of sshd.
    pub(crate) fn wrappers(&self, client: IpAddr) -> Answer {
        self.tables().evaluate(&self.described(client))
    }

    /// What libwrap would answer with a problem repaired; `None` where no repair is known.
    pub(crate) fn wrappers_if(&self, client: IpAddr, problem: &Problem) -> Option<Access> {
        let path = &problem.origin.path;
        let repaired = problem.repair.as_ref()?.edits.apply(&self.file(path).ok()??.bytes);
        let tables = self.tables().with(&[(path.clone(), repaired)].into());
        Some(tables.evaluate(&self.described(client)).access)
    }

    fn described(&self, client: IpAddr) -> Client {
        Client { server_port: self.ports().first().copied(), ..Client::new(client).named(self.name_of(client)) }
    }

    /// What the client's address resolves to, and back (tcpd(8): a name that does not lead back does not count).
    fn name_of(&self, client: IpAddr) -> Name {
        match self.name_lookup(client) {
            None | Some(Lookup::NoAnswer) => return Name::Unknown,
            Some(Lookup::Nameless) => return Name::None,
            Some(Lookup::Named) => {}
        }
        let Some(name) = self.reverse_name(client) else { return Name::None };
        match self.snapshot.resolved(&name) {
            Some(Ok(addresses)) if addresses.contains(&client) => Name::Known(name),
            Some(_) => Name::Mismatch,
            None => Name::Unknown,
        }
    }

    /// How the look-up of the client's name went; `None` where nobody looked.
    pub(crate) fn name_lookup(&self, client: IpAddr) -> Option<Lookup> {
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
        answer.doubts.iter().any(|doubt| doubt.need == Need::ClientName)
    }
}
