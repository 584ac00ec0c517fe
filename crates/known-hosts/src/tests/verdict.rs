use crate::tests::text::{expand, key};
use crate::{KeyStatus, KnownHosts, Name, Place, Role, judge};

fn names() -> [Name; 3] {
    [
        Name::with_port("h", 2222, Role::Host),
        Name::address([192, 0, 2, 1].into(), 2222),
        Name::new("h", Role::WithoutPort),
    ]
}

fn check(files: &[&str], word: &str, expected: KeyStatus) {
    let lookups: Vec<_> = files
        .iter()
        .map(|file| KnownHosts::parse(expand(file).as_bytes()).find(&names()))
        .collect();
    assert_eq!(judge(&lookups, &key(word)), expected, "{files:?}");
}

fn place(file: usize, line: usize) -> Place {
    Place { file, line }
}

#[test]
fn a_revoked_key_is_refused_whatever_else_is_known() {
    check(
        &["[h]:2222 ED1\n", "@revoked * ED1\n"],
        "ED1",
        KeyStatus::Revoked(place(1, 1)),
    );
    check(
        &["@revoked [h]:2222 CERT1\n[h]:2222 ED1\n"],
        "ED1",
        KeyStatus::Revoked(place(0, 1)),
    );
    check(
        &["@revoked i ED1\n[h]:2222 ED1\n"],
        "ED1",
        KeyStatus::Known(Role::Host, place(0, 2)),
    );
}

#[test]
fn a_key_has_changed_if_only_other_keys_are_known() {
    check(&["[h]:2222 ED2\n"], "ED1", KeyStatus::Changed(place(0, 1)));
    check(
        &["[h]:2222 RSA1\n", "[h]:2222 ED2\n"],
        "ED1",
        KeyStatus::Changed(place(1, 1)),
    );
    check(
        &["[h]:2222 ED2\n[h]:2222 ED1\n[h]:2222 ED2\n"],
        "ED1",
        KeyStatus::Known(Role::Host, place(0, 2)),
    );
    check(&["@cert-authority * ED2\n"], "ED1", KeyStatus::Unknown);
}

#[test]
fn an_entry_without_the_port_can_only_accept_the_key() {
    check(
        &["h ED1\n"],
        "ED1",
        KeyStatus::Known(Role::WithoutPort, place(0, 1)),
    );
    check(&["h ED2\n"], "ED1", KeyStatus::Unknown);
    check(
        &["h ED1\n[h]:2222 ED2\n"],
        "ED1",
        KeyStatus::Changed(place(0, 2)),
    );
}

#[test]
fn an_address_with_another_key_is_distinguished() {
    check(
        &["[h]:2222 ED1\n[192.0.2.1]:2222 ED2\n"],
        "ED1",
        KeyStatus::AddressDiffers(place(0, 2)),
    );
    check(&["[192.0.2.1]:2222 ED1\n"], "ED1", KeyStatus::Unknown);
}
