use sshmend_facts::{Facts, Rival};
use sshmend_ssh_log::CauseName;

use crate::finding::Then;
use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    if !facts.question.privileged {
        return;
    }
    if matches!(facts.daemon(), Ok(None)) {
        return verdict.exclude(Fact::Program, "no sshd is installed here");
    }
    let Some(sockets) = verdict.look(facts.sockets()) else {
        return;
    };
    let (meant, starter) = (facts.meant(), facts.starter());
    let listeners = facts.listeners().unwrap_or_default();
    let foreign = |name: &str, pid: u32| {
        name != "sshd" && name != "systemd" && !listeners.iter().any(|listener| listener.pid == pid)
    };
    let held = sockets
        .iter()
        .filter(|socket| meant.is_held_by(socket) && Some(*socket) != starter.as_ref());
    for socket in held.filter(|socket| {
        !socket.holders.is_empty() && socket.holders.iter().all(|(name, pid)| foreign(name, *pid))
    }) {
        let (name, pid) = &socket.holders[0];
        let finding = verdict.certain(
            Proof::Sockets,
            format!(
                "{name} (process {pid}) holds port {}, which is configured for sshd",
                socket.port
            ),
        );
        finding.shown_by("ss -Hltnp", &socket.line);
        finding.shown_by_lines(&facts.log_lines(CauseName::PortInUse).unwrap_or_default());
        let stop = match facts.unit_of(*pid) {
            Some(unit) => format!(", or stop it: `systemctl stop {unit}`"),
            // A container's proxy ends only with its container.
            None if name.starts_with("docker") => String::new(),
            None => format!(", or stop it: `kill {pid}`"),
        };
        let runs = listeners.iter().any(|listener| listener.pid != *pid);
        finding
            .step(format!("have {name} listen on another port{stop}"))
            .then(if runs { Then::Restart } else { Then::Start });
    }
    if let Some(rival) = facts.rival() {
        return another_sshd(facts, &rival, verdict);
    }
    verdict.exclude(Fact::Sockets, "no other program holds a port of sshd");
}

