//! Decides whether root may follow a path that another user could have redirected.
//!
//! The owner of a directory or a link on a path, and anybody who may write to such a directory, can
//! redirect the path. So the path is checked as it was named, step by step and links included,
//! before anything at its end is opened. On a mounted disk nobody else is at work, and a plain user
//! has only their own rights to lose: both are exempt, except for programs, which would run with
//! those rights.

use std::fs::{File, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use nix::unistd::{Gid, Group, geteuid};

use crate::attributes::xattrs;
use crate::failure::Why;
use crate::walk::Step;

const STICKY: u32 = 0o1000;
const GROUP_WRITES: u32 = 0o020;
const OTHERS_WRITE: u32 = 0o002;

/// The accounts of this machine: a primary group has members that its own entry does not list.
const PASSWD: &str = "/etc/passwd";

const OWNER: &str = "belongs to another user";

/// The purpose of a walk along a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To report what exists there, without its content.
    Look,
    /// To read the content. A user's link may lead to files of that user, which reveal nothing new
    /// to that user.
    Read,
    /// To make it the root of a mounted disk: not through another user's link.
    Enter,
    /// To write there, or to trust the content: not through another user's directory or link.
    Write,
    /// To keep the state there: as for writing, and nobody else may write to the end of the path,
    /// or into it.
    Keep,
    /// To run the program there: the same checks, for plain users too.
    Run,
}

/// Checks the steps of one walk.
pub(crate) struct Trust {
    purpose: Purpose,
    asked: bool,
    /// Links of other users on the path, with their owners.
    led: Vec<(PathBuf, u32)>,
    /// A directory in which another user may write, and so may have chosen what is below it.
    shared: Option<PathBuf>,
    /// A directory in which others may create entries but not move ours; decided at the next step.
    sticky: Option<PathBuf>,
}

impl Trust {
    /// Asks for trust on the running machine alone (`is_live`): root for every path, other users for programs.
    pub(crate) fn new(is_live: bool, purpose: Purpose) -> Self {
        let risks = purpose == Purpose::Run || geteuid().is_root();
        let asked = is_live && risks;
        Self {
            purpose,
            asked,
            led: Vec::new(),
            shared: None,
            sticky: None,
        }
    }

    /// Checks one step before the next is taken.
    pub(crate) fn visit(&mut self, step: &Step<'_>) -> Result<(), Why> {
        if !self.asked {
            return Ok(());
        }
        match self.purpose {
            Purpose::Look => Ok(()),
            Purpose::Enter if step.meta.is_symlink() && step.meta.uid() != 0 => {
                Err(untrusted(step.path, OWNER))
            }
            Purpose::Enter => Ok(()),
            Purpose::Read => {
                self.note(step);
                Ok(())
            }
            Purpose::Write | Purpose::Keep | Purpose::Run => match weakness(step) {
                Some(why) => Err(untrusted(step.path, why)),
                None => Ok(()),
            },
        }
    }

    fn note(&mut self, step: &Step<'_>) {
        let foreign = step.meta.uid() != 0;
        // A directory of root's has a single name, which nobody else can have given it in a sticky
        // directory.
        if let Some(path) = self.sticky.take()
            && (foreign || !step.meta.is_dir())
        {
            self.shared.get_or_insert(path);
        }
        if step.meta.is_symlink() && foreign {
            self.led.push((step.path.to_owned(), step.meta.uid()));
        }
        if !step.meta.is_dir() {
            return;
        }
        let open = foreign || writers(step.node, step.meta).is_some();
        if open && !foreign && step.meta.mode() & STICKY != 0 {
            self.sticky = Some(step.path.to_owned());
        } else if open {
            self.shared.get_or_insert_with(|| step.path.to_owned());
        }
    }

    /// Checks the entry at the end of the walk, by the name `path`.
    pub(crate) fn end(
        &self,
        path: &std::path::Path,
        node: &File,
        meta: &Metadata,
    ) -> Result<(), Why> {
        match self.purpose {
            Purpose::Keep | Purpose::Run => kept(path, node, meta),
            Purpose::Read => self.read(meta),
            Purpose::Look | Purpose::Enter | Purpose::Write => Ok(()),
        }
    }

