//! Random values set in random trees: `sshd -T` judges what the model wrote, and its reasons for
//! refusing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use fastrand::Rng;
use sshmend_sshd_config::{Assignment, Edited, Operator, Place, Refusal, Release, Tree, is_list};

use super::generate::Generated;
use super::sandbox::{self, Answer};
use super::vocabulary::VOCABULARY;
use crate::Report;

/// The drop-in, relative to `/etc/ssh`.
const DROP_IN: &str = "sshd_config.d/00-sshmend.conf";

/// The queries for a changed tree: plain `-T`, and one connection.
pub(super) const SPECS: [&str; 2] = ["", sandbox::SPECS[2]];

/// A value that was set, or refused, and the trees with which sshd judges it.
pub(super) struct Attempt {
    key: &'static str,
    value: &'static str,
    operator: Operator,
    place: Place,
    /// False if the model was not given the release, so that it may refuse because of another one.
    known: bool,
    outcome: Result<Edited, Refusal>,
    /// The tree after the change; if it was refused, with the line added by hand.
    pub(super) after: Generated,
}

impl Attempt {
    /// Chooses a keyword and a value, and asks the model to set it.
    pub(super) fn make(seed: u64, before: &Generated, tree: &Tree, release: Release) -> Self {
        let mut random = Rng::with_seed(seed ^ 0x5e7);
        let known: Vec<_> = VOCABULARY
            .iter()
            .filter(|sample| sample.since <= release || random.u8(0..20) == 0)
            .collect();
        let sample = random.choice(&known).copied().unwrap_or(&VOCABULARY[0]);
        let values = if random.u8(0..10) == 0 && !sample.bad.is_empty() {
            sample.bad
        } else {
            sample.good
        };
        let value = random
            .choice(values)
            .copied()
            .unwrap_or("x")
            .trim_matches('"');
        let key = random.choice(sample.names).copied().unwrap_or_default();
        let place = if random.u8(0..3) == 0 {
            Place::DropIn
        } else {
            Place::Best
        };
        let known = random.u8(0..6) > 0;
        let operator = match random.u8(0..3) {
            0 if is_list(key) => Operator::Add,
            1 if is_list(key) => Operator::Remove,
            _ => Operator::Set,
        };
        let assignment = Assignment {
            operator,
            ..Assignment::set(key, value)
        };
        let outcome = tree.assign(&[assignment], Some(release).filter(|_| known), place);
        let mut after = before.clone();
        match &outcome {
            Ok(edited) => apply(&mut after, edited),
            Err(_) => add_by_hand(&mut after, place, &format!("{key} {value}\n")),
        }
        Self {
            key,
            value,
            operator,
            place,
            known,
            outcome,
            after,
        }
    }

    /// The line, which is the whole configuration.
    pub(super) fn line(&self) -> String {
        format!(
            "{} {}\n",
            self.key,
            if self.value.is_empty() {
                "\"\""
            } else {
                self.value
            }
        )
    }

    /// Whether the tree changed, so that sshd must be run on it.
    pub(super) fn has_another_tree(&self) -> bool {
        match &self.outcome {
            Ok(edited) => !edited.edits.is_empty() || !edited.creates.is_empty(),
            Err(refusal) => {
                matches!(
                    refusal,
                    Refusal::WouldLose { .. }
                        | Refusal::NotRead { .. }
                        | Refusal::Contradiction { .. }
                )
            }
        }
    }

    /// Compares the answers of sshd before and after.
    pub(super) fn judge(
        &self,
        label: &dyn Fn() -> String,
        release: Release,
        before: &[&Answer],
        after: &[Answer],
        alone: &Answer,
        report: &mut Report,
    ) {
        report.compared += 1;
        let wrong = match &self.outcome {
            Ok(edited) => self.judge_change(edited, release, before, after, alone),
            Err(refusal) => self.judge_refusal(refusal, before, after, alone),
        };
        if let Some(wrong) = wrong {
            let what = format!(
                "{} {} {:?} {:?}: {:?}",
                self.key, self.operator, self.value, self.place, self.outcome
            );
            report
                .disagreements
                .push(format!("{}\n{what}\n  {wrong}", label()));
        }
    }

