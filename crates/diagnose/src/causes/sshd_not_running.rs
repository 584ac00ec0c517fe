use super::replied::{ask_the_server, replied};
use crate::facts::Reply;
use sshmend_lossless::Origin;
use sshmend_ssh_log::Kind;

use super::sshd_helper_missing::{mend, unusable};
use crate::facts::{Facts, Listener, LogLine, MARKER, Manager, Start, Unit};
use crate::finding::Certainty;
use crate::finding::Finding;
use crate::verdict::{Cause, Gate, Verdict};

pub(super) const CAUSE: Cause = Cause {
    name: "sshd-not-running",
    title: "no sshd waits for connections",
    gate: Gate::Listener,
    explain: "\
Nothing listens for SSH connections: the service was stopped, never enabled, or ended and stays down. Clients see
`Connection refused`, which is not `Connection reset by peer`; but it is what a bad change of the configuration leads
to, because sshd ends when it is told to reload what it cannot read.

**Known for certain** when no process has the title of a listener and no socket unit stands in for it. **Not known**
where processes of other users are hidden.

**Mended** by `sshmend fix service`, which starts the service after `sshd -t` has passed. Whatever keeps sshd from
starting is a finding of its own and stands before this one.

**It is not** a firewall: that also answers with `Connection refused` but leaves the listener alone.",
    server: judge,
    client: from_client,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    if facts.question.offline {
        return at_boot(facts, verdict);
    }
    let Some(listener) = verdict.look(facts.listener()) else { return };
    if let Some(listener) = listener {
        moved(facts, None, verdict);
        elsewhere(facts, &listener, verdict);
        return verdict.exclude(format!("process {} listens: {}", listener.pid, listener.title));
    }
    let Some(manager) = verdict.look(facts.manager()) else { return };
    if let Some(socket) = manager.socket().filter(|unit| unit.active()) {
        moved(facts, Some(socket), verdict);
        return verdict.exclude(format!("{} listens and starts sshd for a connection", socket.name()));
    }
    match facts.daemon() {
        Ok(None) if facts.start().is_none() => not_installed(verdict),
        _ => stopped(facts, &manager, verdict),
    }
}

/// A listener without any socket in the network of this machine has one in another.
fn elsewhere(facts: &Facts<'_>, listener: &Listener, verdict: &mut Verdict) {
    let Some(sockets) = facts.sockets().ok().filter(|_| facts.question.privileged) else { return };
    let ports = facts.configured_ports();
    if sockets.iter().any(|socket| ports.contains(&socket.port) || socket.is_of_sshd()) {
        return;
    }
    let line = facts.confinement(&OF_ITS_OWN);
    let certainty = if line.is_some() { Certainty::Certain } else { Certainty::Possible };
    let finding = verdict.find(certainty, "sshd runs, but not in the network of this machine: nothing listens here");
    finding.shown_by("/proc", &listener.title).shown_by("ss -Hltnp", "shows no socket of sshd");
    if let Some((origin, text)) = line {
        finding.shown_at(&origin, text);
        finding.step(format!("take that line out: {origin}; then `systemctl daemon-reload`"));
    } else {
        finding.step(format!(
            "see which network it is in: `lsns -t net -p {}`, `systemctl cat ssh.service`",
            listener.pid
        ));
    }
    finding.step("then `sshmend fix service --restart`");
}

