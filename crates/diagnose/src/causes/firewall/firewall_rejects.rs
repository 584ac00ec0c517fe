use sshmend_facts::{Facts, Listed, Reply, Unchecked};
use sshmend_packet_filter::{Block, Owner, in_network_text};

use crate::evidence::probe::{ask_the_server, is_turned_away, probe_evidence};
use crate::finding::Then;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(blocks) = verdict.look(facts.blocks()) else {
        return;
    };
    let (mine, others): (Vec<_>, Vec<_>) = blocks
        .iter()
        .partition(|(_, block)| facts.question.client_address().is_some() || block.certain);
    if let Some((_, block)) = others.first() {
        let reason = format!(
            "some rules depend on the client: name it with --client (first: {})",
            block.seen.text
        );
        verdict.unchecked.push(Unchecked::new("firewall", reason));
    }
    let mut chains: Vec<&str> = Vec::new();
    for (port, block) in mine.into_iter().filter(|(_, block)| !block.owner.bans()) {
        // A command that admits the client before one rule of a chain also does so for the other
        // rules.
        if !chains.contains(&block.base.as_str()) {
            report(facts, *port, block, verdict);
            chains.push(&block.base);
        }
    }
    by_unit(facts, verdict);
    verdict.exclude(
        Fact::Rules,
        "no firewall rule on this machine blocks the connection",
    );
}

fn report(facts: &Facts<'_>, port: u16, block: &Block, verdict: &mut Verdict) {
    let client = facts.question.client_address();
    let who = match (client, block.family) {
        (Some(client), _) => client.to_string(),
        (None, None) => "everyone".to_owned(),
        (None, Some(v6)) => format!("everyone who comes by {}", if v6 { "IPv6" } else { "IPv4" }),
    };
    let listed = facts.listed(block);
    let is_foreign = listed == Listed::No && block.owner != Owner::Unknown;
    let looks_like = if listed == Listed::Unknown {
        "what looks like "
    } else {
        ""
    };
    // A rule that its supposed owner does not list has no owner, and is changed with the kernel's
    // own programs.
    let own = Block {
        owner: if is_foreign {
            Owner::Unknown
        } else {
            block.owner
        },
        ..block.clone()
    };
    let (owner, effect) = (format!("{looks_like}{}", own.owner.name()), block.effect());
    let finding = match (block.certain, block.seen.packets) {
        (true, _) if block.diverts() => verdict.likely(format!(
            "{owner} redirects {who} away from port {port}: {effect}"
        )),
        (true, _) => verdict.certain(
            Proof::Rules,
            format!("{owner} blocks {who} on port {port}: {effect}"),
        ),
        (false, Some(0)) => return,
        // An earlier success does not exclude a rate limit, a time of day or another hop.
        (false, None) if client.is_some_and(|client| facts.has_logged_in(client)) => {
            let reason = format!(
                "{who} has logged in before; whether this rule blocks it now depends on more than its address: {}",
                block.seen.text
            );
            verdict.unchecked.push(Unchecked::new("firewall", reason));
            return;
        }
        (false, packets) => {
            let what = format!(
                "{owner} may block {who} on port {port}, depending on a rate or another condition: {effect}"
            );
            if packets.is_some() {
                verdict.likely(what)
            } else {
                verdict.possible(what)
            }
        }
    };
    finding.shown_by_rule(block);
    if let Listed::Here(line) = &listed {
        finding.shown_by_list(line);
    }
    if is_foreign {
        finding.step(format!(
            "it stands in a chain of {}, which does not list it (or is not installed): somebody else has added it",
            block.owner.name()
        ));
    }
    for step in own.admission(port, client) {
        finding.step(step);
    }
    if let (Listed::Here(line), Owner::Unknown) = (&listed, own.owner) {
        finding.step(format!(
            "{} loads that rule again at each start: change it there as well",
            line.source
        ));
    }
}

/// systemd drops the packets that a unit may not receive (systemd.resource-control(5),
/// IPAddressDeny=), if the kernel supports it.
fn by_unit(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(client) = facts.question.client_address() else {
        return;
    };
    let Some(unit) = facts.service_unit() else {
        return;
    };
    let holds = |property: &str| {
        unit.get(property)
            .split_whitespace()
            .find(|network| in_network_text(client, network) == Some(true))
    };
    let (Some(network), None) = (holds("IPAddressDeny"), holds("IPAddressAllow")) else {
        return;
    };
    if facts.has_logged_in(client) {
        return;
    }
    let name = unit.name();
    let finding = verdict.likely(format!(
        "{name} is not allowed to receive packets from {client}: no answer comes, so the client times out"
    ));
    finding.shown_by(
        "systemctl show",
        format!("{name}: IPAddressDeny={}", unit.get("IPAddressDeny")),
    );
    if let Some((line, text)) = facts.confinement(&["IPAddressDeny="]) {
        finding.shown_at(&line, text);
    }
    finding.step(format!(
        "let {client} in, or take {network} out of the unit"
    ));
    finding.set_in_unit(name, "Service", &[&format!("IPAddressAllow={client}")]);
    finding.then(Then::Restart);
}

