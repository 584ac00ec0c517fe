//! Files of a tree that no administrator edits.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Packager, elsewhere};

use crate::tree::Tree;

/// A file that another program installs or generates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Foreign {
    /// The path under which sshd opens it.
    pub path: PathBuf,
    /// Its path after all links.
    pub target: PathBuf,
    /// Its owner.
    pub packager: Packager,
}

impl Foreign {
    /// The file at this path of the tree, if it has another owner.
    pub(crate) fn of(tree: &Tree, path: &Path) -> Option<Self> {
        let target = &tree.snapshot.read(path).ok()??.target;
        let packager = elsewhere(path, target).or_else(|| brought_by_name(target))?;
        Some(Self {
            path: path.to_owned(),
            target: target.clone(),
            packager,
        })
    }

    /// What to do instead of writing it.
    pub(crate) fn hint(&self) -> String {
        if self.path == self.target {
            return format!(
                "set it in a file that is read before {}",
                self.path.display()
            );
        }
        self.packager.hint(&self.path, &self.target)
    }
}

/// Drop-ins that a package owns although they lie below /etc: Gentoo's (`9999999gentoo-pam.conf`).
fn brought_by_name(target: &Path) -> Option<Packager> {
    let in_drop_ins = target
        .parent()
        .is_some_and(|folder| folder.ends_with("sshd_config.d"));
    let name = target.file_name()?.to_string_lossy();
    (in_drop_ins && name.contains("gentoo") && name.ends_with(".conf"))
        .then_some(Packager::Distribution)
}
