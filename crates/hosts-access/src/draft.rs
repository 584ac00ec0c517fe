//! Edits of both files in the making.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sshmend_lossless::{Edit, EditSet, Origin};

use crate::answer::Answer;
use crate::changes::{AccessChange, access_changes};
use crate::check::{closing, end_of_word, meaning};
use crate::evaluate::Access;
use crate::list::{ClientPattern, Entry};
use crate::options::Accounts;
use crate::owner::Owned;
use crate::permit::{Edited, Note, Offer, Remedy};
use crate::place::{Outcome, asks_for, outcome};
use crate::problem::ProblemKind;
use crate::rule::Rule;
use crate::table::{State, Table, TableLine, Tables};
use crate::text::show;
use crate::wanted::Wanted;

/// How many repairs are tried one by one for whether they cost access, when all of them together do.
const MOST_TRIED: usize = 16;

/// The tables and what is to be changed in them.
pub(crate) struct Draft<'a> {
    pub(crate) before: &'a Tables,
    edits: BTreeMap<PathBuf, Vec<Edit>>,
    notes: Vec<Note>,
    offers: Vec<Offer>,
    owned: Vec<Owned>,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(before: &'a Tables) -> Self {
        Self { before, edits: BTreeMap::new(), notes: Vec::new(), offers: Vec::new(), owned: Vec::new() }
    }

    pub(crate) fn note(&mut self, origin: Option<Origin>, text: String) {
        self.notes.push(Note { origin, text });
    }

    /// Takes the repairs of the wanted kinds and offers the others; those that cost somebody access only with `at_any_cost`.
    pub(crate) fn mend(&mut self, kinds: &BTreeSet<ProblemKind>, daemon: &str, at_any_cost: bool) {
        let mut wanted = Vec::new();
        for problem in self.before.problems() {
            match problem.repair {
                Some(repair) => {
                    let text = format!("{}; {}", problem.message, repair.effect);
                    let remedy = Remedy::Mend(problem.kind);
                    let offer = Offer { remedy, origin: problem.origin, text, edits: repair.edits };
                    if kinds.contains(&problem.kind) { wanted.push(offer) } else { self.offers.push(offer) }
                }
                None if ProblemKind::DAMAGE.contains(&problem.kind) => {
                    let text = format!("{}; no edit mends it without changing what it means", problem.message);
                    self.note(Some(problem.origin), text);
                }
                None => {}
            }
        }
        let free = at_any_cost || !self.costs_access(&wanted, daemon);
        for (index, offer) in wanted.into_iter().enumerate() {
            if free || (index < MOST_TRIED && !self.costs_access(std::slice::from_ref(&offer), daemon)) {
                self.take(true, offer);
            } else {
                let text = format!("{}; somebody would lose access by that", offer.text);
                self.offers.push(Offer { text, ..offer });
            }
        }
    }

    /// Whether the edits so far and these cost anybody the access that he has.
    fn costs_access(&self, offers: &[Offer], daemon: &str) -> bool {
        let mut trial = Self { edits: self.edits.clone(), ..Self::new(self.before) };
        offers.iter().for_each(|offer| trial.take(true, offer.clone()));
        let changes = access_changes(self.before, &trial.preview(), &[daemon], &[]);
        let had = |change: &AccessChange| change.before.access == Access::Granted;
        changes.lost.iter().chain(&changes.unclear).any(had)
    }

    /// Finds the rules that deny exactly one of the patterns; removes them, offers that, or leaves them to their owner.
    pub(crate) fn remove_denials(&mut self, patterns: &[Wanted], daemon: &str, remove: bool) {
        for table in self.before.both() {
            for (index, line) in table.lines.iter().enumerate() {
                let Some(rule) = line.kind.rule().filter(|rule| self.denies(table, rule, daemon)) else { continue };
                let exact =
                    |entry: &Entry<ClientPattern>| patterns.iter().any(|wanted| wanted.is_exactly(&entry.pattern));
                let Some(offer) = removal(table, line, rule, exact) else { continue };
                match self.before.owned_at(table, index) {
                    Some(owned) => self.owned.push(owned),
                    None => {
                        self.drop_newline(table, line, remove, &offer);
                        self.take(remove, offer);
                    }
                }
            }
        }
    }

    /// A last line that goes whole needs no newline any more.
    fn drop_newline(&mut self, table: &Table, line: &TableLine, remove: bool, offer: &Offer) {
        let whole = offer.edits.iter().any(|edit| edit.range == line.line.span);
        if remove && whole && line.line.span.end == table.bytes.len() {
            let edits = self.edits.entry(table.path.clone()).or_default();
            edits.retain(|edit| edit.range != (table.bytes.len()..table.bytes.len()));
        }
    }

    /// Whether the rule, without exceptions, denies at this daemon.
    fn denies(&self, table: &Table, rule: &Rule, daemon: &str) -> bool {
        outcome(rule, table.which, &self.before.accounts) == Outcome::Denies
            && rule.clients.groups.len() == 1
            && asks_for(rule, daemon, self.before) != Answer::No
    }

    /// Makes the edit when it is wanted and does not collide with an earlier one, else offers it.
    fn take(&mut self, wanted: bool, offer: Offer) {
        let edits = self.edits.entry(offer.origin.path.clone()).or_default();
        let joined: Vec<Edit> = edits.iter().chain(offer.edits.iter()).cloned().collect();
        if wanted && EditSet::new(joined.iter().cloned()).is_ok() {
            *edits = joined;
            self.note(Some(offer.origin), offer.text);
        } else {
            self.offers.push(offer);
        }
    }

    /// The tables with all edits so far.
    pub(crate) fn preview(&self) -> Tables {
        self.before.with(&self.contents())
    }

    /// The edits so far of one file.
    pub(crate) fn edits(&self, table: &Table) -> EditSet {
        let edits = self.edits.get(&table.path).cloned().unwrap_or_default();
        EditSet::new(edits).unwrap_or_default()
    }

    /// Adds whole lines before the line that begins at `at`, or at the end of the file, where the last line is ended first.
    pub(crate) fn insert_lines(&mut self, table: &Table, at: usize, text: &[u8]) {
        let edits = self.edits.entry(table.path.clone()).or_default();
        let at_end = at == table.bytes.len();
        let open = table.lines.last().filter(|line| at_end && !line.line.terminated);
        match edits.iter_mut().find(|edit| edit.range == (at..at)) {
            Some(edit) if at_end => edit.text.extend_from_slice(text),
            Some(edit) => edit.text = [text, &edit.text].concat(),
            None => {
                let newline = open.map_or(Vec::new(), |line| closing(table, line.line.span.start));
                edits.push(Edit::insert(at, [&newline, text].concat()));
            }
        }
    }

    fn contents(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let changed = self.before.both().into_iter().filter(|table| self.edits.contains_key(&table.path));
        let applied = changed.map(|table| (table.path.clone(), self.edits(table).apply(&table.bytes)));
        applied
            .filter(|(path, bytes)| self.before.both().iter().any(|table| table.path == *path && table.bytes != *bytes))
            .collect()
    }

    pub(crate) fn finish(self) -> Edited {
        let contents = self.contents();
        let after = self.before.with(&contents);
        let (mut edits, mut creates) = (BTreeMap::new(), BTreeMap::new());
        for table in self.before.both() {
            let Some(bytes) = contents.get(&table.path) else { continue };
            if table.state == State::Read {
                edits.insert(table.path.clone(), self.edits(table));
            } else {
                creates.insert(table.path.clone(), bytes.clone());
            }
        }
        Edited { edits, creates, notes: self.notes, offers: self.offers, owned: self.owned, after }
    }
}

