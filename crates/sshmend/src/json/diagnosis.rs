//! `sshmend.diagnosis/1`.

use serde::Serialize;
use sshmend_facts::Vantage;

use super::census::LogCensus;
use super::failure::Trouble;

use crate::session::Session;

/// `sshmend.diagnosis/1`: the result of `diagnose`.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Diagnosis {
    /// Always `sshmend.diagnosis/1`.
    pub schema: &'static str,
    /// The end of the connection that was examined: `server` or `client`.
    pub vantage: &'static str,
    /// The subject of the diagnosis.
    pub subject: Subject,
    /// The findings in order: the first is the answer.
    pub findings: Vec<Finding>,
    /// The checks that could not be made.
    pub unchecked: Vec<Unchecked>,
    /// Causes that the facts rule out.
    pub excluded: Vec<Excluded>,
    /// Causes that come and go, and were not active when examined from the client: none of them is
    /// ruled out.
    pub not_now: Vec<Excluded>,
    /// The state of each gate, in the order in which a connection meets them.
    pub gates: Vec<AtGate>,
    /// True if nothing was found because most checks need root or could not be made.
    pub inconclusive: bool,
    /// From the client: the number of connections made; absent if there was none.
    pub connections: Option<Connections>,
    /// How much of the named logs was understood; absent if no log was named.
    pub logs: Option<LogCensus>,
    /// The connection attempts in a client's output, in order.
    pub attempts: Vec<Attempt>,
    /// How much of a client's output was understood.
    pub read: Option<Read>,
    /// The error, if it ended in trouble.
    pub error: Option<Trouble>,
}

/// The state of one gate that a connection passes through.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct AtGate {
    /// `client`, `network`, `firewall`, `kernel`, `listener`, `accept`, `session`, `wrappers`, `exchange`, `host-key`,
    /// `authentication` or `established`.
    pub gate: &'static str,
    /// `open`: what was checked lets connections pass; `stopped`: a cause acts there, certainly or
    /// likely; `suspected`: one may act; `unchecked`: part of it could not be checked;
    /// `needs-root`: checking it needs root; `unseen`: it cannot be seen from this end.
    pub passage: &'static str,
    /// The causes that were found there.
    pub causes: Vec<&'static str>,
}

/// Our own connections to the server.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Connections {
    /// The number of attempts.
    pub made: usize,
    /// Those that came as far as the key exchange.
    pub worked: usize,
}

/// One connection attempt in a client's output.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Attempt {
    /// The host as named by a program that drives many hosts, else as the user named it.
    pub name: Option<String>,
    /// The host given to ssh.
    pub host: Option<String>,
    /// The address.
    pub address: Option<String>,
    /// The port.
    pub port: Option<u16>,
    /// The account.
    pub user: Option<String>,
    /// The program or library that made it.
    pub program: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The command that carries the connection; empty if there is one that is not shown.
    pub proxy: Option<String>,
    /// The software version in the server's identification.
    pub server: Option<String>,
    /// The stage reached: `unknown`, `connecting`, `connected`, `identified`, `key-exchange`,
    /// `key-reply`, `encrypted`, `authenticating` or `logged-in`.
    pub stage: &'static str,
    /// Whether it failed; null if the text does not show it.
    pub failed: Option<bool>,
    /// The message with which it failed.
    pub end: Option<Evidence>,
    /// The question that the text cannot decide.
    pub undecided: Option<String>,
    /// The first and the last line that belong to it, counted from 1.
    pub lines: (usize, usize),
}

/// How much of a text was understood.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Read {
    /// The lines of the text.
    pub lines: usize,
    /// Those that are of SSH and understood.
    pub understood: usize,
}

/// The subject of a diagnosis.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Subject {
    /// The client's address, if one was named.
    pub client: Option<String>,
    /// The user, if one was named.
    pub user: Option<String>,
    /// The destination, if examined from the client.
    pub destination: Option<String>,
    /// The process id of the sshd examined, if several listen.
    pub sshd: Option<u32>,
}

/// One cause that the facts point at.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// The name of the cause; never changes.
    pub cause: String,
    /// `certain`, `likely` or `possible`.
    pub certainty: &'static str,
    /// True when it does no harm yet: it strikes at the next restart, reload or upgrade.
    pub latent: bool,
    /// One sentence.
    pub summary: String,
    /// The evidence.
    pub evidence: Vec<Evidence>,
    /// The command that repairs it.
    pub remedy: Option<Remedy>,
    /// Steps to take by hand, or through others.
    pub steps: Vec<String>,
    /// The attempts in a client's output that this finding explains, as indices into `attempts`.
    pub attempts: Vec<usize>,
    /// The hosts of these attempts, if they are named.
    pub hosts: Vec<String>,
}

/// One piece of evidence.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Evidence {
    /// A path, a command line, or `journal`.
    pub source: String,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
    /// The text.
    pub text: String,
    /// The place of the fault in the line, if known.
    pub mark: Option<Mark>,
}

/// A place in a line of a file.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Mark {
    /// The complete line of the file.
    pub line: String,
    /// The first character that is meant, counted from 1.
    pub column: usize,
    /// The number of characters marked.
    pub length: usize,
    /// What is wrong with them.
    pub label: String,
}

