//! The state of one run of the command: machine, person, output.

use std::io::Read;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sshmend_facts::Question;
use sshmend_host::{
    Account, Environment, FileError, Lock, LockError, Machine, Why, now, pause, remove_leftovers,
    zone,
};
use sshmend_lossless::{FileChange, Snapshot};
use sshmend_plan::{Person, Wish};
use sshmend_transaction::{Id, Journal, JournalError, Store, Who};

use crate::cli::{Apply, Color, Format, General, Wait};
use crate::error::Failure;
use crate::output::words::shell;
use crate::output::{Output, say};

/// More than any transcript: a longer input is a mistake.
const INPUT_LIMIT: u64 = 64 << 20;

/// The interval between attempts to take a lock that another process holds.
const PULSE: Duration = Duration::from_millis(100);

/// One run of the command.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) machine: Machine,
    pub(crate) environment: Environment,
    pub(crate) output: Output,
    /// The running machine, which holds `--state` even if `--root` is given.
    live: Machine,
    root: Option<PathBuf>,
    state: Option<PathBuf>,
    /// Addresses that must not lose access.
    keep: Vec<IpAddr>,
    /// The changes of the plans made so far; later plans see the machine with them.
    planned: Vec<FileChange>,
    /// The lock of the state folder, where this run has taken it before it looked at anything.
    held: Mutex<Option<Lock>>,
}

impl Session {
    /// Opens the machine that the arguments name.
    pub(crate) fn open(
        general: &General,
        environment: Environment,
        output: Output,
    ) -> Result<Self, Failure> {
        let absolute =
            |path: &Option<PathBuf>| path.as_ref().map(|path| environment.absolute(path));
        let (root, state) = (absolute(&general.root), absolute(&general.state));
        let machine = match &root {
            None => Machine::live(),
            Some(root) => Machine::below(root)
                .map_err(|error| Failure::from_file_of("cannot work below --root", &error))?,
        };
        let machine = machine.telling(say);
        Ok(Self {
            machine,
            environment,
            output,
            live: Machine::live(),
            root,
            state,
            keep: Vec::new(),
            planned: Vec::new(),
            held: Mutex::new(None),
        })
    }

    /// The same person with another tree: this machine for `/`.
    pub(crate) fn at(&self, tree: &Path) -> Result<Self, Failure> {
        let root = (tree != Path::new("/")).then(|| self.environment.absolute(tree));
        if let Some(root) = &root {
            let hint = "name a folder that holds etc; git worktree add FOLDER COMMIT makes one of a commit";
            Machine::below(root).map_err(|error| Failure::from_file(&error).with_hint(hint))?;
        }
        let general = General {
            root,
            state: None,
            format: Format::Text,
            color: Color::Never,
        };
        // Both sessions share the output.
        Self::open(&general, self.environment.clone(), self.output.clone())
    }

    /// Whether `--root` names a tree.
    pub(crate) fn has_root(&self) -> bool {
        self.root.is_some()
    }

    /// The same session, with more addresses that must not lose access.
    pub(crate) fn keeping(mut self, addresses: &[IpAddr]) -> Self {
        self.keep.extend(addresses);
        self
    }

    /// Makes later plans see the machine with these changes as well.
    pub(crate) fn plan_on(&mut self, changes: &[FileChange]) {
        self.planned.extend_from_slice(changes);
    }

    /// Makes later plans see the machine without planned changes.
    pub(crate) fn plan_afresh(&mut self) {
        self.planned.clear();
    }

    /// A path of the command line on the machine being edited, from the root on.
    pub(crate) fn path(&self, path: &Path) -> PathBuf {
        if self.machine.is_live() {
            self.environment.absolute(path)
        } else {
            Path::new("/").join(path)
        }
    }

    /// The path on the running machine of a path on the machine being edited.
    pub(crate) fn outside(&self, path: &Path) -> PathBuf {
        match &self.root {
            Some(root) => root.join(path.strip_prefix("/").unwrap_or(path)),
            None => path.to_owned(),
        }
    }

    /// The same for a file that is to be changed or trusted: its path must not have been redirected
    /// by another user. Checked before anything at its end is read, because what is read is shown.
    pub(crate) fn trusted(&self, path: &Path) -> Result<PathBuf, Failure> {
        let path = self.path(path);
        self.machine
            .trust(&path)
            .map_err(|error| Failure::from_file(&error))?;
        Ok(path)
    }

    /// The same session, after the process has become that user.
    pub(crate) fn of(mut self, account: &Account) -> Self {
        self.environment.uid = account.uid;
        self.environment.gid = account.gid;
        self.environment.home = Some(account.home.clone());
        self.environment.state_home = None;
        self
    }

    /// The command line that requests this wish, for the same machine and state.
    pub(crate) fn command_of(&self, wish: &Wish) -> Vec<String> {
        let argv = wish.argv();
        let words: Vec<&str> = argv.iter().skip(1).map(String::as_str).collect();
        self.command(&words)
    }

