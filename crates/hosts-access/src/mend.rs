//! Repairs of what is wrong with the files: which are made, which only offered.

use std::collections::BTreeSet;

use crate::changes::{AccessChange, access_changes};
use crate::draft::Draft;
use crate::evaluate::Access;
use crate::permit::{Offer, Remedy};
use crate::problem::ProblemKind;

/// How many repairs are tried one by one for whether they cost access, when all of them together do.
const MOST_TRIED: usize = 16;

/// Makes the repairs of these kinds and offers the others; those that cost somebody access only with `at_any_cost`.
pub(crate) fn mend(draft: &mut Draft<'_>, kinds: &BTreeSet<ProblemKind>, daemon: &str, at_any_cost: bool) {
    let wanted = sort_out(draft, kinds);
    if at_any_cost || !costs_access(draft, &wanted, daemon) {
        return draft.take_all(wanted);
    }
    for (index, offer) in wanted.into_iter().enumerate() {
        if index < MOST_TRIED && !costs_access(draft, std::slice::from_ref(&offer), daemon) {
            draft.take(offer);
        } else {
            let text = format!("{}; somebody would lose access by that", offer.text);
            draft.offer(Offer { text, ..offer });
        }
    }
}

/// Offers the repairs of other kinds, says which damage has none, and returns the rest.
fn sort_out(draft: &mut Draft<'_>, kinds: &BTreeSet<ProblemKind>) -> Vec<Offer> {
    let mut wanted = Vec::new();
    for problem in draft.before.problems() {
        let Some(repair) = problem.repair else {
            if ProblemKind::DAMAGE.contains(&problem.kind) {
                let text = format!("{}; no edit mends it without changing what it means", problem.message);
                draft.note(Some(problem.origin), text);
            }
            continue;
        };
        let text = format!("{}; {}", problem.message, repair.effect);
        let offer = Offer { remedy: Remedy::Mend(problem.kind), origin: problem.origin, text, edits: repair.edits };
        if kinds.contains(&problem.kind) { wanted.push(offer) } else { draft.offer(offer) }
    }
    wanted
}

/// Whether these edits, on top of those so far, cost anybody the access that he has.
fn costs_access(draft: &Draft<'_>, offers: &[Offer], daemon: &str) -> bool {
    let mut trial = draft.trial();
    trial.take_all(offers.to_vec());
    let changes = access_changes(draft.before, &trial.preview(), &[daemon], &[]);
    let had = |change: &AccessChange| change.before.access == Access::Granted;
    changes.lost.iter().chain(&changes.unclear).any(had)
}
