//! Putting verified keys in the place of stale ones.
//!
//! `ssh` accepts a host key if any line of the name contains it, and reports it as changed if only
//! other keys, of any type, are known (`check_hostkeys_by_key_or_type`). But it asks the server for
//! a key of a type that it already knows (`order_hostkeyalgs`): a stale key of another type makes
//! it request the one key that it will then refuse. So a stale key of another type is removed too,
//! if there is a reason to consider it stale.

use sshmend_lossless::EditSet;

use crate::document::KnownHosts;
use crate::fingerprint::Fingerprint;
use crate::found::Lookup;
use crate::hashed::{HashedName, SIZE};
use crate::key::{HostKey, KeyType};
use crate::line_edit::{EditError, LineEditor, Owned};
use crate::name::Name;
use crate::notice::{LineNotice, LineNoticeKind};
use crate::remove::{Removed, RemovedName, Why, joined, left};
use crate::verdict::{KeyStatus, judge};

/// The key to pin.
#[derive(Debug, Clone, Copy)]
pub struct Pin<'p> {
    /// The names, as [`Target::names`](crate::Target::names) gives them.
    pub names: &'p [Name],
    /// The keys that were verified.
    pub keys: &'p [HostKey],
    /// All keys that the server offers now; empty when it was not asked.
    pub offered: &'p [HostKey],
    /// `HashKnownHosts`: hash the names of new lines; in a file where most entries are hashed they are hashed anyway.
    pub hash_names: bool,
}

/// The outcome of pinning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pinned {
    /// The edits; empty when all is as it should be.
    pub edits: EditSet,
    /// The location of each key afterwards, by name.
    pub placed: Vec<Placed>,
    /// The stale keys that went, in the order of the file; the replaced ones too.
    pub removed: Vec<RemovedName>,
    /// The lines that name the host and stay, in the order of the file.
    pub left: Vec<LineNotice>,
    /// The edited file; of a long one only the lines that may mention the names, and the
    /// surroundings of each edit.
    pub after: Vec<u8>,
}

/// The location of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The names it is known by there, in lower case.
    pub names: Vec<String>,
    /// The key type.
    pub key_type: KeyType,
    /// The fingerprint.
    pub fingerprint: Fingerprint,
    /// The place.
    pub placement: Placement,
}

/// The way in which a key was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It was already in this line.
    Already(usize),
    /// In this line, instead of the stale key.
    Replaced(usize),
    /// In a new line below this one, which keeps its stale key for other names.
    Below(usize),
    /// In a new line at the end.
    Appended,
}

/// The reason why a key was not pinned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// A `@revoked` line contains the key: `ssh` refuses it whatever else the file contains.
    #[error("line {0} revokes the key")]
    Revoked(usize),
    /// The name would be read as a pattern, a list or a comment.
    #[error("{0:?} cannot be recorded as a name")]
    BadName(String),
    /// The edit was not made.
    #[error(transparent)]
    Edit(#[from] EditError),
}

impl KnownHosts<'_> {
    /// Makes `ssh` know exactly the verified keys for the names: in the place of stale ones, or else at the end.
    ///
    /// `salt` gives fresh random bytes for each name that is hashed.
    ///
    /// # Errors
    /// When a key is revoked, a name cannot be recorded, or the edited file would not make `ssh` accept the keys.
    pub fn pin(
        &self,
        pin: &Pin<'_>,
        salt: &mut dyn FnMut() -> [u8; SIZE],
    ) -> Result<Pinned, PinError> {
        let before = self.find(pin.names);
        pin.check(&before)?;
        let work = Work::new(self, pin, &before);
        let (edits, placed) = work.edit(salt)?;
        let after = self.edited(&edits, &before.lines);
        pin.read_back(&KnownHosts::parse(&after))?;
        let removed = work
            .stale
            .iter()
            .map(|(owned, why)| RemovedName::new(owned, *why))
            .collect();
        let stale: Vec<_> = work.stale.iter().map(|(owned, _)| owned.clone()).collect();
        Ok(Pinned {
            edits,
            placed,
            removed,
            left: pin.left(&before, &stale),
            after,
        })
    }

    /// Removes the keys that [`pin`](KnownHosts::pin) would call stale, and adds none: for the
    /// other files of a target, and, without verified keys, to make `ssh` ask again if it now
    /// reports a changed key.
    ///
    /// A key that the server still offers stays.
    ///
    /// # Errors
    /// [`EditError::NotReadBack`] when a stale key would still be found in the edited file.
    pub fn remove_stale(&self, pin: &Pin<'_>) -> Result<Removed, EditError> {
        let before = self.find(pin.names);
        let stale = Work::new(self, pin, &before).all_stale();
        let mut editor = LineEditor::new(self);
        for (owned, _) in &stale {
            editor.take_out(owned);
        }
        let edits = editor.finish()?;
        let edited = self.edited(&edits, &before.lines);
        if !edits.is_empty() {
            let after = KnownHosts::parse(&edited);
            if !Work::new(&after, pin, &after.find(pin.names))
                .all_stale()
                .is_empty()
            {
                return Err(EditError::NotReadBack(joined(pin.names)));
            }
        }
        let removed = stale
            .iter()
            .map(|(owned, why)| RemovedName::new(owned, *why))
            .collect();
        let stale: Vec<_> = stale.into_iter().map(|(owned, _)| owned).collect();
        Ok(Removed {
            edits,
            removed,
            left: pin.left(&before, &stale),
            after: edited,
        })
    }

    /// True when more entries are hashed than not.
    pub(crate) fn is_mostly_hashed(&self) -> bool {
        let hashed = self
            .entries()
            .filter(|(_, entry)| entry.is_hashed())
            .count();
        hashed * 2 > self.entries().count()
    }
}

