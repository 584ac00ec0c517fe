//! Plans of this session: what they depend on beside the machine, and how they are made.

use std::path::{Path, PathBuf};

use sshmend_host::{random, written_by};
use sshmend_lossless::Snapshot;
use sshmend_plan::{
    Configuration, Context, Ends, KeyKind, KeyPair, Mended, Owner, Plan, Randomness, Refusal,
    SshdSource, Wish,
};

use crate::error::Failure;
use crate::output::words::shell;
use crate::session::Session;

impl Session {
    /// For whom plans are made, and where.
    pub(crate) fn context(&self) -> Context<'static> {
        let flags = shell(&self.command(&[]));
        Context {
            question: self.question(),
            person: self.person(),
            owner: self.owner(),
            hostname: self.environment.hostname.clone(),
            flags: flags.strip_prefix("sshmend").unwrap_or_default().to_owned(),
            mended: Mended::default(),
            ends: Ends::ByTimer,
            source: &OfThisMachine,
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

    /// Plans a wish; a file that it names is nowhere where another user could have led root.
    pub(crate) fn plan(&self, wish: &Wish, context: &Context<'_>) -> Result<Plan, Failure> {
        let wish = wish.clone().placed(|path| self.trusted(path))?;
        self.plan_with(|seen| wish.plan(seen, context))
    }

    /// A plan, made again until nothing that it looks for is missing.
    pub(crate) fn plan_with(
        &self,
        judge: impl FnMut(&Snapshot) -> Result<Plan, Refusal>,
    ) -> Result<Plan, Failure> {
        self.look(&mut Snapshot::default(), judge)
            .map_err(|refusal| Failure::from_refusal(&refusal))
    }

    /// The configuration of sshd that is meant, with what was seen of it, to be looked at only.
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

    /// The same source, its file as it is called on the machine that is worked on.
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
            Err(_) => Err("ssh-keygen made no pair of keys".to_owned()),
        }
    }
}
