//! An sshd that listens, but not where clients look for it.

use sshmend_facts::{Door, Facts, Listener, LogLine, Reader, Socket, Unit};
use sshmend_lossless::Origin;
use sshmend_plan::Wish;
use sshmend_ssh_log::Kind;

use crate::edit::{self, Change};
use crate::finding::Then;
use crate::proof::{Certainty, Proof};
use crate::verdict::Verdict;

/// Settings that put sshd into a network namespace of its own.
const OF_ITS_OWN: [&str; 2] = ["PrivateNetwork=", "NetworkNamespacePath="];

/// A listener without any socket in the network of this machine has one in another.
pub(crate) fn elsewhere(facts: &Facts<'_>, listener: &Listener, verdict: &mut Verdict) {
    let Some(sockets) = facts.sockets().ok().filter(|_| facts.question.privileged) else {
        return;
    };
    let ports = facts.configured_ports();
    if sockets
        .iter()
        .any(|socket| ports.contains(&socket.port) || socket.is_of_sshd())
    {
        return;
    }
    let line = facts.confinement(&OF_ITS_OWN);
    let certainty = if line.is_some() {
        Proof::Sockets.certain()
    } else {
        Certainty::Possible
    };
    let finding = verdict.find(
        certainty,
        "sshd runs, but in another network namespace: nothing listens in this one",
    );
    finding
        .shown_by("/proc", &listener.title)
        .shown_by("ss -Hltnp", "shows no socket of sshd");
    if let Some((origin, text)) = line {
        finding.shown_at(&origin, text);
        finding.mended_without(&[origin]);
    } else {
        finding.step(format!(
            "see which network it is in: `lsns -t net -p {}`, `systemctl cat ssh.service`",
            listener.pid
        ));
        finding.then(Then::Restart);
    }
}

/// Judges the port in question when nothing listens on it.
pub(crate) fn not_there(facts: &Facts<'_>, verdict: &mut Verdict) {
    let (Some(port), Some(Door::Nobody)) = (facts.asked_port(), facts.door()) else {
        return;
    };
    let ports: Vec<String> = facts.ports().iter().map(u16::to_string).collect();
    let ports = ports.join(", ");
    let finding = verdict.likely(format!(
        "nothing on this machine listens on port {port}; sshd listens on port {ports}"
    ));
    finding.shown_by("ss -Hltnp", format!("shows no socket on port {port}"));
    for (line, text, why) in unread_lines(facts, port) {
        finding.shown_at(&line, format!("{text} (has no effect: {why})"));
    }
    finding.step(format!(
        "let the client come to port {ports}, or sshd listen there as well: `sshmend fix sshd-config Port+={port}`"
    ));
    finding.step(format!(
        "a rule may lead port {port} elsewhere: `nft list ruleset | grep -e dnat -e redirect`"
    ));
}

/// The lines that ask for a port, in files that nothing reads, with the reason.
fn unread_lines(facts: &Facts<'_>, port: u16) -> Vec<(Origin, String, String)> {
    let wanted = port.to_string();
    let mut lines = Vec::new();
    for file in facts.unread_files() {
        let Reader::Sshd(settings) = file.reader else {
            continue;
        };
        for setting in settings.iter().filter(|setting| setting.key == "port") {
            for line in setting.origin.iter().chain(&setting.also) {
                let text = facts.line(&line.path, line.line);
                if text.split_whitespace().nth(1) == Some(&wanted) {
                    lines.push((line.clone(), text, file.why.clone()));
                }
            }
        }
    }
    lines
}

