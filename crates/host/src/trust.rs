//! Whether root may write at a path: not where someone else can bend it on the way.
//!
//! Everyone who owns a directory or a link on the way, or may write into a directory, can make the path lead
//! elsewhere between two system calls. So root writes only along directories and links that are root's alone; in a
//! user's own directory that user does the work ([`crate::become_user()`]).

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

use nix::unistd::geteuid;

use crate::failure::{FileError, Why};
use crate::path::Root;
use crate::walk::Step;

const STICKY: u32 = 0o1000;
const OTHERS_WRITE: u32 = 0o002;

/// Remembers the first step of a walk that root should not take.
pub(crate) struct Trust {
    asked: bool,
    broken: Option<FileError>,
}

impl Trust {
    /// Asks for trust on the running machine and as root only: a mounted disk has no other users just now.
    pub(crate) fn on(root: &Root) -> Self {
        Self { asked: matches!(root, Root::Live) && geteuid().is_root(), broken: None }
    }

    /// Looks at one step.
    pub(crate) fn visit(&mut self, step: &Step<'_>) {
        if !self.asked || self.broken.is_some() {
            return;
        }
        if let Some(why) = weakness(step.meta) {
            let at = step.path.to_owned();
            self.broken = Some(FileError::new(step.path, Why::Untrusted { at, why }));
        }
    }

    /// The verdict over all steps, told of `path`.
    pub(crate) fn verdict(self, path: &std::path::Path) -> Result<(), FileError> {
        self.broken.map_or(Ok(()), |broken| Err(FileError::new(path, broken.why)))
    }
}

fn weakness(meta: &Metadata) -> Option<&'static str> {
    let leads_on = meta.is_dir() || meta.is_symlink();
    let open = meta.is_dir() && meta.mode() & OTHERS_WRITE != 0 && meta.mode() & STICKY == 0;
    match () {
        () if leads_on && meta.uid() != 0 => Some("belongs to another user"),
        () if open => Some("can be written by everyone"),
        () => None,
    }
}
