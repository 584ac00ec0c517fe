use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::IpOptions,
        Some(Certainty::Likely),
    ) else {
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
    fn the_log_line_proves_the_cause() {
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
        check_as(&from("198.51.100.7"), "ip-options", "", &expect![""]);
    }
}
