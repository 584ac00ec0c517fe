//! Blocks parsed in parallel, and taken in order.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::thread::{self, Builder};

use crate::block::{Parsed, Parser, lines};
use crate::blocks::Blocks;
use crate::envelope::{Clock, Export};
use crate::event::Event;
use crate::reader::Reader;

/// The number of blocks read ahead for each thread.
const WAITING: usize = 2;

/// Feeds the whole `source` to the reader.
///
/// # Errors
/// The error of the source; everything before it was read.
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
        .is_some_and(|line| Export::starts(line.text))
    {
        // Its values may contain line feeds: only sequential reading can tell which.
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
        return side_by_side(threads, parser, next, blocks, clock, &mut |mut parsed| {
            reader.take(&mut parsed, sink);
            parsed
        });
    }
    while let Some(block) = next {
        parsed = parser.parse(block, parsed);
        reader.take(&mut parsed, sink);
        next = blocks.next(std::mem::take(&mut parsed.block))?;
    }
    Ok(())
}

/// Processes a stream whose lines cannot be separated beforehand.
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

/// A block to parse, or parsed, and its index.
struct Job {
    number: usize,
    block: Vec<u8>,
    /// Memory to parse into.
    memory: Parsed,
}

/// The result of a job: `None` if the thread panicked.
struct Answer<'a> {
    answers: &'a Sender<(usize, Option<Parsed>)>,
    number: usize,
    parsed: Option<Parsed>,
}

impl Drop for Answer<'_> {
    fn drop(&mut self) {
        // A receiver that is gone has ended for another reason.
        _ = self.answers.send((self.number, self.parsed.take()));
    }
}

/// The blocks waiting to be parsed: any idle thread takes the next.
struct Queue(Mutex<Receiver<Job>>);

impl Queue {
    /// The next one, as soon as there is one; `None` if no more will come.
    fn next(&self) -> Option<Job> {
        let jobs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.recv().ok()
    }

