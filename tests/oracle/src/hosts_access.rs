//! hosts.allow and hosts.deny against libwrap itself.
//!
//! libwrap is called through a small C program, not through tcpdmatch: in its dry run tcpdmatch
//! takes every `aclexec` command for a success, calls a `twist` "delegated", and needs a resolver
//! for every host name. Recordings of tcpdmatch are compared where it is right.

mod files;
mod generate;
mod libwrap;
mod random;
mod recorded;

use std::path::Path;

use crate::Report;
use libwrap::Libwrap;

/// Compares with the recordings of every item in a corpus, and asks libwrap after each of several
/// fixes.
pub fn corpus(corpus: &Path) -> Report {
    let mut report = Report::default();
    match Libwrap::build() {
        Ok(libwrap) => recorded::compare(corpus, &libwrap, &mut report),
        Err(error) => not_built(&mut report, &error),
    }
    report
}

/// Compares `cases` random tables and clients with the libwrap of this machine, as they are and
/// after a fix.
pub fn random(cases: u64, seed: u64) -> Report {
    let mut report = Report::default();
    match Libwrap::build() {
        Ok(libwrap) => random::compare(cases, seed, &libwrap, &mut report),
        Err(error) => not_built(&mut report, &error),
    }
    report
}

fn not_built(report: &mut Report, error: &std::io::Error) {
    report.leave_out(
        "all",
        &format!("the program could not be compiled (is libwrap0-dev installed?): {error}"),
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(name: &str, default: u64) -> u64 {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse().ok())
            .unwrap_or(default)
    }

    #[test]
    fn libwrap_agrees_on_random_tables() {
        let report = random(number("CASES", 800), number("SEED", 1));
        println!("{report}");
        assert!(report.passed() || report.compared == 0, "{report}");
    }

    #[test]
    fn the_recorded_answers_agree() {
        if let Ok(corpus) = std::env::var("CORPUS") {
            let report = super::corpus(corpus.as_ref());
            println!("{report}");
            assert!(report.passed(), "{report}");
        }
    }
}
