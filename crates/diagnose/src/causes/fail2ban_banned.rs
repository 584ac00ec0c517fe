use super::replied::{ask_the_server, replied};
use crate::facts::Reply;
use crate::finding::Certainty;
use std::net::IpAddr;

use crate::facts::{Facts, Owner};
use crate::finding::Finding;
use crate::verdict::{Cause, Gate, Unchecked, Verdict};

pub(super) const CAUSE: Cause = Cause {
    name: "fail2ban-banned",
    title: "fail2ban has banned the client",
    gate: Gate::Firewall,
    explain: "\
fail2ban watches the log and bans addresses that fail too often. Its usual actions answer new connections with
`Connection refused`, `No route to host` or nothing; only a ban that comes while a connection stands, or one written
into `hosts.deny`, looks like `Connection reset by peer`. A filter in `mode = ddos` or `aggressive` counts connections
that end before login, so monitoring and `ssh-keyscan` can get an address banned.

**Known for certain** when `fail2ban-client banned` names the client, or a rule of fail2ban in the firewall turns it
away.

**Mended** by `sshmend fix fail2ban --ignore ADDRESS`, which lifts the ban and keeps the address from being banned
again. `ignoreip` alone lifts no ban that stands.

**It is not** lifted by deleting the rule: fail2ban writes it again at its restart.",
    server: judge,
    client: from_client,
};

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(bans) = verdict.look(facts.bans()) else { return };
    let Some(client) = facts.question.client_address() else {
        if !bans.is_empty() {
            let reason = format!("name the client with --client: {} addresses are banned", bans.len());
            verdict.unchecked.push(Unchecked::new("bans of fail2ban", reason));
        }
        return;
    };
    let blocks = facts.blocks().unwrap_or_default();
    let rule = blocks.iter().map(|(_, block)| block).find(|block| block.owner == Owner::Fail2ban && block.certain);
    let own: Vec<_> = bans.iter().filter(|ban| ban.covers(client)).collect();
    if rule.is_none() && facts.wrappers(client).origin.is_some_and(|origin| facts.tables().owned(&origin).is_some()) {
        return verdict.exclude("fail2ban bans this client by hosts.deny, not in the firewall");
    }
    if own.is_empty() && rule.is_none() {
        return verdict.exclude(if facts.fail2ban_runs() {
            "fail2ban does not ban this client"
        } else {
            "fail2ban does not run"
        });
    }
    let jails: Vec<&str> = own.iter().map(|ban| ban.jail.as_str()).collect();
    let finding = verdict.certain(match jails.as_slice() {
        [] => format!("a rule of fail2ban turns {client} away"),
        [jail] => format!("fail2ban has banned {client} (jail {jail})"),
        jails => format!("fail2ban has banned {client} (jails {})", jails.join(", ")),
    });
    own.iter().for_each(|ban| _ = finding.shown_by("fail2ban-client banned", format!("{}: {}", ban.jail, ban.address)));
    if let Some(block) = rule {
        finding.shown_by_rule(block);
    }
    mend(client, &jails, finding);
}

fn mend(client: IpAddr, jails: &[&str], finding: &mut Finding) {
    let address = client.to_string();
    let mut words = vec!["fix", "fail2ban", "--ignore", &address];
    let named = |jail: &&&str| jail.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    jails.iter().filter(named).for_each(|jail| words.extend(["--jail", jail]));
    finding.mended_by(&words, "lifts the ban and keeps the address from being banned again");
    finding.step(format!("to lift it once only: `fail2ban-client unban {client}`"));
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let turned_away = |reply: &Reply| matches!(reply, Reply::Refused | Reply::Unreachable | Reply::Unanswered);
    let Some(replied) = replied(facts, verdict, turned_away) else { return };
    let finding =
        replied.report(verdict, Certainty::Possible, "a program that bans addresses may have banned this one");
    finding.step("come from another address: when that works, it is a ban or a filter");
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_as, from};
    use expect_test::expect;

    const BANS: &str =
        "//$ fail2ban-client banned => 0\n[{'sshd': ['198.51.100.7']}, {'recidive': ['198.51.100.0/24']}]\n";

    #[test]
    fn the_list_of_bans_proves_it() {
        check_as(
            &from("198.51.100.7"),
            "fail2ban-banned",
            BANS,
            &expect![[r#"
            certain: fail2ban has banned 198.51.100.7 (jails sshd, recidive)
              fail2ban-client banned: sshd: 198.51.100.7
              fail2ban-client banned: recidive: 198.51.100.0/24
              $ sshmend fix fail2ban --ignore 198.51.100.7 --jail sshd --jail recidive  # lifts the ban and keeps the address from being banned again
              - to lift it once only: `fail2ban-client unban 198.51.100.7`
        "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "fail2ban-banned",
            BANS,
            &expect![[r#"
                excluded: fail2ban does not ban this client
            "#]],
        );
    }

    #[test]
    fn without_a_client_bans_are_nothing_unusual() {
        check(
            "fail2ban-banned",
            BANS,
            &expect![[r#"
            unchecked: bans of fail2ban: name the client with --client: 2 addresses are banned
        "#]],
        );
    }

    #[test]
    fn before_0_11_each_jail_is_asked() {
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
            old,
            &expect![[r#"
            certain: fail2ban has banned 203.0.113.9 (jail sshd)
              fail2ban-client banned: sshd: 203.0.113.9
              $ sshmend fix fail2ban --ignore 203.0.113.9 --jail sshd  # lifts the ban and keeps the address from being banned again
              - to lift it once only: `fail2ban-client unban 203.0.113.9`
        "#]],
        );
    }
}
