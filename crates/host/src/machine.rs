//! The machine, which answers requests.

use std::fs::File;
use std::net::{IpAddr, ToSocketAddrs};
use std::path::Path;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use sshmend_lossless::{
    Beside, Dial, DialEnd, Dialled, Entry, FileImage, Meanwhile, Request, Snapshot, Unread, beside,
    journalctl, threads,
};

use crate::dial::dial;
use crate::failure::{FileError, Why, reason};
use crate::look::{Depth, look, see};
use crate::name_service::{addresses, more};
use crate::path::Root;
use crate::programs::{Programs, runs_a_program};
use crate::sift::sift;
use crate::trust::Purpose;

/// The time a connection may be silent before the next one is opened in parallel.
const SILENCE: Duration = Duration::from_secs(3);

/// The time limit for resolving a name.
const RESOLVE: Duration = Duration::from_secs(10);

/// The least number of files that are worth a thread.
const SHARE: usize = 32;

/// The running machine, or a disk mounted below a directory.
#[derive(Debug)]
pub struct Machine {
    pub(crate) root: Root,
    pub(crate) programs: Programs,
}

impl Machine {
    /// The running machine.
    pub fn live() -> Self {
        Self::at(Root::Live)
    }

    /// The disk mounted at `root`, an absolute path.
    ///
    /// # Errors
    /// If `root` is not a directory, cannot be opened, or is reached through another user's link.
    pub fn below(root: &Path) -> Result<Self, FileError> {
        let found = Root::Live
            .locate(root, Purpose::Enter)
            .map_err(FileError::at(root))?;
        if found.meta.is_dir() {
            return Ok(Self::at(Root::Below(found.node)));
        }
        Err(FileError::new(root, Why::WrongKind("a directory")))
    }

    fn at(root: Root) -> Self {
        Self {
            root,
            programs: Programs::default(),
        }
    }

    /// True for the running machine.
    pub fn is_live(&self) -> bool {
        self.root.is_live()
    }

    /// Runs `judge` and answers its requests until none is missing, and returns its last result.
    pub fn look<T>(&self, snapshot: &mut Snapshot, judge: impl FnMut(&Snapshot) -> T) -> T {
        snapshot.fill(judge, |requests, snapshot, meanwhile| {
            self.answer_with(requests, snapshot, meanwhile);
        })
    }

    /// Answers all requests and records the answers: programs run in parallel, names are resolved
    /// meanwhile, and files are read.
    pub fn answer_all(&self, requests: &[Request], snapshot: &mut Snapshot) {
        self.answer_with(requests, snapshot, &mut |_| Vec::new());
    }

    /// The same, together with what is foreseen once the files are read.
    fn answer_with(
        &self,
        requests: &[Request],
        snapshot: &mut Snapshot,
        meanwhile: &mut Meanwhile<'_>,
    ) {
        let (mut names, mut round) = (Vec::new(), Vec::new());
        for request in requests {
            match request {
                Request::Resolve(name) => names.push(name.as_str()),
                request => round.push(request.clone()),
            }
        }
        let (programs, resolved) = thread::scope(|scope| {
            let resolving: Vec<_> = names
                .iter()
                .map(|name| beside(scope, || self.resolve(name)))
                .collect();
            let mut running = Vec::new();
            while !round.is_empty() {
                let (programs, files): (Vec<Request>, Vec<Request>) =
                    round.drain(..).partition(runs_a_program);
                // Without files there is nothing to do meanwhile.
                if files.is_empty() {
                    running.push(Beside::Done(self.run_all(&programs)));
                } else if !programs.is_empty() {
                    running.push(beside(scope, move || self.run_all(&programs)));
                    // The thread may begin on the core of this one, and would wait for the files.
                    thread::yield_now();
                }
                self.answer_files(&files, snapshot);
                if !(running.is_empty() || files.is_empty()) {
                    round = meanwhile(snapshot);
                }
            }
            let resolved: Vec<_> = resolving.into_iter().map(Beside::join).collect();
            let answers = running.into_iter().flat_map(Beside::join);
            (answers.collect::<Vec<_>>(), resolved)
        });
        for (request, answer) in programs {
            match request {
                Request::Feed(argv, stdin) => snapshot.insert_fed(argv, stdin, answer),
                Request::Journal(words) => snapshot.insert_command(journalctl(&words), answer),
                Request::Run(argv) => snapshot.insert_command(argv, answer),
                _ => {}
            }
        }
        for (name, answer) in names.into_iter().zip(resolved) {
            snapshot.insert_resolved(name, answer);
        }
    }

