//! What `show sshd-config` and `fix sshd-config` have in common: which files, read as which release.

use std::path::{Path, PathBuf};

use sshmend_facts::{Question, Service, Sshd};
use sshmend_lossless::Snapshot;
use sshmend_plan::{Notice, SshdSource};
use sshmend_sshd_config::{Effective, Override, Release, Scope, Tree, main_file};

use crate::error::Failure;
use crate::session::Session;

/// The main file where nothing says otherwise.
const MAIN: &str = "/etc/ssh/sshd_config";

/// As which release a tree is read of which it is not known: the newest that a distribution's stable release holds.
pub(crate) const ASSUMED: Release = Release::new(10, 0);

/// A captured configuration of sshd.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) sshd: Sshd,
    pub(crate) snapshot: Snapshot,
    pub(crate) main: PathBuf,
    /// The release that will read it; `None` when it is not known.
    pub(crate) release: Option<Release>,
    /// Which daemon it is, where several listen.
    pub(crate) choice: Option<String>,
}

impl Configuration {
    /// The same for a change: nothing is read where another user could have led root.
    pub(crate) fn capture_to_change(
        session: &Session,
        source: &SshdSource,
    ) -> Result<Self, Failure> {
        if let Some(file) = &source.file {
            session.trusted(file)?;
        }
        Self::capture(session, source)
    }

    /// Captures the configuration of the running daemon, else of the one that would run, else of the file given.
    pub(crate) fn capture(session: &Session, source: &SshdSource) -> Result<Self, Failure> {
        let question = session.question();
        let mut snapshot = Snapshot::default();
        let all = session.look(&mut snapshot, |seen| Sshd::all(seen, &question));
        let named = source.file.as_deref().map(|file| session.path(file));
        let (sshd, choice) = choose(&all, source.pid, named.as_deref())?;
        let main = named
            .or_else(|| main_of(&sshd))
            .unwrap_or_else(|| session.look(&mut snapshot, main_file));
        session.look(&mut snapshot, |seen| drop(Tree::read(seen, &main, &[])));
        if source.file.is_some() && snapshot.read(&main) == Ok(None) {
            return Err(Failure::trouble(format!(
                "{}: no such file",
                main.display()
            )));
        }
        let release = match &source.release {
            Some(text) => Some(release(text)?),
            None => sshd.version.as_deref().and_then(Release::parse),
        };
        Ok(Self {
            sshd,
            snapshot,
            main,
            release,
            choice,
        })
    }

    /// The same of the daemon that a journal names by its process id, where that one still runs.
    pub(crate) fn capture_of(session: &Session, pid: Option<u32>) -> Result<Self, Failure> {
        let source = SshdSource {
            pid,
            ..SshdSource::default()
        };
        Self::capture(session, &source).or_else(|_| Self::capture(session, &SshdSource::default()))
    }

    /// That it is one of several, and which one, for a plan.
    pub(crate) fn choice_notice(&self) -> Option<Notice> {
        let text = self.choice.clone()?;
        Some(Notice {
            name: "several-sshd".to_owned(),
            text,
            origin: None,
        })
    }

    /// How the service of that sshd stands.
    pub(crate) fn service(&mut self, session: &Session) -> Service {
        let question = session.question();
        session.look(&mut self.snapshot, |seen| Service::read(seen, &question))
    }

    /// What is in force for sshd itself.
    pub(crate) fn effective(&self) -> Effective {
        self.tree().effective(Some(self.reading()), Scope::Global)
    }

    /// The files and the options on the daemon's command line.
    pub(crate) fn tree(&self) -> Tree {
        self.tree_of(&self.snapshot)
    }

    /// The same of another state of the machine.
    pub(crate) fn tree_of(&self, snapshot: &Snapshot) -> Tree {
        Tree::read(snapshot, &self.main, &self.overrides())
    }

    /// The directives on the daemon's command line.
    pub(crate) fn overrides(&self) -> Vec<Override> {
        let argv: Vec<&String> = self.sshd.program.iter().chain(&self.sshd.options).collect();
        Override::from_argv(&argv)
    }

    /// That the release is unknown, and which one the files are read as.
    pub(crate) fn unknown_release(&self) -> String {
        let reading = self.reading();
        format!(
            "the release of sshd is unknown: read as {reading}, which decides MaxStartups and its like; give --release"
        )
    }

    /// As which release the files are read.
    pub(crate) fn reading(&self) -> Release {
        self.release.unwrap_or(ASSUMED)
    }
}

/// Looks which sshd a question is about, and asks it about that one: what was seen, and where several listen, which one it
/// is.
///
/// # Errors
/// When none with this process id listens, or none that reads this file.
pub(crate) fn meant(
    session: &Session,
    question: &mut Question,
    source: &SshdSource,
) -> Result<(Snapshot, Option<String>), Failure> {
    let mut snapshot = Snapshot::default();
    let all = session.look(&mut snapshot, |seen| Sshd::all(seen, question));
    let named = source.file.as_deref().map(|file| session.path(file));
    let (sshd, choice) = choose(&all, source.pid, named.as_deref())?;
    if let Some(file) = &named
        && main_of(&sshd).unwrap_or_else(|| MAIN.into()) != *file
    {
        let message = format!("no sshd that listens reads {}", file.display());
        let hint =
            choice.unwrap_or_else(|| "it is started with -f FILE to read another".to_owned());
        return Err(Failure::trouble(message).with_hint(hint));
    }
    if choice.is_some() {
        question.sshd = sshd.pid;
    }
    Ok((snapshot, choice))
}

/// The daemon that is meant, and where it is one of several, which one that is: the one named, the one whose main file is
/// named, that of systemd, the one with the usual main file, the first.
fn choose(
    all: &[Sshd],
    pid: Option<u32>,
    file: Option<&Path>,
) -> Result<(Sshd, Option<String>), Failure> {
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
    if let Some(pid) = pid
        && !all.iter().any(|sshd| is_named(&sshd))
    {
        let hint = if running.is_empty() {
            "no sshd listens here".to_owned()
        } else {
            format!("these listen: {}", list(&running))
        };
        return Err(
            Failure::trouble(format!("process {pid} is not an sshd that listens")).with_hint(hint),
        );
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
        "{} sshd listen here; this is about {}; --pid names another: {}",
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

fn release(text: &str) -> Result<Release, Failure> {
    let known = |release: &Release| *release <= Release::NEWEST;
    Release::parse(text).filter(known).ok_or_else(|| {
        Failure::trouble(format!("not a release of OpenSSH: {text}"))
            .with_hint("from 7.4 to 10.5, such as 9.2")
    })
}
