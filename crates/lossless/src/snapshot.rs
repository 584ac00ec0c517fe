//! The state of a machine as seen: files, directories, answers of programs and of the network.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::bytes::Bytes;
use crate::known::{Kind, Known, Unread};
use crate::missed::Missed;
use crate::request::{CommandOutput, Dial, Dialled, NotRun, Request, journalctl};
use crate::sieve::{Picked, Sieve};

/// Everything captured of one machine, as a value, so that all conclusions from it can be repeated.
///
/// A path that was never requested is *unknown*, which is not the same as missing: see
/// [`Snapshot::entry`]. Every accessor except that one, [`Snapshot::fed`] and [`Snapshot::dialled`]
/// records unanswered lookups as requests: see [`Snapshot::look`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    entries: BTreeMap<PathBuf, Entry>,
    sifted: BTreeMap<(PathBuf, Sieve), Known<Option<Vec<Picked>>>>,
    commands: BTreeMap<Vec<String>, Result<CommandOutput, NotRun>>,
    fed: BTreeMap<(Vec<String>, Vec<u8>), Result<CommandOutput, NotRun>>,
    names: BTreeMap<String, Result<Vec<IpAddr>, String>>,
    dialled: BTreeMap<Dial, Vec<Dialled>>,
    pub(crate) missed: Missed,
}

/// The entry at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// The path does not exist, not even as a dangling link.
    Missing,
    /// A symbolic link whose target does not exist.
    Dangling,
    /// A regular file with its bytes.
    File(FileImage),
    /// A directory with its names, sorted by bytes.
    Directory(Vec<Listed>, Metadata),
    /// Only metadata: the bytes were not requested, or it is a device, socket or pipe.
    Seen(Metadata),
    /// It could not be read.
    Unreadable(Unread),
}

/// A regular file as captured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileImage {
    /// The content.
    pub bytes: Bytes,
    /// Its metadata.
    pub meta: Metadata,
    /// The path after all symbolic links, which is the file to edit.
    pub target: PathBuf,
}

/// The metadata of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The type.
    pub kind: Kind,
    /// Permission bits, `0o7777` at most.
    pub mode: u32,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Size in bytes.
    pub size: u64,
    /// Modification time in seconds since 1970.
    pub mtime: i64,
    /// The fraction of the second, in nanoseconds; 0 if the file system stores whole seconds.
    pub mtime_nanos: u32,
    /// Number of hard links.
    pub links: u64,
    /// Device and inode number.
    pub identity: (u64, u64),
    /// Extended attributes by name: ACLs, the SELinux label, `user.*`.
    pub xattrs: BTreeMap<String, Vec<u8>>,
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// The name, without the directory.
    pub name: std::ffi::OsString,
    /// True for a directory, or a link to one.
    pub directory: bool,
}

impl Snapshot {
    /// The entry at `path`; `None` if it was never requested. This lookup makes no request.
    pub fn entry(&self, path: &Path) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// The regular file at `path`; `None` if it does not exist.
    ///
    /// # Errors
    /// The reason why it is unknown: it was not requested, could not be read, is not a regular
    /// file, or is a dangling link.
    pub fn read(&self, path: &Path) -> Known<Option<&FileImage>> {
        self.or_missed(self.content(path), || Request::Read(path.to_owned()))
    }

    fn content(&self, path: &Path) -> Known<Option<&FileImage>> {
        match self.entries.get(path) {
            Some(Entry::File(image)) => Ok(Some(image)),
            Some(Entry::Missing) => Ok(None),
            Some(Entry::Dangling) => Err(Unread::Dangling),
            Some(Entry::Directory(..)) => Err(Unread::NotAFile(Kind::Directory)),
            Some(Entry::Seen(meta)) if meta.kind != Kind::File => Err(Unread::NotAFile(meta.kind)),
            Some(Entry::Seen(_)) | None => Err(Unread::NotAsked),
            Some(Entry::Unreadable(why)) => Err(why.clone()),
        }
    }