    /// Refuses a file reached by a link that is not its owner's, or one that may be a second name
    /// that another user gave to a file of root's: nobody may learn its content through us.
    fn read(&self, meta: &Metadata) -> Result<(), Why> {
        if let Some((link, _)) = self.led.iter().find(|(_, owner)| *owner != meta.uid()) {
            return Err(untrusted(link, OWNER));
        }
        match self.shared.as_ref().or(self.sticky.as_ref()) {
            Some(directory) if meta.is_file() && meta.nlink() > 1 && meta.uid() == 0 => {
                Err(untrusted(
                    directory,
                    "is open to another user, and this file has a second name",
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether the kernel may resolve the path, which is necessary below /proc.
    pub(crate) fn is_unshared(&self) -> bool {
        self.led.is_empty() && self.shared.is_none() && self.sticky.is_none()
    }
}

/// Checks that the state directory, or a program to run, belongs to us or to root and that nobody
/// else may write to it, sticky or not.
pub(crate) fn kept(path: &std::path::Path, node: &File, meta: &Metadata) -> Result<(), Why> {
    if meta.uid() != 0 && meta.uid() != geteuid().as_raw() {
        return Err(untrusted(path, OWNER));
    }
    match writers(node, meta) {
        Some(why) => Err(untrusted(path, why)),
        None => Ok(()),
    }
}

fn untrusted(at: &std::path::Path, why: &'static str) -> Why {
    Why::Untrusted {
        at: at.to_owned(),
        why,
    }
}

/// How another user could redirect the path at this step.
///
/// In a sticky directory others can create entries, but neither move nor remove ours.
fn weakness(step: &Step<'_>) -> Option<&'static str> {
    let foreign = step.meta.uid() != 0 && step.meta.uid() != geteuid().as_raw();
    if foreign
        && (step.meta.is_dir()
            || step.meta.is_symlink()
            || step.parent.mode() & STICKY != 0 && open(step.parent))
    {
        return Some(OWNER);
    }
    let sticky = step.meta.mode() & STICKY != 0;
    writers(step.node, step.meta).filter(|_| step.meta.is_dir() && !sticky)
}

fn open(meta: &Metadata) -> bool {
    meta.mode() & (GROUP_WRITES | OTHERS_WRITE) != 0
}

/// Who may write to it besides its owner. The mask of an access list appears as the group bits of
/// the mode.
fn writers(node: &File, meta: &Metadata) -> Option<&'static str> {
    if meta.mode() & OTHERS_WRITE != 0 {
        return Some("can be written by everyone");
    }
    if meta.mode() & GROUP_WRITES == 0 {
        return None;
    }
    if xattrs(node).contains_key("system.posix_acl_access") {
        return Some("can be written by others, by its access list");
    }
    has_members(meta.gid()).then_some("can be written by its group")
}

/// Whether anybody but root is in a group, by its own entry and the accounts of this machine. A
/// group about which nothing is known may have any members.
fn has_members(gid: u32) -> bool {
    if gid == 0 {
        return false;
    }
    let Ok(Some(group)) = Group::from_gid(Gid::from_raw(gid)) else {
        return true;
    };
    let named = group.mem.iter().any(|name| name != "root");
    named || primary(&std::fs::read(PASSWD).unwrap_or_default(), gid)
}

/// Whether a line of passwd(5) has this primary group, other than root's.
fn primary(passwd: &[u8], gid: u32) -> bool {
    let text = String::from_utf8_lossy(passwd);
    text.lines().any(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        fields.get(3).and_then(|field| field.parse().ok()) == Some(gid)
            && fields.get(2) != Some(&"0")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_members_of_their_primary_group() {
        let passwd = b"root:x:0:50:root:/root:/bin/sh\nsyslog:x:104:110::/home/syslog:/bin/false\n";
        assert!(primary(passwd, 110) && !primary(passwd, 50) && !primary(passwd, 104));
    }

    #[test]
    fn the_root_group_has_no_other_members_and_an_unknown_group_may_have() {
        assert!(!has_members(0));
        assert!(has_members(4_294_000_000), "nothing is known of it");
    }
}
