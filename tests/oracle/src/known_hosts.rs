//! known_hosts against `ssh-keygen -F`, `ssh-keygen -l -F`, and `ssh` itself.

mod client;
mod excuse;
mod generate;
mod keygen;
mod kit;
mod random;
mod recorded;
mod seen;

use std::path::Path;

use crate::Report;

/// Threads that ask the programs; each case starts about five of them.
const THREADS: u64 = 2;
/// One case in this many is also put to `ssh` and a throw-away `sshd`.
const SSH_SHARE: u64 = 50;

/// Compares with the recorded output of `ssh-keygen` 9.2 and 10.5 for every item in a corpus, and
/// with what it lost.
pub fn corpus(corpus: &Path) -> Report {
    recorded::compare(corpus)
}

/// Compares `cases` random files, before and after each kind of edit, with the `ssh-keygen` of this machine; and one in
/// fifty with `ssh`, as [`random_ssh`] does.
pub fn random(cases: u64, seed: u64) -> Report {
    let run = |thread: u64| {
        random::compare(
            cases / THREADS + u64::from(thread < cases % THREADS),
            seed ^ thread << 32,
        )
    };
    let mut report = in_threads(run);
    report.absorb(random_ssh(cases.div_ceil(SSH_SHARE), seed));
    report
}

/// Compares our prediction for a host key with what `ssh` does, and lets it connect after each
/// pinned key.
pub fn random_ssh(cases: u64, seed: u64) -> Report {
    let run = |thread: u64| {
        client::compare(
            cases / THREADS + u64::from(thread < cases % THREADS),
            seed ^ thread << 32,
        )
    };
    in_threads(run)
}

fn in_threads(run: impl Fn(u64) -> Report + Sync) -> Report {
    let mut report = Report::default();
    std::thread::scope(|scope| {
        let run = &run;
        let handles: Vec<_> = (0..THREADS)
            .map(|thread| scope.spawn(move || run(thread)))
            .collect();
        for handle in handles {
            report.absorb(handle.join().expect("a comparison does not panic"));
        }
    });
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_random_files_agree_with_ssh_keygen_and_ssh() {
        let report = random(60, 1);
        assert!(report.passed(), "{report}");
    }
}
