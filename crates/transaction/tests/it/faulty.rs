//! A machine whose effects fail.

use std::cell::{Cell, RefCell};
use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;

use sshmend_host::{
    Care, Change, Compared, FileError, Lock, LockError, Machine, Staging, Unsynced, Why,
    make_durable, sync_all,
};
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
    waits: Cell<usize>,
    names: Cell<usize>,
    power: Rc<Cell<bool>>,
}

/// A staged change that stays behind if the power fails.
pub(crate) struct Ready {
    staged: Option<sshmend_host::Staged>,
    writes: bool,
    power: Rc<Cell<bool>>,
}

impl Drop for Ready {
    fn drop(&mut self) {
        if !self.power.get() {
            self.staged
                .take()
                .into_iter()
                .for_each(sshmend_host::Staged::leave);
        }
    }
}

impl<'a> Faulty<'a> {
    pub(crate) fn new(machine: &'a Machine, faults: &[(Fault, usize)]) -> Self {
        let [hits, count, waits, names] = [0; 4].map(Cell::new);
        let power = Rc::new(Cell::new(true));
        Self {
            machine,
            faults: RefCell::new(faults.to_vec()),
            hits,
            count,
            waits,
            names,
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

    /// How often it waited for the disk.
    pub(crate) fn waits(&self) -> usize {
        self.waits.get()
    }

    /// How many changed names it made durable.
    pub(crate) fn names(&self) -> usize {
        self.names.get()
    }

    /// Waits for the disk, unless there is `nothing` to wait for.
    fn wait(
        &self,
        nothing: bool,
        act: impl FnOnce() -> Result<(), FileError>,
    ) -> Result<(), FileError> {
        self.waits.set(self.waits.get() + usize::from(!nothing));
        self.effect(Path::new("/sync"), false, act)
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
    type Unsynced = Unsynced;
    type Lock = Lock;

    fn lock(&self, directory: &Path, holder: &str) -> Result<Lock, LockError> {
        self.machine.lock(directory, holder)
    }

    fn read(&self, path: &Path) -> Result<Option<FileImage>, FileError> {
        self.effect(path, false, || self.machine.read(path))
    }

    fn compare(
        &self,
        path: &Path,
        captured: &FileImage,
        care: Care,
    ) -> Result<Compared, FileError> {
        self.effect(path, false, || self.machine.compare(path, captured, care))
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
    ) -> Result<Option<Unsynced>, FileError> {
        self.effect(path, false, || {
            self.machine.keep_inode(path, captured, state.machine, to)
        })
    }

    /// One effect for each change, so that the power fails between them as well.
    fn stage(&self, changes: &[Staging<'_>]) -> Result<Vec<Ready>, FileError> {
        let stage = |staging: &Staging<'_>| {
            let writes = !matches!(staging.change, Change::Remove);
            self.effect(staging.path, writes, || {
                let staged = self.machine.stage_all(std::slice::from_ref(staging))?;
                Ok(Ready {
                    staged: staged.into_iter().next(),
                    writes,
                    power: Rc::clone(&self.power),
                })
            })
        };
        changes.iter().map(stage).collect()
    }

    fn make_durable(&self, staged: &mut [Ready], names: &[Unsynced]) -> Result<(), FileError> {
        self.names.set(self.names.get() + names.len());
        let nothing = names.is_empty() && staged.iter().all(|ready| !ready.writes);
        self.wait(nothing, || {
            let ready = staged.iter_mut().filter_map(|ready| ready.staged.as_mut());
            ready
                .map(std::slice::from_mut)
                .try_for_each(|ready| make_durable(ready, &[]))?;
            sync_all(names)
        })
    }

    fn place(&self, mut ready: Ready) -> Result<Unsynced, FileError> {
        self.effect(Path::new("/place"), false, || {
            ready.staged.take().unwrap().place()
        })
    }

    fn sync(&self, unsynced: Vec<Unsynced>) -> Result<(), FileError> {
        self.names.set(self.names.get() + unsynced.len());
        self.wait(unsynced.is_empty(), || sync_all(&unsynced))
    }

    fn discard(&self, path: &Path, temporary: &str) -> Result<(), FileError> {
        self.effect(path, false, || self.machine.discard(path, temporary))
    }

    fn make_directories(
        &self,
        path: &Path,
        attributes: &Metadata,
    ) -> Result<Vec<Unsynced>, FileError> {
        self.effect(path, true, || self.machine.make_folders(path, attributes))
    }

    fn remove_directory(&self, path: &Path) -> Result<bool, FileError> {
        self.effect(path, false, || self.machine.remove_directory(path))
    }
}
