use std::net::IpAddr;

use sshmend_facts::{Ban, BlockedRoute, Facts, Unchecked};
use sshmend_hosts_access::Owner as Wrote;
use sshmend_packet_filter::{Block, Owner};
use sshmend_plan::Wish;

use crate::evidence::probe::{ask_the_server, is_turned_away, probe_evidence};
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(bans) = verdict.look(facts.bans()) else {
        return;
    };
    let Some(client) = facts.question.client_address() else {
        if !bans.is_empty() {
            let reason = format!(
                "name the client with --client: {} addresses are banned",
                bans.len()
            );
            verdict
                .unchecked
                .push(Unchecked::new("bans of fail2ban", reason));
        }
        return;
    };
    let blocks = facts.blocks();
    let own: Vec<&Ban> = bans.iter().filter(|ban| ban.covers(client)).collect();
    let rules: Vec<&Block> = blocks.iter().flatten().map(|(_, block)| block).collect();
    let effect = Effect::of(facts, &own, &rules);
    let owned = facts
        .wrappers(client)
        .origin
        .and_then(|origin| facts.tables().owned(&origin));
    let by_file = owned.is_some_and(|owned| owned.owner == Wrote::Fail2ban);
    if effect.rule.is_none() && by_file {
        return verdict.exclude(
            Fact::Rules,
            "fail2ban bans this client by hosts.deny, not in the firewall",
        );
    }
    if effect.is_none() && blocks.is_ok() && !own.iter().any(|ban| is_of_ssh(&ban.jail)) {
        return verdict.exclude(Fact::Rules, nothing(facts, &own));
    }
    // No rule enforces the ban, and the client connects successfully.
    if effect.is_none() && blocks.is_ok() && facts.has_logged_in(client) {
        return;
    }
    report(client, &own, &effect, blocks.is_ok(), verdict);
}

/// The means by which a ban takes effect.
struct Effect<'b> {
    rule: Option<&'b Block>,
    /// Whether an action of a jail that bans the client writes such a rule.
    by_action: bool,
    route: Option<BlockedRoute>,
}

impl<'b> Effect<'b> {
    fn of(facts: &Facts<'_>, own: &[&Ban], blocks: &[&'b Block]) -> Self {
        let written = |block: &&&Block| own.iter().any(|ban| block.names(&ban.address));
        let of_fail2ban = blocks.iter().find(|block| block.owner == Owner::Fail2ban);
        let rule = of_fail2ban.or_else(|| blocks.iter().find(written)).copied();
        let named = |route: &BlockedRoute| {
            own.iter()
                .any(|ban| route.text.split(' ').any(|word| word == ban.address))
        };
        let by_action = rule.is_some_and(|block| {
            own.iter()
                .any(|ban| writes(&facts.jail_bans_by(&ban.jail), block, ban))
        });
        Self {
            rule,
            by_action,
            route: facts.way_refused().filter(named),
        }
    }

    fn is_none(&self) -> bool {
        self.rule.is_none() && self.route.is_none()
    }

    /// The certainty that it gives to the ban. If neither rules nor routes could be read, the ban
    /// may well be in effect.
    fn certainty(&self, looked: bool) -> Certainty {
        let owned =
            |block: &Block| matches!(block.owner, Owner::Fail2ban | Owner::Ufw | Owner::Firewalld);
        match self.rule {
            Some(block) if block.certain && (owned(block) || self.by_action) => {
                Proof::Rules.certain()
            }
            Some(_) => Certainty::Likely,
            None if self.route.is_some() => Proof::Rules.certain(),
            None if looked => Certainty::Possible,
            None => Certainty::Likely,
        }
    }
}

/// Whether one of the actions writes this rule for a ban: it runs a packet filter program for
/// `<ip>`, in the chain that contains the rule, and the rule names the banned address.
fn writes(actions: &[String], block: &Block, ban: &Ban) -> bool {
    let chain = block.seen.place.rsplit(' ').next().unwrap_or_default();
    let programs = ["iptables", "ip6tables", "nft"];
    let fits = |action: &String| {
        let words = || action.split(|c: char| c.is_whitespace() || "<>/\"'".contains(c));
        action.contains("<ip>")
            && words().any(|word| word == chain)
            && words().any(|word| programs.contains(&word))
    };
    block.names(&ban.address) && actions.iter().any(fits)
}

