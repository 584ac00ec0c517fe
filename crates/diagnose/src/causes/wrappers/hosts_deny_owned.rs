use sshmend_facts::Facts;
use sshmend_hosts_access::{Access, Owner};
use sshmend_plan::Wish;

use crate::evidence::wrappers::judged_client;
use crate::proof::Fact;
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some((true, _)) = verdict.look(facts.linked_with_wrappers()) else {
        return verdict.exclude(Fact::Program, "this sshd does not read hosts.deny");
    };
    let Some((client, certainty)) = judged_client(facts) else {
        return;
    };
    let answer = facts.wrappers(client);
    let origin = answer.origin.filter(|_| answer.access == Access::Denied);
    let Some((origin, owned)) =
        origin.and_then(|origin| facts.tables().owned(&origin).map(|owned| (origin, owned)))
    else {
        return verdict.exclude(
            Fact::Files,
            "no line of a banning program refuses this client",
        );
    };
    let name = owned.owner.name();
    let finding = verdict.find(
        certainty,
        format!(
            "{name} has banned {client} by a line in {}",
            origin.path.display()
        ),
    );
    finding.shown_at(&origin, answer.rule.unwrap_or_default());
    if owned.owner == Owner::Fail2ban {
        let address = client.to_string();
        finding.mended_by(
            Wish::ignore(address, Vec::new()),
            "lifts the ban and exempts the address from further bans",
        );
    }
    for step in owned.steps() {
        finding.step(format!("`{step}`"));
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::check_as;
    use expect_test::expect;

    #[test]
    fn lines_of_known_programs_are_recognised() {
        let rule = "//- /etc/hosts.deny\n# DenyHosts: Fri Nov 20 17:00:00 2026 | sshd: 198.51.100.7\nsshd: 198.51.100.7\n";
        let known = "//- /var/lib/denyhosts/hosts\n198.51.100.7:6:Fri Nov 20 17:00:00 2026\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-owned",
            &format!("{rule}{known}"),
            &expect![[r#"
                certain: DenyHosts has banned 198.51.100.7 by a line in /etc/hosts.deny
                  /etc/hosts.deny:2: sshd: 198.51.100.7
                  - `sed -i -E '/(^|[^0-9A-Fa-f.])198\.51\.100\.7([^0-9A-Fa-f.]|$)/d' /etc/hosts.deny /var/lib/denyhosts/*hosts*`
                  - `echo 198.51.100.7 >> /var/lib/denyhosts/allowed-hosts`
            "#]],
        );
        let program = "//- /usr/sbin/denyhosts mode:0755\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-owned",
            &format!("{rule}{known}{program}"),
            &expect![[r#"
                certain: DenyHosts has banned 198.51.100.7 by a line in /etc/hosts.deny
                  /etc/hosts.deny:2: sshd: 198.51.100.7
                  - `systemctl stop denyhosts`
                  - `sed -i -E '/(^|[^0-9A-Fa-f.])198\.51\.100\.7([^0-9A-Fa-f.]|$)/d' /etc/hosts.deny /var/lib/denyhosts/*hosts*`
                  - `echo 198.51.100.7 >> /var/lib/denyhosts/allowed-hosts`
                  - `systemctl start denyhosts`
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-owned",
            rule,
            &expect![[r#"
            excluded: no line of a banning program refuses this client
        "#]],
        );
        let plain = "//- /etc/hosts.deny\nsshd: 198.51.100.7\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-owned",
            plain,
            &expect![[r#"
            excluded: no line of a banning program refuses this client
        "#]],
        );
    }

    #[test]
    fn a_line_belongs_to_fail2ban_only_if_fail2ban_bans_its_address() {
        let line = "//- /etc/hosts.deny\nALL: 198.51.100.7\n";
        let bans = |list: &str| format!("{line}//$ fail2ban-client banned => 0\n{list}\n");
        let asked = |machine: &str, expected: &expect_test::Expect| {
            check_as(&from("198.51.100.7"), "hosts-deny-owned", machine, expected);
        };
        asked(
            &bans("[{'sshd': ['198.51.100.7']}]"),
            &expect![[r#"
                certain: fail2ban has banned 198.51.100.7 by a line in /etc/hosts.deny
                  /etc/hosts.deny:1: ALL: 198.51.100.7
                  $ sshmend fix fail2ban --ignore 198.51.100.7  # lifts the ban and exempts the address from further bans
                  - `fail2ban-client unban 198.51.100.7`
            "#]],
        );
        asked(
            &bans("[{'sshd': ['203.0.113.9']}]"),
            &expect![[r#"
            excluded: no line of a banning program refuses this client
        "#]],
        );
        asked(
            &format!("{line}//$ fail2ban-client banned => missing\n"),
            &expect![[r#"
            excluded: no line of a banning program refuses this client
        "#]],
        );
    }
}
