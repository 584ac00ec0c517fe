//! `sshmend show sshd-config`: the value in force, the line that decides it, the lines that lost.

use std::iter;

use sshmend_sshd_config::{Connection, Effective, Scope, Setting, keyword_named, nearest_keyword};

use super::shown::Shown;
use crate::cli::ShowSshdConfig;
use crate::error::Failure;
use crate::json::effective::{Format, Problem, Value};
use crate::output::escape::line;
use crate::output::words::count;
use crate::output::{Output, Role};
use crate::session::Session;

/// Evaluates the configuration, globally or for a connection; with what could not be read, as the failure to end with.
pub(super) fn show<'s>(
    session: &'s Session,
    arguments: &ShowSshdConfig,
) -> Result<(Shown<'s>, Option<Failure>), Failure> {
    let (configuration, snapshot) = session.configuration(&arguments.source.clone().into())?;
    if let Some(choice) = &configuration.choice {
        session.output.status(&format!("note: {}", line(choice)));
    }
    let connection = arguments
        .connection
        .as_deref()
        .map(connection)
        .transpose()?;
    let scope = connection.as_ref().map_or(Scope::Global, Scope::Connection);
    let tree = configuration.tree(&snapshot);
    let effective = tree.effective(Some(configuration.reading()), scope);
    let chosen = choose(&effective, &arguments.keys)?;
    let text = text(
        &session.output,
        &effective,
        &chosen,
        arguments.keys.is_empty().then(|| session.options()),
    );
    let problems = tree.problems(Some(configuration.reading()));
    let unseen = tree.unseen(Some(configuration.reading()));
    let failure = unseen
        .first()
        .map(|unseen| Failure::trouble(unseen.to_string()).with_hint(unseen.hint()));
    let format = Format::SshdConfig {
        release: configuration.release.map(|release| release.to_string()),
        values: chosen.iter().map(|setting| value(setting)).collect(),
        problems: problems.iter().map(problem).collect(),
    };
    let known = configuration.release.is_some();
    let warnings: String = problems
        .iter()
        .filter(|problem| problem.fatal)
        .map(|problem| warning(problem, known))
        .collect();
    let unread: String = unseen
        .iter()
        .map(|unseen| format!("{}\n", line(&unseen.to_string())))
        .collect();
    let release = if known {
        String::new()
    } else {
        format!(
            "the release of sshd is unknown: read as {}, which decides MaxStartups and its like; give --release\n",
            configuration.reading()
        )
    };
    let head = iter::once(session.output.fold(&(release + &warnings + &unread)));
    Ok(((format, Box::new(head.chain(text))), failure))
}

/// The warning for a line. Only a known release can be said to reject it, and only if builds do not
/// differ.
fn warning(problem: &sshmend_sshd_config::Problem, known: bool) -> String {
    let certain = problem.refuses() && (known || !problem.certain);
    let word = if certain || problem.line.is_empty() {
        "refuses"
    } else {
        "may refuse"
    };
    format!("sshd {word} this: {}\n", line(&problem.to_string()))
}

fn connection(specification: &str) -> Result<Connection, Failure> {
    Connection::parse(specification).map_err(|error| {
        Failure::trouble(error.to_string())
            .with_hint("such as user=alice,host=h.example,addr=192.0.2.1,laddr=192.0.2.2,lport=22")
    })
}

