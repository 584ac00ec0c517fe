//! `sshmend schema`: the content of the JSON documents.

use schemars::Schema;

use crate::cli;
use crate::error::{Failure, Outcome};
use crate::json::lists::Schemas;
use crate::json::schemas;
use crate::output::Role;
use crate::session::Session;

/// Prints one schema, or the names of all.
pub(crate) fn run(session: &Session, arguments: &cli::Schema) -> Result<Outcome, Failure> {
    let printed = match &arguments.name {
        Some(name) => session.output.json(&named(name)?),
        None if session.output.is_json() => {
            let names = schemas().into_iter().map(|(name, _)| name).collect();
            session.output.json(&Schemas::new(names))
        }
        None => session.output.prose(&list(session)),
    };
    printed.map_err(|error| Failure::caused("cannot print", &error))?;
    Ok(Outcome::Fine)
}

/// `sshmend.change/1`, `sshmend.change-1` as the file is called, `change/1` or `change`.
fn named(wanted: &str) -> Result<Schema, Failure> {
    let is = |name: &str| {
        let short = name.strip_prefix("sshmend.").unwrap_or(name);
        let word = short.split('/').next().unwrap_or(short);
        let wanted = wanted.replace('-', "/");
        wanted == name || wanted == short || wanted == word
    };
    let found = schemas().into_iter().find(|(name, _)| is(name));
    found.map(|(_, schema)| schema).ok_or_else(|| {
        Failure::trouble(format!("no document has the schema {wanted}"))
            .with_hint("sshmend schema lists them all")
    })
}

fn list(session: &Session) -> String {
    let row = |(name, schema): (&str, Schema)| {
        let about = schema.get("description").and_then(|text| text.as_str());
        let about = about.unwrap_or_default().replace('\n', " ");
        let about = about.split_once("`: ").map_or(&*about, |(_, rest)| rest);
        let name = session.output.paint(Role::Title, &format!("{name:<22}"));
        format!("{name} {about}\n")
    };
    schemas().into_iter().map(row).collect()
}
