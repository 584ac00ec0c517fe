//! The user accounts of this machine.

use std::path::PathBuf;

use nix::unistd::{Uid, User, getegid, geteuid};
use sshmend_lossless::Metadata;

use crate::name_service::more;

/// An account of the running machine, from its name service (files, LDAP, …).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The login name.
    pub name: String,
    /// The user id.
    pub uid: u32,
    /// The primary group.
    pub gid: u32,
    /// The home directory.
    pub home: PathBuf,
    /// The login shell.
    pub shell: PathBuf,
}

impl Account {
    /// The account with this name; `None` if there is none or the name service fails.
    pub fn named(name: &str) -> Option<Self> {
        let found = User::from_name(name).ok().flatten().map(Self::from);
        found.or_else(|| {
            let lines = more("passwd", name);
            lines.iter().find_map(|line| Self::in_passwd(name, line))
        })
    }

    /// The account with this name in the text of a passwd(5) file, such as that of a mounted disk.
    pub fn in_passwd(name: &str, text: &str) -> Option<Self> {
        text.lines().find_map(|line| {
            let fields: Vec<&str> = line.split(':').collect();
            let [found, _, uid, gid, _, home, shell] = fields[..] else {
                return None;
            };
            let account = Self {
                name: found.to_owned(),
                uid: uid.parse().ok()?,
                gid: gid.parse().ok()?,
                home: home.into(),
                shell: shell.into(),
            };
            (found == name).then_some(account)
        })
    }

    /// The account with this user id; `None` if there is none or the name service fails.
    pub fn of_uid(uid: u32) -> Option<Self> {
        let found = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        found.map(Self::from).or_else(|| {
            let lines = more("passwd", &uid.to_string());
            lines.iter().find_map(|line| {
                let (name, _) = line.split_once(':')?;
                Self::in_passwd(name, line).filter(|account| account.uid == uid)
            })
        })
    }
}

/// The attributes of a file that this process creates for itself: its own user and group, and this
/// mode.
pub fn own(mode: u32) -> Metadata {
    Metadata {
        mode,
        uid: geteuid().as_raw(),
        gid: getegid().as_raw(),
        ..Metadata::default()
    }
}

impl From<User> for Account {
    fn from(user: User) -> Self {
        Self {
            name: user.name,
            uid: user.uid.as_raw(),
            gid: user.gid.as_raw(),
            home: user.dir,
            shell: user.shell,
        }
    }
}
