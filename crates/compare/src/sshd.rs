//! Values of sshd: for all connections, then Match block by Match block.

use std::collections::{BTreeMap, BTreeSet};

use sshmend_sshd_config::{Effective, Release, Scope, Tree, is_word_list, keyword_names};

use crate::comparison::{Answer, Area, Comparison, Difference, Side};
use crate::overlap;

/// A Match block by its criteria, and a keyword in lower case.
type Place = (String, String);

pub(crate) fn compare(before: &Side<'_>, after: &Side<'_>, found: &mut Comparison) {
    let (a, b) = (State::of(before), State::of(after));
    for (second, state) in [(false, &a), (true, &b)] {
        for unseen in state.tree.unseen(Some(state.reading)) {
            found.unseen(second, &unseen.path, unseen.why.to_string());
        }
    }
    found.add(Difference {
        area: Area::SshdConfig,
        whom: None,
        what: "configuration".to_owned(),
        before: a.accepted(before),
        after: b.accepted(after),
    });
    for key in a.keys().union(&b.keys()) {
        found.add(Difference {
            area: Area::SshdConfig,
            whom: None,
            what: key.clone(),
            before: a.value(key),
            after: b.value(key),
        });
    }
    let (all_a, all_b) = (a.overrides(), b.overrides());
    let (of_a, of_b) = (firsts(&all_a), firsts(&all_b));
    let places = places(&of_a, &of_b);
    let mut differing = BTreeSet::new();
    for place in &places {
        let (criteria, key) = place;
        // Where the block says nothing, or is not there, its connections have what another block says that is for all of
        // them, else what all have.
        let own = |blocks: &BTreeMap<Place, Answer>, all: &[(Place, Answer)], state: &State| {
            blocks
                .get(place)
                .cloned()
                .unwrap_or_else(|| state.first_of(all, &[place]))
        };
        let (before, after) = (own(&of_a, &all_a, &a), own(&of_b, &all_b, &b));
        if before.text != after.text {
            differing.insert(place.clone());
        }
        found.add(Difference {
            area: Area::SshdConfig,
            whom: Some(format!("Match {criteria}")),
            what: key.clone(),
            before,
            after,
        });
    }
    // A block whose own value differs is already reported.
    let alike: Vec<&Place> = places.difference(&differing).collect();
    for (index, one) in alike.iter().enumerate() {
        for other in alike[index + 1..].iter().filter(|other| other.1 == one.1) {
            if !overlap::is_disjoint(&one.0, &other.0) {
                let both = [*one, *other];
                found.add(Difference {
                    area: Area::SshdConfig,
                    whom: Some(format!("Match {} and Match {}", one.0, other.0)),
                    what: one.1.clone(),
                    before: a.first_of(&all_a, &both),
                    after: b.first_of(&all_b, &both),
                });
            }
        }
    }
}

/// The blocks and keywords to look at: a block of one side alone once for each value of its lists, for the other side may have
/// them in other blocks.
fn places(a: &BTreeMap<Place, Answer>, b: &BTreeMap<Place, Answer>) -> BTreeSet<Place> {
    let all = a.keys().chain(b.keys());
    all.flat_map(|place| {
        let (criteria, key) = place;
        if a.contains_key(place) && b.contains_key(place) {
            vec![place.clone()]
        } else {
            let each = overlap::each(criteria).into_iter();
            each.map(|criteria| (criteria, key.clone())).collect()
        }
    })
    .collect()
}

/// The first line of each block and keyword.
fn firsts(all: &[(Place, Answer)]) -> BTreeMap<Place, Answer> {
    let mut firsts = BTreeMap::new();
    for (place, answer) in all {
        firsts
            .entry(place.clone())
            .or_insert_with(|| answer.clone());
    }
    firsts
}

struct State {
    tree: Tree,
    effective: Effective,
    reading: Release,
}

impl State {
    fn of(side: &Side<'_>) -> Self {
        let tree = Tree::read(side.snapshot, side.main, side.overrides);
        Self {
            effective: tree.effective(Some(side.reading), Scope::Global),
            tree,
            reading: side.reading,
        }
    }

    /// Whether sshd starts with it, and the line that prevents it.
    fn accepted(&self, side: &Side<'_>) -> Answer {
        if matches!(side.snapshot.read(side.main), Ok(None)) {
            return Answer::new("missing", None);
        }
        match self.tree.refused(Some(self.reading)).into_iter().next() {
            Some(problem) => Answer::new(
                format!("refused: {}", problem.message),
                Some(problem.origin),
            ),
            None => Answer::new("accepted", None),
        }
    }

    fn keys(&self) -> BTreeSet<String> {
        let all = self.effective.iter();
        all.map(|setting| setting.key.clone()).collect()
    }

    fn value(&self, key: &str) -> Answer {
        let Some(setting) = self.effective.get(key) else {
            return Answer::default();
        };
        match &setting.unknown {
            Some(unseen) => Answer::new(format!("unknown: {unseen}"), None),
            None => {
                let mut values = setting.values.clone();
                // Membership in a list does not depend on position.
                if is_word_list(key) {
                    values.sort();
                }
                Answer::new(values.join(", "), setting.origin.clone())
            }
        }
    }

    /// What connections have that all of these blocks are for, which set the same keyword: the first block that is for them
    /// decides.
    fn first_of(&self, all: &[(Place, Answer)], places: &[&Place]) -> Answer {
        let is_for = |(criteria, key): &Place| {
            let mut places = places.iter();
            places.any(|place| place.1 == *key && overlap::is_within(&place.0, criteria))
        };
        let first = all.iter().find(|(place, _)| is_for(place));
        first.map_or_else(|| self.value(&places[0].1), |(_, answer)| answer.clone())
    }

    /// The values that Match blocks set, keyword by keyword in the order of reading.
    fn overrides(&self) -> Vec<(Place, Answer)> {
        let mut overrides = Vec::new();
        let keys: BTreeSet<String> = keyword_names().map(str::to_ascii_lowercase).collect();
        for key in keys {
            for over in self.tree.match_overrides(&key, Some(self.reading)) {
                let answer = Answer::new(over.value, Some(over.line));
                overrides.push(((over.criteria, key.clone()), answer));
            }
        }
        overrides
    }
}
