//! Flags, questions, colours and hostile text.

use std::process::Command;

use expect_test::expect;

use crate::disk::{Disk, run};

#[test]
fn a_change_needs_a_terminal_or_the_option_yes() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    let said = disk.run("fix hosts-access --allow 192.0.2.7");
    assert_eq!((said.code, disk.read("/etc/hosts.allow")), (2, None));
    assert!(
        said.stderr
            .ends_with("hint: --yes applies it without asking, --dry-run only shows it\n"),
        "{}",
        said.stderr
    );
    assert_eq!(disk.read("/var/lib/sshmend/lock"), None);
}

#[test]
fn a_dry_run_exits_with_1_when_something_would_change_and_leaves_no_trace() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --dry-run --format json");
    assert_eq!(
        (
            said.code,
            said.json()["changed"].as_bool(),
            said.json()["dry_run"].as_bool()
        ),
        (1, Some(true), Some(true))
    );
    assert_eq!(
        (
            disk.read("/etc/hosts.allow"),
            disk.read("/var/lib/sshmend/lock")
        ),
        (None, None)
    );
}

#[test]
fn colour_is_absent_unless_requested() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    assert!(
        !disk
            .run("show hosts-access 192.0.2.1")
            .stdout
            .contains('\x1b')
    );
    assert!(
        disk.run("show hosts-access 192.0.2.1 --color always")
            .stdout
            .contains("\x1b[")
    );
}

#[test]
fn control_characters_of_a_file_never_reach_the_terminal() {
    let disk = Disk::new("//- /etc/hosts.deny\nsshd: ALL : spawn echo \x1b[2J\n");
    let said = disk.run("show hosts-access 192.0.2.1");
    assert!(!said.stdout.contains('\x1b'), "{:?}", said.stdout);
    assert!(said.stdout.contains("\\u{1b}[2J"), "{:?}", said.stdout);
}

/// Orders of every kind: a title, a colour, a line break, a bidirectional override, tags, C1, DEL.
const HOSTILE: &str = "a\x1b]0;owned\x07\x1b[31m\u{9b}2J\u{7f}\u{202e}\u{61c}\u{ad}\u{180e}\u{200b}\u{2028}\u{e0041}\nhint: rm -rf b";

#[track_caller]
fn harmless(said: &crate::disk::Said) {
    for text in [&said.stdout, &said.stderr] {
        let hostile = |c: char| {
            c != '\n'
                && (c.is_control()
                    || "\u{202e}\u{61c}\u{ad}\u{180e}\u{200b}\u{2028}\u{e0041}".contains(c))
        };
        assert!(!text.contains(hostile), "{text:?}");
        assert!(
            !text.lines().any(|line| line.starts_with("hint: rm")),
            "{text:?}"
        );
    }
}

#[test]
fn arguments_are_escaped_before_they_reach_the_terminal() {
    let value = format!("MaxStartups={HOSTILE}");
    let line = format!("{HOSTILE}:1");
    let lines: [&[&str]; 14] = [
        &[HOSTILE],
        &["fix", HOSTILE],
        &["fix", "sshd-config", HOSTILE],
        &["fix", "sshd-config", &value, "--dry-run"],
        &["fix", "known-hosts", HOSTILE, "--dry-run"],
        &["fix", "known-hosts", "h", "--line", &line],
        &["fix", "hosts-access", "--allow", HOSTILE, "--dry-run"],
        &["fix", "log-level", "--for", HOSTILE],
        &["show", "hosts-access", HOSTILE],
        &["history", "--root", HOSTILE],
        &["history", "--state", HOSTILE],
        &["rollback", HOSTILE],
        &["logs", HOSTILE],
        &["explain", HOSTILE],
    ];
    for words in lines {
        let said = run(words, b"");
        assert_ne!(said.code, 0, "{words:?}");
        harmless(&said);
        harmless(&run(&[words, &["--format", "json"]].concat(), b""));
    }
}

#[test]
fn file_names_are_escaped_before_they_reach_the_terminal() {
    let name = format!("/etc/ssh/sshd_config.d/{}.conf", HOSTILE.replace('/', ""));
    let disk = Disk::new("//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\n");
    disk.write(&name, "MaxStartups 7\n");
    for format in ["text", "json"] {
        let words = [
            "fix sshd-config --drop-in MaxStartups=33:30:233 --dry-run",
            "show sshd-config MaxStartups",
        ];
        for words in words {
            let said = disk.run(&format!("{words} --format {format}"));
            harmless(&said);
            assert!(
                format!("{}{}", said.stdout, said.stderr).contains("owned"),
                "{}{}",
                said.stdout,
                said.stderr
            );
        }
    }
    let shown = disk
        .run("show sshd-config MaxStartups --format json")
        .json();
    assert_eq!(
        shown["values"][0]["origin"]["path"].as_str(),
        Some(name.as_str())
    );
}

