//! A jail as fail2ban merges it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use sshmend_lossless::Origin;

use crate::item::{Item, Network};
use crate::traced::Spot;

/// The effective configuration of one jail.
#[derive(Debug, Clone)]
pub struct Jail {
    /// The name of its section.
    pub name: String,
    /// Whether `enabled` is true.
    pub enabled: bool,
    /// The reason why fail2ban skips the jail although it is enabled.
    pub skipped: Option<String>,
    /// Whether the machine's own addresses are spared (`ignoreself`, true unless it says otherwise).
    pub ignoreself: bool,
    /// The commands that its actions run to ban an address, with `<ip>` and other tags; empty for a
    /// jail that does not run.
    pub bans_by: Vec<String>,
    pub(crate) settings: BTreeMap<String, Setting>,
    pub(crate) lists: Arc<[List]>,
}

/// The value of an option, and the lines that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The value after interpolation; jails that take it from the same line share it.
    pub value: Arc<str>,
    /// The place of its key; `None` for options that fail2ban adds itself.
    pub origin: Option<Origin>,
    /// False if a part of it comes from the filter, which fail2ban processes before use.
    pub complete: bool,
}

/// One word of `ignoreip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// The word as fail2ban splits it.
    pub text: String,
    /// Its meaning.
    pub item: Item,
    /// Its start, and in which file.
    pub(crate) spot: Option<Spot>,
    /// That file.
    pub(crate) path: Option<Arc<Path>>,
    /// The words of the file, if it could be read.
    pub(crate) content: Option<Arc<[Item]>>,
}

/// The words of `ignoreip` in one dialect.
#[derive(Debug, Clone)]
pub(crate) struct List {
    /// Shared by the dialects that cut the list alike.
    pub(crate) words: Arc<[Word]>,
    /// A part of the value comes from a source that we do not examine.
    pub(crate) opaque: bool,
}

/// Whether a jail spares an address for its `ignoreip`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ignored {
    /// This word covers it.
    Yes {
        /// The word.
        word: String,
        /// Its line.
        origin: Option<Origin>,
    },
    /// No word covers it.
    No,
    /// It depends on something that a configuration does not say.
    Unknown(String),
}

impl Jail {
    pub(crate) fn new(name: &str) -> Self {
        let (settings, lists) = (BTreeMap::new(), Arc::default());
        let bans_by = Vec::new();
        Self {
            name: name.to_owned(),
            enabled: false,
            skipped: None,
            ignoreself: true,
            bans_by,
            settings,
            lists,
        }
    }

    /// The effective value of an option of the jail: `ignoreip`, `banaction`, `action`, `backend`, `port`, `bantime`,
    /// `findtime`, `maxretry`, `filter`, `mode`, `logpath`, `usedns`, `ignorecommand`, `ignorecache`, `ignoreself`, `enabled`.
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// The words of `ignoreip`, as split by the oldest release that may be running.
    pub fn words(&self) -> &[Word] {
        self.lists.first().map_or(&[], |list| &list.words)
    }

    /// Whether [`Jail::words`] is the whole list: a part may come from the regular expressions of
    /// the filter.
    pub fn is_complete(&self) -> bool {
        self.lists.iter().all(|list| !list.opaque)
    }

    /// Whether fail2ban runs the jail, as far as the configuration says.
    pub fn runs(&self) -> bool {
        self.enabled && self.skipped.is_none()
    }

    /// Whether the jail's `ignoreip` or `ignorecommand` spares every address of a network; `ignoreself` is not asked.
    ///
    /// Releases that read the list differently must agree.
    pub fn ignored(&self, addresses: Network) -> Ignored {
        let command = self
            .setting("ignorecommand")
            .is_some_and(|setting| !setting.value.is_empty());
        let mut verdicts = self
            .lists
            .iter()
            .map(|list| list.ignored(addresses, command));
        let first = verdicts.next().unwrap_or(Ignored::No);
        if verdicts
            .all(|verdict| std::mem::discriminant(&verdict) == std::mem::discriminant(&first))
        {
            return first;
        }
        Ignored::Unknown("releases of fail2ban read this list differently".to_owned())
    }

    /// Whether a host name is one of the words.
    pub fn names(&self, name: &str) -> bool {
        let is_it =
            |word: &Word| matches!(&word.item, Item::Name(own) if own.eq_ignore_ascii_case(name));
        !self.lists.is_empty() && self.lists.iter().all(|list| list.words.iter().any(is_it))
    }
}

impl List {
    fn ignored(&self, addresses: Network, command: bool) -> Ignored {
        if let Some(word) = self.words.iter().find(|word| word.covers(addresses)) {
            return Ignored::Yes {
                word: word.text.clone(),
                origin: word.origin(),
            };
        }
        if let Some(word) = self.words.iter().find(|word| word.may_cover()) {
            return Ignored::Unknown(format!(
                "it depends on what {} stands for at the time",
                word.text
            ));
        }
        match (self.opaque, command) {
            (true, _) => Ignored::Unknown("a part of the list comes from the filter".to_owned()),
            (_, true) => Ignored::Unknown("ignorecommand decides it".to_owned()),
            _ => Ignored::No,
        }
    }
}

impl Word {
    /// Its line; `None` for a word that is in no file.
    pub fn origin(&self) -> Option<Origin> {
        Some(Origin::new(&**self.path.as_ref()?, self.spot?.line))
    }

    fn covers(&self, addresses: Network) -> bool {
        let covers =
            |item: &Item| matches!(item, Item::Network(network) if network.covers(addresses));
        covers(&self.item)
            || self
                .content
                .iter()
                .flat_map(|items| items.iter())
                .any(covers)
    }

    fn may_cover(&self) -> bool {
        let is_name = |item: &Item| matches!(item, Item::Name(_));
        match &self.item {
            Item::File(_) => self
                .content
                .as_ref()
                .is_none_or(|items| items.iter().any(is_name)),
            item => is_name(item),
        }
    }
}
