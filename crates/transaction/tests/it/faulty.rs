//! A machine whose effects fail.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use sshmend_host::{Change, Compared, FileError, Lock, LockError, Machine, Why};
use sshmend_lossless::{FileImage, Metadata};
use sshmend_transaction::Disk;

/// The kind of failure at one effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It fails.
    Fails,
    /// It happens and reports a failure, as when the fsync after a rename fails.
    FailsAfterwards,
    /// The power fails before it.
    PowerCut,
    /// The power fails after it.
    PowerCutAfterwards,
    /// From here on the disk is full: files can only be removed and read.
    DiskFull,
}

pub(crate) const FAULTS: [Fault; 5] = [
    Fault::Fails,
    Fault::FailsAfterwards,
    Fault::PowerCut,
    Fault::PowerCutAfterwards,
    Fault::DiskFull,
];

/// A machine that counts its effects and lets some of them fail.
#[derive(Debug)]
pub(crate) struct Faulty<'a> {
    machine: &'a Machine,
    faults: RefCell<Vec<(Fault, usize)>>,
    hits: Cell<usize>,
    count: Cell<usize>,
    power: Rc<Cell<bool>>,
}

/// A staged change that stays behind if the power fails.
pub(crate) struct Ready {
    staged: Option<sshmend_host::Staged>,
    power: Rc<Cell<bool>>,
}

impl Drop for Ready {
    fn drop(&mut self) {
        if !self.power.get() {
            std::mem::forget(self.staged.take());
        }
    }
}

impl<'a> Faulty<'a> {
    pub(crate) fn new(machine: &'a Machine, faults: &[(Fault, usize)]) -> Self {
        let (hits, count, power) = (Cell::new(0), Cell::new(0), Rc::new(Cell::new(true)));
        Self {
            machine,
            faults: RefCell::new(faults.to_vec()),
            hits,
            count,
            power,
        }
    }

    /// Schedules a failure `after` effects from now.
    pub(crate) fn strike(&self, fault: Fault, after: usize) {
        self.faults
            .borrow_mut()
            .push((fault, self.count.get() + after));
    }

    /// The number of failures.
    pub(crate) fn hits(&self) -> usize {
        self.hits.get()
    }

    /// The number of effects.
    pub(crate) fn effects(&self) -> usize {
        self.count.get()
    }

    /// Counts one effect and returns its fault, if any.
    fn count(&self) -> Option<Fault> {
        let number = self.count.replace(self.count.get() + 1);
        let hits =
            |fault: Fault, at: usize| number == at || (fault == Fault::DiskFull && number > at);
        let found = self
            .faults
            .borrow()
            .iter()
            .find(|(fault, at)| hits(*fault, *at))
            .map(|(fault, _)| *fault);
        self.hits
            .set(self.hits.get() + usize::from(found.is_some()));
        found
    }

    fn effect<T>(
        &self,
        path: &Path,
        writes: bool,
        act: impl FnOnce() -> Result<T, FileError>,
    ) -> Result<T, FileError> {
        let fault = self.count();
        let failed = |why: &str| Err(FileError::new(path, Why::Other(why.to_owned())));
        if !self.power.get() {
            return failed("no power");
        }
        match fault {
            Some(Fault::DiskFull) if writes => Err(FileError::new(path, Why::Full)),
            None | Some(Fault::DiskFull) => act(),
            Some(Fault::Fails) => failed("fault"),
            Some(Fault::FailsAfterwards) => act().and(failed("fault afterwards")),
            Some(Fault::PowerCut) => {
                self.power.set(false);
                failed("no power")
            }
            Some(Fault::PowerCutAfterwards) => {
                let done = act();
                self.power.set(false);
                done.and(failed("no power"))
            }
        }
    }
}

impl Disk for Faulty<'_> {
    type Staged = Ready;
    type Lock = Lock;

    fn lock(&self, directory: &Path, holder: &str) -> Result<Lock, LockError> {
        self.machine.lock(directory, holder)
    }

    fn read(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        self.effect(path, false, || self.machine.read(path))
    }

    fn compare(&self, path: &Path, captured: &FileImage) -> Result<Compared, FileError> {
        self.effect(path, false, || self.machine.compare(path, captured))
    }

    fn names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError> {
        self.effect(path, false, || self.machine.names(path))
    }

    fn read_kept(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        self.effect(path, false, || self.machine.read_kept(path))
    }

    fn kept_names(&self, path: &Path) -> Result<Option<Vec<OsString>>, FileError> {
        self.effect(path, false, || self.machine.kept_names(path))
    }

    fn keep_inode(
        &self,
        path: &Path,
        captured: &FileImage,
        state: &Self,
        to: &Path,
    ) -> Result<bool, FileError> {
        self.effect(path, false, || {
            self.machine.keep_inode(path, captured, state.machine, to)
        })
    }

    fn stage(&self, path: &Path, change: Change<'_>, temporary: &str) -> Result<Ready, FileError> {
        self.effect(path, !matches!(change, Change::Remove), || {
            let staged = Some(self.machine.stage(path, change, temporary)?);
            Ok(Ready {
                staged,
                power: Rc::clone(&self.power),
            })
        })
    }

    fn publish(&self, mut ready: Ready) -> Result<(), FileError> {
        self.effect(Path::new("/publish"), false, || {
            ready.staged.take().unwrap().publish()
        })
    }

    fn discard(&self, path: &Path, temporary: &str) -> Result<(), FileError> {
        self.effect(path, false, || self.machine.discard(path, temporary))
    }

    fn make_directories(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<PathBuf>, FileError> {
        self.effect(path, true, || {
            self.machine.make_directories(path, attributes)
        })
    }

    fn remove_directory(&self, path: &Path) -> Result<bool, FileError> {
        self.effect(path, false, || self.machine.remove_directory(path))
    }
}
