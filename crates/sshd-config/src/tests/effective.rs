//! Which line decides, and which ones lose.

use super::{MAIN, NEW, OLD, snapshot, tree, tree_with, value};
use crate::{COMMAND_LINE, Connection, Override, Release, Scope, Tree, Why};
use sshmend_lossless::Origin;

#[test]
fn most_keywords_are_decided_by_their_first_line() {
    let tree = tree("MaxAuthTries 3\nMaxAuthTries 5\n");
    let effective = tree.effective(Some(OLD), Scope::Global);
    let setting = effective.get("MaxAuthTries").expect("a setting");
    assert_eq!(
        (setting.values.as_slice(), setting.origin.clone()),
        (&["3".to_owned()][..], Some(Origin::new(MAIN, 1)))
    );
    assert_eq!(setting.shadowed.len(), 1);
    let lost = setting.shadowed.iter().next().expect("one");
    assert_eq!(
        (lost.origin.line, lost.value.as_str(), lost.why),
        (2, "5", Why::EarlierLine)
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn keyword_and_release_determine_the_effective_line() {
    let cases = [
        (
            "MaxStartups 5:77:50\nMaxStartups 10:30:60\n",
            "maxstartups",
            (9, 2),
            "10:30:60",
        ),
        (
            "MaxStartups 5:77:50\nMaxStartups 10:30:60\n",
            "maxstartups",
            (10, 1),
            "5:77:50",
        ),
        (
            "MaxStartups 5:77:50\nMaxStartups 9\n",
            "maxstartups",
            (9, 2),
            "9:77:9",
        ),
        (
            "MaxStartups 9\nMaxStartups 5:77:50\n",
            "maxstartups",
            (10, 5),
            "9:30:9",
        ),
        ("MaxStartups 9\n", "maxstartups", (10, 1), "10:30:9"),
        (
            "PerSourceMaxStartups 1\nPerSourceMaxStartups 2\n",
            "persourcemaxstartups",
            (9, 4),
            "2",
        ),
        (
            "PerSourceMaxStartups 1\nPerSourceMaxStartups 2\n",
            "persourcemaxstartups",
            (9, 5),
            "1",
        ),
        (
            "PerSourceNetBlockSize 24\n",
            "persourcenetblocksize",
            (9, 2),
            "24:0",
        ),
        (
            "PerSourceNetBlockSize 24\n",
            "persourcenetblocksize",
            (10, 3),
            "24:128",
        ),
        ("IPQoS af21\nIPQoS ef\n", "ipqos", (10, 2), "ef ef"),
        ("IPQoS af21\nIPQoS ef\n", "ipqos", (10, 3), "af21 af21"),
        (
            "FingerprintHash md5\nFingerprintHash sha256\n",
            "fingerprinthash",
            (10, 5),
            "SHA256",
        ),
        (
            "UnusedConnectionTimeout 5m\nUnusedConnectionTimeout none\n",
            "unusedconnectiontimeout",
            (9, 2),
            "none",
        ),
        (
            "UnusedConnectionTimeout 5m\nUnusedConnectionTimeout 0\n",
            "unusedconnectiontimeout",
            (9, 2),
            "300",
        ),
        (
            "RekeyLimit 1G\nRekeyLimit 2G 1h\n",
            "rekeylimit",
            (9, 2),
            "1073741824 3600",
        ),
        ("Port 22\nPort 2222\n", "port", (9, 2), "22 | 2222"),
        (
            "AcceptEnv A B\nAcceptEnv C\n",
            "acceptenv",
            (9, 2),
            "A | B | C",
        ),
        (
            "Subsystem a x\nSubsystem b y -z\n",
            "subsystem",
            (9, 2),
            "a x | b y -z",
        ),
        ("LoginGraceTime 1m30s\n", "logingracetime", (8, 3), "1860"),
        ("LoginGraceTime 1m30s\n", "logingracetime", (9, 2), "90"),
        (
            "PermitRootLogin without-password\n",
            "permitrootlogin",
            (10, 5),
            "prohibit-password",
        ),
        (
            "PermitRootLogin prohibit-password\n",
            "permitrootlogin",
            (9, 2),
            "without-password",
        ),
        (
            "ChallengeResponseAuthentication no\n",
            "kbdinteractiveauthentication",
            (9, 2),
            "no",
        ),
        (
            "ChallengeResponseAuthentication no\n",
            "kbdinteractiveauthentication",
            (8, 4),
            "no",
        ),
        (
            "KbdInteractiveAuthentication no\n",
            "kbdinteractiveauthentication",
            (8, 4),
            "yes",
        ),
        (
            "KeepAlive no\nTCPKeepAlive yes\n",
            "tcpkeepalive",
            (9, 2),
            "no",
        ),
        ("AllowUsers # nobody\n", "allowusers", (9, 2), "-"),
    ];
    for (text, key, (major, minor), expected) in cases {
        assert_eq!(
            value(&tree(text), key, Release::new(major, minor)),
            expected,
            "{text:?} in {major}.{minor}"
        );
    }
}

#[test]
fn the_principals_command_after_the_keys_command_is_ignored_from_8_7_to_9_3() {
    let text = "AuthorizedKeysCommand /k\nAuthorizedKeysCommandUser a\nAuthorizedPrincipalsCommand /p\nAuthorizedPrincipalsCommandUser b\n";
    let found = |major, minor| {
        value(
            &tree(text),
            "authorizedprincipalscommand",
            Release::new(major, minor),
        )
    };
    assert_eq!(
        (found(8, 6), found(9, 3), found(9, 4)),
        ("/p".into(), "none".into(), "/p".into())
    );
}

#[test]
fn any_penalty_enables_penalties_again() {
    let text = "PerSourcePenalties no\nPerSourcePenalties authfail:7s\nPerSourcePenalties authfail:9s crash:1m\n";
    let found = value(&tree(text), "persourcepenalties", Release::new(10, 0));
    assert!(
        found.starts_with("crash:60 authfail:7 noauth:1 grace-exceeded:10"),
        "{found}"
    );
    assert_eq!(
        value(&tree("PerSourcePenalties no\n"), "persourcepenalties", NEW),
        "no"
    );
}

#[test]
fn files_are_read_at_their_include_line() {
    let tree = tree(
        "\
//- /etc/ssh/sshd_config
Include sshd_config.d/*.conf
LogLevel INFO
MaxStartups 1:2:3
//- /etc/ssh/sshd_config.d/9-z.conf
LogLevel DEBUG
//- /etc/ssh/sshd_config.d/10-a.conf
LogLevel ERROR
MaxStartups 4:5:6
//- /etc/ssh/sshd_config.d/.hidden.conf
Rubbish
//- /etc/ssh/sshd_config.d/old.conf.bak
Rubbish
",
    );
    assert_eq!(tree.problems(Some(OLD)), []);
    let effective = tree.effective(Some(OLD), Scope::Global);
    let level = effective.get("loglevel").expect("a setting");
    assert_eq!(
        level.origin,
        Some(Origin::new("/etc/ssh/sshd_config.d/10-a.conf", 1))
    );
    assert_eq!(level.shadowed.len(), 2);
    assert_eq!(value(&tree, "maxstartups", OLD), "1:2:3");
    assert_eq!(value(&tree, "maxstartups", NEW), "4:5:6");
}

#[test]
fn a_match_block_ends_with_its_file_and_an_include_inside_one_is_conditional() {
    let tree = tree(
        "\
//- /etc/ssh/sshd_config
Include a.conf
MaxSessions 3
Match User bob
Include b.conf
//- /etc/ssh/a.conf
Match User bob
X11Forwarding yes
//- /etc/ssh/b.conf
MaxSessions 7
Match Address 10.0.0.0/8
MaxAuthTries 1
",
    );
    let found = |spec: &str, key: &str| {
        let connection = Connection::parse(spec).expect("well formed");
        let effective = tree.effective(Some(OLD), Scope::Connection(&connection));
        effective.get(key).expect("a setting").values.join(" ")
    };
    assert_eq!(value(&tree, "maxsessions", OLD), "3");
    assert_eq!(found("user=bob", "x11forwarding"), "yes");
    assert_eq!(found("user=bob", "maxsessions"), "7");
    assert_eq!(found("user=eve,addr=10.0.0.1", "maxauthtries"), "6");
    assert_eq!(found("user=bob,addr=10.0.0.1", "maxauthtries"), "1");
}

#[test]
fn match_blocks_in_included_files_never_matched_in_8_2_and_8_3() {
    let text = "//- /etc/ssh/sshd_config\nInclude /etc/ssh/a.conf\n//- /etc/ssh/a.conf\nMatch User bob\nX11Forwarding yes\n";
    let bob = Connection::parse("user=bob").expect("well formed");
    let found = |minor| {
        let effective = tree(text).effective(Some(Release::new(8, minor)), Scope::Connection(&bob));
        effective
            .get("x11forwarding")
            .expect("a setting")
            .values
            .join(" ")
    };
    assert_eq!((found(3), found(4)), ("no".into(), "yes".into()));
}

#[test]
fn match_all_overrides_even_an_earlier_line() {
    let tree = tree("MaxSessions 3\nMatch all\nMaxSessions 9\n");
    let effective = tree.effective(Some(OLD), Scope::Global);
    let setting = effective.get("maxsessions").expect("a setting");
    assert_eq!(
        (setting.values.join(" "), setting.origin.clone()),
        ("9".into(), Some(Origin::new(MAIN, 3)))
    );
    assert_eq!(
        setting.shadowed.iter().next().expect("one").why,
        Why::MatchBlock
    );
}

#[test]
fn the_command_line_is_read_first() {
    let tree = tree_with(
        "MaxSessions 3\nMaxStartups 1:2:3\n",
        &["MaxSessions=9", "MaxStartups 9"],
    );
    let effective = tree.effective(Some(OLD), Scope::Global);
    let origin = effective
        .get("maxsessions")
        .and_then(|setting| setting.origin.clone());
    assert_eq!(origin, Some(Origin::new(COMMAND_LINE, 1)));
    assert_eq!(value(&tree, "maxstartups", OLD), "1:2:3");
}

#[test]
fn a_port_option_replaces_the_ports_of_the_files() {
    let cases: [(&[&str], &str); 3] = [
        (
            &["sshd", "-p", "2222", "-p2224", "-o", "Port=2223"],
            "2222 | 2224",
        ),
        (&["sshd", "-oPort=2223", "-p", "2222"], "2223 | 2222"),
        (&["sshd", "-D"], "22"),
    ];
    for (argv, expected) in cases {
        let tree = Tree::read(
            &snapshot("Port 22\n"),
            MAIN.as_ref(),
            &Override::from_argv(argv),
        );
        assert_eq!(value(&tree, "port", OLD), expected, "{argv:?}");
    }
}

#[test]
fn a_match_override_names_its_criteria() {
    let tree = tree(
        "MaxSessions 3\nMatch User bob Address 10.0.0.0/8\nMaxSessions 9\nMatch all\nLogLevel DEBUG\n",
    );
    let found = tree.match_overrides("MaxSessions", Some(OLD));
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].criteria.as_str(), found[0].value.as_str()),
        ("User bob Address 10.0.0.0/8", "9")
    );
    assert_eq!((found[0].origin.line, found[0].line.line), (2, 3));
    assert_eq!(tree.match_overrides("LogLevel", Some(OLD)), []);
}
