//! fail2ban: jail.local and a file of jail.d over an installed jail.conf.

use std::path::Path;

use sshmend_fail2ban::{Address, Config, Release, Wish};
use sshmend_lossless::{Snapshot, fixture};

use crate::input::{files, line_count, put, wanted};

const DIR: &str = "/etc/fail2ban";

const STOCK: &str = "\
//- /etc/fail2ban/fail2ban.conf
[Definition]
loglevel = INFO
//- /etc/fail2ban/jail.conf
[DEFAULT]
enabled = false
filter = %(__name__)s
backend = auto
bantime = 10m
port = 0:65535
action = ban[port=\"%(port)s\"]
[sshd]
port = ssh
logpath = /var/log/auth.log
[web]
port = http
logpath = /var/log/web.log
//- /etc/fail2ban/jail.d dir
//- /etc/fail2ban/filter.d/sshd.conf
[Definition]
failregex = ^x <HOST>
//- /etc/fail2ban/filter.d/web.conf
[Definition]
failregex = ^y <HOST>
//- /etc/fail2ban/action.d/ban.conf
[Definition]
actionban = true
";

fn machine(data: &[u8]) -> Snapshot {
    let [local, extra] = files(data);
    let mut snapshot = fixture::snapshot(STOCK);
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
    let mut after = before.clone();
    for (path, edits) in &edited.edits {
        let bytes = &before.read(path).ok().flatten().expect("a file").bytes;
        put(
            &mut after,
            path.to_str().expect("our own paths"),
            &edits.apply(bytes),
        );
    }
    for (path, bytes) in &edited.creates {
        put(&mut after, path.to_str().expect("our own paths"), bytes);
    }
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
