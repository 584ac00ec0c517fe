use crate::tests::text::{expand, key_type, shorten};
use crate::{EditError, KnownHosts, LineNoticeKind, Name, Role};

/// Removes one name, of one key type if one is given, and compares the file afterwards.
fn check(before: &str, name: &str, only: Option<&str>, after: &str) {
    let text = expand(before);
    let removed = KnownHosts::parse(text.as_bytes())
        .remove(&[Name::host(name)], only.map(key_type))
        .expect("an edit");
    assert_eq!(
        shorten(&removed.edits.apply(text.as_bytes()), &["h", "i"]),
        after,
        "{name} from\n{before}"
    );
    assert_eq!(removed.edits.is_empty(), removed.removed.is_empty());
}

fn left(before: &str, names: &[Name]) -> Vec<(usize, LineNoticeKind)> {
    let text = expand(before);
    let removed = KnownHosts::parse(text.as_bytes())
        .remove(names, None)
        .expect("an edit");
    removed
        .left
        .into_iter()
        .map(|notice| (notice.line, notice.kind))
        .collect()
}

#[test]
fn removing_an_absent_name_changes_nothing() {
    for file in [
        "",
        "\n",
        "i ED1",
        "#h ED1\n",
        "[h]:22 ED1\n",
        "h\n",
        "h 1024 35 1\n",
        "h x y\n",
        "h,!h ED1\n",
    ] {
        check(file, "h", None, file);
    }
}

#[test]
fn one_name_of_a_list_is_removed_with_one_comma() {
    check("h,i,j ED1 c\n", "h", None, "i,j ED1 c\n");
    check("i,h,j ED1 c\n", "h", None, "i,j ED1 c\n");
    check("i,j,h ED1 c\n", "h", None, "i,j ED1 c\n");
    check("i,h,h,H ED1\n", "h", None, "i ED1\n");
    check("h,h,i,h ED1\n", "h", None, "i ED1\n");
    check("i,h, ED1\n", "h", None, "i, ED1\n");
    check("h,*.x,!y ED1\n", "h", None, "*.x,!y ED1\n");
}

#[test]
fn the_rest_of_a_list_does_not_become_a_hash_a_marker_or_a_comment() {
    check("h,H(i) ED1\n", "h", None, ",H(i) ED1\n");
    check("h,h,@revoked ED1\n", "h", None, ",@revoked ED1\n");
    check("h,#x ED1\n", "h", None, ",#x ED1\n");
    check("h,!@x,i ED1\n", "h", None, "!@x,i ED1\n");
    check("j,h,#x ED1\n", "h", None, "j,#x ED1\n");
}

#[test]
fn the_line_is_removed_when_nothing_else_is_left_in_it() {
    check("i ED1\nh ED1 c\nj ED1\n", "h", None, "i ED1\nj ED1\n");
    check("h,h, ED1\n", "h", None, "");
    check("h,!x ED1\n", "h", None, "");
    check("H(h) ED1\nH(i) ED1\n", "h", None, "H(i) ED1\n");
    check("h ED1\nh RSA1\nh ED1\n", "h", None, "");
}

#[test]
fn one_key_type_is_removed_and_the_others_stay() {
    check(
        "h ED1\nh RSA1\nh,i ED2\n",
        "h",
        Some("ssh-ed25519"),
        "h RSA1\ni ED2\n",
    );
    check("h ED1\n", "h", Some("ecdsa-sha2-nistp256"), "h ED1\n");
    let rsa = expand("h RSA1\n").replace("ssh-rsa ", "rsa-sha2-256 ");
    check(&rsa, "h", Some("rsa"), "");
}

#[test]
fn wildcards_markers_and_the_name_without_the_port_stay_and_are_reported() {
    let file =
        "*.x ED1\n@revoked h.x ED1\n@cert-authority *.x RSA1\nh.x,*.x ED1\n*,!h.x ED1\nh.x x y\n";
    check(
        file,
        "h.x",
        None,
        "*.x ED1\n@revoked h.x ED1\n@cert-authority *.x RSA1\n*.x ED1\n*,!h.x ED1\nh.x x y\n",
    );
    let kinds = [
        (1, LineNoticeKind::Wildcard),
        (2, LineNoticeKind::Revoked),
        (3, LineNoticeKind::CertAuthority),
        (4, LineNoticeKind::Wildcard),
        (5, LineNoticeKind::Negated),
        (6, LineNoticeKind::Ignored(crate::Ignored::UnknownKeyType)),
    ];
    assert_eq!(left(file, &[Name::host("h.x")]), kinds);
    let names = [
        Name::with_port("h", 2222, Role::Host),
        Name::new("h", Role::WithoutPort),
    ];
    assert_eq!(
        left("h ED1\n[h]:2222 ED1\n", &names),
        [(1, LineNoticeKind::WithoutPort)]
    );
}

#[test]
fn a_wildcard_is_removed_only_if_it_is_named_itself() {
    check("*.x,h ED1\nh.x ED1\n", "*.x", None, "h ED1\nh.x ED1\n");
}

#[test]
fn a_line_is_removed_by_its_number_and_digest() {
    let text = expand("h ED1\n@revoked * ED2\ngarbage");
    let known = KnownHosts::parse(text.as_bytes());
    for (number, after) in [(2, "h ED1\ngarbage"), (3, "h ED1\n@revoked * ED2\n")] {
        let digest = known.line_digest(number).expect("a line");
        let removed = known.remove_line(number, &digest).expect("an edit");
        assert_eq!(shorten(&removed.edits.apply(text.as_bytes()), &[]), after);
    }
    let digest = known.line_digest(1).expect("a line");
    assert_eq!(
        known.remove_line(2, &digest),
        Err(EditError::LineChanged(2))
    );
    assert_eq!(known.remove_line(4, &digest), Err(EditError::NoSuchLine(4)));
    assert_eq!(known.remove_line(0, &digest), Err(EditError::NoSuchLine(0)));
}

#[test]
fn removed_keys_are_reported_with_their_fingerprint() {
    let text = expand("i,H ED1\n");
    let removed = KnownHosts::parse(text.as_bytes())
        .remove(&[Name::host("h")], None)
        .expect("an edit")
        .removed;
    assert_eq!(removed.len(), 1);
    assert_eq!(
        (removed[0].line, removed[0].whole_line, &*removed[0].names),
        (1, false, &["h".to_owned()][..])
    );
    let fingerprint = removed[0]
        .fingerprint
        .map(|fingerprint| fingerprint.to_string());
    assert_eq!(
        fingerprint.as_deref(),
        Some("SHA256:KSaXqxN8Y0JDPLYhRXvJx7e5Z0nXAF3hDfhmd+3G8Is")
    );
}
