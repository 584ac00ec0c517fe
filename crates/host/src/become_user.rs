//! Gives up root permanently: work in a user's own directory is done as that user.

use std::ffi::CString;

use nix::errno::Errno;
use nix::unistd::{
    Gid, Uid, getegid, geteuid, getgid, getuid, initgroups, setresgid, setresuid, setuid,
};

use crate::account::Account;
use crate::failure::reason;

/// The reason why this process did not become that user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BecomeError {
    /// A system call failed.
    #[error("cannot become {user}: {call}: {}", reason(&(*errno).into()))]
    Refused {
        /// The user.
        user: String,
        /// The name of the system call.
        call: &'static str,
        /// Its answer.
        errno: Errno,
    },
    /// It seemed to work, but root could be regained.
    #[error("cannot become {0} permanently: root could be regained")]
    NotForGood(String),
}

/// Makes the whole process run as that user, with that user's groups, and checks that the change
/// cannot be reverted.
///
/// Must be called before any file is opened and any thread is started, because open descriptors
/// stay open. Does nothing if the process already runs as that user.
///
/// # Errors
/// If a system call fails, or if root could be regained; the process must then end.
pub fn become_user(account: &Account) -> Result<(), BecomeError> {
    let (uid, gid) = (Uid::from_raw(account.uid), Gid::from_raw(account.gid));
    if getuid() == uid && geteuid() == uid {
        return Ok(());
    }
    let refused = |call| {
        move |errno| BecomeError::Refused {
            user: account.name.clone(),
            call,
            errno,
        }
    };
    let name =
        CString::new(account.name.as_str()).map_err(|_| refused("initgroups")(Errno::EINVAL))?;
    initgroups(&name, gid).map_err(refused("initgroups"))?;
    setresgid(gid, gid, gid).map_err(refused("setresgid"))?;
    setresuid(uid, uid, uid).map_err(refused("setresuid"))?;
    if is_for_good(uid, gid) {
        Ok(())
    } else {
        Err(BecomeError::NotForGood(account.name.clone()))
    }
}

fn is_for_good(uid: Uid, gid: Gid) -> bool {
    let became = getuid() == uid && geteuid() == uid && getgid() == gid && getegid() == gid;
    became && (uid.is_root() || setuid(Uid::from_raw(0)).is_err())
}
