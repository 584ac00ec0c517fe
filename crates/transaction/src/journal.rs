//! The journal: one directory for each transaction.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use sshmend_host::{Change, FileError, Staging, Why, own};

use crate::disk::Disk;
use crate::edits;
use crate::error::{Damaged, JournalError};
use crate::id::Id;
use crate::record::{FileRecord, Image, Record, State};

/// The name of a file on its way to its own.
pub(crate) const TEMPORARY: &str = ".sshmend.tmp";

/// The same for one of many.
pub(crate) fn temporary(number: usize) -> String {
    format!(".sshmend-{number}.tmp")
}

fn is_temporary(name: &OsStr) -> bool {
    let name = name.as_bytes();
    name.starts_with(b".sshmend") && name.ends_with(b".tmp")
}

/// The number of files that are staged together, because each is open meanwhile.
pub(crate) const TOGETHER: usize = 32;

/// Present in a transaction that was abandoned: nothing finishes or undoes it any more, and its
/// bytes stay for people.
const FORGOTTEN: &str = "forgotten";

/// The transactions of one state directory, for reading; only a [`crate::Store`] writes.
#[derive(Debug)]
pub struct Journal<'a, D> {
    pub(crate) disk: &'a D,
    pub(crate) directory: PathBuf,
}

/// One past transaction, as far as it can be read.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are records")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// It can be read.
    Record(Record),
    /// It was interrupted while it was journaled: no file was changed.
    Abandoned(Id),
    /// It was interrupted or cannot be read, and a person abandoned it.
    Forgotten(Id),
    /// It cannot be read.
    Damaged(Damaged),
}

/// The content of one file before and after a transaction; `None` if there was no file, or no copy
/// was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// The file, by the path as the program names it.
    pub path: PathBuf,
    /// Its bytes before.
    pub before: Option<Vec<u8>>,
    /// Its bytes after.
    pub after: Option<Vec<u8>>,
    /// Whether it is a private key, of which no copy was kept.
    pub withheld: bool,
}

/// The version of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Before,
    After,
}

impl<'a, D: Disk> Journal<'a, D> {
    /// The journal in a state directory, which need not exist.
    pub fn new(disk: &'a D, directory: impl Into<PathBuf>) -> Self {
        Self {
            disk,
            directory: directory.into(),
        }
    }

    /// All transactions, the newest last; a damaged one is reported and hides no other.
    ///
    /// # Errors
    /// If the directory of the transactions cannot be listed.
    pub fn history(&self) -> Result<Vec<Past>, FileError> {
        self.names()?
            .iter()
            .map(|name| self.past(Path::new(name)))
            .collect()
    }

    /// One transaction.
    ///
    /// # Errors
    /// If there is none with that name, or it is damaged.
    pub fn record(&self, id: &Id) -> Result<Record, JournalError> {
        self.trusted()?;
        match self.past(Path::new(id.as_str()))? {
            Past::Record(record) => Ok(record),
            Past::Abandoned(id) | Past::Forgotten(id) => Err(JournalError::Unknown(id)),
            Past::Damaged(damaged) => Err(damaged.into()),
        }
    }

    /// Finds one transaction, damaged or not.
    ///
    /// # Errors
    /// If the journal cannot be read, or there is none with that name.
    pub fn find(&self, id: &Id) -> Result<Past, JournalError> {
        if self
            .names()?
            .iter()
            .any(|name| name.to_str() == Some(id.as_str()))
        {
            Ok(self.past(Path::new(id.as_str()))?)
        } else {
            Err(JournalError::Unknown(id.clone()))
        }
    }

    /// The bytes of all files of a transaction, before and after.
    ///
    /// # Errors
    /// If bytes are missing or differ from those in the record.
    pub fn versions(&self, record: &Record) -> Result<Vec<Versions>, JournalError> {
        let version = |number: usize| {
            let file = &record.files[number];
            let withheld = file.withheld;
            let [before, after] = [Side::Before, Side::After].map(|side| {
                if withheld {
                    Ok(None)
                } else {
                    self.bytes(record, number, side)
                }
            });
            Ok(Versions {
                path: file.path.clone(),
                before: before?,
                after: after?,
                withheld,
            })
        };
        (0..record.files.len()).map(version).collect()
    }

    /// All transactions as in [`Journal::history`], the newest first, each read on demand.
    ///
    /// # Errors
    /// If the directory of the transactions cannot be listed.
    pub fn newest_first(
        &self,
    ) -> Result<impl Iterator<Item = Result<Past, FileError>> + use<'_, 'a, D>, FileError> {
        let names = self.names()?;
        Ok(names
            .into_iter()
            .rev()
            .map(|name| self.past(Path::new(&name))))
    }