    fn answer_files(&self, requests: &[Request], snapshot: &mut Snapshot) {
        let mut whole = Vec::new();
        for request in requests {
            match request {
                Request::Read(path) => whole.push(path.as_path()),
                request => self.answer(request, snapshot),
            }
        }
        for (path, entry) in whole.iter().zip(self.read_all(&whole)) {
            snapshot.insert(*path, entry);
        }
    }

    /// Reads files on all cores: they may be those of all processes.
    fn read_all(&self, paths: &[&Path]) -> Vec<Entry> {
        let read = |paths: &[&Path]| -> Vec<Entry> {
            let entries = paths.iter();
            entries
                .map(|path| look(&self.root, path, Depth::Content))
                .collect()
        };
        let share = paths.len().div_ceil(threads().get()).max(SHARE);
        let (own, others) = paths.split_at(share.min(paths.len()));
        thread::scope(|scope| {
            let others: Vec<_> = others
                .chunks(share)
                .map(|paths| beside(scope, move || read(paths)))
                .collect();
            let mut entries = read(own);
            entries.extend(others.into_iter().flat_map(Beside::join));
            entries
        })
    }

    fn resolve(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        if self.is_live() {
            resolve(name)
        } else {
            Err("not resolved under --root".to_owned())
        }
    }

    /// Answers one request and records the answer; a program is run and a connection made each time
    /// it is requested.
    pub fn answer(&self, request: &Request, snapshot: &mut Snapshot) {
        match request {
            Request::Read(path) => snapshot.insert(path, look(&self.root, path, Depth::Content)),
            Request::List(path) => self.look_once(path, Depth::Names, snapshot),
            Request::Stat(path) => self.look_once(path, Depth::Surface, snapshot),
            Request::Sift(path, sieve) => {
                let answer = sift(&self.root, path, sieve);
                snapshot.insert_sifted(path, sieve.clone(), answer);
            }
            Request::Run(_) | Request::Feed(..) | Request::Journal(_) | Request::Resolve(_) => {
                self.answer_all(std::slice::from_ref(request), snapshot);
            }
            Request::Dial(to) => snapshot.insert_dialled(to.clone(), self.dial(to)),
        }
    }

    /// Reads a file, following all links; `None` if it does not exist.
    ///
    /// # Errors
    /// If it is not a regular file, a dangling link, cannot be read, or another user's link leads
    /// root to it.
    pub fn read(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        self.read_for(path, Purpose::Read)
    }

    /// Reads a file of the state folder; refused if another user could have created it, or written
    /// to it since.
    ///
    /// # Errors
    /// As for [`Machine::read`], and if another user could have created it.
    pub fn read_kept(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        self.read_for(path, Purpose::Keep)
    }

    fn read_for(&self, path: &Path, purpose: Purpose) -> Result<Option<FileImage>, FileError> {
        match see(&self.root, path, Depth::Content, purpose) {
            Ok(Entry::File(image)) => Ok(Some(image)),
            Ok(_) => Err(FileError::new(path, Why::WrongKind("a regular file"))),
            Err(Why::Missing) if self.root.is_link(path) => {
                Err(FileError::new(path, Unread::Dangling.into()))
            }
            Err(Why::Missing) => Ok(None),
            Err(why) => Err(FileError::new(path, why)),
        }
    }

