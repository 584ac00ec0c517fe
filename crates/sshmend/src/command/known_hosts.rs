//! What `show known-hosts` and `fix known-hosts` have in common: whose files, and for which host.

use std::path::PathBuf;

use sshmend_known_hosts::Destination;
use sshmend_plan::KnownHostsWish;

use crate::session::Session;

/// The wish without any change yet, for which no server is asked: the user's files, or those given.
pub(crate) fn wish(
    session: &Session,
    destination: Destination,
    files: &[PathBuf],
) -> KnownHostsWish {
    KnownHostsWish {
        destination,
        home: session
            .environment
            .home
            .clone()
            .unwrap_or_else(|| PathBuf::from("/root")),
        uid: session.environment.uid,
        gid: session.environment.gid,
        files: files.iter().map(|file| session.path(file)).collect(),
        key_type: None,
        line: None,
        expected: Vec::new(),
        key_file: None,
        live: session.machine.is_live(),
        offline: true,
    }
}
