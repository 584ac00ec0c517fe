//! The journal: one directory a transaction.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use sshmend_host::{Change, FileError, Why, own};
use sshmend_lossless::FileChange;

use crate::disk::Disk;
use crate::edits;
use crate::error::{Damaged, JournalError};
use crate::id::Id;
use crate::record::{FileRecord, Image, Record, State};

pub(crate) const TEMPORARY: &str = ".sshmend.tmp";

/// Stands in a transaction that was given up: nothing brings it to an end any more, and its bytes stay for people.
const FORGOTTEN: &str = "forgotten";

/// The transactions of one state directory, for reading; only a [`crate::Store`] writes.
#[derive(Debug)]
pub struct Journal<'a, D> {
    pub(crate) disk: &'a D,
    pub(crate) directory: PathBuf,
}

/// One transaction of the past, as far as it can be read.
#[expect(clippy::large_enum_variant, reason = "nearly all of them are records")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Past {
    /// It can be read.
    Record(Record),
    /// It was cut off while it was journaled: no file was changed.
    Abandoned(Id),
    /// It was cut off or cannot be read, and a person gave it up.
    Forgotten(Id),
    /// It cannot be read.
    Damaged(Damaged),
}

/// The bytes of one file, before and after a transaction; `None` where there was no file, or no copy was kept.
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