impl Pin<'_> {
    fn owned_names(&self) -> impl Iterator<Item = &Name> {
        self.names.iter().filter(|name| name.is_owned())
    }

    fn check(&self, before: &Lookup) -> Result<(), PinError> {
        if let Some(name) = self.owned_names().find(|name| !name.is_recordable()) {
            return Err(PinError::BadName(name.as_str().to_owned()));
        }
        let verdicts = self
            .keys
            .iter()
            .map(|key| judge(std::slice::from_ref(before), key));
        let revoked = verdicts.into_iter().find_map(|verdict| match verdict {
            KeyStatus::Revoked(place) => Some(PinError::Revoked(place.line)),
            _ => None,
        });
        revoked.map_or(Ok(()), Err)
    }

    fn read_back(&self, after: &KnownHosts<'_>) -> Result<(), PinError> {
        let lookup = [after.find(self.names)];
        let owned = Owned::all(after, self.names, &lookup[0]);
        let stale = owned
            .iter()
            .any(|owned| self.fate(owned, false) == Some(Why::Stale));
        let known = |key: &HostKey| matches!(judge(&lookup, key), KeyStatus::Known(..));
        if stale || !self.keys.iter().all(known) {
            return Err(EditError::NotReadBack(joined(self.names)).into());
        }
        Ok(())
    }

    /// The reason why an entry is stale; `None` if it stays.
    fn fate(&self, owned: &Owned<'_>, identity_changed: bool) -> Option<Why> {
        let key = owned.entry.key();
        let among = |keys: &[HostKey]| key.as_ref().is_ok_and(|key| keys.contains(key));
        let same_type =
            |keys: &[HostKey]| keys.iter().any(|key| key.key_type() == owned.key_type());
        if among(self.keys) {
            None
        } else if same_type(self.keys) {
            Some(Why::Stale)
        } else if key.is_err() || among(self.offered) {
            None
        } else if same_type(self.offered) {
            Some(Why::Contradicted)
        } else {
            (self.offered.is_empty() && identity_changed).then_some(Why::Unconfirmed)
        }
    }

    fn left(&self, before: &Lookup, stale: &[Owned<'_>]) -> Vec<LineNotice> {
        let mut notices = left(before, stale);
        let contradicts = |key: &HostKey| {
            let mut same_type = self
                .offered
                .iter()
                .filter(|offered| offered.key_type() == key.key_type())
                .peekable();
            same_type.peek().is_some() && !same_type.any(|offered| offered == key)
        };
        for notice in notices
            .iter_mut()
            .filter(|notice| notice.kind == LineNoticeKind::Wildcard)
        {
            let found = before.found.iter().find(|found| found.line == notice.line);
            if found.is_some_and(|found| contradicts(&found.key)) {
                notice.kind = LineNoticeKind::WildcardContradicts;
            }
        }
        notices
    }
}

/// The entries of the names, sorted out.
struct Work<'k, 'a, 'p> {
    known: &'k KnownHosts<'a>,
    pin: &'p Pin<'p>,
    current: Vec<Owned<'a>>,
    stale: Vec<(Owned<'a>, Why)>,
}

/// The placements so far.
struct Progress<'k, 'a, 'w> {
    editor: LineEditor<'k, 'a>,
    /// The stale entries that no key took the place of.
    unused: Vec<&'w Owned<'a>>,
    placed: Vec<Placed>,
}

impl<'k, 'a, 'p> Work<'k, 'a, 'p> {
    fn new(known: &'k KnownHosts<'a>, pin: &'p Pin<'p>, lookup: &Lookup) -> Self {
        let owned = Owned::all(known, pin.names, lookup);
        let readable = |owned: &&Owned<'_>| owned.entry.key().is_ok();
        let changed = owned
            .iter()
            .filter(readable)
            .any(|owned| pin.fate(owned, false) == Some(Why::Stale));
        let mut work = Self {
            known,
            pin,
            current: Vec::new(),
            stale: Vec::new(),
        };
        for owned in owned {
            match pin.fate(&owned, changed) {
                Some(why) => work.stale.push((owned, why)),
                None => work.current.push(owned),
            }
        }
        work
    }

