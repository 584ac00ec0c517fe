use super::replied::replied;
use crate::facts::{Facts, Reply};
use crate::finding::Certainty;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "host-unreachable",
    title: "there is no way to the host",
    gate: Gate::Network,
    explain: "\
The host is down, the network between is, or a router on the way has no route: `No route to host`, `Network is
unreachable`, or no answer at all. A firewall that rejects with `host-prohibited` or `admin-prohibited` (firewalld by
default) looks the same.

**Known** from the client by its own try to connect; **which** of these it is, only others on the way can tell.

**Mended** where the way ends: the VPN, the route, the host's own power.

**It is not** sshd: nothing has reached it.",
    server: silent,
    client: from_client,
};

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = replied(facts, verdict, |reply| matches!(reply, Reply::Unreachable | Reply::Unanswered)) else {
        return;
    };
    let unreachable = replied.hits.iter().any(|(_, reply)| *reply == Reply::Unreachable);
    let certainty = if unreachable { Certainty::Likely } else { Certainty::Possible };
    let finding = replied.report(verdict, certainty, "there is no way to the host, or it is down");
    finding.led_by(facts);
    finding.step(
        "is it the right address? `getent ahosts HOST` (an entry of /etc/hosts goes first), `ssh -G DESTINATION`",
    );
    finding.step("see how far packets come: `tracepath HOST`; is the VPN up? `ip route get ADDRESS`");
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_way, refused_by, unanswered, unreachable};
    use expect_test::expect;

    #[test]
    fn no_route_is_likely_and_no_answer_possible() {
        check_way(
            "host-unreachable",
            &[unreachable()],
            &expect![[r#"
                likely: there is no way to the host, or it is down
                  connection to 192.0.2.10:22: no route to the host
                  ssh -G: hostname 192.0.2.10, port 22
                  - is it the right address? `getent ahosts HOST` (an entry of /etc/hosts goes first), `ssh -G DESTINATION`
                  - see how far packets come: `tracepath HOST`; is the VPN up? `ip route get ADDRESS`
            "#]],
        );
        check_way(
            "host-unreachable",
            &[unanswered()],
            &expect![[r#"
                possible: there is no way to the host, or it is down
                  connection to 192.0.2.10:22: no answer to the TCP handshake
                  ssh -G: hostname 192.0.2.10, port 22
                  - is it the right address? `getent ahosts HOST` (an entry of /etc/hosts goes first), `ssh -G DESTINATION`
                  - see how far packets come: `tracepath HOST`; is the VPN up? `ip route get ADDRESS`
            "#]],
        );
        check_way("host-unreachable", &[refused_by()], &expect![[""]]);
    }
}
