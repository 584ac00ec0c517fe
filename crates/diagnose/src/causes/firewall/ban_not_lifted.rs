use sshmend_facts::Facts;
use sshmend_plan::Wish;

use crate::proof::Proof;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let (Some(client), Ok(bans)) = (facts.question.client_address(), facts.bans()) else {
        return;
    };
    if !facts.is_turned_away(client) {
        return;
    }
    for ban in bans.iter().filter(|ban| ban.covers(client)) {
        let Some((word, origin)) = verdict.look(facts.spared(&ban.jail, client)).flatten() else {
            continue;
        };
        let finding = verdict.certain(
            Proof::Answer,
            format!(
                "the jail {} exempts {client}, but an earlier ban is still in force",
                ban.jail
            ),
        );
        finding.shown_by(
            "fail2ban-client banned",
            format!("{}: {}", ban.jail, ban.address),
        );
        if let Some(origin) = origin {
            finding.shown_at(&origin, format!("ignoreip has {word}"));
        }
        let address = client.to_string();
        finding.mended_by(Wish::ignore(address, Vec::new()), "lifts the ban");
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::check_as;
    use expect_test::expect;

    #[test]
    fn a_ban_despite_an_exemption_is_reported() {
        let fixture = "//$ fail2ban-client banned => 0\n[{'sshd': ['198.51.100.7']}]\n//- /etc/fail2ban/jail.conf\n[DEFAULT]\n\
            ignoreip = 198.51.100.0/24\n[sshd]\nenabled = true\n\
            //$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n[3:180] -A INPUT -s 198.51.100.7/32 -j DROP\nCOMMIT\n";
        check_as(
            &from("198.51.100.7"),
            "ban-not-lifted",
            fixture,
            &expect![[r#"
            certain: the jail sshd exempts 198.51.100.7, but an earlier ban is still in force
              fail2ban-client banned: sshd: 198.51.100.7
              /etc/fail2ban/jail.conf:2: ignoreip has 198.51.100.0/24
              $ sshmend fix fail2ban --ignore 198.51.100.7  # lifts the ban
        "#]],
        );
        let idle = fixture.replace("-j DROP", "-j ACCEPT");
        check_as(
            &from("198.51.100.7"),
            "ban-not-lifted",
            &idle,
            &expect![[""]],
        );
        let hidden = fixture.replace(
            "[DEFAULT]\nignoreip = 198.51.100.0/24\n[sshd]\nenabled = true\n",
            "",
        );
        let hidden = hidden.replace("jail.conf", "jail.conf unreadable:Input/output error");
        check_as(
            &from("198.51.100.7"),
            "ban-not-lifted",
            &hidden,
            &expect![[r#"
                unchecked: the configuration of fail2ban: /etc/fail2ban/jail.conf: Input/output error
            "#]],
        );
        let strict = fixture.replace("198.51.100.0/24", "203.0.113.0/24");
        check_as(
            &from("198.51.100.7"),
            "ban-not-lifted",
            &strict,
            &expect![[""]],
        );
    }
}
