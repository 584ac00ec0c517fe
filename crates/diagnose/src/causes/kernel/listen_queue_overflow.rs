use sshmend_facts::{Facts, Socket};
use sshmend_ssh_log::CauseName;

use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(sockets) = verdict.look(facts.ssh_sockets()) else {
        return;
    };
    let resets = facts.resets_on_overflow() == Ok(true);
    match sockets.iter().find(|socket| socket.overflows()) {
        Some(socket) => overflowing(socket, resets, verdict),
        None => quiet(facts, resets, verdict),
    }
}

fn overflowing(socket: &Socket, resets: bool, verdict: &mut Verdict) {
    let how = if resets { "resets" } else { "drops" };
    let finding = verdict.certain(
        Proof::Kernel,
        format!("the listen queue of sshd is full, so the kernel {how} new connections"),
    );
    finding.shown_by("ss -Hltnp", &socket.line);
    finding.following(CauseName::ListenerHung);
    if resets {
        finding.step("let clients wait instead of resetting them: `sysctl -w net.ipv4.tcp_abort_on_overflow=0`");
    }
    finding.step(
        "find what keeps sshd from taking them: load (`uptime`), a flood (`ss -tn state syn-recv`)",
    );
}

fn quiet(facts: &Facts<'_>, resets: bool, verdict: &mut Verdict) {
    let overflows = verdict
        .look(facts.tcp_counter("ListenOverflows"))
        .flatten()
        .unwrap_or(0);
    if overflows == 0 || !resets {
        return verdict.exclude(Fact::Kernel, "the listen queue of sshd is empty");
    }
    let finding = verdict.possible(format!(
        "listen queues have overflowed {overflows} times since boot, and the kernel then resets connections"
    ));
    finding.shown_by("/proc/net/netstat", format!("ListenOverflows {overflows}"));
    finding.shown_by("/proc/sys/net/ipv4/tcp_abort_on_overflow", "1");
    finding.step(
        "let clients wait instead of resetting them: `sysctl -w net.ipv4.tcp_abort_on_overflow=0`",
    );
}

#[cfg(test)]
mod tests {
    use sshmend_facts::Question;
    use sshmend_facts::fixture::{NOW, machine};

    use crate::diagnose;
    use crate::testing::check;
    use expect_test::expect;

    const FULL: &str =
        "//$ ss -Hltnp => 0\nLISTEN 129 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n";
    const RESETS: &str = "//- /proc/sys/net/ipv4/tcp_abort_on_overflow\n1\n";

    #[test]
    fn a_full_queue_drops_or_resets_connections() {
        check(
            "listen-queue-overflow",
            FULL,
            &expect![[r#"
            certain: the listen queue of sshd is full, so the kernel drops new connections
              ss -Hltnp: LISTEN 129 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
              - find what keeps sshd from taking them: load (`uptime`), a flood (`ss -tn state syn-recv`)
        "#]],
        );
        check(
            "listen-queue-overflow",
            &format!("{FULL}{RESETS}"),
            &expect![[r#"
            certain: the listen queue of sshd is full, so the kernel resets new connections
              ss -Hltnp: LISTEN 129 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
              - let clients wait instead of resetting them: `sysctl -w net.ipv4.tcp_abort_on_overflow=0`
              - find what keeps sshd from taking them: load (`uptime`), a flood (`ss -tn state syn-recv`)
        "#]],
        );
    }

    #[test]
    fn a_stopped_listener_is_named_before_its_full_queue() {
        let stopped = machine(&format!(
            "{FULL}//- /proc/700/status\nState:\tT (stopped)\n"
        ));
        let diagnosis = diagnose(&stopped, &Question::server(NOW));
        let causes: Vec<&str> = diagnosis
            .findings
            .iter()
            .map(|finding| finding.cause.as_str())
            .collect();
        assert_eq!(causes, ["listener-hung", "listen-queue-overflow"]);
    }

    #[test]
    fn old_overflows_matter_only_if_the_kernel_resets_connections() {
        let counted =
            "//- /proc/net/netstat\nTcpExt: SyncookiesSent ListenOverflows\nTcpExt: 0 7\n";
        check(
            "listen-queue-overflow",
            counted,
            &expect![[r#"
            excluded: the listen queue of sshd is empty
        "#]],
        );
        check(
            "listen-queue-overflow",
            &format!("{counted}{RESETS}"),
            &expect![[r#"
            possible: listen queues have overflowed 7 times since boot, and the kernel then resets connections
              /proc/net/netstat: ListenOverflows 7
              /proc/sys/net/ipv4/tcp_abort_on_overflow: 1
              - let clients wait instead of resetting them: `sysctl -w net.ipv4.tcp_abort_on_overflow=0`
        "#]],
        );
    }
}
