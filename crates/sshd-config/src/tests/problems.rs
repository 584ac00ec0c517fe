//! What sshd rejects, in which line, and how certain that is.

use super::{NEW, OLD, tree};
use crate::{Release, StartVerdict};

/// `path:line:column: message` of every problem, with `?` if it depends on the build.
fn found(text: &str, release: Release) -> Vec<String> {
    let problems = tree(text).problems(Some(release));
    problems
        .iter()
        .map(|problem| format!("{problem}{}", if problem.certain { "" } else { "?" }))
        .collect()
}

fn check(text: &str, release: Release, expected: &[&str]) {
    let shortened: Vec<String> = found(text, release)
        .iter()
        .map(|text| text.replace("/etc/ssh/", ""))
        .collect();
    assert_eq!(shortened, expected, "{text:?} in {release}");
}

#[test]
fn a_refused_line_is_reported_with_its_column() {
    check(
        "Port 22\n  MaxSessions\tx\n",
        OLD,
        &["sshd_config:2:15: the number \"x\" is invalid"],
    );
    check(
        "MaxAuthTries 3 4\n",
        OLD,
        &["sshd_config:1:16: extra argument \"4\" at the end of the line"],
    );
    check(
        "MaxAuthTries\n",
        OLD,
        &["sshd_config:1:1: no argument after keyword \"MaxAuthTries\""],
    );
    check(
        "MaxAuthTries\n",
        Release::new(8, 0),
        &["sshd_config:1:1: the argument is missing"],
    );
    check(
        "Banner \"/etc/issue\n",
        OLD,
        &["sshd_config:1:1: a quote does not close"],
    );
    check(
        "\u{feff}MaxSessions 3\n",
        OLD,
        &["sshd_config:1:1: a byte order mark stands before MaxSessions"],
    );
}

#[test]
fn syntax_valid_in_one_release_is_refused_by_another() {
    check("MaxSessions 3 # note\n", Release::new(8, 0), &[]);
    check("MaxSessions 3#note\n", Release::new(8, 0), &[]);
    check(
        "MaxSessions 3#note\n",
        OLD,
        &["sshd_config:1:13: the number \"3#note\" is invalid"],
    );
    check("Banner '/etc/issue'\n", Release::new(8, 0), &[]);
    check(
        "MaxSessions '3'\n",
        Release::new(8, 6),
        &["sshd_config:1:13: the number \"'3'\" is invalid"],
    );
    check("MaxSessions '3'\n", Release::new(8, 7), &[]);
    check("MaxStartups 0\n", Release::new(9, 1), &[]);
    check(
        "MaxStartups 0\n",
        OLD,
        &["sshd_config:1:13: invalid value \"0\""],
    );
    check(
        "PerSourcePenalties no\n",
        Release::new(9, 7),
        &["sshd_config:1:1: bad configuration option \"PerSourcePenalties\""],
    );
    check("PerSourcePenalties no\n", Release::new(9, 8), &[]);
    check(
        "Subsystem a b\nSubsystem a c\n",
        OLD,
        &["sshd_config:2:1: subsystem \"a\" is already defined"],
    );
    check("Subsystem a b\nSubsystem a c\n", NEW, &[]);
    check("AllowUsers # nobody\n", OLD, &[]);
    check(
        "AllowUsers # nobody\n",
        NEW,
        &["sshd_config:1:1: the argument is missing"],
    );
}

#[test]
fn a_match_block_contains_only_permitted_keywords() {
    let not_allowed = "sshd_config:2:1: MaxStartups is not allowed within a Match block";
    check("Match User bob\nMaxStartups 9\n", OLD, &[not_allowed]);
    check("Match all\nMaxStartups 9\n", OLD, &[]);
    check(
        "Match User bob\nSubsystem a b\n",
        OLD,
        &["sshd_config:2:1: Subsystem is not allowed within a Match block"],
    );
    check("Subsystem a b\nMatch User bob\nSubsystem a b\n", NEW, &[]);
    check(
        "Match User bob\nIgnoreRhosts no\n",
        Release::new(8, 2),
        &["sshd_config:2:1: IgnoreRhosts is not allowed within a Match block"],
    );
    check(
        "Match User bob\nDSAAuthentication no\n",
        OLD,
        &["sshd_config:2:1: DSAAuthentication is not allowed within a Match block"],
    );
    check(
        "Match Address 1.2.3.4/24\n",
        OLD,
        &["sshd_config:1:7: invalid address \"1.2.3.4/24\" in the list"],
    );
}

#[test]
fn an_include_that_cannot_be_read_keeps_sshd_from_starting() {
    let include = "//- /etc/ssh/sshd_config\nInclude sshd_config.d/*.conf\n//- /etc/ssh/sshd_config.d/a.conf ";
    let cannot = |why: &str| {
        format!("sshd_config:1:9: cannot read /etc/ssh/sshd_config.d/a.conf: {why}")
            .replace("/etc/ssh/", "")
    };
    check(
        &format!("{include}dangling\n"),
        OLD,
        &[&cannot("the link leads nowhere")],
    );
    check(
        &format!("{include}unreadable:loop\n"),
        OLD,
        &[&cannot("its links form a loop")],
    );
    check(&format!("{include}dir\n"), OLD, &[]);
    check(
        "//- /etc/ssh/sshd_config\nInclude nothing/*.conf\n",
        OLD,
        &[],
    );
    check(
        "//- /etc/ssh/sshd_config\nInclude\n",
        OLD,
        &["sshd_config:1:1: no argument after keyword \"Include\""],
    );
}

