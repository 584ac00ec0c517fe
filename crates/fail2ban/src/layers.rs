//! The files that fail2ban reads, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sshmend_lossless::{Kind, Known, Snapshot, Unread, os_text};

use crate::document::Document;
use crate::interpolate::{Failure, Interpolation};
use crate::item::Item;
use crate::merged::Merged;
use crate::python::is_space;
use crate::release::Dialect;

/// The section that names further files.
const INCLUDES: &str = "INCLUDES";
/// Python's recursion limit ends a chain of includes near this length.
const MAX_DEPTH: usize = 480;
/// Files (with repetitions) beyond which we stop following includes.
const MAX_FILES: usize = 10_000;

/// One file that was opened.
#[derive(Debug)]
pub(crate) struct SourceFile {
    pub(crate) path: Arc<Path>,
    pub(crate) document: Document,
}

/// An error that stops fail2ban while it collects its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LoadFailure {
    /// The directory of the configuration does not exist.
    NoDirectory,
    /// A file that Python refuses; its faults say why.
    Refused(usize),
    /// The value of `before` or `after` cannot be interpolated.
    Interpolation(Failure),
    /// A NUL byte in the name of a file; the file that includes it, if any.
    NulInName(Option<usize>),
    /// Files that include one another without end.
    Endless(usize),
}

/// The files of one configuration name (`jail`, `fail2ban`, `filter.d/sshd`, …), merged.
#[derive(Debug, Default)]
pub(crate) struct Stack {
    /// In reading order; a file can come twice.
    pub(crate) read: Vec<usize>,
    /// Files of the layers (not includes) that exist and could not be read.
    pub(crate) missed: Vec<PathBuf>,
    /// False if there is no file for any layer.
    pub(crate) exists: bool,
    pub(crate) merged: Merged,
}

/// Reads files out of a snapshot.
pub(crate) struct Loader<'a> {
    snapshot: &'a Snapshot,
    directory: &'a Path,
    pub(crate) files: Vec<SourceFile>,
    index: BTreeMap<OsString, Option<usize>>,
    /// fail2ban caches the includes of a list of files, whoever asked first.
    includes: BTreeMap<Vec<OsString>, Vec<usize>>,
    /// Files that are not UTF-8: their path and the offset.
    pub(crate) undecodable: BTreeSet<usize>,
    /// Files that could not be read here, so that it is unknown what fail2ban finds in them.
    pub(crate) unread: BTreeMap<PathBuf, Unread>,
    /// The words of the files that `ignoreip` names.
    words: BTreeMap<PathBuf, Option<Arc<[Item]>>>,
}

impl<'a> Loader<'a> {
    pub(crate) fn new(snapshot: &'a Snapshot, directory: &'a Path) -> Self {
        Self {
            snapshot,
            directory,
            files: Vec::new(),
            index: BTreeMap::new(),
            includes: BTreeMap::new(),
            undecodable: BTreeSet::new(),
            unread: BTreeMap::new(),
            words: BTreeMap::new(),
        }
    }

    /// `ConfigReaderUnshared.read`: all layers of a name with their includes.
    pub(crate) fn stack(&mut self, name: &str) -> Result<Stack, LoadFailure> {
        if let Ok(None) | Err(Unread::Dangling) = self.snapshot.metadata(self.directory) {
            return Err(LoadFailure::NoDirectory);
        }
        if name.contains('\0') {
            return Err(LoadFailure::NulInName(None));
        }
        let layers = self.layers(name);
        let read = if layers.is_empty() {
            Vec::new()
        } else {
            self.includes(&layers, &[])?
        };
        let mut merged = Merged::default();
        for &file in &read {
            merged.lay(file, &self.files[file].document);
        }
        let distinct: BTreeSet<usize> = read.iter().copied().collect();
        let was_read = |path: &OsString| {
            self.index
                .get(path)
                .copied()
                .flatten()
                .is_some_and(|file| distinct.contains(&file))
        };
        let missed = layers
            .iter()
            .filter(|path| !was_read(path))
            .map(PathBuf::from)
            .collect();
        Ok(Stack {
            missed,
            exists: !layers.is_empty(),
            read,
            merged,
        })
    }

    /// The words of a file that `ignoreip` names, without its comments; `None` when it cannot be read.
    pub(crate) fn words_of(&mut self, path: &Path) -> Option<Arc<[Item]>> {
        if let Some(known) = self.words.get(path) {
            return known.clone();
        }
        let words = self.read_words(path);
        self.words.insert(path.to_owned(), words.clone());
        words
    }

