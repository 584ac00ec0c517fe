//! `sshmend history`: the changes, newest last.

use jiff::SignedDuration;
use sshmend_host::{Account, Uninterrupted, now};
use sshmend_transaction::{Id, Past, Record, Versions};

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::json::history::{Damaged, Full, History, Pruned, Transaction};
use crate::output::escape::line;
use crate::output::past::{diffs, state};
use crate::output::times::{age, moment};
use crate::output::{Output, Role};
use crate::session::Session;

/// Lists the transactions, or shows one.
pub(crate) fn run(session: &Session, arguments: &cli::History) -> Result<Outcome, Failure> {
    if let Some(age) = arguments.prune {
        return prune(session, arguments, age);
    }
    let journal = session.journal()?;
    let printed = match &arguments.id {
        None => {
            let past = journal.history();
            list(session, &past.map_err(|error| Failure::from_file(&error))?)
        }
        Some(id) => {
            let record = journal
                .record(&session.transaction(id)?)
                .map_err(|error| Failure::from_journal(&error))?;
            let versions = journal
                .versions(&record)
                .map_err(|error| Failure::from_journal(&error))?;
            show(&session.output, &record, &versions)
        }
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(Outcome::Fine)
}

/// Removes old transactions.
fn prune(
    session: &Session,
    arguments: &cli::History,
    age: SignedDuration,
) -> Result<Outcome, Failure> {
    let before = now().checked_sub(age);
    let before = before.map_err(|error| Failure::caused("no such time", &error))?;
    let (pruned, outcome) = if arguments.dry_run {
        let old = session.journal()?.prunable(before);
        let old = old.map_err(|error| Failure::from_journal(&error))?;
        let ids: Vec<Id> = old.into_iter().map(|record| record.id).collect();
        let outcome = if ids.is_empty() {
            Outcome::Fine
        } else {
            Outcome::Findings
        };
        (ids, outcome)
    } else {
        session.journal()?;
        let store = session.store("sshmend history --prune", arguments.wait)?;
        let _held = Uninterrupted::begin();
        let pruned = store.prune(before);
        (
            pruned.map_err(|error| Failure::from_journal(&error))?,
            Outcome::Fine,
        )
    };
    let output = &session.output;
    let printed = if output.is_json() {
        output.json(&Pruned::new(&pruned, arguments.dry_run))
    } else {
        let lines = pruned.iter().map(|id| format!("{id}\n"));
        let moment = moment(before);
        let told = match (pruned.is_empty(), arguments.dry_run) {
            (true, _) => format!("nothing to remove from before {moment}\n"),
            (false, true) => format!("from before {moment}, no longer needed:\n"),
            (false, false) => format!("removed, from before {moment}:\n"),
        };
        output.data(&std::iter::once(told).chain(lines).collect::<String>())
    };
    printed.map_err(|error| {
        if arguments.dry_run {
            Failure::caused("cannot print", &error)
        } else {
            Failure::unprinted(&error)
        }
    })?;
    Ok(outcome)
}

fn list(session: &Session, past: &[Past]) -> std::io::Result<()> {
    let output = &session.output;
    if output.is_json() {
        return output.json(&document(past));
    }
    let mut text = String::new();
    if past.is_empty() {
        text.push_str(&nothing_yet(session));
    }
    let names: Vec<String> = past.iter().map(who).collect();
    let width = names.iter().map(String::len).max().unwrap_or_default();
    for (past, name) in past.iter().zip(&names) {
        let shown = match past {
            Past::Record(record) => {
                let (when, name) = (line(&told(record)), format!("{name:width$}"));
                summary(output, record, &format!("{when}  {name}  "))
            }
            Past::Abandoned(id) => format!(
                "{id} {}",
                output.paint(Role::Dim, "interrupted before it changed anything")
            ),
            Past::Forgotten(id) => format!("{id} {}", output.paint(Role::Dim, "given up")),
            Past::Damaged(damaged) => output.quote(Role::Bad, &damaged.to_string()),
        };
        text.push_str(&format!("{shown}\n"));
    }
    output.prose(&text)
}

fn document(past: &[Past]) -> History {
    let mut document = History::default();
    for past in past {
        match past {
            Past::Record(record) => document.transactions.push(Transaction::new(record, None)),
            Past::Damaged(damaged) => document.damaged.push(Damaged::new(damaged)),
            Past::Abandoned(_) | Past::Forgotten(_) => {}
        }
    }
    document
}

/// The message for an ordinary user, whose own journal does not contain root's changes.
fn nothing_yet(session: &Session) -> String {
    let state = session.state();
    if session.is_root() || !session.machine.is_live() {
        "nothing was changed yet\n".to_owned()
    } else {
        format!(
            "nothing was changed yet by you, in {}; what root changed: sudo sshmend history\n",
            line(&state.display().to_string())
        )
    }
}

/// The time of the change, and its age.
fn told(record: &Record) -> String {
    let age = age(record.when, now());
    format!("{}  {age:>11}", moment(record.when))
}

/// The owner of the transaction.
fn who(past: &Past) -> String {
    let Past::Record(record) = past else {
        return String::new();
    };
    let own = || Account::of_uid(record.who.uid).map(|account| account.name);
    let name = record.who.sudo_user.clone().or_else(own);
    line(&name.unwrap_or_else(|| record.who.uid.to_string()))
}

fn summary(output: &Output, record: &Record, between: &str) -> String {
    let role = if record.is_unfinished() || record.waits_for_confirmation() {
        Role::Bad
    } else {
        Role::Dim
    };
    let state = output.paint(role, &format!("{:STATES$}", state(record.state)));
    let paths = record
        .files
        .iter()
        .map(|file| file.path.display().to_string());
    let files = line(&paths.collect::<Vec<_>>().join(" "));
    format!(
        "{}  {state}  {between}{}  {}{}",
        output.paint(Role::Title, record.id.as_str()),
        line(&record.why),
        output.paint(Role::Dim, &files),
        ahead(record)
    )
}

/// The width of the longest state.
const STATES: usize = "pending-confirm".len();

/// The time at which it is undone automatically.
fn ahead(record: &Record) -> String {
    match record.goes_back() {
        Some(back) if back.unless_confirmed => {
            format!("  [is undone at {} unless confirmed]", moment(back.at))
        }
        Some(back) => format!("  [is undone at {}]", moment(back.at)),
        None => String::new(),
    }
}

fn show(output: &Output, record: &Record, versions: &[Versions]) -> std::io::Result<()> {
    if output.is_json() {
        return output.json(&Full::new(record, versions));
    }
    let mut text = summary(output, record, "") + "\n";
    text.push_str(&format!(
        "when: {} ({})\nwho:  {}\nwith: {}\n",
        moment(record.when),
        age(record.when, now()),
        who(&Past::Record(record.clone())),
        output.command(&record.argv)
    ));
    if let Some(from) = &record.who.ssh_connection {
        text.push_str(&format!("from: {}\n", line(from)));
    }
    // A diff stays as it is.
    let mut text = output.fold(&text);
    for diff in diffs(record, versions) {
        text.push_str(&output.diff(&diff));
    }
    output.data(&text)
}
