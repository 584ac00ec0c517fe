//! One case on one suite, inside its sandbox: each check is printed as it ends.

use crate::args::Args;
use crate::bench::Bench;
use crate::case::Case;
use crate::check::Check;
use crate::error::{LabError, trying};
use crate::fleet;
use crate::machine::User;
use crate::record;
use crate::remedy;
use crate::sandbox;
use crate::suite::Suite;

/// Runs the case and prints one line of JSON a check; true when all hold.
#[expect(clippy::print_stdout, reason = "the pool reads it")]
pub(crate) fn run(args: &Args) -> Result<bool, LabError> {
    sandbox::settle(&args.place)?;
    let (case, suite) = one(args)?;
    let mut all = true;
    let mut tell = |check: Check| {
        all &= check.failure.is_none();
        println!("{}", serde_json::to_string(&check).expect("a check is plain data"));
        check.failure.is_none()
    };
    if let Some(fleet) = &case.fleet {
        fleet::run(fleet, suite, args, &mut tell)?;
        return Ok(all);
    }
    let bench = match Bench::start(&case, suite, args) {
        Ok(bench) => bench,
        Err(error) => return Ok(tell(Check::failed("boot", error.to_string()))),
    };
    if let Some(binary) = &args.sshmend {
        [&bench.server, &bench.client].into_iter().try_for_each(|machine| remedy::install(machine, binary))?;
    }
    if args.stay {
        return stay(&bench, args.client);
    }
    let broken = tell(Check::ask("healthy", || bench.healthy()))
        && tell(Check::ask("fault", || bench.break_it().map(Ok)))
        && tell(Check::ask("symptom", || bench.symptom()));
    record::symptom(&bench)?;
    if broken && args.sshmend.is_some() {
        remedy::checks(&bench, &mut tell);
    }
    Ok(all)
}

/// The one case and the one suite that a worker is for.
pub(crate) fn one(args: &Args) -> Result<(Case, Suite), LabError> {
    let case = args.cases()?.into_iter().next().ok_or_else(|| LabError::Usage("no case".to_owned()))?;
    Ok((case, args.suites[0]))
}

/// Hands out a shell in the broken machine.
fn stay(bench: &Bench, client: bool) -> Result<bool, LabError> {
    bench.break_it()?;
    let (machine, user) = if client { (&bench.client, User::Alice) } else { (&bench.server, User::Root) };
    let status = machine.enter(user).args(["bash", "-l"]).status();
    trying("bash", status).map(|status| status.success())
}
