use sshmend_facts::{Facts, LogLine, Socket, Vantage};
use sshmend_lossless::quoted;
use sshmend_ssh_log::{CauseName, Kind};
use sshmend_sshd_config::Setting;

use crate::edit::{self, Change};
use crate::evidence::log::LogEvidence;
use crate::evidence::transcript::transcript_evidence;
use crate::finding::Finding;
use crate::proof::{Certainty, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

/// A refused request, as a log entry states it.
enum Refused<'l> {
    /// `-R`: this port, which PermitListen or `permitlisten=` does not name.
    Listen(&'l str),
    /// `-L`, `-D`, `-W`: this host and port, which PermitOpen or `permitopen=` does not name.
    Open(String),
    /// A socket of a path.
    Path,
    /// The port could not be opened, for this reason of the system.
    Bind(&'l str),
}

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(lines) = verdict.look(facts.log_lines(CauseName::ForwardingRefused)) else {
        return;
    };
    let Some(last) = lines.last().copied() else {
        return;
    };
    // If a port cannot be opened, the reason is one line above.
    let why = lines.iter().rev().find_map(|line| refused(line));
    let heard = LogEvidence {
        certainty: certainty(facts, last),
        client: facts.question.client_address().or(last.client),
        besides: facts.more_log_lines(CauseName::ForwardingRefused),
        lines,
    };
    match why {
        Some(Refused::Listen(port)) => {
            let finding = heard.report(
                verdict,
                &format!("sshd is not allowed to open port {port} for `ssh -R`"),
            );
            allow(facts, finding, "PermitListen", port);
        }
        Some(Refused::Open(target)) => {
            let finding = heard.report(
                verdict,
                &format!("sshd is not allowed to connect to {target} for `ssh -L`, `-D` or `-J`"),
            );
            allow(facts, finding, "PermitOpen", &target);
        }
        Some(Refused::Bind(reason)) => {
            let port = last.number.unwrap_or_default();
            let finding = heard.report(
                verdict,
                &format!("sshd could not open port {port} for `ssh -R`: {reason}"),
            );
            unable(facts, finding, port, reason);
        }
        Some(Refused::Path) | None => {
            let finding = heard.report(verdict, "sshd refused to forward");
            finding.step("see what is in force: `sudo sshmend show sshd-config AllowStreamLocalForwarding DisableForwarding PermitListen PermitOpen`");
        }
    }
}

/// A successful login says nothing about requests inside the session, so it does not weaken the log entries.
fn certainty(facts: &Facts<'_>, last: &LogLine) -> Certainty {
    let asked = facts.question.client_address();
    if !facts.is_recent(last) || last.is_vague {
        Certainty::Possible
    } else if asked.is_some() && last.client == asked {
        Proof::Log.certain()
    } else {
        Certainty::Likely
    }
}

fn refused(line: &LogLine) -> Option<Refused<'_>> {
    if line.kind == Kind::ForwardingFault {
        let reason = line.text.rsplit_once("]:")?.1.split_once(": ")?.1;
        return line
            .text
            .contains("bind [")
            .then_some(Refused::Bind(reason));
    }
    let words: Vec<&str> = line.text.split([' ', ',']).collect();
    let behind = |word: &str| {
        let at = words.iter().rposition(|other| *other == word)?;
        words.get(at + 1).copied()
    };
    match (behind("host"), behind("port")) {
        (Some(_), Some(port)) if words.contains(&"forward") => Some(Refused::Listen(port)),
        (Some(host), Some(port)) => Some(Refused::Open(format!("{host}:{port}"))),
        _ => Some(Refused::Path),
    }
}

/// Names the setting that leaves the port or the target out, else the options of the key, which alone are left then.
fn allow(facts: &Facts<'_>, finding: &mut Finding, key: &str, what: &str) {
    let setting = facts.setting(&key.to_lowercase()).ok().flatten();
    let Some(setting) = setting.filter(|setting| setting.values != ["any"]) else {
        finding.step(format!(
            "{key} does not stand in the way, so an option of the key does: find it, and add `{}=\"{what}\"` to that line, or take the option out: `grep -nE 'permit(listen|open)=' ~{}/.ssh/authorized_keys`",
            key.to_lowercase(),
            facts.user().filter(|user| quoted(user) == *user).unwrap_or("USER"),
        ));
        return;
    };
    finding.shown_by_setting(facts, setting);
    let value = widened(setting, what);
    match edit::change(facts, setting, key, Change::Value(&value)) {
        Some(command) => finding.step(format!("if it is meant to be forwarded: {command}")),
        None => finding.step(format!(
            "if it is meant to be forwarded, write {key} {value}"
        )),
    };
}

