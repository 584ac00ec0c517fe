//! A disk below a temporary directory, and the three changes that the tests make on it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use sshmend_host::{Machine, own};
use sshmend_lossless::{Attributes, EditSet, FileChange, Metadata, Step};
use sshmend_transaction::{
    Captured, Cause, Disk, FollowUp, Id, Intent, Journal, JournalError, Past, Record, RecoverError,
    Recovered, RollBackError, State, StepRecord, Who,
};
use tempfile::TempDir;

/// The path of the state on the disk.
pub(crate) const STATE: &str = "/var/lib/sshmend";

/// A disk with a few files of different owners, modes and attributes.
pub(crate) struct TestDisk {
    directory: TempDir,
    /// The disk as a machine.
    pub(crate) machine: Machine,
}

/// The properties of every file that a test compares: all but its times and its inode.
pub(crate) type Picture = BTreeMap<PathBuf, (String, u32, u32, u32, BTreeMap<String, Vec<u8>>)>;

impl TestDisk {
    /// Makes it.
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir_in(memory()).unwrap();
        let disk = Self {
            machine: Machine::below(directory.path()).unwrap(),
            directory,
        };
        fs::create_dir_all(disk.at("/etc/ssh")).unwrap();
        fs::create_dir_all(disk.at("/etc/fail2ban")).unwrap();
        fs::create_dir_all(disk.at("/srv")).unwrap();
        fs::create_dir_all(disk.at("/var/lib")).unwrap();
        disk.write("/etc/ssh/sshd_config", "old main\n", 0o600);
        disk.write("/srv/hosts.allow", "old allow\r\nno final newline", 0o644);
        disk.write("/etc/fail2ban/jail.local", "to be removed\n", 0o640);
        disk.write("/etc/ssh/host_key", "open to all\n", 0o644);
        symlink("/srv/hosts.allow", disk.at("/etc/hosts.allow")).unwrap();
        if nix::unistd::geteuid().is_root() {
            chown(disk.at("/etc/ssh/sshd_config"), Some(1234), Some(5678)).unwrap();
            chown(disk.at("/etc/fail2ban/jail.local"), Some(4321), Some(8765)).unwrap();
            chown(disk.at("/etc/ssh/host_key"), Some(4321), Some(8765)).unwrap();
        }
        disk.attribute("/etc/ssh/sshd_config");
        disk.attribute("/etc/fail2ban/jail.local");
        disk
    }

    /// The path of a file on the test disk as seen by the test.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path.trim_start_matches('/'))
    }

    /// Writes a file in place, as someone else would.
    pub(crate) fn write(&self, path: &str, text: &str, mode: u32) {
        fs::write(self.at(path), text).unwrap();
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The text of a file.
    pub(crate) fn text(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn attribute(&self, path: &str) {
        use rustix::fs::{XattrFlags, setxattr};
        match setxattr(self.at(path), "user.note", b"kept\0", XattrFlags::empty()) {
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP) => {}
            Err(errno) => panic!("{errno}"),
        }
    }

    /// Everything on the disk except the state, so that temporary files left behind are noticed.
    pub(crate) fn picture(&self) -> Picture {
        let mut picture = Picture::new();
        self.add(Path::new("/"), &mut picture);
        picture
    }

    fn add(&self, path: &Path, picture: &mut Picture) {
        let real = self.directory.path().join(path.strip_prefix("/").unwrap());
        let meta = fs::symlink_metadata(&real).unwrap();
        let text = if meta.is_symlink() {
            format!("-> {}", fs::read_link(&real).unwrap().display())
        } else if meta.is_file() {
            String::from_utf8(fs::read(&real).unwrap()).unwrap()
        } else {
            "directory".to_owned()
        };
        let image = if meta.is_file() {
            self.machine.read(path).unwrap()
        } else {
            None
        };
        let xattrs = image.map(|image| image.meta.xattrs).unwrap_or_default();
        picture.insert(
            path.to_owned(),
            (text, meta.mode(), meta.uid(), meta.gid(), xattrs),
        );
        if meta.is_dir() && path != Path::new("/var") {
            for entry in fs::read_dir(&real).unwrap() {
                self.add(&path.join(entry.unwrap().file_name()), picture);
            }
        }
    }

    /// One file edited, one edited through a link, one created in a new directory, one removed, one
    /// with a changed mode and owner.
    pub(crate) fn changes(&self) -> Vec<FileChange> {
        let image = |path: &str| self.machine.read(Path::new(path)).unwrap().unwrap();
        let edit = |path: &str, after: &str| FileChange {
            after: Some(after.into()),
            ..FileChange::edit(path, image(path), EditSet::default())
        };
        let create = Metadata {
            mode: 0o600,
            ..own(0o600)
        };
        vec![
            edit("/etc/ssh/sshd_config", "new main\n"),
            edit("/etc/hosts.allow", "new allow\r\n"),
            FileChange::create(
                "/etc/ssh/sshd_config.d/deep/00-sshmend.conf",
                b"new drop-in\n".to_vec(),
                create,
            ),
            FileChange::remove(
                "/etc/fail2ban/jail.local",
                image("/etc/fail2ban/jail.local"),
            ),
            FileChange::edit(
                "/etc/ssh/host_key",
                image("/etc/ssh/host_key"),
                EditSet::default(),
            )
            .giving(Attributes::of(&own(0o600))),
        ]
    }

    /// A change that fits the current content, whatever it is.
    pub(crate) fn captured_now(&self) -> Captured {
        let create = FileChange::create("/srv/another", b"x".to_vec(), own(0o600));
        Captured::new([create]).unwrap().unwrap()
    }

    /// Those changes, collected.
    pub(crate) fn captured(&self) -> Captured {
        Captured::new(self.changes()).unwrap().unwrap()
    }
}

