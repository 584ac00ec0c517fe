//! Writes wishes into a policy; comments and layout are kept.

use std::path::Path;

use sshmend_plan::{KnownHostsOf, SshdSource, Wish};
use sshmend_sshd_config::{Assignment, Operator, is_list, is_octal, is_word_list, keyword_key};
use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use crate::array::{add, address, client, element, place_of, push, split_words};
use crate::fault::NotAPolicy;
use crate::policy::{BYTE_ORDER_MARK, Policy};
use crate::sshd::UNSET;

/// The reason why a wish was not recorded in the policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRecorded {
    /// The existing text is not a policy.
    NotAPolicy(NotAPolicy),
    /// A policy cannot express the wish: the reason, as a sentence fragment.
    NoWords(&'static str),
}

impl std::error::Error for NotRecorded {}

impl std::fmt::Display for NotRecorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotAPolicy(error) => write!(f, "{error}"),
            Self::NoWords(why) => f.write_str(why),
        }
    }
}

/// The text of a policy that also contains this wish; `account` is the owner of the files for host
/// keys.
///
/// An entry that the policy already contains stays as written; a different value is replaced.
///
/// # Errors
/// If the text is not a policy in TOML, or the wish applies only once.
pub fn record(
    path: &Path,
    text: &str,
    wish: &Wish,
    account: Option<&str>,
) -> Result<String, NotRecorded> {
    // Faults are reported before anything is written.
    Policy::parse(path, text.as_bytes()).map_err(NotRecorded::NotAPolicy)?;
    let mut document: DocumentMut = text
        .parse()
        .map_err(|_| NotRecorded::NoWords("the policy is JSON: only TOML can be added to"))?;
    match wish {
        Wish::SshdConfig {
            settings, source, ..
        } => {
            of_the_machine(source)?;
            for setting in settings {
                set(section(&mut document, "sshd-config"), setting, settings);
            }
        }
        Wish::Unset { keys, source } => {
            of_the_machine(source)?;
            let section = section(&mut document, "sshd-config");
            for key in keys {
                unset(section, key);
            }
        }
        Wish::Allow {
            patterns,
            remove_deny,
            daemon,
        } => {
            let name = if *remove_deny {
                "deny-removed"
            } else {
                "allow"
            };
            let extra: Vec<(&'static str, Value)> = (daemon != "sshd")
                .then(|| ("daemon", daemon.as_str().into()))
                .into_iter()
                .collect();
            let section = section(&mut document, "hosts-access");
            for text in patterns {
                let word = client(text);
                // An entry of deny-removed also allows the client.
                let stands = section.get("deny-removed").and_then(Item::as_array);
                if *remove_deny || stands.and_then(|all| place_of(all, word, &extra)).is_none() {
                    add(list(section, name), word, &extra);
                }
            }
        }
        Wish::Ignore {
            addresses,
            jails,
            until,
        } => {
            let mut extra: Vec<(&'static str, Value)> = Vec::new();
            match &jails[..] {
                [] => {}
                [jail] => extra.push(("jail", jail.as_str().into())),
                jails => extra.push(("jail", jails.iter().map(String::as_str).collect())),
            }
            extra.extend(until.as_ref().map(|until| ("until", until.as_str().into())));
            let list = list(section(&mut document, "fail2ban"), "ignore");
            for text in addresses {
                add(list, address(text), &extra);
            }
        }
        Wish::KnownHosts(wish) => pin(&mut document, wish, account)?,
        _ => {
            return Err(NotRecorded::NoWords(
                "it is a one-time repair, which a policy cannot contain",
            ));
        }
    }
    let text = in_the_dialect_of(text, document.to_string());
    // Read back what was written.
    Policy::parse(path, text.as_bytes()).map_err(NotRecorded::NotAPolicy)?;
    Ok(text)
}

/// The new text with the line endings and the byte order mark of the old one, which toml_edit does
/// not keep.
fn in_the_dialect_of(old: &str, new: String) -> String {
    let feeds = old.matches('\n').count();
    let new = if feeds > 0 && old.matches("\r\n").count() == feeds {
        new.replace('\n', "\r\n")
    } else {
        new
    };
    if old.starts_with(BYTE_ORDER_MARK) {
        format!("{BYTE_ORDER_MARK}{new}")
    } else {
        new
    }
}

fn of_the_machine(source: &SshdSource) -> Result<(), NotRecorded> {
    if *source == SshdSource::default() {
        return Ok(());
    }
    Err(NotRecorded::NoWords(
        "a policy applies to the sshd of the machine, not to another configuration file",
    ))
}

/// A table at the top level, created at the end of the text if missing.
fn section<'d>(document: &'d mut DocumentMut, name: &str) -> &'d mut dyn TableLike {
    let has_lines = !document.is_empty();
    let item = document.entry(name).or_insert_with(|| {
        let mut table = Table::new();
        if has_lines {
            table.decor_mut().set_prefix("\n");
        }
        Item::Table(table)
    });
    if !item.is_table_like() {
        *item = Item::Table(Table::new());
    }
    item.as_table_like_mut().expect("it was just made one")
}

