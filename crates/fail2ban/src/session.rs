//! A change in the making: steps are tried on a copy of the snapshot and kept when the configuration says so.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sshmend_lossless::{Edit, EditSet, Entry, FileImage, Listed, Metadata, Origin, Snapshot};

use crate::change::{Edited, Note};
use crate::config::Config;
use crate::draft::Draft;
use crate::reading::Reading;
use crate::release::Release;

/// The file that we create where no file of the administrator decides; by its name it is read last.
pub(crate) const DROP_IN: &str = "jail.d/zz-sshmend.local";
/// Where there is no jail.d.
const WITHOUT_FOLDER: &str = "jail.local";
/// What packages bring, and replace.
const PACKAGED: [&str; 5] =
    ["jail.conf", "fail2ban.conf", "jail.d/defaults-debian.conf", "jail.d/00-firewalld.conf", "jail.d/00-systemd.conf"];

/// One step of a change.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Edits of one file as it is now.
    Edit(PathBuf, EditSet),
    /// A new file.
    Create(PathBuf, String),
}

impl Step {
    /// Edits of one file that cannot overlap, or none.
    pub(crate) fn edit(path: &Path, edits: impl IntoIterator<Item = Edit>) -> Option<Self> {
        EditSet::new(edits).ok().map(|edits| Self::Edit(path.to_owned(), edits))
    }
}

/// The snapshot as it will be, and the way there.
#[derive(Clone)]
pub(crate) struct Session<'c> {
    directory: &'c Path,
    release: Option<Release>,
    snapshot: Snapshot,
    drafts: BTreeMap<PathBuf, Draft>,
    creates: BTreeMap<PathBuf, Vec<u8>>,
    notes: Vec<Note>,
}

impl<'c> Session<'c> {
    pub(crate) fn new(config: &'c Config<'_>) -> Self {
        let reading = &config.reading;
        let (directory, release, snapshot) = (reading.directory, reading.release, reading.snapshot.clone());
        Self { directory, release, snapshot, drafts: BTreeMap::new(), creates: BTreeMap::new(), notes: Vec::new() }
    }

    /// The configuration as it stands after the steps so far.
    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading::new(&self.snapshot, self.directory, self.release)
    }

    /// A copy with one more step; `None` when the file is not there to be edited.
    pub(crate) fn with(&self, step: &Step) -> Option<Self> {
        let mut next = self.clone();
        match step {
            Step::Edit(path, edits) => next.edit(path, edits)?,
            Step::Create(path, text) => next.create(path, text),
        }
        Some(next)
    }

    fn edit(&mut self, path: &Path, edits: &EditSet) -> Option<()> {
        let image = self.snapshot.file(path)?.clone();
        let draft = self.drafts.entry(path.to_owned()).or_insert_with(|| Draft::new(&image.bytes));
        draft.apply(edits);
        let bytes = draft.bytes();
        self.snapshot.insert(path, Entry::File(FileImage { bytes, ..image }));
        Some(())
    }

    fn create(&mut self, path: &Path, text: &str) {
        let bytes = text.as_bytes().to_vec();
        let image = FileImage { bytes: bytes.clone(), meta: Metadata::default(), target: path.to_owned() };
        self.creates.insert(path.to_owned(), bytes);
        self.snapshot.insert(path, Entry::File(image));
        let folder = path.parent().unwrap_or(path);
        if let (Some(Entry::Directory(names, meta)), Some(name)) =
            (self.snapshot.entry(folder).cloned(), path.file_name())
        {
            let names = names.into_iter().chain([Listed { name: name.to_owned(), directory: false }]).collect();
            self.snapshot.insert(folder, Entry::Directory(names, meta));
        }
    }

    pub(crate) fn note(&mut self, origin: Option<Origin>, text: impl Into<String>) {
        let note = Note { origin, text: text.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Where a new file of ours goes.
    pub(crate) fn drop_in(&self) -> PathBuf {
        let has_folder = matches!(self.snapshot.entry(&self.directory.join("jail.d")), Some(Entry::Directory(..)));
        self.directory.join(if has_folder { DROP_IN } else { WITHOUT_FOLDER })
    }

    /// Whether a file is the administrator's: below the directory, and of no package.
    pub(crate) fn is_ours(&self, path: &Path) -> bool {
        let Ok(relative) = path.strip_prefix(self.directory) else { return false };
        let is_paths =
            relative.to_string_lossy().starts_with("paths-") && relative.extension().is_some_and(|end| end == "conf");
        let is_part = relative.starts_with("filter.d") || relative.starts_with("action.d");
        !is_paths && !is_part && PACKAGED.iter().all(|packaged| relative != Path::new(packaged))
    }

    /// Whether a file is read for itself, not because another one includes it.
    pub(crate) fn is_layer(&self, path: &Path) -> bool {
        path == self.directory.join(WITHOUT_FOLDER) || path.parent() == Some(&self.directory.join("jail.d"))
    }

    /// The change.
    pub(crate) fn finish(mut self) -> Edited {
        let mut edits = BTreeMap::new();
        for (path, draft) in self.drafts {
            match self.creates.get_mut(&path) {
                Some(content) => *content = draft.bytes(),
                None => drop(edits.insert(path, draft.edits())),
            }
        }
        edits.retain(|_, edits| !edits.is_empty());
        Edited { edits, creates: self.creates, notes: self.notes }
    }
}
