//! The JSON document of a run.

use sshmend_lossless::{Bytes, FileChange};
use sshmend_plan::unified;
use sshmend_transaction::sha256;

use super::Run;
use crate::json::change::{Change, Effect, File, Notice, Pending, State};

impl Run<'_> {
    /// The document at this point, without an error.
    pub(super) fn document(&self) -> Change {
        let effects = self.plan.effects.iter();
        let notices = self.plan.notes().into_iter();
        Change {
            schema: "sshmend.change/1",
            changed: self.changed,
            would_change: self.flags.dry_run.then_some(self.changed),
            transaction: self.transaction.clone(),
            dry_run: self.flags.dry_run,
            files: self.plan.files.iter().map(file).collect(),
            effects: effects
                .map(|e| Effect {
                    what: e.what.clone(),
                    before: e.before.clone(),
                    after: e.after.clone(),
                })
                .collect(),
            checks: self.checks.clone(),
            reloaded: if self.flags.no_reload || !self.changed {
                Vec::new()
            } else {
                self.plan.reloaded.clone()
            },
            confirm_within: self.flags.confirm_within.map(|time| time.as_secs()),
            pending: self.pending.as_ref().and_then(|record| {
                Some(Pending {
                    until: record.back.as_ref()?.at.to_string(),
                    confirm: self.session.command(&["confirm", record.id.as_str()]),
                })
            }),
            notices: notices
                .map(|n| Notice {
                    name: n.name,
                    text: n.text,
                    origin: n.origin.as_ref().map(Into::into),
                })
                .collect(),
            error: None,
        }
    }
}

fn file(change: &FileChange) -> File {
    let state = |bytes: &Bytes, mode: u32| State {
        sha256: sha256(&bytes.pieces()),
        size: bytes.len() as u64,
        mode: format!("{mode:04o}"),
    };
    File {
        path: change.path.display().to_string(),
        before: change
            .before
            .as_ref()
            .map(|image| state(&image.bytes, image.meta.mode)),
        after: change
            .after
            .as_ref()
            .map(|bytes| state(bytes, change.attributes_after().mode)),
        diff: unified(change),
    }
}