/// A command that repairs a finding when run as printed.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Remedy {
    /// The command line, the program first.
    pub argv: Vec<String>,
    /// The effect of the remedy.
    pub summary: String,
}

/// Something that could not be examined.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Unchecked {
    /// The name of the check.
    pub check: String,
    /// The reason why it was not.
    pub reason: String,
    /// Whether root could have examined it.
    pub needs_root: bool,
}

/// A cause that the facts rule out.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Excluded {
    /// The name of the cause.
    pub cause: String,
    /// The reason why it is excluded.
    pub why: String,
}

impl Diagnosis {
    /// Converts a diagnosis to JSON.
    pub(crate) fn new(
        session: &Session,
        question: &sshmend_facts::Question,
        diagnosis: &sshmend_diagnose::Diagnosis,
    ) -> Self {
        let (vantage, subject) = match &question.vantage {
            Vantage::Server(server) => {
                let client = server.client.map(|client| client.to_string());
                (
                    "server",
                    Subject {
                        client,
                        user: server.user.clone(),
                        destination: None,
                        sshd: question.sshd,
                    },
                )
            }
            Vantage::Client(target) => (
                "client",
                Subject {
                    destination: Some(target.destination.clone()),
                    ..Subject::default()
                },
            ),
            Vantage::Transcript(_) => ("client", Subject::default()),
        };
        let unchecked = diagnosis.unchecked.iter();
        let excluded = |list: &[sshmend_diagnose::Excluded]| {
            list.iter()
                .map(|one| Excluded {
                    cause: one.cause.to_string(),
                    why: one.why.clone(),
                })
                .collect()
        };
        Self {
            schema: "sshmend.diagnosis/1",
            vantage,
            subject,
            findings: diagnosis
                .findings
                .iter()
                .map(|finding| Finding::new(session, finding))
                .collect(),
            unchecked: unchecked
                .map(|u| Unchecked {
                    check: u.check.clone(),
                    reason: u.reason.clone(),
                    needs_root: u.needs_root,
                })
                .collect(),
            excluded: excluded(&diagnosis.excluded),
            not_now: excluded(&diagnosis.not_now),
            gates: diagnosis.gates.iter().map(AtGate::from).collect(),
            inconclusive: diagnosis.is_inconclusive(),
            connections: diagnosis.connections.map(|connections| Connections {
                made: connections.made,
                worked: connections.worked,
            }),
            logs: (!diagnosis.logs.is_empty()).then(|| LogCensus::new(&diagnosis.logs)),
            attempts: diagnosis.attempts.iter().map(Attempt::from).collect(),
            read: diagnosis.read.map(|read| Read {
                lines: read.lines,
                understood: read.understood,
            }),
            error: None,
        }
    }
}

impl From<&sshmend_diagnose::AtGate> for AtGate {
    fn from(at: &sshmend_diagnose::AtGate) -> Self {
        Self {
            gate: at.gate.as_str(),
            passage: at.passage.as_str(),
            causes: at.causes.iter().map(|cause| cause.as_str()).collect(),
        }
    }
}

impl From<&sshmend_ssh_log::transcript::Attempt> for Attempt {
    fn from(attempt: &sshmend_ssh_log::transcript::Attempt) -> Self {
        let known = attempt.failed() || attempt.succeeded();
        let end = attempt.end.as_ref();
        Self {
            name: attempt.name().map(str::to_owned),
            host: attempt.host.clone(),
            address: attempt.address.clone(),
            port: attempt.port,
            user: attempt.user.clone(),
            program: attempt.client.software.name().map(str::to_owned),
            version: attempt.client.version.clone(),
            proxy: attempt.proxy.clone(),
            server: attempt.server.clone(),
            stage: attempt.reached.as_str(),
            failed: known.then(|| attempt.failed()),
            end: end.map(|end| Evidence {
                source: "transcript".to_owned(),
                line: Some(end.line),
                text: end.text.clone(),
                mark: None,
            }),
            undecided: attempt.undecided.clone(),
            lines: attempt.lines,
        }
    }
}

impl Finding {
    /// The remedy is a command for this very machine and state.
    fn new(session: &Session, finding: &sshmend_diagnose::Finding) -> Self {
        let evidence = finding.evidence.iter();
        let remedy = finding.remedy.as_ref();
        Self {
            cause: finding.cause.to_string(),
            certainty: finding.certainty.as_str(),
            latent: finding.latent,
            summary: finding.summary.clone(),
            evidence: evidence
                .map(|e| Evidence {
                    source: e.source.clone(),
                    line: e.line,
                    text: e.text.clone(),
                    mark: e.mark.as_ref().map(|mark| Mark {
                        line: mark.line.clone(),
                        column: mark.column,
                        length: mark.length,
                        label: mark.label.clone(),
                    }),
                })
                .collect(),
            remedy: remedy.map(|r| Remedy {
                argv: session.command_of(&r.wish),
                summary: r.summary.clone(),
            }),
            steps: finding.steps.clone(),
            attempts: finding.attempts.clone(),
            hosts: finding.hosts.clone(),
        }
    }
}
