use std::net::IpAddr;

use sshmend_facts::{Facts, Reply, Unchecked};
use sshmend_hosts_access::{Access, ProblemKind, Verdict as Answer};
use sshmend_ssh_log::CauseName;

use crate::causes::exchange::wrong_service;
use crate::evidence::log::log_evidence;
use crate::evidence::probe::{ask_the_server, probe_evidence};
use crate::evidence::wrappers::{allowed, broken_grants, judged_client};
use crate::proof::{Certainty, Fact};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::both(judge, from_client);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some((linked, program)) = verdict.look(facts.linked_with_wrappers()) else {
        return;
    };
    if !linked {
        return verdict.exclude(
            Fact::Program,
            format!("{} is not linked with libwrap", program.display()),
        );
    }
    match judged_client(facts) {
        Some((client, certainty)) => evaluate(facts, client, certainty, verdict),
        None => listen(facts, verdict),
    }
}

fn evaluate(facts: &Facts<'_>, client: IpAddr, certainty: Certainty, verdict: &mut Verdict) {
    let answer = facts.wrappers(client);
    match answer.access {
        Access::Granted if facts.question.client_address().is_some() => {
            verdict.exclude(Fact::Files, answer.reason);
        }
        Access::Granted => listen(facts, verdict),
        Access::Unknown => {
            let depends: Vec<&str> = answer
                .doubts
                .iter()
                .map(|doubt| doubt.text.as_str())
                .collect();
            verdict.unchecked.push(Unchecked::new(
                "TCP wrappers",
                format!("it depends on {}", depends.join(", ")),
            ));
            listen(facts, verdict);
        }
        Access::Denied if explained_elsewhere(facts, &answer) => {}
        Access::Denied => denied(facts, client, certainty, &answer, verdict),
    }
}

/// A file that is damaged, an option that is refused and a line of a banning program are causes of their own.
fn explained_elsewhere(facts: &Facts<'_>, answer: &Answer) -> bool {
    let Some(origin) = &answer.origin else {
        return false;
    };
    let broken = |kind: ProblemKind| {
        kind.is_damage() || matches!(kind, ProblemKind::BadOption | ProblemKind::BareIpv6)
    };
    let problems = facts.tables().problems();
    let last = answer.last_line.unwrap_or(origin.line);
    let at_fault = |line: usize| (origin.line..=last).contains(&line);
    problems.iter().any(|problem| {
        problem.origin.path == origin.path && at_fault(problem.origin.line) && broken(problem.kind)
    }) || facts.tables().owned(origin).is_some()
}

fn denied(
    facts: &Facts<'_>,
    client: IpAddr,
    certainty: Certainty,
    answer: &Answer,
    verdict: &mut Verdict,
) {
    let finding = verdict.find(
        certainty,
        format!("TCP wrappers refuse {client}: {}", answer.reason),
    );
    if let (Some(origin), Some(rule)) = (&answer.origin, &answer.rule) {
        finding.shown_at(origin, rule);
    }
    finding.shown_by_lines(
        &facts
            .log_lines(CauseName::HostsAccessDenied)
            .unwrap_or_default(),
    );
    allowed(client, finding);
    broken_grants(facts, client, finding);
}

/// Without a client, or if a name decides, the log shows who was refused.
fn listen(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(heard) = log_evidence(
        facts,
        verdict,
        CauseName::HostsAccessDenied,
        Some(Certainty::Likely),
    ) else {
        return;
    };
    let finding = heard.report(verdict, "TCP wrappers refused connections");
    if let Some(client) = heard.client {
        allowed(client, finding);
        finding.step(format!(
            "see which rule refuses it: `sshmend show hosts-access {client}`"
        ));
    }
}

