//! The owner of a file, and what is unknown about it.

use std::path::Path;

use expect_test::expect;
use sshmend_fail2ban::{Config, Refusal};
use sshmend_lossless::{Entry, Kind, Metadata, Snapshot, Unread};

use crate::common::{DIR, config, debian_12, shown, snapshot, wish};

const OWN: &str = "//- jail.local\n[DEFAULT]\nignoreip = 192.0.2.40\n[sshd]\nenabled = true\n";

/// The same, with `jail.local` behind a link.
fn linked(files: &str, target: &str) -> Snapshot {
    let mut seen = snapshot(files);
    let path = Path::new(DIR).join("jail.local");
    let mut image = seen.read(&path).ok().flatten().expect("a file").clone();
    image.target = target.into();
    seen.insert(path, Entry::File(image));
    seen
}

fn ignoring(seen: &Snapshot) -> String {
    match config(seen, debian_12()).ignore(&wish("198.51.100.9", &[], None)) {
        Ok(edited) => shown(seen, &edited),
        Err(refusal) => format!("refused: {refusal}\nhint: {}\n", refusal.hint()),
    }
}

#[test]
fn a_foreign_file_is_overridden_if_there_is_a_folder_for_that() {
    let seen = linked(
        &format!("{OWN}//- jail.d dir\n"),
        "/nix/store/0abc-jail.local",
    );
    expect![[r#"
        /etc/fail2ban/jail.d/zz-sshmend.local (new)
        +# Addresses that are never banned.\n
        +\n
        +[DEFAULT]\n
        +ignoreip = 192.0.2.40 198.51.100.9\n
        copied: /etc/fail2ban/jail.local:2: this list is copied: later additions to it have no effect
        file-owned-by: /etc/fail2ban/jail.local:2: NixOS builds it from the system's configuration: it is not edited, the new line overrides it
    "#]].assert_eq(&ignoring(&seen));
    let seen = linked(&format!("{OWN}//- jail.d dir\n"), "/srv/shared/jail.local");
    expect![[r#"
        /etc/fail2ban/jail.d/zz-sshmend.local (new)
        +# Addresses that are never banned.\n
        +\n
        +[DEFAULT]\n
        +ignoreip = 192.0.2.40 198.51.100.9\n
        copied: /etc/fail2ban/jail.local:2: this list is copied: later additions to it have no effect
        file-owned-by: /etc/fail2ban/jail.local:2: it lies outside /etc, where another program or person keeps it: it is not edited, the new line overrides it
    "#]].assert_eq(&ignoring(&seen));
}

#[test]
fn a_file_without_a_place_for_an_override_is_left_to_its_owner() {
    expect![[r#"
        refused: no place was found from which jail sshd takes 198.51.100.9
        hint: set services.fail2ban and run `nixos-rebuild switch`
    "#]]
    .assert_eq(&ignoring(&linked(OWN, "/nix/store/0abc-jail.local")));
    // Below /etc a link is the administrator's own.
    expect![[r#"
        /etc/fail2ban/jail.local
         [DEFAULT]\n
        -ignoreip = 192.0.2.40\n
        +ignoreip = 192.0.2.40 198.51.100.9\n
    "#]]
    .assert_eq(&ignoring(&linked(OWN, "/etc/local/jail.local")));
}

#[test]
fn a_foreign_file_is_never_repaired() {
    let seen = linked(
        "//- jail.local\n[sshd]\nenabled = true\n[sshd]\nport = 22\n",
        "/gnu/store/0abc-jail.local",
    );
    assert_eq!(config(&seen, debian_12()).mendable().count(), 0);
}

fn unread(path: &str, entry: Entry) -> (Option<String>, bool) {
    let mut seen = snapshot(&format!("{OWN}//- jail.d/a.conf\n[web]\nenabled = true\n"));
    seen.insert(Path::new(DIR).join(path), entry);
    let config: Config<'_> = config(&seen, debian_12());
    let unread = config
        .unread()
        .iter()
        .map(|(path, why)| format!("{}: {why}", path.display()))
        .next();
    let refused = config.ignore(&wish("198.51.100.9", &[], None));
    (unread, matches!(refused, Err(Refusal::Unread { .. })))
}

#[test]
fn unreadable_files_are_neither_absent_nor_broken() {
    let pipe = Metadata {
        kind: Kind::Other,
        ..Metadata::default()
    };
    let cases = [
        (
            "jail.local",
            Entry::Unreadable(Unread::Denied),
            "jail.local: permission denied",
        ),
        (
            "jail.d",
            Entry::Unreadable(Unread::Denied),
            "jail.d: permission denied",
        ),
        (
            "jail.d/a.conf",
            Entry::Unreadable(Unread::Failed("EIO".to_owned())),
            "jail.d/a.conf: EIO",
        ),
        (
            "jail.d/a.conf",
            Entry::Unreadable(Unread::TooLong { mib: 3 }),
            "jail.d/a.conf: longer than the 3 MiB that are read",
        ),
        (
            "jail.local",
            Entry::Seen(pipe),
            "jail.local: not a regular file, but a device, socket or pipe",
        ),
        (
            "filter.d/sshd.conf",
            Entry::Unreadable(Unread::Denied),
            "filter.d/sshd.conf: permission denied",
        ),
        (
            "action.d/ban.conf",
            Entry::Unreadable(Unread::Denied),
            "action.d/ban.conf: permission denied",
        ),
    ];
    for (path, entry, expected) in cases {
        assert_eq!(
            unread(path, entry),
            (Some(format!("{DIR}/{expected}")), true),
            "{path}"
        );
    }
}

#[test]
fn files_unreadable_even_to_root_are_a_problem_of_fail2ban() {
    let folder = || {
        Entry::Directory(
            Vec::new(),
            Metadata {
                kind: Kind::Directory,
                ..Metadata::default()
            },
        )
    };
    assert_eq!(unread("jail.d/a.conf", folder()), (None, false));
    for gone in [
        Entry::Dangling,
        Entry::Missing,
        Entry::Unreadable(Unread::Loop),
    ] {
        assert_eq!(unread("jail.d/a.conf", gone), (None, false));
    }
}
