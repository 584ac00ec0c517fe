//! `sshmend logs`: what the logs say, by cause, by source, over time.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;

use flate2::read::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};
use sshmend_host::now;
use sshmend_ssh_log::{Clock, Reader, Tally};

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::json::logs::Logs;
use crate::output::logs::text;
use crate::session::Session;

/// Where sshd's lines are, one of which exists on most machines; rotated ones stand beside them.
const PLACES: [&str; 3] = ["/var/log/auth.log", "/var/log/secure", "/var/log/messages"];

/// Where no such file is, the journal: every unit, for libwrap, fail2ban and the kernel write there too.
const JOURNAL: [&str; 3] = ["--no-pager", "--quiet", "--output=short-iso-precise"];

/// Input from which on a person wants to see that something moves, in bytes.
const LONG: u64 = 32 << 20;

/// One log to read.
enum Input {
    File(PathBuf),
    Stdin,
    Journal,
}

/// Reads the logs and adds them up.
pub(crate) fn run(session: &Session, arguments: &cli::Logs) -> Result<Outcome, Failure> {
    let inputs = if arguments.files.is_empty() { usual(session) } else { named(session, &arguments.files) };
    let bar = progress(session, &inputs);
    let tally = read_all(session, &inputs, &bar);
    bar.finish_and_clear();
    let tally = tally?;
    let printed = if session.output.is_json() {
        session.output.json(&Logs::new(&tally))
    } else {
        session.output.data(&text(&session.output, &tally))
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(if tally.causes().is_empty() { Outcome::Fine } else { Outcome::Findings })
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
    let names = session.machine.names(Path::new("/var/log")).ok().flatten().unwrap_or_default();
    let mut files: Vec<PathBuf> =
        names.into_iter().map(|name| Path::new("/var/log").join(name)).filter(|path| is_usual(path)).collect();
    files.sort();
    match files.is_empty() {
        true => vec![Input::Journal],
        false => files.into_iter().map(Input::File).collect(),
    }
}

/// `auth.log`, `auth.log.1`, `auth.log.2.gz`, `secure-20261101`.
fn is_usual(path: &Path) -> bool {
    let Some(path) = path.to_str() else { return false };
    let rotated = |rest: &str| rest.is_empty() || rest.starts_with(['.', '-']);
    PLACES.iter().filter_map(|place| path.strip_prefix(place)).any(rotated)
}

fn read_all(session: &Session, inputs: &[Input], bar: &ProgressBar) -> Result<Tally, Failure> {
    let parts: Vec<Result<Tally, Failure>> = thread::scope(|scope| {
        let running: Vec<_> = inputs.iter().map(|input| scope.spawn(move || read_one(session, input, bar))).collect();
        running
            .into_iter()
            .map(|part| part.join().unwrap_or_else(|_| Err(Failure::trouble("a reader panicked"))))
            .collect()
    });
    let mut tally = Tally::default();
    for part in parts {
        tally.merge(&part?);
    }
    Ok(tally)
}

fn read_one(session: &Session, input: &Input, bar: &ProgressBar) -> Result<Tally, Failure> {
    match input {
        Input::Stdin => read(io::stdin().lock(), "standard input"),
        Input::Journal => {
            let output = session.machine.stream_journal(&JOURNAL.map(str::to_owned));
            read(output.map_err(|error| Failure::caused("cannot read the journal", &error))?, "journalctl")
        }
        Input::File(path) => {
            let file = session.machine.open(path).map_err(|error| Failure::from_file(&error))?;
            let counted = bar.wrap_read(file);
            match path.extension().is_some_and(|extension| extension == "gz") {
                true => read(MultiGzDecoder::new(counted), &path.display().to_string()),
                false => read(counted, &path.display().to_string()),
            }
        }
    }
}

fn read(mut source: impl Read, name: &str) -> Result<Tally, Failure> {
    let clock = Clock { reference: now(), zone: jiff::tz::TimeZone::system() };
    let (mut reader, mut tally) = (Reader::new(clock), Tally::default());
    let mut piece = vec![0; 1 << 18];
    loop {
        match source.read(&mut piece) {
            Ok(0) => break,
            Ok(length) => reader.feed(&piece[..length], &mut |event| tally.add(event)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Failure::caused(format!("cannot read {name}"), &error)),
        }
    }
    reader.finish(&mut |event| tally.add(event));
    Ok(tally)
}

/// A bar for long input on a terminal; hidden everywhere else.
fn progress(session: &Session, inputs: &[Input]) -> ProgressBar {
    let size = |input: &Input| match input {
        Input::File(path) => {
            session.machine.open(path).ok().and_then(|file| file.metadata().ok()).map_or(0, |m| m.len())
        }
        Input::Stdin | Input::Journal => 0,
    };
    let total: u64 = inputs.iter().map(size).sum();
    if !session.environment.can_ask || total < LONG {
        return ProgressBar::hidden();
    }
    let style = ProgressStyle::with_template("{bar:40} {bytes}/{total_bytes} {eta}");
    ProgressBar::new(total).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
