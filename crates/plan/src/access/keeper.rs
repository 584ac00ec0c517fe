//! Those who must not lose access.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use sshmend_sshd_config::Connection;

use crate::lockout::Lockout;
use crate::person::Person;

/// One who must not lose access.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keeper {
    /// The login name, if known.
    pub user: Option<String>,
    /// The address that they connect from; `None` at the console, and if it is unknown.
    pub addr: Option<IpAddr>,
    /// Whether they come over SSH from an address that is not known.
    pub from_unknown: bool,
    /// The address and port of this machine that they connect to, if known.
    pub server: Option<(IpAddr, u16)>,
    /// Their name, unless they are the person at the keyboard.
    pub called: Option<String>,
}

impl Person {
    /// All who must not lose access when this person changes something: the person, the machine,
    /// and the addresses that the person wants to keep.
    pub(crate) fn keepers(&self) -> Vec<Keeper> {
        let other = |addr: IpAddr, called: &str| Keeper {
            user: self.user.clone(),
            addr: Some(addr),
            from_unknown: false,
            server: None,
            called: Some(format!("{addr} ({called})")),
        };
        let own = Keeper {
            user: self.user.clone(),
            addr: self.addr,
            from_unknown: self.from_unknown,
            server: self.server,
            called: None,
        };
        let local: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let machine = local.into_iter().filter(|_| self.user.is_some());
        let machine = machine.map(|addr| other(addr, "this machine itself"));
        let kept = self.keep.iter().map(|&addr| other(addr, "--keep"));
        std::iter::once(own).chain(machine).chain(kept).collect()
    }
}

impl Keeper {
    /// The connection as Match blocks see it.
    pub(super) fn connection(&self, groups: Vec<String>) -> Connection {
        let addr = self.addr.map(|addr| addr.to_canonical().to_string());
        let (laddr, lport) = self.server.unzip();
        Connection {
            user: self.user.clone(),
            groups,
            host: addr.clone(),
            addr,
            laddr: laddr.map(|laddr| laddr.to_string()),
            lport,
            ..Connection::default()
        }
    }

    /// The same answer with the name of the person it concerns.
    pub(super) fn about(&self, lockout: Lockout) -> Lockout {
        let named = |why: String| match &self.called {
            Some(called) => format!("from {called}: {why}"),
            None => why,
        };
        match lockout {
            Lockout::Keeps => Lockout::Keeps,
            Lockout::Loses { why, origin } => Lockout::Loses {
                why: named(why),
                origin,
            },
            Lockout::Unknown(why) => Lockout::Unknown(named(why)),
        }
    }
}