/// The edit that takes some words out of a rule, or the whole rule when none is left.
fn removal(
    table: &Table,
    line: &TableLine,
    rule: &Rule,
    goes: impl Fn(&Entry<ClientPattern>) -> bool,
) -> Option<Offer> {
    let entries = rule.clients.named();
    let words: Vec<String> = entries.iter().filter(|entry| goes(entry)).map(|entry| show(&entry.word)).collect();
    let (edits, what) = match words.len() {
        0 => return None,
        count if count == entries.len() => (vec![Edit::delete(line.line.span.clone())], "the rule goes".to_owned()),
        _ => (cut(line, entries, goes), format!("{} goes from it", words.join(" "))),
    };
    let said = meaning(table.which, &line.kind, &line.line.text, &Accounts::default());
    let text = format!("the rule {said}; {what}");
    Some(Offer { remedy: Remedy::RemoveDeny, origin: table.origin(line), text, edits: EditSet::new(edits).ok()? })
}

/// Deletes runs of words, each with the separators that would be left over.
fn cut(line: &TableLine, entries: &[Entry<ClientPattern>], goes: impl Fn(&Entry<ClientPattern>) -> bool) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut first = 0;
    for run in entries.chunk_by(|one, other| goes(one) == goes(other)) {
        let next = first + run.len();
        if goes(&entries[first]) {
            let range = match (entries.get(next), first.checked_sub(1)) {
                (Some(next), _) => entries[first].at.start..next.at.start,
                (None, previous) => {
                    let kept = previous.map_or(0, |previous| entries[previous].at.end);
                    end_of_word(&line.line.text, kept)..entries[next - 1].at.end
                }
            };
            edits.push(Edit::delete(line.line.source(range)));
        }
        first = next;
    }
    edits
}