/// The settings asked for; without any, all of them.
fn choose<'e>(effective: &'e Effective, keys: &[String]) -> Result<Vec<&'e Setting>, Failure> {
    if keys.is_empty() {
        return Ok(effective.iter().collect());
    }
    let find = |key: &String| {
        effective.get(key).ok_or_else(|| {
            if let Some((name, _)) = key.split_once('=').filter(|(name, _)| !name.is_empty()) {
                return Failure::trouble(format!("not a keyword: {key}")).with_hint(format!(
                    "sshmend show sshd-config {name} shows its value, sshmend fix sshd-config {key} sets it"
                ));
            }
            if key.is_empty() {
                return Failure::trouble("not a keyword: an empty word")
                    .with_hint("such as MaxStartups; without a keyword, all are shown");
            }
            let failure = Failure::trouble(format!("{key} has no value here"));
            match nearest_keyword(key).filter(|_| keyword_named(key).is_none()) {
                Some(keyword) => failure.with_hint(format!("did you mean {keyword}?")),
                None => failure.with_hint("this release may not know the keyword"),
            }
        })
    };
    keys.iter().map(find).collect()
}

/// The settings, piece by piece: a long file has millions of lines that lost. If all were asked for,
/// `all` has the options that name the machine in a command.
fn text<'o>(
    output: &'o Output,
    effective: &Effective,
    chosen: &[&Setting],
    all: Option<String>,
) -> impl Iterator<Item = String> + use<'o> {
    let shown: Vec<Setting> = chosen
        .iter()
        .filter(|setting| all.is_none() || setting.origin.is_some() || !setting.shadowed.is_empty())
        .map(|&setting| setting.clone())
        .collect();
    let rest = all
        .map(|options| what_is_not_shown(output, effective, &options))
        .unwrap_or_default();
    let pieces = shown
        .into_iter()
        .flat_map(|setting| describe(output, &setting));
    pieces.chain(iter::once(rest))
}

fn what_is_not_shown(output: &Output, effective: &Effective, options: &str) -> String {
    let unknown = effective
        .iter()
        .filter(|setting| setting.unknown.is_some())
        .count();
    let at_default = |setting: &&Setting| {
        setting.origin.is_none() && setting.shadowed.is_empty() && setting.unknown.is_none()
    };
    let defaults = effective.iter().filter(at_default).count();
    let mut text = String::new();
    if unknown > 0 {
        text.push_str(&format!("{} unknown\n", count(unknown, "keyword")));
    }
    let more = format!(
        "{} at the default: sshmend show sshd-config{options} KEYWORD shows one",
        count(defaults, "more keyword")
    );
    output.fold(&(text + &format!("{}\n", output.paint(Role::Dim, &more))))
}

/// The value, then each line that lost.
fn describe<'o>(output: &'o Output, setting: &Setting) -> impl Iterator<Item = String> + use<'o> {
    let origin = setting
        .origin
        .as_ref()
        .map_or_else(|| "default".to_owned(), ToString::to_string);
    let mut head = String::new();
    let key = output.paint(Role::Title, &setting.key);
    if let Some(unseen) = &setting.unknown {
        head.push_str(&format!(
            "{key} unknown  {}\n",
            output.quote(Role::Dim, &unseen.to_string())
        ));
    }
    for value in &setting.values {
        head.push_str(&format!(
            "{key} {}  {}\n",
            line(value),
            output.quote(Role::Dim, &origin)
        ));
    }
    let lost = setting.shadowed.iter().map(move |lost| {
        let place = output.quote(Role::Dim, &lost.origin.to_string());
        format!(
            "    {place}: {} has no effect: {}\n",
            line(&lost.value),
            lost.why
        )
    });
    let rows = iter::once(head).chain(lost);
    rows.map(move |row| output.fold(&row))
}

fn value(setting: &Setting) -> Value {
    Value {
        key: setting.key.clone(),
        value: setting.unknown.is_none().then(|| setting.values.join("\n")),
        unknown: setting.unknown.as_ref().map(ToString::to_string),
        origin: setting.origin.as_ref().map(Into::into),
        shadowed: setting.shadowed.clone(),
    }
}

fn problem(problem: &sshmend_sshd_config::Problem) -> Problem {
    Problem {
        path: problem.origin.path.display().to_string(),
        line: problem.origin.line,
        column: problem.column,
        message: problem.message.clone(),
        fatal: problem.fatal,
    }
}
