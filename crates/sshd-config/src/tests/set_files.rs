//! Which file a setting is written to.

use std::path::PathBuf;

use sshmend_lossless::Origin;

use super::set::refusal;
use super::{MAIN, NEW, OLD, changed, snapshot, tree, tree_with};
use crate::{Place, Refusal, Tree};

const DROP_INS: &str = "\
//- /etc/ssh/sshd_config
Include /etc/ssh/sshd_config.d/*.conf
MaxStartups 10:30:100
//- /etc/ssh/sshd_config.d/50-cloud.conf
MaxSessions 3
";

#[test]
fn the_included_file_is_edited_if_it_decides() {
    let edited = tree(DROP_INS)
        .set("MaxSessions", "9", Some(OLD), Place::Best)
        .expect("possible");
    let files = changed(&snapshot(DROP_INS), &edited);
    assert_eq!(files.len(), 1);
    assert_eq!(
        files[&PathBuf::from("/etc/ssh/sshd_config.d/50-cloud.conf")],
        "MaxSessions 9\n"
    );
}

#[test]
fn a_drop_in_is_written_where_it_wins() {
    let drop_in = PathBuf::from("/etc/ssh/sshd_config.d/00-sshmend.conf");
    let edited = tree(DROP_INS)
        .set("MaxSessions", "9", Some(OLD), Place::DropIn)
        .expect("possible");
    assert!(edited.edits.is_empty());
    assert_eq!(edited.creates[&drop_in], b"MaxSessions 9\n");
    let with = format!("{DROP_INS}//- /etc/ssh/sshd_config.d/00-sshmend.conf\nLogLevel INFO\n");
    let edited = tree(&with)
        .set("MaxSessions", "9", Some(OLD), Place::DropIn)
        .expect("possible");
    assert_eq!(
        changed(&snapshot(&with), &edited)[&drop_in],
        "LogLevel INFO\nMaxSessions 9\n"
    );
}

#[test]
fn a_drop_in_that_would_lose_is_refused() {
    let why = refusal(DROP_INS, "MaxStartups=9", Some(OLD), Place::DropIn);
    assert!(
        matches!(&why, Refusal::WouldLose { winner, .. } if *winner == Origin::new(MAIN, 2)),
        "{why}"
    );
    assert!(
        tree(DROP_INS)
            .set("MaxStartups", "9", Some(NEW), Place::DropIn)
            .is_ok()
    );
    assert!(matches!(
        refusal(DROP_INS, "MaxStartups=9", None, Place::DropIn),
        Refusal::WouldLose { .. }
    ));
    let unread = "//- /etc/ssh/sshd_config\nPort 22\n//- /etc/ssh/sshd_config.d dir\n";
    assert!(matches!(
        refusal(unread, "MaxSessions=9", Some(OLD), Place::DropIn),
        Refusal::NotRead { .. }
    ));
    let conditional = "//- /etc/ssh/sshd_config\nMatch User bob\nInclude sshd_config.d/*\n//- /etc/ssh/sshd_config.d dir\n";
    assert!(matches!(
        refusal(conditional, "MaxSessions=9", Some(OLD), Place::DropIn),
        Refusal::NotRead { .. }
    ));
}

#[test]
fn a_file_that_is_read_by_two_names_is_edited_once() {
    let mut seen = snapshot(
        "//- /etc/ssh/sshd_config\nInclude sshd_config.d/*.conf\n//- /etc/ssh/sshd_config.d/a.conf\nMaxStartups 1:2:3\n//- /etc/ssh/sshd_config.d/b.conf\nMaxStartups 1:2:3\n",
    );
    let a = seen
        .entry("/etc/ssh/sshd_config.d/a.conf".as_ref())
        .cloned()
        .expect("a file");
    seen.insert("/etc/ssh/sshd_config.d/b.conf", a);
    let tree = Tree::read(&seen, MAIN.as_ref(), &[]);
    let edited = tree
        .set("MaxStartups", "7:8:9", Some(OLD), Place::Best)
        .expect("possible");
    assert_eq!(
        edited.edits.keys().collect::<Vec<_>>(),
        [&PathBuf::from("/etc/ssh/sshd_config.d/a.conf")]
    );
    assert_eq!(
        changed(&seen, &edited)[&PathBuf::from("/etc/ssh/sshd_config.d/a.conf")],
        "MaxStartups 7:8:9\n"
    );
}

#[test]
fn an_option_of_the_daemon_overrides_every_file() {
    let tree = tree_with("MaxSessions 3\n", &["MaxSessions=5"]);
    let why = tree
        .set("MaxSessions", "9", Some(OLD), Place::Best)
        .expect_err("overridden");
    assert_eq!(
        why,
        Refusal::Overridden {
            key: "maxsessions".into(),
            option: "-o MaxSessions=5".into()
        }
    );
    let edited = tree
        .set("MaxSessions", "5", Some(OLD), Place::Best)
        .expect("it is in force");
    assert!(edited.edits.is_empty());
}
