//! The answer for one client out of files of any length: a rule that does not match is not kept.

use sshmend_lossless::{Request, Snapshot};

use crate::answer::Answer;
use crate::client::Client;
use crate::connection::Connection;
use crate::evaluate::Verdict;
use crate::logical::LogicalReader;
use crate::pattern::PatternFiles;
use crate::rule::Kind;
use crate::steps;
use crate::table::{HOSTS_ALLOW, HOSTS_DENY, State, Table, TableLine, Tables, Which};

/// Says what has to be captured before [`look_up`] knows all that can be known; to be asked until it is content.
pub fn look_up_wants(snapshot: &Snapshot, client: &Client) -> Vec<Request> {
    let tables = Tables::read_for(snapshot, client);
    let mut wanted: Vec<Request> = [HOSTS_ALLOW, HOSTS_DENY]
        .map(|path| Request::Read(path.into()))
        .into();
    wanted.extend(tables.wants_of_rules());
    wanted.retain(|request| !snapshot.answers(request));
    wanted
}

/// Says what libwrap answers this client: as [`Tables::evaluate`] does, without holding the tables.
pub fn look_up(snapshot: &Snapshot, client: &Client) -> Verdict {
    Tables::read_for(snapshot, client).evaluate(client)
}

/// The lines of a file that can say anything to the client.
pub(crate) fn parse_for(which: Which, state: State, document: &[u8], client: &Client) -> Table {
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

/// Whether a physical line is surely one rule for the clients of another address, or a comment, at one glance.
///
/// Lists of banned clients consist of such lines: names of daemons, a colon, and one word of digits and dots, which is
/// compared with the address letter by letter.
fn says_nothing(line: &[u8], address: &[u8]) -> bool {
    if line.first() == Some(&b'#') {
        return !line.ends_with(b"\\") && memchr::memchr(0, line).is_none();
    }
    let plain =
        |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b' ' | b',');
    let Some(colon) = line.iter().position(|byte| !plain(byte)) else {
        return false;
    };
    let Some((b':', clients)) = line[colon..].split_first() else {
        return false;
    };
    let word = clients.trim_ascii();
    let numeric = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
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
    fn a_list_of_banned_addresses_is_not_taken_apart() {
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
    fn only_lines_of_the_common_form_are_passed_over() {
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
    fn the_rule_keeps_its_number() {
        let text = addresses(3) + "#\n\nsshd: 10.0.0.1: deny\n";
        let seen = sshmend_lossless::fixture::snapshot(&format!(
            "//- /etc/hosts.allow missing\n//- /etc/hosts.deny\n{text}"
        ));
        let client = Client::new("10.0.0.1".parse().expect("an address"));
        let verdict = look_up(&seen, &client);
        let line = verdict.origin.map(|origin| origin.line);
        assert_eq!((verdict.access, line), (Access::Denied, Some(2)));
    }
}
