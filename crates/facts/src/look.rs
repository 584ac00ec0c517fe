//! A judge is run on the facts of a snapshot, which records unanswered lookups, and again with the
//! answers.

use sshmend_lossless::{Request, Snapshot};

use crate::Facts;
use crate::log_file::LogFile;
use crate::question::Question;

/// Facts read from the answers so far that are slow to read; further answers do not change them.
#[derive(Default)]
pub struct Memory {
    log: Option<LogFile>,
}

impl Memory {
    /// Runs `judge` on the facts of a snapshot.
    ///
    /// Under [`Question::offline`] only files and the journal are examined, never a program, a
    /// process or the network.
    pub fn judge<T>(
        &mut self,
        snapshot: &Snapshot,
        question: &Question,
        judge: impl FnOnce(&Facts<'_>) -> T,
    ) -> T {
        let facts = Facts::new(snapshot, question);
        if let Some(log) = self.log.take() {
            // The facts are new and nothing is cached yet.
            let _ = facts.cache.log.set(Ok(log));
        }
        let said = judge(&facts);
        self.log = facts.cache.log.into_inner().and_then(Result::ok);
        said
    }
}

impl Facts<'_> {
    /// Requests something of the running machine, unless it is already answered.
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
    fn a_directory_is_listed_after_its_metadata_was_requested() {
        let machine = machine(
            "//- /etc/ssh/sshd_config\nInclude /etc/ssh/sshd_config.d/*.conf\n//- /etc/ssh/sshd_config.d/site.conf\nUseDNS yes\n",
        );
        let question = Question::server(NOW);
        // The metadata of the folder are examined before its names.
        let judge = |seen: &Snapshot| {
            let facts = Facts::new(seen, &question);
            (facts.unread_file().is_some(), facts.value("usedns"))
        };
        let (_, value) = look(&machine, judge);
        assert_eq!(value, Ok(Some("yes".to_owned())));
    }
}
