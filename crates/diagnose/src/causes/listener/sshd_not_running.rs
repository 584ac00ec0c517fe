mod listens_elsewhere;
mod start_blocker;

use sshmend_facts::{Facts, MARKER, Manager, Reply, Unit};
use sshmend_lossless::quoted;
use sshmend_plan::Wish;
use sshmend_ssh_log::CauseName;

use crate::causes::listener::sshd_not_running::listens_elsewhere::{elsewhere, moved, not_there};
use crate::causes::listener::sshd_not_running::start_blocker::start_blocker;
use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::finding::{Finding, Then};
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    if facts.question.offline {
        return at_boot(facts, verdict);
    }
    let Some(listener) = verdict.look(facts.listener()) else {
        return;
    };
    if let Some(listener) = listener {
        not_there(facts, verdict);
        moved(facts, None, verdict);
        elsewhere(facts, &listener, verdict);
        return verdict.exclude(
            Fact::Processes,
            format!("process {} listens: {}", listener.pid, listener.title),
        );
    }
    let Some(manager) = verdict.look(facts.manager()) else {
        return;
    };
    if let Some(socket) = manager.socket().filter(|unit| unit.active()) {
        moved(facts, Some(socket), verdict);
        return verdict.exclude(
            Fact::Manager,
            format!("{} listens and starts sshd for a connection", socket.name()),
        );
    }
    if let Some((name, _)) = facts
        .starter()
        .and_then(|socket| socket.holders.into_iter().next())
    {
        return verdict.exclude(
            Fact::Sockets,
            format!("{name} listens and starts sshd for a connection"),
        );
    }
    match facts.daemon() {
        Ok(None) if facts.start().is_none() => not_installed(facts, verdict),
        _ => stopped(facts, &manager, verdict),
    }
}

/// A mounted disk shows only the configured intention.
fn at_boot(facts: &Facts<'_>, verdict: &mut Verdict) {
    if matches!(facts.daemon(), Ok(None)) {
        return not_installed(facts, verdict);
    }
    if let Some(link) = facts.masked_at_boot() {
        let finding = verdict.certain(
            Proof::Process,
            "sshd will not start at boot: its unit is masked",
        );
        finding.shown_by(link, "a link that leads nowhere or to /dev/null");
        finding.step(format!(
            "someone masked it on purpose: ask, then `rm {}`",
            quoted(link)
        ));
        return;
    }
    if facts.forbidden_to_run() {
        let finding = verdict.likely(format!("sshd will not start: {MARKER} forbids it"));
        finding
            .shown_by(MARKER, "exists")
            .step(format!("take it away: `rm {MARKER}`"));
        return;
    }
    match verdict.look(facts.starts_at_boot()) {
        Some(Some(false)) => {
            let finding = verdict.likely("sshd will not start at boot: its unit is not enabled");
            finding.shown_by(
                "/etc/systemd/system",
                "no link to a unit of sshd below multi-user.target.wants or sockets.target.wants",
            );
            finding.step(format!(
                "enable it: `systemctl enable {}`",
                facts.unit_on_disk()
            ));
        }
        Some(Some(true)) => verdict.exclude(Fact::Files, "the unit of sshd is enabled"),
        _ => {}
    }
}

fn not_installed(facts: &Facts<'_>, verdict: &mut Verdict) {
    let finding = verdict.certain(
        Proof::Process,
        "no OpenSSH server is installed on this machine",
    );
    let meant = facts.meant();
    let held = facts
        .sockets()
        .unwrap_or_default()
        .into_iter()
        .filter(|socket| meant.is_held_by(socket));
    for socket in held {
        finding.shown_by("ss -Hltnp", socket.line);
    }
    finding.step("install it with the package manager, for example `apt install openssh-server`");
    finding.step("if another machine is the server, name it: `sshmend diagnose DESTINATION`");
}

fn stopped(facts: &Facts<'_>, manager: &Manager, verdict: &mut Verdict) {
    let service = manager.service();
    let obstacle = start_blocker(facts);
    let why = obstacle
        .as_ref()
        .map_or_else(String::new, |obstacle| format!(": {}", obstacle.what));
    let finding = verdict.certain(Proof::Process, format!("{}{why}", summary(facts, service)));
    finding
        .shown_by("/proc", "no process has the title of an sshd listener")
        .following(CauseName::OutOfMemory);
    if let Some(unit) = service {
        finding.shown_by("systemctl show", unit.state());
    }
    if facts.forbidden_to_run() {
        finding.shown_by(MARKER, "exists").step(format!(
            "this file forbids sshd to run: ask who made it, then `rm {MARKER}`"
        ));
        finding.then(Then::Start);
        return;
    }
    match obstacle {
        Some(obstacle) => obstacle.explain(facts, finding),
        None => {
            if let Some(unit) = service {
                ended_by(unit, finding);
            }
            remedy(facts, service, finding);
        }
    }
}