    /// The only transaction whose name begins so.
    ///
    /// # Errors
    /// If no name begins so, or several do, or the journal cannot be listed.
    pub fn named(&self, begins: &str) -> Result<Id, JournalError> {
        let mut names = self.names()?;
        names.retain(|name| name.to_str().is_some_and(|name| name.starts_with(begins)));
        let mut found = names.iter().filter_map(|name| name.to_str()?.parse().ok());
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(id),
            (Some(first), Some(second)) => Err(JournalError::Ambiguous {
                begins: begins.to_owned(),
                first,
                second,
            }),
            (None, _) => Err(match begins.parse() {
                Ok(id) => JournalError::Unknown(id),
                Err(_) if Id::may_begin_with(begins) => JournalError::Unnamed(begins.to_owned()),
                Err(error) => JournalError::NotAnId(error),
            }),
        }
    }

    pub(crate) fn bytes(
        &self,
        record: &Record,
        number: usize,
        side: Side,
    ) -> Result<Option<Vec<u8>>, JournalError> {
        let Some(image) = record.files.get(number).and_then(|file| side.of(file)) else {
            return Ok(None);
        };
        let path = self.path_of_bytes(&record.id, number, side);
        let kept = match self.disk.read_kept(&path)? {
            Some(file) => {
                let mut bytes = Vec::from(file.bytes);
                // A program that had the old file open may have appended to its inode since.
                bytes.truncate(usize::try_from(image.size).unwrap_or(usize::MAX));
                Some(bytes)
            }
            None => self.edited(record, number, side)?,
        };
        match kept {
            Some(bytes) if image.has(&bytes) => Ok(Some(bytes)),
            Some(_) => Err(damaged(
                &record.id,
                path,
                "its bytes are not those that were recorded",
            )
            .into()),
            None if record.files[number].withheld => {
                Err(JournalError::Withheld(record.files[number].path.clone()))
            }
            None => Err(damaged(&record.id, path, "it is missing").into()),
        }
    }

    /// The new content of a long file, of which only the edits are kept.
    fn edited(
        &self,
        record: &Record,
        number: usize,
        side: Side,
    ) -> Result<Option<Vec<u8>>, JournalError> {
        let path = edits::path_of(&self.path_of_bytes(&record.id, number, side));
        let Some(file) = self.disk.read_kept(&path)? else {
            return Ok(None);
        };
        let before = self
            .bytes(record, number, side.other())?
            .unwrap_or_default();
        let edits = edits::read(&file.bytes, before.len())
            .ok_or_else(|| damaged(&record.id, path, "its content is not valid"))?;
        Ok(Some(edits.apply(&before)))
    }

    /// The names of the transactions, the newest first; each is parsed on demand, because there may
    /// be many.
    pub(crate) fn ids(&self) -> Result<impl Iterator<Item = Id> + use<D>, FileError> {
        let mut names = self.names()?;
        names.sort_unstable();
        Ok(names
            .into_iter()
            .rev()
            .filter_map(|name| name.to_str()?.parse().ok()))
    }

    /// Records the state of a transaction. The value in memory changes even if writing fails,
    /// because the disk may have it.
    pub(crate) fn mark(&self, record: &mut Record, state: State) -> Result<(), JournalError> {
        record.state = state;
        let text = text(record)?;
        let unsynced = self.put(&[replacement(&self.path_of_record(&record.id), &text)])?;
        self.sync(unsynced)
    }

    /// Prepares what [`Journal::mark`] records: it is one rename away.
    pub(crate) fn stage_state(
        &self,
        record: &Record,
        state: State,
    ) -> Result<Vec<D::Staged>, JournalError> {
        let text = text(&Record {
            state,
            ..record.clone()
        })?;
        let path = self.path_of_record(&record.id);
        Ok(self.disk.stage(&[replacement(&path, &text)])?)
    }

    /// Records that a transaction was abandoned.
    pub(crate) fn forget(&self, id: &Id) -> Result<(), JournalError> {
        self.create(&self.directory_of(id).join(FORGOTTEN), b"")
    }

    /// Removes a transaction that was never begun.
    pub(crate) fn erase(&self, id: &Id) -> Result<(), FileError> {
        let directory = self.directory_of(id);
        for part in [
            directory.join(Side::Before.name()),
            directory.join(Side::After.name()),
            directory,
        ] {
            for name in self.disk.kept_names(&part)?.unwrap_or_default() {
                let removed = self.put(&[removal(&part.join(name))])?;
                self.disk.sync(removed)?;
            }
            self.disk.remove_directory(&part)?;
        }
        Ok(())
    }

    pub(crate) fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
        let created = self.put(&[Staging {
            path,
            change: Change::Create(bytes, &own(0o600)),
            temporary: TEMPORARY,
        }])?;
        self.sync(created)
    }

    /// Makes changes that are ready, durably.
    pub(crate) fn place(&self, staged: Vec<D::Staged>) -> Result<(), JournalError> {
        let placed = staged.into_iter().map(|staged| self.disk.place(staged));
        self.sync(placed.collect::<Result<_, _>>()?)
    }

    /// Makes what is recorded durable.
    pub(crate) fn sync(&self, unsynced: Vec<D::Unsynced>) -> Result<(), JournalError> {
        self.disk.sync(unsynced).map_err(JournalError::Unsynced)
    }

    /// Makes these changes, in their order; they are durable once what is returned is synced.
    pub(crate) fn put(&self, changes: &[Staging<'_>]) -> Result<Vec<D::Unsynced>, FileError> {
        let mut placed = Vec::new();
        for some in changes.chunks(TOGETHER) {
            let mut staged = self.disk.stage(some)?;
            self.disk.make_durable(&mut staged, &[])?;
            for staged in staged {
                placed.push(self.disk.place(staged)?);
            }
        }
        Ok(placed)
    }

    /// Checks that only we can have filled the state folder, before anything in it is trusted.
    fn trusted(&self) -> Result<(), FileError> {
        self.disk.kept_names(&self.directory).map(drop)
    }

    /// The names of all transactions.
    fn names(&self) -> Result<Vec<OsString>, FileError> {
        self.trusted()?;
        Ok(self
            .disk
            .kept_names(&self.transactions())?
            .unwrap_or_default())
    }

    fn past(&self, name: &Path) -> Result<Past, FileError> {
        let directory = self.transactions().join(name);
        let Some(Ok(id)) = name.to_str().map(str::parse::<Id>) else {
            let why = "no transaction has such a name".to_owned();
            return Ok(Past::Damaged(Damaged {
                id: None,
                path: directory,
                why,
            }));
        };
        self.past_of_id(id)
    }

    pub(crate) fn past_of_id(&self, id: Id) -> Result<Past, FileError> {
        let directory = self.directory_of(&id);
        let past = self.past_of(id.clone())?;
        let ended = matches!(&past, Past::Record(record) if !record.is_unfinished());
        if !ended && self.disk.read_kept(&directory.join(FORGOTTEN))?.is_some() {
            return Ok(Past::Forgotten(id));
        }
        Ok(past)
    }

    fn past_of(&self, id: Id) -> Result<Past, FileError> {
        let path = self.path_of_record(&id);
        match self.disk.read_kept(&path) {
            Ok(None) if self.is_empty(&id)? => Ok(Past::Abandoned(id)),
            Ok(None) => Ok(Past::Damaged(damaged(&id, path, "it is missing"))),
            Ok(Some(file)) => match parse(&file.bytes, &id) {
                Ok(record) if record.state == State::Preparing => Ok(Past::Abandoned(id)),
                Ok(record) => Ok(Past::Record(record)),
                Err(why) => Ok(Past::Damaged(damaged(&id, path, &why))),
            },
            Err(error) if matches!(error.why, Why::Untrusted { .. }) => Err(error),
            Err(error) => Ok(Past::Damaged(damaged(&id, path, &error.why.to_string()))),
        }
    }

    /// Whether no bytes are kept: then the transaction was not begun. Until its record is durable,
    /// they have temporary names.
    fn is_empty(&self, id: &Id) -> Result<bool, FileError> {
        for side in [Side::Before, Side::After] {
            let names = self
                .disk
                .kept_names(&self.directory_of(id).join(side.name()))?;
            let is_kept = |name: &OsString| !is_temporary(name);
            if names.is_some_and(|names| names.iter().any(is_kept)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn transactions(&self) -> PathBuf {
        self.directory.join("transactions")
    }

    /// The directory of a transaction.
    pub fn directory_of(&self, id: &Id) -> PathBuf {
        self.transactions().join(id.as_str())
    }

    pub(crate) fn path_of_record(&self, id: &Id) -> PathBuf {
        self.directory_of(id).join("transaction.toml")
    }

    pub(crate) fn path_of_bytes(&self, id: &Id, number: usize, side: Side) -> PathBuf {
        self.directory_of(id)
            .join(side.name())
            .join(number.to_string())
    }
}

impl Side {
    /// The file on this side; `None` if there is none.
    pub(crate) fn of(self, file: &FileRecord) -> Option<&Image> {
        match self {
            Self::Before => file.before.as_ref(),
            Self::After => file.after.as_ref(),
        }
    }

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Before => Self::After,
            Self::After => Self::Before,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// A new version of a record.
fn replacement<'t>(path: &'t Path, text: &'t str) -> Staging<'t> {
    Staging {
        path,
        change: Change::Replace(text.as_bytes(), None),
        temporary: TEMPORARY,
    }
}

/// The removal of a file of the journal.
pub(crate) fn removal(path: &Path) -> Staging<'_> {
    Staging {
        path,
        change: Change::Remove,
        temporary: TEMPORARY,
    }
}

pub(crate) fn damaged(id: &Id, path: impl Into<PathBuf>, why: &str) -> Damaged {
    Damaged {
        id: Some(id.clone()),
        path: path.into(),
        why: why.to_owned(),
    }
}

pub(crate) fn text(record: &Record) -> Result<String, Damaged> {
    record
        .to_toml()
        .map_err(|why| damaged(&record.id, record.id.as_str(), &why))
}

/// A directory that was renamed by hand must not pass for another transaction.
fn parse(bytes: &[u8], id: &Id) -> Result<Record, String> {
    let record = Record::parse(bytes)?;
    if record.id == *id {
        Ok(record)
    } else {
        Err(format!("it describes transaction {}", record.id))
    }
}
