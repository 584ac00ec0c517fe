//! How much of the logs was understood, as text.

use sshmend_ssh_log::{Census, Nature, ReadLog};

use super::words::{count, shell};
use super::{Output, Role};

/// The nature of every file that is not an SSH server's log, any damage, and the number of lines
/// understood.
pub(crate) fn text(output: &Output, logs: &[ReadLog]) -> String {
    let mut all = Census::default();
    for log in logs {
        all.merge(&log.census);
    }
    let mut text = format!("{}\n", output.paint(Role::Dim, &counts(&all, logs)));
    for log in logs {
        let damaged = log.damaged.map(|packing| {
            format!(
                "{}: the {packing} data is damaged: only what stands before the damage was read",
                log.name
            )
        });
        for said in damaged.into_iter().chain(seems(log)) {
            for line in said.lines() {
                text.push_str(&format!("{}\n", output.quote(Role::Warning, line)));
            }
        }
    }
    if !all.examples.is_empty() {
        let known = "lines of SSH with an unknown message (the first of them)";
        text.push_str(&format!("{}\n", output.paint(Role::Dim, known)));
    }
    let examples = logs.iter().flat_map(|log| {
        log.census
            .examples
            .iter()
            .map(move |example| (log, example))
    });
    for (log, example) in examples.take(3) {
        let line = format!("  {}:{}: {}", log.name, example.line_number, example.text);
        text.push_str(&format!("{}\n", output.quote(Role::Dim, &line)));
    }
    text
}

/// `2 of 502 lines understood in auth.log, 1 of SSH but not known, 499 of others`.
fn counts(all: &Census, logs: &[ReadLog]) -> String {
    let files = match logs {
        [one] => super::escape::line(&one.name),
        several => count(several.len(), "file"),
    };
    let lines = count(usize::try_from(all.lines).unwrap_or(usize::MAX), "line");
    let mut said = format!("{} of {lines} understood in {files}", all.understood);
    if all.unknown > 0 {
        said.push_str(&format!(", {} of SSH but not known", all.unknown));
    }
    let others = all.others + all.foreign;
    if others > 0 {
        said.push_str(&format!(", {others} of others"));
    }
    said
}

/// The apparent nature of a file that is not an SSH server's log.
fn seems(log: &ReadLog) -> Option<String> {
    let name = &log.name;
    let said = match log.census.nature() {
        Nature::ServerLog => return None,
        Nature::Empty if log.damaged.is_some() => return None,
        Nature::Empty => format!("{name} is empty"),
        Nature::Transcript => {
            let input = if name == "standard input" { "-" } else { name };
            format!(
                "{name} is a transcript, the output of an SSH client, not a log of the server\n\
                 hint: sshmend diagnose --transcript {}",
                shell(&[input.to_owned()])
            )
        }
        Nature::WebServer => format!("{name} is the access log of a web server"),
        Nature::Binary => format!("{name} is not text"),
        Nature::Text | Nature::OtherPrograms(_) if log.census.unknown > 0 => {
            format!("{name} has lines of an SSH server, but none of their messages is known")
        }
        Nature::OtherPrograms(program) => {
            format!(
                "{name} has no line of an SSH server that is understood; most lines are of {program}"
            )
        }
        Nature::Text => format!(
            "{name} is neither a log of an SSH server nor the output of a client in any known form"
        ),
    };
    Some(said)
}
