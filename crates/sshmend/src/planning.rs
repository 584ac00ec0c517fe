//! Plans of this session: their inputs beside the machine, and how they are made.

use std::path::{Path, PathBuf};

use sshmend_host::{random, written_by};
use sshmend_lossless::Snapshot;
use sshmend_plan::{
    Configuration, Context, Ends, KeyKind, KeyPair, KnownHostsOf, Mended, Owner, Plan, Randomness,
    Refusal, SshdSource, Wish,
};
use sshmend_sshd_config::Readings;

use crate::error::Failure;
use crate::session::Session;

impl Session {
    /// The person and the circumstances for which plans are made.
    pub(crate) fn context(&self) -> Context<'static> {
        Context {
            question: self.question(),
            person: self.person(),
            owner: self.owner(),
            hostname: self.environment.hostname.clone(),
            flags: self.options(),
            mended: Mended::default(),
            ends: Ends::ByTimer,
            source: &OfThisMachine,
            readings: Readings::default(),
        }
    }

    fn owner(&self) -> Owner {
        let home = self.environment.home.clone();
        Owner {
            home: home.unwrap_or_else(|| PathBuf::from("/root")),
            uid: self.environment.uid,
            gid: self.environment.gid,
        }
    }

    /// Plans a wish. A file that it names must not be in a place where another user could mislead
    /// root.
    pub(crate) fn plan(&self, wish: &Wish, context: &Context<'_>) -> Result<Plan, Failure> {
        let wish = wish.clone().placed(|path| self.trusted(path))?;
        self.plan_with(|seen| wish.plan(seen, context))
    }

    /// Plans the keys of many hosts, each on the machine as the plans before it leave it; nothing
    /// after the first that fails.
    pub(crate) fn plan_known_hosts(
        &self,
        wanted: &[&KnownHostsOf],
        context: &Context<'_>,
    ) -> Vec<Result<Plan, Failure>> {
        let (mut placed, mut untrusted) = (Vec::new(), None);
        for &of in wanted {
            match of.clone().placed(|path| self.trusted(path)) {
                Ok(of) => placed.push(of),
                Err(failure) => {
                    untrusted = Some(Err(failure));
                    break;
                }
            }
        }
        let planned = self.look(&mut Snapshot::default(), |seen| {
            Wish::plan_known_hosts(&placed, seen, context)
        });
        let planned = planned.into_iter();
        planned
            .map(|plan| plan.map_err(|refusal| Failure::from_refusal(&refusal)))
            .chain(untrusted)
            .collect()
    }

    /// Makes a plan, again and again until no lookup is unanswered.
    pub(crate) fn plan_with(
        &self,
        judge: impl FnMut(&Snapshot) -> Result<Plan, Refusal>,
    ) -> Result<Plan, Failure> {
        self.look(&mut Snapshot::default(), judge)
            .map_err(|refusal| Failure::from_refusal(&refusal))
    }

    /// The selected configuration of sshd and the snapshot of it, for reading only.
    pub(crate) fn configuration(
        &self,
        source: &SshdSource,
    ) -> Result<(Configuration, Snapshot), Failure> {
        let (question, source) = (self.question(), self.source(source));
        let mut snapshot = Snapshot::default();
        let found = self.look(&mut snapshot, |seen| {
            Configuration::read(seen, &question, &source)
        });
        let found = found.map_err(|refusal| Failure::from_refusal_to_show(&refusal))?;
        Ok((found, snapshot))
    }

    /// The same source, with its path as seen on the machine being edited.
    pub(crate) fn source(&self, source: &SshdSource) -> SshdSource {
        SshdSource {
            file: source.file.as_deref().map(|file| self.path(file)),
            ..source.clone()
        }
    }
}

/// The kernel's random bytes, and the keys of ssh-keygen.
#[derive(Debug)]
struct OfThisMachine;

impl Randomness for OfThisMachine {
    fn salt(&self) -> Result<[u8; 20], String> {
        random()
    }

    fn key_pair(&self, kind: KeyKind, comment: &str) -> Result<KeyPair, String> {
        let argv = |directory: &Path| {
            let file = directory.join("key").display().to_string();
            [
                "ssh-keygen",
                "-q",
                "-t",
                kind.as_str(),
                "-N",
                "",
                "-C",
                comment,
                "-f",
                &file,
            ]
            .map(str::to_owned)
            .to_vec()
        };
        match <[Vec<u8>; 2]>::try_from(written_by(argv, &["key", "key.pub"])?) {
            Ok([private, public]) => Ok(KeyPair { private, public }),
            Err(_) => Err("ssh-keygen did not create a key pair".to_owned()),
        }
    }
}
