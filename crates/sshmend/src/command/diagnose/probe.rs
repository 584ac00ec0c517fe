//! Diagnosis from the client: few connections, far apart, because a server may count them.

use sshmend_diagnose::{Diagnosis, Inquiry};
use sshmend_facts::{DIAL_LIMIT, DIAL_PAUSE, DIAL_PAUSE_WORKING, dial_pause, opens_connection};
use sshmend_host::pause;
use sshmend_lossless::{Dial, Dialled, Request, Snapshot};

use crate::session::Session;

/// Answers the lookups of the question, with a pause before each further connection, so that the
/// server is not provoked.
pub(super) fn look(session: &Session, inquiry: &mut Inquiry<'_>) -> Diagnosis {
    let pace = format!(
        "at most {DIAL_LIMIT} connections, {} s apart, and {} s after one that fails",
        DIAL_PAUSE_WORKING.as_secs(),
        DIAL_PAUSE.as_secs()
    );
    session.output.status(&format!("looking from here: {pace}"));
    let mut looking = Looking {
        session,
        connections: 0,
        last: None,
    };
    let mut seen = Snapshot::default();
    seen.fill(
        |seen| inquiry.conclude(seen),
        |requests, seen, _| looking.answer(requests, seen),
    )
}

struct Looking<'a> {
    session: &'a Session,
    connections: usize,
    /// The result of the last connection.
    last: Option<Dialled>,
}

impl Looking<'_> {
    fn answer(&mut self, requests: &[Request], seen: &mut Snapshot) {
        let requests = requests.iter().cloned();
        let (mut connections, others): (Vec<_>, Vec<_>) = requests.partition(opens_connection);
        self.session.machine.answer_all(&others, seen);
        connections.truncate(DIAL_LIMIT - self.connections);
        if !connections.is_empty() {
            self.connect(&connections, seen);
        }
    }

    /// Runs the real ssh first, which shows most, then makes our own connections.
    fn connect(&mut self, connections: &[Request], seen: &mut Snapshot) {
        self.connections += connections.len();
        let machine = &self.session.machine;
        let mut dials: Vec<Dial> = Vec::new();
        for request in connections {
            if let Request::Dial(dial) = request {
                dials.push(dial.clone());
            } else {
                self.calm();
                machine.answer(request, seen);
            }
        }
        if dials.is_empty() {
            return;
        }
        self.calm();
        let dialled = machine.dial_in_turn(&dials, &|before| pause(dial_pause(before)));
        for (dial, dialled) in dials.into_iter().zip(dialled) {
            self.last = Some(dialled.clone());
            seen.insert_dialled(dial, dialled);
        }
    }

    /// Pauses as long as the result of the last connection requires.
    fn calm(&self) {
        if let Some(last) = &self.last {
            pause(dial_pause(last));
        }
    }
}
