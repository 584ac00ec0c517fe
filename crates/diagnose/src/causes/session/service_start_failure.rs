use sshmend_facts::{Facts, Manager};
use sshmend_plan::Wish;

use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(manager) = verdict.look(facts.manager()) else {
        return;
    };
    let Some(socket) = manager.socket().filter(|unit| unit.active()) else {
        return verdict.exclude(Fact::Manager, "no socket unit starts sshd");
    };
    if socket.accepts() {
        instances(facts, verdict);
    } else {
        service(&manager, verdict);
    }
}

fn instances(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(failed) = verdict.look(facts.failed_instances()) else {
        return;
    };
    if failed.is_empty() {
        return verdict.exclude(
            Fact::Manager,
            "no sshd that was started for a connection has failed",
        );
    }
    let times = failed.len();
    let finding = verdict.likely(format!(
        "sshd failed when systemd started it for a connection (failed units: {times})"
    ));
    for line in failed.iter().rev().take(3) {
        finding.shown_by("systemctl list-units", line);
    }
    finding.step("see why: `journalctl -u 'ssh@*' -u 'sshd@*' -n 50`");
    finding.step("afterwards: `systemctl reset-failed 'ssh@*' 'sshd@*'`");
}

fn service(manager: &Manager, verdict: &mut Verdict) {
    let Some(unit) = manager.service().filter(|unit| unit.failed()) else {
        return verdict.exclude(
            Fact::Manager,
            "the service that the socket starts has not failed",
        );
    };
    let name = unit.name();
    let finding = verdict.certain(
        Proof::Manager,
        format!("the socket listens, but {name} fails when it is started for a connection"),
    );
    finding.shown_by("systemctl show", unit.state());
    finding.step(format!("see why: `journalctl -u {name} -n 50`"));
    finding.mended_by(
        Wish::Service { restart: false },
        "starts the service after `sshd -t`",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::SHOW;

    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_failed_service_behind_a_socket_is_certain() {
        let units = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n\
            UnitFileState=disabled\n\nId=ssh.socket\nLoadState=loaded\nActiveState=active\nAccept=no\n";
        check(
            "service-start-failure",
            &format!("{SHOW}{units}"),
            &expect![[r#"
            certain: the socket listens, but ssh.service fails when it is started for a connection
              systemctl show: ssh.service: failed (failed), result exit-code, disabled
              $ sshmend fix service  # starts the service after `sshd -t`
              - see why: `journalctl -u ssh.service -n 50`
        "#]],
        );
    }

    #[test]
    fn failed_instances_for_connections_are_likely() {
        let units = "Id=ssh.socket\nLoadState=loaded\nActiveState=active\nAccept=yes\n";
        let failed = "\
//$ systemctl list-units --all --plain --no-legend --state=failed ssh@*.service sshd@*.service => 0
ssh@3-192.0.2.1:22-198.51.100.7:50022.service loaded failed failed OpenBSD Secure Shell server per-connection daemon
";
        check(
            "service-start-failure",
            &format!("{SHOW}{units}{failed}"),
            &expect![[r#"
            likely: sshd failed when systemd started it for a connection (failed units: 1)
              systemctl list-units: ssh@3-192.0.2.1:22-198.51.100.7:50022.service loaded failed failed OpenBSD Secure Shell server per-connection daemon
              - see why: `journalctl -u 'ssh@*' -u 'sshd@*' -n 50`
              - afterwards: `systemctl reset-failed 'ssh@*' 'sshd@*'`
        "#]],
        );
        check(
            "service-start-failure",
            &format!("{SHOW}{units}"),
            &expect![[r#"
            excluded: no sshd that was started for a connection has failed
        "#]],
        );
    }
}
