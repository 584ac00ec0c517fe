//! Overlays in a private mount namespace: directories that can be written to without being changed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use rustix::fs::{CWD, Mode, OFlags, openat};

use crate::attributes::{metadata, set_xattrs};
use crate::unrehearsed::{RehearsalUnavailable, failed};

/// The directory of most changed files: one overlay serves all of them.
const CONFIGURATION: &str = "/etc";

/// The mount points of this namespace.
#[derive(Debug)]
pub(crate) struct Mounts {
    points: Vec<PathBuf>,
}

/// The overlays laid so far.
#[derive(Debug)]
pub(crate) struct Overlays {
    devices: Vec<u64>,
}

impl Mounts {
    /// Reads `/proc/self/mountinfo` of the calling thread (proc(5)).
    pub(crate) fn read() -> Result<Self, RehearsalUnavailable> {
        let table =
            fs::read("/proc/thread-self/mountinfo").map_err(RehearsalUnavailable::step("/proc"))?;
        let mut points: Vec<PathBuf> = table
            .split(|&byte| byte == b'\n')
            .filter_map(mount_point)
            .collect();
        points.sort();
        points.dedup();
        Ok(Self { points })
    }

    /// The directories to overlay so that all targets can change, the outermost first.
    pub(crate) fn overlay_roots(
        &self,
        targets: &[&Path],
    ) -> Result<Vec<PathBuf>, RehearsalUnavailable> {
        let mut roots: Vec<PathBuf> = targets
            .iter()
            .map(|target| self.overlay_root(target))
            .collect();
        roots.sort();
        let covered =
            |root: &Path, by: &Path| root.starts_with(by) && self.holding(root) == self.holding(by);
        let mut kept: Vec<PathBuf> = Vec::new();
        for root in roots {
            if !kept.iter().any(|by| covered(&root, by)) {
                kept.push(root);
            }
        }
        if kept.iter().any(|root| root.parent().is_none()) {
            return Err(failed(
                "/",
                "an overlay cannot be laid over the whole machine",
            ));
        }
        Ok(kept)
    }

    /// An overlay does not cover what is mounted below it, so it begins at that mount if necessary.
    fn overlay_root(&self, target: &Path) -> PathBuf {
        let directory = target
            .ancestors()
            .skip(1)
            .find(|directory| directory.is_dir())
            .unwrap_or(Path::new("/"));
        let shared = Path::new(CONFIGURATION);
        let base = if directory.starts_with(shared) {
            shared
        } else {
            directory
        };
        let mounted = self.holding(directory);
        if mounted.starts_with(base) {
            mounted.to_owned()
        } else {
            base.to_owned()
        }
    }

    /// The mount point that a path is on.
    fn holding(&self, path: &Path) -> &Path {
        let holding = self.points.iter().filter(|point| path.starts_with(point));
        holding
            .max_by_key(|point| point.as_os_str().len())
            .map_or(Path::new("/"), PathBuf::as_path)
    }

    /// The mount points below a directory, except those below another of them.
    fn below(&self, directory: &Path) -> Vec<&Path> {
        let mut found: Vec<&Path> = Vec::new();
        for point in self
            .points
            .iter()
            .filter(|point| point.starts_with(directory) && *point != directory)
        {
            if !found.iter().any(|outer| point.starts_with(outer)) {
                found.push(point);
            }
        }
        found
    }
}

/// The fifth field of the line, in which blanks and other special bytes are octal escapes.
fn mount_point(line: &[u8]) -> Option<PathBuf> {
    let field = line.split(|&byte| byte == b' ').nth(4)?;
    let mut path = Vec::new();
    let mut rest = field;
    while let Some((&byte, after)) = rest.split_first() {
        let code = after
            .get(..3)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        match code
            .and_then(|digits| u8::from_str_radix(digits, 8).ok())
            .filter(|_| byte == b'\\')
        {
            Some(decoded) => {
                path.push(decoded);
                rest = after.get(3..)?;
            }
            None => {
                path.push(byte);
                rest = after;
            }
        }
    }
    Some(PathBuf::from(OsString::from_vec(path)))
}

impl Overlays {
    /// Separates this namespace from the machine: later mounts are not visible outside.
    pub(crate) fn new() -> Result<Self, RehearsalUnavailable> {
        mount_at(
            "none",
            Path::new("/"),
            None,
            MsFlags::MS_REC | MsFlags::MS_PRIVATE,
            "",
        )
        .map_err(RehearsalUnavailable::step("private mounts"))?;
        Ok(Self {
            devices: Vec::new(),
        })
    }

