//! Whether root may go a path: not where another user could have led it.
//!
//! Whoever owns a directory or a link on the way, or may write into a directory, can make the path lead elsewhere. The
//! path is judged as it was named, step by step and links included, before anything at its end is opened. On a mounted
//! disk nobody else is at work just now, and a plain user has only own rights to lose: neither is asked, but for programs,
//! which would run with those rights.

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

/// The accounts of this machine, by whose primary group a group has members that its own entry does not name.
const PASSWD: &str = "/etc/passwd";

const OWNER: &str = "belongs to another user";

/// What a path is walked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To say what stands there, without its content.
    Look,
    /// To read what stands there. A user's link may lead to files of that user, which tell that user nothing new.
    Read,
    /// To make it the root of a mounted disk: by nobody else's link.
    Enter,
    /// To write there, or to believe what stands there: by nobody else's directory or link.
    Write,
    /// To keep the state there: as for writing, and nobody else may write what stands at the end, or into it.
    Keep,
    /// To run what stands there: the same, of plain users too.
    Run,
}

/// Judges the steps of one walk.
pub(crate) struct Trust {
    purpose: Purpose,
    asked: bool,
    /// Links of other users, with their owners.
    led: Vec<(PathBuf, u32)>,
    /// A directory that another user may write into, and so have chosen what is behind it.
    shared: Option<PathBuf>,
    /// The same of a directory in which others may make entries and not move ours, before the next step is seen.
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

    /// Looks at one step, before the next is taken.
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
        // A directory of root's has one name only, which nobody else can have given it in a sticky one.
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

    /// Judges what was found at the end of the walk, by the name `path`.
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

    /// Nobody learns by us what is in a file of their own; a second name of another's file is as good as a link to it.
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

    /// Whether the kernel may be left to find the end, which it alone can below /proc.
    pub(crate) fn is_unshared(&self) -> bool {
        self.led.is_empty() && self.shared.is_none() && self.sticky.is_none()
    }
}

/// What stands where the state is kept, or is run, belongs to us or to root, and nobody else may write it, sticky or not.
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

/// How another user could make the way lead elsewhere at this step.
///
/// In a sticky directory others can make entries, but neither move nor remove ours.
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

/// Who may write it besides its owner. An access list shows in the mode as what its mask lets the group do.
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

/// Whether anybody but root is in a group, as far as its own entry and the accounts of this machine say; a group that
/// nothing is known about may have any members.
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
    fn a_primary_group_has_its_users_as_members() {
        let passwd = b"root:x:0:50:root:/root:/bin/sh\nsyslog:x:104:110::/home/syslog:/bin/false\n";
        assert!(primary(passwd, 110) && !primary(passwd, 50) && !primary(passwd, 104));
    }

    #[test]
    fn the_group_of_root_and_one_without_members_are_nobody_else() {
        assert!(!has_members(0));
        assert!(has_members(4_294_000_000), "nothing is known of it");
    }
}