    fn judge_change(
        &self,
        edited: &Edited,
        release: Release,
        before: &[&Answer],
        after: &[Answer],
        alone: &Answer,
    ) -> Option<String> {
        for (before, after) in before.iter().zip(after) {
            if before.started && !after.started {
                return Some(format!("sshd does not start any more: {}", after.complaint));
            }
            if before.started
                && !edited.edits.is_empty()
                && others(before, self.key) != others(after, self.key)
            {
                return Some("other values changed".to_owned());
            }
        }
        let plain = after
            .first()
            .filter(|plain| plain.started && alone.started)?;
        if self.key == "AddressFamily" && release < Release::new(8, 4) {
            return None;
        }
        if is_list(self.key) {
            let before = before.first().filter(|before| before.started)?;
            let covered = self.key == "ListenAddress" && edited.edits.is_empty();
            return if covered {
                None
            } else {
                self.judge_list(before, plain, alone)
            };
        }
        let (wanted, found) = (printed(alone, self.key), printed(plain, self.key));
        let wanted = wanted.map(|wanted| self.as_meant(wanted));
        let same = match (self.key, wanted.as_deref(), found.as_deref()) {
            ("PerSourcePenalties", Some(wanted), Some(found)) => self.penalties_hold(wanted, found),
            (_, wanted, found) => wanted == found,
        };
        (!same).then(|| format!("wanted {wanted:?}, sshd has {found:?}"))
    }

    /// Checks that the list holds the elements from before, plus those added and minus those
    /// removed.
    fn judge_list(&self, before: &Answer, after: &Answer, alone: &Answer) -> Option<String> {
        // The line alone is read with the port and the host key that every question names.
        let elements = |answer: &Answer| {
            let values = answer.values.get(&name(self.key));
            values
                .into_iter()
                .flatten()
                .cloned()
                .collect::<BTreeSet<_>>()
        };
        let (was, given, found) = (elements(before), elements(alone), elements(after));
        let right = match self.operator {
            Operator::Set if self.key == "HostKey" => return None,
            Operator::Set => given == found,
            Operator::Add => given.is_subset(&found) && was.is_subset(&found),
            Operator::Remove => {
                let left: BTreeSet<_> = was.difference(&given).cloned().collect();
                found == left
            }
        };
        let exact = found
            .iter()
            .all(|one| was.contains(one) || given.contains(one));
        let wrong = !right || !exact && self.key != "ListenAddress";
        wrong.then(|| format!("had {was:?}, given {given:?}, sshd has {found:?}"))
    }

    /// A single number means the same in all releases, even if they read it differently.
    fn as_meant(&self, printed: String) -> String {
        match (self.key, self.value.parse::<u32>()) {
            ("MaxStartups", Ok(number)) => format!("{number}:30:{number}"),
            ("PerSourceNetBlockSize", Ok(number)) => format!("{number}:128"),
            // Up to 8.6 a line of this keyword alone has no effect.
            ("KbdInteractiveAuthentication", _) => self.value.to_lowercase(),
            _ => printed,
        }
    }

    /// Only the sub-keys that were set must hold.
    fn penalties_hold(&self, wanted: &str, found: &str) -> bool {
        let named = |word: &&str| {
            self.value
                .split(' ')
                .any(|set| set.split(':').next() == word.split(':').next())
        };
        match self.value {
            "yes" => found != "no",
            "no" => found == "no",
            _ => wanted
                .split(' ')
                .filter(named)
                .all(|word| found.split(' ').any(|other| other == word)),
        }
    }