    /// The next one, if one is waiting.
    fn waiting(&self) -> Option<Job> {
        match self.0.try_lock() {
            Ok(jobs) => jobs.try_recv().ok(),
            Err(TryLockError::Poisoned(jobs)) => jobs.into_inner().try_recv().ok(),
            // Another thread is waiting for one, or about to take the last.
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// Parses with this many threads, including the caller: it reads the blocks, takes the results in
/// order, and parses while it would otherwise wait. So there are no more threads than cores, and
/// none of them waits while there is work.
fn side_by_side(
    threads: usize,
    mut parser: Parser,
    mut next: Option<Vec<u8>>,
    blocks: &mut Blocks<impl Read>,
    clock: &Clock,
    take: &mut dyn FnMut(Parsed) -> Parsed,
) -> io::Result<()> {
    let (jobs, queue) = channel();
    let queue = Queue(Mutex::new(queue));
    let (answers, parsed) = channel();
    thread::scope(|scope| {
        // Dropped at the end of this function: then no more jobs come, and the threads end.
        let jobs = jobs;
        for _ in 1..threads {
            let (queue, answers, mut parser) =
                (&queue, answers.clone(), Parser::new(clock.clone()));
            let started = Builder::new().spawn_scoped(scope, move || {
                while let Some(job) = queue.next() {
                    work(&mut parser, job, &answers);
                }
            });
            // The caller parses as well, and alone where the system has no thread left.
            if started.is_err() {
                break;
            }
        }
        let (mut given, mut taken) = (0, 0);
        let mut ready = BTreeMap::new();
        let mut spare: Vec<Parsed> = Vec::new();
        let mut outcome = Ok(());
        loop {
            while given - taken < threads * WAITING {
                let Some(block) = next.take() else { break };
                let mut memory = spare.pop().unwrap_or_default();
                let buffer = std::mem::take(&mut memory.block);
                let job = Job {
                    number: given,
                    block,
                    memory,
                };
                if jobs.send(job).is_err() {
                    return outcome;
                }
                given += 1;
                match blocks.next(buffer) {
                    Ok(block) => next = block,
                    Err(error) => outcome = Err(error),
                }
            }
            if taken == given {
                return outcome;
            }
            // What is ready comes before more to parse: until it is taken no more blocks are read, and the others would wait.
            ready.extend(parsed.try_iter());
            if let Some(done) = ready.remove(&taken) {
                // A missing thread has panicked, which ends the scope.
                let Some(done) = done else { return outcome };
                taken += 1;
                spare.push(take(done));
                continue;
            }
            if let Some(job) = queue.waiting() {
                work(&mut parser, job, &answers);
                continue;
            }
            let Ok((number, done)) = parsed.recv() else {
                return outcome;
            };
            ready.insert(number, done);
        }
    })
}

fn work(parser: &mut Parser, job: Job, answers: &Sender<(usize, Option<Parsed>)>) {
    let mut answer = Answer {
        answers,
        number: job.number,
        parsed: None,
    };
    answer.parsed = Some(parser.parse(job.block, job.memory));
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

    /// The message as written by collectors.
    fn collected(stamp: &str, pid: u16, message: &str) -> Vec<String> {
        vec![
            format!("{{\"log\":\"{message}\",\"time\":\"2026-11-20T15:52:43Z\"}}"),
            format!(
                "{{\"log\":\"{stamp} sshd[{pid}]: {message}\\r\\n\",\"time\":\"2026-11-20T15:52:43Z\"}}"
            ),
            format!(
                "{{\"_HOSTNAME\":\"gw\",\"SYSLOG_IDENTIFIER\":\"sshd\",\"_PID\":\"{pid}\",\"MESSAGE\":\"{message}\"}}"
            ),
            format!("{{\"ident\":\"app\",\"pid\":{pid},\"msg\":\"{message} \\\"x\\\"\\n\"}}"),
            format!("{{\"msg\":\"\\\"{message}\\\"\"}}"),
            format!("{{\"pod\":{{\"name\":\"x\"}},\"log\":\"sshd[{pid}]: {message}\"}}"),
            format!(
                "[{{\"log\":\"{stamp} app[{pid}]: {message}\"}},{{\"log\":\"{stamp} sshd[3]: words {pid}\"}}]"
            ),
            format!("<38>1 2026-11-20T15:52:43.25Z gw sshd {pid} - - {message}"),
            format!("<13>1 2026-11-20T15:52:43Z gw app {pid} - [x y=\"]\"] {message}"),
            format!("<38>{stamp} sshd[{pid}]: {message}"),
        ]
    }

    /// The shares, in 256ths, of lines that are odd, and of lines written by collectors. A block
    /// that may hold a record of several lines, as odd ones do, is left to the reader: without odd
    /// lines all blocks are parsed.
    type Shares = (u8, u8);

    /// A line of any origin, with its line feed.
    fn line(random: &mut fastrand::Rng, (some, others): Shares) -> String {
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
        let collected = collected(&stamp, pid, message);
        let text = match random.u8(..) {
            by if by < some => random.choice(&odd),
            by if by - some < others => random.choice(&collected),
            _ => random.choice(&plain),
        };
        format!("{}\n", text.unwrap())
    }

    #[test]
    fn blocks_and_the_stream_agree_for_any_number_of_threads() {
        for (seed, shares) in (0..).zip([(0, 0), (12, 12), (0, 90)]) {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut log = String::new();
            while log.len() < 5 * crate::blocks::BLOCK {
                log.push_str(&line(&mut random, shares));
            }
            // The last line has no line end.
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
    fn lines_of_other_programs_are_counted_the_same_in_blocks() {
        let mut random = fastrand::Rng::with_seed(13);
        let messages = [
            "Started x.service - X.",
            "Started session-7.scope - Session 7 of user ssh.",
            "Started a-unit-with-a-name-that-is-longer-than-what-is-looked-at-first.service - OpenSSH x.",
            "Started OpenBSD Secure Shell server.",
            "Started ssh.service - OpenBSD Secure Shell server.  \r",
            "(libxpc.dylib) [com.openssh.sshd:net] Stopped ssh.service.",
            "[ID 800047 daemon.info] Stopping ssh.service.",
            "message repeated 2 times: [ Starting ssh.service.]",
            "ssh.service: Failed with result 'exit-code'.",
            "ssh",
            "kernel: [  970.699396] TCP: request_sock_TCP: Possible SYN flooding on port 22. Sending cookies.",
            "[   12.345678] audit: AVC apparmor=\"DENIED\" x comm=\"sshd\"",
            "[UFW BLOCK] IN=eth0 SRC=192.0.2.7 DST=192.0.2.1 DPT=22 ",
            "[    1.5] IN=eth0 OUT= SRC=192.0.2.7 DPT=443",
            "nf_conntrack: table full, dropping packet",
            "message repeated 2 times: [ nf_conntrack: table full, dropping packet]",
            "Invalid user x from 192.0.2.7 port 4711",
        ];
        let mut log = String::new();
        while log.len() < 5 * crate::blocks::BLOCK {
            // More names than places: some are remembered in the same one.
            let letters = random.usize(1..4);
            let drawn: String = (0..letters).map(|_| random.char('a'..='b')).collect();
            let named = ["kernel", "systemd", "fail2ban", "sshd", "CRON"];
            let name = match random.u8(..) {
                0..160 => &drawn,
                _ => *random.choice(&named).unwrap(),
            };
            let message = random.choice(&messages).unwrap();
            let second = random.u8(..60);
            log.push_str(&format!(
                "Nov 20 15:52:{second:02} gw {name}[7]: {message}\n"
            ));
        }
        let read = side_by_side(2, log.as_bytes());
        assert!(read == in_order(log.as_bytes()), "{:?}", read.1);
        assert!(read.1.others > 5_000 && read.1.understood > 500);
        // If nothing is understood the census shows who wrote most of it.
        let others = log
            .replace("sshd[", "sudo[")
            .replace("ssh.service", "x.service");
        let others = others.replace("table full", "table");
        assert!(side_by_side(2, others.as_bytes()) == in_order(others.as_bytes()));
    }

    #[test]
    fn unknown_lines_are_counted_the_same_in_blocks() {
        let mut random = fastrand::Rng::with_seed(9);
        let mut log = String::new();
        while log.len() < 3 * crate::blocks::BLOCK {
            let odd = line(&mut random, (12, 12)).repeat(usize::from(random.bool()));
            log.push_str(&format!(
                "{odd}building step {}: x = [y]; \"z\"\n",
                log.len()
            ));
        }
        assert!(side_by_side(2, log.as_bytes()) == in_order(log.as_bytes()));
    }

    #[test]
    fn an_error_follows_the_text_before_it() {
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
