//! Valid and invalid policies.

use std::path::Path;

use expect_test::{Expect, expect};
use sshmend_plan::Wish;

use crate::Policy;

pub(crate) fn parse(text: &str) -> Result<Policy, String> {
    let parsed = Policy::parse(Path::new("p.toml"), text.as_bytes());
    parsed.map_err(|error| {
        let hint = error.hint().map(|hint| format!("\nhint: {hint}"));
        format!("{error}{}", hint.unwrap_or_default())
    })
}

/// The command lines of the wishes, group by group.
fn wishes(text: &str) -> String {
    let policy = parse(text).unwrap_or_else(|error| panic!("{error}"));
    let groups = policy.groups();
    let lines = groups.iter().map(|group| {
        let whose = group.account.as_ref().map(|name| format!("{name}: "));
        let words = group.wish.argv()[2..].join(" ");
        format!("{}{words}\n", whose.unwrap_or_default())
    });
    lines.collect()
}

pub(crate) fn refused(text: &str, expected: &Expect) {
    expected.assert_eq(&parse(text).expect_err("it is not a policy"));
}

#[test]
fn each_section_is_read_as_the_wishes_of_its_command() {
    expect![[r#"
        sshd-config MaxStartups=30:30:200 LoginGraceTime=60 UsePAM=yes x11forwarding=no Port=22 Port=2022 AllowUsers+=ann AllowUsers-=ben AcceptEnv=LANG LC_*
        hosts-access --allow 192.0.2.0/24 .example.org
        hosts-access --allow 2001:db8::/32 --daemon vsftpd
        hosts-access --allow 192.0.2.9 --remove-deny
        fail2ban --ignore 192.0.2.1 monitor.example
        fail2ban --ignore 198.51.100.0/24 --jail sshd --jail recidive --until 2030-01-31
        fail2ban --ignore 198.51.100.7 --until 2030-01-31
        known-hosts [git.example]:2222 --expect-fingerprint SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA --file /etc/ssh/ssh_known_hosts
        kim: known-hosts 192.0.2.8 --expect-fingerprint SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA --expect-fingerprint SHA256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
    "#]]
    .assert_eq(&wishes(
        r#"
name = "bastions"
[sshd-config]
MaxStartups = "30:30:200"
LoginGraceTime = 60
UsePAM = true
x11forwarding = false
Port = [22, "2022"]
AllowUsers = { add = ["ann"], remove = ["ben"] }
AcceptEnv = "LANG LC_*"
[hosts-access]
allow = ["192.0.2.0/24", { pattern = "2001:db8::/32", daemon = "vsftpd" }, ".example.org"]
deny-removed = ["192.0.2.9"]
[fail2ban]
ignore = [
  "192.0.2.1",
  { address = "198.51.100.0/24", jail = ["sshd", "recidive"], until = 2030-01-31 },
  { address = "198.51.100.7", until = "2030-01-31" },
  "monitor.example",
]
[[known-hosts]]
host = "git.example"
port = 2222
fingerprint = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
file = "/etc/ssh/ssh_known_hosts"
[[known-hosts]]
host = "192.0.2.8"
port = 22
fingerprint = ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "SHA256:BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
user = "kim"
"#,
    ));
}

#[test]
fn an_empty_policy_has_no_wishes() {
    for text in [
        "",
        "# later\n",
        "{}",
        "[sshd-config]\n",
        "[hosts-access]\nallow = []\n",
    ] {
        assert_eq!(parse(text).expect("a policy").items, [], "{text}");
    }
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    refused(
        "[sshd-config]\nMaxStartup = 5\n",
        &expect![[r#"
        p.toml:2:1: `MaxStartup` is not a keyword of sshd_config
        2 | MaxStartup = 5
          | ^^^^^^^^^^
        hint: did you mean MaxStartups?"#]],
    );
    refused(
        "[ssh-config]\n",
        &expect![[r#"
        p.toml:1:2: `ssh-config` is not a section of a policy
        1 | [ssh-config]
          |  ^^^^^^^^^^
        hint: did you mean sshd-config?"#]],
    );
    refused(
        "[sshd-config]\nwhatever = 5\n",
        &expect![[r#"
        p.toml:2:1: `whatever` is not a keyword of sshd_config
        2 | whatever = 5
          | ^^^^^^^^
        hint: see sshd_config(5) for the keywords"#]],
    );
    refused(
        "[fail2ban]\nignoreip = []\n",
        &expect![[r#"
        p.toml:2:1: `ignoreip` is not a list of fail2ban
        2 | ignoreip = []
          | ^^^^^^^^
        hint: did you mean ignore?"#]],
    );
    refused(
        "[sshd-config]\nMatch = \"User ann\"\n",
        &expect![[r#"
        p.toml:2:1: `Match` cannot be set
        2 | Match = "User ann"
          | ^^^^^
        hint: a policy holds values for all connections; blocks and includes are left as they are"#]],
    );
    refused(
        "[hosts-access]\nallow = [{ patern = \"ALL\" }]\n",
        &expect![[r#"
            p.toml:2:10: `pattern` is missing
            2 | allow = [{ patern = "ALL" }]
              |          ^^^^^^^^^^^^^^^^^^
            hint: add pattern = …
            p.toml:2:12: `patern` is not a key of a pattern
            2 | allow = [{ patern = "ALL" }]
              |            ^^^^^^
            hint: did you mean pattern?"#]],
    );
    refused(
        "{\"known-hosts\": [{\"host\": \"a\", \"fingerprints\": []}]}",
        &expect![[r#"
            p.toml:1:18: `fingerprint` is missing
            1 | {"known-hosts": [{"host": "a", "fingerprints": []}]}
              |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            hint: add fingerprint = …
            p.toml:1:32: `fingerprints` is not a key of known-hosts
            1 | {"known-hosts": [{"host": "a", "fingerprints": []}]}
              |                                ^^^^^^^^^^^^^^
            hint: did you mean fingerprint?"#]],
    );
}

#[test]
fn a_misplaced_key_is_refused_with_its_section() {
    refused(
        "MaxSessions = 9\nallow = [\"192.0.2.7\"]\n",
        &expect![[r#"
            p.toml:1:1: `MaxSessions` is not a section of a policy
            1 | MaxSessions = 9
              | ^^^^^^^^^^^
            hint: it belongs in the section sshd-config
            p.toml:2:1: `allow` is not a section of a policy
            2 | allow = ["192.0.2.7"]
              | ^^^^^
            hint: it belongs in the section hosts-access"#]],
    );
    refused(
        "[hosts-access]\nignore = [\"192.0.2.7\"]\n",
        &expect![[r#"
        p.toml:2:1: `ignore` is not a list of hosts-access
        2 | ignore = ["192.0.2.7"]
          | ^^^^^^
        hint: it belongs in the section fail2ban"#]],
    );
}

#[test]
fn unquoted_text_and_yaml_are_recognised() {
    refused(
        "[sshd-config]\nMaxStartups = 10:30:100\n",
        &expect![[r#"
        p.toml:2:15: not TOML: invalid time, expected a two-digit second (SS)
        2 | MaxStartups = 10:30:100
          |               ^^^^^^^^^
        hint: text must be in quotes: MaxStartups = "10:30:100""#]],
    );
    refused(
        "[sshd-config]\nPermitRootLogin = no # root\n",
        &expect![[r#"
        p.toml:2:19: not TOML: invalid float, expected `nan`
        2 | PermitRootLogin = no # root
          |                   ^^
        hint: text must be in quotes: PermitRootLogin = "no""#]],
    );
    refused(
        "[sshd-config]\nBanner = \"a\", b\n",
        &expect![[r#"
        p.toml:2:13: not TOML: unexpected key or value, expected newline, `#`
        2 | Banner = "a", b
          |             ^"#]],
    );
    refused(
        "sshd-config:\n  MaxSessions: 9\n",
        &expect![[r#"
        p.toml:1:13: not TOML: key with no value, expected `=`
        1 | sshd-config:
          |             ^
        hint: it looks like YAML; a policy is written in TOML or JSON"#]],
    );
    refused(
        "---\nsshd-config:\n",
        &expect![[r#"
        p.toml:1:4: not TOML: key with no value, expected `=`
        1 | ---
          |    ^
        hint: it looks like YAML; a policy is written in TOML or JSON"#]],
    );
}

#[test]
fn a_list_for_a_single_value_is_refused_with_the_sshd_config_form() {
    refused(
        "[sshd-config]\nCiphers = [\"aes256-ctr\", \"aes128-ctr\"]\n",
        &expect![[r#"
            p.toml:2:11: Ciphers holds one value, not a list
            2 | Ciphers = ["aes256-ctr", "aes128-ctr"]
              |           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            hint: write it as sshd_config does, in quotes: "aes256-ctr,aes128-ctr""#]],
    );
    refused(
        "[sshd-config]\nAuthorizedKeysFile = [\".ssh/a\", \".ssh/b\"]\n",
        &expect![[r#"
            p.toml:2:22: AuthorizedKeysFile holds one value, not a list
            2 | AuthorizedKeysFile = [".ssh/a", ".ssh/b"]
              |                      ^^^^^^^^^^^^^^^^^^^^
            hint: write it as sshd_config does, in quotes: ".ssh/a .ssh/b""#]],
    );
    refused(
        "[sshd-config]\nLogLevel = [\"INFO\", \"DEBUG\"]\n",
        &expect![[r#"
        p.toml:2:12: LogLevel holds one value, not a list
        2 | LogLevel = ["INFO", "DEBUG"]
          |            ^^^^^^^^^^^^^^^^^
        hint: write it as sshd_config does, in quotes"#]],
    );
    refused(
        "[hosts-access]\nallow = \"192.0.2.7\"\n",
        &expect![[r#"
        p.toml:2:9: a list of patterns is expected here, not text
        2 | allow = "192.0.2.7"
          |         ^^^^^^^^^^^
        hint: write it in brackets: ["192.0.2.7"]"#]],
    );
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn values_of_the_wrong_type_are_refused_with_their_position() {
    refused(
        "sshd-config = 5\n",
        &expect![[r#"
        p.toml:1:15: a table of keywords is expected here, not a number
        1 | sshd-config = 5
          |               ^"#]],
    );
    refused(
        "[sshd-config]\nMaxSessions = 1.5\n",
        &expect![[r#"
            p.toml:2:15: a value is expected here, not a number that is not whole, or too large
            2 | MaxSessions = 1.5
              |               ^^^
            hint: write it as sshd_config does, in quotes"#]],
    );
    refused(
        "[sshd-config]\nMaxSessions = [1]\n",
        &expect![[r#"
            p.toml:2:15: MaxSessions holds one value, not a list
            2 | MaxSessions = [1]
              |               ^^^
            hint: write it as sshd_config does, in quotes: "1""#]],
    );
    refused(
        "[sshd-config]\nAllowUsers = []\n",
        &expect![[r#"
        p.toml:2:14: AllowUsers would be empty
        2 | AllowUsers = []
          |              ^^
        hint: name what it is to hold, or leave the keyword out"#]],
    );
    refused(
        "[sshd-config]\nAllowUsers = { added = [\"a\"] }\n",
        &expect![[r#"
            p.toml:2:16: `added` is not something to do to a list
            2 | AllowUsers = { added = ["a"] }
              |                ^^^^^
            hint: known are add, remove"#]],
    );
    refused(
        "[sshd-config]\nBanner = \"a\\nb\"\n",
        &expect![[r#"
        p.toml:2:10: it holds a control character
        2 | Banner = "a\nb"
          |          ^^^^^^
        hint: write a value on one line"#]],
    );
    refused(
        "[sshd-config]\nMaxSessions = 1\nmaxsessions = 2\n",
        &expect![[r#"
            p.toml:3:1: `maxsessions` is the same keyword as `MaxSessions`
            3 | maxsessions = 2
              | ^^^^^^^^^^^
            hint: remove one of them"#]],
    );
    refused(
        "[sshd-config]\nMaxSessions = 1\nMaxSessions = 2\n",
        &expect![[r#"
            p.toml:3:1: not TOML: duplicate key
            3 | MaxSessions = 2
              | ^^^^^^^^^^^"#]],
    );
    refused(
        "[hosts-access]\nallow = [\"192.0.2.1-9\"]\n",
        &expect![[r#"
            p.toml:2:10: pattern `192.0.2.1-9` is a range, which libwrap does not know
            2 | allow = ["192.0.2.1-9"]
              |          ^^^^^^^^^^^^^
            hint: give the networks that make up the range"#]],
    );
    refused(
        "[fail2ban]\nignore = [{ address = \"::1\", until = \"soon\" }]\n",
        &expect![[r#"
            p.toml:2:38: not a time: soon
            2 | ignore = [{ address = "::1", until = "soon" }]
              |                                      ^^^^^^
            hint: such as 2026-12-31, 2026-12-31T18:00 or 2026-12-31T18:00:00Z; without until it has no end"#]],
    );
    refused(
        "[[known-hosts]]\nhost = \"a\"\n",
        &expect![[r#"
        p.toml:1:1: `fingerprint` is missing
        1 | [[known-hosts]]
          | ^^^^^^^^^^^^^^^
        hint: add fingerprint = …"#]],
    );
    refused(
        "known-hosts = [{ host = \"a\", port = 0, fingerprint = \"SHA256:x\" }]\n",
        &expect![[r#"
            p.toml:1:37: not a port
            1 | known-hosts = [{ host = "a", port = 0, fingerprint = "SHA256:x" }]
              |                                     ^
            hint: a number from 1 to 65535
            p.toml:1:54: not a SHA256 fingerprint: SHA256:x
            1 | known-hosts = [{ host = "a", port = 0, fingerprint = "SHA256:x" }]
              |                                                      ^^^^^^^^^^
            hint: it has the form SHA256: and 43 letters, digits, + and /"#]],
    );
    refused(
        "{\"name\": null}",
        &expect![[r#"
        p.toml:1:10: text is expected here, not null
        1 | {"name": null}
          |          ^^^^"#]],
    );
    refused(
        "{\"name\": \"a\", \"name\": \"b\"}",
        &expect![[r#"
        p.toml:1:15: `name` occurs here a second time
        1 | {"name": "a", "name": "b"}
          |               ^^^^^^
        hint: put both together"#]],
    );
    refused(
        "{\"name\": \"a\"\n\"x\": 1}",
        &expect![[r#"
        p.toml:2:1: not JSON: expected `,` or `}`
        2 | "x": 1}
          | ^"#]],
    );
}

#[test]
fn long_lines_are_cut_to_the_part_around_the_fault() {
    let many: Vec<String> = (1..40).map(|last| format!("\"192.0.2.{last}\"")).collect();
    let text = format!(
        "{{\"fail2ban\": {{\"ignore\": [{}, \"192.0.2.777\"]}}}}",
        many.join(", ")
    );
    refused(
        &text,
        &expect![[r#"
        p.toml:1:563: "192.0.2.777" is neither an address, a network nor a host name
        1 | ….2.36", "192.0.2.37", "192.0.2.38", "192.0.2.39", "192.0.2.777"]}}
          |                                                    ^^^^^^^^^^^^^
        hint: write 192.0.2.1, 192.0.2.0/24, 2001:db8::/32 or host.example.org, without ranges and wildcards"#]],
    );
    let latin = Policy::parse(Path::new("p.toml"), b"# caf\xe9\nname = 1\n");
    assert_eq!(
        latin.expect_err("not UTF-8").to_string(),
        "p.toml:1:6: not UTF-8\n1 | # caf\n  |      ^"
    );
}

#[test]
fn json_and_toml_policies_are_equivalent() {
    let toml = "[sshd-config]\nPort = [22, 2022]\nUsePAM = true\n[fail2ban]\nignore = [{ address = \"::1\", jail = \"sshd\" }]\n";
    let json = "\n {\"sshd-config\": {\"Port\": [22, 2022], \"UsePAM\": true},\n\"fail2ban\": {\"ignore\": [{\"address\": \"\\u003a:1\", \"jail\": \"sshd\"}]}}";
    assert_eq!(wishes(toml), wishes(json));
}

#[test]
fn keywords_to_be_unset_are_listed() {
    let toml = "[sshd-config]\nMaxSessions = 9\nunset = [\"Banner\", \"permituserrc\"]\n";
    let json = r#"{"sshd-config": {"MaxSessions": "9", "unset": ["Banner", "permituserrc"]}}"#;
    let unset = |keys: &[&str]| Wish::Unset {
        keys: keys.iter().map(|&key| key.to_owned()).collect(),
        source: sshmend_plan::SshdSource::default(),
    };
    for text in [toml, json] {
        let groups = parse(text).expect("a policy").groups();
        let wishes: Vec<Wish> = groups.into_iter().map(|group| group.wish).collect();
        let expected = [
            Wish::setting("MaxSessions", "9"),
            unset(&["Banner", "permituserrc"]),
        ];
        assert_eq!(wishes, expected, "{text}");
    }
    for (text, message) in [
        (
            "unset = [\"Baner\"]",
            "`Baner` is not a keyword of sshd_config",
        ),
        ("unset = [\"Match\"]", "`Match` cannot be set"),
        ("unset = [7]", "text is expected here, not a number"),
        (
            "Banner = \"none\"\nunset = [\"banner\"]",
            "`banner` is set by `Banner` as well",
        ),
    ] {
        let error = parse(&format!("[sshd-config]\n{text}\n")).expect_err(text);
        assert!(error.contains(message), "{text}: {error}");
    }
    let text = "[sshd-config]\nBanner = \"/etc/issue.net\" # site\nMaxSessions = 9\n";
    let path = Path::new("p.toml");
    let text = crate::record(path, text, &unset(&["banner"]), None).expect("it has words");
    assert_eq!(
        text,
        "[sshd-config]\nMaxSessions = 9\nunset = [\"banner\"]\n"
    );
    let again = Wish::setting("Banner", "none");
    let text = crate::record(path, &text, &again, None).expect("it has words");
    assert_eq!(text, "[sshd-config]\nMaxSessions = 9\nBanner = \"none\"\n");
}

#[test]
fn arbitrary_text_is_accepted_or_refused_with_a_position() {
    let seeds = [
        "{\"sshd-config\": {\"Port\": [22, \"a\\\"b\"]}, \"x\": null}",
        "name = 'a'\n[sshd-config]\nPort = { add = [22] }\n[[known-hosts]]\nhost = \"é\"\n",
        "[hosts-access]\r\nallow = [\"\u{fe}\", { pattern = 1 }]\r\n",
    ];
    let mut random = fastrand::Rng::with_seed(16);
    for _ in 0..4_000 {
        let mut bytes = random.choice(seeds).expect("three").as_bytes().to_vec();
        for _ in 0..random.usize(0..4) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..3) {
                0 => bytes[at] = random.u8(..),
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, *random.choice(b"{}[]\",:=\\\n").expect("bytes")),
            }
        }
        if let Err(error) = Policy::parse(Path::new("p"), &bytes) {
            assert!(error.to_string().starts_with("p:"), "{error}");
        }
    }
}

#[test]
fn a_denial_is_removed_only_for_its_own_pattern() {
    let text = "[hosts-access]\nallow = [\"192.0.2.1\"]\ndeny-removed = [\"192.0.2.2\"]\n";
    let groups = parse(text).expect("a policy").groups();
    let removes = |wish: &Wish| {
        matches!(
            wish,
            Wish::Allow {
                remove_deny: true,
                ..
            }
        )
    };
    let found: Vec<bool> = groups.iter().map(|group| removes(&group.wish)).collect();
    assert_eq!(found, [false, true]);
}

#[test]
fn the_schema_names_every_key_that_is_read() {
    let schema = crate::schema();
    let keys = |at: &str| -> Vec<String> {
        let found = schema.pointer(at).and_then(|found| found.as_object());
        found.expect(at).keys().cloned().collect()
    };
    assert_eq!(keys("/properties").len(), 5);
    for key in keys("/properties/sshd-config/properties") {
        let value = if key == "unset" { "Port" } else { "1" };
        let text = format!("[sshd-config]\n{key} = \"{value}\"\n");
        assert_eq!(parse(&text).expect("known").items.len(), 1, "{key}");
    }
    assert!(keys("/properties/known-hosts/items/properties").contains(&"fingerprint".to_owned()));
}