/// The list with one more entry; `none` stands alone.
fn widened(setting: &Setting, what: &str) -> String {
    let entries = setting.values.iter().map(String::as_str);
    let kept: Vec<&str> = entries.filter(|entry| *entry != "none").collect();
    [kept.as_slice(), &[what]].concat().join(" ")
}

/// Says what to do about a port that cannot be opened.
fn unable(facts: &Facts<'_>, finding: &mut Finding, port: u64, reason: &str) {
    let holder = facts
        .sockets()
        .unwrap_or_default()
        .into_iter()
        .find(|socket| u64::from(socket.port) == port);
    if reason.starts_with("Permission denied") {
        finding.step(format!(
            "ports below 1024 are root's: ask for one from 1024 up (8{port:03}, say), or let every account open this one: `sysctl -w net.ipv4.ip_unprivileged_port_start={port}`"
        ));
    } else if let Some(socket) = holder {
        finding.shown_by("ss", &socket.line);
        end(finding, &socket);
    } else {
        finding.step(format!(
            "nothing holds the port now: try again; what held it shows `ss -ltnp sport = :{port}`"
        ));
    }
}

/// Ends an earlier connection that still holds the port; another program is its owner's.
fn end(finding: &mut Finding, socket: &Socket) {
    let Some((name, pid)) = socket.holders.first() else {
        return;
    };
    if !name.starts_with("sshd") {
        finding.step(format!(
            "{name} (process {pid}) listens there: ask for another port, or stop that program"
        ));
        return;
    }
    finding.step(format!(
        "an earlier ssh still holds it; where nobody uses that one any more, end it: `kill {pid}`"
    ));
    finding.step(
        "let sshd notice clients that are gone: `sshmend fix sshd-config ClientAliveInterval=30 ClientAliveCountMax=3`",
    );
}

/// The client is told of the refusal; only the server knows the reason.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    if !matches!(facts.question.vantage, Vantage::Transcript(_)) {
        return;
    }
    let Some(finding) = transcript_evidence(facts, verdict) else {
        return;
    };
    let said = finding.evidence.first().map(|one| one.text.clone());
    let port = said.and_then(|said| said.rsplit_once("listen port ")?.1.parse::<u16>().ok());
    finding.step(
        "on the server, what it logged of it: `sudo sshmend diagnose --client ADDRESS --user NAME`",
    );
    if let Some(port) = port {
        finding.step(format!(
            "on the server, who holds the port, mostly an earlier ssh whose client is gone: `sudo ss -ltnp sport = :{port}`"
        ));
        if port < 1024 {
            finding.step(format!(
                "port {port} is below 1024, and those are root's: ask for one from 1024 up"
            ));
        }
    }
    finding.step("on the server, what sshd allows to this account: `sudo sshmend show sshd-config AllowTcpForwarding DisableForwarding PermitListen PermitOpen --connection user=NAME,addr=ADDRESS`; where that forbids it and need not: `sudo sshmend fix sshd-config AllowTcpForwarding=yes`");
    finding.step("where that allows it, an option of the key forbids it (`restrict`, `no-port-forwarding`, `permitlisten=`, `permitopen=`): on the server, `grep -n . ~/.ssh/authorized_keys`");
}

#[cfg(test)]
mod tests {
    use expect_test::expect;
    use sshmend_facts::Question;
    use sshmend_facts::fixture::{LOG, NOW};

    use crate::testing::{alice, alice_with, check, check_as};

    const DENIED: &str = "Received request from 198.51.100.7 port 40022 to remote forward to host localhost port 19022, but the request was denied.";

    fn taken(reason: &str) -> String {
        let at = "2026-11-20T17:59:00+00:00 server sshd[812]:";
        format!(
            "{LOG}{at} Accepted publickey for alice from 198.51.100.7 port 40022 ssh2: ED25519 SHA256:x\n\
             {at} error: bind [127.0.0.1]:820: {reason}\n\
             {at} error: channel_setup_fwd_listener_tcpip: cannot listen to port: 820\n"
        )
    }

