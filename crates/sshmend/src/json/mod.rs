//! The JSON documents, by schema name; compatible within a version.

pub mod census;
pub mod change;
pub mod comparison;
pub mod diagnosis;
pub mod effective;
pub mod explanation;
pub mod failure;
pub mod history;
pub mod lists;
pub mod logs;
mod origin;

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

pub use origin::Origin;

/// The JSON schemas of all documents with their names, such as `sshmend.change/1`, in the order of
/// the names.
pub(crate) fn schemas() -> Vec<(&'static str, Schema)> {
    vec![
        named::<change::Change>("sshmend.change/1"),
        named::<comparison::Comparison>("sshmend.comparison/1"),
        named::<lists::Completions>("sshmend.completions/1"),
        named::<diagnosis::Diagnosis>("sshmend.diagnosis/1"),
        named::<effective::Effective>("sshmend.effective/1"),
        named::<failure::Error>("sshmend.error/1"),
        named::<explanation::Explanation>("sshmend.explanation/1"),
        named::<history::History>("sshmend.history/1"),
        named::<logs::Logs>("sshmend.logs/1"),
        named::<history::Pruned>("sshmend.pruned/1"),
        named::<history::Recovery>("sshmend.recovery/1"),
        named::<lists::Schemas>("sshmend.schemas/1"),
        named::<history::Full>("sshmend.transaction/1"),
    ]
}

/// The schema of the input of `apply`, which is not a printed document.
pub(crate) fn policy() -> (&'static str, Schema) {
    let name = "sshmend.policy/1";
    let mut schema = Schema::try_from(sshmend_policy::schema()).unwrap_or_default();
    schema.insert("$id".to_owned(), id(name).into());
    (name, schema)
}

fn id(name: &str) -> String {
    format!("urn:{}", name.replace('.', ":"))
}

/// The schema of a printed document, in which `schema` has a single value.
fn named<T: JsonSchema>(name: &'static str) -> (&'static str, Schema) {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    schema.insert("$id".to_owned(), id(name).into());
    if let Some(field) = schema.pointer_mut("/properties/schema") {
        field["const"] = name.into();
    }
    (name, schema)
}
