//! Looking from the client: few connections, far apart, because a server may count them.

use std::collections::BTreeSet;

use sshmend_facts::{DIAL_LIMIT, DIAL_PAUSE, Question, opens_connection, wants};
use sshmend_host::pause;
use sshmend_lossless::{Request, Snapshot};

use crate::session::Session;

/// Captures what the question wants, with the pause before each further connection that keeps a server calm.
pub(super) fn capture(session: &Session, question: &Question) -> Snapshot {
    let pace = format!(
        "at most {DIAL_LIMIT} connections, {} s apart",
        DIAL_PAUSE.as_secs()
    );
    session.output.talk(&format!("looking from here: {pace}"));
    let mut looking = Looking {
        session,
        snapshot: Snapshot::default(),
        asked: BTreeSet::new(),
        connections: 0,
    };
    while looking.round(question) {}
    looking.snapshot
}

struct Looking<'a> {
    session: &'a Session,
    snapshot: Snapshot,
    asked: BTreeSet<Request>,
    connections: usize,
}

impl Looking<'_> {
    /// Answers what is wanted now; false when that is nothing new.
    fn round(&mut self, question: &Question) -> bool {
        let mut wanted = wants(&self.snapshot, question);
        wanted.retain(|request| !self.asked.contains(request));
        for request in &wanted {
            self.answer(request);
        }
        self.asked.extend(wanted.iter().cloned());
        !wanted.is_empty()
    }

    fn answer(&mut self, request: &Request) {
        if opens_connection(request) {
            if self.connections == DIAL_LIMIT {
                return;
            }
            if self.connections > 0 {
                pause(DIAL_PAUSE);
            }
            self.connections += 1;
        }
        self.session.machine.answer(request, &mut self.snapshot);
    }
}
