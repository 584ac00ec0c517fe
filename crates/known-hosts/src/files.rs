//! The files of a target, each read once.

use std::path::{Path, PathBuf};

use sshmend_lossless::{FileImage, Request, Snapshot, Unread};

use crate::document::KnownHosts;
use crate::found::{Lookup, pass_over_unasked};
use crate::name::Name;
use crate::scan::sieve;
use crate::target::Target;

/// The known_hosts files of a target.
#[derive(Debug, Clone, Default)]
pub struct Files<'s> {
    /// Those that were read, in the order of ssh. A file of ssh's own list that does not exist is not among them.
    pub read: Vec<KnownFile<'s>>,
    /// Files whose content is not known.
    pub unread: Vec<UnreadFile>,
}

/// The entries for some names in the known_hosts files of a target.
#[derive(Debug, Clone, Default)]
pub struct LookedUp {
    /// The files that were searched, in the order of ssh. A file of ssh's own list that does not exist is not among them.
    pub paths: Vec<PathBuf>,
    /// The entries for the names in each file, as far as ssh would search it.
    pub lookups: Vec<Lookup>,
    /// Files whose content is not known.
    pub unread: Vec<UnreadFile>,
}

/// A file that was read.
#[derive(Debug, Clone)]
pub struct KnownFile<'s> {
    /// The path as ssh or the user names it.
    pub path: PathBuf,
    /// The bytes, the owner and the rest.
    pub image: &'s FileImage,
    /// The lines.
    pub lines: KnownHosts<'s>,
}

/// A file that was not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnreadFile {
    /// The path as ssh or the user names it.
    pub path: PathBuf,
    /// Why.
    pub why: NoContent,
}

/// The reason why a file's content is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoContent {
    /// It was named by hand and does not exist.
    #[error("no such file")]
    NotThere,
    /// It could not be read.
    #[error(transparent)]
    Unread(#[from] Unread),
}

impl NoContent {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NotThere => "check the path",
            // ssh runs as the user: what sudo can read is of no use to it.
            Self::Unread(Unread::Denied) => {
                "ssh cannot read it either: see whose it is (ls -l), and give it back to its user (chown); \
                 or name other files with --file"
            }
            Self::Unread(why) => why.hint().unwrap_or("name other files with --file"),
        }
    }
}

impl Target {
    /// Parses the captured files.
    pub fn read<'s>(&self, snapshot: &'s Snapshot) -> Files<'s> {
        let mut files = Files::default();
        for path in self.files() {
            match snapshot.read(path) {
                Ok(Some(image)) => files.read.push(KnownFile::new(path, image)),
                Ok(None) if self.named_files => files
                    .unread
                    .push(UnreadFile::new(path, NoContent::NotThere)),
                Ok(None) => {}
                Err(why) => files.unread.push(UnreadFile::new(path, why.into())),
            }
        }
        files
    }

    /// Requests what [`Target::look_up`] would look at, without waiting for it.
    pub fn foresee_look_up(&self, snapshot: &Snapshot, names: &[Name]) {
        let sieve = sieve(names);
        for path in self.files() {
            snapshot.foresee(Request::Sift(path.to_owned(), sieve.clone()));
        }
    }

    /// Looks the names up in the lines that were picked for them, or in the files if they were read
    /// as a whole.
    pub fn look_up(&self, snapshot: &Snapshot, names: &[Name]) -> LookedUp {
        let mut found = LookedUp::default();
        let sieve = sieve(names);
        for path in self.files() {
            match snapshot.sifted(path, &sieve) {
                Ok(Some(lines)) => {
                    found.paths.push(path.to_owned());
                    found.lookups.push(Lookup::of_picked(&lines, names));
                }
                Ok(None) if self.named_files => found
                    .unread
                    .push(UnreadFile::new(path, NoContent::NotThere)),
                Ok(None) => {}
                Err(why) => found.unread.push(UnreadFile::new(path, why.into())),
            }
        }
        pass_over_unasked(&mut found.lookups);
        found
    }
}

impl<'s> KnownFile<'s> {
    fn new(path: &Path, image: &'s FileImage) -> Self {
        Self {
            path: path.to_owned(),
            image,
            lines: KnownHosts::parse(&image.bytes),
        }
    }
}

impl UnreadFile {
    fn new(path: &Path, why: NoContent) -> Self {
        Self {
            path: path.to_owned(),
            why,
        }
    }
}
