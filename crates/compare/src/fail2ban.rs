//! Compares the jails of fail2ban: which addresses they exempt, and what makes them ban others.

use std::path::Path;

use sshmend_fail2ban::{Config, Ignored, Item, Jail, Word};
use sshmend_lossless::Snapshot;
use sshmend_plan::{DIRECTORY, fail2ban_release};

use crate::comparison::{Answer, Area, Comparison, Difference, Side};

const EXEMPT: &str = "exempt";
const NOT_EXEMPT: &str = "not exempt";

/// The options that decide whom a jail bans, and by which logs, how and for how long.
const SETTINGS: [&str; 11] = [
    "ignorecommand",
    "maxretry",
    "findtime",
    "bantime",
    "banaction",
    "port",
    "filter",
    "mode",
    "backend",
    "logpath",
    "usedns",
];

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Comparison) {
    let (a, b) = (read(before.snapshot), read(after.snapshot));
    for (second, config) in [(false, &a), (true, &b)] {
        for (path, why) in config.unread() {
            found.unseen(second, path, why.to_string());
        }
    }
    if has_fail2ban(before.snapshot) && has_fail2ban(after.snapshot) {
        found.add(Difference {
            area: Area::Fail2ban,
            whom: None,
            what: "fail2ban".to_owned(),
            before: starts(&a),
            after: starts(&b),
        });
    }
    let mut names: Vec<&str> = a.jails().iter().map(|jail| jail.name.as_str()).collect();
    for jail in b.jails() {
        if !names.contains(&jail.name.as_str()) {
            names.push(&jail.name);
        }
    }
    for name in names {
        jails(name, a.jail(name), b.jail(name), found);
    }
}

pub(crate) fn look(snapshot: &Snapshot) {
    drop(read(snapshot));
    has_fail2ban(snapshot);
}

fn read(snapshot: &Snapshot) -> Config<'_> {
    Config::read(snapshot, Path::new(DIRECTORY), fail2ban_release(snapshot))
}

fn has_fail2ban(snapshot: &Snapshot) -> bool {
    let names = snapshot.names(Path::new(DIRECTORY));
    names.is_ok_and(|names| names.is_some())
}

fn starts(config: &Config<'_>) -> Answer {
    if config.starts() {
        return Answer::new("starts", None);
    }
    let problem = config.problems().first();
    Answer::new(
        "does not start",
        problem.map(|problem| problem.origin.clone()),
    )
}

fn jails(name: &str, before: Option<&Jail>, after: Option<&Jail>, found: &mut Comparison) {
    let runs = |jail: Option<&Jail>| {
        let runs = jail.is_some_and(Jail::runs);
        let origin = jail
            .and_then(|jail| jail.setting("enabled"))
            .and_then(|setting| setting.origin.clone());
        Answer::new(if runs { "runs" } else { "does not run" }, origin)
    };
    let (a, b) = (runs(before), runs(after));
    let both_run = a.text == "runs" && b.text == "runs";
    found.add(Difference {
        area: Area::Fail2ban,
        whom: Some(format!("jail {name}")),
        what: "the jail".to_owned(),
        before: a,
        after: b,
    });
    if !both_run {
        return;
    }
    let (Some(before), Some(after)) = (before, after) else {
        return;
    };
    let mut add = |what: &str, answer: &dyn Fn(&Jail) -> Answer| {
        found.add(Difference {
            area: Area::Fail2ban,
            whom: Some(format!("jail {name}")),
            what: what.to_owned(),
            before: answer(before),
            after: answer(after),
        });
    };
    let mut words: Vec<&Word> = before.words().iter().chain(after.words()).collect();
    words.sort_by(|a, b| a.text.cmp(&b.text));
    words.dedup_by(|a, b| a.text == b.text);
    for word in words {
        add(&word.text, &|jail| exempt(jail, word));
    }
    add("the machine itself", &|jail| {
        let origin = jail
            .setting("ignoreself")
            .and_then(|setting| setting.origin.clone());
        Answer::new(if jail.ignoreself { EXEMPT } else { NOT_EXEMPT }, origin)
    });
    for key in SETTINGS {
        add(key, &|jail| setting(jail, key));
    }
    // The value of `action` contains those of others.
    let same = |key: &str| setting(before, key).text == setting(after, key).text;
    if SETTINGS.into_iter().all(same) {
        add("action", &|jail| setting(jail, "action"));
    }
}

/// The value of an option, with blanks normalised.
fn setting(jail: &Jail, key: &str) -> Answer {
    let Some(setting) = jail.setting(key) else {
        return Answer::default();
    };
    let words: Vec<&str> = setting.value.split_whitespace().collect();
    Answer::new(words.join(" "), setting.origin.clone())
}

/// Whether a jail exempts what a word of either list denotes, however its own list spells it.
fn exempt(jail: &Jail, word: &Word) -> Answer {
    let own = jail.words().iter().find(|own| own.text == word.text);
    if let Some(own) = own {
        return Answer::new(EXEMPT, own.origin());
    }
    match &word.item {
        Item::Network(network) => match jail.ignored(*network) {
            Ignored::Yes { origin, .. } => Answer::new(EXEMPT, origin),
            Ignored::No => Answer::new(NOT_EXEMPT, None),
            Ignored::Unknown(why) => Answer::new(format!("unknown: {why}"), None),
        },
        Item::Name(name) if jail.names(name) => Answer::new(EXEMPT, None),
        _ => Answer::new(NOT_EXEMPT, None),
    }
}
