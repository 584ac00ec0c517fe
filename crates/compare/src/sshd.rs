//! Values of sshd: for all connections, then Match block by Match block.

use std::collections::{BTreeMap, BTreeSet};

use sshmend_sshd_config::{Effective, Release, Scope, Tree, keyword_names};

use crate::{Answer, Area, Comparison, Difference, Side};

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
    let (of_a, of_b) = (a.blocks(), b.blocks());
    let places: BTreeSet<&Place> = of_a.keys().chain(of_b.keys()).collect();
    for place in places {
        let (criteria, key) = place;
        // Where the block says nothing, or is not there, its connections have what all have.
        let own = |blocks: &BTreeMap<Place, Answer>, state: &State| {
            blocks
                .get(place)
                .cloned()
                .unwrap_or_else(|| state.value(key))
        };
        found.add(Difference {
            area: Area::SshdConfig,
            whom: Some(format!("Match {criteria}")),
            what: key.clone(),
            before: own(&of_a, &a),
            after: own(&of_b, &b),
        });
    }
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

    /// Whether sshd starts with it, and the line for which it does not.
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
            None => Answer::new(setting.values.join(", "), setting.origin.clone()),
        }
    }

    /// What Match blocks set, the first line of each block and keyword.
    fn blocks(&self) -> BTreeMap<Place, Answer> {
        let mut blocks = BTreeMap::new();
        let keys: BTreeSet<String> = keyword_names().map(str::to_ascii_lowercase).collect();
        for key in keys {
            for over in self.tree.match_overrides(&key, Some(self.reading)) {
                let answer = Answer::new(over.value, Some(over.line));
                blocks.entry((over.criteria, key.clone())).or_insert(answer);
            }
        }
        blocks
    }
}
