use sshmend_facts::{Facts, Reply};
use sshmend_plan::Wish;
use sshmend_ssh_log::CauseName;

use crate::edit;
use crate::evidence::log::{LogEvidence, log_evidence};
use crate::evidence::probe::probe_evidence;
use crate::evidence::transcript::transcript_evidence;
use crate::proof::{Certainty, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

/// The names that ssh uses for the kinds, and the keywords that list them.
const KINDS: [(&str, &str); 4] = [
    ("key exchange method", "KexAlgorithms"),
    ("host key type", "HostKeyAlgorithms"),
    ("cipher", "Ciphers"),
    ("MAC", "MACs"),
];

const UPGRADE: &str = "upgrade the older end, or reach the server by a client of its age";

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    if let Some(replied) = probe_evidence(facts, verdict, |reply| {
        matches!(reply, Reply::OldProtocol(_))
    }) {
        let what = "the server supports only SSH 1, which ssh does not support since release 7.6";
        replied
            .report(verdict, Proof::Connection.certain(), what)
            .step(UPGRADE);
        return;
    }
    let Some(finding) = transcript_evidence(facts, verdict) else {
        return;
    };
    if facts
        .printed_line("Protocol major versions differ: ")
        .is_some()
    {
        finding.summary = "one end supports only SSH 1, and the other only SSH 2".to_owned();
        finding.step(UPGRADE);
        return;
    }
    if facts
        .printed_line("Bad server host key: Invalid key length")
        .is_some()
    {
        finding.step("the server's RSA key is shorter than RequiredRSASize: take another of its keys (`ssh -o HostKeyAlgorithms=ssh-ed25519 DESTINATION`), or make a longer one there");
        finding.without_client_line(facts, "requiredrsasize", "if it need not be so long");
        return;
    }
    if facts
        .printed_line("send_pubkey_test: no mutual signature algorithm")
        .is_some()
    {
        finding.step("take a key of another kind, which every release since 6.5 knows: `ssh-keygen -t ed25519`");
        finding.step("until then, for this host alone: `ssh -o PubkeyAcceptedAlgorithms=+ssh-rsa DESTINATION` (up to 8.4: PubkeyAcceptedKeyTypes)");
        return;
    }
    if facts.printed_line("error in libcrypto").is_some() {
        finding.step("see whether a policy of this machine forbids it: `update-crypto-policies --show` (FUTURE, FIPS and the DEFAULT of RHEL 9 forbid SHA-1)");
        finding.step("upgrade the server, or give it a host key of another kind than RSA; a policy for one host there is not");
        return;
    }
    let said = facts
        .printed_line(" found. Their offer: ")
        .map(|(_, line)| line)
        .unwrap_or_default();
    let keyword = KINDS
        .iter()
        .find(|(kind, _)| said.contains(&format!("no matching {kind} ")))
        .map(|(_, keyword)| *keyword);
    let keyword = keyword.unwrap_or("KexAlgorithms");
    finding.step(format!("see whether a configuration on this side is too short: compare `ssh -G HOST | grep -i {keyword}` with `ssh -F none -G HOST`"));
    finding.without_client_line(facts, &keyword.to_lowercase(), "if it is");
    finding.step(match old_name(&said) {
        Some(name) => format!(
            "upgrade the older end; until then, for this host alone: `ssh -o {keyword}=+{name} DESTINATION`"
        ),
        None => format!(
            "upgrade the older end; until then, for this host alone: `ssh -o {keyword}=+NAME DESTINATION` with a name of their offer"
        ),
    });
}

/// Names that ssh knows and no longer offers by itself, of each kind the least weak first.
const OLD_NAMES: [&str; 14] = [
    "ssh-rsa",
    "ssh-dss",
    "diffie-hellman-group14-sha1",
    "diffie-hellman-group-exchange-sha1",
    "diffie-hellman-group1-sha1",
    "aes256-cbc",
    "aes192-cbc",
    "aes128-cbc",
    "3des-cbc",
    "hmac-sha1",
    "hmac-sha1-96",
    "hmac-md5",
    "hmac-md5-96",
    "umac-64@openssh.com",
];

