//! The section `sshd-config`: keywords and their values.

use std::collections::BTreeMap;

use sshmend_plan::{SshdSource, Wish};
use sshmend_sshd_config::{
    Assignment, Operator, is_list, is_octal, keyword_key, keyword_names, separator,
};

use crate::item::Item;
use crate::reader::Reader;
use crate::tree::{Key, Node, Value};

/// Keywords that are structure, not settings.
pub(crate) const STRUCTURE: [&str; 2] = ["match", "include"];

/// The operations on a list.
pub(crate) const OPERATIONS: [&str; 2] = ["add", "remove"];

/// The key that lists keywords to reset to their defaults.
pub(crate) const UNSET: &str = "unset";

pub(crate) fn read(reader: &mut Reader<'_>, section: &Node, items: &mut Vec<Item>) {
    let entries = reader.table(section, "a table of keywords");
    let mut seen: BTreeMap<String, &Key> = BTreeMap::new();
    let mut unset = Vec::new();
    for (key, value) in entries {
        if key.text == UNSET {
            unset.extend(reader.texts(value));
            continue;
        }
        let Some(known) = keyword_key(&key.text).filter(|key| !STRUCTURE.contains(&key.as_str()))
        else {
            not_a_setting(reader, key);
            continue;
        };
        if let Some(earlier) = seen.insert(known, key) {
            let message = format!("`{}` is the same keyword as `{}`", key.text, earlier.text);
            reader.fault(&key.at, message, "remove one of them");
            continue;
        }
        let settings = settings(reader, key, value);
        if !settings.is_empty() {
            items.push(Item {
                wish: Wish::SshdConfig {
                    settings,
                    drop_in: false,
                    source: SshdSource::default(),
                },
                account: None,
                place: reader.place(&(key.at.start..value.at.end.max(key.at.end))),
            });
        }
    }
    for (text, at) in unset {
        items.extend(to_unset(reader, Key { text, at }, &seen));
    }
}

/// A keyword to reset to its default, which must have no value besides.
fn to_unset(reader: &mut Reader<'_>, key: Key, seen: &BTreeMap<String, &Key>) -> Option<Item> {
    let known = keyword_key(&key.text).filter(|key| !STRUCTURE.contains(&key.as_str()));
    let Some(known) = known else {
        not_a_setting(reader, &key);
        return None;
    };
    if let Some(set) = seen.get(&known) {
        let message = format!("`{}` is set by `{}` as well", key.text, set.text);
        reader.fault(&key.at, message, "remove one of them");
        return None;
    }
    let place = reader.place(&key.at);
    let wish = Wish::Unset {
        keys: vec![key.text],
        source: SshdSource::default(),
    };
    Some(Item {
        wish,
        account: None,
        place,
    })
}

fn not_a_setting(reader: &mut Reader<'_>, key: &Key) {
    if STRUCTURE.contains(&key.text.to_ascii_lowercase().as_str()) {
        let message = format!("`{}` cannot be set", key.text);
        let hint =
            "a policy holds values for all connections; blocks and includes are left as they are";
        reader.fault(&key.at, message, hint);
    } else {
        let names =
            keyword_names().filter(|name| !STRUCTURE.contains(&name.to_ascii_lowercase().as_str()));
        let names = names.chain([UNSET]);
        reader.unknown(key, names, "a keyword of sshd_config");
    }
}

/// The arguments that `fix sshd-config` would get.
fn settings(reader: &mut Reader<'_>, key: &Key, value: &Node) -> Vec<Assignment> {
    let name = &key.text;
    let several = is_list(name);
    let to = |operator| Assignment::new(name, operator, "");
    match &value.value {
        Value::List(_) | Value::Table(_) if !several => {
            let message = format!("{name} holds one value, not {}", value.value.describes());
            reader.fault(&value.at, message, &as_one_value(name, &value.value));
            Vec::new()
        }
        Value::List(list) if list.is_empty() => {
            let message = format!("{name} would be empty");
            let hint = "name what it is to hold, or leave the keyword out";
            reader.fault(&value.at, message, hint);
            Vec::new()
        }
        Value::List(list) => elements(reader, list, &to(Operator::Set)),
        Value::Table(operations) => {
            reader.only(operations, &OPERATIONS, "something to do to a list");
            let mut all: Vec<Assignment> = Vec::new();
            for (operation, elements) in operations {
                let (operator, other) = if operation.text == "add" {
                    (Operator::Add, Operator::Remove)
                } else {
                    (Operator::Remove, Operator::Add)
                };
                let list = reader.list(elements, "a list").to_vec();
                for one in &list {
                    let wanted = self::elements(reader, std::slice::from_ref(one), &to(operator));
                    let is_contrary = |known: &Assignment| {
                        known.operator == other
                            && wanted.iter().any(|wanted| wanted.value == known.value)
                    };
                    if all.iter().any(is_contrary) {
                        let message = "it is to be added and removed";
                        reader.fault(&one.at, message, "remove one of them");
                    }
                    all.extend(wanted);
                }
            }
            all
        }
        _ => elements(reader, std::slice::from_ref(value), &to(Operator::Set)),
    }
}

/// How to write as one value what a policy gives as a list: with the text, where sshd_config has a way to write it.
fn as_one_value(name: &str, value: &Value) -> String {
    let hint = "write it as sshd_config does, in quotes";
    let Value::List(list) = value else {
        return hint.to_owned();
    };
    let parts: Option<Vec<String>> = list.iter().map(|one| plain(&one.value)).collect();
    match (parts, separator(name)) {
        (Some(parts), None) if parts.len() == 1 => format!("{hint}: \"{}\"", parts.concat()),
        (Some(parts), Some(separator)) if !parts.is_empty() => {
            format!("{hint}: \"{}\"", parts.join(separator))
        }
        _ => hint.to_owned(),
    }
}

/// A value without quotes, as sshd_config has it; `None` for what is made of values or cannot stand on one line.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.contains(|c: char| c.is_control() || c == '"') => {
            Some(text.trim().to_owned())
        }
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(is) => Some(if *is { "yes" } else { "no" }.to_owned()),
        _ => None,
    }
}

/// The same assignment for each element.
fn elements(reader: &mut Reader<'_>, list: &[Node], of: &Assignment) -> Vec<Assignment> {
    let mut all = Vec::new();
    let octal = is_octal(&of.key);
    for one in list {
        let text = match &one.value {
            Value::Text(text) => text.trim().to_owned(),
            // 0o177, and 0177 in YAML, arrive as 127, which sshd would read as 0127.
            Value::Number(_) if octal => {
                let message = "a number does not say that it is octal";
                reader.fault(&one.at, message, "write it as sshd_config does, in quotes");
                continue;
            }
            Value::Number(number) => number.to_string(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::Other(_) => {
                let message = format!("a value is expected here, not {}", one.value.describes());
                reader.fault(&one.at, message, "write it as sshd_config does, in quotes");
                continue;
            }
            Value::List(_) | Value::Table(_) => {
                reader.expected(one, "a value");
                continue;
            }
        };
        if text.is_empty() || text.contains(char::is_control) {
            let what = if text.is_empty() {
                "nothing"
            } else {
                "a control character"
            };
            reader.fault(
                &one.at,
                format!("it holds {what}"),
                "write a value on one line",
            );
            continue;
        }
        all.push(Assignment {
            value: text,
            ..of.clone()
        });
    }
    all
}