/// A port that sshd or its socket unit listened on a while ago, and does not now.
fn moved(facts: &Facts<'_>, socket: Option<&Unit>, verdict: &mut Verdict) {
    let now = facts.ports();
    let port = |line: &LogLine| line.detail.rsplit_once(" port ")?.1.parse::<u16>().ok();
    let before = facts.log().unwrap_or_default().iter().filter(|line| line.kind == Kind::Listening);
    let Some((line, old)) = before.filter_map(|line| Some((line, port(line)?))).rfind(|(_, port)| !now.contains(port))
    else {
        return;
    };
    if facts.sockets().unwrap_or_default().iter().any(|socket| socket.port == old) {
        return;
    }
    let ports = now.iter().map(u16::to_string).collect::<Vec<_>>().join(", ");
    let finding = verdict.possible(format!(
        "nothing listens on port {old} any more, for sshd has moved to port {ports}: who asks for {old} is refused"
    ));
    finding.shown_by_lines(&[line]);
    if let Some(unit) = socket {
        let name = unit.name();
        finding.shown_by("systemctl show", format!("{name}: Listen={}", unit.get("Listen")));
        finding.step(format!("tell the clients: `ssh -p {ports} …`, or `Port {ports}` in ~/.ssh/config"));
        finding.step(format!("or write `ListenStream={old}` (`systemctl edit {name}`), then `systemctl daemon-reload && systemctl restart {name}`"));
        return;
    }
    if let Ok(Some(setting)) = facts.setting("port") {
        finding.shown_by_setting(facts, setting);
    }
    finding.step(format!("tell the clients: `ssh -p {ports} …`, or `Port {ports}` in ~/.ssh/config"));
    if facts.configured_ports().contains(&old) {
        finding.mended_by(
            &["fix", "service", "--restart"],
            "has sshd read its files, which name that port; sessions stay",
        );
        return;
    }
    finding.step(format!(
        "or go back to it: write `Port {old}` at the line above, then `sshd -t && systemctl restart ssh.service`"
    ));
}

/// Of a mounted disk only the intention is seen.
fn at_boot(facts: &Facts<'_>, verdict: &mut Verdict) {
    if matches!(facts.daemon(), Ok(None)) {
        return not_installed(verdict);
    }
    if let Some(link) = facts.masked_at_boot() {
        let finding = verdict.certain("sshd will not start at boot: its unit is masked");
        finding.shown_by(link, "a link that leads nowhere or to /dev/null");
        finding.step(format!("someone masked it on purpose: ask, then remove {link}"));
        return;
    }
    if facts.forbidden_to_run() {
        let finding = verdict.likely(format!("sshd will not start: {MARKER} forbids it"));
        finding.shown_by(MARKER, "exists").step(format!("take it away: `rm {MARKER}`"));
        return;
    }
    match verdict.look(facts.starts_at_boot()) {
        Some(Some(false)) => {
            let finding = verdict.likely("sshd will not start at boot: its unit is not enabled");
            finding.shown_by(
                "/etc/systemd/system",
                "no link to a unit of sshd below multi-user.target.wants or sockets.target.wants",
            );
            finding.step("enable it: `systemctl --root=DIR enable ssh.service` (Debian, Ubuntu) or `sshd.service`");
        }
        Some(Some(true)) => verdict.exclude("the unit of sshd is enabled"),
        _ => {}
    }
}

fn not_installed(verdict: &mut Verdict) {
    let finding = verdict.certain("no OpenSSH server is installed on this machine");
    finding.step("install it with the package manager, for example `apt install openssh-server`");
    finding.step("if another machine is the server, name it: `sshmend diagnose DESTINATION`");
}

fn stopped(facts: &Facts<'_>, manager: &Manager, verdict: &mut Verdict) {
    let service = manager.service();
    let obstacle = obstacle(facts);
    let why = obstacle.as_ref().map_or_else(String::new, |obstacle| format!(": {}", obstacle.what));
    let finding = verdict.certain(format!("{}{why}", summary(service)));
    finding.shown_by("/proc", "no process has the title of an sshd listener").following("out-of-memory");
    if let Some(unit) = service {
        finding.shown_by("systemctl show", unit.state());
    }
    if facts.forbidden_to_run() {
        finding
            .shown_by(MARKER, "exists")
            .step(format!("this file forbids sshd to run: ask who made it, then `rm {MARKER}`"));
        return;
    }
    match obstacle {
        Some(obstacle) => obstacle.explain(facts, finding),
        None => remedy(facts, service, finding),
    }
}

/// What keeps sshd from starting that its own test does not look at.
struct Obstacle {
    what: String,
    kind: Kept,
}

