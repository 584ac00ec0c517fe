//! The values in force, each with the line that decides it and the lines that lost.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sshmend_lossless::Origin;

use crate::connection::Connection;
use crate::keyword::{Keyword, Rule};
use crate::listen;
use crate::problem::Unseen;
use crate::release::Release;
use crate::shadowed::ShadowedLines;
use crate::store::{Held, Slot, Store, fill};
use crate::table::TABLE;
use crate::value::{Kind, Penalties};
use crate::walk::{Gap, Walk};

/// Which connections the values are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope<'a> {
    /// For a connection that no Match block but `all` applies to: what plain `sshd -T` prints.
    Global,
    /// For this connection: what `sshd -T -C …` prints.
    Connection(&'a Connection),
}

/// An element in force, and the directive that names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// The element as sshd prints it; an address to listen on as given.
    pub(crate) value: String,
    /// The index of the directive in the walk.
    pub(crate) by: usize,
}

/// All values in force.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effective {
    settings: Vec<Setting>,
}

/// The value of one keyword.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The keyword in lower case, by its current name.
    pub key: String,
    /// The values as `sshd -T` prints them: one, or one for each line of output where lines add up.
    pub values: Vec<String>,
    /// The line that decides; `None` for a default.
    pub origin: Option<Origin>,
    /// Further lines that contribute, if the value combines several.
    pub also: Vec<Origin>,
    /// The lines that lost, in reading order.
    pub shadowed: ShadowedLines,
    /// The reason why the value is unknown: what could not be read may decide it. Then there are no
    /// values and no origin.
    pub unknown: Option<Unseen>,
}

impl Setting {
    fn unknown(key: String, unseen: Unseen) -> Self {
        let unknown = Some(unseen);
        Self {
            key,
            values: Vec::new(),
            origin: None,
            also: Vec::new(),
            shadowed: ShadowedLines::default(),
            unknown,
        }
    }
}

impl Effective {
    /// The value of a keyword, by any of its names in any case.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        let direct = self
            .settings
            .iter()
            .find(|setting| setting.key.eq_ignore_ascii_case(key));
        direct.or_else(|| {
            let key = Keyword::find_in_any(key)?.key();
            self.settings.iter().find(|setting| setting.key == key)
        })
    }

    /// All values, in the order in which `sshd -T` prints them.
    pub fn iter(&self) -> std::slice::Iter<'_, Setting> {
        self.settings.iter()
    }
}

impl<'a> IntoIterator for &'a Effective {
    type Item = &'a Setting;
    type IntoIter = std::slice::Iter<'a, Setting>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// The values collected from the files for one scope, before they are formatted.
pub(crate) struct Evaluation<'a> {
    walk: &'a Arc<Walk>,
    release: Release,
    slots: Store,
    /// For each keyword that a block overrides, the number of directives seen that belong to the
    /// first pass.
    first_pass: BTreeMap<&'static str, usize>,
    /// Files that could not be read and count while sshd starts.
    gaps: Vec<&'a Gap>,
    /// Files that could not be read and may hold lines for the connection in question.
    gaps_of_connection: Vec<&'a Gap>,
}

impl<'a> Evaluation<'a> {
    /// Reads the tree twice, as sshd does: at its start, and for a connection.
    pub(crate) fn new(walk: &'a Arc<Walk>, release: Release, scope: Scope<'_>) -> Self {
        let nobody = Connection::default();
        let connection = match scope {
            Scope::Global => &nobody,
            Scope::Connection(connection) => connection,
        };
        let mut evaluation = Self::at_start(walk, release);
        evaluation.match_blocks(connection);
        if scope != Scope::Global {
            let counts = |gap: &&Gap| {
                walk.active_at_start(gap.scope) || walk.active_for(gap.scope, connection, release)
            };
            evaluation.gaps_of_connection = walk.gaps.iter().filter(counts).collect();
        }
        evaluation
    }

    /// Reads the tree once, for the checks that sshd makes before it starts.
    pub(crate) fn at_start(walk: &'a Arc<Walk>, release: Release) -> Self {
        let mut slots = fill(walk, release, |scope| walk.active_at_start(scope));
        challenge_means_keyboard(&mut slots, release);
        let gaps = walk
            .gaps
            .iter()
            .filter(|gap| walk.active_at_start(gap.scope))
            .collect();
        Self {
            walk,
            release,
            slots,
            first_pass: BTreeMap::new(),
            gaps,
            gaps_of_connection: Vec::new(),
        }
    }

