//! Runs the real programs on the future state before it exists.
//!
//! One thread enters a separate mount namespace and mounts an overlay on each directory in which a
//! file is to change. It changes the files in there, and the programs it starts see them at their
//! real paths. When the thread ends, in whatever way, all of it is gone. The disk and the mounts of
//! the machine never change.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, fchown};
use std::path::{Path, PathBuf};
use std::thread;

use nix::sched::{CloneFlags, unshare};
use rustix::fs::{CWD, Mode, OFlags, openat};
use sshmend_lossless::{Attributes, CommandOutput, FileChange};

use crate::machine::Machine;
use crate::overlay::{Mounts, Overlays};
use crate::programs::side_by_side;
use crate::run::Runner;
use crate::unrehearsed::{RehearsalUnavailable, failed};

/// The directory that sshd(8) requires in Debian's builds; created by its service, and missing
/// while that is stopped.
const PRIVSEP: &str = "/run/sshd";

/// The most times that a rehearsal is begun. While systemd starts an sshd that ends again and again, that directory comes and goes: what was
/// asked while it went says nothing of the change.
const TRIES: usize = 4;

/// A program and its standard input.
pub type Rehearsed = (Vec<String>, Vec<u8>);

impl Machine {
    /// Runs programs as if the changes were made already, and says of each what it said or why it did not run. They run side
    /// by side, and a command that is named more than once runs once.
    ///
    /// They see the changed files at their real paths, with their mode and owner. `/run/sshd` is
    /// valid for them even if it is missing or writable by others now; everything else is the
    /// machine as it is.
    ///
    /// # Errors
    /// If a mount namespace with overlays is not available, for lack of privilege or kernel
    /// support.
    pub fn rehearse(
        &self,
        changes: &[FileChange],
        commands: &[Rehearsed],
    ) -> Result<Vec<Result<CommandOutput, String>>, RehearsalUnavailable> {
        if !self.is_live() {
            return Err(RehearsalUnavailable::NotLive);
        }
        let mut answers = in_a_thread(changes, commands)?;
        for _ in 1..TRIES {
            if answers.privsep_stayed {
                break;
            }
            answers = in_a_thread(changes, commands)?;
        }
        Ok(answers.of_commands)
    }
}

/// The answers of one rehearsal.
struct Answers {
    of_commands: Vec<Result<CommandOutput, String>>,
    /// Whether sshd's directory was as it has to be until the end.
    privsep_stayed: bool,
}

/// Rehearses in a separate thread, because the namespace ends with it.
fn in_a_thread(
    changes: &[FileChange],
    commands: &[Rehearsed],
) -> Result<Answers, RehearsalUnavailable> {
    thread::scope(|scope| {
        let stage = thread::Builder::new().name("rehearsal".to_owned());
        let stage = stage.spawn_scoped(scope, || on_stage(changes, commands));
        let stage = stage.map_err(RehearsalUnavailable::step("a thread"))?;
        stage
            .join()
            .unwrap_or_else(|_| Err(failed("the thread", "it panicked")))
    })
}

fn on_stage(
    changes: &[FileChange],
    commands: &[Rehearsed],
) -> Result<Answers, RehearsalUnavailable> {
    let planned: Vec<Planned<'_>> = changes.iter().map(Planned::new).collect::<Result<_, _>>()?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS)
        .map_err(|errno| RehearsalUnavailable::step("a mount namespace")(errno.into()))?;
    let mounts = Mounts::read()?;
    let targets: Vec<&Path> = planned.iter().map(|file| file.target.as_path()).collect();
    let mut overlays = Overlays::new()?;
    for directory in mounts.overlay_roots(&targets)? {
        overlays.lay(&directory, &mounts, &targets)?;
    }
    let provided = provide_privsep(&mut overlays, &mounts, &targets)?;
    for file in &planned {
        overlays.check(&file.target)?;
        file.write().map_err(RehearsalUnavailable::step(
            file.target.display().to_string(),
        ))?;
    }
    Ok(Answers {
        of_commands: answers(commands),
        privsep_stayed: !provided || Privsep::of(Path::new(PRIVSEP)) == Privsep::Good,
    })
}

