use sshmend_facts::{Facts, Target, Unchecked, UnknownKey};
use sshmend_known_hosts::{NoContent, UnreadFile};
use sshmend_lossless::{Unread, quoted};
use sshmend_ssh_log::transcript::{Software, is_of_provider};

use crate::evidence::transcript::transcript_evidence;
use crate::finding::Finding;
use crate::proof::{Certainty, Fact};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

/// Our own attempt never accepts an unknown key; whether that is a fault depends on the user's own
/// ssh.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let route = facts.route().ok();
    if route
        .as_ref()
        .is_some_and(|route| route.unknown_key == UnknownKey::Taken)
    {
        return verdict.settle(Fact::Answer, "ssh accepts unknown host keys");
    }
    let Some(finding) = transcript_evidence(facts, verdict) else {
        return;
    };
    if route.is_some_and(|route| route.unknown_key == UnknownKey::Asked && !route.batch) {
        finding.certainty = Certainty::Possible;
        finding.summary =
            "no host key is known for the server: ssh asks, and programs that cannot answer fail here".to_owned();
    }
    let unread = facts.unread_known_hosts();
    unreadable(finding, &unread);
    // A line in the user's own file helps if that file can be read.
    if unread.iter().all(is_global) {
        describe(facts, finding);
    }
    let unchecked = unread
        .iter()
        .map(|file| Unchecked::new(file.path.display().to_string(), file.why.to_string()));
    verdict.unchecked.extend(unchecked);
}

/// Describes the key by the transcript, and how to add it to known_hosts.
fn describe(facts: &Facts<'_>, finding: &mut Finding) {
    let source = facts
        .transcript()
        .map(|(source, _)| source)
        .unwrap_or_default();
    if let Some((line, text)) = facts.printed_line("Certificate invalid: ") {
        finding.summary =
            "the server's host certificate is not valid, and its key is not known".to_owned();
        if finding.evidence.iter().all(|one| one.text != text) {
            finding.shown_on(source, Some(line), &text);
        }
        finding.step("sign the host key anew for the name that ssh uses, and let sshd load it: `ssh-keygen -s CA -h -I ID -n NAME -V +52w KEY.pub`");
    }
    for words in ["hostkeys_foreach failed for ", "KnownHostsCommand"] {
        if let Some((line, text)) = &facts.printed_line(words) {
            finding.shown_on(source, Some(*line), text);
        }
    }
    pin(facts, finding);
}

/// Whether the file is the machine's and not the user's.
fn is_global(file: &UnreadFile) -> bool {
    file.path.starts_with("/etc")
}

/// A file that ssh cannot read provides no key, whatever it contains; a new line would not help,
/// nor could it be added.
fn unreadable(finding: &mut Finding, unread: &[UnreadFile]) {
    if unread.is_empty() {
        return;
    }
    let told: Vec<String> = unread
        .iter()
        .map(|file| format!("{} ({})", file.path.display(), file.why))
        .collect();
    finding.summary = format!(
        "ssh cannot read {}, so it does not know a host key of the server",
        told.join(", ")
    );
    for file in unread {
        let path = file.path.display();
        finding.shown_by(path.to_string(), file.why.to_string());
        finding.step(match file.why {
            NoContent::Unread(Unread::Denied) if is_global(file) => {
                format!("let everyone read it: `sudo chmod a+r {}`", quoted(&path.to_string()))
            }
            NoContent::Unread(Unread::Denied) => {
                format!("give it back to its user: `sudo chown \"$(id -un):\" {}` (and the folders above it)", quoted(&path.to_string()))
            }
            _ => format!("{path}: {}", file.why.hint()),
        });
    }
}

