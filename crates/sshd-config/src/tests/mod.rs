//! Tests of the whole crate, and their helpers: trees from fixtures, values and edited files as
//! text.

mod effective;
mod laws;
mod list;
mod one_word;
mod owner;
mod problems;
mod set;
mod set_files;
mod unseen;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::{Edited, Override, Release, Scope, Tree};
use sshmend_lossless::{Entry, FileImage, Snapshot, fixture};

/// The main file of every fixture.
pub(crate) const MAIN: &str = "/etc/ssh/sshd_config";

/// Debian 12, and the release in which the first line decides for MaxStartups and similar keywords.
pub(crate) const OLD: Release = Release::new(9, 2);
pub(crate) const NEW: Release = Release::new(10, 5);

/// A tree from a fixture, or from the text of the main file alone.
pub(crate) fn tree(text: &str) -> Tree {
    tree_with(text, &[])
}

/// Like [`tree`], with directives of the daemon's command line.
pub(crate) fn tree_with(text: &str, options: &[&str]) -> Tree {
    let overrides: Vec<Override> = options
        .iter()
        .map(|&option| Override::new(option))
        .collect();
    Tree::read(&snapshot(text), Path::new(MAIN), &overrides)
}

/// The snapshot of a fixture; text without a header is the main file.
pub(crate) fn snapshot(text: &str) -> Snapshot {
    if text.starts_with("//- ") {
        fixture::snapshot(text)
    } else {
        bytes(text.as_bytes())
    }
}

/// A machine with nothing but this main file.
pub(crate) fn bytes(content: &[u8]) -> Snapshot {
    let mut snapshot =
        fixture::snapshot("//- /etc/ssh/sshd_config\n//- /etc/ssh/sshd_config.d dir\n");
    let image = FileImage {
        bytes: content.to_vec().into(),
        meta: Default::default(),
        target: PathBuf::from(MAIN),
    };
    snapshot.insert(MAIN, Entry::File(image));
    snapshot
}

/// The values of a keyword for the global scope, joined.
pub(crate) fn value(tree: &Tree, key: &str, release: Release) -> String {
    let effective = tree.effective(Some(release), Scope::Global);
    effective
        .get(key)
        .map_or_else(|| "-".to_owned(), |setting| setting.values.join(" | "))
}

/// The content of all changed and created files.
pub(crate) fn changed(before: &Snapshot, edited: &Edited) -> BTreeMap<PathBuf, String> {
    let content = |path: &Path| {
        before
            .read(path)
            .ok()
            .flatten()
            .map_or_else(Vec::new, |image| image.bytes.to_vec())
    };
    let edits = edited
        .edits
        .iter()
        .map(|(path, edits)| (path.clone(), edits.apply(&content(path))));
    let all = edits.chain(
        edited
            .creates
            .iter()
            .map(|(path, bytes)| (path.clone(), bytes.clone())),
    );
    all.map(|(path, bytes)| (path, String::from_utf8_lossy(&bytes).into_owned()))
        .collect()
}
