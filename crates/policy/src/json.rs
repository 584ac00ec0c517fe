//! JSON to a tree.

use std::ops::Range;

use serde::de::IgnoredAny;

use crate::fault::{Fault, floor};
use crate::tree::{Key, Node, Value};

/// Reads JSON.
///
/// # Errors
/// The violation of JSON, at its place.
pub(crate) fn read(text: &str) -> Result<Node, Fault> {
    serde_json::from_str::<IgnoredAny>(text).map_err(|error| {
        let at = offset(text, error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Fault::new(at..at, format!("not JSON: {message}"))
    })?;
    let mut scan = Scan { text, at: 0 };
    Ok(scan.value())
}

/// The byte offset of a line and a column, both counted from 1; columns are bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    floor(text, start + column.saturating_sub(1))
}

/// A walk over text that is known to be JSON, nested no deeper than serde_json allows.
struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    fn value(&mut self) -> Node {
        let start = self.begin();
        let value = match self.peek() {
            b'{' => Value::Table(self.each(b'}', |scan| {
                let key = scan.key();
                (key, scan.value())
            })),
            b'[' => Value::List(self.each(b']', Self::value)),
            b'"' => Value::Text(self.string()),
            _ => self.word(),
        };
        Node {
            at: start..self.at,
            value,
        }
    }

    /// The elements up to the closing bracket, each parsed by `one`.
    fn each<T>(&mut self, close: u8, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let mut all = Vec::new();
        self.at += 1;
        loop {
            self.begin();
            match self.peek() {
                b',' => self.at += 1,
                byte if byte == close => {
                    self.at += 1;
                    return all;
                }
                0 => return all,
                _ => all.push(one(self)),
            }
        }
    }

    fn key(&mut self) -> Key {
        let start = self.at;
        let text = self.string();
        let at: Range<usize> = start..self.at;
        self.begin();
        // The colon.
        self.at += 1;
        Key { text, at }
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
        self.text
            .get(start..self.at)
            .and_then(|quoted| serde_json::from_str(quoted).ok())
            .unwrap_or_default()
    }

    fn word(&mut self) -> Value {
        let start = self.at;
        while !matches!(
            self.peek(),
            b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n' | 0
        ) {
            self.at += 1;
        }
        match self.text.get(start..self.at).unwrap_or_default() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Other("null"),
            number => number.parse().map_or(
                Value::Other("a number that is not whole, or too large"),
                Value::Number,
            ),
        }
    }

    /// Advances to the next byte that is not blank.
    fn begin(&mut self) -> usize {
        while self.peek().is_ascii_whitespace() {
            self.at += 1;
        }
        self.at
    }

    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }
}