/// Thousands of fsyncs are made: on a file system in memory they cost nothing.
fn memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() {
        memory
    } else {
        std::env::temp_dir()
    }
}

/// The steps that follow a change of the tests.
fn aftermath() -> FollowUp {
    let step = |text: &str| {
        let argv: Vec<String> = text.split(' ').map(str::to_owned).collect();
        StepRecord::from(Step::from_argv(&argv).expect("a step"))
    };
    let activation = vec![step("systemctl reload ssh.service")];
    let undo = vec![step("systemctl stop ssh.service")];
    FollowUp {
        judges: vec![step("/usr/sbin/sshd -t")],
        activation,
        undo,
        units: vec!["ssh.service".to_owned()],
    }
}

pub(crate) fn intent(second: i64) -> Intent {
    let when = jiff::Timestamp::from_second(1_785_585_600 + second).unwrap();
    let who = Who {
        uid: 0,
        sudo_user: Some("anna".to_owned()),
        ssh_connection: None,
    };
    Intent {
        when,
        who,
        why: "a test".to_owned(),
        argv: vec!["sshmend".to_owned(), "fix".to_owned()],
        aftermath: aftermath(),
        back: None,
        policy: None,
    }
}

/// Opens the store of a disk.
pub(crate) fn store<D: Disk>(disk: &D) -> sshmend_transaction::Store<'_, D> {
    sshmend_transaction::Store::open(disk, disk, Path::new(STATE), "a test").unwrap()
}

/// Runs a recovery in which every activation succeeds.
pub(crate) fn recovered<D: Disk>(disk: &D) -> Result<Vec<Recovered>, RecoverError> {
    store(disk).recover(&mut |_, _| true)
}

/// The transaction to undo.
#[derive(Clone)]
pub(crate) enum Which {
    /// The newest that is not a rollback.
    Latest,
    /// The one with this name.
    Id(Id),
}

/// The way in which it was undone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum TakenBack {
    /// It was already undone.
    Already(Id),
    /// Its files were already old.
    Found(Id),
    /// By this transaction.
    Now { id: Id, by: Id },
}

/// Undoes a transaction as the command does: what would be shown is committed.
pub(crate) fn take_back<D: Disk>(
    disk: &D,
    which: &Which,
    intent: &Intent,
) -> Result<TakenBack, RollBackError> {
    let journal = Journal::new(disk, STATE);
    let record = match which {
        Which::Id(id) => journal.record(id)?,
        Which::Latest => newest_change(&journal)?,
    };
    let id = record.id.clone();
    if record.state == State::RolledBack {
        return Ok(TakenBack::Already(id));
    }
    let way = journal.way_back(disk, &record)?;
    if !way.edited.is_empty() {
        return Err(RollBackError::Edited(way.edited));
    }
    let store = sshmend_transaction::Store::open(disk, disk, Path::new(STATE), "a test")?;
    let Some(shown) = Captured::new(way.changes).unwrap() else {
        store.found_old(&id)?;
        return Ok(TakenBack::Found(id));
    };
    let prepared = store.roll_back(&id, shown, intent)?;
    let by = prepared.id().clone();
    let finished = prepared.commit()?.finish();
    finished.map_err(|error| RollBackError::Prepare(Cause::from(error).into()))?;
    Ok(TakenBack::Now { id, by })
}

fn newest_change<D: Disk>(journal: &Journal<'_, D>) -> Result<Record, JournalError> {
    for past in journal.newest_first()? {
        match past? {
            Past::Record(record) if record.rolls_back.is_none() => return Ok(record),
            _ => {}
        }
    }
    Err(JournalError::Unnamed("any change".to_owned()))
}

/// Makes the changes of the tests, and finishes.
pub(crate) fn apply(disk: &TestDisk, second: i64) -> Record {
    let store = store(&disk.machine);
    let prepared = store.prepare(disk.captured(), &intent(second)).unwrap();
    prepared.commit().unwrap().finish().unwrap()
}

/// Takes a transaction back.
pub(crate) fn roll_back(
    disk: &TestDisk,
    which: &Which,
    second: i64,
) -> Result<TakenBack, RollBackError> {
    take_back(&disk.machine, which, &intent(second))
}

/// The states of all transactions, and what each rolls back.
pub(crate) fn states(disk: &TestDisk) -> Vec<(State, Option<Id>)> {
    let past = Journal::new(&disk.machine, STATE)
        .history()
        .unwrap()
        .into_iter();
    past.map(|past| match past {
        Past::Record(record) => (record.state, record.rolls_back),
        other => panic!("{other:?}"),
    })
    .collect()
}
