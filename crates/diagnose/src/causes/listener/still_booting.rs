use sshmend_facts::Facts;

use crate::proof::Fact;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(state)) = verdict.look(facts.system_state()) else {
        return;
    };
    if !matches!(state.as_str(), "starting" | "initializing") {
        return verdict.exclude(
            Fact::Manager,
            format!("systemd says that the machine is {state}"),
        );
    }
    if matches!(facts.listener(), Ok(Some(_))) {
        return verdict.exclude(
            Fact::Processes,
            "the machine is still starting, but sshd already listens",
        );
    }
    let finding = verdict.likely("the machine is still starting, and sshd is not running yet");
    finding.shown_by("systemctl is-system-running", &state);
    finding.step("see what it waits for: `systemctl list-jobs`");
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn a_boot_in_progress_is_likely_if_nothing_listens() {
        let starting = "//$ systemctl is-system-running => 1 stdout\nstarting\n";
        check(
            "still-booting",
            &format!("{starting}//- /proc/700/cmdline missing\n"),
            &expect![[r#"
            likely: the machine is still starting, and sshd is not running yet
              systemctl is-system-running: starting
              - see what it waits for: `systemctl list-jobs`
        "#]],
        );
        check(
            "still-booting",
            starting,
            &expect![[r#"
            excluded: the machine is still starting, but sshd already listens
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
