//! Helpers shared by the tests of this crate.

use std::path::Path;

use sshmend_hosts_access::{Access, Client, HOSTS_ALLOW, HOSTS_DENY, Name, Tables};
use sshmend_lossless::{Entry, FileImage, Metadata, Snapshot};

/// Both files with these contents.
pub(crate) fn snapshot(allow: &[u8], deny: &[u8]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (path, bytes) in [(HOSTS_ALLOW, allow), (HOSTS_DENY, deny)] {
        let image = FileImage {
            bytes: bytes.to_vec().into(),
            meta: Metadata::default(),
            target: path.into(),
        };
        snapshot.insert(path, Entry::File(image));
    }
    snapshot
}

/// The tables of [`snapshot`].
pub(crate) fn tables(allow: impl AsRef<[u8]>, deny: impl AsRef<[u8]>) -> Tables {
    Tables::read(&snapshot(allow.as_ref(), deny.as_ref()))
}

/// Parses `[DAEMON/]ADDRESS[=NAME]`; without a name the client has none, and `?` means that it was
/// not looked up.
pub(crate) fn client(text: &str) -> Client {
    let (daemon, rest) = match text.split_once('/') {
        Some((daemon, rest)) => (daemon, rest),
        None => ("sshd", text),
    };
    let (addr, name) = match rest.split_once('=') {
        None => (rest, Name::None),
        Some((addr, "?")) => (addr, Name::Unknown),
        Some((addr, "!")) => (addr, Name::Mismatch),
        Some((addr, name)) => (addr, Name::Known(name.to_owned())),
    };
    Client::new(addr.parse().expect("an address"))
        .named(name)
        .at(daemon)
}

/// `granted`, `denied` or `unknown`, and the deciding line as `allow:1` or `deny:1`.
pub(crate) fn answer(tables: &Tables, text: &str) -> String {
    let verdict = tables.evaluate(&client(text));
    let access = match verdict.access {
        Access::Granted => "granted",
        Access::Denied => "denied",
        Access::Unknown => "unknown",
    };
    match verdict.origin {
        None => access.to_owned(),
        Some(origin) if origin.path == Path::new(HOSTS_ALLOW) => {
            format!("{access} allow:{}", origin.line)
        }
        Some(origin) => format!("{access} deny:{}", origin.line),
    }
}
