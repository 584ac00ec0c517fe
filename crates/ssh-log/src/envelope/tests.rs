//! The information in each form of an envelope.

use super::*;

fn shown(line: &str) -> String {
    let mut peeler = Peeler::new(Clock::utc("2026-12-01T00:00:00Z".parse().unwrap()));
    let mut said = Vec::new();
    let mut sink = |envelope: &Envelope<'_>| {
        said.push(format!(
            "{} {} {:?} {} | {}",
            envelope.time.map_or("-".into(), |time| time.to_string()),
            String::from_utf8_lossy(envelope.host),
            envelope.program,
            envelope.pid.map_or("-".into(), |pid| pid.to_string()),
            String::from_utf8_lossy(envelope.message),
        ));
    };
    for line in line.lines() {
        peeler.line(line.as_bytes(), &mut sink);
    }
    peeler.finish(&mut sink);
    said.join(" & ")
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn every_known_prefix_is_parsed() {
    let cases = [
        (
            "Nov 20 15:52:43 gw1 sshd[8]: Bye",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | Bye",
        ),
        (
            "Nov  2 15:52:43.25 gw1 sshd[8]:  Bye",
            "2026-11-02T15:52:43.25Z gw1 Sshd 8 | Bye",
        ),
        (
            "Nov 20 15:52:43 sshd[8]: Bye",
            "2026-11-20T15:52:43Z  Sshd 8 | Bye",
        ),
        (
            "Mar  3 00:17:22 [sshd]: Bye",
            "2026-03-03T00:17:22Z  Sshd - | Bye",
        ),
        (
            "Jun 25 23:53:34 [sshd] User root",
            "2026-06-25T23:53:34Z  Sshd - | User root",
        ),
        (
            "D\u{e9}c 31 11:59:59 [sshd] error: x",
            "2025-12-31T11:59:59Z  Sshd - | error: x",
        ),
        (
            "\u{17d}uf 31 11:59:59 [sshd] error: x",
            "-  Sshd - | error: x",
        ),
        (
            "Nov 20 15:52:43 gw1 kernel: [  1.5] x",
            "2026-11-20T15:52:43Z gw1 Kernel - | [  1.5] x",
        ),
        (
            "Nov 20 15:52:43 gw1 sshd(pam_unix)[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Nov 20 15:52:43 gw1 CRON[9]: x",
            "2026-11-20T15:52:43Z gw1 Other 9 | x",
        ),
        (
            "Apr  2 17:52:55 <auth.info> bsd sshd[5]: x",
            "2026-04-02T17:52:55Z bsd Sshd 5 | x",
        ),
        (
            "Mar 29 05:59:23 sun sshd[2]: [ID 800047 auth.info] x",
            "2026-03-29T05:59:23Z sun Sshd 2 | x",
        ),
        (
            "Jan  5 10:00:00 mac sshd[7] <Notice>: x",
            "2026-01-05T10:00:00Z mac Sshd 7 | x",
        ),
        (
            "2026-11-20T15:52:43.39+00:00 gw1 sshd-session[10]: x",
            "2026-11-20T15:52:43.39Z gw1 SshdSession 10 | x",
        ),
        (
            "2026-11-20T15:52:43+0100 gw1 sshd-auth[10]: x",
            "2026-11-20T14:52:43Z gw1 SshdAuth 10 | x",
        ),
        (
            "2026-11-20 15:52:43.1-0800  localhost sshd[3]: x",
            "2026-11-20T23:52:43.1Z localhost Sshd 3 | x",
        ),
        (
            "Fri 2026-11-20 15:52:43 UTC gw1 ssh.service[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Fri Nov 20 15:52:43 2026 authpriv.info sshd[8]: x",
            "2026-11-20T15:52:43Z  Sshd 8 | x",
        ),
        (
            "1795189963.250000 gw1 sshd[8]: x",
            "2026-11-20T15:52:43.25Z gw1 Sshd 8 | x",
        ),
        ("[   12.345678] gw1 sshd[8]: x", "- gw1 Sshd 8 | x"),
        ("[   12.345678] TCP: x", "-  Kernel - | TCP: x"),
        (
            "[Fri Nov 20 15:52:43 2026] TCP: x",
            "2026-11-20T15:52:43Z  Kernel - | TCP: x",
        ),
        (
            "<38>1 2026-11-20T15:52:43Z gw1 sshd 57 - - x",
            "2026-11-20T15:52:43Z gw1 Sshd 57 | x",
        ),
        (
            "<38>1 2026-11-20T15:52:43Z gw1 sshd 57 - [a b=\"]\\\"\"][c] x",
            "2026-11-20T15:52:43Z gw1 Sshd 57 | x",
        ),
        (
            "<38>Nov 20 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "2026-11-20 15:52:43,397 fail2ban.actions        [812]: NOTICE  [sshd] Ban 192.0.2.7",
            "2026-11-20T15:52:43.397Z  Fail2ban 812 | NOTICE  [sshd] Ban 192.0.2.7",
        ),
        (
            "2026-11-20 15:52:43,397 - denyhosts   : INFO     new denied hosts: ['192.0.2.7']",
            "2026-11-20T15:52:43.397Z  DenyHosts - | INFO     new denied hosts: ['192.0.2.7']",
        ),
        (
            "type=AVC msg=audit(1795189963.250:9): avc:  denied",
            "2026-11-20T15:52:43.25Z  Audit - | AVC msg=audit(1795189963.250:9): avc:  denied",
        ),
        (
            "node=gw1 type=SECCOMP msg=audit(1795189963.250:9): x",
            "2026-11-20T15:52:43.25Z gw1 Audit - | SECCOMP msg=audit(1795189963.250:9): x",
        ),
        (
            "time=\"2026-11-20T15:52:43Z\" level=info msg=\"x\"",
            "2026-11-20T15:52:43Z  CrowdSec - | x",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn a_line_without_envelope_is_its_own_message() {
    for line in [
        "Failed password for x from 192.0.2.1 port 22 ssh2",
        "Nov",
        "[",
        "<",
        "<38>1",
        "1.",
        "time=\"",
        "type=AVC",
        "node=",
    ] {
        assert!(
            shown(line).ends_with(&format!("Bare - | {line}")),
            "{line}: {}",
            shown(line)
        );
    }
}

#[test]
fn every_layer_around_a_head_is_removed() {
    const HEAD: &str = "Nov 20 15:52:43 gw1 sshd[8]: Bye";
    let layers = [
        ("    ", ""),
        ("\u{feff}", ""),
        ("> > ", ""),
        ("auth.log:", ""),
        ("/var/log/auth.log.1:", ""),
        ("./auth.log:117:", ""),
        ("117:", ""),
        ("auth.log-", ""),
        ("   117\t", ""),
        ("117. ", ""),
        ("- ", ""),
        ("`", ""),
        ("<p>", ""),
        ("<code class=\"x\">", ""),
        ("\u{1b}[32m", "\u{1b}[0m"),
        ("web_1  | ", ""),
        ("web.1.x7@node  | ", ""),
        ("[pod/web-0/sshd] ", ""),
        ("2026-11-20T15:52:43.123456789Z stdout F ", ""),
        ("2026-11-20T15:52:43.123456789Z ", ""),
        ("2026-11-20T15:52:43.123456Z 01O ", ""),
        ("2026-11-20T15:52:43.1234567Z ##[error]", ""),
        ("[2026-11-20T15:52:43.123Z] ", ""),
        ("15:52:43  ", ""),
        ("#12 3.456 ", ""),
        ("::error::", ""),
        ("\u{1b}_bk;t=1795189963250\u{7}", ""),
        ("stderr: ", ""),
        ("  \"message\" : \"", ""),
        ("time=\"2026-11-20T15:52:43Z\" level=info msg=\"", ""),
    ];
    for (before, after) in layers {
        let line = format!("{before}{HEAD}{after}");
        let seen = shown(&line);
        assert!(seen.contains(" gw1 Sshd 8 | Bye"), "{line}: {seen}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn timestamps_and_columns_of_all_systems_are_parsed() {
    let cases = [
        (
            "Nov 20 15:52:43 gw1 auth.info sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Nov 20 15:52:43 gw1 auth|security:info sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Nov 20 15:52:43 2026 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Nov 20 2026 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "2026/11/20 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "2026 Nov 20 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "20.11.2026 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "20/Nov/2026:15:52:43 +0100 gw1 sshd[8]: x",
            "2026-11-20T14:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "11\u{6708} 20 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "11\u{c6d4} 20 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "\u{43d}\u{43e}\u{44f} 20 15:52:43 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Okt 20 15:52:43 gw1 sshd[8]: x",
            "2026-10-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "ao\u{fb}t 20 15:52:43 gw1 sshd[8]: x",
            "2026-08-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Fr 2026-11-20 15:52:43 CET gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "\u{4e94} 2026-11-20 15:52:43 +03 gw1 sshd[8]: x",
            "2026-11-20T12:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Fri Nov 20 15:52:43 UTC 2026 gw1 sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "[ 3274.616943 <    0.000012 >] gw1 sshd[8]: x",
            "- gw1 Sshd 8 | x",
        ),
        (
            "1 2026-11-20T15:52:43Z gw1 sshd 8 - - x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "2026-11-20T15:52:43Z gw1 sshd 8 ID7 [a b=\"c\"] x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Nov 20 15:52:43 gw1 sshd[8]:\tx",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Nov 20 15:52:43 gw1 in.sshd[8]: x",
            "2026-11-20T15:52:43Z gw1 Sshd 8 | x",
        ),
        (
            "Nov 20 15:52:43 gw1 (sshd)[8]: x",
            "2026-11-20T15:52:43Z gw1 Systemd 8 | x",
        ),
        (
            "Nov 20 15:52:43 gw1 dropbear[8]: x",
            "2026-11-20T15:52:43Z gw1 Dropbear 8 | x",
        ),
        (
            "3832 2026-11-20 15:52:43.934 error: x",
            "2026-11-20T15:52:43.934Z  Bare 3832 | error: x",
        ),
        (
            "2026-11-20 15:52:43.123456+0100 0x1a2b     Info        0x0                  812    0    sshd: (libsystem) x",
            "2026-11-20T14:52:43.123456Z  Sshd 812 | x",
        ),
        (
            "Nov 20 15:52:43 gw1 web/0a1b2c3d4e5f[77]: x",
            "2026-11-20T15:52:43Z  Bare - | x",
        ),
        (
            "2026-11-20 15:52:43 +0000 system.auth: {\"ident\":\"sshd\",\"message\":\"x\"}",
            "2026-11-20T15:52:43Z  Sshd - | x",
        ),
        ("sshd[8]: x", "-  Sshd 8 | x"),
        ("gw1 sshd[8]: x", "- gw1 Sshd 8 | x"),
        ("systemd[1]: ssh.socket: x", "-  Systemd 1 | ssh.socket: x"),
        (
            "2026-11-20T15:52:43Z stderr F banner exchange: x",
            "2026-11-20T15:52:43Z  Bare - | banner exchange: x",
        ),
        (
            "2026-11-20T15:52:43Z stderr F error: x",
            "2026-11-20T15:52:43Z  Bare - | error: x",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn multiline_records_are_joined() {
    let verbose = "\
Fri 2026-11-20 15:52:43.250000 UTC [s=abc;i=1;b=def;m=1;t=2;x=3]
    SYSLOG_IDENTIFIER=sshd
    _HOSTNAME=gw1
    _PID=8
    MESSAGE=x
    _SOURCE_REALTIME_TIMESTAMP=1
Fri 2026-11-20 15:52:44.250000 UTC [s=abc;i=2;b=def;m=1;t=2;x=3]
    _COMM=sshd
    MESSAGE=y
-- Boot 2 --
";
    let said = "2026-11-20T15:52:43.25Z gw1 Sshd 8 | x & 2026-11-20T15:52:44.25Z  Sshd - | y & -  Bare - | -- Boot 2 --";
    assert_eq!(shown(verbose), said);
    let record =
        "{\n\t\"SYSLOG_IDENTIFIER\" : \"sshd\",\n\t\"_PID\" : \"8\",\n\t\"MESSAGE\" : \"x\"\n}\n";
    assert_eq!(shown(&record.repeat(2)), "-  Sshd 8 | x & -  Sshd 8 | x");
    let events = "{\n  \"events\": [\n    {\n      \"message\": \"sshd[8]: x\"\n    },\n    {\n      \"message\": \"sshd[9]: y\"\n    }\n  ]\n}\n";
    assert_eq!(shown(events), "-  Sshd 8 | x & -  Sshd 9 | y");
}

#[test]
fn random_lines_do_not_panic() {
    let words = [
        "Nov ",
        "20 ",
        "15:52:43",
        " ",
        "sshd",
        "[8]",
        ":",
        "<",
        ">",
        "[",
        "]",
        "2026-11-20",
        "T",
        "Fri ",
        "\"",
        "1",
        "type=",
        "node=",
        " msg=audit(",
        "1.5:",
    ];
    let mut random = fastrand::Rng::with_seed(3);
    for _ in 0..50_000 {
        let line: String = (0..random.usize(0..12))
            .map(|_| *random.choice(&words).expect("not empty"))
            .collect();
        shown(&line);
    }
}
