//! Where values are written, what else is kept, and what is refused.

use std::path::PathBuf;

use sshmend_lossless::Origin;

use super::{MAIN, NEW, OLD, changed, snapshot, tree, value};
use crate::{Place, Refusal, Release};

/// Sets `key=value` in a main file and compares its text.
fn check(before: &str, set: &str, release: Release, expected: &str) {
    let (key, value) = set.split_once('=').expect("key=value");
    let edited = tree(before)
        .set(key, value, Some(release), Place::Best)
        .unwrap_or_else(|why| panic!("{set}: {why}"));
    let files = changed(&snapshot(before), &edited);
    assert_eq!(
        files
            .get(&PathBuf::from(MAIN))
            .map_or(before, String::as_str),
        expected,
        "{set}"
    );
}

pub(super) fn refusal(before: &str, set: &str, release: Option<Release>, place: Place) -> Refusal {
    let (key, value) = set.split_once('=').expect("key=value");
    tree(before)
        .set(key, value, release, place)
        .expect_err("it is refused")
}

#[test]
fn the_effective_line_is_rewritten_and_its_layout_is_kept() {
    check(
        "MaxSessions 3\nPort 22\n",
        "MaxSessions=9",
        OLD,
        "MaxSessions 9\nPort 22\n",
    );
    check(
        "\t maxsessions =  3  # few\r\n",
        "MaxSessions=9",
        OLD,
        "\t maxsessions =  9  # few\r\n",
    );
    check(
        "MaxSessions=\"3\"",
        "MaxSessions=9",
        OLD,
        "MaxSessions=\"9\"",
    );
    check(
        "LogLevel 'INFO' # as ever\n",
        "LogLevel=DEBUG",
        OLD,
        "LogLevel 'DEBUG' # as ever\n",
    );
    check(
        "Banner \"/etc/issue\"\n",
        "Banner=/etc/a \"b\"",
        OLD,
        "Banner \"/etc/a \\\"b\\\"\"\n",
    );
    check("KeepAlive no\n", "TCPKeepAlive=yes", OLD, "KeepAlive yes\n");
    check(
        "MaxSessions 3\nMaxSessions 4\n",
        "maxsessions=9",
        OLD,
        "MaxSessions 9\nMaxSessions 4\n",
    );
    check(
        "MaxSessions 3#note\n",
        "MaxSessions=9",
        Release::new(8, 0),
        "MaxSessions 9 #note\n",
    );
    check(
        "ForceCommand a b # c\n",
        "ForceCommand=x y",
        OLD,
        "ForceCommand x y\n",
    );
    check(
        "Match all\n  MaxSessions 3\n",
        "MaxSessions=9",
        OLD,
        "Match all\n  MaxSessions 9\n",
    );
}

#[test]
fn the_last_line_is_rewritten_if_it_is_effective_and_the_others_agree() {
    let before = "MaxStartups 1:2:3\nPort 22\nMaxStartups 4:5:6\n";
    check(
        before,
        "MaxStartups=7:8:9",
        OLD,
        "MaxStartups 7:8:9\nPort 22\nMaxStartups 7:8:9\n",
    );
    check(
        before,
        "MaxStartups=7:8:9",
        NEW,
        "MaxStartups 7:8:9\nPort 22\nMaxStartups 4:5:6\n",
    );
    let edited = tree(before)
        .set("MaxStartups", "7:8:9", Some(OLD), Place::Best)
        .expect("possible");
    assert_eq!(edited.notes.len(), 1);
    assert_eq!(edited.notes[0].origin, Some(Origin::new(MAIN, 1)));
    assert!(edited.notes[0].message.contains("brought into agreement"));
}

#[test]
fn every_line_is_set_if_the_release_is_unknown() {
    let before = "MaxStartups 1:2:3\nMaxStartups 4:5:6\n";
    let edited = tree(before)
        .set("MaxStartups", "7:8:9", None, Place::Best)
        .expect("possible");
    let files = changed(&snapshot(before), &edited);
    assert_eq!(
        files[&PathBuf::from(MAIN)],
        "MaxStartups 7:8:9\nMaxStartups 7:8:9\n"
    );
    let said: Vec<String> = edited
        .notes
        .iter()
        .map(|note| note.message.clone())
        .collect();
    let decides = |when: &str| format!("{when} this line decides maxstartups");
    assert_eq!(
        said,
        [
            decides("before OpenSSH 10.1"),
            decides("from OpenSSH 10.1 on")
        ]
    );
}

