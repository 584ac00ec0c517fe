//! hosts.allow and hosts.deny against libwrap itself.
//!
//! libwrap is called through a small C program, not through tcpdmatch: in its dry run tcpdmatch
//! takes every `aclexec` command for a success, calls a `twist` "delegated", and needs a resolver
//! for every host name. Recordings of tcpdmatch are compared where it is right.

mod generate;
mod libwrap;
mod random;
mod recorded;

use std::path::{Path, PathBuf};

use sshmend_hosts_access::{
    Access, Edited, HOSTS_ALLOW, HOSTS_DENY, Tables, Verdict, logical_lines,
};
use sshmend_lossless::{Entry, FileImage, Metadata, Request, Snapshot};

use crate::Report;
use libwrap::{Answer, Libwrap};

/// Compares with the recordings of every item in a corpus, and asks libwrap after each of several
/// fixes.
pub fn corpus(corpus: &Path) -> Report {
    let mut report = Report::default();
    match Libwrap::build() {
        Ok(libwrap) => recorded::compare(corpus, &libwrap, &mut report),
        Err(error) => not_built(&mut report, &error),
    }
    report
}

/// Compares `cases` random tables and clients with the libwrap of this machine, as they are and
/// after a fix.
pub fn random(cases: u64, seed: u64) -> Report {
    let mut report = Report::default();
    match Libwrap::build() {
        Ok(libwrap) => random::compare(cases, seed, &libwrap, &mut report),
        Err(error) => not_built(&mut report, &error),
    }
    report
}

fn not_built(report: &mut Report, error: &std::io::Error) {
    report.leave_out(
        "all",
        &format!("the program could not be compiled (is libwrap0-dev installed?): {error}"),
    );
}

/// hosts.allow and hosts.deny; `None` for a missing file.
type Files = [Option<Vec<u8>>; 2];

/// Reads the tables as the host would: all lookups are answered, from `named` before the disk.
fn read(files: &Files, named: &[(PathBuf, Vec<u8>)]) -> Tables {
    let mut snapshot = Snapshot::default();
    for (path, bytes) in [HOSTS_ALLOW, HOSTS_DENY].into_iter().zip(files) {
        snapshot.insert(path, entry(path.as_ref(), bytes.clone()));
    }
    snapshot.fill(Tables::read, |requests, snapshot| {
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
fn after(files: &Files, edited: &Edited) -> Files {
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
struct Said {
    access: Access,
    matched: Option<(char, usize)>,
}

impl Said {
    /// The line counts only where our verdict is sure which rule it is.
    fn both(ours: &Verdict, files: &Files, theirs: &Answer) -> (Self, Self) {
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

fn shown(files: &Files) -> String {
    let text = |index: usize| {
        files[index]
            .as_ref()
            .map(|bytes| bytes.escape_ascii().to_string())
    };
    format!("allow: {:?}\n  deny:  {:?}", text(0), text(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(name: &str, default: u64) -> u64 {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    }

    #[test]
    fn libwrap_agrees_on_random_tables() {
        let report = random(number("CASES", 800), number("SEED", 1));
        println!("{report}");
        assert!(report.passed() || report.compared == 0, "{report}");
    }

    #[test]
    fn the_recorded_answers_agree() {
        if let Ok(corpus) = std::env::var("CORPUS") {
            let report = super::corpus(corpus.as_ref());
            println!("{report}");
            assert!(report.passed(), "{report}");
        }
    }
}