fn report(client: IpAddr, own: &[&Ban], effect: &Effect<'_>, looked: bool, verdict: &mut Verdict) {
    let jails: Vec<&str> = own.iter().map(|ban| ban.jail.as_str()).collect();
    let idle = effect.is_none() && looked;
    let what = match jails.as_slice() {
        [] => {
            format!("a rule of fail2ban blocks {client}, although fail2ban does not list the ban")
        }
        [jail] => format!("fail2ban has banned {client} (jail {jail})"),
        jails => format!("fail2ban has banned {client} (jails {})", jails.join(", ")),
    };
    let but = if idle {
        ", but no rule blocks it now"
    } else {
        ""
    };
    let finding = verdict.find(effect.certainty(looked), format!("{what}{but}"));
    // Its rules are written again when fail2ban starts again.
    finding.latent_if(idle);
    for ban in own {
        finding.shown_by(
            "fail2ban-client banned",
            format!("{}: {}", ban.jail, ban.address),
        );
    }
    if let Some(block) = effect.rule {
        finding.shown_by_rule(block);
    }
    if let Some(route) = &effect.route {
        finding.shown_by(&route.source, &route.text);
    }
    match (effect.rule, own.is_empty()) {
        (Some(block), true) => left_behind(block, client, finding),
        _ => mend(client, own, finding),
    }
}

/// Whether a jail bans for sshd, judging by its name.
fn is_of_ssh(jail: &str) -> bool {
    jail.contains("ssh") || jail == "recidive"
}

fn nothing(facts: &Facts<'_>, own: &[&Ban]) -> String {
    match own.first() {
        Some(ban) => format!(
            "the jail {} lists this client, but no rule blocks its access to sshd",
            ban.jail
        ),
        None if facts.fail2ban_runs() => "fail2ban has not banned this client".to_owned(),
        None => "fail2ban is not running".to_owned(),
    }
}

/// fail2ban removes, when it stops or unbans, only bans that it knows.
fn left_behind(block: &Block, client: IpAddr, finding: &mut Finding) {
    if let Some(step) = block.removal(Some(client)) {
        finding.step(step);
    }
    finding.step("see whether fail2ban runs: `systemctl status fail2ban`");
}

