use sshmend_facts::Facts;
use sshmend_hosts_access::{Access, Problem, ProblemKind};
use sshmend_ssh_log::CauseName;

use crate::edit;
use crate::evidence::log::log_evidence;
use crate::evidence::wrappers::{self, allowed, judged_client, mended_line, show_problem};
use crate::proof::{Certainty, Fact};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some((true, _)) = verdict.look(facts.linked_with_wrappers()) else {
        return verdict.exclude(Fact::Program, "this sshd does not read these files");
    };
    let problems = facts.tables().problems();
    let options = problems
        .iter()
        .filter(|problem| matches!(problem.kind, ProblemKind::BadOption | ProblemKind::BareIpv6));
    for problem in options {
        report(facts, problem, verdict);
    }
    if verdict.findings.is_empty() {
        listen(facts, verdict);
    }
    waits(facts, verdict);
    verdict.exclude(Fact::Files, "libwrap accepts every option");
}

/// A command of `spawn` that runs now: sshd says nothing to the client before it has ended.
fn waits(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(client) = facts.question.client_address() else {
        return;
    };
    let answer = facts.wrappers(client);
    let (Some(rule), Some(origin)) = (answer.rule, answer.origin) else {
        return;
    };
    let Some((_, spawned)) = rule.split_once("spawn") else {
        return;
    };
    // Up to the first field such as %h, which libwrap replaces.
    let literal = spawned.trim().split('%').next().unwrap_or_default();
    let titles = facts.titles().unwrap_or_default();
    // The shell may replace itself with a single command.
    let of_rule = |title: &str| {
        title
            .strip_prefix("sh -c ")
            .unwrap_or(title)
            .starts_with(literal)
    };
    let Some((pid, title)) = titles
        .iter()
        .find(|(_, title)| literal.len() > 3 && of_rule(title))
    else {
        return;
    };
    let finding = verdict.likely(format!(
        "the command that TCP wrappers run for {client} has not finished, and sshd waits for it"
    ));
    finding
        .shown_at(&origin, facts.line(&origin.path, origin.line))
        .shown_by(format!("/proc/{pid}/cmdline"), title);
    finding.step(format!(
        "let it run in the background, by `&` behind the command, or take it out: {origin}; the change counts at once"
    ));
    // A rule inserted before it would admit only clients that this one admits, so that `fix
    // hosts-access` has nothing to do.
    if let Some(command) = edit::write_above(&origin, &wrappers::rule(client)) {
        finding.step(format!(
            "or let this client in by a rule above it, which runs nothing: {command}"
        ));
    }
}

fn report(facts: &Facts<'_>, problem: &Problem, verdict: &mut Verdict) {
    let judged = judged_client(facts);
    let decides = |client| {
        let answer = facts.wrappers(client);
        let place = answer.origin.filter(|_| answer.access == Access::Denied);
        let last = answer.last_line.unwrap_or_default();
        place.is_some_and(|origin| {
            origin.path == problem.origin.path
                && (origin.line..=last.max(origin.line)).contains(&problem.origin.line)
        })
    };
    let refused = judged
        .map(|(client, _)| client)
        .filter(|client| decides(*client));
    let finding = match judged {
        Some((client, certainty)) if refused.is_some() => verdict.find(
            certainty,
            format!("TCP wrappers refuse {client} because of an option that libwrap does not accept"),
        ),
        Some(_) if facts.question.client_address().is_some() => return,
        _ => verdict.possible(
            "TCP wrappers refuse the clients of a rule because of an option that libwrap does not accept",
        ),
    };
    show_problem(facts, problem, finding);
    finding.shown_by_lines(
        &facts
            .log_lines(CauseName::HostsAccessOptionInvalid)
            .unwrap_or_default(),
    );
    mended_line(facts, problem, refused, finding);
    finding.step(problem.hint.clone());
    finding.step(format!(
        "correct or take out that option: {}; the change counts at once",
        problem.origin
    ));
}