    /// The lines that a sieve picks out of the file at `path`; `None` if the file does not exist.
    ///
    /// # Errors
    /// As for [`Snapshot::read`].
    pub fn sifted(&self, path: &Path, sieve: &Sieve) -> Known<Option<Vec<Picked>>> {
        match self.sifted.get(&(path.to_owned(), sieve.clone())) {
            Some(answer) => answer.clone(),
            None => {
                let sift = || Request::Sift(path.to_owned(), sieve.clone());
                let image = self.or_missed(self.content(path), sift)?;
                Ok(image.map(|image| sieve.pick_from(&image.bytes)))
            }
        }
    }

    /// The names in the directory at `path`; `None` if there is no such directory.
    ///
    /// # Errors
    /// The reason why they are unknown: the directory was not requested, or could not be listed.
    pub fn names(&self, path: &Path) -> Known<Option<&[Listed]>> {
        self.or_missed(self.listed(path), || Request::List(path.to_owned()))
    }

    fn listed(&self, path: &Path) -> Known<Option<&[Listed]>> {
        match self.entries.get(path) {
            Some(Entry::Directory(names, _)) => Ok(Some(names)),
            Some(Entry::Seen(meta)) if meta.kind == Kind::Directory => Err(Unread::NotAsked),
            Some(Entry::Missing | Entry::Dangling | Entry::File(_) | Entry::Seen(_)) => Ok(None),
            Some(Entry::Unreadable(why)) => Err(why.clone()),
            None => Err(Unread::NotAsked),
        }
    }

    /// The metadata of the entry at `path`, links followed; `None` if it does not exist.
    ///
    /// # Errors
    /// The reason why it is unknown: it was not requested, could not be read, or is a dangling
    /// link.
    pub fn metadata(&self, path: &Path) -> Known<Option<&Metadata>> {
        self.or_missed(self.surface(path), || Request::Stat(path.to_owned()))
    }

    fn surface(&self, path: &Path) -> Known<Option<&Metadata>> {
        match self.entries.get(path) {
            Some(
                Entry::File(FileImage { meta, .. }) | Entry::Directory(_, meta) | Entry::Seen(meta),
            ) => Ok(Some(meta)),
            Some(Entry::Missing) => Ok(None),
            Some(Entry::Dangling) => Err(Unread::Dangling),
            Some(Entry::Unreadable(why)) => Err(why.clone()),
            None => Err(Unread::NotAsked),
        }
    }

    /// Records the request if the answer is unknown for lack of one.
    fn or_missed<T>(&self, known: Known<T>, request: impl FnOnce() -> Request) -> Known<T> {
        if matches!(known, Err(Unread::NotAsked)) {
            self.missed.add(request());
        }
        known
    }

    /// The same for an answer that may be missing.
    fn or_asked<T>(&self, answer: Option<T>, request: impl FnOnce() -> Request) -> Option<T> {
        if answer.is_none() {
            self.missed.add(request());
        }
        answer
    }

    /// The output of a program: `None` if it was never run, `Err` if it gave no answer.
    pub fn command<S: AsRef<str>>(&self, argv: &[S]) -> Option<Result<&CommandOutput, &NotRun>> {
        let argv: Vec<String> = argv.iter().map(|word| word.as_ref().to_owned()).collect();
        let answer = self.commands.get(&argv).map(Result::as_ref);
        self.or_asked(answer, || Request::Run(argv))
    }

    /// What a program answered to these bytes, if it was asked. This lookup makes no request: whoever
    /// makes the plan does not need the answer.
    pub fn fed(&self, argv: &[String], stdin: &[u8]) -> Option<Result<&CommandOutput, &NotRun>> {
        let question = (argv.to_owned(), stdin.to_owned());
        self.fed.get(&question).map(Result::as_ref)
    }

    /// The output of `journalctl` with these arguments; as [`Snapshot::command`].
    pub fn journal(&self, words: &[String]) -> Option<Result<&CommandOutput, &NotRun>> {
        let answer = self.commands.get(&journalctl(words)).map(Result::as_ref);
        self.or_asked(answer, || Request::Journal(words.to_vec()))
    }

    /// All programs that were run, with their answers.
    pub fn commands(&self) -> impl Iterator<Item = (&[String], Result<&CommandOutput, &NotRun>)> {
        self.commands
            .iter()
            .map(|(argv, answer)| (argv.as_slice(), answer.as_ref()))
    }

