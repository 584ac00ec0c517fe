//! One policy in several spellings, and spellings that are invalid.

use std::path::Path;

use expect_test::expect;
use sshmend_plan::Wish;
use sshmend_sshd_config::Assignment;

use crate::tests::{parse, refused};

#[test]
fn a_policy_altered_by_an_editor_or_program_is_read_or_recognised() {
    let marked = "\u{feff}{\"sshd-config\": {\"MaxSessions\": 7}}";
    assert_eq!(parse(marked).expect("a policy").items.len(), 1);
    refused(
        "\u{feff}[sshd-config]\nMaxSesions = 7\n",
        &expect![[r#"
            p.toml:2:1: `MaxSesions` is not a keyword of sshd_config
            2 | MaxSesions = 7
              | ^^^^^^^^^^
            hint: did you mean MaxSessions?"#]],
    );
    refused(
        "[{\"fail2ban\": {}}]",
        &expect![[r#"
            p.toml:1:1: a table is expected here, not a list
            1 | [{"fail2ban": {}}]
              | ^^^^^^^^^^^^^^^^^^"#]],
    );
    for (text, message) in [
        (
            "{\"sshd-config\": {\"MaxSessions\": 7e1}}",
            "a number that is not whole",
        ),
        (
            "[sshd-config]\nMaxAuthTries = 3.5\n",
            "a number that is not whole",
        ),
        ("{\"sshd-config\": {\"Banner\": null}}", "in quotes"),
        (
            "[sshd-config]\nUnset = [\"Banner\"]\n",
            "did you mean unset?",
        ),
        ("name = \"\"\n", "not a name"),
        ("name = \"two\\nlines\"\n", "not a name"),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(message), "{text}: {error}");
    }
}

#[test]
fn a_number_that_sshd_reads_in_octal_needs_quotes() {
    for text in [
        "[sshd-config]\nStreamLocalBindMask = 0o117\n",
        "{\"sshd-config\": {\"streamlocalbindmask\": 79}}",
    ] {
        let error = parse(text).expect_err(text);
        assert!(
            error.contains("a number does not say that it is octal"),
            "{error}"
        );
    }
    let text = "[sshd-config]\nStreamLocalBindMask = \"0117\"\n";
    assert_eq!(parse(text).expect("a policy").items.len(), 1);
    let wish = Wish::setting("StreamLocalBindMask", "117");
    let recorded = crate::record(Path::new("p.toml"), "", &wish, None);
    assert_eq!(
        recorded.as_deref(),
        Ok("[sshd-config]\nStreamLocalBindMask = \"117\"\n")
    );
}

#[test]
fn contradictory_entries_are_refused() {
    for (text, message) in [
        (
            "[sshd-config]\nAcceptEnv = { remove = [\"TZ\"], add = [\"LANG\", \"TZ\"] }\n",
            "2:47: it is to be added and removed",
        ),
        (
            "[fail2ban]\nignore = [{ address = \"203.0.113.4/24\", until = 2031-01-01 },\n \"203.0.113.0/24\"]\n",
            "3:2: line 2 gives the same address another end",
        ),
        (
            "[fail2ban]\nignore = [{ address = \"::1\", jail = [\"a\", \"b\"], until = 2031-01-01 },\n { address = \"::1\", jail = [\"b\", \"a\"], until = \"2031-01-01T00:00Z\" }]\n",
            "3:2: line 2 gives",
        ),
    ] {
        let error = parse(text).expect_err(text);
        assert!(error.contains(message), "{text}: {error}");
    }
    let apart = "[fail2ban]\nignore = [{ address = \"::1\", until = 2031-01-01 }, { address = \"::1\", jail = \"sshd\" }, { address = \"::2\" }, \"::2\"]\n";
    assert_eq!(parse(apart).expect("a policy").items.len(), 4);
}

#[test]
fn recording_keeps_line_endings_the_byte_order_mark_and_separate_lines() {
    let record = |text: &str, wish: &Wish| {
        let recorded = crate::record(Path::new("p.toml"), text, wish, None);
        recorded.unwrap_or_else(|error| panic!("{text}: {error}"))
    };
    assert_eq!(
        record(
            "\u{feff}# ours\r\n[sshd-config]\r\nUseDNS = false\r\n",
            &Wish::setting("MaxSessions", "8")
        ),
        "\u{feff}# ours\r\n[sshd-config]\r\nUseDNS = false\r\nMaxSessions = 8\r\n"
    );
    let unset = |key: &str| Wish::Unset {
        keys: vec![key.to_owned()],
        source: sshmend_plan::SshdSource::default(),
    };
    let alone = "[sshd-config]\nunset = \"Banner\" # the default\n";
    assert_eq!(
        record(alone, &unset("ForceCommand")),
        "[sshd-config]\nunset = [\"Banner\", \"ForceCommand\"] # the default\n"
    );
    assert_eq!(
        record(alone, &Wish::setting("Banner", "/etc/motd")),
        "[sshd-config]\nBanner = \"/etc/motd\"\n"
    );
    let users = "[sshd-config]\nAllowUsers = \"ann ben@192.0.2.0/24\"\n";
    let wish = |text: &str| Wish::SshdConfig {
        settings: vec![Assignment::parse(text).expect("a setting")],
        drop_in: false,
        source: sshmend_plan::SshdSource::default(),
    };
    assert_eq!(
        record(users, &wish("AllowUsers-=ann")),
        "[sshd-config]\nAllowUsers = [\"ben@192.0.2.0/24\"]\n"
    );
    assert_eq!(
        record(
            "[sshd-config]\nAllowUsers = [\n  \"ann ben\", # two\n  \"cy\",\n]\n",
            &wish("AllowUsers+=di")
        ),
        "[sshd-config]\nAllowUsers = [\n  \"ann\", \"ben\", # two\n  \"cy\",\n  \"di\",\n]\n"
    );
}

#[test]
fn two_spellings_of_one_client_are_recorded_once() {
    let record = |text: &str, wish: &Wish| crate::record(Path::new("p.toml"), text, wish, None);
    for (text, wish) in [
        (
            "[hosts-access]\nallow = [\"2001:db8:7::/48\"] # v6\n",
            Wish::allow("[2001:db8:7::]/48"),
        ),
        (
            "[hosts-access]\ndeny-removed = [\"192.0.2.7\"]\n",
            Wish::allow("192.0.2.7"),
        ),
        (
            "[fail2ban]\nignore = [\"198.51.100.9/24\"]\n",
            Wish::ignore("198.51.100.0/24", Vec::new()),
        ),
    ] {
        assert_eq!(record(text, &wish).as_deref(), Ok(text));
    }
}
