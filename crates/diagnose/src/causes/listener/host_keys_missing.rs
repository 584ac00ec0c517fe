use sshmend_facts::{Complaint, Facts, HostKeyFile, TestOutput};
use sshmend_lossless::quoted;
use sshmend_plan::Wish;

use crate::evidence::probe::always_closed_at_once;
use crate::finding::Finding;
use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    match facts.test_output() {
        Ok(Some(config_test)) => tried(facts, &config_test, verdict),
        Ok(None) => {}
        Err(_) => looked_at(facts, verdict),
    }
}

fn tried(facts: &Facts<'_>, config_test: &TestOutput, verdict: &mut Verdict) {
    if config_test.passed {
        return verdict.exclude(Fact::Answer, "`sshd -t` finds a host key");
    }
    let mut lines = config_test.about(Complaint::NoHostKeys).peekable();
    if lines.peek().is_none()
        || config_test
            .about(Complaint::KeyPermissions)
            .next()
            .is_some()
    {
        return;
    }
    let keys = facts.host_keys().unwrap_or_default();
    let (there, gone): (Vec<_>, Vec<_>) = keys.iter().partition(|key| key.mode.is_some());
    let what = if there.is_empty() {
        "no host key exists"
    } else {
        "sshd cannot read any host key"
    };
    let finding = missing(facts, verdict, what);
    for line in lines {
        finding.shown_by(&config_test.command, line);
    }
    if !there.is_empty() {
        damaged(&there, finding);
    } else if !gone.is_empty() && !gone.iter().any(|key| tells_its_type(key)) {
        misnamed(facts, finding);
    }
}

/// The host keys that `ssh-keygen -A` generates, those that clients prefer first.
const DEFAULT_KEYS: [&str; 3] = [
    "/etc/ssh/ssh_host_ed25519_key",
    "/etc/ssh/ssh_host_ecdsa_key",
    "/etc/ssh/ssh_host_rsa_key",
];

/// Files that are not keys: they are never overwritten, so they have to go first.
fn damaged(there: &[&HostKeyFile], finding: &mut Finding) {
    let paths: Vec<&str> = there.iter().map(|key| key.path.as_str()).collect();
    for path in &paths {
        finding.shown_by(path, "is there, but sshd cannot read it as a private key");
    }
    finding.remedy = None;
    let aside: Vec<String> = paths
        .iter()
        .map(|path| {
            format!(
                "`mv {} {}`",
                quoted(path),
                quoted(&format!("{path}.broken"))
            )
        })
        .collect();
    finding.step(format!("or put aside what is there: {}", aside.join(", ")));
    finding
        .step("then have new ones made: `sshmend fix host-keys`; clients will see them as changed");
}

/// A key file whose name does not show a type cannot be generated; the line that names it is wrong,
/// or the file was lost.
fn misnamed(facts: &Facts<'_>, finding: &mut Finding) {
    finding.remedy = None;
    if let Ok(Some(setting)) = facts.setting("hostkey") {
        finding.shown_by_setting(facts, setting);
    }
    let there = DEFAULT_KEYS
        .into_iter()
        .find(|path| matches!(facts.meta(path), Ok(Some(_))));
    match there {
        Some(path) => finding.step(format!(
            "or name a key that is there: `sshmend fix sshd-config HostKey={path}`"
        )),
        None => finding.step("or correct that HostKey, or take the line out: without any sshd takes /etc/ssh/ssh_host_*_key"),
    };
    finding.step("then `sshmend fix service`");
}

/// Whether `sshmend fix host-keys` can determine the type of key for a file.
fn tells_its_type(key: &HostKeyFile) -> bool {
    ["ed25519", "ecdsa", "rsa"]
        .iter()
        .any(|kind| key.path.to_lowercase().contains(kind))
}

/// If sshd cannot be run, the files decide: it needs one of them.
fn looked_at(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(keys) = verdict.look(facts.host_keys()) else {
        return;
    };
    if keys.iter().any(|key| key.mode.is_some()) {
        return verdict.exclude(Fact::Files, "a host key exists");
    }
    let finding = missing(facts, verdict, "no host key exists");
    for key in &keys {
        finding.shown_by(&key.path, "is missing");
    }
}

