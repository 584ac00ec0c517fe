//! The checks that need sshmend: the cause is named, the remedy as printed repairs it and can be
//! undone.

use serde::Deserialize;

use crate::bench::{Bench, STEP};
use crate::case::{Expect, From};
use crate::check::{Check, Verdict, holds, same};
use crate::command::Output;
use crate::diagnosis::{self, Finding, Findings};
use crate::error::LabError;
use crate::machine::{Machine, User};
use crate::printed;
use crate::role::Role;

/// A person's answers to the guided fix: the preselection, and yes.
const ANSWERS: &str = r"'Mend (space' '\r' 'Apply this?' 'y\r'";

/// A command that repairs, and the machine to run it on.
struct Cure<'a> {
    bench: &'a Bench<'a>,
    machine: &'a Machine,
    line: String,
}

/// The part of `sshmend history --format json` that the lab reads.
#[derive(Debug, Deserialize)]
struct History {
    transactions: Vec<Transaction>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    id: String,
}

/// Makes all checks that are possible once the symptom shows; stops when the next one would make no
/// sense.
pub(crate) fn checks(bench: &Bench, tell: &mut impl FnMut(Check) -> bool) {
    let mut found = Findings::default();
    tell(Check::ask("cause", || diagnosis::both(bench, &mut found)));
    match bench.case.remedy.from {
        From::Nothing => {}
        From::Owner => {
            tell(Check::ask("remedy", || by_owner(bench, &found)));
        }
        From::Printed => {
            tell(Check::ask("remedy", || printed::mends(bench, found)));
        }
        From::Auto => offered(bench, found, tell),
        From::Server => printed(bench, &bench.server, found.server, tell),
        From::Client => printed(bench, &bench.client, found.client, tell),
        From::Guided => guided(bench, tell),
    }
}

/// The side that offers a command applies the remedy; else the owner does, following the diagnosis.
fn offered(bench: &Bench, found: Findings, tell: &mut impl FnMut(Check) -> bool) {
    let has_command =
        |finding: &Option<Finding>| finding.as_ref().and_then(Finding::line).is_some();
    let remedy = &bench.case.remedy;
    if bench.case.cause.is_none() {
        // A healthy machine: there is nothing to repair, even if commands are offered.
    } else if has_command(&found.server) {
        printed(bench, &bench.server, found.server, tell);
    } else if has_command(&found.client) {
        printed(bench, &bench.client, found.client, tell);
    } else if remedy.steps.is_empty() && remedy.client_steps.is_empty() {
        let told = [&found.server, &found.client]
            .into_iter()
            .flatten()
            .any(Finding::says_what_to_do);
        tell(Check::ask("remedy", || {
            Ok(holds(told, || "nobody is told what to do".to_owned()))
        }));
    } else {
        tell(Check::ask("remedy", || by_owner(bench, &found)));
    }
}

fn by_owner(bench: &Bench, found: &Findings) -> Result<Verdict, LabError> {
    let remedy = &bench.case.remedy;
    if ![&found.server, &found.client]
        .into_iter()
        .flatten()
        .any(Finding::says_what_to_do)
    {
        return Ok(Err("nobody is told what to do".to_owned()));
    }
    let by = [
        (&bench.server, User::Root, &remedy.steps),
        (&bench.client, User::Alice, &remedy.client_steps),
    ];
    for (machine, user, steps) in by {
        let output = bench.told(machine, user, &format!("set -e\n{steps}"), STEP)?;
        if output.code != 0 {
            return Ok(Err(output.said()));
        }
    }
    bench.works()
}

/// More faults than one case has beyond the first.
const FAULTS: usize = 2;

/// Runs the remedy as printed, and those of the faults that it uncovers; then undoes all of them.
fn printed(
    bench: &Bench,
    machine: &Machine,
    mut finding: Option<Finding>,
    tell: &mut impl FnMut(Check) -> bool,
) {
    let remedy = &bench.case.remedy;
    let Some(before) = told_tree(machine, tell) else {
        return;
    };
    let mut cures = Vec::new();
    // The number of faults is not given: each one uncovered must be repaired in turn.
    let open_ended = remedy.from == From::Auto;
    let most = if open_ended { FAULTS } else { remedy.further };
    for further in 0..=most {
        if further > 0 {
            let wanted = Expect::of(bench.case, &bench.case.expect.server);
            tell(Check::ask("next cause", || {
                diagnosis::one(bench, machine, &wanted, &mut finding)
            }));
        }
        let offered = finding.as_ref().and_then(Finding::line);
        let Some(line) = remedy.command.clone().or(offered) else {
            tell(Check::failed(
                "remedy",
                format!("the {} offers none", machine.role.name()),
            ));
            return;
        };
        let cure = Cure {
            bench,
            machine,
            line,
        };
        if remedy.no_rollback.is_none() && further == 0 {
            tell(Check::ask("dry-run", || cure.dry_run(&before)));
        }
        if !tell(Check::ask("remedy", || cure.apply(further == most))) {
            return;
        }
        cures.push(cure);
        if open_ended && bench.works().is_ok_and(|works| works.is_ok()) {
            break;
        }
    }
    if let (Some(last), None) = (cures.last(), &remedy.no_rollback) {
        tell(Check::ask("again", || last.again()));
        // The offer may only start a service: then there is no file to restore.
        let wrote_nothing = || machine.tree().is_ok_and(|now| now == before);
        if remedy.from == From::Auto && wrote_nothing() {
            return;
        }
        tell(Check::ask("rollback", || {
            last.roll_back(cures.len(), &before)
        }));
    }
}

