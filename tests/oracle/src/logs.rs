//! Log lines compared with statements about them, and with a real sshd.
//!
//! An item states how other readers interpret its lines, or what was really done to every
//! connection; and the census counts the lines that match an expression. All three are compared;
//! what cannot be compared is left out with its reason.

mod census;
mod envelopes;
mod live;
mod random;
mod seen;
mod stated;

use std::fs;
use std::path::Path;

use crate::{Item, Report, items};
use seen::Log;

/// Compares with the statements about every log in a corpus.
pub fn corpus(corpus: &Path) -> Report {
    let mut report = Report::default();
    match items(corpus, "logs") {
        Ok(items) => items
            .iter()
            .for_each(|item| compare_item(&mut report, item)),
        Err(error) => report.leave_out("logs", &error.to_string()),
    }
    report
}

/// Makes `cases` connections to the sshd of this machine, with names and identifications that imitate log lines, and
/// compares the source that we read from its log with the true one.
pub fn random(cases: u64, seed: u64) -> Report {
    random::run(cases, seed)
}

fn compare_item(report: &mut Report, item: &Item) {
    let bytes = match fs::read(&item.path) {
        Ok(bytes) => bytes,
        Err(error) => return report.leave_out(&item.name, &error.to_string()),
    };
    let log = Log::read(&bytes);
    census::compare(report, item, &log);
    stated::compare(report, item, &log);
}
