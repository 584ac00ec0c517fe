use std::net::IpAddr;

use sshmend_facts::{Facts, Lookup, Reply};
use sshmend_hosts_access::HOSTS_ALLOW;
use sshmend_lossless::Origin;
use sshmend_sshd_config::Setting;

use crate::edit;
use crate::evidence::probe::probe_evidence;
use crate::evidence::wrappers::rule;
use crate::finding::Finding;
use crate::proof::{Certainty, Fact, Proof};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(client) = facts.question.client_address() else {
        return;
    };
    let uses_dns = facts
        .setting("usedns")
        .ok()
        .flatten()
        .filter(|setting| setting.values == ["yes"]);
    match facts.name_lookup(client) {
        Some(Lookup::NoAnswer) => slow(facts, client, uses_dns, verdict),
        Some(Lookup::Nameless) if uses_dns.is_some() => nameless(facts, client, uses_dns, verdict),
        Some(_) => verdict.exclude(Fact::Answer, "the name server answers"),
        None => {
            verdict.exclude_by_setting(
                facts,
                "usedns",
                "sshd does not look up a name for this client",
            );
        }
    }
}

fn slow(facts: &Facts<'_>, client: IpAddr, uses_dns: Option<&Setting>, verdict: &mut Verdict) {
    let finding = verdict.certain(
        Proof::Answer,
        format!("sshd has to look up the name of {client}, and the name server does not answer"),
    );
    finding.shown_by(
        format!("getent hosts {client}"),
        "no answer within 4 seconds",
    );
    advise(facts, uses_dns, finding);
}

fn nameless(facts: &Facts<'_>, client: IpAddr, uses_dns: Option<&Setting>, verdict: &mut Verdict) {
    let finding = verdict.possible(format!(
        "sshd looks up the name of {client}, which has none: the lookup may be slow"
    ));
    advise(facts, uses_dns, finding);
    finding.step(format!(
        "see how long it takes: `time getent hosts {client}`"
    ));
}

fn advise(facts: &Facts<'_>, uses_dns: Option<&Setting>, finding: &mut Finding) {
    match uses_dns {
        Some(setting) => {
            finding.shown_by_setting(facts, setting);
            finding.mended_by_setting(facts, "UseDNS", "no", "disables name lookups");
        }
        None => {
            finding.step(
                "write the rules of hosts.allow and hosts.deny by address instead of by name",
            );
            let rules = facts.text(HOSTS_ALLOW).ok().flatten().unwrap_or_default();
            let first = Origin::new(HOSTS_ALLOW, 1);
            let client = facts.question.client_address();
            let command = client.and_then(|client| edit::write_above(&first, &rule(client)));
            if let Some(command) = command.filter(|_| !rules.is_empty()) {
                finding.step(format!(
                    "let this client in before any name is looked up, for the first rule that fits counts: {command}"
                ));
            }
        }
    }
    finding.step("mend the name server in /etc/resolv.conf");
}

fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(replied) = probe_evidence(facts, verdict, |reply| *reply == Reply::Silent) else {
        return;
    };
    let what = "the server may be looking up this client's name without getting an answer";
    let finding = replied.report(verdict, Certainty::Possible, what);
    finding
        .step("wait longer once: `ssh -o ConnectTimeout=120 DESTINATION`; a banner after 10, 20 or 30 seconds is a name look-up");
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::check_as;
    use expect_test::expect;

    #[test]
    fn the_cause_requires_a_lookup_and_an_address_without_a_name() {
        let set = "//- /etc/ssh/sshd_config\nUseDNS yes\n";
        let nameless = "//$ timeout 4 getent hosts 198.51.100.7 => 2\n";
        check_as(
            &from("198.51.100.7"),
            "reverse-dns-slow",
            &format!("{set}{nameless}"),
            &expect![[r#"
                possible: sshd looks up the name of 198.51.100.7, which has none: the lookup may be slow
                  /etc/ssh/sshd_config:1: UseDNS yes
                  $ sshmend fix sshd-config UseDNS=no  # disables name lookups
                  - mend the name server in /etc/resolv.conf
                  - see how long it takes: `time getent hosts 198.51.100.7`
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "reverse-dns-slow",
            nameless,
            &expect![[r#"
                excluded: sshd does not look up a name for this client
            "#]],
        );
    }

    #[test]
    fn a_silent_name_server_is_certain() {
        let named = "//- /etc/hosts.allow\nsshd: .example.org\n//$ timeout 4 getent hosts 198.51.100.7 => 124\n";
        check_as(
            &from("198.51.100.7"),
            "reverse-dns-slow",
            named,
            &expect![[r#"
                certain: sshd has to look up the name of 198.51.100.7, and the name server does not answer
                  getent hosts 198.51.100.7: no answer within 4 seconds
                  - write the rules of hosts.allow and hosts.deny by address instead of by name
                  - let this client in before any name is looked up, for the first rule that fits counts: put `sshd: 198.51.100.7` as a line above line 1 of /etc/hosts.allow
                  - mend the name server in /etc/resolv.conf
            "#]],
        );
    }
}
