//! The items of a corpus: what tcpdmatch was recorded to say, and what libwrap says after fixes.

use std::net::IpAddr;
use std::path::Path;

use serde_json::Value;
use sshmend_hosts_access::{Access, Client, Name, Need, Permit, Tables, Wanted};

use super::files::{Said, after, read};
use super::libwrap::{Answer, Files, Libwrap, Question};
use crate::{Item, Report, items};

/// The clients to allow, in turn and all at once.
const WANTED: [&str; 6] = [
    "198.51.100.7",
    "10.77.0.3/16",
    "2001:db8:77::1",
    "fd00:77::1/32",
    "192.168",
    "host.wanted.example",
];

pub(super) fn compare(corpus: &Path, libwrap: &Libwrap, report: &mut Report) {
    match items(corpus, "hosts_access") {
        Ok(items) => items.iter().for_each(|item| one(item, libwrap, report)),
        Err(error) => report.leave_out("the corpus", &error.to_string()),
    }
}

fn one(item: &Item, libwrap: &Libwrap, report: &mut Report) {
    let files = ["hosts.allow", "hosts.deny"].map(|name| std::fs::read(item.path.join(name)).ok());
    let tables = read(&files, &[]);
    for result in item.expect["oracle"]["results"]
        .as_array()
        .into_iter()
        .flatten()
    {
        recorded(item, &files, &tables, result, report);
    }
    if let Err(error) = fixes(item, &files, &tables, libwrap, report) {
        report.leave_out(&item.name, &error.to_string());
    }
}

fn recorded(item: &Item, files: &Files, tables: &Tables, result: &Value, report: &mut Report) {
    let text = |key: &str| result[key].as_str().unwrap_or_default();
    let (daemon, client) = (text("daemon"), text("client"));
    let case = format!("{}: {daemon} for {client}", item.name);
    let answers = answers(&result["access"]);
    if answers.is_empty() {
        return report.leave_out(&case, "tcpdmatch knew no such host");
    }
    for (client, access) in clients(client, daemon, &item.expect["oracle"]["hosts_file"])
        .iter()
        .zip(answers)
    {
        let ours = tables.evaluate(client);
        let theirs = Answer {
            access,
            matched: matched(text("matched")),
            otherwise: None,
        };
        if ours.access == Access::Unknown {
            let needs: Vec<&Need> = ours.doubts.iter().map(|doubt| &doubt.need).collect();
            report.leave_out(&case, &format!("unknown: {needs:?}"));
        } else {
            let (ours, theirs) = Said::both(&ours, files, &theirs);
            report.compare(&case, &ours, &theirs);
        }
    }
}

/// One answer for each address of the client; a connection that another program gets is denied.
fn answers(access: &Value) -> Vec<Access> {
    let one = |value: &Value| match value.as_str() {
        Some("granted") => Some(Access::Granted),
        Some("denied" | "delegated") => Some(Access::Denied),
        _ => None,
    };
    match access {
        Value::Array(all) => all.iter().filter_map(one).collect(),
        value => one(value).into_iter().collect(),
    }
}

/// An address has no name here; a name has the address of the recorded hosts file, `localhost` one
/// in each family.
fn clients(text: &str, daemon: &str, hosts: &Value) -> Vec<Client> {
    let client = |addr: IpAddr, name: Name| Client::new(addr).named(name).at(daemon);
    if let Ok(addr) = text.parse() {
        return vec![client(addr, Name::None)];
    }
    let known = Name::Known(text.to_owned());
    let recorded = hosts[text].as_str().and_then(|addr| addr.parse().ok());
    let loopback = [
        IpAddr::from([127, 0, 0, 1]),
        IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
    ];
    let addresses = if text == "localhost" {
        loopback.to_vec()
    } else {
        recorded.into_iter().collect()
    };
    addresses
        .into_iter()
        .map(|addr| client(addr, known.clone()))
        .collect()
}

fn matched(text: &str) -> Option<(char, usize)> {
    let (file, line) = text.split_once(" line ")?;
    Some((
        if file.ends_with("allow") { 'a' } else { 'd' },
        line.parse().ok()?,
    ))
}

/// Allows several clients, and asks libwrap whether they are.
fn fixes(
    item: &Item,
    files: &Files,
    tables: &Tables,
    libwrap: &Libwrap,
    report: &mut Report,
) -> std::io::Result<()> {
    let wanted: Vec<Wanted> = WANTED
        .iter()
        .filter_map(|text| Wanted::parse(text).ok())
        .collect();
    let mut questions = Vec::new();
    for patterns in wanted
        .iter()
        .map(|one| vec![one.clone()])
        .chain([wanted.clone()])
    {
        let words: Vec<&str> = patterns.iter().map(Wanted::word).collect();
        let case = format!("{} after letting in {}", item.name, words.join(" "));
        match tables.permit(&Permit::new(patterns.clone())) {
            Ok(edited) => {
                let fixed = after(files, &edited);
                lines_stay(&case, files, &fixed, report);
                let again = edited.after.permit(&Permit::new(patterns.clone()));
                let settled = again.map(|again| again.edits.is_empty() && again.creates.is_empty());
                report.compare(&format!("{case}, again"), &settled, &Ok(true));
                for client in patterns.iter().flat_map(Wanted::examples) {
                    questions.push((
                        case.clone(),
                        Question {
                            files: fixed.clone(),
                            client,
                        },
                    ));
                }
            }
            Err(refusal) => report.disagreements.push(format!("{case}: {refusal}")),
        }
    }
    let asked: Vec<Question> = questions
        .iter()
        .map(|(_, question)| question.clone())
        .collect();
    for ((case, _), answer) in questions.iter().zip(libwrap.ask(&asked)?) {
        report.compare(case, &answer.access, &Access::Granted);
    }
    Ok(())
}

/// Every line that existed is still there, in the same order.
fn lines_stay(case: &str, before: &Files, after: &Files, report: &mut Report) {
    for (before, after) in before.iter().zip(after) {
        let (Some(before), Some(after)) = (before, after) else {
            continue;
        };
        let mut rest = after.split(|&byte| byte == b'\n');
        let lines = before.split(|&byte| byte == b'\n');
        let lost = lines
            .filter(|line| !line.is_empty())
            .find(|line| !rest.any(|kept| kept == *line));
        report.compare(
            case,
            &lost.map(|line| line.escape_ascii().to_string()),
            &None,
        );
    }
}