    /// The same as a person has to type it: only their own known_hosts is written without root.
    pub(crate) fn command_to_run(&self, wish: &Wish) -> Vec<String> {
        let own = matches!(wish, Wish::KnownHosts(_));
        let needs_root = !own && !self.is_root() && self.machine.is_live();
        let sudo = needs_root.then(|| "sudo".to_owned());
        sudo.into_iter().chain(self.command_of(wish)).collect()
    }

    /// The person who requests the change, for the journal.
    pub(crate) fn who(&self) -> Who {
        let sudo = self.environment.sudo.as_ref();
        Who {
            uid: self.environment.uid,
            sudo_user: sudo.map(|sudo| sudo.user.clone()),
            ssh_connection: self.environment.ssh_connection.clone(),
        }
    }

    /// The command line, for the journal.
    pub(crate) fn argv(&self) -> Vec<String> {
        let words = self.environment.args.iter();
        words
            .map(|word| word.to_string_lossy().into_owned())
            .collect()
    }

    /// The command line of this run, for repeating it.
    pub(crate) fn again(&self) -> Vec<String> {
        let words = self.argv().into_iter().skip(1);
        std::iter::once("sshmend".to_owned()).chain(words).collect()
    }

    /// A command line of sshmend for the same machine and state.
    pub(crate) fn command(&self, words: &[&str]) -> Vec<String> {
        let folders = [("--root", &self.root), ("--state", &self.state)];
        let flags = folders.into_iter().filter_map(|(flag, path)| {
            Some([flag.to_owned(), path.as_ref()?.display().to_string()])
        });
        let command = ["sshmend"].iter().chain(words).map(|&word| word.to_owned());
        command.chain(flags.flatten()).collect()
    }

    /// The options that name the same machine and state, such as ` --root /mnt`.
    pub(crate) fn options(&self) -> String {
        let command = shell(&self.command(&[]));
        command
            .strip_prefix("sshmend")
            .unwrap_or_default()
            .to_owned()
    }

    /// True for root on the running machine, or on a mounted disk.
    pub(crate) fn is_root(&self) -> bool {
        self.environment.uid == 0
    }

    /// The person at the keyboard. On a mounted disk nobody's access is at stake.
    pub(crate) fn person(&self) -> Person {
        let keep = self.keep.clone();
        if !self.machine.is_live() {
            return Person {
                keep,
                ..Person::default()
            };
        }
        let name = |uid| Account::of_uid(uid).map(|account| account.name);
        let sudo = self.environment.sudo.as_ref();
        // Whoever came by SSH may have become others on the way: it is they who have to come in again.
        let login = self.environment.ssh_login;
        let login = login.filter(|&uid| sudo.is_none_or(|sudo| sudo.uid != uid));
        let user = login
            .and_then(name)
            .or_else(|| sudo.map(|sudo| sudo.user.clone()))
            .or_else(|| name(self.environment.uid));
        Person {
            keep,
            ..Person::new(user, self.environment.ssh_connection.as_deref())
        }
    }

    /// The folder for transactions: the given one, else the machine's, else the user's.
    pub(crate) fn state(&self) -> PathBuf {
        match &self.state {
            Some(state) => state.clone(),
            None if self.is_root() || !self.machine.is_live() => {
                Path::new("/var/lib/sshmend").to_owned()
            }
            None => {
                let home = self
                    .environment
                    .home
                    .clone()
                    .unwrap_or_else(|| PathBuf::from("/nonexistent"));
                self.environment
                    .state_home
                    .clone()
                    .unwrap_or_else(|| home.join(".local/state"))
                    .join("sshmend")
            }
        }
    }