/// A port that sshd or its socket unit listened on a while ago, and does not now.
pub(crate) fn moved(facts: &Facts<'_>, socket: Option<&Unit>, verdict: &mut Verdict) {
    let client = facts.question.client_address();
    if client.is_some_and(|client| facts.has_logged_in(client)) {
        return;
    }
    let now = facts.ports();
    let port = |line: &LogLine| line.detail.rsplit_once(" port ")?.1.parse::<u16>().ok();
    let before = facts
        .log()
        .unwrap_or_default()
        .iter()
        .filter(|line| line.kind == Kind::Listening);
    let Some((line, old)) = before
        .filter_map(|line| Some((line, port(line)?)))
        .rfind(|(_, port)| !now.contains(port))
    else {
        return;
    };
    let ports = now
        .iter()
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let mut sockets = facts.sockets().unwrap_or_default().into_iter();
    if let Some(holder) = sockets.find(|socket| socket.port == old) {
        return taken_over(facts, line, &holder, &ports, verdict);
    }
    let finding = verdict.possible(format!(
        "nothing listens on port {old} since sshd moved to port {ports}: connections to {old} are refused"
    ));
    finding.shown_by_lines(&[line]);
    if let Some(unit) = socket {
        let name = unit.name();
        finding.shown_by(
            "systemctl show",
            format!("{name}: Listen={}", unit.get("Listen")),
        );
        finding.step(format!(
            "tell the clients: `ssh -p {ports} DESTINATION`, or `Port {ports}` in ~/.ssh/config"
        ));
        finding.step(format!("or write `ListenStream={old}` (`systemctl edit {name}`), then `systemctl daemon-reload && systemctl restart {name}`"));
        return;
    }
    let mut back = None;
    if let Ok(Some(setting)) = facts.setting("port") {
        finding.shown_by_setting(facts, setting);
        let value = old.to_string();
        if let Some(command) = edit::change(facts, setting, "Port", Change::Value(&value)) {
            back = Some(command);
        }
    }
    finding.step(format!(
        "tell the clients: `ssh -p {ports} DESTINATION`, or `Port {ports}` in ~/.ssh/config"
    ));
    if facts.configured_ports().contains(&old) {
        finding.mended_by(
            Wish::Service { restart: true },
            "makes sshd read its files, which set that port; sessions stay open",
        );
        return;
    }
    if facts.decided_by_command_line("Port").is_some() {
        finding.step("or go back to it: give that line the old port, which no file of sshd can change, then `systemctl daemon-reload && systemctl restart ssh.service`");
        return;
    }
    finding.step(match back {
        Some(command) => format!("or go back to it: {command}"),
        None => format!("or go back to it: write `Port {old}` at the line above"),
    });
    finding.step("then `sshd -t && systemctl restart ssh.service`, unless that was done");
}

