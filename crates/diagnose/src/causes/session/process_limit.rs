use sshmend_facts::{Facts, Usage};
use sshmend_ssh_log::CauseName;

use crate::causes::authentication::user_not_allowed::pam::own_limit;
use crate::evidence::log::log_evidence;
use crate::evidence::probe::always_closed_at_once;
use crate::finding::Then;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(listener)) = verdict.look(facts.listener()) else {
        return;
    };
    let group = verdict
        .look(facts.processes_of_group(listener.pid))
        .flatten();
    let machine = verdict.look(facts.processes()).flatten();
    let refused = verdict.look(facts.forks_refused(listener.pid)).unwrap_or(0);
    if let Some(usage) = group.filter(Usage::exhausted) {
        let finding = verdict.certain(
            Proof::Kernel,
            "the control group of sshd is full: sshd cannot start a process for a new connection",
        );
        finding.shown_by(&usage.source, usage.text());
        finding.step("see what runs in it: `systemd-cgls -u ssh.service`");
        finding.step(format!(
            "raise it: `systemctl set-property ssh.service TasksMax={}`",
            usage.limit.saturating_mul(2).max(4096)
        ));
    } else if let Some(usage) = machine.filter(Usage::exhausted) {
        let finding = verdict.certain(
            Proof::Kernel,
            "the machine has reached its process limit, so sshd cannot start one for a connection",
        );
        finding.shown_by(&usage.source, usage.text());
        finding.step("find who holds them: `ps -eLo comm= | sort | uniq -c | sort -n | tail`");
    } else if refused > 0 {
        let finding = verdict.possible(format!(
            "the control group of sshd was full {refused} times since the unit started"
        ));
        finding.shown_by("pids.events", format!("max {refused}"));
        let unit = facts.unit_name();
        finding.set_in_unit(&unit, "Service", &["TasksMax=4096"]);
        finding.then(Then::Restart);
    } else if let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::ProcessLimit,
        Some(Certainty::Likely),
    ) {
        let of_session = heard
            .lines
            .last()
            .is_some_and(|line| line.text.contains("do_exec"));
        let finding = heard.report(verdict, "sshd could not start processes for connections");
        if of_session {
            finding.step("see what the account may start, for after the login its own limit counts: `grep -rn nproc /etc/security/limits.conf /etc/security/limits.d`");
            let own = facts
                .user()
                .and_then(|user| own_limit(facts, user, "nproc", "4096"));
            if let Some(step) = own {
                finding.step(format!("{step}; it counts at the next login"));
            }
        }
        let (unit, more) = (facts.unit_name(), ["TasksMax=4096", "LimitNPROC=infinity"]);
        finding.set_in_unit(&unit, "Service", &more);
        finding.then(Then::Restart);
    } else {
        verdict.exclude(Fact::Kernel, "sshd has not reached a process limit");
    }
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let what = "the server may be unable to start a process for the connection";
    always_closed_at_once(facts, verdict, what);
}

#[cfg(test)]
mod tests {
    use crate::testing::check;
    use expect_test::expect;

    fn group(current: u32, refused: u32) -> String {
        let group = "/sys/fs/cgroup/system.slice/ssh.service";
        format!(
            "//- {group}/pids.current\n{current}\n//- {group}/pids.max\n20\n//- {group}/pids.events\nmax {refused}\n"
        )
    }

    #[test]
    fn a_full_control_group_is_certain_and_a_formerly_full_one_is_possible() {
        check(
            "process-limit",
            &group(20, 3),
            &expect![[r#"
                certain: the control group of sshd is full: sshd cannot start a process for a new connection
                  /sys/fs/cgroup/system.slice/ssh.service/pids.max: 20 of 20
                  - see what runs in it: `systemd-cgls -u ssh.service`
                  - raise it: `systemctl set-property ssh.service TasksMax=4096`
            "#]],
        );
        check(
            "process-limit",
            &group(4, 3),
            &expect![[r#"
                possible: the control group of sshd was full 3 times since the unit started
                  pids.events: max 3
                  - give the unit another value by a file of your own: `mkdir -p /etc/systemd/system/ssh.service.d`
                  - `printf '[Service]\nTasksMax=4096\n' > /etc/systemd/system/ssh.service.d/zz-tasksmax.conf`
                  - have systemd read it: `systemctl daemon-reload`
                  - then `sshmend fix service --restart`
            "#]],
        );
        check(
            "process-limit",
            &group(4, 0),
            &expect![[r#"
                excluded: sshd has not reached a process limit
            "#]],
        );
    }

    #[test]
    fn exhausted_process_ids_are_certain() {
        check(
            "process-limit",
            "//- /proc/loadavg\n9.0 9.0 9.0 1/32768 5\n",
            &expect![[r#"
                certain: the machine has reached its process limit, so sshd cannot start one for a connection
                  /proc/loadavg: 32768 of 15466
                  - find who holds them: `ps -eLo comm= | sort | uniq -c | sort -n | tail`
            "#]],
        );
    }
}
