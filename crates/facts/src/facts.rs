//! The snapshot as typed facts. Each area has its own file.

use std::cell::{Cell, OnceCell};
use std::path::Path;

use sshmend_hosts_access::Tables;
use sshmend_lossless::{CommandOutput, FileImage, Metadata, Snapshot, Unread};
use sshmend_packet_filter::Block;
use sshmend_ssh_log::transcript::{Attempt, Transcript};
use sshmend_sshd_config::{Effective, Tree};

use crate::known::{Known, Unchecked};
use crate::log_file::LogFile;
use crate::process::Listener;
use crate::question::Question;

/// A snapshot and a question, with one accessor for each fact.
pub struct Facts<'a> {
    /// The answers so far.
    pub snapshot: &'a Snapshot,
    /// The question.
    pub question: &'a Question,
    /// The index of the attempt in a paste that is being judged.
    pub focus: Cell<usize>,
    pub(crate) cache: Cache,
}

/// Facts that are slow to read and used by several causes.
#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) listeners: OnceCell<Known<Vec<Listener>>>,
    pub(crate) blocks: OnceCell<Known<Vec<(u16, Block)>>>,
    pub(crate) log: OnceCell<Known<LogFile>>,
    pub(crate) tree: OnceCell<Known<Tree>>,
    pub(crate) global: OnceCell<Known<Effective>>,
    pub(crate) effective: OnceCell<Known<Effective>>,
    pub(crate) tables: OnceCell<Tables>,
    pub(crate) paste: OnceCell<Transcript>,
    pub(crate) tried: OnceCell<Option<(String, Attempt)>>,
    pub(crate) lines: OnceCell<Vec<(usize, String)>>,
}

impl<'a> Facts<'a> {
    /// Reads no fact before it is looked up.
    pub fn new(snapshot: &'a Snapshot, question: &'a Question) -> Self {
        Self {
            snapshot,
            question,
            focus: Cell::new(0),
            cache: Cache::default(),
        }
    }

    /// The output of a program; unchecked if it was not run or could not be started.
    pub fn run<S: AsRef<str>>(&self, argv: &[S]) -> Known<&'a CommandOutput> {
        let words: Vec<&str> = argv.iter().map(AsRef::as_ref).collect();
        let check = || words.join(" ");
        if self.question.offline {
            return Err(Unchecked::new(check(), "the machine is not running"));
        }
        match self.snapshot.command(&words) {
            Some(Ok(output)) => Ok(output),
            Some(Err(reason)) => Err(Unchecked::new(check(), format!("cannot be run: {reason}"))),
            None => Err(Unchecked::new(check(), "was not run")),
        }
    }

    /// Like [`Facts::run`], for programs that give complete answers only to root.
    pub(crate) fn run_as_root<S: AsRef<str>>(&self, argv: &[S]) -> Known<&'a CommandOutput> {
        if self.question.privileged {
            return self.run(argv);
        }
        let words: Vec<&str> = argv.iter().map(AsRef::as_ref).collect();
        Err(Unchecked::for_want_of_root(words.join(" "), "needs root"))
    }

    /// A file; `None` when there is none.
    pub fn file(&self, path: impl AsRef<Path>) -> Known<Option<&'a FileImage>> {
        let path = path.as_ref();
        self.within_reach(path)?;
        answer(path, self.snapshot.read(path))
    }

    /// The text of a file, invalid UTF-8 replaced; `None` when there is none.
    pub fn text(&self, path: impl AsRef<Path>) -> Known<Option<String>> {
        Ok(self
            .file(path)?
            .map(|image| String::from_utf8_lossy(&image.bytes).into_owned()))
    }

    /// Mode and owner of the entry at a path; `None` if it does not exist.
    pub fn meta(&self, path: impl AsRef<Path>) -> Known<Option<&'a Metadata>> {
        let path = path.as_ref();
        self.within_reach(path)?;
        answer(path, self.snapshot.metadata(path))
    }

    /// The names in a directory; none when it does not exist.
    pub fn names(&self, path: impl AsRef<Path>) -> Known<Vec<&'a str>> {
        let path = path.as_ref();
        self.within_reach(path)?;
        let listed = self
            .snapshot
            .names(path)
            .map_err(|why| unchecked(path, &why))?
            .unwrap_or_default();
        Ok(listed
            .iter()
            .filter_map(|listed| listed.name.to_str())
            .collect())
    }

    /// The kernel's own files say nothing about a mounted disk.
    fn within_reach(&self, path: &Path) -> Known<()> {
        if self.question.offline && is_of_kernel(path) {
            return Err(not_looked_at(path));
        }
        Ok(())
    }
}

/// An answer that is computed once and kept.
pub(crate) fn kept<T>(cell: &OnceCell<Known<T>>, read: impl FnOnce() -> Known<T>) -> Known<&T> {
    cell.get_or_init(read).as_ref().map_err(Clone::clone)
}

fn is_of_kernel(path: &Path) -> bool {
    path.starts_with("/proc") || path.starts_with("/sys")
}

/// Treats a dangling link as missing, which is what anyone who opens it sees: that is known, not
/// unchecked.
fn answer<T>(path: &Path, read: Result<Option<T>, Unread>) -> Known<Option<T>> {
    match read {
        Err(Unread::Dangling) => Ok(None),
        read => read.map_err(|why| unchecked(path, &why)),
    }
}

fn unchecked(path: &Path, why: &Unread) -> Unchecked {
    match why {
        Unread::NotAsked => not_looked_at(path),
        Unread::Denied => Unchecked::for_want_of_root(path.display().to_string(), why.to_string()),
        known => Unchecked::new(path.display().to_string(), known.to_string()),
    }
}

fn not_looked_at(path: &Path) -> Unchecked {
    let reason = if is_of_kernel(path) {
        "only the running machine has it"
    } else {
        "was not looked at"
    };
    Unchecked::new(path.display().to_string(), reason)
}
