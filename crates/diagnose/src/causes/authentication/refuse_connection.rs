use sshmend_facts::Facts;
use sshmend_ssh_log::CauseName;

use crate::edit::{self, Change};
use crate::evidence::log::log_evidence;
use crate::proof::Certainty;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(setting) = verdict.look(facts.setting("refuseconnection")) else {
        return;
    };
    if let Some(setting) = setting.filter(|setting| setting.values == ["yes"]) {
        let what = "the configuration refuses this connection as soon as the user name is known";
        let Some(finding) = verdict.by_force(&facts.force(setting), what) else {
            return;
        };
        finding.shown_by_setting(facts, setting);
        if let Some(command) = edit::change(facts, setting, "RefuseConnection", Change::Value("no"))
        {
            finding.step(format!("if it is not meant, take that line out: {command}"));
        }
        finding
            .step("or change the criteria of its Match block; then reload: `systemctl reload ssh`");
        return;
    }
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::RefuseConnection,
        Some(Certainty::Likely),
    ) else {
        return;
    };
    let finding = heard.report(
        verdict,
        "the configuration refused connections as soon as the user name was known",
    );
    finding
        .step("find the Match block: `sshmend show sshd-config refuseconnection --connection user=NAME,addr=ADDRESS`");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::{check, check_as};
    use expect_test::expect;

    #[test]
    fn the_effective_configuration_for_the_client_proves_the_refusal() {
        let fixture = "//$ /usr/sbin/sshd -V => 0\nOpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1\n//$ /usr/sbin/sshd -G => 0\n\
            //- /etc/ssh/sshd_config\nMatch Address 198.51.100.0/24\n  RefuseConnection yes\n";
        check_as(
            &from("198.51.100.7"),
            "refuse-connection",
            fixture,
            &expect![[r#"
                certain: the configuration refuses this connection as soon as the user name is known
                  /etc/ssh/sshd_config:2: RefuseConnection yes
                  - if it is not meant, take that line out: `sshmend fix sshd-config --comment-out /etc/ssh/sshd_config:2`
                  - or change the criteria of its Match block; then reload: `systemctl reload ssh`
            "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "refuse-connection",
            fixture,
            &expect![""],
        );
        check("refuse-connection", "", &expect![""]);
    }
}
