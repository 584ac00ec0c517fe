//! Lists that lines put together: set whole, one element more, one element less.

use std::path::PathBuf;

use sshmend_lossless::Origin;

use super::{MAIN, NEW, OLD, changed, snapshot, tree, tree_with, value};
use crate::{Assignment, Place, Refusal, Release, Tree};

fn assign(
    before: &Tree,
    wanted: &str,
    release: Option<Release>,
    place: Place,
) -> Result<crate::Edited, Refusal> {
    let all: Vec<Assignment> = wanted
        .split("; ")
        .map(|one| Assignment::parse(one).expect("an assignment"))
        .collect();
    before.assign(&all, release, place)
}

/// Assigns in a main file and compares its text.
#[track_caller]
fn check(before: &str, wanted: &str, expected: &str) {
    for release in [OLD, NEW] {
        let edited = assign(&tree(before), wanted, Some(release), Place::Best)
            .unwrap_or_else(|why| panic!("{wanted}: {why}"));
        let files = changed(&snapshot(before), &edited);
        let after = files
            .get(&PathBuf::from(MAIN))
            .map_or(before, String::as_str);
        assert_eq!(after, expected, "{wanted}");
        let again = assign(&tree(expected), wanted, Some(release), Place::Best);
        let again = again.expect("the same again");
        assert!(again.edits.is_empty(), "{wanted}: {again:?}");
    }
}

#[track_caller]
fn refused(before: &Tree, wanted: &str, words: &str) {
    let why = assign(before, wanted, Some(OLD), Place::Best).expect_err("it is refused");
    assert!(why.to_string().contains(words), "{wanted}: {why}");
}

#[test]
fn a_list_is_set_as_a_whole_wherever_its_lines_are() {
    check("UseDNS no\n", "Port=2200", "UseDNS no\nPort 2200\n");
    check(
        "#Port 22\nUseDNS no\n",
        "Port=2200 2222",
        "#Port 22\nPort 2200\nPort 2222\nUseDNS no\n",
    );
    check(
        "Port 22\nUseDNS no\nPort 23\n",
        "Port=23",
        "UseDNS no\nPort 23\n",
    );
    check("Port 22\n", "Port=23; Port=24", "Port 23\nPort 24\n");
    check(
        "AllowUsers ann  # the first\nUseDNS no\nallowusers\tben cid\n",
        "AllowUsers=ben eve",
        "AllowUsers eve  # the first\nUseDNS no\nallowusers\tben\n",
    );
    check(
        "Subsystem sftp /usr/lib/openssh/sftp-server\n",
        "Subsystem=sftp internal-sftp -f AUTH",
        "Subsystem sftp internal-sftp -f AUTH\n",
    );
}

#[test]
fn an_element_is_added_in_the_style_of_the_others() {
    check(
        "AllowUsers ann\n",
        "AllowUsers+=ben",
        "AllowUsers ann ben\n",
    );
    check(
        "AllowUsers ann\nAllowUsers ben # b\nUseDNS no\n",
        "AllowUsers+=cid eve",
        "AllowUsers ann\nAllowUsers ben # b\nAllowUsers cid\nAllowUsers eve\nUseDNS no\n",
    );
    check(
        "AcceptEnv LANG LC_*",
        "AcceptEnv+=TZ",
        "AcceptEnv LANG LC_* TZ",
    );
    check("DenyGroups  x\r\n", "DenyGroups+=y", "DenyGroups  x y\r\n");
    check(
        "ListenAddress 192.0.2.1\nUseDNS no\n",
        "ListenAddress+=[2001:db8::1]:2222",
        "ListenAddress 192.0.2.1\nListenAddress [2001:db8::1]:2222\nUseDNS no\n",
    );
    check(
        "SetEnv A=1\nSetEnv B=2\n",
        "SetEnv+=C=3",
        "SetEnv A=1 C=3\nSetEnv B=2\n",
    );
    check(
        "AllowGroups a\n",
        "AllowGroups+=\"domain users\"",
        "AllowGroups a \"domain users\"\n",
    );
}