/// The port that sshd has left is another program's now: a tarpit, a proxy, an appliance. One that leads to sshd does no harm.
fn taken_over(
    facts: &Facts<'_>,
    line: &LogLine,
    holder: &Socket,
    ports: &str,
    verdict: &mut Verdict,
) {
    let Some((name, pid)) = holder.holders.first() else {
        return;
    };
    if holder.is_inside() || facts.was_let_in_from_inside() {
        return;
    }
    let old = holder.port;
    let finding = verdict.possible(format!(
        "sshd has moved from port {old} to port {ports}, and {name} (process {pid}) now holds port {old}: connections to {old} do not reach sshd, unless {name} forwards them"
    ));
    finding
        .shown_by_lines(&[line])
        .shown_by("ss -Hltnp", &holder.line);
    finding.step(format!(
        "tell the clients: `ssh -p {ports} DESTINATION`, or `Port {ports}` in ~/.ssh/config"
    ));
    finding.step(format!(
        "see what answers there: `sshmend diagnose --port {old}`"
    ));
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::SHOW;

    use crate::testing::check;
    use expect_test::expect;

    const GONE: &str = "//- /proc/700/cmdline missing\n";

    const UNIT: &str = "Id=ssh.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n\
        UnitFileState=enabled\nMainPID=700\nDropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n";

    #[test]
    fn an_sshd_in_a_separate_network_namespace_is_not_reachable() {
        let alone = format!(
            "//$ ss -Hltnp => 0\n//- /etc/systemd/system/ssh.service.d/o.conf\nPrivateNetwork=yes\n{SHOW}{UNIT}"
        );
        check(
            "sshd-not-running",
            &alone,
            &expect![[r#"
                certain: sshd runs, but in another network namespace: nothing listens in this one
                  /proc: sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
                  ss -Hltnp: shows no socket of sshd
                  /etc/systemd/system/ssh.service.d/o.conf:1: PrivateNetwork=yes
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:1  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
        check(
            "sshd-not-running",
            "//$ ss -Hltnp => 0\n",
            &expect![[r#"
            possible: sshd runs, but in another network namespace: nothing listens in this one
              /proc: sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
              ss -Hltnp: shows no socket of sshd
              - see which network it is in: `lsns -t net -p 700`, `systemctl cat ssh.service`
              - then `sshmend fix service --restart`
        "#]],
        );
    }

    #[test]
    fn a_socket_unit_on_another_port_is_reported() {
        let units = "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\n\n\
            Id=ssh.socket\nLoadState=loaded\nActiveState=active\nListen=[::]:2222 (Stream)\n";
        let sockets =
            "//$ ss -Hltnp => 0\nLISTEN 0 128 *:2222 *:* users:((\"systemd\",pid=1,fd=3))\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{sockets}{SHOW}{units}"),
            &expect![[r#"
            possible: nothing listens on port 22 since sshd moved to port 2222: connections to 22 are refused
              journalctl: 2026-11-20T12:00:00.000000+0000 server sshd[700]: Server listening on 0.0.0.0 port 22.
              systemctl show: ssh.socket: Listen=[::]:2222 (Stream)
              - tell the clients: `ssh -p 2222 DESTINATION`, or `Port 2222` in ~/.ssh/config
              - or write `ListenStream=22` (`systemctl edit ssh.socket`), then `systemctl daemon-reload && systemctl restart ssh.socket`
        "#]],
        );
    }

    #[test]
    fn a_port_that_sshd_no_longer_listens_on_is_reported() {
        let moved = "//- /etc/ssh/sshd_config\nPort 2222\n\
            //$ ss -Hltnp => 0\nLISTEN 0 128 0.0.0.0:2222 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n";
        check(
            "sshd-not-running",
            moved,
            &expect![[r#"
                possible: nothing listens on port 22 since sshd moved to port 2222: connections to 22 are refused
                  journalctl: 2026-11-20T12:00:00.000000+0000 server sshd[700]: Server listening on 0.0.0.0 port 22.
                  /etc/ssh/sshd_config:1: Port 2222
                  - tell the clients: `ssh -p 2222 DESTINATION`, or `Port 2222` in ~/.ssh/config
                  - or go back to it: `sshmend fix sshd-config Port=22`
                  - then `sshd -t && systemctl restart ssh.service`, unless that was done
            "#]],
        );
    }

    #[test]
    fn a_former_port_that_another_program_holds_is_a_possible_cause() {
        let machine = |address: &str| {
            format!(
                "//- /etc/ssh/sshd_config\nPort 2222\n//$ ss -Hltnp => 0\n\
                 LISTEN 0 128 0.0.0.0:2222 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n\
                 LISTEN 0 64 {address}:22 0.0.0.0:* users:((\"tarpit\",pid=81,fd=3))\n"
            )
        };
        check(
            "sshd-not-running",
            &machine("0.0.0.0"),
            &expect![[r#"
                possible: sshd has moved from port 22 to port 2222, and tarpit (process 81) now holds port 22: connections to 22 do not reach sshd, unless tarpit forwards them
                  journalctl: 2026-11-20T12:00:00.000000+0000 server sshd[700]: Server listening on 0.0.0.0 port 22.
                  ss -Hltnp: LISTEN 0 64 0.0.0.0:22 0.0.0.0:* users:(("tarpit",pid=81,fd=3))
                  - tell the clients: `ssh -p 2222 DESTINATION`, or `Port 2222` in ~/.ssh/config
                  - see what answers there: `sshmend diagnose --port 22`
            "#]],
        );
        check(
            "sshd-not-running",
            &machine("127.0.0.1"),
            &expect![[r#"
                excluded: process 700 listens: sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
            "#]],
        );
    }
}
