use sshmend_facts::Facts;
use sshmend_packet_filter::Owner;

use crate::finding::Finding;
use crate::proof::{Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(blocks) = verdict.look(facts.blocks()) else {
        return;
    };
    let Some(client) = facts.question.client_address() else {
        return;
    };
    let decisions = verdict
        .look(facts.crowdsec_decisions(client))
        .unwrap_or_default();
    let block = blocks
        .iter()
        .map(|(_, block)| block)
        .find(|block| block.owner.bans() && block.owner != Owner::Fail2ban);
    let owner = match block {
        Some(block) => block.owner,
        None if decisions.is_empty() => {
            return verdict.exclude(Fact::Rules, "no other program has banned this client");
        }
        None => Owner::Crowdsec,
    };
    let finding = verdict.certain(
        Proof::Rules,
        format!("{} has banned {client}", owner.name()),
    );
    if let Some(block) = block {
        finding.shown_by_rule(block);
    }
    for decision in &decisions {
        finding.shown_by("cscli decisions list", decision);
    }
    let gone = facts.is_gone(owner);
    if !gone {
        steps(owner, &client.to_string(), finding);
    }
    let Some(removal) = block.and_then(|block| block.removal(Some(client))) else {
        return;
    };
    finding.step(if gone {
        format!(
            "{} is not installed here, and has left this behind: {removal}",
            owner.name()
        )
    } else {
        format!(
            "until {} does it, {removal}; it bans the address again after the next failures",
            owner.name()
        )
    });
}

fn steps(owner: Owner, client: &str, finding: &mut Finding) {
    match owner {
        Owner::Crowdsec => {
            finding.step(format!(
                "lift the ban: `cscli decisions delete --ip {client}`"
            ));
            finding.step(format!("spare the address: `cscli allowlists create ssh`, `cscli allowlists add ssh {client}` (1.6.8 and later)"));
        }
        Owner::Csf => {
            finding.step(format!(
                "lift the ban and spare the address: `csf -dr {client}`, `csf -a {client}`"
            ));
        }
        _ => {
            finding.step(format!(
                "spare the address: add {client} to the whitelist of sshguard (WHITELIST_FILE in sshguard.conf)"
            ));
            finding.step("then restart it, which lifts its bans: `systemctl restart sshguard`");
        }
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::check_as;
    use expect_test::expect;

    #[test]
    fn rules_and_decisions_are_attributed_to_the_program_that_made_them() {
        let rule = "//$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n\
            [3:180] -A INPUT -m set --match-set crowdsec-blacklists src -j DROP\nCOMMIT\n\
            //$ ipset save => 0\ncreate crowdsec-blacklists hash:net\nadd crowdsec-blacklists 198.51.100.7 timeout 100\n";
        check_as(
            &from("198.51.100.7"),
            "banned-by-other",
            rule,
            &expect![[r#"
                certain: CrowdSec has banned 198.51.100.7
                  iptables-save: filter INPUT: -A INPUT -m set --match-set crowdsec-blacklists src -j DROP (packets: 3)
                  - lift the ban: `cscli decisions delete --ip 198.51.100.7`
                  - spare the address: `cscli allowlists create ssh`, `cscli allowlists add ssh 198.51.100.7` (1.6.8 and later)
                  - until CrowdSec does it, take it out: `ipset del crowdsec-blacklists 198.51.100.7`; it bans the address again after the next failures
            "#]],
        );
        let decision = "//$ cscli decisions list -o json --ip 198.51.100.7 => 0\n\
            [{\"decisions\":[{\"duration\":\"3h\",\"scenario\":\"crowdsecurity/ssh-bf\",\"type\":\"ban\",\"value\":\"198.51.100.7\"}]}]\n";
        check_as(
            &from("198.51.100.7"),
            "banned-by-other",
            decision,
            &expect![[r#"
            certain: CrowdSec has banned 198.51.100.7
              cscli decisions list: 198.51.100.7 ban crowdsecurity/ssh-bf 3h
              - lift the ban: `cscli decisions delete --ip 198.51.100.7`
              - spare the address: `cscli allowlists create ssh`, `cscli allowlists add ssh 198.51.100.7` (1.6.8 and later)
        "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "banned-by-other",
            "",
            &expect![[r#"
            excluded: no other program has banned this client
        "#]],
        );
    }

    #[test]
    fn rules_left_by_a_removed_program_are_removed_by_hand() {
        let rule = "//$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n:sshguard - [0:0]\n\
            [3:180] -A INPUT -j sshguard\n[3:180] -A sshguard -s 198.51.100.7/32 -j DROP\nCOMMIT\n\
            //- /usr/sbin/sshguard missing\n//- /usr/bin/sshguard missing\n//- /usr/local/sbin/sshguard missing\n";
        check_as(
            &from("198.51.100.7"),
            "banned-by-other",
            rule,
            &expect![[r#"
            certain: sshguard has banned 198.51.100.7
              iptables-save: filter sshguard: -A sshguard -s 198.51.100.7/32 -j DROP (packets: 3)
              - sshguard is not installed here, and has left this behind: take it out: `iptables -D sshguard -s 198.51.100.7/32 -j DROP`
        "#]],
        );
    }

    #[test]
    fn a_drop_rule_in_a_csf_chain_is_a_ban_by_csf() {
        let rule = "//$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n:DENYIN - [0:0]\n[3:180] -A INPUT -j DENYIN\n\
            [3:180] -A DENYIN -s 198.51.100.7/32 -j DROP\nCOMMIT\n";
        check_as(
            &from("198.51.100.7"),
            "banned-by-other",
            rule,
            &expect![[r#"
                certain: csf has banned 198.51.100.7
                  iptables-save: filter DENYIN: -A DENYIN -s 198.51.100.7/32 -j DROP (packets: 3)
                  - lift the ban and spare the address: `csf -dr 198.51.100.7`, `csf -a 198.51.100.7`
                  - until csf does it, take it out: `iptables -D DENYIN -s 198.51.100.7/32 -j DROP`; it bans the address again after the next failures
            "#]],
        );
    }
}
