//! What makes a finding certain.
//!
//! A file says what somebody wants; the running system says what is. Certain is only what rests on a fact of the running system that cannot
//! be so where logins of this kind go well. [`Verdict::certain`](crate::verdict::Verdict::certain) takes such a fact; what a file says becomes
//! certain through [`Force`] alone, which knows whether the daemon has read it.

use sshmend_facts::Force;

/// The kind of fact that proves a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The processes of this machine: a listener is there or is not, and what its title says.
    Process,
    /// The sockets that listen, and who holds them.
    Sockets,
    /// A counter or a limit of the kernel.
    Kernel,
    /// Rules of the packet filter, routes and bans that are in force.
    Rules,
    /// What the service manager says of a unit.
    Manager,
    /// What a program of this machine answers when it is asked: `sshd -t`, `getent`, `ssh -G`, a ban tool.
    Answer,
    /// What our own connection met.
    Connection,
    /// A log entry of the daemon about itself.
    Log,
    /// A file that is read again for each connection, and after whose last change nobody was let in.
    ReadEachTime,
    /// A setting that the daemon has read.
    InForce(InForce),
}

/// Only a setting that is in force makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InForce(());

impl Proof {
    /// The proof that a setting is in force; `None` where the daemon has not read it, or nobody knows.
    pub(crate) fn in_force(force: &Force) -> Option<Self> {
        (*force == Force::InForce).then_some(Self::InForce(InForce(())))
    }
}