/// Adds a key to known_hosts, always with a check at the server.
pub(crate) fn pin(facts: &Facts<'_>, finding: &mut Finding) {
    let name = facts.known_as();
    let host = facts
        .question
        .target()
        .map(Target::host)
        .or(name.as_deref());
    finding.step(if host.is_some_and(is_of_provider) {
        "compare it with the fingerprints that the provider publishes on its pages"
    } else {
        "on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`"
    });
    if facts
        .transcript()
        .is_some_and(|(_, transcript)| transcript.client.software == Software::Putty)
    {
        finding
            .step("when it is the same key: start PuTTY, compare the fingerprint that it shows, and accept that one");
        return;
    }
    let name = name.map_or_else(|| "HOST".to_owned(), |name| quoted(&name));
    finding.step(format!(
        "when it is the same key: `sshmend fix known-hosts {name} --expect-fingerprint SHA256:FINGERPRINT`"
    ));
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_client, check_transcript, works};
    use expect_test::expect;
    use sshmend_facts::Question;
    use sshmend_facts::fixture::{NOW, machine};

    #[test]
    fn keys_of_git_providers_are_compared_with_the_published_ones() {
        let said = "No ED25519 host key is known for github.com and you have requested strict checking.\r\nHost key verification failed.\r\n";
        let steps = |text: &str| {
            let question = Question::transcript(text, NOW);
            let diagnosis = crate::diagnose(&machine(""), &question);
            diagnosis
                .findings
                .first()
                .map(|finding| finding.steps.join("\n"))
        };
        let published = "fingerprints that the provider publishes";
        assert!(steps(said).is_some_and(|steps| steps.contains(published)));
        let own = said.replace("github.com", "gate.example");
        assert!(steps(&own).is_some_and(|steps| steps.contains("console")));
    }

    #[test]
    fn an_unknown_key_with_strict_checking_is_certain() {
        let text = "\
debug1: Connecting to server.example.net [192.0.2.10] port 2222.
debug1: Connection established.
debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2
debug1: SSH2_MSG_KEXINIT sent
debug1: SSH2_MSG_KEXINIT received
No ED25519 host key is known for [server.example.net]:2222 and you have requested strict checking.
Host key verification failed.
";
        check_transcript(
            "host-key-unknown",
            text,
            &expect![[r#"
                certain: the server's host key is not known, and ssh cannot ask
                  transcript:6: No ED25519 host key is known for [server.example.net]:2222 and you have requested strict checking.
                  - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
                  - when it is the same key: `sshmend fix known-hosts '[server.example.net]:2222' --expect-fingerprint SHA256:FINGERPRINT`
            "#]],
        );
    }

    #[test]
    fn an_invalid_certificate_leads_to_signing_the_host_key_again() {
        let text = "Certificate invalid: expired\nHost key verification failed.\n";
        check_transcript(
            "host-key-unknown",
            text,
            &expect![[r#"
                certain: the server's host certificate is not valid, and its key is not known
                  transcript:1: Certificate invalid: expired
                  - sign the host key anew for the name that ssh uses, and let sshd load it: `ssh-keygen -s CA -h -I ID -n NAME -V +52w KEY.pub`
                  - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
                  - when it is the same key: `sshmend fix known-hosts HOST --expect-fingerprint SHA256:FINGERPRINT`
            "#]],
        );
    }

    const UNKNOWN: &str = "//$ TRY => 255
No ED25519 host key is known for server and you have requested strict checking.
Host key verification failed.
//$ ssh -G -- server => 0
hostname 192.0.2.10
port 22
";

    #[test]
    fn stricthostkeychecking_decides_how_an_unknown_key_is_judged() {
        let with = |lines: &str, expected| {
            check_client(
                "host-key-unknown",
                &format!("{UNKNOWN}{lines}"),
                &[works()],
                expected,
            );
        };
        with(
            "stricthostkeychecking ask\n",
            &expect![[r#"
            possible: no host key is known for the server: ssh asks, and programs that cannot answer fail here
              ssh -v server:1: No ED25519 host key is known for server and you have requested strict checking.
              - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
              - when it is the same key: `sshmend fix known-hosts server --expect-fingerprint SHA256:FINGERPRINT`
        "#]],
        );
        with(
            "stricthostkeychecking ask\nbatchmode yes\n",
            &expect![[r#"
                certain: the server's host key is not known, and ssh cannot ask
                  ssh -v server:1: No ED25519 host key is known for server and you have requested strict checking.
                  - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
                  - when it is the same key: `sshmend fix known-hosts server --expect-fingerprint SHA256:FINGERPRINT`
            "#]],
        );
        with(
            "stricthostkeychecking accept-new\n",
            &expect![[r#"
                excluded: ssh accepts unknown host keys
            "#]],
        );
    }

    #[test]
    fn an_unreadable_known_hosts_file_is_not_taken_for_one_without_the_key() {
        let files = "userknownhostsfile /home/alice/.ssh/known_hosts\nglobalknownhostsfile /etc/ssh/ssh_known_hosts\n\
                     //- /etc/ssh/ssh_known_hosts missing\n//- /home/alice/.ssh/known_hosts ";
        let with = |entry: &str, expected| {
            check_client(
                "host-key-unknown",
                &format!("{UNKNOWN}batchmode yes\n{files}{entry}\n"),
                &[works()],
                expected,
            );
        };
        with(
            "unreadable:Permission denied",
            &expect![[r#"
            certain: ssh cannot read /home/alice/.ssh/known_hosts (permission denied), so it does not know a host key of the server
              ssh -v server:1: No ED25519 host key is known for server and you have requested strict checking.
              /home/alice/.ssh/known_hosts: permission denied
              - give it back to its user: `sudo chown "$(id -un):" /home/alice/.ssh/known_hosts` (and the folders above it)
            unchecked: /home/alice/.ssh/known_hosts: permission denied
        "#]],
        );
        with(
            "missing\n//- /etc/ssh/ssh_known_hosts unreadable:Permission denied",
            &expect![[r#"
            certain: ssh cannot read /etc/ssh/ssh_known_hosts (permission denied), so it does not know a host key of the server
              ssh -v server:1: No ED25519 host key is known for server and you have requested strict checking.
              /etc/ssh/ssh_known_hosts: permission denied
              - let everyone read it: `sudo chmod a+r /etc/ssh/ssh_known_hosts`
              - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
              - when it is the same key: `sshmend fix known-hosts server --expect-fingerprint SHA256:FINGERPRINT`
            unchecked: /etc/ssh/ssh_known_hosts: permission denied
        "#]],
        );
        with(
            "dir",
            &expect![[r#"
            certain: ssh cannot read /home/alice/.ssh/known_hosts (not a regular file, but a directory), so it does not know a host key of the server
              ssh -v server:1: No ED25519 host key is known for server and you have requested strict checking.
              /home/alice/.ssh/known_hosts: not a regular file, but a directory
              - /home/alice/.ssh/known_hosts: put a regular file in its place, or name another file
            unchecked: /home/alice/.ssh/known_hosts: not a regular file, but a directory
        "#]],
        );
    }
}
