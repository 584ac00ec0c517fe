//! The advice about a refused login, and the steps that several reasons share.

use sshmend_facts::Facts;
use sshmend_lossless::{Origin, quoted};

use crate::edit::Edit;
use crate::finding::Finding;

/// The meaning of a log entry, and what to do.
#[derive(Debug, Default)]
pub(crate) struct Advice {
    pub(crate) what: String,
    pub(crate) evidence: Vec<(Origin, String)>,
    pub(crate) steps: Vec<String>,
    /// Whether sshd must read the present files.
    pub(crate) restart: bool,
    /// The line of the unit of sshd without which it works.
    pub(crate) unit_line: Option<Origin>,
    /// Whether this is only the most likely interpretation.
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

/// Adds the step that puts a change into force: files are read on a reload, the command line only on a
/// restart. No step is needed if a command of sshmend makes the change and reloads.
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

/// The step that replaces a missing file of revoked keys.
pub(crate) fn empty_list(path: &str) -> String {
    format!(
        "where no key was ever revoked, an empty list does: `ssh-keygen -k -f {}`; with it every key in the lost file would count again",
        quoted(path)
    )
}