/// The name in the other end's offer that ssh can be told to accept.
fn old_name(said: &str) -> Option<&'static str> {
    let (_, offer) = said.split_once("Their offer: ")?;
    let offered: Vec<&str> = offer.trim_end().split(',').collect();
    OLD_NAMES.into_iter().find(|name| offered.contains(name))
}

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::AlgorithmMismatch,
        Some(Certainty::Possible),
    ) else {
        return;
    };
    if heard
        .lines
        .iter()
        .any(|line| line.text.contains("No supported key exchange"))
    {
        return no_usable_key(facts, &heard, verdict);
    }
    let finding = heard.report(verdict, "client and server found no algorithm in common");
    let mut set = Vec::new();
    for (_, key) in KINDS {
        if let Ok(Some(setting)) = facts.setting(key) {
            if let Some(line) = &setting.origin {
                finding.shown_by_setting(facts, setting);
                // A system-wide crypto policy would overwrite the change.
                if line.path.starts_with("/etc/ssh") {
                    set.push(key);
                }
            }
        }
    }
    finding.step("compare the offer above with `sshd -T | grep -E '^(kexalgorithms|hostkeyalgorithms|ciphers|macs)'`");
    if !set.is_empty() && edit::is_here(facts) {
        finding.step(format!(
            "if the list need not be so short, let sshd offer its own: `{}`",
            edit::command(&Wish::unset(&set))
        ));
    }
    finding.step("upgrade the older end; until then, on the client: `ssh -o KexAlgorithms=+NAME DESTINATION` (or HostKeyAlgorithms, Ciphers, MACs)");
}

