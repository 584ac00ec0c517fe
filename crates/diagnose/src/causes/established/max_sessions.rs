use sshmend_facts::Facts;
use sshmend_ssh_log::{CauseName, Kind};

use crate::evidence::log::log_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(setting) = verdict.look(facts.setting("maxsessions")) else {
        return;
    };
    if let Some(setting) = setting.filter(|setting| setting.values == ["0"]) {
        let what = "MaxSessions 0 allows no shell and no file transfer at all";
        let Some(finding) = verdict.by_force(&facts.force_in_session(setting), what) else {
            return;
        };
        finding.shown_by_setting(facts, setting);
        finding.mended_by_setting(facts, "MaxSessions", "10", "allows sessions again");
        return;
    }
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::MaxSessions,
        Some(Certainty::Likely),
    ) else {
        return;
    };
    if heard
        .lines
        .iter()
        .all(|line| line.kind == Kind::SessionFault)
    {
        let said = heard
            .lines
            .last()
            .map(|line| line.text.as_str())
            .unwrap_or_default();
        let finding = heard.report(verdict, "sshd cannot set up a session");
        if said.contains("pty") || said.contains("/dev/pts") {
            finding.step("no terminal can be had: `mount | grep devpts`; mount it where it is gone: `mount -t devpts -o gid=5,mode=620 devpts /dev/pts`, and see how many are in use: `sysctl kernel.pty`");
        }
        return;
    }
    let limit = setting
        .and_then(|setting| setting.values.first()?.parse::<u32>().ok())
        .unwrap_or(10);
    let finding = heard.report(
        verdict,
        &format!("a connection requested more than its {limit} sessions"),
    );
    if let Some(setting) = setting {
        finding.shown_by_setting(facts, setting);
    }
    let value = limit.saturating_mul(2).max(20).to_string();
    finding.mended_by_setting(
        facts,
        "MaxSessions",
        &value,
        "allows more sessions inside one connection",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::LOG;

    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_refused_session_is_likely_and_a_limit_of_zero_is_certain() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: error: no more sessions\n";
        check(
            "max-sessions",
            &format!("{LOG}{line}"),
            &expect![[r#"
            likely: a connection requested more than its 10 sessions (once, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: no more sessions
              sshd_config: maxsessions 10 (the default)
              $ sshmend fix sshd-config MaxSessions=20  # allows more sessions inside one connection
        "#]],
        );
        check(
            "max-sessions",
            "//- /etc/ssh/sshd_config\nMaxSessions 0\n",
            &expect![[r#"
                certain: MaxSessions 0 allows no shell and no file transfer at all
                  /etc/ssh/sshd_config:1: MaxSessions 0
                  $ sshmend fix sshd-config MaxSessions=10  # allows sessions again
            "#]],
        );
        check("max-sessions", "", &expect![""]);
    }
}