/// Which bytes of a file.
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

    /// All transactions, the newest last; a damaged one is told and hides no other.
    ///
    /// # Errors
    /// When the directory of the transactions cannot be listed.
    pub fn history(&self) -> Result<Vec<Past>, FileError> {
        self.names()?
            .iter()
            .map(|name| self.past(Path::new(name)))
            .collect()
    }

    /// One transaction.
    ///
    /// # Errors
    /// When there is none of that name, or it is damaged.
    pub fn record(&self, id: &Id) -> Result<Record, JournalError> {
        self.trusted()?;
        match self.past(Path::new(id.as_str()))? {
            Past::Record(record) => Ok(record),
            Past::Abandoned(id) | Past::Forgotten(id) => Err(JournalError::Unknown(id)),
            Past::Damaged(damaged) => Err(damaged.into()),
        }
    }

    /// The same, however it stands.
    ///
    /// # Errors
    /// When the journal cannot be read, or there is none of that name.
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
    /// When bytes are missing or are not those that the record tells of.
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

    /// All transactions as [`Journal::history`] has them, the newest first, each read when it is asked for.
    ///
    /// # Errors
    /// When the directory of the transactions cannot be listed.
    pub fn newest_first(
        &self,
    ) -> Result<impl Iterator<Item = Result<Past, FileError>> + use<'_, 'a, D>, FileError> {
        let names = self.names()?;
        Ok(names
            .into_iter()
            .rev()
            .map(|name| self.past(Path::new(&name))))
    }

    /// The one transaction whose name begins so.
    ///
    /// # Errors
    /// When no name begins so, or several do, or the journal cannot be listed.
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
            Some(file) => Some(file.bytes.into()),
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

    /// The bytes of a long file afterwards, of which the edits alone are kept.
    fn edited(
        &self,
        record: &Record,
        number: usize,
        side: Side,
    ) -> Result<Option<Vec<u8>>, JournalError> {
        let path = edits_of(&self.path_of_bytes(&record.id, number, side));
        let Some(file) = self.disk.read_kept(&path)? else {
            return Ok(None);
        };
        let before = self
            .bytes(record, number, side.other())?
            .unwrap_or_default();
        let edits = edits::read(&file.bytes, before.len())
            .ok_or_else(|| damaged(&record.id, path, "it makes no sense"))?;
        Ok(Some(edits.apply(&before)))
    }

    /// The names that transactions have, the newest first; each is parsed when it is asked for, for there may be many.
    pub(crate) fn ids(&self) -> Result<impl Iterator<Item = Id> + use<D>, FileError> {
        let mut names = self.names()?;
        names.sort_unstable();
        Ok(names
            .into_iter()
            .rev()
            .filter_map(|name| name.to_str()?.parse().ok()))
    }

    /// Writes a transaction: its record first, which says that no file has changed until all of it is written.
    pub(crate) fn write(
        &self,
        files: &D,
        record: &mut Record,
        changes: &[FileChange],
    ) -> Result<(), JournalError> {
        self.open_mark(&record.id)?;
        for side in [Side::Before, Side::After] {
            self.disk.make_directories(
                &self.directory_of(&record.id).join(side.name()),
                &own(0o700),
            )?;
        }
        self.create(&self.path_of_record(&record.id), text(record)?.as_bytes())?;
        for (number, change) in changes.iter().enumerate() {
            let path = |side| self.path_of_bytes(&record.id, number, side);
            let kept = |side| is_kept(change, side, record.rolls_back.is_some());
            if let Some(image) = &change.before
                && kept(Side::Before)
                && !files.keep_inode(&change.path, image, self.disk, &path(Side::Before))?
            {
                self.create(&path(Side::Before), &image.bytes)?;
            }
            if let Some(bytes) = &change.after
                && kept(Side::After)
            {
                match kept_edits(change) {
                    Some(edits) => self.create(&edits_of(&path(Side::After)), &edits)?,
                    None => self.create(&path(Side::After), bytes)?,
                }
            }
        }
        self.mark(record, State::Prepared)
    }

    /// Writes how far a transaction has come. The record says so even when that fails, for the disk may say it.
    pub(crate) fn mark(&self, record: &mut Record, state: State) -> Result<(), JournalError> {
        record.state = state;
        let path = self.path_of_record(&record.id);
        let staged = self.disk.stage(
            &path,
            Change::Replace(text(record)?.as_bytes(), None),
            TEMPORARY,
        )?;
        Ok(self.disk.publish(staged)?)
    }

    /// Notes that a transaction was given up.
    pub(crate) fn forget(&self, id: &Id) -> Result<(), JournalError> {
        self.create(&self.directory_of(id).join(FORGOTTEN), b"")
    }

    /// Removes a transaction that never became one.
    pub(crate) fn erase(&self, id: &Id) -> Result<(), FileError> {
        let directory = self.directory_of(id);
        for part in [
            directory.join(Side::Before.name()),
            directory.join(Side::After.name()),
            directory,
        ] {
            for name in self.disk.kept_names(&part)?.unwrap_or_default() {
                self.disk.publish(self.disk.stage(
                    &part.join(name),
                    Change::Remove,
                    TEMPORARY,
                )?)?;
            }
            self.disk.remove_directory(&part)?;
        }
        Ok(())
    }

    pub(crate) fn create(&self, path: &Path, bytes: &[u8]) -> Result<(), JournalError> {
        let staged = self
            .disk
            .stage(path, Change::Create(bytes, &own(0o600)), TEMPORARY)?;
        Ok(self.disk.publish(staged)?)
    }

    /// Only we can have filled the state folder: nothing in it is believed before that is known.
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

    /// Whether no bytes are kept: then the record was not even begun.
    fn is_empty(&self, id: &Id) -> Result<bool, FileError> {
        for side in [Side::Before, Side::After] {
            let names = self
                .disk
                .kept_names(&self.directory_of(id).join(side.name()))?;
            if names.is_some_and(|names| !names.is_empty()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn transactions(&self) -> PathBuf {
        self.directory.join("transactions")
    }

    /// Where a transaction is kept.
    pub fn directory_of(&self, id: &Id) -> PathBuf {
        self.transactions().join(id.as_str())
    }

    fn path_of_record(&self, id: &Id) -> PathBuf {
        self.directory_of(id).join("transaction.toml")
    }

    fn path_of_bytes(&self, id: &Id, number: usize, side: Side) -> PathBuf {
        self.directory_of(id)
            .join(side.name())
            .join(number.to_string())
    }
}

impl Side {
    /// What a file is on this side; `None` where there is none.
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

    fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// Whether the bytes of one side of a change are kept: of a private key no more than what recovery cannot do without.
/// The key itself stands there with its old bytes or its new ones, and a way back from having made it ends it.
fn is_kept(change: &FileChange, side: Side, is_way_back: bool) -> bool {
    let needed = side == Side::Before
        && !is_way_back
        && change.before.as_ref().map(|image| &image.bytes) != change.after.as_ref();
    needed || !change.is_secret()
}

/// A change of a longer file is kept as its edits, in bytes: a second durable copy takes its time, and for a shorter one
/// both versions lie side by side for people to read.
const LONG: usize = 1 << 17;

/// The edits of a change, where they are much less than the file.
fn kept_edits(change: &FileChange) -> Option<Vec<u8>> {
    let before = change.before.as_ref()?;
    let whole = before.bytes.len() > LONG && change.after.is_some() && !change.edits.is_empty();
    let edits = whole.then(|| edits::write(&change.edits))?;
    (edits.len() < LONG / 2).then_some(edits)
}

fn edits_of(path: &Path) -> PathBuf {
    path.with_extension("edits")
}

pub(crate) fn damaged(id: &Id, path: impl Into<PathBuf>, why: &str) -> Damaged {
    Damaged {
        id: Some(id.clone()),
        path: path.into(),
        why: why.to_owned(),
    }
}

fn text(record: &Record) -> Result<String, Damaged> {
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
        Err(format!("it tells of transaction {}", record.id))
    }
}
