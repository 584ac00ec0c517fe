//! Why nothing could be rehearsed.

use std::io;

use nix::errno::Errno;

use crate::failure::reason;

/// The reason why nothing could be rehearsed. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RehearsalUnavailable {
    /// Programs of a mounted disk are not run.
    #[error("not done under --root")]
    NotLive,
    /// A mount namespace requires `CAP_SYS_ADMIN`.
    #[error("a mount namespace takes CAP_SYS_ADMIN")]
    NotPermitted,
    /// A step of the setup failed.
    #[error("{doing}: {reason}")]
    Failed {
        /// The step.
        doing: String,
        /// The reason.
        reason: String,
    },
}

impl RehearsalUnavailable {
    pub(crate) fn step(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |error| match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::EPERM | Errno::EACCES) => Self::NotPermitted,
            _ => Self::Failed {
                doing,
                reason: reason(&error),
            },
        }
    }
}

pub(crate) fn failed(doing: impl Into<String>, reason: impl Into<String>) -> RehearsalUnavailable {
    RehearsalUnavailable::Failed {
        doing: doing.into(),
        reason: reason.into(),
    }
}
