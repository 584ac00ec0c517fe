use std::net::IpAddr;

use sshmend_facts::Facts;
use sshmend_hosts_access::{Access, HOSTS_DENY, Problem, ProblemKind};
use sshmend_ssh_log::CauseName;

use crate::evidence::wrappers::{judged_client, mended_line, read_each_time, show_problem};
use crate::proof::{Certainty, Fact};
use crate::verdict::{Judges, Verdict};

pub(crate) const JUDGES: Judges = Judges::server(judge);

fn judge(facts: &Facts<'_>, verdict: &mut Verdict) {
    let Some((true, _)) = verdict.look(facts.linked_with_wrappers()) else {
        return verdict.exclude(Fact::Program, "this sshd does not read these files");
    };
    let problems = facts.tables().problems();
    let damage: Vec<&Problem> = problems
        .iter()
        .filter(|problem| problem.kind.is_damage())
        .collect();
    for problem in &damage {
        report(facts, problem, verdict);
    }
    verdict.exclude(Fact::Files, "both files can be read to their end");
}

fn report(facts: &Facts<'_>, problem: &Problem, verdict: &mut Verdict) {
    let path = problem.origin.path.display();
    let harm = harm(facts, problem);
    let client = if let Harm::Client(client, _) = harm {
        Some(client)
    } else {
        None
    };
    let finding = match harm {
        Harm::Client(client, certainty) => verdict.find(
            certainty,
            format!("{path} is damaged, so TCP wrappers refuse {client}"),
        ),
        Harm::Everyone => verdict.find(
            read_each_time(facts),
            format!(
                "{path} is damaged: TCP wrappers refuse every client that no earlier rule matches"
            ),
        ),
        Harm::Others => verdict.possible(format!(
            "{path} is damaged, so some of its rules are ignored"
        )),
    };
    show_problem(facts, problem, finding);
    finding.shown_by_lines(
        &facts
            .log_lines(CauseName::HostsDenyMalformed)
            .unwrap_or_default(),
    );
    mended_line(facts, problem, client, finding);
    finding.step(problem.hint.clone());
}

/// The clients that the damage refuses.
enum Harm {
    /// This client: it would be admitted if the file were repaired.
    Client(IpAddr, Certainty),
    Everyone,
    Others,
}

fn harm(facts: &Facts<'_>, problem: &Problem) -> Harm {
    let ends = matches!(
        problem.kind,
        ProblemKind::MissingNewline | ProblemKind::TooLong
    );
    let denies = problem.origin.path.as_os_str() == HOSTS_DENY && ends;
    if denies && facts.question.client_address().is_none() {
        return Harm::Everyone;
    }
    let Some((client, certainty)) = judged_client(facts) else {
        return Harm::Others;
    };
    let answer = facts.wrappers(client);
    let decides = answer
        .origin
        .as_ref()
        .is_some_and(|origin| *origin == problem.origin);
    match (answer.access, facts.wrappers_if(client, problem)) {
        (Access::Denied, Some(Access::Granted)) => Harm::Client(client, certainty),
        (Access::Denied, None) if decides => Harm::Client(client, certainty),
        _ => Harm::Others,
    }
}

#[cfg(test)]
mod tests {
    use sshmend_facts::fixture::from;

    use crate::testing::{check, check_as};
    use expect_test::expect;

    const CUT: &str = "//- /etc/hosts.deny\n# a note\n\\\n";

    #[test]
    fn a_comment_without_a_final_newline_refuses_everyone() {
        check(
            "hosts-deny-malformed",
            CUT,
            &expect![[r#"
                certain: /etc/hosts.deny is damaged: TCP wrappers refuse every client that no earlier rule matches
                  /etc/hosts.deny:1: # a note (the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service)
                  $ sshmend fix hosts-access --mend /etc/hosts.deny:1  # repairs only that line
                  - end the file with a newline
            "#]],
        );
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-malformed",
            CUT,
            &expect![[r#"
                certain: /etc/hosts.deny is damaged, so TCP wrappers refuse 198.51.100.7
                  /etc/hosts.deny:1: # a note (the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service)
                  $ sshmend fix hosts-access --mend /etc/hosts.deny:1  # repairs only that line
                  - end the file with a newline
            "#]],
        );
        check(
            "hosts-deny-malformed",
            "",
            &expect![[r#"
            excluded: both files can be read to their end
        "#]],
        );
    }

    #[test]
    fn an_earlier_allow_rule_wins() {
        let allowed = format!("{CUT}//- /etc/hosts.allow\nsshd: 198.51.100.7\n");
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-malformed",
            &allowed,
            &expect![[r#"
                possible: /etc/hosts.deny is damaged, so some of its rules are ignored
                  /etc/hosts.deny:1: # a note (the last line has no newline: libwrap stops there and denies every client that no earlier rule allows, at every wrapped service)
                  $ sshmend fix hosts-access --mend /etc/hosts.deny:1  # repairs only that line
                  - end the file with a newline
            "#]],
        );
    }

    #[test]
    fn an_ignored_rule_of_hosts_allow_leaves_its_client_refused() {
        let lost = "//- /etc/hosts.allow\nsshd: 198.51.100.7\n\\\n//- /etc/hosts.deny\nsshd: ALL\n";
        check_as(
            &from("198.51.100.7"),
            "hosts-deny-malformed",
            lost,
            &expect![[r#"
                certain: /etc/hosts.allow is damaged, so TCP wrappers refuse 198.51.100.7
                  /etc/hosts.allow:1: sshd: 198.51.100.7 (the last line has no newline: libwrap stops there and ignores it and everything after it)
                  $ sshmend fix hosts-access --mend /etc/hosts.allow:1  # repairs only that line
                  - end the file with a newline
            "#]],
        );
    }
}