#[test]
fn adding_to_a_default_list_writes_out_the_default() {
    check(
        "UseDNS no\n",
        "Port+=2222",
        "UseDNS no\nPort 22\nPort 2222\n",
    );
    check(
        "UseDNS no\n",
        "HostKey+=/etc/ssh/other_key",
        "UseDNS no\nHostKey /etc/ssh/ssh_host_rsa_key\nHostKey /etc/ssh/ssh_host_ecdsa_key\n\
         HostKey /etc/ssh/ssh_host_ed25519_key\nHostKey /etc/ssh/other_key\n",
    );
    check("UseDNS no\n", "ListenAddress+=192.0.2.1", "UseDNS no\n");
    check("UseDNS no\n", "Port+=22", "UseDNS no\n");
}

#[test]
fn a_line_is_removed_with_its_last_element() {
    check(
        "AllowUsers ann ben cid # x\n",
        "AllowUsers-=ben",
        "AllowUsers ann cid # x\n",
    );
    check(
        "AllowUsers ann ben\n",
        "AllowUsers-=ann",
        "AllowUsers ben\n",
    );
    check(
        "AllowUsers ann\nAllowUsers ben\nDenyUsers ben\n",
        "AllowUsers-=ben",
        "AllowUsers ann\nDenyUsers ben\n",
    );
    check("Port 22\nPort 2222\n", "Port-=22", "Port 2222\n");
    check("AcceptEnv LANG\n", "AcceptEnv-=TZ", "AcceptEnv LANG\n");
    check(
        "DenyUsers eve\nUseDNS no\n",
        "DenyUsers-=eve",
        "UseDNS no\n",
    );
    check("Subsystem sftp internal-sftp\n", "Subsystem-=sftp", "");
    check(
        "ListenAddress 192.0.2.1\nListenAddress 192.0.2.2:22\n",
        "ListenAddress-=192.0.2.2",
        "ListenAddress 192.0.2.1\n",
    );
    check(
        "UseDNS no\n",
        "HostKey-=/etc/ssh/ssh_host_rsa_key",
        "UseDNS no\nHostKey /etc/ssh/ssh_host_ecdsa_key\nHostKey /etc/ssh/ssh_host_ed25519_key\n",
    );
}

#[test]
fn lines_of_included_files_and_blocks_are_distinguished() {
    let text = "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nAllowUsers ann\nMatch User ben\n  \
                AllowUsers ben\n//- /etc/ssh/sshd_config.d/20-x.conf\nAllowUsers ben cid\n";
    let edited = assign(&tree(text), "AllowUsers-=ben", Some(OLD), Place::Best).expect("possible");
    let files = changed(&snapshot(text), &edited);
    let drop_in = PathBuf::from("/etc/ssh/sshd_config.d/20-x.conf");
    assert_eq!(
        files.get(&drop_in).map(String::as_str),
        Some("AllowUsers cid\n")
    );
    assert_eq!(files.len(), 1, "the block keeps its line");
    let edited = assign(&tree(text), "AllowUsers=eve", Some(OLD), Place::Best).expect("possible");
    let files = changed(&snapshot(text), &edited);
    assert_eq!(
        files.get(&drop_in).map(String::as_str),
        Some("AllowUsers eve\n")
    );
    let main = files.get(&PathBuf::from(MAIN)).expect("it loses its line");
    assert!(
        !main.contains("AllowUsers ann") && main.contains("AllowUsers ben"),
        "{main}"
    );
}

#[test]
fn list_edits_that_cannot_be_exact_are_refused() {
    refused(&tree("Port 22\n"), "Port-=22", "takes its default");
    refused(
        &tree("ListenAddress 192.0.2.1\n"),
        "ListenAddress-=192.0.2.1",
        "takes its default",
    );
    refused(&tree(""), "MaxSessions+=3", "no list to add to");
    refused(&tree(""), "Ciphers-=aes128-ctr", "no list to add to");
    refused(&tree(""), "Port=66000", "not a port");
    refused(&tree(""), "AllowUsers=", "no argument after");
    refused(&tree(""), "AllowUsers=a@192.0.2.1/99", "invalid address");
    refused(
        &tree("Subsystem sftp internal-sftp\n"),
        "Subsystem+=sftp /x",
        "with that name already exists",
    );
    refused(
        &tree_with("", &["AllowUsers=ann"]),
        "AllowUsers=ben",
        "overrides every file",
    );
}

