//! Files that other programs install are left alone.

use std::path::{Path, PathBuf};

use sshmend_lossless::{Entry, Packager, Snapshot};

use super::{MAIN, NEW, OLD, changed, snapshot};
use crate::{Place, Refusal, Tree, main_file};

/// The snapshot of a fixture in which `path` is a link to `target`.
fn linked(text: &str, path: &str, target: &str) -> Snapshot {
    let mut seen = snapshot(text);
    let Some(Entry::File(mut image)) = seen.entry(Path::new(path)).cloned() else {
        panic!("{path} is a file")
    };
    image.target = target.into();
    seen.insert(path, Entry::File(image));
    seen
}

const POLICY: &str = "\
//- /etc/ssh/sshd_config
Include /etc/ssh/sshd_config.d/*.conf
UseDNS no
//- /etc/ssh/sshd_config.d/40-policy.conf
MACs hmac-sha2-256
MaxStartups 5:30:50
";

fn policy() -> Snapshot {
    linked(
        POLICY,
        "/etc/ssh/sshd_config.d/40-policy.conf",
        "/usr/share/crypto-policies/LEGACY/opensshserver.txt",
    )
}

#[test]
fn a_line_of_a_packaged_file_is_overridden_by_a_drop_in() {
    let seen = policy();
    let tree = Tree::read(&seen, Path::new(MAIN), &[]);
    let edited = tree
        .set("MACs", "hmac-sha2-512", Some(OLD), Place::Best)
        .expect("a drop-in wins");
    let files = changed(&seen, &edited);
    assert_eq!(
        files.keys().collect::<Vec<_>>(),
        [Path::new("/etc/ssh/sshd_config.d/00-sshmend.conf")]
    );
    assert!(
        edited.notes[0]
            .message
            .contains("40-policy.conf is not edited: crypto-policies brings it")
    );
}

#[test]
fn the_drop_in_is_named_to_be_read_last_if_the_last_line_wins() {
    let seen = policy();
    let tree = Tree::read(&seen, Path::new(MAIN), &[]);
    let path = |release| {
        let edited = tree
            .set("MaxStartups", "9:30:60", Some(release), Place::Best)
            .expect("a drop-in wins");
        changed(&seen, &edited)
            .into_keys()
            .map(|path| path.display().to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(path(OLD), ["/etc/ssh/sshd_config.d/zz-sshmend.conf"]);
    assert_eq!(path(NEW), ["/etc/ssh/sshd_config.d/00-sshmend.conf"]);
}

#[test]
fn the_main_file_is_edited_if_it_reads_no_drop_ins() {
    let text = "//- /etc/ssh/sshd_config\nInclude /etc/ssh/vendor.conf\n//- /etc/ssh/vendor.conf\nMaxSessions 3\n";
    let seen = linked(text, "/etc/ssh/vendor.conf", "/usr/lib/vendor/sshd.conf");
    let tree = Tree::read(&seen, Path::new(MAIN), &[]);
    let edited = tree
        .set("MaxSessions", "9", Some(OLD), Place::Best)
        .expect("a line above wins");
    assert_eq!(
        changed(&seen, &edited)[Path::new(MAIN)],
        "MaxSessions 9\nInclude /etc/ssh/vendor.conf\n"
    );
}

#[test]
fn the_owner_is_named_if_no_place_wins() {
    let seen = linked("MaxSessions 3\n", MAIN, "/nix/store/1b2-etc/sshd_config");
    let tree = Tree::read(&seen, Path::new(MAIN), &[]);
    for (key, value) in [("MaxSessions", "9"), ("MaxAuthTries", "3")] {
        let why = tree
            .set(key, value, Some(OLD), Place::Best)
            .expect_err("NixOS writes it");
        assert!(
            matches!(&why, Refusal::Foreign { foreign, .. } if foreign.packager == Packager::NixOs),
            "{why}"
        );
        assert!(
            why.hint().contains("services.openssh.settings"),
            "{}",
            why.hint()
        );
    }
    assert!(tree.unset(&["MaxSessions"], Some(OLD)).is_err());
}

#[test]
fn drop_ins_of_gentoo_are_not_edited() {
    let name = "/etc/ssh/sshd_config.d/9999999gentoo-locale.conf";
    let text =
        format!("//- {MAIN}\nInclude /etc/ssh/sshd_config.d/*.conf\n//- {name}\nMaxSessions 3\n");
    let seen = snapshot(&text);
    let edited =
        Tree::read(&seen, Path::new(MAIN), &[]).set("MaxSessions", "9", Some(OLD), Place::Best);
    let files = changed(&seen, &edited.expect("a drop-in wins"));
    assert_eq!(
        files.into_keys().collect::<Vec<_>>(),
        [PathBuf::from("/etc/ssh/sshd_config.d/00-sshmend.conf")]
    );
}

#[test]
fn the_vendor_file_is_read_if_the_administrator_has_none() {
    let vendors = "//- /usr/etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nMaxSessions 3\n\
        //- /etc/ssh/sshd_config missing\n//- /etc/ssh/sshd_config.d dir\n";
    let seen = snapshot(vendors);
    let main = main_file(&seen);
    assert_eq!(main, Path::new("/usr/etc/ssh/sshd_config"));
    let tree = Tree::read(&seen, &main, &[]);
    assert_eq!(super::value(&tree, "maxsessions", OLD), "3");
    for (key, value) in [("MaxSessions", "9"), ("MaxAuthTries", "3")] {
        let edited = tree
            .set(key, value, Some(OLD), Place::Best)
            .expect("a drop-in wins");
        let paths: Vec<_> = changed(&seen, &edited).into_keys().collect();
        assert_eq!(
            paths,
            [PathBuf::from("/etc/ssh/sshd_config.d/00-sshmend.conf")],
            "{key}"
        );
    }
    let both = format!("{vendors}//- /etc/ssh/sshd_config\nPort 22\n");
    assert_eq!(main_file(&snapshot(&both)), Path::new(MAIN));
}
