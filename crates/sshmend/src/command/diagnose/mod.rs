//! `sshmend diagnose`: the answer on the first line, the evidence under it, then the command that
//! repairs it.

mod finding;
mod probe;
mod rest;
pub(crate) mod shown;
mod text;

use std::borrow::Cow;
use std::io;
use std::num::NonZeroU16;
use std::path::Path;
use std::path::PathBuf;

use jiff::Timestamp;
use sshmend_diagnose::{Diagnosis, Inquiry};
use sshmend_facts::{LogFile, Question, Server, Target, Vantage, disk_logs};
use sshmend_host::{FileError, Why, now};
use sshmend_known_hosts::Destination;
use sshmend_lossless::Snapshot;
use sshmend_plan::{SshdSource, sshd_meant};
use sshmend_ssh_log::Nature;
use sshmend_ssh_log::transcript::{Attempt, restored};

use crate::cli;
use crate::command::times::past;
use crate::error::{Failure, Outcome};
use crate::json;
use crate::output::words::shell;
use crate::session::Session;
use shown::Shown;

/// Collects the facts, diagnoses, and prints the result.
pub(crate) fn run(session: &Session, arguments: &cli::Diagnose) -> Result<Outcome, Failure> {
    let mut question = question(session, arguments)?;
    let source = SshdSource {
        pid: arguments.pid,
        file: arguments.file.clone(),
        release: None,
    };
    let (mut diagnosis, mut several) = if matches!(question.vantage, Vantage::Server(_)) {
        diagnose_server(session, &mut question, &source)?
    } else {
        let mut inquiry = Inquiry::new(&question);
        let diagnosis = match question.vantage {
            Vantage::Client(_) => probe::look(session, &mut inquiry),
            _ => session.look(&mut Snapshot::default(), |seen| inquiry.conclude(seen)),
        };
        (diagnosis, None)
    };
    if turns_into_log(&mut question, &diagnosis, asked_about(arguments)) {
        (diagnosis, several) = diagnose_server(session, &mut question, &source)?;
    }
    let outcome = outcome(&question, &diagnosis);
    let shown = Shown {
        session,
        question: &question,
        diagnosis: &diagnosis,
        several: several.as_deref(),
        verbose: arguments.verbose,
    };
    print(&shown, outcome)?;
    Ok(outcome)
}

/// The diagnosis of this machine as the server; if several sshd listen, also which one it is about.
pub(crate) fn diagnose_server(
    session: &Session,
    question: &mut Question,
    source: &SshdSource,
) -> Result<(Diagnosis, Option<String>), Failure> {
    let mut snapshot = Snapshot::default();
    let source = session.source(source);
    let meant = session.look(&mut snapshot, |seen| sshd_meant(seen, question, &source));
    let (sshd, several) = meant.map_err(|refusal| Failure::from_refusal_to_show(&refusal))?;
    if several.is_some() {
        question.sshd = sshd.pid;
    }
    let mut inquiry = Inquiry::new(question);
    let diagnosis = session.look(&mut snapshot, |seen| inquiry.conclude(seen));
    Ok((diagnosis, several))
}

/// The outcome without findings is good only if nothing failed: in a paste a login succeeded, or
/// every connection from here worked.
fn outcome(question: &Question, diagnosis: &Diagnosis) -> Outcome {
    let healthy =
        || diagnosis.attempts.iter().all(Attempt::succeeded) && !diagnosis.attempts.is_empty();
    let failed = diagnosis
        .connections
        .is_some_and(|connections| connections.worked < connections.made);
    match question.vantage {
        _ if diagnosis.nothing_understood() => Outcome::NotUnderstood,
        _ if diagnosis.is_inconclusive() && diagnosis.needing_root() == 0 => Outcome::Unread,
        _ if diagnosis.is_inconclusive() => Outcome::NeedsRoot,
        _ if !diagnosis.findings.is_empty() => Outcome::Findings,
        Vantage::Transcript(_) if !healthy() => Outcome::NotUnderstood,
        _ if failed => Outcome::Unexplained,
        _ => Outcome::Fine,
    }
}

fn question(session: &Session, arguments: &cli::Diagnose) -> Result<Question, Failure> {
    let logs: Vec<PathBuf> = arguments
        .log
        .iter()
        .map(|path| session.environment.absolute(path))
        .collect();
    let since = arguments
        .since
        .as_deref()
        .map(|text| past(text, now()))
        .transpose()?;
    let mut question = Question {
        vantage: as_printed(vantage(session, arguments)?),
        logs,
        since: since.map(Timestamp::as_second),
        ..session.question()
    };
    for path in question.logs.clone() {
        let file = session
            .machine
            .open(&path)
            .map_err(|error| not_a_log(&error, question.logs.len()))?;
        read_log(&mut question, path, file)?;
    }
    read_disk_logs(session, &mut question)?;
    recognise(session, arguments, &mut question)?;
    Ok(question)
}

/// A log that cannot be read; a destination behind `--log` would be one too.
fn not_a_log(error: &FileError, count: usize) -> Failure {
    let failure = Failure::from_named_file(error);
    if count > 1 && matches!(error.why, Why::Missing) {
        let hint =
            "--log takes every word behind it for a log; a destination is looked at without --log";
        return failure.with_hint(hint);
    }
    failure
}

