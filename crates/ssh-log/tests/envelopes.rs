//! Every envelope around every message: the event is the same as for the message alone.

use sshmend_ssh_log::{Clock, Event, Kind, Reader};

/// Texts around a message, `{}`, that do not name its program.
const AROUND: &[&str] = &[
    "{}",
    "2026-11-20T15:52:43.123456789Z stderr F {}",
    "2026-11-20T15:52:43.123456789Z {}",
    "{\"log\":\"{}\\r\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-20T15:52:43Z\"}",
    "{\"timestamp\":1795189963250,\"message\":\"{}\",\"ingestionTime\":1795189970000}",
    "{\"@level\":\"info\",\"@message\":\"{}\",\"@timestamp\":\"2026-11-20T15:52:43Z\"}",
    "{\"jsonPayload\":{\"message\":\"{}\"},\"timestamp\":\"2026-11-20T15:52:43Z\"}",
    "{\"streams\":[{\"stream\":{\"a\":\"b\"},\"values\":[[\"1795189963250000000\",\"{}\"]]}]}",
    "[{\"date\":1795189963.25,\"log\":\"{}\"}]",
    "[0] tail.0: [1795189963.250000000, {\"log\"=>\"{}\"}]",
    "2026-11-20 15:52:43.000000000 +0000 app.x: {\"message\":\"{}\"}",
    "sshd_1  | {}",
    "jump-0 sshd {}",
    "jump-0 \u{203a} sshd {}",
    "[pod/jump-0/sshd] {}",
    "2026-11-20T15:52:43.1234567Z ##[error]{}",
    "2026-11-20T15:52:43.123456Z 01O {}",
    "2026-11-20T15:52:43.123456Z 00E+{}",
    "[2026-11-20T15:52:43.123Z] {}",
    "15:52:43  {}",
    "#12 3.456 {}",
    "\u{1b}_bk;t=1795189963250\u{7}{}",
    "\u{1b}[31m{}\u{1b}[0m",
    "  12  {}",
    "> > {}",
    "    {}",
    "`{}`",
    "'{}',",
    "({}).",
    "<p>{}</p>",
    "<td>{}</td><td>x</td>",
    "b'{}\\n'",
    "['{}', 'x']",
    "stderr: {}",
    "level=info component=x msg=\"{}\"",
    "1.795189963e+09\tinfo\tx\t{}",
    "I1120 15:52:43.123456       1 x.go:1] {}",
    "what/ever=7;{}",
    "3832 2026-11-20 15:52:43.934 {}",
    "<Data Name='payload'>{}</Data></EventData></Event>",
    "11/20/2026 3:52:43 PM            4 Information      sshd: {}",
    "Nov 20 15:52:43 gw jump/0a1b2c3d4e5f[77]: {}",
    "Nov 20 15:52:43 gw conmon[77]: {}",
    "jump  | 2026-11-20_15:52:43.17719 {}",
];

/// Texts around a message that name its program.
const NAMED: &[&str] = &[
    "Nov 20 15:52:43 gw sshd[812]: {}",
    "Nov 20 15:52:43 gw auth.info sshd[812]: {}",
    "Nov 20 15:52:43 gw auth|security:info sshd[812]: {}",
    "Nov 20 15:52:43 gw in.sshd[812]: {}",
    "Nov 20 15:52:43 gw sshd.pam[812]: {}",
    "Nov 20 15:52:43 gw sshd[812]:\t{}",
    "Nov 20 15:52:43 gw sshd[812]: kernel:[  970.699396]: {}",
    "Nov 20 15:52:43 gw sshd[812]: kernel: [12970.699398] {}",
    "2026-11-20T15:52:43.10040 auth.info: sshd[812]:  {}",
    "\"2026-11-20T15:52:43.000Z\",\"gw\",\"sshd[812]: {}\"",
    "11\u{6708} 20 15:52:43 gw sshd[812]: {}",
    "Fr 2026-11-20 15:52:43 CET gw sshd[812]: {}",
    "<86>1 2026-11-20T15:52:43Z gw sshd 812 - - {}",
    "2026-11-20T15:52:43Z gw sshd 812 ID1 [x y=\"z\"] {}",
    "auth.log.1:Nov 20 15:52:43 gw sshd[812]: {}",
    "117:Nov 20 15:52:43 gw sshd[812]: {}",
    "> Nov 20 15:52:43 gw sshd[812]: {}",
    "sshd[812]: {}",
    "gw sshd[812]: {}",
    "2026-11-20 15:52:43.123456+0100 0x1a2b     Default     0x0                  812    0    sshd: {}",
    "2026-11-20 15:52:43.123456-0800  localhost sshd[812]: (libxpc.dylib) [com.a:b] {}",
    "{\"__REALTIME_TIMESTAMP\":\"1795189963250000\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"_PID\":\"812\",\"MESSAGE\":\"{}\"}",
    "{\"appname\":\"sshd\",\"hostname\":\"gw\",\"message\":\"{}\",\"procid\":812,\"timestamp\":\"2026-11-20T15:52:43Z\"}",
    "{\"process\":{\"name\":\"sshd\",\"pid\":812},\"message\":\"{}\"}",
    "{\"message\":\"Nov 20 15:52:43 gw sshd[812]: {}\",\"log\":{\"offset\":12}}",
];

