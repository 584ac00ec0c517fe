//! The step that ends a refusal by TCP wrappers: a new rule, or the repair of a broken line.

use std::net::IpAddr;

use sshmend_facts::Facts;
use sshmend_hosts_access::{Access, HOSTS_ALLOW, HOSTS_DENY, Problem};
use sshmend_plan::Wish;

use crate::finding::{Finding, Mark};
use crate::proof::{Certainty, Proof};

/// The files that libwrap reads for each connection.
const TABLES: [&str; 2] = [HOSTS_ALLOW, HOSTS_DENY];

/// The certainty that libwrap applies its files: lower if a client in question was admitted after
/// their last change.
pub(crate) fn read_each_time(facts: &Facts<'_>) -> Certainty {
    Proof::read_each_time(facts, &TABLES).map_or(Certainty::Likely, Proof::certain)
}

/// The client to judge, and the highest certainty of a finding about it: the one in question, else
/// the one that libwrap refused last.
pub(crate) fn judged_client(facts: &Facts<'_>) -> Option<(IpAddr, Certainty)> {
    let certainty = match facts.question.client_address() {
        Some(_) => read_each_time(facts),
        None => Certainty::Likely,
    };
    facts.wrapped_client().map(|client| (client, certainty))
}

/// The most broken lines to point out beside a rule that refuses.
const MOST: usize = 3;

/// Repairs the line if that admits the client, or if no client is known; otherwise admits the
/// client by a new rule.
pub(crate) fn mended_line(
    facts: &Facts<'_>,
    problem: &Problem,
    client: Option<IpAddr>,
    finding: &mut Finding,
) {
    let helps = client.is_none_or(|client| {
        facts.wrappers(client).access != Access::Denied
            || facts.wrappers_if(client, problem) == Some(Access::Granted)
    });
    match (&problem.repair, client) {
        (Some(_), _) if helps => {
            finding.mended_by(
                Wish::mend_wrappers(problem.origin.clone()),
                "repairs only that line",
            );
        }
        (_, Some(client)) if facts.wrappers(client).access == Access::Denied => {
            allowed(client, finding);
        }
        _ => {}
    }
}

/// Admits the client by a rule of its own, and nobody else.
pub(crate) fn allowed(client: IpAddr, finding: &mut Finding) {
    let address = client.to_string();
    let summary = format!("allows {client}, and nobody else, above the rule that refuses it");
    finding.mended_by(Wish::allow(address), summary);
}

/// The rule of hosts.allow that names a client alone.
pub(crate) fn rule(client: IpAddr) -> String {
    match client {
        IpAddr::V4(client) => format!("sshd: {client}"),
        IpAddr::V6(client) => format!("sshd: [{client}]"),
    }
}

/// Shows the line of a problem with the faulty word marked.
pub(crate) fn show_problem(facts: &Facts<'_>, problem: &Problem, finding: &mut Finding) {
    let line = facts.line(&problem.origin.path, problem.origin.line);
    let mark = Mark::word(&line, problem.column, &problem.message);
    finding
        .shown_at(&problem.origin, format!("{line} ({})", problem.message))
        .marked(mark);
}

/// Points out the lines of hosts.allow that would let the client in if they were not broken.
pub(crate) fn broken_grants(facts: &Facts<'_>, client: IpAddr, finding: &mut Finding) {
    let problems = facts.tables().problems();
    let of_allow = problems
        .iter()
        .filter(|problem| problem.origin.path.as_os_str() == HOSTS_ALLOW);
    let grants =
        of_allow.filter(|problem| facts.wrappers_if(client, problem) == Some(Access::Granted));
    for problem in grants.take(MOST) {
        show_problem(facts, problem, finding);
        finding.step(format!(
            "or mend that line, if it was meant to let {client} in; it is shown first who else gains by it: \
             `sshmend fix hosts-access --mend {}`",
            problem.origin
        ));
    }
}
