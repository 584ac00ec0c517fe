use sshmend_facts::Facts;

use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "still-booting",
    title: "the machine is still starting",
    gate: Gate::Listener,
    explain: "\
A machine answers on the network before it can serve SSH: sshd waits for its turn, for the network, or for the host
keys that cloud-init makes. Clients are refused, or connect and are closed; some minutes later all is well. Logins of
others than root are refused while `/run/nologin` exists.

**Likely** while systemd says `starting` and no sshd listens.

**Mended** by waiting, or by ending the job that does not end (`systemctl list-jobs`). Clients should try again with
growing pauses.

**It is not** still booting when `systemctl is-system-running` says `running` or `degraded`.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(state)) = verdict.look(facts.system_state()) else {
        return;
    };
    if !matches!(state.as_str(), "starting" | "initializing") {
        return verdict.exclude(format!("systemd says that the machine is {state}"));
    }
    if matches!(facts.listener(), Ok(Some(_))) {
        return verdict.exclude("the machine is still starting, but sshd listens already");
    }
    let finding = verdict.likely("the machine is still starting, and sshd not yet there");
    finding.shown_by("systemctl is-system-running", &state);
    finding.step("see what it waits for: `systemctl list-jobs`");
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn it_is_likely_while_systemd_starts_and_nothing_listens() {
        let starting = "//$ systemctl is-system-running => 1 stdout\nstarting\n";
        check(
            "still-booting",
            &format!("{starting}//- /proc/700/cmdline missing\n"),
            &expect![[r#"
            likely: the machine is still starting, and sshd not yet there
              systemctl is-system-running: starting
              - see what it waits for: `systemctl list-jobs`
        "#]],
        );
        check(
            "still-booting",
            starting,
            &expect![[r#"
            excluded: the machine is still starting, but sshd listens already
        "#]],
        );
        check(
            "still-booting",
            "",
            &expect![[r#"
            excluded: systemd says that the machine is running
        "#]],
        );
    }
}
