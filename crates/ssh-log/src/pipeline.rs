//! Blocks parsed side by side, and taken in order.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, Scope};

use crate::block::{Parsed, Parser, lines};
use crate::blocks::Blocks;
use crate::envelope::{Clock, Export};
use crate::event::Event;
use crate::reader::Reader;

/// A thread has so many blocks to parse at a time.
const WAITING: usize = 2;

/// Feeds all that `source` gives to the reader.
///
/// # Errors
/// What the source says; what stands before it was read.
pub(crate) fn run(
    threads: usize,
    source: impl Read,
    clock: &Clock,
    reader: &mut Reader,
    sink: &mut dyn FnMut(&Event<'_>),
) -> io::Result<()> {
    let mut blocks = Blocks::new(source);
    let outcome = take_all(threads, &mut blocks, clock, reader, sink);
    reader.count_passed_over(blocks.overlong, blocks.passed_over);
    outcome
}

fn take_all(
    threads: usize,
    blocks: &mut Blocks<impl Read>,
    clock: &Clock,
    reader: &mut Reader,
    sink: &mut dyn FnMut(&Event<'_>),
) -> io::Result<()> {
    let Some(first) = blocks.next(Vec::new())? else {
        return Ok(());
    };
    if lines(&first)
        .next()
        .is_some_and(|(line, _)| Export::starts(line))
    {
        // Its values may hold line feeds: only who reads it in order knows which.
        return feed_all(first, blocks, reader, sink);
    }
    let mut parser = Parser::new(clock.clone());
    let mut parsed = parser.parse(first, Parsed::default());
    reader.take(&mut parsed, sink);
    let Some(second) = blocks.next(std::mem::take(&mut parsed.block))? else {
        return Ok(());
    };
    let mut next = Some(second);
    if threads > 1 {
        return thread::scope(|scope| {
            let mut workers: Vec<_> = (0..threads).map(|_| Worker::new(scope, clock)).collect();
            side_by_side(&mut workers, next, blocks, reader, sink)
        });
    }
    while let Some(block) = next {
        parsed = parser.parse(block, parsed);
        reader.take(&mut parsed, sink);
        next = blocks.next(std::mem::take(&mut parsed.block))?;
    }
    Ok(())
}

/// Feeds a stream whose lines cannot be told apart beforehand.
fn feed_all(
    first: Vec<u8>,
    blocks: &mut Blocks<impl Read>,
    reader: &mut Reader,
    sink: &mut dyn FnMut(&Event<'_>),
) -> io::Result<()> {
    reader.feed(&first, sink);
    let mut piece = first;
    while blocks.read_on(&mut piece)? {
        reader.feed(&piece, sink);
    }
    Ok(())
}

/// A thread that parses.
struct Worker {
    blocks: SyncSender<(Vec<u8>, Parsed)>,
    parsed: Receiver<Parsed>,
}

impl Worker {
    fn new<'scope>(scope: &'scope Scope<'scope, '_>, clock: &Clock) -> Self {
        let (blocks, work) = sync_channel::<(Vec<u8>, Parsed)>(WAITING);
        let (done, parsed) = sync_channel(WAITING);
        let mut parser = Parser::new(clock.clone());
        scope.spawn(move || {
            for (block, memory) in work {
                if done.send(parser.parse(block, memory)).is_err() {
                    return;
                }
            }
        });
        Self { blocks, parsed }
    }
}

/// The workers take turns, so that what they give is taken in order.
fn side_by_side(
    workers: &mut [Worker],
    mut next: Option<Vec<u8>>,
    blocks: &mut Blocks<impl Read>,
    reader: &mut Reader,
    sink: &mut dyn FnMut(&Event<'_>),
) -> io::Result<()> {
    let (mut given, mut taken) = (0, 0);
    let mut spare: Vec<Parsed> = Vec::new();
    let mut outcome = Ok(());
    loop {
        while given - taken < workers.len() * WAITING {
            let Some(block) = next.take() else { break };
            let worker = &workers[given % workers.len()];
            // A worker that is gone panicked, which ends the scope.
            if worker
                .blocks
                .send((block, spare.pop().unwrap_or_default()))
                .is_err()
            {
                return outcome;
            }
            given += 1;
            let memory = spare
                .last_mut()
                .map(|parsed| std::mem::take(&mut parsed.block));
            match blocks.next(memory.unwrap_or_default()) {
                Ok(block) => next = block,
                Err(error) => outcome = Err(error),
            }
        }
        if taken == given {
            return outcome;
        }
        let Ok(mut parsed) = workers[taken % workers.len()].parsed.recv() else {
            return outcome;
        };
        taken += 1;
        reader.take(&mut parsed, sink);
        spare.push(parsed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::census::Census;
    use crate::read::ReadLog;
    use crate::tally::Tally;

    fn clock() -> Clock {
        Clock::utc("2026-12-01T00:00:00Z".parse().unwrap())
    }

    /// The events in full, and the counts.
    type Said = (Vec<String>, Census);

    fn in_order(log: &[u8]) -> Said {
        let (mut reader, mut events) = (Reader::new(clock()), Vec::new());
        for piece in log.chunks(99_991) {
            reader.feed(piece, &mut |event| events.push(format!("{event:?}")));
        }
        reader.finish(&mut |event| events.push(format!("{event:?}")));
        (events, reader.census().clone())
    }

    fn side_by_side(threads: usize, log: &[u8]) -> Said {
        let mut events = Vec::new();
        let mut keep = |event: &Event<'_>| events.push(format!("{event:?}"));
        let read = ReadLog::read_with(threads, "x", log, &clock(), &mut keep).unwrap();
        (events, read.census)
    }

    /// A line of any origin, with its line feed.
    fn line(random: &mut fastrand::Rng, strange: bool) -> String {
        let (pid, port) = (random.u16(2..40), random.u16(1024..1040));
        let peer = format!("192.0.2.{}", random.u8(1..9));
        let user = random
            .choice(["root", "a b", "x from 192.0.2.77 port 1"])
            .unwrap();
        let messages = [
            format!("Invalid user {user} from {peer} port {port}"),
            format!("Failed password for {user} from {peer} port {port} ssh2"),
            format!("Accepted password for alice from {peer} port {port} ssh2"),
            format!("Connection closed by authenticating user {user} {peer} port {port} [preauth]"),
            format!("Connection closed by {peer} port {port}"),
            "error: kex_exchange_identification: Connection closed by remote host".to_owned(),
            format!(
                "drop connection #{pid} from [{peer}]:{port} on [192.0.2.1]:22 past MaxStartups"
            ),
            format!("error: words that nobody knows {port}"),
            "debug1: of no interest".to_owned(),
            format!(
                "message repeated 3 times: [ Failed password for root from {peer} port {port} ssh2]"
            ),
        ];
        let message = random.choice(&messages).unwrap();
        let stamp = format!("Nov 20 15:{:02}:{:02} gw", random.u8(..60), random.u8(..60));
        let plain = [
            format!("{stamp} sshd[{pid}]: {message}"),
            format!("{stamp} sshd[{pid}]: {message}\r"),
            format!("{stamp} CRON[{pid}]: pam_unix(cron:session): session closed"),
            format!("{stamp} app{}: {message}", random.u8(..60)),
            format!("2026-11-20T15:52:43.25+00:00 gw sshd-session[{pid}]: {message}"),
            "2026-11-20 15:52:43,397 fail2ban.actions [812]: NOTICE  [sshd] Ban 192.0.2.7"
                .to_owned(),
            String::new(),
        ];
        let odd = [
            message.clone(),
            format!("\u{1b}[31m{stamp} sshd[{pid}]: {message}\u{1b}[0m"),
            format!("{{\"log\":\"{message}\",\"time\":\"2026-11-20T15:52:43Z\"}}"),
            format!("2026-11-20T15:52:43Z ##[error] \\\"{message}\\\""),
            format!(
                "Fri 2026-11-20 15:52:43.25 UTC [s=a;i=1]\n    _COMM=sshd\n    MESSAGE={message}"
            ),
            format!("{{\n  \"message\": \"{message}\"\n}}"),
            "x".repeat(if random.u8(..) < 30 {
                usize::from(port) * 70
            } else {
                9
            }),
            "x".repeat(if random.u8(..) < 10 {
                usize::from(port) * 300
            } else {
                9
            }),
            "198.51.100.7 - - [20/Nov/2026] \"GET / HTTP/1.1\" 200".to_owned(),
            "\u{0}\u{1}\u{2}".repeat(9),
        ];
        let text = if strange && random.u8(..) < 12 {
            random.choice(&odd)
        } else {
            random.choice(&plain)
        };
        format!("{}\n", text.unwrap())
    }

    #[test]
    fn blocks_say_the_same_as_the_stream_whatever_the_number_of_threads() {
        for seed in 0..2 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut log = String::new();
            while log.len() < 5 * crate::blocks::BLOCK {
                log.push_str(&line(&mut random, seed % 2 == 1));
            }
            // The last line has no end.
            log.pop();
            let whole = in_order(log.as_bytes());
            assert!(whole.0.len() > 1_000 && whole.1.understood > 1_000);
            for threads in [1, 2, 16] {
                let read = side_by_side(threads, log.as_bytes());
                let differs = read
                    .0
                    .iter()
                    .zip(&whole.0)
                    .find(|(one, other)| one != other);
                assert_eq!(differs, None, "{seed}, {threads} threads");
                assert!(
                    read == whole,
                    "{seed}, {threads} threads: {:?}\n{:?}",
                    read.1,
                    whole.1
                );
            }
        }
    }

    #[test]
    fn unknown_lines_are_counted_the_same_in_blocks() {
        let mut random = fastrand::Rng::with_seed(9);
        let mut log = String::new();
        while log.len() < 3 * crate::blocks::BLOCK {
            let odd = line(&mut random, true).repeat(usize::from(random.bool()));
            log.push_str(&format!(
                "{odd}building step {}: x = [y]; \"z\"\n",
                log.len()
            ));
        }
        assert!(side_by_side(2, log.as_bytes()) == in_order(log.as_bytes()));
    }

    #[test]
    fn an_error_comes_behind_what_stands_before_it() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("it broke"))
            }
        }
        for lines in [1, 50_000] {
            let mut tally = Tally::default();
            let log = "refused connect from gw (192.0.2.1)\n".repeat(lines);
            let read = ReadLog::read_with(
                2,
                "x",
                log.as_bytes().chain(Broken),
                &clock(),
                &mut |event| tally.add(event),
            );
            assert!(read.is_err());
            let count = tally
                .cause(crate::CauseName::HostsAccessDenied)
                .map(|tally| tally.lines);
            assert_eq!(count, Some(lines as u64));
        }
    }
}
