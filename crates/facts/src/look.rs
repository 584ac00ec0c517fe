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
    use sshmend_lossless::fixture::look;

    use super::*;
    use crate::fixture::{NOW, machine};

    #[test]
    fn a_folder_whose_metadata_was_asked_for_is_listed_all_the_same() {
        let machine = machine(
            "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\n//- /etc/ssh/sshd_config.d/site.conf\nUseDNS yes\n",
        );
        let question = Question::server(NOW);
        // The metadata of the folder are looked at before its names.
        let judge = |seen: &Snapshot| {
            let facts = Facts::new(seen, &question);
            (facts.unread_file().is_some(), facts.value("usedns"))
        };
        let (_, value) = look(&machine, judge);
        assert_eq!(value, Ok(Some("yes".to_owned())));
    }
}