    fn read_words(&mut self, path: &Path) -> Option<Arc<[Item]>> {
        if !self.exists(path.as_os_str()) {
            return None;
        }
        // Without the file it is unknown what the entry exempts: no conclusion is drawn.
        let text = String::from_utf8_lossy(&self.snapshot.read(path).ok()??.bytes);
        let without_comment = |line: &str| {
            let starts = line.match_indices(['#', ';']).map(|(at, _)| at);
            let comment = starts
                .into_iter()
                .find(|&at| line[..at].chars().next_back().is_none_or(is_space));
            line[..comment.unwrap_or(line.len())].to_owned()
        };
        let lines: Vec<String> = text.lines().map(without_comment).collect();
        let words = |line: &String| {
            Dialect::From111
                .words(line)
                .into_iter()
                .map(|word| Item::parse(&line[word], Dialect::V11))
                .collect::<Vec<_>>()
        };
        Some(lines.iter().flat_map(words).collect())
    }

    /// `NAME.conf`, `NAME.d/*.conf`, `NAME.local`, `NAME.d/*.local`: those that exist.
    fn layers(&mut self, name: &str) -> Vec<OsString> {
        let base = self.directory.join(name).into_os_string();
        let with = |suffix: &str| {
            let mut path = base.clone();
            path.push(suffix);
            path
        };
        let folder = PathBuf::from(with(".d"));
        let mut layers = Vec::new();
        for suffix in [".conf", ".local"] {
            layers.push(with(suffix));
            layers.extend(self.list(&folder, suffix));
        }
        layers.retain(|path| self.exists(path));
        layers
    }

    fn list(&mut self, folder: &Path, suffix: &str) -> Vec<OsString> {
        let names = match self.snapshot.names(folder) {
            Ok(names) => names.unwrap_or_default(),
            Err(Unread::NotAsked) => return Vec::new(),
            Err(why) => {
                self.note_unread(folder, why);
                return Vec::new();
            }
        };
        let wanted = names.iter().map(|listed| &listed.name);
        let wanted = wanted.filter(|name| {
            let name = name.as_encoded_bytes();
            name.ends_with(suffix.as_bytes()) && !name.starts_with(b".")
        });
        let mut paths: Vec<OsString> = wanted
            .map(|name| folder.join(name).into_os_string())
            .collect();
        paths.sort();
        paths
    }

    /// `os.path.exists`: links that lead nowhere, or in a circle, are not there for Python either.
    fn exists(&self, path: &OsStr) -> bool {
        !matches!(
            self.snapshot.read(Path::new(path)),
            Ok(None) | Err(Unread::Dangling | Unread::Loop | Unread::NotAsked)
        )
    }

