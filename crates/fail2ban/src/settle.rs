//! The settings of a jail, each with the line that decided it.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use sshmend_lossless::Origin;

use crate::interpolate::Interpolation;
use crate::item::Item;
use crate::jail::{Jail, List, Setting, Word};
use crate::merged::Value;
use crate::options::{self, is_true, names};
use crate::reading::Reading;
use crate::release::Dialect;
use crate::traced::Traced;

impl Reading<'_> {
    /// The settings that people ask for, with the lines that decided them.
    pub(crate) fn settle(&mut self, jail: &mut Jail) {
        for key in [options::FIRST, options::JAIL, options::ASKED]
            .into_iter()
            .flat_map(names)
        {
            let Ok(Some(value)) = Interpolation::new(&self.stack.merged, &jail.name).get(key)
            else {
                continue;
            };
            if key == "ignoreip" {
                jail.lists = self.lists(&jail.name, &value);
            }
            let setting = self.setting(&jail.name, key, &value);
            jail.settings.insert(key.to_owned(), setting);
        }
        jail.ignoreself = jail
            .setting("ignoreself")
            .is_none_or(|setting| is_true(&setting.value));
    }

    fn setting(&mut self, jail: &str, key: &str, value: &Traced) -> Setting {
        let decider = self.stack.merged.deciding(jail, key);
        let origin = decider.and_then(|value| self.origin(value));
        let shared = decider
            .and_then(|decider| decider.spot)
            .filter(|_| !value.text().contains('%'));
        let text = match shared
            .and_then(|spot| self.shared_values.get(&spot))
            .filter(|known| ***known == *value.text())
        {
            Some(known) => Arc::clone(known),
            None => Arc::from(value.text()),
        };
        if let Some(spot) = shared {
            self.shared_values.insert(spot, Arc::clone(&text));
        }
        Setting {
            value: text,
            origin,
            complete: !value.opaque,
        }
    }

    fn origin(&self, value: &Value) -> Option<Origin> {
        value
            .spot
            .map(|spot| Origin::new(&*self.loader.files[spot.file].path, spot.line))
    }

    /// The words of a list in each dialect. One without references is the same for all jails that take it.
    fn lists(&mut self, jail: &str, value: &Traced) -> Arc<[List]> {
        let decider = self.stack.merged.deciding(jail, "ignoreip");
        let shared = decider
            .filter(|decider| !decider.raw.text().contains('%'))
            .and_then(|decider| decider.spot);
        if let Some(known) = shared.and_then(|spot| self.shared_lists.get(&spot)) {
            return Arc::clone(known);
        }
        let mut lists: Vec<List> = Vec::new();
        for &dialect in self.dialects {
            let mut list = self.list(value, dialect);
            if let Some(same) = lists.iter().find(|other| other.words == list.words) {
                list.words = Arc::clone(&same.words);
            }
            lists.push(list);
        }
        let lists: Arc<[List]> = lists.into();
        if let Some(spot) = shared {
            self.shared_lists.insert(spot, Arc::clone(&lists));
        }
        lists
    }

    fn list(&mut self, value: &Traced, dialect: Dialect) -> List {
        let words = dialect.words(value.text()).into_iter().map(|range| {
            let spot = value.spot(range.start);
            let text = value.text()[range].to_owned();
            let path = spot.map(|spot| Arc::clone(&self.loader.files[spot.file].path));
            let item = Item::parse(&text, dialect);
            let content = if let Item::File(path) = &item {
                self.loader.words_of(Path::new(path))
            } else {
                None
            };
            Word {
                text,
                item,
                spot,
                path,
                content,
            }
        });
        let mut words: Vec<Word> = words.collect();
        refuse_behind_files(&mut words);
        List {
            words: words.into(),
            opaque: value.opaque,
        }
    }
}

/// Releases with `file:` items compare each later word with the file as if it were text, and stop
/// at the error, unless an equal word precedes the file.
fn refuse_behind_files(words: &mut [Word]) {
    let Some(first) = words
        .iter()
        .position(|word| matches!(word.item, Item::File(_)))
    else {
        return;
    };
    let (before, behind) = words.split_at_mut(first);
    let before: BTreeSet<&Item> = before.iter().map(|word| &word.item).collect();
    for word in behind {
        let known = before.contains(&word.item);
        match &word.item {
            Item::File(_) => {}
            _ if known => {}
            _ => {
                word.item =
                    Item::Refused("its place after a file: entry, at which fail2ban 1.1.1 stops");
            }
        }
    }
}
