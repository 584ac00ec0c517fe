//! The time that each command takes on machines where a connection fails.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use crate::bench::{Bench, STEP};
use crate::check::{Check, holds};
use crate::error::{LabError, trying};
use crate::machine::User;
use crate::project;
use crate::report::Outcome;
use crate::role::Role;

/// The page with the times, below the project.
const PAGE: &str = "docs/bench.md";
const HEADING: &str = "## Over the cases of the lab\n";

/// What every other command takes longer than: the shell that starts it.
const SHELL: &str = "true";

/// The commands, and the machine of each: the administrator's on the server, the user's on the client.
const COMMANDS: [(Role, &str); 14] = [
    (Role::Server, SHELL),
    (Role::Server, "sshmend diagnose"),
    (Role::Client, "sshmend diagnose server"),
    (Role::Server, "sshmend logs"),
    (Role::Server, "sshmend history"),
    (Role::Server, "sshmend show sshd-config"),
    (Role::Server, "sshmend show hosts-access 198.51.100.11"),
    (Role::Server, "sshmend show fail2ban"),
    (Role::Client, "sshmend show known-hosts server"),
    (
        Role::Server,
        "sshmend fix sshd-config MaxStartups=20:30:200 --dry-run",
    ),
    (
        Role::Server,
        "sshmend fix hosts-access --allow 198.51.100.11 --dry-run",
    ),
    (
        Role::Server,
        "sshmend fix fail2ban --ignore 198.51.100.11 --dry-run",
    ),
    (
        Role::Client,
        "sshmend fix known-hosts server --offline --dry-run",
    ),
    (Role::Client, "sshmend fix known-hosts server --dry-run"),
];

/// Runs each command once, on the machines of a case whose fault is in.
pub(crate) fn ask(bench: &Bench, tell: &mut impl FnMut(Check) -> bool) {
    for (role, command) in COMMANDS {
        tell(timed(bench, role, command));
    }
}

/// The time of one command, under its own name; what it finds is another question.
fn timed(bench: &Bench, role: Role, command: &str) -> Check {
    let (machine, user) = match role {
        Role::Client => (&bench.client, User::Alice),
        _ => (&bench.server, User::Root),
    };
    let mut took = Duration::ZERO;
    let check = Check::ask(command, || {
        let output = machine.shell(user, command, STEP)?;
        took = output.took;
        // `timeout`, a panic and signals end with these.
        Ok(holds(output.code < 101, || {
            format!("{}: {}", output.code, output.said())
        }))
    });
    Check {
        took: took.as_secs_f64(),
        ..check
    }
}

/// Puts the times into the page.
pub(crate) fn write(outcomes: &[Outcome]) -> Result<(), LabError> {
    let page = project().join(PAGE);
    let text = trying(PAGE, fs::read_to_string(&page))?;
    let before = text.split(HEADING).next().unwrap_or_default().trim_end();
    let after = format!("{before}\n\n{HEADING}\n{}", table(outcomes));
    trying(PAGE, fs::write(&page, after))
}

/// The part of the page that the lab has written, which stands at its end; empty if there is none.
pub fn times(page: &str) -> &str {
    page.find(HEADING).map_or("", |at| &page[at..])
}

/// A row for each command: the median over all machines, the longest, and where that was.
pub(crate) fn table(outcomes: &[Outcome]) -> String {
    let measured = outcomes.iter().filter(|outcome| outcome.holds());
    let mut times: BTreeMap<&str, Vec<(f64, &Outcome)>> = BTreeMap::new();
    for outcome in measured.clone() {
        for check in &outcome.checks {
            let all = times.entry(check.name.as_str()).or_default();
            all.push((check.took, outcome));
        }
    }
    let mut text = format!(
        "Written by `cargo xtask lab time --write`: each command once in each of {} cases, with the fault still there. A time \
         includes that of the shell which starts the command, which is the first row.\n\n\
         | command | machine | median | worst | in the case |\n|---|---|---|---|---|\n",
        measured.count()
    );
    for (role, command) in COMMANDS {
        let Some(times) = times.get_mut(command) else {
            continue;
        };
        times.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let (median, (worst, whose)) = (times[times.len() / 2].0, times[times.len() - 1]);
        let _ = writeln!(
            text,
            "| `{command}` | {} | {} | {} | {} on {} |",
            role.name(),
            shown(median),
            shown(worst),
            whose.job.case,
            whose.job.suite
        );
    }
    text
}

fn shown(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1e3)
    } else {
        format!("{seconds:.1} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Job;
    use crate::suite::Suite;

    fn outcome(case: &str, took: f64) -> Outcome {
        let job = Job {
            case: case.into(),
            suite: Suite::Trixie,
            id: String::new(),
        };
        let check = Check {
            name: "sshmend logs".into(),
            failure: None,
            took,
        };
        Outcome {
            job,
            checks: vec![check],
            alone: false,
        }
    }

    #[test]
    fn the_table_names_the_slowest_case() {
        let table = table(&[outcome("a", 0.25), outcome("b", 12.0), outcome("c", 0.5)]);
        let row = "| `sshmend logs` | server | 500 ms | 12.0 s | b on trixie |\n";
        assert!(table.ends_with(row), "{table}");
        assert!(table.contains("each of 3 cases"), "{table}");
    }

    #[test]
    fn the_times_are_the_last_part_of_the_page() {
        let page = format!("# Benchmarks\n\n{HEADING}\nx\n");
        assert_eq!(times(&page), format!("{HEADING}\nx\n"));
        assert_eq!(times("# Benchmarks\n"), "");
    }
}
