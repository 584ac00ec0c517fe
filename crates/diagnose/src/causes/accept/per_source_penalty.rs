use std::net::IpAddr;

use sshmend_facts::{Facts, Reply, SPLIT};
use sshmend_ssh_log::CauseName;

use crate::evidence::log::log_evidence;
use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::finding::Finding;
use crate::proof::{Certainty, Fact};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    if facts.release().is_some_and(|release| release < SPLIT) {
        return verdict.exclude(
            Fact::Program,
            "this release of sshd does not have penalties",
        );
    }
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::PerSourcePenalty,
        Some(Certainty::Likely),
    ) else {
        return;
    };
    let finding = heard.report(
        verdict,
        "sshd drops connections from an address because of its earlier failures",
    );
    if let Some(client) = heard.client {
        exempt(facts, client, finding);
    }
    if let Some(cause) = heard.lines.iter().rev().find_map(|line| origin(&line.text)) {
        finding.following(cause);
    }
    finding.step("find what earns the penalty: the last line above names it");
    finding.step("to forget all penalties now: `systemctl restart ssh` (sessions stay)");
}

/// The cause that earned the penalty, as its line says (srclimit.c).
fn origin(line: &str) -> Option<CauseName> {
    const REASONS: [(&str, CauseName); 4] = [
        (
            "without attempting authentication",
            CauseName::HealthCheckPenalised,
        ),
        ("exceeded LoginGraceTime", CauseName::LoginGraceTime),
        (
            "prohibited by RefuseConnection",
            CauseName::RefuseConnection,
        ),
        ("caused crash", CauseName::ChildCrash),
    ];
    REASONS
        .iter()
        .find(|(words, _)| line.contains(words))
        .map(|(_, cause)| *cause)
}

/// The list is a single value: its present elements must stay in it.
fn exempt(facts: &Facts<'_>, client: IpAddr, finding: &mut Finding) {
    let list = facts.value("persourcepenaltyexemptlist").ok().flatten();
    let before = list
        .filter(|list| list != "none")
        .map_or_else(String::new, |list| format!("{list},"));
    let value = format!("{before}{client}");
    finding.mended_by_setting(
        facts,
        "PerSourcePenaltyExemptList",
        &value,
        format!("exempts {client} from penalties"),
    );
}

/// Seen from the client: a listener of 9.8 or later that drops every connection of this address.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let dropped = |reply: &Reply| *reply == Reply::Dropped("Not allowed at this time".to_owned());
    let Some(replied) = probe_evidence(facts, verdict, dropped) else {
        return;
    };
    let certainty = Certainty::likely_if(replied.always());
    let finding = replied.report(
        verdict,
        certainty,
        "the server penalises this address because of earlier failures",
    );
    finding.step("wait ten minutes without a try, or come from another address: when that works, it was a penalty");
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const NEW: &str = "//$ /usr/sbin/sshd -V => 0\nOpenSSH_10.0p2 Debian-7, OpenSSL 3.5.1\n//$ /usr/sbin/sshd -G => 0\n";
    const DROP: &str = "2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #0 from [198.51.100.7]:4711 on [192.0.2.10]:22 penalty: failed authentication\n";

    #[test]
    fn the_log_line_names_the_address_and_the_reason_of_the_penalty() {
        let set = "//- /etc/ssh/sshd_config\nPerSourcePenaltyExemptList 192.0.2.0/24\n";
        check_as(
            &from("198.51.100.7"),
            "per-source-penalty",
            &format!("{NEW}{set}{LOG}{DROP}"),
            &expect![[r#"
                certain: sshd drops connections from an address because of its earlier failures (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #0 from [198.51.100.7]:4711 on [192.0.2.10]:22 penalty: failed authentication
                  $ sshmend fix sshd-config PerSourcePenaltyExemptList=192.0.2.0/24,198.51.100.7  # exempts 198.51.100.7 from penalties
                  - find what earns the penalty: the last line above names it
                  - to forget all penalties now: `systemctl restart ssh` (sessions stay)
            "#]],
        );
        check(
            "per-source-penalty",
            &format!("{NEW}{LOG}{DROP}"),
            &expect![[r#"
                likely: sshd drops connections from an address because of its earlier failures (once, client 198.51.100.7, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[700]: drop connection #0 from [198.51.100.7]:4711 on [192.0.2.10]:22 penalty: failed authentication
                  $ sshmend fix sshd-config PerSourcePenaltyExemptList=198.51.100.7  # exempts 198.51.100.7 from penalties
                  - find what earns the penalty: the last line above names it
                  - to forget all penalties now: `systemctl restart ssh` (sessions stay)
            "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "per-source-penalty",
            &format!("{NEW}{LOG}{DROP}"),
            &expect![""],
        );
    }

    #[test]
    fn older_releases_have_no_penalties() {
        check(
            "per-source-penalty",
            &format!("{LOG}{DROP}"),
            &expect![[r#"
            excluded: this release of sshd does not have penalties
        "#]],
        );
    }
}
