use sshmend_facts::{Facts, Reply};

use super::replied::{ask_the_server, replied};
use crate::finding::Certainty;
use crate::verdict::{Judges, UNSEEN, Verdict};

pub(super) const JUDGES: Judges = Judges {
    client: from_client,
    ..UNSEEN
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
