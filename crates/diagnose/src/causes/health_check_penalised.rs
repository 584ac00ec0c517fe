use sshmend_facts::Facts;

use super::heard::heard;
use crate::finding::Certainty;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "health-check-penalised",
    title: "a health check that only connects earns its address penalties",
    gate: Gate::Accept,
    explain: "\
Monitoring, load balancers and `ssh-keyscan` connect, perhaps read the banner, and hang up. From 9.8 on each of these
earns one second of penalty; more often than once a second they add up to a ban of the address - and of the people who
share it. fail2ban counts them too, in `mode = ddos` or `aggressive`.

**Likely** when the penalty of the dropped connection is `connections without attempting authentication`.

**Mended** by sparing the address (`PerSourcePenaltyExemptList`, `ignoreip`), or by a check that asks more seldom.

**It is not** a failed login, which the log names differently.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(mut heard) = heard(
        facts,
        verdict,
        "per-source-penalty",
        Some(Certainty::Likely),
    ) else {
        return;
    };
    heard
        .lines
        .retain(|line| line.text.contains("without attempting authentication"));
    if heard.lines.is_empty() {
        return verdict.exclude("no penalty is for connections without a try to log in");
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
    fn the_reason_of_the_penalty_tells() {
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
            &expect![[r#"
            excluded: no penalty is for connections without a try to log in
        "#]],
        );
    }
}