/// From the client: no answer, or a rejection that any firewall on the path can send.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, is_turned_away) else {
        return;
    };
    let silent = replied.any(|reply| *reply == Reply::Unanswered);
    let certainty = Certainty::likely_if(silent);
    let what = "a firewall on the path, on the server or of a cloud provider may block this client";
    ask_the_server(replied.report(verdict, certainty, what));
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, SHOW, from};
    use sshmend_facts::{Question, fixture::NOW};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    fn rules(rules: &str) -> String {
        format!("//$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n{rules}\nCOMMIT\n")
    }

    #[test]
    fn a_unit_that_must_not_receive_the_clients_packets_is_likely() {
        let unit = |allowed: &str| {
            format!(
                "{SHOW}Id=ssh.service\nLoadState=loaded\nActiveState=active\nSubState=running\nMainPID=700\n\
                IPAddressDeny=::/0 0.0.0.0/0\nIPAddressAllow={allowed}\n"
            )
        };
        let asked = |machine: &str, expected: &expect_test::Expect| {
            check_as(&from("198.51.100.7"), "firewall-rejects", machine, expected);
        };
        asked(
            &unit("127.0.0.0/8 203.0.113.0/24"),
            &expect![[r#"
                likely: ssh.service is not allowed to receive packets from 198.51.100.7: no answer comes, so the client times out
                  systemctl show: ssh.service: IPAddressDeny=::/0 0.0.0.0/0
                  - let 198.51.100.7 in, or take 0.0.0.0/0 out of the unit
                  - give the unit another value by a file of your own: `mkdir -p /etc/systemd/system/ssh.service.d`
                  - `printf '[Service]\nIPAddressAllow=198.51.100.7\n' > /etc/systemd/system/ssh.service.d/zz-ipaddressallow.conf`
                  - have systemd read it: `systemctl daemon-reload`
                  - then `sshmend fix service --restart`
            "#]],
        );
        asked(
            &unit("198.51.100.0/24"),
            &expect![[r#"
            excluded: no firewall rule on this machine blocks the connection
        "#]],
        );
        let login = "2026-11-20T17:59:00+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2: ED25519 SHA256:x\n";
        asked(
            &format!("{}{LOG}{login}", unit("")),
            &expect![[r#"
            excluded: no firewall rule on this machine blocks the connection
        "#]],
        );
    }

    #[test]
    fn a_rule_for_the_client_is_certain() {
        let drop = rules("[7:420] -A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP");
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &drop,
            &expect![[r#"
            certain: the firewall blocks 198.51.100.7 on port 22: no answer comes, so the client times out
              iptables-save: filter INPUT: -A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP (packets: 7)
              - let it in before that rule: `iptables -I INPUT -s 198.51.100.7 -p tcp --dport 22 -j ACCEPT`
              - keep it where the rules are loaded from at boot: `netfilter-persistent save`, or the script that writes them
        "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "firewall-rejects",
            &drop,
            &expect![[r#"
            excluded: no firewall rule on this machine blocks the connection
        "#]],
        );
    }

    #[test]
    fn a_limit_counts_if_it_has_matched_packets() {
        let limit = |packets: u32| {
            rules(&format!(
                "[{packets}:60] -A INPUT -p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name x --rsource -j REJECT --reject-with tcp-reset"
            ))
        };
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &limit(3),
            &expect![[r#"
            likely: the firewall may block 198.51.100.7 on port 22, depending on a rate or another condition: the client sees `Connection refused`
              iptables-save: filter INPUT: -A INPUT -p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name x --rsource -j REJECT --reject-with tcp-reset (packets: 3)
              - let it in before that rule: `iptables -I INPUT -s 198.51.100.7 -p tcp --dport 22 -j ACCEPT`
              - keep it where the rules are loaded from at boot: `netfilter-persistent save`, or the script that writes them
        "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &limit(0),
            &expect![[r#"
            excluded: no firewall rule on this machine blocks the connection
        "#]],
        );
        check(
            "firewall-rejects",
            &limit(3),
            &expect![[r#"
                unchecked: firewall: some rules depend on the client: name it with --client (first: -A INPUT -p tcp -m tcp --dport 22 -m recent --update --seconds 60 --hitcount 4 --name x --rsource -j REJECT --reject-with tcp-reset)
            "#]],
        );
    }

    #[test]
    fn a_rule_that_depends_on_more_than_the_client_is_not_ruled_out_by_a_login() {
        let hops = "//$ nft -j list ruleset => 0\n{\"nftables\":[{\"chain\":{\"family\":\"ip\",\"table\":\"t\",\"name\":\"in\",\"handle\":1,\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"accept\"}},\
            {\"rule\":{\"family\":\"ip\",\"table\":\"t\",\"chain\":\"in\",\"handle\":4,\"expr\":[{\"match\":{\"op\":\"<\",\"left\":{\"payload\":{\"protocol\":\"ip\",\"field\":\"ttl\"}},\"right\":60}},{\"drop\":null}]}}]}\n";
        let login = "2026-11-20T17:59:00+00:00 server sshd[813]: Accepted publickey for alice from 198.51.100.7 port 4711 ssh2: ED25519 SHA256:x\n";
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &format!("{hops}{LOG}{login}"),
            &expect![[r#"
                unchecked: firewall: 198.51.100.7 has logged in before; whether this rule blocks it now depends on more than its address: rule with handle 4
            "#]],
        );
    }

    #[test]
    fn a_drop_policy_turns_everyone_away() {
        let closed = "//$ nft -j list ruleset => 0\n{\"nftables\":[{\"chain\":{\"family\":\"inet\",\"table\":\"filter\",\"name\":\"input\",\"handle\":1,\"type\":\"filter\",\"hook\":\"input\",\"prio\":0,\"policy\":\"drop\"}},\
            {\"rule\":{\"family\":\"inet\",\"table\":\"filter\",\"chain\":\"input\",\"handle\":4,\"expr\":[{\"match\":{\"op\":\"==\",\"left\":{\"meta\":{\"key\":\"iif\"}},\"right\":\"lo\"}},{\"accept\":null}]}}]}\n";
        check(
            "firewall-rejects",
            closed,
            &expect![[r#"
                certain: the firewall blocks everyone on port 22: no answer comes, so the client times out
                  nft list ruleset: inet filter input: policy drop
                  - let it in before the policy decides: `nft add rule inet filter input tcp dport 22 accept`
                  - keep it where the rules are loaded from at boot, such as /etc/nftables.conf
            "#]],
        );
    }

    #[test]
    fn a_rule_in_a_ufw_chain_belongs_to_ufw_only_if_ufw_lists_it() {
        let rule = rules(
            ":ufw-user-input - [0:0]\n[5:300] -A INPUT -j ufw-user-input\n\
            [5:300] -A ufw-user-input -s 198.51.100.7/32 -p tcp -m tcp --dport 22 -j DROP",
        );
        let ufw = "//- /usr/sbin/ufw mode:0755\n//- /etc/ufw/user.rules\n";
        let listed =
            "*filter\n-A ufw-user-input -p tcp --dport 22 -s 198.51.100.7 -j DROP\nCOMMIT\n";
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &format!("{rule}{ufw}{listed}"),
            &expect![[r#"
                certain: ufw blocks 198.51.100.7 on port 22: no answer comes, so the client times out
                  iptables-save: filter ufw-user-input: -A ufw-user-input -s 198.51.100.7/32 -p tcp -m tcp --dport 22 -j DROP (packets: 5)
                  /etc/ufw/user.rules:2: -A ufw-user-input -p tcp --dport 22 -s 198.51.100.7 -j DROP
                  - let it in through ufw: `ufw prepend allow proto tcp from 198.51.100.7 to any port 22`
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &format!("{rule}{ufw}*filter\nCOMMIT\n"),
            &expect![[r#"
                certain: the firewall blocks 198.51.100.7 on port 22: no answer comes, so the client times out
                  iptables-save: filter ufw-user-input: -A ufw-user-input -s 198.51.100.7/32 -p tcp -m tcp --dport 22 -j DROP (packets: 5)
                  - it stands in a chain of ufw, which does not list it (or is not installed): somebody else has added it
                  - let it in before that rule: `iptables -I INPUT -s 198.51.100.7 -p tcp --dport 22 -j ACCEPT`
                  - keep it where the rules are loaded from at boot: `netfilter-persistent save`, or the script that writes them
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &format!("{rule}//- /etc/ufw/user.rules unreadable:Permission denied\n"),
            &expect![[r#"
                certain: what looks like ufw blocks 198.51.100.7 on port 22: no answer comes, so the client times out
                  iptables-save: filter ufw-user-input: -A ufw-user-input -s 198.51.100.7/32 -p tcp -m tcp --dport 22 -j DROP (packets: 5)
                  - let it in through ufw: `ufw prepend allow proto tcp from 198.51.100.7 to any port 22`
            "#]],
        );
    }

    #[test]
    fn the_file_that_loads_a_rule_at_boot_is_shown() {
        let rule = rules("[7:420] -A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP");
        let saved = "//- /etc/iptables/rules.v4\n*filter\n-A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP\nCOMMIT\n";
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &format!("{rule}{saved}"),
            &expect![[r#"
                certain: the firewall blocks 198.51.100.7 on port 22: no answer comes, so the client times out
                  iptables-save: filter INPUT: -A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP (packets: 7)
                  /etc/iptables/rules.v4:2: -A INPUT -s 198.51.100.0/24 -p tcp -m tcp --dport 22 -j DROP
                  - let it in before that rule: `iptables -I INPUT -s 198.51.100.7 -p tcp --dport 22 -j ACCEPT`
                  - keep it where the rules are loaded from at boot: `netfilter-persistent save`, or the script that writes them
                  - /etc/iptables/rules.v4 loads that rule again at each start: change it there as well
            "#]],
        );
    }

    #[test]
    fn a_rule_belongs_to_firewalld_only_if_firewalld_lists_it() {
        let table = "//$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n:IN_public_deny - [0:0]\n[5:300] -A INPUT -j IN_public_deny\n\
            [5:300] -A IN_public_deny -s 198.51.100.7/32 -j DROP\nCOMMIT\n";
        let shown = |rules: &str| {
            format!(
                "{table}//- /usr/bin/firewall-cmd mode:0755\n//$ firewall-cmd --list-all-zones => 0\npublic\n  rich rules:\n{rules}\n\
                 //$ firewall-cmd --direct --get-all-rules => 0\n"
            )
        };
        let mine = "\trule family=\"ipv4\" source address=\"198.51.100.7\" drop";
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &shown(mine),
            &expect![[r#"
                certain: firewalld blocks 198.51.100.7 on port 22: no answer comes, so the client times out
                  iptables-save: filter IN_public_deny: -A IN_public_deny -s 198.51.100.7/32 -j DROP (packets: 5)
                  firewall-cmd --list-all-zones: rule family="ipv4" source address="198.51.100.7" drop
                  - let it in through firewalld: `firewall-cmd --permanent --zone=public --add-rich-rule='rule priority=-100 family=ipv4 source address=198.51.100.7 port port=22 protocol=tcp accept'`
                  - and apply it: `firewall-cmd --reload`
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            &shown(""),
            &expect![[r#"
                certain: the firewall blocks 198.51.100.7 on port 22: no answer comes, so the client times out
                  iptables-save: filter IN_public_deny: -A IN_public_deny -s 198.51.100.7/32 -j DROP (packets: 5)
                  - it stands in a chain of firewalld, which does not list it (or is not installed): somebody else has added it
                  - let it in before that rule: `iptables -I INPUT -s 198.51.100.7 -p tcp --dport 22 -j ACCEPT`
                  - keep it where the rules are loaded from at boot: `netfilter-persistent save`, or the script that writes them
            "#]],
        );
    }

    #[test]
    fn ufw_is_named_as_the_owner_of_its_policy() {
        let ufw = "//- /etc/ufw/ufw.conf\nENABLED=yes\n//$ iptables-save -c => 0\n*filter\n:INPUT DROP [5:300]\n:ufw-user-input - [0:0]\n[5:300] -A INPUT -j ufw-user-input\n\
            [0:0] -A ufw-user-input -s 192.0.2.0/24 -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n";
        check_as(
            &from("198.51.100.7"),
            "firewall-rejects",
            ufw,
            &expect![[r#"
                certain: ufw blocks 198.51.100.7 on port 22: no answer comes, so the client times out
                  iptables-save: filter INPUT: policy DROP (packets: 5)
                  /etc/ufw/ufw.conf:1: ENABLED=yes
                  - let it in through ufw: `ufw prepend allow proto tcp from 198.51.100.7 to any port 22`
            "#]],
        );
    }

    #[test]
    fn firewall_rules_are_unchecked_without_root() {
        let question = Question {
            privileged: false,
            ..Question::server(NOW)
        };
        check_as(
            &question,
            "firewall-rejects",
            "",
            &expect![[r#"
            unchecked: nft -j list ruleset: needs root
        "#]],
        );
    }
}
