use sshmend_facts::{Facts, Proxy, Reply, Tried, Unchecked, Vantage};
use sshmend_lossless::quoted;

use crate::evidence::probe::is_turned_away;
use crate::evidence::transcript::transcript_evidence;
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::client(from_client);

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    if let Some((hop, said)) = facts.jump_loop() {
        let finding = verdict.certain(Proof::Answer, format!(
            "ssh would reach the jump host {hop} through itself: the configured ProxyJump also applies to it"
        ));
        finding.shown_by("ssh -G", said);
        finding.step(format!(
            "leave it out: `Host * !{hop}` in place of `Host *`, or a block `Host {hop}` with `ProxyJump none` above it"
        ));
        return;
    }
    match facts.route().map(|route| route.proxy) {
        Ok(Proxy::Direct) => verdict.exclude(Fact::Answer, "ssh connects to the host directly"),
        Ok(Proxy::Jump(first, all)) => jump(facts, &first, &all, verdict),
        Ok(Proxy::Command(command)) => {
            verdict.unchecked.push(Unchecked::new(
                "first hop",
                format!("it goes through a command: {command}"),
            ));
            if let Some(finding) = said(facts, verdict) {
                finding.without_client_line(
                    facts,
                    "proxycommand",
                    "where the host can be reached without it",
                );
            }
        }
        Err(_) => _ = said(facts, verdict),
    }
}

/// A jump host that cannot be reached at all is the answer; if it answers in another way, other
/// causes decide.
fn jump(facts: &Facts<'_>, first: &str, all: &str, verdict: &mut Verdict) {
    let tried = facts.tried();
    let replies = || {
        tried
            .iter()
            .flat_map(|tried| tried.replies.iter().map(|reply| (tried.to, reply)))
    };
    let finding = match unresolved(facts) {
        Some(reason) => {
            let finding = verdict.certain(
                Proof::Answer,
                format!("the name of the jump host {first} has no address here"),
            );
            finding.shown_by("resolver", reason)
        }
        None if tried.is_empty()
            || replies().any(|(_, reply)| matches!(reply, Reply::Works(_))) =>
        {
            let Some(finding) = said(facts, verdict) else {
                return;
            };
            finding
        }
        None => {
            let certainty = if tried.iter().all(is_out_of_reach) {
                Proof::Connection.certain()
            } else {
                Certainty::Possible
            };
            verdict.find(
                certainty,
                format!("the jump host {first} does not let the connection through"),
            )
        }
    };
    for (to, reply) in replies() {
        finding.shown_by(format!("connection to {to}"), reply.text());
    }
    finding.shown_by("ssh -G", format!("proxyjump {all}"));
    finding.step(format!(
        "look at the jump host as a destination of its own: `sshmend diagnose {}`",
        quoted(first)
    ));
}

fn unresolved(facts: &Facts<'_>) -> Option<String> {
    let (host, _) = facts.first_hop()?;
    match facts.snapshot.resolved(&host)? {
        Ok([]) => Some("no address".to_owned()),
        Ok(_) => None,
        Err(reason) => Some(reason.to_owned()),
    }
}

fn is_out_of_reach(tried: &Tried) -> bool {
    tried.replies.iter().all(is_turned_away)
}

/// Judges by the client's messages, and adds what follows from them.
fn said<'v>(facts: &Facts<'_>, verdict: &'v mut Verdict) -> Option<&'v mut Finding> {
    let title = verdict.cause.title();
    let finding = transcript_evidence(facts, verdict)?;
    let wants_person =
        |text: &str| text.contains("password") || text.contains("keyboard-interactive");
    let tried_here = matches!(facts.question.vantage, Vantage::Client(_));
    if tried_here
        && finding
            .evidence
            .iter()
            .any(|one| one.text.contains("Permission denied") && wants_person(&one.text))
    {
        finding.certainty = Certainty::Likely;
        finding.summary =
            format!("{title}: the jump host refuses the login, or asks for a password");
    }
    if facts.printed_line("administratively prohibited").is_some() {
        finding.step("on the jump host see what forbids it: `sudo sshmend show sshd-config AllowTcpForwarding DisableForwarding PermitOpen`");
        finding.step(
            "allow it there: `sudo sshmend fix sshd-config AllowTcpForwarding=yes`, or the host and port in PermitOpen",
        );
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_jump, check_jump_that_says, check_way, refused_by, works};
    use expect_test::expect;

    #[test]
    fn a_jump_host_that_does_not_answer_is_certain() {
        check_jump(
            "proxy-failed",
            &[refused_by()],
            &expect![[r#"
                certain: the jump host bastion does not let the connection through
                  connection to 192.0.2.1:22: connection refused
                  ssh -G: proxyjump bastion
                  - look at the jump host as a destination of its own: `sshmend diagnose bastion`
            "#]],
        );
        check_jump("proxy-failed", &[works()], &expect![[""]]);
        check_way(
            "proxy-failed",
            &[works()],
            &expect![[r#"
            excluded: ssh connects to the host directly
        "#]],
        );
    }

    #[test]
    fn messages_of_the_jump_host_are_reported() {
        check_jump_that_says(
            "proxy-failed",
            "channel 0: open failed: administratively prohibited: open failed\nstdio forwarding failed\n",
            &expect![[r#"
                certain: the jump host or proxy command fails: the jump host does not forward: AllowTcpForwarding, PermitOpen or DisableForwarding
                  ssh -v server:3: channel 0: open failed: administratively prohibited: open failed
                  connection to 192.0.2.1:22: says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
                  ssh -G: proxyjump bastion
                  - on the jump host see what forbids it: `sudo sshmend show sshd-config AllowTcpForwarding DisableForwarding PermitOpen`
                  - allow it there: `sudo sshmend fix sshd-config AllowTcpForwarding=yes`, or the host and port in PermitOpen
                  - look at the jump host as a destination of its own: `sshmend diagnose bastion`
            "#]],
        );
        check_jump_that_says(
            "proxy-failed",
            "alice@bastion: Permission denied (publickey).\n",
            &expect![[r#"
                certain: the jump host or proxy command fails
                  ssh -v server:3: alice@bastion: Permission denied (publickey).
                  connection to 192.0.2.1:22: says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
                  ssh -G: proxyjump bastion
                  - look at the jump host as a destination of its own: `sshmend diagnose bastion`
            "#]],
        );
        check_jump_that_says(
            "proxy-failed",
            "alice@bastion: Permission denied (publickey,password).\n",
            &expect![[r#"
                likely: the jump host or proxy command fails: the jump host refuses the login, or asks for a password
                  ssh -v server:3: alice@bastion: Permission denied (publickey,password).
                  connection to 192.0.2.1:22: says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
                  ssh -G: proxyjump bastion
                  - look at the jump host as a destination of its own: `sshmend diagnose bastion`
            "#]],
        );
        let other = "Host key for bastion has changed and you have requested strict checking.\nHost key verification failed.\n";
        check_jump_that_says(
            "host-key-changed",
            other,
            &expect![[r#"
                certain: the server's host key differs from the known one
                  ssh -v server:3: Host key for bastion has changed and you have requested strict checking.
                  - on the server's console: `for f in /etc/ssh/ssh_host_*_key.pub; do ssh-keygen -lf $f; done`
                  - when it is the same key: `sshmend fix known-hosts bastion --expect-fingerprint SHA256:FINGERPRINT`
            "#]],
        );
    }
}
