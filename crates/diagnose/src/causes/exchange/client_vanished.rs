use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(mut heard) = log_evidence(facts, verdict, CauseName::ClientVanished, None) else {
        return;
    };
    heard.certainty = heard.certainty.max(Certainty::Likely);
    let finding = heard.report(
        verdict,
        "the client, or a device on the path, ended the connection before the login",
    );
    finding.step("look from the other end: run `sshmend diagnose DESTINATION` on the client");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn a_disconnect_logged_only_by_the_server_is_never_certain() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by 198.51.100.7 port 4711 [preauth]\n";
        check_as(
            &from("198.51.100.7"),
            "client-vanished",
            &format!("{LOG}{line}"),
            &expect![[r#"
            likely: the client, or a device on the path, ended the connection before the login (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: Connection closed by 198.51.100.7 port 4711 [preauth]
              - look from the other end: run `sshmend diagnose DESTINATION` on the client
        "#]],
        );
        check("client-vanished", &format!("{LOG}{line}"), &expect![[""]]);
        let stranger = "2026-11-20T17:59:00+00:00 server sshd[813]: error: kex_exchange_identification: Connection closed by remote host\n\
            2026-11-20T17:59:00+00:00 server sshd[813]: Connection closed by 203.0.113.9 port 4711\n";
        check_as(
            &from("198.51.100.7"),
            "client-vanished",
            &format!("{LOG}{stranger}"),
            &expect![""],
        );
    }
}
