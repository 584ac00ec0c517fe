//! A file system after a power failure: synced data is present, and of the rest whatever had
//! reached the disk.
//!
//! Content and mode are durable once the file is synced, names once the folder is (fsync(2)).
//! Unsynced data may be there or not, in any order.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// A write of a command to a file system, by paths below its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Write {
    /// A new, empty file.
    Create(PathBuf, u32),
    /// Bytes at the end of a file.
    Append(PathBuf, Vec<u8>),
    /// A file is cut to this length.
    Cut(PathBuf, usize),
    Mode(PathBuf, u32),
    MakeDirectory(PathBuf, u32),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Remove(PathBuf),
    /// A file or a folder is made durable.
    Sync(PathBuf),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Node {
    File(Vec<u8>, u32),
    Directory(u32),
    Symlink(PathBuf),
}

/// Every path with its content.
pub(crate) type Tree = BTreeMap<PathBuf, Node>;

/// The object that a name refers to.
#[derive(Debug, Clone)]
enum Named {
    Inode(usize),
    Other(Node),
}

#[derive(Debug, Clone, Default)]
struct Inode {
    now: (Vec<u8>, u32),
    /// `None` until it was synced once: then it is empty.
    durable: Option<(Vec<u8>, u32)>,
}

/// Names that came or went together and may be lost.
#[derive(Debug, Clone)]
struct Pending {
    folder: PathBuf,
    names: Vec<(PathBuf, Option<Named>)>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct FileSystem {
    inodes: Vec<Inode>,
    now: BTreeMap<PathBuf, Named>,
    durable: BTreeMap<PathBuf, Named>,
    pending: Vec<Pending>,
}

impl FileSystem {
    /// The tree at `root`, all of it durable.
    pub(crate) fn of(root: &Path) -> io::Result<Self> {
        let (mut system, mut folders) = (Self::default(), vec![root.to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                let meta = fs::symlink_metadata(&path)?;
                let mode = meta.permissions().mode() & 0o7777;
                let named = if meta.is_dir() {
                    folders.push(path.clone());
                    Named::Other(Node::Directory(mode))
                } else if meta.is_symlink() {
                    Named::Other(Node::Symlink(fs::read_link(&path)?))
                } else {
                    let content = (fs::read(&path)?, mode);
                    system.inodes.push(Inode {
                        durable: Some(content.clone()),
                        now: content,
                    });
                    Named::Inode(system.inodes.len() - 1)
                };
                let place = path.strip_prefix(root).unwrap_or(&path);
                system.now.insert(place.to_owned(), named);
            }
        }
        system.durable = system.now.clone();
        Ok(system)
    }

    /// Carries one write out.
    ///
    /// # Errors
    /// If it names something that does not exist: the log was not understood.
    pub(crate) fn write(&mut self, write: &Write) -> Result<(), String> {
        match write {
            Write::Create(path, mode) => {
                self.inodes.push(Inode {
                    now: (Vec::new(), *mode),
                    durable: None,
                });
                let named = Named::Inode(self.inodes.len() - 1);
                self.change(path, vec![(path.clone(), Some(named))]);
            }
            Write::Append(path, bytes) => self.inode(path)?.now.0.extend(bytes),
            Write::Cut(path, length) => self.inode(path)?.now.0.resize(*length, 0),
            Write::Mode(path, mode) => match self.now.get_mut(path) {
                Some(Named::Inode(number)) => self.inodes[*number].now.1 = *mode,
                // Without its mode a folder of ours has a stricter one: it counts as durable at once.
                Some(named) => {
                    let node = Named::Other(Node::Directory(*mode));
                    *named = node.clone();
                    for names in self.pending.iter_mut().map(|pending| &mut pending.names) {
                        let same = names.iter_mut().filter(|(name, _)| name == path);
                        same.for_each(|(_, named)| *named = Some(node.clone()));
                    }
                }
                None => return Err(format!("{} is not there", path.display())),
            },
            Write::MakeDirectory(path, mode) => {
                let named = Named::Other(Node::Directory(*mode));
                self.change(path, vec![(path.clone(), Some(named))]);
            }
            Write::Rename(from, to) => {
                let named = self.named(from)?;
                self.change(to, vec![(from.clone(), None), (to.clone(), Some(named))]);
            }
            Write::Link(from, to) => {
                let named = self.named(from)?;
                self.change(to, vec![(to.clone(), Some(named))]);
            }
            Write::Remove(path) => {
                self.named(path)?;
                self.change(path, vec![(path.clone(), None)]);
            }
            Write::Sync(path) => self.sync(path),
        }
        Ok(())
    }

    fn named(&self, path: &Path) -> Result<Named, String> {
        let named = self.now.get(path).cloned();
        named.ok_or_else(|| format!("{} is not there", path.display()))
    }

    fn inode(&mut self, path: &Path) -> Result<&mut Inode, String> {
        match self.named(path)? {
            Named::Inode(number) => Ok(&mut self.inodes[number]),
            Named::Other(_) => Err(format!("{} is not a file", path.display())),
        }
    }

    fn change(&mut self, path: &Path, names: Vec<(PathBuf, Option<Named>)>) {
        put(&mut self.now, &names);
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        self.pending.push(Pending { folder, names });
    }

    fn sync(&mut self, path: &Path) {
        if let Some(Named::Inode(number)) = self.now.get(path) {
            let inode = &mut self.inodes[*number];
            inode.durable = Some(inode.now.clone());
            return;
        }
        let (synced, rest) = self
            .pending
            .drain(..)
            .partition(|pending| pending.folder == path);
        self.pending = rest;
        let synced: Vec<Pending> = synced;
        for pending in &synced {
            put(&mut self.durable, &pending.names);
        }
    }