    /// The journal in the state folder. If the folder was named it must exist; the default one need
    /// not exist yet.
    pub(crate) fn journal(&self) -> Result<Journal<'_, Machine>, Failure> {
        if self.state.is_some() && !self.has_state()? {
            let message = format!("{}: no such state folder", self.state().display());
            return Err(Failure::trouble(message)
                .with_hint("without --state, the machine's own is looked at"));
        }
        self.journal_to_write()
    }

    /// The same for a command that makes the state folder where it is missing: the journal is empty then.
    pub(crate) fn journal_to_write(&self) -> Result<Journal<'_, Machine>, Failure> {
        self.has_state()?;
        Ok(Journal::new(self.state_disk(), self.state()))
    }

    /// Whether the state folder is there, and nobody else could have filled it.
    fn has_state(&self) -> Result<bool, Failure> {
        let names = self.state_disk().kept_names(&self.state());
        let names = names.map_err(|error| Failure::from_file(&error))?;
        Ok(names.is_some())
    }

    /// Takes the state folder before anything is looked at, where this run is to wait for others and asks nobody: a plan that
    /// was made while another sshmend changed the files would be refused in the end.
    pub(crate) fn hold(&self, flags: &Apply) -> Result<(), Failure> {
        if flags.yes && !flags.dry_run && flags.wait.time.is_some() {
            let purpose = shell(&self.again());
            let lock = self.lock_within(&purpose, flags.wait.time.unwrap_or_default(), || {})?;
            *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(lock);
        }
        Ok(())
    }

    /// Takes exclusive access to the state folder; waits for another process as long as allowed.
    pub(crate) fn store(&self, purpose: &str, wait: Wait) -> Result<Store<'_, Machine>, Failure> {
        self.store_within(purpose, wait.time.unwrap_or_default(), || {})
    }

    /// The same for work that must be done and that nobody would start again: it waits for the lock
    /// as long as it takes and resumes where it was interrupted.
    pub(crate) fn store_in_the_end(&self, purpose: &str) -> Result<Store<'_, Machine>, Failure> {
        let resume = || self.state_disk().resume_holder(&self.state());
        self.store_within(purpose, Duration::MAX, resume)
    }

    fn store_within(
        &self,
        purpose: &str,
        wait: Duration,
        meanwhile: impl Fn(),
    ) -> Result<Store<'_, Machine>, Failure> {
        let held = self.held.lock();
        let lock = match held.unwrap_or_else(PoisonError::into_inner).take() {
            Some(lock) => lock,
            None => self.lock_within(purpose, wait, meanwhile)?,
        };
        let (files, state) = (&self.machine, self.state_disk());
        Ok(Store::locked(files, state, &self.state(), lock))
    }

    fn lock_within(
        &self,
        purpose: &str,
        mut left: Duration,
        meanwhile: impl Fn(),
    ) -> Result<Lock, Failure> {
        if self.machine.is_live() {
            remove_leftovers();
        }
        let (state, mut told) = (self.state(), false);
        loop {
            let error = match Store::lock(self.state_disk(), &state, purpose) {
                Ok(lock) => return Ok(lock),
                Err(error) => error,
            };
            let held = matches!(error, JournalError::Lock(LockError::Held { .. }));
            if !held || left.is_zero() {
                return Err(Failure::from_journal(&error));
            }
            if !told {
                self.output.status(&format!("waiting: {error}"));
                told = true;
            }
            meanwhile();
            pause(PULSE);
            left = left.saturating_sub(PULSE);
        }
    }

    /// The transaction whose name, or beginning of a name, was given on the command line.
    pub(crate) fn transaction(&self, named: &str) -> Result<Id, Failure> {
        let found = self.journal()?.named(named);
        found.map_err(|error| Failure::from_journal(&error))
    }

    /// The disk that holds the state folder.
    pub(crate) fn state_disk(&self) -> &Machine {
        if self.state.is_some() {
            &self.live
        } else {
            &self.machine
        }
    }

    /// Runs `judge` and answers its requests until none is missing, and returns its result. It sees
    /// the machine with everything planned so far.
    pub(crate) fn look<T>(
        &self,
        snapshot: &mut Snapshot,
        mut judge: impl FnMut(&Snapshot) -> T,
    ) -> T {
        if self.planned.is_empty() {
            return self.machine.look(snapshot, judge);
        }
        let said = self
            .machine
            .look(snapshot, |seen| judge(&seen.after(&self.planned)));
        *snapshot = snapshot.after(&self.planned);
        said
    }

    /// Reads a file named on the command line, or standard input for `-`.
    pub(crate) fn read_input(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        if path == Path::new("-") {
            let mut text = Vec::new();
            let read = std::io::stdin()
                .lock()
                .take(INPUT_LIMIT)
                .read_to_end(&mut text);
            return read
                .map(|_| text)
                .map_err(|error| Failure::caused("cannot read standard input", &error));
        }
        let path = self.environment.absolute(path);
        let image = self
            .live
            .read(&path)
            .map_err(|error| Failure::from_named_file(&error))?;
        let missing = || Failure::from_named_file(&FileError::new(&path, Why::Missing));
        image.map(|image| image.bytes.into()).ok_or_else(missing)
    }

    /// Whether a word of the command line names a file that can be read here.
    pub(crate) fn is_file(&self, word: &str) -> bool {
        let path = self.environment.absolute(Path::new(word));
        self.live.open(&path).is_ok()
    }

    /// Reads a trusted file, or standard input for `-`: as root, no file that another user could
    /// have written.
    pub(crate) fn read_believed(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        if self.is_root() && path != Path::new("-") {
            let path = self.environment.absolute(path);
            let kept = self.live.read_kept(&path);
            kept.map_err(|error| {
                let failure = Failure::from_file(&error);
                if matches!(error.why, Why::Untrusted { .. }) {
                    let hint = "make it owned by root and writable by nobody else; or, if you trust its content, give it on standard input, as -";
                    failure.with_hint(hint)
                } else {
                    failure
                }
            })?;
        }
        self.read_input(path)
    }

    /// The question about this machine as the server, with the access that this run has.
    pub(crate) fn question(&self) -> Question {
        let offline = !self.machine.is_live();
        let (privileged, zone) = (self.is_root(), zone());
        Question {
            privileged,
            offline,
            root: self
                .root
                .as_ref()
                .map_or_else(String::new, |root| root.display().to_string()),
            zone,
            ..Question::server(now().as_second())
        }
    }
}
