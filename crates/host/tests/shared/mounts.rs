//! Tests that mount something.

use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};

/// Runs `test` in a separate mount namespace.
pub(crate) fn among_own_mounts(test: impl FnOnce() + Send + 'static) {
    std::thread::spawn(|| {
        unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_FS).unwrap();
        change_all_mounts(MsFlags::MS_PRIVATE);
        test();
    })
    .join()
    .unwrap();
}

/// Makes all mounts private or shared.
pub(crate) fn change_all_mounts(propagation: MsFlags) {
    let flags = MsFlags::MS_REC | propagation;
    mount(None::<&str>, "/", None::<&str>, flags, None::<&str>).unwrap();
}

/// Makes `what` appear at `at` too.
pub(crate) fn bind(what: &Path, at: &Path) {
    mount(Some(what), at, None::<&str>, MsFlags::MS_BIND, None::<&str>).unwrap();
}
