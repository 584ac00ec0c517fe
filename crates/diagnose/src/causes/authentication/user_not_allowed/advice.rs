//! What is said of a refused login, and the steps that several reasons share.

use sshmend_facts::Facts;
use sshmend_lossless::Origin;

use crate::edit::Edit;
use crate::finding::Finding;
use crate::quote::quoted;

/// What a line means, and what to do.
#[derive(Debug, Default)]
pub(crate) struct Advice {
    pub(crate) what: String,
    pub(crate) evidence: Vec<(Origin, String)>,
    pub(crate) steps: Vec<String>,
    /// Whether sshd has to read the files that are there.
    pub(crate) restart: bool,
    /// The line of the unit of sshd without which it works.
    pub(crate) unit_line: Option<Origin>,
    /// Whether what it says is only the likeliest reading.
    pub(crate) is_guess: bool,
}

impl Advice {
    pub(crate) fn new(what: impl Into<String>, step: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            steps: vec![step.into()],
            ..Self::default()
        }
    }
}

impl Advice {
    /// The same with a further step.
    pub(crate) fn or(mut self, step: String) -> Self {
        self.steps.push(step);
        self
    }
}

/// How sshd gets to know a change: its files are read again on a reload, its command line at a restart alone; nothing of it where
/// a command of sshmend is there to make it.
pub(crate) fn reload(
    facts: &Facts<'_>,
    origin: Option<&Origin>,
    by: Option<&Edit>,
    finding: &mut Finding,
) {
    if matches!(by, Some(Edit::Own(_))) {
        return;
    }
    let unit = facts
        .start()
        .map_or_else(|| "ssh.service".to_owned(), |start| start.unit);
    let of_command_line = origin.is_some_and(|origin| !origin.path.is_absolute());
    finding.step(if of_command_line {
        format!("then start sshd anew, which a reload does not: `systemctl daemon-reload && systemctl restart {unit}` (sessions stay)")
    } else {
        format!("then let sshd read it: `sshd -t && systemctl reload {unit}`")
    });
}

/// What does for a file of revoked keys that is gone.
pub(crate) fn empty_list(path: &str) -> String {
    format!(
        "where no key was ever revoked, an empty list does: `ssh-keygen -k -f {}`; with it every key in the lost file would count again",
        quoted(path)
    )
}
