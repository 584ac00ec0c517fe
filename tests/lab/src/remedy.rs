//! The checks that need sshmend: the cause is named, the remedy as printed mends it and can be taken back.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde::Deserialize;

use crate::bench::{Bench, STEP};
use crate::case::{Expect, From};
use crate::check::{Check, Verdict, holds, same};
use crate::command::Output;
use crate::error::{LabError, trying};
use crate::machine::{Machine, User};

/// What `sshmend diagnose --format json` says, as far as the lab reads it.
#[derive(Debug, Deserialize)]
struct Diagnosis {
    findings: Vec<Finding>,
}

#[derive(Debug, Deserialize)]
struct Finding {
    cause: String,
    remedy: Option<Command>,
    /// What a person has to do instead.
    #[serde(default)]
    steps: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Command {
    argv: Vec<String>,
}

/// A remedy and where it is to be run.
struct Cure<'a> {
    bench: &'a Bench<'a>,
    machine: &'a Machine,
    user: User,
    /// The command as printed, quoted for a shell.
    line: String,
    /// The configuration before it.
    before: String,
}

impl Finding {
    fn says_what_to_do(&self) -> bool {
        self.remedy.is_some() || !self.steps.is_empty()
    }
}

/// Puts the program into both machines.
pub(crate) fn install(bench: &Bench, binary: &Path) -> Result<(), LabError> {
    for machine in [&bench.server, &bench.client] {
        let target = machine.path("/usr/local/bin/sshmend");
        let copied =
            fs::copy(binary, &target).and_then(|_| fs::set_permissions(&target, fs::Permissions::from_mode(0o755)));
        trying(binary.display().to_string(), copied)?;
    }
    Ok(())
}

/// Asks everything that can be asked once the symptom shows; stops where the next question would make no sense.
pub(crate) fn checks(bench: &Bench, tell: &mut impl FnMut(Check) -> bool) {
    let mut findings = (None, None);
    tell(Check::ask("cause", || cause(bench, &mut findings)));
    match bench.case.remedy.from {
        From::Nothing => {}
        From::Owner => {
            let told = [&findings.0, &findings.1].into_iter().flatten().any(Finding::says_what_to_do);
            tell(Check::ask("remedy", || {
                Ok(holds(told, || "nobody is told what to do".to_owned()).and(by_owner(bench)?))
            }));
        }
        From::Server => printed(bench, &bench.server, User::Root, findings.0, tell),
        From::Client => printed(bench, &bench.client, User::Alice, findings.1, tell),
    }
}

fn cause(bench: &Bench, found: &mut (Option<Finding>, Option<Finding>)) -> Result<Verdict, LabError> {
    let expect = &bench.case.expect;
    let server_args = expect.server_args.as_deref().unwrap_or("--client 198.51.100.11 --user alice");
    let client_args = expect.client_args.as_deref().unwrap_or("server");
    let (server, first_on_server) = diagnose(bench, &bench.server, User::Root, server_args, &expect.server)?;
    let (client, first_on_client) = diagnose(bench, &bench.client, User::Alice, client_args, &expect.client)?;
    *found = (first_on_server, first_on_client);
    Ok(server.and(client))
}

fn diagnose(
    bench: &Bench,
    machine: &Machine,
    user: User,
    args: &str,
    wanted: &Option<Vec<String>>,
) -> Result<(Verdict, Option<Finding>), LabError> {
    let wanted = Expect::of(bench.case, wanted);
    let output = bench.told(machine, user, &format!("sshmend diagnose {args} --format json"), STEP)?;
    bench.record(&format!("{}-diagnosis.json", machine.name()), &output.stdout)?;
    let diagnosis: Diagnosis = match serde_json::from_str(&output.stdout) {
        Ok(diagnosis) => diagnosis,
        Err(error) => return Ok((Err(format!("{}: no diagnosis ({error}): {}", machine.name(), said(&output))), None)),
    };
    let first = diagnosis.findings.into_iter().next();
    let name = first.as_ref().map_or("nothing", |finding| finding.cause.as_str());
    let named = wanted.contains(&"anything") || wanted.contains(&name);
    let code = i32::from(first.is_some());
    let verdict = holds(named, || format!("{} says {name}, not {}", machine.name(), wanted.join(" or ")))
        .and_then(|()| holds(output.code == code, || format!("{}: exit {} with {name}", machine.name(), output.code)));
    Ok((verdict, first))
}

