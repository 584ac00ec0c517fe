use sshmend_hosts_access::{Access, Owner};

use crate::facts::Facts;
use crate::verdict::{Cause, Gate, Verdict, silent};

pub(super) const CAUSE: Cause = Cause {
    name: "hosts-deny-owned",
    title: "a banning program has written the client into hosts.deny",
    gate: Gate::Wrappers,
    explain: "\
DenyHosts, the action `hostsdeny` of fail2ban and others ban by a line in `/etc/hosts.deny`. The client sees what
`hosts-access-denied` shows: five seconds of silence, then the connection closes.

**Known for certain** when the rule that refuses the client has the shape of such a program: `# DenyHosts: DATE |
sshd: ADDRESS` above it, or `ALL: ADDRESS` where fail2ban is installed.

**Mended** through the program, which would write the line again: it forgets the address first, and then has to spare
it.

**It is not** a rule that someone wrote for good.",
    server: judge,
    client: silent,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some((true, _)) = verdict.look(facts.linked_with_wrappers()) else {
        return verdict.exclude("this sshd does not read hosts.deny");
    };
    let Some((client, certainty)) = facts.wrapped_client() else {
        return verdict.exclude("libwrap refused no client");
    };
    let answer = facts.wrappers(client);
    let origin = answer.origin.filter(|_| answer.access == Access::Denied);
    let Some((origin, owned)) = origin.and_then(|origin| facts.tables().owned(&origin).map(|owned| (origin, owned)))
    else {
        return verdict.exclude("no line of a banning program refuses this client");
    };
    let name = owned.owner.name();
    let finding = verdict.find(certainty, format!("{name} has banned {client} by a line in {}", origin.path.display()));
    finding.shown_at(&origin, answer.rule.unwrap_or_default());
    if owned.owner == Owner::Fail2ban {
        let address = client.to_string();
        finding.mended_by(
            &["fix", "fail2ban", "--ignore", &address],
            "lifts the ban and keeps the address from being banned again",
        );
    }
    owned.steps().into_iter().for_each(|step| _ = finding.step(step));
}

#[cfg(test)]
mod tests {
    use crate::testing::{check_as, from};
    use expect_test::expect;

    #[test]
    fn lines_of_known_programs_are_told_from_others() {
        let denyhosts =
            "//- /etc/hosts.deny\n# DenyHosts: Fri Nov 20 17:00:00 2026 | sshd: 198.51.100.7\nsshd: 198.51.100.7\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-owned",
            denyhosts,
            &expect![[r#"
            certain: DenyHosts has banned 198.51.100.7 by a line in /etc/hosts.deny
              /etc/hosts.deny:2: sshd: 198.51.100.7
              - systemctl stop denyhosts
              - remove the lines that name 198.51.100.7 from /etc/hosts.deny and, below /var/lib/denyhosts, from hosts, hosts-restricted, hosts-root, hosts-valid and users-hosts
              - echo 198.51.100.7 >> /var/lib/denyhosts/allowed-hosts
              - systemctl start denyhosts
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
        let fail2ban = "//- /usr/bin/fail2ban-client mode:0755\n//- /etc/hosts.deny\nALL: 198.51.100.7\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-owned",
            fail2ban,
            &expect![[r#"
            certain: fail2ban has banned 198.51.100.7 by a line in /etc/hosts.deny
              /etc/hosts.deny:1: ALL: 198.51.100.7
              $ sshmend fix fail2ban --ignore 198.51.100.7  # lifts the ban and keeps the address from being banned again
              - fail2ban-client unban 198.51.100.7
        "#]],
        );
    }
}