    fn judge_refusal(
        &self,
        refusal: &Refusal,
        before: &[&Answer],
        after: &[Answer],
        alone: &Answer,
    ) -> Option<String> {
        let justified = match refusal {
            _ if !self.known => true,
            Refusal::BadValue { key, .. } if alone.started && key == "usepam" => {
                !alone.values.contains_key(key)
            }
            Refusal::BadValue { value, .. } if value.is_empty() => true,
            // Old releases cut the line at a `#`, which was not intended.
            Refusal::BadValue { message, .. } if message.contains("cannot be written") => {
                self.value.contains('#')
            }
            Refusal::BadValue { .. }
            | Refusal::NotInRelease { .. }
            | Refusal::UnknownKeyword { .. } => !alone.started,
            Refusal::Overridden { .. } => !self.after.options.is_empty(),
            Refusal::Ignored { .. } | Refusal::LastElement { .. } | Refusal::NameTaken { .. } => {
                true
            }
            // A removal from a list, or a value set over elements elsewhere, is not a line that
            // could be added by hand.
            Refusal::WouldLose { .. } if is_list(self.key) => self.place == Place::DropIn,
            Refusal::WouldLose { .. } | Refusal::NotRead { .. } => {
                self.place == Place::DropIn && !self.took_effect(before, after, alone)
            }
            Refusal::Contradiction { .. } => {
                !alone.started || !after.iter().all(|answer| answer.started)
            }
            _ => {
                before.iter().any(|answer| !answer.started)
                    || !self.took_effect(before, after, alone)
            }
        };
        (!justified).then(|| format!("refused, but sshd would do it: {refusal}"))
    }

    /// Whether the drop-in that was refused would have set the value.
    fn took_effect(&self, before: &[&Answer], after: &[Answer], alone: &Answer) -> bool {
        let Some(plain) = after.first().filter(|plain| plain.started && alone.started) else {
            return false;
        };
        let wanted = printed(alone, self.key).map(|wanted| self.as_meant(wanted));
        let new = before
            .first()
            .is_some_and(|before| printed(before, self.key) != wanted);
        wanted == printed(plain, self.key) && new && self.key != "PerSourcePenalties"
    }
}

/// What a person would do after a refusal: add the line to the drop-in, or at the top of the main
/// file.
fn add_by_hand(tree: &mut Generated, place: Place, line: &str) {
    match tree
        .files
        .iter_mut()
        .find(|(path, _)| path == Path::new("sshd_config"))
        .filter(|_| place == Place::Best)
    {
        Some((_, main)) => main.splice(0..0, line.bytes()).for_each(drop),
        None => tree
            .files
            .push((PathBuf::from(DROP_IN), line.as_bytes().to_vec())),
    }
}

fn apply(tree: &mut Generated, edited: &Edited) {
    let inside = |path: &Path| path.strip_prefix("/etc/ssh").unwrap_or(path).to_owned();
    for (path, edits) in &edited.edits {
        let path = inside(path);
        let target = tree
            .links
            .iter()
            .find(|(link, _)| *link == path)
            .map_or(path, |_| PathBuf::from("extra.conf"));
        if let Some((_, bytes)) = tree.files.iter_mut().find(|(known, _)| *known == target) {
            *bytes = edits.apply(bytes);
        }
    }
    let created = edited
        .creates
        .iter()
        .map(|(path, bytes)| (inside(path), bytes.clone()));
    tree.files.extend(created);
}

fn name(key: &str) -> String {
    match key.to_ascii_lowercase().as_str() {
        "dsaauthentication" => "pubkeyauthentication".to_owned(),
        "keepalive" => "tcpkeepalive".to_owned(),
        name => name.to_owned(),
    }
}

fn printed(answer: &Answer, key: &str) -> Option<String> {
    let aliases = ["challengeresponseauthentication", "skeyauthentication"];
    let key = name(key);
    let found = answer.values.get(&key);
    let found = found.or_else(|| {
        answer
            .values
            .get("kbdinteractiveauthentication")
            .filter(|_| aliases.contains(&key.as_str()))
    });
    let found = found.map(|values| values.join("\n").trim_end().to_owned());
    // 9.2 does not print an empty list.
    found.or_else(|| (key == "channeltimeout").then(|| "none".to_owned()))
}

/// All values except that of the keyword and those that depend on it.
fn others(answer: &Answer, key: &str) -> BTreeMap<String, Vec<String>> {
    let mut values = answer.values.clone();
    values.remove(&name(key));
    let follows = match name(key).as_str() {
        "addressfamily" | "port" => "listenaddress",
        key if key.ends_with("authentication") => "kbdinteractiveauthentication",
        _ => "",
    };
    values.remove(follows);
    values
}
