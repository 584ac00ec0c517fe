//! Looking from the client: few connections, far apart, because a server may count them.

use std::collections::BTreeSet;

use sshmend_diagnose::Inquiry;
use sshmend_facts::{DIAL_LIMIT, DIAL_PAUSE, opens_connection};
use sshmend_host::pause;
use sshmend_lossless::{Request, Snapshot};

use crate::session::Session;

/// Captures what the question wants, with the pause before each further connection that keeps a server calm.
pub(super) fn capture(session: &Session, inquiry: &mut Inquiry<'_>) -> Snapshot {
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
    while looking.round(inquiry) {}
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
    fn round(&mut self, inquiry: &mut Inquiry<'_>) -> bool {
        let mut wanted = inquiry.wants(&self.snapshot);
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
