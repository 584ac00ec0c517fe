//! `sshmend diagnose`: the answer on the first line, the evidence under it, then the command that mends it.

mod probe;
pub(crate) mod text;

use std::io;
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use sshmend_diagnose::{Diagnosis, Question, Server, Target, Vantage, diagnose, wants};
use sshmend_host::now;
use sshmend_known_hosts::Destination;
use sshmend_lossless::Snapshot;

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::json;
use crate::output::times::past;
use crate::session::Session;

/// Looks, concludes, prints.
pub(crate) fn run(session: &Session, arguments: &cli::Diagnose) -> Result<Outcome, Failure> {
    let question = question(session, arguments)?;
    let snapshot = match question.vantage {
        Vantage::Server(_) | Vantage::Transcript(_) => session.capture(|snapshot| wants(snapshot, &question)),
        Vantage::Client(_) => probe::capture(session, &question),
    };
    let diagnosis = conclude(session, &snapshot, &question);
    print(session, &question, &diagnosis)?;
    Ok(if diagnosis.findings.is_empty() { Outcome::Fine } else { Outcome::Findings })
}

/// Judges what was seen; each remedy is a command for this very machine and state.
pub(crate) fn conclude(session: &Session, snapshot: &Snapshot, question: &Question) -> Diagnosis {
    let mut diagnosis = diagnose(snapshot, question);
    for remedy in diagnosis.findings.iter_mut().filter_map(|finding| finding.remedy.as_mut()) {
        let words: Vec<&str> = remedy.argv.iter().skip(1).map(String::as_str).collect();
        remedy.argv = session.command(&words);
    }
    diagnosis
}

fn question(session: &Session, arguments: &cli::Diagnose) -> Result<Question, Failure> {
    let logs: Vec<PathBuf> = arguments.log.iter().map(|path| session.environment.absolute(path)).collect();
    logs.iter().try_for_each(|path| readable(session, path))?;
    let since = arguments.since.as_deref().map(|text| past(text, now())).transpose()?;
    Ok(Question {
        vantage: vantage(session, arguments)?,
        logs,
        since: since.map(Timestamp::as_second),
        ..session.question()
    })
}

/// A log that cannot be read is no log without lines; of a compressed one that shows only at its end.
fn readable(session: &Session, path: &Path) -> Result<(), Failure> {
    let file = session.machine.open(path).map_err(|error| Failure::from_file(&error))?;
    if path.extension().is_none_or(|extension| extension != "gz") {
        return Ok(());
    }
    let copied = io::copy(&mut MultiGzDecoder::new(file), &mut io::sink());
    copied.map(drop).map_err(|error| Failure::caused(format!("cannot read {}", path.display()), &error))
}

fn vantage(session: &Session, arguments: &cli::Diagnose) -> Result<Vantage, Failure> {
    if let Some(path) = &arguments.transcript {
        return session.read_input(path).map(Vantage::Transcript);
    }
    let Some(destination) = &arguments.destination else {
        return Ok(Vantage::Server(Server { client: arguments.client, user: arguments.user.clone() }));
    };
    let parsed =
        Destination::parse(destination).map_err(|error| Failure::trouble(error.to_string()).with_hint(error.hint()))?;
    let user = parsed.user.or_else(|| arguments.user.clone());
    let destination = user.map_or_else(|| parsed.host.clone(), |user| format!("{user}@{}", parsed.host));
    let options = parsed.port.map(|port| vec!["-p".to_owned(), port.to_string()]).unwrap_or_default();
    Ok(Vantage::Client(Target { destination, options }))
}

fn print(session: &Session, question: &Question, diagnosis: &Diagnosis) -> Result<(), Failure> {
    let output = &session.output;
    let printed = match output.is_json() {
        true => output.json(&json::diagnosis::Diagnosis::new(question, diagnosis)),
        false => output.data(&text::text(output, question, diagnosis)),
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))
}
