//! `--record POLICY.toml`: records the fix in a policy, in the same transaction.

use std::path::Path;

use sshmend_lossless::{Edit, EditSet, FileChange, FileImage, Metadata, Snapshot};
use sshmend_plan::{ForPolicy, Notice, Plan, Wish};
use sshmend_policy::{NotRecorded, Policy, Put, record};

use crate::command::apply::mentions::Mentions;
use crate::command::apply::putting::Before;
use crate::error::Failure;
use crate::session::Session;

/// A policy before and after a wish is recorded in it.
struct Recording<'p> {
    path: &'p Path,
    image: Option<FileImage>,
    text: String,
}

/// Adds the edit of the policy to the plan.
pub(super) fn with(
    session: &Session,
    mut plan: Plan,
    path: &Path,
    wish: &Wish,
) -> Result<Plan, Failure> {
    let path = session.trusted(path)?;
    let mut recording = Recording::begin(session, &path)?;
    recording
        .add(session, wish)
        .map_err(|why| refused(&path, why))?;
    let mentions = Mentions::of(&plan.files);
    let put = Before::of(session, wish).put_by(wish, &plan, &mentions);
    plan.for_policy = Some(recording.for_policy(session, &put));
    if plan.lasts.take().is_some() {
        plan.notices.retain(|notice| notice.name != "temporary");
        let text = "the policy says when it ends: the first sshmend apply after that undoes it, no timer does";
        plan.notices.push(Notice::new("temporary", text));
    }
    recording.finish(session, &mut plan);
    Ok(plan)
}

/// The same for several wishes; those that a policy cannot express are left out and reported.
pub(super) fn with_those_that_can<'w>(
    session: &Session,
    mut plan: Plan,
    path: &Path,
    wishes: impl Iterator<Item = &'w Wish>,
) -> Result<Plan, Failure> {
    let path = session.trusted(path)?;
    let mut recording = Recording::begin(session, &path)?;
    let (mut put, mentions) = (Vec::new(), Mentions::of(&plan.files));
    for wish in wishes {
        match recording.add(session, wish) {
            Ok(()) => put.extend(Before::of(session, wish).put_by(wish, &plan, &mentions)),
            Err(NotRecorded::NoWords(why)) => {
                let text = format!("{}: {why}", wish.argv()[1..].join(" "));
                plan.notices.push(Notice::new("not-recorded", text));
            }
            Err(error @ NotRecorded::NotAPolicy(_)) => return Err(refused(&path, error)),
        }
    }
    plan.for_policy = Some(recording.for_policy(session, &put));
    recording.finish(session, &mut plan);
    Ok(plan)
}

impl<'p> Recording<'p> {
    fn begin(session: &Session, path: &'p Path) -> Result<Self, Failure> {
        let image = session.look(&mut Snapshot::default(), |seen| {
            seen.read(path).map(Option::<&FileImage>::cloned)
        });
        let image = image.map_err(|why| {
            Failure::trouble(format!("nothing was changed: {}: {why}", path.display()))
        })?;
        let bytes = image.as_ref().map(|image| image.bytes.clone());
        let bytes = bytes.unwrap_or_default();
        let text = String::from_utf8(bytes.into()).map_err(|_| {
            let message = format!("nothing was changed: {}: not UTF-8", path.display());
            Failure::trouble(message)
        })?;
        Ok(Self { path, image, text })
    }

    fn for_policy(&self, session: &Session, put: &[Put]) -> ForPolicy {
        ForPolicy {
            name: self.name(session),
            put: put.iter().map(Put::words).collect(),
            text: self.text.clone(),
        }
    }

    /// The name under which `sshmend apply` knows the policy.
    fn name(&self, session: &Session) -> String {
        let policy = Policy::parse(self.path, self.text.as_bytes());
        let named = policy.ok().and_then(|policy| policy.name);
        named.unwrap_or_else(|| session.outside(self.path).display().to_string())
    }

    fn add(&mut self, session: &Session, wish: &Wish) -> Result<(), NotRecorded> {
        // Root applies a policy for everybody, so the entry must name the account that the keys
        // belong to.
        let sudo = session.environment.sudo.as_ref();
        let account = sudo.map(|sudo| sudo.user.as_str());
        self.text = record(self.path, &self.text, wish, account)?;
        Ok(())
    }

    fn finish(self, session: &Session, plan: &mut Plan) {
        let after = self.text.into_bytes();
        let change = match self.image {
            Some(image) => {
                let whole = Edit::replace(0..image.bytes.len(), after);
                let edits = EditSet::new([whole]).unwrap_or_default();
                FileChange::edit(self.path, image, edits)
            }
            None => {
                let meta = Metadata {
                    mode: 0o644,
                    uid: session.environment.uid,
                    ..Metadata::default()
                };
                FileChange::create(self.path, after, meta)
            }
        };
        if !change.is_noop() {
            plan.files.push(change);
            plan.files.sort_by(|a, b| a.path.cmp(&b.path));
        }
    }
}

fn refused(path: &Path, why: NotRecorded) -> Failure {
    match why {
        NotRecorded::NotAPolicy(error) => Failure::from_policy(&error),
        NotRecorded::NoWords(why) => Failure::trouble(format!(
            "nothing was changed: it cannot be recorded in {}: {why}",
            path.display()
        ))
        .with_hint("leave --record out"),
    }
}
