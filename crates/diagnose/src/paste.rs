//! The answer to a paste: its attempts, grouped by the way in which they failed.

use sshmend_facts::{Facts, Unchecked};
use sshmend_ssh_log::transcript::{Attempt, Certainty as Sure, Reached, Transcript};

use crate::diagnosis::{Diagnosis, Read};
use crate::finding::Finding;

/// What git adds to the words of an ssh that failed.
const OF_GIT: [&str; 2] = [
    "Could not read from remote repository",
    "the remote end hung up",
];

/// The number of lines shown for attempts that failed in the same way.
const LINES_SHOWN: usize = 3;

/// Judges the attempts of a paste; `judge` judges the one in focus.
pub(crate) fn diagnose(
    facts: &Facts<'_>,
    paste: &Transcript,
    judge: impl Fn(&mut Diagnosis),
) -> Diagnosis {
    let mut whole = Diagnosis {
        attempts: paste.attempts.clone(),
        read: Some(Read {
            lines: paste.lines,
            understood: paste.understood,
        }),
        ..Diagnosis::default()
    };
    if is_server_log(paste) {
        let reason = "this is a log of sshd, not what a client printed: `sshmend diagnose --log FILE` reads it";
        whole.unchecked.push(Unchecked::new("transcript", reason));
        whole.attempts.clear();
        return whole;
    }
    let ways = ways(&paste.attempts);
    for (at, way) in ways.iter().enumerate() {
        let mut part = Diagnosis::default();
        facts.focus.set(way[0]);
        judge(&mut part);
        for finding in &mut part.findings {
            extend(finding, &paste.attempts, way);
        }
        if ways.len() == 1 {
            whole.gates = std::mem::take(&mut part.gates);
        }
        whole.add_way(part, at == 0);
    }
    whole.unchecked.extend(unknown(paste));
    whole.tidied()
}

/// Whether nothing in it is of a client, and something of sshd's log.
fn is_server_log(paste: &Transcript) -> bool {
    paste.server_lines > 0 && !paste.attempts.iter().any(Attempt::is_of_client)
}

/// The failed attempts, grouped by the way in which they failed: the most certain answer first,
/// then the first line.
fn ways(attempts: &[Attempt]) -> Vec<Vec<usize>> {
    let mut ways: Vec<Vec<usize>> = Vec::new();
    for (at, attempt) in attempts
        .iter()
        .enumerate()
        .filter(|(_, attempt)| !attempt.conclusions.is_empty())
    {
        match ways
            .iter_mut()
            .find(|way| is_same_way(&attempts[way[0]], attempt))
        {
            Some(way) => way.push(at),
            None => ways.push(vec![at]),
        }
    }
    ways.sort_by_key(|way| {
        attempts[way[0]]
            .conclusions
            .first()
            .map_or(Sure::Possible, |first| first.certainty)
    });
    ways
}

/// Whether two attempts failed in the same way: the same conclusions, and the same next step except
/// for the host.
fn is_same_way(one: &Attempt, other: &Attempt) -> bool {
    let concluded = |attempt: &Attempt| -> Vec<_> {
        attempt
            .conclusions
            .iter()
            .map(|found| (found.cause, found.certainty, found.reason))
            .collect()
    };
    one.reached == other.reached
        && one.undecided == other.undecided
        && concluded(one) == concluded(other)
}

/// Extends the finding of the first attempt in a group to all of them.
fn extend(finding: &mut Finding, attempts: &[Attempt], way: &[usize]) {
    finding.attempts = way.to_vec();
    for &at in way {
        let name = attempts[at]
            .name()
            .filter(|name| !finding.hosts.iter().any(|known| known == name));
        finding.hosts.extend(name.map(str::to_owned));
    }
    for &at in &way[1..] {
        let same = attempts[at]
            .conclusions
            .iter()
            .find(|found| found.cause == finding.cause);
        if let Some(found) = same.filter(|_| finding.evidence.len() < LINES_SHOWN) {
            finding.shown_on("transcript", found.line, &found.text);
        }
    }
}

