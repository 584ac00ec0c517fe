//! Asked by looking: whoever looks for a fact of which there is no answer yet asks for it by that, and is run again with the answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use sshmend_lossless::{Request, Snapshot};

use crate::Facts;
use crate::log_file::LogFile;
use crate::question::Question;

/// What was looked for and not answered yet.
#[derive(Default)]
pub(crate) struct Missed {
    requests: RefCell<BTreeSet<Request>>,
    /// How often something was missed, be it for the second time.
    count: Cell<usize>,
}

/// What was read of the answers so far and is long to read; nothing of it changes with further answers.
#[derive(Default)]
pub struct Memory {
    log: Option<LogFile>,
}

impl Memory {
    /// Runs `judge` on the facts of a snapshot: what it says, and what it has looked for that is not answered yet, in order.
    ///
    /// Under [`Question::offline`] only files and the journal are asked for, never a program, a process or the network.
    pub fn look<T>(
        &mut self,
        snapshot: &Snapshot,
        question: &Question,
        judge: impl FnOnce(&Facts<'_>) -> T,
    ) -> (T, Vec<Request>) {
        let facts = Facts::new(snapshot, question);
        if let Some(log) = self.log.take() {
            // The facts are new: nothing was read of them.
            let _ = facts.cache.log.set(Ok(log));
        }
        let said = judge(&facts);
        self.log = facts.cache.log.into_inner().and_then(Result::ok);
        let missed = facts.missed.requests.into_inner();
        (said, missed.into_iter().collect())
    }
}

/// What `judge` looks for and is not answered yet, the cheapest of it; call it again with the answers until it returns nothing.
pub(crate) fn missed_by(
    snapshot: &Snapshot,
    question: &Question,
    judge: impl FnOnce(&Facts<'_>),
) -> Vec<Request> {
    let (_, missed) = Memory::default().look(snapshot, question, judge);
    cheapest(missed)
}

/// Those requests that come first: files before programs, and programs before connections. What is known by the cheaper look may
/// make the other one needless.
pub fn cheapest(mut requests: Vec<Request>) -> Vec<Request> {
    let least = requests.iter().map(cost).min();
    requests.retain(|request| Some(cost(request)) == least);
    requests
}

fn cost(request: &Request) -> u8 {
    match request {
        Request::Read(_) | Request::List(_) | Request::Stat(_) | Request::Sift(..) => 0,
        Request::Run(_) | Request::Journal(_) | Request::Resolve(_) => 1,
        Request::Dial(_) => 2,
    }
}

impl Facts<'_> {
    /// Runs `judge` on the same answers for another question; what it looks for and is not answered yet is asked for as well.
    pub fn asked_otherwise<T>(
        &self,
        question: &Question,
        judge: impl FnOnce(&Facts<'_>) -> T,
    ) -> T {
        let facts = Facts::new(self.snapshot, question);
        let said = judge(&facts);
        let count = facts.missed.count.get();
        let missed = facts.missed.requests.into_inner();
        self.missed.requests.borrow_mut().extend(missed);
        self.missed.count.set(self.missed.count.get() + count);
        said
    }

    /// Notes what is looked for, where it is not answered yet. Programs and the kernel's own files say nothing of a mounted disk.
    pub(crate) fn look_for(&self, request: Request) {
        if self.snapshot.answers(&request) {
            return;
        }
        let of_running_machine = match &request {
            Request::Read(path)
            | Request::List(path)
            | Request::Stat(path)
            | Request::Sift(path, _) => path.starts_with("/proc") || path.starts_with("/sys"),
            Request::Run(_) | Request::Resolve(_) | Request::Dial(_) => true,
            Request::Journal(_) => false,
        };
        if !(of_running_machine && self.question.offline) {
            self.missed.count.set(self.missed.count.get() + 1);
            self.missed.requests.borrow_mut().insert(request);
        }
    }

    /// Asks for what another crate wants to see.
    pub(crate) fn ask_for(&self, requests: impl IntoIterator<Item = Request>) {
        for request in requests {
            self.look_for(request);
        }
    }

    /// What `read` finds; `None` while anything that it looks for is not answered yet. For what is long to read, or leads to
    /// more questions of which most would be in vain.
    pub(crate) fn once_answered<T>(&self, read: impl FnOnce() -> T) -> Option<T> {
        let before = self.missed.count.get();
        let found = read();
        (self.missed.count.get() == before).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::Entry;

    use super::*;
    use crate::fixture::{NOW, machine};

    /// Answers as far as it is asked: a look at the metadata shows neither bytes nor names.
    fn answer(machine: &Snapshot, request: &Request, seen: &mut Snapshot) {
        let there = |path| machine.entry(path).cloned().unwrap_or(Entry::Missing);
        match request {
            Request::Read(path) | Request::Sift(path, _) => seen.insert(path, there(path)),
            Request::List(path) | Request::Stat(path) => {
                let entry = match (there(path), request) {
                    (Entry::File(image), _) => Entry::Seen(image.meta),
                    (Entry::Directory(_, meta), Request::Stat(_)) => Entry::Seen(meta),
                    (entry, _) => entry,
                };
                seen.insert(path, entry);
            }
            Request::Run(argv) => {
                let words: Vec<&str> = argv.iter().map(String::as_str).collect();
                let said = machine.command(&words).unwrap_or(Err("not found"));
                seen.insert_command(argv.clone(), said.cloned().map_err(str::to_owned));
            }
            Request::Journal(words) => {
                seen.insert_command(
                    sshmend_lossless::journalctl(words),
                    Err("not found".to_owned()),
                );
            }
            Request::Resolve(_) | Request::Dial(_) => {
                panic!("a server is not dialled: {request:?}")
            }
        }
    }

    #[test]
    fn a_folder_whose_metadata_was_asked_for_is_listed_all_the_same() {
        let machine = machine(
            "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\n//- /etc/ssh/sshd_config.d/site.conf\nUseDNS yes\n",
        );
        let question = Question::server(NOW);
        let mut seen = Snapshot::default();
        // The metadata of the folder are looked at before its names.
        let judge = |facts: &Facts<'_>| _ = (facts.unread_file(), facts.value("usedns"));
        for _ in 0..64 {
            for request in missed_by(&seen, &question, judge) {
                answer(&machine, &request, &mut seen);
            }
        }
        assert_eq!(missed_by(&seen, &question, judge), []);
        let facts = Facts::new(&seen, &question);
        assert_eq!(facts.value("usedns"), Ok(Some("yes".to_owned())));
    }
}
