use sshmend_facts::Facts;

use crate::causes::host_key::host_key_unknown::pin;
use crate::evidence::transcript::transcript_evidence;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(finding) = transcript_evidence(facts, verdict) else {
        return;
    };
    let shown = |words: &str| facts.printed_line(words);
    if shown("REVOKED HOST KEY")
        .or(shown("is marked as revoked."))
        .or(shown(" revoked by file "))
        .is_some()
    {
        finding.summary =
            "the server shows a host key that is revoked here (@revoked in known_hosts, or RevokedHostKeys)".into();
        finding
            .step("on the server make new host keys, or ask who marked this one as revoked, and where it was stolen");
        return;
    }
    for words in ["Offending ", "SHA256:"] {
        let source = facts
            .transcript()
            .map(|(source, _)| source)
            .unwrap_or_default();
        let line = shown(words).filter(|(line, _)| !finding.shows(*line));
        if let Some((line, text)) = &line {
            finding.shown_on(source, Some(*line), text);
        }
    }
    if let Some(place) =
        shown("Offending ").and_then(|(_, text)| Some(text.rsplit_once(" in ")?.1.to_owned()))
    {
        finding.step(format!("the old key is in {place}"));
    }
    pin(facts, finding);
}

#[cfg(test)]
mod tests {
    use crate::testing::check_transcript;
    use expect_test::expect;

    #[test]
    fn the_warning_of_ssh_is_certain() {
        let text = "\
debug1: Connecting to server.example.net [192.0.2.10] port 22.
debug1: Connection established.
debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2
debug1: SSH2_MSG_KEXINIT sent
debug1: SSH2_MSG_KEXINIT received
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@
Offending ED25519 key in /home/alice/.ssh/known_hosts:3
Host key for server.example.net has changed and you have requested strict checking.
Host key verification failed.
";
        check_transcript(
            "host-key-changed",
            text,
            &expect![[r#"
                certain: the server's host key differs from the known one
                  transcript:7: @    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @
                  transcript:9: Offending ED25519 key in /home/alice/.ssh/known_hosts:3
                  - the old key is in /home/alice/.ssh/known_hosts:3
                  - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
                  - when it is the same key: `sshmend fix known-hosts server.example.net --expect-fingerprint SHA256:FINGERPRINT`
            "#]],
        );
    }

    #[test]
    fn the_line_of_the_old_key_alone_is_shown_once() {
        check_transcript(
            "host-key-changed",
            "Offending ED25519 key in /home/alice/.ssh/known_hosts:3\n",
            &expect![[r#"
                certain: the server's host key differs from the known one
                  transcript:1: Offending ED25519 key in /home/alice/.ssh/known_hosts:3
                  - the old key is in /home/alice/.ssh/known_hosts:3
                  - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
                  - when it is the same key: `sshmend fix known-hosts HOST --expect-fingerprint SHA256:FINGERPRINT`
            "#]],
        );
    }

    #[test]
    fn a_revoked_key_is_distinguished_from_a_changed_one() {
        let text = "\
debug1: Connecting to server.example.net [192.0.2.10] port 22.
debug1: Connection established.
debug1: Remote protocol version 2.0, remote software version OpenSSH_9.2p1 Debian-2
debug1: expecting SSH2_MSG_KEX_ECDH_REPLY
@       WARNING: REVOKED HOST KEY DETECTED!               @
The ED25519 host key for server.example.net is marked as revoked.
ED25519 host key for server.example.net was revoked and you have requested strict checking.
Host key verification failed.
";
        check_transcript(
            "host-key-changed",
            text,
            &expect![[r#"
                certain: the server shows a host key that is revoked here (@revoked in known_hosts, or RevokedHostKeys)
                  transcript:5: @       WARNING: REVOKED HOST KEY DETECTED!               @
                  - on the server make new host keys, or ask who marked this one as revoked, and where it was stolen
            "#]],
        );
        check_transcript("mtu-black-hole", text, &expect![[""]]);
    }
}
