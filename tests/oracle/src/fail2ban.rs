//! `fail2ban` against fail2ban's own reader, of which `program` keeps a process running.

mod compare;
mod disk;
mod fix;
mod program;
mod recorded;
mod strangers;
mod trees;

use std::path::Path;
use std::thread;

use crate::Report;
use program::Program;

/// Drivers that run side by side.
const WORKERS: u64 = 2;
/// One case in this many is also given to `fail2ban-client -d`, to check the driver.
const DRIVER_SAMPLE: u64 = 100;

/// Compares with the recordings of every item in a corpus.
pub fn corpus(corpus: &Path) -> Report {
    recorded::compare(corpus).unwrap_or_else(|reason| unasked(&reason))
}

/// Compares `cases` random inputs with the program of this machine.
pub fn random(cases: u64, seed: u64) -> Report {
    let share = |worker| cases / WORKERS + u64::from(worker < cases % WORKERS);
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| (share(worker), seed + worker))
        .map(|(cases, seed)| thread::spawn(move || random_share(cases, seed)))
        .collect();
    let mut report = Report::default();
    for worker in workers {
        report.absorb(
            worker
                .join()
                .unwrap_or_else(|_| unasked("a worker panicked")),
        );
    }
    report
}

fn random_share(cases: u64, seed: u64) -> Report {
    let mut report = Report::default();
    let outcome = Program::start().and_then(|mut program| {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..cases).try_for_each(|case| {
            let tree = trees::random(&mut random);
            let name = format!("seed {seed} case {case}");
            if case % DRIVER_SAMPLE == 0 {
                compare::driver(&mut program, &name, &tree, &mut report)?;
            }
            compare::tree(&mut program, &name, &tree, &mut random, &mut report)
        })
    });
    outcome.unwrap_or_else(|reason| report.leave_out("fail2ban", &reason));
    report
}

fn unasked(reason: &str) -> Report {
    let mut report = Report::default();
    report.leave_out("fail2ban", reason);
    report
}