#[test]
fn a_single_maxstartups_number_is_written_for_each_release() {
    check(
        "MaxStartups 5:77:50\n",
        "MaxStartups=9",
        OLD,
        "MaxStartups 9\n",
    );
    check(
        "MaxStartups 5:77:50\n",
        "MaxStartups=9",
        Release::new(10, 1),
        "MaxStartups 9:30:9\n",
    );
    check(
        "",
        "PerSourceNetBlockSize=24",
        OLD,
        "PerSourceNetBlockSize 24:128\n",
    );
    check(
        "",
        "PerSourceNetBlockSize=24",
        NEW,
        "PerSourceNetBlockSize 24\n",
    );
}

#[test]
fn a_new_line_is_inserted_beside_the_commented_default() {
    check(
        "Port 22\n#MaxStartups 10:30:100\nUseDNS no\n",
        "MaxStartups=9",
        OLD,
        "Port 22\n#MaxStartups 10:30:100\nMaxStartups 9\nUseDNS no\n",
    );
    check(
        "#   LogLevel\tINFO\r\nPort 22\r\n",
        "LogLevel=DEBUG",
        OLD,
        "#   LogLevel\tINFO\r\nLogLevel\tDEBUG\r\nPort 22\r\n",
    );
    check(
        "# LogLevel says how much\nPort 22\n",
        "LogLevel=DEBUG",
        OLD,
        "# LogLevel says how much\nPort 22\nLogLevel DEBUG\n",
    );
    check(
        "Match User x\n#LogLevel INFO\n",
        "LogLevel=DEBUG",
        OLD,
        "LogLevel DEBUG\nMatch User x\n#LogLevel INFO\n",
    );
}

#[test]
fn a_new_line_precedes_the_first_match_and_resembles_its_neighbour() {
    check(
        "  Port=22\n",
        "MaxSessions=9",
        OLD,
        "  Port=22\n  MaxSessions=9\n",
    );
    check("Port 22", "MaxSessions=9", OLD, "Port 22\nMaxSessions 9");
    check("", "MaxSessions=9", OLD, "MaxSessions 9\n");
    check(
        "Port 22\n\n# for bob\nMatch User bob\n  LogLevel INFO\n",
        "MaxStartups=9",
        OLD,
        "Port 22\nMaxStartups 9\n\n# for bob\nMatch User bob\n  LogLevel INFO\n",
    );
    check(
        "\0\nPort 22\n",
        "MaxSessions=9",
        OLD,
        "\0\nPort 22\nMaxSessions 9\n",
    );
}

#[test]
fn a_new_line_is_inserted_before_a_commented_match_block() {
    let example = "\n# How one user gets less\n#Match User carol\n#\tPermitTTY no\n";
    let (before, after) = (
        format!("UseDNS no\n{example}"),
        format!("UseDNS no\nMaxAuthTries 4\n{example}"),
    );
    check(&before, "MaxAuthTries=4", OLD, &after);
    let only = "# Match Group wheel\n# \tMaxAuthTries 3\n";
    check(
        only,
        "MaxAuthTries=4",
        OLD,
        &format!("MaxAuthTries 4\n{only}"),
    );
    let prose = "Port 22\n# Match the names below with those of the proxy\nUseDNS no\n";
    check(
        prose,
        "MaxAuthTries=4",
        OLD,
        &format!("{prose}MaxAuthTries 4\n"),
    );
}

#[test]
fn a_line_before_the_first_block_does_not_get_its_indentation() {
    check(
        "Match User git\n\tX11Forwarding no\n",
        "MaxSessions=9",
        OLD,
        "MaxSessions 9\nMatch User git\n\tX11Forwarding no\n",
    );
}

#[test]
fn a_new_line_leaves_the_end_of_the_file_as_it_is() {
    check(
        "Port 22\n\n# vim: set ft=sshdconfig:\n",
        "MaxSessions=9",
        OLD,
        "Port 22\nMaxSessions 9\n\n# vim: set ft=sshdconfig:\n",
    );
    check(
        "Port 22\n\n# for scp\nSubsystem\tsftp internal-sftp\nMatch Group sftp\n  ForceCommand internal-sftp\n",
        "MaxSessions=9",
        OLD,
        "Port 22\nMaxSessions 9\n\n# for scp\nSubsystem\tsftp internal-sftp\nMatch Group sftp\n  ForceCommand internal-sftp\n",
    );
    check(
        "Subsystem\tsftp internal-sftp\n",
        "MaxSessions=9",
        OLD,
        "Subsystem\tsftp internal-sftp\nMaxSessions 9\n",
    );
    check(
        "# of this host\n\n# no lines yet\n",
        "MaxSessions=9",
        OLD,
        "# of this host\n\n# no lines yet\nMaxSessions 9\n",
    );
}

