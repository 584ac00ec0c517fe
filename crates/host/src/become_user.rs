//! Gives up root for good: what is done in a user's own directory is done as that user.

use std::ffi::CString;

use nix::errno::Errno;
use nix::unistd::{
    Gid, Uid, getegid, geteuid, getgid, getuid, initgroups, setresgid, setresuid, setuid,
};

use crate::account::Account;

/// Why this process is not that user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BecomeError {
    /// A system call said no.
    #[error("cannot become {user}: {call}: {}", errno.desc())]
    Refused {
        /// The user.
        user: String,
        /// The system call.
        call: &'static str,
        /// Its answer.
        errno: Errno,
    },
    /// It looked as if it had worked, but root could be had again.
    #[error("cannot become {0} for good: root could be had again")]
    NotForGood(String),
}

/// Makes the whole process that user, with that user's groups, and checks that there is no way back.
///
/// To be called before any file is opened and before any thread is started, for what is open stays open. When the
/// process is that user already nothing is done.
///
/// # Errors
/// When a system call refuses, or when root could be had again; the process must then end.
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