    /// The addresses of a name: `None` if never requested, `Err` with the resolver's reason.
    pub fn resolved(&self, name: &str) -> Option<Result<&[IpAddr], &str>> {
        let answer = self.names.get(name);
        let answer = answer.map(|answer| answer.as_deref().map_err(String::as_str));
        self.or_asked(answer, || Request::Resolve(name.to_owned()))
    }

    /// The connections with these parameters, in the order in which they were made. This lookup
    /// makes no request: the caller decides how many connections to make.
    pub fn dialled(&self, dial: &Dial) -> &[Dialled] {
        self.dialled.get(dial).map_or(&[], Vec::as_slice)
    }

    /// All paths that were requested, in path order.
    pub fn paths(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_path(), entry))
    }

    /// Whether this request is already answered.
    pub fn answers(&self, request: &Request) -> bool {
        match request {
            Request::Read(path) => self
                .entries
                .get(path)
                .is_some_and(|entry| !matches!(entry, Entry::Seen(_))),
            // The metadata of a directory says nothing about its entries.
            Request::List(path) => {
                self.entries.contains_key(path) && self.listed(path) != Err(Unread::NotAsked)
            }
            Request::Stat(path) => self.entries.contains_key(path),
            Request::Sift(path, sieve) => {
                self.sifted.contains_key(&(path.clone(), sieve.clone()))
                    || self.answers(&Request::Read(path.clone()))
            }
            Request::Run(argv) => self.commands.contains_key(argv),
            Request::Feed(argv, stdin) => self.fed(argv, stdin).is_some(),
            Request::Journal(words) => self.commands.contains_key(&journalctl(words)),
            Request::Resolve(name) => self.names.contains_key(name),
            Request::Dial(dial) => self.dialled.contains_key(dial),
        }
    }

    /// Records the entry at a path; a later one replaces an earlier one.
    pub fn insert(&mut self, path: impl Into<PathBuf>, entry: Entry) {
        self.entries.insert(path.into(), entry);
    }

    /// Records the lines that a sieve picked out of a file, or that the file does not exist.
    pub fn insert_sifted(
        &mut self,
        path: impl Into<PathBuf>,
        sieve: Sieve,
        answer: Known<Option<Vec<Picked>>>,
    ) {
        self.sifted.insert((path.into(), sieve), answer);
    }

    /// Adds a file that does not exist yet, its name in its directory, and the directory if it was
    /// known to be missing: for a planned state.
    pub fn insert_new(&mut self, path: impl Into<PathBuf>, entry: Entry) {
        let path = path.into();
        if let Some(parent) = path.parent() {
            if self.entries.get(parent) == Some(&Entry::Missing) {
                let meta = Metadata {
                    kind: Kind::Directory,
                    mode: 0o755,
                    ..Metadata::default()
                };
                self.insert_new(parent.to_owned(), Entry::Directory(Vec::new(), meta));
            }
        }
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
            if let Some(Entry::Directory(names, _)) = self.entries.get_mut(parent) {
                let listed = Listed {
                    name: name.to_owned(),
                    directory: matches!(entry, Entry::Directory(..)),
                };
                if let Err(at) = names.binary_search_by(|known| known.name.cmp(&listed.name)) {
                    names.insert(at, listed);
                }
            }
        }
        self.entries.insert(path, entry);
    }

    /// Gives a file another content, under every path that leads to it; returns the first of these
    /// paths.
    pub(crate) fn rewrite(&mut self, path: &Path, bytes: &Bytes) -> PathBuf {
        let mut first = None;
        let target = match self.entries.get(path) {
            Some(Entry::File(image)) => image.target.clone(),
            _ => return path.to_owned(),
        };
        for (path, entry) in &mut self.entries {
            match entry {
                Entry::File(image) if image.target == target => {
                    image.bytes = bytes.clone();
                    first.get_or_insert_with(|| path.clone());
                }
                _ => {}
            }
        }
        first.unwrap_or_else(|| path.to_owned())
    }

    /// Records that a file is gone, together with its name in its directory.
    pub(crate) fn remove(&mut self, path: &Path) {
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
            if let Some(Entry::Directory(names, _)) = self.entries.get_mut(parent) {
                names.retain(|listed| listed.name != name);
            }
        }
        self.entries.insert(path.to_owned(), Entry::Missing);
    }

    /// Records the output of a program, or the reason why there is none.
    pub fn insert_command(&mut self, argv: Vec<String>, answer: Result<CommandOutput, NotRun>) {
        self.commands.insert(argv, answer);
    }

    /// Records what a program answered to these bytes.
    pub fn insert_fed(
        &mut self,
        argv: Vec<String>,
        stdin: Vec<u8>,
        answer: Result<CommandOutput, NotRun>,
    ) {
        self.fed.insert((argv, stdin), answer);
    }

    /// Records the addresses of a name, or the resolver's reason.
    pub fn insert_resolved(
        &mut self,
        name: impl Into<String>,
        answer: Result<Vec<IpAddr>, String>,
    ) {
        self.names.insert(name.into(), answer);
    }

    /// Records one more connection with these parameters.
    pub fn insert_dialled(&mut self, dial: Dial, dialled: Dialled) {
        self.dialled.entry(dial).or_default().push(dialled);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::snapshot;

    #[test]
    fn a_pattern_finds_a_new_file() {
        let mut seen = snapshot("//- /d/20-b.conf\n//- /d/other\n");
        seen.insert_new("/d/00-a.conf", Entry::Dangling);
        seen.insert_new("/d/20-b.conf", Entry::Dangling);
        let found = seen
            .glob(Path::new("/d/*.conf"))
            .expect("the directory is listed")
            .paths;
        assert_eq!(
            found,
            [Path::new("/d/00-a.conf"), Path::new("/d/20-b.conf")]
        );
    }

    #[test]
    fn a_file_is_present_absent_or_unknown() {
        let text = "//- /f\nx\n//- /gone missing\n//- /d dir\n//- /link dangling\n//- /secret unreadable:Permission denied\n";
        let seen = snapshot(text);
        let read = |path: &str| {
            seen.read(Path::new(path))
                .map(|image| image.map(|image| image.bytes.as_slice()))
        };
        assert_eq!(read("/f"), Ok(Some(&b"x\n"[..])));
        assert_eq!(read("/gone"), Ok(None));
        assert_eq!(read("/d"), Err(Unread::NotAFile(Kind::Directory)));
        assert_eq!(read("/link"), Err(Unread::Dangling));
        assert_eq!(read("/secret"), Err(Unread::Denied));
        assert_eq!(read("/never"), Err(Unread::NotAsked));
        assert_eq!(seen.names(Path::new("/f")), Ok(None));
        assert_eq!(seen.names(Path::new("/secret")), Err(Unread::Denied));
        assert_eq!(seen.metadata(Path::new("/link")), Err(Unread::Dangling));
    }

    #[test]
    fn a_shallow_listing_does_not_answer_a_deeper_request() {
        let path = PathBuf::from("/etc/ssh/sshd_config.d");
        let mut seen = Snapshot::default();
        let answered = |seen: &Snapshot| {
            [
                Request::Stat(path.clone()),
                Request::List(path.clone()),
                Request::Read(path.clone()),
            ]
            .map(|request| seen.answers(&request))
        };
        assert_eq!(answered(&seen), [false, false, false]);
        let meta = |kind| Metadata {
            kind,
            ..Metadata::default()
        };
        seen.insert(&path, Entry::Seen(meta(Kind::Directory)));
        assert_eq!(answered(&seen), [true, false, false]);
        seen.insert(&path, Entry::Seen(meta(Kind::File)));
        assert_eq!(answered(&seen), [true, true, false]);
        seen.insert(&path, Entry::Directory(Vec::new(), meta(Kind::Directory)));
        assert_eq!(answered(&seen), [true, true, true]);
    }

    #[test]
    fn a_new_file_creates_its_directory() {
        let mut seen = snapshot("//- /etc/x\n//- /etc/d missing\n");
        seen.insert_new("/etc/d/a.conf", Entry::Dangling);
        assert_eq!(
            seen.glob(Path::new("/etc/*/a.conf"))
                .expect("all is listed")
                .paths,
            [Path::new("/etc/d/a.conf")]
        );
    }
}
