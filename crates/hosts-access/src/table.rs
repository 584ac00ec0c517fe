//! The two files and what they refer to, as captured.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sshmend_lossless::{Kind as FileKind, Origin, Snapshot, Unread};

use crate::ban_programs::BanPrograms;
use crate::logical::{LogicalLine, logical_lines};
use crate::options::Accounts;
use crate::pattern::{DEEPEST, HostPattern, PatternFile, PatternFiles};
use crate::rule::{Kind, Rule};
use crate::text::{same, show};

/// The file that libwrap consults first on every Linux distribution.
pub const HOSTS_ALLOW: &str = "/etc/hosts.allow";
/// The file that it consults if hosts.allow does not decide.
pub const HOSTS_DENY: &str = "/etc/hosts.deny";

const PASSWD: &str = "/etc/passwd";
const GROUP: &str = "/etc/group";

/// One of the two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Which {
    Allow,
    Deny,
}

/// Whether a file was there to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    Read,
    /// There is no such file, which is equivalent to an empty one.
    Missing,
    /// A link to nothing, which libwrap treats as no file, and which cannot be written.
    Dangling,
    /// A directory: libwrap opens it and finds no line.
    Directory,
    /// Unknown, for this reason.
    Unknown(Unread),
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Table {
    pub(crate) which: Which,
    pub(crate) path: PathBuf,
    pub(crate) state: State,
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: Vec<TableLine>,
}

/// A logical line with its meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TableLine {
    pub(crate) line: LogicalLine,
    pub(crate) kind: Kind,
    /// Whether libwrap reads it: false for the faulty line and all after it.
    pub(crate) live: bool,
}

/// hosts.allow and hosts.deny with everything known about what they refer to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    pub(crate) allow: Arc<Table>,
    pub(crate) deny: Arc<Table>,
    pub(crate) files: PatternFiles,
    pub(crate) accounts: Accounts,
    /// The programs that ban by lines of hosts.deny.
    pub(crate) ban_programs: BanPrograms,
}

impl Tables {
    /// Reads both files and the files they refer to; what was not captured is unknown.
    pub fn read(snapshot: &Snapshot) -> Self {
        let mut tables = Self::read_with(snapshot, &|which, state, bytes| {
            Table::parse(which, state, bytes.to_vec())
        });
        if tables.names_denyhosts() {
            tables.ban_programs = BanPrograms::read(snapshot);
        }
        tables
    }

    pub(crate) fn read_with(
        snapshot: &Snapshot,
        parse: &dyn Fn(Which, State, &[u8]) -> Table,
    ) -> Self {
        let table = |which: Which| {
            let (state, bytes) = captured(snapshot, which);
            Arc::new(parse(which, state, bytes))
        };
        let mut tables = Self {
            allow: table(Which::Allow),
            deny: table(Which::Deny),
            files: PatternFiles::default(),
            accounts: Accounts::default(),
            ban_programs: BanPrograms::default(),
        };
        if tables.mentions_accounts() {
            tables.accounts = Accounts {
                passwd: content(snapshot, PASSWD),
                group: content(snapshot, GROUP),
            };
        }
        for _ in 0..DEEPEST {
            for path in tables.pattern_files() {
                if let Some(file) = pattern_file(snapshot, &path) {
                    tables.files.insert(path, file);
                }
            }
        }
        tables
    }

    /// The same machine with other contents of the two files; files that are not given stay.
    #[must_use]
    pub fn with(&self, contents: &BTreeMap<PathBuf, Vec<u8>>) -> Self {
        let changed = |table: &Arc<Table>| match contents.get(&table.path) {
            Some(bytes) => Table::parse(table.which, State::Read, bytes.clone()).into(),
            None => Arc::clone(table),
        };
        Self {
            allow: changed(&self.allow),
            deny: changed(&self.deny),
            ..self.clone()
        }
    }

    pub(crate) fn both(&self) -> [&Table; 2] {
        [&self.allow, &self.deny]
    }

    fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.both()
            .into_iter()
            .flat_map(|table| table.lines.iter().filter_map(|line| line.kind.rule()))
    }

    /// The pattern files that the tables name, and those that these name in turn.
    fn pattern_files(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self
            .rules()
            .flat_map(host_patterns)
            .filter_map(path_of)
            .collect();
        let inner = paths
            .iter()
            .filter_map(|path| self.files.get(path))
            .flat_map(PatternFile::names);
        let inner: Vec<PathBuf> = inner.map(Path::to_owned).collect();
        paths.extend(inner);
        paths.sort();
        paths.dedup();
        paths
    }

    fn mentions_accounts(&self) -> bool {
        let named = |name: &[u8]| same(name, b"user") || same(name, b"group");
        self.rules()
            .any(|rule| rule.options.iter().any(|option| named(&option.name)))
    }
}

fn host_patterns(rule: &Rule) -> Vec<&HostPattern> {
    let servers = rule
        .daemons
        .entries()
        .filter_map(|entry| entry.pattern.host.as_ref());
    let clients = rule.clients.entries().map(|entry| &entry.pattern.host);
    servers.chain(clients).map(|host| &host.pattern).collect()
}

fn path_of(pattern: &HostPattern) -> Option<PathBuf> {
    if let HostPattern::File(path) = pattern {
        Some(path.clone())
    } else {
        None
    }
}

fn content(snapshot: &Snapshot, path: &str) -> Vec<u8> {
    snapshot
        .read(Path::new(path))
        .ok()
        .flatten()
        .map_or_else(Vec::new, |image| image.bytes.to_vec())
}

fn pattern_file(snapshot: &Snapshot, path: &Path) -> Option<PatternFile> {
    Some(match snapshot.read(path) {
        Ok(Some(image)) => PatternFile::parse(&image.bytes),
        Ok(None) | Err(Unread::Dangling | Unread::NotAFile(FileKind::Directory)) => {
            PatternFile::parse(b"")
        }
        Err(Unread::NotAsked) => return None,
        Err(why) => PatternFile::Unreadable(why.to_string()),
    })
}

/// The state of one of the two files, and its bytes.
fn captured(snapshot: &Snapshot, which: Which) -> (State, &[u8]) {
    match snapshot.read(Path::new(which.path())) {
        Ok(Some(image)) => (State::Read, &image.bytes),
        Ok(None) => (State::Missing, b""),
        Err(Unread::NotAFile(FileKind::Directory)) => (State::Directory, b""),
        Err(Unread::Dangling) => (State::Dangling, b""),
        Err(why) => (State::Unknown(why), b""),
    }
}

impl Table {
    fn parse(which: Which, state: State, bytes: Vec<u8>) -> Self {
        let mut live = true;
        let mut lines = Vec::new();
        for line in logical_lines(&bytes) {
            live &= line.fault.is_none();
            lines.push(TableLine {
                kind: Kind::parse(&line.text),
                line,
                live,
            });
        }
        Self {
            which,
            path: which.path().into(),
            state,
            bytes,
            lines,
        }
    }

    /// The rules that libwrap gets to read, in order.
    pub(crate) fn live_rules(&self) -> impl Iterator<Item = (&TableLine, &Rule)> {
        self.lines
            .iter()
            .take_while(|line| line.live)
            .filter_map(|line| line.kind.rule().map(|rule| (line, rule)))
    }

    /// The line at which libwrap stops reading, if it does.
    pub(crate) fn fault(&self) -> Option<&TableLine> {
        self.lines.iter().find(|line| line.line.fault.is_some())
    }

    pub(crate) fn origin(&self, line: &TableLine) -> Origin {
        Origin::new(&self.path, line.line.first)
    }
}

impl TableLine {
    /// The text of the line for messages.
    pub(crate) fn shown(&self) -> String {
        show(crate::rule::trim(&self.line.text))
    }
}

impl Which {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Allow => HOSTS_ALLOW,
            Self::Deny => HOSTS_DENY,
        }
    }
}
