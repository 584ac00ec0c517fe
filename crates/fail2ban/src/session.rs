//! A change under construction: steps are tried on a copy of the snapshot and kept if the
//! configuration shows their effect.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use sshmend_lossless::{
    Draft, Edit, EditSet, Entry, Origin, Packager, Snapshot, Unread, Written, elsewhere,
};

use crate::change::{Edited, Note};
use crate::config::Config;
use crate::reading::Reading;
use crate::release::Release;

/// The file that we create if no file of the administrator decides; its name makes it the last one
/// read.
pub(crate) const DROP_IN: &str = "jail.d/zz-sshmend.local";
/// The file to use if there is no jail.d.
const WITHOUT_FOLDER: &str = "jail.local";
/// The beginning of a file that we create.
const HEADING: &str = "# Addresses that are never banned.\n\n";
/// Files that packages of fail2ban install in /etc, and replace; an override goes into a `.local`
/// file.
const PACKAGED: [&str; 5] = [
    "jail.conf",
    "fail2ban.conf",
    "jail.d/defaults-debian.conf",
    "jail.d/00-firewalld.conf",
    "jail.d/00-systemd.conf",
];

/// One step of a change.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    path: PathBuf,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    /// Edits of the file as it is now.
    Edits(Vec<Edit>),
    /// A section at the end of the file, which is created if missing.
    Section(String),
}

impl Step {
    /// Edits of one file.
    pub(crate) fn edit(path: &Path, edits: impl IntoIterator<Item = Edit>) -> Self {
        Self {
            path: path.to_owned(),
            change: Change::Edits(edits.into_iter().collect()),
        }
    }

    /// A section at the end of a file.
    pub(crate) fn section(path: &Path, text: String) -> Self {
        Self {
            path: path.to_owned(),
            change: Change::Section(text),
        }
    }
}

/// Whether a file is the administrator's to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ownership {
    /// Below the directory, and of no package.
    Ours,
    /// Installed by a package of fail2ban; its values are overridden in another file.
    Packaged,
    /// A link leads to a file that another program keeps.
    Elsewhere(Packager),
}

/// The planned snapshot, and the steps that lead to it.
#[derive(Clone)]
pub(crate) struct Session<'c> {
    directory: &'c Path,
    release: Option<Release>,
    snapshot: Cow<'c, Snapshot>,
    draft: Draft,
    notes: Vec<Note>,
    /// The notes made already.
    said: BTreeSet<Note>,
}

impl<'c> Session<'c> {
    pub(crate) fn new(config: &'c Config<'_>) -> Self {
        let reading = &config.reading;
        let (directory, release, snapshot) = (
            reading.directory,
            reading.release,
            Cow::Borrowed(reading.snapshot),
        );
        Self {
            directory,
            release,
            snapshot,
            draft: Draft::default(),
            notes: Vec::new(),
            said: BTreeSet::new(),
        }
    }

