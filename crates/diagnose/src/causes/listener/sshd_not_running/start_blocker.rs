//! Reasons why sshd does not start that its config test does not check: the program, the addresses,
//! the unit.

use sshmend_facts::{CONFINING, Facts, KILLING, Start, Unit};
use sshmend_lossless::Origin;
use sshmend_plan::Wish;
use sshmend_ssh_log::CauseName;

use crate::causes::session::sshd_helper_missing::{mend, unusable};
use crate::edit;
use crate::finding::{Finding, Then};

/// A reason why sshd does not start that its config test does not check.
pub(crate) struct StartBlocker {
    pub(crate) what: String,
    kind: Kept,
}

enum Kept {
    /// The program of the unit cannot be run.
    Program(Start, &'static str),
    /// No address in its configuration belongs to this machine.
    Address,
    /// A line of the unit that someone wrote.
    Unit(Option<Origin>),
    /// Another unit that systemd starts before.
    Requirement(Unit),
}

/// Settings of a unit that name others without which it is not started (systemd.unit(5)).
const REQUIRING: [&str; 4] = ["Requires=", "Requisite=", "BindsTo=", "RequiresMountsFor="];

/// The first of them.
pub(crate) fn start_blocker(facts: &Facts<'_>) -> Option<StartBlocker> {
    let start = facts.start();
    if let Some((start, how)) =
        start.and_then(|start| unusable(facts, &start.program).map(|how| (start, how)))
    {
        let what = format!("{}, which {} starts, {how}", start.program, start.unit);
        return Some(StartBlocker {
            what,
            kind: Kept::Program(start, how),
        });
    }
    if let Some(foreign) = facts.foreign_addresses() {
        let what = format!(
            "it is configured to listen on {}, which is not an address of this machine",
            foreign.join(", ")
        );
        return Some(StartBlocker {
            what,
            kind: Kept::Address,
        });
    }
    of_unit(facts, facts.manager().ok()?.service()?)
}

/// A condition of the unit for starting sshd, or something the unit takes from it.
fn of_unit(facts: &Facts<'_>, unit: &Unit) -> Option<StartBlocker> {
    let written = |settings: &[&str]| facts.confinement(settings);
    let of_line = |why: &str, (origin, line): (Origin, String)| {
        let what = format!("{why} ({line} in {})", origin.path.display());
        StartBlocker {
            what,
            kind: Kept::Unit(Some(origin)),
        }
    };
    if let Some((required, why)) = facts.failed_requirement() {
        let what = format!("{}, which it requires, {why}", required.name());
        return Some(StartBlocker {
            what,
            kind: Kept::Requirement(required),
        });
    }
    if unit.get("ConditionResult") == "no" {
        return written(&["Condition"]).map(|line| of_line("its condition is not met", line));
    }
    if let Some(program) = facts.failed_before_start() {
        let line = facts.line_of_start(&format!("execstartpre={program}"));
        let what = format!("{program}, which it runs before sshd, has failed");
        return Some(StartBlocker {
            what,
            kind: Kept::Unit(line),
        });
    }
    let alone = facts.would_start() == Ok(Some(true));
    let taken = match facts.last_result(unit).as_str() {
        _ if !unit.failed() && !unit.fails_again() => None,
        "exit-code" => written(&CONFINING),
        "signal" | "core-dump" => written(&KILLING),
        _ => None,
    };
    taken
        .filter(|_| alone)
        .map(|line| of_line("sshd could start, but the unit restricts it", line))
}

impl StartBlocker {
    /// Adds the evidence and the step.
    pub(crate) fn explain(&self, facts: &Facts<'_>, finding: &mut Finding) {
        match &self.kind {
            Kept::Program(start, how) if start.program.starts_with("/usr/sbin/") => {
                mend(&start.program, how, finding).shown_by(&start.program, how);
            }
            Kept::Program(start, how) => {
                finding.shown_by(&start.program, how);
                let line = facts.line_of_start(&format!("execstart={}", start.program));
                if let Some(line) = &line {
                    finding.shown_at(line, facts.line(&line.path, line.line));
                }
                match line.map(|line| facts.setting_in_drop_in(&line)) {
                    Some(lines) if !lines.is_empty() => {
                        finding.mended_without(&lines);
                        return;
                    }
                    _ => finding.step_in_unit(format_args!(
                        "correct the program in `systemctl cat {}`",
                        start.unit
                    )),
                };
            }
            Kept::Unit(line) => {
                for cause in [CauseName::SshdNotRunning, CauseName::ServiceStartFailure] {
                    finding.shown_by_lines(&facts.log_lines(cause).unwrap_or_default());
                }
                if let Some(line) = line {
                    finding.shown_at(line, facts.line(&line.path, line.line));
                }
                if let Some(line) = line {
                    finding.mended_without(std::slice::from_ref(line));
                    return;
                }
                finding.step_in_unit("ask who wrote it, and take it out of the unit");
            }
            Kept::Requirement(required) => explain_requirement(facts, required, finding),
            Kept::Address => {
                finding.shown_by_lines(
                    &facts
                        .log_lines(CauseName::SshdNotRunning)
                        .unwrap_or_default(),
                );
                if let Ok(Some(setting)) = facts.setting("listenaddress") {
                    finding.shown_by_setting(facts, setting);
                }
                let everywhere = edit::command(&Wish::setting("ListenAddress", "0.0.0.0"));
                finding.step(format!(
                    "have it listen on all addresses of the machine: `{everywhere}`; or name one of them there; or give the machine \
                     the address"
                ));
            }
        }
        finding.then(Then::Start);
    }
}

fn explain_requirement(facts: &Facts<'_>, required: &Unit, finding: &mut Finding) {
    finding.shown_by("systemctl show", required.state());
    let name = required.name();
    finding.step(format!(
        "see why: `systemctl status '{name}'`, `journalctl -u '{name}'`; mend that first"
    ));
    if let Some((line, text)) = facts.confinement(&REQUIRING) {
        finding.shown_at(&line, text);
        let without = edit::command(&Wish::without_unit_line(line.clone()));
        finding.step(format!("or, if sshd can do without it: `{without}`"));
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW};

    use crate::testing::check;
    use expect_test::expect;

    const GONE: &str = "//- /proc/700/cmdline missing\n";

    const FAILED: &str = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\
        UnitFileState=enabled\nMainPID=0\nDropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n";

    #[test]
    fn a_program_that_cannot_be_started_is_named_with_its_line() {
        let unit = |program: &str| {
            format!(
                "{SHOW}{FAILED}ExecStart={{ path={program} ; argv[]={program} -D ; ignore_errors=no ; pid=0 }}\n"
            )
        };
        let drop_in = "//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\nExecStart=\nExecStart=/opt/sshd -D\n//- /opt/sshd missing\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{drop_in}{}", unit("/opt/sshd")),
            &expect![[r#"
                certain: sshd is not running: ssh.service has failed (exit-code): /opt/sshd, which ssh.service starts, is missing
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: failed (failed), result exit-code, enabled
                  /opt/sshd: is missing
                  /etc/systemd/system/ssh.service.d/o.conf:3: ExecStart=/opt/sshd -D
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2 /etc/systemd/system/ssh.service.d/o.conf:3  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
        let closed = format!(
            "{GONE}//- /usr/sbin/sshd mode:0644\n{}",
            unit("/usr/sbin/sshd")
        );
        check(
            "sshd-not-running",
            &closed,
            &expect![[r#"
            certain: sshd is not running: ssh.service has failed (exit-code): /usr/sbin/sshd, which ssh.service starts, is not executable
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: failed (failed), result exit-code, enabled
              /usr/sbin/sshd: is not executable
              - make it executable again: `chmod 755 /usr/sbin/sshd`
              - reinstall the server: `apt install --reinstall openssh-server`, `dnf reinstall openssh-server`
              - then `sshmend fix service`
        "#]],
        );
    }

    #[test]
    fn a_listen_address_that_this_machine_lacks_keeps_sshd_from_starting() {
        let config = "//- /etc/ssh/sshd_config\nListenAddress 192.0.2.99\n";
        let own = "//$ ip -o address show => 0\n2: eth0    inet 192.0.2.10/24 scope global eth0\n";
        let line = "2026-11-20T17:59:00+00:00 server sshd[9]: error: Bind to port 22 on 192.0.2.99 failed: Cannot assign requested address.\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{config}{own}{SHOW}{FAILED}{LOG}{line}"),
            &expect![[r#"
            certain: sshd is not running: ssh.service has failed (exit-code): it is configured to listen on 192.0.2.99, which is not an address of this machine
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: failed (failed), result exit-code, enabled
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[9]: error: Bind to port 22 on 192.0.2.99 failed: Cannot assign requested address.
              /etc/ssh/sshd_config:1: ListenAddress 192.0.2.99
              - have it listen on all addresses of the machine: `sshmend fix sshd-config ListenAddress=0.0.0.0`; or name one of them there; or give the machine the address
              - then `sshmend fix service`
        "#]],
        );
    }

    #[test]
    fn a_failed_required_unit_is_named() {
        let stopped = "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=enabled\nMainPID=0\n\
            Requires=sysinit.target data.mount system.slice\nDropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n";
        let drop_in =
            "//- /etc/systemd/system/ssh.service.d/o.conf\n[Unit]\nRequiresMountsFor=/data\n";
        let asked = "//$ systemctl show --no-pager -p Id,LoadState,ActiveState,SubState,Result,UnitFileState -- data.mount => 0\n";
        let required =
            |state: &str| format!("{GONE}{drop_in}{SHOW}{stopped}{asked}Id=data.mount\n{state}");
        check(
            "sshd-not-running",
            &required(
                "LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nUnitFileState=generated\n",
            ),
            &expect![[r#"
                certain: sshd is not running: ssh.service is stopped: data.mount, which it requires, has failed (exit-code)
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: inactive (dead), result , enabled
                  systemctl show: data.mount: failed (failed), result exit-code, generated
                  /etc/systemd/system/ssh.service.d/o.conf:2: RequiresMountsFor=/data
                  - see why: `systemctl status 'data.mount'`, `journalctl -u 'data.mount'`; mend that first
                  - or, if sshd can do without it: `sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2`
                  - then `sshmend fix service`
            "#]],
        );
        check(
            "sshd-not-running",
            &required("LoadState=loaded\nActiveState=inactive\nSubState=dead\n"),
            &expect![[r#"
                certain: sshd is not running: ssh.service is stopped
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: inactive (dead), result , enabled
                  $ sshmend fix service  # enables and starts the service after `sshd -t`
            "#]],
        );
    }

    #[test]
    fn the_result_of_the_previous_run_is_read_from_the_log_while_systemd_retries() {
        let again = FAILED.replace(
            "ActiveState=failed\nSubState=failed\nResult=exit-code",
            "ActiveState=activating\nSubState=start-pre\nResult=success\nNRestarts=2",
        );
        let not_yet = "ignore_errors=no ; pid=0 ; code=(null) ; status=0/0 }\n";
        let before = format!(
            "ExecStartPre={{ path=/usr/sbin/sshd ; argv[]=/usr/sbin/sshd -t ; {not_yet}\
             ExecStartPre={{ path=/usr/bin/test ; argv[]=/usr/bin/test -s /srv/x ; {not_yet}"
        );
        let said = |words: &str| {
            format!("{LOG}2026-11-20T17:59:59+00:00 server systemd[1]: ssh.service: {words}\n")
        };
        let command = "//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\nExecStartPre=/usr/bin/test -s /srv/x\n";
        let failed = said("Control process exited, code=exited, status=1/FAILURE");
        check(
            "sshd-not-running",
            &format!("{GONE}{command}{SHOW}{again}{before}{failed}"),
            &expect![[r#"
                certain: sshd is not running: ssh.service fails again and again (success): /usr/bin/test, which it runs before sshd, has failed
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: activating (start-pre), result success, enabled
                  journalctl: 2026-11-20T17:59:59+00:00 server systemd[1]: ssh.service: Control process exited, code=exited, status=1/FAILURE
                  /etc/systemd/system/ssh.service.d/o.conf:2: ExecStartPre=/usr/bin/test -s /srv/x
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
        let shut_in = "//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\nRestrictAddressFamilies=AF_UNIX\n";
        let failed = said("Failed with result 'exit-code'.");
        check(
            "sshd-not-running",
            &format!("{GONE}{shut_in}{SHOW}{again}{failed}"),
            &expect![[r#"
                certain: sshd is not running: ssh.service fails again and again (exit-code): sshd could start, but the unit restricts it (RestrictAddressFamilies=AF_UNIX in /etc/systemd/system/ssh.service.d/o.conf)
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: activating (start-pre), result success, enabled
                  journalctl: 2026-11-20T17:59:59+00:00 server systemd[1]: ssh.service: Failed with result 'exit-code'.
                  /etc/systemd/system/ssh.service.d/o.conf:2: RestrictAddressFamilies=AF_UNIX
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
    }

    #[test]
    fn restrictions_of_the_unit_are_named() {
        let drop_in = |line: &str| {
            format!("//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\n{line}\n")
        };
        let skipped = FAILED.replace(
            "ActiveState=failed",
            "ActiveState=inactive\nConditionResult=no",
        );
        let condition = drop_in("ConditionPathExists=/etc/nowhere");
        check(
            "sshd-not-running",
            &format!("{GONE}{condition}{SHOW}{skipped}"),
            &expect![[r#"
                certain: sshd is not running: ssh.service was skipped because of a condition in its unit: its condition is not met (ConditionPathExists=/etc/nowhere in /etc/systemd/system/ssh.service.d/o.conf)
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: inactive (failed), result exit-code, enabled
                  /etc/systemd/system/ssh.service.d/o.conf:2: ConditionPathExists=/etc/nowhere
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
        let before = "ExecStartPre={ path=/bin/false ; argv[]=/bin/false ; ignore_errors=no ; pid=85 ; code=exited ; status=1 }\n";
        let command = drop_in("ExecStartPre=/bin/false");
        check(
            "sshd-not-running",
            &format!("{GONE}{command}{SHOW}{FAILED}{before}"),
            &expect![[r#"
                certain: sshd is not running: ssh.service has failed (exit-code): /bin/false, which it runs before sshd, has failed
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: failed (failed), result exit-code, enabled
                  /etc/systemd/system/ssh.service.d/o.conf:2: ExecStartPre=/bin/false
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
        let plenty = drop_in("LimitNOFILE=65536");
        check(
            "sshd-not-running",
            &format!("{GONE}{plenty}{SHOW}{FAILED}"),
            &expect![[r#"
                certain: sshd is not running: ssh.service has failed (exit-code)
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: failed (failed), result exit-code, enabled
                  $ sshmend fix service  # enables and starts the service after `sshd -t`
            "#]],
        );
        let killed = FAILED.replace("exit-code", "signal");
        let filter = drop_in("SystemCallFilter=~@resources");
        check(
            "sshd-not-running",
            &format!("{GONE}{filter}{SHOW}{killed}"),
            &expect![[r#"
                certain: sshd is not running: ssh.service has failed (signal): sshd could start, but the unit restricts it (SystemCallFilter=~@resources in /etc/systemd/system/ssh.service.d/o.conf)
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: failed (failed), result signal, enabled
                  /etc/systemd/system/ssh.service.d/o.conf:2: SystemCallFilter=~@resources
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
        let families = drop_in("RestrictAddressFamilies=AF_UNIX");
        check(
            "sshd-not-running",
            &format!("{GONE}{families}{SHOW}{FAILED}"),
            &expect![[r#"
                certain: sshd is not running: ssh.service has failed (exit-code): sshd could start, but the unit restricts it (RestrictAddressFamilies=AF_UNIX in /etc/systemd/system/ssh.service.d/o.conf)
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: failed (failed), result exit-code, enabled
                  /etc/systemd/system/ssh.service.d/o.conf:2: RestrictAddressFamilies=AF_UNIX
                  $ sshmend fix service --comment-out /etc/systemd/system/ssh.service.d/o.conf:2  # comments it out and starts sshd without it
                  - it was written on purpose: ask who did, and mend what it asks for if it has to stay
            "#]],
        );
    }
}
