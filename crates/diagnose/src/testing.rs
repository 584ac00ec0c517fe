//! Machines written down as text, for the tests of causes.

use std::fmt::Write;

use expect_test::Expect;
use sshmend_lossless::{Snapshot, fixture};

use crate::diagnosis::diagnose;
use crate::facts::{Facts, show};
use crate::question::{Question, Server, Vantage};
use crate::verdict::Verdict;

/// The header of the answer of `systemctl show`, for fixtures that say how the units stand.
pub(crate) const SHOW: &str = "//$ SHOW => 0 stdout\n";

/// The header of the answer of `journalctl`.
pub(crate) const LOG: &str = "//$ JOURNAL => 0 stdout\n";

/// 2026-11-20T18:00:00Z.
pub(crate) const NOW: i64 = 1_795_197_600;

/// A Debian 12 server as installed: everything that is asked of it, and nothing wrong.
const HEALTHY: &str = include_str!("testdata/healthy-debian12.txt");

/// The question why this client cannot connect.
pub(crate) fn from(client: &str) -> Question {
    let client = Some(client.parse().expect("an address"));
    Question { vantage: Vantage::Server(Server { client, user: None }), ..Question::server(NOW) }
}

/// The healthy machine, changed by `extra`: a later entry replaces an earlier one.
pub(crate) fn machine(extra: &str) -> Snapshot {
    let text = format!("{HEALTHY}{extra}");
    let question = Question::server(NOW);
    let journal = Facts::new(&Snapshot::default(), &question).journal().join(" ");
    let text = text.replace("//$ SHOW ", &format!("//$ {} ", show().join(" ")));
    fixture::snapshot(&text.replace("//$ JOURNAL ", &format!("//$ {journal} ")))
}

/// Judges one cause on the healthy machine changed by `extra`.
pub(crate) fn check(cause: &str, extra: &str, expected: &Expect) {
    check_as(&Question::server(NOW), cause, extra, expected);
}

/// As [`check`], with another question.
pub(crate) fn check_as(question: &Question, cause: &str, extra: &str, expected: &Expect) {
    let snapshot = machine(extra);
    let cause = crate::cause(cause).expect("a registered cause");
    let mut verdict = Verdict::default();
    (cause.judge)(&Facts::new(&snapshot, question), &mut verdict);
    expected.assert_eq(&print(&verdict));
}

fn print(verdict: &Verdict) -> String {
    let mut text = String::new();
    for finding in &verdict.findings {
        let latent = if finding.latent { " (latent)" } else { "" };
        let _ = writeln!(text, "{}{latent}: {}", finding.certainty.as_str(), finding.summary);
        for evidence in &finding.evidence {
            let line = evidence.line.map_or_else(String::new, |line| format!(":{line}"));
            let _ = writeln!(text, "  {}{line}: {}", evidence.source, evidence.text);
        }
        if let Some(remedy) = &finding.remedy {
            let _ = writeln!(text, "  $ {}  # {}", remedy.argv.join(" "), remedy.summary);
        }
        finding.steps.iter().for_each(|step| _ = writeln!(text, "  - {step}"));
    }
    verdict.unchecked.iter().for_each(|item| _ = writeln!(text, "unchecked: {}: {}", item.check, item.reason));
    verdict.exclusion().iter().for_each(|why| _ = writeln!(text, "excluded: {why}"));
    text
}

#[test]
fn everything_that_is_asked_of_the_healthy_machine_is_answered() {
    assert_eq!(crate::wants(&machine(""), &Question::server(NOW)), Vec::new());
}

#[test]
fn a_healthy_machine_has_no_finding_and_nothing_unchecked() {
    let diagnosis = diagnose(&machine(""), &Question::server(NOW));
    assert_eq!((diagnosis.findings, diagnosis.unchecked), (Vec::new(), Vec::new()));
}