#[test]
fn build_dependent_values_are_not_refused_by_the_model() {
    let refused = |text: &str, release| tree(text).refused(release).len();
    for text in [
        "DebianBanner no\n",
        "GSSAPIKeyExchange yes\n",
        "HPNDisabled yes\n",
        "MACs hmac-new@example.org\n",
    ] {
        assert_eq!(refused(text, Some(OLD)), 0, "{text}");
        assert_eq!(
            tree(text)
                .problems(Some(OLD))
                .iter()
                .filter(|problem| problem.build)
                .count(),
            1,
            "{text}"
        );
    }
    for text in [
        "MaxSesions 3\n",
        "KexAlgorithms mlkem768x25519-sha256\n",
        "MaxSessions x\n",
    ] {
        assert_eq!(refused(text, Some(OLD)), 1, "{text}");
    }
    assert_eq!(
        refused("KexAlgorithms mlkem768x25519-sha256\n", Some(NEW)),
        0
    );
    assert_eq!(
        refused("KexAlgorithms mlkem768x25519-sha256\nMaxSesions 3\n", None),
        1,
        "only what no release accepts"
    );
}

#[test]
fn a_file_that_includes_itself_is_reported() {
    let problems = found(
        "//- /etc/ssh/sshd_config\nInclude sshd_config\nMaxSessions x\n",
        OLD,
    );
    assert_eq!(problems.len(), 1, "sshd stops there");
    assert!(
        problems[0].ends_with("files include each other too deeply"),
        "{problems:?}"
    );
}

#[test]
fn valid_lines_that_contradict_each_other_are_reported() {
    let methods = "sshd_config:2:1: no list of authentication methods can be satisfied by the methods that are on";
    check(
        "PasswordAuthentication no\nAuthenticationMethods password\n",
        OLD,
        &[methods],
    );
    check(
        "AuthenticationMethods password publickey\nPasswordAuthentication no\n",
        OLD,
        &[],
    );
    check(
        "AuthorizedKeysCommand /bin/x\n",
        OLD,
        &["sshd_config:1:1: authorizedkeyscommand is set without authorizedkeyscommanduser"],
    );
    let family = "sshd_config:2:1: the address is of a family that AddressFamily excludes";
    check("AddressFamily inet\nListenAddress ::1\n", OLD, &[family]);
    check(
        "AuthenticationMethods publickey\nAuthenticationMethods any\n",
        OLD,
        &["sshd_config:2:1: \"any\" must stand alone"],
    );
    check(
        "AuthenticationMethods publickey\nAuthenticationMethods any\n",
        NEW,
        &[],
    );
}

#[test]
fn a_keyword_without_effect_is_reported_but_not_fatal() {
    let problems = tree("UseLogin no\nKeyRegenerationInterval 3600\n").problems(Some(OLD));
    assert_eq!(
        problems
            .iter()
            .map(|problem| problem.origin.line)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert!(
        problems
            .iter()
            .all(|problem| problem.message == "sshd ignores this keyword")
    );
    assert!(
        problems
            .iter()
            .all(|problem| !problem.fatal && problem.certain)
    );
    assert_eq!(tree("UseLogin no\n").verdict(OLD), StartVerdict::Accepts);
}

#[test]
fn a_single_block_size_is_reported_up_to_10_2() {
    let count = |text: &str, release| tree(text).problems(Some(release)).len();
    assert_eq!(count("PerSourceNetBlockSize 24\n", Release::new(10, 2)), 1);
    assert_eq!(count("PerSourceNetBlockSize 24\n", Release::new(10, 3)), 0);
    assert_eq!(count("PerSourceNetBlockSize 24:64\n", OLD), 0);
}

#[test]
fn a_block_with_a_subsystem_crashes_some_releases() {
    let text = "Match User bob\nSubsystem a b\n";
    let problems = tree(text).problems(Some(Release::new(10, 0)));
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.starts_with("sshd crashes") && !problem.fatal)
    );
    assert_eq!(found(text, NEW), Vec::<String>::new());
}

#[test]
fn the_verdict_is_unknown_if_it_depends_on_the_build() {
    let verdict = |text: &str| tree(text).verdict(OLD);
    assert_eq!(verdict("MaxSessions 3\n"), StartVerdict::Accepts);
    assert!(matches!(
        verdict("MaxSessions x\n"),
        StartVerdict::Refuses(_)
    ));
    let debian = Release::parse("OpenSSH_9.2p1 Debian-2+deb12u10").expect("a release");
    assert_eq!(
        tree("DebianBanner no\nLogLevel silent\n").verdict(debian),
        StartVerdict::Accepts
    );
    for text in [
        "DebianBanner no\n",
        "Ciphers aes128-ctr\n",
        "Port ssh\n",
        "ListenAddress localhost\n",
    ] {
        assert!(matches!(verdict(text), StartVerdict::Unknown(_)), "{text}");
    }
}
