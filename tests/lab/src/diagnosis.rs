//! The output of `sshmend diagnose`, and whether it is what the case expects.

use serde::Deserialize;

use crate::bench::{Bench, STEP};
use crate::case::Expect;
use crate::check::{Verdict, holds};
use crate::error::LabError;
use crate::machine::{Machine, User};
use crate::role::Role;

/// The JSON, as far as the lab reads it.
#[derive(Debug, Deserialize)]
struct Diagnosis {
    findings: Vec<Finding>,
}

/// One cause that was found.
#[derive(Debug, Deserialize)]
pub(crate) struct Finding {
    cause: String,
    certainty: String,
    remedy: Option<Command>,
    /// The steps for a person instead.
    #[serde(default)]
    steps: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Command {
    argv: Vec<String>,
}

/// The first finding of each side; `None` if nothing was found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) server: Option<Finding>,
    pub(crate) client: Option<Finding>,
}

impl Finding {
    /// The remedy as a command line for a shell.
    pub(crate) fn line(&self) -> Option<String> {
        self.remedy.as_ref().map(|remedy| quoted(&remedy.argv))
    }

    /// The steps for a person, in order.
    pub(crate) fn steps(&self) -> &[String] {
        &self.steps
    }

    /// Whether the reader learns anything about mending it.
    pub(crate) fn says_what_to_do(&self) -> bool {
        self.remedy.is_some() || !self.steps.is_empty()
    }
}

/// Diagnoses from both sides and keeps what each names first.
pub(crate) fn both(bench: &Bench, found: &mut Findings) -> Result<Verdict, LabError> {
    let expect = &bench.case.expect;
    let on_server = one(
        bench,
        &bench.server,
        &Expect::of(bench.case, &expect.server),
        &mut found.server,
    )?;
    let on_client = one(
        bench,
        &bench.client,
        &Expect::of(bench.case, &expect.client),
        &mut found.client,
    )?;
    Ok(on_server.and(on_client))
}

/// Diagnoses from one side, which must name one of the wanted causes first.
pub(crate) fn one(
    bench: &Bench,
    machine: &Machine,
    wanted: &[&str],
    found: &mut Option<Finding>,
) -> Result<Verdict, LabError> {
    let (expect, name) = (&bench.case.expect, machine.role.name());
    let (user, args) = match machine.role {
        Role::Server | Role::Second | Role::Third => (
            User::Root,
            expect
                .server_args
                .as_deref()
                .unwrap_or("--client 198.51.100.11 --user alice"),
        ),
        Role::Client => (
            User::Alice,
            expect.client_args.as_deref().unwrap_or("server"),
        ),
    };
    if bench.has_onlooker() {
        bench.told(machine, user, &format!("sshmend diagnose {args}"), STEP)?;
    }
    let output = machine.shell(
        user,
        &format!("sshmend diagnose {args} --format json"),
        STEP,
    )?;
    bench.record(&format!("{name}-diagnosis.json"), &output.stdout)?;
    let diagnosis: Diagnosis = match serde_json::from_str(&output.stdout) {
        Ok(diagnosis) => diagnosis,
        Err(error) => {
            return Ok(Err(format!(
                "{name}: no diagnosis ({error}): {}",
                output.said()
            )));
        }
    };
    let certain = diagnosis
        .findings
        .iter()
        .find(|finding| finding.certainty == "certain");
    if let (None, Some(finding)) = (&bench.case.cause, certain) {
        return Ok(Err(format!(
            "{name} is certain of {} on a machine where nothing is broken",
            finding.cause
        )));
    }
    *found = diagnosis.findings.into_iter().next();
    let cause = found
        .as_ref()
        .map_or("nothing", |finding| finding.cause.as_str());
    let named = wanted.contains(&"anything") || wanted.contains(&cause);
    Ok(holds(named, || {
        format!("{name} says {cause}, not {}", wanted.join(" or "))
    })
    .and_then(|()| {
        holds(output.code == i32::from(found.is_some()), || {
            format!("{name}: {} with {cause}", output.code)
        })
    }))
}

/// Joins words so that a shell splits them again.
fn quoted(argv: &[String]) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    let quote = |word: &String| {
        if !word.is_empty() && word.chars().all(plain) {
            word.clone()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    };
    argv.iter().map(quote).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_survive_shell_quoting() {
        let argv = ["sshmend", "a b", "it's", "", "MaxStartups=1:2:3"].map(str::to_owned);
        assert_eq!(
            quoted(&argv),
            r"sshmend 'a b' 'it'\''s' '' MaxStartups=1:2:3"
        );
    }
}
