//! Wishes that are written into a policy.

use std::path::Path;

use expect_test::{Expect, expect};
use sshmend_lossless::Origin;
use sshmend_plan::Wish;
use sshmend_sshd_config::Assignment;

fn recorded(text: &str, wishes: &[Wish], expected: &Expect) {
    let mut text = text.to_owned();
    for wish in wishes {
        text = crate::record(Path::new("p.toml"), &text, wish, Some("kim")).expect("it has words");
        let again = crate::record(Path::new("p.toml"), &text, wish, Some("kim"));
        assert_eq!(again.expect("it has words"), text, "it is written once");
    }
    expected.assert_eq(&text);
}

fn settings(words: &[&str]) -> Wish {
    Wish::SshdConfig {
        settings: words
            .iter()
            .map(|text| Assignment::parse(text).expect("a setting"))
            .collect(),
        drop_in: true,
        source: sshmend_plan::SshdSource::default(),
    }
}

fn pin() -> Wish {
    Wish::KnownHosts(sshmend_plan::KnownHostsOf {
        host: "[git.example]:2222".to_owned(),
        fingerprints: vec!["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned()],
        ..Default::default()
    })
}

#[test]
#[expect(clippy::too_many_lines, reason = "two policies, before and after")]
fn recording_keeps_comments_and_layout() {
    let all = [
        settings(&["MaxStartups=50:30:200", "UseDNS=no", "LoginGraceTime=30"]),
        settings(&["AcceptEnv+=TZ", "AllowUsers-=eve", "Port=22", "Port=2200"]),
        Wish::allow("192.0.2.7"),
        Wish::Allow {
            patterns: vec!["198.51.100.0/24".to_owned()],
            remove_deny: true,
            daemon: "vsftpd".to_owned(),
        },
        Wish::ignore("203.0.113.9", vec!["sshd".to_owned()]),
        pin(),
    ];
    recorded(
        "",
        &all,
        &expect![[r#"
            [sshd-config]
            MaxStartups = "50:30:200"
            UseDNS = false
            LoginGraceTime = 30
            AcceptEnv = { add = ["TZ"] }
            AllowUsers = { remove = ["eve"] }
            Port = [22, 2200]

            [hosts-access]
            allow = ["192.0.2.7"]
            deny-removed = [{ pattern = "198.51.100.0/24", daemon = "vsftpd" }]

            [fail2ban]
            ignore = [{ address = "203.0.113.9", jail = "sshd" }]

            [[known-hosts]]
            host = "git.example"
            port = 2222
            fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
            user = "kim"
        "#]],
    );
    let text = r#"# bastions, see the wiki
name = "bastions"

[sshd-config]
maxstartups = "10:30:100"  # raised last year
AcceptEnv = ["LANG"] # of the old image
AllowUsers = { add = ["eve", "ann"] }

[hosts-access]
allow = [
    "192.0.2.1",  # monitoring
    "192.0.2.2", # backup
]

[fail2ban]
ignore = [{ address = "203.0.113.9", jail = "sshd", until = "2001-01-01" }, "::1"]

# keys
[[known-hosts]]
host = "git.example"
port = 2222
fingerprint = "SHA256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" # old
user = "kim"
"#;
    recorded(
        text,
        &all,
        &expect![[r##"
            # bastions, see the wiki
            name = "bastions"

            [sshd-config]
            maxstartups = "50:30:200"  # raised last year
            AcceptEnv = ["LANG", "TZ"] # of the old image
            AllowUsers = { add = ["ann"], remove = ["eve"] }
            UseDNS = false
            LoginGraceTime = 30
            Port = [22, 2200]

            [hosts-access]
            allow = [
                "192.0.2.1",  # monitoring
                "192.0.2.2", # backup
                "192.0.2.7",
            ]
            deny-removed = [{ pattern = "198.51.100.0/24", daemon = "vsftpd" }]

            [fail2ban]
            ignore = [{ address = "203.0.113.9", jail = "sshd" }, "::1"]

            # keys
            [[known-hosts]]
            host = "git.example"
            port = 2222
            fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" # old
            user = "kim"
        "##]],
    );
}

#[test]
fn one_time_repairs_are_not_recorded_and_a_broken_policy_is_unchanged() {
    let record = |text: &str, wish: &Wish| crate::record(Path::new("p.toml"), text, wish, None);
    for wish in [
        Wish::PrivsepDirectory,
        Wish::host_keys(),
        Wish::mend_wrappers(Origin::new("/etc/hosts.deny", 1)),
        Wish::Service { restart: true },
    ] {
        let error = record("", &wish).expect_err("no words");
        assert!(matches!(error, crate::NotRecorded::NoWords(_)), "{wish:?}");
    }
    for text in ["[sshd-config\n", "{}", "[fail2ban]\nignored = []\n"] {
        assert!(record(text, &Wish::allow("192.0.2.7")).is_err(), "{text}");
    }
}
