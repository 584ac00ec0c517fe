//! Addresses that jails exempt, and which jails there are to ban the others.

use std::collections::BTreeMap;
use std::path::Path;

use sshmend_fail2ban::{Config, Jail};
use sshmend_lossless::{Origin, Snapshot};
use sshmend_plan::{DIRECTORY, fail2ban_release};

use crate::{Answer, Area, Comparison, Difference, Side};

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
    let (a, b) = (exempt(before), exempt(after));
    let words: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for word in words {
        let answer = |words: &BTreeMap<String, Option<Origin>>| match words.get(word) {
            Some(origin) => Answer::new("exempt", origin.clone()),
            None => Answer::new("not exempt", None),
        };
        found.add(Difference {
            area: Area::Fail2ban,
            whom: Some(format!("jail {name}")),
            what: word.clone(),
            before: answer(&a),
            after: answer(&b),
        });
    }
}

/// The words of a jail's list, each with its line.
fn exempt(jail: Option<&Jail>) -> BTreeMap<String, Option<Origin>> {
    let words = jail.map(Jail::words).unwrap_or_default();
    let words = words.iter().map(|word| (word.text.clone(), word.origin()));
    words.collect()
}
