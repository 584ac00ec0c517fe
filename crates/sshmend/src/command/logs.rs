//! `sshmend logs`: the content of the logs, by cause, by source, over time.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use sshmend_host::{now, zone};
use sshmend_lossless::{Beside, beside};
use sshmend_ssh_log::{Account, CauseName, Clock, Event, ReadLog, Tally};

use crate::cli;
use crate::command::times::past;
use crate::error::{Failure, Outcome};
use crate::json::logs::Logs;
use crate::output::logs::text;
use crate::output::words::did_you_mean;
use crate::session::Session;

/// The usual log files of sshd; most machines have one of them. Rotated files are beside them.
const PLACES: [&str; 3] = ["/var/log/auth.log", "/var/log/secure", "/var/log/messages"];

/// The arguments of journalctl if none of these files exists. All units are read, because libwrap,
/// fail2ban and the kernel log there too.
const JOURNAL: [&str; 3] = ["--no-pager", "--quiet", "--output=short-iso-precise"];

/// The size of the input, in bytes, from which on a progress bar is shown.
const LONG: u64 = 32 << 20;

/// One log to read.
enum Input {
    File(PathBuf),
    Stdin,
    Journal,
}

/// The default number of causes and sources to print.
const TOP: usize = 10;

/// Reads the logs and adds them up.
pub(crate) fn run(session: &Session, arguments: &cli::Logs) -> Result<Outcome, Failure> {
    let filter = Filter::new(arguments)?;
    let inputs = if arguments.files.is_empty() {
        usual(session)
    } else {
        named(session, &arguments.files)
    };
    let bar = progress(session, &inputs);
    let read = read_all(session, &inputs, &filter, &bar);
    bar.finish_and_clear();
    let (tally, logs) = read?;
    let outcome = outcome(&tally, &logs);
    let printed = if session.output.is_json() {
        session.output.json(&Logs {
            error: outcome.trouble(),
            ..Logs::new(&tally, &logs, arguments.top.unwrap_or(usize::MAX))
        })
    } else {
        session.output.data(&text(
            &session.output,
            &tally,
            &logs,
            arguments.top.unwrap_or(TOP),
        ))
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(outcome)
}

fn outcome(tally: &Tally, logs: &[ReadLog]) -> Outcome {
    if logs.iter().all(|log| log.census.nothing_understood()) {
        Outcome::NotUnderstood
    } else if tally.causes().is_empty() {
        Outcome::Fine
    } else {
        Outcome::Findings
    }
}

/// Selects the events to count.
#[derive(Debug, Clone, Copy)]
struct Filter {
    since: Option<Timestamp>,
    cause: Option<CauseName>,
}

impl Filter {
    fn new(arguments: &cli::Logs) -> Result<Self, Failure> {
        let since = arguments
            .since
            .as_deref()
            .map(|text| past(text, now()))
            .transpose()?;
        let known = |name: &String| {
            let names = CauseName::ALL.iter().map(|cause| cause.as_str());
            let unknown = || {
                Failure::trouble(format!("not a cause: {name}")).with_hint(did_you_mean(
                    name,
                    names,
                    "all names: `sshmend explain`",
                ))
            };
            sshmend_diagnose::cause(name)
                .map(|cause| cause.name)
                .ok_or_else(unknown)
        };
        Ok(Self {
            since,
            cause: arguments.cause.as_ref().map(known).transpose()?,
        })
    }

    fn counts(&self, event: &Event<'_>) -> bool {
        let early = self
            .since
            .is_some_and(|since| event.time.is_some_and(|time| time < since));
        let told = match event.account {
            Account::Attributes(cause) | Account::Withdraws(cause) => Some(cause),
            Account::Fresh | Account::Again => event.cause,
        };
        !early && self.cause.is_none_or(|cause| told == Some(cause))
    }
}

fn named(session: &Session, files: &[PathBuf]) -> Vec<Input> {
    let input = |path: &PathBuf| match path.to_str() {
        Some("-") => Input::Stdin,
        _ => Input::File(session.environment.absolute(path)),
    };
    files.iter().map(input).collect()
}

/// The log files of the machine with their rotated ones, else its journal.
fn usual(session: &Session) -> Vec<Input> {
    let names = session
        .machine
        .names(Path::new("/var/log"))
        .ok()
        .flatten()
        .unwrap_or_default();
    let mut files: Vec<PathBuf> = names
        .into_iter()
        .map(|name| Path::new("/var/log").join(name))
        .filter(|path| is_usual(path))
        .collect();
    files.sort();
    if files.is_empty() {
        vec![Input::Journal]
    } else {
        files.into_iter().map(Input::File).collect()
    }
}

/// `auth.log`, `auth.log.1`, `auth.log.2.gz`, `secure-20261101`.
fn is_usual(path: &Path) -> bool {
    let Some(path) = path.to_str() else {
        return false;
    };
    let rotated = |rest: &str| rest.is_empty() || rest.starts_with(['.', '-']);
    PLACES
        .iter()
        .filter_map(|place| path.strip_prefix(place))
        .any(rotated)
}

/// Reads all inputs in parallel. Inputs that are not the log of a server add nothing.
fn read_all(
    session: &Session,
    inputs: &[Input],
    filter: &Filter,
    bar: &ProgressBar,
) -> Result<(Tally, Vec<ReadLog>), Failure> {
    let one = |input| read_one(session, input, filter, bar);
    let parts: Vec<Result<(Tally, ReadLog), Failure>> = thread::scope(|scope| {
        let Some((first, others)) = inputs.split_first() else {
            return Vec::new();
        };
        let running: Vec<_> = others
            .iter()
            .map(|input| beside(scope, move || one(input)))
            .collect();
        // By this thread: glibc enlarges the memory of every other one page by page.
        let mut parts = vec![one(first)];
        parts.extend(running.into_iter().map(Beside::join));
        parts
    });
    let (mut tally, mut logs) = (Tally::default(), Vec::new());
    for part in parts {
        let (part, log) = part?;
        if !log.census.nothing_understood() {
            tally.merge(&part);
        }
        logs.push(log);
    }
    Ok((tally, logs))
}

fn read_one(
    session: &Session,
    input: &Input,
    filter: &Filter,
    bar: &ProgressBar,
) -> Result<(Tally, ReadLog), Failure> {
    match input {
        Input::Stdin => read(io::stdin().lock(), "standard input", filter),
        Input::Journal => {
            let output = session.machine.stream_journal(&JOURNAL.map(str::to_owned));
            read(
                output.map_err(|error| Failure::caused("cannot read the journal", &error))?,
                "journalctl",
                filter,
            )
        }
        Input::File(path) => {
            let file = session
                .machine
                .open(path)
                .map_err(|error| Failure::from_named_file(&error))?;
            read(bar.wrap_read(file), &path.display().to_string(), filter)
        }
    }
}

fn read(source: impl Read, name: &str, filter: &Filter) -> Result<(Tally, ReadLog), Failure> {
    let clock = Clock {
        reference: now(),
        zone: zone(),
    };
    let mut tally = Tally::default();
    let mut add = |event: &Event<'_>| {
        if filter.counts(event) {
            tally.add(event);
        }
    };
    let log = ReadLog::read(name, source, &clock, &mut add);
    let log = log.map_err(|error| Failure::caused(format!("cannot read {name}"), &error))?;
    Ok((tally, log))
}

/// A bar for long input on a terminal; hidden everywhere else.
fn progress(session: &Session, inputs: &[Input]) -> ProgressBar {
    let size = |input: &Input| match input {
        Input::File(path) => session
            .machine
            .open(path)
            .ok()
            .and_then(|file| file.metadata().ok())
            .map_or(0, |m| m.len()),
        Input::Stdin | Input::Journal => 0,
    };
    let total: u64 = inputs.iter().map(size).sum();
    if !session.environment.can_ask || total < LONG {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
