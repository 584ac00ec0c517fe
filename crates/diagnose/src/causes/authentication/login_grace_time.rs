use sshmend_facts::{Facts, Unchecked};
use sshmend_ssh_log::CauseName;
use sshmend_sshd_config::Setting;

use crate::evidence::log::log_evidence;
use crate::finding::Finding;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

/// A limit below this is hard to meet for a person.
const LOW: u32 = 15;

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(setting) = verdict.look(facts.setting("logingracetime")) else {
        return;
    };
    let seconds = setting.and_then(|setting| setting.values.first()?.parse::<u32>().ok());
    if seconds == Some(0) {
        return verdict.exclude_by_setting(
            facts,
            "logingracetime",
            "LoginGraceTime 0 sets no limit",
        );
    }
    let low = setting.zip(seconds.filter(|seconds| *seconds < LOW));
    let strangers = Certainty::likely_if(low.is_some());
    if let Some(heard) = log_evidence(facts, verdict, CauseName::LoginGraceTime, Some(strangers)) {
        let finding = heard.report(verdict, "clients did not log in within LoginGraceTime");
        finding.step("find the slow step of the login: PAM and LDAP time-outs, DNS, or a person");
        if let Some((setting, _)) = &low {
            raise(facts, setting, finding);
        }
    } else if let Some((setting, seconds)) = low {
        let finding = verdict.likely(format!(
            "LoginGraceTime allows only {seconds} seconds for a login"
        ));
        raise(facts, setting, finding);
    } else if logs_nothing(facts) {
        verdict.unchecked.push(Unchecked::new(
            "LoginGraceTime",
            "this build of sshd does not log when it expires",
        ));
    }
}

fn raise(facts: &Facts<'_>, setting: &Setting, finding: &mut Finding) {
    finding.shown_by_setting(facts, setting);
    finding.mended_by_setting(
        facts,
        "LoginGraceTime",
        "120",
        "gives clients two minutes to log in",
    );
}

/// Debian 12 took out the log line together with the hole of CVE-2024-6387.
fn logs_nothing(facts: &Facts<'_>) -> bool {
    facts.question.client_address().is_some()
        && facts
            .banner()
            .is_ok_and(|banner| banner.contains("OpenSSH_9.2"))
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn a_log_line_proves_the_timeout_and_a_low_limit_suggests_it() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Timeout before authentication for 198.51.100.7 port 4711\n";
        check_as(
            &from("198.51.100.7"),
            "login-grace-time",
            &format!("{LOG}{line}"),
            &expect![[r#"
                certain: clients did not log in within LoginGraceTime (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Timeout before authentication for 198.51.100.7 port 4711
                  - find the slow step of the login: PAM and LDAP time-outs, DNS, or a person
            "#]],
        );
        check(
            "login-grace-time",
            "//- /etc/ssh/sshd_config\nLoginGraceTime 3\n",
            &expect![[r#"
            likely: LoginGraceTime allows only 3 seconds for a login
              /etc/ssh/sshd_config:1: LoginGraceTime 3
              $ sshmend fix sshd-config LoginGraceTime=120  # gives clients two minutes to log in
        "#]],
        );
        check(
            "login-grace-time",
            "//- /etc/ssh/sshd_config\nLoginGraceTime 0\n",
            &expect![[r#"
            excluded: LoginGraceTime 0 sets no limit
        "#]],
        );
    }

    #[test]
    fn events_that_debian_12_does_not_log_are_reported_as_unchecked() {
        check_as(
            &from("198.51.100.7"),
            "login-grace-time",
            "",
            &expect![[r#"
            unchecked: LoginGraceTime: this build of sshd does not log when it expires
        "#]],
        );
    }
}
