//! Files that could not be read are neither absent nor rejected.

use std::path::Path;

use sshmend_lossless::{Entry, Kind, Metadata, Snapshot, Unread};

use super::{MAIN, NEW, OLD, snapshot};
use crate::{Connection, Place, Refusal, Release, Scope, StartVerdict, Tree};

const SECRET: &str = "/etc/ssh/sshd_config.d/60-secret.conf";

/// A main file with one line before the drop-ins and one after them, and a drop-in that cannot be
/// read.
fn seen(why: &Unread) -> Snapshot {
    let text = "//- /etc/ssh/sshd_config\nMaxAuthTries 4\nInclude sshd_config.d/*.conf\nMaxSessions 5\nMaxStartups 5\n";
    let mut seen = snapshot(&format!("{text}//- {SECRET}\n"));
    seen.insert(SECRET, Entry::Unreadable(why.clone()));
    seen
}

fn tree(seen: &Snapshot) -> Tree {
    Tree::read(seen, Path::new(MAIN), &[])
}

fn known(tree: &Tree, key: &str, release: Release, scope: Scope<'_>) -> Option<String> {
    let effective = tree.effective(Some(release), scope);
    let setting = effective.get(key)?;
    setting.unknown.is_none().then(|| setting.values.join(" "))
}

#[test]
fn a_value_is_known_if_no_unread_file_can_change_it() {
    let seen = seen(&Unread::Denied);
    let tree = tree(&seen);
    let of = |key: &str, release| known(&tree, key, release, Scope::Global);
    assert_eq!(
        of("maxauthtries", OLD).as_deref(),
        Some("4"),
        "it was decided before"
    );
    for key in [
        "maxsessions",
        "logingracetime",
        "allowusers",
        "port",
        "listenaddress",
        "maxstartups",
    ] {
        assert_eq!(of(key, OLD), None, "{key}");
        let unknown = tree
            .effective(Some(OLD), Scope::Global)
            .get(key)
            .and_then(|setting| setting.unknown.clone());
        assert_eq!(
            unknown.expect("it is named").path,
            Path::new(SECRET),
            "{key}"
        );
    }
    assert_eq!(
        of("persourcepenalties", OLD),
        None,
        "this release has no such keyword"
    );
    let somebody = Connection {
        user: Some("eve".to_owned()),
        ..Connection::default()
    };
    assert_eq!(
        known(&tree, "maxauthtries", OLD, Scope::Connection(&somebody)),
        None,
        "a Match block may stand there"
    );
}

#[test]
fn a_later_last_line_is_effective_despite_an_unread_file() {
    let text = "MaxStartups 5\nInclude x.conf\n";
    let mut seen = snapshot(&format!("//- {MAIN}\n{text}//- /etc/ssh/x.conf\n"));
    seen.insert(
        "/etc/ssh/x.conf",
        Entry::Unreadable(Unread::Failed("input/output error".to_owned())),
    );
    let of = |release| known(&tree(&seen), "maxstartups", release, Scope::Global);
    assert_eq!((of(OLD), of(NEW).as_deref()), (None, Some("5:30:5")));
}

#[test]
fn an_unread_match_block_does_not_affect_global_values() {
    let text = "//- /etc/ssh/sshd_config\nMaxSessions 5\nMatch User eve\nInclude x.conf\n//- /etc/ssh/x.conf\n";
    let mut seen = snapshot(text);
    seen.insert("/etc/ssh/x.conf", Entry::Unreadable(Unread::Denied));
    let tree = tree(&seen);
    let of = |user: &str| {
        let connection = Connection {
            user: Some(user.to_owned()),
            ..Connection::default()
        };
        known(&tree, "maxsessions", OLD, Scope::Connection(&connection))
    };
    assert_eq!(
        known(&tree, "maxsessions", OLD, Scope::Global).as_deref(),
        Some("5")
    );
    assert_eq!((of("eve"), of("adam").as_deref()), (None, Some("5")));
}

#[test]
fn whether_sshd_refuses_an_unread_file_is_unknown() {
    let pipe = Entry::Seen(Metadata {
        kind: Kind::Other,
        ..Metadata::default()
    });
    let mut piped = seen(&Unread::Denied);
    piped.insert(SECRET, pipe);
    let read = |seen: &Snapshot| Tree::read(seen, Path::new(MAIN), &[]);
    assert_eq!(piped.look(read).1, []);
    for seen in [
        seen(&Unread::Denied),
        seen(&Unread::TooLong { mib: 1 }),
        piped,
    ] {
        let tree = tree(&seen);
        assert!(tree.problems(Some(OLD)).is_empty());
        assert!(
            matches!(tree.verdict(OLD), StartVerdict::Unknown(why) if why.contains("60-secret.conf"))
        );
        let why = tree
            .set("MaxAuthTries", "4", Some(OLD), Place::Best)
            .expect_err("which line decides is not known");
        assert!(
            matches!(why, Refusal::Unseen(_)) && !why.hint().is_empty(),
            "{why}"
        );
    }
    assert_eq!(
        tree(&seen(&Unread::Loop)).refused(Some(OLD)).len(),
        1,
        "that is sshd's own fault"
    );
}

#[test]
fn a_folder_that_cannot_be_listed_may_hold_drop_ins() {
    let mut seen = snapshot(
        "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\nMaxSessions 5\n",
    );
    seen.insert("/etc/ssh/sshd_config.d", Entry::Unreadable(Unread::Denied));
    let tree = tree(&seen);
    assert_eq!(known(&tree, "maxsessions", OLD, Scope::Global), None);
    let why = tree
        .set("MaxSessions", "9", Some(OLD), Place::Best)
        .expect_err("a drop-in may decide");
    assert_eq!(
        why.to_string(),
        "/etc/ssh/sshd_config.d cannot be read: permission denied"
    );
    assert_eq!(why.hint(), "run it with sudo");
}

#[test]
fn no_value_is_known_without_the_main_file() {
    let mut seen = Snapshot::default();
    seen.insert(MAIN, Entry::Unreadable(Unread::Denied));
    let tree = tree(&seen);
    assert_eq!(known(&tree, "maxsessions", OLD, Scope::Global), None);
    assert!(tree.problems(None).is_empty());
}