    /// Mounts an overlay on a directory; mounts below it stay, except the targets themselves.
    pub(crate) fn lay(
        &mut self,
        directory: &Path,
        mounts: &Mounts,
        targets: &[&Path],
    ) -> Result<(), RehearsalUnavailable> {
        let step =
            || RehearsalUnavailable::step(format!("an overlay over {}", directory.display()));
        let kept = mounts
            .below(directory)
            .into_iter()
            .filter(|point| !targets.contains(point));
        let kept = kept.filter(|point| !is_hidden(point));
        let kept: Vec<(&Path, File)> = kept
            .map(|point| Ok((point, open(point)?)))
            .collect::<io::Result<_>>()
            .map_err(step())?;
        overlay(directory).map_err(step())?;
        for (point, file) in kept {
            mount_at(
                &by_number(&file),
                point,
                None,
                MsFlags::MS_BIND | MsFlags::MS_REC,
                "",
            )
            .map_err(step())?;
        }
        self.devices.push(device(directory).map_err(step())?);
        Ok(())
    }

    /// Checks that writing to `path` affects an overlay, and nothing else.
    pub(crate) fn check(&self, path: &Path) -> Result<(), RehearsalUnavailable> {
        let parent = path.parent().unwrap_or(Path::new("/"));
        let device =
            device(parent).map_err(RehearsalUnavailable::step(parent.display().to_string()))?;
        if self.devices.contains(&device) {
            Ok(())
        } else {
            Err(failed(
                path.display().to_string(),
                "no overlay is laid over its directory",
            ))
        }
    }
}

/// The upper layer is a file system in memory that is mounted at the directory itself, and then
/// hidden by the overlay. Everything is named by open descriptors, because by then the paths lead
/// elsewhere.
fn overlay(directory: &Path) -> io::Result<()> {
    let lower = open(directory)?;
    mount_at(
        "tmpfs",
        directory,
        Some("tmpfs"),
        MsFlags::empty(),
        "mode=0700",
    )?;
    let (upper, work) = (directory.join("upper"), directory.join("work"));
    fs::create_dir(&upper)?;
    fs::create_dir(&work)?;
    copy_attributes(&lower, &upper)?;
    let (upper, work) = (open(&upper)?, open(&work)?);
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        by_number(&lower),
        by_number(&upper),
        by_number(&work)
    );
    mount_at(
        "overlay",
        directory,
        Some("overlay"),
        MsFlags::empty(),
        &options,
    )
}

/// The merged directory shows the attributes of the upper one.
fn copy_attributes(from: &File, to: &Path) -> io::Result<()> {
    let stat = from.metadata()?;
    chown(to, Some(stat.uid()), Some(stat.gid()))?;
    fs::set_permissions(to, fs::Permissions::from_mode(stat.mode() & 0o7777))?;
    let attributes = metadata(from, &stat).xattrs;
    set_xattrs(&File::open(to)?, &attributes).map_err(|why| io::Error::other(why.to_string()))
}

/// A mount point hidden by a later mount above it, so that its path leads nowhere.
fn is_hidden(point: &Path) -> bool {
    open(point).is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn open(path: &Path) -> io::Result<File> {
    Ok(openat(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?.into())
}

fn by_number(file: &File) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

fn mount_at(
    source: &str,
    at: &Path,
    kind: Option<&str>,
    flags: MsFlags,
    options: &str,
) -> io::Result<()> {
    Ok(mount(
        Some(source),
        at.as_os_str().as_bytes(),
        kind,
        flags,
        Some(options),
    )?)
}

/// The device number of the nearest directory that exists.
pub(crate) fn device(path: &Path) -> io::Result<u64> {
    match (fs::metadata(path), path.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => device(parent),
        (found, _) => found.map(|meta| meta.dev()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mounts(points: &[&str]) -> Mounts {
        Mounts {
            points: points.iter().map(PathBuf::from).collect(),
        }
    }

    #[test]
    fn the_fifth_field_is_the_mount_point() {
        let line = br"36 35 98:0 /mnt1 /mnt\0402\134x rw,noatime master:1 - ext3 /dev/root rw";
        assert_eq!(mount_point(line), Some(PathBuf::from("/mnt 2\\x")));
        assert_eq!(mount_point(b"36 35"), None);
    }

    #[test]
    fn one_overlay_covers_etc() {
        let targets: Vec<&Path> = ["/etc/hosts.deny", "/etc/hosts.allow", "/tmp/x"]
            .iter()
            .map(Path::new)
            .collect();
        let roots = mounts(&["/", "/etc/resolv.conf"]).overlay_roots(&targets);
        assert_eq!(roots, Ok(vec!["/etc".into(), "/tmp".into()]));
        assert!(mounts(&["/"]).overlay_roots(&[Path::new("/x")]).is_err());
    }

    #[test]
    fn only_the_outermost_mounts_are_carried_over() {
        let mounts = mounts(&["/", "/etc", "/etc/a", "/etc/a/b", "/etcetera", "/run"]);
        assert_eq!(mounts.below(Path::new("/etc")), [Path::new("/etc/a")]);
        assert_eq!(
            mounts.holding(Path::new("/etc/a/b/c")),
            Path::new("/etc/a/b")
        );
    }
}
