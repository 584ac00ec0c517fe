//! The effects of a change of fail2ban's configuration, for a person.

use jiff::Timestamp;
use sshmend_fail2ban::{Config, Edited, Jail, Parsed, Problem};

use crate::plan::{Effect, Notice};

/// The number of words from which on a list is shown by its length alone.
const LONG: usize = 40;

/// The changed lists of the running jails, and whether fail2ban starts, if that changes.
pub(super) fn effects(before: &Config<'_>, after: &Config<'_>) -> Vec<Effect> {
    let state = |config: &Config<'_>| {
        if config.starts() {
            "starts"
        } else {
            "does not start"
        }
    };
    let starts = (before.starts() != after.starts()).then(|| Effect {
        what: "fail2ban".to_owned(),
        before: state(before).to_owned(),
        after: state(after).to_owned(),
    });
    let changed = after
        .jails()
        .iter()
        .filter(|jail| jail.runs())
        .filter_map(|jail| {
            let was = before.jail(&jail.name).map(Jail::words).unwrap_or_default();
            let differ = was.len() != jail.words().len()
                || was.iter().zip(jail.words()).any(|(a, b)| a.text != b.text);
            let what = format!("ignoreip of jail {}", jail.name);
            let old = before.jail(&jail.name);
            differ.then(|| Effect {
                what,
                before: old.map(list).unwrap_or_default(),
                after: list(jail),
            })
        });
    starts.into_iter().chain(changed).collect()
}

/// A list for a person: of a long one the last words, which are the new ones if some were added.
fn list(jail: &Jail) -> String {
    let words: Vec<&str> = jail.words().iter().map(|word| word.text.as_str()).collect();
    match words.len().checked_sub(LONG) {
        None | Some(0) => words.join(" "),
        Some(left_out) => format!("({left_out} others) {}", words[left_out..].join(" ")),
    }
}

/// The corrections made to the requested addresses.
pub(super) fn corrected(addresses: &[Parsed]) -> impl Iterator<Item = Notice> {
    addresses
        .iter()
        .filter_map(|parsed| Some(Notice::new("corrected", parsed.notice.clone()?)))
}

/// Notes on a change, and the problems of the resulting configuration.
pub(super) fn notes(
    edited: &Edited,
    after: &Config<'_>,
    now: Timestamp,
) -> impl Iterator<Item = Notice> {
    let own = edited.notes.iter().map(|note| Notice {
        origin: note.origin.clone(),
        ..Notice::new(note.name, &note.text)
    });
    let problems = after.problems().iter().map(|problem| {
        if after.is_mendable(problem) {
            offered(problem)
        } else {
            misread(problem)
        }
    });
    let expired = after.expired(now).into_iter().map(|over| {
        let text = format!(
            "the exemption of {} ended at {}",
            over.words.join(" "),
            over.until
        );
        Notice {
            origin: Some(over.origin),
            ..Notice::new("expired", text)
        }
    });
    own.chain(problems.collect::<Vec<_>>())
        .chain(expired.collect::<Vec<_>>())
}

/// A problem, with the command that repairs exactly that.
pub(super) fn offered(problem: &Problem) -> Notice {
    let text = format!(
        "{}: {}; {} mends it",
        problem.message,
        problem.consequence,
        command(problem)
    );
    Notice {
        origin: Some(problem.origin.clone()),
        ..Notice::new("offer", text)
    }
}

fn misread(problem: &Problem) -> Notice {
    let text = format!(
        "{}: {}; {}",
        problem.message, problem.consequence, problem.hint
    );
    Notice {
        origin: Some(problem.origin.clone()),
        ..Notice::new("misread", text)
    }
}

/// The command that repairs one problem.
pub(super) fn command(problem: &Problem) -> String {
    format!("`sshmend fix fail2ban --mend {}`", problem.origin)
}
