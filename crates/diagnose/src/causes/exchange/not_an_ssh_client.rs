use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(heard) = log_evidence(facts, verdict, CauseName::NotAnSshClient, None) else {
        return;
    };
    let finding = heard.report(verdict, "the client sent something that is not SSH");
    finding.step("see what it sends: the last line above quotes it where this release does");
    finding
        .step("if it comes through a load balancer, switch off the PROXY protocol for this port");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn only_log_lines_about_the_client_in_question_count() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: banner exchange: Connection from 198.51.100.7 port 4711: invalid format\n";
        check_as(
            &from("198.51.100.7"),
            "not-an-ssh-client",
            &format!("{LOG}{line}"),
            &expect![[r#"
            certain: the client sent something that is not SSH (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: banner exchange: Connection from 198.51.100.7 port 4711: invalid format
              - see what it sends: the last line above quotes it where this release does
              - if it comes through a load balancer, switch off the PROXY protocol for this port
        "#]],
        );
        check("not-an-ssh-client", &format!("{LOG}{line}"), &expect![[""]]);
    }
}
