//! What makes a finding certain, and what excludes a cause.
//!
//! A file shows an intention; the running system shows the state. A finding is certain only if it
//! rests on a fact of the running system that is incompatible with successful logins of this kind.
//! [`Proof::certain`] is the only way to [`Certainty::Certain`]; the content of a file becomes
//! certain through [`Force`] alone, which knows whether the daemon has read it.
//!
//! Only a fact to the contrary excludes a cause. No variant of [`Fact`] represents a log without
//! entries: sshd may not log it, and the log may begin later.

use std::path::Path;

use sshmend_facts::{Facts, Force};

/// Only a `Proof` makes one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Proven(());

/// The certainty of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// The facts leave no other explanation: there is a proof.
    Certain(Proven),
    /// The facts fit, and few others would.
    Likely,
    /// There is no evidence against it.
    Possible,
}

impl Certainty {
    /// Whether the facts leave no other explanation.
    pub fn is_certain(self) -> bool {
        matches!(self, Self::Certain(_))
    }

    /// Likely if it holds, else possible.
    pub(crate) fn likely_if(condition: bool) -> Self {
        if condition {
            Self::Likely
        } else {
            Self::Possible
        }
    }

    /// The word in the JSON form.
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
    /// The processes of this machine: whether a listener exists, and its title.
    Process,
    /// The sockets that listen, and who holds them.
    Sockets,
    /// A counter or a limit of the kernel, and what its log says that it did.
    Kernel,
    /// Rules of the packet filter, routes and bans that are in force.
    Rules,
    /// The service manager's report about a unit.
    Manager,
    /// The output of a program on this machine: `sshd -t`, `getent`, `ssh -G`, a ban tool.
    Answer,
    /// The result of our own connection.
    Connection,
    /// The client's output about the connection in question.
    Printed,
    /// A log entry of the daemon about the client or the account in question, or about the daemon
    /// itself.
    Log,
    /// A file that is read again for each connection, and after whose last change nobody was
    /// admitted.
    ReadEachTime(Token),
    /// A setting that the daemon has read.
    InForce(Token),
    /// A file of a mounted disk: nothing runs, and the next start reads it.
    AtNextStart(Token),
}

/// A positive fact that excludes a cause.
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
    /// The service manager's report about a unit, or that there is no such unit.
    Manager,
    /// The output of a program on this machine.
    Answer,
    /// The result of our own connection.
    Connection,
    /// The client's output about the connection in question.
    Printed,
    /// A login went well since.
    Login,
    /// The program: its release, its libraries, or that it is not installed.
    Program,
    /// All of the files that decide were read.
    Files,
    /// A setting that the daemon has read.
    InForce(Token),
}

/// A cause that is ruled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ruled {
    /// The kind of fact that excludes it.
    pub(crate) by: Fact,
    /// One sentence, without full stop.
    pub(crate) why: String,
}

/// Only this file can create one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token(());

impl Proof {
    /// As certain as a proof makes it.
    pub(crate) fn certain(self) -> Certainty {
        Certainty::Certain(Proven(()))
    }

    /// The proof that a setting is in force; `None` if the daemon has not read it, or if that is
    /// unknown.
    pub(crate) fn in_force(force: &Force) -> Option<Self> {
        (*force == Force::InForce).then_some(Self::InForce(Token(())))
    }

    /// The proof that files read for each connection take effect; `None` if someone was admitted
    /// after their last change, or if the time of that change is unknown.
    pub(crate) fn read_each_time(facts: &Facts<'_>, files: &[impl AsRef<Path>]) -> Option<Self> {
        (facts.was_let_in_since(files) == Some(false)).then_some(Self::ReadEachTime(Token(())))
    }

    /// The proof that the files take effect at the next start; `None` on a running machine, where
    /// the program itself can be run.
    pub(crate) fn at_next_start(facts: &Facts<'_>) -> Option<Self> {
        facts
            .question
            .offline
            .then_some(Self::AtNextStart(Token(())))
    }
}

impl Fact {
    /// The fact that a setting is in force; `None` if the daemon has not read it, or if that is
    /// unknown.
    pub(crate) fn in_force(force: &Force) -> Option<Self> {
        (*force == Force::InForce).then_some(Self::InForce(Token(())))
    }
}
