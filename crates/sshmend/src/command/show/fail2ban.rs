//! `sshmend show fail2ban`: the addresses that each jail ignores.

use std::path::Path;

use sshmend_fail2ban::{Config, Jail, Setting, jails_instead};
use sshmend_host::now;
use sshmend_lossless::Snapshot;
use sshmend_plan::{DIRECTORY, fail2ban_release};

use super::shown::{Shown, whole};
use crate::cli::ShowFail2ban;
use crate::error::Failure;
use crate::json::effective::{self, Format, JailSetting, Problem, Unread};
use crate::output::escape::line;
use crate::output::{Output, Role};
use crate::session::Session;

/// Merges the configuration as fail2ban does. If one of its files could not be read, no jail is
/// known, and the failure is returned with the rest.
pub(super) fn show(
    session: &Session,
    arguments: &ShowFail2ban,
) -> Result<(Shown<'static>, Option<Failure>), Failure> {
    fn read(seen: &Snapshot) -> Config<'_> {
        Config::read(seen, Path::new(DIRECTORY), fail2ban_release(seen))
    }
    let mut snapshot = Snapshot::default();
    session.look(&mut snapshot, |seen| drop(read(seen)));
    let config = read(&snapshot);
    if let Some(failure) = failure(&config) {
        let unread = config.unread().iter();
        let unread = unread.map(|(path, why)| Unread {
            path: path.display().to_string(),
            reason: why.to_string(),
        });
        let format = Format::Fail2ban {
            jails: Vec::new(),
            problems: Vec::new(),
            unread: unread.collect(),
        };
        return Ok(((format, whole(String::new())), Some(failure)));
    }
    let jails = choose(&config, &arguments.jails)?;
    let mut text = text(&session.output, &jails);
    for problem in config.problems() {
        text.push_str(&note(&session.output, problem));
    }
    for over in config.expired(now()) {
        text.push_str(&format!(
            "expired: {}: the exemption of {} ended at {}\n",
            over.origin,
            over.words.join(" "),
            over.until
        ));
    }
    let problems = config.problems().iter().map(problem).collect();
    let format = Format::Fail2ban {
        jails: jails.into_iter().map(jail).collect(),
        problems,
        unread: Vec::new(),
    };
    let text = session.output.fold(&text);
    Ok(((format, whole(text)), None))
}

/// A problem with its line, if known.
fn note(output: &Output, problem: &sshmend_fail2ban::Problem) -> String {
    let word = output.paint(Role::Warning, "note");
    let hint = line(&problem.hint);
    if problem.text.trim().is_empty() {
        return format!("{word}: {}; {hint}\n", line(&problem.to_string()));
    }
    let place = output.quote(Role::Dim, &format!("{}:{}", problem.origin, problem.column));
    let meant = problem.text.chars().skip(problem.column.saturating_sub(1));
    let length = meant.take_while(|c| !c.is_whitespace()).count();
    let excerpt = output.excerpt(&problem.text, problem.column, length, &problem.message);
    format!(
        "{word}: {place}: {}\n{excerpt}\n      {hint}\n",
        problem.consequence
    )
}

fn failure(config: &Config<'_>) -> Option<Failure> {
    let told: Vec<String> = config
        .unread()
        .iter()
        .map(|(path, why)| format!("{}: {why}", path.display()))
        .collect();
    let (_, first) = config.unread().first_key_value()?;
    let failure = Failure::trouble(told.join("; "));
    Some(match first.hint() {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    })
}

/// The jails asked for; without any, those that fail2ban runs.
fn choose<'c>(config: &'c Config<'_>, names: &[String]) -> Result<Vec<&'c Jail>, Failure> {
    if names.is_empty() {
        return Ok(config.jails().iter().filter(|jail| jail.runs()).collect());
    }
    let find = |name: &String| {
        config.jail(name).ok_or_else(|| {
            let known: Vec<String> = config
                .jails()
                .iter()
                .map(|jail| jail.name.clone())
                .collect();
            Failure::trouble(format!("there is no jail {name}"))
                .with_hint(jails_instead(name, &known))
        })
    };
    names.iter().map(find).collect()
}

fn text(output: &Output, jails: &[&Jail]) -> String {
    if jails.is_empty() {
        return "no jail runs\n".to_owned();
    }
    jails.iter().fold(String::new(), |mut text, jail| {
        let name = output.quote(Role::Title, &jail.name);
        text.push_str(&format!("jail {name}: {}", list(output, jail)));
        for (key, setting) in [
            ("ignoreself", Some(ignoreself(jail))),
            ("ignorecommand", set(jail, "ignorecommand")),
            ("ignorecache", set(jail, "ignorecache")),
        ] {
            let Some(setting) = setting else { continue };
            let place = setting
                .origin
                .as_ref()
                .map(|origin| place(output, &origin.to_string()))
                .unwrap_or_default();
            text.push_str(&format!("; {key}: {}{place}", line(&setting.value)));
        }
        text.push('\n');
        text
    })
}

/// The effective `ignoreip`, and the line that decides it.
fn list(output: &Output, jail: &Jail) -> String {
    let words: Vec<&str> = jail.words().iter().map(|word| word.text.as_str()).collect();
    let origin = jail
        .setting("ignoreip")
        .and_then(|setting| setting.origin.as_ref());
    let place = origin
        .map(|origin| place(output, &origin.to_string()))
        .unwrap_or_default();
    match words.as_slice() {
        [] => format!("no address is exempt{place}"),
        words => format!("exempt: {}{place}", line(&words.join(" "))),
    }
}

fn place(output: &Output, origin: &str) -> String {
    format!(" ({})", output.quote(Role::Dim, origin))
}

fn ignoreself(jail: &Jail) -> Setting {
    let default = || Setting {
        value: "default".into(),
        origin: None,
        complete: true,
    };
    jail.setting("ignoreself").cloned().unwrap_or_else(default)
}

/// A setting that is present and not empty.
fn set(jail: &Jail, key: &str) -> Option<Setting> {
    jail.setting(key)
        .filter(|setting| !setting.value.is_empty())
        .cloned()
}

fn jail(jail: &Jail) -> effective::Jail {
    let json = |setting: Setting| JailSetting {
        value: setting.value.to_string(),
        origin: setting.origin.as_ref().map(Into::into),
    };
    let ignoreself = JailSetting {
        value: jail.ignoreself.to_string(),
        ..json(ignoreself(jail))
    };
    effective::Jail {
        name: jail.name.clone(),
        enabled: jail.enabled,
        ignoreip: jail.words().iter().map(|word| word.text.clone()).collect(),
        origin: jail
            .setting("ignoreip")
            .and_then(|setting| setting.origin.as_ref())
            .map(Into::into),
        ignoreself,
        ignorecommand: set(jail, "ignorecommand").map(json),
        ignorecache: set(jail, "ignorecache").map(json),
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
