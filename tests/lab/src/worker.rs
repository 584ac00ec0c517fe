//! One case on one suite, inside its sandbox: each check is printed as it ends.

use crate::args::Args;
use crate::bench::Bench;
use crate::binary;
use crate::case::Case;
use crate::check::Check;
use crate::error::{LabError, trying};
use crate::fleet;
use crate::machine::User;
use crate::record;
use crate::remedy;
use crate::sandbox;
use crate::suite::Suite;
use crate::timing;

/// Runs the case and prints one line per check, as JSON unless a person watches; true if all checks
/// pass.
#[expect(clippy::print_stdout, reason = "the pool reads it, or an onlooker")]
pub(crate) fn run(args: &Args) -> Result<bool, LabError> {
    sandbox::settle(&args.place)?;
    let (case, suite) = one(args)?;
    let mut all = true;
    let mut tell = |check: Check| {
        all &= check.failure.is_none();
        let json = || serde_json::to_string(&check).expect("a check is plain data");
        println!("{}", if args.narrate { check.words() } else { json() });
        check.failure.is_none()
    };
    match &case.fleet {
        Some(fleet) => fleet::run(&case, fleet, suite, args, &mut tell)?,
        None => follow(&case, suite, args, &mut tell)?,
    }
    Ok(all)
}

/// The one case and the one suite that a worker is for.
fn one(args: &Args) -> Result<(Case, Suite), LabError> {
    let none = || LabError::Usage("a worker takes one case and one suite".to_owned());
    Ok((
        args.cases()?.into_iter().next().ok_or_else(none)?,
        *args.suites.first().ok_or_else(none)?,
    ))
}

/// Sets the machines up, puts the fault in and asks what can be asked.
fn follow(
    case: &Case,
    suite: Suite,
    args: &Args,
    tell: &mut impl FnMut(Check) -> bool,
) -> Result<(), LabError> {
    let bench = Bench::start(case, suite, args)?;
    if let Some(sshmend) = &args.sshmend {
        [&bench.server, &bench.client]
            .into_iter()
            .try_for_each(|machine| binary::install(machine, sshmend))?;
    }
    if args.stay {
        return stay(&bench, args.client);
    }
    let broken = tell(Check::ask("healthy", || bench.healthy()))
        && tell(Check::ask("fault", || bench.break_it().map(Ok)))
        && tell(Check::ask("symptom", || bench.symptom()));
    record::symptom(&bench)?;
    if broken && args.time {
        timing::ask(&bench, tell);
    } else if broken && args.sshmend.is_some() {
        for restart in &case.restarts {
            tell(Check::ask(&restart.what, || bench.restart(restart)));
        }
        if let Some(faults) = &case.faults {
            tell(Check::ask("faults", || bench.faults(faults)));
        }
        remedy::checks(&bench, tell);
    }
    Ok(())
}

/// Hands out a shell in the broken machine.
fn stay(bench: &Bench, client: bool) -> Result<(), LabError> {
    bench.break_it()?;
    let (machine, user) = if client {
        (&bench.client, User::Alice)
    } else {
        (&bench.server, User::Root)
    };
    let status = machine.enter(user).args(["bash", "-l"]).status();
    trying("bash", status).map(drop)
}
