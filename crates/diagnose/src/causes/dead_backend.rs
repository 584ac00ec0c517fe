use sshmend_facts::{Facts, Reply};

use super::replied::{ask_the_server, replied};
use crate::finding::Certainty;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "dead-backend",
    title: "a forwarder takes the connection, but what stands behind it does not",
    gate: Gate::Listener,
    explain: "\
docker-proxy, kubectl port-forward, QEMU, HAProxy, a load balancer or `ssh -L` accept the connection first and then
connect to what stands behind. When that is down, they close at once: no byte ever comes, and `Connection reset by
peer` or `closed by remote host` is all the client sees. A container without sshd, a VM still booting, a wrong port in
the mapping.

**Suspected** when every connection is taken and closed at once without a word. **Certain** on the machine with the
forwarder: the connection to the back end fails there as well, and sshd logs nothing.

**Mended** behind the forwarder.

**It is not** MaxStartups, which from 8.2 on says a word before it closes.",
    server: silent,
    client: from_client,
};

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = replied(facts, verdict, |reply| {
        matches!(reply, Reply::ClosedAtOnce { .. } | Reply::ClosedLate(_))
    }) else {
        return;
    };
    if !replied.always() {
        let what = format!(
            "{} closed without a word: one of several machines behind the address may be dead",
            replied.share()
        );
        let finding = replied.report(verdict, Certainty::Possible, what);
        finding.step("is it the address of a load balancer? look at each machine behind it");
        return;
    }
    let late = replied
        .hits
        .iter()
        .any(|(_, reply)| matches!(reply, Reply::ClosedLate(_)));
    let when = if late { "later" } else { "at once" };
    let what = format!(
        "every connection is taken and closed {when} without a word, as forwarders do when nothing stands behind them"
    );
    let finding = replied.report(verdict, Certainty::Possible, what);
    finding.step("is the port forwarded (container, virtual machine, load balancer)? look at what stands behind it");
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_way, closed, works};
    use expect_test::expect;

    #[test]
    fn all_tries_must_end_alike() {
        check_way(
            "dead-backend",
            &[closed(), closed(), closed()],
            &expect![[r#"
                possible: every connection is taken and closed at once without a word, as forwarders do when nothing stands behind them
                  connection to 192.0.2.10:22: connected, then closed at once without a word (3 of 3 connections)
                  - is the port forwarded (container, virtual machine, load balancer)? look at what stands behind it
                  - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
            "#]],
        );
        check_way(
            "dead-backend",
            &[closed(), works(), closed()],
            &expect![[r#"
                possible: 2 of 3 connections closed without a word: one of several machines behind the address may be dead
                  connection to 192.0.2.10:22: connected, then closed at once without a word (2 of 3 connections)
                  - is it the address of a load balancer? look at each machine behind it
            "#]],
        );
    }
}
