//! `sshmend logs`.

use expect_test::expect;

use crate::disk::{Disk, run};

const LOG: &str = "Nov 20 10:00:00 gw sshd[7]: refused connect from 192.0.2.1 (192.0.2.1)\n\
                   Nov 20 10:00:05 gw sshd[8]: refused connect from 192.0.2.1 (192.0.2.1)\n\
                   Nov 20 11:00:00 gw sshd[1]: error: beginning MaxStartups throttling\n\
                   Nov 20 11:00:00 gw sshd[1]: drop connection #10 from [203.0.113.5]:4000 on [192.0.2.9]:22 past MaxStartups\n";

#[test]
fn causes_sources_and_times_are_counted() {
    let json = run(&["logs", "-", "--format", "json"], LOG.as_bytes()).json();
    let causes: Vec<_> = json["causes"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|c| c["cause"].clone())
        .collect();
    assert_eq!(
        causes,
        ["max-startups", "hosts-access-denied"],
        "what meets everybody comes first"
    );
    assert_eq!(json["sources"][0]["source"], "192.0.2.1");
    assert_eq!(json["census"]["understood"], 4);
}

#[test]
fn the_options_restrict_the_counted_lines() {
    let causes = |options: &[&str]| {
        let words = [&["logs", "-", "--format", "json"], options].concat();
        let json = run(&words, LOG.as_bytes()).json();
        let causes = json["causes"].as_array().expect("a list").iter();
        causes
            .map(|cause| cause["cause"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        causes(&["--cause", "hosts-access-denied"]),
        ["hosts-access-denied"]
    );
    assert_eq!(causes(&["--top", "1"]), ["max-startups"]);
    assert_eq!(causes(&["--since", "1m"]), Vec::<String>::new());
    run(&["logs", "-", "--cause", "gremlins"], b"").check(&expect![[r#"
        exit 2
        --
        error: not a cause: gremlins
        hint: all names: `sshmend explain`
    "#]]);
}

#[test]
fn a_log_is_read_in_any_encoding_and_any_envelope() {
    let message = "drop connection #10 from [203.0.113.5]:4000 on [192.0.2.9]:22 past MaxStartups";
    let wide: Vec<u8> = format!("Nov 20 11:00:00 gw sshd[1]: {message}\r\n")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let docker = format!(
        "{{\"log\":\"{message}\\r\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-20T11:00:00Z\"}}\n"
    );
    for log in [
        wide,
        docker.into_bytes(),
        format!("what|ever {message}").into_bytes(),
    ] {
        let json = run(&["logs", "-", "--format", "json"], &log).json();
        assert_eq!(
            json["causes"][0]["cause"],
            "max-startups",
            "{}",
            String::from_utf8_lossy(&log)
        );
    }
}

#[test]
fn input_without_ssh_messages_is_reported_as_such() {
    for (name, text) in [
        ("empty", ""),
        (
            "client",
            "debug1: Connecting to gw [192.0.2.9] port 22.\nConnection reset by 192.0.2.9 port 22\n",
        ),
        (
            "access",
            "192.0.2.1 - - [20/Nov/2026:15:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n",
        ),
        ("cron", "Nov 20 10:00:00 gw cron[1]: hello\n"),
    ] {
        let disk = Disk::new("");
        disk.write(&format!("/{name}"), text);
        let json = disk.run(&format!("logs /{name} --format json")).json();
        assert_eq!(json["causes"].as_array().map(Vec::len), Some(0));
        let said = disk.run(&format!(
            "diagnose --log /{name} --client 192.0.2.1 --format json"
        ));
        assert_eq!(said.code, 2, "{name}");
        let json = said.json();
        assert_eq!(json["excluded"].as_array().map(Vec::len), Some(0), "{name}");
        assert_eq!(json["findings"].as_array().map(Vec::len), Some(0), "{name}");
    }
    run(&["logs", "-"], b"Connection reset by 192.0.2.9 port 22\n").check(&expect![[r#"
        exit 2
        1 of 1 line understood in standard input
        standard input is a transcript, the output of an SSH client, not a log of the server
        hint: sshmend diagnose --transcript -
        --
    "#]]);
}

#[test]
fn a_given_log_without_matches_excludes_nothing() {
    let disk = Disk::new("");
    disk.write(
        "/tmp/x.log",
        "Nov 20 10:00:00 gw sshd[7]: Server listening on 0.0.0.0 port 22.\n",
    );
    let json = disk
        .run("diagnose --log /tmp/x.log --client 192.0.2.1 --format json")
        .json();
    let silent = json["excluded"]
        .as_array()
        .expect("a list")
        .iter()
        .filter(|one| one["why"] == "no matching log entries");
    assert_eq!(silent.count(), 0);
    assert_eq!(json["logs"]["understood"], 1);
}

#[test]
fn logs_of_a_mounted_disk_are_read_with_the_rotated_ones() {
    let disk = Disk::new("//- /var/log/syslog\nx\n");
    disk.write("/var/log/auth.log", LOG);
    disk.write("/var/log/auth.log.1", LOG);
    let json = disk.run("logs --format json").json();
    assert_eq!(json["causes"][1]["connections"], 4);
}

#[test]
fn an_uneventful_log_yields_no_finding() {
    run(
        &["logs", "-"],
        b"Nov 20 10:00:00 gw sshd[1]: Server listening on 0.0.0.0 port 22.\n",
    )
    .check(&expect![[r#"
        exit 0
        1 of 1 line understood in standard input
        no cause found: no entry of these logs points to one
        --
    "#]]);
    run(&["logs", "/nonexistent"], b"").check(&expect![[r#"
        exit 2
        --
        error: /nonexistent: no such file
        hint: check the path
    "#]]);
}

/// The exit status, and cause and certainty of each finding.
fn answer(words: &[&str], stdin: &str) -> (i32, Vec<String>) {
    let words = [words, &["--format", "json"]].concat();
    let said = run(&words, stdin.as_bytes());
    let json = said.json();
    let findings = json["findings"].as_array().expect("a list").iter();
    let named = findings.map(|finding| format!("{} {}", finding["certainty"], finding["cause"]));
    (said.code, named.collect())
}

#[test]
fn a_text_has_the_same_answer_as_an_argument_a_file_and_standard_input() {
    let client = "ssh: connect to host gw7.example.net port 2022: Connection refused\n";
    let access =
        "192.0.2.1 - - [20/Nov/2026:15:00:00 +0000] \"GET / HTTP/1.1\" 200 1 \"-\" \"-\"\n";
    let disk = Disk::new("");
    for (name, text, code) in [
        ("log", LOG, 1),
        ("client", client, 1),
        ("access", access, 2),
    ] {
        disk.write(name, text);
        let path = disk.path(name);
        let path = path.to_str().expect("a plain path");
        let first = answer(&["diagnose", "-"], text);
        assert_eq!(first.0, code, "{name}: {first:?}");
        for words in [
            &["diagnose", text.trim_end()][..],
            &["diagnose", "--transcript", path],
            &["diagnose", "--log", path],
        ] {
            assert_eq!(answer(words, ""), first, "{words:?}");
        }
    }
    let said = run(&["diagnose", "-"], access.as_bytes());
    assert!(
        said.stdout
            .contains("standard input is the access log of a web server"),
        "{}",
        said.stdout
    );
}

#[test]
fn the_log_of_the_server_beside_the_output_of_a_client_names_the_cause() {
    let refused = "$ ssh bob@192.0.2.9\nbob@192.0.2.9: Permission denied (publickey).\n\nand the server has\n\
        Nov 20 10:00:00 gw sshd[7]: Authentication refused: bad ownership or modes for directory /home/bob\n";
    let crashed = "Connection to gw7.example.net closed by remote host.\n\n\
        debug1: KEX done [preauth]\nfatal: privsep_preauth: preauth child terminated by signal 11\n";
    for (text, cause, evidence) in [
        (refused, "user-not-allowed", "bad ownership"),
        (crashed, "child-crash", "signal 11"),
    ] {
        let json = run(&["diagnose", "-", "--format", "json"], text.as_bytes()).json();
        let first = &json["findings"][0];
        assert_eq!(first["cause"], cause, "{json}");
        let shown = first["evidence"][0]["text"].as_str().expect("a text");
        assert!(shown.contains(evidence), "{shown}");
        assert_eq!(json["attempts"].as_array().map(Vec::len), Some(1), "{json}");
    }
}