    #[test]
    fn the_repair_adds_one_entry_to_the_list() {
        check_as(
            &alice(),
            "forwarding-refused",
            &alice_with("PermitListen 18080\n", DENIED),
            &expect![[r#"
                certain: sshd is not allowed to open port 19022 for `ssh -R` (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Received request from 198.51.100.7 port 40022 to remote forward to host localhost port 19022, but the request was denied.
                  /etc/ssh/sshd_config:1: PermitListen 18080
                  - if it is meant to be forwarded: `sshmend fix sshd-config 'PermitListen=*:18080 19022'`
            "#]],
        );
        check_as(
            &alice(),
            "forwarding-refused",
            &alice_with("PermitListen none\n", DENIED),
            &expect![[r#"
                certain: sshd is not allowed to open port 19022 for `ssh -R` (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Received request from 198.51.100.7 port 40022 to remote forward to host localhost port 19022, but the request was denied.
                  /etc/ssh/sshd_config:1: PermitListen none
                  - if it is meant to be forwarded: `sshmend fix sshd-config PermitListen=19022`
            "#]],
        );
    }

    #[test]
    fn a_refusal_without_a_forbidding_setting_comes_from_a_key_option() {
        let target = "Received request from 198.51.100.7 port 40022 to connect to host db.example port 5432, but the request was denied.";
        check_as(
            &alice(),
            "forwarding-refused",
            &alice_with("", target),
            &expect![[r#"
                certain: sshd is not allowed to connect to db.example:5432 for `ssh -L`, `-D` or `-J` (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Received request from 198.51.100.7 port 40022 to connect to host db.example port 5432, but the request was denied.
                  - PermitOpen does not stand in the way, so an option of the key does: find it, and add `permitopen="db.example:5432"` to that line, or take the option out: `grep -nE 'permit(listen|open)=' ~alice/.ssh/authorized_keys`
            "#]],
        );
    }

    #[test]
    fn an_occupied_port_is_distinguished_from_a_privileged_one() {
        let held = "//$ ss -Hltnp => 0\nLISTEN 0 128 127.0.0.1:820 0.0.0.0:* users:((\"sshd\",pid=900,fd=8))\n";
        check_as(
            &alice(),
            "forwarding-refused",
            &format!("{}{held}", taken("Address already in use")),
            &expect![[r#"
                certain: sshd could not open port 820 for `ssh -R`: Address already in use (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: bind [127.0.0.1]:820: Address already in use
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: channel_setup_fwd_listener_tcpip: cannot listen to port: 820
                  ss: LISTEN 0 128 127.0.0.1:820 0.0.0.0:* users:(("sshd",pid=900,fd=8))
                  - an earlier ssh still holds it; where nobody uses that one any more, end it: `kill 900`
                  - let sshd notice clients that are gone: `sshmend fix sshd-config ClientAliveInterval=30 ClientAliveCountMax=3`
            "#]],
        );
        check_as(
            &alice(),
            "forwarding-refused",
            &taken("Permission denied"),
            &expect![[r#"
                certain: sshd could not open port 820 for `ssh -R`: Permission denied (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: bind [127.0.0.1]:820: Permission denied
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: channel_setup_fwd_listener_tcpip: cannot listen to port: 820
                  - ports below 1024 are root's: ask for one from 1024 up (8820, say), or let every account open this one: `sysctl -w net.ipv4.ip_unprivileged_port_start=820`
            "#]],
        );
        check("forwarding-refused", "", &expect![[""]]);
    }

    #[test]
    fn the_message_of_the_client_leads_to_steps_on_the_server() {
        let said = "Warning: remote port forwarding failed for listen port 820\n";
        check_as(
            &Question::transcript(said, NOW),
            "forwarding-refused",
            "",
            &expect![[r#"
                likely: sshd refuses a forwarding that the client requests: the server did not open the port or socket that `-R` asked for: another program holds it there, or sshd does not allow it
                  transcript:1: Warning: remote port forwarding failed for listen port 820
                  - on the server, what it logged of it: `sudo sshmend diagnose --client ADDRESS --user NAME`
                  - on the server, who holds the port, mostly an earlier ssh whose client is gone: `sudo ss -ltnp sport = :820`
                  - port 820 is below 1024, and those are root's: ask for one from 1024 up
                  - on the server, what sshd allows to this account: `sudo sshmend show sshd-config AllowTcpForwarding DisableForwarding PermitListen PermitOpen --connection user=NAME,addr=ADDRESS`; where that forbids it and need not: `sudo sshmend fix sshd-config AllowTcpForwarding=yes`
                  - where that allows it, an option of the key forbids it (`restrict`, `no-port-forwarding`, `permitlisten=`, `permitopen=`): on the server, `grep -n . ~/.ssh/authorized_keys`
            "#]],
        );
    }
}
