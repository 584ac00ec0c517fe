use sshmend_facts::{Facts, LogLine, Reply};
use sshmend_plan::Wish;
use sshmend_ssh_log::{CauseName, Kind};

use crate::edit;
use crate::evidence::log::log_evidence;
use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::proof::{Certainty, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

/// The step if the program or its libraries crash.
fn fit(facts: &Facts<'_>) -> String {
    let how = facts.package_manager().map_or_else(
        || "with the package manager".to_owned(),
        |(_, command)| format!("`{command}`"),
    );
    format!("bring sshd and its libraries to versions that fit: {how}")
}

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    if let Some((command, program)) = facts.crashing_program() {
        let finding = verdict.certain(
            Proof::Answer,
            format!("{program} crashes as soon as it starts"),
        );
        finding
            .shown_by(command, "ended by a signal")
            .shown_by_lines(&facts.log_lines(CauseName::ChildCrash).unwrap_or_default());
        finding.step(fit(facts));
        return;
    }
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::ChildCrash,
        Some(Certainty::Likely),
    ) else {
        return filtered(facts, verdict);
    };
    let finding = heard.report(verdict, "processes of sshd that serve a connection crash");
    finding.step(
        "see the signal in the line above: 31 is the system call filter, 11 a fault, 9 a kill",
    );
    finding.step(fit(facts));
}

/// A system call filter in the unit kills the process without any message except the kernel's.
fn filtered(facts: &Facts<'_>, verdict: &mut Verdict) {
    let nobody = |lines: &[LogLine]| !lines.iter().any(|line| line.kind == Kind::Accepted);
    if !facts.log_since_start().is_some_and(nobody) {
        return;
    }
    let Some((line, text)) = facts.confinement(&["SystemCallFilter="]) else {
        return;
    };
    let finding = verdict.possible(
        "the unit may kill processes of sshd: it filters system calls, and nobody has logged in since the start",
    );
    finding.shown_at(&line, text);
    finding.step("see whether the kernel says so: `journalctl -k -g type=1326`, `ausearch -m seccomp -c sshd`");
    let without = edit::command(&Wish::without_unit_line(line.clone()));
    finding.step(format!(
        "if it does, restart sshd without that line: `{without}`"
    ));
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| {
        matches!(reply, Reply::ClosedAfterBanner { .. })
    }) else {
        return;
    };
    let what = "the process that serves the connection may crash after its banner";
    ask_the_server(replied.report(verdict, Certainty::Possible, what));
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW};

    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_program_that_crashes_at_once_is_named() {
        check(
            "child-crash",
            "//$ /usr/sbin/sshd -V => signal\n",
            &expect![[r#"
                certain: /usr/sbin/sshd crashes as soon as it starts
                  /usr/sbin/sshd -V: ended by a signal
                  - bring sshd and its libraries to versions that fit: `apt-get update && apt-get dist-upgrade`
            "#]],
        );
    }

    #[test]
    fn a_system_call_filter_of_the_unit_is_possible_until_a_login_succeeds() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=700\n\
            DropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n";
        let drop_in = "//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\nSystemCallFilter=~setresuid\n";
        let start =
            "2026-11-20T17:58:00+00:00 server sshd[700]: Server listening on 0.0.0.0 port 22.\n";
        let machine = format!("{drop_in}{SHOW}{unit}{LOG}{start}");
        check(
            "child-crash",
            &machine,
            &expect![[r#"
                possible: the unit may kill processes of sshd: it filters system calls, and nobody has logged in since the start
                  /etc/systemd/system/ssh.service.d/o.conf:2: SystemCallFilter=~setresuid
                  - see whether the kernel says so: `journalctl -k -g type=1326`, `ausearch -m seccomp -c sshd`
                  - if it does, restart sshd without that line: `sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2`
            "#]],
        );
        let login = "2026-11-20T17:59:00+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2: ED25519 SHA256:x\n";
        check("child-crash", &format!("{machine}{login}"), &expect![""]);
    }

    #[test]
    fn the_log_line_names_the_signal() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: fatal: privsep_preauth: preauth child terminated by signal 31\n";
        check(
            "child-crash",
            &format!("{LOG}{line}"),
            &expect![[r#"
                likely: processes of sshd that serve a connection crash (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: privsep_preauth: preauth child terminated by signal 31
                  - see the signal in the line above: 31 is the system call filter, 11 a fault, 9 a kill
                  - bring sshd and its libraries to versions that fit: `apt-get update && apt-get dist-upgrade`
            "#]],
        );
        check("child-crash", "", &expect![""]);
    }
}
