//! Logs of the server, and output of clients.

use jiff::Timestamp;
use sshmend_ssh_log::{Clock, Kind, Reader, Tally, transcript};

use crate::input::wanted;

fn reader() -> Reader {
    Reader::new(Clock::utc(
        Timestamp::from_second(1_795_197_600).expect("a time"),
    ))
}

/// The kinds of the pieces of a log, one after another.
fn kinds(pieces: &[&[u8]]) -> Vec<(Kind, String)> {
    let (mut reader, mut kinds, mut tally) = (reader(), Vec::new(), Tally::default());
    let mut sink = |event: &sshmend_ssh_log::Event<'_>| {
        tally.add(event);
        kinds.push((event.kind, format!("{event:?}")));
    };
    for piece in pieces {
        reader.feed(piece, &mut sink);
    }
    reader.finish(&mut sink);
    kinds
}

pub(crate) fn classify(data: &[u8]) {
    let (choice, data) = wanted(data);
    let whole = kinds(&[data]);
    let at = choice * data.len() / 256;
    assert_eq!(
        kinds(&[&data[..at], &data[at..]]),
        whole,
        "in two pieces, the second from {at}"
    );
}

pub(crate) fn transcript(data: &[u8]) {
    let first = format!("{:?}", transcript::read(data));
    assert_eq!(format!("{:?}", transcript::read(data)), first);
}
