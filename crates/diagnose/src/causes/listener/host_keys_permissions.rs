use sshmend_facts::{Complaint, Facts, HostKeyFile, TestOutput};
use sshmend_plan::Wish;

use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    match facts.test_output() {
        Ok(Some(config_test)) => tried(facts, &config_test, verdict),
        Ok(None) => {}
        Err(_) => looked_at(facts, verdict),
    }
}

fn tried(facts: &Facts<'_>, config_test: &TestOutput, verdict: &mut Verdict) {
    let mut lines = config_test.about(Complaint::KeyPermissions).peekable();
    if lines.peek().is_none() {
        return verdict.exclude(Fact::Answer, "`sshd -t` does not ignore any host key");
    }
    let none_left = config_test.about(Complaint::NoHostKeys).next().is_some();
    let finding = open(facts, Proof::Answer.certain(), none_left, verdict);
    for line in lines {
        finding.shown_by(&config_test.command, line);
    }
}

/// If sshd cannot be run, the files decide, but not what this build of sshd tolerates.
fn looked_at(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(keys) = verdict.look(facts.host_keys()) else {
        return;
    };
    let there: Vec<&HostKeyFile> = keys.iter().filter(|key| key.mode.is_some()).collect();
    let open_ones: Vec<&&HostKeyFile> = there.iter().filter(|key| key.too_open()).collect();
    if open_ones.is_empty() {
        return verdict.exclude(Fact::Files, "no host key is readable by others");
    }
    let finding = open(
        facts,
        Certainty::Likely,
        open_ones.len() == there.len(),
        verdict,
    );
    for key in open_ones {
        finding.shown_by(
            &key.path,
            format!("mode {:04o}", key.mode.unwrap_or_default()),
        );
    }
}

fn open<'v>(
    facts: &Facts<'_>,
    sure: Certainty,
    none_left: bool,
    verdict: &'v mut Verdict,
) -> &'v mut Finding {
    let later = facts.keeps_its_host_keys();
    let (certainty, what) = match (none_left, later) {
        (true, false) => (
            sure,
            "sshd ignores its host keys because others can read them",
        ),
        (true, true) => (
            sure,
            "others can read the host keys; the next start of sshd will ignore them and fail",
        ),
        (false, _) => (
            Certainty::Possible,
            "sshd ignores a host key that others can read",
        ),
    };
    let finding = verdict.find(certainty, what);
    finding.mended_by(
        Wish::host_keys(),
        "protects the host keys from others: 0600, owned by root",
    );
    finding.latent_if(later || !none_left)
}

#[cfg(test)]
mod tests {
    use sshmend_facts::Question;
    use sshmend_facts::fixture::NOW;

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn sshd_serves_no_connection_without_a_usable_key() {
        let all = "//$ /usr/sbin/sshd -t => 1
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@         WARNING: UNPROTECTED PRIVATE KEY FILE!          @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open.
It is required that your private key files are NOT accessible by others.
This private key will be ignored.
sshd: no hostkeys available -- exiting.
";
        check(
            "host-keys-permissions",
            all,
            &expect![[r#"
            certain: sshd ignores its host keys because others can read them
              /usr/sbin/sshd -t: Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open.
              $ sshmend fix host-keys  # protects the host keys from others: 0600, owned by root
        "#]],
        );
    }

    #[test]
    fn one_ignored_key_does_not_stop_sshd() {
        let one = "//$ /usr/sbin/sshd -t => 0 stderr\nPermissions 0640 for '/etc/ssh/ssh_host_rsa_key' are too open.\n";
        check(
            "host-keys-permissions",
            one,
            &expect![[r#"
                possible (latent): sshd ignores a host key that others can read
                  /usr/sbin/sshd -t: Permissions 0640 for '/etc/ssh/ssh_host_rsa_key' are too open.
                  $ sshmend fix host-keys  # protects the host keys from others: 0600, owned by root
            "#]],
        );
    }

    #[test]
    fn file_modes_of_a_mounted_disk_are_checked() {
        let question = Question {
            offline: true,
            ..Question::server(NOW)
        };
        let config = "//- /etc/ssh/sshd_config\nHostKey /etc/ssh/own_key\n";
        let key = |mode: &str| format!("{config}//- /etc/ssh/own_key mode:{mode}\n");
        check_as(
            &question,
            "host-keys-permissions",
            &key("0644"),
            &expect![[r#"
            likely: sshd ignores its host keys because others can read them
              /etc/ssh/own_key: mode 0644
              $ sshmend fix host-keys  # protects the host keys from others: 0600, owned by root
        "#]],
        );
        check_as(
            &question,
            "host-keys-permissions",
            &key("0640"),
            &expect![[r#"
            excluded: no host key is readable by others
        "#]],
        );
    }
}
