//! Mode, owner and extended attributes: read from an open file, written to an open file.

use std::collections::BTreeMap;
use std::fs::{File, Metadata as Stat};
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use rustix::buffer::spare_capacity;
use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fremovexattr, fsetxattr, getxattr, listxattr};
use rustix::io::Errno;
use sshmend_lossless::{Kind, Metadata};

use crate::failure::{Why, reason};

/// Extended attributes by name.
pub(crate) type Xattrs = BTreeMap<String, Vec<u8>>;

/// The kernel's own limits (`XATTR_LIST_MAX`, `XATTR_SIZE_MAX`).
const MAX_XATTR: usize = 65536;

/// Signatures of the content, which would be wrong for a changed file.
const NEVER_KEPT: [&str; 2] = ["security.ima", "security.evm"];

/// The metadata of an open file.
pub(crate) fn metadata(file: &File, stat: &Stat) -> Metadata {
    Metadata {
        kind: kind(stat),
        mode: stat.mode() & 0o7777,
        uid: stat.uid(),
        gid: stat.gid(),
        size: stat.size(),
        mtime: stat.mtime(),
        mtime_nanos: u32::try_from(stat.mtime_nsec()).unwrap_or_default(),
        links: stat.nlink(),
        identity: (stat.dev(), stat.ino()),
        xattrs: xattrs(file),
    }
}

pub(crate) fn kind(stat: &Stat) -> Kind {
    if stat.is_file() {
        Kind::File
    } else if stat.is_dir() {
        Kind::Directory
    } else {
        Kind::Other
    }
}

/// A descriptor opened only for its path (`O_PATH`) must be read through /proc; attributes that
/// cannot be read count as absent.
pub(crate) fn xattrs(file: &File) -> Xattrs {
    let by_name = format!("/proc/self/fd/{}", file.as_raw_fd());
    let names =
        sized(|room| flistxattr(file, room)).or_else(|_| sized(|room| listxattr(&by_name, room)));
    let value = |name: &str| {
        sized(|room| fgetxattr(file, name, room))
            .or_else(|_| sized(|room| getxattr(&by_name, name, room)))
    };
    names_of(&names.unwrap_or_default())
        .filter(|name| !NEVER_KEPT.contains(&name.as_str()))
        .filter_map(|name| value(&name).ok().map(|value| (name, value)))
        .collect()
}

fn sized(
    read: impl FnOnce(rustix::buffer::SpareCapacity<'_, u8>) -> Result<usize, Errno>,
) -> Result<Vec<u8>, Errno> {
    let mut bytes = Vec::with_capacity(MAX_XATTR);
    read(spare_capacity(&mut bytes))?;
    Ok(bytes)
}

fn names_of(list: &[u8]) -> impl Iterator<Item = String> {
    let names = list
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty());
    names.filter_map(|name| String::from_utf8(name.to_vec()).ok())
}

/// Gives an open file exactly these attributes, and removes what the directory's default ACL added.
pub(crate) fn set_xattrs(file: &File, wanted: &Xattrs) -> Result<(), Why> {
    let present = xattrs(file);
    for name in present.keys().filter(|name| !wanted.contains_key(*name)) {
        match fremovexattr(file, name) {
            Err(errno) if name != "security.selinux" => return Err(not_kept(name, errno)),
            _ => {}
        }
    }
    for (name, value) in wanted
        .iter()
        .filter(|(name, value)| present.get(*name) != Some(*value))
    {
        fsetxattr(file, name, value, XattrFlags::empty()).map_err(|errno| not_kept(name, errno))?;
    }
    Ok(())
}

fn not_kept(name: &str, errno: Errno) -> Why {
    Why::Attribute {
        name: name.to_owned(),
        reason: reason(&errno.into()),
    }
}