#[test]
fn removing_a_line_joined_by_a_nul_byte_is_noted() {
    let before = "LoginGraceTime 2\0m\nUseDNS no\n";
    let edited = tree(before)
        .set("LoginGraceTime", "30", Some(OLD), Place::Best)
        .expect("possible");
    assert!(
        edited
            .notes
            .iter()
            .any(|note| note.message.ends_with("it is also removed: UseDNS no")),
        "{:?}",
        edited.notes
    );
}

#[test]
fn a_value_is_quoted_if_necessary() {
    check(
        "",
        "Banner=/etc/my issue",
        OLD,
        "Banner \"/etc/my issue\"\n",
    );
    check("", "Banner=/etc/\"x", OLD, "Banner \"/etc/\\\"x\"\n");
    let why = refusal("", "Banner=/etc/\"x", Some(Release::new(8, 0)), Place::Best);
    assert!(matches!(why, Refusal::BadValue { .. }), "{why}");
}

#[test]
fn penalties_are_set_individually() {
    let release = Release::new(10, 0);
    check(
        "PerSourcePenalties crash:9s max:1m # x\n",
        "PerSourcePenalties=max:2m min:3s",
        release,
        "PerSourcePenalties crash:9s max:2m min:3s # x\n",
    );
    check(
        "PerSourcePenalties no\n",
        "PerSourcePenalties=authfail:9s",
        release,
        "PerSourcePenalties authfail:9s\n",
    );
    check(
        "PerSourcePenalties crash:9s\nPerSourcePenalties max:1m\n",
        "PerSourcePenalties=no",
        release,
        "PerSourcePenalties no\nPerSourcePenalties no\n",
    );
    check(
        "",
        "PerSourcePenalties=no",
        release,
        "PerSourcePenalties no\n",
    );
}

#[test]
fn a_refused_line_of_the_keyword_is_corrected() {
    check(
        "MaxStartups 10:30\n",
        "MaxStartups=10:30:60",
        OLD,
        "MaxStartups 10:30:60\n",
    );
    check(
        "MaxSessions\nPort 22\n",
        "MaxSessions=9",
        OLD,
        "MaxSessions 9\nPort 22\n",
    );
    check(
        "MaxSessions 1\nMaxSessions x\n",
        "MaxSessions=9",
        OLD,
        "MaxSessions 9\nMaxSessions 9\n",
    );
}

#[test]
fn a_value_already_in_force_changes_nothing() {
    for (text, key, value) in [
        ("MaxSessions 3\n", "MaxSessions", "3"),
        ("", "MaxAuthTries", "6"),
        ("LoginGraceTime 2m\n", "LoginGraceTime", "120"),
    ] {
        let edited = tree(text)
            .set(key, value, Some(OLD), Place::Best)
            .expect("possible");
        assert!(
            edited.edits.is_empty() && edited.creates.is_empty(),
            "{key}"
        );
    }
}

#[test]
fn several_values_are_set_in_one_edit() {
    let before = "Include x.conf\nMatch User bob\n";
    let edited = tree(before).set_all(
        &[
            ("MaxSessions", "9"),
            ("LogLevel", "DEBUG"),
            ("MaxSessions", "8"),
        ],
        Some(OLD),
        Place::Best,
    );
    let files = changed(&snapshot(before), &edited.expect("possible"));
    assert_eq!(
        files[&PathBuf::from(MAIN)],
        "Include x.conf\nMaxSessions 8\nLogLevel DEBUG\nMatch User bob\n"
    );
}

#[test]
fn values_that_sshd_would_refuse_are_refused_with_the_reason() {
    let cases: [(&str, &str, Option<Release>, &str); 13] = [
        (
            "",
            "MaxStartup=9",
            Some(OLD),
            "unknown keyword \"MaxStartup\"",
        ),
        (
            "",
            "PerSourcePenalties=no",
            Some(OLD),
            "OpenSSH 9.2 does not know PerSourcePenalties",
        ),
        (
            "",
            "PerSourcePenalties=no",
            None,
            "the release of sshd is unknown, and only OpenSSH 9.8 and later know PerSourcePenalties",
        ),
        ("", "Match=all", Some(OLD), "Match is not a setting"),
        ("", "UseLogin=no", Some(OLD), "sshd ignores UseLogin"),
        (
            "",
            "MaxStartups=0",
            Some(OLD),
            "maxstartups 0: invalid value \"0\"",
        ),
        (
            "",
            "MaxStartups=10:30",
            Some(OLD),
            "maxstartups 10:30: invalid value \"10:30\"",
        ),
        (
            "",
            "MaxSessions=",
            Some(OLD),
            "maxsessions : the argument is missing",
        ),
        (
            "",
            "LogLevel=INFO\nPort 23",
            Some(OLD),
            "loglevel INFO\nPort 23: it holds a control character",
        ),
        (
            "",
            "LoginGraceTime=1.5s",
            Some(OLD),
            "logingracetime 1.5s: invalid time \"1.5s\"",
        ),
        (
            "",
            "PermitTunnel=Yes",
            Some(OLD),
            "permittunnel Yes: unsupported value \"Yes\"",
        ),
        (
            "",
            "PerSourcePenaltyExemptList=10.0.0.1/8",
            Some(NEW),
            "persourcepenaltyexemptlist 10.0.0.1/8: invalid address \"10.0.0.1/8\" in the list",
        ),
        (
            "",
            "AuthorizedKeysCommand=/bin/x",
            Some(OLD),
            "sshd would not start with this authorizedkeyscommand: authorizedkeyscommand is set without authorizedkeyscommanduser",
        ),
    ];
    for (text, set, release, expected) in cases {
        let why = refusal(text, set, release, Place::Best);
        assert_eq!(why.to_string(), expected);
        assert!(!why.hint().is_empty());
    }
}

