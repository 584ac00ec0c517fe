//! What makes a finding certain, and what rules a cause out.
//!
//! A file says what somebody wants; the running system says what is. Certain is only what rests on a fact of the running system that cannot
//! be so where logins of this kind go well. [`Proof::certain`] is the only way to [`Certainty::Certain`]; what a file says becomes certain
//! through [`Force`] alone, which knows whether the daemon has read it.
//!
//! Ruled out is only what a fact speaks against. No variant of [`Fact`] stands for a log in which nothing was found: sshd may not log it, and
//! the log may begin later.

use std::path::Path;

use sshmend_facts::{Facts, Force};

/// Only a `Proof` makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proven(());

/// How sure a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The facts leave no other explanation: there is a proof.
    Certain(Proven),
    /// The facts fit, and few others would.
    Likely,
    /// Nothing speaks against it.
    Possible,
}

impl Certainty {
    /// Whether the facts leave no other explanation.
    pub fn is_certain(self) -> bool {
        matches!(self, Self::Certain(_))
    }

    /// The word of the JSON form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Certain(_) => "certain",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

/// The kind of fact that proves a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The processes of this machine: a listener is there or is not, and what its title says.
    Process,
    /// The sockets that listen, and who holds them.
    Sockets,
    /// A counter or a limit of the kernel, and what its log says that it did.
    Kernel,
    /// Rules of the packet filter, routes and bans that are in force.
    Rules,
    /// What the service manager says of a unit.
    Manager,
    /// What a program of this machine answers when it is asked: `sshd -t`, `getent`, `ssh -G`, a ban tool.
    Answer,
    /// What our own connection met.
    Connection,
    /// What the client printed of the connection that is asked about.
    Printed,
    /// A log entry of the daemon about the client or the account asked about, or about itself.
    Log,
    /// A file that is read again for each connection, and after whose last change nobody was let in.
    ReadEachTime(Token),
    /// A setting that the daemon has read.
    InForce(Token),
    /// A file of a mounted disk: nothing runs, and the next start reads it.
    AtNextStart(Token),
}

/// A positive fact by which a cause is ruled out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fact {
    /// A process runs, or waits, as it should.
    Processes,
    /// All sockets that listen, and who holds them.
    Sockets,
    /// A counter or a limit of the kernel that is not reached.
    Kernel,
    /// All rules of the packet filter, routes and bans that are in force.
    Rules,
    /// What the service manager says of a unit, or that it has no such unit.
    Manager,
    /// What a program of this machine answered when it was asked.
    Answer,
    /// What our own connection met.
    Connection,
    /// What the client printed of the connection that is asked about.
    Printed,
    /// A login went well since.
    Login,
    /// The program: its release, what it is linked with, that it is not installed.
    Program,
    /// All of the files that decide were read.
    Files,
    /// A setting that the daemon has read.
    InForce(Token),
}

/// A cause that is ruled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ruled {
    /// The kind of fact that speaks against it.
    pub(crate) by: Fact,
    /// One sentence, without full stop.
    pub(crate) why: String,
}

/// Nothing outside of this file makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(());

impl Proof {
    /// As sure as a proof makes it.
    pub(crate) fn certain(self) -> Certainty {
        Certainty::Certain(Proven(()))
    }

    /// The proof that a setting is in force; `None` where the daemon has not read it, or nobody knows.
    pub(crate) fn in_force(force: &Force) -> Option<Self> {
        (*force == Force::InForce).then_some(Self::InForce(Token(())))
    }

    /// The proof that files which are read for each connection act; `None` where somebody was let in after their last change, or
    /// nobody knows when that was.
    pub(crate) fn read_each_time(facts: &Facts<'_>, files: &[impl AsRef<Path>]) -> Option<Self> {
        (facts.was_let_in_since(files) == Some(false)).then_some(Self::ReadEachTime(Token(())))
    }

    /// The proof that the files act at the next start; `None` on a running machine, where the program itself can be asked.
    pub(crate) fn at_next_start(facts: &Facts<'_>) -> Option<Self> {
        facts
            .question
            .offline
            .then_some(Self::AtNextStart(Token(())))
    }
}

impl Fact {
    /// The fact that a setting is in force; `None` where the daemon has not read it, or nobody knows.
    pub(crate) fn in_force(force: &Force) -> Option<Self> {
        (*force == Force::InForce).then_some(Self::InForce(Token(())))
    }
}
