//! fail2ban: jail.local and a file of jail.d over an installed jail.conf.

use std::path::Path;

use sshmend_fail2ban::{Address, Config, Release, Wish};
use sshmend_lossless::{Snapshot, fixture};

use crate::input::{after_edit, files, line_count, put, wanted};

const DIR: &str = "/etc/fail2ban";

/// The files that the tests of the crate begin with too.
const STOCK: &str = include_str!("../../../crates/fail2ban/tests/stock.txt");

fn machine(data: &[u8]) -> Snapshot {
    let [local, extra] = files(data);
    let mut snapshot = fixture::snapshot(&format!("{STOCK}//- /etc/fail2ban/jail.d dir\n"));
    put(&mut snapshot, "/etc/fail2ban/jail.local", local);
    put(&mut snapshot, "/etc/fail2ban/jail.d/site.local", extra);
    snapshot
}

fn releases() -> [Option<Release>; 3] {
    [None, Release::parse("1.0.2"), Release::parse("1.1.1")]
}

pub(crate) fn read(data: &[u8]) {
    let snapshot = machine(data);
    for release in releases() {
        let config = Config::read(&snapshot, Path::new(DIR), release);
        for problem in config.problems() {
            let file = snapshot.read(&problem.origin.path).ok().flatten();
            let lines = file.map_or(1, |file| line_count(&file.bytes));
            assert!((1..=lines).contains(&problem.origin.line), "{problem:?}");
        }
        for jail in config.jails() {
            jail.words();
        }
    }
}

const ADDRESSES: [&str; 4] = [
    "203.0.113.7",
    "203.0.113.0/24",
    "2001:db8::/48",
    "host.example.org",
];

pub(crate) fn edit(data: &[u8]) {
    let (choice, data) = wanted(data);
    let before = machine(data);
    let release = releases()[choice / ADDRESSES.len() % 3];
    let address = Address::parse(ADDRESSES[choice % ADDRESSES.len()])
        .expect("an address")
        .address;
    let wish = Wish {
        addresses: vec![address],
        jails: None,
        until: None,
    };
    let Ok(edited) = Config::read(&before, Path::new(DIR), release).ignore(&wish) else {
        return;
    };
    let after = after_edit(&before, &edited.edits, &edited.creates);
    let config = Config::read(&after, Path::new(DIR), release);
    assert!(config.starts(), "{:?}", config.problems());
    for jail in config.jails().iter().filter(|jail| jail.runs()) {
        assert!(
            wish.addresses
                .iter()
                .all(|address| address.is_ignored_by(jail)),
            "{}: {:?}",
            jail.name,
            jail.words()
        );
    }
    let again = config.ignore(&wish).expect("it was possible before");
    assert!(
        again.is_empty(),
        "a second time changes nothing: {:?}",
        again.edits
    );
}
