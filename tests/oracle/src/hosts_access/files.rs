//! hosts.allow and hosts.deny, before and after a fix, and what is compared about them.

use std::path::{Path, PathBuf};

use sshmend_hosts_access::{
    Access, Edited, HOSTS_ALLOW, HOSTS_DENY, Tables, Verdict, logical_lines,
};
use sshmend_lossless::{Entry, FileImage, Metadata, Request, Snapshot};

use super::libwrap::{Answer, Files};

/// Reads the tables as the host would: all lookups are answered, from `named` before the disk.
pub(super) fn read(files: &Files, named: &[(PathBuf, Vec<u8>)]) -> Tables {
    let mut snapshot = Snapshot::default();
    for (path, bytes) in [HOSTS_ALLOW, HOSTS_DENY].into_iter().zip(files) {
        snapshot.insert(path, entry(path.as_ref(), bytes.clone()));
    }
    snapshot.fill(Tables::read, |requests, snapshot, _| {
        for request in requests {
            if let Request::Read(path) | Request::Stat(path) = request {
                let mut known = named.iter();
                let known = known.find(|(name, _)| name == path);
                let bytes = known.map(|(_, bytes)| bytes.clone());
                let bytes = bytes.or_else(|| std::fs::read(path).ok());
                snapshot.insert(path, entry(path, bytes));
            }
        }
    })
}

fn entry(path: &Path, bytes: Option<Vec<u8>>) -> Entry {
    bytes.map_or(Entry::Missing, |bytes| {
        Entry::File(FileImage {
            bytes: bytes.into(),
            meta: Metadata::default(),
            target: path.to_owned(),
        })
    })
}

/// The files after a fix.
pub(super) fn after(files: &Files, edited: &Edited) -> Files {
    [0, 1].map(|index| {
        let path = Path::new([HOSTS_ALLOW, HOSTS_DENY][index]);
        let created = edited.creates.get(path).cloned();
        let changed = files[index]
            .as_ref()
            .map(|bytes| match edited.edits.get(path) {
                Some(edits) => edits.apply(bytes),
                None => bytes.clone(),
            });
        created.or(changed)
    })
}

/// The properties compared: the access, and the file and line of the rule by libwrap's own count.
#[derive(Debug, PartialEq)]
pub(super) struct Said {
    access: Access,
    matched: Option<(char, usize)>,
}

impl Said {
    /// The line counts only where our verdict is sure which rule it is.
    pub(super) fn both(ours: &Verdict, files: &Files, theirs: &Answer) -> (Self, Self) {
        let sure = ours.doubts.is_empty();
        let matched = ours.origin.as_ref().filter(|_| sure).and_then(|origin| {
            let deny = usize::from(origin.path == Path::new(HOSTS_DENY));
            let lines = logical_lines(files[deny].as_deref().unwrap_or_default());
            let line = lines.into_iter().find(|line| line.first == origin.line)?;
            line.fault
                .is_none()
                .then_some((['a', 'd'][deny], line.logged))
        });
        let theirs = Self {
            access: theirs.access,
            matched: theirs.matched.filter(|_| sure),
        };
        (
            Self {
                access: ours.access,
                matched,
            },
            theirs,
        )
    }
}

pub(super) fn shown(files: &Files) -> String {
    let text = |index: usize| {
        files[index]
            .as_ref()
            .map(|bytes| bytes.escape_ascii().to_string())
    };
    format!("allow: {:?}\n  deny:  {:?}", text(0), text(1))
}