    fn match_blocks(&mut self, connection: &Connection) {
        let (walk, release) = (self.walk, self.release);
        let block = fill(walk, release, |scope| {
            walk.active_for(scope, connection, release)
        });
        for keyword in TABLE.iter().filter(|keyword| is_copied(keyword, release)) {
            let name = keyword.names[0].text;
            let Some(over) = block.get(name).filter(|over| !over.held.is_empty()) else {
                continue;
            };
            let slot = self.slots.entry(name).or_default();
            self.first_pass.insert(name, slot.seen.len());
            slot.overlay(keyword, over);
            let new = |index: &u32| {
                let scope = walk.directives.scope(*index as usize);
                !walk.active_at_start(scope)
            };
            slot.seen.extend(over.seen.iter().copied().filter(new));
        }
    }

    /// The values in words.
    pub(crate) fn effective(mut self) -> Effective {
        Effective {
            settings: TABLE
                .iter()
                .filter_map(|keyword| self.setting(keyword))
                .collect(),
        }
    }

    /// The parts of a value, with defaults for those that no line sets.
    pub(crate) fn parts(&self, keyword: &Keyword) -> BTreeMap<usize, String> {
        let mut parts = default_parts(keyword, self.release);
        let held = self
            .slots
            .get(keyword.names[0].text)
            .map_or(&[][..], |slot| &slot.held);
        parts.extend(held.iter().map(|held| (held.part, held.value.clone())));
        parts
    }

    /// The elements of a list, each with the directive that names it, in reading order.
    pub(crate) fn elements(&self, keyword: &Keyword) -> Vec<Element> {
        let slot = self.slots.get(keyword.names[0].text);
        let held = slot.map_or(&[][..], |slot| &slot.held).iter();
        held.map(|held| Element {
            value: held.value.clone(),
            by: held.by,
        })
        .collect()
    }

    /// The indices of the directives that set the parts of a value.
    pub(crate) fn deciders(&self, keyword: &Keyword) -> BTreeMap<usize, usize> {
        let slot = self.slots.get(keyword.names[0].text);
        slot.map_or(&[][..], |slot| &slot.held)
            .iter()
            .map(|held| (held.part, held.by))
            .collect()
    }

    fn setting(&mut self, keyword: &'static Keyword) -> Option<Setting> {
        let shadowed = self.shadowed(keyword);
        let empty = Slot::default();
        let slot = self.slots.get(keyword.names[0].text).unwrap_or(&empty);
        if let Some(unseen) = self.unseen(keyword, slot) {
            return Some(Setting::unknown(keyword.key(), unseen.clone()));
        }
        let values = self.values(keyword, slot);
        if values.is_empty() && slot.held.is_empty() {
            return None;
        }
        let mut by: Vec<usize> = slot.held.iter().map(|held| held.by).collect();
        by.sort_unstable();
        by.dedup();
        let deciding = if keyword.last_wins(self.release) {
            by.pop()
        } else {
            (!by.is_empty()).then(|| by.remove(0))
        };
        let origin = |index: usize| Some(self.walk.directives.get(index)?.origin);
        Some(Setting {
            key: keyword.key(),
            values,
            origin: deciding.and_then(origin),
            also: by.iter().copied().filter_map(origin).collect(),
            shadowed,
            unknown: None,
        })
    }

