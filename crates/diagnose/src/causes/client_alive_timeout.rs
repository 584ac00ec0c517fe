use sshmend_facts::Facts;

use super::heard::heard;
use crate::finding::Certainty;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "client-alive-timeout",
    title: "sshd ends sessions whose client does not answer",
    gate: Gate::Established,
    explain: "\
With `ClientAliveInterval` set, sshd asks a silent client for a sign of life and ends the session after
`ClientAliveCountMax` unanswered ones. A laptop that sleeps or a path that is lost for that long loses its session:
`Connection to HOST closed by remote host`. `ClientAliveCountMax 0` ended the session at the first silence up to 8.1,
and from 8.2 on never ends it.

**Known for certain** by `Timeout, client not responding from user USER ADDRESS` in the log.

**Mended** by `sshmend fix sshd-config ClientAliveCountMax=…` or a longer interval.

**It is not** able to end a connection before the login, and it is no limit for idle people: a client that stands idle
answers by itself.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(heard) = heard(
        facts,
        verdict,
        "client-alive-timeout",
        Some(Certainty::Likely),
    ) else {
        return;
    };
    let finding = heard.report(verdict, "sshd ended sessions whose client did not answer");
    for key in ["clientaliveinterval", "clientalivecountmax"] {
        if let Ok(Some(setting)) = facts.setting(key) {
            finding.shown_by_setting(facts, setting);
        }
    }
    let count = facts
        .value("clientalivecountmax")
        .ok()
        .flatten()
        .and_then(|value| value.parse::<u32>().ok());
    let value = count.unwrap_or(3).saturating_mul(2).max(6).to_string();
    finding.mended_by_setting(
        facts,
        "ClientAliveCountMax",
        &value,
        "waits longer for a sign of life",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const LINE: &str = "2026-11-20T17:59:00+00:00 server sshd[812]: Timeout, client not responding from user alice 198.51.100.7 port 4711\n";

    #[test]
    fn the_line_tells_and_the_settings_are_shown() {
        let set = "//- /etc/ssh/sshd_config\nClientAliveInterval 5\nClientAliveCountMax 1\n";
        check_as(
            &from("198.51.100.7"),
            "client-alive-timeout",
            &format!("{set}{LOG}{LINE}"),
            &expect![[r#"
            certain: sshd ended sessions whose client did not answer (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Timeout, client not responding from user alice 198.51.100.7 port 4711
              /etc/ssh/sshd_config:1: ClientAliveInterval 5
              /etc/ssh/sshd_config:2: ClientAliveCountMax 1
              $ sshmend fix sshd-config ClientAliveCountMax=6  # waits longer for a sign of life
        "#]],
        );
        check(
            "client-alive-timeout",
            "",
            &expect![[r#"
                excluded: no matching log entries
            "#]],
        );
    }
}