/// If the effect depends on more than the files, such as an account that an option names, only the
/// log can show it.
fn listen(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some(mut heard) = log_evidence(
        facts,
        verdict,
        CauseName::HostsAccessOptionInvalid,
        Some(Certainty::Likely),
    ) else {
        return;
    };
    // The line itself names no client; the refusal that follows it does.
    let refused = log_evidence(
        facts,
        verdict,
        CauseName::HostsAccessDenied,
        Some(Certainty::Likely),
    );
    heard.certainty = refused.map_or(heard.certainty, |refused| {
        refused.certainty.min(heard.certainty)
    });
    let finding = heard.report(
        verdict,
        "TCP wrappers refuse clients because of an option that libwrap does not accept",
    );
    finding.step(
        "correct or take out the option of the line that the log names; the change counts at once",
    );
    if let Some(client) = facts.question.client_address() {
        allowed(client, finding);
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::{LOG, from};

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const BAD: &str = "//- /etc/hosts.allow\nsshd: 198.51.100. : allow : spawn true\n";

    #[test]
    fn a_running_command_keeps_the_client_waiting() {
        let rule = "//- /etc/hosts.allow\nsshd: 198.51.100. : spawn (/opt/tell %h)\n";
        let runs = "//- /proc/900/cmdline\nsh -c (/opt/tell 198.51.100.7)\n";
        let asked = |machine: &str, expected: &expect_test::Expect| {
            check_as(
                &from("198.51.100.7"),
                "hosts-access-option-invalid",
                machine,
                expected,
            );
        };
        asked(
            &format!("{rule}{runs}"),
            &expect![[r#"
                likely: the command that TCP wrappers run for 198.51.100.7 has not finished, and sshd waits for it
                  /etc/hosts.allow:1: sshd: 198.51.100. : spawn (/opt/tell %h)
                  /proc/900/cmdline: sh -c (/opt/tell 198.51.100.7)
                  - let it run in the background, by `&` behind the command, or take it out: /etc/hosts.allow:1; the change counts at once
                  - or let this client in by a rule above it, which runs nothing: put `sshd: 198.51.100.7` as a line above line 1 of /etc/hosts.allow
            "#]],
        );
        asked(
            rule,
            &expect![[r#"
                excluded: libwrap accepts every option
            "#]],
        );
        asked(
            runs,
            &expect![[r#"
                excluded: libwrap accepts every option
            "#]],
        );
    }

    #[test]
    fn a_missing_account_named_by_an_option_is_found_in_the_log() {
        let line = "2026-11-20T17:59:00+00:00 server sshd[812]: error: /etc/hosts.allow, line 1: unknown user: \"nosuch\"\n";
        let rule = "//- /etc/hosts.allow\nsshd: ALL : user nosuch : allow\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-access-option-invalid",
            &format!("{rule}{LOG}{line}"),
            &expect![[r#"
                likely: TCP wrappers refuse clients because of an option that libwrap does not accept (once, last at 2026-11-20T17:59:00Z)
                  journalctl: 2026-11-20T17:59:00+00:00 server sshd[812]: error: /etc/hosts.allow, line 1: unknown user: "nosuch"
                  $ sshmend fix hosts-access --allow 198.51.100.7  # allows 198.51.100.7, and nobody else, above the rule that refuses it
                  - correct or take out the option of the line that the log names; the change counts at once
            "#]],
        );
    }

    #[test]
    fn a_misplaced_option_refuses_the_clients_of_its_rule() {
        check_as(
            &from("198.51.100.7"),
            "hosts-access-option-invalid",
            BAD,
            &expect![[r#"
                certain: TCP wrappers refuse 198.51.100.7 because of an option that libwrap does not accept
                  /etc/hosts.allow:1: sshd: 198.51.100. : allow : spawn true (option `allow` must be the last: libwrap denies every client that the rule matches)
                  $ sshmend fix hosts-access --mend /etc/hosts.allow:1  # repairs only that line
                  - move `allow` to the end of the rule
                  - correct or take out that option: /etc/hosts.allow:1; the change counts at once
            "#]],
        );
        check_as(
            &from("203.0.113.5"),
            "hosts-access-option-invalid",
            BAD,
            &expect![[r#"
                excluded: libwrap accepts every option
            "#]],
        );
        check(
            "hosts-access-option-invalid",
            BAD,
            &expect![[r#"
                possible: TCP wrappers refuse the clients of a rule because of an option that libwrap does not accept
                  /etc/hosts.allow:1: sshd: 198.51.100. : allow : spawn true (option `allow` must be the last: libwrap denies every client that the rule matches)
                  $ sshmend fix hosts-access --mend /etc/hosts.allow:1  # repairs only that line
                  - move `allow` to the end of the rule
                  - correct or take out that option: /etc/hosts.allow:1; the change counts at once
            "#]],
        );
    }

    #[test]
    fn the_parts_of_a_bare_ipv6_address_are_read_as_options() {
        let bare = "//- /etc/hosts.allow\nsshd: 198.51.100.7 2001:db8::7\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-access-option-invalid",
            bare,
            &expect![[r#"
                certain: TCP wrappers refuse 198.51.100.7 because of an option that libwrap does not accept
                  /etc/hosts.allow:1: sshd: 198.51.100.7 2001:db8::7 (the colons of `2001:db8::7` end the client list: what follows the first is read as options)
                  $ sshmend fix hosts-access --mend /etc/hosts.allow:1  # repairs only that line
                  - write [2001:db8::7]
                  - correct or take out that option: /etc/hosts.allow:1; the change counts at once
            "#]],
        );
    }
}