fn mend(client: IpAddr, own: &[&Ban], finding: &mut Finding) {
    let named = |jail: &&str| {
        jail.chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let jails = own.iter().map(|ban| ban.jail.as_str()).filter(named);
    finding.mended_by(
        Wish::ignore(client.to_string(), jails.map(str::to_owned).collect()),
        "lifts the ban and exempts the address from further bans",
    );
    let mut banned: Vec<&str> = own.iter().map(|ban| ban.address.as_str()).collect();
    banned.dedup();
    finding.step(format!(
        "to lift it once only: `fail2ban-client unban {}`; fail2ban bans again after the next failures",
        banned.join(" ")
    ));
    for network in own
        .iter()
        .filter_map(|ban| others_in(&ban.address).map(|others| (&ban.address, others)))
    {
        let (network, others) = network;
        finding.step(format!(
            "the ban is of {network} as a whole: lifting it lets {others} addresses in"
        ));
    }
}

/// The number of addresses in a network, if it has more than one.
fn others_in(banned: &str) -> Option<String> {
    let (address, prefix) = banned.split_once('/')?;
    let width = if address.contains(':') { 128 } else { 32 };
    let bits = u32::checked_sub(width, prefix.parse().ok()?).filter(|&bits| bits > 0)?;
    Some(
        1u128
            .checked_shl(bits)
            .map_or_else(|| format!("2^{bits}"), |count| count.to_string()),
    )
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, is_turned_away) else {
        return;
    };
    let finding = replied.report(
        verdict,
        Certainty::Possible,
        "a program that bans addresses may have banned this address",
    );
    finding.step("come from another address: when that works, it is a ban or a filter");
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const BANS: &str = "//$ fail2ban-client banned => 0\n[{'sshd': ['198.51.100.7']}, {'recidive': ['198.51.100.0/24']}]\n";

    fn rule(jail: &str, address: &str) -> String {
        format!(
            "//$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n:f2b-{jail} - [0:0]\n[3:180] -A INPUT -p tcp -j f2b-{jail}\n\
             [3:180] -A f2b-{jail} -s {address}/32 -j REJECT --reject-with icmp-port-unreachable\nCOMMIT\n"
        )
    }

    #[test]
    fn a_jail_that_lists_the_client_does_not_prove_a_ban() {
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            BANS,
            &expect![[r#"
                possible (latent): fail2ban has banned 198.51.100.7 (jails sshd, recidive), but no rule blocks it now
                  fail2ban-client banned: sshd: 198.51.100.7
                  fail2ban-client banned: recidive: 198.51.100.0/24
                  $ sshmend fix fail2ban --ignore 198.51.100.7 --jail sshd --jail recidive  # lifts the ban and exempts the address from further bans
                  - to lift it once only: `fail2ban-client unban 198.51.100.7 198.51.100.0/24`; fail2ban bans again after the next failures
                  - the ban is of 198.51.100.0/24 as a whole: lifting it lets 256 addresses in
            "#]],
        );
        let web = "//$ fail2ban-client banned => 0\n[{'nginx': ['198.51.100.7']}]\n";
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            web,
            &expect![[r#"
            excluded: the jail nginx lists this client, but no rule blocks its access to sshd
        "#]],
        );
        let route = "//$ ip route get 198.51.100.7 => 2 stderr\nRTNETLINK answers: No route to host\n\
            //$ ip -4 route show table all => 0\nunreachable 198.51.100.7 \n";
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            &format!("{BANS}{route}"),
            &expect![[r#"
                certain: fail2ban has banned 198.51.100.7 (jails sshd, recidive)
                  fail2ban-client banned: sshd: 198.51.100.7
                  fail2ban-client banned: recidive: 198.51.100.0/24
                  ip -4 route show table all: unreachable 198.51.100.7
                  $ sshmend fix fail2ban --ignore 198.51.100.7 --jail sshd --jail recidive  # lifts the ban and exempts the address from further bans
                  - to lift it once only: `fail2ban-client unban 198.51.100.7 198.51.100.0/24`; fail2ban bans again after the next failures
                  - the ban is of 198.51.100.0/24 as a whole: lifting it lets 256 addresses in
            "#]],
        );
    }

    #[test]
    fn a_leftover_rule_is_removed_by_hand() {
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            &rule("sshd", "198.51.100.7"),
            &expect![[r#"
            certain: a rule of fail2ban blocks 198.51.100.7, although fail2ban does not list the ban
              iptables-save: filter f2b-sshd: -A f2b-sshd -s 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable (packets: 3)
              - take it out: `iptables -D f2b-sshd -s 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable`
              - see whether fail2ban runs: `systemctl status fail2ban`
        "#]],
        );
    }

    #[test]
    fn the_list_of_bans_with_a_rule_proves_the_ban() {
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            &format!("{BANS}{}", rule("sshd", "198.51.100.7")),
            &expect![[r#"
                certain: fail2ban has banned 198.51.100.7 (jails sshd, recidive)
                  fail2ban-client banned: sshd: 198.51.100.7
                  fail2ban-client banned: recidive: 198.51.100.0/24
                  iptables-save: filter f2b-sshd: -A f2b-sshd -s 198.51.100.7/32 -j REJECT --reject-with icmp-port-unreachable (packets: 3)
                  $ sshmend fix fail2ban --ignore 198.51.100.7 --jail sshd --jail recidive  # lifts the ban and exempts the address from further bans
                  - to lift it once only: `fail2ban-client unban 198.51.100.7 198.51.100.0/24`; fail2ban bans again after the next failures
                  - the ban is of 198.51.100.0/24 as a whole: lifting it lets 256 addresses in
            "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "fail2ban-banned",
            BANS,
            &expect![[r#"
                excluded: fail2ban has not banned this client
            "#]],
        );
    }

    #[test]
    fn a_rule_written_by_the_jail_action_belongs_to_fail2ban() {
        let fixture = |action: &str| {
            format!(
                "//$ fail2ban-client banned => 0\n[{{'probes': ['198.51.100.7']}}]\n\
                 //- /etc/fail2ban/jail.conf\n[probes]\nenabled = true\nfilter = sshd\naction = shun\n\
                 //- /etc/fail2ban/filter.d/sshd.conf\n[Definition]\nfailregex = <HOST>\n\
                 //- /etc/fail2ban/action.d/shun.conf\n[Definition]\nactionban = {action}\n\
                 //$ iptables-save -c => 0\n*filter\n:INPUT ACCEPT [9:900]\n\
                 [3:180] -A INPUT -s 198.51.100.7/32 -j DROP\nCOMMIT\n"
            )
        };
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            &fixture("/sbin/iptables -w -I INPUT 1 --source <ip> --jump DROP"),
            &expect![[r#"
                certain: fail2ban has banned 198.51.100.7 (jail probes)
                  fail2ban-client banned: probes: 198.51.100.7
                  iptables-save: filter INPUT: -A INPUT -s 198.51.100.7/32 -j DROP (packets: 3)
                  $ sshmend fix fail2ban --ignore 198.51.100.7 --jail probes  # lifts the ban and exempts the address from further bans
                  - to lift it once only: `fail2ban-client unban 198.51.100.7`; fail2ban bans again after the next failures
            "#]],
        );
        // The jail bans in another place: the rule may belong to anyone.
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            &fixture("echo <ip> >> /var/bans"),
            &expect![[r#"
            likely: fail2ban has banned 198.51.100.7 (jail probes)
              fail2ban-client banned: probes: 198.51.100.7
              iptables-save: filter INPUT: -A INPUT -s 198.51.100.7/32 -j DROP (packets: 3)
              $ sshmend fix fail2ban --ignore 198.51.100.7 --jail probes  # lifts the ban and exempts the address from further bans
              - to lift it once only: `fail2ban-client unban 198.51.100.7`; fail2ban bans again after the next failures
        "#]],
        );
    }

    #[test]
    fn bans_are_not_reported_without_a_client() {
        check(
            "fail2ban-banned",
            BANS,
            &expect![[r#"
            unchecked: bans of fail2ban: name the client with --client: 2 addresses are banned
        "#]],
        );
    }

    #[test]
    fn each_jail_is_asked_before_fail2ban_0_11() {
        let old = "\
//$ fail2ban-client banned => 255
Sorry but the command is invalid
//$ fail2ban-client status => 0
Status
|- Number of jail:\t1
`- Jail list:\tsshd
//$ fail2ban-client status sshd => 0
Status for the jail: sshd
`- Actions
   |- Currently banned:\t1
   `- Banned IP list:\t198.51.100.7 203.0.113.9
";
        check_as(
            &from("203.0.113.9"),
            "fail2ban-banned",
            &format!("{old}{}", rule("sshd", "203.0.113.9")),
            &expect![[r#"
                certain: fail2ban has banned 203.0.113.9 (jail sshd)
                  fail2ban-client banned: sshd: 203.0.113.9
                  iptables-save: filter f2b-sshd: -A f2b-sshd -s 203.0.113.9/32 -j REJECT --reject-with icmp-port-unreachable (packets: 3)
                  $ sshmend fix fail2ban --ignore 203.0.113.9 --jail sshd  # lifts the ban and exempts the address from further bans
                  - to lift it once only: `fail2ban-client unban 203.0.113.9`; fail2ban bans again after the next failures
            "#]],
        );
    }
}
