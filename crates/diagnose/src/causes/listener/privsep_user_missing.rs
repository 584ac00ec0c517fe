use sshmend_facts::{Complaint, Facts};

use crate::causes::authentication::user_not_allowed::NSSWITCH;
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    if facts.question.offline {
        return looked_up(facts, verdict);
    }
    let Some(Some(config_test)) = verdict.look(facts.test_output()) else {
        return;
    };
    if config_test.passed {
        return verdict.exclude(Fact::Answer, "`sshd -t` finds the account sshd");
    }
    let Some(line) = config_test.about(Complaint::PrivsepUser).next() else {
        return;
    };
    let finding = missing(verdict, Proof::Answer.certain());
    finding
        .shown_by(&config_test.command, line)
        .latent_if(facts.keeps_its_host_keys());
    if facts.is_in_passwd("sshd") {
        finding.steps.clear();
        finding
            .shown_by("/etc/passwd", "has the account, but lookups do not find it")
            .step(NSSWITCH);
    }
}

/// On a mounted disk only its own file of accounts is known.
fn looked_up(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(accounts) = verdict.look(facts.text("/etc/passwd")) else {
        return;
    };
    if accounts
        .unwrap_or_default()
        .lines()
        .any(|line| line.starts_with("sshd:"))
    {
        return verdict.exclude(Fact::Files, "/etc/passwd has the account sshd");
    }
    missing(verdict, Certainty::Likely).shown_by("/etc/passwd", "no line for sshd");
}

fn missing(verdict: &mut Verdict, certainty: Certainty) -> &mut Finding {
    let finding = verdict.find(
        certainty,
        "the account `sshd` does not exist, so sshd cannot serve connections",
    );
    finding.step(
        "make it as the package does: `systemd-sysusers`, or `dpkg-reconfigure openssh-server`",
    );
    finding.step("or by hand: `useradd --system --home-dir /run/sshd --no-create-home --shell /usr/sbin/nologin sshd`")
}

#[cfg(test)]
mod tests {
    use sshmend_facts::Question;
    use sshmend_facts::fixture::NOW;

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn an_account_in_passwd_that_lookups_miss_is_not_created_again() {
        let said = "//$ /usr/sbin/sshd -t => 255\nPrivilege separation user sshd does not exist\n";
        check(
            "privsep-user-missing",
            said,
            &expect![[r#"
            certain: the account `sshd` does not exist, so sshd cannot serve connections
              /usr/sbin/sshd -t: Privilege separation user sshd does not exist
              /etc/passwd: has the account, but lookups do not find it
              - let the account database read its file: the line `passwd:` of /etc/nsswitch.conf has to name `files`
        "#]],
        );
    }

    #[test]
    fn the_config_test_names_the_missing_account() {
        let fixture = "//$ /usr/sbin/sshd -t => 255\nPrivilege separation user sshd does not exist\n\
            //- /etc/passwd\nroot:x:0:0::/root:/bin/sh\n";
        check(
            "privsep-user-missing",
            fixture,
            &expect![[r#"
                certain: the account `sshd` does not exist, so sshd cannot serve connections
                  /usr/sbin/sshd -t: Privilege separation user sshd does not exist
                  - make it as the package does: `systemd-sysusers`, or `dpkg-reconfigure openssh-server`
                  - or by hand: `useradd --system --home-dir /run/sshd --no-create-home --shell /usr/sbin/nologin sshd`
            "#]],
        );
        check(
            "privsep-user-missing",
            "",
            &expect![[r#"
            excluded: `sshd -t` finds the account sshd
        "#]],
        );
    }

    #[test]
    fn account_files_of_a_mounted_disk_are_read() {
        let question = Question {
            offline: true,
            ..Question::server(NOW)
        };
        let without = "//- /etc/passwd\nroot:x:0:0::/root:/bin/sh\n";
        check_as(
            &question,
            "privsep-user-missing",
            without,
            &expect![[r#"
            likely: the account `sshd` does not exist, so sshd cannot serve connections
              /etc/passwd: no line for sshd
              - make it as the package does: `systemd-sysusers`, or `dpkg-reconfigure openssh-server`
              - or by hand: `useradd --system --home-dir /run/sshd --no-create-home --shell /usr/sbin/nologin sshd`
        "#]],
        );
        let with = format!("{without}sshd:x:101:65534::/run/sshd:/usr/sbin/nologin\n");
        check_as(
            &question,
            "privsep-user-missing",
            &with,
            &expect![[r#"
            excluded: /etc/passwd has the account sshd
        "#]],
        );
    }
}
