use crate::tests::text::{expand, key, salt, shorten};
use crate::{KnownHosts, LineNoticeKind, Name, Pin, PinError, Pinned, Placement, Role, Why};

struct Case<'c> {
    before: &'c str,
    names: &'c [Name],
    keys: &'c [&'c str],
    offered: &'c [&'c str],
    hash_names: bool,
}

impl Case<'_> {
    fn pin(&self) -> Result<(Pinned, String), PinError> {
        let text = expand(self.before);
        let keys: Vec<_> = self.keys.iter().map(|word| key(word)).collect();
        let offered: Vec<_> = self.offered.iter().map(|word| key(word)).collect();
        let pin = Pin {
            names: self.names,
            keys: &keys,
            offered: &offered,
            hash_names: self.hash_names,
        };
        let pinned = KnownHosts::parse(text.as_bytes()).pin(&pin, &mut salt)?;
        let after = shorten(
            &pinned.edits.apply(text.as_bytes()),
            &["h", "i", "192.0.2.1"],
        );
        Ok((pinned, after))
    }
}

fn case<'c>(before: &'c str, names: &'c [Name], keys: &'c [&'c str]) -> Case<'c> {
    Case {
        before,
        names,
        keys,
        offered: &[],
        hash_names: false,
    }
}

/// Pins one key for `h`, and compares the file afterwards.
fn check(before: &str, word: &str, after: &str) {
    let names = [Name::host("h")];
    let (_, found) = case(before, &names, &[word]).pin().expect("an edit");
    assert_eq!(found, after, "{word} in\n{before}");
}

#[test]
fn a_revoked_key_is_not_pinned() {
    let names = [Name::host("h")];
    assert_eq!(
        case("@revoked * ED1\nh ED2\n", &names, &["ED1"])
            .pin()
            .map(|_| ()),
        Err(PinError::Revoked(1))
    );
    check("@revoked * ED2\nh ED2\n", "ED1", "@revoked * ED2\nh ED1\n");
}

#[test]
fn a_name_that_would_be_a_pattern_is_not_recorded() {
    let names = [Name::host("*.h")];
    assert_eq!(
        case("", &names, &["ED1"]).pin().map(|_| ()),
        Err(PinError::BadName("*.h".to_owned()))
    );
}

#[test]
fn a_stale_key_is_replaced_in_place() {
    check("i ED1\nh ED2 c\nj ED1\n", "ED1", "i ED1\nh ED1 c\nj ED1\n");
    check(" h\tED2\r\n", "ED1", " h\tED1\r\n");
    check("H(i) ED2\nH(h) ED2\n", "ED1", "H(i) ED2\nH(h) ED1\n");
    check("h ED2", "ED1", "h ED1");
    check("h,!x ED2", "ED1", "h,!x ED1");
}

#[test]
fn the_neighbours_of_the_name_keep_their_key() {
    check(
        "h,i\tED2 c\r\nj ED2\r\n",
        "ED1",
        "i\tED2 c\r\nh\tED1\r\nj ED2\r\n",
    );
    check("i,h ED2", "ED1", "i ED2\nh ED1\n");
    check("h,*.x ED2\n", "ED1", "*.x ED2\nh ED1\n");
}

#[test]
fn duplicates_of_the_stale_key_are_removed() {
    check("h ED2\nH(h) ED2\ni,h ED2\n", "ED1", "h ED1\ni ED2\n");
    check("h ED2\nh ED1\n", "ED1", "h ED1\n");
}

#[test]
fn pinning_a_known_key_changes_nothing() {
    for file in [
        "h ED1\n",
        "h ED1",
        "H(h) ED1\nh RSA1\n",
        "i,h ED1\n*,!i ED2\n",
    ] {
        check(file, "ED1", file);
    }
}

#[test]
fn a_new_key_is_appended_after_a_complete_line() {
    check("", "ED1", "h ED1\n");
    check("i ED2", "ED1", "i ED2\nh ED1\n");
    check("i ED2\r\n# end\r\n", "ED1", "i ED2\r\n# end\r\nh ED1\r\n");
    check("# end", "ED1", "# end\nh ED1\n");
    check("  i\tED2\n", "ED1", "  i\tED2\n  h\tED1\n");
    check(
        "*.x ED2\n@cert-authority h ED2\n",
        "ED1",
        "*.x ED2\n@cert-authority h ED2\nh ED1\n",
    );
}

#[test]
fn new_names_are_hashed_if_the_file_or_the_configuration_asks_for_it() {
    check("H(i) ED2\n", "ED1", "H(i) ED2\nH(h) ED1\n");
    check("H(i) ED2\nj ED2\n", "ED1", "H(i) ED2\nj ED2\nh ED1\n");
    let names = [Name::host("h"), Name::address([192, 0, 2, 1].into(), 22)];
    let hashed = Case {
        hash_names: true,
        ..case("", &names, &["ED1"])
    };
    assert_eq!(
        hashed.pin().expect("an edit").1,
        "H(h) ED1\nH(192.0.2.1) ED1\n"
    );
    assert_eq!(
        case("", &names, &["ED1"]).pin().expect("an edit").1,
        "h,192.0.2.1 ED1\n"
    );
}

#[test]
fn keys_of_host_and_address_are_both_updated() {
    let names = [Name::host("h"), Name::address([192, 0, 2, 1].into(), 22)];
    let after = |before| case(before, &names, &["ED1"]).pin().expect("an edit").1;
    assert_eq!(after("h ED2\n192.0.2.1 ED2\n"), "h ED1\n192.0.2.1 ED1\n");
    assert_eq!(after("h,192.0.2.1 ED2\n"), "h,192.0.2.1 ED1\n");
    assert_eq!(after("h,192.0.2.1,i ED2\n"), "i ED2\nh,192.0.2.1 ED1\n");
    assert_eq!(after("h ED1\n"), "h ED1\n192.0.2.1 ED1\n");
}

#[test]
fn the_entry_without_the_port_is_kept() {
    let names = [
        Name::with_port("h", 2222, Role::Host),
        Name::new("h", Role::WithoutPort),
    ];
    let (pinned, after) = case("h ED2\n", &names, &["ED1"]).pin().expect("an edit");
    assert_eq!(after, "h ED2\n[h]:2222 ED1\n");
    assert_eq!(
        pinned
            .left
            .iter()
            .map(|notice| notice.kind)
            .collect::<Vec<_>>(),
        [LineNoticeKind::WithoutPort]
    );
}

#[test]
fn a_key_of_another_type_is_removed_if_the_server_offers_a_different_one() {
    let names = [Name::host("h")];
    let offered = ["ED1", "RSA1"];
    let with = |before, offered| {
        let (pinned, after) = Case {
            offered,
            ..case(before, &names, &["ED1"])
        }
        .pin()
        .expect("an edit");
        (
            after,
            pinned
                .removed
                .iter()
                .map(|removed| removed.why)
                .collect::<Vec<_>>(),
        )
    };
    assert_eq!(
        with("h RSA2\n", &offered),
        ("h ED1\n".to_owned(), vec![Why::Contradicted])
    );
    assert_eq!(
        with("h RSA2\nh ED2\n", &offered),
        ("h ED1\n".to_owned(), vec![Why::Contradicted, Why::Stale])
    );
    assert_eq!(
        with("h RSA1\nh ED2\n", &offered),
        ("h RSA1\nh ED1\n".to_owned(), vec![Why::Stale])
    );
    assert_eq!(
        with("h ECDSA1\nh ED2\n", &offered),
        ("h ECDSA1\nh ED1\n".to_owned(), vec![Why::Stale])
    );
    assert_eq!(
        with("h RSA2\nh ED2\n", &[]),
        ("h ED1\n".to_owned(), vec![Why::Unconfirmed, Why::Stale])
    );
    assert_eq!(
        with("h RSA2\nh ED1\n", &[]),
        ("h RSA2\nh ED1\n".to_owned(), vec![])
    );
    assert_eq!(
        with("h RSA2\n", &[]),
        ("h RSA2\nh ED1\n".to_owned(), vec![])
    );
}

#[test]
fn several_verified_keys_each_replace_their_own_line() {
    let names = [Name::host("h")];
    let (pinned, after) = case("h RSA2\nh ED2\n", &names, &["ED1", "RSA1", "ECDSA1"])
        .pin()
        .expect("an edit");
    assert_eq!(after, "h RSA1\nh ED1\nh ECDSA1\n");
    let placements: Vec<_> = pinned
        .placed
        .iter()
        .map(|placed| placed.placement)
        .collect();
    assert_eq!(
        placements,
        [
            Placement::Replaced(2),
            Placement::Replaced(1),
            Placement::Appended
        ]
    );
}

#[test]
fn a_stale_last_line_without_newline_leaves_no_empty_line() {
    let names = [Name::host("h")];
    let (_, after) = case("h ED2\nh RSA2", &names, &["ED1"])
        .pin()
        .expect("an edit");
    assert_eq!(after, "h ED1\n");
}

#[test]
fn a_wildcard_line_that_contradicts_the_offer_is_reported() {
    let names = [Name::host("h")];
    let case = Case {
        offered: &["ED1", "RSA1"],
        ..case("* RSA2\n* ED1\nh ED2\n", &names, &["ED1"])
    };
    let (pinned, after) = case.pin().expect("an edit");
    assert_eq!(after, "* RSA2\n* ED1\nh ED1\n");
    let kinds: Vec<_> = pinned.left.iter().map(|notice| notice.kind).collect();
    assert_eq!(
        kinds,
        [
            LineNoticeKind::WildcardContradicts,
            LineNoticeKind::Wildcard
        ]
    );
}

#[test]
fn stale_keys_are_removed_and_offered_keys_are_kept() {
    let remove = |before: &str, keys: &[&str], offered: &[&str]| {
        let text = expand(before);
        let [keys, offered] =
            [keys, offered].map(|words| words.iter().map(|word| key(word)).collect::<Vec<_>>());
        let pin = Pin {
            names: &[Name::host("h")],
            keys: &keys,
            offered: &offered,
            hash_names: false,
        };
        let removed = KnownHosts::parse(text.as_bytes())
            .remove_stale(&pin)
            .expect("an edit");
        let why: Vec<Why> = removed.removed.iter().map(|removed| removed.why).collect();
        (shorten(&removed.edits.apply(text.as_bytes()), &["h"]), why)
    };
    let (ed1, both) = (&["ED1"][..], &["ED1", "RSA1"][..]);
    assert_eq!(remove("h ED2\n", &[], &[]), ("h ED2\n".to_owned(), vec![]));
    assert_eq!(
        remove("h,i ED2\nh RSA1\n", &[], both),
        ("i ED2\nh RSA1\n".to_owned(), vec![Why::Contradicted])
    );
    assert_eq!(
        remove("h RSA1\n", &[], ed1),
        (String::new(), vec![Why::NotOffered])
    );
    assert_eq!(
        remove("h RSA1\nh ED1\n", &[], ed1),
        ("h RSA1\nh ED1\n".to_owned(), vec![])
    );
    assert_eq!(
        remove("h ECDSA1\nh ED2\n", &[], ed1),
        (String::new(), vec![Why::NotOffered, Why::Contradicted])
    );
    assert_eq!(
        remove("h ssh-rsa AAAA\n* ED2\n", &[], both),
        ("h ssh-rsa AAAA\n* ED2\n".to_owned(), vec![])
    );
    assert_eq!(
        remove("h RSA1\nh ED2\n", ed1, both),
        ("h RSA1\n".to_owned(), vec![Why::Stale])
    );
    assert_eq!(
        remove("h ECDSA1\n", ed1, both),
        ("h ECDSA1\n".to_owned(), vec![])
    );
}
