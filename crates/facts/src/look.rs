//! Asked by looking: a judge is run on the facts of a snapshot, which notes what they miss, and again with the answers.

use sshmend_lossless::{Request, Snapshot};

use crate::Facts;
use crate::log_file::LogFile;
use crate::question::Question;

/// What was read of the answers so far and is long to read; nothing of it changes with further answers.
#[derive(Default)]
pub struct Memory {
    log: Option<LogFile>,
}

impl Memory {
    /// Runs `judge` on the facts of a snapshot.
    ///
    /// Under [`Question::offline`] only files and the journal are looked for, never a program, a process or the network.
    pub fn judge<T>(
        &mut self,
        snapshot: &Snapshot,
        question: &Question,
        judge: impl FnOnce(&Facts<'_>) -> T,
    ) -> T {
        let facts = Facts::new(snapshot, question);
        if let Some(log) = self.log.take() {
            // The facts are new: nothing was read of them.
            let _ = facts.cache.log.set(Ok(log));
        }
        let said = judge(&facts);
        self.log = facts.cache.log.into_inner().and_then(Result::ok);
        said
    }
}

impl Facts<'_> {
    /// Asks the running machine for something, where it is not answered yet.
    pub(crate) fn look_for(&self, request: Request) {
        if !self.question.offline {
            self.snapshot.look_for(request);
        }
    }
}

#[cfg(test)]
mod tests {
    use sshmend_lossless::{Entry, NotRun};

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
                let said = machine.command(argv).unwrap_or(Err(&NotRun::Missing));
                seen.insert_command(argv.clone(), said.cloned().map_err(NotRun::clone));
            }
            Request::Journal(words) => {
                seen.insert_command(sshmend_lossless::journalctl(words), Err(NotRun::Missing));
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
        let judge = |seen: &Snapshot| {
            let facts = Facts::new(seen, &question);
            (facts.unread_file().is_some(), facts.value("usedns"))
        };
        let (_, value) = seen.fill(judge, |requests, seen| {
            for request in requests {
                answer(&machine, request, seen);
            }
        });
        assert_eq!(value, Ok(Some("yes".to_owned())));
    }
}
