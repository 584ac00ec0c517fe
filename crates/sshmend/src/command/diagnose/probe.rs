//! Looking from the client: few connections, far apart, because a server may count them.

use std::collections::BTreeSet;

use sshmend_diagnose::Inquiry;
use sshmend_facts::{DIAL_LIMIT, DIAL_PAUSE, DIAL_PAUSE_WORKING, dial_pause, opens_connection};
use sshmend_host::pause;
use sshmend_lossless::{Dial, Dialled, Request, Snapshot};

use crate::session::Session;

/// Captures what the question wants, with the pause before each further connection that keeps a server calm.
pub(super) fn capture(session: &Session, inquiry: &mut Inquiry<'_>) -> Snapshot {
    let pace = format!(
        "at most {DIAL_LIMIT} connections, {} s apart, and {} s after one that fails",
        DIAL_PAUSE_WORKING.as_secs(),
        DIAL_PAUSE.as_secs()
    );
    session.output.talk(&format!("looking from here: {pace}"));
    let mut looking = Looking {
        session,
        snapshot: Snapshot::default(),
        asked: BTreeSet::new(),
        connections: 0,
        last: None,
    };
    while looking.round(inquiry) {}
    looking.snapshot
}

struct Looking<'a> {
    session: &'a Session,
    snapshot: Snapshot,
    asked: BTreeSet<Request>,
    connections: usize,
    /// What the last connection showed.
    last: Option<Dialled>,
}

impl Looking<'_> {
    /// Answers what is wanted now; false when that is nothing new.
    fn round(&mut self, inquiry: &mut Inquiry<'_>) -> bool {
        let mut wanted = inquiry.wants(&self.snapshot);
        wanted.retain(|request| !self.asked.contains(request));
        self.asked.extend(wanted.iter().cloned());
        let found = !wanted.is_empty();
        let (mut connections, others): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(opens_connection);
        self.session.machine.answer_all(&others, &mut self.snapshot);
        connections.truncate(DIAL_LIMIT - self.connections);
        if !connections.is_empty() {
            self.connect(&connections);
        }
        found
    }

    /// The real ssh first, which says most, then our own connections.
    fn connect(&mut self, connections: &[Request]) {
        self.connections += connections.len();
        let machine = &self.session.machine;
        let mut dials: Vec<Dial> = Vec::new();
        for request in connections {
            if let Request::Dial(dial) = request {
                dials.push(dial.clone());
            } else {
                self.calm();
                machine.answer(request, &mut self.snapshot);
            }
        }
        if dials.is_empty() {
            return;
        }
        self.calm();
        let dialled = machine.dial_in_turn(&dials, &|before| pause(dial_pause(before)));
        for (dial, dialled) in dials.into_iter().zip(dialled) {
            self.last = Some(dialled.clone());
            self.snapshot.insert_dialled(dial, dialled);
        }
    }

    /// Waits as long as the last connection makes it right.
    fn calm(&self) {
        if let Some(last) = &self.last {
            pause(dial_pause(last));
        }
    }
}