/// Another sshd has taken the port, and the unit of this machine's own one failed.
fn another_sshd(facts: &Facts<'_>, rival: &Rival, verdict: &mut Verdict) {
    if facts.was_let_in() {
        return verdict.exclude(
            Fact::Login,
            "the account has logged in at the sshd that listens there",
        );
    }
    let (pid, port) = (rival.listener.pid, rival.socket.port);
    let what = format!(
        "another sshd (process {pid}) holds port {port}, so {} could not start",
        rival.unit
    );
    // One that was started by hand with the same files serves the same accounts, and one that lets people in is somebody's own.
    let finding = if rival.is_other && rival.is_logged && !rival.serves {
        verdict.certain(Proof::Manager, what)
    } else if rival.is_other && rival.is_logged {
        verdict.likely(what)
    } else {
        verdict.possible(what)
    };
    finding
        .shown_by("/proc", &rival.listener.title)
        .shown_by("ss -Hltnp", &rival.socket.line);
    finding.shown_by_lines(&facts.log_lines(CauseName::PortInUse).unwrap_or_default());
    let stop = match facts.unit_of(pid) {
        Some(unit) => format!("`systemctl stop {unit}`"),
        None => format!("`kill {pid}` (sessions stay)"),
    };
    finding
        .step(format!(
            "have that one listen on another port, by `Port` in its own file, or stop it: {stop}"
        ))
        .then(Then::Start);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW};

    use crate::testing::{ACCOUNTS, alice, check, check_as};
    use expect_test::expect;

    #[test]
    fn a_program_that_holds_the_port_is_named() {
        let other = "//$ ss -Hltnp => 0\nLISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:((\"dropbear\",pid=81,fd=3))\n";
        check(
            "port-in-use",
            other,
            &expect![[r#"
                certain: dropbear (process 81) holds port 22, which is configured for sshd
                  ss -Hltnp: LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("dropbear",pid=81,fd=3))
                  - have dropbear listen on another port, or stop it: `kill 81`
                  - then `sshmend fix service --restart`
            "#]],
        );
        let of_unit = "//- /proc/81/cgroup\n0::/system.slice/dropbear.service\n//- /proc/700/cmdline missing\n";
        check(
            "port-in-use",
            &format!("{other}{of_unit}"),
            &expect![[r#"
            certain: dropbear (process 81) holds port 22, which is configured for sshd
              ss -Hltnp: LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("dropbear",pid=81,fd=3))
              - have dropbear listen on another port, or stop it: `systemctl stop dropbear.service`
              - then `sshmend fix service`
        "#]],
        );
        check(
            "port-in-use",
            "",
            &expect![[r#"
            excluded: no other program holds a port of sshd
        "#]],
        );
        for elsewhere in ["Port 2222", "ListenAddress 127.0.0.1"] {
            let other = other.replace("0.0.0.0:22", "192.0.2.10:22");
            check(
                "port-in-use",
                &format!("{other}//- /etc/ssh/sshd_config\n{elsewhere}\n"),
                &expect![[r#"
                    excluded: no other program holds a port of sshd
                "#]],
            );
        }
    }

    #[test]
    fn a_machine_without_sshd_has_no_conflict_about_the_port() {
        let dropbear = "//- /proc/700/cmdline missing\n//- /usr/sbin/sshd missing\n//$ ss -Hltnp => 0\n\
            LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:((\"dropbear\",pid=81,fd=3))\n";
        check(
            "port-in-use",
            dropbear,
            &expect![[r#"
            excluded: no sshd is installed here
        "#]],
        );
        check(
            "sshd-not-running",
            dropbear,
            &expect![[r#"
            certain: no OpenSSH server is installed on this machine
              ss -Hltnp: LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("dropbear",pid=81,fd=3))
              - install it with the package manager, for example `apt install openssh-server`
              - if another machine is the server, name it: `sshmend diagnose DESTINATION`
        "#]],
        );
    }

    #[test]
    fn another_sshd_that_holds_the_port_of_the_unit_is_named() {
        let title =
            "sshd: /usr/sbin/sshd -D -f /srv/git/sshd_config [listener] 0 of 10-100 startups";
        let machine = |log: &str| {
            format!(
                "//- /proc/700/cmdline\n{title}\n//- /proc/700/cgroup\n0::/system.slice/git-sshd.service\n\
                 //- /proc/700/stat\n700 (sshd) S 1 700 700 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 1 0 100000\n\
                 //- /srv/git/sshd_config\nAllowUsers git\n{ACCOUNTS}\
                 {SHOW}Id=ssh.service\nLoadState=loaded\nActiveState=failed\nResult=exit-code\nMainPID=0\n\
                 ExecStart={{ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -D ; ignore_errors=no }}\n{LOG}{log}"
            )
        };
        let in_use = "2026-11-20T17:00:00+00:00 server sshd[690]: error: Bind to port 22 on 0.0.0.0 failed: Address already in use.\n";
        check_as(
            &alice(),
            "port-in-use",
            &machine(in_use),
            &expect![[r#"
                certain: another sshd (process 700) holds port 22, so ssh.service could not start
                  /proc: sshd: /usr/sbin/sshd -D -f /srv/git/sshd_config [listener] 0 of 10-100 startups
                  ss -Hltnp: LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
                  journalctl: 2026-11-20T17:00:00+00:00 server sshd[690]: error: Bind to port 22 on 0.0.0.0 failed: Address already in use.
                  - have that one listen on another port, by `Port` in its own file, or stop it: `systemctl stop git-sshd.service`
                  - then `sshmend fix service`
            "#]],
        );
        let git = "2026-11-20T17:10:00+00:00 server sshd[813]: Accepted publickey for git from 203.0.113.7 port 4711 ssh2\n";
        check_as(
            &alice(),
            "port-in-use",
            &machine(&format!("{in_use}{git}")),
            &expect![[r#"
                likely: another sshd (process 700) holds port 22, so ssh.service could not start
                  /proc: sshd: /usr/sbin/sshd -D -f /srv/git/sshd_config [listener] 0 of 10-100 startups
                  ss -Hltnp: LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
                  journalctl: 2026-11-20T17:00:00+00:00 server sshd[690]: error: Bind to port 22 on 0.0.0.0 failed: Address already in use.
                  - have that one listen on another port, by `Port` in its own file, or stop it: `systemctl stop git-sshd.service`
                  - then `sshmend fix service`
            "#]],
        );
        check_as(
            &alice(),
            "user-not-allowed",
            &machine(in_use),
            &expect![[r#"
                likely: AllowUsers does not name the account alice
                  /srv/git/sshd_config:1: AllowUsers git
                  - if it is not meant: /srv/git/sshd_config:1: write alice into that line as well: `sshmend fix sshd-config AllowUsers+=alice`
            "#]],
        );
    }

    #[test]
    fn a_program_that_starts_sshd_for_each_connection_is_not_a_conflict() {
        let held = |name: &str| {
            format!(
                "//$ ss -Hltnp => 0\nLISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:((\"{name}\",pid=81,fd=3))\n"
            )
        };
        let socat = "//- /proc/81/cmdline\nsocat\0TCP-LISTEN:22,fork\0EXEC:/usr/sbin/sshd -i\n";
        let cases = [
            ("xinetd", "//- /etc/xinetd.d/ssh\nserver = /usr/sbin/sshd\n"),
            (
                "inetd",
                "//- /etc/inetd.conf\nssh stream tcp nowait root /usr/sbin/sshd sshd -i\n",
            ),
            ("socat", socat),
        ];
        for (name, file) in cases {
            let machine = format!("//- /proc/700/cmdline missing\n{}{file}", held(name));
            check(
                "port-in-use",
                &machine,
                &expect![[r#"
                    excluded: no other program holds a port of sshd
                "#]],
            );
        }
        check(
            "sshd-not-running",
            &format!("//- /proc/700/cmdline missing\n{}{socat}", held("socat")),
            &expect![[r#"
                excluded: socat listens and starts sshd for a connection
            "#]],
        );
        check(
            "port-in-use",
            &format!("{}//- /etc/inetd.conf\n# sshd\n", held("inetd")),
            &expect![[r#"
                certain: inetd (process 81) holds port 22, which is configured for sshd
                  ss -Hltnp: LISTEN 0 5 0.0.0.0:22 0.0.0.0:* users:(("inetd",pid=81,fd=3))
                  - have inetd listen on another port, or stop it: `kill 81`
                  - then `sshmend fix service --restart`
            "#]],
        );
    }
}
