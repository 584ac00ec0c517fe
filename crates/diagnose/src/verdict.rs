//! A cause, and its result.

use std::path::Path;

use sshmend_facts::{Facts, Force, Known, Question, Unchecked, Vantage};
use sshmend_ssh_log::CauseName;

use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof, Ruled};

/// A cause of dying connections: its name, its gate and its judges.
#[derive(Debug, Clone, Copy)]
pub struct Cause {
    /// The name in commands, JSON and documentation; it never changes.
    pub name: CauseName,
    /// The gate at which it acts.
    pub gate: Gate,
    /// Its page, `docs/causes/NAME.md`.
    pub(crate) page: &'static str,
    pub(crate) judges: Judges,
}

/// The judges of a cause, for either end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judges {
    /// Judges the view from the server itself.
    pub(crate) server: Judge,
    /// Judges the view from the client.
    pub(crate) client: Judge,
}

impl Judges {
    /// The judges of a cause that can be seen from the server only.
    pub(crate) const fn server(server: Judge) -> Self {
        Self { server, ..UNSEEN }
    }

    /// The judges of a cause that can be seen from the client only.
    pub(crate) const fn client(client: Judge) -> Self {
        Self { client, ..UNSEEN }
    }

    /// The judges of a cause that can be seen from both ends.
    pub(crate) const fn both(server: Judge, client: Judge) -> Self {
        Self { server, client }
    }
}

/// Judges the facts.
pub(crate) type Judge = fn(&Facts<'_>, &mut Verdict);

/// A cause that cannot be seen from either end; its file names the judges that exist.
pub(crate) const UNSEEN: Judges = Judges {
    server: silent,
    client: silent,
};

/// The judge of a cause that cannot be seen from this end.
fn silent(_: &Facts<'_>, _: &mut Verdict) {}

/// The places at which a connection can fail, in the order in which it meets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gate {
    /// The client, before it sends anything.
    Client,
    /// The path between the machines.
    Network,
    /// The packet filter of the server.
    Firewall,
    /// The kernel's queues of the server.
    Kernel,
    /// The program that accepts connections.
    Listener,
    /// Its decision to keep an accepted connection.
    Accept,
    /// The process that serves the connection.
    Session,
    /// TCP wrappers.
    Wrappers,
    /// Identification strings and key exchange.
    Exchange,
    /// The proof who the server is.
    HostKey,
    /// The proof who the user is, and whether it may log in.
    Authentication,
    /// The connection after login.
    Established,
}

impl Gate {
    /// All gates, in the order in which a connection meets them.
    pub const ALL: [Self; 12] = [
        Self::Client,
        Self::Network,
        Self::Firewall,
        Self::Kernel,
        Self::Listener,
        Self::Accept,
        Self::Session,
        Self::Wrappers,
        Self::Exchange,
        Self::HostKey,
        Self::Authentication,
        Self::Established,
    ];

    /// The word in the JSON form.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Network => "network",
            Self::Firewall => "firewall",
            Self::Kernel => "kernel",
            Self::Listener => "listener",
            Self::Accept => "accept",
            Self::Session => "session",
            Self::Wrappers => "wrappers",
            Self::Exchange => "exchange",
            Self::HostKey => "host-key",
            Self::Authentication => "authentication",
            Self::Established => "established",
        }
    }

    /// The task of the gate, in an administrator's words.
    pub fn title(self) -> &'static str {
        match self {
            Self::Client => "the client begins",
            Self::Network => "the network carries it",
            Self::Firewall => "the firewall lets it in",
            Self::Kernel => "the kernel queues it",
            Self::Listener => "sshd listens",
            Self::Accept => "sshd accepts it",
            Self::Session => "a process serves it",
            Self::Wrappers => "TCP wrappers allow it",
            Self::Exchange => "keys are exchanged",
            Self::HostKey => "the host key is known",
            Self::Authentication => "the user logs in",
            Self::Established => "the session stays up",
        }
    }
}

/// The answer of one cause.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) cause: &'static Cause,
    pub(crate) findings: Vec<Finding>,
    pub(crate) unchecked: Vec<Unchecked>,
    pub(crate) excluded: Option<Ruled>,
    /// Whether the client's messages about the cause are already accounted for.
    pub(crate) settled: bool,
}