/// Seen from the client: the pause of five seconds that libwrap makes before it closes, or a text of its options.
fn from_client(facts: &Facts<'_>, verdict: &mut Verdict) {
    let refused = |reply: &Reply| {
        matches!(reply, Reply::ClosedAfterPause | Reply::OtherText(_))
            && !wrong_service::is_known(reply)
    };
    let Some(replied) = probe_evidence(facts, verdict, refused) else {
        return;
    };
    let paused = replied.any(|reply| *reply == Reply::ClosedAfterPause);
    let finding = if paused {
        replied.report(
            verdict,
            Certainty::Likely,
            "the server sends nothing for five seconds and closes the connection, as TCP wrappers do",
        )
    } else {
        replied.report(
            verdict,
            Certainty::Possible,
            "the server answers with text of its own, as `twist` and `banners` of TCP wrappers do",
        )
    };
    ask_the_server(finding);
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as, check_way, closed_after_pause, works};
    use expect_test::expect;

    const RULE: &str = "//- /etc/hosts.deny\n# nobody\nsshd: 198.51.100.\n";
    const LINE: &str = "2026-11-20T17:59:00+00:00 server sshd[812]: refused connect from 198.51.100.7 (198.51.100.7)\n";

    #[test]
    fn the_rule_that_refuses_is_named() {
        check_as(
            &from("198.51.100.7"),
            "hosts-access-denied",
            &format!("{RULE}{LOG}{LINE}"),
            &expect![[r#"
            certain: TCP wrappers refuse 198.51.100.7: the rule matches by `198.51.100.` and denies
              /etc/hosts.deny:2: sshd: 198.51.100.
              journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: refused connect from 198.51.100.7 (198.51.100.7)
              $ sshmend fix hosts-access --allow 198.51.100.7  # allows 198.51.100.7, and nobody else, above the rule that refuses it
        "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "hosts-access-denied",
            RULE,
            &expect![[r#"
            excluded: no rule matches, so access is granted
        "#]],
        );
    }

    #[test]
    fn a_rule_for_a_daemon_name_that_openssh_never_uses_is_pointed_out() {
        check_as(
            &from("198.51.100.7"),
            "hosts-access-denied",
            "//- /etc/hosts.allow\nopenssh: 198.51.100.\n//- /etc/hosts.deny\nALL: ALL\n",
            &expect![[r#"
                certain: TCP wrappers refuse 198.51.100.7: the rule matches by `ALL` and denies
                  /etc/hosts.deny:1: ALL: ALL
                  /etc/hosts.allow:1: openssh: 198.51.100. (OpenSSH uses the name `sshd`, never `openssh`: the rule does not apply to it)
                  $ sshmend fix hosts-access --allow 198.51.100.7  # allows 198.51.100.7, and nobody else, above the rule that refuses it
                  - or mend that line, if it was meant to let 198.51.100.7 in; it is shown first who else gains by it: `sshmend fix hosts-access --mend /etc/hosts.allow:1`
            "#]],
        );
    }

    #[test]
    fn the_log_names_the_refused_client_if_none_is_given() {
        check(
            "hosts-access-denied",
            &format!("{RULE}{LOG}{LINE}"),
            &expect![[r#"
                likely: TCP wrappers refuse 198.51.100.7: the rule matches by `198.51.100.` and denies
                  /etc/hosts.deny:2: sshd: 198.51.100.
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: refused connect from 198.51.100.7 (198.51.100.7)
                  $ sshmend fix hosts-access --allow 198.51.100.7  # allows 198.51.100.7, and nobody else, above the rule that refuses it
            "#]],
        );
        check("hosts-access-denied", RULE, &expect![""]);
    }

    #[test]
    fn an_sshd_without_libwrap_does_not_read_the_tables() {
        let plain = format!("{RULE}//- /usr/sbin/sshd\n\u{7f}ELF\u{2}\u{1} nothing\n");
        check_as(
            &from("198.51.100.7"),
            "hosts-access-denied",
            &plain,
            &expect![[r#"
            excluded: /usr/sbin/sshd is not linked with libwrap
        "#]],
        );
    }

    #[test]
    fn a_rule_for_host_names_requires_the_name_of_the_client() {
        let named = "//- /etc/hosts.deny\nsshd: .example.net\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-access-denied",
            named,
            &expect![[r#"
            unchecked: TCP wrappers: it depends on the host name of the client (pattern .example.net)
        "#]],
        );
        let resolved = format!("{named}//$ timeout 4 getent hosts 198.51.100.7 => 2\n");
        check_as(
            &from("198.51.100.7"),
            "hosts-access-denied",
            &resolved,
            &expect![[r#"
            excluded: no rule matches, so access is granted
        "#]],
        );
    }

    #[test]
    fn a_pause_of_five_seconds_suggests_tcp_wrappers_to_the_client() {
        check_way(
            "hosts-access-denied",
            &[closed_after_pause()],
            &expect![[r#"
            likely: the server sends nothing for five seconds and closes the connection, as TCP wrappers do
              connection to 192.0.2.10:22: silence for five seconds, then closed without a message
              - ask the server, from its console: `sudo sshmend diagnose --client YOUR-ADDRESS`
        "#]],
        );
        check_way(
            "hosts-access-denied",
            &[works()],
            &expect![[r#"
            excluded: 192.0.2.10:22 says SSH-2.0-OpenSSH_9.2p1 Debian-2 and begins the key exchange
        "#]],
        );
    }
}
