//! `sshmend show fail2ban`: the addresses that each jail ignores.

use std::path::Path;

use sshmend_fail2ban::{Config, Jail};
use sshmend_host::now;
use sshmend_plan::{DIRECTORY, fail2ban_release, fail2ban_wants};

use super::Shown;
use crate::cli::ShowFail2ban;
use crate::error::Failure;
use crate::json::effective::{self, Format, Problem};
use crate::output::escape::line;
use crate::output::{Output, Role};
use crate::session::Session;

/// Merges the configuration as fail2ban does.
pub(super) fn show(session: &Session, arguments: &ShowFail2ban) -> Result<Shown, Failure> {
    let snapshot = session.capture(|snapshot| fail2ban_wants(snapshot, session.machine.is_live()));
    let config = Config::read(&snapshot, Path::new(DIRECTORY), fail2ban_release(&snapshot));
    let jails = choose(&config, &arguments.jails)?;
    let mut text = text(&session.output, &jails);
    for problem in config.problems() {
        let word = session.output.paint(Role::Warning, "note");
        text.push_str(&format!("{word}: {}; {}\n", line(&problem.to_string()), line(&problem.hint)));
    }
    for over in config.expired(now()) {
        text.push_str(&format!(
            "over: {}: {} was to be ignored until {}\n",
            over.origin,
            over.words.join(" "),
            over.until
        ));
    }
    let problems = config.problems().iter().map(problem).collect();
    Ok((Format::Fail2ban { jails: jails.into_iter().map(jail).collect(), problems }, text))
}

/// The jails asked for; without any, those that fail2ban runs.
fn choose<'c>(config: &'c Config<'_>, names: &[String]) -> Result<Vec<&'c Jail>, Failure> {
    if names.is_empty() {
        return Ok(config.jails().iter().filter(|jail| jail.runs()).collect());
    }
    let find = |name: &String| {
        config.jail(name).ok_or_else(|| {
            let known: Vec<&str> = config.jails().iter().map(|jail| jail.name.as_str()).collect();
            Failure::trouble(format!("there is no jail {name}"))
                .with_hint(format!("the jails are {}", known.join(", ")))
        })
    };
    names.iter().map(find).collect()
}

fn text(output: &Output, jails: &[&Jail]) -> String {
    if jails.is_empty() {
        return "no jail runs\n".to_owned();
    }
    jails.iter().fold(String::new(), |mut text, jail| {
        let words: Vec<&str> = jail.words().iter().map(|word| word.text.as_str()).collect();
        let list = if words.is_empty() { "nothing".to_owned() } else { words.join(" ") };
        let origin = jail.setting("ignoreip").and_then(|setting| setting.origin.as_ref());
        let origin = origin.map_or_else(|| "not set".to_owned(), ToString::to_string);
        let own = if jail.ignoreself { ", and the machine itself" } else { "" };
        let name = output.quote(Role::Title, &jail.name);
        text.push_str(&format!("{name} ignores {}{own}  {}\n", line(&list), output.quote(Role::Dim, &origin)));
        text
    })
}

fn jail(jail: &Jail) -> effective::Jail {
    effective::Jail {
        name: jail.name.clone(),
        enabled: jail.enabled,
        ignoreip: jail.words().iter().map(|word| word.text.clone()).collect(),
        origin: jail.setting("ignoreip").and_then(|setting| setting.origin.as_ref()).map(Into::into),
    }
}

fn problem(problem: &sshmend_fail2ban::Problem) -> Problem {
    Problem {
        path: problem.origin.path.display().to_string(),
        line: problem.origin.line,
        column: problem.column,
        message: format!("{}: {}", problem.message, problem.consequence),
        fatal: problem.consequence.is_fatal(),
    }
}
