//! The configurations that were read so far: the same files are not parsed twice, from whichever snapshot they come.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use sshmend_lossless::{Bytes, Entry, Known, Snapshot};

use crate::overrides::Override;
use crate::problem::Unseen;
use crate::release::Release;
use crate::tree::Tree;
use crate::walk::{Walk, walk_files};

/// One release for each of the two ways of splitting lines, which determine the files that an
/// Include line names.
const DIALECTS: [Release; 2] = [Release::new(8, 6), Release::NEWEST];

/// Directives that are kept of earlier walks of one configuration: those of every release of a usual tree, of two of a file of
/// a million lines (16 bytes each), and of one of a longer file.
const MAX_HELD: usize = 2_500_000;

/// The configurations that are remembered: as they are, as they would be, and what was tried in between.
const MAX_KNOWN: usize = 4;

/// The configurations that were read in one run. Copies share them.
#[derive(Debug, Clone, Default)]
pub struct Readings(Rc<RefCell<Vec<(Footprint, Walks)>>>);

impl Readings {
    /// Reads a configuration like [`Tree::read`]; what is known of one with the same content is known of it.
    pub fn read(&self, snapshot: &Snapshot, main: &Path, overrides: &[Override]) -> Tree {
        let footprint = Footprint::of(snapshot, main, overrides);
        let own = footprint.part_of(snapshot);
        Tree::new(own, main, overrides, self.clone(), self.walks_of(footprint))
    }

    /// The walks of the configuration with this content. The one that was asked for least recently is forgotten.
    pub(crate) fn walks_of(&self, footprint: Footprint) -> Walks {
        let mut known = self.0.borrow_mut();
        let found = known.iter().position(|(other, _)| *other == footprint);
        let entry = match found {
            Some(place) => known.remove(place),
            None => (footprint, Walks::default()),
        };
        let walks = entry.1.clone();
        known.push(entry);
        if known.len() > MAX_KNOWN {
            known.remove(0);
        }
        walks
    }
}

/// All that determines how a configuration is read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Footprint {
    main: PathBuf,
    overrides: Vec<Override>,
    /// The files that are examined, and their content.
    files: BTreeMap<PathBuf, Known<Option<Bytes>>>,
    /// What could not be read.
    gaps: Vec<Unseen>,
}

impl Footprint {
    pub(crate) fn of(snapshot: &Snapshot, main: &Path, overrides: &[Override]) -> Self {
        let (mut paths, mut gaps) = (BTreeSet::new(), Vec::new());
        for release in DIALECTS {
            let mut walk = walk_files(snapshot, main, release);
            paths.append(&mut walk.paths);
            gaps.extend(walk.gaps.into_iter().map(|gap| gap.unseen));
        }
        let content = |path: PathBuf| {
            let image = snapshot.read(&path);
            let bytes = image.map(|image| image.map(|image| image.bytes.clone()));
            (path, bytes)
        };
        Self {
            main: main.to_owned(),
            overrides: overrides.to_vec(),
            files: paths.into_iter().map(content).collect(),
            gaps,
        }
    }

    /// The part of a snapshot that it was taken from. Any entry that is not a file may be the reason why something is unknown.
    fn part_of(&self, snapshot: &Snapshot) -> Snapshot {
        let mut own = Snapshot::default();
        for (path, entry) in snapshot.paths() {
            if self.files.contains_key(path) || !matches!(entry, Entry::File(_)) {
                own.insert(path, entry.clone());
            }
        }
        own
    }
}

/// The walks of one configuration, by release. Copies share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Walks(Rc<RefCell<BTreeMap<Release, Arc<Walk>>>>);

impl Walks {
    /// The walk of a release; read by `read` if it is not known.
    pub(crate) fn of(&self, release: Release, read: impl FnOnce() -> Walk) -> Arc<Walk> {
        let mut walks = self.0.borrow_mut();
        let sizes = walks.values().map(|walk| walk.directives.len());
        // The next one will be about as long as the others.
        let (held, next) = sizes.fold((0, 0), |(sum, most), size| (sum + size, size.max(most)));
        if held + next > MAX_HELD && !walks.contains_key(&release) {
            walks.clear();
        }
        Arc::clone(walks.entry(release).or_insert_with(|| Arc::new(read())))
    }
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::fixture::snapshot;

    use super::*;

    const MAIN: &str = "/etc/ssh/sshd_config";

    #[test]
    fn the_same_files_are_walked_once_whatever_else_is_known() {
        let text = format!("//- {MAIN}\nInclude a.conf\nPort 22\n//- /etc/ssh/a.conf\nUseDNS no\n");
        let (readings, main) = (Readings::default(), Path::new(MAIN));
        let walked = |text: &str, overrides: &[Override]| {
            let tree = readings.read(&snapshot(text), main, overrides);
            tree.walk(Release::NEWEST)
        };
        let first = walked(&text, &[]);
        let more = format!("{text}//- /etc/ssh/key missing\n//- /etc/passwd\nroot:x:0:0\n");
        assert!(Arc::ptr_eq(&first, &walked(&more, &[])));
        let options = Override::from_argv(&["sshd", "-p", "2222"].map(str::to_owned));
        assert!(!Arc::ptr_eq(&first, &walked(&text, &options)));
        for other in [
            text.replace("UseDNS no", "UseDNS yes"),
            text.replace("Port 22", "Port 222"),
            text.replace("\nUseDNS no", " missing"),
            text.replace("\nUseDNS no", " unreadable:Permission denied"),
        ] {
            assert!(!Arc::ptr_eq(&first, &walked(&other, &[])), "{other}");
        }
        assert!(
            !Arc::ptr_eq(&first, &walked(&text, &[])),
            "the least recent one is forgotten"
        );
    }
}
