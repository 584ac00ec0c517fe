use sshmend_facts::{Facts, Reply};

use super::replied::replied;
use crate::finding::Certainty;
use crate::proof::Proof;
use crate::verdict::{Judges, UNSEEN, Verdict};

pub(super) const JUDGES: Judges = Judges {
    client: from_client,
    ..UNSEEN
};

/// How other services begin their first line.
const OTHERS: [&str; 9] = [
    "HTTP/",
    "220 ",
    "220-",
    "+OK",
    "* OK",
    "RFB ",
    "\u{15}\u{3}",
    "<!DOCTYPE",
    "<html",
];

/// Whether this is what another service says.
pub(super) fn is_known(reply: &Reply) -> bool {
    matches!(reply, Reply::OtherText(line) if OTHERS.iter().any(|start| line.starts_with(start)))
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = replied(facts, verdict, |reply| matches!(reply, Reply::OtherText(_)))
    else {
        return;
    };
    let known = replied.hits.iter().any(|(_, reply)| is_known(reply));
    let certainty = if known {
        Proof::Connection.certain()
    } else {
        Certainty::Likely
    };
    let finding = replied.report(
        verdict,
        certainty,
        "something else than SSH answers on that port",
    );
    finding.led_by(facts);
    finding.step(
        "see which name and port ssh takes: `ssh -G DESTINATION | grep -E '^(hostname|port) '`",
    );
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_way, says, works};
    use expect_test::expect;

    #[test]
    fn known_services_are_certain_and_other_text_is_likely() {
        check_way(
            "wrong-service",
            &[says("HTTP/1.1 400 Bad Request\r\n")],
            &expect![[r#"
                certain: something else than SSH answers on that port
                  connection to 192.0.2.10:22: answers "HTTP/1.1 400 Bad Request" and no SSH
                  ssh -G: hostname 192.0.2.10, port 22
                  - see which name and port ssh takes: `ssh -G DESTINATION | grep -E '^(hostname|port) '`
            "#]],
        );
        check_way(
            "wrong-service",
            &[says("go away\r\n")],
            &expect![[r#"
                likely: something else than SSH answers on that port
                  connection to 192.0.2.10:22: answers "go away" and no SSH
                  ssh -G: hostname 192.0.2.10, port 22
                  - see which name and port ssh takes: `ssh -G DESTINATION | grep -E '^(hostname|port) '`
            "#]],
        );
        check_way(
            "wrong-service",
            &[works()],
            &expect![[r#"
            excluded: 192.0.2.10:22 says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
        "#]],
        );
    }
}