    /// The file as fail2ban opens it; `None` when it cannot, and complains.
    ///
    /// Only a folder in the place of a file is known to be refused to root as well: a device may be empty, and a pipe
    /// would be waited for.
    fn open(&self, path: &Path) -> Known<Option<&'a [u8]>> {
        match self.snapshot.read(path) {
            Ok(image) => Ok(image.map(|image| image.bytes.as_slice())),
            Err(Unread::NotAFile(Kind::Directory) | Unread::Dangling | Unread::Loop) => Ok(None),
            Err(why) => Err(why),
        }
    }

    fn note_unread(&mut self, path: &Path, why: Unread) {
        // A folder that must not be entered hides each file in it; the folder is then the one to be
        // named.
        if !self.unread.keys().any(|known| path.starts_with(known)) {
            self.unread.insert(path.to_owned(), why);
        }
    }

    fn is_file(&self, path: &OsStr) -> bool {
        self.exists(path)
            && self.snapshot.read(Path::new(path)) != Err(Unread::NotAFile(Kind::Directory))
    }

    /// `_getIncludes`: the files with everything they include, in reading order.
    fn includes(
        &mut self,
        paths: &[OsString],
        seen: &[OsString],
    ) -> Result<Vec<usize>, LoadFailure> {
        let paths = self.with_local(paths);
        if let Some(known) = self.includes.get(&paths) {
            return Ok(known.clone());
        }
        let mut files = Vec::new();
        for path in &paths {
            files.extend(self.includes_of(path, seen)?);
        }
        self.includes.insert(paths, files.clone());
        Ok(files)
    }

    /// `_expandConfFilesWithLocal`: with `x.conf`, `x.local` is included, too.
    fn with_local(&mut self, paths: &[OsString]) -> Vec<OsString> {
        let named: BTreeSet<&OsString> = paths.iter().collect();
        let mut expanded = Vec::new();
        for path in paths {
            expanded.push(path.clone());
            let local = local_name(path);
            if !named.contains(&local) && self.is_file(&local) {
                expanded.push(local);
            }
        }
        expanded
    }

    /// `__getIncludesUncached`: what `before` names, the file itself, what `after` names.
    fn includes_of(
        &mut self,
        path: &OsString,
        seen: &[OsString],
    ) -> Result<Vec<usize>, LoadFailure> {
        let Some(file) = self.load(path) else {
            return Ok(Vec::new());
        };
        let document = &self.files[file].document;
        if !document.faults.is_empty() {
            return Err(LoadFailure::Refused(file));
        }
        if document.undecodable.is_some() {
            self.undecodable.insert(file);
            return Ok(Vec::new());
        }
        if seen.len() > MAX_DEPTH {
            let first = seen.first().and_then(|path| self.load(path));
            return Err(LoadFailure::Endless(first.unwrap_or(file)));
        }
        let mut files = self.named(file, "before", path, seen)?;
        files.push(file);
        files.extend(self.named(file, "after", path, seen)?);
        if files.len() > MAX_FILES {
            Err(LoadFailure::Endless(file))
        } else {
            Ok(files)
        }
    }

    fn named(
        &mut self,
        file: usize,
        option: &str,
        path: &OsString,
        seen: &[OsString],
    ) -> Result<Vec<usize>, LoadFailure> {
        let merged = Merged::of(file, &self.files[file].document, INCLUDES);
        if merged.section(INCLUDES).is_none() {
            return Ok(Vec::new());
        }
        let value = Interpolation::new(&merged, INCLUDES)
            .get(option)
            .map_err(LoadFailure::Interpolation)?;
        let Some(value) = value else {
            return Ok(Vec::new());
        };
        let folder = PathBuf::from(directory_of(path));
        let deeper: Vec<OsString> = seen.iter().chain([path]).cloned().collect();
        let mut files = Vec::new();
        for name in value.text().split('\n') {
            if name.contains('\0') {
                return Err(LoadFailure::NulInName(Some(file)));
            }
            let included = folder.join(name).into_os_string();
            if !seen.contains(&included) {
                files.extend(self.includes(&[included], &deeper)?);
            }
        }
        Ok(files)
    }

    /// The index of a file, when it can be opened.
    fn load(&mut self, path: &OsString) -> Option<usize> {
        if let Some(known) = self.index.get(path) {
            return *known;
        }
        if !self.exists(path) {
            return None;
        }
        let loaded = match self.open(Path::new(path)) {
            Ok(Some(bytes)) => {
                self.files.push(SourceFile {
                    path: Path::new(path).into(),
                    document: Document::parse(bytes),
                });
                Some(self.files.len() - 1)
            }
            Ok(None) | Err(Unread::NotAsked) => None,
            Err(why) => {
                self.note_unread(Path::new(path), why);
                None
            }
        };
        self.index.insert(path.clone(), loaded);
        loaded
    }
}

/// `os.path.dirname`: unlike `Path::parent`, it keeps a `.` in the middle.
fn directory_of(path: &OsStr) -> OsString {
    let bytes = path.as_encoded_bytes();
    let slash = bytes.iter().rposition(|&b| b == b'/').unwrap_or(0);
    os_text(bytes[..slash.max(1).min(bytes.len())].to_vec())
}

/// `os.path.splitext(path)[0] + '.local'`
fn local_name(path: &OsStr) -> OsString {
    let bytes = path.as_encoded_bytes();
    let name = bytes
        .iter()
        .rposition(|&b| b == b'/')
        .map_or(0, |slash| slash + 1);
    let dots = bytes[name..].iter().take_while(|&&b| b == b'.').count();
    let dot = bytes[name + dots..]
        .iter()
        .rposition(|&b| b == b'.')
        .map(|at| name + dots + at);
    os_text([&bytes[..dot.unwrap_or(bytes.len())], b".local"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_local_file_name_is_derived_as_python_splits_extensions() {
        let local = |path: &str| local_name(OsStr::new(path)).into_string().expect("text");
        assert_eq!(
            local("/etc/fail2ban/paths-debian.conf"),
            "/etc/fail2ban/paths-debian.local"
        );
        assert_eq!(local("/e.d/name"), "/e.d/name.local");
        assert_eq!(local("/e/.conf"), "/e/.conf.local");
        assert_eq!(local("/e/..a.b.c"), "/e/..a.b.local");
        assert_eq!(local("/e/"), "/e/.local");
    }
}
