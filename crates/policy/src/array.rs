//! Entries of the lists of a policy, as toml_edit holds them.

use toml_edit::{Array, InlineTable, RawString, Value};

use crate::spelling::{address_as_written, client_as_written};

/// An element of a list: as a number if possible, so that ports look as a person writes them.
pub(crate) fn element(text: &str) -> Value {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => number.into(),
        _ => text.into(),
    }
}

/// `["kim root"]` as `["kim", "root"]`; a quoted part may contain blanks.
pub(crate) fn split_words(list: &mut Array) {
    let holds_several =
        |text: &str| text.split_whitespace().count() > 1 && !text.contains(['"', '\'']);
    let Some(place) = list
        .iter()
        .position(|one| one.as_str().is_some_and(holds_several))
    else {
        return;
    };
    let text = list
        .get(place)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let decor = list.get(place).map(|old| old.decor().clone());
    for (offset, word) in text.split_whitespace().enumerate() {
        if offset == 0 {
            list.replace(place, word);
        } else {
            list.insert(place + offset, word);
        }
    }
    if let (Some(first), Some(decor)) = (list.get_mut(place), decor) {
        *first.decor_mut() = decor;
    }
    split_words(list);
}

/// Further keys of an entry beside its first word.
pub(crate) type Extra<'e> = &'e [(&'static str, Value)];

/// A word, the key that holds it if an entry is a table, and its form in the files of the machine,
/// by which two spellings of one thing are recognised.
#[derive(Clone, Copy)]
pub(crate) struct Word<'w> {
    key: &'static str,
    text: &'w str,
    written: fn(&str) -> String,
    /// The keys that distinguish entries about the same thing, so that both stay.
    respects: &'static [&'static str],
}

pub(crate) fn client(text: &str) -> Word<'_> {
    Word {
        key: "pattern",
        text,
        written: client_as_written,
        respects: &["daemon"],
    }
}

pub(crate) fn address(text: &str) -> Word<'_> {
    Word {
        key: "address",
        text,
        written: address_as_written,
        respects: &["jail"],
    }
}

/// Adds an entry, as text if it has no further keys. One about the same thing in the same respects
/// is replaced.
pub(crate) fn add(list: &mut Array, word: Word<'_>, extra: Extra<'_>) {
    let place = place_of(list, word, extra);
    let old = place.and_then(|place| list.get_mut(place));
    if old.as_ref().is_some_and(|old| says(old, extra)) {
        return;
    }
    let entry = if extra.is_empty() {
        Value::from(word.text)
    } else {
        let mut table = InlineTable::new();
        table.insert(word.key, word.text.into());
        for (key, value) in extra {
            table.insert(*key, value.clone());
        }
        Value::InlineTable(table)
    };
    match old {
        Some(old) => {
            let decor = old.decor().clone();
            *old = entry;
            *old.decor_mut() = decor;
        }
        None => push(list, entry),
    }
}

/// The index of an entry about the same thing in the same respects.
pub(crate) fn place_of(list: &Array, word: Word<'_>, extra: Extra<'_>) -> Option<usize> {
    let wanted = (word.written)(word.text);
    list.iter().position(|old| {
        let table = old.as_inline_table();
        let text = old.as_str().or_else(|| table?.get(word.key)?.as_str());
        let alike = |key: &&str| {
            let old = table.and_then(|table| table.get(key)).map(bare);
            let new = extra.iter().find(|(name, _)| name == key);
            old == new.map(|(_, value)| bare(value))
        };
        text.map(word.written).as_ref() == Some(&wanted) && word.respects.iter().all(alike)
    })
}

/// Whether an entry has exactly these further keys.
fn says(entry: &Value, extra: Extra<'_>) -> bool {
    let Some(table) = entry.as_inline_table() else {
        return extra.is_empty();
    };
    let same = |(key, value): &(&str, Value)| table.get(key).map(bare) == Some(bare(value));
    table.len() == extra.len() + 1 && extra.iter().all(same)
}

/// The value alone, without blanks and comments.
fn bare(value: &Value) -> String {
    let mut value = value.clone();
    value.decor_mut().clear();
    value.to_string()
}

/// Appends an element, on a line of its own if each element has one. A comment stays with the
/// element before it.
pub(crate) fn push(list: &mut Array, value: Value) {
    let count = list.len();
    let raw = |raw: Option<&RawString>| {
        raw.and_then(|raw| raw.as_str())
            .unwrap_or_default()
            .to_owned()
    };
    let Some(last) = count.checked_sub(1).and_then(|last| list.get_mut(last)) else {
        list.push(value);
        return;
    };
    let prefix = raw(last.decor().prefix());
    let Some((_, indent)) = prefix.rsplit_once('\n') else {
        list.push(value);
        return;
    };
    // After the last element, or its comma, comes the rest up to the bracket.
    let suffix = raw(last.decor().suffix());
    last.decor_mut().set_suffix("");
    let behind = if list.trailing_comma() {
        raw(Some(list.trailing()))
    } else {
        suffix
    };
    let remark = behind.trim_end();
    let before = format!("{remark}\n{indent}");
    list.push_formatted(value.decorated(before, ""));
    list.set_trailing("\n");
    list.set_trailing_comma(true);
}