/// What each command says, in their order. The threads that run them share the namespace of the calling one.
fn answers(commands: &[Rehearsed]) -> Vec<Result<CommandOutput, String>> {
    let mut different: Vec<&Rehearsed> = commands.iter().collect();
    different.sort();
    different.dedup();
    let run = |(argv, stdin): &&Rehearsed| {
        let answer = Runner::default().feed(argv, stdin);
        answer.map_err(|error| error.to_string())
    };
    let said: BTreeMap<&Rehearsed, _> = thread::scope(|scope| {
        let answers = side_by_side(scope, &different, run);
        let answers = answers.iter();
        answers
            .filter_map(|(index, answer)| Some((*different.get(index)?, answer)))
            .collect()
    });
    let of = |command: &Rehearsed| match said.get(command) {
        Some(answer) => answer.clone(),
        None => Err("the thread that ran it panicked".to_owned()),
    };
    commands.iter().map(of).collect()
}

/// Says whether the directory is there. Uses the overlay that exists if a file in that directory changes.
fn provide_privsep(
    overlays: &mut Overlays,
    mounts: &Mounts,
    targets: &[&Path],
) -> Result<bool, RehearsalUnavailable> {
    let directory = Path::new(PRIVSEP);
    let state = Privsep::of(directory);
    if state == Privsep::Good {
        return Ok(true);
    }
    let Some(parent) = directory.parent().filter(|parent| parent.is_dir()) else {
        return Ok(false);
    };
    if overlays.check(directory).is_err() {
        overlays.lay(parent, mounts, targets)?;
    }
    let made = if state == Privsep::Missing {
        fs::create_dir(directory)
    } else {
        Ok(())
    };
    let made = made.and_then(|()| chown(directory, Some(0), Some(0)));
    made.and_then(|()| fs::set_permissions(directory, fs::Permissions::from_mode(0o755)))
        .map_err(RehearsalUnavailable::step(PRIVSEP))?;
    Ok(true)
}

/// The state of sshd's privilege separation directory, as sshd would judge it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Privsep {
    Missing,
    /// Not owned by root, or writable by others.
    Open,
    Good,
}

impl Privsep {
    fn of(directory: &Path) -> Self {
        match fs::symlink_metadata(directory) {
            Ok(meta) if meta.is_dir() && (meta.uid() != 0 || meta.mode() & 0o022 != 0) => {
                Self::Open
            }
            Ok(_) => Self::Good,
            Err(_) => Self::Missing,
        }
    }
}

/// One file in its future state.
struct Planned<'a> {
    /// Its path after all links.
    target: PathBuf,
    content: Option<&'a [u8]>,
    /// Whether it is created.
    new: bool,
    /// Mode and owner, if they differ from those of the existing file.
    give: Option<Attributes>,
}

impl<'a> Planned<'a> {
    fn new(change: &'a FileChange) -> Result<Self, RehearsalUnavailable> {
        let target = match &change.before {
            Some(image) => image.target.clone(),
            None => canonical(&change.path).map_err(RehearsalUnavailable::step(
                change.path.display().to_string(),
            ))?,
        };
        let new = change.before.is_none();
        let give = if new {
            Some(change.attributes_after())
        } else {
            change.give
        };
        Ok(Self {
            target,
            content: change.after.as_deref(),
            new,
            give,
        })
    }

    /// Writes in place: the overlay copies the file first, with its mode, owner and extended attributes.
    fn write(&self) -> io::Result<()> {
        let Some(content) = self.content else {
            return fs::remove_file(&self.target);
        };
        if self.new {
            fs::create_dir_all(self.target.parent().unwrap_or(Path::new("/")))?;
        }
        let mut file = open_for_writing(&self.target)?;
        file.write_all(content)?;
        self.give
            .map_or(Ok(()), |attributes| give(&file, attributes))
    }
}

/// Opens without following links, which might lead out of the overlay.
fn open_for_writing(path: &Path) -> io::Result<File> {
    let flags =
        OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(openat(CWD, path, flags, Mode::RUSR | Mode::WUSR)?.into())
}

fn give(file: &File, attributes: Attributes) -> io::Result<()> {
    fchown(file, Some(attributes.uid), Some(attributes.gid))?;
    file.set_permissions(fs::Permissions::from_mode(attributes.mode))
}

/// The path with the links of its existing part resolved, and the rest unchanged.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    match (fs::canonicalize(path), path.parent(), path.file_name()) {
        (Err(error), Some(parent), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            Ok(canonical(parent)?.join(name))
        }
        (found, _, _) => found,
    }
}