/// A list in a section, created if missing; a single value there becomes its first element.
fn list<'d>(section: &'d mut dyn TableLike, name: &str) -> &'d mut Array {
    let item = section
        .entry(name)
        .or_insert_with(|| Item::Value(Array::new().into()));
    if !item.is_array() {
        let mut list = Array::new();
        if let Some(alone) = item.as_value_mut() {
            *list.decor_mut() = alone.decor().clone();
            let mut first = alone.clone();
            first.decor_mut().clear();
            list.push(first);
        }
        *item = Item::Value(list.into());
    }
    item.as_array_mut().expect("it was just made one")
}

/// Lists a keyword that is to have its default, and removes its value.
fn unset(section: &mut dyn TableLike, key: &str) {
    let wanted = keyword_key(key);
    let set = section.iter().find(|(name, _)| keyword_key(name) == wanted);
    if let Some(name) = set.map(|(name, _)| name.to_owned()) {
        section.remove(&name);
    }
    let list = list(section, UNSET);
    let is_same = |one: &Value| text_of(one).is_some_and(|text| keyword_key(&text) == wanted);
    if !list.iter().any(is_same) {
        push(list, key.into());
    }
}

/// Removes a keyword that gets a value from the list of those to unset.
fn set_again(section: &mut dyn TableLike, wanted: Option<&str>) {
    if section.get(UNSET).is_none() {
        return;
    }
    let list = list(section, UNSET);
    let before = list.len();
    list.retain(|one| text_of(one).and_then(|text| keyword_key(&text)).as_deref() != wanted);
    if list.is_empty() {
        section.remove(UNSET);
    } else if list.len() < before && !list.to_string().contains('\n') {
        list.fmt();
    }
}

/// One keyword of sshd_config; a list that is set several times gets the elements of all of them.
fn set(section: &mut dyn TableLike, setting: &Assignment, all: &[Assignment]) {
    let wanted = keyword_key(&setting.key);
    set_again(section, wanted.as_deref());
    let known = section.iter().find(|(name, _)| keyword_key(name) == wanted);
    let name = known.map_or_else(|| setting.key.clone(), |(name, _)| name.to_owned());
    if !is_list(&setting.key) {
        put(section, &name, scalar(&setting.key, &setting.value));
        return;
    }
    let item = section.entry(&name).or_insert(Item::None);
    match (setting.operator, item.as_value_mut()) {
        (Operator::Set, _) => {
            let same = all.iter().filter(|other| {
                other.operator == Operator::Set && keyword_key(&other.key) == wanted
            });
            let whole: Array = same.map(|other| element(&other.value)).collect();
            put(section, &name, Value::Array(whole));
        }
        (operator, Some(Value::Array(whole))) => {
            if is_word_list(&setting.key) {
                split_words(whole);
            }
            change(whole, operator, &setting.value);
        }
        (operator, Some(Value::InlineTable(parts))) => in_parts(parts, operator, &setting.value),
        (operator, Some(Value::String(text))) => {
            let mut whole: Array = [text.value().as_str()].into_iter().collect();
            if is_word_list(&setting.key) {
                split_words(&mut whole);
            }
            change(&mut whole, operator, &setting.value);
            put(section, &name, Value::Array(whole));
        }
        (operator, _) => {
            if let Some(parts) = item.as_table_mut() {
                let mut inline = parts.clone().into_inline_table();
                in_parts(&mut inline, operator, &setting.value);
                *parts = inline.into_table();
                return;
            }
            let mut parts = InlineTable::new();
            in_parts(&mut parts, operator, &setting.value);
            put(section, &name, Value::InlineTable(parts));
        }
    }
}

