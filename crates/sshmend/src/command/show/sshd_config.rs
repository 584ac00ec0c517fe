//! `sshmend show sshd-config`: the value in force, the line that decides it, the lines that lost.

use sshmend_sshd_config::{Connection, Effective, Scope, Setting};

use super::Shown;
use crate::cli::ShowSshdConfig;
use crate::command::sshd::Configuration;
use crate::error::Failure;
use crate::json::effective::{Format, Problem, Shadowed, Value};
use crate::output::escape::line;
use crate::output::words::count;
use crate::output::{Output, Role};
use crate::session::Session;

/// Evaluates the configuration, globally or for a connection.
pub(super) fn show(session: &Session, arguments: &ShowSshdConfig) -> Result<Shown, Failure> {
    let configuration = Configuration::capture(session, &arguments.source)?;
    let connection = arguments.connection.as_deref().map(connection).transpose()?;
    let scope = connection.as_ref().map_or(Scope::Global, Scope::Connection);
    let effective = configuration.tree().effective(Some(configuration.reading()), scope);
    let chosen = choose(&effective, &arguments.keys)?;
    let text = text(&session.output, &effective, &chosen, arguments.keys.is_empty());
    let problems = configuration.tree().problems(Some(configuration.reading()));
    let format = Format::SshdConfig {
        release: configuration.release.map(|release| release.to_string()),
        values: chosen.iter().map(|setting| value(setting)).collect(),
        problems: problems.iter().map(problem).collect(),
    };
    let warnings = problems.iter().filter(|problem| problem.fatal);
    let warnings: String =
        warnings.map(|problem| format!("sshd refuses this: {}\n", line(&problem.to_string()))).collect();
    Ok((format, warnings + &text))
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
            Failure::trouble(format!("{key} has no value here")).with_hint("this release may not know the keyword")
        })
    };
    keys.iter().map(find).collect()
}

fn text(output: &Output, effective: &Effective, chosen: &[&Setting], all: bool) -> String {
    let shown = chosen.iter().filter(|setting| !all || setting.origin.is_some() || !setting.shadowed.is_empty());
    let mut text = shown.fold(String::new(), |text, setting| text + &describe(output, setting));
    let defaults = effective.iter().filter(|setting| setting.origin.is_none() && setting.shadowed.is_empty()).count();
    if all {
        let more = format!("{} at the default; name it to see it", count(defaults, "more keyword"));
        text.push_str(&format!("{}\n", output.paint(Role::Dim, &more)));
    }
    text
}

fn describe(output: &Output, setting: &Setting) -> String {
    let origin = setting.origin.as_ref().map_or_else(|| "default".to_owned(), ToString::to_string);
    let mut text = String::new();
    for value in &setting.values {
        let key = output.paint(Role::Title, &setting.key);
        text.push_str(&format!("{key} {}  {}\n", line(value), output.quote(Role::Dim, &origin)));
    }
    for lost in &setting.shadowed {
        let place = output.quote(Role::Dim, &lost.origin.to_string());
        text.push_str(&format!("    {place}: {} has no effect: {}\n", line(&lost.value), lost.why));
    }
    text
}

fn value(setting: &Setting) -> Value {
    let shadowed = setting.shadowed.iter().map(|lost| Shadowed {
        path: lost.origin.path.display().to_string(),
        line: lost.origin.line,
        value: lost.value.clone(),
    });
    Value {
        key: setting.key.clone(),
        value: setting.values.join("\n"),
        origin: setting.origin.as_ref().map(Into::into),
        shadowed: shadowed.collect(),
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
