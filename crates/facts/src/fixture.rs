//! A healthy server written as text, for tests: a case contains only its changes.

use sshmend_lossless::{Snapshot, fixture, journalctl};

use crate::facts::Facts;
use crate::manager::show;
use crate::question::{Question, Server, Vantage};

pub use crate::probe::attempt;

/// The header of the output of `systemctl show`, for fixtures that describe the state of units.
pub const SHOW: &str = "//$ SHOW => 0 stdout\n";

/// The header of the answer of `journalctl`.
pub const LOG: &str = "//$ JOURNAL => 0 stdout\n";

/// 2026-11-20T18:00:00Z, in seconds since 1970.
pub const NOW: i64 = 1_795_197_600;

/// A Debian 12 server as installed: everything that is requested of it, and nothing wrong.
const HEALTHY: &str = include_str!("fixture/healthy-debian12.txt");

/// The healthy machine, changed by `extra`: a later entry replaces an earlier one.
pub fn machine(extra: &str) -> Snapshot {
    let text = format!("{HEALTHY}{extra}");
    let question = Question::server(NOW);
    let journal = journalctl(&Facts::new(&Snapshot::default(), &question).journal()).join(" ");
    let text = text.replace("//$ SHOW ", &format!("//$ {} ", show().join(" ")));
    fixture::snapshot(&text.replace("//$ JOURNAL ", &format!("//$ {journal} ")))
}

/// The question why the client at this address cannot connect; about any connection if it is not an
/// address.
pub fn from(client: &str) -> Question {
    let client = client.parse().ok();
    Question {
        vantage: Vantage::Server(Server {
            client,
            ..Server::default()
        }),
        ..Question::server(NOW)
    }
}