/// The checks that the paste leaves open: nothing about SSH in it, or attempts whose end is
/// unknown.
fn unknown(paste: &Transcript) -> Vec<Unchecked> {
    if paste.attempts.is_empty() {
        let reason = format!(
            "{} of {} lines understood: no message of an SSH client in it",
            paste.understood, paste.lines
        );
        return vec![Unchecked::new("transcript", reason)];
    }
    let open = paste
        .attempts
        .iter()
        .filter(|attempt| attempt.conclusions.is_empty() && !attempt.succeeded());
    open.map(|attempt| {
        let (first, last) = attempt.lines;
        let lines = if first == last {
            format!("line {first}")
        } else {
            format!("lines {first} to {last}")
        };
        let check = attempt
            .name()
            .map_or_else(|| lines.clone(), |name| format!("{name} ({lines})"));
        let run = attempt
            .next
            .first()
            .map_or_else(|| "ssh -vvv HOST".to_owned(), |next| next.argv.join(" "));
        let all = format!("run `{run}`, and take all that it prints");
        let reason = match &attempt.end {
            Some(end) if OF_GIT.iter().any(|words| end.text.contains(words)) => {
                "git says no more than that ssh failed; the words of ssh stand above that line: \
                 `git ls-remote 2>&1 | sshmend diagnose -` reads both"
                    .to_owned()
            }
            Some(end) => format!(
                "this message is not known: {}: {all}",
                end.text.trim_end_matches(['.', ':'])
            ),
            None => format!(
                "{}no message in it says why it failed: {all}",
                answer(attempt)
            ),
        };
        Unchecked::new(check, reason)
    })
    .collect()
}

/// What the server did in an attempt whose end is not told.
fn answer(attempt: &Attempt) -> String {
    match &attempt.server {
        Some(server) if attempt.reached < Reached::LoggedIn => {
            format!("the server answers as {server}, and ")
        }
        None if attempt.reached == Reached::Connected => {
            "the connection is established, and ".to_owned()
        }
        _ => String::new(),
    }
}

impl Diagnosis {
    fn add_way(&mut self, part: Self, first: bool) {
        self.findings.extend(part.findings);
        self.unchecked.extend(part.unchecked);
        // A cause is excluded only if no attempt can have it.
        if first {
            self.excluded = part.excluded;
        } else {
            self.excluded
                .retain(|one| part.excluded.iter().any(|other| other.cause == one.cause));
        }
        let found = &self.findings;
        self.excluded
            .retain(|one| !found.iter().any(|finding| finding.cause == one.cause));
    }

    /// A summary of a paste with several attempts, in one line: `5 of 20 hosts fail, in 3 ways`.
    pub fn summary(&self) -> Option<String> {
        if self.attempts.len() < 2 {
            return None;
        }
        let failed: Vec<&Attempt> = self
            .attempts
            .iter()
            .filter(|attempt| attempt.failed())
            .collect();
        let mut ways: Vec<&[usize]> = self
            .findings
            .iter()
            .map(|finding| finding.attempts.as_slice())
            // The log of the server is not of one of them.
            .filter(|attempts| !attempts.is_empty())
            .collect();
        ways.dedup();
        let hosts = |attempts: &[&Attempt]| {
            let mut names: Vec<&str> = attempts
                .iter()
                .filter_map(|attempt| attempt.name())
                .collect();
            names.sort_unstable();
            names.dedup();
            names.len()
        };
        let all: Vec<&Attempt> = self.attempts.iter().collect();
        let named = self.attempts.iter().all(|attempt| attempt.name().is_some());
        let (count, total, what) = match hosts(&all) {
            total if named && total > 1 => (hosts(&failed), total, "hosts"),
            _ => (failed.len(), all.len(), "attempts"),
        };
        let ways = if ways.len() > 1 {
            format!(", in {} ways", ways.len())
        } else {
            String::new()
        };
        let verb = if count == 1 { "fails" } else { "fail" };
        Some(format!("{count} of {total} {what} {verb}{ways}"))
    }
}
