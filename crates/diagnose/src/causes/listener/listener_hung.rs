use sshmend_facts::{Facts, Listener, Reply};
use sshmend_plan::Wish;

use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(Some(listener)) = verdict.look(facts.listener()) else {
        return;
    };
    let Some(Some(state)) = verdict.look(facts.status(listener.pid, "State")) else {
        return;
    };
    match state.chars().next() {
        Some('T' | 't') => stopped(&listener, &state, verdict),
        Some('D') => stuck(&listener, &state, verdict),
        _ => queue(facts, &listener, verdict),
    }
}

fn stopped(listener: &Listener, state: &str, verdict: &mut Verdict) {
    let pid = listener.pid;
    let finding = verdict.certain(
        Proof::Process,
        format!(
            "the listener (process {pid}) is stopped: it accepts no connection until it is resumed"
        ),
    );
    finding.shown_by(format!("/proc/{pid}/status"), format!("State: {state}"));
    finding.step(format!("let it go on: `kill -CONT {pid}`"));
    finding.step(format!(
        "if a debugger or tracer holds it, end that (TracerPid in /proc/{pid}/status)"
    ));
}

fn stuck(listener: &Listener, state: &str, verdict: &mut Verdict) {
    let pid = listener.pid;
    let finding = verdict.possible(format!(
        "the listener (process {pid}) is blocked in the kernel, as by a failed disk"
    ));
    finding.shown_by(format!("/proc/{pid}/status"), format!("State: {state}"));
    finding.step(format!(
        "look again, and where it waits: `cat /proc/{pid}/wchan`; then `dmesg` for disk and network file system errors"
    ));
}

fn queue(facts: &Facts<'_>, listener: &Listener, verdict: &mut Verdict) {
    let sockets = facts.ssh_sockets().unwrap_or_default();
    let Some(socket) = sockets.iter().find(|socket| socket.overflows()) else {
        return verdict.exclude(
            Fact::Processes,
            format!(
                "process {} waits for connections, as it should",
                listener.pid
            ),
        );
    };
    let finding = verdict.likely("the listener does not accept the waiting connections");
    finding.shown_by("ss -Hltnp", &socket.line);
    finding.mended_by(
        Wish::Service { restart: false },
        "restarts the service after `sshd -t`; sessions stay",
    );
}

/// From the client: the server's kernel completes the handshake, and no data arrives.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| *reply == Reply::Silent) else {
        return;
    };
    let what = "the connection is established, but no data arrives: the listener is stopped, stuck or out of file descriptors";
    ask_the_server(replied.report(verdict, Certainty::Likely, what));
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_way, silent_for_long};
    use expect_test::expect;

    #[test]
    fn a_stopped_process_is_certain_and_a_waiting_one_is_not() {
        check(
            "listener-hung",
            "//- /proc/700/status\nState:\tT (stopped)\n",
            &expect![[r#"
            certain: the listener (process 700) is stopped: it accepts no connection until it is resumed
              /proc/700/status: State: T (stopped)
              - let it go on: `kill -CONT 700`
              - if a debugger or tracer holds it, end that (TracerPid in /proc/700/status)
        "#]],
        );
        check(
            "listener-hung",
            "//- /proc/700/status\nState:\tD (disk sleep)\n",
            &expect![[r#"
            possible: the listener (process 700) is blocked in the kernel, as by a failed disk
              /proc/700/status: State: D (disk sleep)
              - look again, and where it waits: `cat /proc/700/wchan`; then `dmesg` for disk and network file system errors
        "#]],
        );
        check(
            "listener-hung",
            "",
            &expect![[r#"
            excluded: process 700 waits for connections, as it should
        "#]],
        );
    }

    #[test]
    fn a_full_queue_suggests_a_hung_listener() {
        let full = "//$ ss -Hltnp => 0\nLISTEN 129 128 0.0.0.0:22 0.0.0.0:* users:((\"sshd\",pid=700,fd=3))\n";
        check(
            "listener-hung",
            full,
            &expect![[r#"
            likely: the listener does not accept the waiting connections
              ss -Hltnp: LISTEN 129 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=700,fd=3))
              $ sshmend fix service  # restarts the service after `sshd -t`; sessions stay
        "#]],
        );
    }

    #[test]
    fn a_silent_connection_suggests_a_hung_listener_to_the_client() {
        check_way(
            "listener-hung",
            &[silent_for_long()],
            &expect![[r#"
            likely: the connection is established, but no data arrives: the listener is stopped, stuck or out of file descriptors
              connection to 192.0.2.10:22: connected, then silence for 15 seconds
              - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
        "#]],
        );
    }
}