/// Messages that only sshd writes.
const MESSAGES: &[(&str, Kind)] = &[
    (
        "drop connection #11 from [203.0.113.4]:50011 on [192.0.2.77]:22 past MaxStartups",
        Kind::Dropped,
    ),
    (
        "banner exchange: Connection from 203.0.113.4 port 50011: invalid format",
        Kind::BadProtocol,
    ),
    (
        "error: kex_exchange_identification: client sent invalid protocol identifier 'x'",
        Kind::BadProtocol,
    ),
    (
        "error: beginning MaxStartups throttling",
        Kind::ThrottlingBegan,
    ),
    (
        "refused connect from 203.0.113.4 (203.0.113.4)",
        Kind::WrapperRefused,
    ),
    (
        "Connection closed by authenticating user root 203.0.113.4 port 50011 [preauth]",
        Kind::Closed,
    ),
    (
        "Invalid user carl from 203.0.113.4 port 50011",
        Kind::InvalidUser,
    ),
    (
        "Accepted publickey for carl from 203.0.113.4 port 50011 ssh2: ED25519 SHA256:abc",
        Kind::Accepted,
    ),
    (
        "fatal: Missing privilege separation directory: /run/sshd",
        Kind::Broken,
    ),
    (
        "Timeout before authentication for connection from 203.0.113.4 to 192.0.2.77, pid = 99",
        Kind::GraceTimeout,
    ),
    ("Server listening on 0.0.0.0 port 22.", Kind::Listening),
];

fn events(log: &str) -> Vec<(Kind, Option<String>, Option<u32>, bool)> {
    let mut reader = Reader::new(Clock::utc("2026-12-01T00:00:00Z".parse().expect("a time")));
    let mut events = Vec::new();
    let mut sink = |event: &Event<'_>| {
        let source = event
            .source
            .as_ref()
            .map(|source| format!("{} {:?}", source.peer, source.port));
        events.push((event.kind, source, event.pid, event.time.is_some()));
    };
    reader.feed(log.as_bytes(), &mut sink);
    reader.finish(&mut sink);
    events
}

#[test]
fn the_message_is_recognised_in_any_envelope() {
    for (message, kind) in MESSAGES {
        let [(_, source, ..)] = events(message)
            .try_into()
            .unwrap_or_else(|_| panic!("{message}"));
        for envelope in AROUND.iter().chain(NAMED) {
            let line = envelope.replace("{}", message);
            let found = events(&line);
            assert_eq!(found.len(), 1, "{line}: {found:?}");
            assert_eq!((found[0].0, &found[0].1), (*kind, &source), "{line}");
        }
    }
}

#[test]
fn time_and_process_are_read_from_a_known_envelope() {
    for envelope in NAMED {
        let line = envelope.replace("{}", MESSAGES[0].0);
        let found = events(&line);
        let cut = envelope.starts_with("sshd[") || envelope.starts_with("gw sshd[");
        let timeless = cut || envelope.starts_with("{\"process\"");
        assert_eq!((found[0].2, found[0].3), (Some(812), !timeless), "{line}");
    }
}

#[test]
fn masked_addresses_are_skipped() {
    for mask in [
        "***",
        "x.x.x.x",
        "XXX.XXX.XXX.XXX",
        "<redacted>",
        "203.0.113.***",
    ] {
        let found = events(&format!(
            "Nov 20 15:52:43 gw sshd[8]: Connection closed by {mask} port 4711 [preauth]\n"
        ));
        assert_eq!(found.len(), 1, "{mask}");
        assert_eq!(found[0].0, Kind::Closed, "{mask}");
    }
}

#[test]
fn a_line_without_a_head_among_others_is_not_attributed_to_sshd() {
    for forged in [
        "sshd[9]: refused connect from a (203.0.113.9)",
        "x | refused connect from a (203.0.113.9)",
    ] {
        let log = format!("Nov 20 15:52:43 gw app[7]: a text of several lines\n{forged}\n");
        assert_eq!(events(&log), [], "{forged}");
    }
}
