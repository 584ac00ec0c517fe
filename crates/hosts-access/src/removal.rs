//! Rules that deny exactly the clients to be allowed.

use sshmend_lossless::Edit;

use crate::answer::Answer;
use crate::check::meaning;
use crate::covers::{AnyOf, Outcome, asks_for, outcome};
use crate::draft::Draft;
use crate::list::{ClientPattern, Entry};
use crate::note::NoteKind;
use crate::options::Accounts;
use crate::proof::is_exactly;
use crate::rule::Rule;
use crate::spot::end_of_word;
use crate::steps;
use crate::table::{Table, TableLine, Tables};
use crate::text::show;
use crate::wanted::Wanted;

/// Finds the rules that deny exactly one of the patterns. With `remove`, those for exactly this
/// daemon are removed; the others stay, and those of a banning program are left to that program.
pub(crate) fn remove_denials(
    draft: &mut Draft<'_>,
    any_of: &AnyOf<'_>,
    daemon: &str,
    remove: bool,
) {
    let tables = draft.before;
    let exact = |entry: &Entry<ClientPattern>| any_of.is_exactly_one(&entry.pattern);
    for table in tables.both() {
        for (index, line) in table
            .lines
            .iter()
            .enumerate()
            .take_while(|(_, line)| line.live)
        {
            steps::add(1);
            let Some(rule) = line
                .kind
                .rule()
                .filter(|rule| denies(tables, table, rule, daemon))
            else {
                continue;
            };
            if !rule.clients.named().iter().any(exact) {
                continue;
            }
            let said = meaning(
                table.which,
                &line.kind,
                &line.line.text,
                &Accounts::default(),
            );
            match tables.owned_at(table, index) {
                Some(owned) => draft.leave(owned),
                None if remove && is_at(rule, daemon) => {
                    let (edits, what) = removal(line, rule, exact);
                    steps::add(edits.len());
                    draft.edit(table, edits);
                    draft.note(
                        NoteKind::DenyRemoved,
                        Some(table.origin(line)),
                        format!("the rule {said}; {what}"),
                    );
                }
                None => {
                    let why = if is_at(rule, daemon) {
                        "the rule in hosts.allow comes first; --remove-deny removes it".to_owned()
                    } else {
                        format!("it is kept, because it is not only for {daemon}")
                    };
                    draft.note(
                        NoteKind::DenyKept,
                        Some(table.origin(line)),
                        format!("the rule {said}: {why}"),
                    );
                }
            }
        }
    }
}

/// Takes clients out of the rules that let exactly these in, at exactly this daemon.
pub(crate) fn remove_grants(draft: &mut Draft<'_>, patterns: &[Wanted], daemon: &str) {
    let table = &draft.before.allow;
    let any_of = AnyOf::new(patterns);
    let exact = |entry: &Entry<ClientPattern>| any_of.is_exactly_one(&entry.pattern);
    for line in table.lines.iter().take_while(|line| line.live) {
        steps::add(1);
        let grants = |rule: &&Rule| {
            outcome(rule, table.which, &draft.before.accounts) == Outcome::Grants
                && rule.clients.groups.len() == 1
                && is_at(rule, daemon)
                && rule.clients.named().iter().any(exact)
        };
        if let Some(rule) = line.kind.rule().filter(grants) {
            let (edits, _) = removal(line, rule, exact);
            draft.edit(table, edits);
        }
    }
}

/// Whether the rule, without exceptions, denies at this daemon.
fn denies(tables: &Tables, table: &Table, rule: &Rule, daemon: &str) -> bool {
    outcome(rule, table.which, &tables.accounts) == Outcome::Denies
        && rule.clients.groups.len() == 1
        && asks_for(rule, daemon, tables) != Answer::No
}

/// Whether the rule is for this daemon and for no other.
fn is_at(rule: &Rule, daemon: &str) -> bool {
    rule.daemons
        .single()
        .is_some_and(|entry| is_exactly(&entry.pattern, daemon))
}

/// The edits that remove some words from a rule, or the whole rule if none is left.
fn removal(
    line: &TableLine,
    rule: &Rule,
    goes: impl Fn(&Entry<ClientPattern>) -> bool,
) -> (Vec<Edit>, String) {
    let entries = rule.clients.named();
    let words: Vec<String> = entries
        .iter()
        .filter(|entry| goes(entry))
        .map(|entry| show(&entry.word))
        .collect();
    if words.len() == entries.len() {
        return (
            vec![Edit::delete(line.line.span.clone())],
            "it is removed".to_owned(),
        );
    }
    (
        cut(line, entries, goes),
        format!("{} is removed from it", words.join(" ")),
    )
}

