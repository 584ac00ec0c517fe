//! One log from its first byte to its last.

use std::io::{self, ErrorKind, Read};
use std::num::NonZero;
use std::thread;

use crate::census::Census;
use crate::envelope::{Clock, Decoded, Packing};
use crate::event::Event;
use crate::pipeline;
use crate::reader::Reader;

/// More threads do not make it faster, because of the part that must be done in order.
const MOST_THREADS: usize = 16;

/// The summary of reading a log to its end, besides its events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadLog {
    /// A path, `standard input`, or the command that printed it.
    pub name: String,
    /// How much was understood.
    pub census: Census,
    /// The damaged compression, if any: the lines before the damage were read.
    pub damaged: Option<Packing>,
}

impl ReadLog {
    /// Reads a log, compressed or not, in constant memory, and passes each event to `sink`.
    ///
    /// # Errors
    /// The error of `source`; damage to a compressed file is not an error.
    pub fn read(
        name: impl Into<String>,
        source: impl Read,
        clock: &Clock,
        sink: &mut dyn FnMut(&Event<'_>),
    ) -> io::Result<Self> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self::read_with(threads.min(MOST_THREADS), name, source, clock, sink)
    }

    /// The same with this number of threads, including the caller's; the result does not depend on
    /// it.
    pub(crate) fn read_with(
        threads: usize,
        name: impl Into<String>,
        source: impl Read,
        clock: &Clock,
        sink: &mut dyn FnMut(&Event<'_>),
    ) -> io::Result<Self> {
        let mut decoded = Decoded::new(source)?;
        let mut reader = Reader::new(clock.clone());
        let damaged = match pipeline::run(threads, &mut decoded, clock, &mut reader, sink) {
            Err(error) if error.kind() == ErrorKind::InvalidData => decoded.packing(),
            outcome => outcome.map(|()| None)?,
        };
        reader.finish(sink);
        Ok(Self {
            name: name.into(),
            census: reader.census().clone(),
            damaged,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::nature::Nature;

    fn read(bytes: &[u8]) -> (ReadLog, usize) {
        let clock = Clock::utc("2026-12-01T00:00:00Z".parse().unwrap());
        let mut events = 0;
        let log = ReadLog::read("x", bytes, &clock, &mut |_| events += 1).unwrap();
        (log, events)
    }

    #[test]
    fn a_damaged_file_is_read_up_to_the_damage() {
        let line = "Nov 20 15:52:43 gw sshd[8]: Invalid user bob from 192.0.2.7 port 4711\n";
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(line.repeat(20_000).as_bytes()).unwrap();
        let mut bytes = encoder.finish().unwrap();
        assert_eq!(read(&bytes).0.damaged, None);
        bytes.truncate(bytes.len() / 2);
        let (log, events) = read(&bytes);
        assert_eq!(log.damaged, Some(Packing::Gzip));
        assert!(events > 9_000, "{events}");
        assert_eq!(read(b"\x1f\x8b\x08rubbish").0.damaged, Some(Packing::Gzip));
    }

    #[test]
    fn files_that_are_not_a_server_log_are_identified() {
        let client = "OpenSSH_9.2p1, OpenSSL 3.0.11\nkex_exchange_identification: read: Connection reset by peer\n\
            Connection reset by 192.0.2.7 port 22\n";
        let access =
            "198.51.100.7 - - [20/Nov/2026:15:00:00 +0000] \"GET / HTTP/1.1\" 200 7 \"-\" \"x\"\n";
        let test = "$ telnet 192.0.2.7 22\nConnected to 192.0.2.7.\nEscape character is '^]'.\n";
        let cases: [(&[u8], Nature); 7] = [
            (test.as_bytes(), Nature::Transcript),
            (b"", Nature::Empty),
            (b"\n\n", Nature::Empty),
            (client.as_bytes(), Nature::Transcript),
            (access.as_bytes(), Nature::WebServer),
            (b"root:x:0:0:root:/root:/bin/bash\n", Nature::Text),
            (
                b"Nov 20 15:52:43 gw CRON[8]: x\n",
                Nature::OtherPrograms("CRON".into()),
            ),
        ];
        for (bytes, nature) in cases {
            let log = read(bytes).0;
            assert_eq!(
                log.census.nature(),
                nature,
                "{}",
                String::from_utf8_lossy(bytes)
            );
            assert!(log.census.nothing_understood());
        }
        let binary: Vec<u8> = (0..=255).cycle().take(4_096).collect();
        assert_eq!(read(&binary).0.census.nature(), Nature::Binary);
    }

    #[test]
    fn every_line_is_counted_once() {
        let log = "\
Nov 20 15:52:43 gw sshd[8]: Invalid user bob from 192.0.2.7 port 4711
Nov 20 15:52:44 gw sshd[8]: debug1: of no interest
Nov 20 15:52:45 gw sshd[8]: words that nobody knows

Nov 20 15:52:46 gw CRON[9]: x
text of a program
";
        let census = read(log.as_bytes()).0.census;
        assert_eq!(
            (
                census.lines,
                census.understood,
                census.unknown,
                census.others,
                census.foreign
            ),
            (5, 2, 1, 1, 1)
        );
        assert_eq!(census.examples[0].line_number, 3);
        assert!(!census.nothing_understood());
    }
}