impl Cause {
    /// The judge of this cause for the end in question.
    pub(crate) fn judge(&self, question: &Question) -> Judge {
        match question.vantage {
            Vantage::Server(_) => self.judges.server,
            Vantage::Client(_) | Vantage::Transcript(_) => self.judges.client,
        }
    }
}

impl Verdict {
    /// The verdict before anything is known about the cause.
    pub(crate) fn of(cause: &'static Cause) -> Self {
        Self {
            cause,
            findings: Vec::new(),
            unchecked: Vec::new(),
            excluded: None,
            settled: false,
        }
    }

    /// The fact when it is known; otherwise it is noted as unchecked.
    pub(crate) fn look<T>(&mut self, fact: Known<T>) -> Option<T> {
        fact.map_err(|unchecked| self.unchecked.push(unchecked))
            .ok()
    }

    /// Adds a finding that a fact of the running system proves.
    pub(crate) fn certain(&mut self, proof: Proof, summary: impl Into<String>) -> &mut Finding {
        self.find(proof.certain(), summary)
    }

    /// Adds a finding that the facts suggest.
    pub(crate) fn likely(&mut self, summary: impl Into<String>) -> &mut Finding {
        self.find(Certainty::Likely, summary)
    }

    /// Adds a finding that the facts allow.
    pub(crate) fn possible(&mut self, summary: impl Into<String>) -> &mut Finding {
        self.find(Certainty::Possible, summary)
    }

    /// Adds a finding caused by a setting of the files, as certain as it is that the daemon applies
    /// it; `None` if a login succeeded in spite of it.
    pub(crate) fn by_force(&mut self, force: &Force, summary: &str) -> Option<&mut Finding> {
        let finding = match force {
            Force::InForce | Force::Unknown => match Proof::in_force(force) {
                Some(proof) => self.certain(proof, summary),
                None => self.likely(summary),
            },
            Force::Unread(path) => {
                let unread = format!(
                    "{summary}; sshd has not read {} since it was written",
                    path.display()
                );
                self.possible(unread).latent_if(true)
            }
            Force::Refuted => return None,
        };
        Some(finding)
    }

    /// Adds a finding caused by files that are read for each connection: certain, unless someone
    /// was admitted since they were written.
    pub(crate) fn by_files(
        &mut self,
        facts: &Facts<'_>,
        files: &[impl AsRef<Path>],
        summary: &str,
    ) -> &mut Finding {
        match Proof::read_each_time(facts, files) {
            Some(proof) => self.certain(proof, summary),
            None => self.likely(summary),
        }
    }

    /// Adds a finding of this certainty.
    pub(crate) fn find(
        &mut self,
        certainty: Certainty,
        summary: impl Into<String>,
    ) -> &mut Finding {
        let at = self.findings.len();
        self.findings
            .push(Finding::new(self.cause.name, certainty, summary));
        &mut self.findings[at]
    }

    /// The reason why the cause is excluded, which requires that everything could be checked.
    pub(crate) fn exclusion(&self) -> Option<&str> {
        self.excluded
            .as_ref()
            .map(|ruled| ruled.why.as_str())
            .filter(|_| self.findings.is_empty() && self.unchecked.is_empty())
    }

    /// Like [`Verdict::exclude`], and also overrides the client's messages in our own attempt.
    pub(crate) fn settle(&mut self, by: Fact, why: impl Into<String>) {
        self.exclude(by, why);
        self.settled = true;
    }

    /// Excludes this cause by a fact, with the reason.
    pub(crate) fn exclude(&mut self, by: Fact, why: impl Into<String>) {
        self.excluded.get_or_insert(Ruled {
            by,
            why: why.into(),
        });
    }

    /// Excludes this cause by the value of a keyword, if the daemon applies that value.
    pub(crate) fn exclude_by_setting(&mut self, facts: &Facts<'_>, key: &str, why: &str) {
        let by = match facts.setting(key) {
            Ok(Some(setting)) => Fact::in_force(&facts.force(setting)),
            // This release does not know the keyword.
            Ok(None) => facts.release().map(|_| Fact::Program),
            Err(_) => None,
        };
        if let Some(by) = by {
            self.exclude(by, why);
        }
    }
}