/// Lets a person on a terminal choose and confirm, then undoes it.
fn guided(bench: &Bench, tell: &mut impl FnMut(Check) -> bool) {
    let (machine, command) = (
        &bench.server,
        bench
            .case
            .remedy
            .command
            .as_deref()
            .unwrap_or("sshmend fix"),
    );
    let Some(before) = told_tree(machine, tell) else {
        return;
    };
    let cure = Cure {
        bench,
        machine,
        line: format!("python3 /opt/lab/guided.py {ANSWERS} -- {command}"),
    };
    let mended = Check::ask("remedy", || {
        let output = cure.run(&cure.line)?;
        if output.code != 0 {
            Ok(Err(output.said()))
        } else {
            bench.works()
        }
    });
    if tell(mended) {
        tell(Check::ask("rollback", || cure.roll_back(1, &before)));
    }
}

fn told_tree(machine: &Machine, tell: &mut impl FnMut(Check) -> bool) -> Option<String> {
    machine
        .tree()
        .map_err(|error| tell(Check::failed("tree", error.to_string())))
        .ok()
}

impl Cure<'_> {
    /// A dry run says that it would change something, and changes nothing.
    fn dry_run(&self, before: &str) -> Result<Verdict, LabError> {
        let output = self.run(&format!("{} --dry-run", self.line))?;
        let code = holds(output.code == 1, || {
            format!("exit {}, not 1: {}", output.code, output.said())
        });
        Ok(code.and(same(before, &self.machine.tree()?, "a dry run changed")))
    }

    fn apply(&self, last: bool) -> Result<Verdict, LabError> {
        let output = self.run(&format!("{} --yes", self.line))?;
        // The remedy of one of several faults exits with 1 if another one still stops the client.
        if output.code != 0 && (last || output.code != 1) {
            return Ok(Err(format!(
                "`{} --yes` ended with {}: {}",
                self.line,
                output.code,
                output.said()
            )));
        }
        if last { self.bench.works() } else { Ok(Ok(())) }
    }

    fn again(&self) -> Result<Verdict, LabError> {
        let mended = self.machine.tree()?;
        let output = self.run(&format!("{} --yes", self.line))?;
        let code = holds(output.code == 0, || {
            format!("exit {}: {}", output.code, output.said())
        });
        Ok(code.and(same(
            &mended,
            &self.machine.tree()?,
            "the second run changed",
        )))
    }

    /// Undoes the newest changes, one at a time, until everything is as it was before the first.
    fn roll_back(&self, times: usize, before: &str) -> Result<Verdict, LabError> {
        for id in self.newest(times)? {
            let output = self.run(&format!("sshmend rollback {id} --yes"))?;
            if output.code != 0 {
                return Ok(Err(format!("exit {}: {}", output.code, output.said())));
            }
        }
        let ours = |tree: &str| -> String {
            let others = &self.bench.case.remedy.not_compared;
            tree.lines()
                .filter(|line| !others.iter().any(|path| line.ends_with(path)))
                .map(|line| format!("{line}\n"))
                .collect()
        };
        let restored = same(
            &ours(before),
            &ours(&self.machine.tree()?),
            "rollback did not restore",
        );
        Ok(restored.and(self.bench.symptom()?))
    }

    /// The names of the transactions that are in force, newest first; one alone needs no name.
    fn newest(&self, times: usize) -> Result<Vec<String>, LabError> {
        if times == 1 {
            return Ok(vec![String::new()]);
        }
        let history = self
            .run("sshmend history --format json")?
            .ok("sshmend history")?
            .stdout;
        let history: History = serde_json::from_str(&history).map_err(|error| {
            LabError::Usage(format!("the history of sshmend cannot be read: {error}"))
        })?;
        let mut ids: Vec<String> = history
            .transactions
            .into_iter()
            .map(|transaction| transaction.id)
            .collect();
        ids.reverse();
        Ok(ids)
    }

    fn run(&self, line: &str) -> Result<Output, LabError> {
        let user = if self.machine.role == Role::Server {
            User::Root
        } else {
            User::Alice
        };
        self.bench.told(self.machine, user, line, STEP)
    }
}
