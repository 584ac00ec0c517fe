//! A diagnosis as text: the answer, its evidence and its remedy first, then what was not checked
//! and what was excluded.

use sshmend_diagnose::Diagnosis;
use sshmend_facts::{Connections, Question, Vantage};
use sshmend_ssh_log::transcript::Attempt;

use super::shown::Shown;
use super::{finding, rest};
use crate::output::words::count;
use crate::output::{Output, Role, census};

impl Shown<'_> {
    /// Renders the answer, its evidence, and the checks that were not made.
    pub(crate) fn text(&self) -> String {
        let (session, diagnosis) = (self.session, self.diagnosis);
        let output = &session.output;
        if diagnosis.nothing_understood() {
            let title = "no answer: it contains no known message of SSH";
            return format!(
                "{}\n{}{}",
                output.paint(Role::Title, title),
                census::text(output, &diagnosis.logs),
                next(output, self.question)
            );
        }
        let mut text = headline(output, self.question, diagnosis);
        text.push_str(&finding::blocks(session, diagnosis));
        if self.verbose {
            text.push_str(&rest::gates(output, diagnosis));
        }
        text.push_str(&rest::closed(self));
        text.push_str(&rest::unchecked(self));
        text.push_str(&rest::ruled_out(output, diagnosis, self.verbose));
        text.push_str(&rest::looked_at(self));
        let mut text = output.fold(&text);
        if !diagnosis.logs.is_empty() {
            text.push_str(&format!("\n{}", census::text(output, &diagnosis.logs)));
        }
        text
    }
}

/// The command to run after a text of a client that says nothing of SSH.
fn next(output: &Output, question: &Question) -> String {
    if question.logs.is_empty() {
        return String::new();
    }
    let step =
        "  do:   give it all that ssh itself prints: `ssh -vvv HOST 2>&1 | sshmend diagnose -`\n";
    output.fold(step)
}

/// The line above the findings: that there are none, or how many of several attempts failed.
fn headline(output: &Output, question: &Question, diagnosis: &Diagnosis) -> String {
    let mut text = String::new();
    if diagnosis.findings.is_empty() {
        let title = without_findings(question, diagnosis);
        text.push_str(&format!("{}\n", output.paint(Role::Title, &title)));
    }
    if let Some(summary) = diagnosis.summary() {
        text.push_str(&format!("{}\n\n", output.paint(Role::Title, &summary)));
    }
    text
}

fn without_findings(question: &Question, diagnosis: &Diagnosis) -> String {
    if let Some(connections) = diagnosis.connections {
        let Connections { made, worked } = connections;
        return format!(
            "no cause found from here: {worked} of {} worked",
            count(made, "connection")
        );
    }
    let said = match question.vantage {
        Vantage::Server(_) if !question.logs.is_empty() => "no cause found in the logs",
        Vantage::Server(_) if diagnosis.needing_root() > 0 => {
            return format!("nothing found so far: {}", rest::needing_root(diagnosis));
        }
        Vantage::Server(_) if diagnosis.is_inconclusive() => {
            return format!(
                "nothing found so far: {} of {} gates could not be examined",
                diagnosis.unread(),
                diagnosis.gates.len()
            );
        }
        Vantage::Server(_) => "no cause found on this machine",
        Vantage::Client(_) => "no cause found from here",
        Vantage::Transcript(_) if diagnosis.attempts.is_empty() => {
            "no message of an SSH client recognised"
        }
        Vantage::Transcript(_) if diagnosis.attempts.iter().all(Attempt::succeeded) => {
            "the login succeeded"
        }
        Vantage::Transcript(_) => "no cause found in the transcript",
    };
    said.to_owned()
}
