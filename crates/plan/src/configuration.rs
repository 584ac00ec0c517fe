//! The configuration of sshd in question: the daemon, the file, and the release to read it as.

use std::path::{Path, PathBuf};

use sshmend_facts::{Question, Sshd};
use sshmend_lossless::{Snapshot, Unread};
use sshmend_sshd_config::{Effective, Override, Readings, Release, Scope, Tree, main_file};

use crate::plan::{Notice, Refusal};
use crate::wish::SshdSource;

/// The main file by default.
const MAIN: &str = "/etc/ssh/sshd_config";

/// A configuration of sshd, and the daemon that reads it.
#[derive(Debug, Clone, Default)]
pub struct Configuration {
    /// The daemon.
    pub sshd: Sshd,
    /// Its main file.
    pub main: PathBuf,
    /// The release that will read it; `None` when it is not known.
    pub release: Option<Release>,
    /// The daemon, if several listen.
    pub choice: Option<String>,
    /// What was read of it so far.
    pub(crate) readings: Readings,
}

impl Configuration {
    /// The release to read files as if it is unknown: the newest in a stable release of a
    /// distribution.
    pub const ASSUMED: Release = Release::new(10, 0);

    /// Finds the configuration of the running daemon, else of the one that would run, else the
    /// named file; all of its files are searched for.
    ///
    /// # Errors
    /// If no sshd with the process id listens, the named file does not exist, or the release is not
    /// one of OpenSSH.
    pub fn read(
        snapshot: &Snapshot,
        question: &Question,
        source: &SshdSource,
    ) -> Result<Self, Refusal> {
        let all = Sshd::all(snapshot, question);
        let named = source.file.as_deref();
        let (sshd, choice) = choose(&all, source.pid, named)?;
        let main = named
            .map(Path::to_owned)
            .or_else(|| main_of(&sshd))
            .unwrap_or_else(|| main_file(snapshot));
        let release = match &source.release {
            Some(text) => Some(release(text)?),
            None => sshd.version.as_deref().and_then(Release::parse),
        };
        drop(Tree::read(snapshot, &main, &[]));
        if named.is_some() {
            is_there(snapshot, &main)?;
        }
        Ok(Self {
            sshd,
            main,
            release,
            choice,
            readings: Readings::default(),
        })
    }

    /// The same for the daemon that a journal names by its process id, if that one still runs.
    ///
    /// # Errors
    /// Like [`Configuration::read`].
    pub fn of_process(
        snapshot: &Snapshot,
        question: &Question,
        pid: Option<u32>,
    ) -> Result<Self, Refusal> {
        let source = SshdSource {
            pid,
            ..SshdSource::default()
        };
        Self::read(snapshot, question, &source)
            .or_else(|_| Self::read(snapshot, question, &SshdSource::default()))
    }

    /// The effective configuration of sshd itself.
    pub fn effective(&self, snapshot: &Snapshot) -> Effective {
        self.tree(snapshot)
            .effective(Some(self.reading()), Scope::Global)
    }

    /// The files and the options on the daemon's command line.
    pub fn tree(&self, snapshot: &Snapshot) -> Tree {
        self.readings.read(snapshot, &self.main, &self.overrides())
    }

    /// The directives on the daemon's command line.
    pub fn overrides(&self) -> Vec<Override> {
        let argv: Vec<&String> = self.sshd.program.iter().chain(&self.sshd.options).collect();
        Override::from_argv(&argv)
    }

    /// As which release the files are read.
    pub fn reading(&self) -> Release {
        self.release.unwrap_or(Self::ASSUMED)
    }

    /// The notice, for a plan, that it is one of several, and which one.
    pub(crate) fn choice_notice(&self) -> Option<Notice> {
        let text = self.choice.clone()?;
        Some(Notice::new("several-sshd", text))
    }
}