#[test]
fn a_keyword_already_in_use_is_accepted() {
    let before = "PerSourcePenalties crash:9s\n";
    assert!(
        tree(before)
            .set("PerSourcePenalties", "no", None, Place::Best)
            .is_ok()
    );
    check(
        "RequiredRSASize 2048\n",
        "RequiredRSASize=3072",
        Release::new(8, 7),
        "RequiredRSASize 3072\n",
    );
}

#[test]
fn a_keyword_is_written_with_the_name_of_its_release() {
    check(
        "",
        "PubkeyAcceptedAlgorithms=ssh-ed25519",
        NEW,
        "PubkeyAcceptedAlgorithms ssh-ed25519\n",
    );
    check(
        "",
        "PubkeyAcceptedKeyTypes=ssh-ed25519",
        Release::new(8, 0),
        "PubkeyAcceptedKeyTypes ssh-ed25519\n",
    );
    check(
        "",
        "ChallengeResponseAuthentication=no",
        Release::new(8, 0),
        "ChallengeResponseAuthentication no\n",
    );
    check(
        "",
        "ChallengeResponseAuthentication=no",
        OLD,
        "KbdInteractiveAuthentication no\n",
    );
}

#[test]
fn several_keywords_are_unset_at_once_and_a_list_with_all_its_lines() {
    let before = "Banner /etc/motd\nAcceptEnv LANG\nPort 22\nAcceptEnv LC_* TZ\nbanner none\n";
    let edited = tree(before)
        .unset(&["Banner", "acceptenv", "MaxSessions"], Some(OLD))
        .expect("possible");
    let after = &changed(&snapshot(before), &edited)[&PathBuf::from(MAIN)];
    assert_eq!(after, "Port 22\n");
    assert!(tree(before).unset(&["Port", "Prot"], Some(OLD)).is_err());
}

#[test]
fn unset_removes_the_lines_that_decide() {
    let before = "MaxSessions 3\nPort 22\nMaxSessions 4\nMatch User bob\nMaxSessions 5\n";
    let edited = tree(before)
        .unset(&["MaxSessions"], Some(OLD))
        .expect("possible");
    let after = &changed(&snapshot(before), &edited)[&PathBuf::from(MAIN)];
    assert_eq!(after, "Port 22\nMatch User bob\nMaxSessions 5\n");
    assert_eq!(value(&tree(after), "maxsessions", OLD), "10");
    assert!(
        tree("Port 22\n")
            .unset(&["MaxSessions"], None)
            .expect("nothing to do")
            .edits
            .is_empty()
    );
}

#[test]
fn interdependent_settings_may_be_set_in_any_order() {
    let set = |before: &str, wanted: &[(&str, &str)]| {
        let edited = tree(before).set_all(wanted, Some(OLD), Place::Best);
        let files = changed(&snapshot(before), &edited.expect("both together are right"));
        files[&PathBuf::from(MAIN)].clone()
    };
    assert_eq!(
        set(
            "Port 22\n",
            &[
                ("AuthorizedKeysCommand", "/bin/x"),
                ("AuthorizedKeysCommandUser", "nobody"),
            ],
        ),
        "Port 22\nAuthorizedKeysCommandUser nobody\nAuthorizedKeysCommand /bin/x\n"
    );
    assert_eq!(
        set(
            "PasswordAuthentication no\nKbdInteractiveAuthentication no\n",
            &[
                ("AuthenticationMethods", "password"),
                ("PasswordAuthentication", "yes"),
            ],
        ),
        "PasswordAuthentication yes\nKbdInteractiveAuthentication no\nAuthenticationMethods password\n"
    );
}