enum Kept {
    /// The program of the unit cannot be run.
    Program(Start, &'static str),
    /// No address that it is to listen on belongs to this machine.
    Address,
    /// A line of the unit that somebody wrote.
    Unit(Option<Origin>),
}

/// Settings of a unit that take from sshd what it needs (systemd.exec(5), systemd.resource-control(5)).
const CONFINING: [&str; 14] = [
    "User=",
    "DynamicUser=",
    "CapabilityBoundingSet=",
    "RestrictAddressFamilies=",
    "SystemCallFilter=",
    "SocketBindDeny=",
    "PrivateUsers=",
    "RootDirectory=",
    "RootImage=",
    "InaccessiblePaths=",
    "NoExecPaths=",
    "TemporaryFileSystem=",
    "LimitNOFILE=",
    "LimitNPROC=",
];

/// Settings that put sshd into a network of its own.
const OF_ITS_OWN: [&str; 2] = ["PrivateNetwork=", "NetworkNamespacePath="];

fn obstacle(facts: &Facts<'_>) -> Option<Obstacle> {
    let start = facts.start();
    if let Some((start, how)) = start.and_then(|start| unusable(facts, &start.program).map(|how| (start, how))) {
        let what = format!("{}, which {} starts, {how}", start.program, start.unit);
        return Some(Obstacle { what, kind: Kept::Program(start, how) });
    }
    if let Some(foreign) = facts.foreign_addresses() {
        let what = format!("it is to listen on {}, which this machine does not have", foreign.join(", "));
        return Some(Obstacle { what, kind: Kept::Address });
    }
    of_unit(facts, facts.manager().ok()?.service()?)
}

/// What the unit asks for before sshd is started, or takes from it.
fn of_unit(facts: &Facts<'_>, unit: &Unit) -> Option<Obstacle> {
    let written = |settings: &[&str]| facts.confinement(settings);
    let of_line = |why: &str, (origin, line): (Origin, String)| {
        let what = format!("{why} ({line} in {})", origin.path.display());
        Obstacle { what, kind: Kept::Unit(Some(origin)) }
    };
    if unit.get("ConditionResult") == "no" {
        return written(&["Condition"]).map(|line| of_line("its condition does not hold", line));
    }
    if let Some(program) = facts.failed_before_start() {
        let line = facts.line_of_start(&format!("execstartpre={program}"));
        let what = format!("{program}, which it runs before sshd, has failed");
        return Some(Obstacle { what, kind: Kept::Unit(line) });
    }
    let alone =
        unit.failed() && unit.get("Result") == "exit-code" && matches!(facts.trial(), Ok(Some(trial)) if trial.passed);
    written(&CONFINING)
        .filter(|_| alone)
        .map(|line| of_line("by itself sshd would start, but the unit shuts it in", line))
}

impl Obstacle {
    fn explain(&self, facts: &Facts<'_>, finding: &mut Finding) {
        match &self.kind {
            Kept::Program(start, how) if start.program.starts_with("/usr/sbin/") => {
                mend(&start.program, how, finding).shown_by(&start.program, how).step("then `sshmend fix service`");
            }
            Kept::Program(start, how) => {
                finding.shown_by(&start.program, how);
                let line = facts.line_of_start(&format!("execstart={}", start.program));
                line.iter().for_each(|line| _ = finding.shown_at(line, facts.line(&line.path, line.line)));
                let place = line.map_or_else(|| format!("`systemctl cat {}`", start.unit), |line| line.to_string());
                finding.step(format!(
                    "correct the program in {place}, or take the line out; then `systemctl daemon-reload`"
                ));
                finding.step("then `sshmend fix service`");
            }
            Kept::Unit(line) => {
                finding.shown_by_lines(&facts.heard(CAUSE.name).unwrap_or_default());
                line.iter().for_each(|line| _ = finding.shown_at(line, facts.line(&line.path, line.line)));
                let place = line.as_ref().map_or_else(|| "the unit".to_owned(), Origin::to_string);
                finding.step(format!("ask who wrote it, and take it out of {place}; then `systemctl daemon-reload`"));
                finding.step("then `sshmend fix service`");
            }
            Kept::Address => {
                finding.shown_by_lines(&facts.heard(CAUSE.name).unwrap_or_default());
                if let Ok(Some(setting)) = facts.setting("listenaddress") {
                    finding.shown_by_setting(facts, setting);
                }
                finding.step("correct that ListenAddress, or take the line out; or give the machine the address: `ip address add …`");
                finding.step("then `sshmend fix service`");
            }
        }
    }
}

fn summary(service: Option<&Unit>) -> String {
    let Some(unit) = service else { return "sshd is not running".to_owned() };
    let name = unit.name();
    let why = match (unit.get("UnitFileState"), unit.failed()) {
        ("masked" | "masked-runtime", _) => "is masked".to_owned(),
        _ if unit.get("SubState") == "auto-restart" => format!("fails again and again ({})", unit.get("Result")),
        (_, true) => format!("has failed ({})", unit.get("Result")),
        // Also `no` of a unit that nobody has tried to start since systemd has read it.
        _ if unit.get("ConditionResult") == "no" && unit.get("ConditionTimestampMonotonic") != "0" => {
            "was skipped, because a condition of the unit does not hold".to_owned()
        }
        ("disabled", _) => "is stopped and not enabled".to_owned(),
        _ => "is stopped".to_owned(),
    };
    format!("sshd is not running: {name} {why}")
}

/// Starting is not offered where `sshd -t` keeps sshd from it; who may not ask is told by the command itself.
fn remedy(facts: &Facts<'_>, service: Option<&Unit>, finding: &mut Finding) {
    let passes = match facts.trial() {
        Ok(Some(trial)) => trial.passed || facts.runtime_directory_comes_with_service(),
        Ok(None) => false,
        Err(_) => true,
    };
    if service.is_some_and(|unit| unit.get("UnitFileState").starts_with("masked")) {
        finding.step("someone masked the unit on purpose: ask, then `systemctl unmask` it");
    }
    if passes {
        finding.mended_by(&["fix", "service"], "enables and starts the service after `sshd -t`");
    } else if facts.trial().is_ok() {
        finding.step("mend what `sshd -t` complains about first, then run `sshmend fix service`");
    } else {
        finding.step("as root see what `sshd -t` says, and once it says nothing, run `sshmend fix service`");
    }
}

/// Seen from the client: nothing listens, or a firewall says so.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = replied(facts, verdict, |reply| *reply == Reply::Refused) else { return };
    let finding = replied.report(verdict, Certainty::Likely, "nothing listens there: sshd is down, or on another port");
    finding.led_by(facts);
    finding.step("if it is on another port: `ssh -p PORT …`; `ssh -G DESTINATION` shows the one that ssh takes");
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use crate::Question;
    use crate::testing::{LOG, NOW, SHOW, check, check_as};
    use expect_test::expect;