    /// Checks whether root may write at `path`, which need not exist, or trust its content.
    ///
    /// # Errors
    /// If another user could have redirected the path, by a directory or a link on it as it was
    /// named.
    pub fn trust(&self, path: &Path) -> Result<(), FileError> {
        match self.root.locate(path, Purpose::Write) {
            Err(why @ Why::Untrusted { .. }) => Err(FileError::new(path, why)),
            _ => Ok(()),
        }
    }

    /// Opens a file for reading piece by piece, for logs that may be long.
    ///
    /// # Errors
    /// If it is not a regular file, does not exist or must not be read.
    pub fn open(&self, path: &Path) -> Result<File, FileError> {
        let located = self
            .root
            .locate(path, Purpose::Read)
            .map_err(FileError::at(path))?;
        if !located.meta.is_file() {
            return Err(FileError::new(path, Why::WrongKind("a regular file")));
        }
        located.open().map_err(FileError::at(path))
    }

    /// A complete entry is not replaced by a less complete one.
    fn look_once(&self, path: &Path, depth: Depth, snapshot: &mut Snapshot) {
        let known = match snapshot.entry(path) {
            Some(Entry::File(_) | Entry::Directory(..)) => true,
            Some(Entry::Seen(meta)) => {
                depth == Depth::Surface || meta.kind != sshmend_lossless::Kind::Directory
            }
            _ => false,
        };
        if !known {
            snapshot.insert(path, look(&self.root, path, depth));
        }
    }

    /// Opens connections one after the other; `between` runs after each. While one is silent, the
    /// next is opened in parallel, so that waiting for both takes no longer than for one.
    pub fn dial_in_turn(&self, dials: &[Dial], between: &dyn Fn(&Dialled)) -> Vec<Dialled> {
        thread::scope(|scope| {
            let mut made: Vec<Beside<'_, Dialled>> = Vec::new();
            let mut last: Option<Receiver<Dialled>> = None;
            for dial in dials {
                let before = last.and_then(|last| last.recv_timeout(SILENCE).ok());
                if let Some(before) = before {
                    between(&before);
                }
                let (sender, receiver) = mpsc::channel();
                made.push(beside(scope, move || {
                    let dialled = self.dial(dial);
                    // Nobody waits for it if the next one was opened meanwhile.
                    let _ = sender.send(dialled.clone());
                    dialled
                }));
                last = Some(receiver);
            }
            made.into_iter().map(Beside::join).collect()
        })
    }

    fn dial(&self, to: &Dial) -> Dialled {
        if self.is_live() {
            return dial(to);
        }
        let end = DialEnd::Failed("not dialled under --root".to_owned());
        Dialled {
            connected_after: None,
            received: Vec::new(),
            end,
            ended_after: Duration::ZERO,
        }
    }
}

/// getaddrinfo(3) has no time limit: a thread that outlives ours is abandoned.
fn resolve(name: &str) -> Result<Vec<IpAddr>, String> {
    let (sender, receiver) = mpsc::channel();
    let asked = name.to_owned();
    let thread = thread::Builder::new();
    thread
        .spawn(move || drop(sender.send(ask_resolver(&asked))))
        .map_err(|error| format!("no thread to ask in: {}", reason(&error)))?;
    let found = receiver
        .recv_timeout(RESOLVE)
        .map_err(|_| format!("no answer within {} s", RESOLVE.as_secs()))??;
    let mut addresses: Vec<IpAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

/// All that the resolver has, as often as it says it.
fn ask_resolver(name: &str) -> Result<Vec<IpAddr>, String> {
    let found = (name, 0).to_socket_addrs();
    found
        .map(|found| found.map(|address| address.ip()).collect())
        .or_else(|error| {
            let addresses = addresses(&more("ahosts", name));
            if addresses.is_empty() {
                Err(reason(&error))
            } else {
                Ok(addresses)
            }
        })
}
