use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(mut heard) = log_evidence(
        facts,
        verdict,
        CauseName::PerSourcePenalty,
        Some(Certainty::Likely),
    ) else {
        return;
    };
    heard
        .lines
        .retain(|line| line.text.contains("without attempting authentication"));
    if heard.lines.is_empty() {
        return;
    }
    let finding = heard.report(
        verdict,
        "an address is penalised for connections that never tried to log in",
    );
    if let Some(client) = heard.client {
        let address = client.to_string();
        let value = format!("PerSourcePenaltyExemptList={address}");
        finding.step(format!("if it is a health check of yours, spare it: `sshmend fix sshd-config {value}` (added to what the list holds already)"));
    }
    finding.step("and let it ask more seldom than every two seconds");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::check_as;
    use expect_test::expect;

    #[test]
    fn the_logged_penalty_reason_proves_the_cause() {
        let line = |why: &str| {
            format!(
                "{LOG}2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #0 from [198.51.100.7]:4711 on [192.0.2.10]:22 penalty: {why}\n"
            )
        };
        check_as(
            &from("198.51.100.7"),
            "health-check-penalised",
            &line("connections without attempting authentication"),
            &expect![[r#"
                certain: an address is penalised for connections that never tried to log in (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #0 from [198.51.100.7]:4711 on [192.0.2.10]:22 penalty: connections without attempting authentication
                  - if it is a health check of yours, spare it: `sshmend fix sshd-config PerSourcePenaltyExemptList=198.51.100.7` (added to what the list holds already)
                  - and let it ask more seldom than every two seconds
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "health-check-penalised",
            &line("failed authentication"),
            &expect![""],
        );
    }
}
