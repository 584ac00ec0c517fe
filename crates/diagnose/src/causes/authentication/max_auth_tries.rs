use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

/// A limit this low leaves no room for a second key.
const LOW: u32 = 2;

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let low = facts.setting("maxauthtries").ok().flatten();
    let low = low.filter(|setting| {
        setting
            .values
            .first()
            .is_some_and(|value| value.parse().is_ok_and(|n: u32| n < LOW))
    });
    if let Some(setting) = low {
        let finding = verdict.likely(format!(
            "MaxAuthTries {} does not allow a second key",
            setting.values.join(" ")
        ));
        finding.shown_by_setting(facts, setting);
        finding.mended_by_setting(
            facts,
            "MaxAuthTries",
            "6",
            "allows the default number of login attempts",
        );
        return;
    }
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::MaxAuthTries,
        Some(Certainty::Possible),
    ) else {
        return;
    };
    let finding = heard.report(verdict, "clients used all login attempts of one connection");
    finding
        .step("on the client, offer one key only: `ssh -o IdentitiesOnly=yes -i KEY DESTINATION`, or the same in ~/.ssh/config");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const LINES: &str = "\
2026-11-20T17:59:00+00:00 server sshd[812]: error: maximum authentication attempts exceeded for alice from 198.51.100.7 port 4711 ssh2 [preauth]
2026-11-20T17:59:00+00:00 server sshd[812]: Disconnecting authenticating user alice 198.51.100.7 port 4711: Too many authentication failures [preauth]
";

    #[test]
    fn log_lines_are_certain_for_this_client_and_possible_for_others() {
        check_as(
            &from("198.51.100.7"),
            "max-auth-tries",
            &format!("{LOG}{LINES}"),
            &expect![[r#"
            certain: clients used all login attempts of one connection (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: maximum authentication attempts exceeded for alice from 198.51.100.7 port 4711 ssh2 [preauth]
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Disconnecting authenticating user alice 198.51.100.7 port 4711: Too many authentication failures [preauth]
              - on the client, offer one key only: `ssh -o IdentitiesOnly=yes -i KEY DESTINATION`, or the same in ~/.ssh/config
        "#]],
        );
        check(
            "max-auth-tries",
            &format!("{LOG}{LINES}"),
            &expect![[r#"
            possible: clients used all login attempts of one connection (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: maximum authentication attempts exceeded for alice from 198.51.100.7 port 4711 ssh2 [preauth]
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Disconnecting authenticating user alice 198.51.100.7 port 4711: Too many authentication failures [preauth]
              - on the client, offer one key only: `ssh -o IdentitiesOnly=yes -i KEY DESTINATION`, or the same in ~/.ssh/config
        "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "max-auth-tries",
            &format!("{LOG}{LINES}"),
            &expect![""],
        );
    }

    #[test]
    fn a_limit_of_one_is_likely_without_a_log_line() {
        check(
            "max-auth-tries",
            "//- /etc/ssh/sshd_config\nMaxAuthTries 1\n",
            &expect![[r#"
            likely: MaxAuthTries 1 does not allow a second key
              /etc/ssh/sshd_config:1: MaxAuthTries 1
              $ sshmend fix sshd-config MaxAuthTries=6  # allows the default number of login attempts
        "#]],
        );
    }
}
