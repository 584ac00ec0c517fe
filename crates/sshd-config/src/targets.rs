//! For which releases a value is written.

use crate::keyword::Keyword;
use crate::refusal::Refusal;
use crate::release::Release;
use crate::tree::Tree;
use crate::value::Kind;

/// The releases in which a value must hold, and those in which it should.
pub(crate) struct Targets {
    pub(crate) must: Vec<Release>,
    pub(crate) should: Vec<Release>,
}

impl Targets {
    pub(crate) fn all(&self) -> impl Iterator<Item = Release> {
        self.must.iter().chain(&self.should).copied()
    }

    /// The release whose names are written.
    pub(crate) fn primary(&self) -> Release {
        self.must.first().copied().unwrap_or(Release::NEWEST)
    }
}

/// Finds the keyword that may be written, and the releases to please.
pub(crate) fn targets(
    tree: &Tree,
    key: &str,
    release: Option<Release>,
) -> Result<(&'static Keyword, Targets), Refusal> {
    let assumed = release.unwrap_or(Release::NEWEST);
    let key = key.to_owned();
    let Some((keyword, _)) = Keyword::find(&key, assumed) else {
        return match Keyword::find_in_any(&key) {
            // Distributions backport keywords: this sshd knows every keyword used in the tree.
            Some(keyword) if keyword.since() > assumed && tree.mentions(keyword) => {
                Ok((keyword, one(keyword.since())))
            }
            Some(keyword) if keyword.since() > assumed => Err(Refusal::NotInRelease {
                key,
                release: assumed,
                since: keyword.since(),
            }),
            Some(keyword) if keyword.names.iter().any(|name| name.debian) => {
                Err(Refusal::UnknownKeyword { key })
            }
            Some(_) => Err(Refusal::Ignored { key }),
            None => Err(Refusal::UnknownKeyword { key }),
        };
    };
    match keyword.kind {
        Kind::Ignored => return Err(Refusal::Ignored { key }),
        Kind::Structure => return Err(Refusal::NotASetting { key }),
        _ if release.is_none() && keyword.since() > Release::OLDEST && !tree.mentions(keyword) => {
            return Err(Refusal::PerhapsNotInRelease {
                key,
                since: keyword.since(),
            });
        }
        _ => {}
    }
    Ok((keyword, releases(tree, keyword, release)))
}

fn one(release: Release) -> Targets {
    Targets {
        must: vec![release],
        should: Vec::new(),
    }
}

fn releases(tree: &Tree, keyword: &Keyword, release: Option<Release>) -> Targets {
    let accepts = |release: &Release| {
        !tree
            .problems(Some(*release))
            .iter()
            .any(|problem| problem.fatal && problem.certain)
    };
    match release {
        Some(release) => {
            let later = Some(Release::NEWEST)
                .filter(|&newest| newest > release && keyword.known_to(newest));
            Targets {
                must: vec![release],
                should: later.into_iter().collect(),
            }
        }
        None => {
            let known = Release::PANEL
                .into_iter()
                .filter(|release| keyword.known_to(*release));
            let accepting: Vec<Release> = known.filter(accepts).collect();
            if accepting.is_empty() {
                one(Release::NEWEST)
            } else {
                Targets {
                    must: accepting,
                    should: Vec::new(),
                }
            }
        }
    }
}