    /// The unreadable file that may decide the keyword.
    fn unseen(&self, keyword: &Keyword, slot: &Slot) -> Option<&'a Unseen> {
        if !keyword.known_to(self.release)
            || matches!(keyword.kind, Kind::Ignored | Kind::Structure)
        {
            return None;
        }
        let in_blocks = is_copied(keyword, self.release) && !self.gaps_of_connection.is_empty();
        let gaps = if in_blocks {
            &self.gaps_of_connection
        } else {
            &self.gaps
        };
        let open = gaps
            .iter()
            .find(|gap| !self.decided_before(gap, keyword, slot, in_blocks));
        open.map(|gap| &gap.unseen)
    }

    /// Whether nothing in the gap can change the value, because the first line wins and was read
    /// before it.
    fn decided_before(&self, gap: &Gap, keyword: &Keyword, slot: &Slot, in_blocks: bool) -> bool {
        let first_line_wins = matches!(keyword.rule, Rule::First | Rule::LastBefore(_))
            && !keyword.last_wins(self.release);
        let challenge =
            keyword.names[0].text == "KbdInteractiveAuthentication" && !self.release.since(8, 7);
        let overridden = self.first_pass.contains_key(keyword.names[0].text);
        let before = !slot.held.is_empty() && slot.held.iter().all(|held| held.by < gap.before);
        first_line_wins && !challenge && before && (!in_blocks || overridden)
    }

    fn values(&self, keyword: &Keyword, slot: &Slot) -> Vec<String> {
        let name = keyword.names[0].text;
        match keyword.kind {
            Kind::ListenAddress => listen::addresses(
                &self.held("Port"),
                &self.held(name),
                &self.held("AddressFamily"),
            ),
            _ if slot.held.is_empty() => keyword.default_for(self.release).into_iter().collect(),
            Kind::Penalties => vec![Penalties::show(&self.parts(keyword), self.release)],
            kind => match kind.separator() {
                Some(separator) => {
                    let parts: Vec<String> = self.parts(keyword).into_values().collect();
                    vec![parts.join(&separator.to_string())]
                }
                None => slot
                    .held
                    .iter()
                    .filter(|held| !self.is_cleared(keyword, held))
                    .map(|held| printed(kind, held))
                    .collect(),
            },
        }
    }

    /// Since 10.3, `none` empties a list of files, for which nothing is printed then, unless it
    /// comes from a Match block.
    fn is_cleared(&self, keyword: &Keyword, held: &Held) -> bool {
        let empties = matches!(keyword.kind, Kind::HomePaths | Kind::PathsSince103)
            && self.release.since(10, 3);
        empties && held.value == "none" && !self.first_pass.contains_key(keyword.names[0].text)
    }

    fn held(&self, name: &str) -> Vec<String> {
        self.slots.get(name).map_or_else(Vec::new, |slot| {
            slot.held.iter().map(|held| held.value.clone()).collect()
        })
    }

    /// The lines that lost; no further question about them can be asked afterwards.
    fn shadowed(&mut self, keyword: &'static Keyword) -> ShadowedLines {
        let name = keyword.names[0].text;
        let first_pass = self.first_pass.get(name).copied().unwrap_or(0);
        let Some(slot) = self.slots.get_mut(name) else {
            return ShadowedLines::default();
        };
        let deciding: BTreeSet<usize> = slot.held.iter().map(|held| held.by).collect();
        let seen = std::mem::take(&mut slot.seen);
        ShadowedLines::new(self.walk, keyword, seen, deciding, first_pass)
    }
}

/// The values that a Match block sets are copied over the global ones, with two omissions of some releases.
fn is_copied(keyword: &Keyword, release: Release) -> bool {
    let omitted = match keyword.names[0].text {
        "SetEnv" => !release.since(8, 5),
        "PAMServiceName" => release.since(10, 4),
        _ => false,
    };
    keyword.in_match.is_some_and(|since| release >= since) && !omitted
}

/// Up to 8.6 ChallengeResponseAuthentication, on by default, was carried out by keyboard-interactive and switched it on.
fn challenge_means_keyboard(slots: &mut Store, release: Release) {
    if release.since(8, 7) {
        return;
    }
    let challenge = slots
        .get("ChallengeResponseAuthentication")
        .and_then(|slot| slot.held.first())
        .cloned();
    let keyboard = slots.entry("KbdInteractiveAuthentication").or_default();
    match challenge {
        Some(held) if held.value == "yes" || keyboard.held.is_empty() => keyboard.held = vec![held],
        Some(_) => {}
        None => keyboard.held.clear(),
    }
}

fn default_parts(keyword: &Keyword, release: Release) -> BTreeMap<usize, String> {
    let Some(default) = keyword
        .default_for(release)
        .filter(|_| keyword.kind != Kind::Penalties)
    else {
        return BTreeMap::new();
    };
    match keyword.kind.separator() {
        Some(separator) => default
            .split(separator)
            .map(str::to_owned)
            .enumerate()
            .collect(),
        None => BTreeMap::from([(0, default)]),
    }
}

/// A value as `sshd -T` prints it.
fn printed(kind: Kind, held: &Held) -> String {
    if kind == Kind::TimeOrNone && held.value == "0" {
        "none".to_owned()
    } else {
        held.value.clone()
    }
}