/// sshd offers no algorithm for any of its keys (kex.c, `list_hostkey_types`): every connection is
/// closed.
fn no_usable_key(facts: &Facts<'_>, heard: &LogEvidence<'_>, verdict: &mut Verdict) {
    let what = "sshd ends every connection because HostKeyAlgorithms allows none of its host keys";
    let finding = heard.report(verdict, what);
    for key in ["hostkeyalgorithms", "hostkey"] {
        if let Ok(Some(setting)) = facts.setting(key) {
            if setting.origin.is_some() {
                finding.shown_by_setting(facts, setting);
            }
        }
    }
    finding.step("let HostKeyAlgorithms admit a kind of key that a HostKey line names, or name a HostKey of a kind that it admits");
    if edit::is_here(facts) {
        let without = edit::command(&Wish::unset(&["HostKeyAlgorithms"]));
        finding.step(format!("or take its line out: `{without}`"));
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as, check_client, check_transcript, check_way, says, works};
    use expect_test::expect;

    #[test]
    fn algorithms_that_the_client_forbids_have_steps_of_their_own() {
        let key = "debug1: send_pubkey_test: no mutual signature algorithm\nalice@192.0.2.10: Permission denied (publickey).\n";
        check_transcript(
            "algorithm-mismatch",
            key,
            &expect![[r#"
            likely: client and server have no algorithm in common: the key is RSA, and one side does not accept the signatures that the other can make: OpenSSH 8.8 and later disables SHA-1 (ssh-rsa)
              transcript:1: debug1: send_pubkey_test: no mutual signature algorithm
              - take a key of another kind, which every release since 6.5 knows: `ssh-keygen -t ed25519`
              - until then, for this host alone: `ssh -o PubkeyAcceptedAlgorithms=+ssh-rsa DESTINATION` (up to 8.4: PubkeyAcceptedKeyTypes)
        "#]],
        );
        let policy =
            "ssh_dispatch_run_fatal: Connection to 192.0.2.10 port 22: error in libcrypto\n";
        check_transcript(
            "algorithm-mismatch",
            policy,
            &expect![[r#"
            likely: client and server have no algorithm in common: the crypto policy of this machine forbids what the server uses, such as SHA-1 signatures
              transcript:1: ssh_dispatch_run_fatal: Connection to 192.0.2.10 port 22: error in libcrypto
              - see whether a policy of this machine forbids it: `update-crypto-policies --show` (FUTURE, FIPS and the DEFAULT of RHEL 9 forbid SHA-1)
              - upgrade the server, or give it a host key of another kind than RSA; a policy for one host there is not
        "#]],
        );
    }

    #[test]
    fn a_server_that_speaks_only_ssh_1_is_reported() {
        check_way(
            "algorithm-mismatch",
            &[says("SSH-1.5-1.2.27\n")],
            &expect![[r#"
                certain: the server supports only SSH 1, which ssh does not support since release 7.6
                  connection to 192.0.2.10:22: says SSH-1.5-1.2.27
                  - upgrade the older end, or reach the server by a client of its age
            "#]],
        );
        check_way(
            "middlebox-reset",
            &[says("SSH-1.5-1.2.27\n")],
            &expect![[""]],
        );
        let said = "Protocol major versions differ: 2 vs. 1\n";
        check_transcript(
            "algorithm-mismatch",
            said,
            &expect![[r#"
                certain: one end supports only SSH 1, and the other only SSH 2
                  transcript:1: Protocol major versions differ: 2 vs. 1
                  - upgrade the older end, or reach the server by a client of its age
            "#]],
        );
    }

    #[test]
    fn the_client_line_that_restricts_the_algorithms_is_named() {
        let tried = "//$ ssh -G -- server => 0\nhostname 192.0.2.10\nport 22\nciphers 3des-cbc\n\
            //$ TRY => 255\ndebug1: Reading configuration data /home/alice/.ssh/config\n\
            Unable to negotiate with 192.0.2.10 port 22: no matching cipher found. Their offer: aes256-ctr\n\
            //- /home/alice/.ssh/config\nHost server\n    Ciphers 3des-cbc\n";
        check_client(
            "algorithm-mismatch",
            tried,
            &[works()],
            &expect![[r#"
                certain: client and server have no algorithm in common
                  ssh -v server:2: Unable to negotiate with 192.0.2.10 port 22: no matching cipher found. Their offer: aes256-ctr
                  - see whether a configuration on this side is too short: compare `ssh -G HOST | grep -i Ciphers` with `ssh -F none -G HOST`
                  - if it is, make a comment of its line: put `#` before line 2 of /home/alice/.ssh/config
                  - upgrade the older end; until then, for this host alone: `ssh -o Ciphers=+NAME DESTINATION` with a name of their offer
            "#]],
        );
    }

    const LINE: &str = "2026-11-20T17:59:00+00:00 server sshd[812]: Unable to negotiate with 198.51.100.7 port 4711: no matching cipher found. Their offer: aes128-cbc [preauth]\n";

    #[test]
    fn the_log_line_and_the_configured_list_are_shown() {
        let set = "//- /etc/ssh/sshd_config\nCiphers aes256-gcm@openssh.com\n";
        check_as(
            &from("198.51.100.7"),
            "algorithm-mismatch",
            &format!("{set}{LOG}{LINE}"),
            &expect![[r#"
                certain: client and server found no algorithm in common (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Unable to negotiate with 198.51.100.7 port 4711: no matching cipher found. Their offer: aes128-cbc [preauth]
                  /etc/ssh/sshd_config:1: Ciphers aes256-gcm@openssh.com
                  - compare the offer above with `sshd -T | grep -E '^(kexalgorithms|hostkeyalgorithms|ciphers|macs)'`
                  - if the list need not be so short, let sshd offer its own: `sshmend fix sshd-config --unset Ciphers`
                  - upgrade the older end; until then, on the client: `ssh -o KexAlgorithms=+NAME DESTINATION` (or HostKeyAlgorithms, Ciphers, MACs)
            "#]],
        );
        check(
            "algorithm-mismatch",
            &format!("{LOG}{LINE}"),
            &expect![[r#"
            possible: client and server found no algorithm in common (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Unable to negotiate with 198.51.100.7 port 4711: no matching cipher found. Their offer: aes128-cbc [preauth]
              - compare the offer above with `sshd -T | grep -E '^(kexalgorithms|hostkeyalgorithms|ciphers|macs)'`
              - upgrade the older end; until then, on the client: `ssh -o KexAlgorithms=+NAME DESTINATION` (or HostKeyAlgorithms, Ciphers, MACs)
        "#]],
        );
    }
}
