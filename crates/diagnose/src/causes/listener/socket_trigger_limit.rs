use sshmend_facts::Facts;
use sshmend_plan::Wish;

use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(manager) = verdict.look(facts.manager()) else {
        return;
    };
    let Some(socket) = manager.socket() else {
        return verdict.exclude(Fact::Manager, "no socket unit starts sshd");
    };
    let result = socket.get("Result");
    if !matches!(result, "trigger-limit-hit" | "service-start-limit-hit") {
        return verdict.exclude(Fact::Manager, format!("{} has not given up", socket.name()));
    }
    let name = socket.name();
    let finding = verdict.certain(
        Proof::Manager,
        format!("{name} gave up starting sshd ({result}) and no longer listens"),
    );
    finding.shown_by("systemctl show", socket.state());
    finding.mended_by(
        Wish::Service { restart: false },
        "clears the failure and starts the socket after `sshd -t`",
    );
    finding.step(format!(
        "see why sshd failed: `journalctl -u {}`",
        name.replace(".socket", ".service")
    ));
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::SHOW;

    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn the_result_of_the_socket_unit_proves_the_cause() {
        let unit = "Id=ssh.socket\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=trigger-limit-hit\n\
            UnitFileState=enabled\n";
        check(
            "socket-trigger-limit",
            &format!("{SHOW}{unit}"),
            &expect![[r#"
            certain: ssh.socket gave up starting sshd (trigger-limit-hit) and no longer listens
              systemctl show: ssh.socket: failed (failed), result trigger-limit-hit, enabled
              $ sshmend fix service  # clears the failure and starts the socket after `sshd -t`
              - see why sshd failed: `journalctl -u ssh.service`
        "#]],
        );
        check(
            "socket-trigger-limit",
            "",
            &expect![[r#"
            excluded: no socket unit starts sshd
        "#]],
        );
    }
}
