//! The snapshot as typed facts. Each area has its own file, with what it asks for and how it reads the answers.

use std::cell::{Cell, OnceCell};
use std::path::Path;

use sshmend_hosts_access::Tables;
use sshmend_lossless::{CommandOutput, FileImage, Metadata, Snapshot, Unread};
use sshmend_packet_filter::Block;
use sshmend_ssh_log::transcript::{Attempt, Transcript};
use sshmend_sshd_config::{Effective, Tree};

use crate::ask::Ask;
use crate::known::{Known, Unchecked};
use crate::log_file::LogFile;
use crate::process::Listener;
use crate::question::{Question, Vantage};
use crate::{
    account, config, daemon, fail2ban, firewall, host_keys, kernel, key_list, keys, log_source,
    manager, named_files, package, pam, private_keys, probe, process, reply, return_route, route,
    shadow, socket, start, wrappers,
};

/// What was seen and what is asked, with one accessor a fact.
pub struct Facts<'a> {
    /// The answers so far.
    pub snapshot: &'a Snapshot,
    /// What is asked.
    pub question: &'a Question,
    /// Which attempt of a paste is judged.
    pub focus: Cell<usize>,
    pub(crate) cache: Cache,
}

/// What is long to read, and asked for by several causes.
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
    pub(crate) lines: OnceCell<Vec<String>>,
}

/// Asks for everything that the areas need next.
pub(crate) fn ask(ask: &mut Ask<'_>) {
    match ask.facts.question.vantage {
        Vantage::Server(_) => ask_of_server(ask),
        Vantage::Client(_) => ask_of_way(ask),
        Vantage::Transcript(_) => {}
    }
}

/// Asks for what can be seen of the way to a server.
fn ask_of_way(ask: &mut Ask<'_>) {
    route::ask(ask);
    reply::ask(ask);
    probe::ask(ask);
    keys::ask(ask);
    private_keys::ask(ask);
}

fn ask_of_server(ask: &mut Ask<'_>) {
    ask_of_sshd(ask);
    daemon::ask_for_trial(ask);
    socket::ask(ask);
    kernel::ask(ask);
    config::ask(ask);
    account::ask(ask);
    key_list::ask(ask);
    pam::ask(ask);
    shadow::ask(ask);
    named_files::ask(ask);
    host_keys::ask(ask);
    wrappers::ask(ask);
    log_source::ask(ask);
    firewall::ask(ask);
    fail2ban::ask(ask);
    return_route::ask(ask);
}

/// Asks for what tells which sshd it is, whether it runs and who runs it.
pub(crate) fn ask_of_sshd(ask: &mut Ask<'_>) {
    process::ask(ask);
    manager::ask(ask);
    start::ask(ask);
    daemon::ask(ask);
    package::ask(ask);
}

/// Asks for what tells how that sshd stands, and what its own test says.
pub(crate) fn ask_of_service(ask: &mut Ask<'_>) {
    ask_of_sshd(ask);
    daemon::ask_for_trial(ask);
    socket::ask(ask);
}

impl<'a> Facts<'a> {
    /// No fact is read before it is asked for.
    pub fn new(snapshot: &'a Snapshot, question: &'a Question) -> Self {
        Self {
            snapshot,
            question,
            focus: Cell::new(0),
            cache: Cache::default(),
        }
    }

    /// What a program said; unknown when it was not run or could not be started.
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

    /// As [`Facts::run`], for programs that tell only root the truth.
    pub(crate) fn run_as_root<S: AsRef<str>>(&self, argv: &[S]) -> Known<&'a CommandOutput> {
        if self.question.privileged {
            return self.run(argv);
        }
        let words: Vec<&str> = argv.iter().map(AsRef::as_ref).collect();
        Err(Unchecked::new(words.join(" "), "needs root"))
    }

    /// A file; `None` when there is none.
    pub fn file(&self, path: impl AsRef<Path>) -> Known<Option<&'a FileImage>> {
        let path = path.as_ref();
        answer(path, self.snapshot.read(path))
    }

    /// The text of a file, invalid UTF-8 replaced; `None` when there is none.
    pub fn text(&self, path: impl AsRef<Path>) -> Known<Option<String>> {
        Ok(self
            .file(path)?
            .map(|image| String::from_utf8_lossy(&image.bytes).into_owned()))
    }

    /// Mode and owner of what stands at a path; `None` when nothing does.
    pub fn meta(&self, path: impl AsRef<Path>) -> Known<Option<&'a Metadata>> {
        let path = path.as_ref();
        answer(path, self.snapshot.metadata(path))
    }

    /// The names in a directory; none when it does not exist.
    pub fn names(&self, path: impl AsRef<Path>) -> Known<Vec<&'a str>> {
        let path = path.as_ref();
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
}

/// Whoever opens a link to nothing is told that there is no such file: that is known, and not unchecked.
fn answer<T>(path: &Path, read: Result<Option<T>, Unread>) -> Known<Option<T>> {
    match read {
        Err(Unread::Dangling) => Ok(None),
        read => read.map_err(|why| unchecked(path, &why)),
    }
}

fn unchecked(path: &Path, why: &Unread) -> Unchecked {
    match why {
        Unread::NotAsked => not_looked_at(path),
        known => Unchecked::new(path.display().to_string(), known.to_string()),
    }
}

/// Of a mounted disk the kernel's own files are not asked for.
fn not_looked_at(path: &Path) -> Unchecked {
    let of_kernel = path.starts_with("/proc") || path.starts_with("/sys");
    let reason = if of_kernel {
        "only the running machine has it"
    } else {
        "was not looked at"
    };
    Unchecked::new(path.display().to_string(), reason)
}