/// Conditions under which systemd stops a unit that nobody has stopped: it will do so again
/// (systemd.unit(5), systemd.service(5)).
fn ended_by(unit: &Unit, finding: &mut Finding) {
    let shown = |property: &str| format!("{}: {property}={}", unit.name(), unit.get(property));
    let others = unit.get("ConflictedBy");
    if !others.is_empty() {
        finding.shown_by("systemctl show", shown("ConflictedBy"));
        finding.step(format!(
            "only one of the two can run (`Conflicts=` of {others}): a start of sshd stops {others}, and a start of {others} stops sshd; see `systemctl status {others}`"
        ));
    }
    let bound = unit.get("BindsTo");
    if !bound.is_empty() {
        finding.shown_by("systemctl show", shown("BindsTo"));
        finding.step(format!(
            "sshd stops whenever {bound} does (`BindsTo=`): see `systemctl status {bound}`, or write `Wants=` instead"
        ));
    }
    let longest = unit.get("RuntimeMaxUSec");
    if unit.get("Result") == "timeout" && !["", "infinity"].contains(&longest) {
        finding.shown_by("systemctl show", shown("RuntimeMaxUSec"));
        finding.step(format!(
            "systemd ends sshd {longest} after each start (`RuntimeMaxSec=`): take that line out, `systemctl cat {}` shows where it stands",
            unit.name()
        ));
    }
}

fn summary(facts: &Facts<'_>, service: Option<&Unit>) -> String {
    let Some(unit) = service else {
        return "sshd is not running".to_owned();
    };
    let name = unit.name();
    let why = match (unit.get("UnitFileState"), unit.failed()) {
        ("masked" | "masked-runtime", _) => "is masked".to_owned(),
        _ if unit.fails_again() => format!("fails again and again ({})", facts.last_result(unit)),
        (_, true) => format!("has failed ({})", unit.get("Result")),
        // It is `no` as well for a unit that nobody has tried to start since systemd loaded it.
        _ if unit.get("ConditionResult") == "no"
            && unit.get("ConditionTimestampMonotonic") != "0" =>
        {
            "was skipped because of a condition in its unit".to_owned()
        }
        _ if unit.active() => "is active, but no sshd of it listens for connections".to_owned(),
        ("disabled", _) => "is stopped and not enabled".to_owned(),
        _ => "is stopped".to_owned(),
    };
    format!("sshd is not running: {name} {why}")
}

/// Offers the start unless `sshd -t` fails. Missing rights are reported by the command itself.
fn remedy(facts: &Facts<'_>, service: Option<&Unit>, finding: &mut Finding) {
    let passes = facts
        .would_start()
        .map_or(true, |would| would == Some(true));
    if service.is_some_and(|unit| unit.get("UnitFileState").starts_with("masked")) {
        finding.step("someone masked the unit on purpose: ask, then `systemctl unmask` it");
    }
    if passes && service.is_some_and(Unit::is_up) {
        finding.mended_by(
            Wish::Service { restart: true },
            "restarts the service after `sshd -t`",
        );
    } else if passes {
        finding.mended_by(
            Wish::Service { restart: false },
            "enables and starts the service after `sshd -t`",
        );
    } else if facts.test_output().is_ok() {
        finding
            .step("mend what `sshd -t` complains about first")
            .then(Then::Start);
    } else {
        finding
            .step("as root see what `sshd -t` says, and mend that first")
            .then(Then::Start);
    }
}