#[test]
fn a_drop_in_can_extend_a_list_but_not_replace_it() {
    let text = "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nAllowUsers ann\n\
                //- /etc/ssh/sshd_config.d dir\n";
    let edited =
        assign(&tree(text), "AllowUsers+=ben", Some(OLD), Place::DropIn).expect("possible");
    let created: Vec<_> = edited.creates.values().map(Vec::as_slice).collect();
    assert_eq!(created, [b"AllowUsers ben\n"]);
    let why = assign(&tree(text), "AllowUsers=ben", Some(OLD), Place::DropIn);
    assert!(matches!(why, Err(Refusal::WouldLose { .. })), "{why:?}");
}

#[test]
fn a_list_edit_for_an_unknown_release_suits_every_release() {
    let before = tree("Port 22\n");
    let edited =
        assign(&before, "Port+=2222; AllowUsers+=ann", None, Place::Best).expect("possible");
    let files = changed(&snapshot("Port 22\n"), &edited);
    let after = tree(files.get(&PathBuf::from(MAIN)).expect("edited"));
    for release in [Release::new(8, 0), OLD, NEW] {
        assert_eq!(value(&after, "port", release), "22 | 2222");
        assert_eq!(value(&after, "allowusers", release), "ann");
    }
}

#[test]
fn commenting_out_a_match_line_affects_only_its_connections() {
    let text =
        "PasswordAuthentication yes\nMatch User ann\n  PasswordAuthentication no\n  Banner /x\n";
    let before = tree(text);
    let line = Origin::new(MAIN, 3);
    let edited = before
        .comment_out(std::slice::from_ref(&line), OLD)
        .expect("of a block");
    assert_eq!(
        changed(&snapshot(text), &edited)[&PathBuf::from(MAIN)],
        "PasswordAuthentication yes\nMatch User ann\n#  PasswordAuthentication no\n  Banner /x\n"
    );
    let (key, set) = before.set_in_block(&line, Some(OLD)).expect("of a block");
    assert_eq!(
        (key.as_str(), set.criteria.as_str(), set.value.as_str()),
        ("passwordauthentication", "User ann", "no")
    );
    let of_all = tree("Match all\n  Banner /x\n");
    let why = of_all.comment_out(&[Origin::new(MAIN, 2)], OLD);
    assert!(matches!(why, Err(Refusal::Accepted { .. })), "{why:?}");
}

#[test]
fn only_a_refused_line_is_commented_out() {
    let text = "UseDNS no\n  MaxSession 3 # odd\nPort x\nMatch Usr ben\n  UseDNS no\n";
    let before = tree(text);
    let line = |number| Origin::new(MAIN, number);
    let edited = before
        .comment_out(&[line(2)], OLD)
        .expect("refused by sshd");
    let files = changed(&snapshot(text), &edited);
    assert_eq!(
        files.get(&PathBuf::from(MAIN)).map(String::as_str),
        Some("UseDNS no\n#  MaxSession 3 # odd\nPort x\nMatch Usr ben\n  UseDNS no\n")
    );
    let both = before.comment_out(&[line(2), line(3)], OLD).expect("both");
    assert_eq!(both.edits.len(), 1);
    for (number, words) in [
        (1, "sshd accepts"),
        (4, "a Match line"),
        (99, "sshd accepts"),
    ] {
        let why = before
            .comment_out(&[line(number)], OLD)
            .expect_err("refused");
        assert!(why.to_string().contains(words), "{why}");
    }
    let elsewhere = Origin::new("/etc/passwd", 1);
    let why = before.comment_out(&[elsewhere], OLD).expect_err("refused");
    assert!(matches!(why, Refusal::NoSuchLine { .. }), "{why}");
}