#[test]
fn the_name_of_the_lock_holder_is_escaped() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    disk.write("/var/lib/sshmend/lock", HOSTILE);
    let lock = std::fs::File::open(disk.path("/var/lib/sshmend/lock")).expect("it was written");
    lock.lock().expect("nobody else has it");
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --yes");
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("held by a\\u{1b}"), "{}", said.stderr);
    harmless(&said);
}

#[test]
fn a_given_state_folder_must_be_a_state_folder() {
    let disk = Disk::new("//- /file\nx\n");
    let state = |path: &str| disk.path(path).to_str().expect("a plain path").to_owned();
    for command in ["history", "rollback --yes", "recover"] {
        for path in ["/file", "/none"] {
            let said = disk.run(&format!("{command} --state {}", state(path)));
            assert_eq!(
                (said.code, said.stdout.as_str()),
                (2, ""),
                "{command} {path}"
            );
            assert!(
                said.stderr.starts_with(&format!("error: DISK{path}: ")),
                "{}",
                said.stderr
            );
        }
    }
    assert_eq!(disk.run("history").stdout, "nothing was changed yet\n");
}

#[test]
fn a_usage_error_exits_with_2() {
    assert_eq!(run(&["fix", "no-such-thing"], b"").code, 2);
    assert_eq!(run(&["no-such-command"], b"").code, 2);
    assert_eq!(
        run(&["show", "hosts-access", "not-an-address"], b"").code,
        2
    );
}

#[test]
fn a_missing_root_directory_is_reported() {
    run(&["history", "--root", "/nonexistent"], b"").check(&expect![[r#"
        exit 2
        --
        error: cannot work below --root
        caused by: /nonexistent: no such file
    "#]]);
}

#[test]
fn the_json_document_contains_the_error() {
    let disk = Disk::new("//- /etc/hosts.deny\nALL: ALL\n");
    let said = disk.run("fix hosts-access --allow 192.0.2.7 --format json");
    assert_eq!(said.json()["error"]["exit_code"], 2);
    assert_eq!(said.json()["changed"], false);
}

#[test]
fn a_shell_can_complete_the_command() {
    let said = run(&["completions", "bash"], b"");
    assert_eq!(said.code, 0);
    assert!(said.stdout.contains("hosts-access"), "{}", said.stdout);
    // Names of causes and keywords are long, and nobody knows all of them.
    for shell in ["bash", "zsh", "fish"] {
        let said = run(&["completions", shell], b"");
        for name in ["per-source-penalty", "MaxStartups", "MaxStartups="] {
            assert!(said.stdout.contains(name), "{shell}: {name}");
        }
    }
}

#[test]
fn bash_completes_causes_keywords_and_transactions() {
    let script = run(&["completions", "bash"], b"").stdout;
    for (line, wanted) in [
        (&["explain", "max-st"][..], "max-startups"),
        (&["show", "sshd-config", "MaxSt"], "MaxStartups"),
        (
            &["fix", "sshd-config", "--dry-run", "MaxSt"],
            "MaxStartups=",
        ),
        (&["rollback", "2026"], "20261130T081709.719587Z"),
        (&["fix", "sshd-config", "MaxStartups", "=", "1"], ""),
    ] {
        let completed = completed_by_bash(&script, line);
        assert_eq!(completed, wanted, "{line:?}");
    }
}

/// What the script offers for the last of these words; `sshmend history` lists one transaction.
fn completed_by_bash(script: &str, words: &[&str]) -> String {
    let history =
        "sshmend() { echo '20261130T081709.719587Z  done  2026-11-30 08:17:09  root  set X=1'; }";
    let [.., before, last] = words else {
        panic!("{words:?}: two words at least");
    };
    let ask = format!(
        "{script}\n{history}\ncompopt() {{ :; }}\nCOMP_WORDS=(sshmend {})\nCOMP_CWORD={}\n\
         _sshmend_and_names sshmend '{last}' '{before}'\necho \"${{COMPREPLY[*]}}\"\n",
        words.join(" "),
        words.len()
    );
    let output = Command::new("bash")
        .args(["-c", &ask])
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.is_empty(), "{words:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

#[test]
fn the_probability_of_a_refusal_is_drawn() {
    let said = Disk::new("").run("explain max-startups --value 10:30:100");
    assert_eq!(said.code, 0);
    for row in [
        "      9      0%",
        "     10     30%",
        "     99     99%",
        "    100    100%",
    ] {
        assert!(
            said.stdout.lines().any(|line| line.starts_with(row)),
            "{row}\n{}",
            said.stdout
        );
    }
    assert_eq!(
        Disk::new("").run("explain max-startups --value 10:30").code,
        2
    );
}

#[test]
fn often_blamed_settings_are_explained_as_harmless() {
    run(&["explain", "MaxSessions"], b"").check(&expect![[r#"
        exit 0
        MaxSessions cannot end a connection before the banner

        it counts sessions inside one connection that is logged in

        what it can cause: max-sessions (sshmend explain max-sessions)
        --
    "#]]);
    run(&["explain", "no-such-cause"], b"").check(&expect![[r#"
        exit 2
        --
        error: no cause has the name no-such-cause
        hint: sshmend explain lists them all
    "#]]);
}
