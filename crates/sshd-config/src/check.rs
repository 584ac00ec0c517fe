//! Effects that an edit must not have.

use std::collections::BTreeMap;

use crate::effective::Scope;
use crate::keyword::Keyword;
use crate::problem::Problem;
use crate::release::Release;
use crate::tree::Tree;

/// True if the two trees differ at most in this keyword and what follows from it.
pub(crate) fn same_otherwise(
    before: &Tree,
    after: &Tree,
    keyword: &Keyword,
    release: Release,
) -> bool {
    let key = keyword.key();
    let follows: &[&str] = match key.as_str() {
        "challengeresponseauthentication" => &["kbdinteractiveauthentication"],
        "addressfamily" | "port" => &["listenaddress"],
        _ => &[],
    };
    let others = |tree: &Tree| {
        let effective = tree.effective(Some(release), Scope::Global);
        let others = effective
            .iter()
            .filter(|setting| setting.key != key && !follows.contains(&setting.key.as_str()));
        others
            .map(|setting| (setting.key.clone(), setting.values.clone()))
            .collect::<Vec<_>>()
    };
    others(before) == others(after)
}

/// A problem of the tree afterwards that it did not have before; what depends on the build is left to sshd itself.
pub(crate) fn new_problem(before: &Tree, after: &Tree, release: Release) -> Option<Problem> {
    let mut known = BTreeMap::<String, usize>::new();
    for problem in before.problems(Some(release)) {
        *known.entry(problem.message).or_default() += 1;
    }
    after
        .problems(Some(release))
        .into_iter()
        .filter(|problem| !problem.build)
        .find(|problem| match known.get_mut(&problem.message) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        })
}