    const GONE: &str = "//- /proc/700/cmdline missing\n";

    #[test]
    fn a_listener_excludes_it() {
        check(
            "sshd-not-running",
            "",
            &expect![[r#"
                excluded: process 700 listens: sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
            "#]],
        );
    }

    #[test]
    fn a_failed_unit_that_would_start_again_is_offered_a_start() {
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
    fn a_stopped_and_disabled_unit_is_told_from_a_failed_one() {
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
    fn a_socket_unit_stands_in_for_the_listener() {
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
    fn a_file_that_forbids_sshd_to_run_is_named() {
        let marker = format!("{GONE}//- /etc/ssh/sshd_not_to_be_run\n");
        check(
            "sshd-not-running",
            &marker,
            &expect![[r#"
            certain: sshd is not running: ssh.service is stopped
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: active (running), result success, enabled
              /etc/ssh/sshd_not_to_be_run: exists
              - this file forbids sshd to run: ask who made it, then `rm /etc/ssh/sshd_not_to_be_run`
        "#]],
        );
    }

    const FAILED: &str = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\
        UnitFileState=enabled\nMainPID=0\nDropInPaths=/etc/systemd/system/ssh.service.d/o.conf\n";

    #[test]
    fn a_program_that_cannot_be_started_is_named_with_its_line() {
        let unit = |program: &str| {
            format!("{SHOW}{FAILED}ExecStart={{ path={program} ; argv[]={program} -D ; ignore_errors=no ; pid=0 }}\n")
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
              - correct the program in /etc/systemd/system/ssh.service.d/o.conf:3, or take the line out; then `systemctl daemon-reload`
              - then `sshmend fix service`
        "#]],
        );
        let closed = format!("{GONE}//- /usr/sbin/sshd mode:0644\n{}", unit("/usr/sbin/sshd"));
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
    fn an_address_of_another_machine_keeps_sshd_from_starting() {
        let config = "//- /etc/ssh/sshd_config\nListenAddress 192.0.2.99\n";
        let own = "//$ ip -o address show => 0\n2: eth0    inet 192.0.2.10/24 scope global eth0\n";
        let line = "2026-11-20T17:59:00+00:00 server sshd[9]: error: Bind to port 22 on 192.0.2.99 failed: Cannot assign requested address.\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{config}{own}{SHOW}{FAILED}{LOG}{line}"),
            &expect![[r#"
            certain: sshd is not running: ssh.service has failed (exit-code): it is to listen on 192.0.2.99, which this machine does not have
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: failed (failed), result exit-code, enabled
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[9]: error: Bind to port 22 on 192.0.2.99 failed: Cannot assign requested address.
              /etc/ssh/sshd_config:1: ListenAddress 192.0.2.99
              - correct that ListenAddress, or take the line out; or give the machine the address: `ip address add …`
              - then `sshmend fix service`
        "#]],
        );
    }

    #[test]
    fn what_the_unit_asks_for_or_takes_away_is_named() {
        let drop_in = |line: &str| format!("//- /etc/systemd/system/ssh.service.d/o.conf\n[Service]\n{line}\n");
        let skipped = FAILED.replace("ActiveState=failed", "ActiveState=inactive\nConditionResult=no");
        let condition = drop_in("ConditionPathExists=/etc/nowhere");
        check(
            "sshd-not-running",
            &format!("{GONE}{condition}{SHOW}{skipped}"),
            &expect![[r#"
            certain: sshd is not running: ssh.service was skipped, because a condition of the unit does not hold: its condition does not hold (ConditionPathExists=/etc/nowhere in /etc/systemd/system/ssh.service.d/o.conf)
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: inactive (failed), result exit-code, enabled
              /etc/systemd/system/ssh.service.d/o.conf:2: ConditionPathExists=/etc/nowhere
              - ask who wrote it, and take it out of /etc/systemd/system/ssh.service.d/o.conf:2; then `systemctl daemon-reload`
              - then `sshmend fix service`
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
              - ask who wrote it, and take it out of /etc/systemd/system/ssh.service.d/o.conf:2; then `systemctl daemon-reload`
              - then `sshmend fix service`
        "#]],
        );
        let families = drop_in("RestrictAddressFamilies=AF_UNIX");
        check(
            "sshd-not-running",
            &format!("{GONE}{families}{SHOW}{FAILED}"),
            &expect![[r#"
            certain: sshd is not running: ssh.service has failed (exit-code): by itself sshd would start, but the unit shuts it in (RestrictAddressFamilies=AF_UNIX in /etc/systemd/system/ssh.service.d/o.conf)
              /proc: no process has the title of an sshd listener
              systemctl show: ssh.service: failed (failed), result exit-code, enabled
              /etc/systemd/system/ssh.service.d/o.conf:2: RestrictAddressFamilies=AF_UNIX
              - ask who wrote it, and take it out of /etc/systemd/system/ssh.service.d/o.conf:2; then `systemctl daemon-reload`
              - then `sshmend fix service`
        "#]],
        );
    }

    #[test]
    fn an_sshd_in_a_network_of_its_own_is_not_here() {
        let unit = FAILED.replace("ActiveState=failed", "ActiveState=active").replace("MainPID=0", "MainPID=700");
        let alone = format!(
            "//$ ss -Hltnp => 0\n//- /etc/systemd/system/ssh.service.d/o.conf\nPrivateNetwork=yes\n{SHOW}{unit}"
        );
        check(
            "sshd-not-running",
            &alone,
            &expect![[r#"
            certain: sshd runs, but not in the network of this machine: nothing listens here
              /proc: sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
              ss -Hltnp: shows no socket of sshd
              /etc/systemd/system/ssh.service.d/o.conf:1: PrivateNetwork=yes
              - take that line out: /etc/systemd/system/ssh.service.d/o.conf:1; then `systemctl daemon-reload`
              - then `sshmend fix service --restart`
        "#]],
        );
        check(
            "sshd-not-running",
            "//$ ss -Hltnp => 0\n",
            &expect![[r#"
            possible: sshd runs, but not in the network of this machine: nothing listens here
              /proc: sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups
              ss -Hltnp: shows no socket of sshd
              - see which network it is in: `lsns -t net -p 700`, `systemctl cat ssh.service`
              - then `sshmend fix service --restart`
        "#]],
        );
    }

    #[test]
    fn a_socket_unit_on_another_port_is_told() {
        let units = "Id=ssh.service\nLoadState=loaded\nActiveState=inactive\n\n\
            Id=ssh.socket\nLoadState=loaded\nActiveState=active\nListen=[::]:2222 (Stream)\n";
        let sockets = "//$ ss -Hltnp => 0\nLISTEN 0 128 *:2222 *:* users:((\"systemd\",pid=1,fd=3))\n";
        check(
            "sshd-not-running",
            &format!("{GONE}{sockets}{SHOW}{units}"),
            &expect![[r#"
            possible: nothing listens on port 22 any more, for sshd has moved to port 2222: who asks for 22 is refused
              journalctl: 2026-11-20T12:00:00.000000+0000 server sshd[700]: Server listening on 0.0.0.0 port 22.
              systemctl show: ssh.socket: Listen=[::]:2222 (Stream)
              - tell the clients: `ssh -p 2222 …`, or `Port 2222` in ~/.ssh/config
              - or write `ListenStream=22` (`systemctl edit ssh.socket`), then `systemctl daemon-reload && systemctl restart ssh.socket`
        "#]],
        );
    }

    #[test]
    fn a_port_that_was_left_is_told() {
        let moved = "//- /etc/ssh/sshd_config\nPort 2222\n\
            //$ ss -Hltnp => 0\nLISTEN 0 128 0.0.0.0:2222 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n";
        check(
            "sshd-not-running",
            moved,
            &expect![[r#"
            possible: nothing listens on port 22 any more, for sshd has moved to port 2222: who asks for 22 is refused
              journalctl: 2026-11-20T12:00:00.000000+0000 server sshd[700]: Server listening on 0.0.0.0 port 22.
              /etc/ssh/sshd_config:1: Port 2222
              - tell the clients: `ssh -p 2222 …`, or `Port 2222` in ~/.ssh/config
              - or go back to it: write `Port 22` at the line above, then `sshd -t && systemctl restart ssh.service`
        "#]],
        );
    }

    #[test]
    fn of_a_mounted_disk_the_links_tell() {
        let question = Question { offline: true, ..Question::server(NOW) };
        let unit = "//- /lib/systemd/system/ssh.service\n//- /etc/systemd/system/sockets.target.wants dir\n";
        let off = format!("{unit}//- /etc/systemd/system/multi-user.target.wants/cron.service\n");
        check_as(
            &question,
            "sshd-not-running",
            &off,
            &expect![[r#"
            likely: sshd will not start at boot: its unit is not enabled
              /etc/systemd/system: no link to a unit of sshd below multi-user.target.wants or sockets.target.wants
              - enable it: `systemctl --root=DIR enable ssh.service` (Debian, Ubuntu) or `sshd.service`
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
              - someone masked it on purpose: ask, then remove /etc/systemd/system/ssh.service
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
