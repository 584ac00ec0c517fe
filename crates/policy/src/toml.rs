//! TOML to a tree.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike};

use crate::fault::Fault;
use crate::tree::{Key, Node, Value};

/// Reads TOML.
///
/// # Errors
/// What TOML does not allow, at its place.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    let document = Document::parse(text).map_err(|error| {
        let at = error.span().unwrap_or(text.len()..text.len());
        Fault::new(
            at,
            format!("not TOML: {}", error.message().replace('\n', " ")),
        )
    })?;
    let whole = 0..text.len();
    Ok(table(document.as_table(), whole))
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

/// A value; of tables that are written in pieces, the key stands for the place.
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
        // A date may stand with or without quotes.
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