/// Adds the elements that must be in a list, or must not.
fn in_parts(parts: &mut InlineTable, operator: Operator, value: &str) {
    let (into, out_of) = match operator {
        Operator::Remove => ("remove", "add"),
        Operator::Add | Operator::Set => ("add", "remove"),
    };
    if let Some(Value::Array(other)) = parts.get_mut(out_of) {
        change(other, Operator::Remove, value);
    }
    if parts
        .get(out_of)
        .and_then(Value::as_array)
        .is_some_and(Array::is_empty)
    {
        parts.remove(out_of);
    }
    let list = parts
        .entry(into)
        .or_insert_with(|| Value::Array(Array::new()));
    if let Value::Array(list) = list {
        change(list, Operator::Add, value);
    }
    // On a single line only blanks are lost by that.
    if !parts.to_string().contains('\n') {
        parts.fmt();
    }
}

fn change(list: &mut Array, operator: Operator, value: &str) {
    if operator == Operator::Remove {
        list.retain(|element| text_of(element).as_deref() != Some(value));
        if !list.to_string().contains('\n') {
            list.fmt();
        }
    } else if !list
        .iter()
        .any(|element| text_of(element).as_deref() == Some(value))
    {
        push(list, element(value));
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.value().clone()),
        Value::Integer(number) => Some(number.value().to_string()),
        _ => None,
    }
}

/// A value as a person would write it in TOML.
fn scalar(key: &str, text: &str) -> Value {
    match text {
        "yes" => true.into(),
        "no" => false.into(),
        _ if is_octal(key) => text.into(),
        _ => element(text),
    }
}

/// Sets a value; the comment after the old one stays.
fn put(section: &mut dyn TableLike, name: &str, mut value: Value) {
    if let Some(Item::Value(old)) = section.get_mut(name) {
        *value.decor_mut() = old.decor().clone();
        *old = value;
    } else {
        section.insert(name, Item::Value(value));
    }
}

/// The keys of a host.
fn pin(
    document: &mut DocumentMut,
    wish: &KnownHostsOf,
    account: Option<&str>,
) -> Result<(), NotRecorded> {
    let only = KnownHostsOf {
        host: wish.host.clone(),
        fingerprints: wish.fingerprints.clone(),
        files: wish.files.clone(),
        ..KnownHostsOf::default()
    };
    if wish.fingerprints.is_empty() || *wish != only || wish.files.len() > 1 {
        return Err(NotRecorded::NoWords(
            "a policy pins keys by --expect-fingerprint, in one file",
        ));
    }
    let (host, port) = match wish
        .host
        .strip_prefix('[')
        .and_then(|host| host.split_once("]:"))
    {
        Some((host, port)) => (host, port.parse::<i64>().ok()),
        None => match wish.host.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, port.parse().ok()),
            _ => (wish.host.as_str(), None),
        },
    };
    let port = port.filter(|port| *port != 22);
    let file = wish.files.first().map(|file| file.display().to_string());
    let user = account.filter(|_| file.is_none());
    let fingerprint: Value = match &wish.fingerprints[..] {
        [one] => one.as_str().into(),
        several => several.iter().map(String::as_str).collect(),
    };
    let is_same = |table: &dyn TableLike| {
        let text = |key: &str| table.get(key).and_then(Item::as_str);
        let known_port = table.get("port").and_then(Item::as_integer);
        text("host") == Some(host)
            && known_port.filter(|port| *port != 22) == port
            && text("user") == user
            && text("file") == file.as_deref()
    };
    let item = document
        .entry("known-hosts")
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    if let Some(tables) = item.as_array_of_tables_mut() {
        if let Some(table) = tables.iter_mut().find(|table| is_same(*table)) {
            put(table, "fingerprint", fingerprint);
            return Ok(());
        }
        let mut table = Table::new();
        fill(
            &mut table,
            (host, port),
            fingerprint,
            (user, file.as_deref()),
        );
        table.decor_mut().set_prefix("\n");
        tables.push(table);
    } else if let Some(list) = item.as_array_mut() {
        let inline = list.iter_mut().filter_map(Value::as_inline_table_mut);
        if let Some(table) = { inline }.find(|table| is_same(*table)) {
            put(table, "fingerprint", fingerprint);
            return Ok(());
        }
        let mut table = InlineTable::new();
        fill(
            &mut table,
            (host, port),
            fingerprint,
            (user, file.as_deref()),
        );
        push(list, Value::InlineTable(table));
    }
    Ok(())
}

fn fill(
    table: &mut dyn TableLike,
    (host, port): (&str, Option<i64>),
    fingerprint: Value,
    (user, file): (Option<&str>, Option<&str>),
) {
    table.insert("host", Item::Value(host.into()));
    if let Some(port) = port {
        table.insert("port", Item::Value(port.into()));
    }
    table.insert("fingerprint", Item::Value(fingerprint));
    for (key, value) in [("user", user), ("file", file)] {
        if let Some(value) = value {
            table.insert(key, Item::Value(value.into()));
        }
    }
}