/// Recognises a text by its content, whichever option names it: sshd's log entries are read as a
/// log, also beside a transcript, and the output of a client as a transcript.
fn recognise(
    session: &Session,
    arguments: &cli::Diagnose,
    question: &mut Question,
) -> Result<(), Failure> {
    if let Vantage::Transcript(text) = &mut question.vantage {
        // It may be long: taken for a moment rather than copied.
        let text = std::mem::take(text);
        let path = match (&arguments.transcript, arguments.asked()) {
            (Some(path), _) if path != Path::new("-") => session.environment.absolute(path),
            (None, Some(destination)) if destination != "-" => PathBuf::from("the message"),
            _ => PathBuf::from("standard input"),
        };
        read_log(question, path.clone(), text.as_slice())?;
        question.vantage = Vantage::Transcript(text);
        if question.log_files[&path].read.census.is_of_server() {
            question.logs.push(path);
        }
    } else if let [path] = question.logs.as_slice() {
        let log = question.log_files.get(path);
        let nature = log.map(|log| log.read.census.nature());
        let asked = question.vantage == Vantage::Server(Server::default());
        if asked && !question.offline && nature == Some(Nature::Transcript) {
            question.vantage = Vantage::Transcript(session.read_input(path)?);
            question.logs.clear();
        }
    }
    Ok(())
}

/// Whether a paste contains nothing of a client; then it is read as a log instead.
fn turns_into_log(question: &mut Question, diagnosis: &Diagnosis, asked: Server) -> bool {
    let of_client = diagnosis.attempts.iter().any(Attempt::is_of_client);
    if !matches!(question.vantage, Vantage::Transcript(_)) || of_client {
        return false;
    }
    question.logs = question.log_files.keys().cloned().collect();
    question.vantage = Vantage::Server(asked);
    true
}

/// Reads the logs of a mounted disk separately, because they may be larger than what is captured of
/// a file.
pub(crate) fn read_disk_logs(session: &Session, question: &mut Question) -> Result<(), Failure> {
    if !question.offline || !question.logs.is_empty() {
        return Ok(());
    }
    for path in disk_logs() {
        // The capture reports files that cannot be opened.
        if let Ok(file) = session.machine.open(path) {
            read_log(question, path.to_owned(), file)?;
        }
    }
    Ok(())
}

fn read_log(question: &mut Question, path: PathBuf, file: impl io::Read) -> Result<(), Failure> {
    let name = path.display().to_string();
    let read = LogFile::read(&name, file, &question.log_scope());
    let log = read.map_err(|error| Failure::caused(format!("cannot read {name}"), &error))?;
    question.log_files.insert(path, log);
    Ok(())
}

/// The connection to this machine that is in question.
fn asked_about(arguments: &cli::Diagnose) -> Server {
    Server {
        client: arguments.client,
        user: arguments.user.clone(),
        port: arguments.port.map(NonZeroU16::get),
    }
}

fn vantage(session: &Session, arguments: &cli::Diagnose) -> Result<Vantage, Failure> {
    if let Some(path) = &arguments.transcript {
        return session.read_input(path).map(Vantage::Transcript);
    }
    let Some(destination) = arguments.asked() else {
        return Ok(Vantage::Server(asked_about(arguments)));
    };
    let is_text = destination == "-" || is_message(&destination);
    if is_text && arguments.port.is_some() {
        let message = "--port belongs to a destination, not to what a client printed";
        return Err(Failure::trouble(message));
    }
    if destination == "-" {
        return session.read_input(Path::new("-")).map(Vantage::Transcript);
    }
    if is_message(&destination) {
        return Ok(Vantage::Transcript(destination.into_bytes()));
    }
    if let Some(failure) = is_a_file(session, &destination) {
        return Err(failure);
    }
    let parsed = Destination::parse(&destination)
        .map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))?;
    let user = parsed.user.or_else(|| arguments.user.clone());
    let destination = user.map_or_else(
        || parsed.host.clone(),
        |user| format!("{user}@{}", parsed.host),
    );
    let port = arguments.port.map(NonZeroU16::get).or(parsed.port);
    let options = port
        .map(|port| vec!["-p".to_owned(), port.to_string()])
        .unwrap_or_default();
    Ok(Vantage::Client(Target {
        destination,
        options,
    }))
}

/// What was pasted, as the program printed it.
fn as_printed(vantage: Vantage) -> Vantage {
    match vantage {
        Vantage::Transcript(text) => {
            let changed = match restored(&text) {
                Cow::Owned(changed) => Some(changed),
                Cow::Borrowed(_) => None,
            };
            Vantage::Transcript(changed.unwrap_or(text))
        }
        other => other,
    }
}

/// The failure for the path of a text that is there, which is not a destination.
fn is_a_file(session: &Session, destination: &str) -> Option<Failure> {
    const TEXTS: [&str; 8] = ["log", "txt", "out", "err", "gz", "xz", "zst", "bz2"];
    let extension = Path::new(destination).extension()?.to_str()?;
    let is_text = destination.contains('/') || TEXTS.contains(&extension);
    if !is_text || !session.is_file(destination) {
        return None;
    }
    let word = shell(&[destination.to_owned()]);
    Some(
        Failure::trouble(format!("{destination} is a file here, not a host")).with_hint(format!(
            "sshmend diagnose --log {word} reads a log, sshmend diagnose --transcript {word} what a client printed"
        )),
    )
}

/// A message contains blanks; a destination of ssh does not.
fn is_message(text: &str) -> bool {
    text.trim().contains(char::is_whitespace)
}

fn print(shown: &Shown<'_>, outcome: Outcome) -> Result<(), Failure> {
    let output = &shown.session.output;
    let printed = if output.is_json() {
        output.json(&json::diagnosis::Diagnosis {
            error: outcome.trouble(),
            ..json::diagnosis::Diagnosis::new(shown.session, shown.question, shown.diagnosis)
        })
    } else {
        output.data(&shown.text())
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))
}
