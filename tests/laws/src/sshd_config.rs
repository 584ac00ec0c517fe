//! sshd_config: a main file and a drop-in.

use std::path::Path;

use sshmend_lossless::{Snapshot, fixture};
use sshmend_sshd_config::{Connection, Place, Release, Scope, Tree};

use crate::input::{after_edit, files, line_count, put, wanted};

const MAIN: &str = "/etc/ssh/sshd_config";
const DROP_IN: &str = "/etc/ssh/sshd_config.d/50-site.conf";

const RELEASES: [Release; 5] = [
    Release::new(7, 4),
    Release::new(8, 4),
    Release::new(9, 2),
    Release::new(10, 1),
    Release::new(10, 5),
];

fn machine(data: &[u8]) -> Snapshot {
    let [main, drop_in] = files(data);
    let mut snapshot = fixture::snapshot("//- /etc/ssh/sshd_config.d dir\n");
    put(&mut snapshot, MAIN, main);
    put(&mut snapshot, DROP_IN, drop_in);
    snapshot
}

fn tree(snapshot: &Snapshot) -> Tree {
    Tree::read(snapshot, Path::new(MAIN), &[])
}

pub(crate) fn read(data: &[u8]) {
    let snapshot = machine(data);
    let tree = tree(&snapshot);
    let connection =
        Connection::parse("user=bob,addr=192.0.2.7,host=h.example,laddr=192.0.2.1,lport=22");
    let connection = connection.expect("a connection");
    for release in RELEASES {
        for problem in tree.problems(Some(release)) {
            let file = snapshot.read(&problem.origin.path).ok().flatten();
            let lines = file.map_or(1, |file| line_count(&file.bytes));
            assert!(
                (1..=lines).contains(&problem.origin.line),
                "{problem} of {lines} lines"
            );
        }
        for scope in [Scope::Global, Scope::Connection(&connection)] {
            let effective = tree.effective(Some(release), scope);
            assert!(
                effective.get("maxstartups").is_some(),
                "a keyword with a default has a value"
            );
        }
    }
}

const SETTINGS: [(&str, &str); 4] = [
    ("MaxSessions", "77"),
    ("MaxStartups", "11:22:33"),
    ("LogLevel", "DEBUG3"),
    ("Banner", "/etc/issue.net"),
];

pub(crate) fn edit(data: &[u8]) {
    let (choice, data) = wanted(data);
    let (key, value) = SETTINGS[choice % SETTINGS.len()];
    let release = RELEASES[choice / SETTINGS.len() % RELEASES.len()];
    let place = if choice >= 128 {
        Place::DropIn
    } else {
        Place::Best
    };
    let before = machine(data);
    let Ok(edited) = tree(&before).set(key, value, Some(release), place) else {
        return;
    };
    let after = after_edit(&before, &edited.edits, &edited.creates);
    let again = tree(&after);
    let effective = again.effective(Some(release), Scope::Global);
    let setting = effective.get(key).expect("what was set has a value");
    assert_eq!(setting.values, [value.to_owned()], "{key}");
    let again = again
        .set(key, value, Some(release), Place::Best)
        .expect("it is in force");
    assert!(
        again.edits.is_empty() && again.creates.is_empty(),
        "{:?}",
        again.edits
    );
}
