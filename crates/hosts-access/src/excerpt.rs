//! The answer for one client from files of any length: rules that do not match are not kept.

use sshmend_lossless::Snapshot;

use crate::answer::Answer;
use crate::client::Client;
use crate::connection::Connection;
use crate::evaluate::Verdict;
use crate::logical::LogicalReader;
use crate::pattern::PatternFiles;
use crate::rule::Kind;
use crate::steps;
use crate::table::{State, Table, TableLine, Tables, Which};

/// The parts of both files that concern one client: the rules that may match it and the files these
/// refer to.
#[derive(Debug, Clone)]
pub struct Excerpt {
    client: Client,
    tables: Tables,
}

impl Excerpt {
    /// Reads both files for a client; what was not captured is unknown.
    pub fn read(snapshot: &Snapshot, client: &Client) -> Self {
        Self {
            client: client.clone(),
            tables: Tables::read_with(snapshot, &|which, state, bytes| {
                parse_for(which, state, bytes, client)
            }),
        }
    }

    /// The answer of libwrap for the client: as [`Tables::evaluate`], without holding the tables.
    pub fn evaluate(&self) -> Verdict {
        self.tables.evaluate(&self.client)
    }
}

/// The lines of a file that can say anything to the client.
fn parse_for(which: Which, state: State, document: &[u8], client: &Client) -> Table {
    let files = PatternFiles::default();
    let connection = Connection::new(client, &files);
    let address = connection.peer.addr.as_ref();
    let address = address.map_or("", |address| &address.text).as_bytes();
    let mut lines = Vec::new();
    let mut reader = LogicalReader::new(document);
    loop {
        reader.pass_over(|line| says_nothing(line, address));
        let Some(line) = reader.next() else { break };
        steps::add(1);
        let kind = Kind::parse(&line.text);
        let live = line.fault.is_none();
        let matches = |rule: &crate::rule::Rule| rule.matches(&connection) != Answer::No;
        if !live || kind.rule().is_some_and(matches) {
            lines.push(TableLine { kind, line, live });
        }
        if !live {
            break;
        }
    }
    Table {
        which,
        path: which.path().into(),
        state,
        bytes: Vec::new(),
        lines,
    }
}

/// Bytes allowed in a plain list of daemons.
const DAEMONS: u8 = 1;
/// Bytes allowed in the address of a client.
const NUMBERS: u8 = 2;

const BYTES: [u8; 256] = {
    let mut bytes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let is = byte as u8;
        let daemons = is.is_ascii_alphanumeric() || matches!(is, b'-' | b'_' | b' ' | b',');
        let numbers = is.is_ascii_digit() || is == b'.';
        bytes[byte] = if daemons { DAEMONS } else { 0 } | if numbers { NUMBERS } else { 0 };
        byte += 1;
    }
    bytes
};

/// Whether a physical line is surely one rule for the clients of another address, or a comment, at one glance.
///
/// Whether a line cannot match the address. Lists of banned clients consist of such lines: daemon
/// names, a colon, and one word of digits and dots, which is compared with the address as text.
fn says_nothing(line: &[u8], address: &[u8]) -> bool {
    if line.first() == Some(&b'#') {
        return !line.ends_with(b"\\") && memchr::memchr(0, line).is_none();
    }
    let daemons = |byte: &u8| BYTES[usize::from(*byte)] & DAEMONS != 0;
    let Some(colon) = line.iter().position(|byte| !daemons(byte)) else {
        return false;
    };
    let Some((b':', clients)) = line[colon..].split_first() else {
        return false;
    };
    let word = clients.trim_ascii();
    let numeric = |byte: &u8| BYTES[usize::from(*byte)] & NUMBERS != 0;
    match word {
        [] | [b'.', ..] => false,
        word if !word.iter().all(numeric) => false,
        [.., b'.'] => !address.starts_with(word),
        word => word != address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::Access;

    fn addresses(count: u32) -> String {
        let octets = |number: u32| number.to_be_bytes().map(|byte| byte.to_string()).join(".");
        let rule = |number| format!("sshd: {}\n", octets(0x0a00_0000 + number));
        (0..count).map(rule).collect()
    }

    #[test]
    fn lines_of_other_addresses_are_skipped_without_parsing() {
        let client = Client::new("192.0.2.7".parse().expect("an address"));
        let read = |count| {
            let text = addresses(count) + "sshd: 192.0.2.\n";
            steps::of(|| parse_for(Which::Deny, State::Read, text.as_bytes(), &client))
        };
        let (few, table) = read(10);
        assert_eq!(table.lines[0].line.first, 11);
        assert_eq!(read(10_000).0, few);
    }

    #[test]
    fn only_simple_address_lines_are_skipped() {
        let address = b"10.1.2.3";
        for line in [
            "sshd: 10.1.2.3",
            "sshd: 10.1.",
            "sshd: .1.2.3",
            "sshd: 1 10.1.2.3",
            "sshd: 1:deny",
            "sshd: 1\\",
            "sshd: h1",
            "sshd@10.0.0.1: 1",
            "[sshd: 1",
            "sshd: ",
            "sshd",
            "# note\\",
            "#\0",
        ] {
            assert!(!says_nothing(line.as_bytes(), address), "{line}");
        }
        for line in [
            "# note",
            "sshd: 10.1.2.4",
            "ALL,sshd EXCEPT x:10.2.\t\r",
            "ALL: 1",
        ] {
            assert!(says_nothing(line.as_bytes(), address), "{line}");
        }
    }

    #[test]
    fn a_rule_behind_skipped_lines_keeps_its_number() {
        let text = addresses(3) + "#\n\nsshd: 10.0.0.1: deny\n";
        let seen = sshmend_lossless::fixture::snapshot(&format!(
            "//- /etc/hosts.allow missing\n//- /etc/hosts.deny\n{text}"
        ));
        let client = Client::new("10.0.0.1".parse().expect("an address"));
        let verdict = Excerpt::read(&seen, &client).evaluate();
        let line = verdict.origin.map(|origin| origin.line);
        assert_eq!((verdict.access, line), (Access::Denied, Some(2)));
    }
}