/// The sshd that a diagnosis is about and, if several listen, a description of which one.
///
/// # Errors
/// When none with this process id listens, or none that reads this file.
pub fn sshd_meant(
    snapshot: &Snapshot,
    question: &Question,
    source: &SshdSource,
) -> Result<(Sshd, Option<String>), Refusal> {
    let all = Sshd::all(snapshot, question);
    let (sshd, choice) = choose(&all, source.pid, source.file.as_deref())?;
    let read = main_of(&sshd).unwrap_or_else(|| MAIN.into());
    if let Some(file) = source.file.as_ref().filter(|file| **file != read) {
        let reason = format!("no listening sshd reads {}", file.display());
        let hint =
            choice.unwrap_or_else(|| "it is started with -f FILE to read another".to_owned());
        return Err(Refusal::refused(reason, hint));
    }
    Ok((sshd, choice))
}

/// The selected daemon and, if it is one of several, a description of it. In this order: the one
/// named, the one whose main file is named, the one that systemd runs, the one with the usual main
/// file, the first.
fn choose(
    all: &[Sshd],
    pid: Option<u32>,
    file: Option<&Path>,
) -> Result<(Sshd, Option<String>), Refusal> {
    let main = |sshd: &Sshd| main_of(sshd).unwrap_or_else(|| MAIN.into());
    let described = |sshd: &Sshd| {
        let pid = sshd.pid.map(|pid| pid.to_string()).unwrap_or_default();
        format!("process {pid}, which reads {}", main(sshd).display())
    };
    let list = |all: &[&Sshd]| {
        all.iter()
            .map(|sshd| described(sshd))
            .collect::<Vec<_>>()
            .join("; ")
    };
    let is_named = |sshd: &&Sshd| pid.is_some() && sshd.pid == pid;
    let running: Vec<&Sshd> = all.iter().filter(|sshd| sshd.pid.is_some()).collect();
    let is_there = all.iter().any(|sshd| is_named(&sshd));
    if let Some(pid) = pid.filter(|_| !is_there) {
        let hint = if running.is_empty() {
            "no sshd listens here".to_owned()
        } else {
            format!("these listen: {}", list(&running))
        };
        let reason = format!("process {pid} is not a listening sshd");
        return Err(Refusal::refused(reason, hint));
    }
    let found = all.iter().find(is_named);
    let found = found.or_else(|| all.iter().find(|sshd| Some(main(sshd).as_path()) == file));
    let found = found.or_else(|| all.iter().find(|sshd| sshd.unit.is_some()));
    let found = found.or_else(|| all.iter().find(|sshd| main(sshd) == Path::new(MAIN)));
    let chosen = found.or(all.first()).cloned().unwrap_or_default();
    if running.len() < 2 {
        return Ok((chosen, None));
    }
    let others: Vec<&Sshd> = running
        .iter()
        .copied()
        .filter(|sshd| sshd.pid != chosen.pid)
        .collect();
    let text = format!(
        "{} sshd processes listen here; this is about {}; --pid selects another: {}",
        running.len(),
        described(&chosen),
        list(&others)
    );
    Ok((chosen, Some(text)))
}

/// The file of the daemon's `-f` option.
fn main_of(sshd: &Sshd) -> Option<PathBuf> {
    let pairs = sshd.options.chunks_exact(2).rev();
    pairs
        .filter(|pair| pair[0] == "-f")
        .map(|pair| PathBuf::from(&pair[1]))
        .next()
}

/// Refuses a file that was named, and is not there or not a file.
fn is_there(snapshot: &Snapshot, path: &Path) -> Result<(), Refusal> {
    let said = match snapshot.read(path) {
        Ok(None) => "no such file".to_owned(),
        Err(why @ (Unread::NotAFile(_) | Unread::Dangling)) => why.to_string(),
        _ => return Ok(()),
    };
    Err(Refusal::refused(
        format!("{}: {said}", path.display()),
        "name the file that sshd reads, as its option -f does",
    ))
}

fn release(text: &str) -> Result<Release, Refusal> {
    let known = |release: &Release| (Release::new(7, 4)..=Release::NEWEST).contains(release);
    Release::parse(text).filter(known).ok_or_else(|| {
        let reason = format!("not a release of OpenSSH: {text}");
        let Release { major, minor, .. } = Release::NEWEST;
        Refusal::refused(reason, format!("from 7.4 to {major}.{minor}, such as 9.2"))
    })
}