    /// The stale entries; without verified keys also those of no offered key, when nothing known is offered.
    fn all_stale(self) -> Vec<(Owned<'a>, Why)> {
        let offered = |key: &HostKey| self.pin.offered.contains(key);
        let keys: Vec<_> = self.current.iter().map(|owned| owned.entry.key()).collect();
        let hopeless = self.pin.keys.is_empty()
            && !self.pin.offered.is_empty()
            && !keys.iter().flatten().any(offered);
        let mut stale = self.stale;
        if hopeless {
            let readable = self
                .current
                .into_iter()
                .zip(keys)
                .filter(|(_, key)| key.is_ok());
            stale.extend(readable.map(|(owned, _)| (owned, Why::NotOffered)));
            stale.sort_by_key(|(owned, _)| owned.line.number);
        }
        stale
    }

    fn edit(
        &self,
        salt: &mut dyn FnMut() -> [u8; SIZE],
    ) -> Result<(EditSet, Vec<Placed>), EditError> {
        let unused = self.stale.iter().map(|(owned, _)| owned).collect();
        let mut progress = Progress {
            editor: LineEditor::new(self.known),
            unused,
            placed: self.already(),
        };
        for same_type in [true, false] {
            for key in self.pin.keys {
                while progress.take_place(key, same_type) {}
            }
        }
        for owned in &progress.unused {
            progress.editor.take_out(owned);
        }
        for key in self.pin.keys {
            self.append(&mut progress, key, salt);
        }
        Ok((progress.editor.finish()?, progress.placed))
    }

    fn already(&self) -> Vec<Placed> {
        let keys = self
            .current
            .iter()
            .filter_map(|owned| Some((owned, owned.entry.key().ok()?)));
        let pinned = keys.filter(|(_, key)| self.pin.keys.contains(key));
        pinned
            .map(|(owned, key)| Placed::new(owned, &key, Placement::Already(owned.line.number)))
            .collect()
    }

    fn append(
        &self,
        progress: &mut Progress<'_, '_, '_>,
        key: &HostKey,
        salt: &mut dyn FnMut() -> [u8; SIZE],
    ) {
        let missing = |name: &&str| !progress.is_placed(name, key);
        let names: Vec<String> = self
            .pin
            .owned_names()
            .map(Name::as_str)
            .filter(missing)
            .map(str::to_owned)
            .collect();
        if names.is_empty() {
            return;
        }
        if self.pin.hash_names || self.known.is_mostly_hashed() {
            for name in &names {
                progress
                    .editor
                    .append(&HashedName::new(salt(), name.as_bytes()).to_field(), key);
            }
        } else {
            progress.editor.append(&names.join(","), key);
        }
        let (key_type, fingerprint) = (key.key_type(), key.fingerprint());
        progress.placed.push(Placed {
            names,
            key_type,
            fingerprint,
            placement: Placement::Appended,
        });
    }
}

impl Progress<'_, '_, '_> {
    /// Puts the key in the place of the next stale entry for a name that lacks it; false when there is none.
    fn take_place(&mut self, key: &HostKey, same_type: bool) -> bool {
        let fits = |owned: &&Owned<'_>| !same_type || owned.key_type() == key.key_type();
        let lacking = |owned: &&Owned<'_>| {
            owned
                .names
                .iter()
                .any(|name| !self.is_placed(name.as_str(), key))
        };
        let Some(at) = self
            .unused
            .iter()
            .position(|owned| fits(owned) && lacking(owned))
        else {
            return false;
        };
        let owned = self.unused.remove(at);
        let line = owned.line.number;
        let placement = if owned.alone {
            self.editor.replace_key(&owned.entry, key);
            Placement::Replaced(line)
        } else {
            self.editor.take_out(owned);
            self.editor.insert_below(owned, &joined(&owned.names), key);
            Placement::Below(line)
        };
        self.placed.push(Placed::new(owned, key, placement));
        true
    }

    fn is_placed(&self, name: &str, key: &HostKey) -> bool {
        let holds = |placed: &Placed| {
            placed.fingerprint == key.fingerprint() && placed.key_type == key.key_type()
        };
        self.placed
            .iter()
            .any(|placed| holds(placed) && placed.names.iter().any(|placed| placed == name))
    }
}

impl Placed {
    fn new(owned: &Owned<'_>, key: &HostKey, placement: Placement) -> Self {
        let names = owned
            .names
            .iter()
            .map(|name| name.as_str().to_owned())
            .collect();
        Self {
            names,
            key_type: key.key_type(),
            fingerprint: key.fingerprint(),
            placement,
        }
    }
}
