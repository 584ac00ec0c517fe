//! hosts.allow and hosts.deny.

use std::path::Path;

use sshmend_hosts_access::{
    Access, Client, HOSTS_ALLOW, HOSTS_DENY, Permit, Tables, Wanted, logical_lines,
};
use sshmend_lossless::Snapshot;

use crate::input::{after_edit, files, line_count, put, wanted};

const PATTERNS: [&str; 5] = [
    "192.0.2.7",
    "192.0.2.0/24",
    "2001:db8::7",
    "2001:db8::/48",
    "198.51.100.0/26",
];

fn machine(data: &[u8]) -> Snapshot {
    let [allow, deny] = files(data);
    let mut snapshot = Snapshot::default();
    put(&mut snapshot, HOSTS_ALLOW, allow);
    put(&mut snapshot, HOSTS_DENY, deny);
    snapshot
}

pub(crate) fn read(data: &[u8]) {
    let [allow, deny] = files(data);
    for file in [allow, deny] {
        let lines = logical_lines(file);
        let joined: Vec<u8> = lines
            .iter()
            .flat_map(|line| &file[line.span.clone()])
            .copied()
            .collect();
        assert_eq!(joined, file, "the logical lines join to the file");
    }
    let tables = Tables::read(&machine(data));
    for address in ["192.0.2.7", "2001:db8::7", "127.0.0.1"] {
        tables.evaluate(&Client::new(address.parse().expect("an address")));
    }
    for problem in tables.problems() {
        let file = if problem.origin.path == Path::new(HOSTS_DENY) {
            deny
        } else {
            allow
        };
        assert!(
            (1..=line_count(file)).contains(&problem.origin.line),
            "{problem:?}"
        );
    }
}

pub(crate) fn edit(data: &[u8]) {
    let (choice, data) = wanted(data);
    let before = machine(data);
    let wanted = Wanted::parse(PATTERNS[choice % PATTERNS.len()]).expect("a pattern");
    let order = Permit::new(vec![wanted]);
    let Ok(edited) = Tables::read(&before).permit(&order) else {
        return;
    };
    let after = after_edit(&before, &edited.edits, &edited.creates);
    let after = Tables::read(&after);
    for client in order.patterns.iter().flat_map(Wanted::examples) {
        assert_eq!(
            after.evaluate(&client).access,
            Access::Granted,
            "{client:?}"
        );
    }
    let again = after.permit(&order).expect("it was possible before");
    assert!(
        again.edits.is_empty() && again.creates.is_empty(),
        "a second time changes nothing: {:?}",
        again.edits
    );
}
