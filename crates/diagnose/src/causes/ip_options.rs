use sshmend_facts::Facts;

use super::heard::heard;
use crate::finding::Certainty;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "ip-options",
    title: "the client's packets carry IP options, which sshd refuses",
    gate: Gate::Session,
    explain: "\
IP options such as source routing let a sender choose the way of the answers. sshd ends such a connection before its
banner and says `Connection from ADDRESS with IP opts: …`.

**Known for certain** by that line.

**Mended** on the way: a router, tunnel or security appliance adds them (CIPSO labels, record route).

**It is not** about options of ssh.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(heard) = heard(facts, verdict, CAUSE.name, Some(Certainty::Likely)) else {
        return;
    };
    heard
        .report(
            verdict,
            "sshd refused connections whose packets carry IP options",
        )
        .step("find the device that adds them: `tcpdump -nv 'ip[0] > 69 and port 22'`");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::check_as;
    use expect_test::expect;

    #[test]
    fn the_line_proves_it() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Connection from 198.51.100.7 port 4711 with IP opts:  83 07 04\n";
        check_as(
            &from("198.51.100.7"),
            "ip-options",
            &format!("{LOG}{line}"),
            &expect![[r#"
            certain: sshd refused connections whose packets carry IP options (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: fatal: Connection from 198.51.100.7 port 4711 with IP opts:  83 07 04
              - find the device that adds them: `tcpdump -nv 'ip[0] > 69 and port 22'`
        "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "ip-options",
            "",
            &expect![[r#"
                excluded: no matching log entries
            "#]],
        );
    }
}
