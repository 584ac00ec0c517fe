//! Rules that deny exactly what is to be let in.

use sshmend_lossless::{Edit, EditSet};

use crate::answer::Answer;
use crate::check::{end_of_word, meaning};
use crate::draft::Draft;
use crate::list::{ClientPattern, Entry};
use crate::options::Accounts;
use crate::permit::{Offer, Remedy};
use crate::place::{Outcome, asks_for, outcome};
use crate::rule::Rule;
use crate::table::{Table, TableLine, Tables};
use crate::text::show;
use crate::wanted::Wanted;

/// Finds the rules that deny exactly one of the patterns; removes them, offers that, or leaves them to their owner.
pub(crate) fn remove_denials(draft: &mut Draft<'_>, patterns: &[Wanted], daemon: &str, remove: bool) {
    let tables = draft.before;
    let exact = |entry: &Entry<ClientPattern>| patterns.iter().any(|wanted| wanted.is_exactly(&entry.pattern));
    for table in tables.both() {
        for (index, line) in table.lines.iter().enumerate() {
            let Some(rule) = line.kind.rule().filter(|rule| denies(tables, table, rule, daemon)) else { continue };
            let Some(offer) = removal(table, line, rule, exact) else { continue };
            match tables.owned_at(table, index) {
                Some(owned) => draft.leave(owned),
                None if remove => take(draft, table, line, offer),
                None => draft.offer(offer),
            }
        }
    }
}

/// Makes the edit; a last line that goes whole needs no newline any more.
fn take(draft: &mut Draft<'_>, table: &Table, line: &TableLine, offer: Offer) {
    let span = &line.line.span;
    if span.end == table.bytes.len() && offer.edits.iter().any(|edit| edit.range == *span) {
        draft.drop_newline(table);
    }
    draft.take(offer);
}

/// Whether the rule, without exceptions, denies at this daemon.
fn denies(tables: &Tables, table: &Table, rule: &Rule, daemon: &str) -> bool {
    outcome(rule, table.which, &tables.accounts) == Outcome::Denies
        && rule.clients.groups.len() == 1
        && asks_for(rule, daemon, tables) != Answer::No
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
