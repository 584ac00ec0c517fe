//! TOML to a tree.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use crate::fault::Fault;
use crate::tree::{Key, Node, Value};

/// Reads TOML.
///
/// # Errors
/// The violation of TOML, at its place.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().unwrap_or(text.len()..text.len());
        let message = format!("not TOML: {}", error.message().replace('\n', " "));
        let fault = Fault::new(at.clone(), message);
        match hint(text, at.start) {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    })?;
    let whole = 0..text.len();
    Ok(table(document.as_table(), whole))
}

/// What may have been meant by the line around `at`, which is not TOML.
fn hint(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let start = before.rfind('\n').map_or(0, |feed| feed + 1);
    let line = text.get(start..)?.lines().next()?.trim();
    let word = |key: &str| {
        let mut bytes = key.bytes();
        !key.is_empty() && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    if let Some((key, value)) = line.split_once('=') {
        let value = value.split(" #").next().unwrap_or(value).trim();
        let quoted = format!("{} = \"{value}\"", key.trim());
        let means_text = !value.is_empty() && !value.starts_with(['"', '\'', '[', '{']);
        // A line that is TOML by itself is wrong where it stands: a key that comes twice.
        let is_wrong = Document::parse(line).is_err();
        return (means_text && is_wrong && Document::parse(quoted.as_str()).is_ok())
            .then(|| format!("text must be in quotes: {quoted}"));
    }
    let is_yaml = line == "---"
        || line
            .split_once(':')
            .is_some_and(|(key, _)| word(key.trim()));
    is_yaml.then(|| "it looks like YAML; a policy is written in TOML or JSON".to_owned())
}

fn table(table: &dyn TableLike, at: Range<usize>) -> Node {
    let entries = table.iter().filter_map(|(name, item)| {
        let key = table.key(name)?;
        let key_at = key.span().unwrap_or(at.clone());
        let entry = node(item, &key_at)?;
        let key = Key {
            text: name.to_owned(),
            at: key_at,
        };
        Some((key, entry))
    });
    Node {
        value: Value::Table(entries.collect()),
        at,
    }
}

/// A value; the span of a table that is written in pieces is that of its key.
fn node(item: &Item, key: &Range<usize>) -> Option<Node> {
    let at = item.span().unwrap_or_else(|| key.clone());
    if let Some(entries) = item.as_table_like() {
        return Some(table(entries, at));
    }
    let value = match item {
        Item::ArrayOfTables(tables) => {
            let each = tables
                .iter()
                .map(|one| table(one, one.span().unwrap_or_else(|| key.clone())));
            Value::List(each.collect())
        }
        Item::Value(value) => scalar(value, key),
        Item::None | Item::Table(_) => return None,
    };
    Some(Node { at, value })
}

fn scalar(value: &toml_edit::Value, key: &Range<usize>) -> Value {
    match value {
        toml_edit::Value::String(text) => Value::Text(text.value().clone()),
        toml_edit::Value::Integer(number) => Value::Number(*number.value()),
        toml_edit::Value::Boolean(is) => Value::Bool(*is.value()),
        // A date may be quoted or not.
        toml_edit::Value::Datetime(time) => Value::Text(time.value().to_string()),
        toml_edit::Value::Float(_) => Value::Other("a number that is not whole, or too large"),
        toml_edit::Value::Array(array) => {
            let each = array
                .iter()
                .filter_map(|one| node(&Item::Value(one.clone()), key));
            Value::List(each.collect())
        }
        toml_edit::Value::InlineTable(_) => Value::Other("a table"),
    }
}