/// From the client: nothing listens, or a firewall answers so.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| *reply == Reply::Refused) else {
        return;
    };
    let finding = replied.report(
        verdict,
        Certainty::Likely,
        "nothing listens there: sshd is not running, or listens on another port",
    );
    finding.led_by(facts);
    finding.step("if it is on another port: `ssh -p PORT DESTINATION`; `ssh -G DESTINATION` shows the one that ssh takes");
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::Question;
    use sshmend_facts::fixture::{NOW, SHOW};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const GONE: &str = "//- /proc/700/cmdline missing\n";

    #[test]
    fn a_running_listener_excludes_the_cause() {
        check(
            "sshd-not-running",
            "",
            &expect![[r#"
                excluded: process 700 listens: sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
            "#]],
        );
    }

    #[test]
    fn starting_a_failed_unit_is_offered() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=signal\n\
            UnitFileState=enabled\nMainPID=0\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{SHOW}{unit}"),
            &expect![[r#"
            certain: sshd is not running: ssh.service has failed (signal)
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: failed (failed), result signal, enabled
              $ sshmend fix service  # enables and starts the service after `sshd -t`
        "#]],
        );
    }

    #[test]
    fn conditions_that_stop_the_unit_again_are_shown_with_the_start() {
        let stopped = |result: &str, more: &str| {
            let unit = format!(
                "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nResult={result}\nUnitFileState=enabled\nMainPID=0\n{more}\n"
            );
            format!("{GONE}{SHOW}{unit}")
        };
        check(
            "sshd-not-running",
            &stopped(
                "success",
                "ConflictedBy=night.service\nBindsTo=vpn.service\nRuntimeMaxUSec=infinity",
            ),
            &expect![[r#"
                certain: sshd is not running: ssh.service is stopped
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: inactive (dead), result success, enabled
                  systemctl show: ssh.service: ConflictedBy=night.service
                  systemctl show: ssh.service: BindsTo=vpn.service
                  $ sshmend fix service  # enables and starts the service after `sshd -t`
                  - only one of the two can run (`Conflicts=` of night.service): a start of sshd stops night.service, and a start of night.service stops sshd; see `systemctl status night.service`
                  - sshd stops whenever vpn.service does (`BindsTo=`): see `systemctl status vpn.service`, or write `Wants=` instead
            "#]],
        );
        check(
            "sshd-not-running",
            &stopped("timeout", "RuntimeMaxUSec=1h"),
            &expect![[r#"
                certain: sshd is not running: ssh.service is stopped
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: inactive (dead), result timeout, enabled
                  systemctl show: ssh.service: RuntimeMaxUSec=1h
                  $ sshmend fix service  # enables and starts the service after `sshd -t`
                  - systemd ends sshd 1h after each start (`RuntimeMaxSec=`): take that line out, `systemctl cat ssh.service` shows where it stands
            "#]],
        );
    }

    #[test]
    fn a_stopped_and_disabled_unit_is_distinguished_from_a_failed_one() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nResult=success\n\
            UnitFileState=disabled\nMainPID=0\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{SHOW}{unit}"),
            &expect![[r#"
            certain: sshd is not running: ssh.service is stopped and not enabled
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: inactive (dead), result success, disabled
              $ sshmend fix service  # enables and starts the service after `sshd -t`
        "#]],
        );
    }

    #[test]
    fn a_listening_socket_unit_excludes_the_cause() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\n\n\
            Id=ssh.socket\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{SHOW}{unit}"),
            &expect![[r#"
            excluded: ssh.socket listens and starts sshd for a connection
        "#]],
        );
    }

    #[test]
    fn an_active_unit_without_a_process_is_not_called_stopped() {
        check(
            "sshd-not-running",
            GONE,
            &expect![[r#"
            certain: sshd is not running: ssh.service is active, but no sshd of it listens for connections
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: active (running), result success, enabled
              $ sshmend fix service --restart  # restarts the service after `sshd -t`
        "#]],
        );
    }

    #[test]
    fn the_file_that_forbids_sshd_to_run_is_named() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\nSubState=dead\nUnitFileState=enabled\nMainPID=0\n";
        let marker = format!("{GONE}//- /etc/ssh/sshd_not_to_be_run\n{SHOW}{unit}");
        check(
            "sshd-not-running",
            &marker,
            &expect![[r#"
                certain: sshd is not running: ssh.service is stopped
                  /proc: no process has the title of an sshd listener
                  systemctl show: ssh.service: inactive (dead), result , enabled
                  /etc/ssh/sshd_not_to_be_run: exists
                  - this file forbids sshd to run: ask who made it, then `rm /etc/ssh/sshd_not_to_be_run`
                  - then `sshmend fix service`
            "#]],
        );
    }

    #[test]
    fn enabled_units_of_a_mounted_disk_are_recognised_by_their_links() {
        let question = Question {
            offline: true,
            ..Question::server(NOW)
        };
        let unit = "//- /lib/systemd/system/ssh.service\n//- /etc/systemd/system/sockets.target.wants dir\n";
        let off = format!("{unit}//- /etc/systemd/system/multi-user.target.wants/cron.service\n");
        check_as(
            &question,
            "sshd-not-running",
            &off,
            &expect![[r#"
                likely: sshd will not start at boot: its unit is not enabled
                  /etc/systemd/system: no link to a unit of sshd below multi-user.target.wants or sockets.target.wants
                  - enable it: `systemctl enable ssh.service`
            "#]],
        );
        let masked = format!("{off}//- /etc/systemd/system/ssh.service dangling\n");
        check_as(
            &question,
            "sshd-not-running",
            &masked,
            &expect![[r#"
                certain: sshd will not start at boot: its unit is masked
                  /etc/systemd/system/ssh.service: a link that leads nowhere or to /dev/null
                  - someone masked it on purpose: ask, then `rm /etc/systemd/system/ssh.service`
            "#]],
        );
        let on = format!("{unit}//- /etc/systemd/system/multi-user.target.wants/ssh.service\n");
        check_as(
            &question,
            "sshd-not-running",
            &on,
            &expect![[r#"
            excluded: the unit of sshd is enabled
        "#]],
        );
    }
}
