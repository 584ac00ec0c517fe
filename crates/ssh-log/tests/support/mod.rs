//! Helpers shared by the tests.

use sshmend_ssh_log::{Account, CauseName, Clock, Event, Reader, Stage};

/// A log, with one line for each event: kind, cause, source, user, number, detail; `-` for missing
/// values.
pub(crate) fn shown(log: &[u8]) -> Vec<String> {
    let mut lines = Vec::new();
    let mut reader = Reader::new(Clock::utc("2026-12-01T00:00:00Z".parse().expect("a time")));
    reader.feed(log, &mut |event| lines.push(event_text(event)));
    reader.finish(&mut |event| lines.push(event_text(event)));
    lines
}

fn event_text(event: &Event<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let source = event.source.as_ref().map(|source| match source.port {
        Some(port) => format!("{} {port}", source.peer),
        None => source.peer.to_string(),
    });
    let mut words = vec![
        event.kind.name().to_owned(),
        event.cause.map_or("-", CauseName::as_str).to_owned(),
        source.unwrap_or_else(|| "-".into()),
        event
            .user
            .map_or_else(|| "-".into(), |user| format!("{:?}", text(user))),
        event
            .number
            .map_or_else(|| "-".into(), |number| number.to_string()),
        text(event.detail),
    ];
    if event.stage == Stage::AfterLogin {
        words.push("after login".into());
    }
    match event.account {
        Account::Fresh | Account::Again => {}
        Account::Attributes(cause) => words.push(format!("names the source of {cause}")),
        Account::Withdraws(cause) => words.push(format!("takes back {cause}")),
    }
    while words
        .last()
        .is_some_and(|word| word.is_empty() || word == "-")
    {
        words.pop();
    }
    words.join(" | ")
}
