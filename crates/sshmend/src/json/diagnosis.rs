//! `sshmend.diagnosis/1`.

use serde::Serialize;
use sshmend_diagnose::Vantage;

use super::census::LogCensus;

/// `sshmend.diagnosis/1`: what `diagnose` concluded.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Diagnosis {
    /// Always `sshmend.diagnosis/1`.
    pub schema: &'static str,
    /// Which end of the connection was looked at: `server` or `client`.
    pub vantage: &'static str,
    /// What was asked about.
    pub subject: Subject,
    /// The findings in order: the first is the answer.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub unchecked: Vec<Unchecked>,
    /// Causes that the facts rule out.
    pub excluded: Vec<Excluded>,
    /// How much of the logs that were named was understood; none where none was named.
    pub logs: Option<LogCensus>,
}

/// What a diagnosis is about.
#[derive(Debug, Default, Serialize, schemars::JsonSchema)]
pub struct Subject {
    /// The client's address, where one was named.
    pub client: Option<String>,
    /// The user, where one was named.
    pub user: Option<String>,
    /// The destination, where it was looked at from the client.
    pub destination: Option<String>,
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
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// The command that mends it.
    pub remedy: Option<Remedy>,
    /// What to do by hand, or through whom.
    pub steps: Vec<String>,
}

/// One thing seen.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Evidence {
    /// A path, a command line, or `journal`.
    pub source: String,
    /// The line in it, counted from 1.
    pub line: Option<usize>,
    /// What stands there.
    pub text: String,
}

/// A command that mends a finding when run as printed.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Remedy {
    /// The command line, the program first.
    pub argv: Vec<String>,
    /// What it does.
    pub summary: String,
}

/// Something that could not be looked at.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Unchecked {
    /// What was to be looked at.
    pub check: String,
    /// Why it was not.
    pub reason: String,
}

/// A cause that the facts rule out.
#[derive(Debug, Serialize, schemars::JsonSchema)]
pub struct Excluded {
    /// The name of the cause.
    pub cause: String,
    /// Why it cannot be it.
    pub why: String,
}

impl Diagnosis {
    /// Puts a diagnosis into its JSON form.
    pub(crate) fn new(question: &sshmend_diagnose::Question, diagnosis: &sshmend_diagnose::Diagnosis) -> Self {
        let (vantage, subject) = match &question.vantage {
            Vantage::Server(server) => {
                let client = server.client.map(|client| client.to_string());
                ("server", Subject { client, user: server.user.clone(), destination: None })
            }
            Vantage::Client(target) => {
                ("client", Subject { destination: Some(target.destination.clone()), ..Subject::default() })
            }
            Vantage::Transcript(_) => ("client", Subject::default()),
        };
        let unchecked = diagnosis.unchecked.iter();
        let excluded = diagnosis.excluded.iter();
        Self {
            schema: "sshmend.diagnosis/1",
            vantage,
            subject,
            findings: diagnosis.findings.iter().map(Finding::from).collect(),
            unchecked: unchecked.map(|u| Unchecked { check: u.check.clone(), reason: u.reason.clone() }).collect(),
            excluded: excluded.map(|e| Excluded { cause: e.cause.to_owned(), why: e.why.clone() }).collect(),
            logs: (!diagnosis.logs.is_empty()).then(|| LogCensus::new(&diagnosis.logs)),
        }
    }
}

impl From<&sshmend_diagnose::Finding> for Finding {
    fn from(finding: &sshmend_diagnose::Finding) -> Self {
        let evidence = finding.evidence.iter();
        let remedy = finding.remedy.as_ref();
        Self {
            cause: finding.cause.to_owned(),
            certainty: finding.certainty.as_str(),
            latent: finding.latent,
            summary: finding.summary.clone(),
            evidence: evidence
                .map(|e| Evidence { source: e.source.clone(), line: e.line, text: e.text.clone() })
                .collect(),
            remedy: remedy.map(|r| Remedy { argv: r.argv.clone(), summary: r.summary.clone() }),
            steps: finding.steps.clone(),
        }
    }
}