/// Deletes runs of words, each with the separators that would be left over.
fn cut(
    line: &TableLine,
    entries: &[Entry<ClientPattern>],
    goes: impl Fn(&Entry<ClientPattern>) -> bool,
) -> Vec<Edit> {
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

#[cfg(test)]
mod tests {
    use crate::permit::Permit;
    use crate::table::{HOSTS_ALLOW, HOSTS_DENY, Tables};
    use crate::wanted::Wanted;
    use crate::{evaluate::Access, steps};
    use sshmend_lossless::fixture::snapshot;

    /// The number of steps to remove the denials of two clients among `rules` rules, of which every
    /// third is one.
    fn steps_for(rules: usize) -> usize {
        let rule = |number: usize| match number % 6 {
            0 => "sshd: 192.0.2.7\n".to_owned(),
            3 => format!(
                "sshd: 10.{}.{}.1, 192.0.2.9\n",
                number / 250 % 250,
                number % 250
            ),
            _ => format!("sshd: 10.{}.{}.1\n", number / 250 % 250, number % 250),
        };
        let deny: String = (0..rules).map(rule).collect();
        let tables = Tables::read(&snapshot(&format!(
            "//- {HOSTS_ALLOW}\n//- {HOSTS_DENY}\n{deny}"
        )));
        let patterns =
            ["192.0.2.7", "192.0.2.9"].map(|text| Wanted::parse(text).expect("a pattern"));
        let order = Permit {
            remove_exact_deny: true,
            ..Permit::new(patterns.into())
        };
        let (steps, edited) = steps::of(|| tables.permit(&order).expect("they are removed"));
        let denied = |text: &str| {
            edited
                .after
                .deny
                .bytes
                .windows(text.len())
                .any(|window| window == text.as_bytes())
        };
        assert!(!denied("192.0.2.7") && !denied("192.0.2.9") && denied("sshd: 10.0.3.1\n"));
        let client = crate::client::Client::new([10, 0, 1, 1].into());
        assert_eq!(edited.after.evaluate(&client).access, Access::Denied);
        steps
    }

    #[test]
    fn removing_denials_takes_linear_time() {
        let (some, twice, more) = (steps_for(2_000), steps_for(4_000), steps_for(8_000));
        assert!(some >= 2_000, "the steps are counted: {some}");
        assert!(
            twice < some * 5 / 2 && more < twice * 5 / 2,
            "{some} {twice} {more}"
        );
    }

    #[test]
    fn withdrawing_a_grant_changes_no_other_answer() {
        let withdrawn = |allow: &str, word: &str| {
            let fixture = format!("//- {HOSTS_ALLOW}\n{allow}//- {HOSTS_DENY}\nALL: ALL\n");
            let tables = Tables::read(&snapshot(&fixture));
            let pattern = Wanted::parse(word).expect("a pattern");
            let edited = tables.withdraw(&[pattern], "sshd").expect("it goes");
            String::from_utf8_lossy(&edited.after.allow.bytes).into_owned()
        };
        for (allow, word, expected) in [
            ("sshd: 192.0.2.1\n", "192.0.2.1", ""),
            (
                "sshd: 192.0.2.1 192.0.2.2\n",
                "192.0.2.1",
                "sshd: 192.0.2.2\n",
            ),
            (
                "sshd: 192.0.2.1, 192.0.2.2 : allow\n",
                "192.0.2.2",
                "sshd: 192.0.2.1 : allow\n",
            ),
            // Not only this daemon, not only this client, and a denial.
            (
                "sshd,vsftpd: 192.0.2.1\n",
                "192.0.2.1",
                "sshd,vsftpd: 192.0.2.1\n",
            ),
            ("sshd: 192.0.2.0/24\n", "192.0.2.1", "sshd: 192.0.2.0/24\n"),
            (
                "sshd: ALL EXCEPT 192.0.2.1\n",
                "192.0.2.1",
                "sshd: ALL EXCEPT 192.0.2.1\n",
            ),
            (
                "sshd: 192.0.2.1 : deny\n",
                "192.0.2.1",
                "sshd: 192.0.2.1 : deny\n",
            ),
        ] {
            assert_eq!(withdrawn(allow, word), expected, "{allow}");
        }
    }
}
