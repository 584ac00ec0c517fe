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
