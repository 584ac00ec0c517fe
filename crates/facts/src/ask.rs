//! What to look at, stage by stage.

use std::path::PathBuf;

use sshmend_lossless::{Request, Snapshot};

use crate::question::Question;
use crate::{Facts, facts};

/// What is still to be looked at; call it again with the answers until it returns nothing.
///
/// Under [`Question::offline`] only files and the journal are asked for, never a program, a process or the network.
pub fn wants(snapshot: &Snapshot, question: &Question) -> Vec<Request> {
    let facts = Facts::new(snapshot, question);
    let mut ask = Ask::new(&facts);
    facts::ask(&mut ask);
    ask.finish()
}

/// Collects requests that were not answered yet.
pub(crate) struct Ask<'a> {
    pub facts: &'a Facts<'a>,
    wanted: Vec<Request>,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(facts: &'a Facts<'a>) -> Self {
        Self {
            facts,
            wanted: Vec::new(),
        }
    }

    /// What was asked for, each once, in order.
    pub(crate) fn finish(mut self) -> Vec<Request> {
        self.wanted.sort();
        self.wanted.dedup();
        self.wanted
    }

    pub(crate) fn read(&mut self, path: impl Into<PathBuf>) {
        self.add(Request::Read(path.into()));
    }

    pub(crate) fn list(&mut self, path: impl Into<PathBuf>) {
        self.add(Request::List(path.into()));
    }

    pub(crate) fn stat(&mut self, path: impl Into<PathBuf>) {
        self.add(Request::Stat(path.into()));
    }

    pub(crate) fn run<S: AsRef<str>>(&mut self, argv: &[S]) {
        self.add(Request::Run(
            argv.iter().map(|word| word.as_ref().to_owned()).collect(),
        ));
    }

    pub(crate) fn resolve(&mut self, name: impl Into<String>) {
        self.add(Request::Resolve(name.into()));
    }

    /// Adds a request of another crate; programs and the kernel's own files say nothing of a mounted disk.
    pub(crate) fn add(&mut self, request: Request) {
        let of_running_machine = match &request {
            Request::Read(path)
            | Request::List(path)
            | Request::Stat(path)
            | Request::Sift(path, _) => path.starts_with("/proc") || path.starts_with("/sys"),
            Request::Run(_) | Request::Resolve(_) | Request::Dial(_) => true,
            Request::Journal(_) => false,
        };
        if !(of_running_machine && self.facts.question.offline
            || self.facts.snapshot.answers(&request))
        {
            self.wanted.push(request);
        }
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
        for _ in 0..64 {
            for request in wants(&seen, &question) {
                answer(&machine, &request, &mut seen);
            }
        }
        assert_eq!(wants(&seen, &question), []);
        let facts = Facts::new(&seen, &question);
        assert_eq!(facts.value("usedns"), Ok(Some("yes".to_owned())));
    }
}
