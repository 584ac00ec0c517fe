use crate::finding::Then;
use crate::proof::{Certainty, Proof};
use crate::verdict::{Judges, Verdict};
use sshmend_facts::{Facts, LogLine, Manager, Unit};
use sshmend_ssh_log::CauseName;

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let manager = facts.manager().unwrap_or(Manager::Other);
    if let Some(unit) = manager
        .service()
        .filter(|unit| unit.get("Result") == "oom-kill")
    {
        let finding = verdict.certain(
            Proof::Manager,
            format!("the kernel killed {} because memory ran out", unit.name()),
        );
        finding.shown_by("systemctl show", unit.state());
        finding
            .step("see what takes the memory: `ps -eo rss,comm --sort -rss | head`")
            .then(Then::Start);
        return;
    }
    let Some(lines) = verdict.look(facts.kernel_lines(CauseName::OutOfMemory)) else {
        return;
    };
    if lines.is_empty() {
        return;
    }
    let gone = |unit: &Unit| facts.lacks_a_listener() && unit.active();
    let killed = manager
        .service()
        .is_some_and(|unit| was_killed(unit) || unit.fails_again() || gone(unit));
    let recent = lines.iter().any(|line| facts.is_recent(line));
    let certainty = match (recent, killed) {
        (true, true) => Proof::Kernel.certain(),
        (true, false) => Certainty::Likely,
        (false, _) => Certainty::Possible,
    };
    let (count, last) = (lines.len(), LogLine::last(&lines));
    let finding = verdict.find(
        certainty,
        format!("the kernel killed {count} sshd processes because memory ran out{last}"),
    );
    finding.shown_by_lines(&lines);
    finding.step(
        "see what takes the memory: `ps -eo rss,comm --sort -rss | head`, `systemctl show ssh.service -p MemoryMax`",
    );
    // The kernel names the limit of a control group so; the memory of the machine is another matter.
    let by_limit = lines
        .iter()
        .any(|line| line.text.contains("Memory cgroup out of memory"));
    if by_limit && manager.service().is_some() {
        finding
            .set_in_unit(
                &facts.unit_name(),
                "Service",
                &["MemoryMax=infinity", "MemoryHigh=infinity"],
            )
            .then(Then::Restart);
    }
}

fn was_killed(unit: &Unit) -> bool {
    unit.get("ExecMainStatus") == "9" || unit.get("Result") == "signal"
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::SHOW;

    use crate::testing::check;
    use expect_test::expect;

    #[test]
    fn only_killed_sshd_processes_count() {
        let other =
            "//$ dmesg => 0\n[9.1] Out of memory: Killed process 812 (mysqld) total-vm:100kB\n";
        check("out-of-memory", other, &expect![""]);
        let own = "//$ dmesg => 0\n[89900.1] Out of memory: Killed process 812 (sshd-session) total-vm:100kB\n";
        check(
            "out-of-memory",
            own,
            &expect![[r#"
                likely: the kernel killed 1 sshd processes because memory ran out, last at 2026-11-20T17:58:20Z
                  dmesg: [89900.1] Out of memory: Killed process 812 (sshd-session) total-vm:100kB
                  - see what takes the memory: `ps -eo rss,comm --sort -rss | head`, `systemctl show ssh.service -p MemoryMax`
            "#]],
        );
    }

    #[test]
    fn a_unit_that_was_killed_is_certain() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=oom-kill\n";
        check(
            "out-of-memory",
            &format!("{SHOW}{unit}"),
            &expect![[r#"
                certain: the kernel killed ssh.service because memory ran out
                  systemctl show: ssh.service: failed (failed), result oom-kill,
                  - see what takes the memory: `ps -eo rss,comm --sort -rss | head`
                  - then `sshmend fix service`
            "#]],
        );
    }

    #[test]
    fn a_unit_that_is_killed_at_every_start_is_certain() {
        let unit = "Id=ssh.service\nLoadState=loaded\nActiveState=activating\nSubState=start-pre\nResult=success\nNRestarts=2\n";
        let killed = "//$ dmesg => 0\n[89900.1] Memory cgroup out of memory: Killed process 812 (sshd) total-vm:100kB\n";
        check(
            "out-of-memory",
            &format!("{killed}{SHOW}{unit}"),
            &expect![[r#"
                certain: the kernel killed 1 sshd processes because memory ran out, last at 2026-11-20T17:58:20Z
                  dmesg: [89900.1] Memory cgroup out of memory: Killed process 812 (sshd) total-vm:100kB
                  - see what takes the memory: `ps -eo rss,comm --sort -rss | head`, `systemctl show ssh.service -p MemoryMax`
                  - give the unit another value by a file of your own: `mkdir -p /etc/systemd/system/ssh.service.d`
                  - `printf '[Service]\nMemoryMax=infinity\nMemoryHigh=infinity\n' > /etc/systemd/system/ssh.service.d/zz-memorymax.conf`
                  - have systemd read it: `systemctl daemon-reload`
                  - then `sshmend fix service --restart`
            "#]],
        );
    }

    #[test]
    fn an_unreadable_kernel_log_is_not_called_empty() {
        let hidden = "//$ dmesg => 1\ndmesg: read kernel buffer failed: Operation not permitted\n";
        check(
            "out-of-memory",
            hidden,
            &expect![[r#"
            unchecked: kernel log: dmesg: read kernel buffer failed: Operation not permitted
        "#]],
        );
    }
}