    /// The configuration after the steps so far.
    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading::new(&self.snapshot, self.directory, self.release)
    }

    /// A copy with one more step; `None` if the file to edit does not exist.
    pub(crate) fn with(&self, step: &Step) -> Option<Self> {
        self.with_all([step])
    }

    /// A copy with more steps, each made for the files as they are now; `None` if two of them edit
    /// the same bytes, or a file to edit does not exist.
    pub(crate) fn with_all<'s>(&self, steps: impl IntoIterator<Item = &'s Step>) -> Option<Self> {
        // Two names may lead to one file: it is changed once.
        let mut files: BTreeMap<PathBuf, (&Path, Vec<Edit>, Vec<&str>)> = BTreeMap::new();
        for step in steps {
            let (_, edits, sections) = files
                .entry(self.target(step))
                .or_insert_with(|| (&step.path, Vec::new(), Vec::new()));
            match &step.change {
                Change::Edits(own) => edits.extend(own.iter().cloned()),
                Change::Section(text) => sections.push(text),
            }
        }
        let mut next = self.clone();
        for (path, edits, mut sections) in files.into_values() {
            // Jails that share a section ask for the same one.
            sections.dedup();
            next.change(path, edits, &sections)?;
        }
        Some(next)
    }

    /// The file that a step changes, after all links.
    pub(crate) fn target(&self, step: &Step) -> PathBuf {
        let image = self.snapshot.read(&step.path).ok().flatten();
        image.map_or_else(|| step.path.clone(), |image| image.target.clone())
    }

    fn change(&mut self, path: &Path, mut edits: Vec<Edit>, sections: &[&str]) -> Option<()> {
        let bytes = match self.snapshot.read(path) {
            Ok(Some(image)) => &image.bytes,
            // A name that is not in the listing of its folder is not requested.
            Ok(None) | Err(Unread::NotAsked) => {
                let text = format!("{HEADING}{}", sections.join("\n"));
                return edits.is_empty().then(|| {
                    let snapshot = self.snapshot.to_mut();
                    self.draft.create(snapshot, path, text.into_bytes());
                });
            }
            Err(_) => return None,
        };
        if !sections.is_empty() {
            let is_whole = bytes.is_empty() || bytes.ends_with(b"\n");
            let gap = if is_whole { "\n" } else { "\n\n" };
            edits.push(Edit::insert(
                bytes.len(),
                format!("{gap}{}", sections.join("\n")),
            ));
        }
        let edits = EditSet::new(edits).ok()?;
        let snapshot = self.snapshot.to_mut();
        self.draft.edit(snapshot, path, &edits).then_some(())
    }

    pub(crate) fn note(
        &mut self,
        name: &'static str,
        origin: Option<Origin>,
        text: impl Into<String>,
    ) {
        let note = Note {
            name,
            origin,
            text: text.into(),
        };
        if self.said.insert(note.clone()) {
            self.notes.push(note);
        }
    }

    /// Whether any file holds these words.
    pub(crate) fn mentions(&self, words: &str) -> bool {
        let holds = |entry: &Entry| match entry {
            Entry::File(image) => image
                .bytes
                .windows(words.len())
                .any(|part| part == words.as_bytes()),
            _ => false,
        };
        self.snapshot.paths().any(|(_, entry)| holds(entry))
    }

    /// The path for a new file of ours.
    pub(crate) fn drop_in(&self) -> PathBuf {
        let has_folder = matches!(
            self.snapshot.entry(&self.directory.join("jail.d")),
            Some(Entry::Directory(..))
        );
        self.directory
            .join(if has_folder { DROP_IN } else { WITHOUT_FOLDER })
    }

    /// Whether a file is the administrator's.
    pub(crate) fn is_ours(&self, path: &Path) -> bool {
        self.ownership(path) == Ownership::Ours
    }

    /// The owner of a file.
    pub(crate) fn ownership(&self, path: &Path) -> Ownership {
        ownership(&self.snapshot, self.directory, path)
    }

    /// What the owner of a file that is not ours would do; `None` if it may be written or
    /// overridden here.
    pub(crate) fn owner_hint(&self, path: &Path) -> Option<String> {
        let Ownership::Elsewhere(packager) = self.ownership(path) else {
            return None;
        };
        let target = self
            .snapshot
            .read(path)
            .ok()
            .flatten()
            .map_or(path, |image| image.target.as_path());
        Some(packager.hint(path, target))
    }

    /// Whether a file is read for itself, not because another one includes it.
    pub(crate) fn is_layer(&self, path: &Path) -> bool {
        path == self.directory.join(WITHOUT_FOLDER)
            || path.parent() == Some(&self.directory.join("jail.d"))
    }

    /// The change.
    pub(crate) fn finish(self) -> Edited {
        let Written { edits, creates } = self.draft.finish(&self.snapshot);
        Edited {
            edits,
            creates,
            notes: self.notes,
        }
    }
}

/// The owner of a file of the configuration in `directory`.
pub(crate) fn ownership(snapshot: &Snapshot, directory: &Path, path: &Path) -> Ownership {
    let target = snapshot
        .read(path)
        .ok()
        .flatten()
        .map_or(path, |image| image.target.as_path());
    if let Some(packager) = elsewhere(path, target) {
        return Ownership::Elsewhere(packager);
    }
    let Ok(relative) = path.strip_prefix(directory) else {
        return Ownership::Packaged;
    };
    let is_paths = relative.to_string_lossy().starts_with("paths-")
        && relative.extension().is_some_and(|end| end == "conf");
    let is_part = relative.starts_with("filter.d") || relative.starts_with("action.d");
    let is_brought = is_paths
        || is_part
        || PACKAGED
            .iter()
            .any(|packaged| relative == Path::new(packaged));
    if is_brought {
        Ownership::Packaged
    } else {
        Ownership::Ours
    }
}