fn by_owner(bench: &Bench) -> Result<Verdict, LabError> {
    let remedy = &bench.case.remedy;
    let by = [(&bench.server, User::Root, &remedy.steps), (&bench.client, User::Alice, &remedy.client_steps)];
    for (machine, user, steps) in by {
        let output = bench.told(machine, user, &format!("set -e\n{steps}"), STEP)?;
        if output.code != 0 {
            return Ok(Err(said(&output)));
        }
    }
    bench.works()
}

fn printed(
    bench: &Bench,
    machine: &Machine,
    user: User,
    finding: Option<Finding>,
    tell: &mut impl FnMut(Check) -> bool,
) {
    let offered = finding.and_then(|finding| finding.remedy).map(|remedy| quoted(&remedy.argv));
    let Some(line) = bench.case.remedy.command.clone().or(offered) else {
        tell(Check::failed("remedy", format!("the {} offers none", machine.name())));
        return;
    };
    let before = match machine.tree() {
        Ok(before) => before,
        Err(error) => {
            tell(Check::failed("dry-run", error.to_string()));
            return;
        }
    };
    let cure = Cure { bench, machine, user, line, before };
    let files = bench.case.remedy.no_rollback.is_none();
    if files {
        tell(Check::ask("dry-run", || cure.dry_run()));
    }
    if tell(Check::ask("remedy", || cure.apply())) && files {
        tell(Check::ask("again", || cure.again()));
        tell(Check::ask("rollback", || cure.roll_back()));
    }
}

impl Cure<'_> {
    /// A dry run says that it would change something, and changes nothing.
    fn dry_run(&self) -> Result<Verdict, LabError> {
        let output = self.run(&format!("{} --dry-run", self.line))?;
        let code = holds(output.code == 1, || format!("exit {}, not 1: {}", output.code, said(&output)));
        Ok(code.and(same(&self.before, &self.machine.tree()?, "a dry run changed")))
    }

    fn apply(&self) -> Result<Verdict, LabError> {
        let output = self.run(&format!("{} --yes", self.line))?;
        if output.code != 0 {
            return Ok(Err(format!("`{} --yes` ended with {}: {}", self.line, output.code, said(&output))));
        }
        self.bench.works()
    }

    fn again(&self) -> Result<Verdict, LabError> {
        let mended = self.machine.tree()?;
        let output = self.run(&format!("{} --yes", self.line))?;
        let code = holds(output.code == 0, || format!("exit {}: {}", output.code, said(&output)));
        Ok(code.and(same(&mended, &self.machine.tree()?, "the second run changed")))
    }

    fn roll_back(&self) -> Result<Verdict, LabError> {
        let output = self.run("sshmend rollback --yes")?;
        if output.code != 0 {
            return Ok(Err(format!("exit {}: {}", output.code, said(&output))));
        }
        let ours = |tree: &str| -> String {
            let others = &self.bench.case.remedy.not_compared;
            tree.lines()
                .filter(|line| !others.iter().any(|path| line.ends_with(path)))
                .map(|line| format!("{line}\n"))
                .collect()
        };
        let restored = same(&ours(&self.before), &ours(&self.machine.tree()?), "rollback did not restore");
        Ok(restored.and(self.bench.symptom()?))
    }

    fn run(&self, line: &str) -> Result<Output, LabError> {
        self.bench.told(self.machine, self.user, line, STEP)
    }
}

fn said(output: &Output) -> String {
    format!("{}{}", output.stdout, output.stderr)
}

/// Joins words so that a shell takes them apart again.
fn quoted(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    let quote = |word: &String| match !word.is_empty() && word.chars().all(plain) {
        true => word.clone(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    };
    argv.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        let argv = ["sshmend", "a b", "it's", "", "MaxStartups=1:2:3"].map(str::to_owned);
        assert_eq!(quoted(&argv), r"sshmend 'a b' 'it'\''s' '' MaxStartups=1:2:3");
    }
}