/// `what` says whether keys are missing or cannot be read.
fn missing<'v>(facts: &Facts<'_>, verdict: &'v mut Verdict, what: &str) -> &'v mut Finding {
    let later = facts.keeps_its_host_keys();
    let effect = if later {
        "; the running sshd still has its keys, but the next one will not start"
    } else {
        ", so sshd cannot serve connections"
    };
    let finding = verdict.certain(Proof::Answer, format!("{what}{effect}"));
    finding.mended_by(
        Wish::host_keys(),
        "generates the missing host keys; clients will see new ones",
    );
    finding.step("restore /etc/ssh/ssh_host_*_key from a backup instead where there is one: clients know those keys");
    finding.latent_if(later)
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let what =
        "the server may have lost its host keys: before 9.8 each connection then ends at once";
    always_closed_at_once(facts, verdict, what);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::Question;
    use sshmend_facts::fixture::NOW;

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const NONE: &str = "//$ /usr/sbin/sshd -t => 1
Unable to load host key: /etc/ssh/ssh_host_rsa_key
sshd: no hostkeys available -- exiting.
//- /etc/ssh/ssh_host_rsa_key missing
//- /etc/ssh/ssh_host_ecdsa_key missing
//- /etc/ssh/ssh_host_ed25519_key missing
";

    #[test]
    fn missing_keys_end_every_connection_before_9_8() {
        check(
            "host-keys-missing",
            NONE,
            &expect![[r#"
            certain: no host key exists, so sshd cannot serve connections
              /usr/sbin/sshd -t: Unable to load host key: /etc/ssh/ssh_host_rsa_key
              /usr/sbin/sshd -t: sshd: no hostkeys available -- exiting.
              $ sshmend fix host-keys  # generates the missing host keys; clients will see new ones
              - restore /etc/ssh/ssh_host_*_key from a backup instead where there is one: clients know those keys
        "#]],
        );
    }

    #[test]
    fn the_listener_keeps_its_loaded_keys_from_9_8_on() {
        let new =
            format!("{NONE}//$ /usr/sbin/sshd -V => 0\nOpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1\n");
        check(
            "host-keys-missing",
            &new,
            &expect![[r#"
            certain (latent): no host key exists; the running sshd still has its keys, but the next one will not start
              /usr/sbin/sshd -t: Unable to load host key: /etc/ssh/ssh_host_rsa_key
              /usr/sbin/sshd -t: sshd: no hostkeys available -- exiting.
              $ sshmend fix host-keys  # generates the missing host keys; clients will see new ones
              - restore /etc/ssh/ssh_host_*_key from a backup instead where there is one: clients know those keys
        "#]],
        );
    }

    #[test]
    fn files_that_are_not_keys_must_be_removed_before_new_ones_are_generated() {
        let damaged = format!("{NONE}//- /etc/ssh/ssh_host_rsa_key mode:0600\n");
        check(
            "host-keys-missing",
            &damaged,
            &expect![[r#"
            certain: sshd cannot read any host key, so sshd cannot serve connections
              /usr/sbin/sshd -t: Unable to load host key: /etc/ssh/ssh_host_rsa_key
              /usr/sbin/sshd -t: sshd: no hostkeys available -- exiting.
              /etc/ssh/ssh_host_rsa_key: is there, but sshd cannot read it as a private key
              - restore /etc/ssh/ssh_host_*_key from a backup instead where there is one: clients know those keys
              - or put aside what is there: `mv /etc/ssh/ssh_host_rsa_key /etc/ssh/ssh_host_rsa_key.broken`
              - then have new ones made: `sshmend fix host-keys`; clients will see them as changed
        "#]],
        );
    }

    #[test]
    fn a_hostkey_line_that_names_a_missing_key_is_shown() {
        let named = "//- /etc/ssh/sshd_config\nHostKey /etc/ssh/own\n//- /etc/ssh/own missing\n";
        check(
            "host-keys-missing",
            &format!("{NONE}{named}"),
            &expect![[r#"
                certain: no host key exists, so sshd cannot serve connections
                  /usr/sbin/sshd -t: Unable to load host key: /etc/ssh/ssh_host_rsa_key
                  /usr/sbin/sshd -t: sshd: no hostkeys available -- exiting.
                  /etc/ssh/sshd_config:1: HostKey /etc/ssh/own
                  - restore /etc/ssh/ssh_host_*_key from a backup instead where there is one: clients know those keys
                  - or correct that HostKey, or take the line out: without any sshd takes /etc/ssh/ssh_host_*_key
                  - then `sshmend fix service`
            "#]],
        );
    }

    #[test]
    fn log_files_of_a_mounted_disk_are_read() {
        let question = Question {
            offline: true,
            ..Question::server(NOW)
        };
        let named = "//- /etc/ssh/sshd_config\nHostKey /etc/ssh/own_key\n";
        check_as(
            &question,
            "host-keys-missing",
            &format!("{named}//- /etc/ssh/own_key missing\n"),
            &expect![[r#"
            certain: no host key exists, so sshd cannot serve connections
              /etc/ssh/own_key: is missing
              $ sshmend fix host-keys  # generates the missing host keys; clients will see new ones
              - restore /etc/ssh/ssh_host_*_key from a backup instead where there is one: clients know those keys
        "#]],
        );
        check_as(
            &question,
            "host-keys-missing",
            &format!("{named}//- /etc/ssh/own_key mode:0600\n"),
            &expect![[r#"
            excluded: a host key exists
        "#]],
        );
        check_as(
            &question,
            "host-keys-missing",
            named,
            &expect![[r#"
            unchecked: /etc/ssh/own_key: was not looked at
        "#]],
        );
    }

    #[test]
    fn keys_that_sshd_ignores_are_not_called_missing() {
        let open =
            "Permissions 0644 for '/etc/ssh/ssh_host_rsa_key' are too open.\nsshd: no hostkeys";
        let ignored = NONE.replace("sshd: no hostkeys", open);
        check("host-keys-missing", &ignored, &expect![[""]]);
    }

    #[test]
    fn one_missing_key_among_others_is_not_reported() {
        let one = "//$ /usr/sbin/sshd -t => 0 stderr\nUnable to load host key: /etc/ssh/ssh_host_zzz_key\n";
        check(
            "host-keys-missing",
            one,
            &expect![[r#"
            excluded: `sshd -t` finds a host key
        "#]],
        );
    }
}
