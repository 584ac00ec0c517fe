//! One case on one suite, inside its sandbox: each check is printed as it ends.

use std::path::Path;

use crate::args::Args;
use crate::bench::{Bench, STEP};
use crate::case::Case;
use crate::check::Check;
use crate::error::{LabError, trying};
use crate::machine::User;
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
    let bench = match Bench::start(&case, suite, &args.place, args.narrate) {
        Ok(bench) => bench,
        Err(error) => return Ok(tell(Check::failed("boot", error.to_string()))),
    };
    if let Some(binary) = &args.sshmend {
        remedy::install(&bench, binary)?;
    }
    if args.stay {
        return stay(&bench, args.client);
    }
    let broken = tell(Check::ask("healthy", || bench.healthy()))
        && tell(Check::ask("fault", || bench.break_it().map(Ok)))
        && tell(Check::ask("symptom", || bench.symptom()));
    if let Some(folder) = &args.record {
        record(&bench, &folder.join(&case.name).join(suite.name()))?;
    }
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
    let status = machine.enter(user).args(["TERM=xterm", "bash", "-l"]).status();
    trying("bash", status).map(|status| status.success())
}

/// Writes down the client's attempt and what both machines say about themselves.
fn record(bench: &Bench, folder: &Path) -> Result<(), LabError> {
    let verbose = bench.case.connect.command.replacen("ssh ", "ssh -vvv ", 1);
    for (name, command) in [("attempt", bench.case.connect.command.as_str()), ("attempt-vvv", &verbose)] {
        let output = bench.client.shell(User::Alice, command, 40)?;
        let ending = format!("exit {}\nseconds {:.2}\ncommand {command}\n", output.code, output.took.as_secs_f64());
        for (kind, text) in [("stdout", &output.stdout), ("stderr", &output.stderr), ("end", &ending)] {
            let path = folder.join(format!("{name}.{kind}"));
            trying(folder.display().to_string(), std::fs::create_dir_all(folder))?;
            trying(path.display().to_string(), std::fs::write(&path, text))?;
        }
    }
    for machine in [&bench.server, &bench.client] {
        machine
            .shell(User::Root, "mkdir -p /opt/lab/facts && bash /opt/lab/facts.sh /opt/lab/facts", STEP)?
            .ok("facts.sh")?;
        let target = folder.join(machine.name());
        trying(target.display().to_string(), std::fs::create_dir_all(&target))?;
        copy_files(&machine.path("/opt/lab/facts"), &target)?;
    }
    Ok(())
}

fn copy_files(from: &Path, to: &Path) -> Result<(), LabError> {
    let what = from.display().to_string();
    for entry in trying(&what, std::fs::read_dir(from))? {
        let entry = trying(&what, entry)?;
        trying(&what, std::fs::copy(entry.path(), to.join(entry.file_name())))?;
    }
    Ok(())
}
