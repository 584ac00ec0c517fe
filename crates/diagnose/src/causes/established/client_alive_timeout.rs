use sshmend_facts::{Facts, Force};
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::ClientAliveTimeout,
        Some(Certainty::Likely),
    ) else {
        return idle(facts, verdict);
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
        "waits longer for an answer of the client",
    );
}

/// Limits that close idle channels or connections although the client answers, which sshd logs at
/// VERBOSE at most: what each of them closes.
const IDLE: [(&str, &str, &str); 2] = [
    (
        "ChannelTimeout",
        "a session without traffic for that long, even if its client answers",
        "allows idle sessions",
    ),
    (
        "UnusedConnectionTimeout",
        "a connection without an open session",
        "allows connections without a session",
    ),
];

fn idle(facts: &Facts<'_>, verdict: &mut Verdict) {
    for (key, what, effect) in IDLE {
        let Ok(Some(setting)) = facts.setting(&key.to_lowercase()) else {
            continue;
        };
        let limits = setting.values.join(" ");
        let in_force = matches!(
            facts.force_in_session(setting),
            Force::InForce | Force::Unknown
        );
        if setting.origin.is_none() || limits == "none" || !in_force {
            continue;
        }
        let finding = verdict.possible(format!("{key} {limits} ends {what}"));
        finding.shown_by_setting(facts, setting);
        finding.mended_by_setting(facts, key, "none", effect);
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const LINE: &str = "2026-11-20T17:59:00+00:00 server sshd[812]: Timeout, client not responding from user alice 198.51.100.7 port 4711\n";

    #[test]
    fn idle_limits_are_reported() {
        let machine = "//$ /usr/sbin/sshd -V => 0\nOpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1\n//- /etc/ssh/sshd_config\n\
            ChannelTimeout session=9m\nUnusedConnectionTimeout none\n";
        check_as(
            &from("198.51.100.7"),
            "client-alive-timeout",
            machine,
            &expect![[r#"
                possible: ChannelTimeout session=9m ends a session without traffic for that long, even if its client answers
                  /etc/ssh/sshd_config:1: ChannelTimeout session=9m
                  $ sshmend fix sshd-config ChannelTimeout=none  # allows idle sessions
            "#]],
        );
    }

    #[test]
    fn the_log_line_proves_the_timeout_and_its_settings_are_shown() {
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
              $ sshmend fix sshd-config ClientAliveCountMax=6  # waits longer for an answer of the client
        "#]],
        );
        check("client-alive-timeout", "", &expect![""]);
    }
}