    /// The trees that are possible after a power failure now, each with what is lost.
    pub(crate) fn after_a_cut(&self) -> Vec<(String, Tree)> {
        let all = self.pending.len();
        let mut found = vec![
            (
                "nothing is lost".to_owned(),
                self.tree(&|_| true, Content::Now),
            ),
            (
                "all is lost".to_owned(),
                self.tree(&|_| false, Content::Durable),
            ),
            (
                "contents are lost".to_owned(),
                self.tree(&|_| true, Content::Durable),
            ),
        ];
        for one in 0..all {
            let name = self.pending[one].names.last();
            let name = name.map_or_else(String::new, |(name, _)| name.display().to_string());
            found.push((
                format!("only {name} is not"),
                self.tree(&|other| other == one, Content::Durable),
            ));
            found.push((
                format!("{name} is lost"),
                self.tree(&|other| other != one, Content::Now),
            ));
        }
        found
    }

    fn tree(&self, reached: &dyn Fn(usize) -> bool, content: Content) -> Tree {
        let mut names = self.durable.clone();
        for (_, pending) in self
            .pending
            .iter()
            .enumerate()
            .filter(|(number, _)| reached(*number))
        {
            put(&mut names, &pending.names);
        }
        let mut tree = Tree::new();
        // A folder sorts before its content.
        for (path, named) in names {
            let folder = path.parent().unwrap_or(Path::new(""));
            let is_there =
                folder == Path::new("") || matches!(tree.get(folder), Some(Node::Directory(_)));
            if is_there {
                tree.insert(path, self.node(named, content));
            }
        }
        tree
    }

    fn node(&self, named: Named, content: Content) -> Node {
        match named {
            Named::Other(node) => node,
            Named::Inode(number) => {
                let inode = &self.inodes[number];
                let (bytes, mode) = match content {
                    Content::Now => inode.now.clone(),
                    Content::Durable => inode
                        .durable
                        .clone()
                        .unwrap_or_else(|| (Vec::new(), inode.now.1)),
                };
                Node::File(bytes, mode)
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Content {
    Now,
    Durable,
}

fn put(names: &mut BTreeMap<PathBuf, Named>, changes: &[(PathBuf, Option<Named>)]) {
    for (name, named) in changes {
        match named {
            Some(named) => _ = names.insert(name.clone(), named.clone()),
            None => _ = names.remove(name),
        }
    }
}

/// Makes a tree true at `root`, which is emptied first.
pub(crate) fn lay(tree: &Tree, root: &Path) -> io::Result<()> {
    if root.exists() {
        fs::remove_dir_all(root)?;
    }
    fs::create_dir(root)?;
    for (path, node) in tree {
        let path = root.join(path);
        let mode = match node {
            Node::Directory(mode) => {
                fs::create_dir(&path)?;
                mode
            }
            Node::File(bytes, mode) => {
                fs::write(&path, bytes)?;
                mode
            }
            Node::Symlink(target) => {
                symlink(target, &path)?;
                continue;
            }
        };
        fs::set_permissions(&path, Permissions::from_mode(*mode))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> Node {
        Node::File(text.into(), 0o600)
    }

    /// A tree with one file, `a`.
    fn system() -> (tempfile::TempDir, FileSystem) {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a"), "old").unwrap();
        fs::set_permissions(root.path().join("a"), Permissions::from_mode(0o600)).unwrap();
        let system = FileSystem::of(root.path()).unwrap();
        (root, system)
    }

    fn may_hold(system: &FileSystem, name: &str, node: Option<&Node>) -> bool {
        let trees = system.after_a_cut().into_iter();
        trees
            .map(|(_, tree)| tree.get(Path::new(name)).cloned())
            .any(|found| found.as_ref() == node)
    }

    #[test]
    fn a_rename_before_the_content_is_synced_may_leave_an_empty_file() {
        for synced in [false, true] {
            let (_root, mut system) = system();
            let mut writes = vec![
                Write::Create("b".into(), 0o600),
                Write::Append("b".into(), b"new".to_vec()),
            ];
            if synced {
                writes.push(Write::Sync("b".into()));
            }
            writes.push(Write::Rename("b".into(), "a".into()));
            for write in &writes {
                system.write(write).unwrap();
            }
            assert_eq!(may_hold(&system, "a", Some(&file(""))), !synced);
            assert!(may_hold(&system, "a", Some(&file("old"))));
            system.write(&Write::Sync(PathBuf::new())).unwrap();
            assert!(!may_hold(&system, "a", Some(&file("old"))));
            assert_eq!(may_hold(&system, "a", Some(&file(""))), !synced);
        }
    }

    #[test]
    fn losing_a_folder_loses_its_files() {
        let (_root, mut system) = system();
        for write in [
            Write::MakeDirectory("d".into(), 0o700),
            Write::Create("d/b".into(), 0o600),
            Write::Sync("d/b".into()),
            Write::Sync("d".into()),
        ] {
            system.write(&write).unwrap();
        }
        assert!(may_hold(&system, "d/b", None) && may_hold(&system, "d/b", Some(&file(""))));
        system.write(&Write::Sync(PathBuf::new())).unwrap();
        assert!(!may_hold(&system, "d/b", None));
    }

    #[test]
    fn writes_to_missing_files_are_not_ignored() {
        let (_root, mut system) = system();
        assert!(system.write(&Write::Remove("c".into())).is_err());
        assert!(
            system
                .write(&Write::Append("c".into(), Vec::new()))
                .is_err()
        );
    }
}
