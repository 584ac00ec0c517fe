//! The programs that ban by lines of hosts.deny, and what they keep of it themselves.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::Path;

use sshmend_lossless::{Snapshot, Unread};

/// The file in which DenyHosts keeps the addresses it denies: `ADDRESS:COUNT:DATE`, one a line.
pub(crate) const DENYHOSTS: &str = "/var/lib/denyhosts/hosts";
/// The paths of the program when installed by its packages or its own installer.
pub(crate) const DENYHOSTS_PROGRAMS: [&str; 3] = [
    "/usr/sbin/denyhosts",
    "/usr/bin/denyhosts.py",
    "/usr/local/bin/denyhosts.py",
];

/// The bans of fail2ban, for [`crate::Tables::with_fail2ban`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fail2ban {
    /// The addresses that it bans now; `None` when it could not be asked.
    pub banned: Option<BTreeSet<IpAddr>>,
    /// Whether a jail that runs bans by the action `hostsdeny`.
    pub hostsdeny: bool,
}

/// What is known about the programs that ban by lines of hosts.deny. The form of a line proves
/// nothing: people write `ALL: ADDRESS`, too, and a program that was removed owns no line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BanPrograms {
    pub(crate) fail2ban: Fail2ban,
    pub(crate) denyhosts: BTreeSet<IpAddr>,
    pub(crate) has_denyhosts: bool,
}

impl BanPrograms {
    pub(crate) fn read(snapshot: &Snapshot) -> Self {
        let text = snapshot
            .read(Path::new(DENYHOSTS))
            .ok()
            .flatten()
            .map(|image| String::from_utf8_lossy(&image.bytes).into_owned());
        let denyhosts = text
            .iter()
            .flat_map(|text| text.lines())
            .filter_map(denied)
            .collect();
        let is_there = |path: &&str| {
            !matches!(
                snapshot.metadata(Path::new(path)),
                Ok(None) | Err(Unread::NotAsked)
            )
        };
        Self {
            fail2ban: Fail2ban::default(),
            denyhosts,
            has_denyhosts: DENYHOSTS_PROGRAMS.iter().any(is_there),
        }
    }
}

/// The address of a line `ADDRESS:COUNT:DATE`, in which an IPv6 address and the date contain colons
/// too.
fn denied(line: &str) -> Option<IpAddr> {
    let (before, day) = line.split(' ').next()?.rsplit_once(':')?;
    let address = if day.parse::<u64>().is_ok() {
        before
    } else {
        before.rsplit_once(':')?.0
    };
    address.parse().ok()
}

impl Fail2ban {
    pub(crate) fn bans(&self, addr: IpAddr) -> bool {
        self.banned
            .as_ref()
            .map_or(self.hostsdeny, |banned| banned.contains(&addr))
    }
}
