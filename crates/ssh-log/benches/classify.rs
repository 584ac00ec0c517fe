//! The time to classify lines of a log: `cargo bench -p sshmend-ssh-log`.

#[path = "../../lossless/benches/stopwatch/mod.rs"]
mod stopwatch;

use jiff::Timestamp;
use sshmend_ssh_log::{Clock, Reader};

use stopwatch::measure;

/// The number of lines in the logs.
const LINES: usize = 10_000;

fn main() {
    let of_user = |number: usize| {
        let host = number % 250;
        format!("sshd[{number}]: Invalid user u{number} from 192.0.2.{host} port 40000")
    };
    let of_end = |number: usize| {
        let host = number % 250;
        format!("sshd[{number}]: Connection closed by 192.0.2.{host} port 40000 [preauth]")
    };
    let of_mail = |number: usize| {
        let host = number % 250;
        format!("postfix/smtpd[{number}]: connect from unknown[198.51.100.{host}]")
    };
    classify("invalid users", of_user);
    classify("connections that end before login", of_end);
    classify("lines of other programs", of_mail);
}

/// Classifies the lines that `message` makes from their numbers.
fn classify(name: &str, message: impl Fn(usize) -> String) {
    let line = |number: usize| format!("Nov 20 12:00:{:02} gw {}\n", number % 60, message(number));
    let log: String = (0..LINES).map(line).collect();
    measure(name, log.len(), || {
        let mut events = 0;
        let mut reader = Reader::new(Clock::utc(Timestamp::UNIX_EPOCH));
        reader.feed(log.as_bytes(), &mut |_| events += 1);
        reader.finish(&mut |_| events += 1);
        events
    });
}
