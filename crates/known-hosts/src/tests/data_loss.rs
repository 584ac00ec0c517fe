//! Each way in which `ssh-keygen -R` loses data, and the behaviour here.

use crate::tests::text::{expand, shorten};
use crate::{KnownHosts, LineNoticeKind, Name, Removed};

fn remove(text: &str, name: &str) -> Removed {
    KnownHosts::parse(text.as_bytes())
        .remove(&[Name::host(name)], None)
        .expect("an edit")
}

fn check(before: &str, name: &str, after: &str) {
    let text = expand(before);
    assert_eq!(
        shorten(&remove(&text, name).edits.apply(text.as_bytes()), &[]),
        after
    );
}

#[test]
fn ssh_keygen_r_1_drops_the_neighbours_of_a_name_and_whole_wildcard_lines() {
    check(
        "h,neighbour,192.0.2.1 ED1 comment\n",
        "h",
        "neighbour,192.0.2.1 ED1 comment\n",
    );
    check(
        "*.example,other ED1\n",
        "h.example",
        "*.example,other ED1\n",
    );
}

#[test]
fn ssh_keygen_r_2_does_not_mention_lines_with_a_marker() {
    let text = expand("@revoked h ED1\n@cert-authority h ED2\n");
    let removed = remove(&text, "h");
    let kinds: Vec<LineNoticeKind> = removed.left.iter().map(|notice| notice.kind).collect();
    assert_eq!(
        kinds,
        [LineNoticeKind::Revoked, LineNoticeKind::CertAuthority]
    );
    assert!(removed.edits.is_empty());
}

#[test]
fn ssh_keygen_r_3_leaves_the_name_with_the_port() {
    check("h ED1\n[h]:2222 ED1\n", "[h]:2222", "h ED1\n");
    check("h ED1\n[h]:2222 ED1\n", "h", "[h]:2222 ED1\n");
}

#[test]
fn ssh_keygen_r_4_succeeds_when_nothing_was_found() {
    let text = expand("i ED1\n");
    assert!(remove(&text, "h").removed.is_empty());
}

#[test]
fn ssh_keygen_r_5_gives_up_on_the_file_because_of_one_unreadable_line() {
    let garbage = [
        "i 1024 35 1234",
        "i ssh-future AAAA",
        "i",
        "<<<<<<< HEAD",
        "@Revoked i x y",
        "\r",
        "\0",
        "\u{feff}",
    ];
    for line in garbage {
        check(
            &format!("{line}\nh ED1\n{line}\n"),
            "h",
            &format!("{line}\n{line}\n"),
        );
    }
}

#[test]
fn ssh_keygen_r_completes_the_last_line_and_sshmend_keeps_it() {
    check("h ED1\ni ED2", "h", "i ED2");
    check("h ED1\r\n i\tED2 \r\n", "h", " i\tED2 \r\n");
}

#[test]
fn ssh_keygen_r_cuts_lines_at_a_nul_byte_and_sshmend_keeps_the_rest() {
    check("h ED1\ni ED2 c\0hidden\n", "h", "i ED2 c\0hidden\n");
}
