use sshmend_facts::{Facts, Reply};
use sshmend_ssh_log::{CauseName, Kind};

use crate::evidence::probe::probe_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    if facts.question.client_address().is_none() {
        return;
    }
    let Some(mut lines) = verdict.look(facts.log_lines(CauseName::ClientVanished)) else {
        return;
    };
    lines.retain(|line| {
        line.text.contains("reset by") && matches!(line.kind, Kind::Reset | Kind::NoIdentification)
    });
    if lines.is_empty() {
        return;
    }
    let finding = verdict.possible(
        "connections of this client were reset, by the client or by a device on the path",
    );
    finding.shown_by_lines(&lines);
    finding.step("ask at the client: does ssh there say `Connection reset by` the server? Then neither end did it");
    finding.step(
        "compare the TTL of the reset with that of the packets before: `tcpdump -nv 'tcp port 22 and host CLIENT'`",
    );
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| {
        matches!(reply, Reply::ClosedAfterBanner { .. })
    }) else {
        return;
    };
    let reset = replied.any(|reply| matches!(reply, Reply::ClosedAfterBanner { reset: true, .. }));
    let certainty = Certainty::likely_if(reset);
    let finding = replied.report(
        verdict,
        certainty,
        "the connection ends after the banner, as if a device on the path cut it",
    );
    finding.step("look into the server's log: when it says `Connection reset by` this client, neither end did it");
    finding.step("try another port or another network");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check_as, check_way, reset_after_banner, works};
    use expect_test::expect;

    #[test]
    fn a_reset_after_the_banner_suggests_a_middlebox() {
        check_way(
            "middlebox-reset",
            &[reset_after_banner()],
            &expect![[r#"
            likely: the connection ends after the banner, as if a device on the path cut it
              connection to 192.0.2.10:22: says SSH-2.0-OpenSSH_9.2p1 Debian-2, then resets the connection
              - look into the server's log: when it says `Connection reset by` this client, neither end did it
              - try another port or another network
        "#]],
        );
        check_way(
            "middlebox-reset",
            &[works()],
            &expect![[r#"
            excluded: 192.0.2.10:22 says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
        "#]],
        );
    }

    #[test]
    fn a_reset_that_the_server_attributes_to_the_client_suggests_a_middlebox() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: Connection reset by 198.51.100.7 port 4711 [preauth]\n";
        check_as(
            &from("198.51.100.7"),
            "middlebox-reset",
            &format!("{LOG}{line}"),
            &expect![[r#"
            possible: connections of this client were reset, by the client or by a device on the path
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection reset by 198.51.100.7 port 4711 [preauth]
              - ask at the client: does ssh there say `Connection reset by` the server? Then neither end did it
              - compare the TTL of the reset with that of the packets before: `tcpdump -nv 'tcp port 22 and host CLIENT'`
        "#]],
        );
        check_as(&from("198.51.100.7"), "middlebox-reset", "", &expect![""]);
    }
}
